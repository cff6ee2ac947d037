"""Broker passwords, one file per user, so that the site file contains none.

In:    the password directory from the site file, and the broker user.
Out:   broker settings with credentials.
Never: a password in an error or a log.
"""

import secrets
from dataclasses import replace
from pathlib import Path

from edge.contract.broker_client import BrokerSettings
from ledig.site.settings_files import SettingsFileAway, check_ca_file, is_world_accessible, read_settings_text

_TOKEN_BYTES = 24


class BrokerPasswordRejected(ValueError):
    """A broker password file is missing, empty or readable by others."""


def add_credentials(broker: BrokerSettings, user: str, directory: Path | None) -> BrokerSettings:
    """Return the settings with a user name and its password.

    Also checks `ca_file`, so that a wrong one is reported at start, while somebody watches the terminal.

    Args:
        broker: settings without credentials.
        user: broker user; its password file has this name.
        directory: folder of the password files; None if the broker needs no password, then nothing is added.

    Raises:
        BrokerPasswordRejected, CertificateRejected: the file cannot be used; the message names it and the remedy.
        SettingsFileAway: the file exists but cannot be read now.
    """
    check_ca_file(broker.ca_file)
    if directory is None:
        return broker
    return replace(broker, user=user, password=_read_password(directory / user))


def create_passwords(directory: Path, users: tuple[str, ...]) -> dict[str, str]:
    """Return each user's password; create missing files, readable by this user only."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for user in users:
        file = directory / user
        if not file.exists() or not file.stat().st_size:  # empty if a previous call was interrupted here
            file.touch(mode=0o600)
            file.write_text(secrets.token_urlsafe(_TOKEN_BYTES) + "\n", encoding="utf-8")
    return {user: _read_password(directory / user) for user in users}


def _read_password(file: Path) -> str:
    try:
        text = read_settings_text(file).strip()
        exposed = is_world_accessible(file)
    except SettingsFileAway:
        raise
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise BrokerPasswordRejected(
            f"{file}: {reason}; put the broker password of {file.name} there, one line"
        ) from error
    except UnicodeDecodeError as error:
        raise BrokerPasswordRejected(f"{file}: not UTF-8 text; put one line with the password there") from error
    if exposed:
        raise BrokerPasswordRejected(f"{file}: readable by every user of this machine; run: chmod o= {file}")
    if not text or "\n" in text:
        raise BrokerPasswordRejected(f"{file}: {'more than one line' if text else 'empty'}; put one line there")
    return text
