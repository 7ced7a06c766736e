"""Updates that channels bring: kept in the inbox before 200 is answered, refused without proof of where they come from.

One server takes those of every channel, each at a path of its own.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import msgspec
import structlog
import uvicorn
from litestar import Litestar, Request, Response, post

from bot.conversation.runner import NO_DATABASE, Runner
from bot.hook import Hook

log = structlog.get_logger()

_BODY_MOST = 1_000_000


def create_app(hooks: Sequence[tuple[Hook, Runner]]) -> Litestar:
    """The little application that channels call."""
    routes = [_route(hook, runner) for hook, runner in hooks]
    return Litestar(routes, openapi_config=None, logging_config=None, request_max_body_size=_BODY_MOST)


def _route(hook: Hook, runner: Runner) -> Any:
    @post(hook.path, status_code=200)
    async def receive(request: Request[Any, Any, Any]) -> Response[None]:
        body = await request.body()
        if not hook.genuine(request.headers, body):
            return Response(None, status_code=403)
        try:
            update = hook.arrived(msgspec.json.decode(body, type=dict[str, Any]))
        except (msgspec.MsgspecError, KeyError, ValueError):
            # Not an update at all. Asking for it again would bring the same.
            log.warning("something that is no update was brought")
            return Response(None, status_code=200)
        try:
            if update is not None:
                await runner.take([update])
        except NO_DATABASE as error:
            log.warning("the database does not answer", error=type(error).__name__)
            return Response(None, status_code=503)
        return Response(None, status_code=200)

    return receive


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
