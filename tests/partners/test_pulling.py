"""What partners say of requests becomes acts of ours, each piece of news once."""

from typing import Any

import pytest

from app.history import service as history
from app.partners import ledger, pulling, sending, service
from app.partners.model import Partner
from app.partners.service import Means
from app.photos import service as photos
from app.reports import service as reports
from app.reports.model import Report, Status
from app.reports.workflow import Act
from tests import small_world as world
from tests import world as pictures
from tests.partners.conftest import AT_ONCE, partner, push_of
from tests.partners.faulty import Faulty

SAID = "Điện lực Cà Mau (số EVN-1): "


class Sent:
    """A report that the partner has."""

    def __init__(self, means: Means, there: Faulty, one: Partner, report: Report) -> None:
        self.means, self.there, self.one, self.report = means, there, one, report

    async def pull(self) -> int:
        async with self.means.pool.acquire() as conn:
            one = await service.get(conn, world.ADMINISTRATOR, self.one.partner_id)
        return await pulling.pull(self.means, one)

    async def now(self) -> Report:
        async with self.means.pool.acquire() as conn:
            return await reports.get(conn, self.report.report_id)

    async def words(self) -> list[tuple[str, str]]:
        async with self.means.pool.acquire() as conn:
            case = await reports.case(conn, await self.now())
        return [(m.kind, m.body) for m in case.messages]

    async def kinds(self) -> list[str]:
        return (await world.kinds(self.means.pool, self.report))[2:]

    async def became(self) -> list[str]:
        async with self.means.pool.acquire() as conn:
            rows = await ledger.news(conn, self.one.partner_id, self.report.report_id)
        return [row["became"] for row in rows]

    def update(self, ident: str, status: str, words: str, **more: Any) -> None:
        self.there.updates.append(
            {
                "update_id": ident,
                "service_request_id": "EVN-1",
                "status": status,
                "updated_datetime": f"2099-01-01T09:0{len(self.there.updates)}:00+07:00",
                "description": words,
            }
            | more
        )


async def _sent(means: Means, there: Faulty, light: dict[str, Any]) -> Sent:
    one = await partner(means, there)
    report = (await world.file(means.pool, **light)).report
    await service.follow(means.pool)
    await sending.send_due(means, one, AT_ONCE)
    assert (await push_of(means, one, report)).number == "EVN-1"
    return Sent(means, there, one, report)


@pytest.fixture
async def sent(means: Means, there: Faulty, light: dict[str, Any]) -> Sent:
    return await _sent(means, there, light)


@pytest.fixture
async def updated(means: Means, there: Faulty, light: dict[str, Any]) -> Sent:
    """At a partner that has the updates extension."""
    there.has_updates = True
    return await _sent(means, there, light)


async def test_that_a_request_has_arrived_is_no_news_for_anybody(sent: Sent) -> None:
    await sent.pull()
    await sent.pull()
    assert await sent.kinds() == []
    push = await push_of(sent.means, sent.one, sent.report)
    assert (push.their_status, push.their_words) == ("open", "Đã tiếp nhận")


async def test_their_words_are_progress_and_each_is_told_once(sent: Sent) -> None:
    await sent.pull()
    sent.there.say("EVN-1", status_notes="Thợ đang đến.")
    assert await sent.pull() == 1
    assert await sent.pull() == 0
    assert await sent.kinds() == ["started", "progress"]
    assert await sent.words() == [("progress", SAID + "Thợ đang đến.")]
    assert (await sent.now()).status is Status.IN_PROGRESS
    async with sent.means.pool.acquire() as conn:
        by = {e.actor_kind for e in (await history.of_report(conn, sent.report.report_id))[2:]}
    assert by == {"system"}


async def test_what_was_said_while_we_were_away_is_told_at_the_first_look(sent: Sent) -> None:
    sent.there.say("EVN-1", status_notes="Thợ đang đến.", updated_datetime="2099-01-01T00:00:00+07:00")
    await sent.pull()
    assert await sent.words() == [("progress", SAID + "Thợ đang đến.")]


async def test_closed_without_proof_waits_for_the_officer_who_is_called(sent: Sent) -> None:
    report = await world.do(sent.means.pool, world.ELECTRICIAN, sent.report, Act.START)
    sent.there.say("EVN-1", status="closed", status_notes="Đã thay bóng.")
    await sent.pull()
    await sent.pull()
    assert await sent.kinds() == ["started", "noted"]
    [(kind, words)] = await sent.words()
    assert kind == "note"
    assert words.startswith(SAID + "Đã thay bóng.\nĐối tác báo đã xong nhưng chưa có ảnh kết quả.")
    assert "@staff.4" in words
    assert (await sent.now()).status is Status.IN_PROGRESS
    async with sent.means.pool.acquire() as conn:
        last = (await history.of_report(conn, report.report_id))[-1]
    assert last.data["mentions"] == [str(world.ELECTRICIAN.id)]
    assert await sent.became() == ["waits"]


async def test_closed_with_a_photo_of_the_result_is_a_result(updated: Sent) -> None:
    updated.there.photos["/xong.jpg"] = pictures.photo("xong")
    updated.update("u1", "open", "Đang thay bóng.")
    updated.update("u2", "closed", "Đã thay bóng.", media_url=updated.there.url.replace("/v2", "/xong.jpg"))
    updated.there.say("EVN-1", status="closed", status_notes="Đã thay bóng.")
    assert await updated.pull() == 2
    assert await updated.pull() == 0
    assert await updated.kinds() == ["started", "progress", "resolved"]
    report = await updated.now()
    assert (report.status, report.assignee_id) == (Status.RESOLVED, None)
    async with updated.means.pool.acquire() as conn:
        case = await reports.case(conn, report)
    assert [(p.stage, p.added_by) for p in case.pictures] == [("after", "staff")]


@pytest.mark.parametrize("what", ["missing", "no picture", "internal"])
async def test_a_photo_that_cannot_be_had_is_no_proof(what: str, updated: Sent) -> None:
    base = updated.there.url.replace("/v2", "")
    if what == "no picture":
        updated.there.photos["/xong.jpg"] = b"<html>"
    media = "http://169.254.169.254/latest" if what == "internal" else f"{base}/xong.jpg"
    updated.update("u1", "closed", "Đã thay bóng.", media_url=media)
    await updated.pull()
    assert await updated.became() == ["waits"]
    assert (await updated.now()).status is Status.ASSIGNED


async def test_our_own_photo_sent_back_is_no_proof(updated: Sent) -> None:
    means, data = updated.means, pictures.photo("trước")
    updated.there.photos["/a.jpg"] = data
    stored = await photos.store_photo(means.pool, means.objects, means.lab, data)
    await world.do(means.pool, world.CITIZEN, updated.report, Act.ADD_PHOTOS, photos=(stored,))
    updated.update("u1", "closed", "Xong.", media_url=updated.there.url.replace("/v2", "/a.jpg"))
    await updated.pull()
    assert await updated.became() == ["waits"]


async def test_an_act_whose_note_was_lost_is_not_done_again(sent: Sent) -> None:
    """The worker died between the act and the ledger."""
    sent.there.say("EVN-1", status_notes="Thợ đang đến.", updated_datetime="2099-01-01T00:00:00+07:00")
    await sent.pull()
    await sent.means.pool.execute("DELETE FROM partner_news")
    await sent.means.pool.execute("UPDATE partner_pushes SET their_status = '', their_words = ''")
    await sent.pull()
    assert await sent.kinds() == ["started", "progress"]


async def test_what_is_fetched_is_not_sent_back(sent: Sent) -> None:
    sent.there.say("EVN-1", status_notes="Thợ đang đến.", updated_datetime="2099-01-01T00:00:00+07:00")
    await sent.pull()
    await service.follow(sent.means.pool)
    async with sent.means.pool.acquire() as conn:
        one = await service.get(conn, world.ADMINISTRATOR, sent.one.partner_id)
    assert await sending.send_due(sent.means, one, AT_ONCE) == 0
    assert len(sent.there.posts) == 1


async def test_news_of_what_is_no_longer_theirs_are_notes(sent: Sent) -> None:
    report = await world.do(sent.means.pool, world.ELECTRICIAN, sent.report, Act.RETURN, text="Không phải.")
    sent.there.say("EVN-1", status_notes="Thợ đang đến.", updated_datetime="2099-01-01T00:00:00+07:00")
    await sent.pull()
    sent.there.say("EVN-1", status="closed", status_notes="Xong.")
    await sent.pull()
    assert await sent.became() == ["noted", "noted"]
    assert (await sent.now()).status is report.status


async def test_opened_again_there_is_a_note(updated: Sent) -> None:
    updated.there.say("EVN-1", status="closed", status_notes="Xong.")
    await updated.pull()
    later = "2099-01-01T00:00:00+07:00"
    updated.there.say("EVN-1", status="open", status_notes="Làm lại.", updated_datetime=later)
    await updated.pull()
    assert await updated.became() == ["noted", "waits"]


async def test_a_request_that_the_partner_has_forgotten_keeps_no_others_news_waiting(sent: Sent) -> None:
    """By itself it is 404; in a list with others this server refuses the whole list."""
    means, there = sent.means, sent.there
    other = (await world.file(means.pool, category="street-light")).report
    await service.follow(means.pool)
    await sending.send_due(means, sent.one, AT_ONCE)
    push = await push_of(means, sent.one, other)
    await means.pool.execute("UPDATE partner_pushes SET number = 'GONE' WHERE report_id = $1", sent.report.report_id)
    there.answer = lambda path: (404, b"") if path == "/v2/requests.json" or "GONE" in path else None
    there.say(f"{push.number}", status_notes="Đang sửa.")
    await sent.pull()
    assert (await push_of(means, sent.one, other)).their_words == "Đang sửa."
    async with means.pool.acquire() as conn:
        assert (await service.get(conn, world.ADMINISTRATOR, sent.one.partner_id)).failure == ""


async def test_a_partner_that_does_not_answer_is_said_so_and_asked_again(sent: Sent) -> None:
    sent.there.answer = lambda _: (200, b"<html>Bao tri</html")
    assert await sent.pull() == 0
    async with sent.means.pool.acquire() as conn:
        one = await service.get(conn, world.ADMINISTRATOR, sent.one.partner_id)
        attempts = await ledger.attempts(conn, sent.one.partner_id, None, 10)
    assert one.failure == "garbled: the answer cannot be read"
    assert (attempts[0]["what"], attempts[0]["came"]) == ("pull", "garbled")
    sent.there.answer = lambda _: None
    await sent.pull()
    async with sent.means.pool.acquire() as conn:
        assert (await service.get(conn, world.ADMINISTRATOR, one.partner_id)).failure == ""
