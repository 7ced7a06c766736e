"""Partners: other Open311 servers that reports are sent to. Which, how they stand, and what became of each report."""

from contextlib import AbstractAsyncContextManager
from typing import Any, Literal
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
from app.partners import deciding, ledger, service, store
from app.partners.client import Failed
from app.partners.model import ALL_AGAIN, REPEATS, STATES, WAITING, Mapped, Partner, Push, Reason, State
from app.partners.service import Means, Wanted
from app.wiring import asking_partners

HERE = f"{BASE}/partners"
_LISTED = 50
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


def asking(request: Req) -> AbstractAsyncContextManager[Means]:
    """What it takes to ask partners, for as long as the request lasts."""
    return asking_partners(console(request).parts)


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
    tab, before = (request.query_params.get(name, "") for name in ("state", "before"))
    async with console(request).parts.pool.acquire() as conn:
        found = await service.get(conn, actor(request), partner_id)
        counts = (await store.counts(conn)).get(partner_id, {})
        mapped = (await store.mapped(conn, [partner_id])).get(partner_id, {})
        rows, older = await service.page(conn, partner_id, _TABS.get(tab, STATES), before)
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
        older=older,
        before=before,
        attempts=attempts,
        reasons=sorted({one.reason for one in rows}) if tab == "person" else (),
        all_again=ALL_AGAIN,
        count=request.query_params.get("count", "0")[:9],
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


@post("/partners/{wanted:str}/fetch", **page(SYSTEM))
async def fetch(request: Req, wanted: FromPath[str]) -> Response[Any]:
    await service.fetch_soon(console(request).parts.pool, actor(request), id_of(wanted))
    return go(f"{HERE}/{id_of(wanted)}?done=fetched")


@post("/partners/{wanted:str}/send", **page(SYSTEM))
async def send_one(request: Req, wanted: FromPath[str]) -> Response[Any]:
    """A report that did not go there by itself."""
    partner_id = id_of(wanted)
    try:
        await deciding.send(console(request).parts.pool, actor(request), partner_id, request.state.form.text("code"))
    except (Invalid, NotFound) as error:
        if error.problems[0].key == "partners.gone":
            raise
        return await _one(
            request, partner_id, error=Invalid(error.problems[0].key, field="code", **error.problems[0].params)
        )
    return go(f"{HERE}/{partner_id}?done=queued#ledger")


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
    await deciding.again(console(request).parts.pool, actor(request), *ids)
    return go(f"{HERE}/{ids[0]}/reports/{ids[1]}?done=again")


@post("/partners/{wanted:str}/reports/{code:str}/number", **page(SYSTEM))
async def number(request: Req, wanted: FromPath[str], code: FromPath[str]) -> Response[Any]:
    ids = id_of(wanted), id_of(code, "partners.push_gone")
    try:
        await deciding.numbered(console(request).parts.pool, actor(request), *ids, request.state.form.text("number"))
    except Invalid as error:
        return await _sent(request, *ids, error)
    return go(f"{HERE}/{ids[0]}/reports/{ids[1]}?done=numbered")


@post("/partners/{wanted:str}/reports/{code:str}/leave", **page(SYSTEM))
async def leave(request: Req, wanted: FromPath[str], code: FromPath[str]) -> Response[Any]:
    ids = id_of(wanted), id_of(code, "partners.push_gone")
    await deciding.leave(console(request).parts.pool, actor(request), *ids)
    return go(f"{HERE}/{ids[0]}/reports/{ids[1]}?done=left")


@post("/partners/{wanted:str}/decide", **page(SYSTEM))
async def decide(request: Req, wanted: FromPath[str]) -> Response[Any]:
    """About everything that waits for one reason."""
    form: Form = request.state.form
    partner_id, pool = id_of(wanted), console(request).parts.pool
    reason: Reason = next((one for one in WAITING if one == form.text("reason")), "")
    decision: Literal["again", "leave"] = "again" if form.text("decision") == "again" else "leave"
    try:
        count = await deciding.decide_all(pool, actor(request), partner_id, reason, decision)
    except Invalid as error:
        return await _one(request, partner_id, error=error)
    return go(f"{HERE}/{partner_id}?done=all_{decision}&count={count}#ledger")


ROUTES = [partners, add, partner, change, connect, switch, remove, fetch, send_one, sent, again, number, leave, decide]
