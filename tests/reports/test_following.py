"""Following somebody else's report: a voice with words and photos of its own, heard by staff, counted once, and a
word on the result that is not the reporter's."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from app.accounts.model import Actor
from app.db import Pool
from app.errors import AppError, Conflict, Forbidden, Invalid
from app.history import service as history
from app.history.model import Event
from app.reports import following, service
from app.reports.model import Form, Rating, Report, Status
from app.reports.workflow import Act
from tests import small_world as world


async def follow(pool: Pool, report: Report, citizen_id: UUID, **form: Any) -> Report:
    return await following.follow(pool, report, citizen_id, Form(**form))


async def case_of(pool: Pool, report: Report) -> service.Case:
    async with pool.acquire() as conn:
        return await service.case(conn, await service.get(conn, report.report_id))


async def events_of(pool: Pool, report: Report) -> list[Event]:
    async with pool.acquire() as conn:
        return await history.of_report(conn, report.report_id)


async def voices(pool: Pool, report: Report) -> int:
    async with pool.acquire() as conn:
        return await following.voices(conn, report)


async def verifies(pool: Pool, report: Report) -> bool:
    return [damage async for damage in history.verify(pool, report.code)] == []


async def refused(pool: Pool, report: Report, citizen_id: UUID, **form: Any) -> AppError:
    async with pool.acquire() as conn:
        before = await world.written(conn)
        with pytest.raises(AppError) as error:
            await follow(pool, report, citizen_id, **form)
        assert await world.written(conn) == before
    return error.value


# ---------------------------------------------------------------- a voice


async def test_a_follower_adds_a_voice_with_words_and_photos(settled: Pool) -> None:
    report, hoa = (await world.file(settled)).report, await world.chat(settled, "f1")
    shot = await world.photo(settled, 700)
    after = await follow(settled, report, hoa, text="Tôi té ở đây tối qua.", photos=(shot,), client_key="draft:1")
    assert await voices(settled, after) == 2
    case = await case_of(settled, report)
    (words,) = case.messages
    assert (words.kind, words.visibility, words.body) == ("voice", "staff", "Tôi té ở đây tối qua.")
    (picture,) = case.pictures
    assert (picture.sha256, picture.stage, picture.added_by) == (shot.sha256, "info", "follower")
    assert (await world.kinds(settled, report))[-2:] == ["followed", "voice_added"]
    assert await verifies(settled, report)


async def test_who_follows_stands_in_the_history_only_as_who_reported_does(settled: Pool) -> None:
    report, hoa = (await world.file(settled)).report, await world.chat(settled, "f2")
    await follow(settled, report, hoa, text="Tôi cũng thấy vậy.")
    for event in (await events_of(settled, report))[-2:]:
        assert (event.actor_kind, event.actor_id) == ("citizen", hoa)
        assert str(hoa) not in str(event.data)
        assert "Tôi" not in str(event.data)


async def test_following_again_adds_nothing(settled: Pool) -> None:
    report, hoa = (await world.file(settled)).report, await world.chat(settled, "f3")
    form = {"text": "Vẫn còn.", "photos": (await world.photo(settled, 701),), "client_key": "draft:2"}
    report = await follow(settled, report, hoa, **form)
    async with settled.acquire() as conn:
        before = await world.written(conn)
        assert await follow(settled, report, hoa, **form) == report
        assert await world.written(conn) == before


async def test_who_follows_already_may_add_more(settled: Pool) -> None:
    report, hoa = (await world.file(settled)).report, await world.chat(settled, "f4")
    report = await follow(settled, report, hoa)
    report = await follow(settled, report, hoa, text="Hôm nay thêm một ổ nữa.", client_key="draft:3")
    assert (await world.kinds(settled, report))[-2:] == ["followed", "voice_added"]
    assert await voices(settled, report) == 2


async def test_a_photo_that_the_report_has_is_not_added_again(settled: Pool) -> None:
    shot = await world.photo(settled, 702)
    report = (await world.file(settled, photos=(shot,))).report
    await follow(settled, report, await world.chat(settled, "f5"), photos=(shot,))
    assert [picture.stage for picture in (await case_of(settled, report)).pictures] == ["before"]
    assert (await world.kinds(settled, report))[-1] == "followed"


async def test_an_officer_who_has_the_case_open_is_not_held_up_by_a_follower(settled: Pool) -> None:
    report = (await world.file(settled)).report
    await follow(settled, report, await world.chat(settled, "f6"), text="Tôi cũng thấy vậy.")
    seen = await service.find(settled, report.code)
    assert seen.version == report.version
    started = await world.do(settled, world.OFFICER, report, Act.START, version=report.version)
    assert started.status is Status.IN_PROGRESS
    assert await verifies(settled, report)


@pytest.mark.parametrize("status", [Status.CLOSED, Status.REJECTED, Status.WITHDRAWN])
async def test_what_is_over_cannot_be_followed(settled: Pool, status: Status) -> None:
    report, hoa = await world.reach(settled, status), await world.chat(settled, f"f7{status}")
    error = await refused(settled, report, hoa)
    assert (type(error), error.key) == (Conflict, "reports.follow_over")


async def test_ones_own_and_a_private_report_cannot_be_followed(settled: Pool) -> None:
    lan = await world.chat(settled, "f8")
    own = (await world.file(settled, citizen_id=lan)).report
    assert (await refused(settled, own, lan)).key == "reports.follow_own"
    private = (await world.file(settled, category="noise")).report
    assert isinstance(await refused(settled, private, lan), Forbidden)


async def test_too_many_words_or_photos_are_refused(settled: Pool) -> None:
    report, hoa = (await world.file(settled)).report, await world.chat(settled, "f9")
    shots = tuple([await world.photo(settled, 710 + number) for number in range(7)])
    error = await refused(settled, report, hoa, text="a" * 4001, photos=shots)
    assert isinstance(error, Invalid)
    assert {problem.field for problem in error.problems} == {"text", "photos"}


async def test_whoever_stops_following_takes_the_voice_back_and_leaves_the_words(settled: Pool) -> None:
    report, hoa = (await world.file(settled)).report, await world.chat(settled, "f10")
    report = await follow(settled, report, hoa, text="Tôi cũng thấy vậy.")
    for _ in range(2):
        report = await following.unfollow(settled, report, hoa)
    assert await voices(settled, report) == 1
    assert (await world.kinds(settled, report)).count("unfollowed") == 1
    assert len((await case_of(settled, report)).messages) == 1
    assert await verifies(settled, report)


async def test_a_report_that_others_joined_with_words_cannot_be_withdrawn(settled: Pool) -> None:
    report, hoa = (await world.file(settled)).report, await world.chat(settled, "f11")
    report = await follow(settled, report, hoa)
    joined = await follow(settled, (await world.file(settled)).report, hoa, text="Nhà tôi cũng bị.")
    assert (await world.refusal(settled, world.CITIZEN, joined, Act.WITHDRAW)).key == "reports.others_merged_in"
    assert (await world.do(settled, world.CITIZEN, report, Act.WITHDRAW)).status is Status.WITHDRAWN


# ---------------------------------------------------------------- how many


async def test_everybody_counts_once_however_they_came(settled: Pool) -> None:
    lan, minh, hoa = [await world.chat(settled, name) for name in ("v1", "v2", "v3")]
    original = (await world.file(settled, citizen_id=lan)).report
    again = (await world.file(settled, citizen_id=lan)).report
    hoas = (await world.file(settled, citizen_id=hoa)).report
    unknown = (await world.file(settled)).report
    await follow(settled, original, minh)
    await follow(settled, hoas, minh)
    await follow(settled, original, hoa)
    for each in (again, hoas, unknown):
        await world.do(
            settled, world.COORDINATOR, await service.find(settled, each.code), Act.MERGE, target=original.code
        )
    assert await voices(settled, original) == 4  # Lan, Minh, Hoa, and somebody who gave no name


# ---------------------------------------------------------------- a word on the result


async def resolved(pool: Pool, *followers: UUID, **changes: Any) -> Report:
    report = (await world.file(pool, **changes)).report
    for each in followers:
        report = await follow(pool, report, each)
    return await world.resolve(pool, await service.find(pool, report.code))


async def ratings(pool: Pool, report: Report) -> dict[Rating, int]:
    async with pool.acquire() as conn:
        return (await following.standing(conn, report))[1]


async def test_followers_rate_apart_from_the_reporter(settled: Pool) -> None:
    lan, minh, hoa = [await world.chat(settled, name) for name in ("r1", "r2", "r3")]
    report = await resolved(settled, minh, hoa, citizen_id=lan)
    await following.rate(settled, report, minh, Rating.DISSATISFIED)
    await following.rate(settled, report, hoa, Rating.SATISFIED)
    assert await ratings(settled, report) == {Rating.DISSATISFIED: 1, Rating.SATISFIED: 1}
    report = await service.find(settled, report.code)
    assert (report.rating, report.status) == (None, Status.RESOLVED)
    report = await world.do(settled, Actor("citizen", lan), report, Act.RATE, rating=Rating.ACCEPTABLE)
    assert (report.rating, sum((await ratings(settled, report)).values())) == (Rating.ACCEPTABLE, 2)
    assert await verifies(settled, report)


async def test_a_follower_has_one_word_and_the_last_one_counts(settled: Pool) -> None:
    minh = await world.chat(settled, "r4")
    report = await resolved(settled, minh)
    for rating in (Rating.SATISFIED, Rating.SATISFIED, Rating.DISSATISFIED):
        await following.rate(settled, report, minh, rating)
    assert await ratings(settled, report) == {Rating.DISSATISFIED: 1}
    assert (await world.kinds(settled, report)).count("follower_rated") == 2


async def test_only_a_follower_rates_and_only_a_result(settled: Pool) -> None:
    lan, minh, hoa = [await world.chat(settled, name) for name in ("r5", "r6", "r7")]
    report = await resolved(settled, minh, citizen_id=lan)
    for stranger in (lan, hoa):
        with pytest.raises(Forbidden):
            await following.rate(settled, report, stranger, Rating.SATISFIED)
    unfinished = await follow(settled, (await world.file(settled)).report, minh)
    with pytest.raises(Conflict):
        await following.rate(settled, unfinished, minh, Rating.SATISFIED)


async def test_a_result_that_did_not_stand_takes_its_ratings_along(settled: Pool) -> None:
    lan, minh = [await world.chat(settled, name) for name in ("r8", "r9")]
    report = await resolved(settled, minh, citizen_id=lan)
    await following.rate(settled, report, minh, Rating.SATISFIED, report.updated_at)
    report = await service.find(settled, report.code)
    report = await world.do(settled, Actor("citizen", lan), report, Act.DISPUTE, text="Vẫn còn.")
    report = await world.resolve(settled, report)
    assert await ratings(settled, report) == {}
    async with settled.acquire() as conn:
        assert (await following.following(conn, report, minh)).may_rate
    await following.rate(settled, report, minh, Rating.SATISFIED)
    assert await ratings(settled, report) == {Rating.SATISFIED: 1}
    async with settled.acquire() as conn:
        assert not (await following.following(conn, report, minh)).may_rate


async def test_a_follower_of_a_merged_report_rates_the_one_that_was_handled(settled: Pool) -> None:
    minh = await world.chat(settled, "r10")
    followed = await follow(settled, (await world.file(settled)).report, minh)
    original = (await world.file(settled)).report
    await world.do(settled, world.COORDINATOR, followed, Act.MERGE, target=original.code)
    original = await world.resolve(settled, await service.find(settled, original.code))
    rated = await following.rate(settled, await service.find(settled, followed.code), minh, Rating.SATISFIED)
    assert rated.code == original.code
    assert await ratings(settled, original) == {Rating.SATISFIED: 1}


# ---------------------------------------------------------------- races


async def test_many_who_follow_at_once_are_all_counted_and_the_history_holds(settled: Pool) -> None:
    report = (await world.file(settled)).report
    people = [await world.chat(settled, f"many{number}") for number in range(6)]
    await asyncio.gather(
        *(follow(settled, report, each, text=f"Tôi là người thứ {n}.") for n, each in enumerate(people))
    )
    assert await voices(settled, report) == 7
    assert await verifies(settled, report)


async def test_the_same_person_twice_at_once_follows_once(settled: Pool) -> None:
    report, hoa = (await world.file(settled)).report, await world.chat(settled, "twice")
    await asyncio.gather(*(follow(settled, report, hoa, text="Tôi cũng thấy.", client_key="draft:9") for _ in range(4)))
    kinds = await world.kinds(settled, report)
    assert (kinds.count("followed"), kinds.count("voice_added")) == (1, 1)
    assert await verifies(settled, report)


async def test_following_while_an_officer_works_loses_neither(settled: Pool) -> None:
    report = (await world.file(settled)).report
    people = [await world.chat(settled, f"works{number}") for number in range(4)]
    await asyncio.gather(
        world.do(settled, world.OFFICER, report, Act.START, version=report.version),
        *(follow(settled, report, each) for each in people),
    )
    kinds = await world.kinds(settled, report)
    assert (kinds.count("started"), kinds.count("followed")) == (1, 4)
    assert await verifies(settled, report)


async def test_following_while_it_is_merged_loses_neither(settled: Pool) -> None:
    report, hoa = (await world.file(settled)).report, await world.chat(settled, "merging")
    original = (await world.file(settled)).report
    await asyncio.gather(
        world.do(settled, world.COORDINATOR, report, Act.MERGE, target=original.code),
        follow(settled, report, hoa),
        follow(settled, original, hoa),
    )
    assert (await service.find(settled, report.code)).status is Status.DUPLICATE
    assert await voices(settled, original) == 3
    for each in (report, original):
        assert await verifies(settled, each)
