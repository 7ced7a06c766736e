"""``phananh rules apply | history | rollback | diff | replay``: changing the rules with confidence."""

import asyncio
import csv
import getpass
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from msgspec import json
from rich.progress import Progress
from rich.table import Table

from app.cli.common import Language, err, fail, out, prepared
from app.i18n import Lang, t

if TYPE_CHECKING:
    from app.db import Conn, Pool
    from app.reports.replay import Changed, Outcome
    from app.routing.ruleset import RuleSet
    from app.routing.versions import Activation
    from app.stats.model import Misrouting

Result = TypeVar("Result")
Candidate = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The candidate rules file.")]
Note = Annotated[str, typer.Option("--note", help="Why; it stays in the record.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]
_COLUMNS = ("code", "submitted_at", "category", "commune", "agency", "urgency", "due", "rule",
            "new_agency", "new_urgency", "new_due", "new_rule")  # fmt: skip
_TRANSFERS_SHOWN = 15


def _with_pool(work: "Callable[[Pool], Awaitable[Result]]") -> Result:
    """Do something with a database that runs. A changed rules file is left alone: looking at it must not apply it."""

    async def main(url: str) -> Result:
        from app.db import connect_pool

        pool = await connect_pool(url, 2)
        try:
            return await work(pool)
        finally:
            await pool.close()

    with prepared() as settings:
        assert settings.database_url is not None
        return asyncio.run(main(settings.database_url))


def _candidate(file: Path, lang: Lang) -> "RuleSet":
    from app.places.service import embedded_default
    from app.routing.problems import RulesError
    from app.wiring import load_candidate

    try:
        return load_candidate(file, embedded_default())
    except RulesError as error:
        raise fail(error.lines(lang)) from None


def _by() -> str:
    return f"{getpass.getuser()} (command line)"


async def _staffed(conn: "Conn") -> dict[str, int]:
    from app.accounts import service as accounts

    return Counter(person.agency_id for person in await accounts.all_staff(conn) if person.active)


def apply(file: Candidate, note: Note, lang: Language = "vi") -> None:
    """Put a rules file into force, in every process at once; open reports' deadlines follow."""
    from app.places import service as places
    from app.routing import service as routing
    from app.routing.check import check
    from app.wiring import load_candidate

    _candidate(file, lang)

    async def work(pool: "Pool") -> "Activation":
        # Once more, by the communes that the database has.
        rules = load_candidate(file, await places.load(pool))
        async with pool.acquire() as conn:
            found = check(rules, await _staffed(conn)).warnings
        for warning in found:
            err.print(f"[yellow]![/] {warning.line_for(lang)}", highlight=False)
        lines = [warning.line_for(lang) for warning in found]
        return await routing.apply(pool, rules, note=note, by=_by(), warnings=lines)

    done = _with_pool(work)
    out.print(f"✓ {done.version} is in force, instead of {done.previous}", highlight=False)


def rollback(note: Note) -> None:
    """Undo the last change of the rules that has not been undone; again goes further back."""
    from app.routing import service as routing

    done = _with_pool(lambda pool: routing.rollback(pool, note=note, by=_by()))
    out.print(f"✓ {done.version} is in force again, instead of {done.previous}", highlight=False)


def history(as_json: AsJson = False) -> None:
    """Which rules were in force since when, by whom and why; newest first."""
    from app.routing import service as routing

    log = _with_pool(routing.history)
    if as_json:
        print(json.encode(log).decode())  # noqa: T201  # JSON for programs, not for rich
        return
    table = Table("since", "version", "how", "by", "note", "warnings")
    for one in log:
        since = f"{one.at.astimezone():%Y-%m-%d %H:%M:%S}"
        table.add_row(since, one.version, one.how, one.by, one.note, str(len(one.warnings) or ""))
    out.print(table)


def diff(
    file: Candidate,
    against: Annotated[str, typer.Option(help="A version, or its beginning; default: the one in force.")] = "",
    as_json: AsJson = False,
    lang: Language = "vi",
) -> None:
    """What a rules file changes: agencies, categories, rules, deadlines; added, removed, changed, moved."""
    from app.routing import service as routing
    from app.routing.diff import differences

    new = _candidate(file, lang)

    async def work(pool: "Pool") -> "RuleSet":
        return await (routing.load_version(pool, against) if against else routing.active(pool))

    old = _with_pool(work)
    found = differences(old.source, new.source)
    if as_json:
        print(json.encode(found).decode())  # noqa: T201  # JSON for programs, not for rich
        return
    for difference in found:
        for line in difference.lines(lang):
            out.print(line, highlight=False, markup=False, soft_wrap=True)
    if not found:
        out.print(f"no difference from {old.version}", highlight=False)


def replay(
    file: Candidate,
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only reports since this day.")] = None,
    csv_file: Annotated[Path | None, typer.Option("--csv", help="Write every changed report to this file.")] = None,
    as_json: AsJson = False,
    lang: Language = "vi",
) -> None:
    """Decide past reports by a candidate, and show what would change. Nothing is written to the database."""
    from app.reports.replay import replay as run
    from app.routing import service as routing
    from app.routing.calendar import VIETNAM

    then = _candidate(file, lang)
    start = since.replace(tzinfo=VIETNAM) if since else datetime(1970, 1, 1, tzinfo=UTC)

    async def work(pool: "Pool") -> "Outcome":
        now = await routing.active(pool)
        return await run(
            pool, now, then, since=start, changed=write,
            progress=lambda done, of: bar.update(task, completed=done, total=of),
        )  # fmt: skip

    with ExitStack() as stack:
        write = _csv_writer(stack, csv_file)
        bar = stack.enter_context(Progress(console=err, transient=True))
        task = bar.add_task("reports", total=None)
        outcome = _with_pool(work)
    if as_json:
        print(json.encode(outcome).decode())  # noqa: T201  # JSON for programs, not for rich
    else:
        _show(outcome)
        if csv_file:
            out.print(f"{outcome.changed} reports in {csv_file}", highlight=False)


def _csv_writer(stack: ExitStack, path: Path | None) -> "Callable[[Sequence[Changed]], None] | None":
    if path is None:
        return None
    # With a mark at the beginning, or spreadsheets take Vietnamese for something else.
    writer = csv.writer(stack.enter_context(path.open("w", encoding="utf-8-sig", newline="")))
    writer.writerow(_COLUMNS)

    def write(changed: "Sequence[Changed]") -> None:
        for one in changed:
            answers = [
                (answer.agency_id, answer.urgency, answer.due.isoformat(), answer.rule_id)
                for answer in (one.now, one.then)
            ]
            writer.writerow(
                [one.code, one.submitted_at.isoformat(), one.category, one.commune_name, *answers[0], *answers[1]]
            )

    return write


def _show(outcome: "Outcome") -> None:
    def share(number: int) -> str:
        return f"{number:,} ({number / outcome.reports:.1%})" if outcome.reports else "0"

    out.print(f"{outcome.reports:,} reports by {outcome.now} (in force) and {outcome.then} (candidate)")
    out.print(
        f"another answer: {share(outcome.changed)}; agency {share(outcome.agency)}, "
        f"urgency {share(outcome.urgency)}, deadline {share(outcome.deadline)}"
    )
    if outcome.loads:
        loads = Table("agency", "now", "candidate", "gains", "loses", title="load")
        for load in outcome.loads:
            loads.add_row(load.agency_id, *(f"{n:,}" for n in (load.now, load.then, load.gained, load.lost)))
        out.print(loads)
        ways = Table("from", "to", "reports", title="who hands to whom")
        for way in outcome.transfers[:_TRANSFERS_SHOWN]:
            ways.add_row(way.now, way.then, f"{way.reports:,}")
        out.print(ways)


def why(
    code: Annotated[str, typer.Argument(help="PA-7K3M-9QX2")], as_json: AsJson = False, lang: Language = "vi"
) -> None:
    """Why a report was sent where it was sent when it came in, by the rules that decided it then."""
    from app.cli.rules_why import tell
    from app.places.service import embedded_default
    from app.reports.hindsight import explain_intake

    found = _with_pool(lambda pool: explain_intake(pool, embedded_default(), code))
    if as_json:
        said = found.explanation.as_json() | {"decided_by": found.decided_by}
        print(json.encode(said).decode())  # noqa: T201  # JSON for programs, not for rich
        return
    tell(found.rules, found.explanation, lang)
    if not found.still_so:
        err.print(t("routing.explain_otherwise", lang, rule=found.decided_by), highlight=False, soft_wrap=True)


def misrouted(
    days: Annotated[int, typer.Option(min=1, help="Reports of the last so many days.")] = 90, as_json: AsJson = False
) -> None:
    """Rules that send wrongly: whose reports come back or are handed on, and who has them in the end."""
    from app.accounts.model import SYSTEM
    from app.routing import service as routing
    from app.stats.misrouted import misrouted as find
    from app.stats.projection import catch_up

    since = datetime.now(UTC) - timedelta(days=days)

    async def read(pool: "Pool") -> "list[Misrouting]":
        await catch_up(pool)
        return await find(pool, SYSTEM, (await routing.active(pool)).coordinator_id, since)

    found = _with_pool(read)
    if as_json:
        print(json.encode(found).decode())  # noqa: T201  # JSON for programs, not for rich
        return
    table = Table("rule", "decided", "returned", "transferred", "wrong", "share", "category corrected", "ended up with")
    for one in found:
        ends = ", ".join(f"{end.agency_id} {end.reports}" for end in one.ended_up)
        numbers = (one.decided, one.returned, one.transferred, one.wrong)
        table.add_row(one.rule_id, *(f"{n:,}" for n in numbers), f"{one.share:.1%}", f"{one.reclassified:,}", ends)
    out.print(table)
