"""Accounts in a real browser: the second factor by keyboard alone, single sign-on with the cookies that browsers really
send, and an administrator on a telephone."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import pyotp
import pytest
import pytest_asyncio
from msgspec import structs
from playwright.async_api import Browser, Page, expect

from app.accounts import service as accounts
from app.accounts.model import SYSTEM, Role
from app.settings.signin import Oidc
from tests import idp
from tests.browser.desk import faults, open_as
from tests.idp import CLIENT, SECRET, Provider
from tests.serving import running
from tests.world import COMPANY, PASSWORD, World


@pytest_asyncio.fixture(scope="module")
async def provider() -> AsyncIterator[Provider]:
    async with idp.serving(Provider()) as provider:
        yield provider


@pytest_asyncio.fixture(scope="module")
async def address(world: World, provider: Provider) -> AsyncIterator[str]:
    """Our server at "localhost", the provider at "127.0.0.1": two sites to a browser."""
    oidc = Oidc(provider.issuer, CLIENT, SECRET, "Cổng tỉnh", "", frozenset())
    world.parts.settings = structs.replace(world.parts.settings, oidc=oidc, public_url="http://localhost")
    server = running(world.parts)
    async with server as address:
        local = address.replace("127.0.0.1", "localhost")
        provider.comes_back_to = local
        yield local


async def hired(world: World) -> str:
    username = f"u-{uuid4().hex[:12]}"
    await accounts.create_staff(
        world.parts.pool, username, "Sơn Thị Hiên", COMPANY, Role.OFFICER, PASSWORD, SYSTEM, email=f"{username}@a.vn"
    )
    return username


async def typed(page: Page, *words: str) -> None:
    """Type into one field after the other with the keyboard, then send; the page gives the first one the focus."""
    await page.wait_for_function("document.activeElement instanceof HTMLInputElement")
    for number, word in enumerate(words):
        if number:
            await page.keyboard.press("Tab")
        await page.keyboard.type(word)
    await page.keyboard.press("Enter")


async def test_the_second_factor_is_set_up_and_used_by_keyboard_alone(page: Page, address: str, world: World) -> None:
    username = await hired(world)
    await page.goto(f"{address}/console/signin?next=/console/account/factor")
    await expect(page.get_by_label("Tên đăng nhập")).to_be_focused()
    await typed(page, username, PASSWORD)
    await page.get_by_label("Mật khẩu của anh/chị").focus()
    await typed(page, PASSWORD)
    await expect(page.get_by_label("Mã xác thực")).to_be_focused()
    await expect(page.get_by_role("img", name="Mã QR").or_(page.locator(".qr svg"))).to_be_visible()
    secret = (await page.locator("code.secret").inner_text()).replace(" ", "")
    at = datetime.now(UTC)
    await typed(page, pyotp.TOTP(secret).at(int(at.timestamp()) - 30))
    await expect(page.get_by_role("heading", name="Mã dự phòng của anh/chị")).to_be_visible()
    codes = await page.locator(".codes code").all_inner_texts()
    assert len(codes) == 10
    await page.get_by_role("button", name="Đăng xuất").press("Enter")
    await expect(page.get_by_label("Tên đăng nhập")).to_be_focused()
    await typed(page, username, PASSWORD)
    await expect(page.get_by_label("Mã xác thực")).to_be_focused()
    await typed(page, codes[0])
    await expect(page.get_by_role("button", name="Đăng xuất")).to_be_visible()


async def test_single_sign_on_ends_signed_in_though_it_comes_from_another_site(
    page: Page, address: str, world: World, provider: Provider
) -> None:
    username = await hired(world)
    provider.person = {"sub": username, "email": f"{username}@a.vn", "email_verified": True}
    await page.goto(f"{address}/console/signin?next=/console/account")
    await page.get_by_role("link", name="Đăng nhập bằng Cổng tỉnh").click()
    await expect(page.get_by_role("heading", name="Phiên đăng nhập của tôi")).to_be_visible()
    await expect(page).to_have_url(f"{address}/console/account")
    await expect(page.get_by_text("Chrome trên Linux")).to_be_visible()


async def test_an_administrator_makes_and_limits_an_account_on_a_telephone(
    page: Page, address: str, world: World
) -> None:
    await open_as(page, address, world, "administrator", "/console/staff/new")
    await page.get_by_label("Tên đăng nhập").fill("son.thi.hien")
    await page.get_by_label("Họ và tên").fill("Sơn Thị Hiên")
    await page.get_by_label("Cơ quan", exact=True).select_option(COMPANY)
    await page.get_by_text("Xã, phường (đang chọn 0)").click()
    await page.get_by_label("Phường An Xuyên").check()
    await page.get_by_role("button", name="Tạo tài khoản").click()
    await expect(page.get_by_role("heading", name="Đã tạo tài khoản cho Sơn Thị Hiên")).to_be_visible()
    await page.get_by_role("link", name="Đã ghi lại").click()
    await expect(page.get_by_label("Phường An Xuyên")).to_be_checked()
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    for path in ("", "/agencies", "/tokens", "/audit", "/import", "/new"):
        await page.goto(f"{address}/console/staff{path}")
        assert not await page.evaluate(wide), path


@pytest.mark.parametrize("width", [390, 1280])
async def test_every_page_is_accessible_and_fits(browser: Browser, address: str, world: World, width: int) -> None:
    # axe is put into the page as a script of the test's own, which the page's policy would refuse.
    context = await browser.new_context(bypass_csp=True, viewport={"width": width, "height": 844}, locale="vi-VN")
    page = await context.new_page()
    await page.goto(f"{address}/console/account/factor")
    assert await faults(page) == [], "signing in"
    await typed(page, await hired(world), PASSWORD)
    await page.get_by_label("Mật khẩu của anh/chị").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.get_by_label("Mã xác thực").fill("000000")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Mã chưa đúng")).to_be_visible()
    assert await faults(page) == [], "setting up"
    secret = (await page.locator("code.secret").inner_text()).replace(" ", "")
    await page.get_by_label("Mã xác thực").fill(pyotp.TOTP(secret).now())
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Mã dự phòng của anh/chị")).to_be_visible()
    assert await faults(page) == [], "recovery codes"
    for path in ("", "/factor", "/password"):
        await page.goto(f"{address}/console/account{path}")
        assert await faults(page) == [], path
    await open_as(page, address, world, "administrator", "/console/staff")
    await expect(page.get_by_role("heading", name="Tài khoản cán bộ")).to_be_visible()
    lead = world.people["lead"].staff_id
    for path in ("", "/new", "/agencies", "/tokens", "/audit", "/import", f"/account/{lead}"):
        await page.goto(f"{address}/console/staff{path}")
        assert await faults(page) == [], path
    await page.goto(f"{address}/console/staff/new")
    await page.get_by_role("button", name="Tạo tài khoản").click()
    await expect(page.get_by_text("Vui lòng chọn cơ quan")).to_be_visible()
    assert await faults(page) == [], "a form with mistakes"
    await context.close()


async def test_no_page_needs_scripts(browser: Browser, address: str, world: World) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{address}/console/account")
    await typed(page, await hired(world), PASSWORD)
    await expect(page.get_by_role("heading", name="Phiên đăng nhập của tôi")).to_be_visible()
    await context.close()
