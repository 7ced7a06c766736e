"""The library's Bot for one token, and what its errors mean to us."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.ext import AIORateLimiter, ExtBot
from telegram.request import HTTPXRequest

from app.notify.model import Refused, SendFailed, TryLater, Uncertain, Unreachable
from app.settings import SIMULATOR_TOKEN as SIMULATOR_TOKEN
from app.settings import Settings


class Bot(ExtBot[Any]):
    """The library's Bot, which also gives updates as they came: one it cannot read must not keep back the others."""

    async def raw_updates(
        self, offset: int | None, limit: int, seconds: int, allowed: list[str]
    ) -> list[dict[str, Any]]:
        """getUpdates. Waits up to ``seconds``. Raises TelegramError."""
        data = {"offset": offset, "limit": limit, "timeout": seconds, "allowed_updates": allowed}
        updates: list[dict[str, Any]] = await self._post("getUpdates", data, read_timeout=_READ_SECONDS + seconds)
        return updates


_CONNECTIONS = 20  # thirty messages a second at half a second each; the library looks through all of them at each call
_READ_SECONDS = 20.0
# Before these the request has not left us; after any other break Telegram may have acted on it.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.ProxyError)
_GONE = (
    "chat not found",
    "user not found",
    "user is deactivated",
    "peer_id_invalid",
    "bot was kicked",
    "group chat was upgraded",
)


def _request(connections: int, *, local: bool) -> HTTPXRequest:
    return HTTPXRequest(
        connect_timeout=5.0,
        read_timeout=_READ_SECONDS,
        write_timeout=20.0,
        pool_timeout=30.0,
        httpx_kwargs={
            # An idle connection is given up before the server does so: a message sent into a closing one is neither
            # surely sent nor surely lost. The local server waits 5 seconds, Telegram longer.
            "limits": httpx.Limits(max_connections=connections, keepalive_expiry=2.0 if local else 15.0),
            # A proxy that the environment names leads to Telegram, not to our own machine.
            "trust_env": not local,
        },
    )


@asynccontextmanager
async def open_bot(token: str, server: str | None = None) -> AsyncIterator[Bot]:
    """A Bot ready for calls; nothing is asked of Telegram before the first of them, so it need not be there at start.

    ``server``: base address of a local Bot API server instead of Telegram's own; it limits no rates.
    """
    local = server is not None
    request, polling = _request(_CONNECTIONS, local=local), _request(2, local=local)
    rates = {"overall_max_rate": 0.0, "group_max_rate": 0.0} if local else {}
    base = server if server is not None else "https://api.telegram.org"
    bot = Bot(
        token,
        base_url=f"{base}/bot",
        base_file_url=f"{base}/file/bot",
        request=request,
        get_updates_request=polling,
        rate_limiter=AIORateLimiter(max_retries=3, **rates),
    )
    try:
        yield bot
    finally:
        await asyncio.gather(request.shutdown(), polling.shutdown())


@asynccontextmanager
async def bot_of(settings: Settings) -> AsyncIterator[Bot]:
    """The Bot that the settings name: the real one, or the simulator's."""
    token = settings.telegram_token
    async with open_bot(token, settings.simulator_url if settings.simulated else None) as bot:
        yield bot


def as_failure(error: TelegramError) -> SendFailed:
    """What an error of a *sending* call means: may the message have arrived, and would another try help?"""
    words = str(error)
    match error:
        case RetryAfter():
            return TryLater("too many requests", error._retry_after.total_seconds())  # noqa: SLF001  # typed, unlike the property
        case ChatMigrated():
            # The update that says so gives everything waiting its new address.
            return TryLater("the group has another number now", 1.0)
        case Forbidden():
            return Unreachable(words)
        case BadRequest() if any(sign in words.lower() for sign in _GONE):
            return Unreachable(words)
        case BadRequest():
            return Refused(words)
        case InvalidToken() | Conflict():
            return TryLater(words, 30.0)
        case TimedOut() | NetworkError():
            cause = error.__cause__
            if isinstance(cause, _NOT_SENT):
                return TryLater(type(cause).__name__, 0.5)
            if isinstance(cause, httpx.HTTPError) or "Unknown error" in words:
                return Uncertain(type(cause).__name__)
            # No broken connection behind it: an answer of 5xx, by which Telegram says that it has not done it.
            return TryLater(words, 0.5)
        case _:
            return Uncertain(words)


def as_fetch_failure(error: TelegramError) -> SendFailed:
    """What an error of a *reading* call means: it can always be repeated, unless what is asked for does not exist."""
    if isinstance(error, RetryAfter):
        return as_failure(error)
    return Refused(str(error)) if isinstance(error, BadRequest | Forbidden) else TryLater(str(error), 1.0)
