"""Why a destination did not accept a message: apprise's own error texts, without any part of the address.

In:    an address, a message.
Out:   the reason; empty: the message was accepted.
Never: a part of the address, because it may allow others to send messages there.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import unquote

HIDDEN: Final = "…"
_SHORTEST: Final = 3
"""Shorter parts of an address, such as `to`, reveal nothing and occur in many texts."""
_ERRNO: Final = re.compile(
    r"\[Errno -?\d+\] ([A-Z][a-zA-Z ]+)|(timed out|certificate verify failed|CERTIFICATE_[A-Z_]+)"
)


def try_delivery(url: str, title: str, body: str) -> str:
    """Send one message through apprise and return why it was not accepted; empty: it was accepted."""
    from apprise import Apprise, AppriseAsset  # takes half a second, so only import it for sites with destinations

    with _record_logs() as records:
        try:
            sender = Apprise(asset=AppriseAsset(app_id="Ledig", app_desc="Ledig", async_mode=False))
            if sender.add(url) and sender.notify(title=title, body=body):
                return ""
        except Exception as fault:  # noqa: BLE001 - apprise's hundred services raise anything
            return hide_address(f"{type(fault).__name__}: {fault}", url)
    reasons = [record.getMessage() for record in records if record.levelno >= logging.WARNING]
    causes = [next(filter(None, found)) for record in records for found in _ERRNO.findall(record.getMessage())]
    text = " ".join(dict.fromkeys(reasons)) or "Apprise gives no reason."
    if causes:
        text = f"{text} ({causes[-1].lower()})"
    return hide_address(" ".join(text.split()), url)


def hide_address(text: str, url: str) -> str:
    """Return the text with every part of the address hidden, both as written and percent-decoded."""
    parts = {part for form in (url, unquote(url)) for part in (form, *re.split(r"[^\w.-]+", form)[1:])}
    for part in sorted(parts, key=len, reverse=True):
        if len(part) >= _SHORTEST:
            text = re.sub(re.escape(part), HIDDEN, text, flags=re.IGNORECASE)
    return text


@contextmanager
def _record_logs() -> Iterator[list[logging.LogRecord]]:
    """Record everything that apprise logs meanwhile; no other handler receives it."""
    records: list[logging.LogRecord] = []

    class RecordingHandler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record)

    logger, recorder = logging.getLogger("apprise"), RecordingHandler()
    before = logger.level, logger.propagate
    logger.addHandler(recorder)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    try:
        yield records
    finally:
        logger.removeHandler(recorder)
        logger.level, logger.propagate = before
