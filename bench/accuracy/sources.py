"""Origin, licence and protocol of each recording: the texts of docs/accuracy.md.

In:    nothing.
Out:   text in Markdown.
Never: figures; those are measured.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class RecordingSource:
    """The heading of a recording, and the text before its figures."""

    title: str
    text: str


INTRODUCTION: Final = """\
# Accuracy

Made by `make accuracy`; do not edit. The figures show the states that Ledig's own code computes with its default
settings from public recordings of real places with known occupancy. Nothing is tuned for a recording. Values are
learned by the product itself, as at a real site, and tested on unseen time. Unless a text below states otherwise, a
recording is played once from its beginning, and every minute is scored as it comes.

- *Free while taken*: shown free while somebody is there, the worst fault for a member. Share of all taken minutes,
  number of minutes, and the longest such stretch.
- *Taken while free*: share of all free minutes. A space that people have left stays taken for its hold time.
- *Unknown*: share of all minutes. It counts as neither right nor wrong, and never as free.
- *Changes a day*: how often a member sees a change between free, taken and unknown, per 24 hours of recording, then the
  true changes. At the beginning of a recording, and after a break of more than ten minutes, the step over the break and
  the first known state after it are not counted.
- *Arrival* and *release*: delay from the true change until it was shown, median and 95 % quantile. A change that was
  never shown counts until the next true one.
- Rules in *italics* are what a buyer gets today, published results, or results from more information than a real site
  has, on the same data. A fixed timer is free until the first motion of a recording; Ledig is unknown until then.
- *Findings* are faults that the collector found with sensors, *false alarms* findings about a sensor that is right by
  other evidence.
- A goal is *met* or *MISSED* by the exact figure, not by the rounded one."""

SOURCES: Final = {
    "room-occupancy-estimation": RecordingSource(
        "A room with two motion sensors: free or taken?",
        """\
*Room Occupancy Estimation*, UCI 864, [doi:10.24432/C5P605](https://doi.org/10.24432/C5P605), by A. P. Singh, V. Jain,
S. Chaudhari, F. A. Kraemer, S. Werner and V. Garg, 2018; CC BY 4.0 as others quote the UCI page. One room of 28 m2 with
two motion sensors, one of them badly placed, sound and light at four desks, and CO2; a row every half minute, people
counted by hand.

A row with motion is one pulse of 2.5 s. In lines that name another output, each row with motion holds the output high
for that long; if the sensor is then blind, only a row that it can detect does. A quiet sensor sends a heartbeat every
30 s. Rows more than ten minutes apart have a break between them, in which the devices are off. A row of truth is valid
for at most one minute.""",
    ),
    "occupancy-detection": RecordingSource(
        "An office without a motion sensor: light, CO2 and air",
        """\
*Occupancy Detection*, UCI 357, [doi:10.24432/C5X01N](https://doi.org/10.24432/C5X01N), by L. M. Candanedo and
V. Feldheim, Energy and Buildings 112 (2016); CC BY 4.0 as others quote the UCI page. One office, a row a minute, the
truth from a photo each minute. The authors' split is kept: values are learned on `datatraining` and tested on the
unseen days of the test set.""",
    ),
    "sdu-ou44-rooms": RecordingSource(
        "Rooms with a counter at the door",
        """\
*Room-level occupant counts*, building OU44 of the University of Southern Denmark, 2017, by K. Arendt and others,
[doi:10.1145/3277868.3277875](https://doi.org/10.1145/3277868.3277875); CC BY 4.0. Lecture room and study zone, people
counted by stereo cameras, a row a minute.

The counts are real and the counter's errors are simulated: crossings are the changes of the count, and each person
inside goes out and comes back about every two hours. 5 % of those who come in and 8 % of those who go out are missed,
and 2 % are counted in the wrong direction. A motion sensor detects motion in 60 % of the half minutes in which anybody
is there, a badly placed one in 5 %, and never otherwise. The days of the recording have no order and are played as in
the file. A perfect counter misses nobody; it is scored on the second pass of the same days, after two weeks of
learning.""",
    ),
    "calit2-door": RecordingSource(
        "A real counter at a building's door",
        """\
*CalIt2 Building People Counts*, UCI 156, [doi:10.24432/C5NG78](https://doi.org/10.24432/C5NG78), by J. Hutchins, 2006
(A. Ihler, J. Hutchins and P. Smyth, KDD 2006); the repository with the file is Apache-2.0, the licence of the
recording itself was not verified. Entries and exits at the main door of a building, each half hour, for weeks. Nobody
is inside at four in the morning, so what a count has left over then is its error. The only setting of the site is that
it is closed from midnight to five.""",
    ),
    "brains4buildings": RecordingSource(
        "Offices with faulty sensors",
        """\
*Brains4Buildings 2022*, Windesheim University of Applied Sciences (H. ter Hofte, N. van Ravenzwaaij, E. Nijboer),
[github.com/energietransitie/twomes-dataset-windesheim-brains4buildings2022](https://github.com/energietransitie/twomes-dataset-windesheim-brains4buildings2022);
CC BY 4.0. Three offices with motion sensors, CO2 and counters, some of which drift or hang. No source in it is the
full truth, so the findings about the sensors are scored.""",
    ),
    "parking-birmingham": RecordingSource(
        "Car parks: the forecast",
        """\
*Parking Birmingham*, UCI 482, [doi:10.24432/C51K5Z](https://doi.org/10.24432/C51K5Z), by D. Stolfi, 2017, data of NCP
car parks by Birmingham City Council; CC BY 4.0 and the UK Open Government Licence as others quote the UCI page. About
thirty car parks, a row each half hour in the day, for weeks: in place of seats. Each forecast uses only earlier
data, rolling from day to day; errors are in percentage points of the capacity.""",
    ),
    "generated-spaces": RecordingSource(
        "Generated spaces: long outputs",
        """\
Generated by `bench/accuracy/generated_spaces.py` with fixed seeds, because no recording has them: motion sensors whose
output stays high for minutes, of which the site file declares nothing. In a booth with a contact on its door, people
come eight times a working day for a quarter of an hour (median), move every 45 seconds on average, and sit still for
two to six minutes now and then. At a desk that nobody uses, two people an hour pass from 8 to 18 o'clock.""",
    ),
    "generated-radio": RecordingSource(
        "Generated spaces: messages lost on the radio",
        """\
Generated by `bench/accuracy/generated_radio.py` with fixed seeds: the visits of the booth above, at a desk with a
motion sensor, a desk with a mat, and a booth with a motion sensor and a contact. Each message of a sensor is lost with
the same probability, changes and heartbeats alike, and is not sent again, as with most bought sensors.""",
    ),
    "generated-series": RecordingSource(
        "Generated series: a new level, a drift, and the odds of a young site",
        """\
Generated by `bench/accuracy/generated_series.py` with fixed seeds: hours of taken desks with a deviation of each day
and of each hour. Errors are in percentage points of the desks, on working days. A new level begins on a Monday; it is
scored from the fourth day to the end of the second week. The *Brier score* is the mean square of the distance between
odds and outcome, of at least one free desk and of at least a quarter of them; in italics, the share of the past days
with as many free desks at that hour.""",
    ),
    "generated-office": RecordingSource(
        "A generated office: half a year with breaks",
        """\
Generated by `bench/accuracy/generated_office.py` with a fixed seed, because no recording of desks exists: 26 weeks of
13 desks with one sensor each. A working day has coffee breaks of 10 to 20 minutes, lunch, meetings, errands of 2 to 8
minutes, neighbours who walk past and cleaners. The times between two detected movements have heavy tails, fitted to
the well and the badly placed sensor of UCI 864. A mat that loses people does so in pieces of 1 to 10 minutes. A break
counts as free.""",
    ),
    "generated-pairs": RecordingSource(
        "Exchanged sensors",
        """\
Generated by `bench/accuracy/generated_pairs.py` with fixed seeds: eight desks of the same kind with a motion sensor and
a mat each. In one week of eight runs, the motion sensors of two pairs of desks are exchanged. A finding counts if it
names both sensors of a pair, and no other one may come in those runs or in 26 weeks without a fault.""",
    ),
}

CLOSING: Final = """\
## Limits of public data

There is no public recording of single desks with pressure, ultrasonic or radar sensors and known occupancy, so their
hold times are based on reasoning and on generated data alone. There is no count of people behind a real beam at a door:
the errors of doors are simulated on real counts. There are no recordings of a coworking space in summer, on public
holidays, with cleaners at night, or over years. One small room with up to three people is little data: 0.00 % means
that no fault occurred in it, not that none can occur. A week of recording at your own site has more value than this
page.

## Your own recordings

- A room with sensors and a count of people: `ledig replay recording.toml` plays a CSV file through the whole product
  and prints the same shares. See [`room-occupancy-estimation.toml`](../tests/accuracy/room-occupancy-estimation.toml)
  for an example.
- The recordings of this page: put each in a folder of its name in `../shared/data` beside this repository, or name the
  folder: `make accuracy ARGS="--data ~/recordings"`. You may add or replace files of a recording. Broken rows are
  listed, left out and counted."""
