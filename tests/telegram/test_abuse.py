"""Floods, limits, blocks and rights, as whoever is at the other end of the chat meets them."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from app.accounts import service as accounts
from app.accounts.model import SYSTEM, Actor, Role
from app.history import service as history
from app.i18n import t
from app.reports import blocking, rights
from app.reports import service as reports
from app.reports.limits import AN_HOUR
from app.wiring import Parts
from bot.simulator.client import SimUser
from tests.telegram.conftest import file_a_report, until

REASON = "Nhiều lần gửi phản ánh không có thật."


async def citizen_of(parts: Parts, person: SimUser) -> UUID:
    async with parts.pool.acquire() as conn:
        found: UUID = await conn.fetchval(
            "SELECT citizen_id FROM channel_identities WHERE channel_user_id = $1", str(person.id)
        )
    return found


async def coordinator(parts: Parts, name: str) -> Actor:
    staff_id, _ = await accounts.create_staff(parts.pool, name, "Oanh", "ioc", Role.COORDINATOR, None, SYSTEM)
    return Actor("staff", staff_id, Role.COORDINATOR, "ioc", frozenset({"ioc"}))


async def replies(person: SimUser) -> int:
    said = [message.text for message in await person.messages() if message.from_bot]
    # The map is offered below the question where, as a message of its own.
    return len([words for words in said if words != t("bot.ask_map")])


async def test_a_flood_of_identical_messages_is_answered_once_and_kept_once(parts: Parts, lan: SimUser) -> None:
    for _ in range(5):
        await lan.text("Đèn đường hỏng đã ba hôm, không ai sửa")
    query = "SELECT count(*) FROM inbox WHERE chat_id = $1 AND processed_at IS NULL"
    await until(parts, query, str(lan.id), holds=0)
    # The one answer may have come while the last of them were still being typed.
    sent = "SELECT count(*) FROM outbox WHERE chat_id = $1 AND status = 'sent'"
    await until(parts, sent, str(lan.id), holds=1)
    assert await replies(lan) == 1
    async with parts.pool.acquire() as conn:
        state = await conn.fetchval("SELECT state FROM drafts WHERE chat_id = $1", str(lan.id))
    assert [piece["text"] for piece in state["content"]["pieces"]] == ["Đèn đường hỏng đã ba hôm, không ai sửa"]


async def test_a_text_of_ten_thousand_characters_keeps_its_beginning_and_says_so(parts: Parts, lan: SimUser) -> None:
    words = "đèn đường hỏng " * 667
    for start in range(0, 10_000, 4096):
        await lan.text(words[start : start + 4096])
    await lan.wait("chỉ ghi phần đầu")
    await lan.wait("tối đa là 4000")
    async with parts.pool.acquire() as conn:
        state = await conn.fetchval("SELECT state FROM drafts WHERE chat_id = $1", str(lan.id))
    assert 3900 < len(state["content"]["pieces"][0]["text"]) <= 4000


async def test_an_archive_is_declined_with_what_to_do_instead(lan: SimUser) -> None:
    await lan.document(b"PK\x03\x04", "anh.zip")
    await lan.wait("từng ảnh")


async def test_too_many_reports_wait_with_the_draft_and_the_time_to_try_again(parts: Parts, lan: SimUser) -> None:
    code = await file_a_report(lan)
    person, now = await citizen_of(parts, lan), datetime.now(UTC)
    async with parts.pool.acquire() as conn:
        # As if the person had sent nine more within the hour.
        columns = await conn.fetchval(
            """
            SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns
            WHERE table_name = 'reports' AND is_generated = 'NEVER' AND column_name NOT IN ('report_id', 'submitted_at')
            """
        )
        for number in range(AN_HOUR - 1):
            copied = await conn.fetchval(
                f"""
                INSERT INTO reports (report_id, submitted_at, {columns})
                SELECT gen_random_uuid(), $2, {columns} FROM reports WHERE code = $1 LIMIT 1 RETURNING report_id
                """,
                code,
                now - timedelta(minutes=number),
            )
            await conn.execute(
                """
                INSERT INTO report_contacts (report_id, citizen_id, consent_version, consent_at)
                VALUES ($1, $2, '2026-01', now())
                """,
                copied,
                person,
            )
    await lan.text("Ổ gà lớn ở phường An Xuyên")
    await lan.press("Đúng", message=await lan.wait("đúng không"))
    await lan.press("Gửi", message=await lan.wait("xem lại"))
    refused = await lan.wait("gửi lại sau")
    assert "xem lại" in refused.text
    assert "Ổ gà lớn" in refused.text


async def test_a_blocked_person_is_told_why_and_whom_to_turn_to_and_loses_nothing(parts: Parts, lan: SimUser) -> None:
    report = await reports.find(parts.pool, await file_a_report(lan))
    oanh = await coordinator(parts, "oanh.block")
    await blocking.block(parts.pool, parts.rules, oanh, report, REASON)
    await lan.text("Rác đầy đường ở phường An Xuyên")
    told = await lan.wait(REASON)
    assert "Trung tâm" in told.text
    await lan.press("Đúng", message=told)
    await lan.press("Gửi", message=await lan.wait("xem lại"))
    assert "xem lại" in (await lan.wait(REASON)).text
    assert len(await reports.of_citizen(parts.pool, await citizen_of(parts, lan))) == 1

    await blocking.unblock(parts.pool, parts.rules, oanh, report, "Đã xem lại.")
    await lan.press("Gửi")
    await lan.wait("Đã gửi phản ánh")


async def test_what_is_no_field_report_is_counted_once(parts: Parts, lan: SimUser) -> None:
    await lan.text("Tôi muốn tố cáo chủ tịch xã nhận hối lộ")
    await lan.wait("Ban Tiếp công dân")
    async with parts.pool.acquire() as conn:
        rows = await conn.fetch("SELECT channel, category FROM turned_away")
    assert [tuple(row) for row in rows] == [("telegram", "denunciation")]


async def test_a_person_sees_what_is_held_and_after_erasure_is_somebody_new(parts: Parts, lan: SimUser) -> None:
    code = await file_a_report(lan)
    await lan.text("/dulieucuatoi")
    assert code in (await lan.wait("Dữ liệu đang lưu")).text
    await rights.erase(parts.pool, await citizen_of(parts, lan), SYSTEM)
    await lan.text("/danhsach")
    await lan.wait("chưa gửi phản ánh nào")
    assert [damage async for damage in history.verify(parts.pool, code)] == []


@pytest.mark.parametrize("version", ["2025-07"])
async def test_new_words_of_consent_are_asked_for_again_with_the_next_report(
    parts: Parts, lan: SimUser, version: str
) -> None:
    await file_a_report(lan)
    async with parts.pool.acquire() as conn:
        await conn.execute(
            "UPDATE citizens SET consent_version = $2 WHERE citizen_id = $1", await citizen_of(parts, lan), version
        )
    await lan.text("Rác đầy đường ở phường An Xuyên")
    await lan.press("Đúng", message=await lan.wait("đúng không"))
    summary = await lan.wait("xem lại")
    assert summary.labels[0] == "✅ Đồng ý và gửi"
    await lan.press("Đồng ý và gửi", message=summary)
    await lan.wait("Đã gửi phản ánh")
