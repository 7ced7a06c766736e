"""Answers that have not changed since the caller's copy are not sent again (ETag, If-None-Match)."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from litestar import Response
from msgspec import json

from app.api.context import Req, answer
from app.api.problems import lang_of

_TAGS = re.compile(r'"[^"]*"')


def etag_of(*said: object) -> str:
    """A tag that changes with any of what an answer is made of."""
    return f'"{hashlib.sha256(repr(said).encode()).hexdigest()[:20]}"'


def is_known(request: Req, etag: str) -> bool:
    """Whether the caller has the answer with this tag. Compared weakly, as RFC 9110 has it for If-None-Match."""
    given = request.headers.get("if-none-match", "")
    return given.strip() == "*" or etag in _TAGS.findall(given)


def unchanged(etag: str, headers: Mapping[str, str]) -> Response[bytes]:
    """304; with the headers that a 200 would have had."""
    return Response(b"", status_code=304, headers={**headers, "ETag": etag})


def tagged(request: Req, view: Any, headers: Mapping[str, str], etag: str | None = None) -> Response[bytes]:
    """JSON, or 304 when the caller has it. ``etag``: of what is known before, else it is made of the answer."""
    etag = etag or etag_of(json.encode(view), lang_of(request))
    said = {"Vary": "Accept-Language", **headers}
    return unchanged(etag, said) if is_known(request, etag) else answer(request, view, headers={**said, "ETag": etag})
