"""A published report to be passed on: what other sites show of its page, and the picture they show with it. Nothing
stands there that the page does not tell everybody, and nothing of the reporter."""

import hashlib

import msgspec
from litestar import Response, get
from litestar.params import FromPath
from msgspec import Struct, structs

from app.casefile.words import agency_name, category_name, status_word
from app.errors import NotFound
from app.i18n import LANGS, Lang, t
from app.photos import service as photos
from app.photos.model import Card
from app.portal.context import Req, lang_of, open_to, portal
from app.reports import publication
from app.reports import service as reports
from app.reports.model import Report
from app.reports.service import Case

_A_WHILE = "public, max-age=300"
"""Then they ask again: what is not public any more is gone soon. The address changes with what is shown."""


class Shared(Struct, frozen=True):
    """What other sites are told of a report's page."""

    url: str
    title: str
    description: str
    image: str


class _Shown(Struct, frozen=True):
    """A card's words, and its photos by hash."""

    card: Card
    before: str | None
    after: str | None

    @property
    def version(self) -> str:
        return hashlib.sha256(msgspec.msgpack.encode(self)).hexdigest()[:16]


async def shared(request: Req, report: Report, case: Case, lang: Lang) -> Shared | None:
    """None for what is not published."""
    if not publication.is_public(report):
        return None
    here = portal(request)
    agencies = await here.agencies.all([report.agency_id])
    shown, url = _shown(request, case, lang), f"{here.parts.settings.public_url}/r/{report.code}"
    says = f"{shown.card.status} · {agency_name(agencies, report.agency_id, lang)}"
    title = " – ".join(part for part in (shown.card.title, report.commune_name) if part)
    return Shared(url, title, says, f"{url}/card.png?lang={lang}&v={shown.version}")


def _shown(request: Req, case: Case, lang: Lang) -> _Shown:
    report, rules = case.report, portal(request).parts.rules
    pictures = publication.pictures_of(report, case.pictures, case.public)
    first = next((one.sha256 for one in pictures if one.stage == "before"), None)
    last = next((one.sha256 for one in reversed(pictures) if one.stage == "after"), None)
    card = Card(
        site=t("portal.name", lang),
        code=report.code,
        title=category_name(rules, report.category, lang),
        place=report.commune_name,
        status=status_word(report.status, lang),
        done=report.resolved_at is not None,
        before_word=t("web.card_before", lang),
        after_word=t("web.card_after", lang),
    )
    return _Shown(card, first, last if report.resolved_at else None)


@get("/r/{code:str}/card.png", **open_to("anyone"))
async def picture(request: Req, code: FromPath[str]) -> Response[bytes]:
    """1,200 × 630 pixels. Raises NotFound for a report that is not published, as for one that is not there."""
    here, wanted = portal(request), request.query_params.get("lang")
    lang = next((lang for lang in LANGS if lang == wanted), None) or lang_of(request)
    report = await reports.find_whole(here.parts.pool, code)
    if not publication.is_public(report):
        raise NotFound("portal.not_found")
    async with here.parts.pool.acquire() as conn:
        shown = _shown(request, await reports.case(conn, report), lang)
    headers = {"ETag": f'"{shown.version}"', "Cache-Control": _A_WHILE, "Vary": "Accept-Language, Cookie"}
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers)

    async def draw() -> bytes:
        before, after = [await _read(request, sha256) for sha256 in (shown.before, shown.after)]
        return await here.parts.lab.card(structs.replace(shown.card, before=before, after=after))

    data = await here.cards.get(shown.version, draw)
    return Response(data, media_type="image/png", headers=headers)


async def _read(request: Req, sha256: str | None) -> bytes:
    """Empty without one: a card without a photo is better than none."""
    try:
        return await photos.read_photo(portal(request).parts.objects, sha256, "large") if sha256 else b""
    except NotFound:
        return b""


ROUTES = [picture]
