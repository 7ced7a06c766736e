import pytest

from app.accounts import service
from app.db import Conn
from app.errors import NotFound
from tests.accounts.conftest import TREE


async def test_an_agency_is_found_with_its_place_in_the_tree(conn: Conn) -> None:
    found = await service.agency(conn, "xa-a")
    assert found is not None
    assert (found.parent_id, found.kind, found.name) == ("so-xay-dung", "commune_office", "UBND xã A")
    assert (found.commune_code, found.active) == ("31825", True)


@pytest.mark.parametrize("agency_id", ["nowhere", "", "a\x00b", "Sở Xây dựng"])
async def test_an_unknown_agency_is_nothing(conn: Conn, agency_id: str) -> None:
    assert await service.agency(conn, agency_id) is None
    assert await service.parent_agency(conn, agency_id) is None


async def test_all_agencies_are_listed_closed_ones_too(conn: Conn) -> None:
    listed = await service.agencies(conn)
    assert [a.agency_id for a in listed] == sorted(row[0] for row in TREE)
    assert [a.agency_id for a in listed if not a.active] == ["da-giai-the"]


async def test_names_come_in_the_readers_language_or_in_vietnamese(conn: Conn) -> None:
    ids = ["so-xay-dung", "dien-luc", "nowhere"]
    assert await service.agency_names(conn, ids) == {"so-xay-dung": "Sở Xây dựng", "dien-luc": "Điện lực"}
    assert await service.agency_names(conn, ids, "en") == {
        "so-xay-dung": "Department of Construction",
        "dien-luc": "Điện lực",
    }
    assert await service.agency_names(conn, []) == {}


async def test_the_agency_above_is_known_and_the_top_has_none(conn: Conn) -> None:
    assert await service.parent_agency(conn, "to-1") == "xa-a"
    assert await service.parent_agency(conn, "ioc") is None


async def test_the_operations_centre_coordinates(conn: Conn) -> None:
    await conn.execute("INSERT INTO agencies VALUES ('a-branch', 'ioc', 'operations_centre', 'Chi nhánh')")
    assert await service.coordinating_agency(conn) == "ioc"


async def test_a_province_without_an_open_operations_centre_is_told_so(conn: Conn) -> None:
    await conn.execute("UPDATE agencies SET active = false WHERE agency_id = 'ioc'")
    with pytest.raises(NotFound, match="no_operations_centre"):
        await service.coordinating_agency(conn)
