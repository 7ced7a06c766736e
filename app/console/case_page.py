"""The page of a case: everything about a report and what may be done to it, for the staff whose business it is."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from litestar import Response, get
from litestar.params import FromPath
from msgspec import Struct
from structlog.contextvars import bind_contextvars

from app.accounts.model import Actor
from app.casefile import service as casefile
from app.casefile.model import CaseFile
from app.casefile.words import ago, answers_of, category_name, fact, status_word
from app.console import case_map
from app.console.case_forms import URGENCIES, Kept, next_step, offered, pickers
from app.console.case_responses import by_act, directed
from app.console.case_stale import Seen, seen_of, stale
from app.console.case_view import Reader, clock, conversation, notes, now, shots, timeline, voices
from app.console.context import BASE, Req, actor, console, lang_of
from app.console.declare import CASES, page
from app.console.files_view import files, proof
from app.console.render import show
from app.history.model import Kind
from app.i18n import t
from app.partners import ledger as partners
from app.reports import colleagues
from app.reports import near as nearness
from app.reports import service as reports
from app.reports.colleagues import Colleague
from app.reports.model import Report, Status
from app.reports.workflow import Act
from app.templates import service as templates

_CHANNELS = {"telegram": "Telegram", "zalo_bot": "Zalo Bot", "zalo_oa": "Zalo OA", "push": "Web Push"}
NEAR_MOST = 8
SIGNS = {
    Status.SUBMITTED: "○",
    Status.RECEIVED: "◔",
    Status.ASSIGNED: "➜",
    Status.IN_PROGRESS: "▶",
    Status.AWAITING_INFO: "⏸",
    Status.RETURNED: "↩",
    Status.RESOLVED: "✓",
    Status.CLOSED: "●",
    Status.REJECTED: "✕",
    Status.DUPLICATE: "⧉",
    Status.WITHDRAWN: "⊘",
}


class Asked(Struct, frozen=True):
    """What the page is asked for. ``kept``: a form that could not be carried out; ``raced``: because somebody else was
    faster, after this person had seen ``seen``."""

    act: Act | None = None
    done: Act | None = None
    queue: str = ""
    kept: Kept | None = None
    seen: Seen | None = None
    raced: bool = False


_NOTHING = Asked()


class NearBy(Struct, frozen=True):
    """An open report near by that the reader may see."""

    code: str
    metres: int
    category: str
    status: str
    at: datetime


class ToldView(Struct, frozen=True):
    """A message that went out, or did not, in words."""

    what: str
    where: str
    status: str
    at: datetime


def address(code: str) -> str:
    return f"{BASE}/reports/{code}"


async def visible(request: Req, code: str) -> Report:
    """The report by its code. Raises NotFound when it is none of the reader's business, just as if there were none."""
    found = await reports.find(console(request).parts.pool, code)
    bind_contextvars(report_id=str(found.report_id))
    return reports.visible(actor(request), found)


async def reader_of(request: Req, needed: Collection[str] = ()) -> Reader:
    """Who reads, with the names of all agencies; ``needed`` are certain to be among them."""
    here = console(request)
    agencies = await here.agencies.all(needed)
    return Reader(here.parts.rules, agencies, lang_of(request), here.parts.settings.secret_key, now())


async def context(request: Req, report: Report, asked: Asked = _NOTHING) -> dict[str, Any]:
    """What the page is made of."""
    lang, who, parts = lang_of(request), actor(request), console(request).parts
    async with parts.pool.acquire() as conn:
        case = await casefile.read(conn, who, report)
        around = await nearness.around(conn, parts.rules, report, case_map.AROUND_M)
        responses = await templates.offered(conn, parts.rules, who, report)
        takers = await colleagues.of_report(conn, report) if Act.GIVE in case.acts else []
        at_partners = await partners.of_report(conn, report.report_id)
    reader = await reader_of(request, [report.agency_id, *case.calls])
    ours, seen = _ours(who, around), shots(case, reader)
    return _acts(request, case, reader, asked, takers) | {
        "here": address(report.code),
        "case": case,
        "report": report,
        "reader": reader,
        "ago": lambda at: ago(at, reader.now, lang),
        "category": category_name(parts.rules, report.category, lang),
        "status_name": status_word(report.status, lang),
        "sign": SIGNS[report.status],
        "shots": seen,
        "answers": answers_of(parts.rules, report, lang),
        "clock": clock(case, reader),
        "talk": conversation(case, reader),
        "voices": voices(case, reader),
        "files": files(case, reader, who),
        "proof": proof(case, seen, reader, who),
        "notes": notes(case, reader),
        "responses": by_act(responses),
        "directed": directed(case, reader),
        "at_partners": at_partners,
        "origin": next((event.data for event in case.events if event.kind == Kind.IMPORTED), None),
        "timeline": timeline(case, reader),
        "why": case.why,
        "why_words": next((m.body for m in case.messages if str(m.message_id) == case.why.message_id), ""),
        "map": case_map.draw(parts.gazetteer, report, ours),
        "near": [_near(reader, *pair) for pair in ours],
        "near_metres": round(case_map.AROUND_M),
        "told": _told(case, reader),
        "whole_seen": case.whole is not None and who.may_see(case.whole),
        "category_of": lambda category: category_name(parts.rules, category, lang),
        "tiles": parts.settings.tiles,
    }


def _acts(request: Req, case: CaseFile, reader: Reader, asked: Asked, takers: Sequence[Colleague]) -> dict[str, Any]:
    """What may be done, the next step first; what somebody could not do, or not any more, with what they typed."""
    report, kept = case.report, asked.kept
    acts = offered(case, address(report.code), kept)
    wanted = kept.act if kept else asked.act
    chosen = next((one for one in acts if one.act == wanted), None) or next_step(acts, report)
    race = stale(case, reader, asked.seen, allowed=chosen is not None and kept is not None and chosen.act is kept.act)
    return {
        "acts": acts,
        "chosen": chosen,
        "kept": kept,
        "stale": race if asked.raced else None,
        "seen": seen_of(case),
        "pick": pickers(acts, case, reader, console(request).parts.gazetteer, takers),
        "urgencies": URGENCIES,
        "done": asked.done,
        "queue": asked.queue,
    }


def _ours(who: Actor, around: list[tuple[Report, float]]) -> list[tuple[Report, float]]:
    return [pair for pair in around if who.may_see(pair[0])][:NEAR_MOST]


def _near(reader: Reader, one: Report, metres: float) -> NearBy:
    return NearBy(
        one.code,
        round(metres),
        category_name(reader.rules, one.category, reader.lang),
        status_word(one.status, reader.lang),
        one.submitted_at,
    )


def _told(case: CaseFile, reader: Reader) -> list[ToldView]:
    """The ledger, newest first."""
    events = {event.seq: event for event in case.events}
    found = []
    for row in reversed(case.told):
        event = events.get(row.seq)
        what = fact(event, reader.agencies, reader.lang, case.names) if event else ""
        whom = "case.to_staff" if row.to_staff else "case.to_citizen"
        where = f"{t(whom, reader.lang)}, {_CHANNELS.get(row.channel, row.channel)}"
        found.append(ToldView(what, where, row.status, row.updated_at))
    return found


def policy(request: Req) -> Mapping[str, str]:
    """The page's map may show pictures of the tile server that the province names, when somebody opens it."""
    tiles = console(request).parts.settings.tiles
    if tiles is None:
        return {}
    said = (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
        f"img-src 'self' data: {tiles.origin}"
    )
    return {"Content-Security-Policy": said}


async def case_response(request: Req, report: Report, asked: Asked, status: int = 200) -> Response[bytes]:
    made = await context(request, report, asked)
    return show(request, "case.html.j2", status=status, headers=policy(request), **made)


@get("/reports/{code:str}", **page(CASES))
async def case_page(request: Req, code: FromPath[str]) -> Response[bytes]:
    """``act``: whose form is open; ``queue``: the query of the queue that it was opened from, with this case's place in
    it; ``done``: what was done last."""
    query = request.query_params
    acts = {name: next((act for act in Act if act == query.get(name, "")), None) for name in ("act", "done")}
    asked = Asked(act=acts["act"], done=acts["done"], queue=query.get("queue", "")[:2000])
    return await case_response(request, await visible(request, code), asked)


ROUTES = [case_page]
