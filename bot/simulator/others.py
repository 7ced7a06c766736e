"""Other systems for the demo: a power company's Open311 server, a receiver of webhooks, and a page that shows what both
were sent and lets one answer as the company. Kept in memory, the latest alone."""

import asyncio
import tomllib
from collections import deque
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect
from msgspec import Struct, field

from .bot_http import AnyRequest
from .page import FOLDER
from .samples import scene

PARTNER, RECEIVER, PAGE = "/partner/v2", "/receiver", "/others"
SERVICES = (("mat-dien", "Mất điện"), ("nguy-hiem", "Sự cố điện nguy hiểm"))
"""(code, name) of what the company takes."""
_KEPT = 200
_SCENE = "lamp"
_SHOWN = 20
_TEXTS: dict[str, dict[str, str]] = tomllib.loads((FOLDER / "others.toml").read_text("utf-8"))
_TEMPLATES = Environment(loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined)


class Asked(Struct, kw_only=True):
    """A request at the company, in GeoReport's own names."""

    service_request_id: str
    service_code: str
    description: str
    requested_datetime: str
    updated_datetime: str
    status: str = "open"
    status_notes: str = "Đã tiếp nhận"
    address: str = ""
    media_url: str = ""


class Others(Struct):
    """What the others were sent. ``known``: requests by their idempotency keys."""

    requests: dict[str, Asked] = {}
    known: dict[str, str] = {}
    updates: deque[dict[str, str]] = field(default_factory=lambda: deque(maxlen=_KEPT))
    messages: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=_KEPT))

    def take(self, fields: dict[str, str], key: str) -> Asked:
        if key in self.known:
            return self.requests[self.known[key]]
        at = _now()
        one = Asked(
            service_request_id=f"DL-{uuid4().hex[:6].upper()}",
            service_code=fields.get("service_code", ""),
            description=fields.get("description", "")[:4000],
            address=fields.get("address_string", "")[:200],
            media_url=fields.get("media_url", "")[:500],
            requested_datetime=at,
            updated_datetime=at,
        )
        self.requests[one.service_request_id] = one
        if key:
            self.known[key] = one.service_request_id
        while len(self.requests) > _KEPT:
            gone = next(iter(self.requests))
            del self.requests[gone]
            self.known = {key: number for key, number in self.known.items() if number != gone}
        return one

    def answer(self, number: str, status: str, words: str, media: str) -> None:
        one = self.requests[number]
        one.status, one.status_notes, one.updated_datetime = status, words, _now()
        self.updates.append(
            {
                "update_id": uuid4().hex,
                "service_request_id": number,
                "status": status,
                "description": words,
                "updated_datetime": one.updated_datetime,
                "media_url": media,
            }
        )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


Both = NamedDependency[Others]


@get("/services.json")
async def services() -> list[dict[str, Any]]:
    return [{"service_code": code, "service_name": name, "metadata": False, "group": "Điện"} for code, name in SERVICES]


@post("/requests.json", status_code=200)
async def take_request(request: AnyRequest, others: Both) -> list[dict[str, str]]:
    fields = dict(parse_qsl((await request.body()).decode(errors="replace")))
    one = others.take(fields, request.headers.get("idempotency-key", ""))
    return [{"service_request_id": one.service_request_id, "service_notice": "Điện lực sẽ kiểm tra ngay."}]


@get("/requests.json")
async def list_requests(others: Both, service_request_id: FromQuery[str] = "") -> list[Asked]:
    wanted = service_request_id.split(",") if service_request_id else list(others.requests)
    return [others.requests[number] for number in wanted if number in others.requests]


@get("/requests/{number:str}")
async def one_request(number: FromPath[str], others: Both) -> list[Asked]:
    return [_one(others, number.removesuffix(".json"))]


@get("/servicerequestupdates.json")
async def updates(others: Both, page: FromQuery[int] = 1) -> list[dict[str, str]]:
    return list(others.updates) if page == 1 else []


@get("/photos/{number:str}")
async def photo(number: FromPath[str]) -> Response[bytes]:
    """What it looks like after the company was there."""
    drawn = await asyncio.to_thread(scene, _SCENE, sum(map(ord, number)), mended=True)
    return Response(drawn, media_type="image/jpeg")


def _one(others: Others, number: str) -> Asked:
    if number not in others.requests:
        raise NotFoundException(f"no request {number}")
    return others.requests[number]


@post(RECEIVER, status_code=204)
async def receive(request: AnyRequest, others: Both) -> None:
    try:
        event = msgspec.json.decode(await request.body(), type=dict[str, Any])
    except msgspec.DecodeError:
        event = {}
    others.messages.append(event | {"came": _now()})


@get(PAGE)
async def page(others: Both, lang: FromQuery[str] = "vi") -> Response[str]:
    language = lang if lang in _TEXTS else "vi"
    words = _TEMPLATES.get_template("others.html").render(
        t=_TEXTS[language],
        language=language,
        requests=list(others.requests.values())[: -_SHOWN - 1 : -1],
        messages=list(others.messages)[: -_SHOWN - 1 : -1],
        services=dict(SERVICES),
    )
    return Response(words, media_type="text/html")


@post(PAGE + "/{number:str}")
async def answer(request: Request[Any, Any, Any], number: FromPath[str], others: Both) -> Redirect:
    """As the company: still at work, or done, with a photo of it."""
    form = dict(parse_qsl((await request.body()).decode(errors="replace")))
    language = form.get("lang") if form.get("lang") in _TEXTS else "vi"
    one, done = _one(others, number), form.get("what") == "closed"
    words = form.get("words", "").strip()[:1000] or _TEXTS["vi"]["done" if done else "at_work"]
    media = f"{str(request.base_url).rstrip('/')}{PARTNER}/photos/{number}" if done else ""
    others.answer(one.service_request_id, "closed" if done else "open", words, media)
    return Redirect(f"{PAGE}?lang={language}", status_code=303)


def others_routers() -> list[Any]:
    return [
        Router(PARTNER, route_handlers=[services, take_request, list_requests, one_request, updates, photo]),
        receive,
        page,
        answer,
    ]
