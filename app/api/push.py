"""The app or browser that a report was sent with is told when there is news of it."""

from datetime import UTC, datetime
from typing import Annotated

from litestar import Response, delete, get, put
from litestar.params import FromPath
from msgspec import Meta, Struct

from app import outward
from app.api import examples
from app.api.body import read_body
from app.api.context import Req, answer, context
from app.api.declare import ANYONE, REPORTER, SECRET, call
from app.api.follow import reporter, whole
from app.api.problems import lang_of
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.notify.vapid import public_key
from app.reports import pushing
from app.reports.pushing import Device

_ERRORS = (Forbidden("reports.not_reporter"), NotFound("reports.code_unknown", code="PA-7K3M-9QX2"))


class DeviceKeys(Struct, frozen=True, forbid_unknown_fields=True):
    """A Web Push subscription's keys, base64url as the browser gives them."""

    p256dh: str
    auth: str


class DeviceBody(Struct, frozen=True, forbid_unknown_fields=True):
    """``push_url``: what the push service gave the app (UnifiedPush's endpoint, or that of a Web Push subscription).
    ``keys``: with them it gets messages that only it can read, without them it is woken without a word."""

    push_url: Annotated[str, Meta(extra_json_schema={"maxLength": outward.URL_MOST})]
    keys: DeviceKeys | None = None


class DeviceView(Struct):
    """The app with this address hears of the report from now on. ``encrypted``: with messages, not only knocks."""

    push_url: str
    encrypted: bool
    at: datetime


class PushKeyView(Struct):
    """``public_key``: VAPID's, base64url; the ``applicationServerKey`` of a subscription."""

    public_key: str


@get("/push-key", **call(ANYONE, "follow", answer=PushKeyView, example=(None, examples.PUSH_KEY)))
async def push_key(request: Req) -> Response[bytes]:
    view = PushKeyView(public_key(context(request).parts.settings.secret_key))
    return answer(request, view, headers={"Cache-Control": "public, max-age=3600"})


@put(
    "/reports/{code:str}/device",
    **call(
        REPORTER,
        "follow",
        headers=(SECRET,),
        body=DeviceBody,
        answer=DeviceView,
        example=(examples.DEVICE_BODY, examples.DEVICE),
        errors=(
            *_ERRORS,
            Invalid("outward.url_https", field="push_url"),
            Invalid("outward.url_private", field="push_url", host="10.0.0.1"),
            Invalid("push.keys_wrong", field="keys"),
            Conflict("push.told_in_chat"),
        ),
    ),
)
async def register_device(request: Req, code: FromPath[str]) -> Response[bytes]:
    parts = context(request).parts
    report = await whole(request, code)
    await reporter(request, report)
    body, _ = await read_body(request, DeviceBody)
    # The public internet alone: the networks of the settings are for what an administrator typed.
    await outward.check(body.push_url, field="push_url")
    keys = pushing.read_keys(body.keys.p256dh, body.keys.auth) if body.keys else None
    await pushing.register(parts.pool, [report], Device(body.push_url, keys), lang_of(request))
    return answer(request, DeviceView(body.push_url, keys is not None, datetime.now(UTC)))


@delete("/reports/{code:str}/device", **call(REPORTER, "follow", status=204, headers=(SECRET,), errors=_ERRORS))
async def remove_device(request: Req, code: FromPath[str]) -> Response[None]:
    report = await whole(request, code)
    await reporter(request, report)
    await pushing.remove(context(request).parts.pool, report)
    return Response(None, status_code=204)


ROUTES = [push_key, register_device, remove_device]
