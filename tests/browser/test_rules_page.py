"""The rules page in a real browser, as an administrator would use it: look, try, hand in, mend, replay, apply."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from app.db import transaction
from app.routing import service as routing
from tests.browser.desk import open_as
from tests.console.test_candidate_pages import lights_to
from tests.serving import running
from tests.world import COMPANY, LIGHT, World

NOTE = "Sở Xây dựng nhận lại đèn đường theo công văn 12"
LIGHTS = "den duong truoc so 12 ly bon hong ba dem nay"


@pytest_asyncio.fixture(scope="module")
async def address(world: World) -> AsyncIterator[str]:
    """A server whose rules have no examples, so that a change may change answers."""
    pool, source = world.parts.pool, world.parts.rules.source
    plain = source.partition("#:::: file")[0].replace("include:", "# include:")
    await routing.apply(pool, routing.load(plain), note="không có ví dụ", by="kiểm thử")
    async with running(world.parts) as address:
        async with httpx.AsyncClient(base_url=address) as http:
            for number in range(3):
                await http.post("/api/v1/reports", json=LIGHT | {"text": f"Đèn đường hỏng, trụ số {number}"})
        yield address


async def decide(page: Page, address: str) -> None:
    await page.goto(f"{address}/console/rules/try")
    await page.get_by_label("Nội dung người dân viết").fill(LIGHTS)
    await page.get_by_label("Nơi phản ánh").fill("Phường An Xuyên")
    await page.get_by_role("button", name="Xem quyết định").click()


def write(folder: Path, text: str) -> Path:
    path = folder / "routing_rules.yaml"
    path.write_text(text, encoding="utf-8")
    return path


async def test_a_change_of_the_rules_from_the_first_look_to_the_decision_it_changes(
    page: Page, address: str, world: World, tmp_path: Path
) -> None:
    await open_as(page, address, world, "administrator", "/console/rules")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Quy tắc chuyển phản ánh")
    await decide(page, address)
    decision = page.get_by_role("region", name="Quyết định")
    await expect(decision).to_contain_text("Công ty Cổ phần Môi trường Đô thị Cà Mau")
    await decision.get_by_text("Vì sao không phải").click()
    await expect(decision.get_by_text("Quy tắc số 1", exact=True)).to_be_visible()

    active = await routing.active(world.parts.pool)
    await page.get_by_role("link", name="Thay đổi quy tắc").click()
    await page.get_by_label("Tệp quy tắc (YAML)").set_input_files(
        write(tmp_path, lights_to("so-xay-dun", active.source))
    )
    await page.get_by_role("button", name="Kiểm tra").click()
    await expect(page.get_by_role("alert")).to_contain_text("Có 1 lỗi cần sửa")
    await expect(page.locator("mark")).to_contain_text("so-xay-dun")

    await page.get_by_role("link", name="Gửi tệp khác").click()
    good = write(tmp_path, lights_to("so-xay-dung", active.source))
    await page.get_by_label("Tệp quy tắc (YAML)").set_input_files(good)
    await page.get_by_role("button", name="Kiểm tra").click()
    await expect(page.locator("ins")).to_have_text("so-xay-dung")
    await expect(page.locator("del")).to_have_text(COMPANY)

    async with transaction(world.parts.pool) as conn:
        await conn.execute("LOCK TABLE reports IN ACCESS EXCLUSIVE MODE")  # the replay waits for us to look
        await page.get_by_role("button", name="Chạy lại").click()
        await expect(page.get_by_role("progressbar")).to_be_visible()
        await page.reload()
        await expect(page.get_by_role("progressbar")).to_be_visible()
    await expect(page.get_by_text("đổi cơ quan")).to_be_visible(timeout=60_000)
    await expect(page.get_by_role("progressbar")).to_have_count(0)
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Tải danh sách 3 phản ánh (CSV)").click()
    assert (await download.value).suggested_filename.endswith(".csv")

    await page.get_by_role("button", name="Áp dụng").click()
    note = page.get_by_label("Lý do (được ghi vào lịch sử)")
    await expect(note).to_have_attribute("aria-invalid", "true")
    await note.fill(NOTE)
    await page.get_by_role("button", name="Áp dụng").click()
    await expect(page.get_by_role("status")).to_contain_text("Đã áp dụng bộ quy tắc mới")
    await decide(page, address)
    await expect(decision).to_contain_text("Sở Xây dựng tỉnh Cà Mau")
    await page.get_by_role("link", name="Lịch sử").click()
    await expect(page.get_by_role("row").nth(1)).to_contain_text(NOTE)


async def test_what_was_pasted_outlives_an_ended_session(page: Page, address: str, world: World) -> None:
    await open_as(page, address, world, "administrator", "/console/rules/candidate")
    await page.get_by_label("Hoặc dán nội dung vào đây").fill("rules: []")
    await page.context.clear_cookies()
    await page.get_by_role("button", name="Kiểm tra").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Phiên làm việc đã hết")
    await open_as(page, address, world, "administrator", "/console/rules/candidate")
    await expect(page.get_by_label("Hoặc dán nội dung vào đây")).to_have_value("rules: []")


PATHS = ("", "/rules", "/rules/try", "/rules/candidate", "/rules/history")


async def test_every_page_fits_a_telephone_and_every_field_has_a_label(page: Page, address: str, world: World) -> None:
    await page.goto(f"{address}/console/signin")
    assert await page.evaluate(_FAULTS) == []
    await open_as(page, address, world, "administrator", "/console")
    for path in PATHS:
        await page.goto(f"{address}/console{path}")
        assert await page.evaluate(_FAULTS) == [], path


async def test_everything_works_without_scripts(browser: Browser, address: str, world: World) -> None:
    context = await browser.new_context(java_script_enabled=False, locale="vi-VN")
    page = await context.new_page()
    await open_as(page, address, world, "administrator", "/console/rules/try")
    await decide(page, address)
    await expect(page.get_by_role("region", name="Quyết định")).to_contain_text("Đèn đường hỏng")
    await page.get_by_role("button", name="Đăng xuất").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Đăng nhập")
    await context.close()


# What is wrong with a page: wider than the screen, fields without a label, words too pale for their ground (WCAG 2.2
# AA: 4.5 to 1), things to press that are too small (24 px), ids used twice, more or less than one h1.
_FAULTS = """() => {
  const faults = [];
  if (document.documentElement.scrollWidth > innerWidth) faults.push("wider than the screen");
  if (document.querySelectorAll("h1").length !== 1) faults.push("not one h1");
  for (const field of document.querySelectorAll("input:not([type=hidden]), select, textarea"))
    if (!field.labels.length) faults.push(`no label: ${field.name}`);
  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  faults.push(...ids.filter((id, at) => ids.indexOf(id) !== at).map((id) => `id twice: ${id}`));
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = parts(colour).map((v) => linear(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = parts(getComputedStyle(one).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return getComputedStyle(one).backgroundColor;
    }
    return "rgb(255, 255, 255)";
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = new Set();
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || seen.has(element) || !element.checkVisibility()) continue;
    seen.add(element);
    const [a, b] = [light(getComputedStyle(element).color), light(ground(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) faults.push(`pale (${ratio.toFixed(1)}): ${element.textContent.trim().slice(0, 40)}`);
  }
  for (const one of document.querySelectorAll("button, .top a, .tabs a, select, input:not([type=hidden])")) {
    const box = one.getBoundingClientRect();
    if (one.checkVisibility() && (box.width < 24 || (box.height < 24 && one.type !== "checkbox")))
      faults.push(`small: ${one.textContent.trim() || one.name}`);
  }
  return faults;
}"""
