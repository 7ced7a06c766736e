"""Accounts as an administrator handles them in the console, without any script."""

import html
import re
from uuid import uuid4

import httpx
import pytest

from app.accounts import service as accounts
from app.accounts.model import SYSTEM, EventKind, Role, Staff
from app.errors import NotFound
from app.i18n import LANGS, Lang, t
from tests.console.conftest import PAGES, Visitor, send, sign_in
from tests.world import AN_XUYEN, CENTRE, COMPANY, POWER, World

FORM = {"full_name": "Kim Thị Sa Rinh", "agency_id": COMPANY, "role": "officer"}


def name() -> str:
    return f"u-{uuid4().hex[:12]}"


async def hired(world: World, agency: str = POWER, role: Role = Role.OFFICER) -> Staff:
    staff_id, _ = await accounts.create_staff(world.parts.pool, name(), "Danh Sà Phol", agency, role, None, SYSTEM)
    found = await accounts.staff_of(world.parts.pool, staff_id)
    assert found is not None
    return found


async def again(world: World, staff: Staff) -> Staff:
    found = await accounts.staff_of(world.parts.pool, staff.staff_id)
    assert found is not None
    return found


def shown_secret(page: httpx.Response) -> str:
    found = re.search(r'<code class="secret">([^<]+)</code>', page.text)
    assert found, page.text
    return html.unescape(found[1])


async def test_a_new_account_its_password_shown_once_and_changed_at_the_first_sign_in(
    admin: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    username = name()
    made = await send(admin, "/staff/new", username=username, email="Rinh@CaMau.gov.vn", **FORM)
    assert "Đã tạo tài khoản cho Kim Thị Sa Rinh" in made.text
    password = shown_secret(made)
    assert (await sign_in(stranger, username, password)).status_code == 303
    assert (await stranger.get(PAGES)).headers["location"] == "/console/account/password"
    listed = await admin.get(f"{PAGES}/staff?q={username}")
    assert listed.text.count("/console/staff/account/") == 1
    assert password not in listed.text


async def test_every_mistake_of_a_form_is_shown_at_once_with_what_was_typed(admin: httpx.AsyncClient) -> None:
    answer = await send(
        admin, "/staff/new", username="Có Dấu", full_name="", email="không phải thư", agency_id="none", role="lead"
    )
    assert answer.status_code == 422
    assert answer.text.count('aria-invalid="true"') == 4
    assert 'value="Có Dấu"' in answer.text
    assert '<option value="lead" selected>' in answer.text


async def test_a_taken_user_name_is_said_at_its_field(admin: httpx.AsyncClient) -> None:
    answer = await send(admin, "/staff/new", username="tran.thi.bich", **FORM)
    assert (answer.status_code, "đã có người dùng" in answer.text) == (422, True)


async def test_the_list_is_searched_without_accents_and_filtered(admin: httpx.AsyncClient, world: World) -> None:
    async def found(query: str) -> set[str]:
        page = await admin.get(f"{PAGES}/staff?{query}")
        return set(re.findall(r'/console/staff/account/[^"]+">([^<]+)</a>', page.text))

    assert await found("q=tran+thi+bich") == {"Trần Thị Bích"}
    assert "Trần Thị Bích" in await found(f"agency={COMPANY}&role=officer")
    assert "Trần Thị Bích" not in await found(f"agency={POWER}")
    assert "Đặng Thị Ngọc Hân" in await found("role=administrator&state=active")
    assert await found("q=khongcoai") == set()


async def test_an_account_is_changed_and_its_sessions_end_when_its_rights_do(
    admin: httpx.AsyncClient, stranger: httpx.AsyncClient, world: World
) -> None:
    staff = await hired(world)
    password = await accounts.reset_password(world.parts.pool, staff.staff_id, None, SYSTEM)
    await sign_in(stranger, staff.username, password)
    path = f"/staff/account/{staff.staff_id}"
    saved = await send(admin, path, full_name="Danh Sà Phol", agency_id=POWER, role="officer", email="phol@a.vn")
    assert "Đã lưu" in saved.text
    assert (await stranger.get(f"{PAGES}/account")).status_code == 200
    await send(admin, path, full_name="Danh Sà Phol", agency_id=POWER, role="lead", email="phol@a.vn")
    assert (await stranger.get(f"{PAGES}/account")).status_code == 303
    assert (await again(world, staff)).role is Role.LEAD
    assert "vai trò: cán bộ xử lý → phụ trách đơn vị" in html.unescape((await admin.get(f"{PAGES}{path}")).text)


async def test_limits_are_ticked_and_kept(admin: httpx.AsyncClient, world: World) -> None:
    staff = await hired(world)
    path = f"{PAGES}/staff/account/{staff.staff_id}"
    form: dict[str, str | list[str]] = {**FORM, "csrf": admin.headers["x-token"], "agency_id": POWER}
    form |= {"categories": ["street-light", "flooding-bogus"], "communes": [AN_XUYEN]}
    refused = await admin.post(path, data=form)
    assert (refused.status_code, "flooding-bogus" in refused.text) == (422, True)
    form["categories"] = ["street-light"]
    assert (await admin.post(path, data=form)).status_code == 303
    kept = await again(world, staff)
    assert (kept.categories, kept.communes) == (("street-light",), (AN_XUYEN,))
    assert 'value="street-light" checked' in (await admin.get(path)).text


async def test_a_reset_shows_a_new_password_once_and_ends_everything(
    admin: httpx.AsyncClient, stranger: httpx.AsyncClient, world: World
) -> None:
    staff = await hired(world)
    shown = await send(admin, f"/staff/account/{staff.staff_id}/reset", factor="yes")
    assert (await sign_in(stranger, staff.username, shown_secret(shown))).status_code == 303
    await send(admin, f"/staff/account/{staff.staff_id}/end", session="all")
    assert (await stranger.get(f"{PAGES}/account/password")).status_code == 303


async def test_an_account_is_disabled_and_opened_again_and_nobody_disables_themselves(
    admin: httpx.AsyncClient, world: World
) -> None:
    staff, myself = await hired(world), world.people["administrator"].staff_id
    assert "Đã khóa tài khoản" in (await send(admin, f"/staff/account/{staff.staff_id}/switch", to="off")).text
    assert not (await again(world, staff)).active
    assert "Đã mở lại" in (await send(admin, f"/staff/account/{staff.staff_id}/switch", to="on")).text
    refused = await send(admin, f"/staff/account/{myself}/switch", to="off")
    assert (refused.status_code, "chính mình" in refused.text) == (409, True)
    no_less = await send(admin, f"/staff/account/{myself}", full_name="Hân", agency_id=CENTRE, role="officer")
    assert (no_less.status_code, "tự bỏ vai trò" in no_less.text) == (409, True)


async def test_a_key_is_shown_once_works_within_its_scope_and_is_revoked(
    admin: httpx.AsyncClient, stranger: httpx.AsyncClient, world: World
) -> None:
    staff = await hired(world)
    path = f"/staff/account/{staff.staff_id}"
    wrong = await send(admin, f"{path}/token", name="")
    assert (wrong.status_code, "Vui lòng đặt tên" in wrong.text) == (422, True)
    key = shown_secret(await send(admin, f"{path}/token", name="Trang phường", scope="read", days="30"))
    headers = {"Authorization": f"Bearer {key}"}
    assert (await stranger.get("/api/v1/staff/queue", headers=headers)).status_code == 200
    listed = await admin.get(f"{PAGES}/staff/tokens")
    assert "Trang phường" in listed.text
    assert key not in listed.text
    token_id = await world.parts.pool.fetchval("SELECT token_id FROM api_tokens WHERE staff_id = $1", staff.staff_id)
    assert "Đã thu hồi" in (await send(admin, f"{path}/token/revoke", token=str(token_id))).text
    assert (await stranger.get("/api/v1/staff/queue", headers=headers)).status_code == 401


async def test_the_tree_of_agencies_says_who_has_no_lead(admin: httpx.AsyncClient) -> None:
    page = await admin.get(f"{PAGES}/staff/agencies")
    rows = {re.search(r'class="id">(.+?)</code>', row): row for row in page.text.split("<tr>")[2:]}
    by_id = {re.sub("<wbr>", "", found[1]): row for found, row in rows.items() if found}
    assert "chưa có người phụ trách" not in by_id[COMPANY]
    assert "chưa có người phụ trách" in by_id["so-xay-dung"]
    assert "chưa có ai" in by_id[f"ubnd-{AN_XUYEN}"]
    assert 'class="depth-1"' in by_id["so-xay-dung"]


async def test_the_record_names_who_did_what_to_whom_and_can_be_filtered(
    admin: httpx.AsyncClient, world: World
) -> None:
    staff = await hired(world)
    await send(admin, f"/staff/account/{staff.staff_id}/switch", to="off")
    page = await admin.get(f"{PAGES}/staff/audit?username={staff.username}&kind=staff_disabled")
    text = page.text.replace("<wbr>", "")
    assert text.count("<tr><td") == 1
    assert "dang.ngoc.han" in text
    assert staff.username in text
    assert "Không tìm thấy" in (await admin.get(f"{PAGES}/staff/audit?username=khong.co")).text
    everything = await admin.get(f"{PAGES}/staff/audit")
    older = re.search(r'href="(/console/staff/audit\?[^"]*before=\d+)"', everything.text)
    if older:
        assert (await admin.get(html.unescape(older[1]))).status_code == 200


@pytest.mark.parametrize("lang", LANGS)
def test_every_kind_of_event_has_its_words(lang: Lang) -> None:
    assert all(t(f"console.event_{kind.value}", lang) for kind in EventKind)


TABLE = "username,full_name,agency,role\n{0},Trần Văn Ơn,{1},cán bộ xử lý\n"


async def test_a_table_is_looked_at_first_and_then_taken(admin: httpx.AsyncClient, world: World) -> None:
    username = name()
    table = TABLE.format(username, COMPANY)
    looked = await send(admin, "/staff/import", table=table)
    assert "tạo mới: 1; sửa: 0; giữ nguyên: 0" in looked.text
    with pytest.raises(NotFound):
        async with world.parts.pool.acquire() as conn:
            await accounts.find_staff(conn, username)
    kept = re.search(r"<textarea name=\"table\" hidden>\n(.*?)</textarea>", looked.text, re.DOTALL)
    assert kept
    taken = await send(admin, "/staff/import", table=html.unescape(kept[1]), take="yes")
    assert "Đã nhập xong" in taken.text
    again = await send(admin, "/staff/import", table=table, take="yes")
    assert "tạo mới: 0; sửa: 0; giữ nguyên: 1" in again.text


async def test_every_mistake_of_a_table_is_named_by_its_line(admin: httpx.AsyncClient) -> None:
    table = "username,full_name,agency,role\nA b,,none,boss\n"
    answer = await send(admin, "/staff/import", table=table)
    assert answer.status_code == 422
    assert answer.text.count("Dòng 2:") == 4


async def test_only_administrators_handle_accounts_however_they_ask(visitor: Visitor, world: World) -> None:
    staff = await hired(world)
    for role in ("officer", "lead", "coordinator", "leader"):
        browser = await visitor(role)
        for path in ("reset", "factor", "switch", "end", "token"):
            answer = await send(browser, f"/staff/account/{staff.staff_id}/{path}", to="off", session="all")
            assert answer.status_code == 403
    assert (await again(world, staff)).active


@pytest.mark.parametrize("account", ["x", "00000000-0000-7000-8000-000000000000"])
async def test_an_unknown_account_is_said_in_words(account: str, admin: httpx.AsyncClient) -> None:
    answer = await admin.get(f"{PAGES}/staff/account/{account}")
    assert (answer.status_code, "Không tìm thấy tài khoản" in answer.text) == (404, True)
