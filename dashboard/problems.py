"""Says what went wrong: to a program as an RFC 9457 problem, to a person as a page that helps.

In:    a status, and what the reader can do about it.
Out:   `application/problem+json`, or a page in the reader's language.
Never: what is inside, or what exists: an address tells nothing to who may not ask there.
"""

from http import HTTPStatus
from typing import Final

import msgspec
from flask import Response, request

MEDIA_TYPE: Final = "application/problem+json"


def problem(status: HTTPStatus, detail: str, kind: str = "") -> Response:
    """A problem as JSON: type, title, status, detail, instance.

    Args:
        status: of the answer, and in it.
        detail: one or two sentences: place, finding, remedy.
        kind: a name of this problem that a program can tell from others of the same status; empty: the status is all.

    Source: RFC 9457, section 3; `about:blank` is its word for "no more than the status says".
    """
    body = {
        "type": f"urn:ledig:problem:{kind}" if kind else "about:blank",
        "title": status.phrase,
        "status": int(status),
        "detail": detail,
        "instance": request.path,
    }
    return Response(msgspec.json.encode(body), status, mimetype=MEDIA_TYPE)
