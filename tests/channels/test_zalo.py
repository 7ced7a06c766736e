"""What is Zalo's own: what is brought twice or falsely, keys that change, the window, the Zalo Bot's webhook."""

import asyncio

import httpx
import pytest

from app.accounts import citizens
from app.notify import service as notify
from app.notify.model import TryLater
from app.reports.workflow import Act
from bot.simulator.zalo.twin import FREE_MOST, WINDOW_SECONDS
from bot.zalo import tokens
from bot.zalo.http import client
from bot.zalo.known import hook_of, oa_of
from bot.zalo.oa_api import OaApi
from bot.zalo.signature import sign
from tests.channels.conftest import Stage, Town, standing
from tests.channels.test_contract import LEDGER, SENT
from tests.notify.post import keys, tell_all
from tests.world import photo

TOKEN = "SELECT * FROM channel_tokens WHERE channel = 'zalo_oa'"


# --- brought twice, falsely, broken


async def test_an_event_that_comes_again_is_answered_once(zalo_bot: Stage) -> None:
    lan = await zalo_bot.citizen("Lan")
    chat = {"id": lan.address, "chat_type": "PRIVATE"}
    sender = {"id": lan.address, "display_name": "Lan", "is_bot": False}
    zalo_bot.core.chat(lan.user.id).started = True
    message = {"from": sender, "chat": chat, "message_id": "again", "date": 1, "text": "/trogiup"}
    for _ in range(3):
        await zalo_bot.sim.inject("event", {"event_name": "message.text.received", "message": message})
    # The same number under another event's name is another event.
    await zalo_bot.sim.inject("event", {"event_name": "message.sticker.received", "message": message})
    await zalo_bot.until(SENT, "zalo_bot", lan.address, holds=2)
    assert await zalo_bot.value("SELECT count(*) FROM inbox WHERE chat_id = $1", lan.address) == 2


async def test_what_is_brought_twice_is_answered_once(oa: Stage) -> None:
    lan = await oa.citizen("Lan")
    await oa.sim.disturb_webhook(duplicate=True)
    try:
        await lan.says("/trogiup")
        await lan.reads("113")
        await lan.says("/danhsach")
        await lan.reads("chưa gửi")
    finally:
        await oa.sim.disturb_webhook()
    assert len(await lan.heard()) == 2


async def test_a_false_signature_is_refused(oa: Stage) -> None:
    lan = await oa.citizen("Lan")
    await oa.sim.disturb_webhook(forge=True)
    try:
        await lan.says("/trogiup")
        await lan.reads("113")
    finally:
        await oa.sim.disturb_webhook()
    assert oa.core.updates.forged[-1] == 403
    assert await oa.value("SELECT count(*) FROM inbox WHERE chat_id = $1", lan.address) == 1


async def test_only_what_is_signed_is_read(town: Town, oa: Stage) -> None:
    hook = hook_of(town.parts.settings.bot_port)
    kept = await oa.value("SELECT count(*) FROM inbox")
    async with httpx.AsyncClient(trust_env=False) as http:
        assert (await http.post(hook, content=b'{"event_name":"user_send_text"}')).status_code == 403
        for body in (
            b"",
            b"nonsense",
            b"[]",
            b"{}",
            b'{"event_name":"user_send_text"}',
            b'{"event_name":"oa_send_text"}',
        ):
            signature = _signed(town, body)
            assert (await http.post(hook, content=body, headers=signature)).status_code == 200
        assert (await http.get(hook)).status_code == 405
    assert await oa.value("SELECT count(*) FROM inbox") == kept


def _signed(town: Town, body: bytes) -> dict[str, str]:
    twin = town.zalo_oa
    return {"X-ZEvent-Signature": sign(twin.app_id, body, "9", twin.oa_secret), "X-ZEvent-Timestamp": "9"}


async def test_following_greets_and_leaving_is_remembered(oa: Stage) -> None:
    lan = await oa.citizen("Lan")
    await lan.says("/trogiup")
    await lan.reads("113")
    await lan.blocks()
    gone = "SELECT unreachable_reason FROM channel_identities WHERE channel_user_id = $1"
    await oa.until(gone, lan.address, holds="no longer follows")
    await lan.unblocks()
    await lan.reads("Xin chào")
    await oa.until(gone, lan.address, holds=None)


async def test_one_touch_calls_for_help(oa: Stage) -> None:
    lan = await oa.citizen("Lan")
    await lan.says("Cháy nhà, có người mắc kẹt")
    told = await lan.reads("114")
    assert {"📞 Gọi 113", "📞 Gọi 114", "📞 Gọi 115"} <= set(told.labels)
    assert (await lan.user.press("Gọi 114"))["url"] == "tel:114"


# --- keys


def api_of(town: Town, http: httpx.AsyncClient) -> OaApi:
    """As another process would have it: with nothing remembered."""
    settings = oa_of(town.parts.settings)
    assert settings is not None
    return OaApi(town.parts.pool, http, settings)


async def test_two_processes_renew_at_once_and_no_key_is_lost(town: Town, oa: Stage) -> None:
    async with client(town.url) as http:
        await api_of(town, http).tokens.access()
        town.zalo_oa.access.clear()
        old = (await _token(oa))["access_token"]
        before = town.zalo_oa.renewals
        found = await asyncio.gather(*(api_of(town, http).tokens.access(spoiled=old) for _ in range(8)))
    assert len(set(found)) == 1
    assert town.zalo_oa.renewals == before + 1
    assert (await _token(oa))["refresh_token"] == town.zalo_oa.refresh


async def _token(stage: Stage) -> dict[str, str]:
    async with stage.parts.pool.acquire() as conn:
        (kept,) = await conn.fetch(TOKEN)
        return dict(kept)


async def test_an_access_token_that_ends_early_is_renewed_and_nothing_is_lost(town: Town, oa: Stage) -> None:
    lan = await oa.citizen("Lan")
    town.zalo_oa.access.clear()
    await lan.says("/trogiup")
    await lan.reads("113")
    assert len(await lan.heard()) == 1


async def test_a_renewal_that_is_interrupted_is_tried_again(town: Town, oa: Stage) -> None:
    lan = await oa.citizen("Lan")
    town.zalo_oa.access.clear()
    await oa.sim.fault("token", 502, times=1)
    await lan.says("/trogiup")
    await lan.reads("113")


async def test_a_refresh_token_that_is_spent_is_told_and_a_new_one_mends_it(
    town: Town, oa: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    twin = town.zalo_oa
    good = twin.refresh
    async with client(town.url) as http, oa.parts.pool.acquire() as conn:
        await tokens.give(conn, twin.app_id, "sim-refresh-spent")
        with pytest.raises(TryLater):
            await api_of(town, http).tokens.access()
        assert "Invalid refresh token" in (await _token(oa))["error"]
        told = capsys.readouterr().out
        assert "phananh zalo token" in told
        assert "sim-refresh" not in told
        await tokens.give(conn, twin.app_id, good)
        assert await api_of(town, http).tokens.access() in twin.access
    assert (await _token(oa))["error"] is None


# --- the window


async def _told(stage: Stage, code: str) -> list[str]:
    found: list[str] = await stage.value(LEDGER, (await stage.report(code)).report_id)
    return found


async def test_after_48_hours_of_silence_the_ledger_says_that_the_window_is_closed(oa: Stage) -> None:
    lan = await oa.citizen("Lan")
    code = await oa.files(lan)
    long_ago = "UPDATE channel_identities SET last_heard_at = now() - interval '49 hours' WHERE channel_user_id = $1"
    await oa.value(long_ago, lan.address)
    before = len(await lan.heard())
    await oa.staff(code, Act.START)
    assert await _told(oa, code) == ["started closed"]
    reason = await oa.value("SELECT reason FROM notifications WHERE channel_user_id = $1", lan.address)
    assert reason.startswith("window closed")
    assert len(await lan.heard()) == before
    await lan.says("/danhsach")
    await lan.reads(code)
    await oa.staff(code, Act.RESOLVE, pictures=True, text="Đã thay bóng.")
    assert await _told(oa, code) == ["started closed", "resolved sent"]


async def test_zalos_own_word_on_the_window_is_the_last(town: Town, oa: Stage) -> None:
    lan = await oa.citizen("Lan")
    code = await oa.files(lan)
    town.zalo_oa.ahead = WINDOW_SECONDS + 60
    await oa.staff(code, Act.START)
    assert await _told(oa, code) == ["started closed"]


async def test_the_ninth_message_is_not_even_tried(oa: Stage) -> None:
    lan = await oa.citizen("Lan")
    code = await oa.files(lan)
    assert await oa.value("SELECT told_since FROM channel_identities WHERE channel_user_id = $1", lan.address) == 1
    await oa.value("UPDATE channel_identities SET told_since = $2 WHERE channel_user_id = $1", lan.address, FREE_MOST)
    calls = len(await oa.sim.calls("message", user=lan.user))
    await oa.staff(code, Act.START)
    assert await _told(oa, code) == ["started closed"]
    assert len(await oa.sim.calls("message", user=lan.user)) == calls


async def test_what_the_window_shuts_out_goes_by_another_channel(town: Town, oa: Stage) -> None:
    lan = await oa.citizen("Lan")
    code = await oa.files(lan)
    await oa.value("UPDATE channel_identities SET told_since = $2 WHERE channel_user_id = $1", lan.address, FREE_MOST)
    async with standing(town, "telegram") as telegram:
        other = await telegram.citizen("Lan")
        await other.says("/trogiup")
        await other.reads("113")
        report = await oa.report(code)
        # The message is entered while the Official Account is her only address; then she links another.
        await oa.does(code, Act.START)
        await tell_all(oa.parts.pool)
        whose = await oa.value("SELECT citizen_id FROM channel_identities WHERE channel_user_id = $1", lan.address)
        link = "UPDATE channel_identities SET citizen_id = $2 WHERE channel_user_id = $1"
        await oa.value(link, other.address, whose)
        for _ in range(2):
            for key in await keys(oa.parts.pool):
                await notify.deliver(oa.parts.pool, oa.parts.objects, town.senders, key)
        await other.reads(code)
        told = "SELECT array_agg(channel || ' ' || status ORDER BY channel) FROM notifications WHERE report_id = $1"
        assert await oa.value(told, report.report_id) == ["telegram sent", "zalo_oa closed"]


async def test_a_picture_that_zalo_cannot_fetch_costs_the_picture_alone(zalo_bot: Stage) -> None:
    lan = await zalo_bot.citizen("Lan")
    code = await zalo_bot.files(lan)
    await zalo_bot.staff(code, Act.START)
    await zalo_bot.sim.fault("sendPhoto", 400, times=1, user=lan.user)
    await zalo_bot.staff(code, Act.RESOLVE, pictures=True, text="Đã thay bóng.")
    assert await _told(zalo_bot, code) == ["started sent", "resolved sent"]
    await lan.reads("Đã thay bóng")


async def test_a_token_that_zalo_does_not_know_holds_messages_back(town: Town, zalo_bot: Stage) -> None:
    lan = await zalo_bot.citizen("Lan")
    await zalo_bot.sim.fault("sendMessage", 401, times=1, user=lan.user)
    await lan.says("/trogiup")
    queued = "SELECT count(*) FROM outbox WHERE chat_id = $1 AND status = 'queued' AND error LIKE '401%'"
    await zalo_bot.until(queued, lan.address, holds=1)


async def test_a_new_person_is_known_by_their_chat(zalo_bot: Stage) -> None:
    lan = await zalo_bot.citizen("Lan")
    await lan.sends_photo(photo("một"))
    await lan.reads("Đã nhận 1 ảnh")
    async with zalo_bot.parts.pool.acquire() as conn:
        again = await citizens.citizen(conn, "zalo_bot", lan.address, "Lan", "vi")
        assert await citizens.name(conn, again.citizen_id) == "Lan"
