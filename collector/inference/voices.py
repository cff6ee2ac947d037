"""Says what the other sensors of a space have to say to its state, where it matters.

In:    evidence, the rules, a moment; the state at that moment and the reason that was found for it.
Out:   voices: who keeps it taken too, who cannot vouch yet, who is silent.
Never: clocks, a judgement of its own: a voice is what judgement.py made of that sensor.
"""

from collections.abc import Iterator
from typing import Final

from collector.evidence import CORROBORATING, Evidence, Learns, SensorRules, SensorView, SpaceRules, hold_of
from collector.inference.judgement import alive, earned_full, last_high_ms, weigh
from collector.outward import TAKEN, Because, Occupancy, Says, Voice

MOST_VOICES: Final = 3
"""A retained state stays short: whoever has the most to say comes first."""
_ORDER: Final = (Says.TAKEN, Says.UNHEARD, Says.SILENT, Says.SETTLING)


def voices_at(
    evidence: Evidence, rules: SpaceRules, now_ms: int, state: Occupancy, because: Because
) -> tuple[Voice, ...]:
    """What sensors say beside the reason for `state`; empty where every sensor agrees, or only one bears on it."""
    if state is Occupancy.DISABLED or len(evidence.views) != len(rules.sensors):
        return ()
    found = [voice for voice in _voices(evidence, rules, now_ms, state) if not _is_reason(voice, because, state)]
    found.sort(key=lambda voice: (_ORDER.index(voice.says), -(voice.until_ms or now_ms * 2)))
    return tuple(found[:MOST_VOICES])


def _voices(evidence: Evidence, rules: SpaceRules, now_ms: int, state: Occupancy) -> Iterator[Voice]:
    for known, sensor in zip(evidence.views, rules.sensors, strict=True):
        if known is None:
            if sensor.learns not in CORROBORATING:
                yield Voice(sensor.device, sensor.sensor, Says.UNHEARD)
        elif sensor.learns is not Learns.THRESHOLD or _has_learnt(known):
            hold_ms = hold_of(evidence, sensor)
            if state in TAKEN and weigh(known, sensor, hold_ms, now_ms, now_ms) is not None:
                yield _keeps(known, sensor, hold_ms, now_ms)
            if not alive(known, sensor, now_ms):
                yield Voice(sensor.device, sensor.sensor, Says.SILENT, known.heard_ms)
            elif state is Occupancy.UNKNOWN and now_ms < known.since_ms + hold_ms:
                yield Voice(sensor.device, sensor.sensor, Says.SETTLING, known.since_ms, known.since_ms + hold_ms)


def _keeps(known: SensorView, sensor: SensorRules, hold_ms: int, now_ms: int) -> Voice:
    """A sensor whose evidence keeps the space taken: as long as it goes on, or until its hold ends."""
    last_ms = last_high_ms(known)
    if known.high and alive(known, sensor, now_ms):
        return Voice(sensor.device, sensor.sensor, Says.TAKEN, last_ms)
    until_ms = last_ms + (hold_ms if earned_full(known) else sensor.lone_ms)
    return Voice(sensor.device, sensor.sensor, Says.TAKEN, last_ms, until_ms)


def _is_reason(voice: Voice, because: Because, state: Occupancy) -> bool:
    """Whether the reason says it already; that a sensor is silent is another thing than that it saw somebody."""
    said = (voice.device, voice.sensor) == (because.device, because.sensor)
    return said and (state is Occupancy.UNKNOWN or voice.says is Says.TAKEN)


def _has_learnt(known: SensorView) -> bool:
    """Whether sound or light bears on anything."""
    return known.threshold is not None and known.threshold.boundary is not None
