"""The wall's scenes in words and drawings: each part of the page as a piece of HTML, made once for all screens."""

import asyncio
import hashlib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from jinja2 import Environment
from msgspec import Struct

from app.accounts import service as accounts
from app.i18n import Lang, t
from app.pages import templates_in
from app.photos.service import own_url
from app.places.drawing import Drawing, draw
from app.routing.calendar import VIETNAM
from app.screens.board import DAYS, LATE_LEAST, LATE_OVER, Board, Pin
from app.stats.written import NONE, number
from app.wall.assets import address
from app.wiring import Parts

PARTS = ("today", "pins", "latest", "late", "shown", "days")
_PHOTOS = "/api/v1/photos"
_LATEST = 5
"""Lines beside the map that are legible from four metres."""
_FRESH_MINUTES = 30
"""A dot of a report that is younger than this stands out."""
CHART = (1600, 560)


class Dot(Struct, frozen=True):
    """``age``: fresh, or of the last day."""

    x: float
    y: float
    age: str


class Column(Struct, frozen=True):
    """A day of the trend; heights in units of the chart."""

    name: str
    received: int
    handled: int
    up: float
    up_handled: float


@cache
def templates() -> Environment:
    made = templates_in(Path(__file__).parent / "pages")
    made.globals |= {"asset": address}
    return made


def percent(value: float | None, lang: Lang) -> str:
    """ "92,5": without its sign, which stands smaller beside it."""
    return NONE if value is None else number(value, lang, 0 if value == round(value) else 1)


class Scenes:
    """Keeps what it made last, for each language."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._made: dict[Lang, tuple[Board, dict[str, str]]] = {}
        self._drawn: tuple[UUID | None, str, Drawing | None] | None = None

    @property
    def version(self) -> str:
        """Another one when the page, its style or its script is another one: screens that show an older one load
        themselves anew."""
        return _version()

    async def drawing(self) -> Drawing | None:
        """The province, drawn once for the boundaries in use."""
        gazetteer, province = self._parts.gazetteer, self._parts.rules.province_code
        if self._drawn is None or self._drawn[:2] != (gazetteer.set_id, province):
            made = await asyncio.to_thread(lambda: draw(gazetteer.outlines(province)))
            self._drawn = gazetteer.set_id, province, made
        return self._drawn[2]

    async def parts(self, board: Board, lang: Lang) -> dict[str, str]:
        kept = self._made.get(lang)
        if kept is None or kept[0] is not board:
            kept = self._made[lang] = board, await self._render(board, lang)
        return kept[1]

    async def _render(self, board: Board, lang: Lang) -> dict[str, str]:
        agencies = {one.agency for one in board.late} | {one.agency for one in board.shown}
        async with self._parts.pool.acquire() as conn:
            names = await accounts.agency_names(conn, sorted(agencies), lang)
        values: dict[str, Any] = {
            "board": board,
            "dots": _dots(await self.drawing(), board),
            "latest": board.pins[:_LATEST],
            "columns": _columns(board),
            "chart": CHART,
            "photo": lambda sha256: own_url(self._parts.settings.secret_key, _PHOTOS, sha256, "large"),
            "agency": lambda one: names.get(one, one),
            "category": lambda one: self._category(one, lang),
            "commune": self._commune,
            "since": lambda at: since(at, board.made_at, lang),
            "least": LATE_LEAST,
            "late_days": LATE_OVER.days,
            "days": DAYS,
        }
        return {name: " ".join(words_in(lang, f"part_{name}.html.j2", **values).split()) for name in PARTS}

    def _category(self, category_id: str, lang: Lang) -> str:
        category = self._parts.rules.categories.get(category_id)
        return category_id if category is None else category.name_en if lang == "en" else category.name

    def _commune(self, code: str) -> str:
        found = self._parts.gazetteer.commune(code) if code else None
        return found.full_name if found else ""


def words_in(lang: Lang, template: str, **params: Any) -> str:
    return (
        templates()
        .get_template(template)
        .render(
            lang=lang,
            t=lambda key, **more: t(key, lang, **more),
            number=lambda value: number(value, lang),
            percent=lambda value: percent(value, lang),
            **params,
        )
    )


def since(at: datetime, now: datetime, lang: Lang) -> str:
    """ "5 phút trước", "2 giờ trước", or the day: read from afar, so roughly."""
    minutes = max(0, int((now - at).total_seconds() // 60))
    if minutes < 1:
        return t("wall.just_now", lang)
    if minutes < 60:
        return t("wall.minutes_ago", lang, count=minutes)
    if minutes < 24 * 60:
        return t("wall.hours_ago", lang, count=minutes // 60)
    return f"{at.astimezone(VIETNAM):%d/%m}"


def _dots(drawing: Drawing | None, board: Board) -> list[Dot]:
    """The oldest first, so that the newest lie on top; those of the same square and age are one."""
    if drawing is None:
        return []
    centres = {area.code: (area.x, area.y) for area in drawing.areas}
    found: dict[Dot, None] = {}
    for pin in reversed(board.pins):
        place = _place(drawing, centres, pin)
        if place is not None:
            minutes = (board.made_at - pin.at).total_seconds() / 60
            found[Dot(*place, "fresh" if minutes < _FRESH_MINUTES else "day")] = None
    return list(found)


def _place(drawing: Drawing, centres: dict[str, tuple[float, float]], pin: Pin) -> tuple[float, float] | None:
    at = drawing.at(pin.lat, pin.lon) if pin.lat is not None and pin.lon is not None else None
    return at or centres.get(pin.commune)


def _columns(board: Board) -> list[Column]:
    most = max([1, *(max(one.received, one.handled) for one in board.days)])
    high = CHART[1] - 120
    return [
        Column(
            f"{one.day:%d/%m}",
            one.received,
            one.handled,
            round(high * one.received / most, 1),
            round(high * one.handled / most, 1),
        )
        for one in board.days
    ]


@cache
def _version() -> str:
    found = hashlib.sha256("".join(address(f"wall.{kind}") for kind in ("css", "js")).encode())
    for path in sorted((Path(__file__).parent / "pages").iterdir()):
        found.update(path.read_bytes())
    return found.hexdigest()[:12]
