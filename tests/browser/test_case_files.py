"""Files and proof of a case in a real browser: put in by the keyboard, read on a desk and on a telephone."""

import os
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.async_api import Page, expect

from app.attachments import service as attachments
from app.photos import service as photos
from app.reports.model import Report
from app.reports.workflow import Act
from tests.attachments.papers import pdf, with_archive
from tests.browser.desk import faults
from tests.browser.test_case_page import DESK, PHONE, Visit, act, file
from tests.browser.test_case_page import address as address
from tests.browser.test_case_page import visit as visit
from tests.photos.pictures import encoded, exif, gps, scene
from tests.world import World

SHOTS = os.environ.get("PHANANH_SHOTS")
"""A folder for pictures of the pages, for people to look at."""


async def keep(page: Page, name: str) -> None:
    if SHOTS:
        await page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


async def doubtful(world: World) -> Report:
    """Resolved with a photo of another place that was used elsewhere, one of the place itself, and a document."""
    p = world.parts
    here = gps((9, 13, 28.6), "N", (105, 10, 40.8), "E")
    odd = encoded(scene(seed=7), exif=exif(taken="2024:05:06 07:08:09", gps=gps((9, 20, 0), "N", (105, 10, 0), "E")))
    stored = [
        await photos.store_photo(p.pool, p.objects, p.lab, data)
        for data in (odd, encoded(scene(seed=uuid4().int % 10_000), exif=exif(gps=here)))
    ]
    begun = await act(world, "officer", await file(world), Act.START)
    await act(world, "officer", begun, Act.RESOLVE, text="Đã thay bóng.", photos=(stored[0],))
    paper = await attachments.store_file(p.pool, p.objects, p.lab, pdf(pages=2), "Biên bản nghiệm thu.pdf")
    begun = await act(world, "officer", await file(world), Act.START)
    form: dict[str, Any] = {
        "text": "Đã thay bóng và chấn lưu, đèn sáng lại.",
        "photos": tuple(stored),
        "files": (paper,),
    }
    return await act(world, "officer", begun, Act.RESOLVE, **form)


@pytest.mark.parametrize(("key", "viewport"), [("coordinator", DESK), ("officer", PHONE)], ids=["desk", "phone"])
async def test_proof_and_files_are_in_nobodys_way(
    key: str, viewport: dict[str, int], visit: Visit, world: World
) -> None:
    report = await doubtful(world)
    page = await visit(key, f"/console/reports/{report.code}", viewport, bypass_csp=True)
    await expect(page.locator("#proof")).to_be_visible()
    await page.locator("summary", has_text="Thêm tài liệu").click()
    assert await faults(page) == []
    await keep(page, f"proof-{key}")


async def test_the_page_prints_without_what_only_screens_need(visit: Visit, world: World) -> None:
    report = await doubtful(world)
    page = await visit("coordinator", f"/console/reports/{report.code}")
    await page.emulate_media(media="print")
    for hidden in (".top", "summary:has-text('Thêm tài liệu')", "a:has-text('Bản in (PDF)')", "[data-map]"):
        await expect(page.locator(hidden).first).to_be_hidden()
    for shown in (".case-head", "#proof", "#history", "text=Biên bản nghiệm thu.pdf"):
        await expect(page.locator(shown).first).to_be_visible()
    if SHOTS:
        await page.pdf(path=Path(SHOTS) / "print.pdf", format="A4")


async def test_a_file_is_put_in_with_the_keyboard_alone(visit: Visit, world: World, tmp_path: Path) -> None:
    report = await file(world)
    page = await visit("officer", f"/console/reports/{report.code}")
    (tmp_path / "Dự toán.pdf").write_bytes(pdf(pages=4))
    (tmp_path / "hai-mat.pdf").write_bytes(with_archive(pdf()))
    await page.locator("summary", has_text="Thêm tài liệu").focus()
    await page.keyboard.press("Enter")
    await page.get_by_label("Chọn tệp").set_input_files(tmp_path / "hai-mat.pdf")
    await page.get_by_label("Ghi chú (không").focus()
    await page.keyboard.type("Dự toán đã duyệt.")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("dữ liệu lạ ghép thêm phía sau")
    await expect(page.get_by_label("Ghi chú (không")).to_have_value("Dự toán đã duyệt.")
    assert await page.get_by_role("alert").is_visible()
    await page.get_by_label("Chọn tệp").set_input_files(tmp_path / "Dự toán.pdf")
    await page.get_by_label("Ghi chú (không").press("Enter")
    await page.wait_for_url("**#files")
    link = page.get_by_role("link", name="Dự toán.pdf")
    async with page.expect_download() as download:
        await link.click()
    assert (await download.value).suggested_filename == "Dự toán.pdf"
