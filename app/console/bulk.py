"""One act on many reports: the preview with what the act asks for, the run with its progress, each row's result."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Struct

from app.accounts import service as accounts
from app.bulk import service as bulk
from app.bulk.model import ROWS_MOST, Run, Seen, Wanted, acts_of
from app.console.case_forms import colleague_word
from app.console.context import BASE, Req, actor, console, lang_of
from app.console.declare import QUEUE, page
from app.console.render import go, show
from app.console.staff_common import agencies_of, agency_word, choices_of
from app.console.words import Teller
from app.errors import AppError, Conflict, Invalid, NotFound, Problem
from app.forms import Form, whole
from app.i18n import Lang, catalogue, t
from app.reports import colleagues
from app.reports.model import Urgency
from app.reports.workflow import MOVES, Act
from app.routing.calendar import VIETNAM

HERE = f"{BASE}/bulk"
_WORDS_MOST = 90
_URGENCIES: tuple[Urgency, ...] = ("urgent", "normal", "complex")
_OPTIONAL_WORDS = frozenset({Act.ACCEPT, Act.ASSIGN, Act.MERGE, Act.GIVE, Act.RELEASE})


class Line(Struct, frozen=True):
    """A row in words. ``after``: the status it would get, "" where it keeps its own; ``why``: what stands in the way of
    it, or why it was refused; ``known``: the person may open it."""

    seen: Seen
    known: bool
    words: str
    place: str
    agency: str
    status: str
    after: str
    why: tuple[str, ...]


class Asks(Struct, frozen=True):
    """What the act asks for once. ``text``: "needed", "optional" or ""; ``deadline`` likewise."""

    text: str
    agency: bool
    category: bool
    urgency: bool
    target: bool
    tags: bool
    deadline: str
    colleague: bool

    @classmethod
    def of(cls, act: Act) -> "Asks":
        needs = MOVES[act].needs
        text = "needed" if "text" in needs else "optional" if act in _OPTIONAL_WORDS else ""
        wanted = "needed" if {"later", "by"} & set(needs) else "optional" if act is Act.GRANT_EXTENSION else ""
        return cls(
            text,
            "agency" in needs,
            "matter" in needs,
            "urgency" in needs,
            "target" in needs,
            "tags" in needs,
            wanted,
            "colleague" in needs,
        )


def said(problem: Problem, lang: Lang) -> str:
    """A reason in words, with the status by its name."""
    params = {"field": problem.field} | problem.params
    word = f"reports.status_{params.get('status')}"
    if word in catalogue(lang):
        params["status"] = t(word, lang)
    return t(problem.key, lang, **params)


async def _lines(request: Req, run: Run, looked: Iterable[Seen]) -> list[Line]:
    lang, looked = lang_of(request), list(looked)
    ids = {seen.report.agency_id for seen in looked if seen.report}
    async with console(request).parts.pool.acquire() as conn:
        names = await accounts.agency_names(conn, sorted(ids), lang)
    teller = Teller(console(request).parts.rules, console(request).parts.gazetteer, lang)
    return [_line(run, seen, names, teller, lang) for seen in looked]


def _line(run: Run, seen: Seen, names: Mapping[str, str], teller: Teller, lang: Lang) -> Line:
    report = seen.report
    problems = seen.problems if run.state == "preview" else seen.row.problems
    why = tuple(said(problem, lang) for problem in problems)
    if report is None:
        return Line(seen, False, "", "", "", "", "", why)
    to = MOVES[run.act].to
    after = t(f"reports.status_{to}", lang) if to not in (None, report.status) else ""
    words = " ".join(report.body.split())
    short = words if len(words) <= _WORDS_MOST else f"{words[:_WORDS_MOST].rpartition(' ')[0]}…"
    place = " · ".join(part for part in (teller.category(report.category), report.commune_name) if part)
    status = t(f"reports.status_{report.status}", lang)
    return Line(seen, True, short, place, names.get(report.agency_id, report.agency_id), status, after, why)


# ---------------------------------------------------------------- choosing


def own_path(path: str) -> str:
    """A page of ours to go back to; the queue for anything else."""
    return path if path.startswith(f"{BASE}/") and not path.startswith("//") and "\\" not in path else f"{BASE}/queue"


@post("/bulk", **page(QUEUE, status=200))
async def choose(request: Req) -> Response[Any]:
    """What the queue sends: the chosen codes, the act, and the page to come back to."""
    form: Form = request.state.form
    reader = actor(request)
    act = next((each for each in acts_of(reader) if each == form.text("act")), None)
    back = own_path(form.text("next"))
    try:
        run_id = await bulk.prepare(console(request).parts.pool, reader, act, form.ticked.get("code", ()), back)
    except Invalid as error:
        return show(
            request, "bulk_none.html.j2", status=422, back=back, why=[said(p, lang_of(request)) for p in error.problems]
        )
    return go(f"{HERE}/{run_id}")


@get("/bulk", **page(QUEUE))
async def runs(request: Req) -> Response[bytes]:
    return show(request, "bulk_runs.html.j2", tallies=await bulk.recent(console(request).parts.pool, actor(request)))


def _run_id(typed: str) -> UUID:
    try:
        return UUID(typed)
    except ValueError:
        raise NotFound("bulk.gone") from None


@get("/bulk/{wanted:str}", **page(QUEUE))
async def see(request: Req, wanted: FromPath[str]) -> Response[bytes]:
    return await _page(request, _run_id(wanted))


async def _page(
    request: Req, run_id: UUID, typed: Mapping[str, str] | None = None, error: AppError | None = None
) -> Response[bytes]:
    reader, lang = actor(request), lang_of(request)
    run = await bulk.get(console(request).parts.pool, reader, run_id)
    if run.state == "running":
        tally = await bulk.progress(console(request).parts.pool, reader, run_id)
        done, total = _counts(tally.counts)
        return show(request, "bulk_running.html.j2", run=run, done=done, total=total)
    lines = await _lines(request, run, await bulk.look(console(request).parts.pool, reader, run))
    if run.state != "preview":
        by_state = {name: [line for line in lines if line.seen.row.state == name] for name in _STATES}
        return show(request, "bulk_result.html.j2", run=run, by_state=by_state)
    asks = Asks.of(run.act)
    agencies = (
        [(a.agency_id, agency_word(a, lang)) for a in await agencies_of(request) if a.active] if asks.agency else []
    )
    return show(
        request,
        "bulk.html.j2",
        status=422 if error else 200,
        run=run,
        asks=asks,
        acts=acts_of(reader),
        possible=[line for line in lines if not line.why],
        impossible=[line for line in lines if line.why],
        agencies=sorted(agencies, key=lambda each: each[1]),
        categories=choices_of(request, ()).categories if asks.category else [],
        urgencies=_URGENCIES,
        colleagues=await _colleagues(request, lines) if asks.colleague else [],
        typed=_typed(run.wanted) if typed is None else typed,
        left_out=set() if typed is None else {line.seen.row.place for line in lines} - _ticked(request),
        problems={p.field: said(p, lang) for p in error.problems} if error else {},
        most=ROWS_MOST,
    )


async def _colleagues(request: Req, lines: Iterable[Line]) -> list[tuple[str, str]]:
    """Whoever handles cases in an agency that has some of these; whether they may have each one, its row says."""
    lang, agencies = (
        lang_of(request),
        {line.seen.report.agency_id for line in lines if line.seen.report and not line.why},
    )
    async with console(request).parts.pool.acquire() as conn:
        found = await colleagues.of_agencies(conn, agencies)
        names = await accounts.agency_names(conn, sorted(agencies), lang) if len(agencies) > 1 else {}
    return [
        (str(one.staff_id), " · ".join(filter(None, (colleague_word(one, lang), names.get(one.agency_id)))))
        for one in found
    ]


_STATES = ("refused", "cancelled", "done", "left_out")


def _typed(wanted: Wanted) -> dict[str, str]:
    """As the fields show it: what was asked for before, where refused rows are tried again."""
    due = wanted.due.astimezone(VIETNAM).strftime("%Y-%m-%dT%H:%M") if wanted.due else ""
    return {
        "text": wanted.text,
        "agency": wanted.agency or "",
        "category": wanted.category or "",
        "urgency": wanted.urgency or "",
        "target": wanted.target or "",
        "days": str(wanted.days or ""),
        "due": due,
        "tags": ", ".join(wanted.tags or ()),
        "colleague": str(wanted.colleague or ""),
    }


# ---------------------------------------------------------------- doing


@post("/bulk/{wanted:str}/act", **page(QUEUE))
async def change_act(request: Req, wanted: FromPath[str]) -> Response[Any]:
    form: Form = request.state.form
    chosen = next((each for each in Act if each == form.text("act")), None)
    if chosen is not None:
        await bulk.choose_act(console(request).parts.pool, actor(request), _run_id(wanted), chosen)
    return go(f"{HERE}/{wanted}")


@post("/bulk/{wanted:str}/start", **page(QUEUE, status=200))
async def start(request: Req, wanted: FromPath[str]) -> Response[Any]:
    form: Form = request.state.form
    parts, run_id = console(request).parts, _run_id(wanted)
    try:
        await bulk.start(parts.pool, parts.rules, actor(request), run_id, _wanted(form), _ticked(request))
    except (Invalid, Conflict) as error:
        return await _page(request, run_id, {name: form.text(name) for name in _typed(Wanted())}, error)
    return go(f"{HERE}/{run_id}")


def _ticked(request: Req) -> set[int]:
    form: Form = request.state.form
    return {place for typed in form.ticked.get("row", ()) if (place := whole(typed, 5)) is not None}


def _wanted(form: Form) -> Wanted:
    tags = tuple(form.text("tags").split(",")) if form.text("tags") else None
    days, due, urgency = whole(form.text("days"), 3), form.text("due"), form.text("urgency")
    if days is None and form.text("days"):
        raise Invalid("bulk.days_wrong", field="days")
    try:
        until = datetime.fromisoformat(due).replace(tzinfo=VIETNAM) if due else None
    except ValueError:
        raise Invalid("bulk.due_wrong", field="due") from None
    try:
        colleague = UUID(form.text("colleague")) if form.text("colleague") else None
    except ValueError:
        raise Invalid("reports.colleague_unknown", field="colleague") from None
    return Wanted(
        text=form.text("text"),
        agency=form.text("agency") or None,
        category=form.text("category") or None,
        urgency=next((each for each in _URGENCIES if each == urgency), None),
        target=form.text("target") or None,
        days=days or None,
        due=until,
        tags=tags,
        colleague=colleague,
    )


def _counts(counts: Mapping[str, int]) -> tuple[int, int]:
    """Rows that are over, of all that were chosen."""
    total = sum(count for state, count in counts.items() if state != "left_out")
    return total - counts.get("waiting", 0), total


@get("/bulk/{wanted:str}/progress", **page(QUEUE))
async def progress(request: Req, wanted: FromPath[str]) -> dict[str, Any]:
    """For the page's script: how far it is."""
    tally = await bulk.progress(console(request).parts.pool, actor(request), _run_id(wanted))
    done, total = _counts(tally.counts)
    return {"state": tally.run.state, "done": done, "total": total}


@post("/bulk/{wanted:str}/cancel", **page(QUEUE))
async def cancel(request: Req, wanted: FromPath[str]) -> Response[Any]:
    await bulk.cancel(console(request).parts.pool, actor(request), _run_id(wanted))
    return go(f"{HERE}/{wanted}")


@post("/bulk/{wanted:str}/again", **page(QUEUE))
async def again(request: Req, wanted: FromPath[str]) -> Response[Any]:
    return go(f"{HERE}/{await bulk.again(console(request).parts.pool, actor(request), _run_id(wanted))}")


ROUTES = [choose, runs, see, change_act, start, progress, cancel, again]
