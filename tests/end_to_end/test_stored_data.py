"""Data that earlier versions stored is migrated: nothing is lost, and the site continues.

`tests/stored_data/2026-11-30/` was written by the last version before stored values had a version. A simulated site
ran for some days and was killed; one device's events had not arrived yet.
"""

import gzip
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from collector.alerts.alert_store import load_notes as load_alert_notes
from collector.contract.states import Occupancy
from collector.engine.pipeline import Pipeline
from collector.health.health_store import load_notes, load_pasts
from collector.history.measures import MEASURES
from collector.intake.intake import IncomingMessage
from collector.rollup.people_buckets import PEOPLE_ESTIMATE
from collector.store.blobs import AIR, EVIDENCE
from collector.store.journal import AIR_PREFIX, Journal
from collector.store.journal_schema import MIGRATION_STEPS
from collector.store.metadata_keys import ERASED_UNTIL
from collector.store.recovery.journal_guard import JournalGuard
from collector.store.recovery.journal_monitor import find_content_problem
from collector.timekeeping.site_time import SiteTime
from dashboard.accounts.accounts import Accounts
from dashboard.accounts.maintenance import AccountsMaintenance
from dashboard.app import create_app
from dashboard.subscriber.subscriber import LiveView
from edge.contract.message import EventsMessage, encode
from edge.outbox import Outbox
from edge.timekeeping.durations import HOUR_MS
from ledig.site.site_file import SiteFile, read_site_file
from tests.support.servers import ROOT, wait_until

STORED = ROOT / "tests" / "stored_data" / "2026-11-30"
DEVICE, STREAM = "pi-entren", "771a2f66549be3ce"
STORED_SEQ, LAST_SEQ = 1002, 1150
"""The last event of that device in the journal; the last one in its outbox."""
NOW_MS = 1_796_323_100_000
"""One minute after the last event in the outbox."""
PASSWORD = "correct horse battery staple"  # noqa: S105 - of the stored accounts
RENAMED = {"settled": "stored_value", "crowd": "people_estimate", "stale": "stale_history"}
WITH_BODY = {"stored_value", "checkpoint", "people_estimate"}
HTTPS = "https://localhost"

Rows = dict[str, list[tuple[object, ...]]]


def unpack(name: str, folder: Path) -> Path:
    path = folder / name
    path.write_bytes(gzip.decompress((STORED / f"{name}.gz").read_bytes()))
    return path


def read_tables(path: Path) -> Rows:
    """Every row of every table; the bodies of stored values without their header."""
    with closing(sqlite3.connect(path)) as db:
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {name: sorted(db.execute(f"SELECT * FROM {name}").fetchall(), key=repr) for name in names}  # noqa: S608


@pytest.fixture
def journal_path(tmp_path: Path) -> Path:
    return unpack("journal.sqlite", tmp_path)


@pytest.fixture
def journal(journal_path: Path) -> Iterator[Journal]:
    with closing(Journal(journal_path)) as opened:
        yield opened


@pytest.fixture(scope="module")
def site() -> SiteFile:
    return read_site_file(STORED / "site.toml")


def test_every_row_of_the_journal_is_migrated_unchanged(journal_path: Path) -> None:
    before = read_tables(journal_path)
    assert (len(before["event"]), len(before["transition"]), len(before["settled"])) == (38_375, 5_646, 88)
    Journal(journal_path).close()
    after = read_tables(journal_path)
    for name in WITH_BODY:
        after[name] = [(*row[:-1], row[-1][2:]) for row in after[name] if isinstance(row[-1], bytes)]
    keys = {"taken_from_ms": "accepted_from_ms"}
    before["meta"] = sorted(((keys.get(str(name), name), value) for name, value in before["meta"]), key=repr)
    assert {RENAMED.get(name, name) for name in before} == set(after)
    for name, rows in before.items():
        assert after[RENAMED.get(name, name)] == rows, name


def test_every_stored_value_is_decoded(journal: Journal, site: SiteFile) -> None:
    values = journal.read_values()
    spaces = {name for name in values if ":" not in name}
    assert spaces == set(site.plan.space_by_id)
    evidence = {space: EVIDENCE.decode(values[space]) for space in spaces}
    assert sum(each.state is not Occupancy.UNKNOWN for each in evidence.values()) > len(spaces) / 2
    assert all(each.sensor_states for each in evidence.values())
    assert all(AIR.decode(body).sensor_states for name, body in values.items() if name.startswith(AIR_PREFIX))
    assert all(EVIDENCE.decode(each.body) for each in journal.read_checkpoints().values())
    estimates = [PEOPLE_ESTIMATE.decode(bytes(body)) for _, body in read_tables(journal.path)["people_estimate"]]  # type: ignore[call-overload]
    assert len(estimates) == 508
    assert any(each.today.entries for each in estimates)
    assert any(each.learned_doors.leaving_per_h != 1 for each in estimates), "what was learned of the doors"
    pasts = load_pasts(journal, site.plan)
    assert len(pasts) == len(site.plan.sensors)
    assert sum(bool(past.days) for past in pasts.values()) > len(pasts) / 2
    assert load_notes(journal).clocks
    assert load_alert_notes(journal).episodes.open
    with closing(sqlite3.connect(journal.path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (len(MIGRATION_STEPS),)
        assert find_content_problem(db) == ""


def test_waiting_events_of_the_outbox_are_stored_without_a_gap(
    journal: Journal, site: SiteFile, tmp_path: Path
) -> None:
    path = unpack(f"outbox-{DEVICE}.sqlite", tmp_path)
    work = Pipeline(site.plan, journal, site.collector.retention, NOW_MS)
    before = len(read_tables(journal.path)["event"])
    with Outbox(path, max_events=100_000, boot="another") as outbox:
        assert (outbox.stream, outbox.oldest_seq, outbox.last_seq) == (STREAM, STORED_SEQ + 1, LAST_SEQ)
        waiting = outbox.read_events(outbox.oldest_seq, LAST_SEQ)
        assert len(waiting) == LAST_SEQ - STORED_SEQ
        messages = [
            IncomingMessage(DEVICE, encode(EventsMessage(STREAM, outbox.oldest_seq, waiting[first : first + 50])))
            for first in range(0, len(waiting), 50)
        ]
        assert work.process_batch(messages, NOW_MS) == {(DEVICE, STREAM): LAST_SEQ}
        assert not work.process_batch(messages, NOW_MS).keys() - {(DEVICE, STREAM)}, "a repeat changes nothing"
        outbox.delete_covered(LAST_SEQ)
        assert outbox.read_events(1, LAST_SEQ) == []
    after = read_tables(journal.path)
    assert len(after["event"]) == before + LAST_SEQ - STORED_SEQ
    assert (after["gap"], after["quarantine"]) == ([], [])


def test_the_collector_continues_its_history(journal: Journal, site: SiteFile) -> None:
    before = read_tables(journal.path)
    work = Pipeline(site.plan, journal, site.collector.retention, NOW_MS)
    people = work.spaces.get_site_summary(NOW_MS).people
    assert people is not None
    work.tick(NOW_MS)
    while work.advance_history(NOW_MS):
        pass
    after = read_tables(journal.path)
    for measure in MEASURES:
        end = len(measure.tags) + 1
        kept = [row[:end] for row in before[measure.name]]
        assert set(kept) <= {row[:end] for row in after[measure.name]}, measure.name
    assert len(after["zone_hour"]) > len(before["zone_hour"])
    computed_ms = dict(after["meta"])["buckets_until_ms"]  # type: ignore[arg-type]
    assert isinstance(computed_ms, int)
    assert NOW_MS - computed_ms < HOUR_MS


@pytest.fixture
def pages(journal: Journal, site: SiteFile, tmp_path: Path) -> FlaskClient:
    settings = replace(
        site.dashboard, accounts_path=unpack("accounts.sqlite", tmp_path), journal_path=journal.path, hosts=()
    )
    live = LiveView(site.plan, lambda: NOW_MS)
    return create_app(settings, site.plan, live, Accounts(settings.accounts_path)).test_client()


@pytest.mark.parametrize("name", ["anna", "bo"])
def test_accounts_keep_their_passwords_and_pages_show_the_history(pages: FlaskClient, name: str) -> None:
    form = pages.get("/manage/login", base_url=HTTPS)
    token = re.search(r'name="csrf_token" value="([^"]+)"', form.text)
    assert token
    answer = pages.post(
        "/manage/login",
        data={"name": name, "password": PASSWORD, "csrf_token": token[1], "next": ""},
        base_url=HTTPS,
        headers={"Referer": f"{HTTPS}/manage/login"},
    )
    assert answer.status_code == 303
    for path in ("/", "/manage", "/manage/use", "/manage/growth", "/manage/forecast", "/manage/alerts"):
        assert pages.get(path, base_url=HTTPS).status_code == 200, path
    hours = pages.get("/api/v1/history?measure=zone_hour", base_url=HTTPS)
    assert hours.status_code == 200
    assert hours.json is not None
    assert len(hours.json["rows"]) > 24


def create_maintenance(accounts: Accounts) -> AccountsMaintenance:
    return AccountsMaintenance(accounts, SiteTime(lambda: NOW_MS))


def read_version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0])


def test_a_backup_of_the_journal_is_migrated_and_restored(journal_path: Path, site: SiteFile, tmp_path: Path) -> None:
    backup = tmp_path / "backups" / "journal-000001-1796310000000.sqlite"
    backup.parent.mkdir()
    journal_path.rename(backup)
    with closing(sqlite3.connect(backup)) as db:
        db.execute("PRAGMA journal_mode = DELETE")
    before = backup.read_bytes()
    guard = JournalGuard(journal_path, site.plan, site.collector.retention, lambda: NOW_MS)
    with closing(guard.open_journal()) as journal:
        with journal.transaction():
            journal.tables.store_number(ERASED_UNTIL, NOW_MS - 72 * HOUR_MS)
        with guard.monitor_journal(journal):
            wait_until(lambda: read_version(backup) == len(MIGRATION_STEPS), what="the migration of the backup")
    backup.write_bytes(before)
    journal_path.write_bytes(b"damaged" * 1000)
    with closing(guard.open_journal()) as journal:
        assert len(journal.read_values()) == 88


def test_a_backup_of_the_accounts_is_migrated_and_restored(tmp_path: Path) -> None:
    path, backup = unpack("accounts.sqlite", tmp_path), tmp_path / "backups" / "accounts-000001-1796100000000.sqlite"
    backup.parent.mkdir()
    before = path.read_bytes()
    backup.write_bytes(before)
    create_maintenance(Accounts(path, lambda: NOW_MS / 1000)).maintain()
    assert read_version(backup) == read_version(path)
    for newer in set(backup.parent.glob("accounts-*.sqlite")) - {backup}:
        newer.unlink()
    backup.write_bytes(before)
    path.write_bytes(b"damaged" * 1000)
    again = Accounts(path, lambda: NOW_MS / 1000)
    create_maintenance(again).maintain()
    assert [account.name for account in again.list_accounts()] == ["anna", "bo"]
