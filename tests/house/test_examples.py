"""Every example of a site file, in every shipped file, passes `ledig check`."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from ledig.site import read
from tests.ledig.site.test_site import SOUND
from tests.servers import ROOT

SHIPPED = ("README.md", "docs", "firmware-config", "ledig")
SUFFIXES = {".md", ".conf", ".toml", ".service", ".sh", ".acl", ""}
FENCE = re.compile(r"(?ms)^```toml\n(.+?)^```$")
COMMENT = re.compile(r"(?m)^# Site file\b.*:\n(?:# .*\n)*#\n((?:#   .*\n)+)")
"""In a configuration file: a comment that ends in a colon, and lines that are indented below it."""


def files() -> list[Path]:
    found = [ROOT / name for name in SHIPPED]
    return [path for one in found for path in ([one] if one.is_file() else sorted(one.rglob("*"))) if path.is_file()]


def examples() -> list[tuple[str, str]]:
    found = []
    for path in files():
        if path.suffix in SUFFIXES:
            text = path.read_text()
            place = str(path.relative_to(ROOT))
            found += [(place, block) for block in FENCE.findall(text)]
            found += [(place, re.sub(r"(?m)^#   ", "", block)) for block in COMMENT.findall(text)]
    return found


EXAMPLES = examples()


def merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    both = dict(below)
    for key, value in above.items():
        both[key] = merged(both[key], value) if isinstance(value, dict) and isinstance(both.get(key), dict) else value
    return both


def toml(table: dict[str, Any], path: str = "") -> str:
    """A table as TOML, which the standard library only reads."""
    plain = "".join(f"{key} = {value(one)}\n" for key, one in table.items() if not is_table(one))
    inner = ""
    for key, one in table.items():
        name = f"{path}.{key}".removeprefix(".")
        if isinstance(one, dict):
            inner += f"[{name}]\n{toml(one, name)}"
        elif is_table(one):
            inner += "".join(f"[[{name}]]\n{toml(each, name)}" for each in one)
    return plain + inner


def is_table(value: object) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and isinstance(value[0], dict))


def value(one: object) -> str:
    if isinstance(one, bool):
        return str(one).lower()
    if isinstance(one, list):
        return f"[{', '.join(map(value, one))}]"
    return f'"{one}"' if isinstance(one, str) else str(one)


def test_there_are_examples_where_a_reader_expects_them() -> None:
    assert {place for place, _ in EXAMPLES} >= {
        "README.md",
        "firmware-config/nginx/ledig-influxdb.conf",
        "firmware-config/nginx/ledig-pages.conf",
        "firmware-config/caddy/Caddyfile",
    }


def test_nothing_that_looks_like_an_example_is_overlooked() -> None:
    for path in files():
        if path.suffix in SUFFIXES:
            announced = len(re.findall(r"(?m)^# Site file\b", path.read_text()))
            assert announced == len(COMMENT.findall(path.read_text())), path


@pytest.mark.parametrize(("place", "example"), EXAMPLES)
def test_an_example_is_accepted_in_a_site_file(tmp_path: Path, place: str, example: str) -> None:
    site = tmp_path / "site.toml"
    site.write_text(toml(merged(tomllib.loads(SOUND), tomllib.loads(example))))
    read(site)


@pytest.mark.parametrize("name", ["firmware-config/site.example.toml", "ledig/example.toml"])
def test_a_shipped_site_file_is_accepted_as_it_is_and_with_its_commented_settings(tmp_path: Path, name: str) -> None:
    text = (ROOT / name).read_text()
    for number, version in enumerate((text, re.sub(r"(?m)^#(?=\w+ = )", "", text))):
        site = tmp_path / f"{number}.toml"
        site.write_text(version)
        read(site)
