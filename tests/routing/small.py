"""A small, right rules file that tests change in one place."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from app.db import Pool, transaction
from app.i18n.text import fold
from app.routing.model import Decision, Facts
from app.routing.problems import RulesError
from app.routing.ruleset import RuleSet, load

VIETNAM = timezone(timedelta(hours=7))

SMALL = """\
province: "96"
calendar:
  office_hours:
    monday: 07:00-11:00, 13:00-17:00
    tuesday: 07:00-11:00, 13:00-17:00
    wednesday: 07:00-11:00, 13:00-17:00
    thursday: 07:00-11:00, 13:00-17:00
    friday: 07:00-11:00, 13:00-17:00
  night: 22:00-05:00
  public_holidays: VN
  swapped_days: []
  closures: []
areas:
  inner-city: ["32002", "32014"]
agencies:
  ioc: {kind: operations_centre, name: Trung tâm điều hành, name_en: Operations centre}
  roads: {kind: department, name: Sở Xây dựng, name_en: Construction}
  power: {kind: enterprise, parent: roads, name: Điện lực, name_en: Power company}
  police: {kind: security, name: Công an tỉnh, name_en: Police}
groups:
  streets:
    name: Đường sá
    name_en: Streets
    icon: 🛣️
    categories:
      pothole:
        name: Ổ gà
        name_en: Pothole
        keywords: [ổ gà, đường hư]
        examples: [Đường nhiều ổ gà.]
      street-light:
        name: Đèn đường
        name_en: Street light
        urgency: normal
        keywords: [đèn đường, trụ đèn]
        examples: [Đèn đường hư.]
        handling: {normal: 3 working days}
  others:
    name: Khác
    name_en: Other
    icon: 📌
    categories:
      noise:
        name: Tiếng ồn
        name_en: Noise
        visibility: private
        keywords: [karaoke]
        examples: [Hát karaoke ồn ào.]
      other:
        name: Việc khác
        name_en: Something else
        keywords: [việc khác]
        examples: [Việc khác.]
deadlines:
  intake: {working_days: 2 office hours, days_off: 12 hours}
  handling: {urgent: 1 working day, normal: 5 working days, complex: 15 working days}
rules:
  - id: danger
    when: {category: street-light, words: [rò điện, điện giật]}
    then: {agency: power, co_agencies: [commune office of the place], urgency: urgent, tags: [danger]}
    why: Nguy hiểm về điện.
    why_en: Electrical danger.
  - id: lights
    when: {category: street-light}
    then: {agency: commune office of the place}
    why: Đèn đường do xã quản lý.
  - id: streets
    when: {group: streets}
    then: {agency: roads}
    why: Đường do Sở Xây dựng quản lý.
fallback:
  category: other
  agency: ioc
  why: Điều phối viên xem xét.
  why_en: A coordinator decides.
"""


def changed(*changes: tuple[str, str]) -> str:
    """The small file with each first text, which must be there, replaced by the second."""
    text = SMALL
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def marked(text: str) -> tuple[str, str]:
    """A text without its mark ‸, and the ``line:column`` where the mark stood."""
    before, mark, after = text.partition("‸")
    assert mark, text
    return before + after, f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def with_rule(when: str, then: str = "{agency: police}") -> RuleSet:
    """The small rule set with one more rule, ``tried``, before all others, whatever it leaves them."""
    rule = f"rules:\n  - id: tried\n    when: {when}\n    then: {then}\n    why: Vì vậy.\n    why_en: That is why.\n"
    return load(changed(("rules:\n", rule)), proven=True)


def mistakes(source: str | bytes | Path, **options: Any) -> list[str]:
    """``line:column sentence`` for every mistake in a file."""
    try:
        load(source, **options)
    except RulesError as error:
        return [f"{p.line}:{p.column} {p.text('en')}" for p in error.problems]
    return []


def at(day: str, time: str = "09:00") -> datetime:
    """A moment on Vietnam's wall clock."""
    return datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=VIETNAM).astimezone(UTC)


def facts(text: str = "", **known: Any) -> Facts:
    """A report of Friday, 6 November 2026, 9:00, in Phường An Xuyên, unless said otherwise."""
    usual: dict[str, Any] = {
        "at": at("2026-11-06"),
        "category": "pothole",
        "commune_code": "32002",
        "commune_name": "Phường An Xuyên",
        "commune_kind": "phường",
        "province_code": "96",
    }
    return Facts(text_folded=fold(text), **(usual | known))


def decide(text: str = "", rules: RuleSet | None = None, **known: Any) -> Decision:
    return (rules or load(SMALL)).decide(facts(text, **known))


async def emptied(pool: Pool) -> None:
    """No rules and no agencies. The record of what was in force refuses deletion, so its guard is put aside."""
    async with transaction(pool) as conn:
        await conn.execute("SET LOCAL session_replication_role = replica")
        for table in ("rule_set_activations", "rule_sets", "agencies", "pgqueuer"):
            await conn.execute(f"DELETE FROM {table}")
