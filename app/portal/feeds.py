"""Atom feeds of what is published: of the whole province, a commune, a category or a group of them, or both."""

import hashlib
from email.utils import format_datetime, parsedate_to_datetime

from litestar import Response, get
from litestar.params import FromPath

from app.casefile.words import category_name, status_word, when
from app.errors import Invalid, NotFound
from app.i18n import LANGS, Lang, t
from app.photos.service import own_url
from app.portal.assets import address
from app.portal.context import Req, open_to, portal
from app.reports import news
from app.reports.codes import read_code
from app.reports.news import News
from app.subscriptions import atom
from app.subscriptions.model import Area, area_of, categories_of, name_of

HERE = "/feeds"
ENTRIES = 50
_WORDS = 60
"""Characters of a report's words in its title."""
_FRESH = "public, max-age=300"


def path_of(area: Area, lang: Lang) -> str:
    """The feed's address."""
    pieces = [HERE]
    pieces += ["communes", area.commune] if area.commune else []
    pieces += ["groups", area.group] if area.group else ["categories", area.category] if area.category else []
    path = "/".join(pieces if len(pieces) > 1 else [HERE, "reports"])
    return f"{path}.atom{'?lang=en' if lang == 'en' else ''}"


@get(f"{HERE}/{{last:str}}", **open_to("anyone"))
async def whole(request: Req, last: FromPath[str]) -> Response[bytes]:
    if _name(last) != "reports":
        raise NotFound("portal.not_found")
    return await _feed(request, Area())


@get(f"{HERE}/communes/{{code:str}}", **open_to("anyone"))
async def of_commune(request: Req, code: FromPath[str]) -> Response[bytes]:
    return await _feed(request, _area(request, _name(code), ""))


@get(f"{HERE}/groups/{{last:str}}", **open_to("anyone"))
async def of_group(request: Req, last: FromPath[str]) -> Response[bytes]:
    return await _feed(request, _area(request, "", _topic("groups", last)))


@get(f"{HERE}/categories/{{last:str}}", **open_to("anyone"))
async def of_category(request: Req, last: FromPath[str]) -> Response[bytes]:
    return await _feed(request, _area(request, "", _topic("categories", last)))


@get(f"{HERE}/communes/{{code:str}}/{{kind:str}}/{{last:str}}", **open_to("anyone"))
async def both(request: Req, code: FromPath[str], kind: FromPath[str], last: FromPath[str]) -> Response[bytes]:
    return await _feed(request, _area(request, code, _topic(kind, last)))


def _name(last: str) -> str:
    name, dot, suffix = last.rpartition(".")
    if not dot or suffix != "atom" or not name:
        raise NotFound("portal.not_found")
    return name


def _topic(kind: str, last: str) -> str:
    known = {"groups": "group", "categories": "category"}
    if kind not in known:
        raise NotFound("portal.not_found")
    return f"{known[kind]}:{_name(last)}"


def _area(request: Req, commune: str, topic: str) -> Area:
    parts = portal(request).parts
    try:
        return area_of(parts.rules, parts.gazetteer, commune, topic)
    except Invalid:
        raise NotFound("portal.not_found") from None


async def _feed(request: Req, area: Area) -> Response[bytes]:
    """In the language of its address, for it is read by programs; Vietnamese where it says none."""
    parts = portal(request).parts
    lang = next((lang for lang in LANGS if lang == request.query_params.get("lang")), LANGS[0])
    async with parts.pool.acquire() as conn:
        found = await news.latest(
            conn,
            lang,
            commune=area.commune or None,
            categories=categories_of(parts.rules, area),
            limit=ENTRIES,
        )
    made = _made(request, area, found, lang)
    said = atom.written(made)
    headers = {
        "ETag": f'"{hashlib.sha256(said).hexdigest()[:32]}"',
        "Last-Modified": format_datetime(made.updated, usegmt=True),
        "Cache-Control": _FRESH,
        "Access-Control-Allow-Origin": "*",
    }
    if _known(request, headers["ETag"], made):
        return Response(b"", status_code=304, headers=headers)
    return Response(said, media_type=atom.CONTENT_TYPE, headers=headers)


def _known(request: Req, etag: str, made: atom.Feed) -> bool:
    """Whether the reader has it as it is. A tag says more than a time and goes first (RFC 9110, 13.2.2)."""
    if tags := request.headers.get("if-none-match"):
        return tags.strip() == "*" or etag in tags
    try:
        since = parsedate_to_datetime(request.headers.get("if-modified-since", ""))
        return made.updated.replace(microsecond=0) <= since
    except (ValueError, TypeError):
        return False


def _made(request: Req, area: Area, found: list[News], lang: Lang) -> atom.Feed:
    parts = portal(request).parts
    rules, site = parts.rules, parts.settings.public_url
    centre = rules.agencies[rules.coordinator_id]
    path = f"/communes/{area.commune}" if area.commune and not area.topic else f"/reports?{_query(area)}".rstrip("?")
    return atom.Feed(
        key=f"feed:{rules.province_code}:{area.commune}:{area.topic}:{lang}",
        title=f"{t('portal.name', lang)}: {name_of(rules, parts.gazetteer, area, lang)}",
        subtitle=t("follow.feed_says", lang),
        author=(centre.name_en if lang == "en" else "") or centre.name,
        lang=lang,
        here=f"{site}{path_of(area, lang)}",
        page=f"{site}{path}",
        icon=f"{site}{address('icon.svg')}",
        entries=[_entry(request, each, lang) for each in found],
    )


def _query(area: Area) -> str:
    said = {"category": area.category, "commune": area.commune}
    return "&".join(f"{name}={value}" for name, value in said.items() if value)


def _entry(request: Req, seen: News, lang: Lang) -> atom.Entry:
    parts = portal(request).parts
    site, category = parts.settings.public_url, category_name(parts.rules, seen.category, lang)
    words = " ".join(seen.words.split())
    short = words if len(words) <= _WORDS else f"{words[: _WORDS - 1].rstrip()}…"
    told = [("", f"{status_word(seen.status, lang)} · {seen.commune_name or t('stats.no_commune', lang)}")]
    told.append((t("web.words", lang), seen.words))
    if seen.result:
        told.append((t("follow.result_at", lang, at=when(seen.resolved_at or seen.at)), seen.result))
    return atom.Entry(
        key=f"report:{seen.code}",
        title=f"{category}: {short}",
        link=f"{site}/r/{seen.code}",
        published=seen.published_at,
        updated=seen.at,
        category=(seen.category, category),
        paragraphs=told,
        picture=f"{site}{HERE}/photos/{seen.code}.jpg" if seen.photo or seen.photo_after else "",
        point=None if seen.lat is None or seen.lon is None else (seen.lat, seen.lon),
    )


@get(f"{HERE}/photos/{{last:str}}", **open_to("anyone"))
async def photo(request: Req, last: FromPath[str]) -> Response[bytes]:
    """What may be seen of it now: a feed is kept for long, and a photo may be hidden meanwhile."""
    parts = portal(request).parts
    code = read_code(last.removesuffix(".jpg"))
    async with parts.pool.acquire() as conn:
        sha256 = await news.photo(conn, code) if code and last.endswith(".jpg") else ""
    if not sha256:
        raise NotFound("portal.not_found")
    link = own_url(parts.settings.secret_key, "/api/v1/photos", sha256, "small")
    return Response(b"", status_code=302, headers={"Location": link, "Cache-Control": "no-store"})


ROUTES = [whole, of_commune, of_group, of_category, both, photo]
