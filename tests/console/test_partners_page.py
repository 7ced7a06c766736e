"""The administrators' pages of partners: adding one, testing it, choosing what goes there, deciding about what is
stuck; and what officers see of it on a case."""

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from msgspec import structs

from app.outward import Client
from app.partners import pulling, sending, service, store
from app.partners.service import Means
from tests import small_world
from tests.console.conftest import PAGES, Visitor
from tests.console.reports import file
from tests.console.test_bulk_pages import post
from tests.console.test_rules_pages import words
from tests.partners.conftest import AT_ONCE
from tests.partners.faulty import Faulty, faulty
from tests.world import COMPANY, World

HERE = f"{PAGES}/partners"
KEY = "khoa-cua-cong-ty-91c2"


@pytest.fixture
async def there() -> AsyncIterator[Faulty]:
    async with faulty() as one:
        yield one


@pytest_asyncio.fixture(scope="module", autouse=True)
async def networks(world: World) -> None:
    """Partners may stand on this machine."""
    world.parts.settings = structs.replace(world.parts.settings, networks=small_world.LOOPBACK)


@pytest.fixture
async def means(world: World) -> AsyncIterator[Means]:
    """What a worker has."""
    parts, http = world.parts, Client(small_world.LOOPBACK)
    yield Means(
        parts.pool,
        http,
        parts.settings.secret_key,
        parts.settings.public_url,
        parts.rules,
        parts.objects,
        parts.lab,
        small_world.LOOPBACK,
    )
    await http.close()


@pytest.fixture
async def own(admin: httpx.AsyncClient, world: World, there: Faulty) -> str:
    """The page of a partner of the company on this machine, which the settings allow."""
    await world.parts.pool.execute("DELETE FROM partners")
    page = await post(admin, HERE, name="Chiếu sáng Cà Mau", url=there.url, agency=COMPANY, key=KEY)
    assert page.status_code == 200, page.text
    assert "Kết nối tốt: đối tác có 2 dịch vụ" in page.text
    return str(page.url.path)


async def mapped(admin: httpx.AsyncClient, own: str, **more: Any) -> httpx.Response:
    fields = {"code.0": "hu-gi", "fixed.0": "1", "code.1": "ma-ngoai", "source.1": "#code"} | more
    return await post(admin, f"{own}/map", category="street-light", service="den", **fields)


async def work(means: Means) -> None:
    await service.follow(means.pool)
    async with means.pool.acquire() as conn:
        [one] = await store.every(conn)
    await sending.send_due(means, one, AT_ONCE)
    await pulling.pull(means, one)


async def test_a_partner_is_added_tested_mapped_and_switched_on(
    admin: httpx.AsyncClient, own: str, there: Faulty, world: World
) -> None:
    assert "Chưa chọn lĩnh vực nào để gửi" in words(await post(admin, f"{own}/switch", on="1"))
    form = await admin.get(f"{own}/map", params={"category": "street-light", "service": "den"})
    assert "Hư gì?" in form.text
    assert "Gọi 19001006" not in form.text
    refused = await mapped(admin, own, **{"fixed.0": ""})
    assert (refused.status_code, "bắt buộc trả lời “Hư gì?”" in words(refused)) == (422, True)
    assert "Đã lưu lĩnh vực gửi đi" in (await mapped(admin, own)).text
    assert "Đã bật" in (await post(admin, f"{own}/switch", on="1")).text
    again = await admin.get(f"{own}/map", params={"category": "street-light", "service": "den"})
    assert re.search(r'<option value="1" selected>', again.text)
    assert "Lĩnh vực này không được gửi nữa" in (await mapped(admin, own, end="1")).text


async def test_the_key_is_never_shown_and_goes_to_no_other_address(
    admin: httpx.AsyncClient, own: str, there: Faulty, world: World
) -> None:
    assert KEY not in (await admin.get(own)).text
    typed = {"name": "Chiếu sáng", "agency": COMPANY}
    elsewhere = await post(admin, own, **typed, url=there.url.replace("/v2", "/khac"))
    assert (elsewhere.status_code, "nhập khóa dùng cho địa chỉ mới" in words(elsewhere)) == (422, True)
    assert "Đã lưu" in (await post(admin, own, **typed, url=there.url)).text
    assert await world.parts.pool.fetchval("SELECT api_key IS NOT NULL FROM partners")


async def test_a_partner_that_does_not_answer_is_said_so_in_words(
    admin: httpx.AsyncClient, own: str, there: Faulty
) -> None:
    there.answer = lambda _: (500, b"oops")
    assert "máy chủ của đối tác có lỗi (HTTP 500)" in words(await post(admin, f"{own}/connect"))
    there.answer = lambda _: None
    assert "Kết nối tốt" in (await post(admin, f"{own}/connect")).text


async def test_internal_addresses_are_refused_beside_the_field(admin: httpx.AsyncClient) -> None:
    page = await post(admin, HERE, name="X", url="https://10.0.0.1/", agency=COMPANY)
    assert (page.status_code, "10.0.0.1 dẫn đến địa chỉ nội bộ" in words(page)) == (422, True)


async def test_what_is_sent_is_on_the_ledger_and_on_the_case(
    address: str, admin: httpx.AsyncClient, own: str, there: Faulty, means: Means, visitor: Visitor
) -> None:
    await mapped(admin, own)
    await post(admin, f"{own}/switch", on="1")
    code = await file(address)
    await work(means)
    assert there.posts[-1]["attribute[ma-ngoai]"].startswith(f"[{code} | ")
    ledger = await admin.get(own, params={"state": "sent"})
    assert code in ledger.text
    assert "EVN-1" in ledger.text
    one = re.search(rf'href="({own}/reports/[^"]+)"', ledger.text)
    assert one
    assert "đã che thông tin cá nhân" in (await admin.get(one[1])).text
    there.say("EVN-1", status="closed", status_notes="Đã thay bóng.")
    await work(means)
    case = words(await (await visitor("officer")).get(f"{PAGES}/reports/{code}"))
    assert "Chiếu sáng Cà Mau · số EVN-1 Đã đóng: Đã thay bóng." in case
    assert "⚠ Chờ cán bộ kiểm tra, gửi ảnh" in case


async def test_a_person_decides_about_what_is_stuck(
    address: str, admin: httpx.AsyncClient, own: str, there: Faulty, means: Means
) -> None:
    await mapped(admin, own)
    await post(admin, f"{own}/switch", on="1")
    there.ways, there.lists = ["drop", "400"], False
    await file(address)
    await work(means)
    stuck = await admin.get(own, params={"state": "person"})
    assert "Không rõ đối tác đã nhận chưa không có trả lời (" in words(stuck)
    one = re.search(rf'href="({own}/reports/[^"]+)"', stuck.text)
    assert one
    assert "Sẽ gửi lại" in (await post(admin, f"{one[1]}/again")).text
    await work(means)
    assert "Bị từ chối" in words(await admin.get(one[1]))
    assert (await post(admin, f"{one[1]}/number", number="  ")).status_code == 422
    assert "Đã ghi số" in (await post(admin, f"{one[1]}/number", number="EVN-77")).text
    assert (await post(admin, f"{one[1]}/again")).status_code == 409


async def test_nobody_but_administrators_comes_near(own: str, visitor: Visitor) -> None:
    for who in ("officer", "lead", "coordinator", "leader"):
        browser = await visitor(who)
        assert (await browser.get(own)).status_code == 403
        assert (await post(browser, f"{own}/connect")).status_code == 403


async def test_removing_takes_the_ledger_along(admin: httpx.AsyncClient, own: str) -> None:
    assert "Đã xóa hệ thống đối tác" in (await post(admin, f"{own}/remove")).text
    assert (await admin.get(own)).status_code == 404
