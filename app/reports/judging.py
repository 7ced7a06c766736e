"""A report that exists as the rules engine sees it, and what limits the rules give it. Pure."""

from datetime import datetime

from msgspec import Struct

from app.i18n.text import fold
from app.reports.model import Report, Urgency
from app.routing.limits import Limit, parse_limit
from app.routing.model import COMMUNE_KINDS, Facts
from app.routing.ruleset import RuleSet


def facts_of(
    report: Report, *, at: datetime, category: str | None, urgency: Urgency | None = None, has_photo: bool = False
) -> Facts:
    """``urgency`` where a person's word stands; ``has_photo``: whether it came with one."""
    lowered = report.commune_name.lower()
    return Facts(
        at=at,
        category=category,
        commune_code=report.commune_code,
        commune_name=report.commune_name,
        commune_kind=next((kind for kind in COMMUNE_KINDS if lowered.startswith(f"{kind} ")), None),
        province_code=report.province_code,
        text_folded=fold(report.body),
        channel=report.channel,
        urgency=urgency,
        has_photo=has_photo,
        lat=report.lat,
        lon=report.lon,
        answers=report.answers,
        reporter_kind=report.reporter_kind,
    )


class Limits(Struct, frozen=True):
    """``first_answer``: None where nothing sets one."""

    handling: Limit
    first_answer: Limit | None


def limits_for(rules: RuleSet, report: Report, urgency: Urgency, *, has_photo: bool = False) -> Limits:
    """The limits for this urgency: by the rule that decided the report as long as there is one of that name, else by
    the rule that would decide it. A category that has left the rules keeps the handling limit it had."""
    first_answer = rules.first_answer_limit(report.rule_id, urgency)
    if report.category not in rules.categories:
        return Limits(parse_limit(report.handling), first_answer)
    if any(rule.rule_id == report.rule_id for rule in (*rules.rules, rules.fallback.rule)):
        return Limits(rules.handling_limit(report.rule_id, report.category, urgency), first_answer)
    facts = facts_of(report, at=report.submitted_at, category=report.category, urgency=urgency, has_photo=has_photo)
    decision = rules.decide(facts)
    return Limits(decision.handling, decision.first_answer)
