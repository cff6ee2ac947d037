"""One browser and one address can send few reports, and nothing is stored about them."""

from logging import WARNING

import pytest

from collector.contract.truth import compute_report_limit
from dashboard.web.report_limits import (
    ADDRESS_SHARE,
    BROWSER_SHARE,
    MAX_COUNTERS,
    MAX_REPORTS_OF_SPACE,
    MAX_REPORTS_OF_SPACE_AND_ADDRESS,
    PERIOD_S,
    ReportDecision,
    ReportLimits,
)

SPACES = 400
SITE_LIMIT = compute_report_limit(SPACES)


def is_sent(
    limits: ReportLimits, space: str, address: str = "192.0.2.1", browser_name: str = "Phone", now_s: float = 0.0
) -> bool:
    return limits.decide_report(address, browser_name, space, SPACES, now_s) is ReportDecision.SEND


def test_a_browser_reports_a_space_a_few_times_an_hour() -> None:
    limits = ReportLimits()
    sent = [is_sent(limits, "desk-1") for _ in range(MAX_REPORTS_OF_SPACE + 2)]
    assert sent == [True] * MAX_REPORTS_OF_SPACE + [False] * 2
    assert is_sent(limits, "desk-2")
    assert is_sent(limits, "desk-1", "192.0.2.2")
    assert is_sent(limits, "desk-1", now_s=PERIOD_S)


def test_a_browser_cannot_use_up_the_reports_of_the_site() -> None:
    limits = ReportLimits()
    decisions = [limits.decide_report("192.0.2.1", "Phone", f"desk-{n}", SPACES, 0.0) for n in range(SPACES)]
    assert decisions.count(ReportDecision.SEND) == SITE_LIMIT // BROWSER_SHARE
    assert decisions[-1] is ReportDecision.REFUSE


def test_on_a_small_site_a_browser_reports_one_space_and_can_correct_it() -> None:
    limits = ReportLimits()
    sent = [
        limits.decide_report("192.0.2.1", "Phone", space, 6, 0.0) is ReportDecision.SEND
        for space in ("desk-1", "desk-1", "desk-2")
    ]
    assert sent == [True, True, False]


def test_an_address_cannot_send_more_under_other_names(caplog: pytest.LogCaptureFixture) -> None:
    limits = ReportLimits()
    with caplog.at_level(WARNING):
        decisions = [
            limits.decide_report("192.0.2.1", f"Phone {n}", f"desk-{n % SPACES}", SPACES, 0.0) for n in range(1050)
        ]
    assert decisions.count(ReportDecision.SEND) == SITE_LIMIT // ADDRESS_SHARE
    assert decisions[-1] is ReportDecision.DROP
    assert [record.args for record in caplog.records] == [(1,), (10,), (100,), (1000,)]
    of_one_space = [is_sent(limits, "desk-1", "192.0.2.2", f"Phone {n}") for n in range(9)]
    assert of_one_space.count(True) == MAX_REPORTS_OF_SPACE_AND_ADDRESS


def test_addresses_of_one_network_are_one_browser() -> None:
    limits = ReportLimits()
    sent = [is_sent(limits, "desk-1", f"2001:db8::{number:x}") for number in range(9)]
    assert sent.count(True) == MAX_REPORTS_OF_SPACE


def test_ipv4_clients_of_a_server_that_listens_on_ipv6_are_not_one_client() -> None:
    limits = ReportLimits()
    assert all(is_sent(limits, "desk-1", f"::ffff:192.0.2.{number}") for number in range(9))


def test_the_number_of_counters_is_bounded() -> None:
    limits = ReportLimits()
    sent = [is_sent(limits, f"desk-{n}", f"2001:db8:{n:x}::1") for n in range(MAX_COUNTERS)]
    assert sent.count(True) == MAX_COUNTERS // 4
    assert is_sent(limits, "desk-1", now_s=PERIOD_S)


def test_no_address_is_kept() -> None:
    limits = ReportLimits()
    is_sent(limits, "desk-1")
    is_sent(limits, "desk-1", "not an address")
    assert "192.0.2" not in repr(vars(limits))
    assert "desk-1" not in repr(vars(limits))
