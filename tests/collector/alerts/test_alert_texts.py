"""Both languages have every text, and every placeholder is filled."""

import re
from itertools import product

import pytest

from collector.alerts.alert_texts import AlertTexts
from collector.contract.alerts import AT_MOST, Alert, AlertKind, Severity
from collector.contract.findings import FindingKind
from collector.contract.loss_reasons import LossReason
from collector.text.languages import Language
from edge.timekeeping.durations import HOUR_MS
from tests.support.collector.random_sites import NOON_MS, build_desk_plan

PLAN = build_desk_plan(2)
SUBJECTS = {
    AlertKind.DEVICE_SILENT: "pi-1",
    AlertKind.LOST_EVENTS: "pi-1",
    AlertKind.OVER_CAPACITY: "site",
    AlertKind.CO2_HIGH: "hall",
    AlertKind.SUPPLY_LOW: "desk-1",
    AlertKind.FEW_FREE: "site",
    AlertKind.DISK_NEARLY_FULL: "site",
    AlertKind.JOURNAL_AWAY: "site",
    AlertKind.JOURNAL_RESTORED: "site",
    AlertKind.NOT_DELIVERED: "phone",
}


def every_alert() -> list[Alert]:
    found = []
    for kind in AlertKind:
        reasons = {
            AlertKind.STUCK: [FindingKind.STUCK_ON, FindingKind.STUCK_OFF, FindingKind.NEVER_TRIGGERED],
            AlertKind.LOST_EVENTS: [*LossReason, "a reason of a later version"],
        }.get(kind, [""])
        values = (None, 1.0, 12.5) if kind is AlertKind.BATTERY_LOW else (0.0, 1.0, 12.5)
        for reason, value, left in product(reasons, values, (False, True)):
            fields = {"value": value, "limit": 10.0, "reason": reason, "left": left, "sensors": int(value or 0)}
            subject = SUBJECTS.get(kind, "pi-1/desk-0-pir")
            found.append(Alert(kind, subject, Severity.NOTICE, 0, NOON_MS, NOON_MS, **fields))
    return found


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("alert", every_alert(), ids=lambda alert: f"{alert.kind}-{alert.reason}-{alert.value}")
def test_every_alert_has_its_sentences(alert: Alert, language: Language) -> None:
    texts = AlertTexts(PLAN, language, NOON_MS)
    for sentence in (
        texts.get_kind_name(alert.kind),
        texts.describe(alert),
        texts.describe_remedy(alert),
        texts.describe_end(alert),
    ):
        assert sentence
        assert not re.search(r"[{}]|None|  ", sentence), sentence


def test_numbers_and_times_have_the_format_of_the_language() -> None:
    swedish, english = (AlertTexts(PLAN, language, NOON_MS) for language in (Language.SV, Language.EN))
    assert (swedish.format_number(9.5), english.format_number(9.5), english.format_number(1520.0)) == (
        "9,5",
        "9.5",
        "1520",
    )
    assert re.fullmatch(r"kl\. \d\d\.\d\d", swedish.format_instant(NOON_MS))
    assert re.fullmatch(r"\d\d:\d\d", english.format_instant(NOON_MS))
    assert re.fullmatch(r"\d+ [a-z.]+ kl\. \d\d\.\d\d", swedish.format_instant(NOON_MS - 24 * HOUR_MS))


def test_numbers_of_lost_events_are_written_out() -> None:
    texts = AlertTexts(PLAN, Language.EN, NOON_MS)
    lost = [
        Alert(AlertKind.LOST_EVENTS, "pi-1", Severity.WARNING, NOON_MS, NOON_MS, NOON_MS, value=value)
        for value in (1.0, 2.0, 1_234_567.0)
    ]
    assert [texts.describe_end(alert).rpartition("; ")[2] for alert in lost] == [
        "1 in total.",
        "2 in total.",
        "1234567 in total.",
    ]


def test_unknown_desks_are_not_called_free() -> None:
    sentences = [
        AlertTexts(PLAN, language, NOON_MS).describe(
            Alert(AlertKind.FEW_FREE, "site", Severity.NOTICE, NOON_MS, NOON_MS, value=2.0, limit=3.0, reason=reason)
        )
        for language in (Language.EN, Language.SV)
        for reason in ("", AT_MOST)
    ]
    assert [text.partition(";")[0] for text in sentences] == [
        "2 desks are free",
        "At most 2 of the desks are free",
        "2 skrivbord är lediga",
        "Högst 2 av skrivborden är lediga",
    ]


def test_subjects_have_display_names() -> None:
    texts = AlertTexts(PLAN, Language.EN, NOON_MS)
    shown = [
        texts.get_subject_name(subject)
        for subject in ("pi-1/desk-0-pir", "pi-1/entrance-beams", "hall", "site", "pi-9")
    ]
    assert shown == ["desk-0-pir (Desk 0)", "entrance-beams (Entrance)", "Hall", "The mill", "pi-9"]
    assert texts.get_subject_name("pi-1/gone") == "gone", "not in the site file"
