"""Language and time zone that the machine suggests."""

import pytest

from collector.text.languages import Language
from ledig.site_setup.machine_facts import derive_facts, read_machine_facts

ZONES = "# comment\nSE\t+5920+01803\tEurope/Stockholm\nNZ\t-3652+17446\tPacific/Auckland\tmost of New Zealand\n"


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({"LANG": "sv_SE.UTF-8"}, Language.SV),
        ({"LANG": "sv_SE.UTF-8", "LC_ALL": "en_GB.UTF-8"}, Language.EN),
        ({"LANG": "sv_SE.UTF-8", "LC_ALL": ""}, Language.SV),
        ({"LANG": "C.UTF-8"}, None),
        ({"LANG": "de_DE.UTF-8"}, None),
        ({}, None),
    ],
)
def test_language_is_that_of_the_locale(environ: dict[str, str], language: Language | None) -> None:
    assert derive_facts(environ, "", ZONES).language == language


@pytest.mark.parametrize(
    ("environ", "local_time", "zone"),
    [
        ({}, "/usr/share/zoneinfo/Pacific/Auckland", "Pacific/Auckland"),
        ({}, "../usr/share/zoneinfo/Europe/Stockholm", "Europe/Stockholm"),
        ({"TZ": ":Pacific/Auckland"}, "/usr/share/zoneinfo/Europe/Stockholm", "Pacific/Auckland"),
        ({}, "/usr/share/zoneinfo/Etc/UTC", None),
        ({"TZ": "CET-1CEST"}, "", None),
        ({}, "", None),
    ],
)
def test_time_zone_is_that_of_the_machine_if_it_is_in_a_country(
    environ: dict[str, str], local_time: str, zone: str | None
) -> None:
    assert derive_facts(environ, local_time, ZONES).time_zone == zone


def test_country_of_a_time_zone_is_known() -> None:
    assert read_machine_facts().country_by_zone["Pacific/Auckland"] == "NZ"
