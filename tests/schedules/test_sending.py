"""Reports that come by themselves: each period once, to each by their own rights and ways, and it is said what became
of it."""

import asyncio
import csv
import io
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pypdfium2
import pytest
from msgspec import structs

from app.accounts.model import Actor
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.escalation import service as escalation
from app.exports import making
from app.notify.model import TryLater
from app.schedules import service, store_sends
from app.schedules.model import When
from tests.escalation.scene import address
from tests.notify.post import take_jobs
from tests.schedules.conftest import DUE, EARLIER, URL, Office, ident
from tests.small_world import ADMINISTRATOR, COORDINATOR, LEAD, LEADER, OFFICER, POLICE_LEAD, RULES

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def words(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def files(mail: EmailMessage) -> dict[str, bytes]:
    return {str(part.get_filename()): part.get_payload(decode=True) for part in mail.iter_attachments()}  # type: ignore[misc]


async def test_the_month_that_ended_comes_by_mail_and_chat_and_only_once(office: Office) -> None:
    schedule = await office.sets_up()
    assert await office.plan(DUE - timedelta(minutes=1)) == 0
    assert await office.plan() == 1
    assert await office.plan(DUE + timedelta(minutes=1)) == 0
    await office.send()
    (mail,) = office.mail.to(address(LEADER))
    assert mail["Subject"] == "Báo cáo tháng – Tháng 03/2026"
    assert "Tiếp nhận: 300 (kỳ trước: 0)" in words(mail)
    assert f"{URL}/console/dashboard?period=2026-03&as_of=2026-04-01T00%3A00%3A00" in words(mail)
    (text,) = office.board.texts("72")
    assert "Tiếp nhận: 300 (kỳ trước: 0)" in text
    assert "muộn" not in words(mail) + text
    assert await office.became(schedule) == [("leader", "mail", "sent", ""), ("leader", "telegram", "sent", "")]
    await office.plan(DUE + DAY)
    await office.send()
    assert len(office.mail.mails) == 1


async def test_what_was_missed_comes_late_once_for_each_period_and_says_so(office: Office) -> None:
    await office.sets_up(when=When("weekly", 1, 450))
    down_until = EARLIER + 20 * DAY
    assert await office.plan(down_until) == 3
    assert await office.plan(down_until + HOUR) == 0
    await office.send(down_until)
    subjects = sorted(mail["Subject"] for mail in office.mail.to(address(LEADER)))
    assert len(subjects) == 3
    assert all(subject.startswith("[Gửi muộn] Báo cáo tháng – Tuần") for subject in subjects)
    assert "đến giờ gửi 07:30, 23/03/2026 thì hệ thống đang dừng" in "".join(
        map(words, office.mail.to(address(LEADER)))
    )


async def test_each_gets_what_they_themselves_may_see(office: Office) -> None:
    schedule = await office.sets_up(people=(ident(LEADER), ident(LEAD), ident(POLICE_LEAD)), formats=("csv",))
    await office.plan()
    await office.send()
    rows = {}
    for actor in (LEADER, LEAD, POLICE_LEAD):
        (mail,) = office.mail.to(address(actor))
        ((name, data),) = files(mail).items()
        assert name.endswith(".csv")
        rows[actor] = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    assert len(rows[LEADER]) == 300
    assert {row["Cơ quan"] for row in rows[LEAD]} <= {"Sở Xây dựng", "Điện lực"}
    assert {row["Cơ quan"] for row in rows[POLICE_LEAD]} == {"Công an tỉnh"}
    assert 0 < len(rows[LEAD]) < 300
    assert not {"Nội dung", "Địa chỉ", "Vị trí"} & set(rows[LEADER][0]), "nothing of what people wrote leaves the house"
    assert {status for _, _, status, _ in await office.became(schedule)} == {"sent"}


async def test_a_question_about_others_agencies_is_left_out_and_says_why(office: Office) -> None:
    schedule = await office.sets_up(people=(ident(LEADER), ident(POLICE_LEAD)), query="agency=roads")
    await office.plan()
    await office.send()
    assert ("police", "none", "left_out", "no_right") in await office.became(schedule)
    assert office.mail.to(address(POLICE_LEAD)) == []
    assert "Cơ quan: Sở Xây dựng" in words(office.mail.to(address(LEADER))[0])


async def test_rights_and_ways_are_those_of_the_moment_it_is_sent(office: Office) -> None:
    schedule = await office.sets_up(people=(ident(LEADER), ident(LEAD), ident(POLICE_LEAD)))
    await office.plan()
    async with office.pool.acquire() as conn:
        await escalation.choose_ways(conn, ident(LEADER), ["in_app", "chat"])
    await office.pool.execute("UPDATE staff SET active = false WHERE staff_id = $1", LEAD.id)
    await office.pool.execute("UPDATE staff SET role = 'officer' WHERE staff_id = $1", POLICE_LEAD.id)
    try:
        await office.send()
    finally:
        await office.pool.execute("UPDATE staff SET role = 'lead' WHERE staff_id = $1", POLICE_LEAD.id)
    assert await office.became(schedule) == [
        ("lead", "mail", "left_out", "inactive"),
        ("lead", "telegram", "left_out", "inactive"),
        ("police", "mail", "left_out", "no_right"),
        ("leader", "mail", "left_out", "way_off"),
        ("leader", "telegram", "sent", ""),
    ]
    assert office.mail.mails == []


async def test_whoever_is_disabled_or_reachable_by_nothing_is_named_and_gets_nothing(office: Office) -> None:
    schedule = await office.sets_up(people=(ident(LEADER), ident(LEAD), ident(POLICE_LEAD)))
    await office.pool.execute("UPDATE staff SET active = false WHERE staff_id = $1", LEAD.id)
    await office.pool.execute("UPDATE staff SET email = '' WHERE staff_id = $1", POLICE_LEAD.id)
    await office.plan()
    await office.send()
    assert await office.became(schedule) == [
        ("lead", "none", "left_out", "inactive"),
        ("police", "none", "left_out", "no_way"),
        ("leader", "mail", "sent", ""),
        ("leader", "telegram", "sent", ""),
    ]
    # Once they have an address it can be sent by hand.
    await office.pool.execute("UPDATE staff SET email = $2 WHERE staff_id = $1", POLICE_LEAD.id, address(POLICE_LEAD))
    police = next(one for one in await office.sends(schedule) if one.staff_id == POLICE_LEAD.id)
    await service.send_again(office.pool, COORDINATOR, schedule.schedule_id, police.run_id, police.recipient)
    await office.send()
    assert len(office.mail.to(address(POLICE_LEAD))) == 1


async def test_an_outside_address_has_the_rights_of_whoever_set_it_up_while_they_have_them(office: Office) -> None:
    outside = "bao.cao@hdnd.example.vn"
    schedule = await office.sets_up(addresses=(outside,), people=(), formats=("csv",))
    await office.plan()
    await office.send()
    (mail,) = office.mail.to(outside)
    assert "/console" not in words(mail), "who has no account needs no link into the pages"
    assert len(files(mail)) == 1
    await office.pool.execute("UPDATE staff SET role = 'officer' WHERE staff_id = $1", COORDINATOR.id)
    try:
        await office.plan(DUE + 31 * DAY)
        await office.send()
    finally:
        await office.pool.execute("UPDATE staff SET role = 'coordinator' WHERE staff_id = $1", COORDINATOR.id)
    assert (await office.became(schedule))[0] == (f"address:{outside}", "mail", "left_out", "owner")
    assert len(office.mail.to(outside)) == 1


async def test_files_come_along_by_mail_and_as_documents_in_the_chat(office: Office) -> None:
    await office.sets_up(formats=("pdf", "xlsx"))
    await office.plan()
    await office.send()
    attached = files(office.mail.to(address(LEADER))[0])
    assert [name.rpartition(".")[2] for name in attached] == ["pdf", "xlsx"]
    pdf = next(data for name, data in attached.items() if name.endswith(".pdf"))
    assert "TRUNG TÂM ĐIỀU HÀNH" in pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_bounded()
    (telling,) = office.board.boxes["72"]
    assert {one.name: one.data for one in telling.documents} == attached


async def test_a_worker_that_dies_before_the_call_sends_once_and_one_that_dies_in_it_leaves_it_uncertain(
    office: Office,
) -> None:
    schedule = await office.sets_up(people=(ident(POLICE_LEAD),))
    await office.plan()
    (payload,) = await take_jobs(office.pool, "send_schedule")
    (one,) = await office.sends(schedule)
    # It died after it had taken the job: the job comes again, and nothing was called yet.
    await office.send_to(one.run_id, one.recipient)
    await office.send_to(one.run_id, one.recipient)
    assert len(office.mail.mails) == 1
    assert payload
    # And in the middle of the call.
    await office.plan(DUE + 31 * DAY)
    last = (await office.sends(schedule))[0]
    async with office.pool.acquire() as conn:
        assert await store_sends.claim(conn, last, address(POLICE_LEAD), DUE)
    await office.send()
    assert len(office.mail.mails) == 1
    assert (await office.became(schedule))[0] == ("police", "mail", "uncertain", "interrupted")
    # By hand it goes out again.
    await service.send_again(office.pool, COORDINATOR, schedule.schedule_id, last.run_id, last.recipient)
    with pytest.raises(Conflict, match=r"schedules\.under_way"):
        await service.send_again(office.pool, COORDINATOR, schedule.schedule_id, last.run_id, last.recipient)
    await office.send()
    assert len(office.mail.mails) == 2
    assert len({mail["Message-ID"] for _, mail in office.mail.mails}) == 2


async def test_a_way_that_is_out_of_order_is_tried_again_and_the_other_is_not_repeated(office: Office) -> None:
    schedule = await office.sets_up()
    office.board.troubles = [TryLater("502", 1)]
    office.mail.answers = [("RCPT", "550 no such user")]
    await office.plan()
    (payload,) = await take_jobs(office.pool, "send_schedule")
    one = (await office.sends(schedule))[0]
    assert payload
    assert await office.send_to(one.run_id, one.recipient) is True
    assert await office.became(schedule) == [
        ("leader", "mail", "unreachable", "SMTPRecipientRefused 550"),
        ("leader", "telegram", "queued", "502"),
    ]
    assert await office.send_to(one.run_id, one.recipient) is False
    assert len(office.board.texts("72")) == 1
    assert office.mail.mails == []


async def test_figures_that_are_behind_are_waited_for(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    schedule = await office.sets_up(people=(ident(POLICE_LEAD),))
    await office.plan()
    behind = "UPDATE stats_state SET cursor_xid = '0', read_at = $1"  # as if nothing had been read since
    await office.pool.execute(behind, EARLIER)
    async with office.pool.acquire() as conn, conn.transaction():
        await conn.execute("SELECT FROM stats_state FOR UPDATE")  # nobody can read on
        with monkeypatch.context() as impatient:
            impatient.setattr(making, "_PATIENCE", 0.2)
            assert await office.send() == 1
    assert await office.became(schedule) == [("police", "mail", "queued", "")]
    (one,) = await office.sends(schedule)
    assert await office.send_to(one.run_id, one.recipient) is False
    assert len(office.mail.mails) == 1


async def test_a_trial_goes_to_whoever_asks_and_leaves_the_period_to_its_own_time(office: Office) -> None:
    schedule = await office.sets_up(people=(ident(LEADER), ident(LEAD)))
    await service.trial(office.pool, RULES.calendar, COORDINATOR, schedule.schedule_id, DUE + HOUR)
    await office.send()
    (mail,) = office.mail.to(address(COORDINATOR))
    assert "Đây là bản gửi thử" in words(mail)
    assert len(office.mail.mails) == 1
    assert await office.plan(DUE + 2 * HOUR) == 1


async def test_what_is_paused_is_not_made_up_for_and_what_is_deleted_is_not_sent(office: Office) -> None:
    schedule = await office.sets_up()
    await service.pause(office.pool, COORDINATOR, schedule.schedule_id, paused=True, now=DUE - DAY)
    assert await office.plan() == 0
    await service.pause(office.pool, COORDINATOR, schedule.schedule_id, paused=False, now=DUE + DAY)
    assert await office.plan(DUE + 2 * DAY) == 0
    assert await office.plan(DUE + 31 * DAY) == 1
    await service.delete(office.pool, COORDINATOR, schedule.schedule_id)
    await office.send()
    assert {reason for *_, reason in await office.became(schedule)} == {"deleted"}
    assert office.mail.mails == []


async def test_two_workers_that_look_at_once_enter_a_period_once(office: Office) -> None:
    await office.sets_up()
    assert sum(await asyncio.gather(office.plan(), office.plan(), office.plan())) == 1


# ---------------------------------------------------------------- who may set up what


async def refusal(office: Office, actor: Actor, **more: Any) -> str:
    with pytest.raises((Invalid, Forbidden)) as caught:
        await office.sets_up(actor, **more)
    return caught.value.key


async def test_who_may_send_what_to_whom(office: Office) -> None:
    assert await refusal(office, OFFICER) == "accounts.not_allowed"
    assert await refusal(office, ADMINISTRATOR) == "accounts.not_allowed"
    assert await refusal(office, LEAD, query="agency=police", people=(ident(LEAD),)) == "stats.outside"
    assert await refusal(office, LEAD, people=(ident(POLICE_LEAD),)) == "schedules.person_wrong"
    assert await refusal(office, LEADER, people=(ident(OFFICER),)) == "schedules.person_wrong"
    for actor in (LEAD, LEADER):
        assert await refusal(office, actor, people=(ident(actor),), addresses=("a@b.vn",)) == (
            "schedules.addresses_not_yours"
        )
    assert await refusal(office, COORDINATOR, addresses=("a@b.vn\r\nBcc: c@d.vn",)) == "schedules.address_wrong"
    assert await refusal(office, COORDINATOR, people=()) == "schedules.nobody"
    assert await refusal(office, COORDINATOR, when=When("cut", 25, 11 * 60)) == "schedules.before_the_cut"
    assert await refusal(office, COORDINATOR, when=When("weekly", 8, 60)) == "schedules.when_wrong"
    assert await refusal(office, COORDINATOR, formats=("exe",)) == "schedules.what_wrong"


async def test_schedules_are_their_owners_and_the_coordinators(office: Office) -> None:
    schedule = await office.sets_up(LEAD, people=(ident(LEAD),))
    async with office.pool.acquire() as conn:
        assert [one.schedule_id for one in await service.listed(conn, COORDINATOR)] == [schedule.schedule_id]
        assert await service.listed(conn, LEADER) == []
        with pytest.raises(NotFound):
            await service.get(conn, LEADER, schedule.schedule_id)
    draft = structs.replace(schedule.draft, name="Khác")
    await service.change(office.pool, COORDINATOR, schedule.schedule_id, schedule.version, draft)
    with pytest.raises(Conflict, match=r"schedules\.changed_meanwhile"):
        await service.change(office.pool, LEAD, schedule.schedule_id, schedule.version, draft)
