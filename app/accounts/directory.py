"""The agencies' names, at hand for whoever shows many of them."""

import time
from collections.abc import Collection

from app.accounts import service as accounts
from app.accounts.model import Agency
from app.db import Pool


class Agencies:
    """Agency names without a statement for each request: read at the start, again after a minute."""

    def __init__(self, pool: Pool, fresh_seconds: float = 60) -> None:
        self._pool = pool
        self._fresh = fresh_seconds
        self._read_at = float("-inf")
        self._by_id: dict[str, Agency] = {}

    async def all(self, needed: Collection[str] = ()) -> dict[str, Agency]:
        """By id; certain to be fresh where one of ``needed`` was not known."""
        now = time.monotonic()
        if now - self._read_at > self._fresh or any(each not in self._by_id for each in needed):
            async with self._pool.acquire() as conn:
                self._by_id = {agency.agency_id: agency for agency in await accounts.agencies(conn)}
            self._read_at = now
        return self._by_id
