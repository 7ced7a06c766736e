"""One's own account, without any script: second factor, sessions, password."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pyotp
import pytest
import pytest_asyncio
from msgspec import structs

from app.accounts import service as accounts
from app.accounts.model import SYSTEM, Role
from tests.api.conftest import API
from tests.console.conftest import PAGES, sign_in, token
from tests.serving import running
from tests.world import CENTRE, COMPANY, PASSWORD, World

PHONE = {"User-Agent": "Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36"}


async def hired(world: World, role: Role = Role.OFFICER, *, temporary: bool = False) -> tuple[str, str]:
    """A new member of staff: (user name, password)."""
    username = f"u-{uuid4().hex[:12]}"
    agency = COMPANY if role is Role.OFFICER else CENTRE
    _, password = await accounts.create_staff(
        world.parts.pool, username, "Lý Thị Thu", agency, role, None, SYSTEM, temporary=temporary
    )
    return username, password


async def post(browser: httpx.AsyncClient, path: str, **form: str) -> httpx.Response:
    form["csrf"] = token(await browser.get(f"{PAGES}/account/password"))
    return await browser.post(f"{PAGES}{path}", data=form, follow_redirects=True)


def secret_on(page: httpx.Response) -> str:
    found = re.search(r'<code class="secret">([A-Z2-7 ]+)</code>', page.text)
    assert found, page.text
    return found[1].replace(" ", "")


def codes_on(page: httpx.Response) -> list[str]:
    return re.findall(r"<li><code>([a-z0-9-]+)</code></li>", page.text)


def digits(secret: str, seconds: int = 0) -> str:
    return str(pyotp.TOTP(secret).at(datetime.now(UTC) + timedelta(seconds=seconds)))


async def guarded(browser: httpx.AsyncClient, username: str, password: str) -> tuple[str, list[str]]:
    """Sign in and switch the second factor on: (secret, recovery codes)."""
    await sign_in(browser, username, password)
    secret = secret_on(await post(browser, "/account/factor/start", password=password))
    shown = await post(browser, "/account/factor/confirm", code=digits(secret, -30))
    return secret, codes_on(shown)


async def step(browser: httpx.AsyncClient, code: str) -> httpx.Response:
    page = await browser.get(f"{PAGES}/signin/second")
    return await browser.post(f"{PAGES}/signin/second", data={"csrf": token(page), "code": code, "next": PAGES})


@pytest_asyncio.fixture
async def other(address: str) -> AsyncIterator[httpx.AsyncClient]:
    """Another browser, on a telephone."""
    async with httpx.AsyncClient(base_url=address, timeout=60, headers=PHONE) as browser:
        yield browser


async def test_the_second_factor_from_the_picture_to_the_next_sign_in(
    stranger: httpx.AsyncClient, other: httpx.AsyncClient, world: World
) -> None:
    username, password = await hired(world)
    secret, codes = await guarded(stranger, username, password)
    assert len(codes) == 10
    assert "còn 10 mã dự phòng" in (await stranger.get(f"{PAGES}/account/factor")).text
    asked = await sign_in(other, username, password, next="/console/account")
    assert asked.headers["location"] == "/console/signin/second?next=/console/account"
    assert (await other.get(f"{PAGES}/account")).status_code == 303
    wrong = await step(other, "000000")
    assert (wrong.status_code, "Mã chưa đúng" in wrong.text) == (401, True)
    assert (await step(other, digits(secret))).status_code == 303
    assert (await other.get(f"{PAGES}/account")).status_code == 200


async def test_the_picture_and_its_page_hold_no_style_and_no_foreign_address(
    stranger: httpx.AsyncClient, world: World
) -> None:
    username, password = await hired(world)
    await sign_in(stranger, username, password)
    page = await post(stranger, "/account/factor/start", password=password)
    assert re.search(r'<svg viewBox="0 0 (\d+) \1"', page.text), "drawn at any size"
    assert "Mã QR" in page.text
    assert not re.search(r"<style|\sstyle=|<script(?! src=)|\son\w+=|https?://", page.text)


async def test_a_recovery_code_lets_in_once(
    stranger: httpx.AsyncClient, other: httpx.AsyncClient, world: World
) -> None:
    username, password = await hired(world)
    _, codes = await guarded(stranger, username, password)
    for status in (303, 401):
        await sign_in(other, username, password)
        assert (await step(other, codes[0])).status_code == status
        other.cookies.delete("phananh") if status == 303 else None


async def test_without_a_first_step_there_is_no_second(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.get(f"{PAGES}/signin/second", follow_redirects=True)
    assert "Đã quá 10 phút" in answer.text
    form = {"csrf": token(answer), "code": "123456"}
    answer = await stranger.post(f"{PAGES}/signin/second", data=form)
    assert answer.headers["location"].startswith("/console/signin?over=1")


async def test_a_role_that_must_have_one_sets_it_up_on_its_way_in(stranger: httpx.AsyncClient, world: World) -> None:
    username, password = await hired(world, Role.COORDINATOR)
    strict = structs.replace(world.parts.settings, second_factor=frozenset({"coordinator"}))
    parts = world.parts.__class__(strict, *(getattr(world.parts, name) for name in world.parts.__struct_fields__[1:]))
    async with running(parts) as address, httpx.AsyncClient(base_url=address, timeout=60) as browser:
        assert "signin/second" in (await sign_in(browser, username, password)).headers["location"]
        secret = secret_on(await browser.get(f"{PAGES}/signin/second"))
        assert (await browser.get(f"{PAGES}/account")).status_code == 303
        shown = await step(browser, digits(secret))
        assert len(codes_on(shown)) == 10
        assert (await browser.get(f"{PAGES}/account")).status_code == 200
        page = await browser.get(f"{PAGES}/account/factor")
        assert "không tắt được" in page.text
        by_program = await browser.post(f"{API}/staff/session", json={"username": username, "password": password})
        assert by_program.json()["errors"][0]["key"] == "accounts.code_needed"


async def test_a_session_elsewhere_is_listed_in_plain_words_and_can_be_ended(
    stranger: httpx.AsyncClient, other: httpx.AsyncClient, world: World
) -> None:
    username, password = await hired(world)
    await sign_in(stranger, username, password)
    await sign_in(other, username, password)
    page = await stranger.get(f"{PAGES}/account")
    assert "Chrome trên Android, mạng nội bộ" in page.text
    assert page.text.count("phiên này") == 1
    session = re.findall(r'name="session" value="([0-9a-f-]{36})"', page.text)
    assert len(session) == 1
    assert "Đã đăng xuất nơi anh/chị chọn" in (await post(stranger, "/account/end", session=session[0])).text
    assert (await other.get(f"{PAGES}/account")).status_code == 303
    assert (await stranger.get(f"{PAGES}/account")).status_code == 200
    again = await post(stranger, "/account/end", session=session[0])
    assert (again.status_code, "kết thúc rồi" in again.text) == (404, True)


async def test_all_others_end_at_once(stranger: httpx.AsyncClient, other: httpx.AsyncClient, world: World) -> None:
    username, password = await hired(world)
    await sign_in(other, username, password)
    await sign_in(stranger, username, password)
    await post(stranger, "/account/end", session="others")
    assert [(await each.get(f"{PAGES}/account")).status_code for each in (stranger, other)] == [200, 303]


async def test_another_persons_session_cannot_be_ended(
    stranger: httpx.AsyncClient, other: httpx.AsyncClient, world: World
) -> None:
    (first, secret), (second, its) = await hired(world), await hired(world)
    await sign_in(stranger, first, secret)
    await sign_in(other, second, its)
    theirs = await world.parts.pool.fetchval(
        "SELECT session_id FROM staff_sessions JOIN staff USING (staff_id) WHERE username = $1", second
    )
    assert (await post(stranger, "/account/end", session=str(theirs))).status_code == 404
    assert (await other.get(f"{PAGES}/account")).status_code == 200


async def test_a_password_given_by_somebody_else_is_changed_before_anything_else(
    stranger: httpx.AsyncClient, world: World
) -> None:
    username, password = await hired(world, Role.ADMINISTRATOR, temporary=True)
    await sign_in(stranger, username, password)
    for path in ("", "/rules", "/account"):
        assert (await stranger.get(PAGES + path)).headers["location"] == "/console/account/password"
    assert (await post(stranger, "/account/end", session="others")).status_code == 200  # shown the password's page
    form = {"password": password, "new": PASSWORD, "again": PASSWORD}
    changed = await post(stranger, "/account/password", **form)
    assert "Đã đổi mật khẩu" in changed.text
    assert (await stranger.get(f"{PAGES}/rules")).status_code == 200


@pytest.mark.parametrize(
    ("form", "status", "words"),
    [
        ({"password": "sai", "new": PASSWORD, "again": PASSWORD}, 401, "Mật khẩu chưa đúng"),
        ({"new": PASSWORD, "again": "khác"}, 422, "chưa giống nhau"),
        ({"new": "ngắn quá", "again": "ngắn quá"}, 422, "ít nhất 12 ký tự"),
        ({"new": "matkhau123456", "again": "matkhau123456"}, 422, "dễ bị đoán"),
    ],
)
async def test_a_password_that_cannot_be_taken_says_why(
    form: dict[str, str], status: int, words: str, stranger: httpx.AsyncClient, world: World
) -> None:
    username, password = await hired(world)
    await sign_in(stranger, username, password)
    answer = await post(stranger, "/account/password", **{"password": password, **form})
    assert (answer.status_code, words in answer.text) == (status, True), answer.text


async def test_a_changed_password_ends_the_other_sessions(
    stranger: httpx.AsyncClient, other: httpx.AsyncClient, world: World
) -> None:
    username, password = await hired(world)
    await sign_in(other, username, password)
    await sign_in(stranger, username, password)
    await post(stranger, "/account/password", password=password, new=PASSWORD, again=PASSWORD)
    assert [(await each.get(f"{PAGES}/account")).status_code for each in (stranger, other)] == [200, 303]
    assert (await sign_in(other, username, PASSWORD)).status_code == 303


async def test_programs_sign_in_with_password_and_code(
    stranger: httpx.AsyncClient, other: httpx.AsyncClient, world: World
) -> None:
    username, password = await hired(world)
    secret, _ = await guarded(stranger, username, password)
    body = {"username": username, "password": password}
    refused = await other.post(f"{API}/staff/session", json=body)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (401, "one_time_code")
    opened = await other.post(f"{API}/staff/session", json={**body, "one_time_code": digits(secret)})
    assert opened.status_code == 201
