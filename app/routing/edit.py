"""Adding to a rules file where a person would, with everything else left as it is, comments too. What comes out is read
again and must be the same rules but for what was added; else nothing is changed and a person edits the file."""

import json
import re
from datetime import date, timedelta

from msgspec import structs

from app.errors import Conflict, Invalid
from app.routing import service
from app.routing.calendar import Swap, Week
from app.routing.problems import RulesError
from app.routing.ruleset import RuleSet

_LONGEST = 31
_OTHER_FILES = re.compile(r"^#:::: file ", re.MULTILINE)
_SECTION = re.compile(r"^calendar:[ \t]*(?:#[^\n]*)?\n((?:[ \t]+[^\n]*\n|[ \t]*(?:#[^\n]*)?\n)*)", re.MULTILINE)


def add_closure(rules: RuleSet, first: date, last: date, name: str) -> str:
    """The file's text with offices closed from ``first`` to ``last``. Raises Invalid, or Conflict when it is not
    certain that nothing else would change."""
    days = tuple(first + timedelta(days=day) for day in range((last - first).days + 1))
    if not 0 < len(days) <= _LONGEST:
        raise Invalid("system.closure_long", field="last", most=_LONGEST)
    if set(days) & set(rules.calendar.week.closures):
        raise Invalid("system.closure_known", field="first")
    item = f"{{from: {first}, to: {last}, name: {json.dumps(name, ensure_ascii=False)}}}"
    week = rules.calendar.week
    return _added(rules, "closures", item, structs.replace(week, closures=(*week.closures, *days)))


def add_swap(rules: RuleSet, off: date, work: date, name: str) -> str:
    """The file's text with the working day ``off`` taken off and ``work`` worked instead. Raises like the other."""
    week = rules.calendar.week
    if not week.hours[off.weekday()]:
        raise Invalid("system.swap_off_wrong", field="off")
    if week.hours[work.weekday()]:
        raise Invalid("system.swap_work_wrong", field="work")
    if any(off == swap.off or work == swap.work for swap in week.swaps):
        raise Invalid("system.swap_known", field="off")
    item = f"{{name: {json.dumps(name, ensure_ascii=False)}, off: {off}, work: {work}}}"
    return _added(rules, "swapped_days", item, structs.replace(week, swaps=(*week.swaps, Swap(off, work))))


def _added(rules: RuleSet, key: str, item: str, wanted: Week) -> str:
    text = rules.source
    changed = _inserted(text, key, item)
    try:
        read = service.load(changed.encode(), proven=True) if changed else None
    except RulesError:
        read = None
    if read is None or _sorted(read.calendar.week) != _sorted(wanted):
        raise Conflict("system.edit_by_hand")
    return changed


def _sorted(week: Week) -> Week:
    """Where in the list the new one stands does not matter."""
    swaps = tuple(sorted(week.swaps, key=lambda swap: swap.off))
    return structs.replace(week, closures=tuple(sorted(week.closures)), swaps=swaps)


def _inserted(text: str, key: str, item: str) -> str:
    """The text with one more item in the calendar's list ``key``; "" when the calendar is not written as usual."""
    others = _OTHER_FILES.search(text)
    section = _SECTION.search(text, 0, others.start() if others else len(text))
    if section is None:
        return ""
    start, body = section.start(1), section[1]
    indent = re.search(r"^([ \t]+)[^\s#]", body, re.MULTILINE)
    if indent is None:
        return ""
    line = re.compile(rf"^{indent[1]}{key}:[ \t]*(\[[^\]\n]*\])?[ \t]*(#[^\n]*)?\n", re.MULTILINE).search(body)
    if line is None:
        added = f"{indent[1]}{key}:\n{indent[1]}  - {item}\n"
        return text[:start] + added + text[start:]
    flow = line[1]
    if flow is None:
        after = re.compile(r"([ \t]*)- ").match(body, line.end())
        at = start + line.end()
        return text[:at] + f"{after[1] if after else indent[1] + '  '}- {item}\n" + text[at:]
    inside = flow[1:-1].strip()
    kept = f"{item}, {inside}" if inside else item
    at = start + line.start(1)
    return text[:at] + f"[{kept}]" + text[at + len(flow) :]
