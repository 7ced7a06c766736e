"""Programs that look after the system keep partners and webhooks as the pages do."""

import httpx
import pytest_asyncio
from msgspec import structs

from app.outward import Client
from app.partners import sending, service, store
from app.webhooks import service as webhooks
from app.wiring import partner_means
from tests import small_world
from tests.api.conftest import API, SignedIn, send
from tests.partners.conftest import AT_ONCE, KEY
from tests.partners.faulty import faulty
from tests.receiver import receiver
from tests.world import COMPANY, LIGHT, World

PARTNERS, WEBHOOKS = f"{API}/staff/partners", f"{API}/staff/webhooks"


@pytest_asyncio.fixture(scope="module", autouse=True)
async def networks(world: World) -> None:
    """Others' servers may stand on this machine."""
    world.parts.settings = structs.replace(world.parts.settings, networks=small_world.LOOPBACK)


async def work(world: World) -> None:
    """What the worker does."""
    http = Client(small_world.LOOPBACK)
    means = partner_means(world.parts, http)
    await service.follow(means.pool)
    async with means.pool.acquire() as conn:
        [one] = await store.every(conn)
    await sending.send_due(means, one, AT_ONCE)
    await http.close()


async def test_a_partner_is_set_up_and_what_waits_is_decided(
    http: httpx.AsyncClient, signed_in: SignedIn, world: World
) -> None:
    admin = await signed_in("administrator")
    async with faulty() as there:
        body = {"name": "Chiếu sáng", "url": there.url, "agency": COMPANY, "key": KEY}
        made = await admin.post(PARTNERS, json=body)
        assert made.status_code == 201
        one = f"{PARTNERS}/{made.json()['id']}"
        assert (made.json()["services"], made.json()["has_key"], made.json()["active"]) == (2, True, False)
        assert KEY not in made.text
        assert [each["code"] for each in (await admin.get(f"{one}/services")).json()["items"]] == ["mat-dien", "den"]
        asked = (await admin.get(f"{one}/services/den")).json()["items"]
        assert asked[0]["values"] == {"1": "Tắt", "2": "Chập chờn"}
        to = f"{one}/categories/street-light"
        refused = await admin.put(to, json={"service": "den"})
        assert refused.json()["errors"][0]["field"] == "fill.hu-gi"
        mapped = await admin.put(to, json={"service": "den", "fills": {"hu-gi": {"fixed": "1"}}})
        assert mapped.json()["categories"][0]["service"]["name"] == "Đèn chiếu sáng"
        assert (await admin.put(f"{one}/state", json={"active": True})).json()["active"] is True
        there.ways, there.lists = ["400", "400", "well"], False
        codes = [(await send(http, LIGHT)).code for _ in range(2)]
        await work(world)
        waiting = (await admin.get(f"{one}/reports", params={"state": "person"})).json()
        assert {each["code"] for each in waiting["items"]} == set(codes)
        known = await admin.post(f"{one}/reports/{codes[0]}/decision", json={"decision": "number", "number": "7"})
        assert (known.json()["push"]["state"], known.json()["push"]["number"]) == ("sent", "7")
        gone = await admin.post(f"{one}/reports/{codes[0]}/decision", json={"decision": "leave"})
        assert gone.status_code == 409
        every = await admin.post(f"{one}/decisions", json={"waits_for": "refused", "decision": "again"})
        assert every.json() == {"reports": 1}
        await work(world)
        case = (await admin.get(f"{one}/reports/{codes[1]}")).json()
        assert (case["push"]["number"], [each["came"] for each in case["attempts"]]) == ("EVN-1", ["sent", "refused"])
        changed = await admin.put(one, json=body | {"name": "Chiếu sáng Cà Mau", "key": ""})
        assert (changed.json()["name"], changed.json()["has_key"]) == ("Chiếu sáng Cà Mau", True)
        assert (await admin.delete(to)).status_code == 204
        there.answer = lambda _: (500, b"")
        assert (await admin.post(f"{one}/connection")).json()["failure"].startswith("broken")
    assert (await admin.delete(one)).status_code == 204
    assert (await admin.get(PARTNERS)).json() == {"items": []}


async def test_a_webhook_is_made_tried_paused_and_its_messages_are_sent_again(
    http: httpx.AsyncClient, signed_in: SignedIn, world: World
) -> None:
    admin = await signed_in("administrator")
    async with receiver() as there:
        made = await admin.post(WEBHOOKS, json={"name": "IOC", "url": there.url, "kinds": ["submitted"]})
        assert made.status_code == 201
        secret, one = made.json()["secret"], f"{WEBHOOKS}/{made.json()['webhook']['id']}"
        assert secret not in (await admin.get(one)).text
        assert (await admin.post(f"{one}/test")).json() == {"delivered": True, "status": 204, "error": ""}
        assert there.got[0].verified(secret)["type"] == "vn.phananh.test"
        await webhooks.follow(world.parts.pool)
        code = (await send(http, LIGHT)).code
        await webhooks.follow(world.parts.pool)
        (message,) = (await admin.get(f"{one}/messages", params={"state": "waiting"})).json()["items"]
        assert (message["code"], message["kind"]) == (code, "submitted")
        again = await admin.post(f"{one}/replay", json={"message": message["message"]})
        assert again.json() == {"messages": 1}
        assert (await admin.post(f"{one}/replay", json={"message": "7"})).status_code == 404
        assert (await admin.post(f"{one}/replay", json={"since": "2026-11-02T00:00:00Z"})).status_code == 422
        assert (await admin.put(f"{one}/state", json={"active": False})).json()["state"] == "paused"
        changed = await admin.put(one, json={"name": "IOC tỉnh", "url": there.url})
        assert (changed.json()["name"], changed.json()["kinds"]) == ("IOC tỉnh", [])
        renewed = (await admin.post(f"{one}/secret")).json()["secret"]
        await admin.post(f"{one}/test")
        assert there.got[-1].verified(renewed) == there.got[-1].verified(secret)
    assert (await admin.delete(one)).status_code == 204
    assert (await admin.get(WEBHOOKS)).json() == {"items": []}
