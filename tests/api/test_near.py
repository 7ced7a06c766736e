"""Apps ask before sending whether somebody has reported it; anybody sees as much as anybody may."""

from typing import Any

import httpx
import pytest

from app.accounts.model import Actor
from app.reports import following, service
from app.reports.model import Form, Rating
from app.reports.workflow import Act
from tests.api.conftest import API, SignedIn, send
from tests.small_world import chat
from tests.small_world import photo as stored_photo
from tests.world import HERE, LIGHT, World, photo

POINT = {"lat": HERE["lat"] + 0.02, "lon": HERE["lon"]}
WORDS = "Đèn đường trước số 12 Lý Bôn không sáng"


async def look(http: httpx.AsyncClient, **changes: Any) -> list[dict[str, Any]]:
    body = {"text": WORDS, "category": "street-light", **POINT} | changes
    answer = await http.post(f"{API}/reports/near", json={k: v for k, v in body.items() if v is not None})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_an_unpublished_report_is_found_without_words_photo_or_score(http: httpx.AsyncClient) -> None:
    sent = await send(
        http, {**LIGHT, **POINT, "text": "Trụ đèn số 9 cháy bóng, gọi chị Lan 0912 345 678"}, [photo("nine")]
    )
    (found,) = await look(http)
    assert found["code"] == sent.code
    assert (found["published"], found["distance_m"], found["voices"]) == (False, 0, 1)
    assert {name: found[name] for name in ("text", "photo", "score", "words_alike")} == dict.fromkeys(
        ("text", "photo", "score", "words_alike")
    )


async def test_a_published_one_comes_masked_with_its_photo(http: httpx.AsyncClient, signed_in: SignedIn) -> None:
    point = {"lat": HERE["lat"] + 0.03, "lon": HERE["lon"]}
    sent = await send(http, {**LIGHT, **point, "text": f"{WORDS}, gọi 0912 345 678"}, [photo("ten")])
    coordinator = await signed_in("coordinator")
    version = (await coordinator.get(f"{API}/staff/reports/{sent.code}")).json()["version"]
    await coordinator.post(f"{API}/staff/reports/{sent.code}/acts/publish", json={"version": version})
    (found,) = await look(http, lat=point["lat"] + 0.0001)
    assert (found["published"], found["distance_m"], found["words_alike"]) == (True, 10, 1.0)
    assert found["score"] >= 50
    assert "0912" not in found["text"]
    assert (await http.get(found["photo"].replace("http://localhost:8000", ""))).headers["content-type"] == "image/jpeg"


async def test_without_a_category_the_words_say_what_it_is_about(http: httpx.AsyncClient) -> None:
    point = {"lat": HERE["lat"] + 0.04, "lon": HERE["lon"]}
    sent = await send(http, {**LIGHT, **point})
    assert [found["code"] for found in await look(http, **point, category=None)] == [sent.code]
    assert await look(http, **point, category=None, text="Chào buổi sáng mọi người nhé") == []


async def test_the_very_same_file_is_known_by_its_hash(http: httpx.AsyncClient, world: World) -> None:
    point = {"lat": HERE["lat"] + 0.05, "lon": HERE["lon"]}
    await send(http, {**LIGHT, **point}, [photo("eleven")])
    async with world.parts.pool.acquire() as conn:
        sha256 = await conn.fetchval("SELECT encode(sha256, 'hex') FROM report_photos ORDER BY at DESC LIMIT 1")
    (found,) = await look(http, lat=point["lat"] + 0.0015, text="Cột điện nghiêng sắp đổ", photo_sha256=[sha256])
    assert found["same_photo"] is True


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"text": "ngắn"}, "text"),
        ({"category": "duong-xa"}, "category"),
        ({"photo_sha256": ["ABC"]}, "photo_sha256"),
        ({"photo_sha256": ["0" * 64] * 7}, "photo_sha256"),
        ({"lat": None, "lon": None}, "place"),
        ({"lat": 48.8566, "lon": 2.3522}, "place"),
    ],
)
async def test_what_cannot_be_looked_for_is_told_by_its_field(
    http: httpx.AsyncClient, change: dict[str, Any], field: str
) -> None:
    body = {"text": WORDS, "category": "street-light", **POINT} | change
    answer = await http.post(f"{API}/reports/near", json={k: v for k, v in body.items() if v is not None})
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]]


async def test_one_address_may_not_ask_without_end(http: httpx.AsyncClient, world: World) -> None:
    stranger = {"X-Forwarded-For": "113.161.0.9"}
    body = {"text": WORDS, "category": "street-light", **POINT}
    statuses: list[int] = []
    while 429 not in statuses and len(statuses) < 300:  # one more is allowed each second
        statuses.append((await http.post(f"{API}/reports/near", json=body, headers=stranger)).status_code)
    assert statuses.count(429) == 1


# ---------------------------------------------------------------- voices in the other views


async def test_staff_see_how_many_stand_behind_a_case_what_they_say_and_never_who(
    http: httpx.AsyncClient, signed_in: SignedIn, world: World
) -> None:
    pool = world.parts.pool
    sent = await send(http, {**LIGHT, "lat": HERE["lat"] + 0.06, "lon": HERE["lon"]}, [photo("mine")])
    minh = await chat(pool, "near-minh")
    report = await service.find(pool, sent.code)
    form = Form(text="Hẻm tôi cũng tối.", photos=(await stored_photo(pool, 4321),))
    await following.follow(pool, report, minh, form)
    officer = await signed_in("officer")
    case = (await officer.get(f"{API}/staff/reports/{sent.code}")).json()
    assert (case["voices"], case["version"]) == (2, report.version)
    (words,) = [message for message in case["messages"] if message["kind"] == "voice"]
    assert (words["by"], words["audience"], words["text"]) == (
        {"kind": "follower", "name": None},
        "staff",
        "Hẻm tôi cũng tối.",
    )
    assert [shot["by"] for shot in case["photos"]] == ["citizen", "follower"]
    assert {event["by"]["kind"] for event in case["history"][-2:]} == {"follower"}
    for private in (str(minh), "near-minh"):
        assert private not in str(case)
    (row,) = [row for row in (await officer.get(f"{API}/staff/queue")).json()["items"] if row["code"] == sent.code]
    assert row["voices"] == 2
    # Neither the reporter nor the public reads what a neighbour added; both know that they are not alone.
    own = (await http.get(f"{API}/reports/{sent.code}", headers=sent.secret)).json()
    assert (own["voices"], own["messages"], len(own["photos"])) == (2, [], 1)
    coordinator = await signed_in("coordinator")
    await coordinator.post(f"{API}/staff/reports/{sent.code}/acts/publish", json={"version": case["version"]})
    public = (await http.get(f"{API}/reports/{sent.code}")).json()
    assert (public["voices"], len(public["photos"])) == (2, 1)
    assert "Hẻm tôi" not in str(public)


async def test_followers_ratings_stand_beside_the_reporters(
    http: httpx.AsyncClient, signed_in: SignedIn, world: World
) -> None:
    pool, rules = world.parts.pool, world.parts.rules
    sent = await send(http, {**LIGHT, "lat": HERE["lat"] + 0.07, "lon": HERE["lon"]})
    minh = await chat(pool, "near-rates")
    await following.follow(pool, await service.find(pool, sent.code), minh)
    officer = await signed_in("officer")
    staff = world.people["officer"]
    actor = Actor("staff", staff.staff_id, staff.role, staff.agency_id, frozenset({staff.agency_id}))
    report = await service.find(pool, sent.code)
    for act, form in (
        (Act.START, Form()),
        (Act.RESOLVE, Form(text="Đã thay bóng.", photos=(await stored_photo(pool, 4322),))),
    ):
        report = await service.perform(pool, rules, actor, report, act, form)
    await following.rate(pool, report, minh, Rating.DISSATISFIED)
    case = (await officer.get(f"{API}/staff/reports/{sent.code}")).json()
    assert case["rating"] is None
    assert case["follower_ratings"] == {"satisfied": 0, "acceptable": 0, "dissatisfied": 1}


async def test_the_etag_changes_when_somebody_joins(http: httpx.AsyncClient, world: World) -> None:
    sent = await send(http, {**LIGHT, "lat": HERE["lat"] + 0.08, "lon": HERE["lon"]})
    first = await http.get(f"{API}/reports/{sent.code}")
    pool = world.parts.pool
    await following.follow(pool, await service.find(pool, sent.code), await chat(pool, "near-etag"))
    again = await http.get(f"{API}/reports/{sent.code}", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.json()["voices"]) == (200, 2)


async def test_a_private_report_tells_nobody_how_many_stand_behind_it(http: httpx.AsyncClient, world: World) -> None:
    private = next(c for c in world.parts.rules.categories.values() if c.visibility == "private" and not c.out_of_scope)
    sent = await send(http, {**LIGHT, "category": private.category_id})
    view = (await http.get(f"{API}/reports/{sent.code}")).json()
    assert (view["visibility"], view["voices"]) == ("private", None)
