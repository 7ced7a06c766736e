"""Files are kept whole, by a folder as by S3, and go when nothing claims them any more."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
import pytest_asyncio

from app.attachments import service
from app.attachments.model import KEPT_AFTER_REMOVAL, Attachment, StoredFile, object_key
from app.db import Pool, transaction
from app.errors import NotFound
from app.photos import service as photos
from app.photos.lab import PhotoLab
from storage.folder import FolderStore
from storage.objects import ObjectMissing, ObjectStore
from storage.s3 import S3Store
from tests.attachments.papers import pdf
from tests.photos.keeping import photo_bytes
from tests.s3 import S3Server


@pytest_asyncio.fixture(params=["folder", "s3"])
async def store(
    request: pytest.FixtureRequest, objects: FolderStore, s3_server: S3Server
) -> AsyncIterator[ObjectStore]:
    if request.param == "folder":
        yield objects
        return
    s3 = S3Store(s3_server.endpoint, s3_server.access_key, s3_server.secret_key, "attachments", tls=False)
    await s3.check()
    yield s3
    await s3.close()


@pytest_asyncio.fixture(autouse=True)
async def nothing_left(pool: Pool) -> AsyncIterator[None]:
    """What other tests left behind must not be counted."""
    yield
    await pool.execute("TRUNCATE report_attachments, document_blobs")
    await pool.execute("DELETE FROM photo_blobs")


def as_attached(file: StoredFile) -> Attachment:
    return Attachment(
        uuid4(), file.sha256, file.kind, file.name, file.content_type, file.size_bytes, file.pages, False, None, uuid4()  # type: ignore[arg-type]  # when does not matter here
    )  # fmt: skip


async def claim(pool: Pool, file: StoredFile, removed_days_ago: float | None = None) -> None:
    async with transaction(pool) as conn:
        # The report itself does not matter here, only the claim: no foreign keys for once.
        await conn.execute("SET LOCAL session_replication_role = replica")
        await conn.execute(
            f"INSERT INTO report_attachments (report_id, attachment_id, {file.kind}, name, proof, at, added_by, removed_at)"  # noqa: E501  # one statement
            " VALUES ($1, $2, $3, $4, false, now(), $5, now() - $6::interval)",
            uuid4(),
            uuid4(),
            bytes.fromhex(file.sha256),
            file.name,
            uuid4(),
            timedelta(days=removed_days_ago) if removed_days_ago is not None else None,
        )


async def age(pool: Pool, hours: float = 25) -> None:
    for table in ("document_blobs", "photo_blobs"):
        await pool.execute(f"UPDATE {table} SET touched_at = now() - $1::interval", timedelta(hours=hours))


async def test_bytes_come_back_as_they_were(pool: Pool, store: ObjectStore, lab: PhotoLab) -> None:
    paper, picture = pdf(pages=3), photo_bytes()
    for data, kind, name in ((paper, "document", "Biên bản.pdf"), (picture, "photo", "hiện trường.jpg")):
        file = await service.store_file(pool, store, lab, data, name)
        assert (file.kind, file.name, file.size_bytes) == (kind, name, len(data))
        assert await service.read(store, as_attached(file)) == data
    assert (await service.store_file(pool, store, lab, paper, "b.pdf")).pages == 3


async def test_several_are_stored_each_once_and_each_refusal_is_named(
    pool: Pool, objects: FolderStore, lab: PhotoLab
) -> None:
    files = [("a.pdf", pdf()), ("b.pdf", pdf()), ("c.docx", b"PK\x03\x04" + bytes(99)), ("d.jpg", photo_bytes())]
    stored, refused = await service.store_files(pool, objects, lab, files)
    assert [(file.name, file.kind) for file in stored] == [("a.pdf", "document"), ("d.jpg", "photo")]
    assert [(problem.field, problem.key) for problem in refused] == [("files[2]", "attachments.unsupported")]


async def test_what_no_case_claims_goes_after_a_day(pool: Pool, store: ObjectStore, lab: PhotoLab) -> None:
    left, kept = [await service.store_file(pool, store, lab, pdf(title=name), "a.pdf") for name in ("x", "y")]
    await claim(pool, kept)
    assert await service.sweep(pool, store) == 0
    await age(pool)
    assert await service.sweep(pool, store) == 1
    with pytest.raises(ObjectMissing):
        await store.get(object_key(left.sha256))
    with pytest.raises(NotFound):
        await service.read(store, as_attached(left))
    assert await store.get(object_key(kept.sha256))


@pytest.mark.parametrize("data", [pdf(title="z"), photo_bytes()], ids=["document", "photo"])
async def test_what_was_removed_can_still_be_found_for_thirty_days_and_then_no_more(
    data: bytes, pool: Pool, objects: FolderStore, lab: PhotoLab
) -> None:
    file = await service.store_file(pool, objects, lab, data, "a")
    await claim(pool, file, removed_days_ago=KEPT_AFTER_REMOVAL.days - 0.1)
    await age(pool)

    async def swept() -> int:
        return await service.sweep(pool, objects) + await photos.sweep_orphans(pool, objects)

    assert await swept() == 0
    assert await service.read(objects, as_attached(file)) == data
    await pool.execute("UPDATE report_attachments SET removed_at = removed_at - interval '1 day'")
    assert await swept() == 1
    with pytest.raises(NotFound):
        await service.read(objects, as_attached(file))
    # That there was a file stays; what it was called does not.
    assert await pool.fetchval("SELECT name FROM report_attachments") == ""


async def test_what_another_case_claims_as_well_stays(pool: Pool, objects: FolderStore, lab: PhotoLab) -> None:
    file = await service.store_file(pool, objects, lab, pdf(), "a.pdf")
    await claim(pool, file, removed_days_ago=60)
    await claim(pool, file)
    await age(pool)
    assert await service.sweep(pool, objects) == 0
    assert await service.read(objects, as_attached(file)) == pdf()
