"""Single sign-on against a real provider on loopback, in browsers without scripts."""

import base64
import hashlib
import hmac
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
import msgspec
import pyotp
import pytest
import pytest_asyncio
from joserfc.jwk import RSAKey
from msgspec import structs

from app.accounts import factors
from app.accounts import service as accounts
from app.accounts.model import SYSTEM, Role, Staff
from app.accounts.totp import Policy
from app.settings.signin import Oidc
from tests import idp
from tests.console.conftest import PAGES, token
from tests.idp import CLIENT, SECRET, Provider
from tests.serving import running
from tests.world import CENTRE, COMPANY, World


@pytest_asyncio.fixture(scope="module")
async def served() -> AsyncIterator[Provider]:
    async with idp.serving(Provider()) as provider:
        yield provider


@pytest.fixture
def provider(served: Provider) -> Provider:
    served.be_honest()
    served.person = {"sub": uuid4().hex}
    return served


@asynccontextmanager
async def knowing(world: World, provider: Provider) -> AsyncIterator[str]:
    """Our server, which knows the provider and remembers its keys; coordinators must have a second factor."""
    oidc = Oidc(provider.issuer, CLIENT, SECRET, "Cổng tỉnh", "preferred_username", frozenset({"mfa"}))
    settings = structs.replace(world.parts.settings, oidc=oidc, second_factor=frozenset({"coordinator"}))
    parts = world.parts.__class__(settings, *(getattr(world.parts, n) for n in world.parts.__struct_fields__[1:]))
    async with running(parts) as address:
        yield address


@pytest_asyncio.fixture(scope="module")
async def here(world: World, served: Provider) -> AsyncIterator[str]:
    async with knowing(world, served) as address:
        yield address


@pytest_asyncio.fixture
async def browser(here: str, provider: Provider) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=here, timeout=60) as browser:
        yield browser


@pytest_asyncio.fixture
async def at_first(world: World, provider: Provider) -> AsyncIterator[httpx.AsyncClient]:
    """A browser at a server that has asked the provider nothing yet."""
    async with knowing(world, provider) as address, httpx.AsyncClient(base_url=address, timeout=60) as browser:
        yield browser


async def hired(world: World, role: Role = Role.OFFICER) -> Staff:
    username = f"u-{uuid4().hex[:12]}"
    agency = COMPANY if role is Role.OFFICER else CENTRE
    staff_id, _ = await accounts.create_staff(
        world.parts.pool, username, "Ngô Thị Mén", agency, role, None, SYSTEM, email=f"{username}@camau.gov.vn"
    )
    found = await accounts.staff_of(world.parts.pool, staff_id)
    assert found is not None
    return found


async def to_callback(browser: httpx.AsyncClient, wanted: str = "/console/account") -> str:
    """Off to the provider, which sends the browser back: the address it is sent to, on our server."""
    left = await browser.get(f"{PAGES}/sso?next={wanted}")
    assert left.status_code == 303, left.text
    back = await browser.get(left.headers["location"])
    parts = urlsplit(back.headers["location"])
    assert parts.path == "/console/sso/callback"
    return f"{parts.path}?{parts.query}"


async def sso(browser: httpx.AsyncClient) -> httpx.Response:
    return await browser.get(await to_callback(browser))


def refusal(answer: httpx.Response) -> str:
    assert answer.status_code == 303, answer.text
    assert "phananh" not in answer.cookies
    return parse_qs(urlsplit(answer.headers["location"]).query)["sso"][0]


async def last_event(world: World) -> tuple[str, str]:
    row = await world.parts.pool.fetchrow("SELECT kind, actor, data FROM account_events ORDER BY event_id DESC LIMIT 1")
    assert row is not None
    assert row["actor"] == "anonymous"
    return row["kind"], row["data"].get("reason", "")


def known(provider: Provider, staff: Staff) -> None:
    provider.person |= {"email": staff.email.upper(), "email_verified": True}


async def test_a_verified_address_finds_the_account_and_links_it(
    browser: httpx.AsyncClient, provider: Provider, world: World
) -> None:
    staff = await hired(world)
    known(provider, staff)
    page = await browser.get(f"{PAGES}/signin")
    assert "Đăng nhập bằng Cổng tỉnh" in page.text
    back = await sso(browser)
    assert back.status_code == 200
    assert 'content="0; url=/console/account"' in back.text
    assert staff.full_name in (await browser.get(f"{PAGES}/account")).text
    # From now on by the subject alone, whatever the address says.
    provider.person = {"sub": provider.person["sub"], "email": "other@camau.gov.vn", "email_verified": True}
    browser.cookies.clear()
    assert (await sso(browser)).status_code == 200
    kinds = [
        row["kind"]
        for row in await world.parts.pool.fetch(
            "SELECT kind FROM account_events WHERE staff_id = $1 ORDER BY event_id", staff.staff_id
        )
    ]
    assert kinds == ["staff_created", "identity_linked", "signed_in", "signed_in"]


async def test_the_configured_user_name_finds_the_account_too(
    browser: httpx.AsyncClient, provider: Provider, world: World
) -> None:
    provider.person["preferred_username"] = (await hired(world)).username.upper()
    assert (await sso(browser)).status_code == 200


async def test_elliptic_curves_sign_as_well(browser: httpx.AsyncClient, provider: Provider, world: World) -> None:
    known(provider, await hired(world))
    provider.signs, provider.algorithm = provider.ec, "ES256"
    assert (await sso(browser)).status_code == 200


async def test_no_account_is_ever_made(browser: httpx.AsyncClient, provider: Provider, world: World) -> None:
    provider.person |= {"email": "nobody@camau.gov.vn", "email_verified": True, "preferred_username": "nobody.here"}
    before = await world.parts.pool.fetchval("SELECT count(*) FROM staff")
    answer = await sso(browser)
    assert refusal(answer) == "unknown"
    assert await world.parts.pool.fetchval("SELECT count(*) FROM staff") == before
    assert "nhờ quản trị viên" in (await browser.get(answer.headers["location"])).text
    assert await last_event(world) == ("sign_in_refused", "sso_unknown")


@pytest.mark.parametrize("verified", [False, None, "true"])
async def test_an_address_that_is_not_verified_finds_nobody(
    verified: object, browser: httpx.AsyncClient, provider: Provider, world: World
) -> None:
    known(provider, await hired(world))
    provider.person["email_verified"] = verified
    assert refusal(await sso(browser)) == "unknown"


async def test_a_second_identity_does_not_get_a_linked_account(
    browser: httpx.AsyncClient, provider: Provider, world: World
) -> None:
    known(provider, await hired(world))
    assert (await sso(browser)).status_code == 200
    browser.cookies.clear()
    provider.person["sub"] = "another"
    assert refusal(await sso(browser)) == "unknown"


async def test_a_disabled_account_stays_shut(browser: httpx.AsyncClient, provider: Provider, world: World) -> None:
    staff = await hired(world)
    known(provider, staff)
    assert (await sso(browser)).status_code == 200
    await accounts.disable(world.parts.pool, staff.staff_id, SYSTEM)
    browser.cookies.clear()
    assert refusal(await sso(browser)) == "unknown"


now = time.time
_TIMES = ("exp", "nbf", "iat")


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another-app"},
        {"aud": None},
        {"aud": [CLIENT, "another-app"]},  # for several, and it does not say to whom it was given
        {"aud": [CLIENT, "another-app"], "azp": "another-app"},
        {"iss": "https://elsewhere.example"},
        {"iss": None},
        {"exp": -120},
        {"exp": None},
        {"nbf": 600},
        {"iat": 600},
        {"sub": None},
        {"sub": 17},
        {"at_hash": "another"},
    ],
    ids=str,
)
async def test_a_token_that_is_not_for_us_here_and_now_opens_nothing(
    claims: dict[str, object], browser: httpx.AsyncClient, provider: Provider, world: World
) -> None:
    known(provider, await hired(world))
    # Times are seconds from now.
    times = {name: int(now()) + value for name, value in claims.items() if name in _TIMES and isinstance(value, int)}
    provider.claims = claims | times
    assert refusal(await sso(browser)) == "refused"
    assert await last_event(world) == ("sign_in_refused", "sso_refused")


async def test_a_clock_may_be_off_by_a_minute(browser: httpx.AsyncClient, provider: Provider, world: World) -> None:
    known(provider, await hired(world))
    provider.claims = {"iat": int(now()) + 40, "exp": int(now()) - 30}
    assert (await sso(browser)).status_code == 200


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _by_hand(claims: dict[str, object], algorithm: str, key: bytes = b"") -> str:
    """A token that no honest library makes: unsigned, or signed with a public key as if it were a shared secret."""
    head = {"alg": algorithm, "typ": "JWT", "kid": "rsa-1"}
    text = ".".join(_base64(msgspec.json.encode(part)) for part in (head, claims))
    return f"{text}.{_base64(hmac.digest(key, text.encode(), hashlib.sha256)) if key else ''}"


async def test_a_strangers_signature_opens_nothing_and_keys_are_not_fetched_for_everybody(
    at_first: httpx.AsyncClient, provider: Provider, world: World
) -> None:
    known(provider, await hired(world))
    provider.signs = RSAKey.generate_key(2048, {"kid": "rsa-1"})
    assert refusal(await sso(at_first)) == "refused"
    for number in range(3):
        provider.signs = RSAKey.generate_key(2048, {"kid": f"made-up-{number}"})
        assert refusal(await sso(at_first)) == "refused"
    assert provider.key_requests == 1


async def test_no_token_without_a_signature_or_signed_with_what_is_public(
    browser: httpx.AsyncClient, provider: Provider, world: World
) -> None:
    known(provider, await hired(world))
    claims = {"iss": provider.issuer, "aud": CLIENT, "exp": int(now()) + 300, "iat": int(now()), **provider.person}
    for raw in (
        _by_hand(claims, "none"),
        _by_hand(claims, "HS256", provider.rsa.as_pem(private=False)),
        "not.a.token",
        "",
    ):
        provider.raw_token = raw or " "
        assert refusal(await sso(browser)) == "refused"


async def test_an_answer_counts_once(browser: httpx.AsyncClient, provider: Provider, world: World) -> None:
    known(provider, await hired(world))
    callback = await to_callback(browser)
    assert (await browser.get(callback)).status_code == 200
    browser.cookies.delete("phananh")
    assert refusal(await browser.get(callback)) == "over"


async def test_an_answer_counts_in_the_browser_that_asked(
    browser: httpx.AsyncClient, provider: Provider, world: World, here: str
) -> None:
    known(provider, await hired(world))
    callback = await to_callback(browser)
    async with httpx.AsyncClient(base_url=here) as other:
        assert refusal(await other.get(callback)) == "over"
        await to_callback(other)
        assert refusal(await other.get(callback)) == "over"
    assert (await browser.get(callback)).status_code == 200


async def test_an_answer_that_comes_too_late_counts_for_nothing(
    browser: httpx.AsyncClient, provider: Provider, world: World
) -> None:
    known(provider, await hired(world))
    callback = await to_callback(browser)
    await world.parts.pool.execute("UPDATE single_sign_ons SET expires_at = now()")
    assert refusal(await browser.get(callback)) == "over"


async def test_a_code_of_somebody_elses_sign_in_is_refused(
    browser: httpx.AsyncClient, provider: Provider, world: World, here: str
) -> None:
    """The verifier of PKCE stays with us: a stolen code is worth nothing in another sign-in."""
    known(provider, await hired(world))
    async with httpx.AsyncClient(base_url=here) as thief:
        stolen = parse_qs(urlsplit(await to_callback(browser)).query)["code"][0]
        mine = parse_qs(urlsplit(await to_callback(thief)).query)["state"][0]
        assert refusal(await thief.get(f"{PAGES}/sso/callback?code={stolen}&state={mine}")) == "refused"


@pytest.mark.parametrize("query", ["", "?state=", "?state=x&code=y", "?code=y", "?error=access_denied"])
async def test_a_made_up_answer_opens_nothing(query: str, browser: httpx.AsyncClient) -> None:
    assert refusal(await browser.get(f"{PAGES}/sso/callback{query}")) == "over"


async def test_a_no_at_the_provider_is_a_no(browser: httpx.AsyncClient, provider: Provider) -> None:
    state = parse_qs(urlsplit(await to_callback(browser)).query)["state"][0]
    answer = await browser.get(f"{PAGES}/sso/callback?error=access_denied&state={state}")
    assert refusal(answer) == "refused"


async def test_another_issuers_discovery_document_is_not_believed(
    at_first: httpx.AsyncClient, provider: Provider
) -> None:
    provider.discovery = {"issuer": "https://elsewhere.example"}
    answer = await at_first.get(f"{PAGES}/sso")
    assert refusal(answer) == "away"
    assert "chưa phản hồi" in (await at_first.get(answer.headers["location"])).text


async def test_a_second_factor_of_ours_is_asked_for_unless_the_provider_has_seen_one(
    browser: httpx.AsyncClient, provider: Provider, world: World
) -> None:
    staff, policy = await hired(world), Policy.of(world.parts.settings)
    at = datetime.now(UTC)
    proposal = await factors.propose(world.parts.pool, policy, staff)
    await factors.confirm(world.parts.pool, policy, staff, pyotp.TOTP(proposal.secret).at(at), at)
    known(provider, staff)
    back = await sso(browser)
    assert "url=/console/signin/second?next=/console/account" in back.text
    assert (await browser.get(f"{PAGES}/account")).status_code == 303
    page = await browser.get(f"{PAGES}/signin/second")
    wrong = await browser.post(f"{PAGES}/signin/second", data={"csrf": token(page), "code": "000000"})
    assert wrong.status_code == 401
    browser.cookies.clear()
    provider.claims = {"amr": ["pwd", "mfa"]}
    await sso(browser)
    assert (await browser.get(f"{PAGES}/account")).status_code == 200


async def test_a_role_that_must_have_one_sets_it_up_after_single_sign_on(
    browser: httpx.AsyncClient, provider: Provider, world: World
) -> None:
    known(provider, await hired(world, Role.COORDINATOR))
    await sso(browser)
    assert "Cài đặt xác thực hai bước" in (await browser.get(f"{PAGES}/signin/second")).text


async def test_without_a_provider_there_is_no_button_and_no_door(stranger: httpx.AsyncClient) -> None:
    assert "/console/sso" not in (await stranger.get(f"{PAGES}/signin")).text
    for path in ("/sso", "/sso/callback?state=x&code=y"):
        assert (await stranger.get(PAGES + path)).status_code == 404


async def test_only_our_own_pages_are_gone_on_to(browser: httpx.AsyncClient, provider: Provider, world: World) -> None:
    known(provider, await hired(world))
    back = await browser.get(await to_callback(browser, "https://elsewhere.example/"))
    assert 'content="0; url=/console"' in back.text
