"""Learning from a province's own reports: what is kept, what is refused, and that every process guesses by it."""

import random

import numpy as np
import pytest
import pytest_asyncio

from app.db import Conn, Pool
from app.errors import Invalid
from app.routing import models, service
from app.routing.models import Learned, Metrics, learn, pack, unpack
from app.routing.ruleset import RuleSet, load
from tests.routing.small import SMALL, changed

_PLACES = ("trước chợ", "sau trường", "cạnh bến đò", "trong hẻm", "ngoài lộ", "đầu cầu", "bên sông", "gần đình")
_WHEN = ("hôm qua", "tối nay", "từ tuần trước", "mấy bữa nay", "cả tháng rồi", "sáng nay", "hồi chiều", "lâu nay")


def reports(rules: RuleSet) -> list[tuple[str, str]]:
    """Reports in the province's own words, which its rules file does not know."""
    own = {
        "pothole": "khúc quanh lởm chởm khó đi",
        "street-light": "tối hù không thấy lối",
        "noise": "ca hát inh ỏi suốt",
    }
    return [
        (category, f"{where} {what} {when}")
        for category, what in own.items()
        if category in rules.categories
        for where in _PLACES
        for when in _WHEN
    ] + [("other", f"nhặt được chiếc ví {where} {when}") for where in _PLACES for when in _WHEN]


def nothing() -> None:
    """A step nobody watches."""


@pytest.fixture(scope="module")
def small() -> RuleSet:
    return load(SMALL)


@pytest.fixture(scope="module")
def learned(small: RuleSet) -> Learned:
    return learn(small, reports(small), None, nothing)


def test_it_learns_the_provinces_own_words_and_says_how_well(small: RuleSet, learned: Learned) -> None:
    assert learned.model
    assert learned.metrics.reports == len(reports(small))
    assert learned.metrics.accuracy > 0.95
    assert learned.metrics.accuracy > learned.metrics.file_alone
    assert (
        small.taught_by(learned.model).guess_category("tối hù luôn, đi hổng thấy lối")[0].category_id == "street-light"
    )
    assert small.taught_by(learned.model).model_version == learned.model.version
    assert small.model_version is None


def test_the_same_reports_give_the_same_model_and_figures(small: RuleSet, learned: Learned) -> None:
    again = learn(small, reports(small), None, nothing)
    assert again.model
    assert learned.model
    assert pack(again.model) == pack(learned.model)
    assert again.metrics == learned.metrics


def test_too_few_reports_teach_nothing(small: RuleSet) -> None:
    with pytest.raises(Invalid) as error:
        learn(small, reports(small)[:199], None, nothing)
    assert error.value.problems[0].key == "routing.too_few_reports"
    with pytest.raises(Invalid):
        learn(small, reports(small)[:100] * 3, None, nothing)


def test_a_category_that_has_left_the_rules_teaches_nothing(small: RuleSet, learned: Learned) -> None:
    more = learn(small, [*reports(small), *(("gone", text) for _, text in reports(small))], None, nothing)
    assert more.model
    assert learned.model
    assert more.model.version == learned.model.version


def test_it_refuses_to_be_worse_than_the_rules_file(small: RuleSet) -> None:
    """Whoever handled half of these clicked anything, so that what the file knows is unlearned."""
    dice = random.Random(4)
    muddled = [
        (dice.choice(("pothole", "pothole", "noise", "other")), f"xe té ổ gà {where} {when} {extra}")
        for extra in ("dữ lắm", "quá", "rồi", "nha", "đó")
        for where in _PLACES
        for when in _WHEN
    ]
    refused = learn(small, muddled, None, nothing)
    assert refused.metrics.accuracy < refused.metrics.file_alone
    assert refused.floor == refused.metrics.file_alone
    assert refused.model is None


def test_it_refuses_to_be_worse_than_the_model_in_use(small: RuleSet, learned: Learned) -> None:
    def with_before(accuracy: float) -> Learned:
        return learn(small, reports(small), Metrics(300, accuracy, 0.9, 0.9, 0.5, ()), nothing)

    assert with_before(learned.metrics.accuracy + 0.02).model is None
    assert with_before(learned.metrics.accuracy + 0.005).model


def test_packing_loses_nothing(learned: Learned) -> None:
    assert learned.model
    back = unpack(pack(learned.model))
    assert back.version == learned.model.version
    assert back.categories == learned.model.categories
    assert back.vocabulary == learned.model.vocabulary
    assert np.array_equal(back.weights, learned.model.weights)
    assert np.array_equal(back.rarity, learned.model.rarity)


@pytest_asyncio.fixture(scope="module")
async def installed(pool: Pool, small: RuleSet) -> RuleSet:
    await service.install(pool, small, [], "first", "test")
    return await service.active(pool)


async def test_a_model_kept_is_used_by_every_process_that_looks(
    pool: Pool, installed: RuleSet, learned: Learned
) -> None:
    assert await service.current(pool, installed) is installed
    assert learned.model
    await models.keep(pool, installed, learned.model, learned.metrics)
    await models.keep(pool, installed, learned.model, learned.metrics)
    now = await service.current(pool, installed)
    assert now.model_version == learned.model.version
    assert now.version == installed.version
    assert await service.current(pool, now) is now
    async with pool.acquire() as conn:
        assert await models.metrics_in_use(conn, now) == learned.metrics


async def test_rules_with_other_categories_do_not_use_it(conn: Conn, installed: RuleSet, learned: Learned) -> None:
    other = load(changed(("      noise:\n", "      din:\n")))
    assert set(other.categories) != set(installed.categories)
    assert (await models.taught(conn, other)).model_version is None
    assert await models.metrics_in_use(conn, other) is None
