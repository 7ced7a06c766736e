"""The pages of response templates, without scripts: write one, look at it, change it, take it out of use."""

import re

import httpx

from app.accounts import service as accounts
from app.accounts.model import Actor
from app.templates import service as templates
from tests.console.conftest import PAGES, Visitor
from tests.world import COMPANY, World

HERE = f"{PAGES}/templates"
WORDS = {
    "act": "progress",
    "scope": "c:street-light",
    "title": "Đang <thay> bóng",
    "body": "{agency} thay bóng {code}.",
}


async def post(browser: httpx.AsyncClient, path: str, **fields: str) -> httpx.Response:
    return await browser.post(path, data={"csrf": browser.headers["x-token"], **fields}, follow_redirects=True)


def link(page: httpx.Response, title: str) -> str:
    found = re.search(rf'<a href="({HERE}/[0-9a-f-]{{36}})">{title}</a>', page.text)
    assert found, page.text
    return found[1]


def version(page: httpx.Response) -> str:
    found = re.search(r'name="version" value="(\d+)"', page.text)
    assert found
    return found[1]


async def test_a_lead_writes_looks_changes_and_takes_out_of_use(visitor: Visitor, world: World) -> None:
    lead = await visitor("lead")
    looked = await post(lead, f"{HERE}/new", **WORDS, preview="1")
    assert looked.status_code == 200
    assert "Công ty Cổ phần Môi trường Đô thị Cà Mau thay bóng PA-7K3M-9QX2." in looked.text
    assert "Chưa có mẫu nào" in (await lead.get(HERE)).text

    listed = await post(lead, f"{HERE}/new", **WORDS)
    assert "Đang &lt;thay&gt; bóng" in listed.text
    assert "Đèn đường hỏng" in listed.text
    path = link(listed, "Đang &lt;thay&gt; bóng")
    page = await lead.get(path)
    assert 'value="c:street-light" selected' in page.text
    await post(lead, path, **WORDS | {"body": "Xin chờ."}, version=version(page))
    stale = await post(lead, path, **WORDS | {"body": "Bản của tôi."}, version=version(page))
    assert stale.status_code == 409
    assert "Người khác vừa sửa mẫu này" in stale.text
    assert "Bản của tôi." in stale.text
    assert "Xin chờ." in stale.text
    again = await post(lead, path, **WORDS | {"body": "Bản của tôi."}, version=version(stale))
    assert again.status_code == 200
    history = (await lead.get(path)).text
    assert all(f"Lần {number}" in history for number in (1, 2, 3))
    assert history.count("Lê Văn Phước") >= 3
    gone = await post(lead, f"{path}/switch", active="no", version=version(await lead.get(path)))
    assert "Mẫu không dùng nữa (1)" in gone.text


async def test_what_is_wrong_stands_beside_its_field_with_everything_typed(visitor: Visitor) -> None:
    lead = await visitor("lead")
    page = await post(lead, f"{HERE}/new", act="ask", scope="", title="", body="Kính gửi {name}", body_en="Dear {who}")
    assert page.status_code == 422
    for words in ("Tên mẫu cần từ 1 đến 100 ký tự", "danh tính người phản ánh được giữ kín, không đưa vào mẫu",
                  "Không có chỗ điền “{who}”", "{code}, {category}, {place}", "Kính gửi {name}"):  # fmt: skip
        assert words in page.text, words
    assert (await post(lead, f"{HERE}/new", act="fly", title="a", body="b")).status_code == 422


async def test_the_centres_templates_are_everybodys_to_use_and_the_coordinators_to_change(
    visitor: Visitor, world: World
) -> None:
    coordinator, lead, other = await visitor("coordinator"), await visitor("lead"), await visitor("other_lead")
    assert "Dùng bộ mẫu có sẵn của hệ thống" in (await coordinator.get(HERE)).text
    assert "Dùng bộ mẫu có sẵn của hệ thống" not in (await other.get(HERE)).text
    listed = await post(coordinator, f"{HERE}/first-set")
    path = link(listed, "Hỏi rõ vị trí")
    shown = await lead.get(path)
    assert "cơ quan anh/chị dùng được nhưng không sửa được" in shown.text
    assert (await post(lead, path, **WORDS, version="1")).status_code == 403
    assert (await post(lead, f"{path}/switch", active="no", version="1")).status_code == 403
    ours = link(await post(lead, f"{HERE}/new", **WORDS | {"title": "Của công ty"}), "Của công ty")
    assert (await other.get(ours)).status_code == 404
    assert (await post(other, ours, **WORDS, version="1")).status_code == 404
    administrator = await visitor("administrator")
    assert (await post(administrator, ours, **WORDS | {"title": "Sửa hộ"}, version="1")).status_code == 200
    found = await templates.listed(world.parts.pool, await _actor(world, "lead"), world.parts.rules.coordinator_id)
    assert {one.agency_id for one in found if one.title == "Sửa hộ"} == {COMPANY}


async def _actor(world: World, key: str) -> Actor:
    async with world.parts.pool.acquire() as conn:
        found = await accounts.actor_of(conn, world.people[key].staff_id)
    assert found
    return found


async def test_it_is_in_the_menu_of_those_who_look_after_them(visitor: Visitor) -> None:
    for key in ("officer", "lead", "coordinator", "leader", "administrator"):
        has = f'href="{HERE}"' in (await (await visitor(key)).get(f"{PAGES}/account")).text
        assert has is (key in ("lead", "coordinator", "administrator")), key
