"""Every language has a row, a catalogue and the plural rule that browsers use."""

import re

import pytest
from babel import Locale
from babel.messages.pofile import read_po

from collector.text.languages import LANGUAGE_TABLE, TRANSLATIONS, Language, load_catalogue

TRANSLATED = [language for language, row in LANGUAGE_TABLE.items() if row.has_catalogue]


def test_every_folder_of_translations_is_a_language_with_a_catalogue() -> None:
    assert {path.parents[1].name for path in TRANSLATIONS.glob("*/LC_MESSAGES/messages.po")} == set(TRANSLATED)


@pytest.mark.parametrize("language", Language)
def test_plural_rule_chooses_the_form_that_a_browser_chooses(language: Language) -> None:
    rule = Locale.parse(language.value).plural_form
    forms = {n: (load_catalogue(language).ngettext("{n} person", "{n} people", n), rule(n)) for n in range(200)}
    assert len(set(forms.values())) == len({tag for _, tag in forms.values()})


@pytest.mark.parametrize("language", TRANSLATED)
def test_translation_keeps_the_placeholders(language: Language) -> None:
    with (TRANSLATIONS / language / "LC_MESSAGES/messages.po").open("rb") as file:
        catalogue = read_po(file, locale=language.value)
    for message in catalogue:
        if not message.id:
            continue
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        allowed = {name for text in ids for name in re.findall(r"{(\w+)}", text)}
        for text in texts:
            assert set(re.findall(r"{(\w+)}", text)) <= allowed, message.id
        assert set(re.findall(r"{(\w+)}", texts[-1])) == set(re.findall(r"{(\w+)}", ids[-1])), message.id
