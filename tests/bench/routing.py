"""Routing: what a decision costs with 100 to 10,000 rules over all of the country's communes, beside other engines."""

import gc
import random
import statistics
import time
import tracemalloc
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from app.i18n.text import fold
from app.places.dataset import known
from app.routing.model import Facts
from app.routing.ruleset import RuleSet, load
from app.routing.seen import Seen
from tests.bench import Figure
from tests.bench._rivals import RIVALS, First, Made, plain_loop
from tests.routing.small import changed

_SHIPPED = Path(__file__).parents[2] / "routing_rules.yaml"
_WORDS = ("quốc lộ", "khu công nghiệp", "bệnh viện", "trường học", "cầu treo", "rò điện", "ngập sâu", "đêm khuya")
_SIZES = (100, 1_000, 10_000)
_REPORTS, _ROUNDS, _RIVAL_REPORTS = 2_000, 5, 20
_P50_US, _P99_US, _MORE_RULES, _FASTER, _LOAD_S = 20.0, 60.0, 3.0, 30.0, 0.3

Report = TypeVar("Report")


async def run() -> list[Figure]:
    shipped = load(_SHIPPED)  # what is learned from its sentences is learned once in a process
    load_s = min(_timed(lambda: load(_SHIPPED))[1] for _ in range(_ROUNDS))
    reports = _reports(shipped)
    costs = _costs(shipped.decide, reports)
    figures = [
        _at_most("load Cà Mau's file with its examples, again", load_s, "s", "bar", _LOAD_S),
        _at_most("decide(), Cà Mau's file, p50", _middle(costs), "µs", "bar for 10,000 rules", _P50_US),
    ]
    made_reports = [_as_made(report) for report in reports]
    p50: dict[int, float] = {}
    for size in _SIZES:
        made = _made_up(size)
        rules, mb, seconds = _measured(made)
        costs = _costs(rules.decide, made_reports)
        p50[size] = _middle(costs)
        found = [_find(rules, report) for report in made_reports]
        share = sum(rule < size for rule in found) / len(found)
        figures += [
            _at_most(
                f"decide(), {size:,} rules ({share:.0%} of reports hit one), p50", p50[size], "µs", "bar", _P50_US
            ),
            _at_most(f"decide(), {size:,} rules, p99", _high(costs), "µs", "bar", _P99_US),
            _at_most(f"load {size:,} rules", seconds, "s", "bar", 2.0 + size / 1000),
            _at_most(f"memory of {size:,} rules", mb, "MB", "bar", 50.0),
        ]
        if size == 1_000:
            figures += _beside(rules, made, made_reports)
    figures.append(_at_most("decide(), 10,000 rules", p50[10_000], "µs", "3 × 100 rules", _MORE_RULES * p50[100]))
    return figures


def _beside(rules: RuleSet, made: Sequence[Made], reports: Sequence[Facts]) -> list[Figure]:
    """Every engine finds the rule for the same reports; one that finds another one is no comparison."""
    ours = _middle(_costs(lambda report: _find(rules, report), reports))
    plain = [_plain(report) for report in reports]
    engines: dict[str, First] = {"plain Python loop": plain_loop(made)}
    engines |= {name: make(made) for name, make in RIVALS.items()}
    few = plain[:_RIVAL_REPORTS]
    expected = [_find(rules, report) for report in reports[:_RIVAL_REPORTS]]
    costs: dict[str, float] = {}
    for name, first in engines.items():
        found = [first(report) for report in few]
        if found != [rule if rule < len(made) else None for rule in expected]:
            raise AssertionError(f"{name} finds other rules: {found} instead of {expected}")
        costs[name] = _middle(_costs(first, few))
    fastest = min(cost for name, cost in costs.items() if name in RIVALS)
    return [
        *(
            _at_most("finding the rule among 1,000", ours, "µs", name, cost)
            for name, cost in sorted(costs.items(), key=lambda pair: pair[1])
        ),
        _at_most("finding the rule among 1,000", ours, "µs", "fastest engine / 30", fastest / _FASTER),
    ]


def _find(rules: RuleSet, report: Facts) -> int:
    """Only what the others do: which rule, no agency, no deadlines. The small file's own rules come after the made."""
    category = rules.categories[report.category or ""]
    seen = Seen(report, category.category_id, category.urgency, rules.surroundings)
    position = rules.surroundings.index.first(seen.value, report.text_folded, seen.marks)
    return len(rules.clauses) if position is None else position


def _at_most(name: str, value: float, unit: str, limit_name: str, limit: float) -> Figure:
    ratio = value / limit
    return Figure(name, round(value, 2), unit, limit_name, round(limit, 2), round(ratio, 3), "≤ 1 ×", ratio <= 1)


def _timed(work: Callable[[], Report]) -> tuple[Report, float]:
    began = time.perf_counter()
    return work(), time.perf_counter() - began


def _measured(made: Sequence[Made]) -> tuple[RuleSet, float, float]:
    """The rule set, the memory it keeps in MB, and the seconds it takes to load (in a load of its own)."""
    source = _source(made)
    _, seconds = _timed(lambda: load(source, proven=True))
    gc.collect()
    tracemalloc.start()
    rules = load(source, proven=True)
    gc.collect()
    kept = tracemalloc.get_traced_memory()[0] / 1e6
    tracemalloc.stop()
    return rules, kept, seconds


def _costs(work: Callable[[Report], object], reports: Sequence[Report]) -> list[float]:
    """µs for each report: the best of a few rounds, so that other work on the machine does not count."""
    best = [float("inf")] * len(reports)
    for _ in range(_ROUNDS):
        for at, report in enumerate(reports):
            began = time.perf_counter_ns()
            work(report)
            best[at] = min(best[at], (time.perf_counter_ns() - began) / 1000)
    return best


def _middle(costs: Sequence[float]) -> float:
    return statistics.median(costs)


def _high(costs: Sequence[float]) -> float:
    return statistics.quantiles(costs, n=100)[98]


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


def _plain(report: Facts) -> dict[str, str]:
    """What the other engines are given; their words are found with spaces around."""
    bare = "".join(letter if letter.isalnum() else " " for letter in report.text_folded)
    return {
        "category": report.category or "",
        "commune": report.commune_code or "",
        "channel": report.channel,
        "text": f" {' '.join(bare.split())} ",
    }


def _made_up(count: int) -> list[Made]:
    """Rules as provinces write them: a category, often some communes, sometimes a channel or words. A third of them
    is about the province the reports come from, so that most reports meet several."""
    dice = random.Random(count)
    everywhere = [commune.code for commune in known().communes]
    here = [commune.code for commune in known().communes if commune.province_code == "96"]
    return [
        Made(
            category=dice.choice(("pothole", "street-light", "noise", "other")),
            communes=frozenset(dice.sample(here if dice.random() < 0.3 else everywhere, dice.choice((1, 2, 5)))),
            channel=dice.choice(("", "hotline", "hotline", "web")),
            words=(dice.choice(_WORDS),) if dice.random() < 0.8 else (),
        )
        for _ in range(count)
    ]


def _source(made: Sequence[Made]) -> str:
    lines = ["rules:"]
    for number, rule in enumerate(made):
        when = [f"category: {rule.category}", f"commune: [{', '.join(sorted(rule.communes))}]"]
        when += [f"channel: {rule.channel}"] if rule.channel else []
        when += [f"words: [{', '.join(rule.words)}]"] if rule.words else []
        lines.append(f"  - {{id: made-{number}, when: {{{', '.join(when)}}}, then: {{agency: roads}}, why: Vì vậy.}}")
    return changed(("rules:\n", "\n".join(lines) + "\n"))
