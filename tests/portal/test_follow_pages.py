"""Following by mail over HTTP, as a browser without scripts and a mailbox's own button do it."""

import html
import re
import time
from typing import Any

import httpx
import pytest

from app.portal import trap
from app.subscriptions import service, tokens
from app.subscriptions.model import Area
from tests.subscriptions.conftest import LAN, Street
from tests.subscriptions.conftest import street as street
from tests.world import AN_XUYEN, World

GOOD = {"commune": AN_XUYEN, "topic": "category:street-light", "rhythm": "weekly", "email": LAN, "consent": "on"}


def ticket(world: World, seconds_ago: float = 10) -> str:
    return trap.ticket(world.parts.settings.secret_key, time.time() - seconds_ago)


async def post(browser: httpx.AsyncClient, world: World, **changed: str) -> httpx.Response:
    return await browser.post("/follow", data={"ticket": ticket(world), **GOOD, **changed})


def fields(page: httpx.Response, action: str) -> dict[str, str]:
    """The hidden fields of the first form that goes there."""
    form = page.text.split(f'action="{action}"', 1)[1].split("</form>")[0]
    return {name: html.unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form)}


async def test_the_whole_way_asked_confirmed_changed_and_ended(browser: httpx.AsyncClient, street: Street) -> None:
    page = await browser.get(f"/follow?commune={AN_XUYEN}&topic=category:street-light")
    assert f'value="{AN_XUYEN}" selected' in page.text
    assert 'value="category:street-light" selected' in page.text
    assert "checked" not in page.text.split('name="consent"')[1].split(">")[0]
    asked = await post(browser, street.world)
    assert (asked.status_code, asked.headers["location"]) == (303, "/follow/sent")
    assert "Anh/chị xem hộp thư" in (await browser.get("/follow/sent")).text
    await street.confirmations()

    path = street.link().removeprefix("https://phananh.example")
    for _ in range(2):  # a mailbox's program looks at links before people do
        opened = await browser.get(path)
        assert "Phường An Xuyên" in opened.text
    done = await browser.post("/follow/confirm", data=fields(opened, "/follow/confirm"))
    mine = await browser.get(done.headers["location"])
    assert "Đã bắt đầu theo dõi" in mine.text
    assert "Đèn đường hỏng – Phường An Xuyên" in mine.text
    again = await browser.get(path)
    assert again.status_code == 404
    assert "đã dùng hoặc đã hết hạn" in html.unescape(again.text)

    key = fields(mine, "/follow/mine")["k"]
    await browser.post("/follow/mine", data={"k": key, "what": "add", "commune": "", "topic": "category:garbage"})
    await browser.post("/follow/mine", data={"k": key, "what": "rhythm", "rhythm": "daily"})
    async with street.pool.acquire() as conn:
        follower = await service.managed(conn, street.secret, key)
    assert follower.rhythm == "daily"
    assert set(follower.areas) == {Area(category="garbage"), Area(AN_XUYEN, category="street-light")}
    wrong = await browser.post("/follow/mine", data={"k": key, "what": "add", "commune": "99999"})
    assert wrong.status_code == 422
    drop = {"k": key, "what": "drop", "commune": "", "topic": "category:garbage"}
    assert (await browser.post("/follow/mine", data=drop)).status_code == 303
    ended = await browser.post("/follow/mine", data={"k": key, "what": "end"})
    assert "Đã dừng" in ended.text
    assert (await browser.get(f"/follow/mine?k={key}")).status_code == 404


async def test_a_mailboxs_own_button_ends_it_by_one_post_a_look_does_not(
    browser: httpx.AsyncClient, street: Street
) -> None:
    who = await street.follows()
    path = f"/follow/end?k={tokens.sign(street.secret, 'manage', who)}"
    assert "Dừng và xóa địa chỉ" in (await browser.get(path)).text
    assert await street.pool.fetchval("SELECT count(*) FROM area_followers") == 1
    for _ in range(2):
        assert (await browser.post(path, data={"List-Unsubscribe": "One-Click"})).status_code == 200
    assert await street.pool.fetchval("SELECT count(*) FROM area_followers") == 0
    assert (await browser.post("/follow/end?k=made-up")).status_code == 404


async def test_who_asks_learns_nothing_of_who_follows(browser: httpx.AsyncClient, street: Street) -> None:
    await street.follows()

    async def answer(email: str) -> Any:
        said = await post(browser, street.world, email=email)
        return said.status_code, said.headers["location"], said.content

    answers = [await answer(email) for email in (LAN, "nobody@example.vn", *[LAN] * 4)]
    assert len(set(answers)) == 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"email": "lan"}, "Địa chỉ email chưa đúng"),
        ({"commune": "99999"}, "Không có xã, phường này"),
        ({"topic": "category:gone"}, "Không có lĩnh vực này"),
        ({"rhythm": "hourly"}, "Anh/chị chọn mỗi sáng hoặc hằng tuần"),
        ({"consent": ""}, "Cần anh/chị đồng ý"),
        ({"ticket": "made.up.here"}, "Anh/chị bấm gửi thêm một lần nữa"),
    ],
)
async def test_what_is_wrong_is_said_at_its_place_and_what_was_typed_stays(
    browser: httpx.AsyncClient, street: Street, changed: dict[str, str], said: str
) -> None:
    page = await post(browser, street.world, **changed)
    assert page.status_code == 422
    assert said in html.unescape(page.text)
    assert f'value="{changed.get("email", LAN)}"' in page.text
    assert await street.pool.fetchval("SELECT count(*) FROM follow_requests") == 0


async def test_a_form_sent_faster_than_people_write_is_shown_again(browser: httpx.AsyncClient, street: Street) -> None:
    page = await post(browser, street.world, ticket=ticket(street.world, 0))
    assert page.status_code == 422


async def test_one_network_address_asks_for_no_list_of_people(address: str, street: Street) -> None:
    headers = {"X-Forwarded-For": "113.161.0.55"}
    async with httpx.AsyncClient(base_url=address, headers=headers) as stranger:
        said = [await post(stranger, street.world, email=f"a{n}@example.vn") for n in range(11)]
    assert [one.status_code for one in said] == [303] * 10 + [429]
    assert "Từ mạng này đã có nhiều đăng ký" in html.unescape(said[-1].text)


async def test_the_lists_lead_to_the_form(browser: httpx.AsyncClient) -> None:
    page = await browser.get(f"/communes/{AN_XUYEN}")
    assert f'href="/follow?commune={AN_XUYEN}&amp;topic="' in page.text
    assert 'href="/follow"' in page.text.split("<footer")[1]
