"""What goes out: cards and mails with nothing of who reported, each once, many as one, nothing that is overtaken."""

from datetime import UTC, datetime, timedelta

import pytest
from pgqueuer import RetryRequested

from app.escalation import delivery
from app.history import service as history
from app.notify.model import Refused, TryLater, Uncertain, Unreachable
from app.reports import store as report_store
from app.reports.model import Report
from app.reports.workflow import Act
from tests.escalation.scene import URL, Office
from tests.escalation.test_telling import HALF, HOUR, working
from tests.small_world import COORDINATOR, LEAD, MONDAY, NAME, OFFICER, PHONE, TEXT, do, file, resolve


async def warned(office: Office, at: datetime = HALF) -> Report:
    """A case of the officer's of which half the time is used up, told and waiting to be sent."""
    report = await working(office)
    await office.look(at)
    return report


async def statuses(office: Office) -> set[str]:
    return {row["status"] for row in await office.pool.fetch("SELECT status FROM notifications")}


async def test_a_warning_comes_as_a_card_with_buttons_and_as_a_mail_with_a_link(office: Office) -> None:
    report = await warned(office)
    await office.deliver()
    (card,) = office.board.boxes["71"]
    assert card.text.startswith(f"🗂 {report.code} · Đã dùng một nửa thời hạn xử lý")
    assert card.buttons[0][0].data == f"o1|done|{report.code}"
    (mail,) = office.mailed(OFFICER)
    assert mail.subject == f"{report.code}: Đã dùng một nửa thời hạn xử lý"
    assert mail.lines[0].link == f"{URL}/console/reports/{report.code}"
    assert "Ổ gà – Phường An Xuyên\nHạn: 17:00, 05/03/2026 – Đang xử lý" in mail.lines[0].text
    assert await statuses(office) == {"sent"}


async def test_no_mail_says_what_was_written_or_who_wrote_it(office: Office) -> None:
    report = await warned(office)
    await office.look(report.due_at)
    await office.deliver()
    assert len(office.post.mails) == 3
    said = "".join(f"{mail.subject} {mail.lines}" for mail in office.post.mails)
    assert not [words for words in (NAME, PHONE, TEXT[:20], "12 Lý Bôn") if words in said]


async def test_the_card_is_brought_up_to_date_like_any_other(office: Office) -> None:
    report = await warned(office)
    await office.deliver()
    rows = await office.pool.fetch("SELECT chat_id FROM staff_cards WHERE report_id = $1", report.report_id)
    assert [row["chat_id"] for row in rows] == ["71"]


async def test_whoever_watches_from_another_agency_gets_no_buttons(office: Office) -> None:
    report = (await file(office.pool, category="street-light")).report
    await office.look(report.due_at)
    await office.deliver()
    (card,) = office.board.boxes["73"]
    assert "Đã hết thời hạn xử lý" in card.text
    assert card.buttons == ()


async def test_many_warnings_come_as_one_mail_and_one_message(office: Office) -> None:
    reports = [await working(office) for _ in range(6)]
    await office.look(HALF)
    await office.deliver()
    (mail,) = office.mailed(OFFICER)
    assert mail.subject == "6 phản ánh cần chú ý"
    assert {line.link for line in mail.lines} >= {f"{URL}/console/reports/{each.code}" for each in reports}
    (message,) = office.board.boxes["71"]
    assert message.text.startswith("Có 6 việc cần chú ý:")
    assert len(message.buttons) == 6
    assert await statuses(office) == {"sent"}


async def test_after_a_few_mails_the_rest_waits_and_comes_together(office: Office) -> None:
    for _ in range(3):
        await warned(office)
        await office.deliver()
    assert len(office.mailed(OFFICER)) == 3
    await working(office)
    await working(office)
    await office.look(HALF)
    with pytest.raises(RetryRequested):
        await office.deliver()
    rows = await office.pool.fetch("SELECT * FROM notifications WHERE status = 'queued' AND channel = 'mail'")
    assert len(rows) == 2
    key = (rows[0]["report_id"], rows[0]["seq"], rows[0]["recipient"], "mail")
    await delivery.deliver(office.pool, office.ways, key, datetime.now(UTC) + timedelta(minutes=11))
    assert len(office.mailed(OFFICER)) == 4
    assert office.mailed(OFFICER)[-1].subject == "2 phản ánh cần chú ý"


async def test_what_was_dealt_with_meanwhile_is_not_sent(office: Office) -> None:
    report = await warned(office)
    async with office.pool.acquire() as conn:
        now = await report_store.by_id(conn, report.report_id)
    assert now
    await resolve(office.pool, now)
    await office.deliver()
    assert office.post.mails == []
    assert office.board.boxes == {}
    assert await statuses(office) == {"superseded"}


async def test_of_several_levels_of_a_case_the_last_is_told(office: Office) -> None:
    report = await warned(office)
    await office.look(report.due_at - HOUR)
    await office.deliver()
    (mail,) = office.mailed(OFFICER)
    assert mail.subject == f"{report.code}: Đã dùng 80 % thời hạn xử lý"
    assert await statuses(office) == {"sent"}


async def test_what_went_to_another_agency_overnight_is_not_shown_to_the_first(office: Office) -> None:
    report = await warned(office)
    async with office.pool.acquire() as conn:
        now = await report_store.by_id(conn, report.report_id)
    assert now
    await do(office.pool, COORDINATOR, now, Act.ASSIGN, agency_id="police")
    await office.deliver()
    assert office.post.mails == []
    assert office.board.boxes == {}


async def test_a_disabled_account_gets_nothing_any_more(office: Office) -> None:
    await warned(office)
    await office.pool.execute("UPDATE staff SET active = false WHERE staff_id = $1", OFFICER.id)
    await office.deliver()
    assert office.post.mails == []
    assert office.board.boxes == {}


@pytest.mark.parametrize(
    ("failure", "status"),
    [(Unreachable("550"), "unreachable"), (Refused("554"), "failed"), (Uncertain("cut"), "uncertain")],
)
async def test_what_the_mail_server_refuses_stands_in_the_ledger_and_is_not_repeated(
    office: Office, failure: Exception, status: str
) -> None:
    report = await warned(office)
    office.post.troubles = [failure]  # type: ignore[list-item]  # each is a SendFailed
    await office.deliver()
    assert (f"staff:{OFFICER.id}", "mail", status) in await office.ledger(report)
    row = await office.pool.fetchrow("SELECT * FROM notifications WHERE channel = 'mail'")
    assert row
    await delivery.deliver(office.pool, office.ways, (row["report_id"], row["seq"], row["recipient"], "mail"))
    assert office.post.mails == []


async def test_a_mail_server_that_is_away_is_tried_again_and_the_mail_comes_once(office: Office) -> None:
    report = await warned(office)
    await office.pool.execute("DELETE FROM notifications WHERE channel = 'telegram'")
    office.post.troubles = [TryLater("451", 60)]
    with pytest.raises(RetryRequested):
        await office.deliver()
    key = (report.report_id, report.last_seq + 1, f"staff:{OFFICER.id}", "mail")
    await delivery.deliver(office.pool, office.ways, key)
    await delivery.deliver(office.pool, office.ways, key)
    assert len(office.post.mails) == 1


async def test_a_worker_that_died_while_sending_sends_nothing_twice(office: Office) -> None:
    report = await warned(office)
    await office.pool.execute("UPDATE notifications SET status = 'sending', digest = report_id || ':' || seq")
    await office.deliver()
    assert office.post.mails == []
    assert {status for _, _, status in await office.ledger(report)} == {"uncertain"}


async def test_the_reporter_hears_nothing_of_warnings(office: Office) -> None:
    report = await warned(office)
    async with office.pool.acquire() as conn:
        events = await history.of_report(conn, report.report_id)
    assert events[-1].kind == "warned"
    assert all(recipient.startswith("staff:") for recipient, _, _ in await office.ledger(report))


async def test_whoever_is_given_a_case_gets_card_and_mail(office: Office) -> None:
    report = await do(office.pool, LEAD, (await file(office.pool)).report, Act.GIVE, colleague=OFFICER.id)
    await office.tell(MONDAY)
    await office.deliver()
    (card,) = office.board.boxes["71"]
    assert card.text.startswith(f"🗂 {report.code} · Việc được giao cho anh/chị")
    assert [mail.subject for mail in office.mailed(OFFICER)] == [f"{report.code}: Việc được giao cho anh/chị"]
    assert await statuses(office) == {"sent"}
