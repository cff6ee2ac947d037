"""Which connection is closed for a new one, by group, phase and time."""

from hypothesis import given
from hypothesis import strategies as st

from dashboard.web_server.connections import (
    CLOSABLE_PHASES,
    PHASE_LIMITS_S,
    ClientConnection,
    ConnectionPhase,
    ConnectionTable,
    address_group,
)
from dashboard.web_server.descriptors import compute_limits

ATTACKER, READER = "192.0.2.1", "192.0.2.2"


class ClientTable:
    """A table, and what happened to its connections."""

    def __init__(self, max_connections: int, max_per_group: int) -> None:
        self.table = ConnectionTable(max_connections, max_per_group)
        self.closed: list[ClientConnection] = []

    def connect(
        self, group: str, now_s: float, phase: ConnectionPhase = ConnectionPhase.HEADERS
    ) -> ClientConnection | None:
        connection = ClientConnection(group, lambda: self.closed.append(connection))
        if not self.table.admit(connection, now_s):
            return None
        if phase is not ConnectionPhase.HEADERS:
            self.table.change_phase(connection, phase, now_s)
        return connection


def test_an_address_at_its_limit_loses_only_its_own_oldest_connection() -> None:
    clients = ClientTable(10, 5)
    reader = clients.connect(READER, 0.0)
    attackers = [clients.connect(ATTACKER, 1.0 + number) for number in range(20)]
    assert clients.closed == attackers[:15]
    assert reader is not None
    assert not reader.is_closed


def test_without_a_free_place_the_longest_waiting_connection_is_closed() -> None:
    for waiting in CLOSABLE_PHASES:
        clients = ClientTable(4, 4)
        for second in range(3):
            assert clients.connect(f"192.0.2.{second}", second, ConnectionPhase.STREAM)
        slow = clients.connect(ATTACKER, 3.0, waiting)
        assert clients.connect(READER, 4.0)
        assert clients.closed == [slow]


def test_streams_and_work_in_progress_are_never_closed() -> None:
    clients = ClientTable(4, 4)
    for number, phase in enumerate(
        (ConnectionPhase.STREAM, ConnectionPhase.WORK, ConnectionPhase.STREAM, ConnectionPhase.WORK)
    ):
        assert clients.connect(f"192.0.2.{number}", 0.0, phase)
    assert clients.connect(READER, 100.0) is None
    assert not clients.closed


def test_each_phase_has_its_limit_and_a_new_phase_restarts_the_time() -> None:
    for phase, limit_s in PHASE_LIMITS_S.items():
        if limit_s == float("inf"):
            continue
        clients = ClientTable(4, 4)
        connection = clients.connect(READER, 0.0, phase)
        assert clients.table.close_expired(limit_s - 0.1) == 0
        assert clients.table.close_expired(limit_s) == 1
        assert clients.closed == [connection]
    clients = ClientTable(4, 4)
    connection = clients.connect(READER, 0.0)
    assert connection is not None
    clients.table.change_phase(connection, ConnectionPhase.IDLE, PHASE_LIMITS_S[ConnectionPhase.HEADERS] - 1)
    assert clients.table.close_expired(PHASE_LIMITS_S[ConnectionPhase.HEADERS] + 1) == 0


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from([*ConnectionPhase, None])), max_size=120))
def test_counts_are_correct_after_any_sequence(steps: list[tuple[int, ConnectionPhase | None]]) -> None:
    clients = ClientTable(8, 4)
    open_now: list[ClientConnection] = []
    for second, (who, phase) in enumerate(steps):
        if phase is None and open_now:
            clients.table.remove(open_now[who % len(open_now)])
        elif connection := clients.connect(f"192.0.2.{who}", second, phase or ConnectionPhase.HEADERS):
            open_now.append(connection)
        open_now = [one for one in open_now if not one.is_closed]
        groups = {one.group for one in open_now}
        assert clients.table.count == len(open_now) <= 8
        assert clients.table.group_count == len(groups)
        assert all(sum(one.group == group for one in open_now) <= 4 for group in groups)


def test_an_ipv6_network_counts_as_one_client() -> None:
    assert (
        address_group("2001:db8:1:2:3::4") == address_group("2001:db8:1:2:ffff::1") != address_group("2001:db8:1:3::4")
    )
    assert address_group("::ffff:192.0.2.1") == "192.0.2.1"
    assert address_group("fe80::1%eth0") == "fe80::"
    assert address_group("") == ""


@given(st.integers(64, 20_000), st.integers(10, 10_000))
def test_descriptors_of_the_process_are_never_used_for_clients(files: int, streams: int) -> None:
    found = compute_limits(files, streams)
    assert found.connections <= files - min(256, files // 4)
    assert found.streams <= max(10, streams)
    assert found.streams < found.connections
