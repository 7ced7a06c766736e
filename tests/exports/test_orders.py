"""Files are ordered, made, told of and handed out once each; to their orderer alone, while their rights last."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
import pytest_asyncio
from msgspec import structs

from app.accounts import chats
from app.accounts.model import Actor
from app.db import Pool, transaction
from app.errors import AppError, Conflict, Forbidden, Invalid, NotFound
from app.escalation import notices
from app.exports import making, service, store, telling
from app.exports.model import RUNNING_MOST, Export
from app.stats.asked import asked
from storage.folder import FolderStore
from tests import small_world as world
from tests.notify.post import Post, take_jobs

NOW = datetime(2026, 6, 1, 5, 0, 20, tzinfo=UTC)


@pytest_asyncio.fixture
async def objects(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "objects")


@pytest_asyncio.fixture(autouse=True)
async def afresh(lived: Pool) -> AsyncIterator[None]:
    """Nothing is ordered when a test begins."""
    yield
    await lived.execute("DELETE FROM exports; DELETE FROM export_blobs; DELETE FROM notices; DELETE FROM pgqueuer")


async def ordered(
    pool: Pool,
    actor: Actor = world.LEADER,
    kind: str = "csv",
    now: datetime = NOW,
    period: str = "2026-03",
    **filters: str,
) -> Export:
    async with transaction(pool) as conn:
        return await service.order(conn, actor, asked([("period", period), *filters.items()], now), kind, "vi", now=now)


async def work(pool: Pool, objects: FolderStore) -> int:
    """Do the jobs that wait; gives how many there were."""
    jobs = await take_jobs(pool, "make_export")
    for payload in jobs:
        export_id = UUID(msgspec.json.decode(payload)["export_id"])
        await making.make(pool, objects, world.RULES, world.GAZETTEER, export_id)
    return len(jobs)


async def now_is(pool: Pool, export: Export) -> Export:
    async with pool.acquire() as conn:
        found = await store.get(conn, export.export_id)
    assert found is not None
    return found


async def told(pool: Pool, who: Actor) -> list[str]:
    assert who.id is not None
    async with pool.acquire() as conn:
        return [one.kind for one in (await notices.page(conn, who.id)).notices]


async def test_an_order_is_made_told_once_and_is_its_orderers_alone(lived: Pool, objects: FolderStore) -> None:
    export = await ordered(lived, kind="xlsx")
    assert (export.state, export.query) == ("waiting", "period=2026-03")
    assert await work(lived, objects) == 1
    done = await now_is(lived, export)
    assert (done.state, done.rule_set, done.done) == ("ready", world.RULES.version, done.total)
    assert await told(lived, world.LEADER) == ["export_ready"]
    _, source = await service.open_file(lived, objects, world.LEADER, export.export_id)
    data = b"".join([piece async for piece in source])
    assert (data[:2], len(data)) == (b"PK", done.size_bytes)
    for other in (world.COORDINATOR, world.LEAD):
        with pytest.raises(NotFound):
            await service.open_file(lived, objects, other, export.export_id)
    kinds = await lived.fetch("SELECT kind FROM account_events ORDER BY event_id DESC LIMIT 2")
    assert [row["kind"] for row in kinds] == ["export_taken", "export_ordered"]


async def test_asking_the_same_again_gives_the_file_there_is(lived: Pool, objects: FolderStore) -> None:
    first = await ordered(lived)
    assert (await ordered(lived, now=NOW + timedelta(hours=3))).export_id == first.export_id
    await work(lived, objects)
    other = await ordered(lived, world.COORDINATOR)
    assert (other.state, other.sha256) == ("ready", (await now_is(lived, first)).sha256)
    assert await work(lived, objects) == 0
    # By other rights, in another form, of another moment, it is another file.
    lead = await ordered(lived, world.LEAD)
    assert lead.query == "period=2026-03&agency=power&agency=roads"
    assert (
        lead.state
        == (await ordered(lived, kind="geojson")).state
        == (await ordered(lived, as_of="now")).state
        == "waiting"
    )


async def test_of_what_goes_on_it_is_as_known_in_the_last_full_minute(lived: Pool) -> None:
    today = datetime(2026, 3, 20, 5, 0, 20, tzinfo=UTC)
    first = await ordered(lived, now=today)
    assert first.as_of == today.replace(second=0)
    assert (await ordered(lived, now=today + timedelta(seconds=40))).export_id == first.export_id
    assert (await ordered(lived, now=today + timedelta(seconds=50))).export_id != first.export_id
    explicit = await ordered(lived, now=today, as_of="now")
    assert (explicit.as_of, explicit.asked.as_of) == (first.as_of, first.as_of)


@pytest.mark.parametrize(
    ("who", "filters", "refused"),
    [
        (world.OFFICER, {}, Forbidden), (world.ADMINISTRATOR, {}, Forbidden),
        (world.LEAD, {"agency": "police"}, Forbidden),
        (structs.replace(world.LEADER, communes=frozenset({"32002"})), {"commune": "32025"}, Forbidden),
        (world.LEADER, {"period": "2030"}, Invalid),
    ],
)  # fmt: skip
async def test_what_is_nobodys_business_is_refused(
    lived: Pool, who: Actor, filters: dict[str, Any], refused: type[AppError]
) -> None:
    with pytest.raises(refused):
        await ordered(lived, who, **filters)


async def test_rights_that_have_gone_take_the_file_along(lived: Pool, objects: FolderStore) -> None:
    export = await ordered(lived, world.LEAD)
    await work(lived, objects)
    smaller = structs.replace(world.LEAD, agencies=frozenset({"roads"}))
    with pytest.raises(Forbidden):
        await service.open_file(lived, objects, smaller, export.export_id)
    demoted = structs.replace(world.LEAD, role=world.OFFICER.role)
    with pytest.raises(Forbidden):
        await service.open_file(lived, objects, demoted, export.export_id)


async def test_a_closed_accounts_order_fails_in_words(lived: Pool, objects: FolderStore) -> None:
    export = await ordered(lived, world.POLICE_LEAD)
    await lived.execute("UPDATE staff SET active = false WHERE staff_id = $1", world.POLICE_LEAD.id)
    await work(lived, objects)
    await lived.execute("UPDATE staff SET active = true WHERE staff_id = $1", world.POLICE_LEAD.id)
    failed = await now_is(lived, export)
    assert (failed.state, failed.problem and failed.problem.key) == ("failed", "exports.account_closed")
    await service.again(lived, world.POLICE_LEAD, export.export_id)
    await work(lived, objects)
    assert (await now_is(lived, export)).state == "ready"
    assert await told(lived, world.POLICE_LEAD) == ["export_ready", "export_failed"]


class NeverDone(FolderStore):
    """Takes a file and does not answer."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.begun = asyncio.Event()

    async def put_file(self, key: str, path: Path, content_type: str) -> None:
        self.begun.set()
        await asyncio.Event().wait()
        await super().put_file(key, path, content_type)


async def test_cut_off_in_the_middle_it_is_made_again_and_told_once(
    lived: Pool, objects: FolderStore, tmp_path: Path
) -> None:
    export = await ordered(lived)
    jobs = await take_jobs(lived, "make_export")
    stuck = NeverDone(tmp_path / "stuck")
    task = asyncio.create_task(making.make(lived, stuck, world.RULES, world.GAZETTEER, export.export_id))
    await stuck.begun.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert (await now_is(lived, export)).state == "making"
    again = [making.make(lived, objects, world.RULES, world.GAZETTEER, export.export_id) for _ in range(2)]
    await asyncio.gather(*again)
    assert len(jobs) == 1
    assert (await now_is(lived, export)).state == "ready"
    assert await told(lived, world.LEADER) == ["export_ready"]
    assert len(await take_jobs(lived, "tell_export")) == 1


async def test_a_cancelled_one_is_not_made_and_can_be_tried_again(lived: Pool, objects: FolderStore) -> None:
    export = await ordered(lived)
    async with lived.acquire() as conn:
        await service.cancel(conn, world.LEADER, export.export_id)
        with pytest.raises(NotFound):
            await service.cancel(conn, world.COORDINATOR, export.export_id)
    await work(lived, objects)
    assert (await now_is(lived, export)).state == "cancelled"
    assert await told(lived, world.LEADER) == []
    await service.again(lived, world.LEADER, export.export_id)
    await work(lived, objects)
    assert (await now_is(lived, export)).state == "ready"


async def test_cancelling_stops_the_making(lived: Pool, objects: FolderStore) -> None:
    export = await ordered(lived)
    async with lived.acquire() as conn:
        begun = await store.begin(conn, export.export_id, NOW)
        assert begun is not None
        assert await store.progress(conn, export.export_id, 7, 70)
        await service.cancel(conn, world.LEADER, export.export_id)
        assert not await store.progress(conn, export.export_id, 8, 70)


async def test_so_many_at_once_and_no_more(lived: Pool) -> None:
    for month in range(1, RUNNING_MOST + 1):
        await ordered(lived, period=f"2026-0{month}", now=NOW)
    with pytest.raises(Conflict) as error:
        await ordered(lived, period="2025")
    assert error.value.key == "exports.too_many"


async def test_files_that_nobody_has_any_more_go(lived: Pool, objects: FolderStore) -> None:
    one, other = await ordered(lived), await ordered(lived, world.COORDINATOR)
    await work(lived, objects)
    await lived.execute("UPDATE export_blobs SET touched_at = now() - interval '2 hours'")
    async with lived.acquire() as conn:
        await service.delete(conn, world.LEADER, one.export_id)
    assert await service.sweep(lived, objects, NOW) == 0  # the other's order has the same file
    assert await service.sweep(lived, objects, NOW + timedelta(days=8)) == 1
    async with lived.acquire() as conn:
        with pytest.raises(NotFound):
            await service.get(conn, world.COORDINATOR, other.export_id)


async def test_the_chat_is_told_once_with_a_link(lived: Pool, objects: FolderStore) -> None:
    assert world.LEADER.id is not None
    code, _ = await chats.make_code(lived, world.LEADER.id, world.LEADER)
    await chats.link(lived, "telegram", "4711", code, "vi")
    export = await ordered(lived)
    await work(lived, objects)
    post: Any = Post()
    for _ in range(2):
        await telling.tell(lived, {"telegram": post}, "https://phananh.example.vn", export.export_id)
    link = f"https://phananh.example.vn/console/exports/{export.export_id}"
    assert post.texts("4711") == [f"📄 Tệp CSV (Tháng 03/2026) đã xong. Mở trang để tải: {link}"]
