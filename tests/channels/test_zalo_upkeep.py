"""What an operator of Zalo's channels meets: the doctor, ``phananh zalo token``, ``phananh webhook``."""

import asyncio
import os
import subprocess
import sys

from msgspec import structs

from app.doctor.zalo import zalo_bot, zalo_oa
from app.settings.channels import ZaloBot
from bot.zalo import tokens
from bot.zalo.known import bot_of, oa_of
from tests.channels.conftest import Town
from tests.world import RULES

HOOK = "https://phananh.example/zalo/bot"


def _bot(town: Town) -> ZaloBot:
    found = bot_of(town.parts.settings)
    assert found is not None
    return found


async def test_the_doctor_looks_at_the_zalo_bot(town: Town) -> None:
    settings = _bot(town)
    assert [finding.level for finding in await zalo_bot(settings)] == ["ok"]
    (wrong,) = await zalo_bot(structs.replace(settings, token="1:another"))
    assert (wrong.level, "PHANANH_ZALO_BOT_TOKEN" in wrong.advice) == ("bad", True)
    (away,) = await zalo_bot(structs.replace(settings, host="http://127.0.0.1:1"))
    assert "cannot be reached" in away.says
    (elsewhere,) = await zalo_bot(structs.replace(settings, webhook_url=HOOK, webhook_secret="12345678"))
    assert (elsewhere.level, "phananh webhook" in elsewhere.advice) == ("bad", True)
    for finding in (wrong, away, elsewhere):
        assert settings.token not in finding.says + finding.advice


async def test_the_doctor_looks_at_the_official_accounts_token(town: Town) -> None:
    oa = oa_of(town.parts.settings)
    assert oa is not None
    settings = structs.replace(town.parts.settings, zalo_oa=oa)
    async with town.parts.pool.acquire() as conn:
        await conn.execute("DELETE FROM channel_tokens")
        assert [finding.level for finding in await zalo_oa(conn, settings)] == ["bad"]
        await tokens.give(conn, oa.app_id, "sim-refresh-1")
        assert [finding.level for finding in await zalo_oa(conn, settings)] == ["ok"]
        await conn.execute("UPDATE channel_tokens SET renewed_at = now() - interval '31 days'")
        assert [finding.level for finding in await zalo_oa(conn, settings)] == ["warn"]
        await conn.execute("UPDATE channel_tokens SET error = '-14014 Invalid refresh token.'")
        (spent,) = await zalo_oa(conn, settings)
        assert (spent.level, "phananh zalo token" in spent.advice) == ("bad", True)
        assert await zalo_oa(conn, town.parts.settings) == []


async def _phananh(town: Town, database_url: str, *command: str, given: str = "") -> subprocess.CompletedProcess[str]:
    oa, bot = oa_of(town.parts.settings), _bot(town)
    assert oa is not None
    env = {
        "PATH": os.environ.get("PATH", ""),
        "PHANANH_HOME": str(town.parts.settings.home),
        "PHANANH_RULES": str(RULES),
        "PHANANH_DATABASE_URL": database_url,
        "PHANANH_ZALO_BOT_TOKEN": bot.token,
        "PHANANH_ZALO_BOT_HOST": bot.host,
        "PHANANH_ZALO_BOT_WEBHOOK_URL": "http://127.0.0.1:9/zalo/bot",
        "PHANANH_ZALO_BOT_WEBHOOK_SECRET": "a-secret-of-ours",
        "PHANANH_ZALO_OA_APP_ID": oa.app_id,
        "PHANANH_ZALO_OA_APP_SECRET": oa.app_secret,
        "PHANANH_ZALO_OA_SECRET": oa.oa_secret,
        "PHANANH_ZALO_OA_WEBHOOK_URL": "http://127.0.0.1:9/zalo/oa",
        "PHANANH_ZALO_OA_HOST": oa.host,
        "PHANANH_ZALO_OAUTH_HOST": oa.oauth_host,
    }
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "app.cli", *command],
        env=env,
        cwd=RULES.parent,
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


async def test_the_first_token_is_given_by_hand_and_tried_at_once(town: Town, database_url: str) -> None:
    town.zalo_oa.refresh = "sim-refresh-first"
    done = await _phananh(town, database_url, "zalo", "token", given="sim-refresh-first\n")
    assert done.returncode == 0, done.stderr
    async with town.parts.pool.acquire() as conn:
        assert await conn.fetchval("SELECT refresh_token FROM channel_tokens") == town.zalo_oa.refresh
    wrong = await _phananh(town, database_url, "zalo", "token", given="sim-refresh-spent\n")
    assert wrong.returncode == 1
    assert "Zalo does not take it" in wrong.stderr
    assert "sim-refresh" not in wrong.stdout + wrong.stderr
    assert (await _phananh(town, database_url, "zalo", "token", given="\n")).returncode == 2


async def test_webhook_tells_zalo_where_the_bot_is(town: Town, database_url: str) -> None:
    done = await _phananh(town, database_url, "webhook")
    assert done.returncode == 0, done.stderr
    assert town.zalo_bot.updates.info()["url"] == "http://127.0.0.1:9/zalo/bot"
    assert "developer console" in done.stdout
