"""``phananh doctor`` in front of things that are really broken."""

import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
import pytest_asyncio

from app import settings as configuration
from app.db import Conn, connect_pool
from app.doctor import Finding, examine
from app.doctor.database import examine_database
from app.doctor.machine import judge_space, settings_in_use, space
from app.doctor.outside import chat_bot, photo_store
from app.embedded import EmbeddedPostgres
from app.routing import service as routing
from app.settings import S3, Settings
from app.settings.channels import Telegram
from app.wiring import prepare
from bot.simulator.core import Simulator
from bot.simulator.server import running
from bot.telegram.client import open_bot
from tests.s3 import S3Server, seaweedfs

ROOT = Path(__file__).parent.parent
TOKEN = "123456:doctor-test_A"
HOOK = "https://phananh.example/telegram/hook"
SECRETS = ("very-secret", "wrong-secret", TOKEN)


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedPostgres]:
    """One as people run it: the session's own forgets everything in a power cut, and the doctor would say so."""
    with tempfile.TemporaryDirectory(prefix="phananh-doctor-") as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder))
        server.start()
        yield server
        server.stop()


@pytest_asyncio.fixture(scope="module")
async def prepared(server: EmbeddedPostgres) -> str:
    """The name of a database that is ready for use, to make others from."""
    env = {"PHANANH_DATABASE_URL": server.url(), "PHANANH_SECRET_KEY": "k" * 32}
    await prepare(configuration.load(env | {"PHANANH_RULES": str(ROOT / "routing_rules.yaml")}))
    return "phananh"


@pytest_asyncio.fixture
async def admin(server: EmbeddedPostgres, prepared: str) -> AsyncIterator[Conn]:
    """A connection to a database of the test's own."""
    template1 = await asyncpg.connect(server.url("postgres"))
    await template1.execute(f'CREATE DATABASE doctor TEMPLATE "{prepared}"')
    conn = await asyncpg.connect(server.url("doctor"))
    yield conn
    await conn.close()
    await template1.execute("DROP DATABASE doctor WITH (FORCE)")
    await template1.close()


@pytest.fixture
def settings(server: EmbeddedPostgres, admin: object, tmp_path: Path) -> Settings:
    env = {
        "PHANANH_DATABASE_URL": server.url("doctor"),
        "PHANANH_HOME": str(tmp_path / "home"),
        "PHANANH_RULES": str(ROOT / "routing_rules.yaml"),
    }
    return configuration.load(env)


@pytest.fixture(scope="module")
def s3_server() -> Iterator[S3Server]:
    with seaweedfs() as server:
        yield server


def changed(settings: Settings, **fields: Any) -> Settings:
    return msgspec.structs.replace(settings, **fields)


async def machine(settings: Settings) -> list[Finding]:
    return settings_in_use(settings)


LOOK = {"object store": photo_store, "settings": machine}


async def told(settings: Settings, part: str) -> list[Finding]:
    """What the doctor says of one part; never a secret, and no 'bad' or 'warn' without advice."""
    found = await LOOK.get(part, examine_database)(settings)
    for finding in found:
        assert not any(secret in f"{finding.says} {finding.advice}" for secret in SECRETS)
        assert finding.level == "ok" or finding.advice
    return [finding for finding in found if finding.part == part]


async def the(settings: Settings, part: str) -> Finding:
    findings = await told(settings, part)
    assert len(findings) == 1
    return findings[0]


async def test_a_system_in_order_has_every_part_looked_at_and_nothing_bad(settings: Settings) -> None:
    found = {finding.part: finding.level for finding in await examine(settings)}
    assert found == {
        "settings": "ok", "database": "ok", "schema": "ok", "rules": "ok", "places": "warn", "staff": "warn",
        "queue": "ok", "messages": "ok", "personal data": "ok",
        "object store": "ok", "bot": "ok", "e-mail": "ok", "photos": "ok", "disk": found["disk"],
    }  # fmt: skip


# ---------------------------------------------------------------- the database


async def test_a_database_that_is_not_there_hides_no_other_finding(settings: Settings) -> None:
    nowhere = changed(settings, database_url="postgresql://phananh:very-secret@127.0.0.1:1/phananh")
    found = {finding.part: finding for finding in await examine(nowhere)}
    assert (found["database"].level, found["rules"].level, found["object store"].level) == ("bad", "ok", "ok")
    assert found["database"].says == "It cannot be reached (Connection refused)."
    assert found["database"].advice.startswith("See whether it runs")


@pytest.mark.parametrize(
    ("user", "database", "says"),
    [
        ("phananh", "nobody_made_this", "no database of that name"),
        ("nobody_made_this", "doctor", "refuses user name or password"),
        ("crowd", "doctor", "takes no more connections"),
    ],
)
async def test_why_the_server_refuses_is_said_in_words(
    user: str, database: str, says: str, settings: Settings, server: EmbeddedPostgres, admin: Conn
) -> None:
    if user == "crowd":
        await admin.execute("CREATE ROLE crowd LOGIN CONNECTION LIMIT 0")
    url = f"postgresql://{user}:very-secret@/{database}?host={server.socket}"
    finding = await the(changed(settings, database_url=url), "database")
    assert finding.level == "bad"
    assert says in finding.says
    if user == "crowd":
        await admin.execute("DROP ROLE crowd")


async def test_an_encoding_that_cannot_hold_vietnamese_is_bad(
    settings: Settings, server: EmbeddedPostgres, admin: Conn
) -> None:
    await admin.execute("CREATE DATABASE ascii TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LOCALE 'C'")
    finding = await the(changed(settings, database_url=server.url("ascii")), "database")
    assert (finding.level, finding.says) == ("bad", "Its encoding is SQL_ASCII.")
    await admin.execute("DROP DATABASE ascii")


async def test_a_server_that_forgets_in_a_power_cut_is_warned_of(
    settings: Settings, postgres: EmbeddedPostgres
) -> None:
    finding = await the(changed(settings, database_url=postgres.url("postgres")), "database")
    assert finding.level == "warn"
    assert "power cut" in finding.says


async def test_too_few_connections_for_our_pools_are_warned_of(settings: Settings) -> None:
    finding = await the(changed(settings, database_pool=40), "database")
    assert finding.level == "warn"
    assert "we may need 140" in finding.says


@pytest.fixture
def standby(server: EmbeddedPostgres, prepared: str) -> Iterator[EmbeddedPostgres]:
    with tempfile.TemporaryDirectory(prefix="phananh-doctor-") as folder:
        Path(folder).chmod(0o755)
        backup = [str(server.bin / "pg_basebackup"), "-h", str(server.socket), "-U", "phananh", "-R", "-D", "postgres"]
        subprocess.run([*backup, "--checkpoint=fast", "--no-sync"], cwd=folder, check=True, capture_output=True)
        subprocess.run(["chown", "-R", f"--reference={server.data}", "postgres"], cwd=folder, check=True)
        standby = EmbeddedPostgres(Path(folder), settings={"fsync": "off"})
        standby.start()
        yield standby
        standby.stop()


async def test_a_standby_is_bad(settings: Settings, standby: EmbeddedPostgres) -> None:
    finding = await the(changed(settings, database_url=standby.url()), "database")
    assert (finding.level, finding.says) == ("bad", "It is a standby and takes no writes.")


async def test_an_empty_database_asks_for_migrations(settings: Settings, server: EmbeddedPostgres, admin: Conn) -> None:
    await admin.execute("CREATE DATABASE fresh")
    finding = await the(changed(settings, database_url=server.url("fresh")), "schema")
    assert (finding.level, finding.says) == ("bad", "The database is empty.")
    await admin.execute("DROP DATABASE fresh")


async def test_a_pending_migration_is_counted(settings: Settings, admin: Conn) -> None:
    await admin.execute("DELETE FROM schema_migrations WHERE version = (SELECT max(version) FROM schema_migrations)")
    finding = await the(settings, "schema")
    assert finding.level == "bad"
    assert finding.says.startswith("1 of ")
    assert "phananh migrate" in finding.advice


async def test_a_database_of_a_newer_version_is_bad(settings: Settings, admin: Conn) -> None:
    await admin.execute("INSERT INTO schema_migrations VALUES ('29990101000000')")
    finding = await the(settings, "schema")
    assert finding.level == "bad"
    assert "newer version" in finding.says


# ---------------------------------------------------------------- what is kept in it


async def test_a_mistake_in_the_rules_is_shown_with_its_line(settings: Settings, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text("province: [\n", encoding="utf-8")
    finding = await the(changed(settings, rules=rules), "rules")
    assert finding.level == "bad"
    assert f"{rules.name}:" in finding.says


async def test_rules_that_were_changed_but_are_not_in_force_are_warned_of(settings: Settings, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(routing.load(settings.rules).source + "\n# changed\n", encoding="utf-8")
    finding = await the(changed(settings, rules=rules), "rules")
    assert finding.level == "warn"
    assert "not in force yet" in finding.says


async def test_rules_that_were_applied_by_command_are_told_from_those_of_the_file(
    settings: Settings, admin: Conn
) -> None:
    await admin.execute("UPDATE rule_sets SET active = false")
    await admin.execute("INSERT INTO rule_sets (version, source, active) VALUES ('0123456789abcdef', '', true)")
    finding = await the(settings, "rules")
    assert finding.level == "ok"
    assert finding.says.startswith("Version 0123456789abcdef is in force")


async def test_rules_that_were_applied_since_the_file_was_taken_are_in_order(settings: Settings) -> None:
    assert settings.database_url is not None
    pool = await connect_pool(settings.database_url, 1)
    applied = routing.load(routing.load(settings.rules).source + "\n# changed\n")
    await routing.apply(pool, applied, note="for this test", by="test")
    await pool.close()
    finding = await the(settings, "rules")
    assert finding.level == "ok"
    assert finding.says.startswith(f"Version {applied.version} is in force")


async def test_imported_boundaries_are_named(settings: Settings, admin: Conn) -> None:
    await admin.execute("""
        INSERT INTO place_sets (set_id, source, sha256, commune_count, active)
        VALUES (gen_random_uuid(), 'xa-phuong.geojson', '', 64, true)
    """)
    finding = await the(settings, "places")
    assert finding.level == "ok"
    assert finding.says.startswith("64 communes with boundaries from xa-phuong.geojson")


async def test_staff_who_can_run_the_system_are_looked_for(settings: Settings, admin: Conn) -> None:
    await admin.execute("""
        INSERT INTO staff (staff_id, agency_id, username, full_name, role, password_hash)
        SELECT gen_random_uuid(), (SELECT min(agency_id) FROM agencies), role, role, role, 'x'
        FROM unnest(ARRAY['coordinator', 'administrator']) AS role
    """)
    finding = await the(settings, "staff")
    assert (finding.level, finding.says) == ("ok", "Active accounts: 1 administrator, 1 coordinator.")
    await admin.execute("UPDATE staff SET active = false WHERE role = 'coordinator'")
    assert (await the(settings, "staff")).level == "warn"


@pytest.mark.parametrize(("minutes", "level"), [(0, "ok"), (2, "warn"), (11, "bad")])
async def test_a_job_that_waits_is_told_by_its_age(minutes: int, level: str, settings: Settings, admin: Conn) -> None:
    await admin.execute(f"""
        INSERT INTO pgqueuer (priority, status, entrypoint, execute_after)
        VALUES (0, 'queued', 'tell', now() - interval '{minutes} minutes')
    """)
    finding = await the(settings, "queue")
    assert finding.level == level
    assert level == "ok" or f"0:{minutes:02}:0" in finding.says


async def test_held_jobs_and_unread_messages_are_counted(settings: Settings, admin: Conn) -> None:
    await admin.execute("INSERT INTO pgqueuer (priority, status, entrypoint) VALUES (0, 'failed', 'tell')")
    await admin.execute("""
        INSERT INTO inbox (bot, update_id, chat_id, payload, received_at)
        VALUES ('telegram', 1, '1', '{}', now() - interval '5 minutes')
    """)
    unread, held = await told(settings, "queue")
    assert (unread.level, held.level) == ("bad", "warn")
    assert unread.says.startswith("1 messages from citizens")
    assert held.says.startswith("1 jobs failed")


async def test_messages_that_were_lost_are_counted(settings: Settings, admin: Conn) -> None:
    await admin.execute("SET session_replication_role = replica")  # rows without their reports
    await admin.execute("""
        INSERT INTO notifications (report_id, seq, recipient, channel, channel_user_id, template, lang, status)
        SELECT gen_random_uuid(), 1, 'citizen:x', 'telegram', '1', 'x', 'vi', status
        FROM unnest(ARRAY['failed', 'uncertain', 'uncertain', 'sent']) AS status
    """)
    finding = await the(settings, "messages")
    assert (finding.level, finding.says) == ("warn", "In the last day: 1 messages failed, 2 messages uncertain.")


@pytest.mark.parametrize(("days", "level"), [(1, "warn"), (14, "warn"), (16, "bad")])
async def test_people_who_wait_to_be_erased_are_told_before_the_law_is_broken(
    days: int, level: str, settings: Settings, admin: Conn
) -> None:
    await admin.execute(f"""
        WITH somebody AS (INSERT INTO citizens (citizen_id) VALUES (gen_random_uuid()) RETURNING citizen_id)
        INSERT INTO data_requests (citizen_id, kind, requested_at)
        SELECT citizen_id, 'erase', now() - interval '{days} days' FROM somebody
    """)
    finding = await the(settings, "personal data")
    assert finding.level == level
    assert finding.says.startswith("1 people wait to have their data erased")


# ---------------------------------------------------------------- the object store


def in_bucket(server: S3Server, **fields: Any) -> S3:
    store = S3(server.endpoint, server.access_key, server.secret_key, "doctor", "us-east-1", tls=False)
    return msgspec.structs.replace(store, **fields)


async def test_a_bucket_that_works_is_named(settings: Settings, s3_server: S3Server) -> None:
    finding = await the(changed(settings, s3=in_bucket(s3_server)), "object store")
    assert finding.level == "ok"
    assert f"bucket doctor at {s3_server.endpoint}" in finding.says


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"secret_key": "wrong-secret"}, "refused: SignatureDoesNotMatch"),
        ({"access_key": "nobody"}, "refused: InvalidAccessKeyId"),
        ({"endpoint": "127.0.0.1:1"}, "does not answer"),
        ({"bucket": "Not A Bucket"}, "cannot be used as configured"),
    ],
)
async def test_a_bucket_that_does_not_work_says_why(
    fields: dict[str, str], says: str, settings: Settings, s3_server: S3Server
) -> None:
    finding = await the(changed(settings, s3=in_bucket(s3_server, **fields)), "object store")
    assert finding.level == "bad"
    assert says in finding.says


async def test_a_folder_for_photos_that_cannot_be_made_is_bad(settings: Settings) -> None:
    (settings.home / "photos").write_text("in the way")
    finding = await the(settings, "object store")
    assert finding.level == "bad"
    assert str(settings.home) in finding.advice


# ---------------------------------------------------------------- the bot


@pytest_asyncio.fixture(scope="module")
async def telegram() -> AsyncIterator[str]:
    """The address of a Bot API server on loopback in Telegram's place."""
    async with running(Simulator(TOKEN)) as url:
        yield url


async def bot_findings(settings: Settings, address: str, token: str, webhook: str | None = None) -> list[Finding]:
    real = changed(settings, telegram=Telegram(token, webhook, "hook-secret"))
    found = await chat_bot(real, lambda _: open_bot(token, address))
    assert not any(token in f"{finding.says} {finding.advice}" for finding in found)
    return found


def levels(findings: list[Finding]) -> dict[str, str]:
    return {finding.part: finding.level for finding in findings}


async def test_a_bot_that_answers_is_called_by_its_name(settings: Settings, telegram: str) -> None:
    bot, webhook = await bot_findings(settings, telegram, TOKEN)
    assert (bot.level, webhook.level) == ("ok", "ok")
    assert bot.says.startswith("@")
    assert "long polling" in webhook.says


async def test_a_revoked_token_is_bad_and_names_the_botfather(settings: Settings, telegram: str) -> None:
    (bot,) = await bot_findings(settings, telegram, "123456:another-token")
    assert bot.level == "bad"
    assert "@BotFather" in bot.advice


async def test_a_telegram_that_cannot_be_reached_is_bad(settings: Settings) -> None:
    (bot,) = await bot_findings(settings, "http://127.0.0.1:1", TOKEN)
    assert bot.level == "bad"
    assert "cannot be reached" in bot.says


async def test_a_webhook_must_be_the_one_in_the_settings(settings: Settings, telegram: str) -> None:
    assert levels(await bot_findings(settings, telegram, TOKEN, HOOK)) == {"bot": "ok", "webhook": "bad"}
    async with open_bot(TOKEN, telegram) as bot:
        await bot.set_webhook(HOOK, secret_token="hook-secret")
        assert levels(await bot_findings(settings, telegram, TOKEN, HOOK)) == {"bot": "ok", "webhook": "ok"}
        left = (await bot_findings(settings, telegram, TOKEN))[1]
        assert (left.level, left.says) == ("bad", "Telegram still has a webhook.")
        await bot.delete_webhook()


# ---------------------------------------------------------------- this machine


async def test_an_address_that_sends_words_of_citizens_in_the_clear_is_bad(settings: Settings) -> None:
    finding = await the(changed(settings, public_url="http://phananh.example"), "settings")
    assert finding.level == "bad"
    assert "unencrypted" in finding.says


async def test_a_signing_key_that_others_may_read_is_bad(settings: Settings) -> None:
    (settings.home / "secret_key").chmod(0o644)
    finding = await the(settings, "settings")
    assert finding.level == "bad"
    assert finding.advice == f"Run: chmod 600 {settings.home / 'secret_key'}"


@pytest.mark.parametrize(
    ("free", "total", "level"),
    [
        (400e9, 1000e9, "ok"), (6e9, 1000e9, "ok"), (4e9, 1000e9, "warn"), (0.4e9, 1000e9, "bad"),
        (1.5e9, 4e9, "ok"), (0.7e9, 4e9, "warn"), (0.1e9, 4e9, "bad"), (0, 4e9, "bad"),
    ],
)  # fmt: skip
def test_space_on_the_disk_is_judged(free: float, total: float, level: str) -> None:
    assert judge_space(int(free), int(total)) == level


def test_space_is_looked_at_before_the_folder_is_made(tmp_path: Path) -> None:
    (finding,) = space(tmp_path / "not" / "made")
    assert f"on the disk of {tmp_path}." in finding.says


# ---------------------------------------------------------------- the command


def phananh(home: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "PHANANH_HOME": str(home), **more}
    command = [sys.executable, "-m", "app.cli", *words]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)


def test_the_command_starts_the_embedded_database_and_its_exit_code_says_whether_all_is_well() -> None:
    with tempfile.TemporaryDirectory(prefix="phananh-doctor-") as name:
        home = Path(name)
        home.chmod(0o755)
        first = phananh(home, "doctor")
        assert first.returncode == 1
        assert "The database is empty." in first.stdout
        assert phananh(home, "migrate").returncode == 0
        second = phananh(home, "doctor")
        assert second.returncode == 0, second.stdout + second.stderr
        assert "All" in second.stdout
        assert not (home / "postgres" / "postmaster.pid").exists()


def test_settings_that_cannot_be_used_end_the_command_before_anything_is_touched(tmp_path: Path) -> None:
    done = phananh(
        tmp_path, "doctor", PHANANH_TELEGRAM_TOKEN="nonsense", PHANANH_PORT="many", PHANANH_SECRET_KEY="k" * 32
    )
    assert done.returncode == 2
    assert "PHANANH_TELEGRAM_TOKEN" in done.stderr
    assert "PHANANH_PORT" in done.stderr
    assert list(tmp_path.iterdir()) == []
