"""``phananh rules check | explain``: what is wrong with a rules file, and why a report goes where it goes."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import json
from msgspec.structs import replace
from rich.table import Table

from app import settings as configuration
from app.cli.common import Language, err, fail, out
from app.i18n import Lang, t
from app.routing.model import Channel, Facts, ReporterKind, Urgency
from app.settings import SettingsError

if TYPE_CHECKING:
    from app.places.gazetteer import Gazetteer
    from app.routing.check import Findings
    from app.routing.explain import Explanation
    from app.routing.ruleset import RuleSet

File = Annotated[Path, typer.Option("--file", "-f", help="The rules file.")]
_RULES = Path("routing_rules.yaml")


def check(file: Annotated[Path, typer.Argument()] = _RULES, lang: Language = "vi") -> None:
    """Check a rules file: every mistake with file, line and column (exit code 2); what deserves a look (0)."""
    from app.places.service import embedded_default
    from app.routing.check import check as look

    rules = _loaded(file, embedded_default(), lang)
    findings = look(rules, asyncio.run(_officers()))
    for warning in findings.warnings:
        err.print(f"[yellow]![/] {warning.line_for(lang)}", highlight=False, soft_wrap=True)
    if findings.gaps:
        out.print(_gaps(findings, rules, lang))
    counts = {"rules": len(rules.rules), "categories": len(rules.categories), "agencies": len(rules.agencies)}
    fine = t("routing.check_fine", lang, file=file, version=rules.version, examples=len(rules.examples), **counts)
    out.print(f"[green]✓[/] {fine}", highlight=False, soft_wrap=True)
    if findings.warnings:
        out.print(t("routing.check_warnings", lang, count=len(findings.warnings)), highlight=False)


def _loaded(file: Path, gazetteer: "Gazetteer", lang: Lang) -> "RuleSet":
    from app.routing.problems import RulesError
    from app.wiring import load_candidate

    try:
        return load_candidate(file, gazetteer)
    except RulesError as error:
        raise fail(error.lines(lang)) from None


async def _officers() -> dict[str, int] | None:
    """Active officers and leads of each agency; None where no database is configured or it does not answer."""
    import asyncpg

    from app.accounts import service as accounts
    from app.db import connect_pool

    try:
        url = configuration.load().database_url
        pool = await connect_pool(url, 1) if url else None
    except (SettingsError, OSError, asyncpg.PostgresError):
        return None
    if pool is None:
        return None
    try:
        async with pool.acquire() as conn:
            staff = await accounts.all_staff(conn)
            found = Counter(each.agency_id for each in staff if each.active and each.role in ("officer", "lead"))
            return {agency.agency_id: found[agency.agency_id] for agency in await accounts.agencies(conn)}
    except asyncpg.PostgresError:
        return None
    finally:
        await pool.close()


def _gaps(findings: "Findings", rules: "RuleSet", lang: Lang) -> Table:
    from app.routing.check import TIMES

    table = Table(title=t("routing.gaps_title", lang))
    table.add_column(t("routing.gap_category", lang))
    table.add_column("")
    for time in TIMES:
        table.add_column(t(f"routing.time_{time}", lang))
    rows: dict[tuple[str, str], dict[str, bool]] = {}
    for gap in findings.gaps:
        rows.setdefault((gap.category_id, gap.commune_kind), {})[gap.time] = gap.some
    for (category_id, kind), cells in rows.items():
        category = rules.categories[category_id]
        said = (
            "" if time not in cells else t("routing.gap_some" if cells[time] else "routing.gap_all", lang)
            for time in TIMES
        )
        table.add_row(category.name_en if lang == "en" else category.name, kind, *said)
    return table


def explain(
    text: Annotated[str, typer.Argument(help="What the citizen wrote.")],
    place: Annotated[str, typer.Option(help="Commune code or address, old names too.")] = "",
    time: Annotated[str, typer.Option(help="2026-11-05 09:00; now when left out.")] = "",
    category: Annotated[str, typer.Option(help="Guessed from the text when left out.")] = "",
    channel: Annotated[Channel, typer.Option()] = "web",
    reporter: Annotated[ReporterKind, typer.Option()] = "citizen",
    urgency: Annotated[Urgency | None, typer.Option(help="As a person set it.")] = None,
    photo: Annotated[bool, typer.Option("--photo", help="It has a photo.")] = False,
    point: Annotated[str, typer.Option(help="Latitude and longitude: 9.18, 105.15.")] = "",
    answer: Annotated[list[str] | None, typer.Option(help="To an extra question: question=answer.")] = None,
    file: File = _RULES,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
    lang: Language = "vi",
) -> None:
    """Who would answer for a report, and the full why: what held, and why not each rule before."""
    from app.errors import AppError
    from app.i18n.text import fold
    from app.places.service import embedded_default
    from app.routing.guess import clear_guess

    gazetteer = embedded_default()
    rules = _loaded(file, gazetteer, lang)
    guesses = rules.guess_category(text)
    lat, lon = _point(point, lang)
    facts = Facts(
        at=_moment(time, lang),
        category=category or clear_guess(guesses),
        text_folded=fold(text),
        channel=channel,
        urgency=urgency,
        has_photo=photo,
        reporter_kind=reporter,
        lat=lat,
        lon=lon,
        answers={question: said for question, _, said in (each.partition("=") for each in answer or ())},
    )
    try:
        explained = rules.explain(_placed(facts, place, rules, gazetteer, lang))
    except AppError as error:
        raise fail([t(problem.key, lang, **problem.params) for problem in error.problems]) from None
    if as_json:
        found = [{"category": each.category_id, "score": each.score, "words": list(each.words)} for each in guesses]
        print(json.encode(explained.as_json() | {"guesses": found}).decode())  # noqa: T201  # JSON, not for rich
    else:
        tell(rules, explained, lang)


def _moment(written: str, lang: Lang) -> datetime:
    from app.routing.calendar import VIETNAM

    try:
        return datetime.fromisoformat(written).replace(tzinfo=VIETNAM) if written else datetime.now(UTC)
    except ValueError:
        raise fail([t("routing.not_a_moment", lang, name=written)]) from None


def _point(written: str, lang: Lang) -> tuple[float | None, float | None]:
    from app.places.model import parse_coordinates

    found = parse_coordinates(written) if written else (None, None)
    if found is None:
        raise fail([t("routing.explain_nowhere", lang, place=written)])
    return found


def _placed(facts: Facts, place: str, rules: "RuleSet", gazetteer: "Gazetteer", lang: Lang) -> Facts:
    from app.wiring import place_finder

    if not place:
        return facts
    found = place_finder(gazetteer)(place, rules.province_code)
    if found is None:
        raise fail([t("routing.explain_nowhere", lang, place=place)])
    return replace(
        facts,
        commune_code=found.commune_code,
        commune_name=found.commune_name,
        commune_kind=found.commune_kind,
        province_code=found.province_code,
    )


def tell(rules: "RuleSet", explained: "Explanation", lang: Lang) -> None:
    from app.routing.calendar import VIETNAM

    decision = explained.decision
    category = rules.categories[decision.category]
    table = Table.grid(padding=(0, 2))
    due = (decision.intake_due, decision.first_answer_due, decision.handling_due)
    intake, first_answer, handling = (f"{each.astimezone(VIETNAM):%H:%M %d/%m/%Y}" if each else "" for each in due)
    for key, value in (
        ("place", explained.facts.commune_name),
        ("category", f"{category.name_en if lang == 'en' else category.name} ({category.category_id})"),
        ("agency", _names(rules, explained, (decision.agency_id,), lang)),
        ("co_agencies", _names(rules, explained, decision.co_agencies, lang)),
        ("calls", _names(rules, explained, decision.calls, lang)),
        ("urgency", t(f"routing.urgency_{decision.urgency}", lang)),
        ("intake", intake),
        ("first_answer", first_answer),
        ("handling", f"{handling} ({decision.handling.words(lang)})"),
    ):
        if value:
            table.add_row(t(f"routing.shown_{key}", lang), value)
    out.print(table, highlight=False)
    for line in explained.lines(lang):
        out.print(line, highlight=False, markup=False, soft_wrap=True)


def _names(rules: "RuleSet", explained: "Explanation", agencies: Sequence[str], lang: Lang) -> str:
    from app.routing.service import commune_office

    def name(agency_id: str) -> str:
        # Whatever the file does not hold is the commune office of the place.
        place = explained.facts.commune_name
        agency = rules.agencies.get(agency_id) or commune_office(rules, agency_id.removeprefix("ubnd-"), place)
        return f"{agency.name_en if lang == 'en' else agency.name} ({agency_id})"

    return ", ".join(map(name, agencies))
