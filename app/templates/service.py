"""Response templates: looked after by leads and coordinators, offered filled in on a case, counted when used."""

import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from uuid import UUID, uuid5

import msgspec
from uuid_utils.compat import uuid7

from app.accounts.model import Actor, Role
from app.accounts.permissions import Permission, require
from app.db import Conn, Pool, transaction
from app.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from app.i18n import Lang, t
from app.i18n.text import nfc
from app.reports.model import Report
from app.reports.workflow import Act, acts_for
from app.routing.calendar import VIETNAM
from app.routing.ruleset import RuleSet
from app.templates import store
from app.templates.model import AGENCY_MOST, Change, Draft, Filled, Template, fill, home_of, manages

_FIRST_SET = Path(__file__).parent / "first_set.toml"
_NAMESPACE = UUID("5d0f7a3e-6a55-4c0e-9d0b-4d7f7f6e2a10")
"""Makes the first set's ids, so that it can be taken again without doubling anything."""


# ---------------------------------------------------------------- using


async def offered(
    conn: Conn, rules: RuleSet, actor: Actor, report: Report, act: Act | None = None, at: datetime | None = None
) -> list[Filled]:
    """Templates for what the actor may do to this report now (or for ``act`` alone), filled in: own agency's, those of
    the agencies above it and the centre's, most used first. One statement. That the actor may see the report is the
    caller's check."""
    allowed = set(acts_for(actor, report))
    group = _group(rules, report.category)
    found = await store.fitting(conn, _reach(actor, rules.coordinator_id), act, report, group, actor.id)
    at, filled = at or datetime.now(UTC), []
    for one, names in found:
        if one.act not in allowed:
            continue
        lang: Lang = "en" if report.lang == "en" and one.body_en else "vi"
        words = one.body_en if lang == "en" else one.body
        filled.append(
            Filled(
                template_id=one.template_id,
                agency_id=one.agency_id,
                act=one.act,
                title=one.title,
                text=fill(words, _values(rules, report, names, lang, at)),
                lang=lang,
                used=one.used,
            )
        )
    return filled


def _reach(actor: Actor, centre: str) -> list[str]:
    return [*({actor.agency_id} - {None, centre}), centre]  # type: ignore[list-item]  # None is taken out


def _group(rules: RuleSet, category: str) -> str | None:
    known = rules.categories.get(category)
    return known.group_id if known else None


def _values(rules: RuleSet, report: Report, names: store.Names, lang: Lang, at: datetime) -> dict[str, str]:
    return {
        "code": report.code,
        "category": _category(rules, report.category, lang),
        "place": report.commune_name or t("templates.place_unknown", lang),
        "agency": names.agency_en if lang == "en" else names.agency,
        "officer": names.officer,
        "due": _moment(report.due_at, lang),
        "received": _day(report.submitted_at),
        "today": _day(at),
    }


def sample(rules: RuleSet, draft: Draft, lang: Lang, officer: str, agency: str) -> str:
    """How the template reads, filled in for a report that does not exist."""
    of_group = (c for c in rules.categories if rules.categories[c].group_id == draft.group_id)
    category = draft.category or next(of_group, next(iter(rules.categories)))
    now = datetime.now(UTC)
    values = {
        "code": "PA-7K3M-9QX2",
        "category": _category(rules, category, lang),
        "place": t("templates.sample_place", lang),
        "agency": agency,
        "officer": officer,
        "due": _moment(rules.calendar.add_working_days(now, 3), lang),
        "received": _day(now),
        "today": _day(now),
    }
    return fill(draft.body_en if lang == "en" else draft.body, values)


def _category(rules: RuleSet, category: str, lang: Lang) -> str:
    known = rules.categories.get(category)
    return category if known is None else (known.name_en if lang == "en" else known.name)


def _moment(at: datetime, lang: Lang) -> str:
    local = at.astimezone(VIETNAM)
    return t("templates.moment", lang, time=f"{local:%H:%M}", day=f"{local:%d/%m/%Y}")


def _day(at: datetime) -> str:
    return f"{at.astimezone(VIETNAM):%d/%m/%Y}"


async def used(pool: Pool, actor: Actor, rules: RuleSet, template_id: UUID) -> None:
    """Something was said with this template. One that is out of the actor's reach counts nothing."""
    async with pool.acquire() as conn:
        reach = await store.of_agencies(conn, _reach(actor, rules.coordinator_id))
        if template_id in {one.template_id for one in reach}:
            await store.used(conn, template_id)


# ---------------------------------------------------------------- looking after them


async def listed(pool: Pool, actor: Actor, centre: str) -> list[Template]:
    """Those that the actor's agency uses; administrators see everybody's. Raises Forbidden."""
    require(actor, Permission.MANAGE_TEMPLATES)
    async with pool.acquire() as conn:
        everybody = actor.role is Role.ADMINISTRATOR
        return await store.of_agencies(conn, None if everybody else _reach(actor, centre))


async def get(pool: Pool, actor: Actor, centre: str, template_id: UUID) -> tuple[Template, list[Change]]:
    """A template with everything that was changed about it, newest first. Raises Forbidden, NotFound."""
    known = {one.template_id: one for one in await listed(pool, actor, centre)}
    if template_id not in known:
        raise NotFound("templates.gone")
    async with pool.acquire() as conn:
        return known[template_id], await store.changes(conn, template_id)


async def add(pool: Pool, rules: RuleSet, actor: Actor, draft: Draft) -> UUID:
    """A new template of the actor's agency, or of the centre. Raises Forbidden, Invalid."""
    require(actor, Permission.MANAGE_TEMPLATES)
    draft = checked(rules, draft)
    template_id, home = uuid7(), home_of(actor, rules.coordinator_id)
    async with transaction(pool) as conn:
        if await store.count(conn, home) >= AGENCY_MOST:
            raise Invalid("templates.too_many", field="title", most=AGENCY_MOST)
        await store.insert(conn, template_id, home, draft)
        await store.record(conn, template_id, datetime.now(UTC), actor.id)
    return template_id


async def change(pool: Pool, rules: RuleSet, actor: Actor, template_id: UUID, draft: Draft, version: int) -> None:
    """Raises Forbidden, NotFound, Invalid, and Conflict when somebody changed it since ``version``."""
    draft = checked(rules, draft)
    async with transaction(pool) as conn:
        await _locked(conn, rules, actor, template_id, version)
        await store.change(conn, template_id, draft)
        await store.record(conn, template_id, datetime.now(UTC), actor.id)


async def switch(pool: Pool, rules: RuleSet, actor: Actor, template_id: UUID, *, active: bool, version: int) -> None:
    """Take a template out of use, or back into it. Raises Forbidden, NotFound, Conflict."""
    async with transaction(pool) as conn:
        seen = await _locked(conn, rules, actor, template_id, version)
        if seen.active is not active:
            await store.switch(conn, template_id, active=active)
            await store.record(conn, template_id, datetime.now(UTC), actor.id)


async def _locked(conn: Conn, rules: RuleSet, actor: Actor, template_id: UUID, version: int) -> Template:
    require(actor, Permission.MANAGE_TEMPLATES)
    seen = await store.by_id(conn, template_id, lock=True)
    if seen is None:
        raise NotFound("templates.gone")
    if not manages(actor, seen.agency_id, rules.coordinator_id):
        raise Forbidden("templates.not_yours")
    if seen.version != version:
        raise Conflict("templates.changed_meanwhile")
    return seen


def checked(rules: RuleSet, draft: Draft) -> Draft:
    """What was typed, tidied. Raises Invalid."""
    clean = msgspec.structs.replace(
        draft, title=" ".join(nfc(draft.title).split()), body=nfc(draft.body), body_en=nfc(draft.body_en)
    )
    problems = clean.problems()
    if clean.category is not None and clean.category not in rules.categories:
        problems.append(Problem("reports.category_unknown", {"category": clean.category[:60]}, "scope"))
    if clean.group_id is not None and clean.group_id not in rules.groups:
        problems.append(Problem("templates.group_unknown", {}, "scope"))
    if problems:
        raise Invalid.many(problems)
    return clean


# ---------------------------------------------------------------- the first set


@cache
def first_set() -> Mapping[str, Draft]:
    """The templates that the system brings along, by name."""
    read = tomllib.loads(_FIRST_SET.read_text(encoding="utf-8"))
    return {name: msgspec.convert(one, Draft) for name, one in read.items()}


async def add_first_set(pool: Pool, actor: Actor, centre: str) -> int:
    """By hand, where a centre has none. Raises Forbidden."""
    if not manages(actor, centre, centre):
        raise Forbidden("templates.not_yours")
    return await take_first_set(pool, centre, actor.id)


async def take_first_set(pool: Pool, centre: str, by: UUID | None = None) -> int:
    """Give the centre the templates that the system brings along; those it has or had stay as they are. Gives the
    number of new ones."""
    added = 0
    async with transaction(pool) as conn:
        for name, draft in first_set().items():
            template_id = uuid5(_NAMESPACE, name)
            if await store.insert(conn, template_id, centre, draft):
                await store.record(conn, template_id, datetime.now(UTC), by)
                added += 1
    return added
