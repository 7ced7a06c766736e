"""Being told on one's own device, in a real browser: the button, and what the worker does with a message.

Headless Chromium has no push service, so its subscription is a stand-in; DevTools bring messages to the worker.
"""

import asyncio
import json

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from app.notify.model import Glance
from app.notify.push import payload
from app.notify.vapid import public_key
from tests.browser.conftest import WHOLE, launched
from tests.browser.desk import faults
from tests.browser.test_field_page import Sync
from tests.browser_keys import Browser as Keys
from tests.portal.test_send_page import GOOD, ticket
from tests.world import World

ADDRESS = "https://1.1.1.1/push/headless"
STAND_IN = """(endpoint, keys) => {
    const plain = (key) => atob(key.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = (key) => Uint8Array.from(plain(key), (one) => one.charCodeAt(0));
    const made = (key) => key && {
        endpoint,
        options: { applicationServerKey: bytes(key).buffer },
        toJSON: () => ({ endpoint, keys }),
        unsubscribe: async () => localStorage.removeItem("push"),
    };
    PushManager.prototype.getSubscription = async () => made(localStorage.getItem("push"));
    PushManager.prototype.subscribe = async ({ applicationServerKey: key }) => {
        localStorage.setItem("push", key);
        localStorage.setItem("times", 1 + Number(localStorage.getItem("times")));
        return made(key);
    };
}"""
PERMISSION = """() => {
    let now = "%s";
    Object.defineProperty(Notification, "permission", { get: () => now });
    Notification.requestPermission = async () => (now = self.answer || now);
}"""
SHOWN = """async () => {
    const registration = await navigator.serviceWorker.ready;
    return (await registration.getNotifications()).map(({ title, body, tag, lang }) => ({ title, body, tag, lang }));
}"""

PRESSED = """async (tag) => {
    const opened = [];
    clients.openWindow = async (path) => opened.push(path); // a browser wants a real finger for it
    const [notification] = await registration.getNotifications({ tag });
    const press = new NotificationEvent("notificationclick", { notification });
    const done = [];
    press.waitUntil = (promise) => done.push(promise);
    self.dispatchEvent(press);
    await Promise.all(done);
    return opened;
}"""

CHANGED = """async ([endpoint, keys]) => {
    PushManager.prototype.getSubscription = async () => null;
    PushManager.prototype.subscribe = async () => ({ toJSON: () => ({ endpoint, keys }) });
    const change = new ExtendableEvent("pushsubscriptionchange");
    const done = [];
    change.waitUntil = (promise) => done.push(promise);
    self.dispatchEvent(change);
    await Promise.all(done);
}"""


async def own_report(page: Page, address: str, world: World) -> str:
    sent = await page.request.post(address, form={"ticket": ticket(world), **GOOD}, max_redirects=0)
    return sent.headers["location"].split("/r/")[1].split("?")[0]


async def told_at(world: World, code: str) -> str | None:
    found: str | None = await world.parts.pool.fetchval(
        """
        SELECT channel_user_id FROM channel_identities JOIN report_contacts USING (citizen_id)
        JOIN reports USING (report_id) WHERE code = $1
        """,
        code,
    )
    return found


async def test_the_button_switches_it_on_for_this_browser_and_off_again(
    page: Page, context: BrowserContext, address: str, world: World
) -> None:
    await page.add_init_script(f"({STAND_IN})('{ADDRESS}', {json.dumps(Keys().keys)}); ({PERMISSION % 'default'})()")
    code = await own_report(page, address, world)
    await page.goto(f"{address}/r/{code}")
    box = page.locator("#hear")
    await expect(box).to_contain_text("màn hình chỉ hiện mã")
    await page.evaluate("self.answer = 'default'")  # the question was closed without an answer
    await box.get_by_role("button", name="Báo cho tôi khi có kết quả").click()
    await expect(box.get_by_role("button", name="Báo cho tôi khi có kết quả")).to_be_enabled()
    assert await told_at(world, code) is None
    await page.evaluate("self.answer = 'granted'")
    await box.get_by_role("button", name="Báo cho tôi khi có kết quả").click()
    await expect(box).to_contain_text("Máy này sẽ báo")
    assert await told_at(world, code) == ADDRESS
    assert await page.evaluate("localStorage.getItem('push')") == public_key(world.parts.settings.secret_key)
    # A report that is sent later is heard of without another press.
    await page.add_init_script(f"({PERMISSION % 'granted'})()")
    later = await own_report(page, address, world)
    async with page.expect_response("**/mine/push"):
        await page.goto(f"{address}/r/{later}")
    assert await told_at(world, later) == ADDRESS
    assert await page.evaluate("localStorage.getItem('times')") == "1", "one subscription for them all"
    await page.goto(f"{address}/mine")
    await page.get_by_role("button", name="Tắt thông báo trên máy này").click()
    await expect(box).to_contain_text("màn hình chỉ hiện mã")
    assert (await told_at(world, code), await told_at(world, later)) == (None, None)
    await page.get_by_role("button", name="Báo cho tôi khi có kết quả").click()
    await expect(box).to_contain_text("Máy này sẽ báo")
    await page.get_by_role("button", name="Xóa danh sách").click()
    await expect(page.get_by_text("Máy này chưa gửi phản ánh nào.")).to_be_visible()
    assert (await told_at(world, code), await page.evaluate("localStorage.getItem('push')")) == (None, None)


@pytest.mark.parametrize("width", [390, 1280])
async def test_every_state_is_accessible_and_fits(browser: Browser, address: str, world: World, width: int) -> None:
    context = await browser.new_context(bypass_csp=True, viewport={"width": width, "height": 844}, locale="vi-VN")
    page = await context.new_page()
    await own_report(page, address, world)
    states = {
        f"({PERMISSION % 'denied'})()": "đang chặn thông báo",
        f"({PERMISSION % 'default'})()": "màn hình chỉ hiện mã",
        "delete self.PushManager; navigator.standalone = false": "Thêm vào MH chính",
        "delete self.PushManager": "",
    }
    for script, says in states.items():
        page = await context.new_page()
        await page.add_init_script(script)
        await page.goto(f"{address}/mine")
        box = page.locator("#hear")
        await (expect(box).to_contain_text(says) if says else expect(box).to_be_hidden())
        assert await faults(page) == [], script
        await page.close()
    await context.close()


async def test_a_message_is_shown_and_a_press_on_it_opens_the_report(address: str, world: World) -> None:
    async with launched(WHOLE) as browser:  # the light one shows no notifications
        context = await browser.new_context(locale="vi-VN", permissions=["notifications"])
        page = await context.new_page()
        code = await own_report(page, address, world)
        await page.goto(f"{address}/faq")
        await page.evaluate("navigator.serviceWorker.register('/sw.js').then(() => navigator.serviceWorker.ready)")
        glance = Glance(f"Phản ánh {code}", "Đã có kết quả.", f"/r/{code}", code, "resolved")
        async with Sync(context, address, "/") as devtools:
            for _ in range(2):  # the newer takes the older one's place
                await devtools.push(payload(glance, world.parts.settings.public_url, "vi").decode())
            await devtools.push("what nobody can read")
            async with asyncio.timeout(60):
                while len(shown := await page.evaluate(SHOWN)) < 2:  # noqa: ASYNC110  # told by the browser when it likes
                    await asyncio.sleep(0.05)
        assert sorted(shown, key=lambda one: one["tag"]) == [
            {"title": f"Phản ánh {code}", "body": "Đã có kết quả.", "tag": code, "lang": "vi"},
            {
                "title": "Phản ánh hiện trường",
                "body": "Phản ánh của anh/chị có tin mới.",
                "tag": "phananh",
                "lang": "vi",
            },
        ]
        worker = context.service_workers[0]
        assert await worker.evaluate(PRESSED, code) == [f"/r/{code}"]
        await worker.evaluate(CHANGED, [ADDRESS, Keys().keys])
        assert await told_at(world, code) == ADDRESS, "the browser was given another address"
        await context.close()
