"""Managers: passwords, sessions that end, tries that are counted."""

import sqlite3
import stat
import time
from contextlib import closing
from pathlib import Path

import pytest

from dashboard.accounts import (
    IDLE_S,
    LONGEST_S,
    TRIES,
    WINDOW_S,
    AccountRejected,
    Accounts,
    LastManager,
    LoginRejected,
    TooManyTries,
    session_id,
)
from dashboard.accounts.login import browser
from dashboard.accounts.passwords import PasswordRejected, check
from dashboard.accounts.roles import Account, Role
from tests.dashboard.conftest import NAME, PASSWORD, VIEWER

HERE = "192.0.2.7"
ANNA = Account(NAME, Role.MANAGER)


class Watch:
    """Real time, moved by hand."""

    def __init__(self) -> None:
        self.s = 1_764_000_000.0

    def __call__(self) -> float:
        return self.s


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def accounts(tmp_path: Path, accounts_template: bytes, watch: Watch) -> Accounts:
    path = tmp_path / "accounts.sqlite"
    path.write_bytes(accounts_template)
    return Accounts(path, watch)


@pytest.mark.parametrize(
    "password",
    ["short", "elevenchars", "x" * 129, "Anna går hem nu", "lösenord1234", "PasswordPassword", "aaaaaaaaaaaaaa"],
)
def test_a_password_that_is_easy_to_guess_is_refused(password: str) -> None:
    with pytest.raises(PasswordRejected, match="'anna'"):
        check("anna", password)


@pytest.mark.parametrize("password", ["fyra gröna hästar går", "twelve chars", "x1y2z3" * 20])
def test_length_is_all_a_password_needs(password: str) -> None:
    check("anna", password)


def test_only_the_owner_may_read_the_file(accounts: Accounts) -> None:
    accounts.all()
    assert stat.S_IMODE(accounts.path.stat().st_mode) == 0o600


def test_the_secret_stays_the_same_from_start_to_start(accounts: Accounts) -> None:
    assert Accounts(accounts.path).secret == accounts.secret
    assert len(accounts.secret) >= 32


def test_a_password_is_kept_as_an_argon2id_hash_only(accounts: Accounts) -> None:
    with sqlite3.connect(accounts.path) as db:
        (hashed,) = db.execute("SELECT hash FROM account").fetchone()
    db.close()
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,")
    assert PASSWORD.encode() not in accounts.path.read_bytes()


def test_accounts_are_added_named_and_removed(accounts: Accounts) -> None:
    accounts.add("bo", "en annan lång fras")
    assert [one.name for one in accounts.all()] == ["anna", "bo", "vera"]
    accounts.remove("bo")
    assert [one.name for one in accounts.all()] == [NAME, VIEWER]


def test_what_cannot_be_an_account_is_refused_with_the_reason(accounts: Accounts) -> None:
    with pytest.raises(AccountRejected, match="'anna': it already exists"):
        accounts.add(NAME, PASSWORD)
    with pytest.raises(AccountRejected, match="start with"):
        accounts.add("Anna\n", PASSWORD)
    with pytest.raises(AccountRejected, match="no such account; accounts: anna, vera"):
        accounts.remove("bo")
    with pytest.raises(AccountRejected, match="no such account"):
        accounts.set_password("bo", PASSWORD)


def test_a_login_begins_a_session_that_is_kept_as_a_hash(accounts: Accounts) -> None:
    token = accounts.log_in(NAME, PASSWORD, HERE)
    assert accounts.who(token) == ANNA
    assert token.encode() not in accounts.path.read_bytes()
    assert len(token) >= 43  # 256 bits


def test_logging_out_ends_a_session_for_good(accounts: Accounts) -> None:
    token = accounts.log_in(NAME, PASSWORD, HERE)
    accounts.log_out(token)
    assert accounts.who(token) is None


def test_a_session_that_idles_half_an_hour_ends(accounts: Accounts, watch: Watch) -> None:
    token = accounts.log_in(NAME, PASSWORD, HERE)
    watch.s += IDLE_S
    assert accounts.who(token) == ANNA
    watch.s += IDLE_S + 1
    assert accounts.who(token) is None


def test_an_open_stream_alone_does_not_keep_a_session_alive(accounts: Accounts, watch: Watch) -> None:
    token = accounts.log_in(NAME, PASSWORD, HERE)
    watch.s += IDLE_S
    assert accounts.still(token) == ANNA
    watch.s += 1
    assert accounts.still(token) is None


def test_no_session_outlives_half_a_day_of_use(accounts: Accounts, watch: Watch) -> None:
    token = accounts.log_in(NAME, PASSWORD, HERE)
    for _ in range(LONGEST_S // IDLE_S):
        watch.s += IDLE_S
        assert accounts.who(token) == ANNA
    watch.s += 1
    assert accounts.who(token) is None


def test_a_changed_password_and_a_removed_account_end_their_sessions(accounts: Accounts) -> None:
    token = accounts.log_in(NAME, PASSWORD, HERE)
    accounts.set_password(NAME, "nu är det en till")
    assert accounts.who(token) is None
    token = accounts.log_in(NAME, "nu är det en till", HERE)
    accounts.remove(NAME)
    assert accounts.who(token) is None


def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(accounts: Accounts) -> None:
    answers = set()
    for name, password in ((NAME, "wrong"), ("nobody", PASSWORD), ("", "")):
        with pytest.raises(LoginRejected) as refused:
            accounts.log_in(name, password, HERE)
        answers.add(str(refused.value))
    assert len(answers) == 1


def fail(accounts: Accounts, name: str, address: str) -> None:
    with pytest.raises(LoginRejected):
        accounts.log_in(name, "wrong", address)


@pytest.mark.parametrize("name", [NAME, "nobody"])
def test_ten_failures_close_a_name_for_a_quarter_of_an_hour(accounts: Accounts, watch: Watch, name: str) -> None:
    for number in range(TRIES):
        fail(accounts, name, f"192.0.2.{number}")
    with pytest.raises(TooManyTries):
        accounts.log_in(name, PASSWORD, HERE)
    watch.s += WINDOW_S
    fail(accounts, name, HERE)


def test_ten_failures_close_an_address_whatever_the_names(accounts: Accounts) -> None:
    for number in range(TRIES):
        fail(accounts, f"name-{number}", HERE)
    with pytest.raises(TooManyTries):
        accounts.log_in(NAME, PASSWORD, HERE)
    assert accounts.log_in(NAME, PASSWORD, "192.0.2.99")


def test_nobody_locks_a_host_out_of_the_browser_that_she_has_logged_in_with(accounts: Accounts) -> None:
    mark = accounts.mark(NAME)
    for number in range(TRIES):
        fail(accounts, NAME, f"192.0.2.{number}")
    assert accounts.log_in(NAME, PASSWORD, HERE, kept=mark)
    for forged in ("", "x.y", mark[:-1], f"x{mark}", accounts.mark("eve"), "\udcff.é"):
        with pytest.raises(TooManyTries):
            accounts.log_in(NAME, PASSWORD, HERE, kept=forged)


def test_a_browser_that_is_known_has_ten_tries_too(accounts: Accounts) -> None:
    mark = accounts.mark(NAME)
    for _ in range(TRIES):
        with pytest.raises(LoginRejected):
            accounts.log_in(NAME, "wrong", HERE, kept=mark)
    with pytest.raises(TooManyTries):
        accounts.log_in(NAME, PASSWORD, HERE, kept=mark)
    assert accounts.log_in(NAME, PASSWORD, HERE, kept=accounts.mark(NAME))


def test_no_address_is_kept(accounts: Accounts) -> None:
    fail(accounts, NAME, HERE)
    assert HERE.encode() not in accounts.path.read_bytes()


def test_what_has_had_its_time_is_forgotten_though_nobody_comes(accounts: Accounts, watch: Watch) -> None:
    fail(accounts, NAME, HERE)
    accounts.log_in(VIEWER, PASSWORD, "192.0.2.99", "Firefox, Linux")
    watch.s += LONGEST_S
    accounts.purge()
    with closing(sqlite3.connect(accounts.path)) as db:
        assert db.execute("SELECT (SELECT count(*) FROM try) + (SELECT count(*) FROM session)").fetchone() == (0,)
    assert b"Firefox" not in accounts.path.read_bytes()


def test_the_last_manager_is_neither_locked_nor_made_a_viewer(accounts: Accounts) -> None:
    for refused in (lambda: accounts.lock(NAME), lambda: accounts.set_role(NAME, Role.VIEWER)):
        with pytest.raises(LastManager, match="there must be at least one manager"):
            refused()
    accounts.set_role(VIEWER, Role.MANAGER)
    accounts.lock(NAME)
    with pytest.raises(LastManager):  # a locked manager cannot let anybody in
        accounts.set_role(VIEWER, Role.VIEWER)
    assert accounts.all() == [Account(NAME, Role.MANAGER, locked=True), Account(VIEWER, Role.MANAGER)]


def test_a_locked_account_is_refused_as_a_wrong_password_is_until_it_is_unlocked(accounts: Accounts) -> None:
    accounts.lock(VIEWER)
    answers = set()
    for password in (PASSWORD, "wrong"):
        with pytest.raises(LoginRejected) as refused:
            accounts.log_in(VIEWER, password, HERE)
        answers.add(str(refused.value))
    assert len(answers) == 1
    accounts.unlock(VIEWER)
    assert accounts.log_in(VIEWER, PASSWORD, HERE)


def test_a_refusal_takes_as_long_whatever_its_reason(accounts: Accounts) -> None:
    accounts.lock(VIEWER)
    took_s: dict[str, float] = {}
    for name, password in ((NAME, "wrong"), (VIEWER, PASSWORD), ("nobody", PASSWORD)):
        began_s = time.thread_time()
        with pytest.raises(LoginRejected):
            accounts.log_in(name, password, HERE)
        took_s[name] = time.thread_time() - began_s
    # the hash is worked out each time: whoever skipped it would be many times faster
    assert max(took_s.values()) < 5 * min(took_s.values()), took_s


def test_locking_an_account_ends_its_sessions_and_a_new_role_holds_at_once(accounts: Accounts) -> None:
    token = accounts.log_in(VIEWER, PASSWORD, HERE)
    accounts.set_role(VIEWER, Role.MANAGER)
    assert accounts.still(token) == Account(VIEWER, Role.MANAGER)
    accounts.lock(VIEWER)
    assert accounts.still(token) is None
    accounts.unlock(VIEWER)
    assert accounts.still(token) is None


def test_sessions_are_listed_with_their_browser_and_ended_one_by_one(accounts: Accounts, watch: Watch) -> None:
    first = accounts.log_in(NAME, PASSWORD, HERE, "Firefox, Linux")
    watch.s += 60
    second = accounts.log_in(NAME, PASSWORD, HERE, "Safari, iPhone")
    newest, oldest = accounts.sessions()
    assert (newest.browser, oldest.browser) == ("Safari, iPhone", "Firefox, Linux")
    assert (oldest.id, oldest.began_s) == (session_id(first), watch.s - 60)
    assert not accounts.end_session(oldest.id, VIEWER)
    assert accounts.end_session(oldest.id, NAME)
    assert accounts.still(first) is None
    assert accounts.still(second) == ANNA


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
        (
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
                " Version/18.5 Mobile/15E148 Safari/604.1"
            ),
            "Safari, iPhone",
        ),
        (
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0"
                " Safari/537.36 Edg/140.0.0.0"
            ),
            "Edge, Windows",
        ),
        (
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile"
                " Safari/537.36"
            ),
            "Chrome, Android",
        ),
        ("curl/8.5.0", ""),
        ("", ""),
    ],
)
def test_a_browser_is_called_what_its_owner_calls_it(agent: str, name: str) -> None:
    assert browser(agent) == name
