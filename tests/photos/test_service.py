"""Photos are kept, given out, and swept away when nothing claims them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import msgspec
import pytest
import pytest_asyncio

from app.db import Conn, Pool, transaction
from app.errors import Invalid, NotFound, Unavailable
from app.i18n import LANGS, t
from app.photos import store
from app.photos.lab import PhotoLab
from app.photos.links import verify_photo
from app.photos.model import KEPT, StoredPhoto, object_key
from app.photos.service import photo_url, read_original, read_photo, store_photo, store_photos, sweep_orphans
from storage.folder import FolderStore
from storage.objects import ObjectMissing, StoreUnavailable
from storage.s3 import S3Store
from tests.photos.pictures import decoded, encoded, exif, gps, scene
from tests.s3 import seaweedfs

SECRET = b"0123456789abcdef0123456789abcdef"
UNKNOWN = "ab" * 32
_seeds = iter(range(1000, 10_000))


def photo_bytes() -> bytes:
    """A photo that no other test has stored."""
    return encoded(scene(320, 240, next(_seeds)))


@pytest_asyncio.fixture
async def objects(tmp_path: Path) -> AsyncIterator[FolderStore]:
    store = FolderStore(tmp_path)
    await store.check()
    yield store
    await store.close()


@pytest_asyncio.fixture(autouse=True)
async def nothing_to_sweep(pool: Pool) -> AsyncIterator[None]:
    """What other tests left behind must not be counted, and its objects are gone."""
    yield
    await pool.execute("DELETE FROM draft_photos")
    await pool.execute("DELETE FROM report_photos")
    await pool.execute("DELETE FROM photo_blobs")


async def row_of(pool: Pool, photo: StoredPhoto) -> asyncpg.Record | None:
    return await pool.fetchrow("SELECT * FROM photo_blobs WHERE sha256 = $1", bytes.fromhex(photo.sha256))


async def age(pool: Pool, photo: StoredPhoto, hours: float) -> None:
    await pool.execute(
        "UPDATE photo_blobs SET touched_at = now() - $2::interval WHERE sha256 = $1",
        bytes.fromhex(photo.sha256),
        timedelta(hours=hours),
    )


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


async def kept(objects: FolderStore, photo: StoredPhoto) -> list[str]:
    found: list[str] = []
    for what in KEPT:
        try:
            await objects.get(object_key(photo.sha256, what))
            found.append(what)
        except ObjectMissing:
            continue
    return found


async def test_a_stored_photo_is_known_and_its_three_objects_are_kept(
    pool: Pool, objects: FolderStore, lab: PhotoLab
) -> None:
    claims = exif(6, "2026:11:20 08:15:30", "+07:00", gps((9.0, 10.0, 37.2), "N", (105.0, 9.0, 0.5), "E"))
    data = encoded(scene(800, 600, next(_seeds)), exif=claims)
    photo = await store_photo(pool, objects, lab, data)
    assert (photo.width, photo.height, photo.size_bytes, photo.content_type) == (600, 800, len(data), "image/jpeg")
    assert photo.taken_at == datetime(2026, 11, 20, 1, 15, 30, tzinfo=UTC)
    assert (photo.lat, photo.lon) == (9.177, 105.1501389)
    row = await row_of(pool, photo)
    assert row is not None
    facts = {**dict(row), "sha256": row["sha256"].hex()}
    assert {name: facts[name] for name in photo.__struct_fields__} == msgspec.structs.asdict(photo)
    assert await read_original(objects, photo.sha256) == data
    assert decoded(await read_photo(objects, photo.sha256, "large")).size == (600, 800)
    assert decoded(await read_photo(objects, photo.sha256, "small")).size == (240, 320)


async def test_the_same_photo_again_is_one_photo_touched_anew(pool: Pool, objects: FolderStore, lab: PhotoLab) -> None:
    data = photo_bytes()
    first = await store_photo(pool, objects, lab, data)
    await age(pool, first, 100)
    assert await store_photo(pool, objects, lab, data) == first
    assert await pool.fetchval("SELECT count(*) FROM photo_blobs") == 1
    assert await sweep_orphans(pool, objects) == 0


async def test_a_refused_photo_leaves_no_trace(pool: Pool, objects: FolderStore, lab: PhotoLab) -> None:
    with pytest.raises(Invalid, match=r"photos\.damaged"):
        await store_photo(pool, objects, lab, photo_bytes()[:3000], "nua.jpg")
    assert await pool.fetchval("SELECT count(*) FROM photo_blobs") == 0


async def test_one_bad_photo_among_good_ones_loses_none_of_them(
    pool: Pool, objects: FolderStore, lab: PhotoLab
) -> None:
    good, late = photo_bytes(), photo_bytes()
    files = [
        ("truoc.jpg", good),
        ("nua.jpg", photo_bytes()[:3000]),
        ("phim.mp4", b"\x00\x00\x00\x18ftypmp42" + bytes(40)),
        ("ten-sai.exe", late),
        ("", b""),
    ]
    stored, problems = await store_photos(pool, objects, lab, files)
    assert [await read_original(objects, photo.sha256) for photo in stored] == [good, late]
    assert [(p.field, p.key, p.params) for p in problems] == [
        ("photos[1]", "photos.damaged", {"name": "nua.jpg"}),
        ("photos[2]", "photos.video", {"name": "phim.mp4"}),
        ("photos[4]", "photos.empty", {"name": "5"}),
    ]
    for problem in problems:
        for lang in LANGS:
            assert problem.params["name"] in t(problem.key, lang, **problem.params)
    assert t(problems[0].key, "vi", **problems[0].params) == (
        "Ảnh nua.jpg bị hỏng hoặc chưa tải hết. Vui lòng chụp hoặc gửi lại ảnh này."
    )


async def test_the_same_photo_twice_in_one_upload_counts_once(pool: Pool, objects: FolderStore, lab: PhotoLab) -> None:
    one, two = photo_bytes(), photo_bytes()
    stored, problems = await store_photos(pool, objects, lab, [("a", one), ("b", two), ("c", one)])
    assert [photo.size_bytes for photo in stored] == [len(one), len(two)]
    assert problems == []


async def test_no_photos_are_no_work(pool: Pool, objects: FolderStore, lab: PhotoLab) -> None:
    assert await store_photos(pool, objects, lab, []) == ([], [])


class Refusing(FolderStore):
    """A store that fails: at the n-th put, or in the middle of a deletion."""

    def __init__(self, root: Path, *, puts: int = 1000, deletes: bool = True) -> None:
        super().__init__(root)
        self.puts, self.deletes = puts, deletes

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        self.puts -= 1
        if self.puts < 0:
            raise StoreUnavailable("no room")
        await super().put(key, data, content_type)

    async def delete(self, keys: Sequence[str]) -> None:
        if not self.deletes:
            await super().delete(keys[:1])
            raise StoreUnavailable("gone away")
        await super().delete(keys)


async def test_a_store_that_fails_is_not_the_photos_fault_and_is_told_as_such(
    pool: Pool, tmp_path: Path, lab: PhotoLab
) -> None:
    objects = Refusing(tmp_path, puts=2)
    data = photo_bytes()
    with pytest.raises(Unavailable) as failed:
        await store_photos(pool, objects, lab, [("a.jpg", data)])
    assert failed.value.key == "storage.unavailable"
    assert all(t(failed.value.key, lang) for lang in LANGS)
    objects.puts = 1000
    (photo,), _ = await store_photos(pool, objects, lab, [("a.jpg", data)])
    assert await kept(objects, photo) == ["original", "large", "small"]
    await objects.close()


async def test_photos_that_nothing_claims_are_swept_after_a_day(
    pool: Pool, objects: FolderStore, lab: PhotoLab, tmp_path: Path
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
        self.deleting, self.go_on = asyncio.Event(), asyncio.Event()

    async def delete(self, keys: Sequence[str]) -> None:
        self.deleting.set()
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
    async with asyncio.timeout(10):
        while not await pool.fetchval(query):
            pass


async def test_a_photo_sent_again_while_it_is_being_swept_is_kept_whole(pool: Pool, slow: Slow, lab: PhotoLab) -> None:
    data = photo_bytes()
    photo = await store_photo(pool, slow, lab, data)
    await age(pool, photo, 25)
    sweep = asyncio.create_task(sweep_orphans(pool, slow))
    await slow.deleting.wait()
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
    await slow.deleting.wait()
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
    await slow.deleting.wait()
    slow.deleting.clear()
    second = asyncio.create_task(sweep_orphans(pool, slow, batch=3))
    await slow.deleting.wait()
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
        assert await store.delete_unclaimed(conn, both) == both[1:]


async def test_a_photo_whose_claim_is_not_committed_yet_is_passed_over(
    pool: Pool, objects: FolderStore, lab: PhotoLab
) -> None:
    photo = await store_photo(pool, objects, lab, photo_bytes())
    await age(pool, photo, 25)
    async with transaction(pool) as conn:
        await claim_by_draft(conn, photo)
        assert await sweep_orphans(pool, objects) == 0
    assert len(await kept(objects, photo)) == 3


async def test_photos_lie_in_a_real_s3_server_just_as_well(pool: Pool, lab: PhotoLab) -> None:
    data = photo_bytes()
    with seaweedfs() as server:
        public = f"http://{server.endpoint}"
        objects = S3Store(
            server.endpoint, server.access_key, server.secret_key, "photos", tls=False, public_endpoint=public
        )
        await objects.check()
        photo = await store_photo(pool, objects, lab, data)
        assert await read_original(objects, photo.sha256) == data
        assert decoded(await read_photo(objects, photo.sha256, "small")).size == (320, 240)
        assert (await photo_url(objects, SECRET, "/api/photos", photo.sha256, "small")).startswith(public)
        await age(pool, photo, 25)
        assert await sweep_orphans(pool, objects) == 1
        with pytest.raises(NotFound):
            await read_photo(objects, photo.sha256, "small")
        await objects.close()


@pytest.mark.parametrize("sha256", [UNKNOWN, "", "../../etc/passwd", "AB" * 32, "ab" * 31, UNKNOWN + "\n"])
async def test_what_is_no_photo_of_ours_is_not_found(objects: FolderStore, sha256: str) -> None:
    with pytest.raises(NotFound) as missing:
        await read_photo(objects, sha256, "small")
    assert all(t(missing.value.key, lang) for lang in LANGS)
    with pytest.raises(NotFound):
        await read_original(objects, sha256)


async def test_the_original_cannot_be_had_as_a_public_size(pool: Pool, objects: FolderStore, lab: PhotoLab) -> None:
    photo = await store_photo(pool, objects, lab, photo_bytes())
    for size in ("original", "original/", "huge", ""):
        with pytest.raises(NotFound):
            await read_photo(objects, photo.sha256, size)  # type: ignore[arg-type]  # what an address may hold
        with pytest.raises(NotFound):
            await photo_url(objects, SECRET, "/p", photo.sha256, size)  # type: ignore[arg-type]  # the same


async def test_reading_from_a_store_that_fails_is_unavailable_not_missing(tmp_path: Path) -> None:
    with seaweedfs() as server:
        objects = S3Store(server.endpoint, server.access_key, "wrong", "photos", tls=False)
        with pytest.raises(Unavailable):
            await read_photo(objects, UNKNOWN, "large")
        await objects.close()


async def test_a_link_of_our_own_stays_the_same_for_a_while_and_opens_the_photo(objects: FolderStore) -> None:
    now = 1_763_800_000
    url = await photo_url(objects, SECRET, "/api/v1/photos", UNKNOWN, "large", now=now)
    path, _, token = url.partition("?token=")
    assert path == f"/api/v1/photos/{UNKNOWN}/large"
    assert 900 < verify_photo(SECRET, UNKNOWN, "large", token, now) <= 1800
    window = now - now % 900
    same = {await photo_url(objects, SECRET, "/api/v1/photos", UNKNOWN, "large", now=window + s) for s in range(900)}
    assert same == {url}
    assert await photo_url(objects, SECRET, "/api/v1/photos", UNKNOWN, "large", now=window + 900) != url
