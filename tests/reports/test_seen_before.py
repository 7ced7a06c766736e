"""Photos that were used before are found out, the very file and the picture alike: real photos, a real database."""

import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from PIL import Image

from app.db import Pool
from app.errors import Conflict, Forbidden
from app.history import service as history
from app.photos.lab import PhotoLab
from app.photos.model import StoredPhoto
from app.photos.service import store_photo
from app.reports.model import Report, Status
from app.reports.proof import PhotoFacts, proof_of
from app.reports.workflow import Act, acts_for
from storage.folder import FolderStore
from tests import small_world as world
from tests.photos.conftest import lab as lab
from tests.photos.pictures import encoded, exif, gps, scene


class Darkroom:
    """Stores photos as they come from phones."""

    def __init__(self, pool: Pool, objects: FolderStore, lab: PhotoLab) -> None:
        self._pool, self._objects, self._lab = pool, objects, lab

    async def develop(self, data: bytes) -> StoredPhoto:
        return await store_photo(self._pool, self._objects, self._lab, data)


@pytest_asyncio.fixture
async def darkroom(settled: Pool, lab: PhotoLab, tmp_path: Path) -> AsyncIterator[Darkroom]:
    objects = FolderStore(tmp_path)
    await objects.check()
    yield Darkroom(settled, objects, lab)
    await objects.close()


def sent_on(data: bytes) -> bytes:
    """The same picture after it went through a messenger: smaller, compressed harder, without metadata."""
    image = Image.open(io.BytesIO(data)).convert("RGB")
    return encoded(image.resize((image.width * 3 // 4, image.height * 3 // 4)), quality=55)


async def resolved(pool: Pool, report: Report, *photos: StoredPhoto) -> tuple[Report, list[PhotoFacts]]:
    """The report after it was resolved with these photos, and what the history knows of them."""
    if report.status is Status.ASSIGNED:
        report = await world.do(pool, world.OFFICER, report, Act.START)
    after = await world.do(pool, world.OFFICER, report, Act.RESOLVE, text="Đã vá xong.", photos=photos)
    async with pool.acquire() as conn:
        proof = proof_of((await history.of_report(conn, after.report_id))[-1])
    assert proof is not None
    return after, list(proof.photos)


async def test_a_fresh_photo_raises_no_doubt(settled: Pool, darkroom: Darkroom) -> None:
    before, after = [await darkroom.develop(encoded(scene(seed=seed))) for seed in (11, 12)]
    report = (await world.file(settled, photos=(before,))).report
    report, (facts,) = await resolved(settled, report, after)
    assert (facts.used, report.proof_doubts) == ((), ())


@pytest.mark.parametrize(("again", "same"), [(lambda data: data, True), (sent_on, False)], ids=["same", "sent on"])
async def test_the_photo_from_before_is_no_proof(again, same: bool, settled: Pool, darkroom: Darkroom) -> None:  # type: ignore[no-untyped-def]  # a function of bytes
    data = encoded(scene(seed=21 + same))
    report = (await world.file(settled, photos=(await darkroom.develop(data),))).report
    report, (facts,) = await resolved(settled, report, await darkroom.develop(again(data)))
    assert [(used.how, used.same) for used in facts.used] == [("same_as_before", same)]
    assert report.proof_doubts == ("same_as_before",)


@pytest.mark.parametrize(("again", "how"), [(lambda data: data, "used_elsewhere"), (sent_on, "alike_elsewhere")])
async def test_the_photo_of_another_case_is_found_out(again, how: str, settled: Pool, darkroom: Darkroom) -> None:  # type: ignore[no-untyped-def]  # a function of bytes
    seed = 31 if how == "used_elsewhere" else 32
    data = encoded(scene(seed=seed))
    other, _ = await resolved(settled, (await world.file(settled)).report, await darkroom.develop(data))
    report, (facts,) = await resolved(settled, (await world.file(settled)).report, await darkroom.develop(again(data)))
    assert [(used.how, used.code) for used in facts.used] == [(how, other.code)]
    assert report.proof_doubts == (how,)


async def test_an_earlier_result_shown_again_is_said_so(settled: Pool, darkroom: Darkroom) -> None:
    photo = await darkroom.develop(encoded(scene(seed=41)))
    report, _ = await resolved(settled, (await world.file(settled)).report, photo)
    opened = await world.do(settled, world.COORDINATOR, report, Act.REOPEN, text="Chưa đạt.")
    assert opened.proof_doubts == ()
    report, (facts,) = await resolved(settled, opened, photo)
    assert [used.how for used in facts.used] == ["used_earlier"]


async def test_two_photos_of_darkness_are_not_taken_for_the_same(settled: Pool, darkroom: Darkroom) -> None:
    nights = [encoded(Image.new("RGB", (320, 240), colour)) for colour in ("#000", "#010101")]
    one, other = [await darkroom.develop(night) for night in nights]
    await resolved(settled, (await world.file(settled)).report, one)
    _, (facts,) = await resolved(settled, (await world.file(settled)).report, other)
    assert facts.used == ()


async def test_the_cameras_own_time_and_place_are_compared_with_the_report(settled: Pool, darkroom: Darkroom) -> None:
    far_away = gps((9, 40, 0), "N", (105, 10, 0), "E")
    data = encoded(scene(seed=51), exif=exif(taken="2020:01:02 03:04:05", gps=far_away))
    report, (facts,) = await resolved(settled, (await world.file(settled)).report, await darkroom.develop(data))
    assert (facts.taken, facts.where) == ("before_report", "far")
    assert facts.metres is not None
    assert facts.metres > 1000
    assert set(report.proof_doubts) == {"before_report", "far"}


async def test_doubts_end_when_a_coordinator_confirms_the_result(settled: Pool, darkroom: Darkroom) -> None:
    data = encoded(scene(seed=61))
    report = (await world.file(settled, photos=(await darkroom.develop(data),))).report
    report, _ = await resolved(settled, report, await darkroom.develop(data))
    assert Act.CONFIRM_PROOF in acts_for(world.COORDINATOR, report)
    assert isinstance(await world.refusal(settled, world.LEAD, report, Act.CONFIRM_PROOF), Forbidden)
    confirmed = await world.do(settled, world.COORDINATOR, report, Act.CONFIRM_PROOF, text="Đã gọi kiểm tra.")
    assert (confirmed.proof_doubts, confirmed.status) == ((), Status.RESOLVED)
    async with settled.acquire() as conn:
        event = (await history.of_report(conn, confirmed.report_id))[-1]
    assert (event.kind, event.data["doubts"]) == ("proof_confirmed", ["same_as_before"])
    again = await world.refusal(settled, world.COORDINATOR, confirmed, Act.CONFIRM_PROOF)
    assert (type(again), again.key) == (Conflict, "reports.no_doubts")


async def test_a_citizens_dispute_takes_the_doubts_with_the_result(settled: Pool, darkroom: Darkroom) -> None:
    data = encoded(scene(seed=71))
    report = (await world.file(settled, photos=(await darkroom.develop(data),))).report
    report, _ = await resolved(settled, report, await darkroom.develop(data))
    disputed = await world.do(settled, world.CITIZEN, report, Act.DISPUTE, text="Ảnh cũ!")
    assert disputed.proof_doubts == ()
