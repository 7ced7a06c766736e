"""One log for all processes: JSON lines on standard error, ours and the libraries' alike, with nothing in them that
opens a door or names a person.

Requests are logged by ``app.api.shell``; uvicorn's and httpx's own lines are left out, since they carry addresses,
query strings and the bot token.
"""

import json
import logging
import re
import sys
from typing import Any, Protocol

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_HIDDEN = "[hidden]"
_SECRET_NAMES = re.compile(r"secret|token|password|authorization|cookie|csrf|api_?key|access_?key", re.IGNORECASE)
_SECRETS = (
    (re.compile(r"(?<!\d)\d{6,12}:[A-Za-z0-9_-]{30,}"), _HIDDEN),  # a Telegram bot token, also inside an address
    (re.compile(r"\bpa_[A-Za-z0-9_-]{20,}"), _HIDDEN),  # a key of ours for programs
    (re.compile(r"(?i)\b(bearer|basic) +[A-Za-z0-9._~+/=-]+"), rf"\1 {_HIDDEN}"),
    (re.compile(r"(?i)\b(\w+://[^\s/:@]*):[^\s/@]+@"), rf"\1:{_HIDDEN}@"),  # a password in an address
    (re.compile(r"(?i)([?&](?:token|secret|signature|x-amz-[a-z-]+)=)[^\s&\"']+"), rf"\1{_HIDDEN}"),
    # PostgreSQL repeats a refused row, and with it what a citizen wrote, on as many lines as they did.
    (re.compile(r"(DETAIL: +).*", re.DOTALL), rf"\1{_HIDDEN}"),
)
# Nearly every value is harmless, and one search says so.
_SUSPECT = re.compile(r"\d:[A-Za-z0-9_-]{30}|pa_|bearer|basic|://|[?&]|DETAIL:", re.IGNORECASE)
_QUIET = ("httpx", "httpcore", "uvicorn.access", "telegram", "urllib3", "pgqueuer", "asyncio", "PIL")


class LogSettings(Protocol):
    """What of ``app.settings.Settings`` counts here."""

    @property
    def log_level(self) -> str: ...

    @property
    def log_json(self) -> bool: ...


def redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Take secrets out of a log line, by the name they go under and by what they look like."""
    for name, value in event.items():
        if _SECRET_NAMES.search(name):
            event[name] = _HIDDEN
        elif isinstance(value, str):
            event[name] = _clean(value)
    return event


def _clean(text: str) -> str:
    if not _SUSPECT.search(text):
        return text
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def _as_json(event: EventDict, **_: Any) -> str:
    try:
        return msgspec.json.encode(event, enc_hook=repr).decode()
    except UnicodeEncodeError:  # half a character, as broken input has it
        return json.dumps(event, default=repr)


def configure(settings: LogSettings) -> None:
    """Set up logging for this process; called once at its start."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    finish: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if settings.log_json:
        finish += [structlog.processors.format_exc_info, redact, structlog.processors.JSONRenderer(_as_json)]
    else:
        finish += [structlog.processors.format_exc_info, redact, structlog.dev.ConsoleRenderer(colors=False)]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=finish))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
