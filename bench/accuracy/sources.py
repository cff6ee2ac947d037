"""Where each recording is from, what may be done with it, and how it is measured: the words of docs/accuracy.md.

In:    nothing.
Out:   text in Markdown.
Never: figures; those are measured.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Source:
    """One recording: its heading, and what a reader must know before the figures."""

    title: str
    text: str


ABOUT: Final = """\
# How true it is

Made by `make accuracy`; do not edit. Each figure is what the product's own code shows with its default settings when
public recordings of real places, labelled with the truth, are played to it. Nothing is tuned for a recording. What is
learnt is learnt by the product itself, as it would be in a house, and judged on time that it had not seen. Where no
word is said of that, the recording is played once from its beginning, and every minute is judged as it came.

- *Free while taken* is shown free while somebody is there, the worst that can happen to a member: its share of all
  taken minutes, how many minutes that were, and the longest stretch of them.
- *Taken while free*: its share of all free minutes. A space that was left stays taken for its hold.
- *Unknown*: its share of all minutes. It counts as neither right nor wrong, and never as free.
- *Changes a day*: how often a member would see free, taken or unknown become another, per 24 hours of recording; the
  true changes in brackets. Where a recording begins, or goes on after a break of more than ten minutes, the step over
  the break and the first word after it belong to the recording and are not counted.
- *Arrival* and *release*: from the true change until it was shown, median and the span that 95 % are within. A change
  that never was shown counts until the next true one.
- Rules in *italics* are what a buyer gets today, what is published, or what more knowledge than any house has would
  give, on the same data. A fixed timer is free until the first motion of a recording; ours is unknown until then.
- *Findings* are what the collector found to be wrong with the sensors, *false alarms* those about a sensor that is
  right by other evidence.
- A goal is *met* or *MISSED* by the exact figure, not by the rounded one."""

SOURCES: Final = {
    "room-occupancy-estimation": Source(
        "A room with two motion sensors: free or taken?",
        """\
*Room Occupancy Estimation*, UCI 864, [doi:10.24432/C5P605](https://doi.org/10.24432/C5P605), by A. P. Singh, V. Jain,
S. Chaudhari, F. A. Kraemer, S. Werner and V. Garg, 2018; CC BY 4.0 as others quote the UCI page. One room of 28 m2 with
two motion sensors, one of them badly placed, sound and light at four desks, and CO2; a row every half minute, people
counted by hand.

A row with motion is one pulse of 2.5 s; a quiet sensor sends a heartbeat every 30 s; rows more than ten minutes apart
have a break between them, in which the devices are off. A row of truth stands for at most one minute.""",
    ),
    "occupancy-detection": Source(
        "An office without a motion sensor: light, CO2 and air",
        """\
*Occupancy Detection*, UCI 357, [doi:10.24432/C5X01N](https://doi.org/10.24432/C5X01N), by L. M. Candanedo and
V. Feldheim, Energy and Buildings 112 (2016); CC BY 4.0 as others quote the UCI page. One office, a row a minute, the
truth from a photo each minute. The authors' own split is kept: what is learnt is learnt on `datatraining`, and judged
on the test set, days that it had not seen.""",
    ),
    "sdu-ou44-rooms": Source(
        "Rooms with a counter at the door",
        """\
*Room-level occupant counts*, building OU44 of the University of Southern Denmark, 2017, by K. Arendt and others,
[doi:10.1145/3277868.3277875](https://doi.org/10.1145/3277868.3277875); CC BY 4.0. Lecture room and study zone, people
counted by stereo cameras, a row a minute.

The counts are true and the counter's errors are simulated: crossings are the changes of the count, and each person who
is there goes out and comes back about every two hours. Of those who come in 5 % are missed, of those who go out 8 %,
and 2 % are counted the wrong way. A motion sensor sees something in 60 % of the half minutes in which anybody is there,
and nothing else. The days of the recording stand in no order, and are played as the file has them.""",
    ),
    "calit2-door": Source(
        "A real counter at a building's door",
        """\
*CalIt2 Building People Counts*, UCI 156, [doi:10.24432/C5NG78](https://doi.org/10.24432/C5NG78), by J. Hutchins, 2006
(A. Ihler, J. Hutchins and P. Smyth, KDD 2006); the repository that carries it is Apache-2.0, the licence of the
recording itself was not verified. In and out of the main door of a building, each half hour, for weeks. Nobody is
inside at four in the morning, so what a count has left over then is its error. All that the product is told of the
house is that it is closed from midnight to five.""",
    ),
    "brains4buildings": Source(
        "Offices with sensors that err",
        """\
*Brains4Buildings 2022*, Windesheim University of Applied Sciences (H. ter Hofte, N. van Ravenzwaaij, E. Nijboer),
[github.com/energietransitie/twomes-dataset-windesheim-brains4buildings2022](https://github.com/energietransitie/twomes-dataset-windesheim-brains4buildings2022);
CC BY 4.0. Three offices with motion sensors, CO2 and counters, some of which drift or hang. No source in it is the
whole truth, so what is judged is what the product says of the sensors.""",
    ),
    "parking-birmingham": Source(
        "Car parks: the forecast",
        """\
*Parking Birmingham*, UCI 482, [doi:10.24432/C51K5Z](https://doi.org/10.24432/C51K5Z), by D. Stolfi, 2017, data of NCP
car parks by Birmingham City Council; CC BY 4.0 and the UK Open Government Licence as others quote the UCI page. About
thirty car parks, a row each half hour in the day, for weeks: a stand-in for seats. Each forecast is made from what lies
before it, rolling from day to day; errors are in points of 100 % of the capacity.""",
    ),
}

AFTER: Final = """\
## What public data cannot tell

There is no public recording of single desks with pressure, ultrasonic or radar sensors and the truth, so their holds
rest on reason alone. There is no count of people present behind a real beam at a door: the doors' errors are simulated
on real counts. Nobody recorded a coworking space in summer, on red days, or with cleaners at night, nor a house over
years. One small room with up to three people is little: a figure of 0.00 % there means that nothing was seen, and not
that nothing can be. A week of one's own house outweighs this page.

## On recordings of one's own

- A room with sensors and a count of people: `ledig replay recording.toml` plays a CSV file through the whole product
  and prints the same shares; [`room-occupancy-estimation.toml`](../tests/accuracy/room-occupancy-estimation.toml) is an
  example.
- The recordings of this page: put each in a folder of its name in `../shared/data` beside this repository, or name the
  folder: `make accuracy ARGS="--data ~/recordings"`. More parts of a recording may lie beside the files named above or
  in their place. Rows that are broken are named, left out and counted, and nothing else changes."""
