"""The table of sensor kinds is complete, and names only what exists elsewhere."""

from dataclasses import fields, replace

import pytest

from collector.contract.states import Reason
from collector.site.spaces import SpaceKind
from edge.contract.message import EventKind
from edge.contract.sensor_kinds import QUANTITIES, SensorKind
from edge.contract.sensor_settings import PinSettings
from edge.contract.sensor_traits import SensorTraits, WatchTarget
from tests.support.servers import ROOT

CONTRACT = (ROOT / "firmware-config" / "contract.md").read_text()


def test_a_row_without_a_column_is_rejected() -> None:
    columns = {column.name: getattr(SensorKind.PIR.traits, column.name) for column in fields(SensorTraits)}
    for name in columns:
        with pytest.raises(TypeError, match=name):
            SensorTraits(**{key: value for key, value in columns.items() if key != name})


def test_a_kind_that_watches_supplies_needs_a_quantity_for_them() -> None:
    with pytest.raises(ValueError, match="needs supply_quantity"):
        replace(SensorKind.DISTANCE.traits, supply_quantity=None)
    with pytest.raises(ValueError, match="needs supply_quantity"):
        replace(SensorKind.PIR.traits, watches=frozenset({WatchTarget.SUPPLY}))


def test_a_kind_may_watch_supplies_only() -> None:
    level = SensorKind.DISTANCE.traits.supply_quantity
    assert level is not None
    scale = replace(SensorKind.DISTANCE.traits, quantities=(level,), watches=frozenset({WatchTarget.SUPPLY}))
    assert {scale.level, *scale.all_quantities} == {level}


@pytest.mark.parametrize("kind", SensorKind)
def test_wiring_of_a_kind_agrees_with_its_settings(kind: SensorKind) -> None:
    wiring, settings = kind.traits.wiring, kind.traits.settings
    pin_fields = [one.name for one in fields(settings) if one.name == "pin" or one.name.endswith("_pin")]
    assert len(pin_fields) == (0 if wiring is None else wiring.pins)
    if issubclass(settings, PinSettings):
        assert wiring is not None
        assert wiring.active.startswith("low") is settings.is_low_when_active


@pytest.mark.parametrize("name", [name for name in SensorKind.__annotations__ if name != "traits"])
def test_every_sensor_kind_that_code_names_exists(name: str) -> None:
    assert SensorKind[name] is getattr(SensorKind, name)


def test_every_quantity_is_an_event_kind_with_its_bounds() -> None:
    own = {kind.value: (kind.low, kind.high) for kind in EventKind}
    assert {one.name: own[one.name] for one in QUANTITIES} == {one.name: (one.low, one.high) for one in QUANTITIES}
    assert len({one.name for one in QUANTITIES}) == len(QUANTITIES)


def test_plausible_readings_are_possible() -> None:
    for quantity in QUANTITIES:
        if (check := quantity.check) is not None:
            assert quantity.low <= check.plausible_low < check.plausible_high <= quantity.high


@pytest.mark.parametrize("name", [name for name in EventKind.__annotations__ if name not in {"low", "high"}])
def test_every_event_kind_that_code_names_exists(name: str) -> None:
    assert EventKind[name] is getattr(EventKind, name)


@pytest.mark.parametrize("quantity", QUANTITIES, ids=lambda quantity: quantity.name)
def test_meaning_of_every_quantity_is_in_the_contract(quantity) -> None:
    assert f"| `{quantity.name}` | {quantity.low:.0f} | {quantity.high:.0f} | {quantity.meaning} |" in CONTRACT


def test_every_kind_of_space_can_be_watched() -> None:
    assert {kind.value for kind in SpaceKind} == {target.value for target in WatchTarget} - {"door", "zone"}


@pytest.mark.parametrize("kind", SensorKind)
def test_every_kind_has_a_reason_or_watches_no_space(kind: SensorKind) -> None:
    reason, watches = kind.traits.reason, kind.traits.watches
    assert reason in set(Reason) if reason else watches == {WatchTarget.DOOR}
