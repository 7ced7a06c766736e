"""Every route says who may call it, and every staff route is tried by everybody."""

import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from app.accounts import service as accounts
from app.accounts.model import SYSTEM, Actor
from app.api.declare import Call
from app.api.metrics import Metrics
from app.api.openapi import routes
from app.attachments import service as attachments
from app.main import litestar_app
from app.reports import service as reports
from app.reports.model import Form
from app.reports.workflow import Act
from app.wiring import Parts
from tests.api.conftest import API, Contract, SignedIn, client, keys, send
from tests.attachments.papers import pdf
from tests.world import COMPANY, LAN, LIGHT, PASSWORD, World, photo

STAFF = f"{API}/staff"
ROLES = ("officer", "lead", "other_officer", "coordinator", "leader", "administrator")
ABSENT = UUID("0198c6a2-0000-7000-8000-000000000000")

NOBODY_ELSE = (403,) * 5
"""But administrators."""
# What everybody gets on a report of COMPANY's, in the order of ROLES. 404: not even whether it exists. Anonymous
# callers, ended sessions and dead keys get 401 everywhere; a key with the scope read alone gets 403 for all but GET.
EXPECTED: dict[tuple[str, str], tuple[int, int, int, int, int, int]] = {
    ("GET", "/session"): (200, 200, 200, 200, 200, 200),
    ("DELETE", "/session"): (204, 204, 204, 204, 204, 204),
    ("GET", "/me"): (200, 200, 200, 200, 200, 200),
    ("POST", "/me/chat-code"): (201, 201, 201, 201, 201, 201),
    ("GET", "/me/chats"): (200, 200, 200, 200, 200, 200),
    ("DELETE", "/me/chats/{channel}/{user_id}"): (404, 404, 404, 404, 404, 404),
    ("GET", "/agencies"): (200, 200, 200, 200, 200, 200),
    ("GET", "/tokens"): (200, 200, 200, 200, 200, 200),
    ("POST", "/tokens"): (403, 403, 403, 403, 403, 201),
    ("DELETE", "/tokens/{token_id}"): (404, 404, 404, 404, 404, 404),
    ("GET", "/queue"): (200, 200, 200, 200, 200, 403),
    ("GET", "/partners"): (*NOBODY_ELSE, 200),
    ("POST", "/partners"): (*NOBODY_ELSE, 422),
    ("GET", "/partners/{partner_id}"): (*NOBODY_ELSE, 404),
    ("PUT", "/partners/{partner_id}"): (*NOBODY_ELSE, 422),
    ("DELETE", "/partners/{partner_id}"): (*NOBODY_ELSE, 404),
    ("PUT", "/partners/{partner_id}/state"): (*NOBODY_ELSE, 422),
    ("POST", "/partners/{partner_id}/connection"): (*NOBODY_ELSE, 404),
    ("GET", "/partners/{partner_id}/services"): (*NOBODY_ELSE, 404),
    ("GET", "/partners/{partner_id}/services/{service_code}"): (*NOBODY_ELSE, 404),
    ("PUT", "/partners/{partner_id}/categories/{category}"): (*NOBODY_ELSE, 422),
    ("DELETE", "/partners/{partner_id}/categories/{category}"): (*NOBODY_ELSE, 404),
    ("GET", "/partners/{partner_id}/reports"): (*NOBODY_ELSE, 404),
    ("POST", "/partners/{partner_id}/reports"): (*NOBODY_ELSE, 422),
    ("POST", "/partners/{partner_id}/news"): (*NOBODY_ELSE, 404),
    ("GET", "/partners/{partner_id}/reports/{code}"): (*NOBODY_ELSE, 404),
    ("POST", "/partners/{partner_id}/reports/{code}/decision"): (*NOBODY_ELSE, 422),
    ("POST", "/partners/{partner_id}/decisions"): (*NOBODY_ELSE, 422),
    ("GET", "/webhooks"): (*NOBODY_ELSE, 200),
    ("POST", "/webhooks"): (*NOBODY_ELSE, 422),
    ("GET", "/webhooks/{webhook_id}"): (*NOBODY_ELSE, 404),
    ("PUT", "/webhooks/{webhook_id}"): (*NOBODY_ELSE, 422),
    ("DELETE", "/webhooks/{webhook_id}"): (*NOBODY_ELSE, 404),
    ("PUT", "/webhooks/{webhook_id}/state"): (*NOBODY_ELSE, 422),
    ("POST", "/webhooks/{webhook_id}/test"): (*NOBODY_ELSE, 404),
    ("POST", "/webhooks/{webhook_id}/secret"): (*NOBODY_ELSE, 404),
    ("GET", "/webhooks/{webhook_id}/messages"): (*NOBODY_ELSE, 404),
    ("POST", "/webhooks/{webhook_id}/replay"): (*NOBODY_ELSE, 422),
    ("GET", "/reports/{code}/templates"): (200, 200, 404, 200, 200, 403),
    ("GET", "/reports/{code}/colleagues"): (200, 200, 404, 200, 200, 403),
    ("GET", "/directions"): (200, 200, 200, 200, 200, 403),
    ("GET", "/notices"): (200, 200, 200, 200, 200, 403),
    ("POST", "/notices/read"): (204, 204, 204, 204, 204, 403),
    ("GET", "/rules/misrouted"): (403, 403, 403, 200, 200, 200),
    ("POST", "/reports"): (403, 403, 403, 201, 403, 403),
    ("GET", "/reports/{code}"): (200, 200, 404, 200, 200, 403),
    ("POST", "/reports/{code}/acts/{act}"): (200, 200, 404, 200, 403, 403),
    ("POST", "/reports/{code}/identity"): (403, 403, 403, 200, 403, 403),
    # Nobody's chat is behind this report, so there is nobody to block; who may not is told that first.
    ("GET", "/reports/{code}/block"): (403, 403, 403, 200, 403, 403),
    ("POST", "/reports/{code}/block"): (403, 403, 403, 409, 403, 403),
    ("POST", "/reports/{code}/unblock"): (403, 403, 403, 409, 403, 403),
    ("POST", "/reports/{code}/voice/{number}"): (403, 403, 403, 404, 403, 403),
    ("GET", "/reports/{code}/photos/{photo_id}/original"): (200, 200, 404, 200, 200, 403),
    ("GET", "/reports/{code}/attachments/{attachment_id}"): (200, 200, 404, 200, 200, 403),
    ("GET", "/reports/{code}/pdf"): (200, 200, 404, 200, 200, 403),
    ("GET", f"{API}/reports"): (200, 200, 200, 200, 200, 403),
    ("GET", f"{API}/stats/definitions"): (403, 200, 403, 200, 200, 403),
    ("GET", f"{API}/stats/figures"): (403, 200, 403, 200, 200, 403),
    ("GET", f"{API}/stats/series"): (403, 200, 403, 200, 200, 403),
    ("GET", f"{API}/stats/ageing"): (403, 200, 403, 200, 200, 403),
    ("GET", f"{API}/stats/reports?figure=received"): (403, 200, 403, 200, 200, 403),
    ("POST", f"{API}/exports"): (403, 201, 403, 201, 201, 403),
    ("GET", f"{API}/exports"): (403, 200, 403, 200, 200, 403),
    ("GET", f"{API}/exports/{{export_id}}"): (403, 404, 403, 404, 404, 403),
    ("GET", f"{API}/exports/{{export_id}}/file"): (403, 404, 403, 404, 404, 403),
    ("POST", f"{API}/exports/{{export_id}}/cancel"): (403, 404, 403, 404, 404, 403),
    ("DELETE", f"{API}/exports/{{export_id}}"): (403, 404, 403, 404, 404, 403),
}
FEEDS = {route for route in EXPECTED if route[1].startswith(API)}
"""What a key of scope feed may do."""
BY_HAND = {
    ("GET", "/session"),
    ("DELETE", "/session"),
    ("POST", "/tokens"),
    ("POST", "/me/chat-code"),
    ("GET", "/me/chats"),
    ("DELETE", "/me/chats/{channel}/{user_id}"),
}
OPEN = {("POST", "/session")}


def declared(parts: Parts) -> dict[tuple[str, str], Call]:
    return {(method.upper(), path): call for method, path, _, call in routes(litestar_app(parts, Metrics()))}


async def test_every_route_says_who_may_call_it_and_every_staff_route_is_in_the_table(parts: Parts) -> None:
    calls = declared(parts)
    staff = {(m, path.removeprefix(STAFF)) for (m, path), call in calls.items() if call.who.kind == "staff"}
    assert staff == {(m, path.partition("?")[0]) for m, path in EXPECTED}
    below = {(m, path.removeprefix(STAFF)) for m, path in calls if path.startswith(STAFF)}
    assert below == {route for route in EXPECTED if not route[1].startswith(API)} | OPEN
    feeds = {(m, path) for (m, path), call in calls.items() if "feed" in call.scopes}
    assert feeds == {(m, path.partition("?")[0]) for m, path in FEEDS}
    assert {(m, path.removeprefix(STAFF)) for (m, path), call in calls.items() if call.who.by_hand} == BY_HAND


async def test_what_is_open_to_everybody_is_a_short_list(parts: Parts) -> None:
    anyone = {
        f"{m} {path.removeprefix(API)}" for (m, path), call in declared(parts).items() if call.who.kind == "anyone"
    }
    assert anyone == {
        "POST /reports",
        "POST /reports/near",
        "POST /reports/suggestions",
        "GET /push-key",
        "POST /uploads",
        "HEAD /uploads/{upload_id}",
        "PATCH /uploads/{upload_id}",
        "DELETE /uploads/{upload_id}",
        "GET /public/reports",
        "GET /public/points",
        "GET /communes",
        "GET /communes/{commune_code}",
        "GET /reports/{code}",
        "GET /categories",
        "GET /places/locate",
        "GET /places/search",
        "GET /photos/{sha256}/{size}",
        "POST /staff/session",
        "GET /healthz",
        "GET /readyz",
        "GET /schema",
        "GET /schema/openapi.json",
        "GET /schema/reference.css",
        "GET /schema/icon.svg",
    }


class Case:
    """One report of COMPANY's, and the request of each route about it."""

    def __init__(self, code: str, photo_id: str, attachment_id: str, version: int) -> None:
        self.code, self._photo, self._attachment, self.version = code, photo_id, attachment_id, version

    def request(self, method: str, path: str) -> tuple[str, str, dict[str, Any] | None]:
        filled = path.format(
            code=self.code,
            act="note",
            number="1",
            photo_id=self._photo,
            attachment_id=self._attachment,
            token_id=ABSENT,
            channel="telegram",
            user_id="1",
            export_id=ABSENT,
            partner_id=ABSENT,
            webhook_id=ABSENT,
            service_code="den",
            category="street-light",
        )
        bodies: dict[str, dict[str, Any]] = {
            "/tokens": {"name": "Trang phường", "scopes": ["read"]},
            "/reports": LIGHT,
            "/notices/read": {"up_to": str(ABSENT)},
            f"{API}/exports": {"format": "csv", "period": "2026-10"},
            "/reports/{code}/identity": {"reason": "Gọi lại hỏi rõ vị trí"},
            "/reports/{code}/block": {"reason": "Gửi nhiều tin không thật"},
            "/reports/{code}/unblock": {"reason": "Đã xem lại"},
            "/reports/{code}/voice/{number}": {"reason": "Nghe rõ địa điểm"},
            "/reports/{code}/acts/{act}": {"version": self.version, "text": "Đã xem"},
        }
        url = filled if filled.startswith(API) else STAFF + filled
        return method, url, bodies.get(path) if method == "POST" else None


async def file_in_case(world: World, code: str) -> str:
    """Have COMPANY's officer attach a file; gives its id."""
    parts, officer = world.parts, world.people["officer"]
    actor = Actor("staff", officer.staff_id, officer.role, COMPANY, frozenset({COMPANY}))
    file = await attachments.store_file(parts.pool, parts.objects, parts.lab, pdf(), "bien-ban.pdf")
    report = await reports.find(parts.pool, code)
    await reports.perform(parts.pool, parts.rules, actor, report, Act.ATTACH, Form(files=(file,)))
    async with parts.pool.acquire() as conn:
        return str((await attachments.of_report(conn, report.report_id))[0].attachment_id)


@pytest_asyncio.fixture(scope="module")
async def filed(http: httpx.AsyncClient, signed_in: SignedIn, world: World) -> Case:
    sent = await send(http, LIGHT | LAN, [photo("bằng chứng")])
    attachment_id = await file_in_case(world, sent.code)
    seen = (await (await signed_in("officer")).get(f"{STAFF}/reports/{sent.code}")).json()
    return Case(sent.code, seen["photos"][0]["photo_id"], attachment_id, seen["version"])


@pytest_asyncio.fixture
async def case(filed: Case, world: World) -> Case:
    """The one of all tests, as it is now: none of their requests takes it on in its life."""
    filed.version = (await reports.find(world.parts.pool, filed.code)).version
    return filed


async def _ask(browser: httpx.AsyncClient, request: tuple[str, str, dict[str, Any] | None]) -> httpx.Response:
    method, url, body = request
    return await browser.request(method, url, json=body)


@pytest_asyncio.fixture(scope="module")
async def fresh(address: str, contract: Contract, world: World) -> AsyncIterator[SignedIn]:
    """A new session each time, for tests that end it."""
    opened: list[httpx.AsyncClient] = []

    async def browser(key: str) -> httpx.AsyncClient:
        session = await accounts.sign_in(world.parts.pool, world.people[key].username, PASSWORD, datetime.now(UTC))
        one = client(address, contract)
        one.cookies.set("phananh", session.token)
        one.headers["X-CSRF-Token"] = session.csrf
        opened.append(one)
        return one

    yield browser
    for one in opened:
        await one.aclose()


@pytest_asyncio.fixture(scope="module")
async def ended(fresh: SignedIn, world: World) -> list[httpx.AsyncClient]:
    """Coordinators' browsers whose sessions are over: signed out, timed out."""
    signed_out, timed_out = await fresh("coordinator"), await fresh("coordinator")
    await accounts.sign_out(world.parts.pool, signed_out.cookies["phananh"])
    digest = hashlib.sha256(timed_out.cookies["phananh"].encode()).digest()
    await world.parts.pool.execute("UPDATE staff_sessions SET expires_at = now() WHERE token_hash = $1", digest)
    return [signed_out, timed_out]


@pytest.mark.parametrize("route", list(EXPECTED), ids=" ".join)
async def test_each_role_gets_exactly_its_due(
    route: tuple[str, str], case: Case, signed_in: SignedIn, fresh: SignedIn
) -> None:
    got = []
    for role in ROLES:
        browser = await (fresh if route == ("DELETE", "/session") else signed_in)(role)
        answer = await _ask(browser, case.request(*route))
        got.append(answer.status_code)
        case.version += answer.status_code == 200 and route[0] == "POST"
    assert tuple(got) == EXPECTED[route]


@pytest.mark.parametrize("route", list(EXPECTED), ids=" ".join)
async def test_strangers_and_ended_sessions_are_turned_away(
    route: tuple[str, str], case: Case, ended: list[httpx.AsyncClient], http: httpx.AsyncClient
) -> None:
    for browser in (http, *ended):
        answer = await _ask(browser, case.request(*route))
        assert (answer.status_code, keys(answer)) == (401, [(None, "api.sign_in_first")])
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("route", [r for r in EXPECTED if r[0] != "GET"], ids=" ".join)
async def test_nothing_changes_without_the_csrf_token(route: tuple[str, str], case: Case, signed_in: SignedIn) -> None:
    browser = await signed_in("coordinator")
    method, url, body = case.request(*route)
    for token in ("", "wrong"):
        answer = await browser.request(method, url, json=body, headers={"X-CSRF-Token": token})
        assert (answer.status_code, keys(answer)) == (403, [("X-CSRF-Token", "api.csrf_wrong")])


@pytest_asyncio.fixture(scope="module")
async def programs(world: World) -> dict[str, str]:
    """Keys of an officer with one scope each, and dead ones of a coordinator."""
    pool, people = world.parts.pool, world.people

    async def make(who: str, *scopes: str) -> str:
        return await accounts.create_token(pool, people[who].staff_id, "chương trình thử", scopes, None, SYSTEM)

    made = {scope: await make("officer", scope) for scope in ("read", "write", "feed", "open311")}
    made |= {name: await make("coordinator", "read", "write") for name in ("revoked", "expired")}
    expired, revoked = await accounts.list_tokens(pool, people["coordinator"].staff_id, SYSTEM)
    await accounts.revoke_token(pool, revoked.token_id, SYSTEM)
    await pool.execute("UPDATE api_tokens SET expires_at = now() WHERE token_id = $1", expired.token_id)
    return made


@pytest.mark.parametrize("route", list(EXPECTED), ids=" ".join)
async def test_programs_keys_do_what_their_scopes_and_account_may(
    route: tuple[str, str], case: Case, http: httpx.AsyncClient, programs: dict[str, str]
) -> None:
    async def ask(token: str) -> int:
        method, url, body = case.request(*route)
        answer = await http.request(method, url, json=body, headers={"Authorization": f"Bearer {token}"})
        return answer.status_code

    officer = EXPECTED[route][0]
    unsafe = route[0] != "GET"
    assert await ask(programs["read"]) == (403 if unsafe or route in BY_HAND else officer)
    assert await ask(programs["write"]) == (403 if not unsafe or route in BY_HAND else officer)
    assert await ask(programs["feed"]) == (officer if route in FEEDS else 403)
    assert await ask(programs["open311"]) == 403
    for dead in (programs["revoked"], programs["expired"], "pa_" + "x" * 43, "nonsense"):
        assert await ask(dead) == 401


@pytest.mark.parametrize("header", ["Basic dXNlcjpwYXNz", "Bearer", "bearertoken"])
async def test_other_ways_to_authorize_are_refused(http: httpx.AsyncClient, header: str) -> None:
    answer = await http.get(f"{STAFF}/me", headers={"Authorization": header})
    assert answer.status_code == 401


async def test_a_bad_key_is_refused_even_beside_a_good_cookie(fresh: SignedIn) -> None:
    browser = await fresh("coordinator")
    answer = await browser.get(f"{STAFF}/me", headers={"Authorization": "Bearer pa_stolen"})
    assert answer.status_code == 401


async def test_a_disabled_account_is_out_at_once(fresh: SignedIn, world: World) -> None:
    browser = await fresh("other_lead")
    staff_id = world.people["other_lead"].staff_id
    await accounts.disable(world.parts.pool, staff_id, SYSTEM)
    assert (await browser.get(f"{STAFF}/queue")).status_code == 401
    await accounts.enable(world.parts.pool, staff_id, SYSTEM)


async def test_another_agencys_officer_cannot_tell_a_strange_code_from_an_unknown_one(
    http: httpx.AsyncClient, signed_in: SignedIn
) -> None:
    sent = await send(http, LIGHT)
    browser = await signed_in("other_officer")
    strange = await browser.get(f"{STAFF}/reports/{sent.code}")
    unknown = await browser.get(f"{STAFF}/reports/PA-0000-0000")
    assert strange.json()["type"] == unknown.json()["type"]
    assert strange.json()["detail"].replace(sent.code, "") == unknown.json()["detail"].replace("PA-0000-0000", "")
