"""Broker passwords: read from their own files, with clear errors for unusable files."""

from pathlib import Path

import pytest

from edge.contract.broker_client import BrokerSettings
from ledig.site.broker_passwords import BrokerPasswordRejected, add_credentials, create_passwords


def test_process_uses_the_password_from_its_own_file(tmp_path: Path) -> None:
    (tmp_path / "pi-1").write_text("secret\n")
    (tmp_path / "pi-1").chmod(0o640)
    settings = add_credentials(BrokerSettings(port=1884), "pi-1", tmp_path)
    assert (settings.user, settings.password, settings.port) == ("pi-1", "secret", 1884)
    assert "secret" not in repr(settings)


def test_no_password_without_a_password_directory() -> None:
    assert add_credentials(BrokerSettings(), "pi-1", None) == BrokerSettings()


@pytest.mark.parametrize(
    ("content", "mode", "expected"),
    [
        (None, 0, "no such file or directory; put the broker password of pi-1 there, one line"),
        (b"secret", 0o604, "readable by every user of this machine; run: chmod o= "),
        (b"", 0o600, "empty; put one line there"),
        (b"one\ntwo\n", 0o600, "more than one line; put one line there"),
        (b"\xff\xfe", 0o600, "not UTF-8 text; put one line with the password there"),
    ],
)
def test_unusable_password_file_is_reported(tmp_path: Path, content: bytes | None, mode: int, expected: str) -> None:
    if content is not None:
        (tmp_path / "pi-1").write_bytes(content)
        (tmp_path / "pi-1").chmod(mode)
    with pytest.raises(BrokerPasswordRejected) as rejected:
        add_credentials(BrokerSettings(), "pi-1", tmp_path)
    assert str(rejected.value).startswith(f"{tmp_path / 'pi-1'}: {expected}")
    assert "secret" not in str(rejected.value)


def test_empty_password_file_is_created_again(tmp_path: Path) -> None:
    (tmp_path / "pi-1").touch(0o600)
    assert len(create_passwords(tmp_path, ("pi-1",))["pi-1"]) >= 32


def test_created_passwords_are_kept_and_private(tmp_path: Path) -> None:
    made = create_passwords(tmp_path / "passwords", ("collector", "pi-1"))
    again = create_passwords(tmp_path / "passwords", ("collector", "pi-1", "pi-2"))
    assert {user: again[user] for user in made} == made
    assert len(set(again.values())) == 3
    assert all(len(password) >= 32 for password in again.values())
    assert (tmp_path / "passwords").stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in (tmp_path / "passwords").iterdir()} == {0o600}
