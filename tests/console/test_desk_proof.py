"""Results whose proof is odd, on the coordinators' desk: shown with what is odd, confirmed by one button."""

import httpx
import pytest_asyncio

from app.photos import service as photos
from app.reports.model import Report
from app.reports.workflow import Act
from tests.console.conftest import PAGES, Visitor
from tests.console.desk_world import act, light
from tests.console.test_desk import HTMX, fields, now, row_of, words
from tests.photos.pictures import encoded, scene
from tests.world import World, photo


@pytest_asyncio.fixture
async def oanh(visitor: Visitor) -> httpx.AsyncClient:
    return await visitor("coordinator")


async def doubtful(world: World, name: str) -> Report:
    """Resolved with the very photo that the citizen sent."""
    parts = world.parts
    stored = await photos.store_photo(parts.pool, parts.objects, parts.lab, photo(name, colour="#35524a"))
    report = await light(world, photos=(stored,))
    return await act(world, "officer", report, Act.RESOLVE, text="Đã thay bóng đèn.", photos=(stored,))


async def confirm(browser: httpx.AsyncClient, report: Report, form: dict[str, str], **headers: str) -> httpx.Response:
    return await browser.post(
        f"{PAGES}/desk/proof/{report.code}",
        data=form | {"csrf": browser.headers["x-token"]},
        headers=headers,
        follow_redirects=True,
    )


async def test_the_list_says_what_is_odd_and_what_was_answered(oanh: httpx.AsyncClient, world: World) -> None:
    report = await doubtful(world, "một")
    row = await row_of(oanh, report, "proof")
    said = words(row)
    assert "Chính là ảnh trước khi xử lý." in said
    assert "Trần Thị Bích" in said
    assert "“Đã thay bóng đèn.”" in said
    fine, parts = await light(world), world.parts
    fresh = await photos.store_photo(parts.pool, parts.objects, parts.lab, encoded(scene(seed=77)))
    await act(world, "officer", fine, Act.RESOLVE, text="Xong.", photos=(fresh,))
    assert await row_of(oanh, fine, "proof") == ""


async def test_confirming_takes_it_off_the_list_once(oanh: httpx.AsyncClient, world: World) -> None:
    report = await doubtful(world, "hai")
    form = fields(await row_of(oanh, report, "proof")) | {"text": "Đã gọi tổ đèn, đúng là đã thay."}
    for _ in range(2):
        answer = await confirm(oanh, report, form, **HTMX)
        assert answer.status_code == 200, answer.text
        assert "đã xác nhận kết quả đạt" in words(answer.text)
    assert (await now(world, report)).proof_doubts == ()
    assert await row_of(oanh, report, "proof") == ""


async def test_without_scripts_the_list_says_what_was_done(oanh: httpx.AsyncClient, world: World) -> None:
    report = await doubtful(world, "ba")
    page = await confirm(oanh, report, fields(await row_of(oanh, report, "proof")))
    assert page.url.params["s"] == "proof"
    assert f"{report.code}: đã xác nhận kết quả đạt." in words(page.text)


async def test_what_was_reopened_meanwhile_is_said_so(oanh: httpx.AsyncClient, world: World) -> None:
    report = await doubtful(world, "bốn")
    form = fields(await row_of(oanh, report, "proof"))
    await act(world, "coordinator", report, Act.REOPEN, text="Ảnh cũ, chưa sửa.")
    answer = await confirm(oanh, report, form, **HTMX)
    assert answer.status_code == 409
    assert "không còn điểm nào cần xem lại" in words(answer.text)
