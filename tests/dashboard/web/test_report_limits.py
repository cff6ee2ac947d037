"""One browser can send few reports, and nothing is stored about it."""

from dashboard.web.report_limits import MAX_REPORTS_OF_BROWSER, MAX_REPORTS_OF_SPACE, PERIOD_S, ReportLimits


def test_a_browser_reports_a_space_a_few_times_an_hour() -> None:
    limits = ReportLimits()
    accepted = [limits.accept_report("192.0.2.1", "Phone", "desk-1", 0.0) for _ in range(MAX_REPORTS_OF_SPACE + 2)]
    assert accepted == [True] * MAX_REPORTS_OF_SPACE + [False] * 2
    assert limits.accept_report("192.0.2.1", "Phone", "desk-2", 0.0)
    assert limits.accept_report("192.0.2.2", "Phone", "desk-1", 0.0)
    assert limits.accept_report("192.0.2.1", "Phone", "desk-1", PERIOD_S)


def test_a_browser_cannot_report_all_spaces() -> None:
    limits = ReportLimits()
    accepted = [limits.accept_report("192.0.2.1", "Phone", f"desk-{number}", 0.0) for number in range(100)]
    assert accepted.count(True) == MAX_REPORTS_OF_BROWSER


def test_addresses_of_one_network_are_one_browser() -> None:
    limits = ReportLimits()
    accepted = [limits.accept_report(f"2001:db8::{number:x}", "Phone", "desk-1", 0.0) for number in range(9)]
    assert accepted.count(True) == MAX_REPORTS_OF_SPACE


def test_no_address_is_kept() -> None:
    limits = ReportLimits()
    limits.accept_report("192.0.2.1", "Phone", "desk-1", 0.0)
    limits.accept_report("not an address", "Phone", "desk-1", 0.0)
    assert "192.0.2" not in repr(vars(limits))
    assert "desk-1" not in repr(vars(limits))
