"""The morning's mail: one a person and working day, what they have to do, late rather than not at all."""

from datetime import UTC, datetime, timedelta

from app.escalation import morning
from app.notify.mail import Mail
from app.notify.model import TryLater, Uncertain
from app.reports.workflow import Act
from tests.escalation.scene import URL, Mailbox, Office
from tests.escalation.test_telling import HOUR, working
from tests.small_world import (
    COLLEAGUE,
    COORDINATOR,
    LEAD,
    LEADER,
    MONDAY,
    NAME,
    OFFICER,
    RULES,
    TEXT,
    do,
    file,
)

THURSDAY = datetime(2026, 3, 5, 0, 5, tzinfo=UTC)
"""Five past seven in Vietnam; the roads' cases of Monday are due today."""


async def send(office: Office, at: datetime = THURSDAY) -> int:
    await office.pool.execute("UPDATE staff_digests SET updated_at = $1", at - timedelta(hours=1))
    return await morning.send(office.pool, RULES, office.post, URL, at)


def said(mails: list[Mail]) -> str:
    (mail,) = mails
    return "\n".join(f"{line.text} {line.link}" for line in mail.lines)


async def fresh(office: Office) -> Office:
    await office.pool.execute("DELETE FROM staff_digests")
    return office


async def test_an_officer_reads_of_their_own_day_and_a_lead_of_the_agencys(office: Office) -> None:
    await fresh(office)
    due = await working(office)
    late = await working(office, MONDAY - timedelta(days=7))
    free = (await file(office.pool)).report
    assert await send(office) == 3, "officer, lead, and a colleague who may take what nobody has"
    officer, lead = said(office.mailed(OFFICER)), said(office.mailed(LEAD))
    assert office.mailed(OFFICER)[0].subject == "Việc hôm nay 05/03/2026: 1 quá hạn, 1 đến hạn"
    assert "Quá hạn: 1" in officer
    assert f"{URL}/console/reports/{late.code}" in officer
    assert f"{due.code} · 🛣️ Ổ gà – Phường An Xuyên · 17:00, 05/03/2026" in officer
    assert "Chưa ai nhận trong cơ quan: 1" in officer
    assert free.code not in officer
    assert "Đến hạn hôm nay: 2" in lead
    assert free.code in lead
    assert office.mailed(COORDINATOR) == []
    assert not [words for words in (NAME, TEXT[:20]) if words in officer + lead]


async def test_it_is_sent_once_a_day_and_late_rather_than_not_at_all(office: Office) -> None:
    await fresh(office)
    await working(office)
    afternoon = THURSDAY + 7 * HOUR
    assert await send(office, THURSDAY - HOUR) == 0, "before the office opens"
    assert await send(office, afternoon) == 2
    assert await send(office, afternoon + HOUR) == 0
    assert await send(office, THURSDAY + timedelta(days=1)) == 2, "the next day has its own"
    saturday = THURSDAY + timedelta(days=2)
    assert await send(office, saturday) == 0


async def test_nothing_to_do_is_no_mail(office: Office) -> None:
    await fresh(office)
    assert await send(office) == 0
    assert office.post.mails == []


async def test_while_somebody_is_away_their_deputy_reads_of_their_cases(office: Office) -> None:
    await fresh(office)
    due = await working(office)
    await office.pool.execute(
        "INSERT INTO staff_absences VALUES (gen_random_uuid(), $1, $2, $3, $3)",
        OFFICER.id,
        COLLEAGUE.id,
        THURSDAY.date(),
    )
    await send(office)
    assert office.mailed(OFFICER) == []
    assert due.code in said(office.mailed(COLLEAGUE))


async def test_whoever_switched_mail_off_or_has_no_address_gets_none(office: Office) -> None:
    await fresh(office)
    await working(office)
    await office.pool.execute("INSERT INTO staff_channels VALUES ($1, '{mail}')", OFFICER.id)
    await office.pool.execute("UPDATE staff SET email = '' WHERE staff_id = $1", LEAD.id)
    assert await send(office) == 0


async def test_a_direction_stands_on_top(office: Office) -> None:
    await fresh(office)
    report = await working(office, THURSDAY)
    await do(office.pool, LEADER, report, Act.DIRECT, at=THURSDAY, text="Báo cáo ngay.", days=2)
    await send(office)
    lines = [line.text for line in office.mailed(OFFICER)[0].lines]
    assert lines[1] == "Lãnh đạo có ý kiến chỉ đạo: 1"
    assert lines[2].startswith(report.code)


async def test_a_limited_lead_reads_of_nothing_outside_of_their_limits(office: Office) -> None:
    await fresh(office)
    report = await working(office)
    await office.pool.execute("UPDATE staff SET categories = '{litter}' WHERE staff_id = $1", LEAD.id)
    try:
        await send(office)
        assert office.mailed(LEAD) == []
        assert report.code in said(office.mailed(OFFICER))
    finally:
        await office.pool.execute("UPDATE staff SET categories = '{}' WHERE staff_id = $1", LEAD.id)


async def test_a_server_that_is_away_gets_it_in_the_next_round_and_one_that_may_have_it_never_again(
    office: Office,
) -> None:
    await fresh(office)
    await working(office)
    office.post = Mailbox()
    office.post.troubles = [TryLater("451", 60), Uncertain("cut")]
    assert await send(office) == 0
    assert await send(office) == 1
    assert len(office.post.mails) == 1
    assert await send(office) == 0
