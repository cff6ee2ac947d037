"""Alerts of a whole site with a real journal: begun once, sent once, kept across restarts, muted until unmuted."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from collector.alerts.alert_service import SystemFacts
from collector.alerts.conditions import AlertSubjects, Reachability
from collector.alerts.notifications import DeliveryAttempt, Notification
from collector.configuration.alert_settings import AlertSettings, Destination
from collector.configuration.collector_settings import RetentionSettings
from collector.contract.alerts import MAX_BYTES, AlertCommand, AlertKind, Alerts, MuteAction, encode
from collector.engine.pipeline import Pipeline
from collector.intake.intake import IncomingMessage
from collector.site.site_plan import SitePlan
from collector.store.journal import Journal
from edge.contract.message import EventKind, SensorEvent
from edge.timekeeping.durations import HOUR_MS, MINUTE_MS
from tests.support.collector.random_sites import NOON_MS, build_desk_plan, message

PLAN = build_desk_plan(2)
PHONE = Destination(name="phone", url_file=Path("phone"))
SETTINGS = AlertSettings(destinations=(PHONE,), when={AlertKind.DISK_NEARLY_FULL: "off"})
BEAT_MS = 30_000


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(Journal(tmp_path / "journal.sqlite")) as opened:
        yield opened


class CollectorRun:
    """One run of a collector: sensors that send heartbeats, and time that passes."""

    def __init__(
        self, journal: Journal, now_ms: int = NOON_MS, settings: AlertSettings = SETTINGS, plan: SitePlan = PLAN
    ) -> None:
        self.now_ms = now_ms
        self.work = Pipeline(plan, journal, RetentionSettings(), now_ms, settings)
        self.reachability = Reachability.REACHABLE
        self.seq = journal.read_stored_up_to().get(("pi-1", "s"), 0)
        self.published: list[Alerts] = []
        self.notifications: dict[int, Notification] = {}

    def live(self, minutes: float, *sensors: str, co2_ppm: float = 500) -> None:
        """Let only these sensors send a heartbeat every half minute."""
        for _ in range(int(minutes * MINUTE_MS / BEAT_MS)):
            self.now_ms += BEAT_MS
            events = []
            for sensor in sensors:
                self.seq += 1
                kind, value = (EventKind.CO2_PPM, co2_ppm) if sensor == "hall-air" else (EventKind.HEARTBEAT, 0)
                events.append(SensorEvent(seq=self.seq, sensor=sensor, at_ms=self.now_ms, kind=kind, value=value))
            if events:
                self.work.process_batch([IncomingMessage("pi-1", message(events))], self.now_ms)
            self.look()

    def look(self) -> None:
        self.work.tick(self.now_ms)
        self.work.advance_history(self.now_ms, SystemFacts(self.reachability))
        if (message := self.work.alert_service.pop_changed_alerts(self.now_ms)) is not None:
            self.published.append(message)
        self.notifications |= {notification.no: notification for notification in self.work.alert_service.notifications}

    def ask(self, command: AlertCommand) -> None:
        self.work.process_commands([encode(command)], self.now_ms)

    @property
    def open(self) -> list[tuple[AlertKind, str]]:
        return [(alert.kind, alert.subject) for alert in self.published[-1].open]


ALL = ("desk-0-pir", "desk-1-pir", "entrance-beams", "hall-air")
SILENT = [(AlertKind.SENSOR_SILENT, "pi-1/desk-1-pir")]


def test_start_causes_no_alert_while_devices_reconnect(journal: Journal) -> None:
    run = CollectorRun(journal)
    run.live(5, *ALL)
    later = CollectorRun(journal, run.now_ms + 5 * HOUR_MS)
    later.live(9.5)
    assert later.open == []
    later.live(60, *ALL)
    assert (later.open, later.notifications) == ([], {})


def test_silent_sensor_causes_one_alert_and_one_end(journal: Journal) -> None:
    run = CollectorRun(journal)
    run.live(5, *ALL)
    last_ms = run.now_ms
    run.live(30, "desk-0-pir", "entrance-beams", "hall-air")
    assert run.open == []
    run.live(120, "desk-0-pir", "entrance-beams", "hall-air")
    assert run.open == SILENT
    assert run.published[-1].open[0].since_ms == last_ms
    assert len(run.notifications) == 1
    run.live(30, *ALL)
    assert run.open == []
    (ended,) = run.published[-1].ended
    assert last_ms + 150 * MINUTE_MS <= (ended.ended_ms or 0) <= last_ms + 151 * MINUTE_MS
    assert len(run.notifications) == 2
    assert len(run.published) == 3, "nothing, begun, ended: no message without a change"


def test_restart_repeats_and_loses_no_alert(journal: Journal) -> None:
    run = CollectorRun(journal)
    run.live(5, *ALL)
    run.live(60, "desk-0-pir", "entrance-beams", "hall-air")
    before = run.published[-1].open
    again = CollectorRun(journal, run.now_ms)
    again.live(60, "desk-0-pir", "entrance-beams", "hall-air")
    assert again.published[-1].open == before
    assert again.notifications == run.notifications
    third = CollectorRun(journal, again.now_ms)
    third.live(30, *ALL)
    assert (third.open, len(third.published[-1].ended), len(third.notifications)) == ([], 1, 2)


def test_offline_device_is_one_alert(journal: Journal) -> None:
    run = CollectorRun(journal)
    run.live(5, *ALL)
    run.live(60)
    assert run.open == [(AlertKind.DEVICE_SILENT, "pi-1")]
    run.live(30, *ALL)
    assert run.open == []


def test_unreachable_broker_causes_no_alert_about_devices(journal: Journal) -> None:
    run = CollectorRun(journal)
    run.live(5, *ALL)
    run.reachability = Reachability.NO_BROKER
    run.live(300)
    run.reachability = Reachability.REACHABLE
    run.live(5, *ALL)
    assert run.open == []


def test_lost_events_are_one_alert_also_across_a_restart(journal: Journal) -> None:
    run = CollectorRun(journal)
    run.live(1, *ALL)
    run.seq += 10
    gone = message([SensorEvent(run.seq + 1, ALL[0], run.now_ms, EventKind.HEARTBEAT, 0)], oldest=run.seq + 1)
    run.work.process_batch([IncomingMessage("pi-1", gone)], run.now_ms)  # and a crash before the next evaluation
    again = CollectorRun(journal, run.now_ms + 1000)
    again.live(1, *ALL)
    assert [(alert.kind, alert.value) for alert in again.published[-1].open] == [(AlertKind.LOST_EVENTS, 10)]
    again.live(61, *ALL)
    assert again.open == []


def test_mute_holds_a_notification_back_and_survives_a_restart(journal: Journal) -> None:
    run = CollectorRun(journal)
    run.live(5, *ALL)
    run.ask(AlertCommand(MuteAction.MUTE, None, "pi-1", run.now_ms + 2 * HOUR_MS))
    run.live(60, "desk-0-pir", "entrance-beams", "hall-air")
    assert [alert.muted for alert in run.published[-1].open] == [True]
    again = CollectorRun(journal, run.now_ms)
    again.live(30, "desk-0-pir", "entrance-beams", "hall-air")
    assert again.notifications == {}
    again.live(40, "desk-0-pir", "entrance-beams", "hall-air")
    assert [alert.muted for alert in again.published[-1].open] == [False]
    assert len(again.notifications) == 1, "the mute has ended, and the sensor is still silent"


@pytest.mark.parametrize("payload", [b'{"command":"mute","kind":"x"}', b'{"command":"unmute","until":-5}'])
def test_invalid_command_changes_nothing(journal: Journal, payload: bytes) -> None:
    run = CollectorRun(journal)
    run.live(1, *ALL)
    run.work.process_commands([payload], run.now_ms)
    assert run.work.alert_service.pop_changed_alerts(run.now_ms) is None


def run_with_silent_sensor(journal: Journal) -> CollectorRun:
    run = CollectorRun(journal)
    run.live(5, *ALL)
    run.live(60, "desk-0-pir", "entrance-beams", "hall-air")
    return run


def test_notification_stays_until_it_is_delivered(journal: Journal) -> None:
    run = run_with_silent_sensor(journal)
    (notification,) = run.work.alert_service.notifications
    run.work.alert_service.record_deliveries([DeliveryAttempt(notification, is_accepted=False)], run.now_ms)
    run.look()
    assert run.work.alert_service.notifications == (notification,)
    assert (AlertKind.NOT_DELIVERED, "phone") in run.open
    run.work.alert_service.record_deliveries([DeliveryAttempt(notification, is_accepted=True)], run.now_ms)
    run.look()
    assert run.work.alert_service.notifications == ()
    assert (AlertKind.NOT_DELIVERED, "phone") not in run.open
    assert CollectorRun(journal, run.now_ms).work.alert_service.notifications == ()


def test_notification_of_yesterday_is_dropped(journal: Journal) -> None:
    run = run_with_silent_sensor(journal)
    assert len(run.work.alert_service.notifications) == 1
    run.now_ms += 24 * HOUR_MS
    run.look()
    assert [notification.no for notification in run.work.alert_service.notifications] == []


def test_alert_about_a_removed_sensor_ends_as_no_longer_monitored(journal: Journal) -> None:
    run = run_with_silent_sensor(journal)
    smaller = CollectorRun(journal, run.now_ms, plan=build_desk_plan(1))
    smaller.live(1, "desk-0-pir", "entrance-beams", "hall-air")
    assert smaller.open == []
    assert [alert.left for alert in smaller.published[-1].ended] == [True]


def test_alert_about_a_disabled_desk_ends_as_no_longer_monitored(journal: Journal) -> None:
    run = run_with_silent_sensor(journal)
    spaces = tuple(replace(space, disabled=space.id == "desk-1") for space in PLAN.spaces)
    disabled = CollectorRun(journal, run.now_ms, plan=replace(PLAN, spaces=spaces))
    disabled.live(1, "desk-0-pir", "entrance-beams", "hall-air")
    assert (disabled.open, [alert.left for alert in disabled.published[-1].ended]) == ([], [True])


def test_alert_about_air_without_a_sensor_ends_as_no_longer_monitored(journal: Journal) -> None:
    run = CollectorRun(journal, settings=replace(SETTINGS, when={**SETTINGS.when, AlertKind.CO2_HIGH: "always"}))
    run.live(5, *ALL)
    run.live(30, *ALL, co2_ppm=1800)
    assert run.open == [(AlertKind.CO2_HIGH, "hall")]
    bare = replace(PLAN, sensors=tuple(sensor for sensor in PLAN.sensors if sensor.id != "hall-air"))
    later = CollectorRun(journal, run.now_ms, plan=bare)
    later.live(1, *ALL[:3])
    assert (later.open, [alert.left for alert in later.published[-1].ended]) == ([], [True])


def test_alerts_of_a_large_site_fit_into_one_message(journal: Journal) -> None:
    run = CollectorRun(journal, plan=build_desk_plan(700))
    live_sensors = [f"desk-{number}-pir" for number in range(0, 700, 100)]
    run.live(40, *live_sensors)
    newest = run.published[-1]
    assert len(encode(newest)) <= MAX_BYTES
    assert len(newest.open) + newest.left_out == 700 - 7 + 2


def test_notes_are_stored_only_when_something_changed(journal: Journal) -> None:
    run = run_with_silent_sensor(journal)
    written = journal._connection.total_changes
    for _ in range(30):
        run.now_ms += 11_000
        run.work.alert_service.evaluate(run.now_ms, SystemFacts(run.reachability))
    assert journal._connection.total_changes == written


@pytest.mark.parametrize("kind", AlertKind)
def test_subjects_missing_in_the_site_file_are_not_evaluated(kind: AlertKind) -> None:
    gone = {AlertKind.SENSOR_SILENT: "pi-7/desk-7-pir", AlertKind.BATTERY_LOW: "pi-1/desk-7-pir"}.get(kind, "pi-7")
    plan = replace(PLAN, doors=(), sensors=PLAN.sensors[:2])
    assert not AlertSubjects(plan, replace(SETTINGS, free_desks_below=0)).is_monitored(kind, gone)


def test_lost_events_of_a_removed_device_cause_no_alert(journal: Journal) -> None:
    plan = build_desk_plan(2, devices=2)
    before = CollectorRun(journal, plan=plan)
    before.live(2, *ALL[:1])
    lost = SensorEvent(seq=40, sensor="desk-1-pir", at_ms=before.now_ms, kind=EventKind.HEARTBEAT, value=0)
    before.work.process_batch([IncomingMessage("pi-2", message([lost], stream="t", oldest=40))], before.now_ms)
    before.live(1, *ALL[:1])
    assert (AlertKind.LOST_EVENTS, "pi-2") in before.open
    after = CollectorRun(journal, before.now_ms, plan=build_desk_plan(2))
    after.live(70, *ALL)
    begun = [alert for message in after.published for alert in message.open if alert.kind is AlertKind.LOST_EVENTS]
    assert begun == []
    titles = [notification.title for notification in after.notifications.values()]
    assert len([title for title in titles if "pi-2" in title]) <= 2


def test_sender_that_reuses_sequence_numbers_causes_an_alert_after_a_minute(journal: Journal) -> None:
    run = CollectorRun(journal)
    run.live(30, *ALL)
    run.seq = 0
    run.live(1, *ALL)
    assert (AlertKind.LOST_EVENTS, "pi-1") not in run.open, "an agent with an old copy starts a new stream at once"
    run.live(2, *ALL)
    assert (AlertKind.LOST_EVENTS, "pi-1") in run.open
