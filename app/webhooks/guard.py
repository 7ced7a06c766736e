"""Where messages may go: to the public internet alone, so that nobody has our server knock at what only it can reach.

An address is looked at when it is saved and again, after the name was resolved, when a connection is made: to the very
address that was looked at, so that a name which means another machine a moment later leads nowhere. Redirects are not
followed.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import httpcore

from app.errors import Invalid

_URL_MOST = 500
_EMBEDS = [ipaddress.ip_network(each) for each in ("64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16", "::/96")]
"""IPv6 addresses that lead on to an IPv4 one."""


class Refused(OSError):
    """The name leads to an address that is none of a receiver's."""


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


async def resolve(host: str, port: int, *, private: bool) -> str:
    """An address of this host to connect to. Raises Refused when any of its addresses is no public one; OSError when it
    has none. ``private``: any will do."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(each[4][0]) for each in found]
    if not addresses:
        raise OSError("the name has no address")
    if not private and not all(map(is_public, addresses)):
        raise Refused("the name leads to an address that is not public")
    return addresses[0]


async def check(url: str, *, private: bool) -> None:
    """Whether messages may be sent there at all. Raises Invalid, saying why not."""
    parts = urlsplit(url)
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Invalid("webhooks.url_wrong", field="url") from None
    schemes = ("https", "http") if private else ("https",)
    clean = url.isascii() and url.isprintable() and " " not in url and len(url) <= _URL_MOST
    if not (clean and host and parts.scheme in ("https", "http") and not parts.fragment and "@" not in parts.netloc):
        raise Invalid("webhooks.url_wrong", field="url")
    if parts.scheme not in schemes:
        raise Invalid("webhooks.url_https", field="url")
    try:
        await asyncio.wait_for(resolve(host, port or 443, private=private), 5)
    except Refused:
        raise Invalid("webhooks.url_private", field="url", host=host[:100]) from None
    except (OSError, UnicodeError, TimeoutError):
        raise Invalid("webhooks.url_unknown", field="url", host=host[:100]) from None


class Guarded(httpcore.AsyncNetworkBackend):
    """Connects to addresses that were looked at, and to nothing else."""

    def __init__(self, *, private: bool) -> None:
        self._private, self._inner = private, httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        address = await resolve(host, port, private=self._private)
        return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)
