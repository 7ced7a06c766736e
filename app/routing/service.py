"""Rule sets in the database: which version is in force, since when and why; putting another one into force.

The database is the truth. The file is read when the system starts (``install``): it comes into force when it is the
first, or when it has changed since it was last taken. What ``apply`` and ``rollback`` put into force stays until then.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from app.db import Conn, Pool, transaction
from app.errors import Conflict, Invalid, NotFound
from app.i18n.text import nfc
from app.jobs import Job, enqueue
from app.routing import models, store
from app.routing.model import Agency, commune_office_id
from app.routing.problems import RulesError
from app.routing.ruleset import RuleSet, load
from app.routing.versions import Activation, How, before

__all__ = ["RuleSet", "active", "apply", "current", "history", "install", "load", "load_version", "rollback"]

_NOTE_LEAST, _NOTE_MOST = 5, 500
_SETTLED = timedelta(seconds=5)
"""By then every process decides by the new version, so no report of the old one escapes the recomputing."""


# ---------------------------------------------------------------- reading


async def active(pool: Pool) -> RuleSet:
    """The rules in force. Raises NotFound before any were installed, RulesError when they do not load any more."""
    async with pool.acquire() as conn:
        version = await store.active_version(conn)
    if version is None:
        raise NotFound("rules.none_in_force")
    rules = await load_version(pool, version)
    async with pool.acquire() as conn:
        return await models.taught(conn, rules)


async def current(pool: Pool, known: RuleSet) -> RuleSet:
    """``known`` itself while it is in force and guesses by what was learned last, else what is. Two cheap queries."""
    async with pool.acquire() as conn:
        version = await store.active_version(conn)
        same = version in (None, known.version) and await models.version_in_use(conn, known) == known.model_version
    return known if same else await active(pool)


async def load_version(pool: Pool, version: str) -> RuleSet:
    """The rule set a report was decided by, by its version or the beginning of it. Raises NotFound."""
    async with pool.acquire() as conn:
        found = await store.versions_like(conn, version) if version else []
        if len(found) != 1:
            raise NotFound("routing.no_such_version", version=version)
        source = await store.rule_set_source(conn, found[0])
    assert source is not None
    return await asyncio.to_thread(load, source, proven=True)


async def history(pool: Pool) -> list[Activation]:
    """Every change of the rules in force, newest first."""
    async with pool.acquire() as conn:
        return (await store.activations(conn))[::-1]


async def in_force(conn: Conn) -> str | None:
    """The version in force; None before the first."""
    return await store.active_version(conn)


async def in_force_at(conn: Conn, at: datetime) -> str:
    """The version in force at that moment; before the first, the first. Raises NotFound before any were installed."""
    version = await store.version_at(conn, at)
    if version is None:
        raise NotFound("rules.none_in_force")
    return version


async def is_taken(conn: Conn, rules: RuleSet) -> bool:
    """Whether the file has not changed since it was last taken: ``install`` would change nothing."""
    return await store.version_from_file(conn) == rules.version


# ---------------------------------------------------------------- changing


async def install(
    pool: Pool, rules: RuleSet, communes: Sequence[tuple[str, str]], note: str, by: str
) -> Activation | None:
    """Put the file's rules into force, with their agencies and an office for each commune. Safe to repeat.

    ``communes``: (code, full name such as "Phường An Xuyên") of every commune of the province. None: these rules were
    in force already; their agencies are put right all the same.
    """
    offices = [commune_office(rules, code, full_name) for code, full_name in communes]
    async with transaction(pool) as conn:
        await store.lock_rules(conn)
        return await _put(conn, rules, offices, note=note, by=by, how="file", warnings=())


async def put_offices(pool: Pool, rules: RuleSet, communes: Sequence[tuple[str, str]]) -> None:
    """An office for each of these communes, after the communes have changed under the rules in force."""
    offices = [commune_office(rules, code, full_name) for code, full_name in communes]
    async with transaction(pool) as conn:
        await store.lock_rules(conn)
        await store.put_agencies(conn, [*rules.agencies.values(), *offices])


async def apply(
    pool: Pool, rules: RuleSet, *, note: str, by: str, how: How = "command", warnings: Sequence[str] = ()
) -> Activation:
    """Put a checked rule set into force, in every process within a second. Reports being filed finish on the old one.

    The communes stay as they are. Raises Conflict when it is in force already or is another province's, NotFound
    before the first installation, Invalid when nobody says why.
    """
    note = nfc(note)
    if not _NOTE_LEAST <= len(note) <= _NOTE_MOST:
        raise Invalid("rules.needs_note", field="note", least=_NOTE_LEAST, most=_NOTE_MOST)
    async with transaction(pool) as conn:
        await store.lock_rules(conn)
        await _same_province(conn, rules)
        offices = [msgspec.structs.replace(o, parent_id=rules.coordinator_id) for o in await store.offices(conn)]
        done = await _put(conn, rules, offices, note=note, by=by, how=how, warnings=warnings)
        if how == "rollback" and done and before((await store.activations(conn))[:-1]) != rules.version:
            raise Conflict("rules.changed_meanwhile")
    if done is None:
        raise Conflict("rules.already_in_force", version=rules.version)
    return done


async def rollback(pool: Pool, *, note: str, by: str) -> Activation:
    """Undo the last change that has not been undone. Raises Conflict when there is nothing to go back to."""
    async with pool.acquire() as conn:
        version = before(await store.activations(conn))
    if version is None:
        raise Conflict("rules.nothing_before")
    return await apply(pool, await load_version(pool, version), note=note, by=by, how="rollback")


async def _same_province(conn: Conn, rules: RuleSet) -> None:
    """Another province has other communes, and those come with the file at start."""
    version = await store.active_version(conn)
    if version is None:
        raise NotFound("rules.none_in_force")
    source = await store.rule_set_source(conn, version)
    assert source is not None
    try:
        province = (await asyncio.to_thread(load, source, proven=True)).province_code
    except RulesError:
        # The way out of rules that this program does not read any more is to apply others.
        return
    if province != rules.province_code:
        raise Conflict("rules.other_province", province=rules.province_code, ours=province)


async def _put(
    conn: Conn,
    rules: RuleSet,
    offices: Sequence[Agency],
    *,
    note: str,
    by: str,
    how: How,
    warnings: Sequence[str],
) -> Activation | None:
    await store.put_rule_set(conn, rules.version, rules.source, note, by)
    done = await store.activate(conn, rules.version, note=note, by=by, how=how, warnings=warnings)
    await store.put_agencies(conn, [*rules.agencies.values(), *offices])
    if done and done.previous:
        await enqueue(conn, [Job("recompute_deadlines", {"version": rules.version}, delay=_SETTLED)])
    return done


def commune_office(rules: RuleSet, code: str, full_name: str) -> Agency:
    """ "UBND phường An Xuyên": the commune's kind is written small inside a name."""
    small = full_name[:1].lower() + full_name[1:]
    return Agency(
        agency_id=commune_office_id(code),
        kind="commune_office",
        name=f"UBND {small}",
        name_en=f"People's Committee of {full_name}",
        parent_id=rules.coordinator_id,
        commune_code=code,
    )
