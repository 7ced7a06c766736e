"""What an Open311 server's answers say, in XML or JSON, however loosely it follows the wiki. Pure."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Literal
from xml.etree import ElementTree as Tree

from msgspec import Struct

from app.routing.calendar import VIETNAM

_LISTS = frozenset(
    {"service_requests", "services", "service_request_updates", "errors", "discovery", "endpoints", "formats"}
    | {"requests", "attributes", "values"}
)
_DEEPEST = 40
_WORDS_MOST, _NAME_MOST, _ITEMS_MOST = 4000, 200, 5000
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class Garbled(ValueError):
    """It cannot be read, or does not say what it has to."""


class Service(Struct, frozen=True):
    """``asks``: it has attributes."""

    code: str
    name: str
    group: str = ""
    asks: bool = False


class Attribute(Struct, frozen=True):
    """A further question of a service. ``values``: key → name, of lists."""

    code: str
    datatype: str
    required: bool
    description: str
    values: dict[str, str] = {}

    @property
    def chosen(self) -> bool:
        """Whether one of ``values`` is the answer."""
        return self.datatype in ("singlevaluelist", "multivaluelist")


class Taken(Struct, frozen=True):
    """The answer to a request that was sent: its number, or a token for it."""

    number: str
    token: str
    notice: str


class Standing(Struct, frozen=True):
    """How a request stands there. ``whole``: all that was said of it, to look for our mark in."""

    number: str
    status: Literal["open", "closed"]
    words: str
    asked_at: datetime | None
    updated_at: datetime | None
    whole: str


class Update(Struct, frozen=True):
    ident: str
    number: str
    status: Literal["open", "closed"]
    words: str
    at: datetime | None
    media: str


class Endpoint(Struct, frozen=True):
    url: str
    form: Literal["json", "xml"]


def read(body: bytes) -> Any:
    """Lists, mappings and texts. Raises Garbled."""
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    try:
        if start in (b"[", b"{"):
            return json.loads(body.decode("utf-8-sig"))
        if start == b"<":
            return _xml(body)
    except (ValueError, RecursionError, LookupError, Tree.ParseError):
        raise Garbled("the answer cannot be read") from None
    raise Garbled("the answer is neither XML nor JSON")


class _Plain(Tree.TreeBuilder):
    """Entities of its own are what makes a small document grow without end; in whichever encoding they come."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:  # noqa: ARG002  # the parser's call
        raise Garbled("the answer has a document type")


def _xml(body: bytes) -> Any:
    parser = Tree.XMLParser(target=_Plain())  # noqa: S314  # it can define no entities, and is short
    return _value(Tree.fromstring(body, parser), 0)  # noqa: S314  # as above


def _value(element: Tree.Element, depth: int) -> Any:
    if depth > _DEEPEST:
        raise Garbled("the answer is too deep")
    name = element.tag.rpartition("}")[2]
    if name in _LISTS and (len(element) or not (element.text or "").strip()):
        if name == "discovery":
            return {child.tag.rpartition("}")[2]: _value(child, depth + 1) for child in element}
        return [_value(child, depth + 1) for child in element]
    if len(element):
        return {child.tag.rpartition("}")[2]: _value(child, depth + 1) for child in element}
    return element.text or ""


def members(value: Any) -> list[dict[str, Any]]:
    """The mappings of a list, also of one that stands alone in a mapping, as some servers have it."""
    if isinstance(value, dict):
        inner = list(value.values())
        value = inner[0] if len(inner) == 1 and isinstance(inner[0], list) else [value]
    if not isinstance(value, list):
        raise Garbled("the answer is no list")
    return [each for each in value[:_ITEMS_MOST] if isinstance(each, dict)]


def text(value: Any, most: int = _NAME_MOST) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _CONTROL.sub(" ", str(value)).strip()[:most] if isinstance(value, str | int | float) else ""


def moment(value: Any) -> datetime | None:
    """W3C date and time; without a zone it is Vietnam's."""
    try:
        at = datetime.fromisoformat(text(value))
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=VIETNAM)).astimezone(UTC)


def services(value: Any) -> list[Service]:
    """Raises Garbled for none at all."""
    found = {}
    for each in members(value):
        if code := text(each.get("service_code")):
            asks = text(each.get("metadata")).lower() == "true"
            name = text(each.get("service_name")) or code
            found[code] = Service(code, name, text(each.get("group")), asks)
    if not found:
        raise Garbled("it has no services")
    return list(found.values())


def attributes(value: Any) -> list[Attribute]:
    """Those that are asked. A definition comes by itself or in a list."""
    whole = members(value)
    if len(whole) == 1 and isinstance(whole[0].get("attributes"), list | dict):
        whole = members(whole[0]["attributes"])
    found = []
    for each in whole:
        code = text(each.get("code"))
        if not code or text(each.get("variable", True)).lower() == "false":
            continue
        offered = each.get("values") or []
        named = members(offered) if isinstance(offered, list | dict) else []
        values = {text(one.get("key")): text(one.get("name")) or text(one.get("key")) for one in named}
        required = text(each.get("required")).lower() == "true"
        datatype = text(each.get("datatype")).lower() or "string"
        found.append(Attribute(code, datatype, required, text(each.get("description")) or code, values))
    return found


def taken(value: Any) -> Taken:
    """Raises Garbled where there is neither number nor token."""
    for each in members(value):
        number, token = text(each.get("service_request_id")), text(each.get("token"))
        if number or token:
            return Taken(number, token, text(each.get("service_notice"), 500))
    raise Garbled("the answer has neither number nor token")


def number(value: Any) -> str | None:
    """What a token stands for by now."""
    return next((said for each in members(value) if (said := text(each.get("service_request_id")))), None)


def standings(value: Any) -> list[Standing]:
    return [
        Standing(
            number,
            _status(each.get("status")),
            text(each.get("status_notes"), _WORDS_MOST),
            moment(each.get("requested_datetime")),
            moment(each.get("updated_datetime")),
            "\n".join(_texts(each)),
        )
        for each in members(value)
        if (number := text(each.get("service_request_id")))
    ]


def updates(value: Any) -> list[Update]:
    found = []
    for each in members(value):
        ident, number = text(each.get("update_id")), text(each.get("service_request_id"))
        if ident and number:
            found.append(
                Update(
                    ident,
                    number,
                    _status(each.get("status")),
                    text(each.get("description"), _WORDS_MOST),
                    moment(each.get("updated_datetime")),
                    text(each.get("media_url"), 2000),
                )
            )
    return found


def problems(body: bytes) -> str:
    """What an error says, as far as it can be read."""
    try:
        said = [text(each.get("description"), 300) for each in members(read(body))]
    except Garbled:
        return ""
    return "; ".join(each for each in said if each)[:300]


def endpoint(value: Any, base: str) -> Endpoint | None:
    """The one that was meant by ``base``, else the production one, with the form it answers in, JSON where it can."""
    whole = value if isinstance(value, dict) else next(iter(members(value)), {})
    offered = whole.get("endpoints")
    usable = []
    for each in members(offered) if isinstance(offered, list | dict) else []:
        url = text(each.get("url"), 500).rstrip("/")
        specified = text(each.get("specification")).lower()
        if url and ("v2" in specified or not specified):
            formats = " ".join(_texts(each.get("formats", ""))).lower()
            usable.append((url, text(each.get("type")).lower(), "json" if "json" in formats else "xml"))
    for wanted in (lambda one: one[0] == base, lambda one: one[1] == "production", lambda _: len(usable) == 1):
        for one in usable:
            if wanted(one):
                return Endpoint(one[0], "json" if one[2] == "json" else "xml")
    return None


def _status(value: Any) -> Literal["open", "closed"]:
    return "closed" if text(value).lower() == "closed" else "open"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, str | int | float):
        yield str(value)
