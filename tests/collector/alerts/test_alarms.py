"""Alerts of a whole house, over a real journal: begun once, told once, kept over restarts, muted until told."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from collector.alerts.conditions import AlertSubjects, Ear
from collector.alerts.letters import Delivered, Letter
from collector.alerts.settings import AlertSettings, Destination
from collector.alerts.wire import MOST_BYTES, AlertCommand, AlertKind, Alerts, Wish, encode
from collector.intake import Delivery
from collector.journal import Journal
from collector.plan import SitePlan
from collector.settings import RetentionSettings
from collector.work import Work
from edge.message import Kind, SensorEvent
from tests.collector.houses import HOUR_MS, NOON_MS, house_of, message

PLAN = house_of(2)
MINUTE_MS = 60_000
PHONE = Destination(name="phone", url_file=Path("phone"))
SETTINGS = AlertSettings(destinations=(PHONE,), when={AlertKind.DISK_NEARLY_FULL: "off"})
BEAT_MS = 30_000


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(Journal(tmp_path / "journal.sqlite")) as opened:
        yield opened


class Run:
    """One run of a collector, from its start: sensors that beat, and time that passes."""

    def __init__(
        self, journal: Journal, now_ms: int = NOON_MS, settings: AlertSettings = SETTINGS, plan: SitePlan = PLAN
    ) -> None:
        self.now_ms = now_ms
        self.work = Work(plan, journal, RetentionSettings(), now_ms, settings)
        self.work.alarms.ear = Ear.OPEN
        self.seq = journal.marks().get(("pi-1", "s"), 0)
        self.told: list[Alerts] = []
        self.letters: dict[int, Letter] = {}

    def live(self, minutes: float, *sensors: str, co2_ppm: float = 500) -> None:
        """These sensors say every half minute that they live, and no others."""
        for _ in range(int(minutes * MINUTE_MS / BEAT_MS)):
            self.now_ms += BEAT_MS
            events = []
            for sensor in sensors:
                self.seq += 1
                kind, value = (Kind.CO2_PPM, co2_ppm) if sensor == "hall-air" else (Kind.HEARTBEAT, 0)
                events.append(SensorEvent(seq=self.seq, sensor=sensor, at_ms=self.now_ms, kind=kind, value=value))
            if events:
                self.work.take([Delivery("pi-1", message(events))], self.now_ms)
            self.look()

    def look(self) -> None:
        self.work.tick(self.now_ms)
        self.work.settle(self.now_ms)
        if (told := self.work.alarms.to_tell(self.now_ms)) is not None:
            self.told.append(told)
        self.letters |= {letter.no: letter for letter in self.work.alarms.letters}

    def ask(self, said: AlertCommand) -> None:
        self.work.obey([encode(said)], self.now_ms)

    @property
    def open(self) -> list[tuple[AlertKind, str]]:
        return [(alert.kind, alert.subject) for alert in self.told[-1].open]


ALL = ("desk-0-pir", "desk-1-pir", "entrance-beams", "hall-air")
SILENT = [(AlertKind.SENSOR_SILENT, "pi-1/desk-1-pir")]


def test_a_start_raises_nothing_while_its_devices_come_back(journal: Journal) -> None:
    run = Run(journal)
    run.live(5, *ALL)
    later = Run(journal, run.now_ms + 5 * HOUR_MS)
    later.live(9.5)
    assert later.open == []
    later.live(60, *ALL)
    assert (later.open, later.letters) == ([], {})


def test_a_silent_sensor_is_alerted_of_once_and_told_when_it_is_back(journal: Journal) -> None:
    run = Run(journal)
    run.live(5, *ALL)
    last_ms = run.now_ms
    run.live(30, "desk-0-pir", "entrance-beams", "hall-air")
    assert run.open == []
    run.live(120, "desk-0-pir", "entrance-beams", "hall-air")
    assert run.open == SILENT
    assert run.told[-1].open[0].since_ms == last_ms
    assert len(run.letters) == 1
    run.live(30, *ALL)
    assert run.open == []
    (ended,) = run.told[-1].ended
    assert last_ms + 150 * MINUTE_MS <= (ended.ended_ms or 0) <= last_ms + 151 * MINUTE_MS
    assert len(run.letters) == 2
    assert len(run.told) == 3, "nothing, begun, ended: no word without news"


def test_a_restart_alerts_of_nothing_twice_and_forgets_nothing(journal: Journal) -> None:
    run = Run(journal)
    run.live(5, *ALL)
    run.live(60, "desk-0-pir", "entrance-beams", "hall-air")
    before = run.told[-1].open
    again = Run(journal, run.now_ms)
    again.live(60, "desk-0-pir", "entrance-beams", "hall-air")
    assert again.told[-1].open == before
    assert again.letters == run.letters
    third = Run(journal, again.now_ms)
    third.live(30, *ALL)
    assert (third.open, len(third.told[-1].ended), len(third.letters)) == ([], 1, 2)


def test_a_dead_device_is_one_alert(journal: Journal) -> None:
    run = Run(journal)
    run.live(5, *ALL)
    run.live(60)
    assert run.open == [(AlertKind.DEVICE_SILENT, "pi-1")]
    run.live(30, *ALL)
    assert run.open == []


def test_while_the_broker_is_away_nobody_is_blamed(journal: Journal) -> None:
    run = Run(journal)
    run.live(5, *ALL)
    run.work.alarms.ear = Ear.AWAY
    run.live(300)
    run.work.alarms.ear = Ear.OPEN
    run.live(5, *ALL)
    assert run.open == []


def test_lost_events_are_counted_into_one_alert_also_over_a_restart(journal: Journal) -> None:
    run = Run(journal)
    run.live(1, *ALL)
    run.seq += 10
    gone = message([SensorEvent(run.seq + 1, ALL[0], run.now_ms, Kind.HEARTBEAT, 0)], oldest=run.seq + 1)
    run.work.take([Delivery("pi-1", gone)], run.now_ms)  # and a crash before the next look
    again = Run(journal, run.now_ms + 1000)
    again.live(1, *ALL)
    assert [(alert.kind, alert.value) for alert in again.told[-1].open] == [(AlertKind.LOST_EVENTS, 10)]
    again.live(61, *ALL)
    assert again.open == []


def test_a_mute_keeps_a_message_back_and_outlives_a_restart(journal: Journal) -> None:
    run = Run(journal)
    run.live(5, *ALL)
    run.ask(AlertCommand(Wish.MUTE, None, "pi-1", run.now_ms + 2 * HOUR_MS))
    run.live(60, "desk-0-pir", "entrance-beams", "hall-air")
    assert [alert.muted for alert in run.told[-1].open] == [True]
    again = Run(journal, run.now_ms)
    again.live(30, "desk-0-pir", "entrance-beams", "hall-air")
    assert again.letters == {}
    again.live(40, "desk-0-pir", "entrance-beams", "hall-air")
    assert [alert.muted for alert in again.told[-1].open] == [False]
    assert len(again.letters) == 1, "the mute has ended, and it is still silent"


@pytest.mark.parametrize("payload", [b'{"command":"mute","kind":"x"}', b'{"command":"unmute","until":-5}'])
def test_a_broken_command_changes_nothing(journal: Journal, payload: bytes) -> None:
    run = Run(journal)
    run.live(1, *ALL)
    run.work.obey([payload], run.now_ms)
    assert run.work.alarms.to_tell(run.now_ms) is None


def silence(journal: Journal) -> Run:
    run = Run(journal)
    run.live(5, *ALL)
    run.live(60, "desk-0-pir", "entrance-beams", "hall-air")
    return run


def test_a_letter_stays_until_it_is_taken_and_no_longer(journal: Journal) -> None:
    run = silence(journal)
    (letter,) = run.work.alarms.letters
    run.work.alarms.delivered([Delivered(letter, taken=False)], run.now_ms)
    run.look()
    assert run.work.alarms.letters == (letter,)
    assert (AlertKind.NOT_DELIVERED, "phone") in run.open
    run.work.alarms.delivered([Delivered(letter, taken=True)], run.now_ms)
    run.look()
    assert run.work.alarms.letters == ()
    assert (AlertKind.NOT_DELIVERED, "phone") not in run.open
    assert Run(journal, run.now_ms).work.alarms.letters == ()


def test_news_of_yesterday_is_not_delivered(journal: Journal) -> None:
    run = silence(journal)
    assert len(run.work.alarms.letters) == 1
    run.now_ms += 24 * HOUR_MS
    run.look()
    assert [letter.no for letter in run.work.alarms.letters] == []


def test_what_leaves_the_site_file_ends_without_being_well(journal: Journal) -> None:
    run = silence(journal)
    smaller = Run(journal, run.now_ms, plan=house_of(1))
    smaller.live(1, "desk-0-pir", "entrance-beams", "hall-air")
    assert smaller.open == []
    assert [alert.left for alert in smaller.told[-1].ended] == [True]


def test_the_alert_of_a_desk_that_is_taken_out_of_use_ends_without_being_well(journal: Journal) -> None:
    run = silence(journal)
    spaces = tuple(replace(space, disabled=space.id == "desk-1") for space in PLAN.spaces)
    shut = Run(journal, run.now_ms, plan=replace(PLAN, spaces=spaces))
    shut.live(1, "desk-0-pir", "entrance-beams", "hall-air")
    assert (shut.open, [alert.left for alert in shut.told[-1].ended]) == ([], [True])


def test_air_that_nobody_measures_any_more_is_not_called_better(journal: Journal) -> None:
    run = Run(journal, settings=replace(SETTINGS, when={**SETTINGS.when, AlertKind.CO2_HIGH: "always"}))
    run.live(5, *ALL)
    run.live(30, *ALL, co2_ppm=1800)
    assert run.open == [(AlertKind.CO2_HIGH, "hall")]
    bare = replace(PLAN, sensors=tuple(sensor for sensor in PLAN.sensors if sensor.id != "hall-air"))
    later = Run(journal, run.now_ms, plan=bare)
    later.live(1, *ALL[:3])
    assert (later.open, [alert.left for alert in later.told[-1].ended]) == ([], [True])


def test_a_big_house_with_everything_wrong_still_fits_into_one_message(journal: Journal) -> None:
    run = Run(journal, plan=house_of(700))
    heard = [f"desk-{number}-pir" for number in range(0, 700, 100)]
    run.live(40, *heard)
    told = run.told[-1]
    assert len(encode(told)) <= MOST_BYTES
    assert len(told.open) + told.left_out == 700 - 7 + 2


def test_notes_are_written_when_something_changed_and_not_each_time(journal: Journal) -> None:
    run = silence(journal)
    written = journal.connection.total_changes
    for _ in range(30):
        run.now_ms += 11_000
        run.work.alarms.step(run.now_ms)
    assert journal.connection.total_changes == written


@pytest.mark.parametrize("kind", AlertKind)
def test_nothing_is_judged_of_what_the_site_file_does_not_have(kind: AlertKind) -> None:
    gone = {AlertKind.SENSOR_SILENT: "pi-7/desk-7-pir", AlertKind.BATTERY_LOW: "pi-1/desk-7-pir"}.get(kind, "pi-7")
    plan = replace(PLAN, doors=(), sensors=PLAN.sensors[:2])
    assert not AlertSubjects(plan, replace(SETTINGS, free_desks_below=0)).has(kind, gone)


def test_lost_events_of_a_device_that_left_the_site_file_alert_nobody(journal: Journal) -> None:
    plan = house_of(2, devices=2)
    before = Run(journal, plan=plan)
    before.live(2, *ALL[:1])
    lost = SensorEvent(seq=40, sensor="desk-1-pir", at_ms=before.now_ms, kind=Kind.HEARTBEAT, value=0)
    before.work.take([Delivery("pi-2", message([lost], stream="t", oldest=40))], before.now_ms)
    before.live(1, *ALL[:1])
    assert (AlertKind.LOST_EVENTS, "pi-2") in before.open
    after = Run(journal, before.now_ms, plan=house_of(2))
    after.live(70, *ALL)
    begun = [alert for told in after.told for alert in told.open if alert.kind is AlertKind.LOST_EVENTS]
    assert begun == []
    letters = [letter.title for letter in after.letters.values()]
    assert len([title for title in letters if "pi-2" in title]) <= 2


def test_a_sender_that_counts_from_one_again_alerts_after_a_minute(journal: Journal) -> None:
    run = Run(journal)
    run.live(30, *ALL)
    run.seq = 0
    run.live(1, *ALL)
    assert (AlertKind.LOST_EVENTS, "pi-1") not in run.open, "an agent with an old copy begins a new stream at once"
    run.live(2, *ALL)
    assert (AlertKind.LOST_EVENTS, "pi-1") in run.open
