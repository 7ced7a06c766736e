"""Every page says who may open it, and every page is tried by everybody."""

import re
from collections.abc import Iterator
from uuid import UUID

import httpx
import pytest
from litestar import Litestar, get
from litestar.routes import HTTPRoute

from app.accounts.model import Role
from app.api.metrics import Metrics
from app.api.shell import Shell
from app.console.app import console_app
from app.console.declare import Who
from app.console.guard import admit
from app.wiring import Parts
from tests.console.conftest import PAGES, Visitor, send, token
from tests.world import COMPANY, World

ROLES = ("officer", "lead", "coordinator", "leader", "administrator")
ABSENT = "0" * 64
NO_CASE = "PA-0000-0000"
NOBODY_ELSE = (403, 403, 403, 403)
DESK_ALONE = (403, 403, 404, 403, 403)
"""Coordinators; the report that is asked for is not there."""
COORDINATORS = (403, 403, 200, 403, 403)

# What everybody gets, in the order of ROLES; forms are sent with their token. Strangers are sent to sign in.
EXPECTED: dict[tuple[str, str], tuple[int, ...]] = {
    ("GET", ""): (303, 303, 303, 303, 200),
    ("GET", "/queue"): (200, 200, 200, 200, 403),
    ("GET", "/queue/next"): (303, 303, 303, 303, 403),
    ("GET", "/queue/new"): (204, 204, 204, 204, 403),
    ("GET", "/queue/saved"): (200, 200, 200, 200, 403),
    ("GET", "/queue/saved/counts"): (200, 200, 200, 200, 403),
    ("POST", "/queue/saved"): (422, 422, 422, 422, 403),
    ("POST", "/queue/saved/delete"): (404, 404, 404, 404, 403),
    ("POST", "/queue/saved/share"): (404, 404, 404, 404, 403),
    ("POST", "/queue/saved/up"): (404, 404, 404, 404, 403),
    ("GET", "/queue/tags"): (200, 200, 200, 200, 403),
    ("POST", "/queue/columns"): (303, 303, 303, 303, 403),
    ("GET", "/account"): (200, 200, 200, 200, 200),
    ("POST", "/account/end"): (404, 404, 404, 404, 404),
    ("GET", "/account/factor"): (200, 200, 200, 200, 200),
    ("POST", "/account/factor/start"): (401, 401, 401, 401, 401),
    ("POST", "/account/factor/confirm"): (401, 401, 401, 401, 401),
    ("POST", "/account/factor/codes"): (401, 401, 401, 401, 401),
    ("POST", "/account/factor/remove"): (401, 401, 401, 401, 401),
    ("GET", "/account/password"): (200, 200, 200, 200, 200),
    ("POST", "/account/password"): (422, 422, 422, 422, 422),
    ("GET", "/notices"): (200, 200, 200, 200, 200),
    ("POST", "/notices/read"): (303, 303, 303, 303, 303),
    ("GET", "/notices/{wanted}"): (404, 404, 404, 404, 404),
    ("GET", "/account/channels"): (200, 200, 200, 200, 200),
    ("POST", "/account/channels"): (303, 303, 303, 303, 303),
    ("POST", "/account/push"): (422, 422, 422, 422, 422),
    ("POST", "/account/push/off"): (303, 303, 303, 303, 303),
    ("GET", "/escalation"): (403, 200, 200, 403, 200),
    ("GET", "/escalation/{agency}"): (403, 200, 200, 403, 200),
    ("POST", "/escalation/{agency}"): (403, 303, 303, 403, 303),
    ("POST", "/escalation/{agency}/give-up"): (403, 303, 303, 403, 303),
    ("GET", "/absence"): (200, 200, 200, 403, 403),
    ("POST", "/absence"): (422, 422, 422, 403, 403),
    ("POST", "/absence/take-back"): (404, 404, 404, 403, 403),
    ("GET", "/staff"): (*NOBODY_ELSE, 200),
    ("GET", "/staff/new"): (*NOBODY_ELSE, 200),
    ("POST", "/staff/new"): (*NOBODY_ELSE, 422),
    ("GET", "/staff/agencies"): (*NOBODY_ELSE, 200),
    ("GET", "/staff/tokens"): (*NOBODY_ELSE, 200),
    ("GET", "/staff/audit"): (*NOBODY_ELSE, 200),
    ("GET", "/staff/import"): (*NOBODY_ELSE, 200),
    ("POST", "/staff/import"): (*NOBODY_ELSE, 422),
    ("GET", "/staff/account/{account}"): (*NOBODY_ELSE, 200),
    ("POST", "/staff/account/{account}"): (*NOBODY_ELSE, 422),
    ("POST", "/staff/account/{account}/reset"): (*NOBODY_ELSE, 200),
    ("POST", "/staff/account/{account}/factor"): (*NOBODY_ELSE, 303),
    ("POST", "/staff/account/{account}/switch"): (*NOBODY_ELSE, 303),
    ("POST", "/staff/account/{account}/end"): (*NOBODY_ELSE, 404),
    ("POST", "/staff/account/{account}/token"): (*NOBODY_ELSE, 422),
    ("POST", "/staff/account/{account}/token/revoke"): (*NOBODY_ELSE, 404),
    ("POST", "/staff/account/{account}/unlink"): (*NOBODY_ELSE, 303),
    ("GET", "/reports/{code}"): (404, 404, 404, 404, 403),
    ("GET", "/reports/{code}/pdf"): (404, 404, 404, 404, 403),
    ("POST", "/reports/{code}/attachments"): (404, 404, 404, 404, 403),
    ("POST", "/reports/{code}/attachments/{attachment_id}/remove"): (404, 404, 404, 404, 403),
    ("POST", "/reports/{code}/acts/{act}"): (404, 404, 404, 404, 403),
    ("POST", "/reports/{code}/acts/{act}/fill"): (404, 404, 404, 404, 403),
    ("POST", "/reports/{code}/presence"): (404, 404, 404, 404, 403),
    ("GET", "/reports/{code}/people"): (404, 404, 404, 404, 403),
    ("GET", "/opendata"): (*NOBODY_ELSE, 200),
    ("POST", "/opendata"): (*NOBODY_ELSE, 422),
    ("POST", "/opendata/preview"): (*NOBODY_ELSE, 422),
    ("POST", "/opendata/{month}/correct"): (*NOBODY_ELSE, 404),
    ("GET", "/chats"): (200, 200, 200, 200, 200),
    ("POST", "/chats"): (200, 200, 200, 200, 200),
    ("POST", "/chats/unlink"): (303, 303, 303, 303, 303),
    ("GET", "/bulk"): (200, 200, 200, 200, 403),
    ("POST", "/bulk"): (422, 422, 422, 422, 403),
    ("GET", "/bulk/{wanted}"): (404, 404, 404, 404, 403),
    ("POST", "/bulk/{wanted}/act"): (303, 303, 303, 303, 403),
    ("POST", "/bulk/{wanted}/start"): (404, 404, 404, 404, 403),
    ("GET", "/bulk/{wanted}/progress"): (404, 404, 404, 404, 403),
    ("POST", "/bulk/{wanted}/cancel"): (404, 404, 404, 404, 403),
    ("POST", "/bulk/{wanted}/again"): (404, 404, 404, 404, 403),
    ("GET", "/templates"): (403, 200, 200, 403, 200),
    ("POST", "/templates/first-set"): (403, 403, 303, 403, 303),
    ("GET", "/templates/new"): (403, 200, 200, 403, 200),
    ("POST", "/templates/new"): (403, 422, 422, 403, 422),
    ("GET", "/templates/{wanted}"): (403, 404, 404, 403, 404),
    ("POST", "/templates/{wanted}"): (403, 404, 404, 403, 404),
    ("POST", "/templates/{wanted}/switch"): (403, 404, 404, 403, 404),
    ("GET", "/insight"): (403, 200, 200, 200, 403),
    ("GET", "/insight/rule"): (403, 403, 200, 200, 200),
    ("GET", "/directions"): (200, 200, 200, 200, 403),
    ("GET", "/exports"): (403, 200, 200, 200, 403),
    ("POST", "/exports"): (403, 422, 422, 422, 403),
    ("GET", "/exports/mine"): (403, 200, 200, 200, 403),
    ("GET", "/exports/now.csv"): (403, 200, 200, 200, 403),
    ("GET", "/exports/{wanted}"): (403, 404, 404, 404, 403),
    ("GET", "/exports/{wanted}/state"): (403, 404, 404, 404, 403),
    ("GET", "/exports/{wanted}/file"): (403, 404, 404, 404, 403),
    ("GET", "/exports/{wanted}/provenance"): (403, 404, 404, 404, 403),
    ("POST", "/exports/{wanted}/cancel"): (403, 404, 404, 404, 403),
    ("POST", "/exports/{wanted}/again"): (403, 404, 404, 404, 403),
    ("POST", "/exports/{wanted}/delete"): (403, 404, 404, 404, 403),
    ("GET", "/hotspots"): (403, 200, 200, 200, 403),
    ("GET", "/hotspots/part"): (403, 200, 200, 200, 403),
    ("GET", "/hotspots/points"): (403, 200, 200, 200, 403),
    ("GET", "/hotspots/place"): (403, 422, 422, 422, 403),
    ("GET", "/dashboard"): (403, 200, 200, 200, 403),
    ("GET", "/schedules"): (403, 200, 200, 200, 403),
    ("GET", "/schedules/new"): (403, 200, 200, 200, 403),
    ("POST", "/schedules/new"): (403, 422, 422, 422, 403),
    ("GET", "/schedules/{wanted}"): (403, 404, 404, 404, 403),
    ("GET", "/schedules/{wanted}/edit"): (403, 404, 404, 404, 403),
    ("POST", "/schedules/{wanted}/edit"): (403, 404, 404, 404, 403),
    ("POST", "/schedules/{wanted}/pause"): (403, 404, 404, 404, 403),
    ("POST", "/schedules/{wanted}/trial"): (403, 404, 404, 404, 403),
    ("POST", "/schedules/{wanted}/again"): (403, 404, 404, 404, 403),
    ("POST", "/schedules/{wanted}/delete"): (403, 404, 404, 404, 403),
    ("GET", "/dashboard/list"): (403, 422, 422, 422, 403),
    ("GET", "/reports/{code}/publish"): DESK_ALONE,
    ("POST", "/reports/{code}/publish"): DESK_ALONE,
    ("GET", "/field"): (200, 200, 200, 200, 403),
    ("GET", "/field/session"): (200, 200, 200, 200, 403),
    ("GET", "/field/work"): (200, 200, 200, 200, 403),
    ("GET", "/field/photos/{code}/{photo_id}"): (404, 404, 404, 404, 403),
    ("POST", "/field/acts"): (404, 404, 404, 404, 403),
    ("GET", "/reports/{code}/merge"): DESK_ALONE,
    ("POST", "/reports/{code}/merge"): DESK_ALONE,
    ("POST", "/reports/{code}/unmerge"): DESK_ALONE,
    ("GET", "/reports/{code}/split"): DESK_ALONE,
    ("POST", "/reports/{code}/split"): DESK_ALONE,
    ("GET", "/desk"): COORDINATORS,
    ("GET", "/desk/one/{code}"): DESK_ALONE,
    ("POST", "/desk/one/{code}"): DESK_ALONE,
    ("POST", "/desk/competence/{code}"): DESK_ALONE,
    ("POST", "/desk/extension/{code}"): DESK_ALONE,
    ("GET", "/partners"): (*NOBODY_ELSE, 200),
    ("POST", "/partners"): (*NOBODY_ELSE, 422),
    ("GET", "/partners/{wanted}"): (*NOBODY_ELSE, 404),
    ("POST", "/partners/{wanted}"): (*NOBODY_ELSE, 404),
    ("POST", "/partners/{wanted}/connect"): (*NOBODY_ELSE, 404),
    ("POST", "/partners/{wanted}/switch"): (*NOBODY_ELSE, 404),
    ("POST", "/partners/{wanted}/remove"): (*NOBODY_ELSE, 404),
    ("GET", "/partners/{wanted}/map"): (*NOBODY_ELSE, 404),
    ("POST", "/partners/{wanted}/map"): (*NOBODY_ELSE, 404),
    ("GET", "/partners/{wanted}/reports/{code}"): (*NOBODY_ELSE, 404),
    ("POST", "/partners/{wanted}/reports/{code}/again"): (*NOBODY_ELSE, 404),
    ("POST", "/partners/{wanted}/reports/{code}/number"): (*NOBODY_ELSE, 404),
    ("POST", "/partners/{wanted}/reports/{code}/leave"): (*NOBODY_ELSE, 404),
    ("POST", "/partners/{wanted}/decide"): (*NOBODY_ELSE, 404),
    ("POST", "/partners/{wanted}/fetch"): (*NOBODY_ELSE, 404),
    ("POST", "/partners/{wanted}/send"): (*NOBODY_ELSE, 404),
    ("GET", "/webhooks"): (*NOBODY_ELSE, 200),
    ("POST", "/webhooks"): (*NOBODY_ELSE, 422),
    ("GET", "/webhooks/{wanted}"): (*NOBODY_ELSE, 404),
    ("POST", "/webhooks/{wanted}"): (*NOBODY_ELSE, 404),
    ("POST", "/webhooks/{wanted}/try"): (*NOBODY_ELSE, 404),
    ("POST", "/webhooks/{wanted}/switch"): (*NOBODY_ELSE, 404),
    ("POST", "/webhooks/{wanted}/secret"): (*NOBODY_ELSE, 404),
    ("POST", "/webhooks/{wanted}/remove"): (*NOBODY_ELSE, 404),
    ("POST", "/webhooks/{wanted}/replay"): (*NOBODY_ELSE, 404),
    ("GET", "/system"): (*NOBODY_ELSE, 200),
    ("POST", "/system/jobs"): (*NOBODY_ELSE, 422),
    ("GET", "/system/calendar"): (*NOBODY_ELSE, 200),
    ("POST", "/system/calendar"): (*NOBODY_ELSE, 422),
    ("GET", "/system/categories"): (*NOBODY_ELSE, 200),
    ("GET", "/system/words"): (403, 403, 200, 403, 200),
    ("POST", "/system/words"): (403, 403, 422, 403, 422),
    ("POST", "/system/words/try"): (403, 403, 200, 403, 200),
    ("POST", "/system/words/remove"): (403, 403, 404, 403, 404),
    ("GET", "/wall"): (403, 403, 200, 403, 200),
    ("POST", "/wall"): (403, 403, 422, 403, 422),
    ("POST", "/wall/revoke"): (403, 403, 404, 403, 404),
    ("POST", "/desk/proof/{code}"): DESK_ALONE,
    ("GET", "/desk/blocked"): COORDINATORS,
    ("GET", "/looks"): (403, 403, 200, 403, 200),
    ("GET", "/reports/{code}/reporter"): DESK_ALONE,
    ("POST", "/reports/{code}/reporter"): DESK_ALONE,
    ("POST", "/reports/{code}/reporter/block"): DESK_ALONE,
    ("POST", "/reports/{code}/reporter/unblock"): DESK_ALONE,
    ("GET", "/hotline"): COORDINATORS,
    ("POST", "/hotline"): (403, 403, 422, 403, 403),
    ("POST", "/hotline/look"): COORDINATORS,
    ("POST", "/hotline/join/{code}"): DESK_ALONE,
    ("GET", "/hotline/taken/{code}"): DESK_ALONE,
    ("GET", "/rules"): (*NOBODY_ELSE, 200),
    ("GET", "/rules/source/{version}"): (*NOBODY_ELSE, 200),
    ("GET", "/rules/history"): (*NOBODY_ELSE, 200),
    ("GET", "/rules/misrouted"): (403, 403, 200, 200, 200),
    ("GET", "/rules/rollback"): (*NOBODY_ELSE, 409),
    ("POST", "/rules/rollback"): (*NOBODY_ELSE, 409),
    ("GET", "/rules/try"): (*NOBODY_ELSE, 200),
    ("POST", "/rules/try"): (*NOBODY_ELSE, 422),
    ("GET", "/rules/candidate"): (*NOBODY_ELSE, 200),
    ("POST", "/rules/candidate"): (*NOBODY_ELSE, 422),
    ("GET", "/rules/candidate/{wanted}"): (*NOBODY_ELSE, 404),
    ("GET", "/rules/candidate/{wanted}/source"): (*NOBODY_ELSE, 404),
    ("GET", "/rules/candidate/{wanted}/progress"): (*NOBODY_ELSE, 404),
    ("GET", "/rules/candidate/{wanted}/changes.csv"): (*NOBODY_ELSE, 404),
    ("POST", "/rules/candidate/{wanted}/replay"): (*NOBODY_ELSE, 404),
    ("POST", "/rules/candidate/{wanted}/apply"): (*NOBODY_ELSE, 404),
}
OPEN = {
    ("GET", "/signin"),
    ("POST", "/signin"),
    ("GET", "/signin/second"),
    ("POST", "/signin/second"),
    ("GET", "/sso"),
    ("GET", "/sso/callback"),
    ("GET", "/language/{wanted}"),
    ("GET", "/static/{version}/{name}"),
    ("GET", "/field/manifest.webmanifest"),
    ("GET", "/field/sw.js"),
}
OTHERWISE = {("POST", "/signout")}


def declared(app: Litestar) -> Iterator[tuple[tuple[str, str], Who]]:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                for method in handler.http_methods - {"OPTIONS", "HEAD"}:
                    yield (str(method), route.path_format.removeprefix(PAGES)), handler.opt["page"]


async def test_every_page_says_who_may_open_it_and_stands_in_the_table(parts: Parts) -> None:
    pages = dict(declared(console_app(parts, cookie="phananh", secure=False)))
    assert {page for page, who in pages.items() if who.kind == "staff"} == set(EXPECTED) | OTHERWISE
    assert {page for page, who in pages.items() if who.kind == "anyone"} == OPEN


async def test_a_page_that_says_nothing_lets_nobody_in(parts: Parts, world: World) -> None:
    @get("/forgotten")
    async def forgotten() -> str:
        return "secret"

    app = Litestar([forgotten], guards=[admit], openapi_config=None, logging_config=None)
    transport = httpx.ASGITransport(app=Shell(app, Metrics(), secure=False), raise_app_exceptions=False)  # type: ignore[arg-type]  # Litestar's ASGI types
    async with httpx.AsyncClient(transport=transport, base_url="http://a") as browser:
        answer = await browser.get("/forgotten")
    assert answer.status_code == 500
    assert "secret" not in answer.text


def _filled(path: str, world: World) -> str:
    account = world.people["other_lead"].staff_id
    return PAGES + path.format(
        version=world.parts.rules.version,
        wanted=ABSENT,
        account=account,
        agency=COMPANY,
        code=NO_CASE,
        photo_id=UUID(int=0),
        attachment_id=UUID(int=0),
        act="note",
        month="2026-10",
    )


@pytest.mark.parametrize("page", list(EXPECTED), ids=" ".join)
async def test_each_role_gets_exactly_its_due(page: tuple[str, str], visitor: Visitor, world: World) -> None:
    method, path = page
    got = []
    for role in ROLES:
        browser = await visitor(role)
        form = {"csrf": browser.headers["x-token"]} if method == "POST" else None
        answer = await browser.request(method, _filled(path, world), data=form)
        got.append(answer.status_code)
    assert tuple(got) == EXPECTED[page]


@pytest.mark.parametrize("page", list(EXPECTED), ids=" ".join)
async def test_strangers_are_asked_to_sign_in_and_come_back(
    page: tuple[str, str], stranger: httpx.AsyncClient, world: World
) -> None:
    method, path = page
    answer = await stranger.request(method, _filled(path, world), data={"csrf": ""} if method == "POST" else None)
    if method == "GET":
        assert answer.status_code == 303
        assert answer.headers["location"] == f"{PAGES}/signin?next={_filled(path, world)}"
    else:
        assert answer.status_code == 401
        assert "Phiên làm việc đã hết" in answer.text


@pytest.mark.parametrize("path", sorted(path for method, path in {*EXPECTED, *OTHERWISE} if method == "POST"))
@pytest.mark.parametrize("given", ["", "wrong", None])
async def test_no_form_is_taken_without_its_token(path: str, given: str | None, visitor: Visitor, world: World) -> None:
    may = EXPECTED.get(("POST", path), (200,) * len(ROLES))
    somebody = await visitor(next(role for role, status in zip(ROLES, may, strict=True) if status != 403))
    form = {"note": "không có mã"} if given is None else {"csrf": given, "note": "mã sai"}
    answer = await somebody.post(_filled(path, world), data=form)
    assert answer.status_code == 403
    assert "Trang đã mở quá lâu" in answer.text
    assert (await somebody.get(f"{PAGES}/account")).status_code == 200


async def test_another_persons_token_opens_nothing(admin: httpx.AsyncClient, visitor: Visitor) -> None:
    theirs = (await visitor("officer")).headers["x-token"]
    answer = await admin.post(f"{PAGES}/rules/try", data={"csrf": theirs, "text": "đèn hỏng"})
    assert answer.status_code == 403


async def test_a_programs_key_opens_no_page(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.get(f"{PAGES}/rules", headers={"Authorization": "Bearer pa_abc"})
    assert answer.status_code == 303


@pytest.mark.parametrize("role", ROLES)
async def test_the_menu_shows_what_may_be_opened_and_nothing_else(role: str, visitor: Visitor) -> None:
    page = await (await visitor(role)).get(PAGES, follow_redirects=True)
    for menu in ("rules", "staff"):
        assert (f'href="/console/{menu}"' in page.text) == (role == Role.ADMINISTRATOR)
    assert ('href="/console/queue"' in page.text) == (role != Role.ADMINISTRATOR)


async def test_pages_come_with_the_safety_headers_and_nothing_inline(admin: httpx.AsyncClient) -> None:
    pages = [path for method, path in EXPECTED if method == "GET" and "{" not in path]
    for path in (*pages, "/nothing"):
        answer = await admin.get(PAGES + path)
        assert answer.headers["content-security-policy"].startswith("default-src 'self'")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-frame-options"] == "DENY"
        assert not re.search(r"<style|\sstyle=|<script(?! src=)|\son\w+=|https?://", answer.text), path
        assert len(re.findall(r'<form[^>]* method="post"', answer.text)) == answer.text.count('name="csrf"')


async def test_styles_and_scripts_are_kept_for_good_under_their_hash(stranger: httpx.AsyncClient) -> None:
    page = await stranger.get(f"{PAGES}/signin")
    found = re.findall(r'(?:href|src)="(/console/static/[^"]+)"', page.text)
    assert {one.rpartition(".")[2] for one in found} == {"css", "js", "svg"}
    for one in found:
        asset = await stranger.get(one)
        assert asset.status_code == 200
        assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert (await stranger.get("/console/static/000000000000/style.css")).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("GET", "/nothing", 404, "Không có trang này"),
        ("GET", "/signout", 405, "Không mở được như vậy"),
        ("GET", f"/rules/candidate/{ABSENT}", 404, "Không còn bộ quy tắc này"),
        ("GET", "/rules/candidate/zz", 404, "Không còn bộ quy tắc này"),
        ("GET", "/rules/source/zz", 404, "Không có bộ quy tắc phiên bản zz"),
        ("GET", "/language/fr", 404, "Không có trang này"),
    ],
)
async def test_what_cannot_be_shown_is_said_in_words(
    method: str, path: str, status: int, words: str, admin: httpx.AsyncClient
) -> None:
    answer = await admin.request(method, PAGES + path)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert words in answer.text


async def test_a_broken_or_endless_form_is_refused_in_words(admin: httpx.AsyncClient) -> None:
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    broken = await admin.post(f"{PAGES}/rules/candidate", content=b"--x\r\nnonsense", headers=kind)
    assert (broken.status_code, "Biểu mẫu gửi lên bị lỗi" in broken.text) == (400, True)
    huge = await send(admin, "/rules/candidate", file=b"a" * (18 << 20))
    assert (huge.status_code, "tối đa 17 MB" in huge.text) == (413, True)


async def test_the_api_keeps_its_own_kind_of_answers(stranger: httpx.AsyncClient) -> None:
    assert (await stranger.get("/consoles")).headers["content-type"] == "application/problem+json"
    assert token(await stranger.get(f"{PAGES}/signin"))
