"""Waiting for a condition without polling the clock."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Pulse:
    """Wakes every waiter whenever anything changed; each looks for itself whether it may go on."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self.closed = False

    def fire(self) -> None:
        self._event.set()
        self._event = asyncio.Event()

    def close(self) -> None:
        """Ends all waits at once, now and later, so that a server with open long polls can stop."""
        self.closed = True
        self.fire()

    async def until(self, read: Callable[[], T], timeout: float) -> T:  # noqa: ASYNC109 - a timeout is an answer
        """Returns ``read()`` as soon as it is truthy, or as it is after ``timeout`` seconds."""
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout
        while True:
            value, left, event = read(), end - loop.time(), self._event
            if value or left <= 0 or self.closed:
                return value
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await event.wait()
