"""Photos piece by piece over bad lines: the tus protocol 1.0 (https://tus.io/protocols/resumable-upload) with its
extensions creation, creation-with-upload, termination, expiration and checksum.

Whoever knows an upload's address is its sender; nobody else can guess it.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import AsyncIterator
from typing import Any

from litestar import Request, Response, Router, delete, head, patch, post, route
from litestar.enums import HttpMethod
from litestar.params import FromPath

from app.api.body import WrongType
from app.api.context import Context, Req, context
from app.api.declare import ANYONE, Header, call
from app.api.problems import HANDLERS
from app.errors import AppError, Conflict, Invalid, NotFound, TooLarge, TooMany, Unavailable
from app.forms import Cut, pieces
from app.photos import resumable
from app.photos.model import MAX_BYTES
from app.photos.store_resumable import Uploading
from app.photos.uploads import Upload

BYTES = "application/offset+octet-stream"
VERSION = "1.0.0"
_EXTENSIONS = "creation,creation-with-upload,expiration,termination,checksum"
_ALGORITHMS = ("sha1", "sha256")
_NUMBER = re.compile(r"\d{1,15}", re.ASCII)

RESUMABLE = Header("Tus-Resumable", VERSION, required=True)
LENGTH = Header("Upload-Length", "2834901")
OFFSET = Header("Upload-Offset", "524288")
METADATA = Header("Upload-Metadata", "filename ZGVuLWR1b25nLmpwZw==")
CHECKSUM = Header("Upload-Checksum", "sha256 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
EXPIRES = Header("Upload-Expires", "Sun, 29 Nov 2026 02:14:09 GMT")
LOCATION = Header("Location", "https://phananh.example.vn/api/v1/uploads/3f0c5f0e-6a64-4b7e-9d7c-2b7f0f1f5b11")
MAX_SIZE = {"Tus-Max-Size": str(MAX_BYTES)}


class WrongVersion(AppError):
    """Not the version of the protocol that we speak."""

    status = 412


class ChecksumMismatch(AppError):
    """The bytes are others than the sender's; nothing of them is kept."""

    status = 460


def _check_version(request: Req) -> None:
    if request.headers.get("tus-resumable") != VERSION:
        raise WrongVersion("uploads.version_wrong", field="Tus-Resumable", version=VERSION)


def _number(request: Req, name: str) -> int:
    given = request.headers.get(name, "")
    if not _NUMBER.fullmatch(given):
        raise Invalid("uploads.number_wrong", field=name)
    return int(given)


def _headers(uploading: Uploading, received: int) -> dict[str, str]:
    expires = uploading.expires_at.strftime("%a, %d %b %Y %H:%M:%S GMT")
    return {"Tus-Resumable": VERSION, "Upload-Offset": str(received), "Upload-Expires": expires}


def _name(metadata: str) -> str:
    """The file's name from ``filename b64, other b64``. Raises Invalid."""
    try:
        pairs = [each.strip().split(" ", 1) for each in metadata.split(",") if each.strip()]
        said = {pair[0]: base64.b64decode(pair[1] if len(pair) > 1 else "", validate=True) for pair in pairs}
        return said.get("filename", b"").decode()
    except (binascii.Error, UnicodeError, ValueError):
        raise Invalid("uploads.metadata_wrong", field="Upload-Metadata") from None


async def _bytes(request: Req) -> AsyncIterator[bytes]:
    """The body as it comes. A line that breaks or falls silent is its end: what has come is worth keeping."""
    try:
        async for piece in pieces(request):
            yield piece
    except Cut:
        return


async def _take(ctx: Context, request: Req, uploading: Uploading, start: int) -> int:
    """Append the body; gives the new length."""
    pool, checksum = ctx.parts.pool, request.headers.get("upload-checksum")
    if checksum is None:
        return await resumable.append(pool, uploading, start, _bytes(request))
    algorithm, _, wanted = checksum.partition(" ")
    if algorithm not in _ALGORITHMS:
        raise Invalid("uploads.checksum_unknown", field="Upload-Checksum", known=", ".join(_ALGORITHMS))
    body, digest = Upload(""), hashlib.new(algorithm, usedforsecurity=False)
    try:
        async for chunk in _bytes(request):
            digest.update(chunk)
            await body.add(chunk)
            resumable.check_fits(uploading, start + body.size)
        if not hmac.compare_digest(base64.b64encode(digest.digest()), wanted.encode()):
            raise ChecksumMismatch("uploads.checksum_wrong", field="Upload-Checksum")
        return await resumable.append(pool, uploading, start, _once(await body.read()))
    finally:
        body.close()


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data


_UNKNOWN = NotFound("uploads.unknown")
_VERSION = WrongVersion("uploads.version_wrong", field="Tus-Resumable", version=VERSION)
_TAKING = (
    _VERSION,
    TooLarge("uploads.beyond", field="Upload-Length", length=2_834_901),
    Invalid("uploads.checksum_unknown", field="Upload-Checksum", known="sha1, sha256"),
    ChecksumMismatch("uploads.checksum_wrong", field="Upload-Checksum"),
)


@route("/", http_method=[HttpMethod.OPTIONS], **call(ANYONE, "report", status=204))
async def upload_options() -> Response[None]:
    headers = {
        "Tus-Version": VERSION,
        "Tus-Extension": _EXTENSIONS,
        "Tus-Checksum-Algorithm": ",".join(_ALGORITHMS),
    }
    return Response(None, status_code=204, headers={"Tus-Resumable": VERSION, **headers, **MAX_SIZE})


@post(
    "/",
    **call(
        ANYONE,
        "report",
        status=201,
        headers=(RESUMABLE, Header(LENGTH.name, LENGTH.example, required=True), METADATA, CHECKSUM),
        takes=BYTES,
        gives=(LOCATION, OFFSET, EXPIRES, RESUMABLE),
        errors=(
            *_TAKING,
            TooLarge("uploads.too_large", field="Upload-Length", most=MAX_BYTES >> 20),
            Invalid("uploads.number_wrong", field="Upload-Length"),
            Invalid("uploads.metadata_wrong", field="Upload-Metadata"),
            TooMany("api.too_many_reports", retry_after=1),
            Unavailable("uploads.full"),
        ),
    ),
)
async def begin_upload(request: Req) -> Response[bytes]:
    _check_version(request)
    ctx = context(request)
    ctx.limiter.take(request)
    metadata = request.headers.get("upload-metadata", "")
    length = _number(request, "Upload-Length")
    uploading = await resumable.begin(ctx.parts.pool, length, metadata, _name(metadata))
    received = 0
    if request.content_type[0] == BYTES:
        received = await _take(ctx, request, uploading, 0)
    where = {"Location": f"{ctx.root}/uploads/{uploading.upload_id}"}
    return Response(b"", media_type=BYTES, status_code=201, headers=_headers(uploading, received) | where)


@head(
    "/{upload_id:str}",
    **call(
        ANYONE,
        "report",
        headers=(RESUMABLE,),
        gives=(OFFSET, LENGTH, METADATA, EXPIRES, RESUMABLE),
        errors=(_VERSION, _UNKNOWN),
    ),
)
async def see_upload(request: Req, upload_id: FromPath[str]) -> Response[None]:
    _check_version(request)
    uploading = await resumable.find(context(request).parts.pool, upload_id)
    headers = _headers(uploading, uploading.received) | {"Upload-Length": str(uploading.length)}
    if uploading.metadata:
        headers["Upload-Metadata"] = uploading.metadata
    return Response(None, media_type="text/plain", headers=headers | {"Cache-Control": "no-store"})


@patch(
    "/{upload_id:str}",
    **call(
        ANYONE,
        "report",
        status=204,
        headers=(RESUMABLE, Header(OFFSET.name, OFFSET.example, required=True), CHECKSUM),
        takes=BYTES,
        gives=(OFFSET, EXPIRES, RESUMABLE),
        errors=(
            *_TAKING,
            _UNKNOWN,
            Conflict("uploads.offset_wrong", field="Upload-Offset", received=524_288),
            WrongType("api.wrong_content_type", field="Content-Type", takes=BYTES),
            Invalid("uploads.number_wrong", field="Upload-Offset"),
        ),
    ),
)
async def continue_upload(request: Req, upload_id: FromPath[str]) -> Response[None]:
    _check_version(request)
    if request.content_type[0] != BYTES:
        raise WrongType("api.wrong_content_type", field="Content-Type", takes=BYTES)
    ctx, start = context(request), _number(request, "Upload-Offset")
    uploading = await resumable.find(ctx.parts.pool, upload_id)
    received = await _take(ctx, request, uploading, start)
    return Response(None, status_code=204, headers=_headers(uploading, received))


@delete(
    "/{upload_id:str}",
    **call(ANYONE, "report", status=204, headers=(RESUMABLE,), gives=(RESUMABLE,), errors=(_VERSION, _UNKNOWN)),
)
async def end_upload(request: Req, upload_id: FromPath[str]) -> Response[None]:
    _check_version(request)
    await resumable.end(context(request).parts.pool, upload_id)
    return Response(None, status_code=204, headers={"Tus-Resumable": VERSION})


def _told(handler: Any) -> Any:
    """Errors carry the protocol's headers as well."""

    def tell(request: Request[Any, Any, Any], error: Any) -> Any:
        response = handler(request, error)
        response.headers["Tus-Resumable"] = VERSION
        if isinstance(error, WrongVersion):
            response.headers["Tus-Version"] = VERSION
        return response

    return tell


ROUTES = [
    Router(
        "/uploads",
        route_handlers=[upload_options, begin_upload, see_upload, continue_upload, end_upload],
        exception_handlers={kind: _told(handler) for kind, handler in HANDLERS.items()},
    )
]
