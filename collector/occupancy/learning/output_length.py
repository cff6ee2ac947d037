"""Learn how long the output of a motion sensor stays high after the last movement it detected.

In:    the lengths of its pulses, in order.
Out:   its output length: what a pulse contains beyond the movement itself.
Never: clocks.

A bought motion sensor holds its output high for seconds or for minutes. One movement gives the shortest pulse that
it can send, and each further movement lengthens the pulse. So the shortest of the last pulses is the output length, and
the last movement was this long before the end of a pulse.
"""

from typing import Final

from msgspec import Struct

BLOCK_PULSES: Final = 32
"""The shortest of the last 32 to 64 pulses counts, so that a longer setting of the sensor is learned as well."""
MIN_PULSES: Final = 5
"""So many pulses are needed to distinguish an output length from somebody who moved without a break."""
MAX_OUTPUT_MS: Final = 180_000
"""The longest output length that is believed. A longer pulse is more likely somebody who moves without a break."""


class PulseLengths(Struct, frozen=True, gc=False, array_like=True):
    """The shortest pulses of one sensor."""

    shortest_ms: int
    """Shortest pulse of the current block."""
    earlier_shortest_ms: int
    """Shortest pulse of the block before it; MAX_OUTPUT_MS in the first block."""
    count: int
    """Pulses of the current block."""
    has_earlier: bool = False
    """There was a block before it."""

    @property
    def output_ms(self) -> int:
        """The output length in ms; 0 while it is not known."""
        if self.count < MIN_PULSES and not self.has_earlier:
            return 0
        return min(self.shortest_ms, self.earlier_shortest_ms)


def learn_pulse(known: PulseLengths | None, pulse_ms: int) -> PulseLengths:
    """Learn from one pulse.

    Args:
        known: what was learned so far; None: nothing.
        pulse_ms: length of a pulse of which beginning and end were both reported.
    """
    pulse_ms = min(pulse_ms, MAX_OUTPUT_MS)
    if known is None:
        return PulseLengths(pulse_ms, MAX_OUTPUT_MS, 1)
    if known.count >= BLOCK_PULSES:
        return PulseLengths(pulse_ms, known.shortest_ms, 1, has_earlier=True)
    return PulseLengths(min(known.shortest_ms, pulse_ms), known.earlier_shortest_ms, known.count + 1, known.has_earlier)
