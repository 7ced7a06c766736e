"""A small Open311 server that fails as it is told: a real HTTP server that keeps what it was sent."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import parse_qs, parse_qsl, urlsplit
from xml.sax.saxutils import escape

Way = Literal["well", "token", "500", "429", "400", "garbled", "hang", "drop", "echo"]


class Faulty:
    """``ways``: what happens to the next POSTs, one after the other, then ``well``; a way that ends in ``!`` keeps the
    request before it fails. ``form``: the format it speaks. ``lists``: whether what it was sent is in its list."""

    def __init__(self) -> None:
        self.url = ""
        self.form: Literal["json", "xml"] = "json"
        self.ways: list[str] = []
        self.posts: list[dict[str, str]] = []
        self.keys: list[str] = []
        self.made: dict[str, str] = {}
        self.requests: list[dict[str, Any]] = []
        self.updates: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.lists, self.has_updates = True, False
        self.tokens_known = True
        self.answer: Callable[[str], tuple[int, bytes] | None] = lambda _: None
        """Says something else to a path, before anything is looked at."""
        self.photos: dict[str, bytes] = {}
        self.hung, self.ended = asyncio.Event(), asyncio.Event()
        self.writers: list[asyncio.StreamWriter] = []

    def say(self, number: str, **changes: Any) -> None:
        """What the people there do to a request."""
        one = next(each for each in self.requests if each["service_request_id"] == number)
        one.update({"updated_datetime": "2026-11-27T09:00:00+07:00"} | changes)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            method, target, _ = head[0].split(" ")
            headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.asked.append(target)
            status, said = await self._answer(method, target, headers, body)
            if status:
                more = "retry-after: 1\r\n" if status in (429, 503) else ""
                writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: {len(said)}\r\n{more}\r\n".encode() + said)
                await writer.drain()
        writer.close()

    async def _answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        parts = urlsplit(target)
        if (other := self.answer(parts.path)) is not None:
            return other
        if parts.path in self.photos:
            return 200, self.photos[parts.path]
        name, _, form = parts.path.removeprefix("/v2/").rpartition(".")
        if form != self.form:
            return 404, b"nothing here"
        if method == "POST":
            return await self._post(dict(parse_qsl(body.decode())), headers.get("idempotency-key", ""))
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        return self._get(name, query)

    async def _post(self, fields: dict[str, str], key: str) -> tuple[int, bytes]:
        way = self.ways.pop(0) if self.ways else "well"
        self.posts.append(fields)
        self.keys.append(key)
        if key not in self.made and (way.endswith("!") or way in ("well", "token", "echo")):
            self.requests.append(self._made(fields))
            self.made[key] = self.requests[-1]["service_request_id"]
        number = self.made.get(key, "")
        one = {"service_request_id": number, "service_notice": ""}
        match way.rstrip("!"):
            case "well":
                return self._says("service_requests", "request", [one])
            case "token":
                return self._says("service_requests", "request", [{"token": f"T-{number}"}])
            case "echo":
                notice = f"Khóa {fields['api_key']} đã nhận"
                return self._says("service_requests", "request", [one | {"service_notice": notice}])
            case "400":
                wrong = [{"code": 400, "description": f"Thiếu thông tin, khóa {fields.get('api_key')}"}]
                return 400, self._says("errors", "error", wrong)[1]
            case "garbled":
                return 200, b"<service_requests><request><service_requ"
            case "hang":
                self.hung.set()
                await self.ended.wait()
            case "drop":
                return 0, b""
            case status:
                return int(status), b"oops"
        return 0, b""

    def _made(self, fields: dict[str, str]) -> dict[str, Any]:
        at = datetime.now(UTC).isoformat()
        return {
            "service_request_id": f"EVN-{len(self.requests) + 1}",
            "status": "open",
            "status_notes": "Đã tiếp nhận",
            "service_code": fields["service_code"],
            "description": fields["description"],
            "requested_datetime": at,
            "updated_datetime": at,
            "media_url": fields.get("media_url"),
        }

    def _get(self, name: str, query: dict[str, str]) -> tuple[int, bytes]:
        if name == "services":
            return self._says("services", "service", SERVICES)
        if name.startswith("services/"):
            return self._says("service_definition", "", DEFINITION)
        if name == "requests":
            wanted = query.get("service_request_id", "").split(",")
            found = [one for one in self.requests if one["service_request_id"] in wanted] if wanted != [""] else []
            if wanted == [""] and self.lists and query.get("page", "1") == "1":
                found = self.requests
            return self._says("service_requests", "request", found)
        if name.startswith("requests/"):
            found = [one for one in self.requests if one["service_request_id"] == name.partition("/")[2]]
            return self._says("service_requests", "request", found) if found else (404, b"")
        if name.startswith("tokens/"):
            token = name.partition("/")[2]
            number = {"service_request_id": token.removeprefix("T-")} if self.tokens_known else {}
            return self._says("service_requests", "request", [{"token": token} | number])
        if name == "servicerequestupdates" and self.has_updates:
            return self._says("service_request_updates", "request_update", self.updates)
        return 404, b"nothing here"

    def _says(self, root: str, item: str, value: Any) -> tuple[int, bytes]:
        return 200, json.dumps(value).encode() if self.form == "json" else _xml(root, item, value).encode()


_ITEMS = {"attributes": "attribute", "values": "value"}


def _xml(name: str, item: str, value: Any) -> str:
    if isinstance(value, list):
        inner = "".join(_xml(item or _ITEMS[name], "", each) for each in value)
    elif isinstance(value, dict):
        inner = "".join(_xml(key, "", each) for key, each in value.items())
    else:
        inner = "" if value is None else escape(str(value).lower() if isinstance(value, bool) else str(value))
    return f"<{name}>{inner}</{name}>"


SERVICES = [
    {"service_code": "mat-dien", "service_name": "Mất điện", "metadata": False, "group": "Điện"},
    {"service_code": "den", "service_name": "Đèn chiếu sáng", "metadata": True, "group": "Chiếu sáng"},
]
DEFINITION = {
    "service_code": "den",
    "attributes": [
        {
            "variable": True, "code": "hu-gi", "datatype": "singlevaluelist", "required": True, "order": 1,
            "description": "Hư gì?", "values": [{"key": "1", "name": "Tắt"}, {"key": "2", "name": "Chập chờn"}],
        },
        {"variable": True, "code": "ma-ngoai", "datatype": "string", "required": False, "order": 2,
         "description": "Mã bên gửi", "values": []},
        {"variable": False, "code": "loi-nhac", "datatype": "text", "required": False, "order": 3,
         "description": "Gọi 19001006", "values": []},
    ],
}  # fmt: skip


@asynccontextmanager
async def faulty() -> AsyncIterator[Faulty]:
    one = Faulty()
    server = await asyncio.start_server(one.serve, "127.0.0.1", 0)
    one.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v2"
    try:
        yield one
    finally:
        one.ended.set()
        server.close()
        for writer in one.writers:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
