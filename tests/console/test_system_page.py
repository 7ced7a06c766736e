"""The page of the system's state: what failed is tried again or given up, and what needs somebody is said first."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from app.accounts.model import SYSTEM
from app.console.system import findings
from app.db import Pool
from app.upkeep import service, store
from app.upkeep.model import Backup, Process, Queue
from tests.console.conftest import PAGES, Visitor, send
from tests.console.test_field import light
from tests.world import World

_FAIL = """
    INSERT INTO pgqueuer (priority, entrypoint, payload, status, dedupe_key, attempts)
    VALUES (0, $1, $2, $3::pgqueuer_status, $4, 5) RETURNING id
"""


async def job(pool: Pool, entrypoint: str = "deliver", status: str = "failed", **more: Any) -> int:
    payload = msgspec.json.encode(more.get("payload", {}))
    found: int = await pool.fetchval(_FAIL, entrypoint, payload, status, more.get("dedupe"))
    return found


async def status_of(pool: Pool, job_id: int) -> str | None:
    found: str | None = await pool.fetchval("SELECT status::text FROM pgqueuer WHERE id = $1", job_id)
    return found


async def test_a_failed_job_shows_its_report_and_its_error_but_no_words(visitor: Visitor, world: World) -> None:
    report, pool = await light(world), world.parts.pool
    held = await job(pool, payload={"report_id": str(report.report_id)})
    told = {
        "exception_type": "SendFailed",
        "exception_message": "chị Lan không nhận",
        "traceback": 'Traceback\n  File "/srv/bot/telegram/send.py", line 88, in send\n    raise SendFailed("Lan")\n',
    }
    await pool.execute(
        "INSERT INTO pgqueuer_log (job_id, status, priority, entrypoint, traceback) VALUES ($1, 'failed', 0, 'x', $2)",
        held,
        told,
    )
    page = (await (await visitor("administrator")).get(f"{PAGES}/system")).text
    for words in (report.code, "SendFailed", "send.<wbr>py:88", "Gửi thông báo cho người dân"):
        assert words in page
    assert "Lan" not in page


async def test_failed_jobs_are_tried_again_or_given_up_and_both_are_on_record(visitor: Visitor, world: World) -> None:
    admin, pool = await visitor("administrator"), world.parts.pool
    again, given_up, kept = [await job(pool) for _ in range(3)]
    page = await send(admin, "/system/jobs", job=str(again), what="retry")
    assert "Đã đưa 1 tác vụ vào hàng chờ" in page.text
    page = await send(admin, "/system/jobs", job=str(given_up), what="discard")
    assert "Đã bỏ 1 tác vụ" in page.text
    assert [await status_of(pool, one) for one in (again, given_up, kept)] == ["queued", None, "failed"]
    rows = await pool.fetch("SELECT kind, data FROM account_events WHERE kind LIKE 'jobs_%' ORDER BY event_id")
    assert [(row["kind"], row["data"]) for row in rows] == [
        ("jobs_retried", {"jobs": "deliver 1"}),
        ("jobs_discarded", {"jobs": "deliver 1"}),
    ]
    assert "Bỏ tác vụ nền bị lỗi" in (await admin.get(f"{PAGES}/staff/audit")).text
    nothing = await send(admin, "/system/jobs", what="retry")
    assert (nothing.status_code, "chọn ít nhất một tác vụ" in nothing.text) == (422, True)


async def test_only_what_is_held_can_be_touched_and_what_waits_already_is_not_doubled(
    visitor: Visitor, world: World
) -> None:
    admin, pool = await visitor("administrator"), world.parts.pool
    running = await job(pool, status="picked")
    await send(admin, "/system/jobs", job=str(running), what="discard")
    assert await status_of(pool, running) == "picked"
    waiting = await job(pool, "refresh_cards", "queued", dedupe="card")
    first, second = [await job(pool, "refresh_cards", dedupe="card") for _ in range(2)]
    async with pool.acquire() as conn:
        assert await store.retry(conn, [first, second]) == ["refresh_cards"] * 2
    assert [await status_of(pool, one) for one in (waiting, first, second)] == ["queued", None, None]
    twins = [await job(pool, "refresh_cards", dedupe="other") for _ in range(2)]
    async with pool.acquire() as conn:
        await store.retry(conn, twins)
    assert [await status_of(pool, one) for one in twins] == ["queued", None]


async def test_messages_that_did_not_arrive_are_listed_without_the_person(visitor: Visitor, world: World) -> None:
    report, pool = await light(world), world.parts.pool
    await pool.execute(
        """
        INSERT INTO notifications (report_id, seq, recipient, channel, channel_user_id, template, lang, status, reason)
        VALUES ($1, 2, 'citizen:11111111-2222-3333-4444-555555555555', 'telegram', '70012345', 'assigned', 'vi',
                'failed', 'http_502')
        """,
        report.report_id,
    )
    page = (await (await visitor("administrator")).get(f"{PAGES}/system")).text
    for words in (report.code, "gửi không được", "http_<wbr>502"):
        assert words in page
    assert "70012345" not in page
    assert "11111111" not in page


async def test_processes_say_that_they_live_until_they_are_told_to_stop(world: World) -> None:
    pool = world.parts.pool
    async with service.alive(pool, "worker"):
        while not await pool.fetchval("SELECT count(*) FROM processes WHERE name = 'worker'"):
            pass  # asking again is wait enough
        async with pool.acquire() as conn:
            [mine] = [one for one in await store.processes(conn) if one.name == "worker"]
        assert not mine.silent(datetime.now(UTC))
        assert mine.silent(datetime.now(UTC) + timedelta(minutes=3))
    assert await pool.fetchval("SELECT count(*) FROM processes WHERE name = 'worker'") == 0


async def test_the_last_backup_is_known_by_whoever_made_it(visitor: Visitor, world: World) -> None:
    admin = await visitor("administrator")
    assert "Chưa ghi nhận bản sao lưu nào" in (await admin.get(f"{PAGES}/system")).text
    await service.backup_done(world.parts.pool, 123_000_000, "máy chủ <B>")
    page = (await admin.get(f"{PAGES}/system")).text
    assert "Chưa ghi nhận" not in page
    assert "123 MB" in page
    assert "máy chủ &lt;B&gt;" in page


NOW = datetime(2026, 11, 27, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "level", "words"),
    [
        ({}, None, None),
        ({"queues": [Queue("deliver", 4, 0, 0, 0, 130.0)]}, "warm", "2 phút"),
        ({"queues": [Queue("deliver", 4, 0, 0, 0, 1300.0)]}, "bad", "21 phút"),
        ({"backups": [Backup(NOW - timedelta(hours=40), None, "")]}, "bad", "40 giờ"),
        ({"backups": []}, "warm", "phananh backup done"),
        ({"store_answers": False}, "bad", "Kho ảnh"),
        ({"boundaries": ""}, "warm", "ranh giới"),
        ({"processes": []}, "bad", "worker"),
    ],
)
async def test_what_needs_somebody_is_said(
    world: World, change: dict[str, Any], level: str | None, words: str | None
) -> None:
    parts = world.parts
    state = await service.state(parts.pool, parts.objects, parts.settings.home, "v1", SYSTEM)
    lives = [Process(name, "h", "1", NOW, NOW) for name in ("api", "worker", "bot")]
    well = msgspec.structs.replace(
        state, at=NOW, queues=[], failures=[], processes=lives, backups=[Backup(NOW, 1, "")], boundaries="tỉnh",
        disk=msgspec.structs.replace(state.disk, free=10**11),
    )  # fmt: skip
    found = findings(msgspec.structs.replace(well, **change), "vi")
    if level is None:
        assert found == []
    else:
        assert found[0].level == level
        assert any(words in one.words for one in found if words)


async def test_words_to_look_at_are_added_tried_and_removed(visitor: Visitor, world: World) -> None:
    desk = await visitor("coordinator")
    page = await send(desk, "/system/words", word="đồ <b>điên</b>", reason="Xúc phạm.")
    assert "đồ b điên b" in page.text
    await send(desk, "/system/words/remove", word="đồ b điên b")
    page = await send(desk, "/system/words", word="Đồ điên", reason="Xúc phạm.")
    assert "Đã thêm từ" in page.text
    again = await send(desk, "/system/words", word="đồ  điên", reason="Xúc phạm.")
    assert (again.status_code, "đã có trong danh sách" in again.text) == (409, True)
    tried = await send(desk, "/system/words/try", tried="Ai làm vậy, đồ điên!")
    assert "Sẽ được xem trước vì có:" in tried.text
    assert "Không có từ nào" in (await send(desk, "/system/words/try", tried="Đèn hỏng.")).text
    assert f'href="{PAGES}/system/words"' in (await desk.get(PAGES, follow_redirects=True)).text
    gone = await send(desk, "/system/words/remove", word="đồ điên")
    assert "Đã bỏ từ" in gone.text


async def test_a_closure_becomes_a_candidate_with_its_preview_and_changes_nothing_by_itself(
    visitor: Visitor, world: World
) -> None:
    admin = await visitor("administrator")
    page = await admin.get(f"{PAGES}/system/calendar")
    for words in ("Tháng 1/", "Tháng 12/", "07:00–11:00, 13:00–17:00", "nghỉ lễ, tết"):
        assert words in page.text
    added = await send(
        admin, "/system/calendar", what="closure", first="2027-08-17", last="2027-08-18", name="Hội làng <i>"
    )
    assert f"{PAGES}/rules/candidate/" in str(added.url)
    assert "2027-08-17" in added.text
    assert (await admin.get(f"{PAGES}/system/calendar?year=2027")).text.count("Nghỉ 17/08/2027") == 0
    for form, words in (
        ({"what": "closure", "first": "17/8", "name": "Hội làng"}, "Vui lòng chọn ngày"),
        ({"what": "closure", "first": "2027-08-17", "name": ""}, "Tên phải có"),
        ({"what": "swap", "off": "2027-08-21", "work": "2027-08-22", "name": "Nghỉ bù"}, "phải là ngày làm việc"),
    ):
        refused = await send(admin, "/system/calendar", **form)
        assert (refused.status_code, words in refused.text) == (422, True), words


async def test_categories_are_shown_with_keywords_limits_and_questions(visitor: Visitor, world: World) -> None:
    admin = await visitor("administrator")
    page = (await admin.get(f"{PAGES}/system/categories?q=den duong")).text
    assert "Đèn đường hỏng" in page
    assert "street-<wbr>light" in page
    with_question = next(each for each in world.parts.rules.categories.values() if each.questions)
    asked = next(iter(with_question.questions.values()))
    assert asked.name in (await admin.get(f"{PAGES}/system/categories")).text
