"""Pictures for the links of published reports, drawn lately and kept for a while."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable

_MOST = 32
"""About 0.2 MB each."""


class Cards:
    """One is drawn at a time: photos that people are sending must not wait for many."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._one = asyncio.Semaphore(1)

    async def get(self, version: str, draw: Callable[[], Awaitable[bytes]]) -> bytes:
        async with self._one:
            found = self._kept.pop(version, None) or await draw()
            self._kept[version] = found
            if len(self._kept) > _MOST:
                self._kept.popitem(last=False)
        return found
