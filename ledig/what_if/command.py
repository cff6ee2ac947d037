"""The what-if of `ledig replay`: runs stored events again under other rules, and tells what would be different.

In:    what the command line asked for; the journal of a house, or a recording that was just played.
Out:   tables and timelines, maybe a page; or every fault of what was asked, before an event is read.
Never: a change to the house. Its journal is only read, a short moment for each space.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.progress import track

from collector.plan import Rules, SitePlan, SpaceKind, Tenure
from edge.plurals import counted
from ledig.site import UP_LOCK, Site, read
from ledig.site.reader import one_of
from ledig.what_if import Stored, comparable, report, run_again
from ledig.what_if.report import WhatIf
from ledig.what_if.rules import OtherRules, read_others
from ledig.what_if.stored import StoredEvents

FORGOTTEN = (
    "the page holds single changes of spaces, which the site itself deletes after 72 hours; delete it when you"
    " have finished"
)
_EXAMPLE = "ledig replay /etc/ledig/site.toml --what-if hold=7m"


class WhatIfRejected(ValueError):
    """What was asked for cannot be compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line asked for beside a file."""

    settings: tuple[str, ...] = ()
    """Each one set of rules, such as "hold=7m,level_hold=2m"."""
    files: tuple[Path, ...] = ()
    """Each one set of rules: TOML with a table [rules]."""
    spaces: tuple[str, ...] = ()
    """Only these; empty: all."""
    plot: Path | None = None
    """Where to write the page."""

    def __post_init__(self) -> None:
        if not self.others and (self.spaces or self.plot):
            raise WhatIfRejected(f"--space and --plot need --what-if or --rules: {_EXAMPLE}")
        if self.plot is not None and (self.plot.suffix != ".html" or not self.plot.absolute().parent.is_dir()):
            raise WhatIfRejected(f"--plot {self.plot}: give a name that ends with .html, in an existing folder")

    @property
    def others(self) -> bool:
        """Whether other rules were asked for."""
        return bool(self.settings or self.files)

    def rules(self, today: Rules) -> tuple[OtherRules, ...]:
        """The other rules; raises OtherRulesRejected."""
        return read_others(self.settings, self.files, today)


def of_house(path: Path | None, data: Path | None, asked: Asked) -> None:
    """Compare the rules over what the journal of a house still holds.

    Args:
        path: its site file; None: the example's, as `ledig up` runs it.
        data: the folder where `ledig up` keeps it; None: the site file's [storage].
        asked: the other rules, and what to tell.

    Raises:
        SiteRejected, OtherRulesRejected, WhatIfRejected: no event was read.
        HistoryAway, StoredRejected: there is nothing to run again.
    """
    if not asked.others:
        given = f"{path}: is a site file" if path else "no file is given"
        raise WhatIfRejected(f"{given}; give a recording to play, or other rules for stored events: {_EXAMPLE}")
    site, folder = _house(path, data)
    others = asked.rules(site.plan.rules)
    spaces = chosen(site.plan, asked.spaces)
    events = StoredEvents(folder / "journal.sqlite", site.plan)
    found = _run(site.plan, others, spaces, events.span, events.of_space)
    tell(Console(), asked, replace(found, notes=(*found.notes, FORGOTTEN)) if asked.plot else found)


def of_recording(plan: SitePlan, others: tuple[OtherRules, ...], asked: Asked, stored: dict[str, Stored]) -> WhatIf:
    """Compare the rules over what was stored of a recording that was played."""
    moments = [event.at_ms for one in stored.values() for event in one.events]
    span = (min(moments, default=0), max(moments, default=0) + 1)
    return _run(plan, others, chosen(plan, asked.spaces), span, stored.__getitem__)


def tell(console: Console, asked: Asked, found: WhatIf) -> None:
    """Print what was found, and write the page if one was asked for."""
    console.width = max(console.width, report.TABLE_WIDTH)
    report.tell(console, found)
    if asked.plot is not None:
        from ledig.what_if import plot

        plot.write(asked.plot, found)
        console.print(f"chart: {asked.plot}", highlight=False, markup=False, soft_wrap=True)


def chosen(plan: SitePlan, asked: tuple[str, ...]) -> list[str]:
    """The spaces to compare: those asked for, or all that have a state which a member sees.

    Raises:
        WhatIfRejected: one is not known, or has no such state.
    """
    known = [space.id for space in comparable(plan)]
    for name in asked:
        if name not in plan.space:
            raise WhatIfRejected(f"--space {name}: {one_of('space', name, known)}")
        space = plan.space[name]
        if space.tenure is Tenure.DEDICATED:
            raise WhatIfRejected(f"--space {name}: it is dedicated to one member and has no state; choose a shared one")
        if space.kind is SpaceKind.SUPPLY or space.disabled:
            why = "it is out of use" if space.disabled else "a supply is never free or taken"
            raise WhatIfRejected(f"--space {name}: {why}; choose another")
    return [name for name in known if not asked or name in asked]


def _house(path: Path | None, data: Path | None) -> tuple[Site, Path]:
    """A house, and the folder of its journal."""
    if data is not None and not (data / UP_LOCK).exists():
        raise WhatIfRejected(f"{data}: no site was started there; give the data folder that `ledig up` prints")
    if path is not None:
        site = read(path)
        return site, data or site.storage
    from ledig.up import read_house, state_folder

    site = read_house(None)
    return site, data or state_folder() / site.plan.id


def _run(
    plan: SitePlan,
    others: tuple[OtherRules, ...],
    spaces: list[str],
    span: tuple[int, int],
    stored: Callable[[str], Stored],
) -> WhatIf:
    plans = (plan, *(other.on(plan) for other in others))
    found = {}
    unknown = 0
    for space in track(spaces, "running again", transient=True, disable=not Console().is_terminal):
        known = stored(space)
        unknown += not known.before.at_ms
        found[space] = run_again(plans, space, known, span)
    return WhatIf(
        name=plan.name,
        zone=plan.time_zone,
        span=span,
        labels=tuple(other.label for other in others),
        spaces=found,
        notes=tuple(_notes(plan, unknown, len(spaces))),
    )


def _notes(plan: SitePlan, unknown: int, spaces: int) -> list[str]:
    notes = []
    if unknown:
        notes.append(
            f"without earlier events: {unknown} of {counted(spaces, 'space')}; each is unknown until all its sensors"
            " have reported for one hold time"
        )
    if dedicated := sum(space.tenure is Tenure.DEDICATED for space in plan.spaces):
        which = "space has no state; it is" if dedicated == 1 else "spaces have no state; they are"
        notes.append(f"{dedicated} dedicated {which} left out of all rows and totals")
    return notes
