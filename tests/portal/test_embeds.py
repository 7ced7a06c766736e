"""A button and a map for communes' websites: anybody frames them; no cookie, and only what is published."""

import re
from html import unescape

import httpx
import pytest

from tests.portal.test_browse import published
from tests.world import AN_XUYEN, World

ABOUT = {"commune": AN_XUYEN, "category": "street-light", "lang": "vi"}


@pytest.mark.parametrize("path", ["/embed/button", "/embed/map"])
async def test_others_may_frame_it_and_it_sets_nothing(path: str, browser: httpx.AsyncClient) -> None:
    page = await browser.get(path, params=ABOUT, headers={"cookie": "phananh-language=en"})
    policy = page.headers["content-security-policy"]
    assert "frame-ancestors https: http:" in policy
    assert "default-src 'none'" in policy
    assert "form-action 'none'" in policy
    assert "set-cookie" not in page.headers
    assert page.headers["content-language"] == "vi", "in a frame nobody's choice is known"
    assert not re.search(r"<style|\sstyle=|<script(?! src=)|\son\w+=|https?://", page.text)
    assert "Phường An Xuyên" in page.text
    send = re.search(r'class="send" href="([^"]+)" target="_blank" rel="noopener"', page.text)
    assert send
    assert unescape(send[1]) == f"/?commune={AN_XUYEN}&category=street-light&lang=vi"


@pytest.mark.parametrize("path", ["/", "/reports", "/embeds", "/track", "/faq", "/console/signin"])
async def test_everything_else_stays_unframeable(path: str, browser: httpx.AsyncClient) -> None:
    page = await browser.get(path)
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert page.headers["x-frame-options"] == "DENY"


async def test_an_old_snippet_goes_on_without_what_nobody_knows_any_more(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/embed/button", params={"commune": "99999", "category": "gone", "lang": "xx"})
    assert page.status_code == 200
    assert 'href="/?lang=vi"' in page.text


async def test_its_map_shows_what_is_published_to_a_frame_of_no_origin(
    browser: httpx.AsyncClient, world: World
) -> None:
    code = (await published(browser, world)).code
    page = await browser.get("/embed/map", params=ABOUT | {"lang": "en"})
    asked = unescape(re.search(r'data-points="([^"]+)"', page.text)[1])  # type: ignore[index]  # fails by itself
    areas = re.search(r'data-areas="([^"]+)"', page.text)[1]  # type: ignore[index]  # fails by itself
    answer = await browser.get(f"{asked}&box=8,10,104,106&zoom=18", headers={"origin": "null"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert code in {dot[3] for dot in answer.json()["points"]}
    assert answer.json()["names"]["street-light"] == "Broken street light"
    assert (await browser.get(areas, headers={"origin": "null"})).headers["access-control-allow-origin"] == "*"


async def test_the_link_fills_the_form_in(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/", params=ABOUT | {"lang": "en"})
    assert page.headers["content-language"] == "en"
    assert re.search(r'name="address"[^>]* value="Phường An Xuyên"', page.text)
    assert re.search(r'<option value="street-light" selected', page.text)
    other = await browser.get("/", params={"commune": "99999", "category": "<script>"})
    assert re.search(r'name="address"[^>]* value=""', other.text)


async def test_the_editors_page_gives_the_line_for_what_was_chosen(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/embeds", params=ABOUT | {"kind": "map"}, headers={"accept-language": "vi"})
    line = unescape(re.search(r"<textarea[^>]*>(.*?)</textarea>", page.text, re.DOTALL)[1])  # type: ignore[index]  # fails by itself
    address = unescape(re.search(r'<iframe src="([^"]+)"', line)[1])  # type: ignore[index]  # fails by itself
    assert address.endswith(f"/embed/map?commune={AN_XUYEN}&category=street-light&lang=vi")
    assert address.startswith("http")
    assert 'sandbox="allow-scripts allow-popups allow-popups-to-escape-sandbox"' in line
    assert "allow-same-origin" not in line
    shown = re.search(r'<iframe class="preview map" src="([^"]+)"', page.text)
    assert shown
    assert address.endswith(unescape(shown[1]))
