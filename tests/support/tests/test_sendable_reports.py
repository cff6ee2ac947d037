"""A report with any captured text can be sent to the process that prints it."""

import execnet
import pytest

from tests.support.sendable_reports import escape_surrogates

CAPTURED = {"nodeid": "a", "sections": [("Captured log call", "evil\ud800å")], "duration": 0.5, "longrepr": None}


def test_lone_surrogate_in_captured_output_is_sent_as_its_escape() -> None:
    with pytest.raises(execnet.DumpError, match="utf-8"):
        execnet.dumps(CAPTURED)
    sent = execnet.loads(execnet.dumps(escape_surrogates(CAPTURED)))
    assert sent == CAPTURED | {"sections": [("Captured log call", "evil\\ud800å")]}
