"""The printed sign: a readable QR code with an address that phones can reach."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import segno
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from dashboard.configuration.dashboard_settings import DashboardSettings
from dashboard.register.sign import BORDER_SQUARES, QrCode, encode_qr, find_public_origin

ADDRESS = "https://ledig.spinneriet.example/sensing"


@pytest.mark.parametrize(
    ("host", "scheme", "hosts", "proxies", "expected"),
    [
        ("ledig.example", "https", (), 1, "https://ledig.example"),
        ("pi.local:8000", "http", ("pi.local", "ledig.example"), 0, "http://pi.local:8000"),
        ("192.168.1.5:8000", "http", (), 0, "http://192.168.1.5:8000"),
        ("localhost:8000", "http", (), 0, None),
        ("127.0.0.1:8000", "http", ("localhost", "127.0.0.1"), 0, None),
        ("[::1]:8000", "http", (), 0, None),
        ("[2001:db8::1]", "http", (), 0, "http://[2001:db8::1]"),
        ("localhost:8000", "http", ("localhost", "ledig.example"), 1, "https://ledig.example"),
        ("localhost:8000", "http", (".example", "pi.local"), 0, "http://pi.local:8000"),
    ],
)
def test_sign_uses_a_host_name_that_phones_can_reach(  # noqa: PLR0917 - a table
    settings: DashboardSettings, host: str, scheme: str, hosts: tuple[str, ...], proxies: int, expected: str | None
) -> None:
    assert find_public_origin(replace(settings, hosts=hosts, proxies=proxies), host, scheme) == expected


def list_dark_squares(drawn: QrCode) -> Iterator[tuple[int, int]]:
    """Return the positions of the dark squares of a code, without its border."""
    for step in drawn.path.split("M")[1:]:
        x, y = step.removesuffix("h1v1h-1z").split(" ")
        yield int(x) - BORDER_SQUARES, int(y) - BORDER_SQUARES


@given(name=st.from_regex(r"[a-z]{1,30}(\.[a-z]{2,10}){1,3}", fullmatch=True))
def test_drawing_is_the_qr_code_of_the_address_with_a_white_border(name: str) -> None:
    address = f"https://{name}/sensing"
    matrix = segno.make_qr(address, error="q").matrix
    drawn = encode_qr(address)
    assert drawn.size == len(matrix) + 2 * BORDER_SQUARES
    assert set(list_dark_squares(drawn)) == {
        (x, y) for y, row in enumerate(matrix) for x, dark in enumerate(row) if dark
    }


def test_sheet_has_both_languages_the_default_first(app: Flask) -> None:
    page = app.test_client().get("/sensing/sign", base_url="https://ledig.example").text
    assert page.index("Sensorer här känner av") < page.index("Sensors here detect")
    assert "https://ledig.example/sensing" in page
    assert 'class="qr"' in page


def test_sign_without_a_public_address_has_no_code_but_a_remedy(app: Flask) -> None:
    page = app.test_client().get("/sensing/sign?lang=en", base_url="http://127.0.0.1:8000").text
    assert 'class="qr"' not in page
    assert "Open this page at the address that phones use" in page
