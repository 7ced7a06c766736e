"""Partners: other Open311 servers that reports are sent to. Which, how they stand, and what became of each report."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Struct

from app.casefile.words import category_name
from app.console.context import BASE, Req, actor, console, lang_of, signature
from app.console.declare import SYSTEM, page
from app.console.render import go, show
from app.console.staff_common import agencies_of, agency_word
from app.errors import AppError, Conflict, Invalid, NotFound
from app.forms import Form
from app.i18n import Lang, t
from app.outward import Client
from app.partners import ledger, service, store
from app.partners.client import Failed
from app.partners.model import REPEATS, Mapped, Partner, Push, State
from app.partners.service import Means, Wanted

HERE = f"{BASE}/partners"
PATIENCE = 10.0
"""Seconds that somebody before a page waits for another server."""
_LISTED = 100
_TABS: dict[str, tuple[State, ...]] = {
    "person": ("person",),
    "on_the_way": ("waiting", "posting", "unknown", "token"),
    "sent": ("sent",),
    "withheld": ("withheld",),
}
"""How the ledger is filtered."""
_TROUBLES = ("refused", "barred", "busy", "broken", "silent", "garbled")


class Row(Struct, frozen=True):
    partner: Partner
    host: str
    agency: str
    counts: dict[str, int]
    failure: str


@asynccontextmanager
async def asking(request: Req) -> AsyncIterator[Means]:
    """What it takes to ask partners, for as long as the request lasts."""
    parts = console(request).parts
    settings, http = parts.settings, Client(parts.settings.networks)
    try:
        yield Means(
            parts.pool, http, settings.secret_key, settings.public_url, parts.rules, parts.objects, parts.lab,
            settings.networks, PATIENCE,
        )  # fmt: skip
    finally:
        await http.close()


def id_of(typed: str, gone: str = "partners.gone") -> UUID:
    try:
        return UUID(typed)
    except ValueError:
        raise NotFound(gone) from None


def trouble(failure: str, lang: Lang) -> str:
    """What went wrong, in words, with what the partner or the network said of it."""
    came, _, said = failure.partition(": ")
    return f"{t(f'partners.came_{came}', lang)} ({said})" if came in _TROUBLES else failure


def outcome(attempt: Any, lang: Lang) -> str:
    """What came of an exchange, in words. ``attempt``: a row of ``ledger.attempts``."""
    came, said = attempt["came"], attempt["said"]
    if came in _TROUBLES:
        return trouble(f"{came}: {said}", lang)
    if came in ("person", "withheld"):
        return t(f"partners.reason_{said}", lang)
    if came == "sent":
        return t("partners.number_is", lang, number=said)
    return t(f"partners.push_{came}", lang)


def counted(counts: dict[str, int]) -> dict[str, int]:
    return {tab: sum(counts.get(state, 0) for state in states) for tab, states in _TABS.items()}


async def _row(request: Req, partner: Partner, counts: dict[str, int]) -> Row:
    names = {each.agency_id: agency_word(each, lang_of(request)) for each in await agencies_of(request)}
    return Row(
        partner,
        urlsplit(partner.url).hostname or "",
        names.get(partner.agency_id, partner.agency_id),
        counted(counts),
        trouble(partner.failure, lang_of(request)),
    )


def _wanted(request: Req) -> Wanted:
    form: Form = request.state.form
    return Wanted(
        name=form.text("name"),
        url=form.text("url"),
        agency_id=form.text("agency"),
        jurisdiction=form.text("jurisdiction"),
        key=form.text("key"),
        originals=form.text("originals") == "1",
        repeat=next((each for each in REPEATS if each == form.text("repeat")), "ask"),
    )


def _words(request: Req) -> dict[str, Any]:
    lang = lang_of(request)
    return {"trouble": lambda failure: trouble(failure, lang), "outcome": lambda attempt: outcome(attempt, lang)}


async def _form(request: Req, error: AppError | None) -> dict[str, Any]:
    lang = lang_of(request)
    agencies = [(each.agency_id, agency_word(each, lang)) for each in await agencies_of(request) if each.active]
    return {
        "here": HERE,
        "agencies": sorted(agencies, key=lambda each: each[1]),
        "repeats": REPEATS,
        "problems": {p.field: t(p.key, lang, **p.params) for p in error.problems} if error else {},
        "done": request.query_params.get("done", ""),
    }


@get("/partners", **page(SYSTEM))
async def partners(request: Req) -> Response[bytes]:
    return await _list(request)


async def _list(request: Req, *, typed: Wanted | None = None, error: AppError | None = None) -> Response[bytes]:
    async with console(request).parts.pool.acquire() as conn:
        found = await service.every(conn, actor(request))
    return show(
        request,
        "partners.html.j2",
        status=error.status if error else 200,
        rows=[await _row(request, *each) for each in found],
        typed=typed or Wanted(name="", url="", agency_id=""),
        has_key=False,
        **await _form(request, error),
    )


@post("/partners", **page(SYSTEM))
async def add(request: Req) -> Response[Any]:
    """And ask its server at once."""
    wanted = _wanted(request)
    async with asking(request) as means:
        try:
            partner_id = await service.add(means, actor(request), wanted, signature(request))
        except (Invalid, Conflict) as error:
            return await _list(request, typed=wanted, error=error)
        return await _connected(request, means, partner_id)


async def _connected(request: Req, means: Means, partner_id: UUID) -> Response[Any]:
    try:
        await service.connect(means, actor(request), partner_id)
    except Failed:
        return go(f"{HERE}/{partner_id}?done=unconnected")
    return go(f"{HERE}/{partner_id}?done=connected")


@get("/partners/{wanted:str}", **page(SYSTEM))
async def partner(request: Req, wanted: FromPath[str]) -> Response[bytes]:
    return await _one(request, id_of(wanted))


async def _one(
    request: Req, partner_id: UUID, *, typed: Wanted | None = None, error: AppError | None = None
) -> Response[bytes]:
    tab = request.query_params.get("state", "")
    async with console(request).parts.pool.acquire() as conn:
        found = await service.get(conn, actor(request), partner_id)
        counts = (await store.counts(conn)).get(partner_id, {})
        mapped = (await store.mapped(conn, [partner_id])).get(partner_id, {})
        rows = await ledger.pushes(conn, partner_id, _TABS.get(tab, ()), _LISTED)
        attempts = await ledger.attempts(conn, partner_id, None, _LISTED)
    usual = Wanted(
        name=found.name, url=found.url, agency_id=found.agency_id, jurisdiction=found.jurisdiction,
        originals=found.originals, repeat=found.repeat,
    )  # fmt: skip
    return show(
        request,
        "partner.html.j2",
        status=error.status if error else 200,
        row=await _row(request, found, counts),
        typed=typed or usual,
        has_key=found.has_key,
        tab=tab if tab in _TABS else "",
        tabs=_TABS,
        rows=rows,
        attempts=attempts,
        **_words(request),
        mapped=_mapped(request, mapped),
        groups=groups(request),
        **await _form(request, error),
    )


def groups(request: Req) -> list[tuple[str, list[tuple[str, str]]]]:
    """Categories that reports may be of, by group."""
    rules, lang = console(request).parts.rules, lang_of(request)
    return [
        (
            group.name_en if lang == "en" else group.name,
            [(one, category_name(rules, one, lang)) for one in group.categories],
        )
        for group in rules.groups.values()
        if not group.out_of_scope
    ]


def _mapped(request: Req, mapped: dict[str, Mapped]) -> list[tuple[str, Mapped]]:
    names = dict(each for _, group in groups(request) for each in group)
    return sorted(((names.get(one.category, one.category), one) for one in mapped.values()), key=lambda each: each[0])


@post("/partners/{wanted:str}", **page(SYSTEM))
async def change(request: Req, wanted: FromPath[str]) -> Response[Any]:
    typed, partner_id = _wanted(request), id_of(wanted)
    async with asking(request) as means:
        try:
            await service.change(means, actor(request), partner_id, typed)
        except Invalid as error:
            return await _one(request, partner_id, typed=typed, error=error)
    return go(f"{HERE}/{partner_id}?done=changed")


@post("/partners/{wanted:str}/connect", **page(SYSTEM))
async def connect(request: Req, wanted: FromPath[str]) -> Response[Any]:
    async with asking(request) as means:
        return await _connected(request, means, id_of(wanted))


@post("/partners/{wanted:str}/switch", **page(SYSTEM))
async def switch(request: Req, wanted: FromPath[str]) -> Response[Any]:
    partner_id, on = id_of(wanted), request.state.form.text("on") == "1"
    try:
        await service.switch(console(request).parts.pool, actor(request), partner_id, on=on)
    except Conflict as error:
        return await _one(request, partner_id, error=error)
    return go(f"{HERE}/{partner_id}?done={'on' if on else 'off'}")


@post("/partners/{wanted:str}/remove", **page(SYSTEM))
async def remove(request: Req, wanted: FromPath[str]) -> Response[Any]:
    await service.remove(console(request).parts.pool, actor(request), id_of(wanted))
    return go(f"{HERE}?done=removed")


# ---------------------------------------------------------------- one report


@get("/partners/{wanted:str}/reports/{code:str}", **page(SYSTEM))
async def sent(request: Req, wanted: FromPath[str], code: FromPath[str]) -> Response[bytes]:
    return await _sent(request, id_of(wanted), id_of(code, "partners.push_gone"))


async def _sent(request: Req, partner_id: UUID, report_id: UUID, error: AppError | None = None) -> Response[bytes]:
    async with console(request).parts.pool.acquire() as conn:
        found = await service.get(conn, actor(request), partner_id)
        push = await ledger.push(conn, partner_id, report_id)
        if push is None:
            raise NotFound("partners.push_gone")
        news = await ledger.news(conn, partner_id, report_id)
        attempts = await ledger.attempts(conn, partner_id, report_id, _LISTED)
    return show(
        request,
        "partner_report.html.j2",
        status=error.status if error else 200,
        partner=found,
        push=push,
        news=news,
        attempts=attempts,
        **_words(request),
        error=t(error.problems[0].key, lang_of(request), **error.problems[0].params) if error else "",
        done=request.query_params.get("done", ""),
        own=f"{HERE}/{partner_id}",
        me=_address(push),
    )


def _address(push: Push) -> str:
    return f"{HERE}/{push.partner_id}/reports/{push.report_id}"


@post("/partners/{wanted:str}/reports/{code:str}/again", **page(SYSTEM))
async def again(request: Req, wanted: FromPath[str], code: FromPath[str]) -> Response[Any]:
    ids = id_of(wanted), id_of(code, "partners.push_gone")
    await service.again(console(request).parts.pool, actor(request), *ids)
    return go(f"{HERE}/{ids[0]}/reports/{ids[1]}?done=again")


@post("/partners/{wanted:str}/reports/{code:str}/number", **page(SYSTEM))
async def number(request: Req, wanted: FromPath[str], code: FromPath[str]) -> Response[Any]:
    ids = id_of(wanted), id_of(code, "partners.push_gone")
    try:
        await service.numbered(console(request).parts.pool, actor(request), *ids, request.state.form.text("number"))
    except Invalid as error:
        return await _sent(request, *ids, error)
    return go(f"{HERE}/{ids[0]}/reports/{ids[1]}?done=numbered")


ROUTES = [partners, add, partner, change, connect, switch, remove, sent, again, number]
