"""Nothing is lost and nothing is stored twice, whichever process is killed.

`--full` runs the figures of docs/faults.md: 30,000 events, 100 kills of the collector, 20 of Mosquitto.
"""

import random
from pathlib import Path

import pytest

from tests.support.chaos.fire import FaultReport, run_with_kills
from tests.support.servers import SHIPPED_MOSQUITTO

pytestmark = pytest.mark.chaos


def without_persistence() -> str:
    shipped = (SHIPPED_MOSQUITTO / "ledig.conf").read_text()
    assert "\npersistence true" in shipped
    return shipped.replace("\npersistence true", "\npersistence false")


@pytest.mark.parametrize("config", [None, without_persistence()], ids=["as shipped", "without persistence"])
def test_kills_lose_nothing_and_double_nothing(tmp_path: Path, config: str | None, *, full: bool) -> None:
    seed = random.SystemRandom().randrange(2**32)
    events, per_second = (30_000, 200) if full else (3000, 150)
    kills = {"collector": 100, "broker": 20} if full else {"collector": 8, "broker": 3}
    account = run_with_kills(tmp_path, config=config, events=events, per_second=per_second, kills=kills, seed=seed)
    assert account.events >= events
    assert account.kills == kills
    print_report(account)
    assert account.ready_p95_s() <= 5 or not full


@pytest.mark.parametrize(("fault", "times"), [("link", 12), ("silence", 1)])
def test_a_link_that_fails_loses_nothing_and_doubles_nothing(tmp_path: Path, fault: str, times: int) -> None:
    seed = random.SystemRandom().randrange(2**32)
    account = run_with_kills(tmp_path, config=None, events=1000, per_second=100, kills={fault: times}, seed=seed)
    assert account.kills[fault] == times
    print_report(account)


def print_report(account: FaultReport) -> None:
    print(  # noqa: T201 - the purpose of the long form
        f"seed {account.seed}: {account.events} events, kills {dict(account.kills)}, lost 0, twice 0;"
        f" caught up after {account.ready_p95_s():.1f} s (95 %), {max(account.ready_s):.1f} s at most"
    )
