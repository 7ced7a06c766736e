"""One act on many reports: chosen, looked at beforehand, done one by one by a job, and told row by row.

Each row is the ordinary verb, on the version that the preview showed and under a key of its own, so that whatever is
tried again after a crash has been done once. The rights are those that the person has when a row's turn comes. A report
that is none of their business is refused in the same words as one that does not exist.
"""

import asyncio
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import structlog
from uuid_utils.compat import uuid7

from app.accounts import service as accounts
from app.accounts.model import Actor
from app.bulk import store
from app.bulk.model import (
    KEPT,
    PREVIEWS_KEPT,
    ROWS_MOST,
    Row,
    Run,
    Seen,
    Settled,
    Tally,
    Wanted,
    acts_of,
)
from app.db import Conn, Pool, transaction
from app.errors import AppError, Conflict, Forbidden, Invalid, NotFound, Problem, Unavailable
from app.jobs import Job, enqueue
from app.reports import codes, directions, extension, many
from app.reports import service as reports
from app.reports.effects import ALREADY
from app.reports.model import Report
from app.reports.needs import missing
from app.reports.workflow import MOVES, Act, acts_for, check
from app.routing.ruleset import RuleSet

log = structlog.get_logger()

_AT_ONCE = 4
"""Rows worked on side by side, and how many more may be done after somebody has said stop."""
_RECENT = 50
_AWAY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, Unavailable)
"""Not the row's fault: the job is tried again."""
_REFUSED_BY_DATABASE = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError)
"""It is there and does not take what this row would write, however often it is asked."""


async def prepare(
    pool: Pool,
    actor: Actor,
    act: Act | None,
    typed: Sequence[str],
    back: str = "",
    wanted: Wanted = Wanted(),  # noqa: B008  # frozen
) -> UUID:
    """Keep what was chosen, with each report's version as it is now. ``act`` None: whichever most of them allow. Raises
    Invalid, Forbidden."""
    if act is not None and act not in acts_of(actor):
        raise Forbidden("reports.act_not_yours", act=act)
    chosen = list(dict.fromkeys(codes.read_code(code) or code.strip()[:40] for code in typed if code.strip()))
    if not chosen:
        raise Invalid("bulk.nothing_chosen", field="code")
    if len(chosen) > ROWS_MOST:
        raise Invalid("bulk.too_many", field="code", most=ROWS_MOST, count=len(chosen))
    async with transaction(pool) as conn:
        seen = {report.code: report for report in await many.of_codes(conn, chosen) if actor.may_see(report)}
        rows = [_fresh(place, code, seen.get(code)) for place, code in enumerate(chosen, 1)]
        act = act or usual_act(actor, list(seen.values()))
        assert actor.id is not None
        run = Run(
            run_id=uuid7(), staff_id=actor.id, act=act, wanted=wanted, back=back, state="preview",
            created_at=datetime.now(UTC), started_at=None, ended_at=None,
        )  # fmt: skip
        await store.insert(conn, run, rows)
    return run.run_id


def usual_act(actor: Actor, found: Sequence[Report]) -> Act:
    """The act that most of these reports allow; of equals the one that is offered first. Raises Forbidden."""
    offered = acts_of(actor)
    if not offered:
        raise Forbidden("accounts.not_allowed")
    allowed = [set(acts_for(actor, report)) for report in found]
    return max(offered, key=lambda act: sum(act in each for each in allowed))


def _fresh(place: int, code: str, report: Report | None) -> Row:
    if report is None:
        return Row(place=place, code=code, report_id=None, version=None, state="refused", problems=(_unknown(code),))
    return Row(place=place, code=code, report_id=report.report_id, version=report.version, state="waiting")


def _unknown(code: str) -> Problem:
    return Problem("reports.code_unknown", {"code": code})


async def get(pool: Pool, actor: Actor, run_id: UUID) -> Run:
    """One's own run. Raises NotFound: whose another's is is not told."""
    async with pool.acquire() as conn:
        return await _own(conn, actor, run_id)


async def _own(conn: Conn, actor: Actor, run_id: UUID) -> Run:
    run = await store.of_staff(conn, run_id, actor.id)
    if run is None:
        raise NotFound("bulk.gone")
    return run


async def look(pool: Pool, actor: Actor, run: Run) -> list[Seen]:
    """Each row with its report as it is now, and what stands in the way of the act."""
    async with pool.acquire() as conn:
        return await _look(conn, actor, run)


async def _look(conn: Conn, actor: Actor, run: Run) -> list[Seen]:
    rows = await store.rows(conn, run.run_id)
    found = await many.of_ids(conn, [row.report_id for row in rows if row.report_id])
    return [_seen(actor, run, row, found.get(row.report_id) if row.report_id else None) for row in rows]


def _seen(actor: Actor, run: Run, row: Row, report: Report | None) -> Seen:
    if report is None or not actor.may_see(report):
        return Seen(row, None, (_unknown(row.code),))
    try:
        if run.act not in ALREADY or not ALREADY[run.act](report, run.wanted.form(report)):
            check(run.act, actor, report)
    except (Forbidden, Conflict) as error:
        return Seen(row, report, error.problems)
    return Seen(row, report, ())


async def choose_act(pool: Pool, actor: Actor, run_id: UUID, act: Act) -> None:
    """Another act for the same rows, before anything was done. Raises NotFound, Forbidden."""
    if act not in acts_of(actor):
        raise Forbidden("reports.act_not_yours", act=act)
    async with pool.acquire() as conn:
        await _own(conn, actor, run_id)
        await store.choose_act(conn, run_id, act)


async def start(
    pool: Pool, rules: RuleSet, actor: Actor, run_id: UUID, wanted: Wanted, places: Collection[int]
) -> None:
    """Do it to the rows at ``places``, by a job. Rows that cannot be done now are tried and refused with the reason;
    the others that were not chosen are left out. Again changes nothing. Raises NotFound, Invalid."""
    async with transaction(pool) as conn:
        run = await _own(conn, actor, run_id)
        await _check(conn, rules, actor, run.act, wanted)
        looked = await _look(conn, actor, run)
        left_out = [seen.row.place for seen in looked if not seen.problems and seen.row.place not in places]
        if run.act is Act.MERGE:
            target = codes.read_code(wanted.target or "")
            left_out += [seen.row.place for seen in looked if seen.row.code == target]
        if not any(seen.row.place not in left_out for seen in looked if not seen.problems):
            raise Invalid("bulk.nothing_to_do", field="row")
        if await store.start(conn, run_id, wanted, left_out, datetime.now(UTC)):
            await enqueue(conn, [Job("bulk", {"run_id": str(run_id)}, dedupe=f"bulk:{run_id}")])


async def _check(conn: Conn, rules: RuleSet, actor: Actor, act: Act, wanted: Wanted) -> None:
    """What would be wrong with every row is said before any is begun. Raises Invalid."""
    if problems := missing(MOVES[act].needs, wanted.form(), rules):
        raise Invalid.many(problems)
    if wanted.agency is not None:
        agency = await accounts.agency(conn, wanted.agency)
        if agency is None or not agency.active:
            raise Invalid("reports.agency_unknown", field="agency", agency=wanted.agency[:60])
    at = datetime.now(UTC)
    if act is Act.DIRECT:
        directions.check_due(wanted.days, wanted.due, at)
    if act in (Act.ASK_EXTENSION, Act.GRANT_EXTENSION):
        extension.check_wanted(wanted.days, wanted.due, at, at)
    if wanted.target is not None:
        found = await many.of_codes(conn, [codes.read_code(wanted.target) or ""])
        if not any(actor.may_see(report) for report in found):
            raise Invalid("reports.target_unknown", field="target", code=wanted.target[:40])


async def cancel(pool: Pool, actor: Actor, run_id: UUID) -> None:
    """What has not been begun stays undone; what has been done stays done. Raises NotFound."""
    async with pool.acquire() as conn:
        await _own(conn, actor, run_id)
        await store.cancel(conn, run_id, datetime.now(UTC))


async def again(pool: Pool, actor: Actor, run_id: UUID) -> UUID:
    """A new preview of the rows that were refused or cancelled, as they are now. Raises NotFound, Invalid."""
    async with pool.acquire() as conn:
        run = await _own(conn, actor, run_id)
        rows = await store.rows(conn, run_id)
    left = [row.code for row in rows if row.state in ("refused", "cancelled")]
    return await prepare(pool, actor, run.act, left, run.back, run.wanted)


async def progress(pool: Pool, actor: Actor, run_id: UUID) -> Tally:
    """Raises NotFound."""
    async with pool.acquire() as conn:
        return Tally(await _own(conn, actor, run_id), await store.counts(conn, run_id))


async def recent(pool: Pool, actor: Actor) -> list[Tally]:
    async with pool.acquire() as conn:
        return await store.recent(conn, actor.id, _RECENT)


# ---------------------------------------------------------------- the job


async def work(pool: Pool, rules: RuleSet, run_id: UUID) -> None:
    """Do the rows that wait, one small batch after the other, until none is left or somebody said stop."""
    while True:
        async with pool.acquire() as conn:
            run = await store.running(conn, run_id)
            if run is None:
                return
            rows = await store.waiting(conn, run_id, 1 if run.act is Act.MERGE else _AT_ONCE)
            if not rows:
                await store.finish(conn, run_id, datetime.now(UTC))
                return
            actor = await accounts.actor_of(conn, run.staff_id)
            found = await many.of_ids(conn, [row.report_id for row in rows if row.report_id])
        tried = await asyncio.gather(
            *(_do(pool, rules, actor, run, row, found) for row in rows), return_exceptions=True
        )
        async with pool.acquire() as conn:
            await store.settle(conn, run_id, [each for each in tried if not isinstance(each, BaseException)])
        for each in tried:
            if isinstance(each, BaseException):
                raise each


async def _do(
    pool: Pool, rules: RuleSet, actor: Actor | None, run: Run, row: Row, found: dict[UUID, Report]
) -> Settled:
    report = found.get(row.report_id) if row.report_id else None
    try:
        if actor is None:
            raise Forbidden("bulk.account_closed")
        if report is None:
            raise NotFound("reports.code_unknown", code=row.code)
        await reports.perform(
            pool, rules, actor, report, run.act, run.wanted.form(report, run.key(row.place)), version=row.version
        )
    except Exception as error:  # one row's fault of ours must not keep the others from being done
        if isinstance(error, _AWAY) and not isinstance(error, _REFUSED_BY_DATABASE):
            raise
        if isinstance(error, AppError):
            return row.place, "refused", error.problems
        log.error("a bulk act's row failed", run_id=str(run.run_id), place=row.place, exc_info=error)
        return row.place, "refused", (Problem("bulk.row_broken"),)
    return row.place, "done", ()


async def sweep(pool: Pool, at: datetime | None = None) -> int:
    """Forget what was done a month ago, and what was only looked at a day ago. Gives the number."""
    at = at or datetime.now(UTC)
    async with pool.acquire() as conn:
        return await store.sweep(conn, at - KEPT, at - PREVIEWS_KEPT)
