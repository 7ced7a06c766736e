"""The log of every process: JSON lines, and no secret in them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.logs import redact

ROOT = Path(__file__).parents[1]
SCRIPT = """
import logging, sys
from types import SimpleNamespace
import structlog
from app import logs
logs.configure(SimpleNamespace(log_level="INFO", log_json=sys.argv[1] == "json"))
log = structlog.get_logger("app.test")
structlog.contextvars.bind_contextvars(request_id="r-1")
log.info("request", route="/api/v1/reports", status=201)
log.debug("not shown")
logging.getLogger("some.library").warning("careful: %s", "Đèn hỏng")
logging.getLogger("httpx").info("HTTP Request: POST https://api.telegram.org/bot123456789:AAF-abcdefghijklmnopqrstuvwxyz012345/getMe")
try:
    raise ValueError("postgres://user:hunter2@db/phananh")
except ValueError:
    log.exception("broken", token="abc")
log.warning("half", said="a\\ud800b", what=object, none=None)
"""


def run(kind: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", SCRIPT, kind], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == ""
    return done.stderr.splitlines()


def test_every_line_is_json_ours_and_the_libraries() -> None:
    lines = [json.loads(line) for line in run("json")]
    assert [line["event"] for line in lines] == ["request", "careful: Đèn hỏng", "broken", "half"]
    assert lines[0] | {"timestamp": ""} == {
        "event": "request",
        "level": "info",
        "logger": "app.test",
        "request_id": "r-1",
        "route": "/api/v1/reports",
        "status": 201,
        "timestamp": "",
    }
    assert lines[1]["logger"] == "some.library"


def test_what_cannot_be_written_as_it_is_loses_no_line() -> None:
    """Half a character from broken input, and a thing that JSON does not know."""
    said = json.loads(run("json")[3])
    assert (said["said"], said["what"], said["none"]) == ("a\ud800b", "<class 'object'>", None)


def test_a_traceback_is_there_without_the_password_in_it() -> None:
    said = json.loads(run("json")[2])
    assert "ValueError: postgres://user:[hidden]@db/phananh" in said["exception"]
    assert said["token"] == "[hidden]"


def test_for_people_lines_are_text() -> None:
    lines = run("text")
    assert "request" in lines[0]
    assert "hunter2" not in "\n".join(lines)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("GET /bot123456789:AAF-abcdefghijklmnopqrstuvwxyz012345/getMe", "GET /bot[hidden]/getMe"),
        ("Authorization: Bearer pa_abcdefghijklmnopqrstuvwxyz", "Authorization: Bearer [hidden]"),
        ("key pa_abcdefghijklmnopqrstuvwxyz used", "key [hidden] used"),
        ("/photos/ab/small?token=17.abc&x=1", "/photos/ab/small?token=[hidden]&x=1"),
        ("http://s3/b/k?X-Amz-Signature=abc", "http://s3/b/k?X-Amz-Signature=[hidden]"),
        (
            "check failed\nDETAIL:  Failing row contains (Nguyễn\n\nThị Lan).",
            "check failed\nDETAIL:  [hidden]",
        ),
        ("nothing to hide: 2026-11-22 06:00:00", "nothing to hide: 2026-11-22 06:00:00"),
    ],
)
def test_what_looks_like_a_secret_is_hidden(said: str, kept: str) -> None:
    assert redact(None, "", {"event": said})["event"] == kept


@pytest.mark.parametrize("name", ["token", "tracking_secret", "password", "Authorization", "cookie", "csrf", "api_key"])
def test_what_is_called_a_secret_is_hidden(name: str) -> None:
    line: dict[str, Any] = {"event": "x", name: "abc"}
    assert redact(None, "", line)[name] == "[hidden]"
