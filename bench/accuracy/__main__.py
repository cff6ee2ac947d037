"""The command: measure every recording of a folder, print the table, and write the page.

Run:   python -m bench.accuracy [--data FOLDER] [--only RECORDING] [--page FILE] [--check]
In:    recordings, each in a folder of its name.
Out:   the table, and docs/accuracy.md; exit status 0, 1 if --check is set and a goal is missed, 2 without recordings.
Never: figures; the module of each recording measures them.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.console import Console

from bench.accuracy.harness import GENERATED, MEASURED, RECORDINGS, RecordingResult, measure_recordings
from bench.accuracy.page import render_page
from bench.accuracy.table import list_missed_goals
from bench.accuracy.terminal import print_results, show_progress

_ROOT: Final = Path(__file__).parents[2]
DATA: Final = _ROOT.parent / "shared" / "data"
"""Folder beside the repository."""
PAGE: Final = _ROOT / "docs" / "accuracy.md"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    options = _build_parser().parse_args(arguments)
    console = Console(highlight=False)
    names = tuple(dict.fromkeys(options.only)) if options.only else tuple(MEASURED)
    present = [name for name in names if name in GENERATED or (options.data / name).is_dir()]
    if set(present) <= set(GENERATED) < set(names):
        wanted = ", ".join(name for name in names if name in RECORDINGS)
        print(
            f"{options.data}: no recording found; give the folder that contains {wanted} with --data", file=sys.stderr
        )
        return 2
    with show_progress(console, present) as show_done:
        found = measure_recordings(options.data, present, show_done)
    absent = [name for name in MEASURED if name not in found]
    left_out = {name: f"{options.data / name} does not exist" if name in names else "not selected" for name in absent}
    print_results(console, found, left_out)
    _write_page(console, found, options.page)
    return 1 if options.check and list_missed_goals([line for each in found.values() for line in each.lines]) else 0


def _write_page(console: Console, found: dict[str, RecordingResult], path: Path) -> None:
    """Write the page if every recording was measured."""
    if len(found) < len(MEASURED) or any(each.rejection for each in found.values()):
        console.print(f"{path} was not changed: it needs every recording, and some were left out")
        return
    path.write_text(render_page(found), encoding="utf-8")
    console.print(f"{path} was written")


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.accuracy",
        description="Measure the accuracy of inference, people counts and forecasts on labelled recordings.",
        epilog="example: python -m bench.accuracy --only calit2-door --data ~/recordings",
    )
    parser.add_argument(
        "--data", type=Path, default=DATA, help="folder that contains the recordings' folders (%(default)s)"
    )
    parser.add_argument(
        "--only", action="append", choices=tuple(MEASURED), help="measure only this recording; may be repeated"
    )
    parser.add_argument("--page", type=Path, default=PAGE, help="path of the page to write (%(default)s)")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a goal is missed")
    return parser


if __name__ == "__main__":
    sys.exit(main())
