"""The feed of changes over HTTP: keys, ETags, words."""

import httpx
import pytest_asyncio

from app.accounts import service as accounts
from app.accounts.model import SYSTEM
from tests.api.conftest import API, SignedIn, act, keys, send
from tests.world import LAN, LIGHT, World

FEED = f"{API}/reports"


@pytest_asyncio.fixture(scope="module")
async def key(world: World) -> dict[str, str]:
    """A leader's key that reads feeds alone."""
    leader = world.people["leader"].staff_id
    token = await accounts.create_token(world.parts.pool, leader, "IOC", ["feed"], None, SYSTEM)
    return {"Authorization": f"Bearer {token}"}


async def test_a_program_follows_by_the_link_to_the_next_page(http: httpx.AsyncClient, key: dict[str, str]) -> None:
    codes = {(await send(http, LIGHT | LAN)).code for _ in range(5)}
    seen: list[str] = []
    url: str = f"{FEED}?limit=2"
    while True:
        answer = await http.get(url, headers=key)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        seen += [item["code"] for item in page["items"]]
        url = answer.links["next"]["url"].partition("/api/")[2].join(("/api/", ""))
        assert f"cursor={page['next']}" in url
        assert "limit=2" in url
        if not page["more"]:
            break
    assert codes <= set(seen)
    assert len(seen) == len(set(seen))

    # Nothing new: 304, and so it stays until something happens.
    answer = await http.get(url, headers=key)
    etag = answer.headers["etag"]
    assert answer.json()["items"] == []
    assert etag.startswith('"')
    again = await http.get(url, headers=key | {"If-None-Match": etag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    new = await send(http, LIGHT)
    answer = await http.get(url, headers=key | {"If-None-Match": etag})
    assert [item["code"] for item in answer.json()["items"]] == [new.code]
    assert "private" in answer.headers["cache-control"]


async def test_nothing_of_who_reported_is_in_it_and_words_only_for_who_may_read_them(
    http: httpx.AsyncClient, key: dict[str, str], signed_in: SignedIn
) -> None:
    sent = await send(http, LIGHT | LAN | {"address": "Nhà bà Lan, số 12 Lý Bôn"})
    leader, coordinator = await signed_in("leader"), await signed_in("coordinator")

    async def item(browser: httpx.AsyncClient, **params: str) -> dict[str, object]:
        answer = await browser.get(FEED, params=params, headers=key if browser is http else {})
        for personal in ("Nguyễn Thị Lan", "0912", "lan@example.vn"):
            assert personal not in answer.text
        return next(each for each in answer.json()["items"] if each["code"] == sent.code)

    plain = await item(http)
    assert (plain["text"], plain["address"]) == (None, None)
    full = await item(leader, words="true")
    assert (full["text"], full["address"]) == (LIGHT["text"], "Nhà bà Lan, số 12 Lý Bôn")
    refused = await http.get(FEED, params={"words": "true"}, headers=key)
    assert (refused.status_code, keys(refused)) == (403, [(None, "accounts.token_scope_missing")])

    published = {"text": "Đèn đường hỏng trước nhà dân."}
    await act(coordinator, sent.code, "publish", public=published)
    assert (await item(http))["text"] == published["text"]


async def test_what_is_asked_wrongly_is_told_by_its_field(http: httpx.AsyncClient, key: dict[str, str]) -> None:
    for query, field, problem in (
        ("cursor=quatsch", "cursor", "worklist.cursor_wrong"),
        ("limit=201", "limit", "worklist.limit_wrong"),
        ("updated_since=2026-11-01T00:00:00", "updated_since", "api.want_time_zone"),
        ("updated_since=hôm qua", "updated_since", "api.wrong_value"),
        ("updated_since=9999-12-31T23:59:59-14:00", "updated_since", "api.wrong_value"),  # beyond the calendar in UTC
        ("updated_since=0001-01-01T00:00:00Z", "updated_since", "api.wrong_value"),
        ("updated_since=2026-11-01T00:00:00Z&cursor=x", "updated_since", "api.one_or_other"),
        ("since=2026-11-01T00:00:00Z", "since", "api.unknown_field"),
    ):
        answer = await http.get(f"{FEED}?{query}", headers=key)
        assert (answer.status_code, keys(answer)) == (422, [(field, problem)]), query
    answer = await http.get(f"{FEED}?updated_since=2026-01-01T00:00:00%2B07:00", headers=key)
    assert answer.status_code == 200


async def test_a_key_for_feeds_opens_nothing_else(http: httpx.AsyncClient, key: dict[str, str]) -> None:
    answer = await http.get(f"{API}/staff/queue", headers=key)
    assert (answer.status_code, keys(answer)) == (403, [(None, "accounts.token_scope_missing")])
