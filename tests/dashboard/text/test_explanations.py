"""Explanations of states: every state has one in both languages, and its facts are correct."""

import re
from datetime import datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.contract.states import (
    Because,
    HoldTuning,
    Lapse,
    Occupancy,
    OtherSensor,
    OtherSensorStatus,
    Reason,
    SpaceHealth,
    SpaceState,
    Tuning,
)
from collector.site.spaces import SpaceKind
from dashboard.text.explanations import ExplanationContext, explain_state
from dashboard.text.page_texts import PageTexts
from edge.timekeeping.durations import HOUR_MS, MINUTE_MS
from tests.support.dashboard.site import MONDAY_10_MS, PLAN

LANGUAGES = ("sv", "en")
LEARNT = Tuning(hold=HoldTuning(hold_ms=480_000, start_ms=600_000, least_ms=300_000, most_ms=900_000))
PIR = Because(Reason.MOTION, "pi-1", "desk-14-pir", MONDAY_10_MS - 6 * MINUTE_MS)


def build_explained_state(because: Because = PIR, occupancy: Occupancy = Occupancy.AWAY, **more: object) -> SpaceState:
    return SpaceState(
        state=occupancy,
        since_ms=MONDAY_10_MS - HOUR_MS,
        because=because,
        health=SpaceHealth.HEALTHY,
        at_ms=because.at_ms,
        **more,  # type: ignore[arg-type]
    )


def explain(
    what: SpaceState,
    language: str = "en",
    *,
    now_ms: int = MONDAY_10_MS,
    kind: SpaceKind = SpaceKind.DESK,
    tuning: Tuning | None = None,
) -> str:
    return explain_state(what, kind, tuning, ExplanationContext(PLAN, now_ms, PageTexts.load(language)))


def local_ms(*moment: int, fold: int = 0) -> int:
    return int(datetime(*moment, tzinfo=PLAN.time_zone, fold=fold).timestamp()) * 1000  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(("reason", "occupancy", "language"), list(product(Reason, Occupancy, LANGUAGES)))
def test_every_reason_of_every_state_has_a_sentence(reason: Reason, occupancy: Occupancy, language: str) -> None:
    """With and without a sensor, with every kind of other evidence, and with every possible lapse."""
    until_ms = MONDAY_10_MS + 4 * MINUTE_MS
    other_sensors = tuple(
        OtherSensor("pi-1", "desk-14-mat", status, MONDAY_10_MS - MINUTE_MS, until_ms) for status in OtherSensorStatus
    )
    for because, lapse in product(
        (Because(reason), Because(reason, "pi-1", "desk-14-pir", MONDAY_10_MS - MINUTE_MS)),
        (None, *(Lapse(after, until_ms) for after in Occupancy)),
    ):
        sentence = explain(
            build_explained_state(because, occupancy, lapse=lapse, other_sensors=other_sensors), language, tuning=LEARNT
        )
        assert sentence
        assert not re.search(r"[{}]|None|  |; ;|;$", sentence)


@pytest.mark.parametrize("reason", Reason)
def test_no_sentence_is_left_in_english(reason: Reason) -> None:
    other_sensors = tuple(
        OtherSensor("pi-1", "desk-14-mat", status, MONDAY_10_MS, MONDAY_10_MS + HOUR_MS) for status in OtherSensorStatus
    )
    for after in (Occupancy.VACANT, Occupancy.UNKNOWN):
        what = build_explained_state(
            Because(reason), lapse=Lapse(after, MONDAY_10_MS + MINUTE_MS), other_sensors=other_sensors
        )
        swedish, english = (explain(what, language, tuning=LEARNT).split("; ") for language in LANGUAGES)
        assert len(swedish) == len(english)
        assert not set(swedish) & set(english)


def test_a_desk_after_somebody_left_lists_its_evidence_and_its_lapse() -> None:
    mat = OtherSensor(
        "pi-1", "desk-14-mat", OtherSensorStatus.KEEPS_TAKEN, MONDAY_10_MS - MINUTE_MS, MONDAY_10_MS + 2 * MINUTE_MS
    )
    what = build_explained_state(
        other_sensors=(mat,), lapse=Lapse(Occupancy.VACANT, MONDAY_10_MS + 4 * MINUTE_MS + 30_000)
    )
    assert explain(what, tuning=LEARNT) == (
        "movement at desk-14-pir 6 min ago; desk-14-mat agrees, until 10:02;"
        " free 10:04 if nothing happens for another 4 min;"
        " hold time 8 min after movement, learned here between 5 and 15"
    )
    assert explain(what, "sv", tuning=LEARNT) == (
        "rörelse vid desk-14-pir för 6 min sedan; desk-14-mat bekräftar, till kl. 10.02;"
        " ledigt kl. 10.04 om ingenting händer på 4 min; hålltid 8 min efter rörelse, inlärd mellan 5 och 15"
    )


def test_a_silent_sensor_is_named_with_the_time_of_its_last_report() -> None:
    silent = Because(Reason.SILENT, "pi-1", "desk-14-pir", MONDAY_10_MS - 20 * MINUTE_MS)
    other_sensors = (
        OtherSensor("pi-1", "desk-14-radar", OtherSensorStatus.NEVER_REPORTED),
        OtherSensor(
            "pi-1", "desk-14-mat", OtherSensorStatus.WARMING_UP, MONDAY_10_MS - MINUTE_MS, MONDAY_10_MS + 2 * MINUTE_MS
        ),
    )
    assert explain(build_explained_state(silent, Occupancy.UNKNOWN, other_sensors=other_sensors), tuning=LEARNT) == (
        "no data from desk-14-pir since 9:40; desk-14-radar has never reported; desk-14-mat must stay quiet until 10:02"
    ).replace("9:40", "09:40")


def test_a_lapse_in_the_past_is_not_shown_as_future() -> None:
    past_ms = MONDAY_10_MS - 1
    gone = OtherSensor("pi-1", "desk-14-mat", OtherSensorStatus.KEEPS_TAKEN, past_ms - MINUTE_MS, past_ms)
    what = build_explained_state(other_sensors=(gone,), lapse=Lapse(Occupancy.VACANT, past_ms))
    assert explain(what) == "movement at desk-14-pir 6 min ago"


def test_ongoing_evidence_has_no_end() -> None:
    assert explain(
        build_explained_state(
            other_sensors=(OtherSensor("pi-1", "desk-14-mat", OtherSensorStatus.KEEPS_TAKEN, MONDAY_10_MS),)
        )
    ).endswith("-mat agrees")


@pytest.mark.parametrize(
    ("hold", "clause"),
    [
        ((600_000, 600_000, 300_000, 900_000), "hold time 10 min after movement, still learning between 5 and 15"),
        ((420_000, 420_000, 420_000, 420_000), "hold time 7 min after movement, set in the site file"),
        ((657_000, 600_000, 300_000, 900_000), "hold time 11 min after movement, learned here between 5 and 15"),
        ((90_000, 90_000, 90_000, 90_000), "hold time 1.5 min after movement, set in the site file"),
    ],
)
def test_the_hold_time_is_shown_with_its_origin(hold: tuple[int, int, int, int], clause: str) -> None:
    start = HoldTuning(hold_ms=hold[0], start_ms=hold[1], least_ms=hold[2], most_ms=hold[3])
    assert explain(build_explained_state(), tuning=Tuning(hold=start)).split("; ")[-1] == clause


def test_the_hold_time_is_shown_only_for_motion() -> None:
    quiet = Because(Reason.QUIET, "pi-1", "desk-14-pir", MONDAY_10_MS - HOUR_MS)
    assert explain(build_explained_state(quiet, Occupancy.VACANT), tuning=LEARNT) == "quiet since 09:00"
    mat = Because(Reason.PRESSURE, "pi-1", "desk-14-mat", MONDAY_10_MS)
    assert explain(build_explained_state(mat), tuning=LEARNT) == "weight on desk-14-mat just now"


def test_a_single_motion_does_not_show_the_full_hold_time() -> None:
    ends_ms = PIR.at_ms + LEARNT.hold.hold_ms  # type: ignore[union-attr]
    for lapse_ms, is_shown in ((ends_ms, True), (ends_ms - 1, False)):
        what = build_explained_state(lapse=Lapse(Occupancy.VACANT, lapse_ms))
        assert ("hold time" in explain(what, now_ms=PIR.at_ms, tuning=LEARNT)) is is_shown


@pytest.mark.parametrize(
    ("reason", "occupancy", "english", "swedish"),
    [
        (
            Reason.DOOR_CLOSED,
            Occupancy.OCCUPIED,
            "door closed since 09:00, somebody is still inside",
            "dörren stängd sedan kl. 09.00, någon är kvar i rummet",
        ),
        (
            Reason.DOOR_CLOSED,
            Occupancy.UNKNOWN,
            "door closed since 09:00, nobody detected for hours",
            "dörren stängd sedan kl. 09.00, ingen rörelse på flera timmar",
        ),
        (
            Reason.DOOR_OPENED,
            Occupancy.AWAY,
            "door opened 09:00, the person inside may come back",
            "dörren öppnades kl. 09.00, den som var där kan komma tillbaka",
        ),
    ],
)
def test_a_door_event_is_explained_for_the_person_inside(
    reason: Reason, occupancy: Occupancy, english: str, swedish: str
) -> None:
    what = build_explained_state(Because(reason, "pi-1", "booth-1-door", MONDAY_10_MS - HOUR_MS), occupancy)
    assert (explain(what), explain(what, "sv")) == (english, swedish)


@pytest.mark.parametrize(
    ("now_ms", "at_ms", "english", "swedish"),
    [
        (local_ms(2026, 1, 6, 0, 5), local_ms(2026, 1, 5, 22, 10), "yesterday 22:10", "i går kl. 22.10"),
        (local_ms(2026, 1, 6, 0, 5), local_ms(2026, 1, 6, 0, 1), "00:01", "kl. 00.01"),
        (local_ms(2026, 1, 6, 9), local_ms(2026, 1, 2, 22, 10), "Jan 2 22:10", "2 jan. kl. 22.10"),
        (local_ms(2026, 3, 29, 9), local_ms(2026, 3, 29, 1, 59), "01:59", "kl. 01.59"),
        (local_ms(2026, 3, 29, 9), local_ms(2026, 3, 29, 3), "03:00", "kl. 03.00"),
        (local_ms(2026, 10, 25, 9), local_ms(2026, 10, 25, 2, 30), "02:30 (summer time)", "kl. 02.30 (sommartid)"),
        (
            local_ms(2026, 10, 25, 9),
            local_ms(2026, 10, 25, 2, 30, fold=1),
            "02:30 (winter time)",
            "kl. 02.30 (vintertid)",
        ),
    ],
)
def test_times_are_correct_over_midnight_and_clock_changes(now_ms: int, at_ms: int, english: str, swedish: str) -> None:
    quiet = build_explained_state(Because(Reason.QUIET, "pi-1", "desk-14-pir", at_ms), Occupancy.VACANT)
    assert explain(quiet, now_ms=now_ms).replace("2 Jan", "Jan 2") == f"quiet since {english}"
    assert explain(quiet, "sv", now_ms=now_ms) == f"ingen aktivitet sedan {swedish}"


def test_a_lapse_after_midnight_is_tomorrow() -> None:
    late_ms = local_ms(2026, 1, 5, 23, 58)
    what = build_explained_state(lapse=Lapse(Occupancy.VACANT, late_ms + 7 * MINUTE_MS))
    assert "; free tomorrow 00:05 if nothing happens for another 7 min" in explain(what, now_ms=late_ms)


def test_remaining_minutes_are_real_over_a_repeated_hour() -> None:
    now_ms = local_ms(2026, 10, 25, 2, 58)
    what = build_explained_state(lapse=Lapse(Occupancy.VACANT, now_ms + 7 * MINUTE_MS))
    assert "free 02:05 (winter time) if nothing happens for another 7 min" in explain(what, now_ms=now_ms)


@given(st.integers(0, 3 * 24 * 60), st.integers(0, 24 * 60), st.sampled_from(LANGUAGES))
def test_ages_and_times_agree_with_the_clock_at_any_time(start_min: int, age_min: int, language: str) -> None:
    """Around the night in which clocks go back."""
    now_ms = local_ms(2026, 10, 24, 0) + start_min * MINUTE_MS
    then_ms = now_ms - age_min * MINUTE_MS
    reader = ExplanationContext(PLAN, now_ms, PageTexts.load(language))
    clock = datetime.fromtimestamp(then_ms / 1000, PLAN.time_zone)
    hours, minutes = re.findall(r"(\d\d)[.:](\d\d)", reader.format_instant(then_ms))[0]
    assert (int(hours), int(minutes)) == (clock.hour, clock.minute)
    number = re.search(r"\d+", reader.format_age(then_ms))
    assert (number is None) is (age_min == 0)
    if number is not None:
        assert int(number[0]) == (age_min if age_min < 60 else age_min // 60)
