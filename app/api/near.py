"""Asking, before sending, whether somebody has reported the same matter: for anybody, as much as anybody may see."""

import re
from datetime import datetime
from typing import Annotated

from litestar import Response, post
from msgspec import Meta, Struct

from app.api import examples
from app.api.body import read_body
from app.api.context import Context, Req, answer, context
from app.api.declare import ANYONE, call
from app.api.problems import lang_of
from app.api.send import Text
from app.api.views import Named, category_view, photo_link
from app.casefile.words import status_word
from app.errors import Invalid, Problem, TooMany
from app.i18n import Lang
from app.i18n.text import nfc
from app.reports import near
from app.reports.alike import Fingerprint
from app.reports.intake import check_text, locate
from app.reports.model import PHOTOS_MAX, Place, Status
from app.reports.near import Near, Sought

SHA256 = re.compile(r"[0-9a-f]{64}")


class NearBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A report about to be sent, with the place as in the report itself. ``photo_sha256``: of the files as they will be
    sent, hex."""

    text: Text
    lat: float | None = None
    lon: float | None = None
    address: Annotated[str, Meta(extra_json_schema={"maxLength": 300})] = ""
    commune_code: str | None = None
    category: str | None = None
    photo_sha256: list[str] = []


class NearReport(Struct):
    """An open report that may be of the same matter. ``words_alike`` (0 to 1), ``score``, ``text`` (masked) and
    ``photo`` are null until it is published."""

    code: str
    status: Status
    status_word: str
    category: Named
    commune: str
    distance_m: Annotated[int | None, Meta(description="Metres in steps of ten; null where a point is missing.")]
    same_photo: bool
    words_alike: float | None
    score: Annotated[int | None, Meta(description="Points, 50 and more; how they are counted is in the documentation.")]
    submitted_at: datetime
    voices: int
    published: bool
    text: str | None
    photo: Annotated[str | None, Meta(description="Link to the first photo, 320 pixels.")]


class NearView(Struct):
    """At most three, the likeliest first; none when nothing is near, recent and alike enough."""

    items: list[NearReport]


async def near_report(ctx: Context, found: Near, lang: Lang) -> NearReport:
    why, published = found.why, bool(found.text)
    return NearReport(
        found.code,
        found.status,
        status_word(found.status, lang),
        category_view(ctx.parts.rules, found.category, lang),
        found.commune_name,
        # Where exactly somebody stood is theirs to tell.
        None if why.distance_m is None else round(why.distance_m / 10) * 10,
        why.same_photo,
        why.words if published else None,
        why.score if published else None,
        found.submitted_at,
        found.voices,
        published,
        found.text or None,
        await photo_link(ctx, found.photo, "small") if found.photo else None,
    )


def _sought(ctx: Context, body: NearBody) -> Sought | None:
    """What is looked for; None when neither the sender nor the words say what it is about. Raises Invalid."""
    rules = ctx.parts.rules
    text, problems = check_text(nfc(body.text))
    if body.category is not None and body.category not in rules.categories:
        problems.append(Problem("reports.category_unknown", {"category": body.category[:60]}, "category"))
    if len(body.photo_sha256) > PHOTOS_MAX:
        problems.append(Problem("reports.photos_many", {"most": PHOTOS_MAX}, "photo_sha256"))
    if not all(SHA256.fullmatch(each) for each in body.photo_sha256):
        problems.append(Problem("photos.hash_wrong", field="photo_sha256"))
    if problems:
        raise Invalid.many(problems)
    located = locate(ctx.parts.gazetteer, rules, Place(body.lat, body.lon, body.address, body.commune_code))
    guesses = [body.category] if body.category else [guess.category_id for guess in rules.guess_category(text)]
    if not guesses:
        return None
    return Sought(
        category=guesses[0] or "",
        text=text,
        lat=located.lat,
        lon=located.lon,
        commune_code=located.commune.code if located.commune else None,
        photos=[Fingerprint(sha256) for sha256 in body.photo_sha256],
    )


@post(
    "/reports/near",
    **call(
        ANYONE,
        "report",
        body=NearBody,
        answer=NearView,
        example=(examples.NEAR_BODY, examples.NEAR),
        errors=(
            Invalid("reports.text_short", field="text", least=5),
            Invalid("reports.place_missing", field="place"),
            Invalid("reports.category_unknown", field="category", category="duong-xa"),
            Invalid("photos.hash_wrong", field="photo_sha256"),
            TooMany("api.too_many_reports", retry_after=1),
        ),
    ),
)
async def near_reports(request: Req) -> Response[bytes]:
    ctx, lang = context(request), lang_of(request)
    ctx.limiter.take(request)
    body, _ = await read_body(request, NearBody)
    sought = _sought(ctx, body)
    found: list[Near] = []
    if sought is not None:
        async with ctx.parts.pool.acquire() as conn:
            found = await near.find(conn, ctx.parts.rules, sought, lang)
    return answer(request, NearView([await near_report(ctx, each, lang) for each in found]))


ROUTES = [near_reports]
