"""Texts in several languages are in the catalogue, not side by side in Python."""

import ast
import re
from collections.abc import Iterator
from typing import Final

from tests.support.servers import ROOT

PACKAGES: Final = ("collector", "dashboard", "edge", "ledig")
CODES: Final = {"sv", "en"}
_SWEDISH_CHARACTER: Final = re.compile("[åäöÅÄÖ]")
_WORD: Final = re.compile("[A-Za-z]{2}")
ALLOWED: Final = {
    "dashboard/accounts/passwords.py": "common passwords, not texts",
    "dashboard/web/problems.py": "answers a request with a foreign host name, in both languages at once",
    "edge/contract/file_sensor_kinds.py": "complete rows; `make contract` fills the catalogue from them",
    "edge/contract/pin_sensor_kinds.py": "the same",
    "ledig/up/up_command.py": "one notice on every page, in both languages at once",
}
"""Files with texts outside the catalogue, with the reason."""


def find_pairs(source: str) -> Iterator[int]:
    """Yield the line of every text with a Swedish letter, and of every literal with a text for each language."""
    tree = ast.parse(source)
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            if _SWEDISH_CHARACTER.search(node.value):
                yield node.lineno
        elif isinstance(node, ast.Dict):
            keys = {key.value for key in node.keys if isinstance(key, ast.Constant)}
            if keys >= CODES and any(_has_words(value) for value in node.values):
                yield node.lineno
        elif isinstance(node, ast.Call) and {keyword.arg for keyword in node.keywords} >= CODES:
            yield node.lineno


def _has_words(node: ast.AST) -> bool:
    constants = (part.value for part in ast.walk(node) if isinstance(part, ast.Constant))
    return any(isinstance(value, str) and _WORD.search(value) for value in constants)


def test_no_text_has_its_translation_beside_it() -> None:
    found = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if any(find_pairs(path.read_text()))
    }
    assert found == set(ALLOWED), "put the Swedish text into collector/translations"


def test_scripts_and_templates_have_no_swedish_text() -> None:
    files = [*(ROOT / "dashboard/static").glob("*.js"), *(ROOT / "dashboard/templates").glob("*.html")]
    assert [path.name for path in files if _SWEDISH_CHARACTER.search(path.read_text())] == []


def test_scan_finds_pairs() -> None:
    for source in ('x = "Ändamål"', 'x = {"sv": "Ledigt", "en": "Free"}', 'x = Text(sv="Ledigt", en="Free")'):
        assert list(find_pairs(source)) == [1], source
    assert not list(find_pairs('"""Ändamål."""\nx = _("Purposes")'))
