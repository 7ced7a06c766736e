"""Finding open reports of the same matter: near, recent and alike; and what a stranger sees of them."""

import itertools
from datetime import timedelta
from typing import Any

import pytest

from app.db import Pool
from app.errors import Invalid
from app.photos.model import Box
from app.places.geo import LAT_M
from app.reports import following, near, service
from app.reports.alike import Fingerprint
from app.reports.model import Form, Place, PublicCopy, PublicPhoto, Report, Status
from app.reports.near import Near, Sought
from app.reports.workflow import OPEN, Act
from app.routing.ruleset import load
from tests import small_world as world

LATER = world.MONDAY + timedelta(hours=1)
SPOTS = itertools.count()


class Street:
    """A stretch of road of a test's own, 5 km from every other's; and what somebody finds who stands in it."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        row, column = divmod(next(SPOTS), 8)
        self.lat, self.lon = world.HERE[0] - 0.2 + row * 0.05, world.HERE[1] - 0.2 + column * 0.05

    def at(self, metres: float) -> Place:
        """A place so far north, in a commune that is named: the street is longer than the commune."""
        return Place(self.lat + metres / LAT_M, self.lon, "", world.AN_XUYEN)

    async def file(self, metres: float = 0, **changes: Any) -> Report:
        return (await world.file(self.pool, place=self.at(metres), **changes)).report

    async def look(self, **changes: Any) -> list[Near]:
        usual: dict[str, Any] = {"category": "pothole", "text": "Đường hư quá.", "lat": self.lat, "lon": self.lon}
        at = changes.pop("at", LATER)
        rules = changes.pop("rules", world.RULES)
        async with self.pool.acquire() as conn:
            return await near.find(conn, rules, Sought(**(usual | changes)), "vi", at)

    async def codes(self, **changes: Any) -> list[str]:
        return [found.code for found in await self.look(**changes)]


@pytest.fixture
def street(settled: Pool) -> Street:
    return Street(settled)


async def test_the_nearest_comes_first_and_no_more_than_three(street: Street) -> None:
    reports = [await street.file(metres) for metres in (12, 4, 8, 0, 400)]
    assert await street.codes() == [reports[at].code for at in (3, 1, 2)]
    (first, *_) = await street.look()
    assert (first.why.distance_m, first.why.same_photo, first.status) == (0.0, False, Status.ASSIGNED)


async def test_like_words_reach_further_than_place_alone(street: Street) -> None:
    report = await street.file(40)
    assert await street.codes() == []
    assert await street.codes(text="mat duong nhieu o ga truoc so 12 ly bon") == [report.code]


async def test_only_the_rules_period_counts(street: Street) -> None:
    report = await street.file()
    assert await street.codes(at=world.MONDAY + timedelta(days=13, hours=23)) == [report.code]
    assert await street.codes(at=world.MONDAY + timedelta(days=14)) == []


async def test_a_categorys_own_radius_and_period_go_before_the_provinces(street: Street) -> None:
    report = await street.file(150)
    words = "mặt đường nhiều ổ gà trước số 12 Lý Bôn"
    assert await street.codes(text=words) == []
    wide = load(world.RULES.source.replace("        name: Ổ gà\n", "        name: Ổ gà\n        near: 200 m\n"))
    assert await street.codes(text=words, rules=wide) == [report.code]
    short = load(world.RULES.source + "duplicates: {near: 1 km, recent: 30 minutes}\n".replace("30 minutes", "1 hour"))
    assert await street.codes(text=words, rules=short) == []
    assert await street.codes(text=words, rules=short, at=world.MONDAY + timedelta(minutes=59)) == [report.code]


async def test_another_category_of_the_group_needs_words_that_agree_and_of_another_group_is_nothing(
    street: Street,
) -> None:
    report = await street.file(text="Hố sâu giữa đường trước cổng trường.")
    assert await street.codes(category="street-light", text="Tối quá đi thôi.") == []
    assert await street.codes(category="street-light", text="hố sâu trước cổng trường") == [report.code]
    assert await street.codes(category="litter", text="hố sâu trước cổng trường") == []


@pytest.mark.parametrize("status", list(Status))
async def test_only_what_is_open_is_found(street: Street, status: Status) -> None:
    report = await world.reach(street.pool, status, place=street.at(0))
    found = await street.codes(category=report.category)
    assert (report.code in found) == (status in OPEN)


async def test_private_reports_are_never_found_nor_looked_for(street: Street) -> None:
    report = await street.file(category="noise", text="Hát karaoke ồn ào cả đêm.")
    assert report.visibility == "private"
    assert await street.codes(category="noise", text=report.body) == []
    assert await street.codes(category="other", text=report.body) == []


async def test_without_a_point_the_commune_and_nearly_all_the_words_must_agree(street: Street) -> None:
    words = "Vũng nước lớn trước cổng nhà văn hóa ấp Tân Hiệp."
    report = (
        await world.file(street.pool, place=Place(address="ấp Tân Hiệp", commune_code=world.AN_XUYEN), text=words)
    ).report
    sought = {"lat": None, "lon": None, "commune_code": world.AN_XUYEN}
    assert report.code in await street.codes(**sought, text="vung nuoc lon truoc cong nha van hoa")
    assert report.code not in await street.codes(**sought, text="vũng bùn nhỏ trước quán cà phê")
    assert report.code not in await street.codes(**sought | {"commune_code": world.TAN_THANH}, text=words)
    # Whoever gives a point finds it too, without a distance.
    found = [each for each in await street.look(commune_code=world.AN_XUYEN, text=words) if each.code == report.code]
    assert [each.why.distance_m for each in found] == [None]


async def test_the_very_same_photo_is_found_in_any_category_and_ten_times_as_far(street: Street) -> None:
    shot = await world.photo(street.pool, 5000)
    report = await street.file(450, category="litter", text="Rác thải.", photos=(shot,))
    photos = [Fingerprint(shot.sha256)]
    assert await street.codes(photos=photos) == [report.code]
    assert await street.codes(photos=[Fingerprint("0" * 64)]) == []
    far = await street.file(900, photos=(shot,))
    assert far.code not in await street.codes(photos=photos)


async def test_a_picture_saved_anew_counts_near_by(street: Street) -> None:
    shot = await world.photo(street.pool, 1 << 20)
    report = await street.file(45, photos=(shot,))
    assert await street.codes() == []
    (found,) = await street.look(photos=[Fingerprint("0" * 64, (1 << 20) ^ 0b11)])
    assert (found.code, found.why.same_photo) == (report.code, True)


async def test_an_unpublished_report_shows_neither_words_nor_photo(street: Street) -> None:
    report = await street.file(photos=(await world.photo(street.pool, 6000),))
    (found,) = await street.look(text=report.body)
    assert (found.text, found.photo) == ("", "")


async def test_a_published_one_shows_masked_words_and_its_first_photo(street: Street) -> None:
    shots = tuple([await world.photo(street.pool, number) for number in (6001, 6002)])
    report = await street.file(photos=shots, text="Ổ gà trước nhà ông Trần Văn Minh, gọi 0912 345 678.")
    await world.do(street.pool, world.COORDINATOR, report, Act.PUBLISH)
    (found,) = await street.look()
    assert "Ổ gà trước nhà ông" in found.text
    assert "Minh" not in found.text
    assert "0912" not in found.text
    assert found.photo in {shot.sha256 for shot in shots}


async def test_the_photo_of_a_follower_is_not_what_a_stranger_is_shown(street: Street) -> None:
    report = await street.file()
    report = await world.do(street.pool, world.COORDINATOR, report, Act.PUBLISH)
    neighbour = await world.chat(street.pool, "near-1")
    form = Form(text="Tôi cũng thấy vậy.", photos=(await world.photo(street.pool, 6100),))
    await following.follow(street.pool, report, neighbour, form)
    (found,) = await street.look()
    assert (found.photo, found.voices) == ("", 2)


async def test_names_and_numbers_cannot_be_tried_out_on_a_report(street: Street) -> None:
    await street.file(45, text="Gọi chị Nguyễn Thị Lan 0912 345 678 nhà số 5.")
    plain = await street.look(text="ai cũng biết chuyện này rồi", photos=[])
    guessed = await street.look(text="Nguyễn Thị Lan 0912 345 678")
    assert plain == guessed == []


async def test_ones_own_report_is_known_as_such(street: Street) -> None:
    person = await world.chat(street.pool, "near-2")
    report = await street.file(citizen_id=person)
    (found,) = await street.look(citizen_id=person)
    assert (found.mine, found.text) == (True, report.body)
    (found,) = await street.look(citizen_id=await world.chat(street.pool, "near-3"))
    assert (found.mine, found.text) == (False, "")


async def test_an_unknown_category_is_refused(street: Street) -> None:
    with pytest.raises(Invalid):
        await street.look(category="không có")


async def test_it_costs_one_statement(street: Street, database_url: str) -> None:
    await street.file()
    async with world.counting(database_url) as (pool, statements):
        alone = Street(pool)
        alone.lat, alone.lon = street.lat, street.lon
        await alone.codes()  # the driver learns of the array types
        await world.counted(statements)
        assert await alone.codes()
        assert len(await world.counted(statements)) == 1


async def test_the_index_of_open_places_is_used(street: Street) -> None:
    """With an index of another shape, the same question would read every report of the category."""
    async with street.pool.acquire() as conn:
        await conn.execute("SET LOCAL enable_seqscan = off")
        plan = await conn.fetch(
            """
            EXPLAIN SELECT report_id FROM reports
            WHERE lat IS NOT NULL AND visibility = 'public'
              AND status NOT IN ('resolved', 'closed', 'rejected', 'duplicate', 'withdrawn')
              AND category = ANY(ARRAY['pothole']) AND lat BETWEEN 9.1 AND 9.2 AND lon BETWEEN 105 AND 106
            """
        )
    assert any("reports_place" in row[0] for row in plan)


async def test_what_became_private_is_found_no_more(street: Street) -> None:
    report = await street.file()
    assert await street.codes() == [report.code]
    report = await world.do(street.pool, world.COORDINATOR, report, Act.RECLASSIFY, category="noise")
    assert report.visibility == "private"
    assert await street.codes() == []
    assert (await service.find(street.pool, report.code)).category == "noise"


async def test_of_an_edited_report_strangers_get_the_public_copy_and_its_reporter_the_original(street: Street) -> None:
    lan = await world.chat(street.pool, "near-copy-lan")
    photo, blind = await world.photo(street.pool, 61), await world.photo(street.pool, 62)
    report = await street.file(citizen_id=lan, photos=(photo,))
    async with street.pool.acquire() as conn:
        (picture,) = (await service.case(conn, report)).pictures
    box = (Box(0, 0, 0.5, 0.5),)
    copy = PublicCopy({report.report_id: "Nhiều ổ gà."}, {picture.photo_id: PublicPhoto(blind.sha256, box)})
    report = await world.do(street.pool, world.COORDINATOR, report, Act.PUBLISH, public=copy)
    assert [(one.text, one.photo) for one in await street.look()] == [("Nhiều ổ gà.", blind.sha256)]
    assert [(one.text, one.photo) for one in await street.look(citizen_id=lan)] == [(world.TEXT, photo.sha256)]
    hidden = PublicCopy({}, {picture.photo_id: PublicPhoto(None)})
    await world.do(street.pool, world.COORDINATOR, report, Act.PUBLISH, public=hidden)
    assert [(one.text, one.photo) for one in await street.look()] == [("Nhiều ổ gà.", "")]


async def test_in_a_followers_list_stands_the_public_copy(street: Street) -> None:
    lan, minh = await world.chat(street.pool, "list-lan"), await world.chat(street.pool, "list-minh")
    report = await street.file(citizen_id=lan)
    await following.follow(street.pool, report, minh)
    copy = PublicCopy({report.report_id: "Nhiều ổ gà."})
    await world.do(street.pool, world.COORDINATOR, report, Act.PUBLISH, public=copy)
    (own,), (followed,) = [await service.of_citizen(street.pool, who) for who in (lan, minh)]
    assert (own.report.body, followed.report.body) == (world.TEXT, "Nhiều ổ gà.")
