"""Notifications are sent once, combined, not in quiet hours unless urgent, and not while muted."""

import dataclasses
from pathlib import Path

import pytest

from collector.alerts.alert_texts import AlertTexts
from collector.alerts.episodes import AlertEpisodes, EndedEpisode, OpenEpisode
from collector.alerts.notifications import (
    GATHERING_MS,
    MAX_SENSOR_LINES,
    Notification,
    select_alerts,
    write_body,
    write_notifications,
    write_test_notification,
)
from collector.configuration.alert_settings import AlertSettings, Destination
from collector.contract.alerts import Alert, AlertKind, Mute, Severity
from collector.text.languages import Language
from edge.timekeeping.durations import HOUR_MS, MINUTE_MS
from tests.support.collector.random_sites import NOON_MS, build_desk_plan

PLAN = build_desk_plan(12)
PHONE = Destination(name="phone", url_file=Path("phone"))
SETTINGS = AlertSettings(language=Language.EN, destinations=(PHONE,))


def make_alert(number: int = 1, **other: object) -> Alert:
    return with_fields(
        Alert(AlertKind.SENSOR_SILENT, f"pi-1/desk-{number}-pir", Severity.WARNING, NOON_MS - HOUR_MS, NOON_MS), **other
    )


def with_fields(alert: Alert, **other: object) -> Alert:
    return Alert(**{name: other.get(name, getattr(alert, name)) for name in alert.__struct_fields__})


def make_open(*alerts: Alert) -> AlertEpisodes:
    return AlertEpisodes(open=tuple(OpenEpisode(alert) for alert in alerts))


def make_ended(alert: Alert, *, is_notified: bool) -> EndedEpisode:
    ended_ms = alert.fired_ms + HOUR_MS
    return EndedEpisode(with_fields(alert, ended_ms=ended_ms), ended_ms + 5 * MINUTE_MS, is_notified)


def select(
    book: AlertEpisodes, now_ms: int, *mutes: Mute, settings: AlertSettings = SETTINGS
) -> tuple[list[Alert], AlertEpisodes]:
    return select_alerts(book, mutes, settings, PLAN, now_ms)


def test_alert_is_sent_once_after_waiting_for_others() -> None:
    book = make_open(make_alert())
    assert select(book, NOON_MS + GATHERING_MS - 1) == ([], book)
    selected, after = select(book, NOON_MS + GATHERING_MS)
    assert selected == [make_alert()]
    assert select(after, NOON_MS + HOUR_MS) == ([], after)


def test_alert_that_begins_while_another_waits_is_sent_with_it() -> None:
    later = make_alert(2, fired_ms=NOON_MS + GATHERING_MS - 1)
    assert len(select(make_open(make_alert(), later), NOON_MS + GATHERING_MS)[0]) == 2


def test_end_of_an_alert_is_sent_once() -> None:
    book = AlertEpisodes(ended=(make_ended(make_alert(), is_notified=True),))
    selected, after = select(book, NOON_MS + 2 * HOUR_MS)
    assert [alert.ended_ms for alert in selected] == [NOON_MS + HOUR_MS]
    assert select(after, NOON_MS + 3 * HOUR_MS) == ([], after)


def test_muted_alert_waits_while_open_and_is_dropped_when_ended() -> None:
    mute = Mute(None, "pi-1")
    assert select(make_open(make_alert()), NOON_MS + HOUR_MS, mute)[0] == []
    assert select(make_open(make_alert()), NOON_MS + HOUR_MS)[0] == [make_alert()], "once the mute has ended"
    selected, after = select(
        AlertEpisodes(ended=(make_ended(make_alert(), is_notified=False),)), NOON_MS + 2 * HOUR_MS, mute
    )
    assert selected == []
    assert select(after, NOON_MS + 3 * HOUR_MS)[0] == []


def test_in_quiet_hours_only_urgent_alerts_are_sent() -> None:
    """Noon in the tests is about 14:00 in Stockholm, within these quiet hours."""
    quiet = dataclasses.replace(SETTINGS, quiet_hours="00:00-23:59")
    urgent = make_alert(2, severity=Severity.URGENT)
    selected, after = select(make_open(make_alert(), urgent), NOON_MS + HOUR_MS, settings=quiet)
    assert selected == [urgent]
    assert select(after, NOON_MS + HOUR_MS)[0] == [make_alert()]


def test_alert_that_began_and_ended_in_quiet_hours_is_sent_afterwards() -> None:
    assert (
        len(select(AlertEpisodes(ended=(make_ended(make_alert(), is_notified=False),)), NOON_MS + 9 * HOUR_MS)[0]) == 1
    )


def test_site_without_destinations_keeps_nothing_for_later() -> None:
    _, after = select(make_open(make_alert()), NOON_MS, settings=AlertSettings())
    assert select(after, NOON_MS + HOUR_MS) == ([], after)


def test_destination_receives_alerts_of_its_severity_and_above() -> None:
    urgent = Destination(name="night", url_file=Path("night"), least=Severity.URGENT)
    settings = dataclasses.replace(SETTINGS, destinations=(PHONE, urgent))
    alarm = Alert(AlertKind.OVER_CAPACITY, "site", Severity.URGENT, NOON_MS, NOON_MS, value=43, limit=40)
    written = write_notifications([make_alert(), alarm], settings, PLAN, NOON_MS, 7)
    assert [(notification.no, notification.destination, notification.title) for notification in written] == [
        (7, "phone", "The mill: 2 alerts"),
        (8, "night", "The mill: Over capacity"),
    ]


def test_failing_destination_is_reported_to_the_others() -> None:
    desk = Destination(name="desk", url_file=Path("desk"))
    settings = dataclasses.replace(SETTINGS, destinations=(PHONE, desk))
    failing = Alert(AlertKind.NOT_DELIVERED, "phone", Severity.WARNING, NOON_MS, NOON_MS)
    assert [
        notification.destination for notification in write_notifications([failing], settings, PLAN, NOON_MS, 1)
    ] == ["desk"]


def test_many_sensors_of_one_device_are_one_line() -> None:
    texts = AlertTexts(PLAN, Language.EN, NOON_MS)
    few, many = [make_alert(number) for number in range(MAX_SENSOR_LINES)], [make_alert(number) for number in range(10)]
    assert len(write_body(few, texts).splitlines()) == MAX_SENSOR_LINES
    assert write_body(many, texts).startswith(
        "10 sensors on pi-1 are not reporting: desk-0-pir (Desk 0), desk-1-pir (Desk 1), "
    )
    assert len(write_body(many, texts).splitlines()) == 1


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
def test_notification_states_problem_begin_and_remedy(language: Language, title: str, text: str) -> None:
    settings = dataclasses.replace(SETTINGS, language=language)
    at = AlertTexts(PLAN, language, NOON_MS).format_instant(NOON_MS - HOUR_MS)
    assert write_notifications([make_alert()], settings, PLAN, NOON_MS, 1) == [
        Notification(1, "phone", title, text.format(at=at), NOON_MS)
    ]


def test_test_message_is_marked_as_one() -> None:
    assert "Nothing is wrong" in write_test_notification(PHONE, SETTINGS, PLAN, NOON_MS).body
