"""The pages of reports that come by themselves, without scripts: set one up, look at it, change it, try it, end it."""

import re

import httpx

from tests.console.conftest import PAGES, Visitor
from tests.world import World

HERE = f"{PAGES}/schedules"
FORM = {"kind": "weekly", "day-weekly": "1", "day-monthly": "1", "day-cut": "25", "time": "07:30", "lang": "vi"}


async def post(browser: httpx.AsyncClient, path: str, **fields: str | list[str]) -> httpx.Response:
    data = {"csrf": browser.headers["x-token"], **fields}
    return await browser.post(path, data=data, follow_redirects=True)


async def made(browser: httpx.AsyncClient, world: World, *people: str, **more: str | list[str]) -> httpx.Response:
    ids = [str(world.people[key].staff_id) for key in people]
    usual: dict[str, str | list[str]] = {**FORM, "name": "Báo cáo <tuần>", "people": ids}
    return await post(browser, f"{HERE}/new", **usual | more)


async def test_a_coordinator_sets_one_up_looks_changes_tries_and_ends_it(visitor: Visitor, world: World) -> None:
    oanh = await visitor("coordinator")
    assert "Chưa có báo cáo định kỳ nào" in (await oanh.get(HERE)).text
    page = await made(oanh, world, "leader", formats=["pdf", "xlsx"], category=["street-light"], office_days="1")
    path = str(page.url).partition("?")[0]
    for words in (
        "Đã đặt lịch", "Báo cáo &lt;tuần&gt;", "Thứ Hai hằng tuần lúc 07:30, chỉ ngày làm việc", "Huỳnh Quốc Việt",
        "Lĩnh vực: Đèn đường hỏng", "PDF, XLSX", "Chưa gửi lần nào",
    ):  # fmt: skip
        assert words in page.text, words
    assert "Báo cáo &lt;tuần&gt;" in (await oanh.get(HERE)).text

    form = (await oanh.get(f"{path}/edit")).text
    assert 'value="street-light" checked' in form
    assert re.search(r'value="weekly" checked', form)
    version = re.search(r'name="version" value="(\d+)"', form)
    assert version
    leader = str(world.people["leader"].staff_id)
    changed = {**FORM, "name": "Báo cáo chốt", "kind": "cut", "time": "13:00", "people": leader, "version": version[1]}
    assert "Theo kỳ chốt số liệu, ngày 25 lúc 13:00" in (await post(oanh, f"{path}/edit", **changed)).text
    stale = await post(oanh, f"{path}/edit", **changed | {"name": "Bản của tôi"})
    assert stale.status_code == 409
    assert "Bản của tôi" in stale.text

    tried = await post(oanh, f"{path}/trial")
    assert "gửi cho riêng anh/chị" in tried.text
    assert "Nguyễn Hoàng Oanh" in tried.text
    assert "chưa có địa chỉ email" in tried.text
    assert "Đang tạm dừng" in (await post(oanh, f"{path}/pause", paused="1")).text
    assert "Đang tạm dừng" not in (await post(oanh, f"{path}/pause", paused="0")).text
    assert "Đã xóa lịch." in (await post(oanh, f"{path}/delete")).text
    assert (await oanh.get(path)).status_code == 404


async def test_what_is_wrong_is_said_beside_it_and_what_was_typed_stays(visitor: Visitor, world: World) -> None:
    oanh = await visitor("coordinator")
    page = await made(oanh, world, name="", kind="cut", time="11:00", addresses="khong-phai-thu", channel=["zalo_oa"])
    assert page.status_code == 422
    for words in ("Cần có tên", "Kỳ kết thúc lúc 12 giờ ngày 25", "Địa chỉ email chưa đúng: khong-phai-thu"):
        assert words in page.text, words
    for kept in ('value="zalo_oa" checked', 'value="cut" checked', 'value="11:00"', ">khong-phai-thu</textarea>"):
        assert kept in page.text, kept
    page = await made(oanh, world, "leader", time="25:00")
    assert "Thời gian gửi chưa đúng" in page.text


async def test_a_lead_chooses_within_the_own_agencies_and_sees_nobody_elses(visitor: Visitor, world: World) -> None:
    lead = await visitor("lead")
    form = (await lead.get(f"{HERE}/new?category=street-light")).text
    assert 'value="street-light" checked' in form
    assert 'name="addresses"' not in form
    assert str(world.people["lead"].staff_id) in form
    assert str(world.people["other_lead"].staff_id) not in form
    assert 'value="dien-luc-ca-mau"' not in form
    refused = await made(lead, world, "lead", agency=["dien-luc-ca-mau"])
    assert refused.status_code == 403
    assert "Anh/chị chỉ xem được số liệu" in refused.text
    page = await made(lead, world, "lead")
    other = await visitor("other_lead")
    for path in ("", "/edit"):
        assert (await other.get(str(page.url).partition("?")[0] + path)).status_code == 404
    assert "Báo cáo &lt;tuần&gt;" not in (await other.get(HERE)).text
    assert "Báo cáo &lt;tuần&gt;" in (await (await visitor("coordinator")).get(HERE)).text
