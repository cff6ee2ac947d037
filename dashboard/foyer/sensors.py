"""Says of each kind of sensor what it is called and what it records.

In:    a kind of sensor, words.
Out:   its name, and one or two sentences that hold for every sensor of the kind (firmware-config/contract.md, Kinds).
Never: a promise that the wire does not keep.
"""

from collector.plan import SensorKind
from dashboard.words import Words


def told(kind: SensorKind, words: Words, *, of_supply: bool = False) -> tuple[str, str]:
    """The name of a kind of sensor, and what one of them records at a spot, a door, a zone, or a supply."""
    _ = words.gettext
    if of_supply and kind is SensorKind.DISTANCE:
        return _("Level sensor"), _("How much is left, in per cent.")
    return {
        SensorKind.PIR: (
            _("Movement sensor"),
            _("When something warm begins to move in front of it and when that ends: yes or no, without a picture."),
        ),
        SensorKind.CONTACT: (_("Door contact"), _("When the door is opened and when it is closed.")),
        SensorKind.PRESSURE: (
            _("Seat mat"),
            _("When somebody sits down and when they get up: yes or no, without a weight."),
        ),
        SensorKind.DISTANCE: (
            _("Distance sensor"),
            _("When something comes near the seat and when it goes: yes or no."),
        ),
        SensorKind.BEAM_PAIR: (
            _("Door counter"),
            _("One in or one out, with the moment. It cannot tell one person from another."),
        ),
        SensorKind.POWER: (_("Power meter"), _("How much power the machine draws, in watts.")),
        SensorKind.AIR: (_("Air sensor"), _("Carbon dioxide, temperature and humidity.")),
        SensorKind.PRESENCE: (
            _("Presence sensor"),
            _("When somebody is near, sitting still too, and when nobody is: yes or no, without a picture."),
        ),
        SensorKind.PEOPLE: (_("People counter"), _("How many people are there: one number, and nothing of who.")),
        SensorKind.SOUND: (
            _("Sound level meter"),
            _("How loud the loudest moment of a while was: one number, in decibels. No sound, and no word of it."),
        ),
        SensorKind.LIGHT: (_("Light sensor"), _("How bright it is, in lux.")),
    }[kind]
