"""A voice message: kept beside the words, for coordinators alone, gone with the person."""

from uuid import UUID

import pytest

from app.accounts import service as accounts
from app.accounts.model import SYSTEM, Actor, Role
from app.errors import Forbidden, NotFound
from app.reports import rights, voice
from app.reports import service as reports
from app.sounds import service as sounds
from app.wiring import Parts
from bot.simulator.client import SimUser
from tests.telegram.conftest import until

OGG = b"OggS\x00\x02" + bytes(200)


async def with_voice(lan: SimUser, data: bytes) -> str:
    await lan.voice(data, duration=4)
    await lan.wait("gõ thêm vài chữ")
    await lan.text("Đèn đường hỏng ở phường An Xuyên")
    await lan.press("Đúng", message=await lan.wait("đúng không"))
    summary = await lan.wait("xem lại")
    assert "1 tin thoại" in summary.text
    await lan.press(summary.labels[0], message=summary)
    return (await lan.wait("Đã gửi")).find(r"PA-\w{4}-\w{4}")


async def coordinator(parts: Parts, name: str) -> Actor:
    staff_id, _ = await accounts.create_staff(parts.pool, name, "Oanh", "ioc", Role.COORDINATOR, None, SYSTEM)
    return Actor("staff", staff_id, Role.COORDINATOR, "ioc", frozenset({"ioc"}))


async def test_a_voice_is_kept_with_the_report_and_heard_by_coordinators_alone(parts: Parts, lan: SimUser) -> None:
    data = OGG + b"1"
    report = await reports.find(parts.pool, await with_voice(lan, data))
    oanh = await coordinator(parts, "oanh.voice")
    heard = await voice.hear(parts.pool, parts.objects, parts.rules, oanh, report, 1, "Nghe rõ địa điểm")
    assert (heard.data, heard.content_type) == (data, "audio/ogg")
    async with parts.pool.acquire() as conn:
        kinds = await conn.fetchval(
            "SELECT array_agg(kind ORDER BY seq) FROM report_events WHERE report_id = $1", report.report_id
        )
    assert kinds[-1] == "identity_viewed"
    for number in (0, 2):
        with pytest.raises(NotFound):
            await voice.hear(parts.pool, parts.objects, parts.rules, oanh, report, number, "Nghe rõ địa điểm")
    for role in set(Role) - {Role.COORDINATOR}:
        other = Actor("staff", oanh.id, role, report.agency_id, frozenset({report.agency_id}))
        with pytest.raises(Forbidden):
            await voice.hear(parts.pool, parts.objects, parts.rules, other, report, 1, "Nghe rõ địa điểm")


async def test_a_voice_goes_with_the_person_who_is_erased(parts: Parts, lan: SimUser) -> None:
    await with_voice(lan, OGG + b"2")
    async with parts.pool.acquire() as conn:
        row = await conn.fetchrow(
            """
            SELECT s.sha256, c.citizen_id FROM report_sounds s JOIN report_contacts c USING (report_id)
            JOIN channel_identities i USING (citizen_id) WHERE i.channel_user_id = $1
            """,
            str(lan.id),
        )
    assert row is not None
    person: UUID = row["citizen_id"]
    await rights.erase(parts.pool, person, SYSTEM)
    assert await sounds.sweep_orphans(parts.pool, parts.objects) >= 1
    with pytest.raises(NotFound):
        await sounds.read_sound(parts.objects, row["sha256"].hex())


async def test_a_voice_in_a_draft_is_not_swept_and_one_of_a_dropped_draft_is(parts: Parts, lan: SimUser) -> None:
    await lan.voice(OGG + b"3", duration=4)
    await lan.wait("gõ thêm vài chữ")
    async with parts.pool.acquire() as conn:
        await conn.execute("UPDATE sound_blobs SET touched_at = now() - interval '2 days'")
    assert await sounds.sweep_orphans(parts.pool, parts.objects) == 0
    async with parts.pool.acquire() as conn:
        await conn.execute("DELETE FROM drafts WHERE chat_id = $1", str(lan.id))
    assert await sounds.sweep_orphans(parts.pool, parts.objects) == 1


@pytest.mark.parametrize(
    ("data", "duration", "says"), [(b"<html>" + bytes(50), 3, "không phải tin thoại"), (OGG, 301, "quá 5 phút")]
)
async def test_what_is_no_voice_or_too_long_is_told(lan: SimUser, data: bytes, duration: int, says: str) -> None:
    await lan.voice(data, duration=duration)
    await lan.wait(says)


async def test_a_voice_alone_is_kept_and_words_are_asked_for(parts: Parts, lan: SimUser) -> None:
    await lan.voice(OGG + b"5", duration=2)
    await lan.wait("Chỉ điều phối viên nghe được")
    await until(parts, "SELECT count(*) FROM draft_sounds WHERE chat_id = $1", str(lan.id), holds=1)
