"""Field mode in a real browser: a phone with signal, without, and in between."""

import asyncio
import io
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from PIL import ExifTags, Image
from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from app.reports.model import Report
from app.reports.workflow import Act
from tests.browser.conftest import WHOLE, launched
from tests.browser.desk import faults, open_as
from tests.console.test_directions_page import act as done_by
from tests.console.test_field import kinds, light
from tests.world import HERE, PASSWORD, World, photo

READY = "#field[data-ready]"
WAITING = "Chờ gửi: có mạng là tự gửi"


@pytest_asyncio.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """The light one has no background sync."""
    async with launched(WHOLE) as browser:
        yield browser


async def sign_in(page: Page, address: str, world: World, key: str = "officer") -> None:
    await open_as(page, address, world, key, "/console/field")
    await page.wait_for_selector(READY)
    await page.evaluate("navigator.serviceWorker.ready")


@pytest_asyncio.fixture
async def phone(page: Page, address: str, world: World) -> Page:
    """The officer's, signed in, with the list on the screen once with signal."""
    await sign_in(page, address, world)
    # The first visit is not yet served by the worker: the second is, and is kept.
    await page.reload()
    await page.wait_for_selector(READY)
    await page.wait_for_function("caches.open('field-page').then((cache) => cache.match('/console/field'))")
    return page


async def open_case(page: Page, report: Report) -> None:
    await page.goto(page.url.partition("#")[0] + f"#{report.code}")
    await expect(page.locator("#case code")).to_have_text(report.code)


async def refreshed(page: Page) -> None:
    await page.reload()
    await page.wait_for_selector(READY)


async def write(page: Page, act: str, words: str) -> None:
    await page.get_by_role("button", name=act, exact=True).click()
    await page.get_by_label("Nội dung", exact=True).fill(words)


class Sync:
    """The browser's background sync, set off by hand. It is held by a page of another site's, which closes nothing."""

    def __init__(
        self, context: BrowserContext, address: str, scope: str = "/console/field", tag: str = "field-outbox"
    ) -> None:
        self.context, self.address, self.scope, self.tag = context, address, f"{address}{scope}", tag
        self.registration = ""

    async def __aenter__(self) -> "Sync":
        self.page = await self.context.new_page()
        self.devtools = await self.context.new_cdp_session(self.page)
        self.devtools.on("ServiceWorker.workerRegistrationUpdated", self._seen)
        await self.devtools.send("ServiceWorker.enable")
        return self

    def _seen(self, said: Any) -> None:
        for one in said["registrations"]:
            if one["scopeURL"] == self.scope:
                self.registration = one["registrationId"]

    async def fire(self) -> None:
        await self._send("ServiceWorker.dispatchSyncEvent", tag=self.tag, lastChance=False)

    async def push(self, message: str) -> None:
        """What a push service would bring."""
        await self._send("ServiceWorker.deliverPushMessage", data=message)

    async def _send(self, method: str, **params: Any) -> None:
        async with asyncio.timeout(60):
            while not self.registration:  # noqa: ASYNC110  # told by the browser when it likes
                await asyncio.sleep(0.01)
        await self.devtools.send(method, {"origin": self.address, "registrationId": self.registration, **params})

    async def __aexit__(self, *_: object) -> None:
        await self.page.close()


async def until_happened(world: World, report: Report, kind: str, times: int = 1) -> None:
    async with asyncio.timeout(60):
        while (await kinds(world, report)).count(kind) < times:  # noqa: ASYNC110  # the database rings no bell for tests
            await asyncio.sleep(0.05)


# ---------------------------------------------------------------- with signal


async def test_from_the_list_to_the_result_with_a_photo(phone: Page, world: World) -> None:
    report = await light(world, pictures=(photo("trước"),))
    await refreshed(phone)
    await phone.get_by_role("link", name="12 Lý Bôn").first.click()
    await open_case(phone, report)
    await expect(phone.get_by_role("img", name="Ảnh người dân gửi")).to_be_visible()
    way = await phone.get_by_role("link", name="Chỉ đường").get_attribute("href")
    assert way is not None
    assert way.startswith(f"geo:{HERE['lat']},{HERE['lon']}")
    await phone.get_by_role("button", name="Bắt đầu xử lý").click()
    await until_happened(world, report, "started")
    await expect(phone.locator("#case")).to_contain_text("Đang xử lý")
    await write(phone, "Đã xử lý xong", "Đã thay bóng, đèn sáng.")
    await phone.get_by_role("button", name="Gửi", exact=True).click()
    await expect(phone.get_by_role("alert").get_by_text("Vui lòng chụp ảnh")).to_be_visible()
    after = {"name": "sau.jpg", "mimeType": "image/jpeg", "buffer": photo("sau")}
    await phone.get_by_label("Ảnh sau khi xử lý").set_input_files(after)  # type: ignore[arg-type]  # a plain dict will do
    await phone.get_by_role("button", name="Gửi", exact=True).click()
    await until_happened(world, report, "resolved")
    await expect(phone.get_by_role("heading", name="Việc ngoài hiện trường")).to_be_visible()
    await expect(phone.locator("#outbox")).to_be_hidden()
    await expect(phone.locator(f"a[href='#{report.code}']")).to_have_count(0)


async def test_a_large_photo_is_made_small_and_keeps_when_and_where_it_was_taken(phone: Page, world: World) -> None:
    report = await light(world)
    await refreshed(phone)
    await open_case(phone, report)
    exif = {0x0112: 6}  # lying on its side
    large = _camera_photo(exif)
    assert len(large) > 600_000
    await write(phone, "Đã xử lý xong", "Đã thay bóng.")
    file = {"name": "sau.jpg", "mimeType": "image/jpeg", "buffer": large}
    await phone.get_by_label("Ảnh sau khi xử lý").set_input_files(file)  # type: ignore[arg-type]  # a plain dict will do
    await phone.get_by_role("button", name="Gửi", exact=True).click()
    await until_happened(world, report, "resolved")
    blob = await world.parts.pool.fetchrow(
        "SELECT b.* FROM photo_blobs b JOIN report_photos p USING (sha256) WHERE p.report_id = $1", report.report_id
    )
    assert blob is not None
    assert (blob["width"], blob["height"]) == (1200, 1600)
    assert blob["size_bytes"] < len(large) / 2
    assert (round(blob["lat"], 3), round(blob["lon"], 3)) == (9.225, 105.178)
    assert blob["taken_at"].isoformat() == "2026-11-20T02:30:00+00:00"


def _camera_photo(tags: dict[int, int]) -> bytes:
    noise = random.Random(1).randbytes(200 * 150 * 3)  # a picture that does not compress well
    image = Image.frombytes("RGB", (200, 150), noise).resize((2400, 1800))
    exif = Image.Exif()
    for tag, value in tags.items():
        exif[tag] = value
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2026:11:20 09:30:00"
    exif.get_ifd(ExifTags.IFD.GPSInfo).update({1: "N", 2: (9.0, 13.0, 28.6), 3: "E", 4: (105.0, 10.0, 40.8)})
    out = io.BytesIO()
    image.save(out, "JPEG", quality=92, exif=exif)
    return out.getvalue()


async def test_near_ones_come_first_once_the_phone_may_say_where_it_is(
    context: BrowserContext, phone: Page, world: World
) -> None:
    near, far = await light(world), await light(world)
    await world.parts.pool.execute("UPDATE reports SET lat = lat + 0.05 WHERE report_id = $1", far.report_id)
    await world.parts.pool.execute(
        "UPDATE reports SET due_at = due_at + interval '9 days' WHERE report_id = $1", near.report_id
    )
    await refreshed(phone)
    await phone.get_by_role("button", name="Gần tôi").click()
    await expect(phone.locator("#said")).to_contain_text("chưa cho phép")
    await context.grant_permissions(["geolocation"])
    await context.set_geolocation({"latitude": HERE["lat"], "longitude": HERE["lon"], "accuracy": 15})
    await phone.get_by_role("button", name="Gần tôi").click()
    await expect(phone.get_by_role("button", name="Gần tôi")).to_have_attribute("aria-pressed", "true")
    codes = await phone.locator("#cards a").evaluate_all("(all) => all.map((one) => one.hash.slice(1))")
    assert codes.index(near.code) < codes.index(far.code)
    await expect(phone.locator(f"a[href='#{far.code}']")).to_contain_text("5,6 km")


# ---------------------------------------------------------------- without


async def test_what_was_opened_last_is_read_without_signal(context: BrowserContext, phone: Page, world: World) -> None:
    report = await light(world, pictures=(photo("đọc khi mất mạng"),))
    await refreshed(phone)
    await open_case(phone, report)
    picture = phone.get_by_role("img", name="Ảnh người dân gửi")
    await expect(picture).to_have_js_property("complete", value=True)
    await phone.get_by_role("link", name="Danh sách").click()
    await phone.get_by_role("button", name="Bản đồ").click()
    await expect(phone.locator(".leaflet-marker-icon").first).to_be_visible()
    await context.set_offline(True)
    await refreshed(phone)
    await expect(phone.locator("#signal")).to_contain_text("Mất mạng")
    await open_case(phone, report)
    await expect(phone.locator("#case")).to_contain_text("Đèn trước nhà tắt")
    await expect(phone.locator("#case")).not_to_contain_text("0912")
    await phone.wait_for_function("document.querySelector('.pictures img').naturalWidth > 0")
    await phone.get_by_role("link", name="Danh sách").click()
    await phone.get_by_role("button", name="Bản đồ").click()
    await expect(phone.locator(".leaflet-marker-icon").first).to_be_visible()


async def test_an_act_without_signal_is_sent_once_though_the_page_was_closed(
    context: BrowserContext, phone: Page, address: str, world: World
) -> None:
    report = await light(world)
    await refreshed(phone)
    async with Sync(context, address) as sync:
        await context.set_offline(True)
        await refreshed(phone)
        await open_case(phone, report)
        await phone.get_by_role("button", name="Bắt đầu xử lý").click()
        await expect(phone.locator("#outbox")).to_contain_text(WAITING)
        # What can be done next goes by what was done here already, and is sent after it.
        await expect(phone.get_by_role("button", name="Bắt đầu xử lý")).to_have_count(0)
        await write(phone, "Báo tiến độ", "Tổ điện đang thay bóng.")
        await phone.get_by_role("button", name="Gửi", exact=True).click()
        await expect(phone.get_by_role("heading", name="Chưa gửi (2)")).to_be_visible()
        tags = "navigator.serviceWorker.ready.then((one) => one.sync.getTags())"
        assert await phone.evaluate(tags) == ["field-outbox"]
        await phone.close()
        assert await kinds(world, report) == ["submitted", "assigned"]
        await context.set_offline(False)
        await sync.fire()
        await until_happened(world, report, "progress")
        await sync.fire()
        again = await context.new_page()
        await again.goto(f"{address}/console/field")
        await again.wait_for_selector(READY)
        await expect(again.locator("#outbox")).to_be_hidden()
    assert await kinds(world, report) == ["submitted", "assigned", "started", "progress"]


async def test_an_act_whose_answer_was_lost_is_done_once_without_background_sync_too(
    context: BrowserContext, phone: Page, world: World
) -> None:
    report = await light(world)
    await context.add_init_script("SyncManager.prototype.register = () => Promise.reject(new Error('none here'))")
    await refreshed(phone)

    async def lose(route: Route) -> None:
        await route.fetch()
        await route.abort("connectionreset")

    await phone.route("**/field/acts", lose)
    await open_case(phone, report)
    await write(phone, "Trả lại", "Trụ này của điện lực.")
    await phone.get_by_role("button", name="Gửi", exact=True).click()
    await until_happened(world, report, "returned")
    await expect(phone.locator("#outbox")).to_contain_text(WAITING)
    await expect(phone.locator("#signal")).to_contain_text("Mất mạng")
    await phone.unroute("**/field/acts")
    await refreshed(phone)
    await expect(phone.locator("#outbox")).to_be_hidden()
    assert (await kinds(world, report)).count("returned") == 1


async def test_a_stale_act_is_shown_for_mending_and_what_was_typed_is_kept(
    context: BrowserContext, phone: Page, world: World
) -> None:
    report = await light(world)
    await refreshed(phone)
    await context.set_offline(True)
    await open_case(phone, report)
    await write(phone, "Báo tiến độ", "Đã đến nơi, chờ thang.")
    await phone.get_by_role("button", name="Gửi", exact=True).click()
    await expect(phone.locator("#outbox")).to_contain_text(WAITING)
    await done_by(world, "lead", report, Act.START)
    await context.set_offline(False)
    await expect(phone.locator("#outbox")).to_contain_text("Vụ việc vừa được người khác cập nhật.")
    await expect(phone.locator("#outbox")).to_contain_text("trạng thái “Đang xử lý”")
    typed = phone.get_by_label("Nội dung anh/chị đã viết")
    await expect(typed).to_have_value("Đã đến nơi, chờ thang.")
    # It is not tried for ever: a fresh look leaves it where it is.
    await refreshed(phone)
    await expect(typed).to_have_value("Đã đến nơi, chờ thang.")
    assert "progress" not in await kinds(world, report)
    await typed.fill("Đã đến nơi, đang chờ thang.")
    await phone.get_by_role("button", name="Gửi lại").click()
    await until_happened(world, report, "progress")
    await expect(phone.locator("#outbox")).to_be_hidden()
    words = "SELECT body FROM report_messages WHERE report_id = $1 AND kind = 'progress'"
    assert await world.parts.pool.fetchval(words, report.report_id) == "Đã đến nơi, đang chờ thang."


async def test_a_case_that_went_elsewhere_can_only_be_discarded(
    context: BrowserContext, phone: Page, world: World
) -> None:
    report = await light(world)
    await refreshed(phone)
    await context.set_offline(True)
    await open_case(phone, report)
    await write(phone, "Ghi chú nội bộ", "Cần xe thang.")
    await phone.get_by_role("button", name="Gửi", exact=True).click()
    await done_by(world, "coordinator", report, Act.ASSIGN, agency_id="dien-luc-ca-mau")
    await context.set_offline(False)
    await expect(phone.locator("#outbox")).to_contain_text("không còn ở cơ quan của anh/chị")
    phone.once("dialog", lambda dialog: dialog.accept())
    await phone.get_by_role("button", name="Bỏ", exact=True).click()
    await expect(phone.locator("#outbox")).to_be_hidden()


async def test_two_tabs_do_not_double(context: BrowserContext, phone: Page, address: str, world: World) -> None:
    report = await light(world)
    await refreshed(phone)
    other = await context.new_page()
    await other.goto(f"{address}/console/field")
    await other.wait_for_selector(READY)
    await context.set_offline(True)
    await open_case(phone, report)
    for words in ("Một.", "Hai.", "Ba."):
        await write(phone, "Báo tiến độ", words)
        await phone.get_by_role("button", name="Gửi", exact=True).click()
        await expect(phone.locator("#outbox")).to_contain_text(words)
    await context.set_offline(False)
    await until_happened(world, report, "progress", 3)
    for tab in (phone, other):
        await expect(tab.locator("#outbox")).to_be_hidden()
    assert await kinds(world, report) == ["submitted", "assigned", "progress", "progress", "progress"]


# ---------------------------------------------------------------- the session


_LEFT = """async () => {
    const acts = await self.outbox.all();
    const names = await caches.keys();
    const kept = await self.outbox.read("work");
    return [acts.length, names.includes("field-page"), names.includes("field-photos"), Boolean(kept)];
}"""


async def test_a_session_that_ended_takes_the_cases_and_leaves_the_unsent_acts(
    context: BrowserContext, phone: Page, address: str, world: World
) -> None:
    report = await light(world)
    await refreshed(phone)
    await context.set_offline(True)
    await open_case(phone, report)
    await write(phone, "Ghi chú nội bộ", "Mai quay lại.")
    await phone.get_by_role("button", name="Gửi", exact=True).click()
    await expect(phone.locator("#outbox")).to_contain_text(WAITING)
    await context.clear_cookies()
    await context.set_offline(False)
    await expect(phone.locator("#notice")).to_contain_text("Phiên làm việc đã hết")
    await expect(phone.locator("#outbox")).to_contain_text("Mai quay lại.")
    assert await phone.evaluate(_LEFT) == [1, False, False, False]
    # Somebody else on the same phone sends none of it under their own name.
    await sign_in(phone, address, world, "lead")
    await expect(phone.locator("#outbox")).to_be_hidden()
    await refreshed(phone)
    assert "noted" not in await kinds(world, report)
    await context.clear_cookies()
    await sign_in(phone, address, world)
    await until_happened(world, report, "noted")
    assert (await kinds(world, report)).count("noted") == 1


_NOTHING_LEFT = """Promise.all([indexedDB.databases(), caches.keys()]).then(([databases, names]) =>
    !databases.some((one) => one.name === "phananh-field-kept") &&
    !names.some((name) => ["field-page", "field-photos"].includes(name)))"""


async def test_signing_out_anywhere_takes_the_cases_along(
    context: BrowserContext, phone: Page, address: str, world: World
) -> None:
    await light(world)
    await refreshed(phone)
    assert await phone.evaluate(_LEFT) == [0, True, True, True]
    await phone.goto(f"{address}/console/account")
    await phone.get_by_role("button", name="Đăng xuất", exact=True).click()
    await expect(phone.get_by_label("Tên đăng nhập")).to_be_visible()
    await phone.wait_for_function(_NOTHING_LEFT)


# ---------------------------------------------------------------- for everybody


@pytest.mark.parametrize("width", [320, 390, 1280])
async def test_every_state_is_accessible_and_fits(browser: Browser, address: str, world: World, width: int) -> None:
    report = await light(world, pictures=(photo("axe"),))
    late = await light(world)
    burning = "UPDATE reports SET due_at = now() - interval '3 hours', urgency = 'urgent' WHERE report_id = $1"
    await world.parts.pool.execute(burning, late.report_id)
    context = await browser.new_context(bypass_csp=True, viewport={"width": width, "height": 844}, locale="vi-VN")
    page = await context.new_page()
    await sign_in(page, address, world)
    assert await faults(page) == [], "list"
    await page.get_by_role("button", name="Bản đồ").click()
    await expect(page.locator(".leaflet-marker-icon").first).to_be_visible()
    assert await faults(page) == [], "map"
    await open_case(page, report)
    assert await faults(page) == [], "case"
    await context.set_offline(True)
    await write(page, "Đã xử lý xong", "Xong.")
    assert await faults(page) == [], "form"
    await page.get_by_role("button", name="Hủy").click()
    await write(page, "Báo tiến độ", "Đang làm.")
    await page.get_by_role("button", name="Gửi", exact=True).click()
    await expect(page.locator("#outbox")).to_contain_text(WAITING)
    assert await faults(page) == [], "waiting"
    await done_by(world, "lead", report, Act.START)
    await context.set_offline(False)
    await expect(page.get_by_role("button", name="Gửi lại")).to_be_visible()
    assert await faults(page) == [], "refused"
    await context.close()


async def test_the_first_look_is_light(browser: Browser, address: str, world: World) -> None:
    for _ in range(20):
        await light(world)
    context = await browser.new_context(viewport={"width": 390, "height": 844}, service_workers="block")
    page = await context.new_page()
    await page.goto(f"{address}/console/signin?next=/console/field")
    await page.get_by_label("Tên đăng nhập").fill(world.people["officer"].username)
    await page.get_by_label("Mật khẩu").fill(PASSWORD)
    devtools = await context.new_cdp_session(page)
    await devtools.send("Network.enable")
    await devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes: dict[str, float] = {}
    asked: dict[str, str] = {}
    devtools.on("Network.requestWillBeSent", lambda said: asked.update({said["requestId"]: said["request"]["url"]}))
    devtools.on("Network.loadingFinished", lambda said: sizes.update({said["requestId"]: said["encodedDataLength"]}))
    await page.keyboard.press("Enter")
    await page.wait_for_selector(READY)
    await page.wait_for_load_state("networkidle")
    loaded = {
        asked[one]: size for one, size in sizes.items() if "/photos/" not in asked[one] and "signin" not in asked[one]
    }
    assert len(loaded) <= 12, sorted(loaded)
    assert sum(loaded.values()) <= 60_000, loaded
    await context.close()
