"""Rules that send wrongly, without a browser: shares in words, rules that are gone, periods that are not offered."""

import httpx
import pytest

from app.console.rules_misrouted import percent
from app.places.service import embedded_default
from app.reports.intake import file_report
from app.reports.model import NewReport, Place
from app.routing.ruleset import load
from app.stats import projection
from tests.console.conftest import PAGES
from tests.console.test_rules_pages import words
from tests.world import AN_XUYEN, LIGHT, World

PATH = f"{PAGES}/rules/misrouted"


@pytest.mark.parametrize(
    ("part", "whole", "lang", "written"),
    [
        (0, 0, "vi", "0\u00a0%"),
        (0, 9, "vi", "0\u00a0%"),
        (1, 120, "vi", "0,8\u00a0%"),
        (1, 120, "en", "0.8\u00a0%"),
        (6, 7, "vi", "86\u00a0%"),
        (7, 7, "en", "100\u00a0%"),
    ],
)
def test_a_small_share_is_not_nothing(part: int, whole: int, lang: str, written: str) -> None:
    assert percent(part, whole, lang) == written


async def test_a_rule_that_is_gone_is_named_and_leads_nowhere(admin: httpx.AsyncClient, world: World) -> None:
    parts = world.parts
    older = load(parts.rules.source.replace("chieu-sang-ca-mau", "chieu-sang-cu"), proven=True)
    new = NewReport(
        text=str(LIGHT["text"]), place=Place(commune_code=AN_XUYEN), channel="web", lang="vi", consent=True,
        category="street-light",
    )  # fmt: skip
    filed = await file_report(parts.pool, older, embedded_default(), b"k" * 40, new)
    assert filed.report.rule_id == "chieu-sang-cu"
    await projection.catch_up(parts.pool)
    page = await admin.get(PATH)
    assert "chieu-sang-cu Quy tắc đã bỏ" in words(page)
    assert "#rule-chieu-sang-cu" not in page.text


@pytest.mark.parametrize("days", ["", "0", "-3", "91", "x", "9" * 400])
async def test_only_the_periods_offered_are_taken(days: str, admin: httpx.AsyncClient) -> None:
    page = await admin.get(PATH, params={"days": days})
    assert page.status_code == 200
    assert '<option value="90" selected>' in page.text
