"""The real server, in the test's own process."""

import asyncio
from collections.abc import Callable

from app.main import server as make_server
from app.wiring import Parts


async def until(condition: Callable[[], bool]) -> None:
    """Give way until it is so."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110  # what is waited for is somebody else's, without an event
            await asyncio.sleep(0)


class running:  # noqa: N801  # used like a function, as a context manager
    """A server for as long as the block lasts; gives its address."""

    def __init__(self, parts: Parts, port: int = 0) -> None:
        self.server = make_server(parts, host="127.0.0.1", port=port)

    async def __aenter__(self) -> str:
        self.task = asyncio.create_task(self.server.serve())
        await until(lambda: self.server.started or self.task.done())
        assert self.server.started, "the server did not start"
        return f"http://127.0.0.1:{self.server.servers[0].sockets[0].getsockname()[1]}"

    async def __aexit__(self, *_: object) -> None:
        self.server.should_exit = True
        await self.task
