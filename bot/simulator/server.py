"""The simulator as a server: the application, a running one for tests, and the command's entry point."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from types import FrameType
from typing import Any

import uvicorn
from litestar import Litestar, Request, Response
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.static_files import create_static_files_router

from .bot_http import bot_method, file
from .core import Simulator
from .files import UPLOAD_LIMIT
from .model import ApiError
from .others import Others, others_routers
from .page import FOLDER, add_personas, chat_page, sample
from .sim_http import people_router
from .webhook import deliver_updates
from .zalo.serve import zalo_router
from .zalo.twin import ZaloTwin

_SECURITY = {
    # Frames are Mini Apps: pages of the bot, on this machine or another.
    "Content-Security-Policy": "default-src 'self'; frame-src http://localhost:* http://127.0.0.1:* https:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def create_app(token: str, *, sim: Simulator | None = None, twins: Sequence[ZaloTwin] = ()) -> Litestar:
    """The whole server for one Telegram bot, and for Zalo's ``twins`` under paths of their own.

    Give ``sim`` to keep the object at hand; else it comes with the personas.
    """
    if sim is None:
        sim = Simulator(token)
        add_personas(sim)
    simulator = sim
    everyone, others = (simulator, *twins), Others()

    @contextlib.asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        deliveries = [asyncio.create_task(deliver_updates(one.updates, one.pulse)) for one in everyone]
        yield
        for one in everyone:
            one.pulse.close()
        await asyncio.gather(*deliveries)

    return Litestar(
        [
            bot_method,
            file,
            people_router(),
            chat_page,
            sample,
            create_static_files_router("/page", [FOLDER / "static"]),
            *(zalo_router(twin) for twin in twins),
            *others_routers(),
        ],
        dependencies={
            "sim": Provide(lambda: simulator, sync_to_thread=False),
            "channels": Provide(lambda: everyone, sync_to_thread=False),
            "others": Provide(lambda: others, sync_to_thread=False),
        },
        exception_handlers={ApiError: _refusal, HTTPException: _http_refusal},
        lifespan=[lifespan],
        logging_config=None,  # the program around it decides about logs
        openapi_config=None,
        request_max_body_size=UPLOAD_LIMIT + 1_000_000,
        response_headers=_SECURITY,
        state=State({"sim": simulator}),
    )


def _refusal(_: Request[Any, Any, Any], error: ApiError) -> Response[Any]:
    return Response(error.as_json(), status_code=error.code)


def _http_refusal(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    detail = f"{error.detail} {getattr(error, 'extra', '') or ''}".strip()
    return _refusal(request, ApiError(error.status_code, detail))


class _Server(uvicorn.Server):
    """Ends open long polls and event streams when told to stop: uvicorn alone would wait for them."""

    def __init__(self, config: uvicorn.Config, before_exit: Callable[[], None]) -> None:
        super().__init__(config)
        self._before_exit = before_exit

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self._before_exit()


class _GuestServer(uvicorn.Server):
    """One that runs inside another program's event loop and leaves the signals to it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def run(host: str, port: int, token: str, twins: Sequence[ZaloTwin] = ()) -> None:
    """Serves until a signal. ``ValueError`` for any address but loopback."""
    if host not in _LOOPBACK:
        raise ValueError(f"the simulator speaks for anybody who asks: it listens on loopback only, not on {host}")
    for twin in twins:
        twin.base = f"http://{host}:{port}{twin.prefix}"
        add_personas(twin)
    app = create_app(token, twins=twins)
    config = uvicorn.Config(app, host=host, port=port, log_level="warning", access_log=False)
    _Server(config, lambda: _close(app.state.sim, *twins)).run()


def _close(*sims: Simulator) -> None:
    for sim in sims:
        sim.pulse.close()


@contextlib.asynccontextmanager
async def running(sim: Simulator, twins: Sequence[ZaloTwin] = ()) -> AsyncIterator[str]:
    """The simulator served in this event loop on a free port; gives its base address, ``http://127.0.0.1:PORT``."""
    async with serving(create_app(sim.token, sim=sim, twins=twins), lambda: _close(sim, *twins)) as base_url:
        for twin in twins:
            twin.base = base_url + twin.prefix
        yield base_url


@contextlib.asynccontextmanager
async def serving(app: Any, before_exit: Callable[[], None]) -> AsyncIterator[str]:
    """Any ASGI application served in this event loop on a free loopback port."""
    # With its protocol named, asyncio switches Nagle's delay off; without, every answer would take 40 ms.
    with socket.socket(proto=socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()  # who comes before the server is up waits in the backlog
        server = _GuestServer(uvicorn.Config(app, log_config=None, access_log=False))
        task = asyncio.create_task(server.serve([listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            before_exit()
            server.should_exit = True
            await task
