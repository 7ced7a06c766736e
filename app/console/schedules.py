"""Reports of figures that come by themselves: the list, the form, one with what became of it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Struct

from app.accounts import service as accounts
from app.console.context import BASE, Req, actor, console, lang_of, session
from app.console.declare import STATS, page
from app.console.render import go, show
from app.console.schedules_form import Typed, choices, clock
from app.errors import AppError, Conflict, Forbidden, Invalid, NotFound
from app.exports.summary import in_words
from app.i18n import Lang, catalogue, t
from app.notify.smtp import mail_sender
from app.schedules import service as schedules
from app.schedules.due import next_due
from app.schedules.model import UNDERWAY, Due, Schedule, Send, When
from app.schedules.service import Shown
from app.stats.asked import FILTERS
from app.stats.names import names
from app.stats.periods import parse

HERE = f"{BASE}/schedules"
_SIGNS = {"sent": "✓", "queued": "…", "sending": "…", "left_out": "–"}
_TAGS = {"sent": "good", "uncertain": "warm", "failed": "bad", "unreachable": "bad", "closed": "bad"}


class Row(Struct, frozen=True):
    """One in the list. ``next``: None while it is paused."""

    one: Schedule
    when: str
    next: Due | None
    last: Shown | None
    owner: str


class Said(Struct, frozen=True):
    """One way to one recipient, in words."""

    send: Send
    to: str
    way: str
    why: str
    sign: str
    tag: str


class Entered(Struct, frozen=True):
    """A run in words. ``again``: recipients to whom it can be sent once more."""

    shown: Shown
    period: str
    sends: list[Said]


def _id(wanted: str) -> UUID:
    """Raises NotFound for what is no id."""
    try:
        return UUID(wanted)
    except ValueError:
        raise NotFound("schedules.gone") from None


def when_words(when: When, lang: Lang) -> str:
    day = t(f"schedules.weekday_{when.day}", lang) if when.kind == "weekly" else str(when.day)
    said = t(f"schedules.said_{when.kind}", lang, day=day, time=clock(when.minute))
    return said + (t("schedules.said_office_days", lang) if when.office_days else "")


# ---------------------------------------------------------------- the list


@get("/schedules", **page(STATS))
async def schedules_page(request: Req) -> Response[bytes]:
    parts, lang, now = console(request).parts, lang_of(request), datetime.now(UTC)
    async with parts.pool.acquire() as conn:
        found = await schedules.listed(conn, actor(request))
        last = await schedules.last_runs(conn, found)
        owners = await accounts.staff_names(conn, {one.owner_id for one in found})
    calendar = parts.rules.calendar
    rows = [
        Row(
            one,
            when_words(one.draft.when, lang),
            None if one.paused else next_due(one.draft.when, calendar, now),
            last.get(one.schedule_id),
            owners.get(one.owner_id, ""),
        )
        for one in found
    ]
    return show(
        request,
        "schedules.html.j2",
        rows=rows,
        troubles=[row.one.schedule_id for row in rows if row.last and _troubled(row.last.sends)],
        own_id=session(request).staff.staff_id,
        done=request.query_params.get("done", ""),
    )


def _troubled(sends: Sequence[Send]) -> bool:
    return any(one.status not in UNDERWAY and one.status != "sent" for one in sends)


# ---------------------------------------------------------------- the form


async def _form(
    request: Req, typed: Typed, found: Schedule | None = None, *, version: int = 0, error: AppError | None = None
) -> Response[bytes]:
    return show(
        request,
        "schedules_form.html.j2",
        status=error.status if error else 200,
        typed=typed,
        found=found,
        version=version or (found.version if found else 0),
        problems={p.field: t(p.key, lang_of(request), **p.params) for p in error.problems} if error else {},
        mail_on=mail_sender(console(request).parts.settings) is not None,
        **await choices(request),
    )


@get("/schedules/new", **page(STATS))
async def new_page(request: Req) -> Response[bytes]:
    """Filters may stand in the address: whoever comes from the dashboard has chosen them there."""
    chosen = {name: request.query_params.getall(name, []) for name in FILTERS}
    own = str(session(request).staff.staff_id)
    return await _form(request, Typed(filters=chosen, people=[own], lang=lang_of(request)))


@post("/schedules/new", **page(STATS))
async def create(request: Req) -> Response[Any]:
    typed = Typed.from_form(request.state.form)
    try:
        made = await schedules.create(console(request).parts.pool, actor(request), typed.draft())
    except (Invalid, Forbidden, Conflict) as error:
        return await _form(request, typed, error=error)
    return go(f"{HERE}/{made}?done=created")


@get("/schedules/{wanted:str}/edit", **page(STATS))
async def edit_page(request: Req, wanted: FromPath[str]) -> Response[bytes]:
    async with console(request).parts.pool.acquire() as conn:
        found = await schedules.get(conn, actor(request), _id(wanted))
    return await _form(request, Typed.of(found), found)


@post("/schedules/{wanted:str}/edit", **page(STATS))
async def change(request: Req, wanted: FromPath[str]) -> Response[Any]:
    pool, form = console(request).parts.pool, request.state.form
    async with pool.acquire() as conn:
        found = await schedules.get(conn, actor(request), _id(wanted))
    typed = Typed.from_form(form)
    try:
        await schedules.change(pool, actor(request), _id(wanted), form.number("version"), typed.draft())
    except Conflict as error:
        # What was typed stays; sent once more it replaces what the other one has saved.
        return await _form(request, typed, found, version=found.version, error=error)
    except (Invalid, Forbidden) as error:
        return await _form(request, typed, found, version=form.number("version"), error=error)
    return go(f"{HERE}/{wanted}?done=changed")


# ---------------------------------------------------------------- one


@get("/schedules/{wanted:str}", **page(STATS))
async def schedule_page(request: Req, wanted: FromPath[str]) -> Response[bytes]:
    parts, lang, now = console(request).parts, lang_of(request), datetime.now(UTC)
    async with parts.pool.acquire() as conn:
        found = await schedules.get(conn, actor(request), _id(wanted))
        history = await schedules.history(conn, found)
        known = await names(conn, parts.rules, parts.gazetteer)
        theirs = {one.staff_id for shown in history for one in shown.sends if one.staff_id}
        people = await accounts.staff_names(conn, {found.owner_id, *found.draft.people, *theirs})
    due = next_due(found.draft.when, parts.rules.calendar, now)
    entered = [
        Entered(shown, parse(shown.run.period).title(lang), [_said(one, people, lang) for one in shown.sends])
        for shown in history
    ]
    return show(
        request,
        "schedules_one.html.j2",
        found=found,
        when=when_words(found.draft.when, lang),
        next=None if found.paused else due,
        next_period=due.period.title(lang),
        filters=in_words(found.draft.asked(due.period), known, lang),
        owner=people.get(found.owner_id, ""),
        people=[people.get(each, "") for each in found.draft.people],
        history=entered,
        done=request.query_params.get("done", ""),
    )


def _said(one: Send, people: dict[UUID, str], lang: Lang) -> Said:
    to = people.get(one.staff_id, "") if one.staff_id else one.address
    way = t("schedules.way_mail", lang) if one.channel == "mail" else ""
    if one.channel not in ("mail", "none"):
        way = t(f"console.channel_{one.channel}", lang)
    return Said(one, to, way, why(one.reason, lang), _SIGNS.get(one.status, "⚠"), _TAGS.get(one.status, ""))


def why(reason: str, lang: Lang) -> str:
    """A word of ours in words, another part's sentence, or what the way out said."""
    known = catalogue(lang)
    key = f"schedules.why_{reason}"
    if key in known:
        return t(key, lang)
    return t(reason, lang) if reason in known and "{" not in known[reason] else reason


@post("/schedules/{wanted:str}/pause", **page(STATS))
async def pause(request: Req, wanted: FromPath[str]) -> Response[Any]:
    paused = request.state.form.text("paused") == "1"
    await schedules.pause(console(request).parts.pool, actor(request), _id(wanted), paused=paused)
    return go(f"{HERE}/{wanted}?done={'paused' if paused else 'resumed'}")


@post("/schedules/{wanted:str}/trial", **page(STATS))
async def trial(request: Req, wanted: FromPath[str]) -> Response[Any]:
    parts = console(request).parts
    await schedules.trial(parts.pool, parts.rules.calendar, actor(request), _id(wanted))
    return go(f"{HERE}/{wanted}?done=trial")


@post("/schedules/{wanted:str}/again", **page(STATS))
async def again(request: Req, wanted: FromPath[str]) -> Response[Any]:
    form = request.state.form
    run = _id(form.text("run"))
    await schedules.send_again(console(request).parts.pool, actor(request), _id(wanted), run, form.text("recipient"))
    return go(f"{HERE}/{wanted}?done=again")


@post("/schedules/{wanted:str}/delete", **page(STATS))
async def delete(request: Req, wanted: FromPath[str]) -> Response[Any]:
    await schedules.delete(console(request).parts.pool, actor(request), _id(wanted))
    return go(f"{HERE}?done=deleted")


ROUTES = [schedules_page, new_page, create, schedule_page, edit_page, change, pause, trial, again, delete]
