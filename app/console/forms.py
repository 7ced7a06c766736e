"""Reading what a page's form sent: fields and small files, never more than the limits."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl

from msgspec import Struct
from multipart import (  # type: ignore[import-untyped]  # ships no types
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
)

from app.console.context import Req
from app.errors import AppError, TooLarge
from app.i18n.text import nfc

MOST_BYTES = 17 << 20
"""A rules file with everything it includes, and a little for the form around it."""
_FIELDS_MOST = 2_000
"""A box for each category and commune of a province, or for each report somebody may act on at once, and enough more
to be able to say that these are too many."""
_DRAINED_MOST = 64 << 20


class Malformed(AppError):
    """The bytes are no form."""

    status = 400


class File(Struct, frozen=True):
    name: str
    data: bytes


class Form(Struct):
    """``fields`` as typed, the last of each name; ``ticked``: all values of a name that came several times; ``files``
    by field, without those left empty."""

    fields: dict[str, str] = {}
    files: dict[str, File] = {}
    ticked: dict[str, list[str]] = {}

    def text(self, name: str) -> str:
        """A line somebody typed: composed, trimmed, "" when it was not sent."""
        return nfc(self.fields.get(name, ""))


async def read_form(request: Req) -> Form:
    """Raises Malformed, TooLarge."""
    kind, parameters = request.content_type
    body = b"".join([chunk async for chunk in _chunks(request)])
    try:
        if kind == "multipart/form-data":
            return _multipart(body, parameters.get("boundary", "").encode("ascii"))
        form = Form()
        for name, text in parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_FIELDS_MOST):
            _put(form, name, text)
        return form
    except (MultipartError, ValueError):
        raise Malformed("console.form_broken") from None


async def _chunks(request: Req) -> AsyncIterator[bytes]:
    """The body piece by piece. What is too large is read to its end, within reason: a browser that is cut off while it
    sends shows its own error instead of ours."""
    seen = 0
    while True:
        message: Any = await request.receive()
        if message["type"] == "http.disconnect":
            raise Malformed("console.form_broken")
        seen += len(message["body"])
        if seen <= MOST_BYTES:
            yield message["body"]
        if seen > _DRAINED_MOST or not message.get("more_body", False):
            break
    if seen > MOST_BYTES:
        raise TooLarge("console.form_large", most=MOST_BYTES >> 20)


def _multipart(body: bytes, boundary: bytes) -> Form:
    form, part, data = Form(), None, bytearray()
    with PushMultipartParser(boundary, max_segment_count=_FIELDS_MOST, max_segment_size=MOST_BYTES) as parser:
        for event in parser.parse(body):
            if isinstance(event, MultipartSegment):
                part, data = event, bytearray()
            elif event:
                data += event
            elif part is not None:
                _keep(form, part, bytes(data))
    return form


def _keep(form: Form, part: MultipartSegment, data: bytes) -> None:
    if part.filename is None:
        _put(form, part.name, data.decode())
    elif data or part.filename:
        form.files[part.name] = File(part.filename, data)


def _put(form: Form, name: str, text: str) -> None:
    form.fields[name] = text
    form.ticked.setdefault(name, []).append(text)
