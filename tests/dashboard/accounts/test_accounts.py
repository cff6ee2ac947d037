"""Accounts: passwords, sessions that expire, login failures that are counted."""

import sqlite3
import stat
import time
from contextlib import closing
from pathlib import Path

import pytest

from dashboard.account_pages.login_form import describe_browser
from dashboard.accounts.accounts import AccountRejected, Accounts, LastManager, LoginRejected
from dashboard.accounts.login_limits import LOGIN_FAILURE_PERIOD_S, MAX_LOGIN_FAILURES, TooManyLoginFailures
from dashboard.accounts.passwords import WeakPasswordRejected, check_password
from dashboard.accounts.roles import AccountRole, UserAccount
from dashboard.accounts.sessions import MAX_SESSION_IDLE_S, MAX_SESSION_S, compute_session_id
from tests.support.dashboard.users import PASSWORD, USER_NAME, VIEWER_NAME

HERE = "192.0.2.7"
ANNA = UserAccount(USER_NAME, AccountRole.MANAGER)


class SessionClock:
    """Real time, set by the test."""

    def __init__(self) -> None:
        self.s = 1_764_000_000.0

    def __call__(self) -> float:
        return self.s


@pytest.fixture
def clock() -> SessionClock:
    return SessionClock()


@pytest.fixture
def accounts(tmp_path: Path, accounts_template: bytes, clock: SessionClock) -> Accounts:
    path = tmp_path / "accounts.sqlite"
    path.write_bytes(accounts_template)
    return Accounts(path, clock)


@pytest.mark.parametrize(
    "password",
    ["short", "elevenchars", "x" * 129, "Anna går hem nu", "lösenord1234", "PasswordPassword", "aaaaaaaaaaaaaa"],
)
def test_a_password_that_is_easy_to_guess_is_refused(password: str) -> None:
    with pytest.raises(WeakPasswordRejected, match="'anna'"):
        check_password("anna", password)


@pytest.mark.parametrize("password", ["fyra gröna hästar går", "twelve chars", "x1y2z3" * 20])
def test_a_long_password_is_accepted_without_composition_rules(password: str) -> None:
    check_password("anna", password)


def test_only_the_owner_may_read_the_file(accounts: Accounts) -> None:
    accounts.list_accounts()
    assert stat.S_IMODE(accounts.path.stat().st_mode) == 0o600


def test_the_secret_is_the_same_after_a_restart(accounts: Accounts) -> None:
    assert Accounts(accounts.path).form_secret == accounts.form_secret
    assert len(accounts.form_secret) >= 32


def test_a_password_is_stored_only_as_an_argon2id_hash(accounts: Accounts) -> None:
    with sqlite3.connect(accounts.path) as db:
        (hashed,) = db.execute("SELECT hash FROM account").fetchone()
    db.close()
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,")
    assert PASSWORD.encode() not in accounts.path.read_bytes()


def test_accounts_are_added_named_and_removed(accounts: Accounts) -> None:
    accounts.add("bo", "en annan lång fras")
    assert [one.name for one in accounts.list_accounts()] == ["anna", "bo", "vera"]
    accounts.remove("bo")
    assert [one.name for one in accounts.list_accounts()] == [USER_NAME, VIEWER_NAME]


def test_an_invalid_account_is_rejected_with_the_reason(accounts: Accounts) -> None:
    with pytest.raises(AccountRejected, match="'anna': it already exists"):
        accounts.add(USER_NAME, PASSWORD)
    with pytest.raises(AccountRejected, match="start with"):
        accounts.add("Anna\n", PASSWORD)
    with pytest.raises(AccountRejected, match="no such account; accounts: anna, vera"):
        accounts.remove("bo")
    with pytest.raises(AccountRejected, match="no such account"):
        accounts.set_password("bo", PASSWORD)


def test_a_login_begins_a_session_that_is_stored_as_a_hash(accounts: Accounts) -> None:
    token = accounts.log_in(USER_NAME, PASSWORD, HERE)
    assert accounts.sessions.use_session(token) == ANNA
    assert token.encode() not in accounts.path.read_bytes()
    assert len(token) >= 43  # 256 bits


def test_logging_out_ends_a_session(accounts: Accounts) -> None:
    token = accounts.log_in(USER_NAME, PASSWORD, HERE)
    accounts.sessions.log_out(token)
    assert accounts.sessions.use_session(token) is None


def test_a_session_ends_after_half_an_hour_without_use(accounts: Accounts, clock: SessionClock) -> None:
    token = accounts.log_in(USER_NAME, PASSWORD, HERE)
    clock.s += MAX_SESSION_IDLE_S
    assert accounts.sessions.use_session(token) == ANNA
    clock.s += MAX_SESSION_IDLE_S + 1
    assert accounts.sessions.use_session(token) is None


def test_an_open_stream_alone_does_not_keep_a_session_alive(accounts: Accounts, clock: SessionClock) -> None:
    token = accounts.log_in(USER_NAME, PASSWORD, HERE)
    clock.s += MAX_SESSION_IDLE_S
    assert accounts.sessions.check_session(token) == ANNA
    clock.s += 1
    assert accounts.sessions.check_session(token) is None


def test_a_session_ends_after_twelve_hours_of_use(accounts: Accounts, clock: SessionClock) -> None:
    token = accounts.log_in(USER_NAME, PASSWORD, HERE)
    for _ in range(MAX_SESSION_S // MAX_SESSION_IDLE_S):
        clock.s += MAX_SESSION_IDLE_S
        assert accounts.sessions.use_session(token) == ANNA
    clock.s += 1
    assert accounts.sessions.use_session(token) is None


def test_a_changed_password_and_a_removed_account_end_their_sessions(accounts: Accounts) -> None:
    token = accounts.log_in(USER_NAME, PASSWORD, HERE)
    accounts.set_password(USER_NAME, "nu är det en till")
    assert accounts.sessions.use_session(token) is None
    token = accounts.log_in(USER_NAME, "nu är det en till", HERE)
    accounts.remove(USER_NAME)
    assert accounts.sessions.use_session(token) is None


def test_a_wrong_name_and_a_wrong_password_get_the_same_error(accounts: Accounts) -> None:
    answers = set()
    for name, password in ((USER_NAME, "wrong"), ("nobody", PASSWORD), ("", "")):
        with pytest.raises(LoginRejected) as refused:
            accounts.log_in(name, password, HERE)
        answers.add(str(refused.value))
    assert len(answers) == 1


def fail(accounts: Accounts, name: str, address: str) -> None:
    with pytest.raises(LoginRejected):
        accounts.log_in(name, "wrong", address)


@pytest.mark.parametrize("name", [USER_NAME, "nobody"])
def test_ten_failures_block_a_name_for_15_minutes(accounts: Accounts, clock: SessionClock, name: str) -> None:
    for number in range(MAX_LOGIN_FAILURES):
        fail(accounts, name, f"192.0.2.{number}")
    with pytest.raises(TooManyLoginFailures):
        accounts.log_in(name, PASSWORD, HERE)
    clock.s += LOGIN_FAILURE_PERIOD_S
    fail(accounts, name, HERE)


def test_ten_failures_block_an_address_for_all_names(accounts: Accounts) -> None:
    for number in range(MAX_LOGIN_FAILURES):
        fail(accounts, f"name-{number}", HERE)
    with pytest.raises(TooManyLoginFailures):
        accounts.log_in(USER_NAME, PASSWORD, HERE)
    assert accounts.log_in(USER_NAME, PASSWORD, "192.0.2.99")


def test_guessing_elsewhere_does_not_lock_out_a_known_browser(accounts: Accounts) -> None:
    mark = accounts.create_device_cookie(USER_NAME)
    for number in range(MAX_LOGIN_FAILURES):
        fail(accounts, USER_NAME, f"192.0.2.{number}")
    assert accounts.log_in(USER_NAME, PASSWORD, HERE, device_cookie=mark)
    for forged in ("", "x.y", mark[:-1], f"x{mark}", accounts.create_device_cookie("eve"), "\udcff.é"):
        with pytest.raises(TooManyLoginFailures):
            accounts.log_in(USER_NAME, PASSWORD, HERE, device_cookie=forged)


def test_a_known_browser_is_blocked_after_ten_failures_too(accounts: Accounts) -> None:
    mark = accounts.create_device_cookie(USER_NAME)
    for _ in range(MAX_LOGIN_FAILURES):
        with pytest.raises(LoginRejected):
            accounts.log_in(USER_NAME, "wrong", HERE, device_cookie=mark)
    with pytest.raises(TooManyLoginFailures):
        accounts.log_in(USER_NAME, PASSWORD, HERE, device_cookie=mark)
    assert accounts.log_in(USER_NAME, PASSWORD, HERE, device_cookie=accounts.create_device_cookie(USER_NAME))


def test_no_address_is_stored(accounts: Accounts) -> None:
    fail(accounts, USER_NAME, HERE)
    assert HERE.encode() not in accounts.path.read_bytes()


def test_expired_data_is_deleted_without_any_request(accounts: Accounts, clock: SessionClock) -> None:
    fail(accounts, USER_NAME, HERE)
    accounts.log_in(VIEWER_NAME, PASSWORD, "192.0.2.99", "Firefox, Linux")
    clock.s += MAX_SESSION_S
    accounts.purge_expired()
    with closing(sqlite3.connect(accounts.path)) as db:
        assert db.execute(
            "SELECT (SELECT count(*) FROM login_failure) + (SELECT count(*) FROM session)"
        ).fetchone() == (0,)
    assert b"Firefox" not in accounts.path.read_bytes()


def test_the_last_manager_is_neither_locked_nor_made_a_viewer(accounts: Accounts) -> None:
    for refused in (lambda: accounts.lock(USER_NAME), lambda: accounts.set_role(USER_NAME, AccountRole.VIEWER)):
        with pytest.raises(LastManager, match="there must be at least one manager"):
            refused()
    accounts.set_role(VIEWER_NAME, AccountRole.MANAGER)
    accounts.lock(USER_NAME)
    with pytest.raises(LastManager):  # a locked manager cannot log in
        accounts.set_role(VIEWER_NAME, AccountRole.VIEWER)
    assert accounts.list_accounts() == [
        UserAccount(USER_NAME, AccountRole.MANAGER, locked=True),
        UserAccount(VIEWER_NAME, AccountRole.MANAGER),
    ]


def test_a_locked_account_is_refused_like_a_wrong_password_until_unlocked(accounts: Accounts) -> None:
    accounts.lock(VIEWER_NAME)
    answers = set()
    for password in (PASSWORD, "wrong"):
        with pytest.raises(LoginRejected) as refused:
            accounts.log_in(VIEWER_NAME, password, HERE)
        answers.add(str(refused.value))
    assert len(answers) == 1
    accounts.unlock(VIEWER_NAME)
    assert accounts.log_in(VIEWER_NAME, PASSWORD, HERE)


def test_a_refusal_takes_equally_long_for_every_reason(accounts: Accounts) -> None:
    accounts.lock(VIEWER_NAME)
    took_s: dict[str, float] = {}
    for name, password in ((USER_NAME, "wrong"), (VIEWER_NAME, PASSWORD), ("nobody", PASSWORD)):
        began_s = time.thread_time()
        with pytest.raises(LoginRejected):
            accounts.log_in(name, password, HERE)
        took_s[name] = time.thread_time() - began_s
    # the hash is computed each time: without it a refusal would be many times faster
    assert max(took_s.values()) < 5 * min(took_s.values()), took_s


def test_locking_ends_sessions_and_a_new_role_applies_at_once(accounts: Accounts) -> None:
    token = accounts.log_in(VIEWER_NAME, PASSWORD, HERE)
    accounts.set_role(VIEWER_NAME, AccountRole.MANAGER)
    assert accounts.sessions.check_session(token) == UserAccount(VIEWER_NAME, AccountRole.MANAGER)
    accounts.lock(VIEWER_NAME)
    assert accounts.sessions.check_session(token) is None
    accounts.unlock(VIEWER_NAME)
    assert accounts.sessions.check_session(token) is None


def test_sessions_are_listed_with_their_browser_and_ended_one_by_one(accounts: Accounts, clock: SessionClock) -> None:
    first = accounts.log_in(USER_NAME, PASSWORD, HERE, "Firefox, Linux")
    clock.s += 60
    second = accounts.log_in(USER_NAME, PASSWORD, HERE, "Safari, iPhone")
    newest, oldest = accounts.sessions.list_sessions()
    assert (newest.browser, oldest.browser) == ("Safari, iPhone", "Firefox, Linux")
    assert (oldest.id, oldest.began_s) == (compute_session_id(first), clock.s - 60)
    assert not accounts.sessions.end_session(oldest.id, VIEWER_NAME)
    assert accounts.sessions.end_session(oldest.id, USER_NAME)
    assert accounts.sessions.check_session(first) is None
    assert accounts.sessions.check_session(second) == ANNA


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
def test_a_browser_gets_its_common_name(agent: str, name: str) -> None:
    assert describe_browser(agent) == name
