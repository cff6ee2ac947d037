"""Public name and description of each sensor kind.

In:    a sensor kind, texts.
Out:   its name, and one or two sentences true for every sensor of the kind (firmware-config/contract.md, Kinds).
Never: a statement that the wire contract does not guarantee.
"""

from collector.site.plan import SensorKind
from dashboard.text.texts import PageTexts


def describe_sensor_kind(kind: SensorKind, texts: PageTexts, *, of_supply: bool = False) -> tuple[str, str]:
    """Return the name of a sensor kind and what such a sensor records at a space, door, zone or supply."""
    _ = texts.gettext
    if of_supply and kind is SensorKind.DISTANCE:
        return _("Level sensor"), _("How much is left, as a percentage.")
    return {
        SensorKind.PIR: (
            _("Movement sensor"),
            _("When something warm starts to move in front of it and when it stops: yes or no, no picture."),
        ),
        SensorKind.CONTACT: (_("Door contact"), _("When the door is opened and closed.")),
        SensorKind.PRESSURE: (
            _("Seat mat"),
            _("When somebody sits down and gets up: yes or no, no weight."),
        ),
        SensorKind.DISTANCE: (
            _("Distance sensor"),
            _("When something comes close to the seat and when it goes away: yes or no."),
        ),
        SensorKind.BEAM_PAIR: (
            _("Door counter"),
            _("One person in or one person out, with the time. It cannot distinguish one person from another."),
        ),
        SensorKind.POWER: (_("Power meter"), _("How much power the machine draws, in watts.")),
        SensorKind.AIR: (_("Air sensor"), _("Carbon dioxide, temperature and humidity.")),
        SensorKind.PRESENCE: (
            _("Presence sensor"),
            _("When somebody is near, even sitting still, and when nobody is: yes or no, no picture."),
        ),
        SensorKind.PEOPLE: (_("People counter"), _("How many people are there: a number, and nothing about who.")),
        SensorKind.SOUND: (
            _("Sound level meter"),
            _("The loudest level over a short period: one number in decibels. No sound is recorded."),
        ),
        SensorKind.LIGHT: (_("Light sensor"), _("How bright it is, in lux.")),
    }[kind]
