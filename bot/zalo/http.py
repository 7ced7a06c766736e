"""One POST, and what comes of it where the channel itself does not answer."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec

from app.notify.model import Refused, TryLater, Uncertain

Json = dict[str, Any]

# Before these the request has not left us; after any other break Zalo may have acted on it.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.ProxyError)
_SECONDS = 20.0
_REDIRECTS = 3


def is_local(host: str) -> bool:
    """Our own simulator, on this machine."""
    return urlsplit(host).hostname in ("127.0.0.1", "localhost", "::1")


def client(host: str) -> httpx.AsyncClient:
    """``host``: the address whose calls it is for. A proxy that the environment names is not for our own machine."""
    local = is_local(host)
    return httpx.AsyncClient(
        timeout=httpx.Timeout(_SECONDS, connect=5.0, pool=30.0),
        # An idle connection is given up before the server does so; the local one waits 5 seconds.
        limits=httpx.Limits(max_connections=20, keepalive_expiry=2.0 if local else 15.0),
        trust_env=not local,
        max_redirects=_REDIRECTS,
    )


async def call(
    http: httpx.AsyncClient,
    url: str,
    *,
    json: Json | None = None,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    seconds: float = _SECONDS,
) -> tuple[int, Json]:
    """HTTP status and the answer. Raises TryLater or Uncertain when there is none; never names the address, which
    holds a bot's token."""
    timeout = httpx.Timeout(seconds, connect=5.0, pool=30.0)
    try:
        response = await http.post(url, json=json, data=form, headers=headers, timeout=timeout)
    except _NOT_SENT as error:
        raise TryLater(type(error).__name__, 0.5) from None
    except httpx.HTTPError as error:
        raise Uncertain(type(error).__name__) from None
    try:
        answer = msgspec.json.decode(response.content, type=Json)
    except msgspec.MsgspecError:
        answer = {}
    if response.status_code == 504:
        raise Uncertain("HTTP 504")
    if response.status_code == 429:
        raise TryLater("too many requests", _retry_after(response, answer))
    if response.status_code >= 500:
        # By such an answer a server says that it has not done it.
        raise TryLater(f"HTTP {response.status_code}", 0.5)
    if not answer:
        raise (
            Uncertain("an answer that cannot be read")
            if response.is_success
            else Refused(f"HTTP {response.status_code}")
        )
    return response.status_code, answer


def _retry_after(response: httpx.Response, answer: Json) -> float:
    parameters = answer.get("parameters")
    named = parameters.get("retry_after") if isinstance(parameters, dict) else None
    try:
        return max(0.1, min(float(response.headers.get("Retry-After") or named or 1), 3600.0))
    except (TypeError, ValueError):
        return 1.0


async def download(http: httpx.AsyncClient, url: str, most: int) -> bytes:
    """A picture by its address, at most so many bytes. Raises Refused when there is none, TryLater when there may be
    one later."""
    if not _is_address(url):
        raise Refused("no address")
    try:
        async with http.stream("GET", url, follow_redirects=True) as response:
            if response.status_code >= 500 or response.status_code == 429:
                raise TryLater(f"HTTP {response.status_code}", 1.0)
            if not response.is_success:
                raise Refused(f"HTTP {response.status_code}")
            data = bytearray()
            async for part in response.aiter_bytes():
                data += part
                if len(data) > most:
                    raise Refused("larger than a photo may be")
            return bytes(data)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.TooManyRedirects):
        raise Refused("no address") from None
    except httpx.HTTPError as error:
        raise TryLater(type(error).__name__, 1.0) from None


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none
        return False
