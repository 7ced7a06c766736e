"""The database server, its schema, and what the data in it tells."""

import asyncio
import os
import socket
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import asyncpg

from app import jobs
from app.db import MIGRATIONS, Conn, connect_pool
from app.doctor.finding import Finding, Findings, Level, guarded, size
from app.doctor.outward import of_partners, of_webhooks
from app.doctor.zalo import zalo_oa
from app.notify import service as notify
from app.routing import service as routing
from app.routing.problems import RulesError
from app.routing.ruleset import RuleSet
from app.settings import Settings

_CONNECT_SECONDS = 8.0
_OLDEST_SERVER = 150_000
_CLOCK_WARN, _CLOCK_BAD = 2.0, 60.0
_QUEUE_WARN, _QUEUE_BAD = 60.0, 600.0
_ERASE_WITHIN, _ERASE_SOON = timedelta(days=20), timedelta(days=5)  # Nghị định 356/2025/NĐ-CP


async def examine_database(settings: Settings) -> Findings:
    """Everything that is in the database, or why it cannot be looked at. ``settings`` have its address."""
    assert settings.database_url is not None
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            pool = await connect_pool(settings.database_url, 1)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        return [_unreachable(error), *rules_file(settings)]
    try:
        async with pool.acquire() as conn:
            return await _connected(conn, settings)
    finally:
        await pool.close()


async def _connected(conn: Conn, settings: Settings) -> Findings:
    found = [await _server(conn, settings), *await _schema(conn)]
    if any(finding.level == "bad" for finding in found):
        return [*found, *rules_file(settings)]
    for part, check in (
        ("rules", _rules(conn, settings)), ("places", _places(conn)), ("staff", _staff(conn)),
        ("queue", _queue(conn)), ("messages", _messages(conn)), ("personal data", _erasures(conn)),
        ("partners", of_partners(conn)), ("webhooks", of_webhooks(conn)), ("zalo oa", zalo_oa(conn, settings)),
    ):  # fmt: skip
        found += await guarded(part, check)
    return found


def _unreachable(error: Exception) -> Finding:
    match error:
        case asyncpg.InvalidPasswordError() | asyncpg.InvalidAuthorizationSpecificationError():
            says, advice = "It refuses user name or password.", "Correct them in PHANANH_DATABASE_URL."
        case asyncpg.InvalidCatalogNameError():
            says, advice = "It has no database of that name.", "Make it: createdb -O OWNER NAME."
        case asyncpg.TooManyConnectionsError():
            says, advice = "It takes no more connections.", "Raise max_connections or lower PHANANH_DATABASE_POOL."
        case asyncpg.CannotConnectNowError():
            says, advice = "It is starting or stopping.", "Wait a minute and try again."
        case OSError():
            # A name that is not found has numbers of its own; the others' words are the system's.
            named = isinstance(error, socket.gaierror) or error.errno is None
            reason = error.strerror if named else os.strerror(error.errno or 0)
            says = f"It cannot be reached ({reason or type(error).__name__})."
            advice = "See whether it runs, and whether host and port in PHANANH_DATABASE_URL are right."
        case _:
            says, advice = f"It refuses us ({type(error).__name__}).", "See the log of the database server."
    return Finding("database", "bad", says, advice)


async def _server(conn: Conn, settings: Settings) -> Finding:
    """One sentence: the gravest thing about the server."""
    before = datetime.now(UTC)
    row = await conn.fetchrow("""
        SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number,
               current_setting('server_encoding') AS encoding, pg_is_in_recovery() AS standby,
               current_setting('max_connections')::int AS most, clock_timestamp() AS now,
               (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS used,
               current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on' AS durable,
               pg_database_size(current_database()) AS size
    """)
    assert row is not None
    skew = abs((row["now"] - before).total_seconds())
    # Three processes with a pool each, the queue's own connections and some for people with psql.
    wanted = 3 * settings.database_pool + 20

    def bad(says: str, advice: str, level: Level = "bad") -> Finding:
        return Finding("database", level, says, advice)

    if row["number"] < _OLDEST_SERVER:
        return bad(f"PostgreSQL {row['version']} is too old.", "Upgrade the server to PostgreSQL 15 or newer.")
    if row["encoding"] != "UTF8":
        return bad(f"Its encoding is {row['encoding']}.", "Make the database anew with --encoding=UTF8.")
    if row["standby"]:
        return bad("It is a standby and takes no writes.", "Point PHANANH_DATABASE_URL to the primary server.")
    if skew > _CLOCK_WARN:
        says = f"Its clock and ours differ by {skew:.0f} seconds; deadlines would be wrong."
        return bad(says, "Set both clocks by NTP.", "bad" if skew > _CLOCK_BAD else "warn")
    if not row["durable"]:
        return bad("A power cut may lose reports: fsync or full_page_writes is off.", "Set both to on.", "warn")
    if row["most"] < wanted or row["used"] > row["most"] * 0.9:
        says = f"{row['used']} of {row['most']} connections are in use; we may need {wanted}."
        return bad(says, "Raise max_connections or lower PHANANH_DATABASE_POOL.", "warn")
    socket_folder = dict(parse_qsl(urlsplit(settings.database_url or "").query)).get("host", "")
    where = f" at the socket in {socket_folder}" if socket_folder else ""
    says = (
        f"PostgreSQL {row['version']}{where}, {size(row['size'])}, {row['used']} of {row['most']} connections in use."
    )
    return Finding("database", "ok", says)


async def _schema(conn: Conn) -> Findings:
    missing = await conn.fetchval("""
        SELECT string_agg(name, ', ') FROM unnest(ARRAY['pg_trgm']) AS name
        WHERE name NOT IN (SELECT name FROM pg_available_extensions)
    """)
    if missing:
        return [
            Finding(
                "schema", "bad", f"The server lacks the extension {missing}.", "Install PostgreSQL's contrib package."
            )
        ]
    ours = {path.name.split("_")[0] for path in MIGRATIONS.glob("*.sql")}
    applied: set[str] = set()
    if await conn.fetchval("SELECT to_regclass('schema_migrations')"):
        applied = {row["version"] for row in await conn.fetch("SELECT version FROM schema_migrations")}
    if applied - ours:
        says = "The database was made by a newer version of this program."
        return [Finding("schema", "bad", says, "Install that version; a schema does not go back.")]
    if not applied:
        return [Finding("schema", "bad", "The database is empty.", "Run 'phananh migrate', or 'phananh run'.")]
    if ours - applied:
        says = f"{len(ours - applied)} of {len(ours)} migrations are not applied yet."
        return [Finding("schema", "bad", says, "Back up the database, then run 'phananh migrate'.")]
    return [Finding("schema", "ok", f"All {len(ours)} migrations are applied.")]


def rules_file(settings: Settings) -> Findings:
    """The file alone, without asking the database."""
    rules = _read_rules(settings)
    return [rules if isinstance(rules, Finding) else _of_rules(settings, rules)]


def _read_rules(settings: Settings) -> RuleSet | Finding:
    try:
        return routing.load(settings.rules)
    except RulesError as error:
        lines = error.lines("en")
        more = f" (and {len(lines) - 3} more)" if len(lines) > 3 else ""
        says = f"{settings.rules} cannot be used: {'; '.join(lines[:3])}{more}"
        return Finding("rules", "bad", says, "Correct the file; 'phananh rules check' shows every mistake.")


def _of_rules(settings: Settings, rules: RuleSet) -> Finding:
    says = f"{len(rules.rules)} rules, {len(rules.categories)} categories, {len(rules.agencies)} agencies"
    return Finding("rules", "ok", f"{settings.rules}, version {rules.version}: {says}.")


async def _rules(conn: Conn, settings: Settings) -> Findings:
    rules = _read_rules(settings)
    if isinstance(rules, Finding):
        return [rules]
    if not await routing.is_taken(conn, rules):
        says = f"{settings.rules} has changed and is not in force yet."
        return [Finding("rules", "warn", says, "Run 'phananh migrate' to take it; running processes follow at once.")]
    version = await routing.in_force(conn)
    if version != rules.version:
        return [Finding("rules", "ok", f"Version {version} is in force; it was applied after {settings.rules}.")]
    return [_of_rules(settings, rules)]


async def _places(conn: Conn) -> Findings:
    active = await conn.fetchrow("SELECT source, commune_count, imported_at FROM place_sets WHERE active")
    if active is None:
        says = "Communes are found by the nearest centre, which names the right one three times in four."
        return [Finding("places", "warn", says, "Import real boundaries: phananh places import FILE.geojson.gz")]
    since = f"{active['imported_at']:%Y-%m-%d}"
    says = f"{active['commune_count']} communes with boundaries from {active['source']}, imported on {since}."
    return [Finding("places", "ok", says)]


async def _staff(conn: Conn) -> Findings:
    rows = await conn.fetch("SELECT role, count(*) AS people FROM staff WHERE active GROUP BY role ORDER BY role")
    people = {row["role"]: row["people"] for row in rows}
    if not {"coordinator", "administrator"} <= people.keys():
        says = "There is no active coordinator, or no administrator."
        return [Finding("staff", "warn", says, "Make one: phananh staff add NAME --full-name … --agency … --role …")]
    return [Finding("staff", "ok", "Active accounts: " + ", ".join(f"{n} {role}" for role, n in people.items()) + ".")]


async def _queue(conn: Conn) -> Findings:
    age = await jobs.oldest_age(conn)
    failed = await conn.fetchval("SELECT count(*) FROM pgqueuer WHERE status = 'failed'")
    updates = await conn.fetchval(
        "SELECT count(*) FROM inbox WHERE processed_at IS NULL AND received_at < now() - interval '1 minute'"
    )
    found = []
    if age > _QUEUE_WARN:
        says = f"The oldest job has waited for {timedelta(seconds=int(age))}."
        level: Level = "bad" if age > _QUEUE_BAD else "warn"
        found.append(Finding("queue", level, says, "See whether the worker runs, and its log."))
    if updates:
        says = f"{updates} messages from citizens have waited for more than a minute."
        found.append(Finding("queue", "bad", says, "See whether the bot runs, and its log."))
    if failed:
        says = f"{failed} jobs failed again and again and are held."
        found.append(
            Finding(
                "queue", "warn", says, "See why in the worker's log; 'pgq failed' lists them, 'pgq requeue' repeats."
            )
        )
    return found or [Finding("queue", "ok", "No job and no message is waiting longer than it should.")]


async def _messages(conn: Conn) -> Findings:
    counts = await notify.counts(conn)
    lost = {status: counts[status] for status in ("failed", "closed", "uncertain") if counts.get(status)}
    if lost:
        says = "In the last day: " + ", ".join(f"{n} messages {status}" for status, n in lost.items()) + "."
        return [Finding("messages", "warn", says, "The ledger of each report says why; call those whom it matters to.")]
    return [Finding("messages", "ok", f"{counts.get('sent', 0)} messages were sent in the last day, none was lost.")]


async def _erasures(conn: Conn) -> Findings:
    row = await conn.fetchrow(
        "SELECT count(*) AS people, min(requested_at) AS since FROM data_requests WHERE done_at IS NULL"
    )
    assert row is not None
    if not row["people"]:
        return [Finding("personal data", "ok", "Nobody is waiting to have their data erased.")]
    due = row["since"] + _ERASE_WITHIN
    level: Level = "bad" if due - datetime.now(UTC) < _ERASE_SOON else "warn"
    says = f"{row['people']} people wait to have their data erased; the first by {due:%Y-%m-%d}, as the law has it."
    return [
        Finding(
            "personal data",
            level,
            says,
            "See 'phananh privacy list'; 'phananh privacy erase --due' erases those whose time is up.",
        )
    ]
