"""Signing in and out by a form, without any script."""

import html
import re
from http.cookies import SimpleCookie

import httpx
import pytest

from app.console.app import console_app
from app.wiring import Parts
from tests.console.conftest import PAGES, sign_in, token
from tests.world import PASSWORD, World

WHO = "dang.ngoc.han"


async def test_the_right_password_leads_to_the_page_that_was_asked_for(
    stranger: httpx.AsyncClient, world: World
) -> None:
    asked = await stranger.get(f"{PAGES}/rules?q=den+duong")
    form = await stranger.get(asked.headers["location"])
    wanted = html.unescape(re.findall(r'name="next" value="([^"]+)"', form.text)[0])
    answer = await sign_in(stranger, WHO, PASSWORD, next=wanted)
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/rules?q=den+duong")
    assert (await stranger.get(answer.headers["location"])).status_code == 200


async def test_the_session_is_the_staff_apis_session_too(stranger: httpx.AsyncClient, world: World) -> None:
    await sign_in(stranger, WHO, PASSWORD)
    me = (await stranger.get("/api/v1/staff/me")).json()
    assert me["name"] == world.people["administrator"].full_name


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(stranger: httpx.AsyncClient, world: World) -> None:
    answer = await sign_in(stranger, WHO, PASSWORD)
    cookie = SimpleCookie(answer.headers["set-cookie"])["phananh"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/")
    secure = console_app(world.parts, cookie="__Host-phananh", secure=True).state.console
    assert secure.set_cookie("a", "b", 1).endswith("; Secure")


async def test_a_wrong_password_is_said_beside_the_field_and_the_name_stays(
    stranger: httpx.AsyncClient, world: World
) -> None:
    answer = await sign_in(stranger, "vo.thi.diem", "sai mật khẩu")
    assert answer.status_code == 401
    assert 'aria-describedby="password-wrong"' in answer.text
    assert "Tên đăng nhập hoặc mật khẩu chưa đúng" in answer.text
    assert 'value="vo.thi.diem"' in answer.text
    assert "sai mật khẩu" not in answer.text


async def test_one_address_tries_no_more_passwords_than_leaves_room_for_others(
    stranger: httpx.AsyncClient, world: World
) -> None:
    there = {"X-Forwarded-For": "113.161.0.41"}
    for _ in range(60):
        assert (await stranger.post("/api/v1/staff/session", json={}, headers=there)).status_code == 422
    by_program = await stranger.post("/api/v1/staff/session", json={}, headers=there)
    assert (by_program.status_code, by_program.json()["errors"][0]["key"]) == (429, "accounts.busy")
    form = {"csrf": token(await stranger.get(f"{PAGES}/signin")), "username": WHO, "password": PASSWORD}
    by_hand = await stranger.post(f"{PAGES}/signin", data=form, headers=there)
    assert (by_hand.status_code, "quá nhiều người đăng nhập" in by_hand.text) == (429, True)
    assert (await stranger.post(f"{PAGES}/signin", data=form)).status_code == 303


async def test_empty_fields_are_named(stranger: httpx.AsyncClient) -> None:
    answer = await sign_in(stranger, "", "")
    assert answer.status_code == 422
    assert "Vui lòng nhập tên đăng nhập." in answer.text
    assert "Vui lòng nhập mật khẩu." in answer.text


async def test_a_locked_name_is_told_from_when_it_may_try_again(stranger: httpx.AsyncClient, world: World) -> None:
    for _ in range(6):
        answer = await sign_in(stranger, "nobody.at.all", "x")
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert re.search(r"Anh/chị đăng nhập lại được từ \d\d/\d\d/\d{4} \d\d:\d\d\.", answer.text)


async def test_the_form_of_another_site_signs_nobody_in(stranger: httpx.AsyncClient, world: World) -> None:
    who = {"username": WHO, "password": PASSWORD}
    assert (await stranger.post(f"{PAGES}/signin", data=who)).status_code == 403
    token(await stranger.get(f"{PAGES}/signin"))
    guessed = await stranger.post(f"{PAGES}/signin", data={**who, "csrf": "guessed"})
    assert guessed.status_code == 403
    assert "phananh" not in stranger.cookies


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://example.com/console",
        "//example.com",
        "/\\example.com",
        "/consoles",
        "/api/v1/staff/me",
        "/console/signin",
    ],
)
async def test_signing_in_never_leads_elsewhere(elsewhere: str, stranger: httpx.AsyncClient, world: World) -> None:
    answer = await sign_in(stranger, WHO, PASSWORD, next=elsewhere)
    assert answer.headers["location"] == PAGES
    switched = await stranger.get(f"{PAGES}/language/en", params={"next": elsewhere})
    assert switched.headers["location"] in (PAGES, f"{PAGES}/signin")


async def test_whoever_is_signed_in_already_goes_straight_on(stranger: httpx.AsyncClient, world: World) -> None:
    await sign_in(stranger, WHO, PASSWORD)
    answer = await stranger.get(f"{PAGES}/signin", params={"next": "/console/rules"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/rules")


async def test_signing_out_ends_the_session_everywhere_at_once(stranger: httpx.AsyncClient, world: World) -> None:
    await sign_in(stranger, WHO, PASSWORD)
    held = dict(stranger.cookies)
    answer = await stranger.post(f"{PAGES}/signout", data={"csrf": token(await stranger.get(PAGES))})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGES}/signin")
    assert "phananh" not in stranger.cookies
    stranger.cookies.update(held)
    assert (await stranger.get(PAGES)).status_code == 303


async def test_pages_are_vietnamese_until_the_reader_switches(stranger: httpx.AsyncClient, parts: Parts) -> None:
    english = {"Accept-Language": "en"}
    assert '<html lang="vi">' in (await stranger.get(f"{PAGES}/signin", headers=english)).text
    switched = await stranger.get(f"{PAGES}/language/en", params={"next": f"{PAGES}/signin"})
    assert switched.headers["location"] == f"{PAGES}/signin"
    page = await stranger.get(f"{PAGES}/signin")
    assert '<html lang="en">' in page.text
    assert "<h1>Sign in</h1>" in page.text
    await stranger.get(f"{PAGES}/language/vi")
    assert "<h1>Đăng nhập</h1>" in (await stranger.get(f"{PAGES}/signin")).text
