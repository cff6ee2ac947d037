"""Table [privacy] of the site file: validation, and what is missing for the register."""

import pytest

from collector.site.privacy_settings import PrivacySettings
from edge.contract.settings_rejected import SettingsRejected


def test_the_day_on_which_members_were_informed_must_be_a_date() -> None:
    assert PrivacySettings(informed_on="2026-11-23").informed_on == "2026-11-23"
    with pytest.raises(SettingsRejected, match="informed_on"):
        PrivacySettings(informed_on="23 November")


def test_settings_that_the_register_needs_are_listed_while_they_are_not_set() -> None:
    assert PrivacySettings().find_missing() == ("controller", "contact", "legal_basis", "informed_on")
    settings = PrivacySettings(controller="A", contact="b@example.org", legal_basis="c", informed_on="2026-11-23")
    assert settings.find_missing() == ()
