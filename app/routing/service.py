"""Rule sets in the database: installing one with its agencies, and finding an old one again."""

from collections.abc import Sequence

from app.db import Conn, Pool, transaction
from app.errors import NotFound
from app.routing import store
from app.routing.model import Agency, commune_office_id
from app.routing.ruleset import RuleSet, load

__all__ = ["RuleSet", "install", "is_installed", "load", "load_version"]


async def install(pool: Pool, rules: RuleSet, communes: Sequence[tuple[str, str]], note: str, by: str) -> None:
    """Keep this version and make its agencies, and an office for each commune, the active ones. Safe to repeat.

    ``communes``: (code, full name such as "Phường An Xuyên") of every commune of the province.
    """
    offices = [commune_office(rules, code, full_name) for code, full_name in communes]
    async with transaction(pool) as conn:
        await store.lock_rules(conn)
        await store.activate_rule_set(conn, rules.version, rules.source, note, by)
        await store.put_agencies(conn, [*rules.agencies.values(), *offices])


async def is_installed(conn: Conn, rules: RuleSet) -> bool:
    """Whether ``install`` has made this version the active one."""
    return await store.is_active(conn, rules.version)


async def load_version(pool: Pool, version: str) -> RuleSet:
    """The rule set a report was decided by. Raises NotFound."""
    async with pool.acquire() as conn:
        source = await store.rule_set_source(conn, version)
    if source is None:
        raise NotFound("routing.no_such_version", version=version)
    return load(source)


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
