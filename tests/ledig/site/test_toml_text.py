"""What is not TOML is reported with its place and a true remedy, whichever number or name it is."""

import pytest

from ledig.site.toml_text import TomlRejected, parse_toml

LARGE = {
    "decimal digits": "9" * 5000,
    "digits with underscores": "1" + "_0" * 4400,
    "hexadecimal digits": "0x" + "f" * 5000,
    "more than 64 bits": str(2**63),
    "negative": str(-(2**63) - 1),
    "a float's range": "1" + "0" * 400,
}


@pytest.mark.parametrize("what", LARGE)
def test_large_number_is_reported_with_its_place(what: str) -> None:
    for text in (f"a = 1\n\n[space]\nhold = {LARGE[what]}\n", f"a = 1\n\n[[space]]\nhold = [1, {LARGE[what]}]\n"):
        with pytest.raises(TomlRejected) as rejected:
            parse_toml(text)
        ((place, finding),) = rejected.value.problems
        assert place in {"line 4", "space, hold", "space number 1, hold number 2"}
        assert finding.endswith("too large; write an integer of at most 18 digits")


def test_largest_integers_of_toml_are_read() -> None:
    assert parse_toml(f"a = {2**63 - 1}\nb = {-(2**63)}") == {"a": 2**63 - 1, "b": -(2**63)}


@pytest.mark.parametrize(
    "text",
    [
        "a = 1\na = 2",
        "[space]\na = 1\n[[space]]\na = 2",
        "[[space]]\na = 1\n[space]\na = 2",
        "[site]\na = 1\n[site]\nb = 2",
        "site = {}\n[site]\nb = 2",
        "site = {}\nsite.a = 1",
        "[a]\nb.c = 1\n[a.b]\nd = 2",
    ],
)
def test_name_given_twice_is_reported_as_such(text: str) -> None:
    with pytest.raises(TomlRejected) as rejected:
        parse_toml(text)
    ((place, finding),) = rejected.value.problems
    assert place.startswith("line ") or place == "end of document"
    assert finding.startswith("a key or a table is given twice; give each key once per table")
