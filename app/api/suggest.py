"""While a report is being written: its likely category with what that asks, its commune, and reports it may repeat."""

from typing import Annotated

from litestar import Response, post
from msgspec import Meta, Struct

from app.api import examples_public as examples
from app.api.body import read_body
from app.api.context import Req, answer, context
from app.api.declare import ANYONE, call
from app.api.lookups import CategoryView, category_details
from app.api.near import SHA256, NearReport, near_report
from app.api.problems import lang_of
from app.api.views import CommuneView, Named, PlaceCandidate, candidate_view, category_view, commune_view
from app.errors import TooMany
from app.i18n.text import nfc
from app.reports.alike import Fingerprint
from app.reports.model import PHOTOS_MAX, Place
from app.reports.suggesting import suggest


class SuggestBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As much of the report as there is; nothing is required, and nothing is wrong yet."""

    text: Annotated[str, Meta(extra_json_schema={"maxLength": 4000})] = ""
    lat: float | None = None
    lon: float | None = None
    address: Annotated[str, Meta(extra_json_schema={"maxLength": 300})] = ""
    commune_code: str | None = None
    category: str | None = None
    photo_sha256: list[str] = []


class SuggestView(Struct):
    """``guesses``: categories that the words point to, the likeliest first. ``category``: the chosen one, else the
    likeliest, with its questions and, when it is no field report, where to turn. ``candidates``: communes of the
    province that the address may mean. ``near``: as of ``POST /reports/near``."""

    guesses: list[Named]
    category: CategoryView | None
    commune: CommuneView | None
    candidates: list[PlaceCandidate]
    near: list[NearReport]


@post(
    "/reports/suggestions",
    **call(
        ANYONE,
        "report",
        body=SuggestBody,
        answer=SuggestView,
        example=(examples.SUGGEST_BODY, examples.SUGGESTIONS),
        errors=(TooMany("api.too_many_reports", retry_after=1),),
    ),
)
async def suggestions(request: Req) -> Response[bytes]:
    ctx, lang = context(request), lang_of(request)
    ctx.limiter.take(request)
    body, _ = await read_body(request, SuggestBody)
    rules = ctx.parts.rules
    found = await suggest(
        ctx.parts.pool,
        rules,
        ctx.parts.gazetteer,
        nfc(body.text)[:4000],
        body.category,
        Place(body.lat, body.lon, nfc(body.address)[:300], body.commune_code),
        lang,
        photos=[Fingerprint(each) for each in body.photo_sha256[:PHOTOS_MAX] if SHA256.fullmatch(each)],
    )
    view = SuggestView(
        [category_view(rules, each.category_id, lang) for each in found.guesses],
        category_details(rules, found.category, lang) if found.category else None,
        commune_view(found.commune.code, found.commune.full_name) if found.commune else None,
        [candidate_view(each) for each in found.candidates],
        [await near_report(ctx, each, lang) for each in found.near],
    )
    return answer(request, view)


ROUTES = [suggestions]
