"""Photos are kept and given out."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from app.db import Pool
from app.errors import Invalid, NotFound, Unavailable
from app.i18n import LANGS, t
from app.photos.lab import PhotoLab
from app.photos.links import verify_photo
from app.photos.service import photo_url, read_original, read_photo, store_photo, store_photos, sweep_orphans
from storage.folder import FolderStore
from storage.s3 import S3Store
from tests.photos.keeping import Refusing, age, kept, photo_bytes, row_of
from tests.photos.pictures import decoded, encoded, exif, gps, scene
from tests.s3 import seaweedfs

pytestmark = pytest.mark.usefixtures("nothing_to_sweep")

SECRET = b"0123456789abcdef0123456789abcdef"
UNKNOWN = "ab" * 32


async def test_a_stored_photo_is_known_and_its_three_objects_are_kept(
    pool: Pool, objects: FolderStore, lab: PhotoLab
) -> None:
    claims = exif(6, "2026:11:20 08:15:30", "+07:00", gps((9.0, 10.0, 37.2), "N", (105.0, 9.0, 0.5), "E"))
    data = encoded(scene(800, 600, 77), exif=claims)
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


async def test_reading_from_a_store_that_fails_is_unavailable_not_missing() -> None:
    objects = S3Store("127.0.0.1:1", "key", "secret", "photos", tls=False)
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
