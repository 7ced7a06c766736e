"""Which of the optional public pages are there at the moment."""

import time
from collections.abc import Callable

from app.db import AWAY, Pool
from app.opendata import service as opendata

_FOR_SECONDS = 30.0


class Switched:
    """What an administrator has switched on, asked for now and then: a page's footer costs no statement of its own."""

    def __init__(self, pool: Pool, clock: Callable[[], float] = time.monotonic) -> None:
        self._pool, self._clock = pool, clock
        self._until = 0.0
        self._opendata = False

    async def opendata(self) -> bool:
        now = self._clock()
        if now >= self._until:
            self._until = now + _FOR_SECONDS
            try:
                settings = await opendata.settings(self._pool)
            except AWAY:
                return self._opendata  # the page says for itself what it lacks
            self._opendata = settings is not None and settings.enabled
        return self._opendata
