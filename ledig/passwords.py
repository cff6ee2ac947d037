"""Reads a process's broker password from its own file, so that no site file ever holds one.

In:    the password directory of the site file, and who we are at the broker.
Out:   broker settings that can sign in.
Never: a password in a message or a log.
"""

import secrets
from dataclasses import replace
from pathlib import Path

from edge.broker import BrokerSettings
from ledig.settings_files import SettingsFileAway, check_ca_file, is_open_to_all, read_settings_text

_BYTES = 24


class PasswordRejected(ValueError):
    """A password file is missing, empty or open to others."""


def sign_in(broker: BrokerSettings, user: str, directory: Path | None) -> BrokerSettings:
    """The settings with `user` and its password; unchanged if `directory` is None: the broker asks for none.

    Its ca_file is checked too: a wrong one would else be found when nobody looks at the terminal any more.

    Raises:
        PasswordRejected, CertificateRejected: the file cannot be used; the text names it and the remedy.
        SettingsFileAway: the file is there and cannot be read now.
    """
    check_ca_file(broker.ca_file)
    if directory is None:
        return broker
    return replace(broker, user=user, password=_password(directory / user))


def make(directory: Path, users: tuple[str, ...]) -> dict[str, str]:
    """Every user's password, made at the first call and read at every later one; files are for us alone."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for user in users:
        file = directory / user
        if not file.exists() or not file.stat().st_size:  # who stopped us right here left it empty
            file.touch(mode=0o600)
            file.write_text(secrets.token_urlsafe(_BYTES) + "\n", encoding="utf-8")
    return {user: _password(directory / user) for user in users}


def _password(file: Path) -> str:
    try:
        text = read_settings_text(file).strip()
        exposed = is_open_to_all(file)
    except SettingsFileAway:
        raise
    except OSError as fault:
        reason = (fault.strerror or str(fault)).lower()
        raise PasswordRejected(f"{file}: {reason}; put the broker password of {file.name} there, one line") from fault
    except UnicodeDecodeError as fault:
        raise PasswordRejected(f"{file}: not UTF-8 text; put one line with the password there") from fault
    if exposed:
        raise PasswordRejected(f"{file}: readable by every user of this machine; run: chmod o= {file}")
    if not text or "\n" in text:
        raise PasswordRejected(f"{file}: {'more than one line' if text else 'empty'}; put one line there")
    return text
