"""What every object store promises, asked of a folder and of a real S3 server alike."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from storage.folder import FolderStore
from storage.objects import ObjectMissing, ObjectStore
from storage.s3 import S3Store
from tests.s3 import S3Server

JPEG = "image/jpeg"


@pytest_asyncio.fixture(params=["folder", "s3"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ObjectStore]:
    opened: ObjectStore
    if request.param == "folder":
        opened = FolderStore(tmp_path / "photos")
    else:
        server: S3Server = request.getfixturevalue("s3_server")
        opened = S3Store(server.endpoint, server.access_key, server.secret_key, "contract", tls=False)
    await opened.check()
    yield opened
    await opened.close()


async def test_what_was_put_is_got_back(store: ObjectStore) -> None:
    await store.put("photos/ab/abc/large.jpg", b"\xff\xd8 bytes", JPEG)
    assert await store.get("photos/ab/abc/large.jpg") == b"\xff\xd8 bytes"


async def test_an_empty_object_is_an_object(store: ObjectStore) -> None:
    await store.put("empty", b"", JPEG)
    assert await store.get("empty") == b""


async def test_the_largest_original_goes_through_whole(store: ObjectStore) -> None:
    data = b"".join(hashlib.sha512(str(n).encode()).digest() for n in range(20 * 1024 * 1024 // 64))
    await store.put("photos/ff/original", data, JPEG)
    assert await store.get("photos/ff/original") == data


async def test_a_file_goes_in_and_comes_out_piece_by_piece(store: ObjectStore, tmp_path: Path) -> None:
    data = b"".join(hashlib.sha512(str(n).encode()).digest() for n in range(3 * 1024 * 1024 // 64)) + b"the end"
    (tmp_path / "file").write_bytes(data)
    await store.put_file("exports/aa/file", tmp_path / "file", "text/csv")
    pieces = [piece async for piece in store.pieces("exports/aa/file")]
    assert b"".join(pieces) == data
    assert len(pieces) > 2
    assert b"".join([piece async for piece in store.pieces("exports/aa/file", len(data) - 7)]) == b"the end"
    with pytest.raises(ObjectMissing):
        await anext(store.pieces("exports/never/put"))


async def test_putting_the_same_key_again_replaces_it(store: ObjectStore) -> None:
    await store.put("again", b"first", JPEG)
    await store.put("again", b"second", JPEG)
    assert await store.get("again") == b"second"


async def test_an_unknown_key_is_missing(store: ObjectStore) -> None:
    with pytest.raises(ObjectMissing):
        await store.get("photos/never/put")


async def test_a_part_of_a_key_is_not_an_object(store: ObjectStore) -> None:
    await store.put("photos/cd/original", b"x", JPEG)
    with pytest.raises(ObjectMissing):
        await store.get("photos/cd")
    with pytest.raises(ObjectMissing):
        await store.get("photos/cd/original/more")


async def test_deleting_removes_the_named_objects_and_no_others(store: ObjectStore) -> None:
    for name in ("one", "two", "three"):
        await store.put(f"delete/{name}", name.encode(), JPEG)
    await store.delete(["delete/one", "delete/two"])
    for name in ("one", "two"):
        with pytest.raises(ObjectMissing):
            await store.get(f"delete/{name}")
    assert await store.get("delete/three") == b"three"


async def test_deleting_what_is_not_there_is_no_error(store: ObjectStore) -> None:
    await store.put("here", b"here", JPEG)
    await store.delete(["here", "not/here", "here/below"])
    await store.delete(["here"])
    await store.delete([])
    with pytest.raises(ObjectMissing):
        await store.get("here")


async def test_more_keys_than_one_bulk_request_holds_are_deleted(store: ObjectStore) -> None:
    await asyncio.gather(*(store.put(f"many/{n}", b"x", JPEG) for n in range(0, 1100, 50)))
    await store.delete([f"many/{n}" for n in range(1100)])
    for n in range(0, 1100, 50):
        with pytest.raises(ObjectMissing):
            await store.get(f"many/{n}")


async def test_many_at_once_do_not_disturb_each_other(store: ObjectStore) -> None:
    await asyncio.gather(*(store.put(f"crowd/{n % 8}/{n}", str(n).encode() * 1000, JPEG) for n in range(64)))
    found = await asyncio.gather(*(store.get(f"crowd/{n % 8}/{n}") for n in range(64)))
    assert found == [str(n).encode() * 1000 for n in range(64)]


async def test_a_reader_never_sees_half_an_object(store: ObjectStore) -> None:
    versions = [bytes([n]) * 300_000 for n in range(6)]
    await store.put("torn", versions[0], JPEG)
    writing = [asyncio.create_task(store.put("torn", v, JPEG)) for v in versions]
    while not all(w.done() for w in writing):
        assert await store.get("torn") in versions
    for written in writing:
        await written


@pytest.mark.parametrize(
    "key",
    ["", "/etc/passwd", "../escape", "a/../../b", "a//b", "a/", "a/./b", ".hidden", "a/.half", "a\\b", "ảnh", "a b",
     "a\x00b", "a\n", "x" * 513],
)  # fmt: skip
async def test_a_key_that_could_leave_the_store_is_refused_everywhere(store: ObjectStore, key: str) -> None:
    with pytest.raises(ValueError, match="not an object key"):
        await store.put(key, b"x", JPEG)
    with pytest.raises(ValueError, match="not an object key"):
        await store.get(key)
    with pytest.raises(ValueError, match="not an object key"):
        await store.delete(["fine", key])
    with pytest.raises(ValueError, match="not an object key"):
        await store.signed_url(key, timedelta(minutes=1))


async def test_checking_again_leaves_everything_as_it_is(store: ObjectStore) -> None:
    await store.put("kept", b"kept", JPEG)
    await store.check()
    assert await store.get("kept") == b"kept"


async def test_without_a_public_address_there_is_no_signed_url(store: ObjectStore) -> None:
    await store.put("private", b"x", JPEG)
    assert await store.signed_url("private", timedelta(minutes=5)) is None
