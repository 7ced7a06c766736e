"""HTTP to addresses that somebody typed: to the public internet alone, so that nobody has our server knock at what only
it can reach.

The one way out to addresses of others, for every slice that needs one (webhooks, partners' servers, imports). An
address is looked at when it is saved (``check``) and again, after the name was resolved, when a connection is made: to
the very address that was looked at, so that a name which means another machine a moment later leads nowhere. Redirects
are not followed. A province whose partners stand in a network of its own names that network in the settings.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import ceil
from typing import Any
from urllib.parse import urlsplit

import httpcore
from msgspec import Struct

from app.errors import Invalid

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Networks = tuple[Network, ...]

URL_MOST = 500
"""Characters of an address."""
PATIENCE = 15.0
"""Seconds for a whole exchange, from looking up the name to the answer's last byte."""
_ANSWER_MOST = 64 * 1024
_CONNECTIONS_MOST = 400
_KEPT_OPEN = 30.0
"""Seconds that a connection stays open without use."""
_MIDWAY = (httpcore.ReadError, httpcore.WriteError, httpcore.RemoteProtocolError)
"""Failures after which nobody knows whether the request arrived."""
_FAILURES = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, OSError, ValueError)
_EMBEDS = [ipaddress.ip_network(each) for each in ("64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16", "::/96")]
"""IPv6 addresses that lead on to an IPv4 one."""


class Unreached(OSError):
    """There was no answer, or none in time; says why, for a ledger. ``asked``: what was sent may have arrived all the
    same."""

    def __init__(self, why: str, *, asked: bool = True) -> None:
        super().__init__(why)
        self.asked = asked


class Late(Unreached):
    """No whole answer in time."""


class Refused(Unreached):
    """The name leads to an address that is none of a partner's."""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet's."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        if any(ip in network for network in _EMBEDS):
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_loopback or ip.is_link_local)


def _named(address: str, networks: Networks) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    return any(ip in network for network in networks)


async def resolve(host: str, port: int, networks: Networks = ()) -> list[str]:
    """The addresses of a host. Raises Refused when any of them is neither public nor in one of ``networks``; OSError
    when it has none."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(each[4][0]) for each in found]
    if not addresses:
        raise OSError("the name has no address")
    if not all(is_public(each) or _named(each, networks) for each in addresses):
        raise Refused("the name leads to an address that is not public", asked=False)
    return addresses


async def check(url: str, networks: Networks = (), *, field: str = "url") -> None:
    """Whether requests may be sent there at all: https, or http inside ``networks``. Raises Invalid for ``field``,
    saying why not."""
    parts = urlsplit(url)
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Invalid("outward.url_wrong", field=field) from None
    clean = url.isascii() and url.isprintable() and " " not in url and len(url) <= URL_MOST
    if not (clean and host and parts.scheme in ("https", "http") and not parts.fragment and "@" not in parts.netloc):
        raise Invalid("outward.url_wrong", field=field)
    plain = parts.scheme == "http"
    if plain and not networks:
        raise Invalid("outward.url_https", field=field)
    try:
        addresses = await asyncio.wait_for(resolve(host, port or (80 if plain else 443), networks), 5)
    except Refused:
        raise Invalid("outward.url_private", field=field, host=host[:100]) from None
    except (OSError, UnicodeError, TimeoutError):
        raise Invalid("outward.url_unknown", field=field, host=host[:100]) from None
    if plain and not all(_named(each, networks) for each in addresses):
        raise Invalid("outward.url_https", field=field)


class _Guarded(httpcore.AsyncNetworkBackend):
    """Connects to addresses that were looked at, and to nothing else."""

    def __init__(self, networks: Networks) -> None:
        self._networks, self._inner = networks, httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        address = (await resolve(host, port, self._networks))[0]
        return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


class Answer(Struct, frozen=True):
    """``headers``: by their names in lower case, of several the last. ``whole``: False where more came than was asked
    for; ``body`` is its beginning."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    whole: bool

    def asked_to_wait(self) -> int | None:
        """Seconds that a busy server (429, 503) asks for, as a number or as a date; None: it does not say."""
        if self.status not in (429, 503):
            return None
        said = self.headers.get("retry-after", "").strip()
        if said.isascii() and said.isdigit() and len(said) < 7:  # six digits are days
            return int(said)
        try:
            at = parsedate_to_datetime(said)
        except (ValueError, IndexError):
            return None
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return min(max(0, ceil((at - datetime.now(UTC)).total_seconds())), 999_999)


class Client:
    """Connections to others' servers, kept open for a while; for as long as the process lives, or until ``close``.

    ``httpcore`` speaks HTTP. Its pool looks through all connections several times for each request, which took two
    thirds of the time with thirty of them; so the idle ones lie here, those of a server on a pile of their own.
    """

    def __init__(self, networks: Networks = ()) -> None:
        self._backend, self._tls = _Guarded(networks), ssl.create_default_context()
        self._idle: dict[str, list[httpcore.AsyncHTTPConnection]] = {}
        self._room = asyncio.Semaphore(_CONNECTIONS_MOST)

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        most: int = _ANSWER_MOST,
        patience: float = PATIENCE,
    ) -> Answer:
        """One exchange, of which at most ``most`` bytes of the answer are read. Raises Unreached, Late, Refused."""
        there, said = _url(url), list((headers or {}).items())
        # Who cannot be reached is known a little sooner than who does not answer.
        timeouts = {"connect": patience * 2 / 3, "read": patience, "write": patience}
        async with self._room:
            try:
                async with (
                    asyncio.timeout(patience),
                    self._connection(there.origin) as connection,
                    connection.stream(
                        method, there, headers=said, content=body or None, extensions={"timeout": timeouts}
                    ) as answer,
                ):
                    content, whole = await _read(answer, most)
                    return Answer(answer.status, _headers(answer), content, whole)
            except Refused:
                raise
            except (TimeoutError, httpcore.TimeoutException) as late:
                raise Late("no answer in time", asked=not isinstance(late, httpcore.ConnectTimeout)) from None
            except _FAILURES as failed:
                asked = isinstance(failed, _MIDWAY)
                raise Unreached(f"{type(failed).__name__}: {failed}"[:200], asked=asked) from failed

    @asynccontextmanager
    async def _connection(self, origin: httpcore.Origin) -> AsyncIterator[httpcore.AsyncHTTPConnection]:
        connection = await self._free(origin)
        try:
            yield connection
        finally:
            if connection.is_idle() and not connection.is_closed():
                self._idle.setdefault(str(origin), []).append(connection)
            else:
                await connection.aclose()

    async def _free(self, origin: httpcore.Origin) -> httpcore.AsyncHTTPConnection:
        """The one that was idle for the shortest time, or a new one."""
        idle = self._idle.get(str(origin), [])
        while idle:
            connection = idle.pop()
            if connection.is_idle() and not connection.has_expired():
                return connection
            await connection.aclose()
        await self._tidy()
        return httpcore.AsyncHTTPConnection(
            origin, ssl_context=self._tls, keepalive_expiry=_KEPT_OPEN, network_backend=self._backend
        )

    async def _tidy(self) -> None:
        """Close what nobody has used for long, or the other side has closed."""
        expired = []
        for origin, idle in list(self._idle.items()):
            expired += [each for each in idle if each.has_expired()]
            idle[:] = [each for each in idle if not each.has_expired()]
            if not idle:
                del self._idle[origin]
        for each in expired:
            await each.aclose()

    async def close(self) -> None:
        for idle in self._idle.values():
            while idle:
                await idle.pop().aclose()


def _url(url: str) -> httpcore.URL:
    try:
        there = httpcore.URL(url)
    except (TypeError, ValueError):  # not ASCII
        raise Unreached("no address", asked=False) from None
    if there.scheme not in (b"http", b"https") or not there.host:
        raise Unreached("no address", asked=False)
    return there


async def _read(answer: httpcore.Response, most: int) -> tuple[bytes, bool]:
    pieces, size = [], 0
    async for piece in answer.aiter_stream():
        pieces.append(piece)
        size += len(piece)
        if size > most:
            break
    return b"".join(pieces)[:most], size <= most


def _headers(answer: httpcore.Response) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
