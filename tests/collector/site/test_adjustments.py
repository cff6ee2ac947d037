"""Adjustments: what commands change, which are rejected, and the resulting plan."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from collector.site.adjustments import (
    KEPT_PAST_DAYS,
    MAX_DATES,
    NO_ADJUSTMENTS,
    AdjustmentCommand,
    Adjustments,
    SetHours,
    SetNotice,
    SetOutOfUse,
    apply_adjustments,
    apply_command,
    decode_adjustments,
    decode_command,
    encode,
)
from collector.site.calendar import opening_hours_on
from collector.site.opening_spans import OpeningSpan
from collector.site.spaces import SpaceKind, Tenure
from edge.contract.message import MessageRejected
from tests.support.collector.random_sites import build_desk_plan

_SITE = build_desk_plan(3)
_DESK = _SITE.spaces[0]
PLAN = replace(
    _SITE,
    notice="From the file",
    spaces=(
        *_SITE.spaces,
        replace(_DESK, id="own", tenure=Tenure.DEDICATED),
        replace(_DESK, id="beans", kind=SpaceKind.SUPPLY),
    ),
)
TODAY = date(2026, 12, 1)
COMMANDS: list[AdjustmentCommand] = [
    SetNotice("Fika at three"),
    SetHours("2026-12-24", ["09:00-13:00"]),
    SetHours("2026-12-25", []),
    SetOutOfUse("desk-1", out_of_use=True),
]


def after(*commands: AdjustmentCommand) -> Adjustments:
    found = NO_ADJUSTMENTS
    for command in commands:
        found = apply_command(found, decode_command(encode(command)), PLAN, TODAY)
    return found


def test_every_command_survives_encoding_and_adjusts_the_plan() -> None:
    adjustments = after(*COMMANDS)
    assert decode_adjustments(encode(adjustments)) == adjustments
    plan = apply_adjustments(PLAN, adjustments)
    assert plan.notice == "From the file · Fika at three"
    assert opening_hours_on(plan, date(2026, 12, 24)) == (OpeningSpan(opens_min=540, closes_min=780),)
    assert opening_hours_on(plan, date(2026, 12, 25)) == ()
    assert plan.spaces == PLAN.spaces, "a space out of use keeps its place in the plan, and its history"


def test_revoking_all_adjustments_restores_the_plan_of_the_site_file() -> None:
    back: list[AdjustmentCommand] = [
        SetNotice("  "),
        SetHours("2026-12-24", None),
        SetHours("2026-12-25", None),
        SetOutOfUse("desk-1", out_of_use=False),
    ]
    assert after(*COMMANDS, *back) == NO_ADJUSTMENTS
    assert apply_adjustments(PLAN, NO_ADJUSTMENTS) == PLAN


def test_a_space_disabled_in_the_site_file_stays_disabled() -> None:
    plan = replace(PLAN, spaces=tuple(replace(space, disabled=space.id == "desk-0") for space in PLAN.spaces))
    assert apply_adjustments(plan, NO_ADJUSTMENTS).space_by_id["desk-0"].disabled


def test_past_hours_are_kept_as_long_as_history_may_be_recomputed() -> None:
    kept = (TODAY - timedelta(days=KEPT_PAST_DAYS)).isoformat()
    dropped = (TODAY - timedelta(days=KEPT_PAST_DAYS + 1)).isoformat()
    before = Adjustments(hours={dropped: [], kept: ["09:00-13:00"], "2026-12-24": []})
    assert apply_command(before, SetNotice("x"), PLAN, TODAY).hours == {kept: ["09:00-13:00"], "2026-12-24": []}


def test_dates_are_normalised() -> None:
    asked = [SetHours("20261224", ["09:00-13:00"]), SetHours("2026-W52-4", ["10:00-12:00"])]
    assert after(*asked).hours == {"2026-12-24": ["10:00-12:00"]}
    assert after(*asked, SetHours("2026-12-24", None)) == NO_ADJUSTMENTS


@pytest.mark.parametrize(
    "notice", ["a\u202eb", "a\x00b", "a\u2066b", "a\u200bb", "\u200d", "\u0301", "Zal\u0301\u0302\u0303\u0304\u0305go"]
)
def test_a_notice_with_invisible_characters_is_rejected(notice: str) -> None:
    with pytest.raises(MessageRejected, match="cannot be shown"):
        after(SetNotice(notice))


def test_a_notice_is_one_line_in_any_language() -> None:
    for one in ("قهوة الساعة ٣", "קפה", "❄️ 1️⃣", "e\u0301te\u0301", "สวัสดี"):
        assert after(SetNotice(one)).notice == one
    assert after(SetNotice(" Fika\n kl 15 👩\u200d🔧 ")).notice == "Fika kl 15 👩\u200d🔧"


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        (SetOutOfUse("desk-9", out_of_use=True), 'space: no "desk-9"'),
        (SetOutOfUse("beans", out_of_use=True), '"beans" is a supply or dedicated'),
        (SetOutOfUse("own", out_of_use=True), '"own" is a supply or dedicated'),
        (SetHours("2026-11-29", ["09:00-13:00"]), '"2026-11-29" is over or too far ahead'),
        (SetHours("2028-12-24", ["09:00-13:00"]), '"2028-12-24" is over or too far ahead'),
        (SetHours("24/12", ["09:00-13:00"]), '"24/12" is not a date'),
        (SetHours("2026-12-24", ["9-13"]), 'hours: found "9-13"; write it as'),
        (SetHours("2026-12-24", ["09:00-13:00", "12:00-15:00"]), "overlap"),
        (SetNotice("x" * 201), "length <= 200"),
    ],
)
def test_an_invalid_command_is_rejected_with_place_and_problem(command: AdjustmentCommand, problem: str) -> None:
    with pytest.raises(MessageRejected) as rejected:
        after(command)
    assert problem in str(rejected.value)


def test_removed_or_dedicated_spaces_are_no_longer_out_of_use() -> None:
    before = Adjustments(out_of_use=["desk-1", "gone", "own"])
    assert apply_command(before, SetNotice("x"), PLAN, TODAY).out_of_use == ["desk-1"]


def test_hours_of_yesterday_can_be_set() -> None:
    assert after(SetHours("2026-11-30", ["18:00-00:30"])).hours == {"2026-11-30": ["18:00-00:30"]}


def test_the_number_of_dates_is_bounded() -> None:
    over = Adjustments(hours={(TODAY - timedelta(days=n)).isoformat(): [] for n in range(1, KEPT_PAST_DAYS)})
    assert len(apply_command(over, SetHours("2026-12-24", []), PLAN, TODAY).hours) == KEPT_PAST_DAYS
    days = [SetHours((TODAY + timedelta(days=n)).isoformat(), []) for n in range(MAX_DATES + 1)]
    assert len(after(*days[:-1]).hours) == MAX_DATES
    with pytest.raises(MessageRejected, match="at most 31 dates"):
        after(*days)
