"""A real Mosquitto that refuses subscriptions with 0x80: its dynamic security plugin can, an ACL file cannot.

In:    the filters that each user may not subscribe to.
Out:   a running broker, whose refusals can be revoked while it runs.
Never: a fake broker.
"""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge.contract.broker_client import create_client
from tests.support.servers import Mosquitto, mosquitto

_ITERATIONS = 101
_SALT = b"twelve bytes"


class GuardedBroker:
    """A broker, and the filters that it refuses to each user."""

    def __init__(self, broker: Mosquitto, refused: Mapping[str, Sequence[str]]) -> None:
        self.broker = broker
        self._refused = refused

    def allow(self, user: str) -> None:
        """Allow a user to subscribe to everything, without a restart of the broker."""
        commands = [
            {"command": "removeRoleACL", "rolename": user, "acltype": "subscribePattern", "topic": topic}
            for topic in self._refused[user]
        ]
        settings = self.broker.settings("observer")
        operator = create_client(settings, "operator")
        operator.connect(settings.host, settings.port)
        operator.loop_start()
        try:
            publication = operator.publish("$CONTROL/dynamic-security/v1", json.dumps({"commands": commands}), qos=1)
            publication.wait_for_publish(10)
        finally:
            operator.disconnect()
            operator.loop_stop()


@contextmanager
def guarded_broker(folder: Path, refused: Mapping[str, Sequence[str]]) -> Iterator[GuardedBroker]:
    """Start the broker.

    Args:
        folder: where its access rights are stored.
        refused: by user, the filters for which a subscription is refused.
    """
    plugins = sorted(Path("/usr/lib").glob("*/mosquitto_dynamic_security.so"))
    if not plugins:
        pytest.skip("mosquitto_dynamic_security.so is not installed; Debian's package mosquitto contains it")
    users = ["observer", "pi-1", "collector", "dashboard", "installer"]
    rights = folder / "dynamic-security.json"
    rights.write_text(json.dumps(_security_configuration(users, refused)))
    rights.chmod(0o600)
    config = f"allow_anonymous false\nplugin {plugins[0]}\nplugin_opt_config_file {rights}\nlistener 1883\n"
    with mosquitto(config) as broker:
        yield GuardedBroker(broker, refused)


def _security_configuration(users: Sequence[str], refused: Mapping[str, Sequence[str]]) -> dict[str, object]:
    access_types = ("publishClientSend", "publishClientReceive", "subscribePattern", "unsubscribePattern")
    return {
        "defaultACLAccess": dict.fromkeys(
            ("publishClientSend", "publishClientReceive", "subscribe", "unsubscribe"), True
        ),
        "clients": [
            {
                "username": user,
                "password": _hash_password(f"secret-of-{user}"),
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
                    *({"acltype": kind, "topic": "#", "priority": 0, "allow": True} for kind in access_types),
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


def _hash_password(password: str) -> str:
    return base64.b64encode(hashlib.pbkdf2_hmac("sha512", password.encode(), _SALT, _ITERATIONS, 64)).decode()
