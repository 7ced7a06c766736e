"""The administrators' page of webhooks: the secret once, what is wrong beside its field, the ledger, sending again."""

import re
from uuid import UUID

import httpx
import pytest

from app.webhooks import service
from tests.console.conftest import PAGES, Visitor
from tests.console.test_bulk_pages import post
from tests.console.test_directions_page import light
from tests.console.test_rules_pages import words
from tests.world import World

HERE = f"{PAGES}/webhooks"
PUBLIC = "https://8.8.8.8/hook"


@pytest.fixture
async def one(admin: httpx.AsyncClient, world: World) -> str:
    """A webhook of an address of the internet; gives its page."""
    await world.parts.pool.execute("DELETE FROM webhooks")
    page = await post(admin, HERE, name="IOC tỉnh", url=PUBLIC, kinds=["submitted"])
    assert page.status_code == 200, page.text
    found = re.search(rf'action="({HERE}/[0-9a-f-]{{36}})"', page.text)
    assert found
    return found[1]


async def test_the_secret_is_shown_once(admin: httpx.AsyncClient, world: World) -> None:
    await world.parts.pool.execute("DELETE FROM webhooks")
    page = await post(admin, HERE, name="IOC tỉnh", url=PUBLIC, kinds=["submitted"])
    secret = re.search(r"whsec_[A-Za-z0-9+/=]+", page.text)
    assert secret
    listed = await admin.get(HERE)
    assert "IOC tỉnh" in listed.text
    assert "whsec_" not in listed.text
    own = re.search(rf'href="({HERE}/[0-9a-f-]{{36}})"', listed.text)
    assert own
    assert "whsec_" not in (await admin.get(own[1])).text
    again = await post(admin, f"{own[1]}/secret")
    assert "whsec_" in again.text
    assert secret[0] not in again.text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"name": "", "url": PUBLIC}, "Vui lòng đặt tên"),
        ({"name": "IOC", "url": "http://8.8.8.8/"}, "phải bắt đầu bằng https://"),
        ({"name": "IOC", "url": "https://127.0.0.1/"}, "127.0.0.1 dẫn đến địa chỉ nội bộ"),
        ({"name": "IOC", "url": "https://localhost:8000/console"}, "localhost dẫn đến địa chỉ nội bộ"),
        ({"name": "IOC", "url": "javascript:alert(1)"}, "Địa chỉ chưa đúng"),
        ({"name": "IOC", "url": PUBLIC, "kinds": ["identity_viewed"]}, "Có chỗ chưa đúng"),
    ],
)
async def test_what_is_wrong_is_said_and_nothing_is_kept(
    typed: dict[str, str | list[str]], said: str, admin: httpx.AsyncClient, world: World
) -> None:
    await world.parts.pool.execute("DELETE FROM webhooks")
    page = await post(admin, HERE, **typed)
    assert (page.status_code, said in words(page)) == (422, True)
    assert await world.parts.pool.fetchval("SELECT count(*) FROM webhooks") == 0


async def test_the_ledger_and_sending_again(admin: httpx.AsyncClient, one: str, world: World) -> None:
    await service.follow(world.parts.pool)
    case = await light(world)
    await service.follow(world.parts.pool)
    page = await admin.get(one)
    assert case.code in page.text
    await world.parts.pool.execute("UPDATE webhook_deliveries SET state = 'given_up', tries = 10, status = 500")
    page = await admin.get(one, params={"state": "given_up"})
    message = re.search(r'name="message" value="([^"]+)"', page.text)
    assert message
    assert "1 thông điệp sẽ được gửi lại" in (await post(admin, f"{one}/replay", message=message[1])).text
    assert await world.parts.pool.fetchval("SELECT state FROM webhook_deliveries LIMIT 1") == "waiting"
    wrong = await post(admin, f"{one}/replay", since="2026-11-02", until="2026-11-01")
    assert (wrong.status_code, "Ngày đầu phải trước" in wrong.text) == (422, True)
    assert "Đã tạm dừng" in (await post(admin, f"{one}/switch", on="0")).text
    assert "Đã bật" in (await post(admin, f"{one}/switch", on="1")).text
    changed = await post(admin, one, name="IOC mới", url=PUBLIC)
    assert "IOC mới" in changed.text
    assert "Đã xóa webhook." in (await post(admin, f"{one}/remove")).text
    assert (await admin.get(one)).status_code == 404


async def test_the_ledger_leads_on_to_older_messages(admin: httpx.AsyncClient, one: str, world: World) -> None:
    pool = world.parts.pool
    await pool.execute(
        """
        INSERT INTO webhook_deliveries (webhook_id, report_id, seq, kind)
        SELECT $1, $2, seq, 'progress' FROM generate_series(1, 30) seq
        """,
        UUID(one.rpartition("/")[2]),
        (await light(world)).report_id,
    )
    first = await admin.get(one)
    older = re.search(r'rel="next" href="([^"]+)"', first.text)
    assert older
    second = await admin.get(older[1].replace("&amp;", "&"))
    shown = [re.findall(r'name="message" value="([^"]+)"', page.text) for page in (first, second)]
    assert [len(each) for each in shown] == [25, 5]
    assert len(set(shown[0] + shown[1])) == 30
    assert "Cũ hơn" not in second.text
    assert (await admin.get(one, params={"before": "zz"})).status_code == 200


async def test_a_test_message_to_an_internal_address_is_not_sent(
    admin: httpx.AsyncClient, one: str, world: World
) -> None:
    """The name meant a public address when it was saved, and another machine of ours by now."""
    await world.parts.pool.execute("UPDATE webhooks SET url = 'https://localhost/'")
    page = await post(admin, f"{one}/try")
    assert "Không gửi được thông điệp thử: địa chỉ dẫn đến mạng nội bộ" in words(page)


async def test_nobody_but_administrators_comes_near(one: str, visitor: Visitor) -> None:
    for who in ("officer", "lead", "coordinator", "leader"):
        browser = await visitor(who)
        assert (await browser.get(one)).status_code == 403
        assert (await post(browser, f"{one}/try")).status_code == 403
