"""The what-if of `ledig replay`: evaluate stored events again under other rules, and print what would differ.

In:    the options of the command line; the journal of a site, or a recording that was just played.
Out:   tables and timelines, optionally a page; or every fault of the options, before an event is read.
Never: a change to the site. Its journal is only read, briefly for each space.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.progress import track

from collector.site.occupancy_rules import OccupancyRules
from collector.site.site_plan import SitePlan
from collector.site.spaces import SpaceKind, Tenure
from collector.store.recovery.site_file_copies import list_site_copies
from edge.process.plurals import format_count
from ledig.site.site_file import UP_LOCK_FILE, SiteFile, read_site_file
from ledig.site.table_reader import describe_unknown
from ledig.what_if import what_if_report
from ledig.what_if.comparison import StoredSpace, comparable_spaces, compare_rules
from ledig.what_if.other_rules import OtherRules, read_other_rules
from ledig.what_if.stored import StoredEvents
from ledig.what_if.what_if_report import WhatIfResult

PAGE_NOTE = (
    "the page holds single changes of spaces, which the site itself deletes after 72 hours; delete it when you"
    " have finished"
)
_EXAMPLE = "ledig replay /etc/ledig/site.toml --what-if hold=7m"


class WhatIfRejected(ValueError):
    """The requested comparison is not possible."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIfOptions:
    """The what-if options of the command line."""

    settings: tuple[str, ...] = ()
    """Sets of rules, each such as "hold=7m,level_hold=2m"."""
    files: tuple[Path, ...] = ()
    """Files with one set of rules each: TOML with a table [rules]."""
    spaces: tuple[str, ...] = ()
    """Ids of the spaces to compare; empty: all."""
    plot: Path | None = None
    """Path of the page to write."""

    def __post_init__(self) -> None:
        if not self.has_other_rules and (self.spaces or self.plot):
            raise WhatIfRejected(f"--space and --plot need --what-if or --rules: {_EXAMPLE}")
        if self.plot is not None and (self.plot.suffix != ".html" or not self.plot.absolute().parent.is_dir()):
            raise WhatIfRejected(f"--plot {self.plot}: give a name that ends with .html, in an existing folder")

    @property
    def has_other_rules(self) -> bool:
        """Whether other rules are given."""
        return bool(self.settings or self.files)

    def read_rules(self, today: OccupancyRules) -> tuple[OtherRules, ...]:
        """Read the other rules; raises OtherRulesRejected."""
        return read_other_rules(self.settings, self.files, today)


def compare_site(path: Path | None, data: Path | None, options: WhatIfOptions) -> None:
    """Compare the rules on the events that the journal of a site still contains.

    Args:
        path: the site file; None: the site of `ledig up`.
        data: the data folder of `ledig up`; None: the site file's [storage].
        options: the other rules and the output.

    Raises:
        SiteRejected, OtherRulesRejected, WhatIfRejected: no event was read.
        HistoryAway, StoredEventsRejected: there are no events to evaluate.
    """
    if not options.has_other_rules:
        given = f"{path}: is a site file" if path else "no file is given"
        raise WhatIfRejected(f"{given}; give a recording to play, or other rules for stored events: {_EXAMPLE}")
    site, folder = _find_site(path, data)
    others = options.read_rules(site.plan.rules)
    spaces = select_spaces(site.plan, options.spaces)
    events = StoredEvents(folder / "journal.sqlite", site.plan)
    found = _compare(site.plan, others, spaces, events.span, events.read_space)
    print_comparison(Console(), options, replace(found, notes=(*found.notes, PAGE_NOTE)) if options.plot else found)


def compare_recording(
    plan: SitePlan, others: tuple[OtherRules, ...], options: WhatIfOptions, stored: dict[str, StoredSpace]
) -> WhatIfResult:
    """Compare the rules on the stored events of a recording that was played."""
    moments = [event.at_ms for one in stored.values() for event in one.events]
    span = (min(moments, default=0), max(moments, default=0) + 1)
    return _compare(plan, others, select_spaces(plan, options.spaces), span, stored.__getitem__)


def print_comparison(console: Console, options: WhatIfOptions, found: WhatIfResult) -> None:
    """Print the comparison, and write the page if requested."""
    console.width = max(console.width, what_if_report.TABLE_WIDTH)
    what_if_report.print_report(console, found)
    if options.plot is not None:
        from ledig.what_if import plot

        plot.write_page(options.plot, found)
        console.print(f"chart: {options.plot}", highlight=False, markup=False, soft_wrap=True)


def select_spaces(plan: SitePlan, requested: tuple[str, ...]) -> list[str]:
    """Select the spaces to compare: the requested ones, or all with a state that members see.

    Raises:
        WhatIfRejected: a space is unknown or has no such state.
    """
    known = [space.id for space in comparable_spaces(plan)]
    for name in requested:
        if name not in plan.space_by_id:
            raise WhatIfRejected(f"--space {name}: {describe_unknown('space', name, known)}")
        space = plan.space_by_id[name]
        if space.tenure is Tenure.DEDICATED:
            raise WhatIfRejected(f"--space {name}: it is dedicated to one member and has no state; choose a shared one")
        if space.kind is SpaceKind.SUPPLY or space.disabled:
            why = "it is out of use" if space.disabled else "a supply is never free or taken"
            raise WhatIfRejected(f"--space {name}: {why}; choose another")
    return [name for name in known if not requested or name in requested]


def _find_site(path: Path | None, data: Path | None) -> tuple[SiteFile, Path]:
    """Return a site and the folder of its journal."""
    if data is not None and not (data / UP_LOCK_FILE).exists():
        raise WhatIfRejected(f"{data}: no site was started there; give the data folder that `ledig up` prints")
    if path is not None:
        site = read_site_file(path)
        return site, data or site.storage
    if data is not None and (copies := list_site_copies(data / "backups")):
        return read_site_file(copies[-1].path), data
    from ledig.up.up_command import find_state_folder, read_site_or_example

    site = read_site_or_example(None)
    return site, data or find_state_folder() / site.plan.id


def _compare(
    plan: SitePlan,
    others: tuple[OtherRules, ...],
    spaces: list[str],
    span: tuple[int, int],
    stored: Callable[[str], StoredSpace],
) -> WhatIfResult:
    plans = (plan, *(other.apply_to(plan) for other in others))
    found = {}
    unknown = 0
    for space in track(spaces, "evaluating", transient=True, disable=not Console().is_terminal):
        known = stored(space)
        unknown += not known.before.at_ms
        found[space] = compare_rules(plans, space, known, span)
    return WhatIfResult(
        name=plan.name,
        zone=plan.time_zone,
        span=span,
        labels=tuple(other.label for other in others),
        spaces=found,
        notes=tuple(_write_notes(plan, unknown, len(spaces))),
    )


def _write_notes(plan: SitePlan, unknown: int, spaces: int) -> list[str]:
    notes = []
    if unknown:
        notes.append(
            f"without earlier events: {unknown} of {format_count(spaces, 'space')}; each is unknown until all"
            " its sensors have reported for one hold time"
        )
    if dedicated := sum(space.tenure is Tenure.DEDICATED for space in plan.spaces):
        which = "space has no state; it is" if dedicated == 1 else "spaces have no state; they are"
        notes.append(f"{dedicated} dedicated {which} left out of all rows and totals")
    return notes
