"""Words of danger: known for what they are with and without accents, and urgent whatever rule decides."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.i18n.text import fold
from app.routing.danger import is_danger
from app.routing.guess import clear_guess
from app.routing.model import Facts
from app.routing.ruleset import RuleSet, load

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)

PHRASES = """cháy nhà|nhà tôi đang cháy|cháy chợ rồi|cháy rừng|bốc cháy|hỏa hoạn|bốc khói|phát nổ|nổ gas|nổ bình|
    tai nạn|
    điện giật|giật điện|chập điện|rò điện|rò rỉ điện|hở điện|dây điện đứt|dây điện bị đứt|đứt dây điện|đuối nước|
    chết đuối|rò gas|rò rỉ gas|xì gas|ngộ độc|bất tỉnh|bị thương|kêu cứu|cứu với|cấp cứu|đánh nhau|cướp|hành hung|
    sạt lở|sập nhà|sập cầu|sập tường|nhà sập|cầu bị sập|lũ quét|vỡ đê|cuốn trôi|mắc kẹt"""
DANGERS = [" ".join(phrase.split()) for phrase in PHRASES.split("|")]


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return load(Path(__file__).parents[2] / "routing_rules.yaml", proven=True)


@pytest.mark.parametrize("phrase", [p for p in DANGERS if p != "nhà tôi đang cháy"])
@pytest.mark.parametrize("written", [lambda said: said, fold], ids=["accented", "bare"])
def test_every_phrase_is_urgent_in_the_shipped_rules_whatever_the_category(
    rules: RuleSet, phrase: str, written: type[str]
) -> None:
    said = written(f"Có người báo {phrase} ở ấp 3")
    assert is_danger(said)
    guessed = clear_guess(rules.guess_category(said))
    for category in (guessed, "road-damage", "street-light", "garbage", "other", None):
        if category in rules.categories or category is None:
            facts = Facts(at=NOW, category=category, commune_code="32002", province_code="96", danger=True)
            assert rules.decide(facts).urgency == "urgent", (phrase, category)


def test_a_single_word_counts_only_where_its_accents_are_there() -> None:
    assert is_danger("Nhà tôi đang cháy")
    assert not is_danger("xe chạy ẩu")
    assert not is_danger("xe dang chay")


@pytest.mark.parametrize(
    "said",
    ["Ổ gà to, rất dễ gây tai nạn", "o ga to rat de gay tai nan", "Nguy cơ cháy nổ cao", "nguy co chay no cao",
     "Đường này hay xảy ra tai nạn", "Trụ nước chữa cháy bị hỏng", "tru nuoc chua chay bi hong",
     "Mặt đường trơn, sợ xảy ra tai nạn", "so gay tai nan", "Cần gờ giảm tốc để tránh tai nạn",
     "đã từng có người bị thương", "The pothole could cause an accident", "Thanh niên hay tụ tập đánh nhau"],
)  # fmt: skip
def test_what_might_happen_is_no_danger_at_this_moment(said: str) -> None:
    assert not is_danger(said)


@pytest.mark.parametrize(
    "said",
    ["Báo cháy ở ấp 3", "so 12 co tai nan", "Sợ quá, có tai nạn rồi", "Có nguy cơ rò điện ở trụ số 5",
     "nguy co sap nha", "Tai nạn! Đường này dễ trượt"],
)  # fmt: skip
def test_a_doubtful_word_elsewhere_does_not_hide_a_danger(said: str) -> None:
    assert is_danger(said)


def test_a_person_s_word_on_urgency_stands_before_the_words_of_danger(rules: RuleSet) -> None:
    facts = Facts(at=NOW, category="road-damage", commune_code="32002", province_code="96", danger=True)
    assert rules.decide(facts).urgency == "urgent"
    assert rules.decide(Facts(at=NOW, category="road-damage", urgency="normal", danger=True)).urgency == "normal"
