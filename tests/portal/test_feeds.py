"""Feeds: what stands in them, what never does, and what a reader that asks again is told."""

import html
import re
import xml.etree.ElementTree as ET
from datetime import datetime

import httpx
import pytest

from app.reports.workflow import Act
from app.subscriptions.atom import CONTENT_TYPE
from tests.console.reports import act
from tests.portal.test_browse import published
from tests.portal.test_report_page import resolve, sent
from tests.portal.test_send_page import filed, post
from tests.world import AN_XUYEN, World, photo

ATOM = "{http://www.w3.org/2005/Atom}"


async def feed(browser: httpx.AsyncClient, path: str) -> ET.Element:
    """As a reader takes it, held against what RFC 4287 demands of every feed."""
    answer = await browser.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == CONTENT_TYPE
    root = ET.fromstring(answer.content)
    assert root.tag == f"{ATOM}feed"
    ids = []
    for one in [root, *root.findall(f"{ATOM}entry")]:
        for name in ("id", "title", "updated"):
            assert len(one.findall(f"{ATOM}{name}")) == 1
        assert said(one, "title")
        assert datetime.fromisoformat(said(one, "updated")).tzinfo
        ids.append(said(one, "id"))
    assert len(set(ids)) == len(ids)
    assert root.findtext(f"{ATOM}author/{ATOM}name")
    (own,) = [link for link in root.findall(f"{ATOM}link") if link.get("rel") == "self"]
    assert (own.get("href") or "").endswith(path)
    return root


def said(one: ET.Element, name: str) -> str:
    return one.findtext(f"{ATOM}{name}") or ""


def codes(root: ET.Element) -> list[str]:
    links = [link.get("href") or "" for link in root.findall(f"{ATOM}entry/{ATOM}link")]
    return [link.rpartition("/")[2] for link in links]


async def test_a_feed_has_what_was_published_alone_masked_the_latest_news_first(
    browser: httpx.AsyncClient, world: World
) -> None:
    hidden, _ = await sent(browser, world, text="Cột điện nghiêng sắp đổ trước nhà")
    one = await published(browser, world, text="Đèn <hỏng> & tối, gọi tôi số 0912 345 678\x0b nhé")
    two = await published(browser, world, category="road-damage", text="Ổ gà rất to giữa đường Lý Bôn")
    found = codes(await feed(browser, "/feeds/reports.atom"))
    assert found.index(two.code) < found.index(one.code)
    assert hidden.code not in found

    await act(world, "officer", one.code, Act.START)
    await resolve(world, one)
    root = await feed(browser, f"/feeds/communes/{AN_XUYEN}/categories/street-light.atom")
    found = codes(root)
    assert found[0] == one.code
    assert two.code not in found
    entry = root.findall(f"{ATOM}entry")[0]
    assert "0912" not in said(entry, "content")
    assert "&lt;hỏng&gt; &amp; tối" in said(entry, "content")
    assert "Kết quả lúc" in said(entry, "content")
    assert said(entry, "published") <= said(entry, "updated")

    was = said(entry, "id")
    await act(world, "coordinator", one.code, Act.UNPUBLISH)
    assert one.code not in codes(await feed(browser, "/feeds/reports.atom"))
    await act(world, "coordinator", one.code, Act.PUBLISH)
    again = await feed(browser, "/feeds/reports.atom")
    entry = next(e for e, code in zip(again.findall(f"{ATOM}entry"), codes(again), strict=True) if code == one.code)
    assert said(entry, "id") == was


async def test_a_group_is_all_its_categories_and_english_is_asked_for_by_the_address(
    browser: httpx.AsyncClient, world: World
) -> None:
    light = await published(browser, world)
    group = next(g for g in world.parts.rules.groups.values() if "street-light" in g.categories)
    other = next(g for g in world.parts.rules.groups.values() if "garbage" in g.categories)
    assert light.code in codes(await feed(browser, f"/feeds/groups/{group.group_id}.atom"))
    assert light.code in codes(await feed(browser, f"/feeds/communes/{AN_XUYEN}/groups/{group.group_id}.atom"))
    assert light.code not in codes(await feed(browser, f"/feeds/groups/{other.group_id}.atom"))
    root = await feed(browser, f"/feeds/communes/{AN_XUYEN}.atom?lang=en")
    assert root.get("{http://www.w3.org/XML/1998/namespace}lang") == "en"
    assert "All matters" in said(root, "title")


async def test_a_reader_that_has_it_already_is_told_so_in_no_words(browser: httpx.AsyncClient, world: World) -> None:
    await published(browser, world, category="garbage", text="Rác chưa gom ở chợ")
    path = "/feeds/categories/garbage.atom"
    first = await browser.get(path)
    for name, value in (
        ("If-None-Match", first.headers["etag"]),
        ("If-Modified-Since", first.headers["last-modified"]),
    ):
        known = await browser.get(path, headers={name: value})
        assert (known.status_code, known.content) == (304, b"")
        assert known.headers["etag"] == first.headers["etag"]
    await published(browser, world, category="garbage", text="Rác chưa gom ở bến xe")
    news = await browser.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert news.status_code == 200
    assert news.headers["etag"] != first.headers["etag"]
    # A tag that fits no more is believed before a time.
    both = {"If-None-Match": first.headers["etag"], "If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}
    assert (await browser.get(path, headers=both)).status_code == 200
    assert (await browser.get(path, headers={"If-Modified-Since": "yesterday"})).status_code == 200


async def test_the_photo_of_an_entry_is_what_may_be_seen_now(browser: httpx.AsyncClient, world: World) -> None:
    report = await filed(world, await post(browser, world, ("den.jpg", photo("den"))))
    link = f"/feeds/photos/{report.code}.jpg"
    assert (await browser.get(link)).status_code == 404
    await act(world, "coordinator", report.code, Act.PUBLISH)
    root = await feed(browser, "/feeds/reports.atom")
    assert link in html.unescape(said(root.findall(f"{ATOM}entry")[0], "content"))
    shown = await browser.get(link, follow_redirects=True)
    assert shown.headers["content-type"] == "image/jpeg"
    await act(world, "coordinator", report.code, Act.UNPUBLISH)
    assert (await browser.get(link)).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/feeds/nothing.atom",
        "/feeds/reports.rss",
        "/feeds/communes/99999.atom",
        "/feeds/communes/00001/categories/garbage.atom",
        "/feeds/categories/gone.atom",
        "/feeds/towns/x.atom",
        "/feeds/photos/PA-0000-0000.jpg",
        f"/feeds/communes/{AN_XUYEN}/photos/x.atom",
    ],
)
async def test_a_feed_of_nothing_known_is_not_found(browser: httpx.AsyncClient, path: str) -> None:
    assert (await browser.get(path)).status_code == 404


async def test_the_lists_name_their_feeds(browser: httpx.AsyncClient) -> None:
    async def named(path: str) -> list[str]:
        page = await browser.get(path)
        return re.findall(r'<link rel="alternate" type="application/atom\+xml"[^>]* href="([^"]+)"', page.text)

    assert await named("/reports") == ["/feeds/reports.atom"]
    assert await named("/reports?category=garbage") == ["/feeds/categories/garbage.atom", "/feeds/reports.atom"]
    of_commune = await named(f"/communes/{AN_XUYEN}")
    assert of_commune == [f"/feeds/communes/{AN_XUYEN}.atom", "/feeds/reports.atom"]
    for path in of_commune:
        assert (await browser.get(path)).status_code == 200
