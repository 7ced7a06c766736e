"""Passing a published report on: what other sites are told, and that they are told nothing else."""

import html
import io
import re

import httpx
from PIL import Image

from app.reports.model import Report
from app.reports.workflow import Act
from tests.console.reports import act as done_by
from tests.portal.test_report_page import resolve, secret_of
from tests.portal.test_send_page import filed, post
from tests.world import World, photo


async def with_photo(browser: httpx.AsyncClient, world: World, name: str) -> tuple[Report, str]:
    answer = await post(browser, world, ("a.jpg", photo(name)), phone="0912 345 678")
    return await filed(world, answer), answer.headers["location"]


async def publish(world: World, report: Report) -> None:
    await done_by(world, "coordinator", report.code, Act.PUBLISH)


def told(page: str) -> dict[str, str]:
    return {name: html.unescape(said) for name, said in re.findall(r'property="og:([a-z:]+)" content="([^"]*)"', page)}


async def test_what_is_not_published_has_no_card_and_is_told_to_nobody(
    browser: httpx.AsyncClient, world: World
) -> None:
    report, link = await with_photo(browser, world, "chưa công khai")
    for path in (f"/r/{report.code}", link):
        page = (await browser.get(path)).text
        assert told(page) == {}
        assert 'id="share"' not in page
    assert (await browser.get(f"/r/{report.code}/card.png")).status_code == 404
    assert (await browser.get("/r/PA-0000-0000/card.png")).status_code == 404


async def test_a_published_report_tells_what_everybody_may_know_and_never_the_personal_link(
    browser: httpx.AsyncClient, world: World, address: str
) -> None:
    report, link = await with_photo(browser, world, "công khai")
    await publish(world, report)
    public = world.parts.settings.public_url
    async with httpx.AsyncClient(base_url=address) as stranger:
        seen = [(await stranger.get(f"/r/{report.code}")).text, (await browser.get(link)).text]
    for page in seen:
        said = told(page)
        assert said["title"] == "Đèn đường hỏng – Phường An Xuyên"
        assert said["url"] == f"{public}/r/{report.code}"
        assert said["image"].startswith(f"{public}/r/{report.code}/card.png?")
        shared = re.search(r'<section class="share">.*?</section>', page, re.DOTALL)
        assert shared
        assert f'data-url="{public}/r/{report.code}"' in shared[0]
        for secret in (secret_of(link).partition("&")[0], "0912", "12 Lý Bôn"):
            assert secret not in "".join(said.values()) + shared[0]


async def test_the_card_is_drawn_once_asked_again_by_its_mark_and_gone_when_it_is_published_no_more(
    browser: httpx.AsyncClient, world: World
) -> None:
    report, _ = await with_photo(browser, world, "thẻ")
    await publish(world, report)
    path = told((await browser.get(f"/r/{report.code}")).text)["image"].removeprefix(world.parts.settings.public_url)
    first = await browser.get(path)
    assert (first.status_code, first.headers["content-type"]) == (200, "image/png")
    with Image.open(io.BytesIO(first.content)) as card:
        assert card.size == (1200, 630)
    again = await browser.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    await done_by(world, "officer", report.code, Act.START)
    await resolve(world, report)
    after = await browser.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (after.status_code, after.headers["etag"] != first.headers["etag"]) == (200, True)
    assert told((await browser.get(f"/r/{report.code}")).text)["image"] != world.parts.settings.public_url + path
    await done_by(world, "coordinator", report.code, Act.UNPUBLISH)
    assert (await browser.get(path)).status_code == 404


async def test_a_photo_that_was_hidden_is_not_on_the_card(browser: httpx.AsyncClient, world: World) -> None:
    report, _ = await with_photo(browser, world, "ẩn")
    await publish(world, report)
    path = f"/r/{report.code}/card.png"
    shown = await browser.get(path)
    await world.parts.pool.execute(
        """
        INSERT INTO public_photos (report_id, photo_id, edited_by, edited_at)
        SELECT report_id, photo_id, (SELECT staff_id FROM staff LIMIT 1), now() FROM report_photos WHERE report_id = $1
        ON CONFLICT (report_id, photo_id) DO UPDATE SET sha256 = NULL
        """,
        report.report_id,
    )
    hidden = await browser.get(path)
    assert hidden.headers["etag"] != shown.headers["etag"]
    assert hidden.content != shown.content
