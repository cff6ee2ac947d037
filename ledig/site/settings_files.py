"""Read small settings files: the site file, passwords, addresses of alert destinations.

In:    a path.
Out:   the text.
Never: a fault of the environment reported as a settings error: after a settings error a process is not restarted.
"""

import errno
import ssl
import stat
from pathlib import Path
from typing import Final

from edge.process.file_access import find_read_problem

_WRONG_PATH_ERRORS: Final = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG}
"""Errors of a wrong path: the setting must change, or the file must be created."""


class SettingsFileAway(ConnectionError):
    """The file exists but cannot be read now; a later call may succeed."""


def read_settings_text(file: Path) -> str:
    """Read the text of a file.

    Raises:
        SettingsFileAway: the disk failed, or this user may not read it; the message names owner, mode and remedy.
        OSError: there is no file with this path, which is a settings error.
        UnicodeDecodeError: the file is not UTF-8.
    """
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as fault:
        if fault.errno in _WRONG_PATH_ERRORS:
            raise
        reason = (fault.strerror or str(fault)).lower()
        remedy = find_read_problem(file) or "check the disk and the system's log"
        raise SettingsFileAway(f"{file}: {reason}; {remedy}") from fault


class CertificateRejected(ValueError):
    """The CA file of the broker is missing or contains no certificate."""


def check_ca_file(file: Path | None) -> None:
    """Check that the CA file can be loaded; None means no TLS.

    Raises:
        CertificateRejected: the path is wrong, or the file contains no certificate.
        SettingsFileAway: the file exists but cannot be read now.
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


def is_world_accessible(file: Path) -> bool:
    """Return whether every user of this machine can read or write the file."""
    return bool(file.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH))
