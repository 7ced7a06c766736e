"""A feed as Atom (RFC 4287). Pure: the same entries give the same bytes."""

import html
import re
import xml.etree.ElementTree as ET  # writes only; nothing is parsed here
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5

from msgspec import Struct

from app.i18n import Lang

CONTENT_TYPE = "application/atom+xml; charset=utf-8"
_ATOM, _GEORSS = "http://www.w3.org/2005/Atom", "http://www.georss.org/georss"
_BEFORE_ALL = datetime(2025, 7, 1, tzinfo=UTC)
"""When a feed without entries was last updated: the day from which communes are what they are."""
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

for _prefix, _uri in (("", _ATOM), ("georss", _GEORSS)):
    ET.register_namespace(_prefix, _uri)


class Entry(Struct, frozen=True, kw_only=True):
    """``key`` names it for good; ``paragraphs`` are plain text, a heading ("" for none) with each. ``picture``: an
    address that always shows what may be seen now."""

    key: str
    title: str
    link: str
    published: datetime
    updated: datetime
    category: tuple[str, str]
    paragraphs: Sequence[tuple[str, str]]
    picture: str = ""
    point: tuple[float, float] | None = None


class Feed(Struct, frozen=True, kw_only=True):
    key: str
    title: str
    subtitle: str
    author: str
    lang: Lang
    here: str
    page: str
    icon: str
    entries: Sequence[Entry]

    @property
    def updated(self) -> datetime:
        return max((entry.updated for entry in self.entries), default=_BEFORE_ALL)


def written(feed: Feed) -> bytes:
    root = ET.Element(f"{{{_ATOM}}}feed", {"{http://www.w3.org/XML/1998/namespace}lang": feed.lang})
    _put(root, "id", _id(feed.key))
    _put(root, "title", feed.title)
    _put(root, "subtitle", feed.subtitle)
    _put(root, "updated", _moment(feed.updated))
    _put(_put(root, "author"), "name", feed.author)
    _put(root, "link", rel="self", type="application/atom+xml", href=feed.here)
    _put(root, "link", rel="alternate", type="text/html", href=feed.page)
    _put(root, "icon", feed.icon)
    for entry in feed.entries:
        _entry(root, entry)
    said = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{said}\n'.encode()


def _entry(root: ET.Element, entry: Entry) -> None:
    one = _put(root, "entry")
    _put(one, "id", _id(entry.key))
    _put(one, "title", entry.title)
    _put(one, "link", rel="alternate", type="text/html", href=entry.link)
    _put(one, "published", _moment(entry.published))
    _put(one, "updated", _moment(entry.updated))
    term, label = entry.category
    _put(one, "category", term=term, label=label)
    said = [f'<p><img src="{html.escape(entry.picture)}" alt=""></p>'] if entry.picture else []
    for heading, text in entry.paragraphs:
        said += [f"<p><strong>{html.escape(heading)}</strong></p>"] if heading else []
        said.append(f"<p>{html.escape(text)}</p>".replace("\n", "<br>"))
    _put(one, "content", "".join(said), type="html")
    if entry.point:
        ET.SubElement(one, f"{{{_GEORSS}}}point").text = f"{entry.point[0]} {entry.point[1]}"


def _put(parent: ET.Element, name: str, text: str = "", **attributes: str) -> ET.Element:
    made = ET.SubElement(parent, f"{{{_ATOM}}}{name}", {key: _clean(said) for key, said in attributes.items()})
    if text:
        made.text = _clean(text)
    return made


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


def _id(key: str) -> str:
    """The same wherever and by whatever address the system is reached."""
    return f"urn:uuid:{uuid5(NAMESPACE_URL, f'phananh:{key}')}"


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
