"""What is refused when a report comes in, with its field and everything at once; and where it turns out to be."""

from typing import Any

import pytest

from app.db import Pool
from app.errors import Invalid
from app.reports.intake import check
from app.reports.model import Contact, NewReport, Place, Status
from tests import small_world as world


async def refused(pool: Pool, **changes: Any) -> dict[str | None, str]:
    """Why it is refused, by field; and nothing is written."""
    async with pool.acquire() as conn:
        before = await world.written(conn)
        with pytest.raises(Invalid) as error:
            await world.file(pool, **changes)
        assert await world.written(conn) == before
    with pytest.raises(Invalid) as the_same:
        check(world.RULES, world.GAZETTEER, world.new(**changes))
    assert the_same.value.problems == error.value.problems
    return {problem.field: problem.key for problem in error.value.problems}


@pytest.mark.parametrize(
    ("changes", "field", "key"),
    [
        ({"text": ""}, "text", "reports.text_short"),
        ({"text": " \n\t "}, "text", "reports.text_short"),
        ({"text": "Ổ gà"}, "text", "reports.text_short"),
        ({"text": "12345 6789"}, "text", "reports.text_short"),
        ({"text": "😀😀😀😀😀😀"}, "text", "reports.text_short"),
        ({"text": "\u200b" * 10}, "text", "reports.text_short"),
        ({"text": "x" * 4001}, "text", "reports.text_long"),
        ({"text": "Ổ gà\x00 to lắm"}, "text", "reports.text_binary"),
        ({"text": "\ufffd\ufffdJFIF\ufffd"}, "text", "reports.text_binary"),
        ({"consent": False}, "consent", "reports.consent_missing"),
        ({"category": "bridges"}, "category", "reports.category_unknown"),
        ({"category": ""}, "category", "reports.category_unknown"),
        ({"contact": Contact(name="L" * 121)}, "contact.name", "reports.name_long"),
        ({"contact": Contact(phone="123")}, "contact.phone", "reports.phone_wrong"),
        ({"contact": Contact(phone="gọi tôi")}, "contact.phone", "reports.phone_wrong"),
        ({"contact": Contact(phone="0912345678901234567890")}, "contact.phone", "reports.phone_wrong"),
        ({"contact": Contact(email="lan@")}, "contact.email", "reports.email_wrong"),
        ({"contact": Contact(email="lan at example.vn")}, "contact.email", "reports.email_wrong"),
        ({"contact": Contact(email=f"{'a' * 60}@{'b' * 200}.vn")}, "contact.email", "reports.email_wrong"),
        ({"place": Place()}, "place", "reports.place_missing"),
        ({"place": Place(address="  ")}, "place", "reports.place_missing"),
        ({"place": Place(address="Lý Bôn " * 50)}, "place.address", "reports.address_long"),
        ({"place": Place(lat=9.2)}, "place", "reports.half_point"),
        ({"place": Place(lon=105.1)}, "place", "reports.half_point"),
        ({"place": Place(commune_code="99999")}, "place.commune_code", "reports.commune_unknown"),
        ({"place": Place(0.0, 0.0)}, "place", "places.point_zero"),
        ({"place": Place(105.178, 9.22461)}, "place", "places.point_swapped"),
        ({"place": Place(48.8566, 2.3522)}, "place", "places.point_abroad"),
        ({"place": Place(91.0, 181.0)}, "place", "places.point_out_of_range"),
        ({"place": Place(float("nan"), 105.1)}, "place", "places.point_not_numbers"),
        ({"place": Place(9.1, float("inf"))}, "place", "places.point_not_numbers"),
        ({"place": Place(21.0285, 105.8542)}, "place", "reports.other_province"),
        ({"place": Place(commune_code="00070")}, "place", "reports.other_province"),
        ({"place": Place(address="Xã Nguyễn Huệ, tỉnh Cao Bằng")}, "place", "reports.other_province"),
    ],
)
async def test_what_cannot_be_used_is_refused_with_its_field_and_nothing_is_written(
    settled: Pool, changes: dict[str, Any], field: str, key: str
) -> None:
    assert await refused(settled, **changes) == {field: key}


async def test_too_many_photos_are_refused(settled: Pool) -> None:
    seven = tuple([await world.photo(settled, number) for number in range(7)])
    assert await refused(settled, photos=seven) == {"photos": "reports.photos_many"}
    assert (await world.file(settled, photos=seven[:6])).report.version == 1


async def test_everything_that_is_wrong_is_told_at_once(settled: Pool) -> None:
    wrong = await refused(
        settled,
        text="Hư",
        consent=False,
        category="bridges",
        contact=Contact("L" * 121, "12", "@"),
        place=Place(0.0, 0.0),
    )
    assert wrong == {
        "text": "reports.text_short",
        "consent": "reports.consent_missing",
        "category": "reports.category_unknown",
        "contact.name": "reports.name_long",
        "contact.phone": "reports.phone_wrong",
        "contact.email": "reports.email_wrong",
        "place": "places.point_zero",
    }


@pytest.mark.parametrize("text", ["Hố ga", "x" * 4000, "Ổ gà 😀", "Đèn hư!"])
async def test_texts_at_the_limits_are_taken(settled: Pool, text: str) -> None:
    assert (await world.file(settled, text=text)).report.body == text


@pytest.mark.parametrize("phone", ["0912345678", "+84 912 345 678", "(0290) 3831 234", "0290-383.1234", "1022 1022"])
async def test_telephone_numbers_may_be_written_as_people_write_them(settled: Pool, phone: str) -> None:
    assert (await world.file(settled, contact=Contact(phone=phone))).report.version == 1


async def test_control_characters_in_the_contact_are_left_out(settled: Pool) -> None:
    report = (await world.file(settled, contact=Contact("Lan\x00\x07", "0912345678\x00"))).report
    async with settled.acquire() as conn:
        row = await conn.fetchrow("SELECT name, phone FROM report_contacts WHERE report_id = $1", report.report_id)
    assert row is not None
    assert tuple(row) == ("Lan", "0912345678")


def test_a_new_report_needs_its_consent_stated() -> None:
    with pytest.raises(TypeError):
        NewReport(text="x", place=Place(), channel="api", lang="vi")  # type: ignore[call-arg]  # that is the point


# ---------------------------------------------------------------- where it is


async def placed(pool: Pool, **place: Any) -> tuple[str | None, bool]:
    report = (await world.file(pool, place=Place(**place))).report
    return report.commune_code, report.place_approximate


async def test_a_confirmed_commune_is_certain_with_or_without_a_point(settled: Pool) -> None:
    lat, lon = world.HERE
    assert await placed(settled, commune_code=world.AN_XUYEN) == (world.AN_XUYEN, False)
    assert await placed(settled, lat=lat, lon=lon, commune_code=world.AN_XUYEN) == (world.AN_XUYEN, False)


async def test_a_point_far_from_the_confirmed_commune_is_a_doubt_and_kept(settled: Pool) -> None:
    far = world.GAZETTEER.commune("31825")
    assert far is not None
    assert far.province_code == "96"
    assert await placed(settled, lat=far.lat, lon=far.lon, commune_code=world.AN_XUYEN) == (world.AN_XUYEN, True)


async def test_near_the_border_the_home_province_is_taken_and_said_to_be_approximate(settled: Pool) -> None:
    point = next(
        (lat, lon)
        for lat, lon in ((8.6 + a / 20, 104.8 + b / 20) for a in range(24) for b in range(24))
        if (found := world.GAZETTEER.locate(lat, lon)).commune is not None
        and found.commune.province_code != "96"
        and any(candidate.commune.province_code == "96" for candidate in found.candidates)
    )
    report = (await world.file(settled, place=Place(*point))).report
    assert (report.province_code, report.place_approximate) == ("96", True)


async def test_a_point_at_sea_is_kept_for_a_coordinator_to_place(settled: Pool) -> None:
    report = (await world.file(settled, category="litter", place=Place(8.42, 105.05))).report
    assert (report.commune_code, report.place_approximate, report.status) == (None, True, Status.SUBMITTED)


async def test_an_address_that_can_mean_one_commune_only_is_certain(settled: Pool) -> None:
    assert await placed(settled, address="12 Lý Bôn, phường An Xuyên") == (world.AN_XUYEN, False)
    assert await placed(settled, address="hẻm 5, phuong 5, ca mau") == (world.TAN_THANH, False)


async def test_an_ambiguous_address_is_taken_for_home_and_said_to_be_approximate(settled: Pool) -> None:
    code, approximate = await placed(settled, address="ấp 3, xã Tân Phú")
    home = world.GAZETTEER.commune(code or "")
    assert home is not None
    assert (home.province_code, approximate) == ("96", True)


@pytest.mark.parametrize("address", ["trước chùa lớn, gần cây đa", "đường Nguyễn Huệ", "Nguyễn Huệ"])
async def test_an_address_that_names_no_place_of_ours_is_kept_for_a_coordinator(settled: Pool, address: str) -> None:
    report = (await world.file(settled, category="litter", place=Place(address=address))).report
    assert (report.commune_code, report.place_approximate, report.address) == (None, True, address)
    assert (report.status, report.agency_id) == (Status.SUBMITTED, "ioc")


async def test_the_commune_office_of_the_place_gets_what_is_its_own(settled: Pool) -> None:
    report = (await world.file(settled, category="litter", place=Place(commune_code=world.AN_XUYEN))).report
    assert (report.agency_id, report.status) == (f"ubnd-{world.AN_XUYEN}", Status.ASSIGNED)
