"""What only a folder can get wrong."""

import asyncio
import os
import sys
import time
from pathlib import Path

import pytest

from storage.folder import FolderStore
from storage.objects import StoreUnavailable

JPEG = "image/jpeg"
REPOSITORY = Path(__file__).parents[2]


def names_in(folder: Path) -> list[str]:
    """Files and folders anywhere below ``folder``."""
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))


async def python(script: str, *args: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, *args, cwd=REPOSITORY, stdout=asyncio.subprocess.PIPE
    )


async def test_checking_makes_a_missing_folder_that_only_we_can_open(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "deep" / "photos")
    await store.check()
    assert (tmp_path / "deep" / "photos").stat().st_mode & 0o777 == 0o700
    await store.close()


async def test_a_file_where_the_folder_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "photos").write_text("in the way")
    store = FolderStore(tmp_path / "photos")
    with pytest.raises(StoreUnavailable, match="photos"):
        await store.check()
    with pytest.raises(StoreUnavailable, match="photos"):
        await store.put("a", b"x", JPEG)
    await store.close()


async def test_deleting_the_last_object_takes_the_empty_folders_along(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    await store.put("photos/ab/abc/large.jpg", b"x", JPEG)
    await store.put("photos/ab/abd/large.jpg", b"y", JPEG)
    await store.delete(["photos/ab/abc/large.jpg"])
    assert names_in(tmp_path / "photos") == ["ab", "ab/abd", "ab/abd/large.jpg"]
    await store.delete(["photos/ab/abd/large.jpg"])
    assert names_in(tmp_path) == [".half-written"]
    await store.close()


async def test_putting_beside_a_delete_that_clears_the_folder_never_fails(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    for turn in range(100):
        keys = [f"photos/{turn}-{n}/new" for n in range(4)]
        # Deleting what is not there clears the folder that the put beside it has just made.
        clearing = [store.delete([key.replace("new", "none")] * 100) for key in keys]
        await asyncio.gather(*clearing, *(store.put(key, b"x", JPEG) for key in keys))
        assert [await store.get(key) for key in keys] == [b"x"] * 4
    await store.close()


async def test_a_full_disk_is_reported_and_leaves_nothing_behind(tmp_path: Path) -> None:
    # The limit on a file's size fails the write the way a full disk does, in the middle of the data.
    script = (
        "import asyncio, resource, signal, sys; from pathlib import Path; from storage.folder import FolderStore\n"
        "from storage.objects import StoreUnavailable\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n"
        "store = FolderStore(Path(sys.argv[1]))\n"
        "try: asyncio.run(store.put('photos/big', b'x' * 100_000, 'image/jpeg'))\n"
        "except StoreUnavailable as error: print(error)\n"
    )
    said, _ = await (await python(script, str(tmp_path))).communicate()
    assert b"File too large" in said
    assert names_in(tmp_path) == [".half-written"]


async def test_a_writer_killed_half_way_leaves_a_whole_object(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    await store.put("photos/one", b"old" * 1000, JPEG)
    script = (
        "import asyncio, sys; from pathlib import Path; from storage.folder import FolderStore\n"
        "async def forever():\n"
        "    store = FolderStore(Path(sys.argv[1]))\n"
        "    while True:\n"
        "        await store.put('photos/one', b'new' * 1_000_000, 'image/jpeg'); print('.', flush=True)\n"
        "asyncio.run(forever())\n"
    )
    writer = await python(script, str(tmp_path))
    assert writer.stdout is not None
    await writer.stdout.readexactly(4)
    writer.kill()
    await writer.wait()
    assert await store.get("photos/one") == b"new" * 1_000_000
    await store.close()


async def test_checking_clears_what_killed_writers_left_but_not_what_is_being_written(tmp_path: Path) -> None:
    halves = tmp_path / ".half-written"
    halves.mkdir()
    (halves / "old").write_bytes(b"left by a crash")
    yesterday = time.time() - 25 * 3600
    os.utime(halves / "old", (yesterday, yesterday))
    (halves / "fresh").write_bytes(b"another process is at it")
    store = FolderStore(tmp_path)
    await store.check()
    assert names_in(halves) == ["fresh"]
    await store.close()
