"""What nothing claims is swept away, whatever else happens at the same moment."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from app import orphans
from app.db import Conn, Pool, transaction
from app.errors import Unavailable
from app.photos.lab import PhotoLab
from app.photos.model import StoredPhoto
from app.photos.service import BLOBS, store_photo, sweep_orphans
from storage.folder import FolderStore
from tests.photos.keeping import Refusing, age, kept, photo_bytes, row_of

pytestmark = pytest.mark.usefixtures("nothing_to_sweep")


async def claim_by_draft(conn: Pool | Conn, photo: StoredPhoto) -> None:
    citizen, chat = uuid4(), str(uuid4())
    await conn.execute("INSERT INTO citizens (citizen_id) VALUES ($1)", citizen)
    await conn.execute(
        "INSERT INTO drafts (channel, chat_id, citizen_id, draft_id, state) VALUES ('telegram', $1, $2, $3, '{}')",
        chat,
        citizen,
        uuid4(),
    )
    await conn.execute(
        "INSERT INTO draft_photos (channel, chat_id, sha256) VALUES ('telegram', $1, $2)",
        chat,
        bytes.fromhex(photo.sha256),
    )


async def claim_by_report(pool: Pool, photo: StoredPhoto) -> None:
    async with transaction(pool) as conn:
        # The report itself does not matter here, only the claim: no foreign keys for once.
        await conn.execute("SET LOCAL session_replication_role = replica")
        await conn.execute(
            "INSERT INTO report_photos (report_id, photo_id, sha256, stage, at, added_by)"
            " VALUES ($1, $2, $3, 'before', now(), 'citizen')",
            uuid4(),
            uuid4(),
            bytes.fromhex(photo.sha256),
        )


async def test_photos_that_nothing_claims_are_swept_after_a_day(
    pool: Pool, objects: FolderStore, lab: PhotoLab
) -> None:
    old = [await store_photo(pool, objects, lab, photo_bytes()) for _ in range(5)]
    young = await store_photo(pool, objects, lab, photo_bytes())
    for photo in old:
        await age(pool, photo, 24.1)
    await age(pool, young, 23.9)
    assert await sweep_orphans(pool, objects, batch=2) == 5
    assert [await kept(objects, photo) for photo in old] == [[]] * 5
    assert [await row_of(pool, photo) for photo in old] == [None] * 5
    assert len(await kept(objects, young)) == 3
    assert await row_of(pool, young) is not None
    assert await sweep_orphans(pool, objects) == 0


async def test_claimed_photos_stay_however_old(pool: Pool, objects: FolderStore, lab: PhotoLab) -> None:
    by_draft = await store_photo(pool, objects, lab, photo_bytes())
    by_report = await store_photo(pool, objects, lab, photo_bytes())
    await claim_by_draft(pool, by_draft)
    await claim_by_report(pool, by_report)
    for photo in (by_draft, by_report):
        await age(pool, photo, 10_000)
    assert await sweep_orphans(pool, objects) == 0
    assert len(await kept(objects, by_draft)) == len(await kept(objects, by_report)) == 3


async def test_a_photo_no_longer_claimed_is_swept(pool: Pool, objects: FolderStore, lab: PhotoLab) -> None:
    photo = await store_photo(pool, objects, lab, photo_bytes())
    await claim_by_draft(pool, photo)
    await age(pool, photo, 25)
    assert await sweep_orphans(pool, objects) == 0
    await pool.execute("DELETE FROM drafts")
    assert await sweep_orphans(pool, objects) == 1


async def test_a_sweep_that_fails_half_way_is_finished_by_the_next(pool: Pool, tmp_path: Path, lab: PhotoLab) -> None:
    objects = Refusing(tmp_path, deletes=False)
    photo = await store_photo(pool, objects, lab, photo_bytes())
    await age(pool, photo, 25)
    with pytest.raises(Unavailable, match=r"storage\.unavailable"):
        await sweep_orphans(pool, objects)
    assert await kept(objects, photo) == ["large", "small"]
    assert await row_of(pool, photo) is not None
    objects.deletes = True
    assert await sweep_orphans(pool, objects) == 1
    assert await kept(objects, photo) == []
    await objects.close()


async def test_a_photo_sent_again_after_a_failed_sweep_is_whole(pool: Pool, tmp_path: Path, lab: PhotoLab) -> None:
    objects = Refusing(tmp_path, deletes=False)
    data = photo_bytes()
    photo = await store_photo(pool, objects, lab, data)
    await age(pool, photo, 25)
    with pytest.raises(Unavailable):
        await sweep_orphans(pool, objects)
    await store_photo(pool, objects, lab, data)
    assert await kept(objects, photo) == ["original", "large", "small"]
    await objects.close()


class Slow(FolderStore):
    """A store whose deletions wait until they are let go."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._deletes, self.go_on = asyncio.Semaphore(0), asyncio.Event()

    async def deleting(self) -> None:
        """Wait until one more deletion has begun."""
        async with asyncio.timeout(60):
            await self._deletes.acquire()

    async def delete(self, keys: Sequence[str]) -> None:
        self._deletes.release()
        await self.go_on.wait()
        await super().delete(keys)


@pytest_asyncio.fixture
async def slow(tmp_path: Path) -> AsyncIterator[Slow]:
    store = Slow(tmp_path)
    yield store
    store.go_on.set()  # a failed test must not leave a sweep waiting with a connection in its hand
    await store.close()


async def until_somebody_waits_for_a_lock(pool: Pool) -> None:
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with asyncio.timeout(60):
        while not await pool.fetchval(query):
            pass


async def test_a_photo_sent_again_while_it_is_being_swept_is_kept_whole(pool: Pool, slow: Slow, lab: PhotoLab) -> None:
    data = photo_bytes()
    photo = await store_photo(pool, slow, lab, data)
    await age(pool, photo, 25)
    sweep = asyncio.create_task(sweep_orphans(pool, slow))
    await slow.deleting()
    again = asyncio.create_task(store_photo(pool, slow, lab, data))
    await until_somebody_waits_for_a_lock(pool)
    slow.go_on.set()
    assert await sweep == 1
    assert await again == photo
    assert await kept(slow, photo) == ["original", "large", "small"]
    assert await row_of(pool, photo) is not None
    assert await sweep_orphans(pool, slow) == 0


async def test_a_claim_on_a_photo_that_is_being_swept_is_refused_not_broken(
    pool: Pool, slow: Slow, lab: PhotoLab
) -> None:
    photo = await store_photo(pool, slow, lab, photo_bytes())
    await age(pool, photo, 25)
    sweep = asyncio.create_task(sweep_orphans(pool, slow))
    await slow.deleting()
    claim = asyncio.create_task(claim_by_draft(pool, photo))
    await until_somebody_waits_for_a_lock(pool)
    slow.go_on.set()
    assert await sweep == 1
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await claim


async def test_two_sweeps_at_once_share_the_work(pool: Pool, slow: Slow, lab: PhotoLab) -> None:
    photos = [await store_photo(pool, slow, lab, photo_bytes()) for _ in range(4)]
    for photo in photos:
        await age(pool, photo, 25)
    first = asyncio.create_task(sweep_orphans(pool, slow, batch=3))
    await slow.deleting()
    second = asyncio.create_task(sweep_orphans(pool, slow, batch=3))
    await slow.deleting()
    slow.go_on.set()
    assert [await first, await second] == [3, 1]
    assert [await kept(slow, photo) for photo in photos] == [[]] * 4


async def test_a_claim_that_came_before_the_lock_is_seen_before_the_deletion(
    pool: Pool, objects: FolderStore, lab: PhotoLab
) -> None:
    claimed = await store_photo(pool, objects, lab, photo_bytes())
    orphan = await store_photo(pool, objects, lab, photo_bytes())
    await claim_by_draft(pool, claimed)
    both = [bytes.fromhex(claimed.sha256), bytes.fromhex(orphan.sha256)]
    async with pool.acquire() as conn:
        assert await orphans.delete_unclaimed(conn, BLOBS, both) == both[1:]


async def test_a_photo_whose_claim_is_not_committed_yet_is_passed_over(
    pool: Pool, objects: FolderStore, lab: PhotoLab
) -> None:
    photo = await store_photo(pool, objects, lab, photo_bytes())
    await age(pool, photo, 25)
    async with transaction(pool) as conn:
        await claim_by_draft(conn, photo)
        assert await sweep_orphans(pool, objects) == 0
    assert len(await kept(objects, photo)) == 3
