"""Where a request comes from, and how many reports one address may send.

An address that is not on the public internet is the house itself: the reverse proxy, the bot, a monitoring system, a
benchmark. The proxy tells the real address in X-Forwarded-For; ``app.main`` has uvicorn believe that header from such
addresses alone, so nobody outside can pose as the house.
"""

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from math import ceil

from litestar.connection import ASGIConnection

from app.errors import TooMany

HOUSE_NETWORKS = ("127.0.0.0/8", "::1", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
"""Where a reverse proxy of ours may stand."""
_BURST, _PER_SECOND = 60, 1.0
"""A whole neighbourhood may share one address of a mobile network, and report the same flood."""
_REMEMBERED = 20_000


@lru_cache(4096)
def _origin(host: str) -> str | None:
    """What a public address is counted under; None for the house. Of IPv6 the /64, which is one subscriber."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None  # a Unix socket, or a test client inside the process
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return _origin(str(address.ipv4_mapped))
        return str(ipaddress.ip_network((address, 64), strict=False)) if address.is_global else None
    return host if address.is_global else None


def from_house(connection: ASGIConnection) -> bool:  # type: ignore[type-arg]  # of any kind
    return connection.client is None or _origin(connection.client.host) is None


class Limiter:
    """A bucket of tokens for each public address, in this process: 60 reports at once, then one a second."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, connection: ASGIConnection) -> None:  # type: ignore[type-arg]  # of any kind
        """Count one report. Raises TooMany."""
        origin = _origin(connection.client.host) if connection.client else None
        if origin is None:
            return
        now = self._clock()
        left, then = self._buckets.pop(origin, (float(_BURST), now))
        left = min(_BURST, left + (now - then) * _PER_SECOND)
        allowed = left >= 1
        self._buckets[origin] = (left - 1 if allowed else left, now)
        if len(self._buckets) > _REMEMBERED:
            self._buckets.popitem(last=False)
        if not allowed:
            raise TooMany("api.too_many_reports", retry_after=ceil((1 - left) / _PER_SECOND))
