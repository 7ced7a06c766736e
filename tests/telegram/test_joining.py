"""Two neighbours and one lamp, through the real library: the second is offered the first one's report."""

from typing import Any

import pytest_asyncio

from app.accounts import service as accounts
from app.accounts.model import SYSTEM, Actor, Role
from app.reports import following
from app.reports import service as reports
from app.reports.model import Form, Report, Status
from app.reports.workflow import Act
from app.wiring import Parts
from bot.simulator.client import Message, SimClient, SimUser
from tests.telegram.conftest import summed_up
from tests.world import CENTRE, COMPANY, photo


@pytest_asyncio.fixture(scope="module")
async def desk(parts: Parts) -> Actor:
    staff_id, _ = await accounts.create_staff(
        parts.pool, "nguyen.hoang.oanh", "Nguyễn Hoàng Oanh", CENTRE, Role.COORDINATOR, None, SYSTEM
    )
    return Actor("staff", staff_id, Role.COORDINATOR, CENTRE, frozenset({CENTRE}))


@pytest_asyncio.fixture
async def minh(sim: SimClient, working: None) -> SimUser:
    return await sim.user("Minh")


async def to_the_end(person: SimUser, picture: bytes, text: str, lat: float, lon: float) -> None:
    """Everything but the sending."""
    await person.photo(picture, caption=text)
    await person.wait("đâu")
    await person.location(lat, lon)
    asked = await person.wait("xã, phường nào")
    await person.press(asked.labels[0], message=asked)


async def lans_report(parts: Parts, lan: SimUser, desk: Actor, words: str, lat: float, lon: float) -> Report:
    """Sent, and published by a coordinator."""
    await to_the_end(lan, photo(words), words, lat, lon)
    summary = await summed_up(lan)
    await lan.press(summary.labels[0], message=summary)
    code = (await lan.wait("Đã gửi")).find(r"PA-\w{4}-\w{4}")
    report = await reports.find(parts.pool, code)
    return await reports.perform(parts.pool, parts.rules, desk, report, Act.PUBLISH, Form())


async def offer(minh: SimUser) -> Message:
    return await minh.wait("hình như")


async def voice_of(parts: Parts, report: Report) -> tuple[list[str], list[str], int]:
    """What followers said and showed, and how many stand behind it."""
    async with parts.pool.acquire() as conn:
        case = await reports.case(conn, await reports.get(conn, report.report_id))
        said = [message.body for message in case.messages if message.kind == "voice"]
        shown = [picture.sha256 for picture in case.pictures if picture.added_by == "follower"]
        return said, shown, await following.voices(conn, report)


async def test_the_second_one_sees_the_firsts_photo_and_joins(
    parts: Parts, lan: SimUser, minh: SimUser, desk: Actor
) -> None:
    report = await lans_report(parts, lan, desk, "Trụ đèn hẻm 5 không sáng, gọi 0912 345 678", 9.22461, 105.178)
    await to_the_end(minh, photo("hẻm tối"), "Hẻm 5 đèn không sáng", 9.22471, 105.178)
    found = await offer(minh)
    assert "photo" in found.raw
    assert "Trụ đèn hẻm 5 không sáng" in found.text
    assert "0912" not in found.text
    await minh.press("theo dõi", message=found)
    await minh.press("Đồng ý và theo dõi", message=await minh.wait("đồng ý"))
    joined = await minh.wait(report.code)
    assert "2 người" in joined.text
    said, shown, voices = await voice_of(parts, report)
    assert (said, len(shown), voices) == (["Hẻm 5 đèn không sáng"], 1, 2)
    async with parts.pool.acquire() as conn:
        # The draft has ended, and nothing holds its photo but the report.
        assert await conn.fetchval("SELECT count(*) FROM draft_photos WHERE chat_id = $1", str(minh.id)) == 0
        assert await conn.fetchval("SELECT consent_version FROM citizens JOIN channel_identities USING (citizen_id) "
                                   "WHERE channel_user_id = $1", str(minh.id))  # fmt: skip
    # In the list it stands as followed, and following can be stopped there.
    await minh.text("/danhsach")
    listed = await minh.wait("(anh/chị theo dõi)")
    await minh.press("Bỏ theo dõi", message=listed)
    await minh.wait("không còn theo dõi")
    assert (await voice_of(parts, report))[2] == 1


async def test_whoever_says_it_is_something_else_sends_a_report_of_their_own(
    parts: Parts, lan: SimUser, minh: SimUser, desk: Actor
) -> None:
    report = await lans_report(parts, lan, desk, "Đèn đường đầu cầu hỏng", 9.20461, 105.158)
    await to_the_end(minh, photo("đèn khác"), "Đèn đường cuối cầu không sáng", 9.20462, 105.158)
    await minh.press("Không phải, gửi mới", message=await offer(minh))
    summary = await minh.wait("xem lại")
    await minh.press(summary.labels[0], message=summary)
    assert (await minh.wait("Đã gửi")).find(r"PA-\w{4}-\w{4}") != report.code
    assert (await voice_of(parts, report))[2] == 1


async def test_a_stranger_follows_by_a_deep_link(parts: Parts, lan: SimUser, minh: SimUser, desk: Actor) -> None:
    report = await lans_report(parts, lan, desk, "Đèn đường sau chợ hỏng", 9.18461, 105.138)
    await minh.text(f"/start {report.code}")
    view = await minh.wait(report.code)
    await minh.press("👥 Theo dõi", message=view)
    await minh.press("Đồng ý và theo dõi", message=await minh.wait("đồng ý"))
    await minh.wait("đang theo dõi")
    assert (await voice_of(parts, report))[2] == 2


async def test_ones_own_report_is_added_to_rather_than_followed(parts: Parts, lan: SimUser, desk: Actor) -> None:
    report = await lans_report(parts, lan, desk, "Đèn đường bến tàu hỏng", 9.16461, 105.118)
    await to_the_end(lan, photo("vẫn tối"), "Đèn đường bến tàu vẫn chưa sáng", 9.16461, 105.118)
    await lan.press("bổ sung", message=await offer(lan))
    await lan.wait("Đã bổ sung")
    async with parts.pool.acquire() as conn:
        case = await reports.case(conn, await reports.get(conn, report.report_id))
    said: list[Any] = [(message.kind, message.body) for message in case.messages]
    assert said == [("info", "Đèn đường bến tàu vẫn chưa sáng")]
    assert len([picture for picture in case.pictures if picture.added_by == "citizen"]) == 2
    assert (await reports.find(parts.pool, report.code)).status is Status.ASSIGNED
    assert report.agency_id == COMPANY


async def test_a_photo_that_cannot_be_sent_never_holds_the_words_back(
    parts: Parts, sim: SimClient, lan: SimUser, minh: SimUser, desk: Actor
) -> None:
    await lans_report(parts, lan, desk, "Đèn đường bờ kè hỏng", 9.14461, 105.098)
    await sim.fault("sendPhoto", 400, times=1, user=minh)
    await to_the_end(minh, photo("bờ kè"), "Đèn đường bờ kè không sáng", 9.14461, 105.098)
    found = await offer(minh)
    assert "photo" not in found.raw
    assert "👥 Đúng, theo dõi phản ánh này" in found.labels
