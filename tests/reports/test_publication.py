"""The public copy: what everybody reads and sees instead of the originals, which stay as they are."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from app.db import Pool
from app.errors import Conflict, Forbidden, Invalid
from app.history import service as history
from app.history.model import digest
from app.photos import service as photo_service
from app.photos.model import Box
from app.reports import publication, rights, service
from app.reports.model import NOTHING_EDITED, Picture, PublicCopy, PublicPhoto, Report, Status
from app.reports.service import Case
from app.reports.workflow import Act
from storage.folder import FolderStore
from tests import small_world as world

FACE = (Box(0.1, 0.1, 0.2, 0.2),)
EDITED = "Mặt đường nhiều ổ gà trước một nhà dân."


async def read(pool: Pool, report: Report) -> Case:
    async with pool.acquire() as conn:
        return await service.case(conn, await service.get(conn, report.report_id))


async def with_photos(pool: Pool, **changes: Any) -> Report:
    return (await world.file(pool, photos=(await world.photo(pool, 1), await world.photo(pool, 2)), **changes)).report


async def publish(pool: Pool, report: Report, copy: PublicCopy, **more: Any) -> Report:
    return await world.do(pool, world.COORDINATOR, report, Act.PUBLISH, public=copy, **more)


def seen(case: Case) -> list[str]:
    return [picture.sha256 for picture in publication.pictures_of(case.report, case.pictures, case.public)]


async def test_the_public_reads_the_copy_and_the_original_stays(settled: Pool) -> None:
    report = await with_photos(settled)
    one, two = (await read(settled, report)).pictures
    blind = await world.photo(settled, 3)
    copy = PublicCopy(
        {report.report_id: f"  {EDITED} "},
        {one.photo_id: PublicPhoto(None), two.photo_id: PublicPhoto(blind.sha256, FACE)},
    )
    await publish(settled, report, copy)
    case = await read(settled, report)
    assert publication.text_of(case.report, case.public, "vi") == EDITED
    assert seen(case) == [blind.sha256]
    assert (case.report.body, [picture.sha256 for picture in case.pictures]) == (world.TEXT, [one.sha256, two.sha256])
    assert case.public.photos[two.photo_id].boxes == FACE


async def test_the_history_says_what_was_published_by_digest_and_hash(settled: Pool) -> None:
    report = await with_photos(settled)
    one, two = (await read(settled, report)).pictures
    blind = await world.photo(settled, 3)
    photos = {one.photo_id: PublicPhoto(None), two.photo_id: PublicPhoto(blind.sha256, FACE)}
    await publish(settled, report, PublicCopy({report.report_id: EDITED}, photos))
    async with settled.acquire() as conn:
        event = (await history.of_report(conn, report.report_id))[-1]
    assert (event.kind, event.actor_id) == ("published", world.COORDINATOR.id)
    assert event.data["public"] == {
        "words": {str(report.report_id): digest(EDITED)},
        "hidden": [one.sha256],
        "redacted": {two.sha256: blind.sha256},
    }
    assert [damage async for damage in history.verify(settled, report.code)] == []


async def test_a_result_can_be_edited_as_well_and_what_comes_later_is_masked(settled: Pool) -> None:
    report = await world.resolve(settled, await world.reach(settled, Status.IN_PROGRESS))
    (answer,) = publication.editable((await read(settled, report)).messages)
    report = await publish(settled, report, PublicCopy({answer.message_id: "Đã vá xong đoạn này."}))
    case = await read(settled, report)
    assert publication.words_of(answer, case.public, "vi") == "Đã vá xong đoạn này."
    report = await world.do(settled, world.COORDINATOR, report, Act.REOPEN, text="Còn một ổ.")
    report = await world.do(settled, world.OFFICER, report, Act.PROGRESS, text="Gọi ông Lê Văn Tám 0912 345 678.")
    case = await read(settled, report)
    later = publication.editable(case.messages)[-1]
    assert publication.words_of(later, case.public, "vi") == "Gọi ông [đã ẩn tên] [đã ẩn số]."


async def test_what_citizens_send_later_waits_and_what_the_agency_shows_does_not(settled: Pool) -> None:
    report = await with_photos(settled)
    report = await publish(settled, report, PublicCopy({report.report_id: EDITED}))
    before = seen(await read(settled, report))
    assert len(before) == 2
    late, after = await world.photo(settled, 4), await world.photo(settled, 5)
    report = await world.do(settled, world.CITIZEN, report, Act.ADD_PHOTOS, photos=(late,))
    report = await world.do(settled, world.OFFICER, report, Act.RESOLVE, text="Xong.", photos=(after,))
    assert seen(await read(settled, report)) == [*before, after.sha256]
    report = await publish(settled, report, PublicCopy({report.report_id: EDITED}))
    assert seen(await read(settled, report)) == [*before, late.sha256, after.sha256]


async def test_publishing_anew_replaces_and_the_same_again_is_done_once(settled: Pool) -> None:
    report = await with_photos(settled)
    one, two = (await read(settled, report)).pictures
    first = await publish(settled, report, PublicCopy({report.report_id: EDITED}, {one.photo_id: PublicPhoto(None)}))
    plain = PublicCopy({report.report_id: "Đường hư."}, {one.photo_id: PublicPhoto(one.sha256)})
    second = await publish(settled, first, plain, client_key="k")
    case = await read(settled, report)
    assert (publication.text_of(case.report, case.public, "vi"), seen(case)) == ("Đường hư.", [one.sha256, two.sha256])
    assert await publish(settled, first, plain, client_key="k", version=first.version) == second
    assert (await world.kinds(settled, report)).count("published") == 2


async def test_unpublished_and_published_again_the_copy_is_still_there(settled: Pool) -> None:
    report = await with_photos(settled)
    report = await publish(settled, report, PublicCopy({report.report_id: EDITED}))
    report = await world.do(settled, world.COORDINATOR, report, Act.UNPUBLISH)
    assert not publication.is_public(report)
    report = await world.do(settled, world.COORDINATOR, report, Act.PUBLISH)
    case = await read(settled, report)
    assert publication.text_of(case.report, case.public, "vi") == EDITED


async def test_of_two_coordinators_the_later_one_is_told_and_nothing_of_theirs_is_kept(settled: Pool) -> None:
    report = await with_photos(settled)
    await publish(settled, report, PublicCopy({report.report_id: EDITED}), version=report.version)
    with pytest.raises(Conflict, match=r"reports\.changed_meanwhile"):
        await publish(settled, report, PublicCopy({report.report_id: "Khác."}), version=report.version)
    assert (await read(settled, report)).public.words == {report.report_id: EDITED}


async def test_only_what_belongs_to_the_report_and_everybody_may_read_can_stand_in_it(settled: Pool) -> None:
    report = await with_photos(settled)
    other = await with_photos(settled)
    report = await world.do(settled, world.OFFICER, report, Act.NOTE, text="Nội bộ.")
    case = await read(settled, report)
    note, photo = case.messages[-1].message_id, case.pictures[0]
    foreign = (await read(settled, other)).pictures[0].photo_id
    for copy, key in (
        (PublicCopy({note: "Lộ."}), "public_words_unknown"),
        (PublicCopy({other.report_id: "Lộ."}), "public_words_unknown"),
        (PublicCopy({report.report_id: " "}), "public_words_empty"),
        (PublicCopy({report.report_id: "a" * 4001}), "text_long"),
        (PublicCopy({}, {foreign: PublicPhoto(None)}), "public_photo_unknown"),
        # Boxes that were not burnt in; and a photo that is none of the report's in the place of one.
        (PublicCopy({}, {photo.photo_id: PublicPhoto(photo.sha256, FACE)}), "public_photo_unknown"),
        (PublicCopy({}, {photo.photo_id: PublicPhoto((await world.photo(settled, 8)).sha256)}), "public_photo_unknown"),
    ):
        error = await world.refusal(settled, world.COORDINATOR, report, Act.PUBLISH, public=copy)
        assert (type(error), error.key) == (Invalid, f"reports.{key}")
    copy = PublicCopy({report.report_id: EDITED})
    assert isinstance(await world.refusal(settled, world.LEAD, report, Act.PUBLISH, public=copy), Forbidden)


def picture(number: int, sha256: str, **changes: Any) -> Picture:
    at = {"at": (world.MONDAY + timedelta(minutes=number)).isoformat()}
    usual = {"photo_id": f"00000000-0000-0000-0000-{number:012}", "stage": "before", "added_by": "citizen"}
    return msgspec.convert(usual | at | {"sha256": sha256, "width": 4, "height": 3} | changes, Picture)


def test_of_the_same_photo_sent_twice_the_stricter_decision_holds() -> None:
    report = world.bare(published_at=world.MONDAY + timedelta(days=1))
    twice = [picture(1, "aa"), picture(2, "aa", stage="info"), picture(3, "bb"), picture(4, "bb", stage="info")]
    copy = PublicCopy({}, {twice[0].photo_id: PublicPhoto(None), twice[3].photo_id: PublicPhoto("cc", FACE)})
    assert publication.shown_for(report, twice, copy) == {"bb": "cc"}
    assert publication.shown_for(report, twice, NOTHING_EDITED) == {"aa": "aa", "bb": "bb"}


def test_what_followers_add_and_what_is_not_published_is_not_shown() -> None:
    every = [picture(1, "aa"), picture(2, "bb", added_by="follower"), picture(3, "cc", added_by="staff", stage="after")]
    assert publication.shown_for(world.bare(), every, NOTHING_EDITED) == {"cc": "cc"}
    published = world.bare(published_at=world.MONDAY + timedelta(days=1))
    assert publication.shown_for(published, every, NOTHING_EDITED) == {"aa": "aa", "cc": "cc"}


async def test_erasure_takes_the_persons_traces_out_of_the_public_copy_too(settled: Pool) -> None:
    lan = await world.chat(settled, "erased-lan")
    report = await with_photos(settled, citizen_id=lan)
    report = await publish(settled, report, PublicCopy({report.report_id: "Nhà bà Nguyễn Thị Lan, 0912 345 678."}))
    await rights.erase(settled, lan, world.ADMINISTRATOR)
    case = await read(settled, report)
    assert publication.text_of(case.report, case.public, "vi") == "Nhà bà [đã ẩn tên], [đã ẩn số]."


async def test_the_redacted_photo_outlives_the_sweep_as_long_as_it_is_public(settled: Pool, tmp_path: Any) -> None:
    report = await with_photos(settled)
    photo = (await read(settled, report)).pictures[0]
    blind = await world.photo(settled, 77)
    await publish(settled, report, PublicCopy({}, {photo.photo_id: PublicPhoto(blind.sha256, FACE)}))
    await settled.execute("UPDATE photo_blobs SET touched_at = now() - interval '3 days'")
    await photo_service.sweep_orphans(settled, FolderStore(tmp_path))
    known = "SELECT count(*) FROM photo_blobs WHERE sha256 = $1"
    assert await settled.fetchval(known, bytes.fromhex(blind.sha256)) == 1
    report = await service.find(settled, report.code)
    await publish(settled, report, PublicCopy({}, {photo.photo_id: PublicPhoto(photo.sha256)}))
    await photo_service.sweep_orphans(settled, FolderStore(tmp_path))
    assert await settled.fetchval(known, bytes.fromhex(blind.sha256)) == 0
