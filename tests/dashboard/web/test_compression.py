"""Scripts are sent without their comments and otherwise unchanged."""

import gzip
from pathlib import Path

import pytest
from flask import Flask

import dashboard
from dashboard.web.compression import strip_comments

STATIC = Path(dashboard.__file__).parent / "static"
SCRIPTS = sorted(path.name for path in STATIC.glob("*.js"))


@pytest.mark.parametrize(
    ("script", "sent"),
    [
        ("/* What it does:\n   two lines. */\nlet a = 1;\n", "let a = 1;\n"),
        ("let a = 1; // a reason\n\n  // another\nlet b;\n", "let a = 1;\nlet b;\n"),
        ('let a = "https://ledig.local"; let b = " // no comment";\n', None),
        ("let a = ' /* no comment */ ';\n", None),
        ("let a = `one // two ${b}`;\n", None),
        ('let a = "\\" // still text";\n', None),
        ("let a = b.replace(/\\//g, c); let d = e / f;\n", None),
        ("try {\n  a();\n} catch {\n  // a browser that keeps nothing\n}\n", "try {\n  a();\n} catch {\n}\n"),
    ],
)
def test_comments_are_removed_and_strings_stay(script: str, sent: str | None) -> None:
    assert strip_comments(script.encode()).decode() == (script if sent is None else sent)


@pytest.mark.parametrize("name", SCRIPTS)
@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_every_script_is_sent_without_comments(app: Flask, name: str, encoding: str) -> None:
    answer = app.test_client().get(f"/static/{name}", headers={"Accept-Encoding": encoding})
    body = gzip.decompress(answer.data) if encoding == "gzip" else answer.data
    kept = [line.strip() for line in (STATIC / name).read_text().splitlines()]
    assert {line.strip() for line in body.decode().splitlines()} >= {
        line for line in kept if line and "//" not in line and "*" not in line and line.endswith((";", "{", "}"))
    }
    assert b"/*" not in body
    assert not [line for line in body.splitlines() if line.strip().startswith(b"//")]
    assert int(answer.headers["Content-Length"]) == len(answer.data)
