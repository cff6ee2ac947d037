"""Render docs/accuracy.md from the measured results.

In:    the results of every recording.
Out:   the text of the page; the same results give the same text, byte for byte.
Never: files, dates, durations, paths on this machine.
"""

from collections.abc import Iterator, Mapping

from bench.accuracy.harness import Measured
from bench.accuracy.sources import ABOUT, AFTER, SOURCES
from bench.accuracy.table import cell, columns, missed


def page(found: Mapping[str, Measured]) -> str:
    """Render the page."""
    lines = [line for measured in found.values() for line in measured.lines]
    goals, missed_goals = sum(len(line.goals) for line in lines), missed(lines)
    summary = f"Of {goals} goals {goals - len(missed_goals)} are met." + (" Missed:" if missed_goals else "")
    parts = [ABOUT, "\n".join([summary, *(["", *(f"- {text}" for text in missed_goals)] if missed_goals else [])])]
    parts += ["\n".join(_render_section(name, measured)) for name, measured in found.items()]
    return "\n\n".join([*parts, AFTER]) + "\n"


def _render_section(name: str, measured: Measured) -> Iterator[str]:
    source = SOURCES[name]
    yield f"## {source.title}"
    yield ""
    yield source.text
    yield ""
    yield f"Read: {'; '.join(f'`{file}`' for file in measured.files)}." if measured.files else "Read: nothing."
    yield ""
    groups = columns(measured.lines)
    yield f"| rule | {' | '.join(groups)} |"
    yield f"| --- |{' ---: |' * len(groups)}"
    for line in sorted(measured.lines, key=lambda line: not line.ours):
        cells = [cell(line, group) for group in groups.values()]
        texts = ["<br>".join(filter(None, (", ".join(each.figures), *each.goals))) or "-" for each in cells]
        yield f"| {line.rule if line.ours else f'*{line.rule}*'} | {' | '.join(texts)} |"
    notes = [f"- {line.rule}: {line.note}" for line in measured.lines if line.note]
    if notes:
        yield ""
        yield from notes
