"""Empty journals for tests with many cases: copies of one, because creating its tables takes longer than a case."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from collector.store.journal import Journal

_MEMORY = Path("/dev/shm")
_FOLDER = _MEMORY if _MEMORY.is_dir() else None  # thousands of journals would be slow on a disk


@contextmanager
def create_empty_journal() -> Iterator[Path]:
    """Create an empty journal to copy; yield its path."""
    with tempfile.TemporaryDirectory(dir=_FOLDER) as folder:
        path = Path(folder) / "empty.sqlite"
        with closing(Journal(path)) as journal:
            journal.log.truncate()
        yield path


@contextmanager
def copy_journal(empty: Path) -> Iterator[Path]:
    """Yield the path of a copy, alone in a folder that is deleted afterwards."""
    with tempfile.TemporaryDirectory(dir=_FOLDER) as folder:
        yield Path(shutil.copy(empty, Path(folder) / "journal.sqlite"))


def open_fast_journal(path: Path) -> Journal:
    """Open a journal that does not wait for the disk: its test has many cases and no power cuts."""
    journal = Journal(path)
    journal._connection.execute("PRAGMA synchronous = OFF")
    return journal
