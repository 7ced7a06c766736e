"""Other rule engines on the same made-up rules, each used as its own guide says, for one run side by side with ours.

Each gets the rules in order and says which is the first that holds. None of them folds Vietnamese or knows a working
calendar, so they are given the folded text and nothing that needs a calendar.
"""

import json
from collections.abc import Callable, Sequence

import cel
import rule_engine
import zen
from msgspec import Struct

from app.i18n.text import fold

First = Callable[[dict[str, str]], int | None]


class Made(Struct, frozen=True):
    """A made-up rule, as plain as every engine can express it. Empty means: any."""

    category: str
    communes: frozenset[str]
    channel: str
    words: tuple[str, ...]

    @property
    def phrases(self) -> list[str]:
        """With spaces around, as whole words of a text with spaces around."""
        return [f" {fold(word)} " for word in self.words]


def plain_loop(rules: Sequence[Made]) -> First:
    """What anybody would write first."""
    ready = [(rule, rule.phrases) for rule in rules]

    def first(report: dict[str, str]) -> int | None:
        for at, (rule, phrases) in enumerate(ready):
            if rule.category != report["category"] or report["commune"] not in rule.communes:
                continue
            if rule.channel and rule.channel != report["channel"]:
                continue
            if not phrases or any(phrase in report["text"] for phrase in phrases):
                return at
        return None

    return first


def with_rule_engine(rules: Sequence[Made]) -> First:
    """PyPI rule-engine: one compiled expression a rule."""
    ready = [
        rule_engine.Rule(_joined(rule, " and ", "commune in [{}]", '"{}" in text', " or ")) for rule in rules
    ]  # fmt: skip

    def first(report: dict[str, str]) -> int | None:
        return next((at for at, rule in enumerate(ready) if rule.matches(report)), None)

    return first


def with_cel(rules: Sequence[Made]) -> First:
    """PyPI common-expression-language: one compiled program a rule, one context a report."""
    ready = [cel.compile(_joined(rule, " && ", "commune in [{}]", 'text.contains("{}")', " || ")) for rule in rules]

    def first(report: dict[str, str]) -> int | None:
        context = cel.Context(variables=report)
        return next((at for at, rule in enumerate(ready) if rule.execute(context)), None)

    return first


def with_zen(rules: Sequence[Made]) -> First:
    """PyPI zen-engine: one decision table, first hit."""
    inputs = ("category", "commune", "channel", "text")
    rows = [
        {
            "_id": f"r{at}",
            "category": json.dumps(rule.category),
            "commune": ", ".join(json.dumps(code) for code in sorted(rule.communes)),
            "channel": json.dumps(rule.channel) if rule.channel else "",
            "text": " or ".join(f"contains($, {json.dumps(phrase)})" for phrase in rule.phrases),
            "out": str(at),
        }
        for at, rule in enumerate(rules)
    ]
    table = {
        "hitPolicy": "first",
        "inputs": [{"id": name, "name": name, "field": name} for name in inputs],
        "outputs": [{"id": "out", "name": "rule", "field": "rule"}],
        "rules": rows,
    }
    nodes = [
        {"id": "in", "type": "inputNode", "name": "in", "content": {}},
        {"id": "table", "type": "decisionTableNode", "name": "table", "content": table},
        {"id": "end", "type": "outputNode", "name": "end", "content": {}},
    ]
    edges = [
        {"id": "1", "type": "edge", "sourceId": "in", "targetId": "table"},
        {"id": "2", "type": "edge", "sourceId": "table", "targetId": "end"},
    ]
    decision = zen.ZenEngine().create_decision(json.dumps({"nodes": nodes, "edges": edges}))

    def first(report: dict[str, str]) -> int | None:
        found = decision.evaluate(report)["result"]
        return None if not found else found["rule"]

    return first


def _joined(rule: Made, both: str, among: str, has: str, either: str) -> str:
    parts = [f'category == "{rule.category}"']
    parts.append(among.format(", ".join(f'"{code}"' for code in sorted(rule.communes))))
    if rule.channel:
        parts.append(f'channel == "{rule.channel}"')
    if rule.words:
        parts.append(f"({either.join(has.format(phrase) for phrase in rule.phrases)})")
    return both.join(parts)


RIVALS: dict[str, Callable[[Sequence[Made]], First]] = {
    "rule-engine": with_rule_engine,
    "common-expression-language": with_cel,
    "zen-engine": with_zen,
}
