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
from typing import Any

from litestar.connection import ASGIConnection
from msgspec import Struct

from app.errors import TooMany

HOUSE_NETWORKS = ("127.0.0.0/8", "::1", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
"""Where a reverse proxy of ours may stand."""
_REMEMBERED = 20_000
_NOTED = "phananh.allowance"
"""Where in a connection's scope it stands what its caller may still do."""


class Limit(Struct, frozen=True):
    """How much one address may do: ``burst`` at once, then ``per_second``. ``refusal``: what it is told beyond that."""

    name: str
    burst: int
    per_second: float
    refusal: str


REPORTS = Limit("reports", 60, 1.0, "api.too_many_reports")
"""A whole neighbourhood may share one address of a mobile network, and report the same flood."""

SIGN_INS = Limit("sign-ins", 60, 1.0, "accounts.busy")
"""A town hall behind one address comes in at eight; whoever tries passwords from there must leave room for all others,
for checking one is made to take long."""


class Allowance(Struct, frozen=True):
    """What a public address may still send. ``left``: at once; ``reset`` and ``retry_after``: seconds until nothing
    counts any more, and until one more is taken."""

    left: int
    reset: int
    retry_after: int = 0
    limit: Limit = REPORTS

    def headers(self, status: int) -> dict[bytes, bytes]:
        """The fields of draft-ietf-httpapi-ratelimit-headers-10, and when to come back for whoever is refused."""
        name, burst = self.limit.name, self.limit.burst
        policy = f'"{name}";q={burst};w={ceil(burst / self.limit.per_second)}'
        said = {
            b"ratelimit-policy": policy.encode(),
            b"ratelimit": f'"{name}";r={self.left};t={self.reset}'.encode(),
        }
        return said | ({b"retry-after": str(self.retry_after).encode()} if status == TooMany.status else {})


def noted(scope: Any) -> Allowance | None:
    """What a limiter found out while the request of this scope was answered."""
    found = scope.get(_NOTED)
    return found if isinstance(found, Allowance) else None


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
    """A bucket of tokens for each public address, in this process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, limit: Limit = REPORTS) -> None:
        self._clock = clock
        self._limit = limit
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, connection: ASGIConnection) -> None:  # type: ignore[type-arg]  # of any kind
        """Count one, and note for the answer's headers what is left. Raises TooMany."""
        origin = _origin(connection.client.host) if connection.client else None
        if origin is None:
            return
        now, limit = self._clock(), self._limit
        left, then = self._buckets.pop(origin, (float(limit.burst), now))
        left = min(limit.burst, left + (now - then) * limit.per_second)
        allowed = left >= 1
        left -= allowed
        self._buckets[origin] = (left, now)
        reset, after = ceil((limit.burst - left) / limit.per_second), max(0, ceil((1 - left) / limit.per_second))
        connection.scope[_NOTED] = Allowance(int(left), reset, after, limit)  # type: ignore[literal-required]  # ours
        if len(self._buckets) > _REMEMBERED:
            self._buckets.popitem(last=False)
        if not allowed:
            raise TooMany(limit.refusal, retry_after=after)
