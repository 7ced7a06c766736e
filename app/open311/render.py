"""Answers as XML and JSON from the same values: texts, numbers, lists, and mappings in the order of their keys."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

import msgspec

from app.routing.calendar import VIETNAM

_ONE_OF = {
    "endpoints": "endpoint", "formats": "format", "attributes": "attribute", "values": "value", "photos": "photo",
}  # fmt: skip
"""What XML calls each member of these lists."""
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def moment(at: datetime | None) -> str | None:
    """W3C date and time, with the zone."""
    return None if at is None else at.astimezone(VIETNAM).isoformat(timespec="seconds")


def json(value: Any) -> bytes:
    return msgspec.json.encode(value)


def xml(root: str, item: str, value: Any) -> bytes:
    """``item``: what each member is called where the whole is a list."""
    out = ['<?xml version="1.0" encoding="utf-8"?>\n']
    _element(out, root, value, item)
    return "".join(out).encode()


def _element(out: list[str], name: str, value: Any, item: str = "") -> None:
    if value is None or value == "":
        out.append(f"<{name}/>")
        return
    out.append(f"<{name}>")
    if isinstance(value, Mapping):
        for key, each in value.items():
            _element(out, key, each)
    elif isinstance(value, list):
        one = item or _ONE_OF[name]
        for each in value:
            _element(out, one, each)
    else:
        out.append(_text(value))
    out.append(f"</{name}>")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _NOT_XML.sub("\ufffd", escape(value)) if isinstance(value, str) else str(value)
