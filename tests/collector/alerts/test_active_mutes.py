"""A mute covers its kind and subject until it ends."""

import pytest

from collector.alerts.active_mutes import MAX_MUTES, apply_command, is_covered, list_active
from collector.contract.alerts import AlertCommand, AlertKind, Mute, MuteAction

CO2, SILENT, DEVICE = AlertKind.CO2_HIGH, AlertKind.SENSOR_SILENT, AlertKind.DEVICE_SILENT


@pytest.mark.parametrize(
    ("mute", "kind", "subject", "covers"),
    [
        (Mute(CO2, "hall"), CO2, "hall", True),
        (Mute(CO2, "hall"), CO2, "hallway", False),
        (Mute(CO2, "hall"), DEVICE, "hall", False),
        (Mute(CO2), CO2, "loft", True),
        (Mute(None, "pi-2"), SILENT, "pi-2/desk-1-pir", True),
        (Mute(None, "pi-2"), DEVICE, "pi-2", True),
        (Mute(None, "pi-2"), DEVICE, "pi-21", False),
        (Mute(None, "pi-2/desk-1-pir"), DEVICE, "pi-2", False),
        (Mute(), CO2, "hall", True),
    ],
)
def test_mute_covers_its_kind_and_subject(mute: Mute, kind: AlertKind, subject: str, covers: bool) -> None:
    assert is_covered([mute], kind, subject) is covers


def test_mute_ends_at_its_time_or_when_unmuted() -> None:
    mutes = apply_command((), AlertCommand(MuteAction.MUTE, CO2, "hall", 100), 0)
    mutes = apply_command(mutes, AlertCommand(MuteAction.MUTE), 0)
    assert mutes == (Mute(CO2, "hall", 100), Mute())
    assert list_active(mutes, 99) == mutes
    assert list_active(mutes, 100) == (Mute(),)
    assert apply_command(mutes, AlertCommand(MuteAction.UNMUTE), 0) == (Mute(CO2, "hall", 100),)
    assert apply_command(mutes, AlertCommand(MuteAction.UNMUTE, CO2, "loft"), 0) == mutes


def test_muting_again_replaces_the_end() -> None:
    mutes = apply_command((), AlertCommand(MuteAction.MUTE, CO2, "hall", 100), 0)
    assert apply_command(mutes, AlertCommand(MuteAction.MUTE, CO2, "hall", 200), 0) == (Mute(CO2, "hall", 200),)
    assert apply_command(mutes, AlertCommand(MuteAction.MUTE, CO2, "hall", 5), 10) == (), (
        "a mute that has ended has no effect"
    )


def test_number_of_mutes_is_bounded() -> None:
    mutes: tuple[Mute, ...] = ()
    for number in range(MAX_MUTES + 50):
        mutes = apply_command(mutes, AlertCommand(MuteAction.MUTE, None, f"pi-{number}"), 0)
    assert len(mutes) == MAX_MUTES
    assert mutes[-1].subject == f"pi-{MAX_MUTES + 49}"
