"""The reader of tables: problems that settings report are placed by their field, whatever their text begins with."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from edge.contract.settings_rejected import SettingsRejected
from ledig.site.table_reader import Faults, TableReader


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedBulb:
    """Settings with three bounds."""

    name: str
    watts: int = 5
    lumens: int = 400

    def __post_init__(self) -> None:
        problems = [(field, "must be positive") for field in ("watts", "lumens") if getattr(self, field) < 1]
        if problems:
            raise SettingsRejected(*problems)
        if self.name == "wrong":
            raise SettingsRejected(("name", "is wrong"))
        if self.name == "watts":
            raise ValueError("watts is a bug of this class")


def read(renamed: dict[str, str] | None = None, **table: object) -> tuple[PricedBulb | None, tuple[str, ...]]:
    faults = Faults("site.toml")
    lamp = TableReader(faults, Path()).build_value(PricedBulb, table, "lamp", renamed=renamed)
    return lamp, faults.list_faults()


def test_all_problems_of_one_table_are_reported_together() -> None:
    lamp, faults = read(name="wrong", watts=0, lumens=-1)
    assert lamp is None
    assert faults == (
        "site.toml, lamp: watts must be positive",
        "site.toml, lamp: lumens must be positive",
        "site.toml, lamp: name is wrong",
    )


def test_problem_names_the_key_of_the_file() -> None:
    assert read({"watts": "power_w"}, name="a", power_w=0)[1] == ("site.toml, lamp: power_w must be positive",)


def test_valid_table_becomes_its_class() -> None:
    assert read(name="a", watts=7) == (PricedBulb(name="a", watts=7), ())


def test_error_of_our_own_is_not_reported_as_a_wrong_setting() -> None:
    with pytest.raises(ValueError, match="a bug of this class"):
        read(name="watts", watts=3)
