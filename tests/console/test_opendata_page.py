"""Open data over HTTP: the administrator's page, and what everybody gets."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
import pytest_asyncio

from app.opendata import service
from app.opendata.model import begins, due_by
from app.opendata.service import Means
from app.reports.intake import file_report
from app.reports.model import Contact, NewReport, Place
from tests.console.conftest import PAGES, Visitor, send
from tests.world import AN_XUYEN, World

MONTH = due_by(datetime.now(UTC))
KEY = f"{MONTH:%Y-%m}"
FORM = {"place": "commune", "finest": "day", "k": "5", "licence": "CC-BY-4.0", "publisher": "Trung tâm IOC Cà Mau",
        "first_month": KEY, "month": KEY}  # fmt: skip


async def month_of_reports(world: World, count: int = 7) -> None:
    """Alike but for their reporters, in the last month that is due."""
    parts = world.parts
    for minute in range(count):
        new = NewReport(
            text=f"Ông Nguyễn Văn {minute} báo đèn đường hỏng, gọi 0912 345 678",
            place=Place(commune_code=AN_XUYEN, address="Nhà ông Nguyễn Văn Tám"),
            channel="web", lang="vi", consent=True, category="street-light",
            contact=Contact("Nguyễn Thị Lan", "0912 345 678", "lan@example.vn"),
        )  # fmt: skip
        at = begins(MONTH) + timedelta(days=9, hours=8, minutes=minute)
        await file_report(parts.pool, parts.rules, parts.gazetteer, b"k" * 32, new, at)


def means(world: World) -> Means:
    parts = world.parts
    return Means(parts.pool, parts.objects, parts.rules, parts.gazetteer)


@pytest_asyncio.fixture(scope="module")
async def admin(visitor: Visitor, world: World) -> httpx.AsyncClient:
    await month_of_reports(world)
    return await visitor("administrator")


async def test_the_administrator_looks_first_and_then_switches_on(
    admin: httpx.AsyncClient, stranger: httpx.AsyncClient, world: World
) -> None:
    page = (await admin.get(f"{PAGES}/opendata")).text
    assert "○ Không công bố" in page
    assert 'value="Trung tâm Giám sát, Điều hành đô thị thông minh' in page or 'name="publisher"' in page
    for path in ("", "/catalog.jsonld", f"/{KEY}.csv"):
        assert (await stranger.get(f"/opendata{path}")).status_code == 404

    page = (await send(admin, "/opendata/preview", **FORM)).text
    assert "Vài dòng mẫu" in page
    assert "Phường An Xuyên" in page
    assert "Nguyễn Văn" not in page
    assert await service.settings(world.parts.pool) is None
    page = (await send(admin, "/opendata/preview", **FORM | {"k": "9"})).text
    assert "Không dòng nào công bố được" in page

    page = (await send(admin, "/opendata", enabled="yes", **FORM)).text
    assert "✓ Đang công bố" in page
    queued = "SELECT count(*) FROM pgqueuer WHERE entrypoint = 'make_opendata' AND status = 'queued'"
    assert await world.parts.pool.fetchval(queued) == 1
    assert "Chưa có tháng nào" in (await stranger.get("/opendata")).text
    (made,) = await service.make_due(means(world))
    assert made.told.rows == 7


async def test_everybody_gets_the_page_the_catalogue_and_the_files(
    admin: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    page = await stranger.get("/opendata")
    assert "Mỗi dòng có ít nhất 5 dòng giống nhau" in page.text
    assert f'href="/opendata/{KEY}.csv"' in page.text
    assert "noindex" not in page.text
    assert len(page.content) < 20_000
    assert '<html lang="en">' in (await stranger.get("/opendata", headers={"Accept-Language": "en"})).text
    catalogue = await stranger.get("/opendata/catalog.jsonld")
    assert catalogue.headers["content-type"] == "application/ld+json"
    known = {"If-None-Match": catalogue.headers["etag"]}
    assert (await stranger.get("/opendata/catalog.jsonld", headers=known)).status_code == 304
    files = catalogue.json()["dcat:dataset"][1]["dcat:distribution"]
    assert len(files) >= 2
    for each in files:
        path = "/opendata/" + each["dcat:downloadURL"]["@id"].rpartition("/")[2]
        answer = await stranger.get(path)
        assert answer.status_code == 200
        assert len(answer.content) == int(each["dcat:byteSize"]["@value"])
        assert answer.headers["etag"] == f'"{each["spdx:checksum"]["spdx:checksumValue"]["@value"]}"'
        assert answer.headers["cache-control"] == "public, no-cache"
        again = await stranger.get(path, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        for personal in ("Nguyễn", "0912", "lan@", "PA-"):
            assert personal.encode() not in answer.content
    assert (await stranger.get("/opendata/2020-01.csv")).status_code == 404


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"k": "2"}, "Số dòng giống nhau phải từ 3 đến 100."),
        ({"k": "nhiều"}, "Số dòng giống nhau phải từ 3 đến 100."),
        ({"publisher": " "}, "Vui lòng ghi tên đơn vị công bố"),
        ({"licence": "của tôi"}, "Vui lòng chọn một giấy phép trong danh sách."),
        ({"first_month": "tháng sau"}, "Vui lòng chọn một tháng trong danh sách."),
    ],
)
async def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(
    admin: httpx.AsyncClient, changes: dict[str, str], says: str
) -> None:
    for path in ("/opendata", "/opendata/preview"):
        answer = await send(admin, path, **FORM | {"publisher": "Sở Thông tin"} | changes)
        assert answer.status_code == 422
        assert says in answer.text
        assert " " in changes.get("publisher", "") or "Sở Thông tin" in answer.text


async def test_a_correction_says_why_and_switching_off_takes_everything_away_at_once(
    admin: httpx.AsyncClient, stranger: httpx.AsyncClient, world: World
) -> None:
    answer = await send(admin, f"/opendata/{KEY}/correct", reason="sai")
    assert answer.status_code == 422
    assert "Vui lòng ghi lý do" in answer.text
    assert "Phiên bản mới sẽ có" in (await send(admin, f"/opendata/{KEY}/correct", reason="Sửa lĩnh vực")).text
    await service.correct(means(world), MONTH, 1, "Sửa lĩnh vực", "Hân")
    assert "Phiên bản 2" in (await stranger.get("/opendata")).text
    assert "(đã thay)" in (await admin.get(f"{PAGES}/opendata")).text

    assert "không còn truy cập được" in (await send(admin, "/opendata", **FORM)).text
    for path in ("", "/catalog.jsonld", f"/{KEY}.csv", f"/{KEY}.geojson"):
        answer = await stranger.get(f"/opendata{path}")
        assert answer.status_code == 404
        assert "Hiện không có dữ liệu mở nào" in answer.text
