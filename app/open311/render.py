"""Answers as XML and JSON from the same values: texts, numbers, lists, and dicts in the order of their keys."""

import re
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
    # Once over the whole: a thousand requests are fourteen thousand texts.
    return _NOT_XML.sub("\ufffd", "".join(out)).encode()


def _element(out: list[str], name: str, value: Any, item: str = "") -> None:
    if value is None or value == "":
        out.append(f"<{name}/>")
    elif isinstance(value, str):
        out.append(f"<{name}>{escape(value)}</{name}>")
    elif isinstance(value, bool):
        out.append(f"<{name}>{'true' if value else 'false'}</{name}>")
    elif isinstance(value, dict):
        out.append(f"<{name}>")
        for key, each in value.items():
            _element(out, key, each)
        out.append(f"</{name}>")
    elif isinstance(value, list):
        out.append(f"<{name}>")
        one = item or _ONE_OF[name]
        for each in value:
            _element(out, one, each)
        out.append(f"</{name}>")
    else:
        out.append(f"<{name}>{value}</{name}>")
