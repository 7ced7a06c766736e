"""Who hears of what, and in which words: citizens of their own reports, of those they follow, of those theirs were
merged into; nobody of their own act, and nobody what they may not read."""

from typing import Any

import pytest

from app.accounts.model import SYSTEM
from app.notify import service as notify
from app.notify import templates
from app.notify.manners import ZONE
from app.photos.model import object_key
from app.reports import following, service
from app.reports.model import Rating
from app.reports.workflow import Act
from tests import small_world as world
from tests.notify.post import deliver_all, objects, take_jobs, tell_all
from tests.notify.scene import Scene, merge_hoas

PRIVATE = "Gọi chị Lan 0912 345 678 khi đến."


# ---------------------------------------------------------------- who hears of what

EVERYBODY, REPORTER, NOBODY = {"lan", "minh", "hoa"}, {"lan"}, set[str]()


@pytest.mark.parametrize(
    ("acts", "hear"),
    [
        ([(world.OFFICER, Act.START)], EVERYBODY),
        ([(world.OFFICER, Act.CLAIM)], NOBODY),
        ([(world.OFFICER, Act.NOTE)], NOBODY),
        ([(world.LEADER, Act.DIRECT)], NOBODY),
        ([(world.LEADER, Act.DIRECT), (world.OFFICER, Act.REPORT_BACK)], NOBODY),
        ([(world.OFFICER, Act.ASK)], REPORTER),
        ([(world.OFFICER, Act.ASK), (SYSTEM, Act.RESUME)], REPORTER),
        ([(world.OFFICER, Act.ASK), (world.OFFICER, Act.RESUME)], NOBODY),
        ([(world.OFFICER, Act.RETURN)], NOBODY),
        ([(world.OFFICER, Act.RETURN), (world.COORDINATOR, Act.ASSIGN)], EVERYBODY),
        ([(world.LEAD, Act.TRANSFER)], EVERYBODY),
        ([(world.COORDINATOR, Act.REJECT)], EVERYBODY),
        ([(world.COORDINATOR, Act.REJECT), (world.COORDINATOR, Act.REOPEN)], EVERYBODY),
        ([(world.COORDINATOR, Act.PUBLISH)], NOBODY),
        ([(world.OFFICER, Act.PROGRESS)], EVERYBODY),
        ([(world.OFFICER, Act.RESOLVE)], EVERYBODY),
        ([(world.OFFICER, Act.RESOLVE), (SYSTEM, Act.CLOSE)], EVERYBODY),
        ([(world.OFFICER, Act.RESOLVE), ("lan", Act.RATE)], NOBODY),
        ([(world.OFFICER, Act.RESOLVE), ("lan", Act.DISPUTE)], {"minh", "hoa"}),
        ([("lan", Act.ADD_INFO)], NOBODY),
        ([("lan", Act.ADD_PHOTOS)], NOBODY),
    ],
)
async def test_the_right_people_hear_of_it(scene: Scene, acts: list[tuple[Any, Act]], hear: set[str]) -> None:
    await merge_hoas(scene)
    for actor, act in acts:
        for name in EVERYBODY:
            await scene.heard(name)
        form: dict[str, Any] = {"text": "Lời nhắn.", "agency_id": "police", "rating": Rating.SATISFIED, "days": 2}
        if act in (Act.RESOLVE, Act.ADD_PHOTOS):
            form["photos"] = (await world.photo(scene.pool),)
        await scene.do(scene.lan if actor == "lan" else actor, act, **form)
    told = {name: await scene.heard(name) for name in EVERYBODY}
    assert {name for name, texts in told.items() if texts} == hear
    assert all(len(texts) <= 1 for texts in told.values())
    assert all(scene.code in text for texts in told.values() for text in texts)


async def test_the_reporter_of_a_duplicate_is_told_where_it_went_and_that_it_came_back(scene: Scene) -> None:
    hoas = await merge_hoas(scene)
    (text,) = await scene.heard("hoa")
    assert hoas.code in text
    assert scene.code in text
    hoas = await service.find(scene.pool, hoas.code)
    await world.do(scene.pool, world.COORDINATOR, hoas, Act.UNMERGE, text="Hai chỗ khác nhau.")
    (text,) = await scene.heard("hoa")
    assert hoas.code in text
    assert await scene.heard("lan") == []
    scene.report = await service.find(scene.pool, scene.code)
    await scene.do(world.OFFICER, Act.START)
    assert await scene.heard("hoa") == []


async def test_the_reporter_of_a_duplicates_duplicate_hears_of_the_report_that_is_handled(scene: Scene) -> None:
    await merge_hoas(scene)
    last = (await world.file(scene.pool)).report
    await scene.do(world.COORDINATOR, Act.MERGE, target=last.code)
    for name in ("lan", "hoa"):
        await scene.heard(name)
    last = await service.find(scene.pool, last.code)
    last = await world.resolve(scene.pool, last)
    for name in ("lan", "hoa"):
        (text,) = await scene.heard(name)
        assert last.code in text
    # So does whoever only followed, told once where it went.
    went, resolved = await scene.heard("minh")
    assert scene.code in went
    assert (last.code in resolved, scene.code in resolved, "đánh giá" in resolved) == (True, True, True)


async def test_a_follower_who_is_the_reporter_too_is_told_once(scene: Scene) -> None:
    await merge_hoas(scene)
    await following.follow(scene.pool, scene.report, scene.people["hoa"])
    scene.report = await service.find(scene.pool, scene.code)
    await scene.heard("hoa")
    await scene.do(world.OFFICER, Act.START)
    assert len(await scene.heard("lan")) == 1
    assert len(await scene.heard("hoa")) == 1
    # And is the reporter first of all: questions come.
    await scene.do(world.OFFICER, Act.ASK, text="Trước hay sau nhà?")
    assert len(await scene.heard("lan")) == 1
    assert await scene.heard("hoa") == []


async def test_whoever_reported_the_same_matter_twice_rates_the_report_that_was_handled(scene: Scene) -> None:
    again = (await world.file(scene.pool, citizen_id=scene.people["lan"])).report
    await world.do(scene.pool, world.COORDINATOR, again, Act.MERGE, target=scene.code)
    scene.report = await service.find(scene.pool, scene.code)
    await scene.heard("lan")
    await scene.do(world.OFFICER, Act.RESOLVE, text=PRIVATE, photos=(await world.photo(scene.pool),))
    await deliver_all(scene.pool, scene.post, scene.folder)
    (telling,) = scene.post.boxes["lan"]
    assert telling.buttons[0][0].data == f"r1|{scene.code}|s"
    assert PRIVATE in telling.text


async def test_what_a_citizen_was_answered_at_once_is_not_told_again(scene: Scene) -> None:
    await world.file(scene.pool, citizen_id=scene.people["lan"])
    await world.file(scene.pool, citizen_id=scene.people["lan"], category="other")
    assert await scene.heard("lan") == []


async def test_somebody_without_a_chat_is_told_nowhere(scene: Scene) -> None:
    report = (await world.file(scene.pool)).report
    await world.do(scene.pool, world.OFFICER, report, Act.START)
    assert await tell_all(scene.pool) == 0


async def test_telling_again_adds_nothing(scene: Scene) -> None:
    await scene.do(world.OFFICER, Act.START)
    seq = scene.report.last_seq
    assert await notify.tell(scene.pool, scene.report.report_id, 1, seq) == 2
    await take_jobs(scene.pool, "tell")
    jobs = await take_jobs(scene.pool, "deliver")
    assert len(jobs) == 2
    assert await notify.tell(scene.pool, scene.report.report_id, 1, seq) == 0
    assert await take_jobs(scene.pool, "deliver") == []


async def test_the_ledger_and_its_jobs_are_written_in_one_statement(scene: Scene, database_url: str) -> None:
    for _ in range(2):
        await scene.do(world.OFFICER, Act.PROGRESS, text="Đang làm.")
    async with world.counting(database_url) as (pool, statements):
        await notify.tell(pool, scene.report.report_id, 1, scene.report.last_seq - 1)
        await world.counted(statements)
        await notify.tell(pool, scene.report.report_id, scene.report.last_seq, scene.report.last_seq)
        writing = [sql for sql in await world.counted(statements) if "INSERT" in sql]
    assert len(writing) == 1


# ---------------------------------------------------------------- in which words


async def published(scene: Scene, *, yes: bool) -> None:
    if yes:
        await scene.do(world.COORDINATOR, Act.PUBLISH)


@pytest.mark.parametrize("act", [Act.PROGRESS, Act.RESOLVE])
@pytest.mark.parametrize("public", [True, False])
async def test_a_public_answer_is_quoted_to_the_reporter_and_masked_to_others_who_may_read_it(
    scene: Scene, act: Act, public: bool
) -> None:
    await merge_hoas(scene)
    await published(scene, yes=public)
    await scene.heard("hoa")
    await scene.do(world.OFFICER, act, text=PRIVATE, photos=(await world.photo(scene.pool),))
    (lans,), (hoas,), (minhs,) = [await scene.heard(name) for name in ("lan", "hoa", "minh")]
    assert PRIVATE in lans
    assert ("khi đến" in hoas, "khi đến" in minhs) == (True, public)
    for text in (hoas, minhs):
        assert "0912" not in text


@pytest.mark.parametrize("acts", [[Act.REJECT], [Act.REJECT, Act.REOPEN]])
async def test_a_reason_meant_for_the_reporter_is_quoted_to_nobody_else(scene: Scene, acts: list[Act]) -> None:
    await merge_hoas(scene)
    for act in acts:
        for name in EVERYBODY:
            await scene.heard(name)
        await scene.do(world.COORDINATOR, act, text=PRIVATE)
    assert PRIVATE in (await scene.heard("lan"))[0]
    for name in ("hoa", "minh"):
        (text,) = await scene.heard(name)
        assert "khi đến" not in text


async def test_the_first_words_of_a_report_are_shown_to_its_reporter_alone(scene: Scene) -> None:
    await merge_hoas(scene)
    await scene.heard("hoa")
    await scene.do(world.OFFICER, Act.START)
    assert "ổ gà trước số 12" in (await scene.heard("lan"))[0]
    for name in ("hoa", "minh"):
        assert "ổ gà" not in (await scene.heard(name))[0]


async def test_whoever_was_merged_is_reminded_of_their_own_report_and_rates_that_one(scene: Scene) -> None:
    hoas = await merge_hoas(scene)
    await scene.heard("hoa")
    await scene.do(world.OFFICER, Act.RESOLVE, text="Đã vá.", photos=(await world.photo(scene.pool),))
    await deliver_all(scene.pool, scene.post, scene.folder)
    for name, code in (("lan", scene.code), ("hoa", hoas.code)):
        (telling,) = scene.post.boxes[name]
        assert [row[0].data for row in telling.buttons] == [f"r1|{code}|{short}" for short in "sad"]
        assert "đánh giá" in telling.text
        assert ("yêu cầu xử lý lại" in telling.text) == (name == "lan")
    assert hoas.code in scene.post.boxes["hoa"][0].text
    # A follower rates as one.
    (telling,) = scene.post.boxes["minh"]
    assert [row[0].data for row in telling.buttons] == [f"r2|{scene.code}|{short}" for short in "sad"]
    assert "đánh giá" in telling.text
    assert "yêu cầu xử lý lại" not in telling.text


async def test_a_question_has_a_button_to_answer(scene: Scene) -> None:
    await scene.do(world.OFFICER, Act.ASK, text="Trước hay sau nhà?")
    await deliver_all(scene.pool, scene.post, scene.folder)
    (telling,) = scene.post.boxes["lan"]
    assert "Trước hay sau nhà?" in telling.text
    assert [button.data for row in telling.buttons for button in row] == [f"a1|{scene.code}"]


async def test_the_photos_of_a_result_go_along_for_those_who_may_see_them(scene: Scene) -> None:
    shot, lost = await world.photo(scene.pool, 1), await world.photo(scene.pool, 2)
    await objects(scene.folder).put(object_key(shot.sha256, "large"), b"jpeg", "image/jpeg")
    await scene.do(world.OFFICER, Act.RESOLVE, text="Đã vá.", photos=(shot, lost))
    await deliver_all(scene.pool, scene.post, scene.folder)
    # One photo is missing in the store: the message goes out all the same.
    assert scene.post.boxes["lan"][0].photos == (b"jpeg",)
    assert scene.post.boxes["minh"][0].photos == ()


async def test_a_message_that_goes_out_late_is_still_true(scene: Scene) -> None:
    """The agency and the deadline are those of the event it tells of, not of the moment it is sent."""
    await scene.do(world.OFFICER, Act.START)
    due = scene.report.due_at
    await scene.do(world.LEAD, Act.TRANSFER, agency_id="police", text="Chuyển.")
    await scene.do(world.COORDINATOR, Act.ASSIGN, agency_id="power", category="street-light")
    assert scene.report.due_at != due
    started, transferred, assigned = await scene.heard("lan")
    assert "Sở Xây dựng" in started
    assert "Công an tỉnh" in transferred
    assert "Điện lực" in assigned
    old, fresh = (f"{each.astimezone(ZONE):%H:%M, %d/%m/%Y}" for each in (due, scene.report.due_at))
    assert old in started
    assert old in transferred
    assert fresh in assigned


async def test_more_time_is_told_with_the_new_deadline_and_to_the_reporter_with_the_reason(scene: Scene) -> None:
    await scene.do(world.OFFICER, Act.ASK_EXTENSION, days=4, text="Thiếu người, nói riêng với điều phối viên.")
    assert await scene.heard("lan") == []
    await scene.do(world.COORDINATOR, Act.GRANT_EXTENSION, text="Phải chờ vật tư từ nơi khác.")
    (lans,), (minhs,) = [await scene.heard(name) for name in ("lan", "minh")]
    for text in (lans, minhs):
        assert templates.when(scene.report.due_at) in text
        assert "Thiếu người" not in text
    assert ("chờ vật tư" in lans, "chờ vật tư" in minhs) == (True, False)
    await scene.do(world.OFFICER, Act.ASK_EXTENSION, days=4, text="Thêm nữa.")
    await scene.do(world.COORDINATOR, Act.REFUSE_EXTENSION, text="Không.")
    assert await scene.heard("lan") == []


async def test_words_that_were_erased_before_the_message_went_out_are_left_out(scene: Scene) -> None:
    await scene.do(world.OFFICER, Act.RESOLVE, text=PRIVATE, photos=(await world.photo(scene.pool),))
    async with scene.pool.acquire() as conn:
        await conn.execute("DELETE FROM report_messages WHERE report_id = $1", scene.report.report_id)
    (text,) = await scene.heard("lan")
    assert "“" not in text.replace("(“", "")
    assert "Sở Xây dựng đã xử lý" in text


async def test_each_person_is_told_in_their_own_language(scene: Scene) -> None:
    guest = await world.chat(scene.pool, "guest", lang="en")
    report = (await world.file(scene.pool, citizen_id=guest)).report
    await world.do(scene.pool, world.OFFICER, report, Act.START)
    (text,) = await scene.heard("guest")
    assert text.startswith("Construction is working on report")
