"""The feed of changes: whoever follows it has every report they may see as it is, whoever writes however slowly."""

import asyncio
import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from app.accounts.model import Actor, Role
from app.db import Pool, transaction
from app.errors import Forbidden, Invalid
from app.reports import rights, service
from app.reports.model import Report, Status
from app.reports.workflow import Act
from app.worklist import feed, store_feed
from app.worklist.feed import Page, Place, State, decode, encode
from tests import small_world as world


class Copy:
    """A program's copy of the reports."""

    def __init__(self, pool: Pool, actor: Actor = world.COORDINATOR, limit: int = 3) -> None:
        self.pool, self.actor, self.limit = pool, actor, limit
        self.kept: dict[str, State] = {}
        self.came: list[str] = []
        self.place: Place | None = None

    async def page(self) -> Page:
        place = self.place or await feed.begin(self.pool, None)
        page = await feed.page(self.pool, self.actor, place, self.limit)
        self.place = decode(encode(page.place))
        return page

    async def follow(self) -> list[str]:
        """Everything there is by now; gives the codes that came."""
        self.came = []
        more = True
        while more:
            page = await self.page()
            for state in page.states:
                self.kept[state.report.code] = state
                self.came.append(state.report.code)
            for code in page.gone:
                self.kept.pop(code, None)
            more = page.more
        return self.came


async def visible(pool: Pool, actor: Actor) -> dict[str, Report]:
    async with pool.acquire() as conn:
        ids = [row["report_id"] for row in await conn.fetch("SELECT report_id FROM reports")]
        return {report.code: report for report in await service.by_ids(conn, ids) if actor.may_see(report)}


async def test_a_copy_begins_with_what_there_is_and_then_follows_the_changes(settled: Pool) -> None:
    first = [(await world.file(settled)).report for _ in range(7)]
    copy = Copy(settled)
    assert sorted(await copy.follow()) == sorted(report.code for report in first)
    assert await copy.follow() == []

    await world.do(settled, world.OFFICER, first[2], Act.START)
    new = (await world.file(settled)).report
    await world.do(settled, world.OFFICER, first[0], Act.START)
    assert await copy.follow() == [first[2].code, new.code, first[0].code]
    assert copy.kept[first[2].code].report.status is Status.IN_PROGRESS


async def test_with_nothing_new_the_place_stays_and_the_page_is_the_same(settled: Pool) -> None:
    copy = Copy(settled)
    await copy.follow()
    before = copy.place
    report = (await world.file(settled)).report
    await copy.follow()
    assert copy.place != before
    here = copy.place
    # What nobody outside may know of comes to nothing.
    await service.view_identity(settled, world.RULES, world.COORDINATOR, report, "Gọi lại hỏi rõ")
    page = await copy.page()
    assert (page.states, page.gone, page.more, copy.place) == ([], [], False, here)


async def test_a_report_that_changes_often_comes_once_a_page_and_as_it_is_now(settled: Pool) -> None:
    copy = Copy(settled, limit=50)
    await copy.follow()
    report = await world.reach(settled, Status.RESOLVED)
    other = (await world.file(settled)).report
    assert await copy.follow() == [report.code, other.code]
    assert copy.kept[report.code].report.status is Status.RESOLVED


async def test_a_slow_writers_change_is_not_skipped_when_a_later_one_commits_first(settled: Pool) -> None:
    slow, quick = (await world.file(settled)).report, (await world.file(settled)).report
    copy = Copy(settled)
    await copy.follow()
    async with transaction(settled) as conn:
        await conn.execute("UPDATE reports SET urgency = 'urgent' WHERE report_id = $1", slow.report_id)
        await conn.execute(
            "INSERT INTO report_events (report_id, seq, kind, at, actor_kind, data, hash)"
            " VALUES ($1, 90, 'urgency_set', now(), 'system', '{}', sha256(''))",
            slow.report_id,
        )
        await world.do(settled, world.OFFICER, quick, Act.START)
        assert await copy.follow() == []  # the later one waits for the earlier one
        begun = Copy(settled)
        await begun.follow()  # also whoever begins in the middle of it
    assert await copy.follow() == [slow.code, quick.code]
    assert copy.kept[slow.code].report.urgency == "urgent"
    assert slow.code in await begun.follow()
    assert begun.kept == copy.kept


async def test_writers_at_once_lose_nothing_and_a_copy_ends_as_the_reports_are(settled: Pool) -> None:
    dice = random.Random(5)
    some = [(await world.file(settled)).report for _ in range(6)]
    copy = Copy(settled, limit=2)
    stop = asyncio.Event()

    async def write(number: int) -> None:
        for step in range(6):
            report = dice.choice(some)
            await world.do(
                settled, world.CITIZEN, report, Act.ADD_INFO, text="Thêm.", client_key=f"feed {number} {step}"
            )
            await world.file(settled)

    async def follow() -> None:
        while not stop.is_set():
            await copy.follow()

    reader = asyncio.create_task(follow())
    await asyncio.gather(*(write(number) for number in range(3)))
    stop.set()
    await reader
    await copy.follow()
    assert {code: state.report for code, state in copy.kept.items()} == await visible(settled, world.COORDINATOR)


async def test_whoever_begins_at_a_moment_gets_what_changed_since(settled: Pool) -> None:
    old = (await world.file(settled)).report
    await settled.execute("DELETE FROM change_marks")
    await feed.mark(settled)
    await settled.execute("UPDATE change_marks SET at = at - interval '10 minutes'")
    new = (await world.file(settled)).report
    since = datetime.now(UTC) - timedelta(minutes=5)
    place = await feed.begin(settled, since)
    page = await feed.page(settled, world.COORDINATOR, place)
    assert [state.report.code for state in page.states] == [new.code]
    assert (page.more, place.phase) == (False, "live")

    # Of a moment before all marks the reports themselves say when they changed.
    place = await feed.begin(settled, world.MONDAY + timedelta(days=1))
    assert place.phase == "stock"
    page = await feed.page(settled, world.COORDINATOR, place)
    assert {old.code, new.code}.isdisjoint(state.report.code for state in page.states)
    place = await feed.begin(settled, world.MONDAY - timedelta(days=1))
    page = await feed.page(settled, world.COORDINATOR, place)
    assert {old.code, new.code} <= {state.report.code for state in page.states}


async def test_an_agency_gets_its_own_and_hears_of_what_it_lost(settled: Pool) -> None:
    light = (await world.file(settled, category="street-light")).report
    hole = (await world.file(settled)).report
    noise = (await world.file(settled, category="noise")).report
    power = Copy(settled, world.ELECTRICIAN)
    await power.follow()
    assert set(power.kept) == set(await visible(settled, world.ELECTRICIAN))
    assert light.code in power.kept

    await world.do(settled, world.COORDINATOR, light, Act.ASSIGN, agency_id="police")
    await world.do(settled, world.COORDINATOR, hole, Act.ASSIGN, agency_id="power")
    await world.do(settled, world.POLICE, noise, Act.START)
    page = await power.page()
    assert ([state.report.code for state in page.states], page.gone) == ([hole.code], [light.code])
    # What happens to it after that is no more of the agency's business.
    moved = (await visible(settled, world.COORDINATOR))[light.code]
    await world.do(settled, world.POLICE, moved, Act.START)
    page = await power.page()
    assert (page.states, page.gone) == ([], [])


async def test_limits_of_category_and_commune_hold_and_what_leaves_them_is_gone(settled: Pool) -> None:
    only = msgspec.structs.replace(world.COORDINATOR, categories=frozenset({"litter"}), communes=frozenset({"32002"}))
    copy = Copy(settled, only)
    await copy.follow()
    report = (await world.file(settled, category="litter")).report
    await world.file(settled)
    await copy.follow()
    assert set(copy.kept) == set(await visible(settled, only))
    assert report.code in copy.kept
    await world.do(settled, world.COORDINATOR, report, Act.RECLASSIFY, category="pothole", text="Ổ gà chứ không phải.")
    page = await copy.page()
    assert (page.states, page.gone) == ([], [report.code])


async def test_what_the_database_thinks_a_reader_may_see_is_what_the_rule_says(settled: Pool) -> None:
    for status in (Status.RETURNED, Status.RESOLVED, Status.SUBMITTED, Status.WITHDRAWN):
        await world.reach(settled, status)
    for category in ("street-light", "noise", "litter"):
        await world.file(settled, category=category)
    limited = [
        msgspec.structs.replace(actor, **limits)
        for actor in (world.COORDINATOR, world.OFFICER)
        for limits in (
            {"categories": frozenset({"pothole"})},
            {"communes": frozenset({world.AN_XUYEN})},
            {"communes": frozenset({world.TAN_THANH})},
        )
    ]
    for actor in (*world.STAFF, *limited):
        if actor.role is Role.ADMINISTRATOR:
            continue
        async with settled.acquire() as conn:
            rows = await store_feed.stock(conn, actor, None, UUID(int=0), 1000)
            mine = {report.code for report in await service.by_ids(conn, [row.report_id for row in rows if row.mine])}
        assert mine == set(await visible(settled, actor)), actor


async def test_merges_erasures_and_publishing_are_seen(settled: Pool) -> None:
    original, other = (await world.file(settled)).report, (await world.file(settled)).report
    copy = Copy(settled)
    await copy.follow()
    assert copy.kept[other.code].public is None
    await world.do(settled, world.COORDINATOR, other, Act.MERGE, target=original.code)
    assert await copy.follow() == [other.code]
    assert copy.kept[other.code].original == original.code
    await rights.erase(settled, original.code, world.ADMINISTRATOR)
    assert await copy.follow() == [original.code]
    assert copy.kept[original.code].erased_at is not None
    again = await service.find(settled, original.code)
    await world.do(settled, world.COORDINATOR, again, Act.PUBLISH)
    await copy.follow()
    assert copy.kept[original.code].public == again.body


async def test_places_that_cannot_be_are_refused(settled: Pool) -> None:
    for cursor in ("", "x", "ééé", "WyJsaXZlIl0", encode(Place("live", -1)), encode(Place("live", 1, seq=1 << 40))):
        with pytest.raises(Invalid, match="cursor_wrong"):
            decode(cursor)
    with pytest.raises(Invalid, match="cursor_ahead"):
        await feed.page(settled, world.COORDINATOR, Place("live", 1 << 62))
    for limit in (0, 201):
        with pytest.raises(Invalid, match="limit_wrong"):
            await feed.page(settled, world.COORDINATOR, Place("live", 0), limit)
    for actor in (world.ADMINISTRATOR, world.CITIZEN):
        with pytest.raises(Forbidden):
            await feed.page(settled, actor, Place("live", 0))
