"""Partners, for programs that look after the system: kept, connected, and which categories go there."""

from contextlib import AbstractAsyncContextManager, suppress
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from litestar import Response, delete, get, post, put
from litestar.params import FromPath
from msgspec import Meta, Struct

from app.api import examples_outward as examples
from app.api.body import read_body
from app.api.context import Req, answer, context, staff
from app.api.declare import call
from app.api.outward import SYSTEM_KEEPER, id_of, signature
from app.api.problems import lang_of
from app.api.views import Named, agency_view
from app.api.webhooks import ActiveBody
from app.errors import Conflict, Invalid, NotFound, Unavailable
from app.outward import URL_MOST
from app.partners import service, store
from app.partners.client import Failed
from app.partners.model import Fill, Mapped, Partner, Repeat
from app.partners.service import Means, Wanted
from app.wiring import asking_partners

GONE = NotFound("partners.gone")
_WRONG = (
    Invalid("partners.name_wrong", field="name", most=80),
    Invalid("partners.agency_wrong", field="agency"),
    Invalid("outward.url_https", field="url"),
    Invalid("outward.url_private", field="url", host="10.0.0.1"),
)
_SILENT = Unavailable("partners.no_answer")


class PartnerBody(Struct, frozen=True, forbid_unknown_fields=True):
    """``key``: left out, it stays as it was."""

    name: str
    url: Annotated[str, Meta(max_length=URL_MOST)]
    agency: str
    jurisdiction: str = ""
    key: str = ""
    originals: bool = False
    repeat: Repeat = "ask"

    def wanted(self) -> Wanted:
        return Wanted(
            name=self.name,
            url=self.url,
            agency_id=self.agency,
            jurisdiction=self.jurisdiction,
            key=self.key,
            originals=self.originals,
            repeat=self.repeat,
        )


class FillBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What a question of theirs is answered with: the answer to our question ``source`` (``answers``: what each of our
    answers is for them), ``#code`` for our own mark, else ``fixed``."""

    source: str = ""
    fixed: str = ""
    answers: dict[str, str] = {}


class CategoryBody(Struct, frozen=True, forbid_unknown_fields=True):
    service: str
    fills: dict[str, FillBody] = {}


class ServiceView(Struct):
    """One of the partner's services. ``asks``: it has further questions."""

    code: str
    name: str
    group: str
    asks: bool


class ServicesView(Struct):
    items: list[ServiceView]


class PartnerQuestionView(Struct):
    """A further question of a service. ``values``: what may be answered, where it is a list."""

    code: str
    datatype: str
    required: bool
    description: str
    values: dict[str, str]


class PartnerQuestionsView(Struct):
    items: list[PartnerQuestionView]


class PartnerCategoryView(Struct):
    """Reports of ``category`` go to the partner as ``service``."""

    category: str
    service: Named
    fills: dict[str, FillBody]


class PartnerView(Struct):
    """``has_key``: the key itself is never shown. ``failure``: what went wrong last; it is left alone until
    ``held_until``. ``waits``: reports that wait for a person; counts end at 1,001."""

    id: UUID
    name: str
    url: str
    endpoint: str
    format: Literal["json", "xml"]
    agency: Named
    jurisdiction: str
    has_key: bool
    originals: bool
    repeat: Repeat
    active: bool
    services: int
    has_updates: bool
    pulled_at: datetime | None
    failing_since: datetime | None
    failure: str
    held_until: datetime | None
    waits: int
    on_the_way: int
    sent: int
    withheld: int
    categories: list[PartnerCategoryView]


class PartnersView(Struct):
    items: list[PartnerView]


def _asking(request: Req) -> AbstractAsyncContextManager[Means]:
    return asking_partners(context(request).parts)


def _category(one: Mapped) -> PartnerCategoryView:
    fills = {code: FillBody(fill.source, fill.fixed, dict(fill.answers)) for code, fill in one.fills.items()}
    return PartnerCategoryView(one.category, Named(one.service_code, one.service_name), fills)


async def _views(request: Req, found: list[tuple[Partner, dict[str, int]]]) -> list[PartnerView]:
    ctx = context(request)
    agencies = await ctx.agencies.all({one.agency_id for one, _ in found})
    async with ctx.parts.pool.acquire() as conn:
        mapped = await store.mapped(conn, [one.partner_id for one, _ in found])
    return [
        PartnerView(
            one.partner_id,
            one.name,
            one.url,
            one.endpoint,
            one.form,
            agency_view(agencies, one.agency_id, lang_of(request)),
            one.jurisdiction,
            one.has_key,
            one.originals,
            one.repeat,
            one.active,
            len(one.services),
            one.has_updates,
            one.pulled_at,
            one.failing_since,
            one.failure,
            one.held_until,
            counts.get("person", 0),
            sum(counts.get(state, 0) for state in ("waiting", "posting", "unknown", "token")),
            counts.get("sent", 0),
            counts.get("withheld", 0),
            [_category(each) for each in mapped.get(one.partner_id, {}).values()],
        )
        for one, counts in found
    ]


async def _one(request: Req, partner_id: UUID) -> PartnerView:
    async with context(request).parts.pool.acquire() as conn:
        found = await service.get(conn, staff(request), partner_id)
        counts = (await store.counts(conn)).get(partner_id, {})
    return (await _views(request, [(found, counts)]))[0]


async def _connected(request: Req, means: Means, partner_id: UUID) -> PartnerView:
    """What went wrong is its ``failure``."""
    with suppress(Failed):
        await service.connect(means, staff(request), partner_id)
    return await _one(request, partner_id)


@get("/partners", **call(SYSTEM_KEEPER, "outward", answer=PartnersView, example=(None, examples.PARTNERS)))
async def list_partners(request: Req) -> Response[bytes]:
    async with context(request).parts.pool.acquire() as conn:
        found = await service.every(conn, staff(request))
    return answer(request, PartnersView(await _views(request, found)))


@post(
    "/partners",
    **call(
        SYSTEM_KEEPER,
        "outward",
        status=201,
        body=PartnerBody,
        answer=PartnerView,
        example=(examples.PARTNER_BODY, examples.PARTNER),
        errors=(*_WRONG, Conflict("partners.many", most=50)),
    ),
)
async def add_partner(request: Req) -> Response[bytes]:
    body, _ = await read_body(request, PartnerBody)
    async with _asking(request) as means:
        partner_id = await service.add(means, staff(request), body.wanted(), await signature(request))
        return answer(request, await _connected(request, means, partner_id), 201)


@get(
    "/partners/{partner_id:str}",
    **call(SYSTEM_KEEPER, "outward", answer=PartnerView, example=(None, examples.PARTNER), errors=(GONE,)),
)
async def see_partner(request: Req, partner_id: FromPath[str]) -> Response[bytes]:
    return answer(request, await _one(request, id_of(partner_id, "partners.gone")))


@put(
    "/partners/{partner_id:str}",
    **call(
        SYSTEM_KEEPER,
        "outward",
        body=PartnerBody,
        answer=PartnerView,
        example=(examples.PARTNER_BODY, examples.PARTNER),
        errors=(GONE, *_WRONG, Invalid("partners.key_again", field="key")),
    ),
)
async def change_partner(request: Req, partner_id: FromPath[str]) -> Response[bytes]:
    body, _ = await read_body(request, PartnerBody)
    ident = id_of(partner_id, "partners.gone")
    async with _asking(request) as means:
        await service.change(means, staff(request), ident, body.wanted())
    return answer(request, await _one(request, ident))


@delete("/partners/{partner_id:str}", **call(SYSTEM_KEEPER, "outward", status=204, errors=(GONE,)))
async def remove_partner(request: Req, partner_id: FromPath[str]) -> Response[None]:
    await service.remove(context(request).parts.pool, staff(request), id_of(partner_id, "partners.gone"))
    return Response(None, status_code=204)


@put(
    "/partners/{partner_id:str}/state",
    **call(
        SYSTEM_KEEPER,
        "outward",
        body=ActiveBody,
        answer=PartnerView,
        example=(examples.ACTIVE_BODY, examples.PARTNER),
        errors=(GONE, Conflict("partners.nothing_mapped")),
    ),
)
async def switch_partner(request: Req, partner_id: FromPath[str]) -> Response[bytes]:
    body, _ = await read_body(request, ActiveBody)
    ident = id_of(partner_id, "partners.gone")
    await service.switch(context(request).parts.pool, staff(request), ident, on=body.active)
    return answer(request, await _one(request, ident))


@post(
    "/partners/{partner_id:str}/connection",
    **call(SYSTEM_KEEPER, "outward", answer=PartnerView, example=(None, examples.PARTNER), errors=(GONE,)),
)
async def connect_partner(request: Req, partner_id: FromPath[str]) -> Response[bytes]:
    async with _asking(request) as means:
        return answer(request, await _connected(request, means, id_of(partner_id, "partners.gone")))


@post(
    "/partners/{partner_id:str}/news",
    **call(SYSTEM_KEEPER, "outward", answer=PartnerView, example=(None, examples.PARTNER), errors=(GONE,)),
)
async def fetch_news(request: Req, partner_id: FromPath[str]) -> Response[bytes]:
    ident = id_of(partner_id, "partners.gone")
    await service.fetch_soon(context(request).parts.pool, staff(request), ident)
    return answer(request, await _one(request, ident))


@get(
    "/partners/{partner_id:str}/services",
    **call(SYSTEM_KEEPER, "outward", answer=ServicesView, example=(None, examples.SERVICES), errors=(GONE,)),
)
async def partner_services(request: Req, partner_id: FromPath[str]) -> Response[bytes]:
    async with context(request).parts.pool.acquire() as conn:
        found = await service.get(conn, staff(request), id_of(partner_id, "partners.gone"))
    items = [ServiceView(one.code, one.name, one.group, one.asks) for one in found.services]
    return answer(request, ServicesView(items))


@get(
    "/partners/{partner_id:str}/services/{service_code:str}",
    **call(
        SYSTEM_KEEPER,
        "outward",
        answer=PartnerQuestionsView,
        example=(None, examples.QUESTIONS),
        errors=(GONE, Invalid("partners.service_unknown", field="service"), _SILENT),
    ),
)
async def partner_questions(request: Req, partner_id: FromPath[str], service_code: FromPath[str]) -> Response[bytes]:
    async with _asking(request) as means:
        try:
            found = await service.asked(means, staff(request), id_of(partner_id, "partners.gone"), service_code)
        except Failed:
            raise _SILENT from None
    items = [PartnerQuestionView(one.code, one.datatype, one.required, one.description, one.values) for one in found]
    return answer(request, PartnerQuestionsView(items))


@put(
    "/partners/{partner_id:str}/categories/{category:str}",
    **call(
        SYSTEM_KEEPER,
        "outward",
        body=CategoryBody,
        answer=PartnerView,
        example=(examples.CATEGORY_BODY, examples.PARTNER),
        errors=(
            GONE,
            Invalid("partners.category_unknown", field="category"),
            Invalid("partners.service_unknown", field="service"),
            Invalid("partners.needs_fill", field="fill.hu-gi", name="Hư gì?"),
            Invalid("partners.fill_wrong", field="fill.hu-gi"),
            _SILENT,
        ),
    ),
)
async def send_category(request: Req, partner_id: FromPath[str], category: FromPath[str]) -> Response[bytes]:
    body, _ = await read_body(request, CategoryBody)
    ident, fills = id_of(partner_id, "partners.gone"), body.fills
    if not body.service:
        raise Invalid("partners.service_unknown", field="service")
    wanted = {code: Fill(one.source, one.fixed, one.answers) for code, one in fills.items()}
    async with _asking(request) as means:
        try:
            await service.map_category(means, staff(request), ident, category, body.service, wanted)
        except Failed:
            raise _SILENT from None
    return answer(request, await _one(request, ident))


@delete(
    "/partners/{partner_id:str}/categories/{category:str}",
    **call(
        SYSTEM_KEEPER,
        "outward",
        status=204,
        errors=(GONE, Invalid("partners.category_unknown", field="category")),
    ),
)
async def keep_category(request: Req, partner_id: FromPath[str], category: FromPath[str]) -> Response[None]:
    async with _asking(request) as means:
        await service.map_category(means, staff(request), id_of(partner_id, "partners.gone"), category, "", {})
    return Response(None, status_code=204)


ROUTES = [
    list_partners,
    add_partner,
    see_partner,
    change_partner,
    remove_partner,
    switch_partner,
    connect_partner,
    fetch_news,
    partner_services,
    partner_questions,
    send_category,
    keep_category,
]
