"""Routing: what a decision costs with Cà Mau's rules, and with 100 to 1,000 made-up ones against a plain loop."""

import random
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec import Struct

from app.i18n.text import fold
from app.places.dataset import known
from app.routing.model import Facts
from app.routing.ruleset import RuleSet, load
from app.routing.seen import Seen
from tests.bench import Figure
from tests.routing.small import changed

_SHIPPED = Path(__file__).parents[2] / "routing_rules.yaml"
_WORDS = ("quốc lộ", "khu công nghiệp", "bệnh viện", "trường học", "cầu treo", "rò điện", "ngập sâu", "đêm khuya")
_REPORTS, _ROUNDS = 500, 5
_DECISION_US, _MORE_RULES, _FASTER_THAN_LOOP = 20.0, 3.0, 0.2


class _Made(Struct, frozen=True):
    """A made-up rule, as plain as a loop wants it. Empty means: any."""

    category: str
    communes: frozenset[str]
    channel: str
    words: tuple[str, ...]


async def run() -> list[Figure]:
    shipped = load(_SHIPPED)
    reports = _reports(shipped)
    hundred, thousand = _made_up(100), _made_up(1000)
    few, many = _rule_set(hundred), _rule_set(thousand)
    made_reports = [_as_made(report) for report in reports]
    decide_shipped = _p50(shipped.decide, reports)
    decide_few, decide_many = _p50(few.decide, made_reports), _p50(many.decide, made_reports)
    find = _p50(lambda report: _find(many, report), made_reports)
    loop = _p50(lambda report: _plainly(thousand, report), made_reports)
    return [
        _figure("decide(), Cà Mau's file", decide_shipped, "bar for 10,000 rules", _DECISION_US, 1.0),
        _figure("decide(), 1,000 rules", decide_many, "decide(), 100 rules", decide_few, _MORE_RULES),
        _figure("decide(), 1,000 rules", decide_many, "plain loop that only finds the rule", loop, 1.0),
        _figure("finding the rule among 1,000", find, "plain Python loop", loop, _FASTER_THAN_LOOP),
    ]


def _find(rules: RuleSet, report: Facts) -> object:
    """Only what the loop does: no agency, no deadlines."""
    category = rules.categories[report.category or ""]
    seen = Seen(report, category.category_id, category.urgency, rules.surroundings)
    return rules.surroundings.index.first(seen.value, report.text_folded, seen.marks)


def _figure(name: str, value: float, limit_name: str, limit: float, bar: float) -> Figure:
    ratio = value / limit
    return Figure(
        name, round(value, 1), "µs", limit_name, round(limit, 1), round(ratio, 2), f"≤ {bar:g} ×", ratio <= bar
    )


def _p50(work: Callable[[Facts], object], reports: Sequence[Facts]) -> float:
    """The median over all reports of the best of a few rounds: other work on the machine does not count."""
    best = [float("inf")] * len(reports)
    for _ in range(_ROUNDS):
        for at, report in enumerate(reports):
            began = time.perf_counter_ns()
            work(report)
            best[at] = min(best[at], (time.perf_counter_ns() - began) / 1000)
    return statistics.median(best)


def _reports(rules: RuleSet) -> list[Facts]:
    """Reports in the words of the file's own examples, from all of the province's communes, over a year."""
    dice = random.Random(96)
    communes = [commune for commune in known().communes if commune.province_code == rules.province_code]
    categories = list(rules.categories.values())
    reports = []
    for _ in range(_REPORTS):
        category, commune = dice.choice(categories), dice.choice(communes)
        reports.append(
            Facts(
                at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=dice.randrange(525_600)),
                category=category.category_id,
                commune_code=commune.code,
                commune_name=commune.full_name,
                province_code=commune.province_code,
                text_folded=fold(f"{dice.choice(category.examples)} {dice.choice(_WORDS)}"),
                has_photo=dice.random() < 0.7,
            )
        )
    return reports


def _as_made(report: Facts) -> Facts:
    """The same report with a category of the small file that the made-up rules are put into."""
    category = ("pothole", "street-light", "noise", "other")[len(report.text_folded) % 4]
    return Facts(
        at=report.at,
        category=category,
        commune_code=report.commune_code,
        commune_name=report.commune_name,
        province_code=report.province_code,
        text_folded=report.text_folded,
        has_photo=report.has_photo,
    )


def _made_up(count: int) -> list[_Made]:
    """Rules as provinces write them: a category, often some communes, sometimes a channel or words."""
    dice = random.Random(count)
    communes = [commune.code for commune in known().communes]
    return [
        _Made(
            category=dice.choice(("pothole", "street-light", "noise", "other")),
            communes=frozenset(dice.sample(communes, dice.choice((1, 2, 5)))),
            channel=dice.choice(("", "", "hotline", "web")),
            words=(dice.choice(_WORDS),) if dice.random() < 0.5 else (),
        )
        for _ in range(count)
    ]


def _rule_set(made: Sequence[_Made]) -> RuleSet:
    lines = ["rules:"]
    for number, rule in enumerate(made):
        when = [f"category: {rule.category}", f"commune: [{', '.join(sorted(rule.communes))}]"]
        when += [f"channel: {rule.channel}"] if rule.channel else []
        when += [f"words: [{', '.join(rule.words)}]"] if rule.words else []
        lines.append(f"  - {{id: made-{number}, when: {{{', '.join(when)}}}, then: {{agency: roads}}, why: Vì vậy.}}")
    return load(changed(("rules:\n", "\n".join(lines) + "\n")))


def _plainly(rules: Sequence[_Made], report: Facts) -> _Made | None:
    """What anybody would write first: look at the rules one by one."""
    for rule in rules:
        if rule.category != report.category or report.commune_code not in rule.communes:
            continue
        if rule.channel and rule.channel != report.channel:
            continue
        if not rule.words or any(fold(word) in report.text_folded for word in rule.words):
            return rule
    return None
