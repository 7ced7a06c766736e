"""An Open311 server of somebody else's, as strange as it is told to be: real HTTP, requests of its own, and what it was
asked."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

Said = tuple[int, bytes] | tuple[int, bytes, str]
SERVICES = [
    {"service_code": "001", "service_name": "Pothole", "group": "Streets"},
    {"service_code": 7, "service_name": "Hát karaoke\nồn ào", "group": None},
]


def one(n: int, **changes: Any) -> dict[str, Any]:
    """A request of the year 2025, each three hours after the one before."""
    sent = datetime(2025, 1, 6, 2, tzinfo=UTC) + timedelta(hours=3 * n)
    usual = {
        "service_request_id": f"R-{n}", "status": "closed", "status_notes": "Fixed.", "service_name": "Pothole",
        "service_code": "001", "description": f"Ổ gà thứ {n} trên đường Lý Bôn.", "agency_responsible": "Public Works",
        "service_notice": None, "requested_datetime": sent.isoformat(),
        "updated_datetime": (sent + timedelta(days=2)).isoformat(), "expected_datetime": "", "address": "12 Lý Bôn",
        "address_id": None, "zipcode": "", "lat": 9.22461, "long": 105.178, "media_url": None,
    }  # fmt: skip
    return usual | changes


class Elsewhere:
    """``most``: how many it gives at once, silently; ``pages``: whether it knows pages, or takes offence at them;
    ``dates``: how far it looks at them; ``changes``: whether it knows ``updated_after``; ``wrap``: what its list looks
    like; ``before``: another answer in place of the usual one; None: none at all, ever."""

    def __init__(self) -> None:
        self.url = ""
        self.form: Literal["json", "xml"] = "json"
        self.requests: list[dict[str, Any]] = []
        self.most, self.changes = 1000, False
        self.pages: Literal[True, False, "refused"] = False
        self.dates: Literal["seconds", "days", "none"] = "seconds"
        self.wrap: Callable[[list[Any]], Any] = lambda found: found
        self.before: Callable[[str, dict[str, str]], Said | Literal["usual"] | None] = lambda _, __: "usual"
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.at_once = self.most_at_once = 0
        self.hanging, self._ended = asyncio.Event(), asyncio.Event()
        self._writers: list[asyncio.StreamWriter] = []

    @property
    def windows(self) -> int:
        return sum(path.startswith("/v2/requests.") for path, _ in self.asked)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            target = (await reader.readuntil(b"\r\n\r\n")).decode().split(" ")[1]
            parts = urlsplit(target)
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            self.asked.append((parts.path, query))
            said = self.before(parts.path, query)
            if said is None:
                self.hanging.set()
                await self._ended.wait()
                return
            status, body, *more = self._usual(parts.path, query) if said == "usual" else said
            head = f"HTTP/1.1 {status} X\r\ncontent-length: {len(body)}\r\n{''.join(map(str, more))}\r\n"
            writer.write(head.encode() + body)
            await writer.drain()
        self.at_once -= 1
        writer.close()

    def _usual(self, path: str, query: dict[str, str]) -> Said:
        name, _, form = path.removeprefix("/v2/").rpartition(".")
        if form != self.form:
            return 404, b"<html>not here</html>"
        if name == "services":
            return 200, self._said("services", "service", SERVICES)
        if name.startswith("tokens/"):
            return 200, self._said("service_requests", "request", [{"service_request_id": name[7:].upper()}])
        if name != "requests":
            return 404, b"not here"
        found = [one for one in self.requests if self._within(one, query)]
        if self.pages == "refused" and "page" in query:
            return 400, b"page?"
        skip = (int(query.get("page", "1")) - 1) * self.most if self.pages else 0
        return 200, self._said("service_requests", "request", self.wrap(found[skip : skip + self.most]))

    def _within(self, one: dict[str, Any], query: dict[str, str]) -> bool:
        if self.changes and "updated_after" in query:
            until = query.get("updated_before", "9")
            return query["updated_after"] <= _in_utc(one["updated_datetime"]) <= until
        if self.dates == "none" or "start_date" not in query:
            return True
        digits = 10 if self.dates == "days" else 20
        at = _in_utc(one["requested_datetime"])
        return query["start_date"][:digits] <= at[:digits] <= query["end_date"][:digits]

    def _said(self, root: str, item: str, value: Any) -> bytes:
        return json.dumps(value).encode() if self.form == "json" else _xml(root, item, value).encode()

    def close(self) -> None:
        self._ended.set()
        for writer in self._writers:
            writer.close()


def _in_utc(said: str) -> str:
    at = datetime.fromisoformat(said)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _xml(name: str, item: str, value: Any) -> str:
    if isinstance(value, list):
        inner = "".join(_xml(item, "", each) for each in value)
    elif isinstance(value, dict):
        inner = "".join(_xml(key, "", each) for key, each in value.items())
    else:
        inner = "" if value is None else escape(str(value))
    return f"<{name}>{inner}</{name}>"


@asynccontextmanager
async def elsewhere() -> AsyncIterator[Elsewhere]:
    one = Elsewhere()
    server = await asyncio.start_server(one.serve, "127.0.0.1", 0)
    one.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v2"
    try:
        yield one
    finally:
        server.close()
        one.close()
