"""Every example of a site file, in every shipped file, passes `ledig check`."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from ledig.site.site_file import read_site_file
from tests.support.servers import ROOT
from tests.support.valid_site import VALID_SITE

SHIPPED = ("README.md", "docs", "firmware-config", "ledig")
SUFFIXES = {".md", ".conf", ".toml", ".service", ".sh", ".acl", ""}
FENCE = re.compile(r"(?ms)^```toml\n(.+?)^```$")
COMMENT = re.compile(r"(?m)^# Site file\b.*:\n(?:# .*\n)*#\n((?:#   .*\n)+)")
"""In a configuration file: a comment that ends in a colon, followed by indented lines."""


def list_files() -> list[Path]:
    found = [ROOT / name for name in SHIPPED]
    return [
        path for item in found for path in ([item] if item.is_file() else sorted(item.rglob("*"))) if path.is_file()
    ]


def find_examples() -> list[tuple[str, str]]:
    found = []
    for path in list_files():
        if path.suffix in SUFFIXES:
            text = path.read_text()
            place = str(path.relative_to(ROOT))
            found += [(place, block) for block in FENCE.findall(text)]
            found += [(place, re.sub(r"(?m)^#   ", "", block)) for block in COMMENT.findall(text)]
    return found


EXAMPLES = find_examples()


def merge_tables(base: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in overrides.items():
        merged[key] = (
            merge_tables(merged[key], value) if isinstance(value, dict) and isinstance(merged.get(key), dict) else value
        )
    return merged


def format_table(table: dict[str, Any], path: str = "") -> str:
    """Format a table as TOML, which the standard library can only read."""
    lines = "".join(f"{key} = {format_value(item)}\n" for key, item in table.items() if not is_table(item))
    subtables = ""
    for key, item in table.items():
        name = f"{path}.{key}".removeprefix(".")
        if isinstance(item, dict):
            subtables += f"[{name}]\n{format_table(item, name)}"
        elif is_table(item):
            subtables += "".join(f"[[{name}]]\n{format_table(each, name)}" for each in item)
    return lines + subtables


def is_table(value: object) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and isinstance(value[0], dict))


def format_value(item: object) -> str:
    if isinstance(item, bool):
        return str(item).lower()
    if isinstance(item, list):
        return f"[{', '.join(map(format_value, item))}]"
    return f'"{item}"' if isinstance(item, str) else str(item)


def test_expected_files_have_examples() -> None:
    assert {place for place, _ in EXAMPLES} >= {
        "docs/operation.md",
        "firmware-config/nginx/ledig-influxdb.conf",
        "firmware-config/nginx/ledig-pages.conf",
        "firmware-config/caddy/Caddyfile",
    }


def test_every_announced_example_is_found() -> None:
    for path in list_files():
        if path.suffix in SUFFIXES:
            announced = len(re.findall(r"(?m)^# Site file\b", path.read_text()))
            assert announced == len(COMMENT.findall(path.read_text())), path


@pytest.mark.parametrize(("place", "example"), EXAMPLES)
def test_example_is_accepted_in_a_site_file(tmp_path: Path, place: str, example: str) -> None:
    site = tmp_path / "site.toml"
    site.write_text(format_table(merge_tables(tomllib.loads(VALID_SITE), tomllib.loads(example))))
    read_site_file(site)


@pytest.mark.parametrize("name", ["firmware-config/site.example.toml", "ledig/example.toml"])
def test_shipped_site_file_is_valid_with_and_without_its_commented_settings(tmp_path: Path, name: str) -> None:
    text = (ROOT / name).read_text()
    for number, version in enumerate((text, re.sub(r"(?m)^#(?=\w+ = )", "", text))):
        site = tmp_path / f"{number}.toml"
        site.write_text(version)
        read_site_file(site)
