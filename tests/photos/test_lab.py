"""The lab keeps working whatever a photo does to its workers."""

import asyncio
import fcntl
import os
import random
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from app.errors import Invalid
from app.photos.lab import PhotoLab
from tests.photos.pictures import decoded, encoded, png_bomb, png_header, scene, slow_jpeg

REPOSITORY = Path(__file__).parents[2]


def workers(lab: PhotoLab) -> set[int]:
    """This lab's processes, busy or not: their last argument is its lock's descriptor."""
    ours = f"app.photos.worker\0{lab._heavy.fileno()}\0".encode()
    found = set()
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and ours in (process / "cmdline").read_bytes():
                parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
                if int(parent) == os.getpid():
                    found.add(int(process.name))
        except (FileNotFoundError, ProcessLookupError):  # ended while we looked
            continue
    return found


def waiting_for_the_lock() -> set[int]:
    lines = (line.split() for line in Path("/proc/locks").read_text().splitlines() if "->" in line)
    return {int(line[line.index("WRITE") + 1]) for line in lines}


async def until(condition: Callable[[], object]) -> None:
    """A minute at most."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - another process makes it true
            await asyncio.sleep(0.01)


@contextmanager
def standstill(lab: PhotoLab) -> Iterator[None]:
    """Meanwhile photos of very many pixels wait in their worker."""
    fcntl.lockf(lab._heavy, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.lockf(lab._heavy, fcntl.LOCK_UN)


async def test_a_photo_comes_back_prepared(lab: PhotoLab) -> None:
    data = encoded(scene(2000, 1500))
    prepared = await lab.prepare(data)
    assert (prepared.photo.width, prepared.photo.height, prepared.photo.size_bytes) == (2000, 1500, len(data))
    assert (decoded(prepared.large).size, decoded(prepared.small).size) == ((1600, 1200), (320, 240))


async def test_a_refusal_names_the_photo_and_the_reason(lab: PhotoLab) -> None:
    with pytest.raises(Invalid) as refused:
        await lab.prepare(encoded(scene(), "GIF"), "anh.gif")
    assert refused.value.key == "photos.unsupported"
    assert refused.value.problems[0].params == {"name": "anh.gif", "format": "GIF"}
    with pytest.raises(Invalid) as refused:
        await lab.prepare(encoded(scene())[:2000], "nua.jpg")
    assert refused.value.key == "photos.damaged"
    assert refused.value.problems[0].params == {"name": "nua.jpg"}


async def test_a_full_bomb_within_the_limits_is_only_a_dull_picture(lab: PhotoLab) -> None:
    bomb = png_bomb(8192, 6144)
    assert len(bomb) < 500_000
    prepared = await lab.prepare(bomb)
    assert decoded(prepared.large).size == (1600, 1200)


async def test_no_more_processes_run_than_allowed_and_none_before_the_first_photo() -> None:
    async with PhotoLab(workers=2) as lab:
        assert workers(lab) == set()
        photos = [encoded(scene(400, 300, seed)) for seed in range(12)]
        prepared = await asyncio.gather(*(lab.prepare(photo) for photo in photos))
        assert len({p.photo.sha256 for p in prepared}) == 12
        assert len(workers(lab)) in (1, 2)


async def test_a_worker_killed_while_idle_is_replaced_unnoticed() -> None:
    async with PhotoLab(workers=1) as lab:
        await lab.prepare(encoded(scene()))
        (first,) = lab.pids()
        os.kill(first, signal.SIGKILL)
        assert (await lab.prepare(encoded(scene(seed=2)))).photo.width == 640
        assert lab.pids() != [first]


async def test_a_worker_killed_at_work_costs_no_photo() -> None:
    async with PhotoLab(workers=1) as lab:
        with standstill(lab):
            work = asyncio.create_task(lab.prepare(png_bomb(4100, 4000)))
            await until(lambda: workers(lab) & waiting_for_the_lock())
            (first,) = workers(lab)
            os.kill(first, signal.SIGKILL)
        assert (await work).photo.width == 4100


async def test_a_photo_that_kills_every_worker_is_refused_and_the_next_is_served() -> None:
    async with PhotoLab(workers=1) as lab:
        with standstill(lab):
            work = asyncio.create_task(lab.prepare(png_bomb(4100, 4000), "x.png"))
            killed: set[int] = set()
            for _ in range(2):
                await until(lambda: (workers(lab) & waiting_for_the_lock()) - killed)
                (pid,) = workers(lab) - killed
                killed.add(pid)
                os.kill(pid, signal.SIGKILL)
            with pytest.raises(Invalid, match=r"photos\.unreadable"):
                await work
        assert (await lab.prepare(encoded(scene()))).photo.width == 640


async def test_a_photo_built_to_busy_a_decoder_is_given_up() -> None:
    endless = slow_jpeg(4000, 4000, 20_000)
    assert len(endless) < 20 * 2**20
    async with PhotoLab(workers=1, patience=1.0) as lab:
        with capture_logs() as said, pytest.raises(Invalid, match=r"photos\.unreadable"):
            await lab.prepare(endless)
        # Not tried again: that would only double what it costs us.
        assert [line["event"] for line in said] == ["photo_refused"]
        assert workers(lab) == set()


async def test_pictures_of_very_many_pixels_wait_for_each_other_and_others_do_not() -> None:
    async with PhotoLab(workers=2) as lab:
        with standstill(lab):
            large = asyncio.create_task(lab.prepare(png_bomb(4100, 4000)))
            await lab.prepare(encoded(scene()))
            await until(lambda: workers(lab) & waiting_for_the_lock())
            await lab.prepare(encoded(scene(seed=2)))
            assert not large.done()
        assert (await large).photo.height == 4000


async def test_a_photo_that_needs_more_memory_than_a_worker_may_take_is_refused_by_a_living_worker() -> None:
    async with PhotoLab(workers=1) as lab:
        await lab.prepare(encoded(scene()))
        (pid,) = lab.pids()
        taken = int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize()  # noqa: ASYNC240 - not a disk
        resource.prlimit(pid, resource.RLIMIT_AS, (taken + 20_000_000, taken + 20_000_000))
        with pytest.raises(Invalid, match=r"photos\.unreadable"):
            await lab.prepare(png_bomb(8192, 6144))
        assert (await lab.prepare(encoded(scene()))).photo.width == 640
        assert lab.pids() == [pid]


async def test_closing_finishes_what_was_taken_and_ends_the_workers() -> None:
    lab = PhotoLab(workers=1)
    taken = [asyncio.create_task(lab.prepare(encoded(scene(seed=seed)))) for seed in range(3)]
    await until(lambda: workers(lab))
    pids = workers(lab)
    await lab.close()
    assert [(await work).photo.width for work in taken] == [640, 640, 640]
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)  # noqa: ASYNC240 - not a disk


async def test_workers_end_with_a_parent_that_is_killed() -> None:
    script = (
        "import asyncio, sys\n"
        "from app.photos.lab import PhotoLab\n"
        "from tests.photos.pictures import encoded, scene\n"
        "async def main():\n"
        "    lab = PhotoLab(workers=1)\n"
        "    await lab.prepare(encoded(scene()))\n"
        "    print(lab.pids()[0], flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, cwd=REPOSITORY, stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    worker = Path("/proc") / (await parent.stdout.readline()).decode().strip()
    assert worker.exists()
    parent.kill()
    await parent.wait()
    await until(lambda: not worker.exists() or ") Z " in (worker / "stat").read_text())


async def test_a_worker_knows_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHANANH_SECRET_KEY", "very-secret")
    async with PhotoLab(workers=1) as lab:
        await lab.prepare(encoded(scene()))
        (pid,) = lab.pids()
        assert b"very-secret" not in Path(f"/proc/{pid}/environ").read_bytes()  # noqa: ASYNC240 - not a disk


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
async def test_any_mutilation_of_a_photo_gives_a_photo_or_a_refusal(lab: PhotoLab, kind: str) -> None:
    rnd = random.Random(20261122)
    whole = encoded(scene(96, 64), kind)
    outcomes = set()
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(rnd.randrange(1, 12)):
            data[rnd.randrange(len(data))] = rnd.randrange(256)
        if rnd.random() < 0.3:
            del data[rnd.randrange(len(data)) :]
        try:
            outcomes.add((await lab.prepare(bytes(data))).photo.content_type)
        except Invalid as error:
            outcomes.add(error.key)
    assert "photos.damaged" in outcomes
    assert "photos.unreadable" not in outcomes


async def test_a_worker_is_not_troubled_for_what_the_first_bytes_decide() -> None:
    async with PhotoLab(workers=1) as lab:
        for data in (b"", b"hello", png_header(60_000, 60_000)):
            with pytest.raises(Invalid):
                await lab.prepare(data)
        assert workers(lab) == set()
