"""The languages of pages and notifications: one table, and the catalogue of each.

In:    the catalogues in `collector/translations`.
Out:   the languages, and their texts.
Never: a request; a default. English is the language of the code and has no catalogue.

The plural rule of a language is in the header of its catalogue; browsers know it by the code (`Intl.PluralRules`).
"""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from gettext import NullTranslations, translation
from pathlib import Path
from typing import Final, NamedTuple

TRANSLATIONS: Final = Path(__file__).parents[1] / "translations"
Catalogue = NullTranslations
"""The texts of one language: `gettext`, `ngettext` and `pgettext`."""


class Language(StrEnum):
    """The code of a language."""

    SV = "sv"
    EN = "en"


class LanguageRow(NamedTuple):
    """One language; every column is required."""

    own_name: str
    """Its name in the language itself."""
    has_catalogue: bool


LANGUAGE_TABLE: Final[Mapping[Language, LanguageRow]] = {
    Language.SV: LanguageRow("Svenska", has_catalogue=True),
    Language.EN: LanguageRow("English", has_catalogue=False),
}

if missing := set(Language) - set(LANGUAGE_TABLE):
    raise ImportError(f"collector/text/languages.py has no row for {', '.join(sorted(missing))}")


@cache
def load_catalogue(language: Language) -> Catalogue:
    """Return the texts of a language."""
    if not LANGUAGE_TABLE[language].has_catalogue:
        return NullTranslations()
    return translation("messages", str(TRANSLATIONS), [language.value])
