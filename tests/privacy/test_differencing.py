"""The differencing attack: no role that keeps everything it reads can date a movement or count one to four people.

The attack reads everything that a visitor, a viewer and a manager can request: the API, the exports, the figures of
the pages, the forecasts at the broker. From each series, and from each difference of the site and its zones, it makes
two claims about times more than 72 hours ago:

- a *moment*: a mean between the counts before and after it shows when within its bucket one space changed;
- a *count*: a whole number from one to four, of spaces or of people.

A claim counts if it is correct. In the code before docs/decisions/0033, the attack finds hundreds of both.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from collector.history.measures import MEASURES
from collector.site.site_plan import WHOLE_SITE
from collector.site.spaces import SpaceKind
from dashboard.accounts.access_log import LoggedAction
from dashboard.accounts.accounts import Accounts
from dashboard.accounts.roles import AccountRole
from dashboard.manager import use_pages
from dashboard.web.routes import ROUTES
from edge.timekeeping.durations import DAY_MS, HOUR_MS
from tests.support.privacy import exports
from tests.support.privacy.world import SimulatedSite, example_plan, scope_spaces, simulate

MANAGER, VIEWER, PASSWORD = "mats", "vera", "fem blå hästar går"
HOME = "https://localhost"
KEPT_MS = 72 * HOUR_MS
SHORT_DAYS, FULL_DAYS = 10, 40
FIVE_MS = 300_000
EXACT = 1e-6
NEAR = 0.02
"""A moment is found if its error is below this part of its bucket. Chance finds one in 25."""

READ = {"api.history", "use.export", "growth.export", "forecast.page"}
"""Routes with dated history; the figures of other pages are those of the exports."""
_SAME = "the tables of its exports, which are read"
_LIVE = "what is now; its topics are read in test_topics.py"
_NOTHING = "nothing about people"
_CHANGE = "it changes something, and shows nothing"
NO_PAST = {
    "use.page": _SAME,
    "growth.page": _SAME,
    "learned.page": "corrections of the count of people, which the history of people_correction has",
    "alerts.page": "the alerts of their topic, which is read in test_topics.py",
    "devices.page": "the findings of their topics, which are read in test_topics.py",
    "api.forecast": "the forecast topic, whose outcomes the history of forecast has",
    **dict.fromkeys(("pages.home", "wall.page", "api.states", "api.summary", "api.frame", "api.stream"), _LIVE),
    **dict.fromkeys(("manage.live", "manage.stream", "manage.newest"), _LIVE),
    **dict.fromkeys(("static", "pages.manifest", "pages.worker", "pages.health", "register.sensing"), _NOTHING),
    **dict.fromkeys(("register.sign", "rules.page", "today.page", "accounts.page", "manage.chart_library"), _NOTHING),
    **dict.fromkeys(("login.form", "login.log_in", "login.log_out", "manage.answer", "alerts.mute"), _CHANGE),
    **dict.fromkeys(("devices.identify", "today.set_notice", "today.set_hours", "today.set_out_of_use"), _CHANGE),
    **dict.fromkeys(("accounts.end_own", "accounts.end", "accounts.add", "accounts.change_role"), _CHANGE),
    **dict.fromkeys(("accounts.lock", "accounts.unlock", "accounts.password"), _CHANGE),
    **dict.fromkeys(("report.send", "codes.renew", "round.start", "round.answer", "round.end"), _CHANGE),
    **dict.fromkeys(("report.page", "codes.page"), _NOTHING),
    "round.page": "which spaces the open round has, and which of them are answered; no state",
}
"""Every other route, and why it is not read."""

Scope = tuple[str, str]


@dataclass(frozen=True)
class TakenSeries:
    """Counts of taken spaces of a scope, as one role reads them."""

    source: str
    bucket_ms: int
    values: Mapping[int, float]


def log_in(client: FlaskClient, name: str) -> None:
    page = client.get("/manage/login", base_url=HOME).get_data(as_text=True)
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    form = {"name": name, "password": PASSWORD, "csrf_token": found[1]}
    answer = client.post("/manage/login", data=form, base_url=HOME, headers={"Referer": HOME})
    assert answer.status_code == 303


class RoleReader:
    """One role, and everything it keeps."""

    def __init__(self, world: SimulatedSite, client: FlaskClient) -> None:
        self.world = world
        self.begin_ms = world.now_ms - 45 * DAY_MS
        self._client = client
        self.rows = {measure.name: list(self._history(measure.name)) for measure in MEASURES}

    def body(self, url: str) -> bytes:
        """Return the body of a URL; empty if it is refused."""
        with self._client.get(url, base_url=HOME) as answer:
            return answer.get_data() if answer.status_code == 200 else b""

    def text(self, url: str) -> str:
        """Return the body as text."""
        return self.body(url).decode()

    def _history(self, measure: str) -> Iterator[dict[str, Any]]:
        """Yield the rows of one measure, a month at a time."""
        for from_ms in range(self.begin_ms, self.world.now_ms, 15 * DAY_MS):
            to_ms = min(from_ms + 15 * DAY_MS, self.world.now_ms)
            if body := self.text(f"/api/v1/history?measure={measure}&from={from_ms}&to={to_ms}"):
                yield from json.loads(body)["rows"]

    def series(self) -> Iterator[tuple[Scope, TakenSeries]]:
        """Yield every series of how many were taken."""
        for name, bucket_ms in (("zone_five_min", 300_000), ("zone_hour", HOUR_MS)):
            for field in ("taken_mean", "taken_peak", "used"):
                yield from self._of_rows(name, bucket_ms, field)
        yield from self._of_space_hours()
        yield from self._of_forecasts()
        yield from self._of_charts()

    def _of_rows(self, name: str, bucket_ms: int, field: str) -> Iterator[tuple[Scope, TakenSeries]]:
        found: dict[Scope, dict[int, float]] = {}
        for row in self.rows[name]:
            value = row.get(field)
            if field == "used" and None not in (row["free_least"], row["capacity"]):
                value = row["capacity"] - row["free_least"] - row["unknown_mean"]
            if value is not None:
                found.setdefault((row["zone"], row["kind"]), {})[row["at"]] = value
        for scope, values in found.items():
            yield scope, TakenSeries(f"{name}.{field}", bucket_ms, values)

    def _of_space_hours(self) -> Iterator[tuple[Scope, TakenSeries]]:
        found: dict[str, dict[int, float]] = {}
        for row in self.rows["space_hour"]:
            found.setdefault(row["space"], {})[row["at"]] = row["taken_s"] / 3600
        for space, values in found.items():
            yield (space, "space"), TakenSeries("space_hour", HOUR_MS, values)

    def _of_forecasts(self) -> Iterator[tuple[Scope, TakenSeries]]:
        found: dict[Scope, dict[int, float]] = {}
        for row in self.rows["forecast"]:
            if row["kind"] != "people" and row["came"] is not None:
                scope = row["zone"], row["kind"]
                capacity = len(scope_spaces(self.world.plan, *scope))
                found.setdefault(scope, {})[row["at"]] = capacity - row["came"]
        for scope, values in found.items():
            yield scope, TakenSeries("forecast.came", HOUR_MS, values)

    def _of_charts(self) -> Iterator[tuple[Scope, TakenSeries]]:
        for zone in (WHOLE_SITE, *self.world.plan.zone_by_id):
            for kind in ("desk", "booth", "room", "equipment"):
                page = self.text(f"/manage/forecast?zone={zone}&kind={kind}&days=7")
                for found in re.findall(r'data-figure="chart">(.*?)</script>', page):
                    for trace in json.loads(found)["data"]:
                        if "--taken" in trace["meta"] or "--away" in trace["meta"]:
                            values = {n: y for n, y in enumerate(trace["y"][:-1]) if y is not None}
                            yield (zone, kind), TakenSeries("chart", 0, values)


def differences(
    known: list[tuple[Scope, TakenSeries]], world: SimulatedSite
) -> Iterator[tuple[list[str], TakenSeries]]:
    """Yield each series with its spaces; of the site also the difference from its zones."""
    plan = world.plan
    by_source: dict[tuple[str, str], dict[str, TakenSeries]] = {}
    for (zone, kind), series in known:
        by_source.setdefault((series.source, kind), {})[zone] = series
        yield [zone] if kind == "space" else scope_spaces(plan, zone, kind), series
    for (source, kind), scopes in by_source.items():
        whole = scopes.get(WHOLE_SITE)
        zones = {zone: series for zone, series in scopes.items() if zone in plan.zone_by_id}
        if whole is None or not zones or whole.bucket_ms != FIVE_MS:
            continue  # the maximum and the minimum of an hour are at different moments: no difference of counts
        for left_out in [set(), *({zone} for zone in zones)]:
            taken = [series for zone, series in zones.items() if zone not in left_out]
            rest = [
                space
                for space in scope_spaces(plan, WHOLE_SITE, kind)
                if plan.space_by_id[space].zone not in zones or plan.space_by_id[space].zone in left_out
            ]
            values = {
                at_ms: value - sum(series.values[at_ms] for series in taken)
                for at_ms, value in whole.values.items()
                if all(at_ms in series.values for series in taken)
            }
            if rest:
                yield rest, TakenSeries(f"{source} by difference", whole.bucket_ms, values)


def moments(spaces: list[str], series: TakenSeries, world: SimulatedSite) -> Iterator[str]:
    """Yield correct claims of when a space changed."""
    if not series.bucket_ms:
        return
    old = {at_ms: value for at_ms, value in series.values.items() if at_ms < world.now_ms - KEPT_MS}
    ordered = sorted(old)
    for (before, at_ms), after in zip(pairwise(ordered), ordered[2:], strict=False):
        first, mean, last = old[before], old[at_ms], old[after]
        if abs(last - first) != 1 or not min(first, last) + EXACT < mean < max(first, last) - EXACT:
            continue
        claimed_ms = at_ms + series.bucket_ms * (last - mean) / (last - first)
        true_ms = world.truth.moments(spaces, at_ms, at_ms + series.bucket_ms)
        if len(true_ms) == 1 and abs(true_ms[0] - claimed_ms) < NEAR * series.bucket_ms:
            yield f"{series.source}: {spaces[0]} of {len(spaces)} changed at {claimed_ms:.0f}"


def counts(spaces: list[str], series: TakenSeries, world: SimulatedSite) -> Iterator[str]:
    """Yield correct claims that one to four were taken."""
    for at_ms, value in series.values.items():
        whole = round(value)
        if not 1 <= whole <= 4 or abs(value - whole) > EXACT:
            continue
        if not series.bucket_ms:
            yield f"{series.source}: {spaces[:1]} had {whole}"
        elif at_ms < world.now_ms - KEPT_MS and whole in {
            world.truth.taken(spaces, at_ms + part * series.bucket_ms // 4) for part in range(5)
        }:
            yield f"{series.source}: {whole} of {len(spaces)} were taken at {at_ms}"


def people(reader: RoleReader) -> Iterator[str]:
    """Yield counts of one to four people, and moments finer than five minutes."""
    for name in ("people_five_min", "people_correction"):
        for row in reader.rows[name]:
            fields = {field: value for field, value in row.items() if field not in {"zone", "reason", "at", "zero_ms"}}
            if any(value is not None and 0 < value < 5 for value in fields.values()):
                yield f"{name}: few people at {row['at']}"
            if (row.get("zero_ms") or 0) % 300_000:
                yield f"{name}: the site was empty at {row['zero_ms']}"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, full: bool) -> SimulatedSite:
    return simulate(example_plan(), tmp_path_factory.mktemp("world"), FULL_DAYS if full else SHORT_DAYS)


@pytest.fixture
def readers(world: SimulatedSite, tmp_path: Path) -> dict[str, RoleReader]:
    path = tmp_path / "accounts.sqlite"
    accounts = Accounts(path)
    accounts.add(MANAGER, PASSWORD)
    accounts.add(VIEWER, PASSWORD, AccountRole.VIEWER)
    app = world.app(path)
    clients = {"stranger": app.test_client(), "viewer": app.test_client(), "manager": app.test_client()}
    log_in(clients["viewer"], VIEWER)
    log_in(clients["manager"], MANAGER)
    return {role: RoleReader(world, client) for role, client in clients.items()}


def test_no_role_reconstructs_a_moment_within_a_bucket_or_a_count_of_one_to_four(
    world: SimulatedSite, readers: dict[str, RoleReader]
) -> None:
    assert readers["viewer"].rows["zone_five_min"], "there is something to attack"
    figures: dict[str, tuple[int, int]] = {}
    examples: dict[str, list[str]] = {}
    for role, reader in readers.items():
        every = list(differences(list(reader.series()), world))
        dated = [claim for spaces, series in every for claim in moments(spaces, series, world)]
        few = [claim for spaces, series in every for claim in counts(spaces, series, world)] + list(people(reader))
        few += exports.claims(reader.body, world)
        figures[role] = len(dated), len(few)
        examples[role] = [*dated[:5], *few[:20]]
    assert figures == dict.fromkeys(readers, (0, 0)), examples


def test_csv_files_equal_the_sheets_of_the_workbook(readers: dict[str, RoleReader]) -> None:
    assert not list(exports.differing_sheets(readers["viewer"].body, WHOLE_SITE, "desk", "last=7&with=before"))


def test_every_route_format_and_sheet_is_read_or_has_no_history() -> None:
    assert set(ROUTES) == READ | set(NO_PAST), "a new route is read by this attack, or has no history: state why"
    assert {name for name, route in ROUTES.items() if route.logged_action is LoggedAction.EXPORT} <= READ
    assert set(exports.FORMATS) == set(use_pages.EXPORT_FORMATS)
    assert set(exports.SHEETS) == set(use_pages.EXPORTED_SHEETS)


def test_the_attack_reads_the_numbers_of_a_workbook(readers: dict[str, RoleReader]) -> None:
    book = exports.workbook(readers["viewer"].body("/manage/export?kind=desk&last=28&format=xlsx&lang=en"))
    assert {"Hourly figures", "By hour of the day"} <= set(book)
    heading, *rows = book["Hourly figures"]
    occupied = [row[heading.index("Occupied")] for row in rows]
    assert any(cell.startswith("0.") and len(cell) > 6 for cell in occupied), "all digits, as no page shows them"
    assert not readers["stranger"].body("/manage/export?kind=desk&last=28&format=xlsx&lang=en")


def test_the_attack_finds_a_mean_that_dates_a_change(world: SimulatedSite) -> None:
    """The attack works: it finds movements from means over five minutes, which earlier versions stored."""
    spaces = scope_spaces(world.plan, "vavsalen", SpaceKind.BOOTH)
    values = {}
    begin_ms = world.now_ms - 6 * DAY_MS
    for at_ms in range(begin_ms, world.now_ms - KEPT_MS, 300_000):
        edges = [at_ms, *world.truth.moments(spaces, at_ms, at_ms + 300_000), at_ms + 300_000]
        values[at_ms] = (
            sum(world.truth.taken(spaces, start) * (end - start) for start, end in pairwise(edges)) / 300_000
        )
    series = TakenSeries("means", 300_000, values)
    assert len(list(moments(spaces, series, world))) > 5
    assert len(list(counts(spaces, series, world))) > 5
