"""Write the Swedish texts of the rows of sensor kinds into the catalogue, and compile it.

In:    the source of the rows, which have each text in English and in Swedish; the Swedish catalogue.
Out:   the catalogue with these texts, and its compiled form.
Never: texts of pages, which are written into the catalogue itself; removing a text that no row has any more.

    python -m ledig.contract.table_translations collector/translations/sv/LC_MESSAGES/messages.po
"""

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from edge.contract import sensor_kinds

KEYWORDS: Final = {"mark_translatable": (1, 2)}
"""The English text is the first argument, the Swedish one the second."""
CATALOGUE_WIDTH: Final = 120


def read_row_texts() -> Iterator[tuple[str, str]]:
    """Yield each text of the rows in English and in Swedish."""
    folder = Path(sensor_kinds.__file__).parent
    for _file, _line, texts, _comments, _context in extract_from_dir(folder, [("**.py", "python")], keywords=KEYWORDS):
        yield texts[0], texts[1]


def render_catalogue(po: bytes) -> tuple[bytes, bytes]:
    """Return the catalogue with the texts of the rows, and its compiled form.

    Args:
        po: the present catalogue.
    """
    catalogue = read_po(io.BytesIO(po), locale="sv")
    for english, swedish in read_row_texts():
        _set_text(catalogue, english, swedish)
    written, compiled = io.BytesIO(), io.BytesIO()
    write_po(written, catalogue, width=CATALOGUE_WIDTH, sort_output=True, no_location=True, ignore_obsolete=True)
    write_mo(compiled, catalogue)
    return written.getvalue(), compiled.getvalue()


def _set_text(catalogue: Catalog, english: str, swedish: str) -> None:
    if (present := catalogue.get(english)) is None:
        catalogue.add(english, swedish)
    else:
        present.string = swedish


if __name__ == "__main__":
    path = Path(sys.argv[1])
    po_bytes, mo_bytes = render_catalogue(path.read_bytes())
    path.write_bytes(po_bytes)
    path.with_suffix(".mo").write_bytes(mo_bytes)
