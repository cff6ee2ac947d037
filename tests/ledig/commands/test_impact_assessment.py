"""The template of an impact assessment: filled in from the site file, with blanks for the rest."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from collector.site.privacy_settings import PrivacySettings
from ledig.__main__ import cli
from ledig.commands.impact_assessment import BLANK, write_impact_assessment
from ledig.site.site_file import read_site_file
from tests.support.servers import ROOT

EXAMPLE = ROOT / "firmware-config" / "site.example.toml"


@pytest.mark.parametrize(
    ("language", "headings", "counts", "controller", "informed"),
    [
        (
            "en",
            ("Responsibility", "What is measured", "Purposes", "Necessity and less intrusive alternatives", "Risks"),
            "35 shared and 4 dedicated; 1 door.",
            "Controller",
            "Members informed on",
        ),
        (
            "sv",
            ("Ansvar", "Vad som mäts", "Ändamål", "Nödvändighet och mindre ingripande alternativ", "Risker"),
            "varav 35 delade och 4 fasta; 1 dörr.",
            "Personuppgiftsansvarig",
            "Medlemmarna informerades",
        ),
    ],
)
def test_template_states_measurements_retention_and_rules(
    language: str, headings: tuple[str, ...], counts: str, controller: str, informed: str
) -> None:
    site = read_site_file(EXAMPLE)
    site = replace(site, dashboard=replace(site.dashboard, language=language))
    text = write_impact_assessment(site)
    for heading in headings:
        assert f"## {heading}\n" in text
    assert site.plan.name in text
    assert counts in text
    assert "72" in text, "how long single changes are kept"
    assert f"{controller}: {BLANK}" in text
    named = replace(site.plan, privacy=PrivacySettings(controller="Spinneriet ek. för.", informed_on="2026-11-23"))
    filled = write_impact_assessment(replace(site, plan=named))
    assert f"{controller}: Spinneriet ek. för." in filled
    assert f"{informed}: 2026-11-23" in filled


def test_template_states_the_retention_of_this_site() -> None:
    site = read_site_file(EXAMPLE)
    shorter = replace(site.dashboard, language="en", retention=replace(site.dashboard.retention, raw_hours=48))
    text = write_impact_assessment(replace(site, dashboard=shorter))
    assert "single changes for 48 hours" in text
    assert "72 hours" not in text


def test_command_writes_the_template_and_check_warns_of_missing_fields(tmp_path: Path) -> None:
    written = CliRunner().invoke(cli, ["impact-assessment", str(EXAMPLE)])
    assert written.exit_code == 0
    assert written.output == write_impact_assessment(read_site_file(EXAMPLE))
    assert "no controller, contact, legal_basis, informed_on" in CliRunner().invoke(cli, ["check", str(EXAMPLE)]).output
    path = tmp_path / "site.toml"
    named = 'controller = "A"\ncontact = "b"\nlegal_basis = "c"\ninformed_on = "2026-11-23"\n'
    path.write_text(EXAMPLE.read_text().replace("[privacy]\n", f"[privacy]\n{named}"))
    assert "warning" not in CliRunner().invoke(cli, ["check", str(path)]).output


def test_invalid_date_is_rejected() -> None:
    with pytest.raises(ValueError, match=r'informed_on must be a day such as "2026-11-23", got .soon.'):
        PrivacySettings(informed_on="soon")
