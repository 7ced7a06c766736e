"""What staff are told and when: in office hours, once, nothing that is no longer theirs; the morning's summary."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
import pytest_asyncio

from app.accounts import chats
from app.accounts.model import SYSTEM, Actor
from app.db import Pool
from app.notify import morning, staff, store_morning
from app.notify.model import SendFailed, Telling, TryLater, Uncertain, Unreachable
from app.reports.model import Report
from app.reports.workflow import Act
from tests.notify.post import Post, ledger, objects, take_jobs
from tests.small_world import COORDINATOR, LEAD, LEADER, MONDAY, OFFICER, RULES, TEXT, do, file, resolve

GROUP = "-1001"
NIGHT = MONDAY + timedelta(hours=12)
OPENS = datetime(2026, 3, 3, 0, 0, tzinfo=UTC)
"""Seven in the morning of Tuesday in Vietnam."""


class Board(Post):
    """A channel in which staff work: also changes what it was given."""

    def __init__(self, *troubles: Exception) -> None:
        super().__init__(*troubles)
        self.edits: list[tuple[str, str, str]] = []

    async def edit(self, chat_id: str, ref: str, telling: Telling) -> None:
        self.edits.append((chat_id, ref, telling.text))


@pytest_asyncio.fixture
async def linked(settled: Pool) -> Pool:
    """The roads' group, and the roads' lead in private."""
    for table in ("staff_cards", "staff_digests", "agency_chats", "staff_identities", "pgqueuer"):
        await settled.execute(f"DELETE FROM {table}")  # names of ours
    await settled.execute(
        "INSERT INTO agency_chats (channel, chat_id, agency_id, title) VALUES ('telegram', $1, 'roads', 'Đường')", GROUP
    )
    assert LEAD.id
    code, _ = await chats.make_code(settled, LEAD.id, SYSTEM)
    await chats.link(settled, "telegram", "77", code, "vi")
    await settled.execute("UPDATE agency_chats SET since = $1", MONDAY - timedelta(days=60))
    await settled.execute("UPDATE staff_identities SET linked_at = $1", MONDAY - timedelta(days=60))
    return settled


async def tell(pool: Pool, at: datetime) -> list[tuple[dict[str, Any], timedelta]]:
    """Work the 'tell' jobs off; gives the sending jobs with how long they wait."""
    for payload in await take_jobs(pool, "tell"):
        job = msgspec.json.decode(payload)
        await staff.tell(pool, RULES, UUID(job["report_id"]), job["first"], job["last"], at)
    rows = await pool.fetch(
        "SELECT payload, execute_after - now() AS wait FROM pgqueuer WHERE entrypoint = 'deliver_staff'"
    )
    return [(msgspec.json.decode(row["payload"]), row["wait"]) for row in rows]


async def deliver(pool: Pool, board: Board, folder: Path) -> None:
    for payload in await take_jobs(pool, "deliver_staff"):
        job = msgspec.json.decode(payload)
        key = (UUID(job["report_id"]), job["seq"], job["recipient"], job["channel"])
        await staff.deliver(pool, objects(folder), RULES, {"telegram": board}, key)


async def told(pool: Pool, at: datetime = MONDAY, **changes: Any) -> Report:
    report = (await file(pool, at, **changes)).report
    await tell(pool, at)
    return report


async def test_in_office_hours_a_case_is_told_at_once(linked: Pool) -> None:
    await file(linked)
    [(job, wait)] = await tell(linked, MONDAY)
    assert (job["recipient"], job["channel"]) == ("agency:roads", "telegram")
    assert wait < timedelta(seconds=1)


async def test_at_night_it_waits_for_the_office_to_open(linked: Pool) -> None:
    await file(linked, NIGHT)
    [(_, wait)] = await tell(linked, NIGHT)
    assert abs(wait - (OPENS - NIGHT)) < timedelta(seconds=30)


async def test_a_leaders_direction_is_told_at_once_and_stands_on_the_card_until_it_is_answered(
    linked: Pool, tmp_path: Path
) -> None:
    report, board = await told(linked), Board()
    await deliver(linked, board, tmp_path)
    report = await do(linked, LEADER, report, Act.DIRECT, at=NIGHT, text="Anh Nam 0912 345 678 chờ.", days=2)
    assert [wait < timedelta(seconds=1) for _, wait in await tell(linked, NIGHT)] == [True]
    await deliver(linked, board, tmp_path)
    card = board.texts(GROUP)[-1]
    assert "Ý kiến chỉ đạo" in card
    assert "Hạn báo cáo ý kiến chỉ đạo: 17:00, 04/03/2026" in card
    assert "Anh Nam" not in card, "the words are for whoever opens the case"
    report = await do(linked, OFFICER, report, Act.REPORT_BACK, text="Đã làm.")
    assert await tell(linked, NIGHT) == []
    assert report.directed_due_at is None


async def test_of_an_ended_case_the_agency_and_the_centre_hear_a_direction(linked: Pool, tmp_path: Path) -> None:
    await linked.execute(
        "INSERT INTO agency_chats (channel, chat_id, agency_id, title, since)"
        " VALUES ('telegram', '-1002', 'ioc', 'Trung tâm', $1)",
        MONDAY - timedelta(days=60),
    )
    report, board = await resolve(linked, await do(linked, OFFICER, await told(linked), Act.START)), Board()
    await tell(linked, MONDAY)
    await take_jobs(linked, "deliver_staff")
    await do(linked, LEADER, report, Act.DIRECT, text="Kiểm tra lại.", days=2)
    jobs = await tell(linked, MONDAY)
    assert {job["recipient"] for job, _ in jobs} == {"agency:roads", "agency:ioc"}
    await deliver(linked, board, tmp_path)
    assert "Ý kiến chỉ đạo" in board.texts(GROUP)[0]
    assert "Ý kiến chỉ đạo" in board.texts("-1002")[0]


async def test_while_an_officer_is_away_the_deputy_gets_the_card_too_and_it_names_both(
    linked: Pool, tmp_path: Path
) -> None:
    assert OFFICER.id
    assert LEAD.id
    report, board = await told(linked), Board()
    report = await do(linked, OFFICER, report, Act.CLAIM)
    today = datetime.now(UTC).date()
    days = (MONDAY.date(), today + timedelta(days=2))
    await linked.execute(
        "INSERT INTO staff_absences VALUES (gen_random_uuid(), $1, $2, $3, $4)", OFFICER.id, LEAD.id, *days
    )
    await tell(linked, MONDAY)
    await take_jobs(linked, "deliver_staff")
    await do(linked, COORDINATOR, report, Act.SET_URGENCY, urgency="urgent", text="Có người bị thương.")
    jobs = await tell(linked, MONDAY)
    assert {job["recipient"] for job, _ in jobs} == {"agency:roads", f"staff:{LEAD.id}"}
    await deliver(linked, board, tmp_path)
    assert "Cán bộ 1 (nghỉ; Cán bộ 3 xử lý thay)" in board.texts("77")[0]
    await linked.execute("DELETE FROM staff_absences")


async def test_what_is_urgent_waits_for_nothing(linked: Pool, tmp_path: Path) -> None:
    await linked.execute("UPDATE agency_chats SET agency_id = 'power'")
    await file(linked, NIGHT, category="street-light")
    [(_, wait)] = await tell(linked, NIGHT)
    assert wait < timedelta(seconds=1)
    board = Board()
    await deliver(linked, board, tmp_path)
    assert board.texts(GROUP)[0].startswith("🔴")


async def test_what_happened_before_the_group_was_linked_is_not_told(linked: Pool) -> None:
    await linked.execute("UPDATE agency_chats SET since = $1", MONDAY + timedelta(hours=1))
    await file(linked)
    assert await tell(linked, MONDAY + timedelta(hours=2)) == []


async def test_telling_twice_tells_once(linked: Pool, tmp_path: Path) -> None:
    report, board = (await file(linked)).report, Board()
    for _ in range(2):
        await staff.tell(linked, RULES, report.report_id, 1, 2, MONDAY)
        await deliver(linked, board, tmp_path)
    assert len(board.texts(GROUP)) == 1


async def test_a_call_that_was_cut_off_is_not_made_again(linked: Pool, tmp_path: Path) -> None:
    report, board = await told(linked), Board(Uncertain("cut off"))
    await deliver(linked, board, tmp_path)
    await staff.tell(linked, RULES, report.report_id, 1, 2, MONDAY)
    await deliver(linked, board, tmp_path)
    assert board.calls == 1
    assert [(status, reason) for _, status, _, reason in await ledger(linked, report)] == [("uncertain", "cut off")]


async def test_a_worker_that_died_in_the_middle_leaves_it_uncertain(linked: Pool, tmp_path: Path) -> None:
    report, board = await told(linked), Board()
    await linked.execute("UPDATE notifications SET status = 'sending' WHERE report_id = $1", report.report_id)
    await deliver(linked, board, tmp_path)
    assert board.calls == 0
    assert (await ledger(linked, report))[0][1] == "uncertain"


async def test_a_group_that_threw_us_out_is_sent_nothing_more(linked: Pool, tmp_path: Path) -> None:
    board = Board(Unreachable("bot was kicked"))
    await told(linked)
    await deliver(linked, board, tmp_path)
    report = await told(linked)
    await deliver(linked, board, tmp_path)
    assert board.calls == 1
    assert (await ledger(linked, report))[0][1] == "unreachable"


async def test_what_left_them_in_the_night_is_not_shown_to_them(linked: Pool, tmp_path: Path) -> None:
    report, board = await told(linked, NIGHT), Board()
    await do(linked, LEAD, report, Act.TRANSFER, agency_id="police", text="Việc của công an.")
    await deliver(linked, board, tmp_path)
    assert board.texts(GROUP) == []


async def test_nothing_of_the_reporter_is_in_a_card(linked: Pool, tmp_path: Path) -> None:
    board = Board()
    await told(linked, text=f"{TEXT} Tôi là Nguyễn Thị Lan, 0912 345 678, lan@example.vn.")
    await deliver(linked, board, tmp_path)
    [text] = board.texts(GROUP)
    assert not any(secret in text for secret in ("Lan", "0912", "example.vn"))


async def test_of_a_private_report_a_group_reads_neither_words_nor_address(linked: Pool, tmp_path: Path) -> None:
    await linked.execute("UPDATE agency_chats SET agency_id = 'police'")
    board = Board()
    await told(linked, category="noise", text="Nhà số 7 hát karaoke suốt đêm.")
    await deliver(linked, board, tmp_path)
    [telling] = board.boxes[GROUP]
    assert not any(words in telling.text for words in ("karaoke suốt đêm", "12 Lý Bôn"))
    assert telling.photos == ()
    assert "🔒" in telling.text


async def test_a_card_follows_its_case_and_stops_when_it_is_anothers(linked: Pool, tmp_path: Path) -> None:
    report, board = await told(linked), Board()
    await deliver(linked, board, tmp_path)
    report = await do(linked, OFFICER, report, Act.START)
    await staff.refresh(linked, RULES, {"telegram": board}, report.report_id)
    assert "Cán bộ 1" in board.edits[-1][2]
    await do(linked, COORDINATOR, report, Act.ASSIGN, agency_id="police")
    await staff.refresh(linked, RULES, {"telegram": board}, report.report_id)
    assert "Không còn do cơ quan mình" in board.edits[-1][2]
    assert TEXT not in board.edits[-1][2]
    await staff.refresh(linked, RULES, {"telegram": board}, report.report_id)
    assert len(board.edits) == 2


async def test_a_deadline_that_was_reckoned_again_comes_to_the_card(linked: Pool, tmp_path: Path) -> None:
    report, board = await told(linked), Board()
    await deliver(linked, board, tmp_path)
    await staff.refresh_stale(linked)
    assert await take_jobs(linked, "refresh_cards") == []
    await linked.execute("UPDATE reports SET last_seq = last_seq + 1 WHERE report_id = $1", report.report_id)
    await staff.refresh_stale(linked)
    assert len(await take_jobs(linked, "refresh_cards")) == 1


async def test_agencies_called_at_once_are_alerted_whatever_the_hour_and_given_no_buttons(
    linked: Pool, tmp_path: Path
) -> None:
    await linked.execute(
        "INSERT INTO agency_chats (channel, chat_id, agency_id, since) VALUES ('telegram', '-1002', 'police', $1)",
        MONDAY - timedelta(days=60),
    )
    report = await told(linked, NIGHT)
    board = Board()
    await deliver(linked, board, tmp_path)
    await linked.execute(
        """
        INSERT INTO report_events (report_id, seq, kind, at, actor_kind, data, hash)
        VALUES ($1, 99, 'noted', $2, 'system', '{"accepts": {"calls": ["police"]}}', decode(repeat('00', 32), 'hex'))
        """,
        report.report_id,
        NIGHT,
    )
    await staff.tell(linked, RULES, report.report_id, 99, 99, NIGHT)
    [wait] = [row["wait"] for row in await linked.fetch("SELECT execute_after - now() AS wait FROM pgqueuer")]
    assert wait < timedelta(seconds=1)
    await deliver(linked, board, tmp_path)
    [telling] = board.boxes["-1002"]
    assert "phối hợp ngay" in telling.text
    assert telling.buttons == ()
    await do(linked, OFFICER, report, Act.START)
    await staff.refresh(linked, RULES, {"telegram": board}, report.report_id)
    assert {chat for chat, _, _ in board.edits} == {GROUP}


# ---------------------------------------------------------------- the morning's summary


async def send(pool: Pool, board: Board, at: datetime) -> int:
    return await morning.send_digests(pool, RULES, {"telegram": board}, at)


@pytest.mark.parametrize(
    ("at", "due"),
    [
        (OPENS, True),
        (OPENS - timedelta(minutes=1), False),
        (OPENS + timedelta(hours=2, minutes=59), True),
        (OPENS + timedelta(hours=4), False),
        (OPENS + timedelta(days=4), False),  # Saturday
        (datetime(2026, 4, 30, 0, 0, tzinfo=UTC), False),  # a public holiday
    ],
)
def test_the_summary_is_due_when_a_working_day_begins(at: datetime, due: bool) -> None:
    assert morning.due_today(RULES.calendar, at) is due


async def test_group_and_lead_get_one_summary_a_day(linked: Pool) -> None:
    await linked.execute("UPDATE reports SET agency_id = 'police' WHERE agency_id = 'roads'")
    late = (await file(linked, MONDAY - timedelta(days=30))).report
    await file(linked, MONDAY)
    board, at = Board(), OPENS + timedelta(minutes=4)
    assert await send(linked, board, at) == 2
    assert await send(linked, board, at + timedelta(minutes=5)) == 0
    [text] = board.texts(GROUP)
    assert "Quá hạn: 1" in text
    assert "Chưa ai nhận: 2" in text
    assert board.boxes[GROUP][0].buttons[0][0].data == f"o1|card|{late.code}"
    assert board.texts("77") == [text]
    assert await send(linked, board, at + timedelta(days=1)) == 2


async def test_with_nothing_to_do_nothing_is_said(linked: Pool) -> None:
    await linked.execute("UPDATE reports SET agency_id = 'police' WHERE agency_id = 'roads'")
    board = Board()
    assert await send(linked, board, OPENS) == 0
    assert board.calls == 0


@pytest.mark.parametrize(
    ("trouble", "again"), [(TryLater("busy", 1), 1), (Uncertain("cut off"), 0), (SendFailed("no"), 0)]
)
async def test_a_summary_is_sent_again_only_when_it_surely_did_not_arrive(
    linked: Pool, trouble: SendFailed, again: int
) -> None:
    await linked.execute("DELETE FROM agency_chats")
    await file(linked, MONDAY)
    board = Board(trouble)
    await send(linked, board, OPENS)
    await send(linked, board, OPENS + timedelta(minutes=5))
    assert len(board.texts("77")) == again


async def test_whoever_was_disabled_gets_none(linked: Pool) -> None:
    await file(linked, MONDAY)
    board = Board()
    await linked.execute("UPDATE staff SET active = false WHERE staff_id = $1", LEAD.id)
    try:
        await send(linked, board, OPENS)
    finally:
        await linked.execute("UPDATE staff SET active = true WHERE staff_id = $1", LEAD.id)
    assert board.texts("77") == []


async def test_one_gets_a_code_for_oneself_alone(settled: Pool) -> None:
    assert OFFICER.id
    for wrong in (LEAD, COORDINATOR, Actor("citizen")):
        with pytest.raises(Exception, match="not_allowed"):
            await chats.make_code(settled, OFFICER.id, wrong)


# ---------------------------------------------------------------- limits


async def limit(pool: Pool, category: str) -> None:
    await pool.execute("UPDATE staff SET categories = $2 WHERE staff_id = $1", LEAD.id, [category] if category else [])


@pytest_asyncio.fixture
async def alone(linked: Pool) -> AsyncIterator[Pool]:
    """No group: what there is goes to the lead in private."""
    await linked.execute("DELETE FROM agency_chats")
    yield linked
    await limit(linked, "")


async def test_in_private_nobody_hears_of_what_is_outside_of_their_limits(alone: Pool) -> None:
    await limit(alone, "litter")
    await file(alone)
    assert await tell(alone, MONDAY) == []
    await limit(alone, "pothole")
    await file(alone)
    assert [job["recipient"] for job, _ in await tell(alone, MONDAY)] == [f"staff:{LEAD.id}"]


async def test_limits_that_came_meanwhile_hold_when_the_card_is_sent(alone: Pool, tmp_path: Path) -> None:
    await file(alone)
    assert len(await tell(alone, MONDAY)) == 1
    await limit(alone, "litter")
    board = Board()
    await deliver(alone, board, tmp_path)
    assert board.texts("77") == []


async def test_a_lead_who_is_limited_gets_no_summary_of_the_whole_agency(alone: Pool) -> None:
    for category, summaries in (("litter", 0), ("", 1)):
        await limit(alone, category)
        async with alone.acquire() as conn:
            await store_morning.plan(conn, MONDAY.date())
        assert await alone.fetchval("SELECT count(*) FROM staff_digests") == summaries
