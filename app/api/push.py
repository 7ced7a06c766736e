"""The app that a report was sent with is woken when there is news of it."""

from datetime import UTC, datetime
from typing import Annotated

from litestar import Response, delete, put
from litestar.params import FromPath
from msgspec import Meta, Struct

from app import outward
from app.api import examples
from app.api.body import read_body
from app.api.context import Req, answer, context
from app.api.declare import REPORTER, SECRET, call
from app.api.follow import reporter, whole
from app.api.problems import lang_of
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.reports import pushing

_ERRORS = (Forbidden("reports.not_reporter"), NotFound("reports.code_unknown", code="PA-7K3M-9QX2"))


class DeviceBody(Struct, frozen=True, forbid_unknown_fields=True):
    """``push_url``: what the push service gave the app (UnifiedPush's endpoint, or that of a Web Push subscription)."""

    push_url: Annotated[str, Meta(extra_json_schema={"maxLength": outward.URL_MOST})]


class DeviceView(Struct):
    """The app with this address is woken from now on."""

    push_url: str
    at: datetime


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
    await pushing.register(parts.pool, report, body.push_url, lang_of(request))
    return answer(request, DeviceView(body.push_url, datetime.now(UTC)))


@delete("/reports/{code:str}/device", **call(REPORTER, "follow", status=204, headers=(SECRET,), errors=_ERRORS))
async def remove_device(request: Req, code: FromPath[str]) -> Response[None]:
    report = await whole(request, code)
    await reporter(request, report)
    await pushing.remove(context(request).parts.pool, report)
    return Response(None, status_code=204)


ROUTES = [register_device, remove_device]
