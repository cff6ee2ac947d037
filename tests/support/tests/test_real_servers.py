"""Starts, kills and restarts the real servers that the tests use."""

import pytest

from tests.support import servers
from tests.support.servers import (
    InfluxServer,
    Mosquitto,
    Server,
    ServerFailed,
    ServerMissing,
    accepts_connections,
    mosquitto,
    nginx,
)


def test_broker_restarts_on_the_same_port(broker: Mosquitto) -> None:
    broker.kill()
    assert not accepts_connections(broker.port)
    broker.restart()
    assert accepts_connections(broker.port)


def test_invalid_configuration_is_reported_with_the_servers_message() -> None:
    with pytest.raises(ServerFailed, match="Unknown configuration variable"), mosquitto("no_such_line true\n"):
        pass


def test_influxdb_restarts_empty(influx_server: InfluxServer) -> None:
    influx_server.restart_empty()
    assert influx_server.is_ready()


def test_nginx_serves_a_snippet_on_a_free_port() -> None:
    with nginx("server { listen 8087; return 204; }") as running:
        assert servers._http_status(running.url) == 204


def test_missing_program_is_reported_with_its_package(tmp_path) -> None:
    with pytest.raises(ServerMissing, match="apt-get install ledig-nowhere"):
        Server(["no-such-server"], "ledig-nowhere", tmp_path, 1)
