"""What goes out: once, together, not in the night unless it is urgent, and not what is muted."""

import dataclasses
from pathlib import Path

import pytest

from collector.alerts.book import Book, Episode, Past
from collector.alerts.letters import FEW, GATHER_MS, Letter, body, letters, news, trial
from collector.alerts.settings import AlertSettings, Destination, Language
from collector.alerts.wire import Alert, AlertKind, Mute, Severity
from collector.alerts.words import AlertWords
from tests.collector.houses import HOUR_MS, NOON_MS, house_of

PLAN = house_of(12)
PHONE = Destination(name="phone", url_file=Path("phone"))
SETTINGS = AlertSettings(language=Language.EN, destinations=(PHONE,))
MINUTE_MS = 60_000


def silent(number: int = 1, **other: object) -> Alert:
    return dataclasses_free(
        Alert(AlertKind.SENSOR_SILENT, f"pi-1/desk-{number}-pir", Severity.WARNING, NOON_MS - HOUR_MS, NOON_MS), **other
    )


def dataclasses_free(alert: Alert, **other: object) -> Alert:
    return Alert(**{name: other.get(name, getattr(alert, name)) for name in alert.__struct_fields__})


def opened(*alerts: Alert) -> Book:
    return Book(open=tuple(Episode(alert) for alert in alerts))


def over(alert: Alert, *, told: bool) -> Past:
    ended_ms = alert.fired_ms + HOUR_MS
    return Past(dataclasses_free(alert, ended_ms=ended_ms), ended_ms + 5 * MINUTE_MS, told)


def said(book: Book, now_ms: int, *mutes: Mute, settings: AlertSettings = SETTINGS) -> tuple[list[Alert], Book]:
    return news(book, mutes, settings, PLAN, now_ms)


def test_an_alert_is_told_once_after_waiting_for_company() -> None:
    book = opened(silent())
    assert said(book, NOON_MS + GATHER_MS - 1) == ([], book)
    told, after = said(book, NOON_MS + GATHER_MS)
    assert told == [silent()]
    assert said(after, NOON_MS + HOUR_MS) == ([], after)


def test_what_joins_meanwhile_is_told_with_it() -> None:
    later = silent(2, fired_ms=NOON_MS + GATHER_MS - 1)
    assert len(said(opened(silent(), later), NOON_MS + GATHER_MS)[0]) == 2


def test_an_end_is_told_once() -> None:
    book = Book(ended=(over(silent(), told=True),))
    told, after = said(book, NOON_MS + 2 * HOUR_MS)
    assert [alert.ended_ms for alert in told] == [NOON_MS + HOUR_MS]
    assert said(after, NOON_MS + 3 * HOUR_MS) == ([], after)


def test_what_is_muted_waits_while_it_is_open_and_is_dropped_when_it_is_over() -> None:
    mute = Mute(None, "pi-1")
    assert said(opened(silent()), NOON_MS + HOUR_MS, mute)[0] == []
    assert said(opened(silent()), NOON_MS + HOUR_MS)[0] == [silent()], "once the mute has ended"
    told, after = said(Book(ended=(over(silent(), told=False),)), NOON_MS + 2 * HOUR_MS, mute)
    assert told == []
    assert said(after, NOON_MS + 3 * HOUR_MS)[0] == []


def test_in_quiet_hours_only_the_urgent_goes_out_and_the_rest_waits() -> None:
    """Noon in the tests is 14:00 or so in Stockholm: these quiet hours cover it."""
    quiet = dataclasses.replace(SETTINGS, quiet_hours="00:00-23:59")
    urgent = silent(2, severity=Severity.URGENT)
    told, after = said(opened(silent(), urgent), NOON_MS + HOUR_MS, settings=quiet)
    assert told == [urgent]
    assert said(after, NOON_MS + HOUR_MS)[0] == [silent()]


def test_what_began_and_ended_in_the_night_is_told_in_the_morning() -> None:
    assert len(said(Book(ended=(over(silent(), told=False),)), NOON_MS + 9 * HOUR_MS)[0]) == 1


def test_a_house_without_destinations_keeps_nothing_for_later() -> None:
    _, after = said(opened(silent()), NOON_MS, settings=AlertSettings())
    assert said(after, NOON_MS + HOUR_MS) == ([], after)


def test_each_destination_gets_what_it_wants() -> None:
    urgent = Destination(name="night", url_file=Path("night"), least=Severity.URGENT)
    settings = dataclasses.replace(SETTINGS, destinations=(PHONE, urgent))
    alarm = Alert(AlertKind.OVER_CAPACITY, "site", Severity.URGENT, NOON_MS, NOON_MS, value=43, limit=40)
    written = letters([silent(), alarm], settings, PLAN, NOON_MS, 7)
    assert [(letter.no, letter.to, letter.title) for letter in written] == [
        (7, "phone", "The mill: 2 alerts"),
        (8, "night", "The mill: Over capacity"),
    ]


def test_a_destination_that_takes_nothing_is_told_of_at_the_others() -> None:
    desk = Destination(name="desk", url_file=Path("desk"))
    settings = dataclasses.replace(SETTINGS, destinations=(PHONE, desk))
    failing = Alert(AlertKind.NOT_DELIVERED, "phone", Severity.WARNING, NOON_MS, NOON_MS)
    assert [letter.to for letter in letters([failing], settings, PLAN, NOON_MS, 1)] == ["desk"]


def test_many_sensors_of_one_device_are_one_line() -> None:
    words = AlertWords(PLAN, Language.EN, NOON_MS)
    few, many = [silent(number) for number in range(FEW)], [silent(number) for number in range(10)]
    assert len(body(few, words).splitlines()) == FEW
    assert body(many, words).startswith(
        "10 sensors on pi-1 are not reporting: desk-0-pir (Desk 0), desk-1-pir (Desk 1), "
    )
    assert len(body(many, words).splitlines()) == 1


@pytest.mark.parametrize(
    ("language", "title", "text"),
    [
        (
            Language.EN,
            "The mill: Sensor not reporting, desk-1-pir (Desk 1)",
            (
                "desk-1-pir (Desk 1) has not reported since {at}, although pi-1 is online. "
                "Check its wiring, and its battery if it has one."
            ),
        ),
        (
            Language.SV,
            "The mill: Sensor svarar inte, desk-1-pir (Desk 1)",
            (
                "desk-1-pir (Desk 1) har inte svarat sedan {at}, trots att pi-1 är ansluten."
                " Kontrollera kablarna, och batteriet om den har ett."
            ),
        ),
    ],
)
def test_a_letter_says_what_is_wrong_since_when_and_what_to_do(language: Language, title: str, text: str) -> None:
    settings = dataclasses.replace(SETTINGS, language=language)
    at = AlertWords(PLAN, language, NOON_MS).moment(NOON_MS - HOUR_MS)
    assert letters([silent()], settings, PLAN, NOON_MS, 1) == [Letter(1, "phone", title, text.format(at=at), NOON_MS)]


def test_a_trial_says_that_it_is_one() -> None:
    assert "Nothing is wrong" in trial(PHONE, SETTINGS, PLAN, NOON_MS).body
