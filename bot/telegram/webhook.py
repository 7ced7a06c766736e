"""Updates that Telegram brings: kept in the inbox before 200 is answered, refused without the secret."""

import asyncio
import contextlib
import hmac
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import urlsplit

import msgspec
import structlog
import uvicorn
from litestar import Litestar, Request, Response, post

from bot.conversation.runner import NO_DATABASE, Runner
from bot.telegram.receive import arrived

log = structlog.get_logger()

_BODY_MOST = 1_000_000

_SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  # the name of a header


def create_app(runner: Runner, path: str, secret: str) -> Litestar:
    """The little application that Telegram calls at ``path``."""

    @post(path, status_code=200)
    async def receive(request: Request[Any, Any, Any]) -> Response[None]:
        given = request.headers.get(_SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode(), secret.encode()):
            return Response(None, status_code=403)
        try:
            update = arrived(msgspec.json.decode(await request.body(), type=dict[str, Any]))
        except (msgspec.MsgspecError, KeyError, ValueError):
            # Not an update at all. Asking for it again would bring the same.
            log.warning("something that is no update was brought")
            return Response(None, status_code=200)
        try:
            await runner.take([update])
        except NO_DATABASE as error:
            log.warning("the database does not answer", error=type(error).__name__)
            return Response(None, status_code=503)
        return Response(None, status_code=200)

    return Litestar([receive], openapi_config=None, logging_config=None, request_max_body_size=_BODY_MOST)


class _Server(uvicorn.Server):
    """Leaves signals to the program around it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def listening(app: Litestar, host: str, port: int) -> AsyncIterator[asyncio.Task[None]]:
    """The application served for as long as this lasts. Raises OSError when the address is taken."""
    config = uvicorn.Config(app, host=host, port=port, log_config=None, access_log=False, lifespan="on")
    server = _Server(config)
    serving = asyncio.create_task(server.serve())
    try:
        while not server.started:
            if serving.done():
                await serving
                raise OSError(f"cannot listen on {host}:{port}")
            await asyncio.sleep(0.01)
        yield serving
    finally:
        server.should_exit = True
        await serving


def path_of(url: str) -> str:
    """Where Telegram's address for us ends up on our side: the same path."""
    return urlsplit(url).path or "/"
