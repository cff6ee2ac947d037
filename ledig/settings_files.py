"""Reads the small text files that settings are made of: the site file, passwords, addresses of alerts.

In:    a path.
Out:   the text.
Never: a fault of the environment reported as a wrong setting: a process that ends for the latter is not started again.
"""

import errno
import ssl
import stat
from pathlib import Path
from typing import Final

from edge.file_access import read_problem

_NAMES_NO_FILE: Final = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG}
"""The path itself is wrong: whoever set it must set another, or make the file."""


class SettingsFileAway(ConnectionError):
    """The file is there and cannot be read now. The same call may succeed later."""


def read_settings_text(file: Path) -> str:
    """The text of a file.

    Raises:
        SettingsFileAway: its disk fails, or this user may not read it; the text names owner, mode and remedy.
        OSError: no file has this path, which is a wrong setting.
        UnicodeDecodeError: it is not UTF-8.
    """
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as fault:
        if fault.errno in _NAMES_NO_FILE:
            raise
        reason = (fault.strerror or str(fault)).lower()
        remedy = read_problem(file) or "check the disk and the system's log"
        raise SettingsFileAway(f"{file}: {reason}; {remedy}") from fault


class CertificateRejected(ValueError):
    """The file of the broker's authority is missing, or holds no certificate."""


def check_ca_file(file: Path | None) -> None:
    """See that the authority that signs the broker's certificate can be loaded; None: no TLS, nothing to check.

    Raises:
        CertificateRejected: the path is wrong, or the file holds no certificate.
        SettingsFileAway: the file is there and cannot be read now.
    """
    if file is None:
        return
    try:
        read_settings_text(file)
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=file)
    except SettingsFileAway:
        raise
    except ssl.SSLError as fault:
        raise CertificateRejected(
            f"{file}: contains no certificate in PEM form; set another ca_file in [broker]"
        ) from fault
    except OSError as fault:
        reason = (fault.strerror or str(fault)).lower()
        raise CertificateRejected(f"{file}: {reason}; set another ca_file in [broker]") from fault
    except UnicodeDecodeError as fault:
        raise CertificateRejected(f"{file}: is not text; set ca_file in [broker] to a file in PEM form") from fault


def is_open_to_all(file: Path) -> bool:
    """Whether every user of this machine can read or write the file."""
    return bool(file.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH))
