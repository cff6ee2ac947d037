"""A real Mosquitto that refuses subscriptions: its dynamic security plugin answers 0x80, which an ACL file cannot.

In:    which filters which user may not subscribe to.
Out:   a running broker, whose refusals can be taken back while it runs.
Never: a stand-in for the broker.
"""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge.broker import client
from tests.servers import Mosquitto, mosquitto

_ITERATIONS = 101
_SALT = b"twelve bytes"


class GuardedBroker:
    """A broker, and what it refuses to whom."""

    def __init__(self, broker: Mosquitto, refused: Mapping[str, Sequence[str]]) -> None:
        self.broker = broker
        self._refused = refused

    def allow(self, user: str) -> None:
        """Let a user subscribe to everything from now on; the broker goes on running."""
        commands = [
            {"command": "removeRoleACL", "rolename": user, "acltype": "subscribePattern", "topic": topic}
            for topic in self._refused[user]
        ]
        settings = self.broker.settings("observer")
        operator = client(settings, "operator")
        operator.connect(settings.host, settings.port)
        operator.loop_start()
        try:
            sent = operator.publish("$CONTROL/dynamic-security/v1", json.dumps({"commands": commands}), qos=1)
            sent.wait_for_publish(10)
        finally:
            operator.disconnect()
            operator.loop_stop()


@contextmanager
def guarded_broker(folder: Path, refused: Mapping[str, Sequence[str]]) -> Iterator[GuardedBroker]:
    """Start the broker.

    Args:
        folder: where its rights are stored.
        refused: by user, the filters for which a subscription is refused.
    """
    plugins = sorted(Path("/usr/lib").glob("*/mosquitto_dynamic_security.so"))
    if not plugins:
        pytest.skip("mosquitto_dynamic_security.so is not installed; Debian's package mosquitto brings it")
    users = ["observer", "pi-1", "collector", "dashboard", "installer"]
    rights = folder / "dynamic-security.json"
    rights.write_text(json.dumps(_rights(users, refused)))
    rights.chmod(0o600)
    config = f"allow_anonymous false\nplugin {plugins[0]}\nplugin_opt_config_file {rights}\nlistener 1883\n"
    with mosquitto(config) as broker:
        yield GuardedBroker(broker, refused)


def _rights(users: Sequence[str], refused: Mapping[str, Sequence[str]]) -> dict[str, object]:
    every = ("publishClientSend", "publishClientReceive", "subscribePattern", "unsubscribePattern")
    return {
        "defaultACLAccess": dict.fromkeys(
            ("publishClientSend", "publishClientReceive", "subscribe", "unsubscribe"), True
        ),
        "clients": [
            {
                "username": user,
                "password": _hashed(f"secret-of-{user}"),
                "salt": base64.b64encode(_SALT).decode(),
                "iterations": _ITERATIONS,
                "roles": [{"rolename": user, "priority": 1}],
            }
            for user in users
        ],
        "roles": [
            {
                "rolename": user,
                "acls": [
                    *({"acltype": kind, "topic": "#", "priority": 0, "allow": True} for kind in every),
                    {"acltype": "publishClientSend", "topic": "$CONTROL/#", "priority": 0, "allow": user == "observer"},
                    *(
                        {"acltype": "subscribePattern", "topic": topic, "priority": 9, "allow": False}
                        for topic in refused.get(user, ())
                    ),
                ],
            }
            for user in users
        ],
    }


def _hashed(password: str) -> str:
    return base64.b64encode(hashlib.pbkdf2_hmac("sha512", password.encode(), _SALT, _ITERATIONS, 64)).decode()
