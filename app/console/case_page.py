"""The page of a case: everything about a report and what may be done to it, for the staff whose business it is."""

from collections.abc import Mapping
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
from app.console.case_view import Reader, clock, conversation, notes, now, shots, timeline, voices
from app.console.context import BASE, Req, actor, console, lang_of
from app.console.declare import CASES, page
from app.console.files_view import files, proof
from app.console.render import show
from app.i18n import t
from app.reports import near as nearness
from app.reports import service as reports
from app.reports.model import Report, Status

_CHANNELS = {"telegram": "Telegram", "zalo_bot": "Zalo Bot", "zalo_oa": "Zalo OA"}
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


async def context(request: Req, report: Report) -> dict[str, Any]:
    """What the page is made of."""
    here, lang, who = console(request), lang_of(request), actor(request)
    parts = here.parts
    async with parts.pool.acquire() as conn:
        case = await casefile.read(conn, who, report)
        around = await nearness.around(conn, parts.rules, report, case_map.AROUND_M)
    agencies = await here.agencies.all([report.agency_id, *case.calls])
    reader = Reader(parts.rules, agencies, lang, parts.settings.secret_key, now())
    ours, seen = _ours(who, around), shots(case, reader)
    return {
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
        what = fact(event, reader.agencies, reader.lang) if event else ""
        whom = "case.to_staff" if row.template.startswith("staff") else "case.to_citizen"
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


@get("/reports/{code:str}", **page(CASES))
async def case_page(request: Req, code: FromPath[str]) -> Response[bytes]:
    report = await visible(request, code)
    return show(request, "case.html.j2", headers=policy(request), **await context(request, report))


ROUTES = [case_page]
