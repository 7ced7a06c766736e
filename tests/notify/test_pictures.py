"""The photos of a result: before and after side by side for those who may see both, else what there is."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from app.db import Pool
from app.notify import service as notify
from app.photos.lab import PhotoLab
from app.photos.model import Box, StoredPhoto
from app.photos.service import store_photo
from app.reports import following, service
from app.reports.model import PublicCopy, PublicPhoto
from app.reports.publication import Shown, photos_as
from app.reports.workflow import Act
from tests import small_world as world
from tests.notify.post import Post, keys, objects, tell_all
from tests.photos.pictures import decoded, encoded, scene


@pytest_asyncio.fixture(scope="module")
async def lab() -> AsyncIterator[PhotoLab]:
    async with PhotoLab() as lab:
        yield lab


class Result:
    """Lan's report, sent with a photo or without, that Minh follows; and what both are shown of its result."""

    def __init__(self, pool: Pool, folder: Path, lab: PhotoLab) -> None:
        self.pool, self.folder, self.lab, self.post = pool, folder, lab, Post()

    async def photo(self, seed: int) -> StoredPhoto:
        return await store_photo(self.pool, objects(self.folder), self.lab, encoded(scene(640, 480, seed)))

    async def told(self, *, before: bool, after: int = 1, published: bool = False, lab: bool = True) -> dict[str, int]:
        """The number of photos each was sent, and in ``self.post`` the photos."""
        sent = (await self.photo(1),) if before else ()
        lan, minh = await world.chat(self.pool, "lan"), await world.chat(self.pool, "minh")
        report = (await world.file(self.pool, citizen_id=lan, photos=sent)).report
        await following.follow(self.pool, report, minh)
        if published:
            report = await world.do(self.pool, world.COORDINATOR, report, Act.PUBLISH)
        shots = tuple([await self.photo(2 + number) for number in range(after)])
        await world.do(self.pool, world.OFFICER, report, Act.RESOLVE, text="Đã vá.", photos=shots)
        await tell_all(self.pool)
        for key in await keys(self.pool):
            with_lab = self.lab if lab else None
            await notify.deliver(self.pool, objects(self.folder), {"telegram": self.post}, key, lab=with_lab)
        return {name: len(told[0].photos) for name, told in self.post.boxes.items()}

    def width(self, name: str) -> int:
        return decoded(self.post.boxes[name][0].photos[0]).width


@pytest_asyncio.fixture
async def result(settled: Pool, tmp_path: Path, lab: PhotoLab) -> Result:
    async with settled.acquire() as conn:
        await conn.execute("DELETE FROM pgqueuer")
        await conn.execute("DELETE FROM notifications")
    return Result(settled, tmp_path, lab)


async def test_the_reporter_is_shown_before_and_after_as_one_picture(result: Result) -> None:
    assert (await result.told(before=True))["lan"] == 1
    assert result.width("lan") > 2000


async def test_further_photos_of_the_result_come_after_it(result: Result) -> None:
    assert (await result.told(before=True, after=3))["lan"] == 3
    assert [decoded(photo).width > 2000 for photo in result.post.boxes["lan"][0].photos] == [True, False, False]


@pytest.mark.parametrize("published", [True, False])
async def test_a_follower_is_shown_what_the_public_may_see(result: Result, published: bool) -> None:
    shown = await result.told(before=True, published=published)
    assert shown["minh"] == int(published)
    if published:
        assert result.width("minh") > 2000


@pytest.mark.parametrize(("before", "paired"), [(False, True), (True, False)])
async def test_without_a_photo_before_or_a_lab_the_plain_photo_comes(
    result: Result, before: bool, paired: bool
) -> None:
    assert (await result.told(before=before, lab=paired))["lan"] == 1
    assert result.width("lan") == 640


async def test_a_photo_that_was_lost_costs_the_comparison_and_not_the_message(result: Result) -> None:
    assert (await result.told(before=True))["lan"] == 1
    for path in result.folder.rglob("large.jpg"):
        path.write_bytes(b"broken")
    async with result.pool.acquire() as conn:
        await conn.execute("UPDATE notifications SET status = 'queued' WHERE template = 'resolved'")
        rows = await conn.fetch(
            "SELECT report_id, seq, recipient, channel FROM notifications WHERE template = 'resolved'"
        )
    for row in rows:
        key = tuple(row.values())
        await notify.deliver(result.pool, objects(result.folder), {"telegram": result.post}, key, lab=result.lab)
    assert result.post.boxes["lan"][1].photos == (b"broken",)


async def test_others_are_shown_the_public_copy_and_the_reporter_the_originals(result: Result) -> None:
    lan, minh = await world.chat(result.pool, "lan"), await world.chat(result.pool, "minh")
    report = (await world.file(result.pool, citizen_id=lan, photos=(await result.photo(1),))).report
    await following.follow(result.pool, report, minh)
    shot = await result.photo(2)
    report = await world.do(result.pool, world.OFFICER, report, Act.RESOLVE, text="Đã vá.", photos=(shot,))
    async with result.pool.acquire() as conn:
        case = await service.case(conn, report)
    photos = objects(result.folder)
    boxes = {picture.photo_id: Shown(boxes=(Box(0.2, 0.2, 0.4, 0.4),)) for picture in case.pictures}
    copies = await photos_as(result.pool, photos, result.lab, case.pictures, boxes)
    (answer,) = [message.message_id for message in case.messages if message.kind == "resolution"]
    copy = PublicCopy({answer: "Đã vá xong ổ gà."}, copies)
    await world.do(result.pool, world.COORDINATOR, report, Act.PUBLISH, public=copy)
    await tell_all(result.pool)
    for key in await keys(result.pool):
        await notify.deliver(result.pool, photos, {"telegram": result.post}, key, lab=result.lab)
    (own,), (followed,) = result.post.boxes["lan"], result.post.boxes["minh"]
    assert ("Đã vá." in own.text, own.shown) == (True, (shot.sha256,))
    assert ("Đã vá xong ổ gà." in followed.text, "Đã vá." in followed.text) == (True, False)
    assert followed.shown == tuple(one.sha256 for one in copies.values() if one.sha256)[1:]
    assert followed.photos != own.photos


async def test_a_hidden_photo_of_the_result_is_not_sent_to_others(result: Result) -> None:
    lan, minh = await world.chat(result.pool, "lan"), await world.chat(result.pool, "minh")
    report = (await world.file(result.pool, citizen_id=lan)).report
    await following.follow(result.pool, report, minh)
    report = await world.do(
        result.pool, world.OFFICER, report, Act.RESOLVE, text="Đã vá.", photos=(await result.photo(2),)
    )
    async with result.pool.acquire() as conn:
        (picture,) = (await service.case(conn, report)).pictures
    copy = PublicCopy({}, {picture.photo_id: PublicPhoto(None)})
    await world.do(result.pool, world.COORDINATOR, report, Act.PUBLISH, public=copy)
    await tell_all(result.pool)
    for key in await keys(result.pool):
        await notify.deliver(result.pool, objects(result.folder), {"telegram": result.post}, key, lab=result.lab)
    assert {name: len(told[0].photos) for name, told in result.post.boxes.items()} == {"lan": 1, "minh": 0}
