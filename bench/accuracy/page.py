"""Render docs/accuracy.md from the measured results.

In:    the results of every recording.
Out:   the text of the page; the same results give the same text, byte for byte.
Never: files, dates, durations, paths on this machine.
"""

from collections.abc import Iterator, Mapping

from bench.accuracy.harness import RecordingResult
from bench.accuracy.sources import CLOSING, INTRODUCTION, SOURCES
from bench.accuracy.table import format_cell, list_columns, list_missed_goals


def render_page(found: Mapping[str, RecordingResult]) -> str:
    """Render the page."""
    lines = [line for measured in found.values() for line in measured.lines]
    goals, missed_goals = sum(len(line.goals) for line in lines), list_missed_goals(lines)
    summary = f"Of {goals} goals {goals - len(missed_goals)} are met." + (" Missed:" if missed_goals else "")
    parts = [
        INTRODUCTION,
        "\n".join([summary, *(["", *(f"- {text}" for text in missed_goals)] if missed_goals else [])]),
    ]
    parts += ["\n".join(_render_section(name, measured)) for name, measured in found.items()]
    return "\n\n".join([*parts, CLOSING]) + "\n"


def _render_section(name: str, measured: RecordingResult) -> Iterator[str]:
    source = SOURCES[name]
    yield f"## {source.title}"
    yield ""
    yield source.text
    yield ""
    yield f"Read: {'; '.join(f'`{file}`' for file in measured.files)}." if measured.files else "Read: nothing."
    yield ""
    groups = list_columns(measured.lines)
    yield f"| rule | {' | '.join(groups)} |"
    yield f"| --- |{' ---: |' * len(groups)}"
    for line in sorted(measured.lines, key=lambda line: not line.ours):
        cells = [format_cell(line, group) for group in groups.values()]
        texts = ["<br>".join(filter(None, (", ".join(each.figures), *each.goals))) or "-" for each in cells]
        yield f"| {line.rule if line.ours else f'*{line.rule}*'} | {' | '.join(texts)} |"
    notes = [f"- {line.rule}: {line.note}" for line in measured.lines if line.note]
    if notes:
        yield ""
        yield from notes
