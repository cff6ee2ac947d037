"""The command: measures every recording of a folder, prints the table, and writes the page.

Run:   python -m bench.accuracy [--data FOLDER] [--only RECORDING] [--page FILE] [--check]
In:    recordings, each in a folder of its name.
Out:   the table, and docs/accuracy.md; exit status 0, with --check 1 where a goal is missed, 2 if nothing is there.
Never: a figure of its own; each recording's module measures.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.console import Console

from bench.accuracy.harness import RECORDINGS, Measured, measure_all
from bench.accuracy.page import page
from bench.accuracy.table import missed
from bench.accuracy.terminal import progress, show

_ROOT: Final = Path(__file__).parents[2]
DATA: Final = _ROOT.parent / "shared" / "data"
"""Beside the repository."""
PAGE: Final = _ROOT / "docs" / "accuracy.md"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status."""
    asked = _parser().parse_args(arguments)
    console = Console(highlight=False)
    names = tuple(dict.fromkeys(asked.only)) if asked.only else tuple(RECORDINGS)
    there = [name for name in names if (asked.data / name).is_dir()]
    if not there:
        wanted = ", ".join(names)
        print(f"{asked.data}: no recording is there; name the folder that holds {wanted} by --data", file=sys.stderr)
        return 2
    with progress(console, there) as ended:
        found = measure_all(asked.data, there, ended)
    absent = [name for name in RECORDINGS if name not in found]
    left_out = {name: f"{asked.data / name} is not there" if name in names else "not asked for" for name in absent}
    show(console, found, left_out)
    _write(console, found, asked.page)
    return 1 if asked.check and missed([line for each in found.values() for line in each.lines]) else 0


def _write(console: Console, found: dict[str, Measured], path: Path) -> None:
    """Write the page if it would be whole."""
    if len(found) < len(RECORDINGS) or any(each.refused for each in found.values()):
        console.print(f"{path} is as it was: it tells of every recording, and some were left out")
        return
    path.write_text(page(found), encoding="utf-8")
    console.print(f"{path} is written")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.accuracy",
        description="How true the inference, the count of people and the forecast are, on labelled recordings.",
        epilog="example: python -m bench.accuracy --only calit2-door --data ~/recordings",
    )
    parser.add_argument("--data", type=Path, default=DATA, help="the folder of the recordings' folders (%(default)s)")
    parser.add_argument("--only", action="append", choices=tuple(RECORDINGS), help="this recording; may be repeated")
    parser.add_argument("--page", type=Path, default=PAGE, help="where the page is written (%(default)s)")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a goal is missed")
    return parser


if __name__ == "__main__":
    sys.exit(main())
