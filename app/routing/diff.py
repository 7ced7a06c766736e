"""What a candidate changes, as a person would say it: rules, categories, agencies added, removed, changed or moved.

The two files are compared as they are written, by the names of things, so neither order of keys, comments nor layout
counts; only the order of rules does, because the first that holds decides.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from app.i18n import DEFAULT, Lang, t
from app.routing.files import open_files
from app.routing.include import read_tree
from app.routing.problems import Problems, shorten
from app.routing.yamltree import Listing, Node, Scalar

Plain = str | list[Any] | dict[str, Any] | None
ChangeKind = Literal["added", "removed", "changed", "moved"]

# Not lists of named things but settings, each compared as a whole.
_SETTINGS = frozenset({"province", "calendar", "deadlines", "duplicates", "fallback"})
_WORDED = frozenset({"agencies", "areas", "categories", "groups", "rules", "tables", "examples", *_SETTINGS})
_MOST_SHOWN = 160


class Detail(Struct, frozen=True):
    """One value: where it stands (``then.agency``), and from what to what; of a list what came in and what went."""

    path: str
    old: str | None = None
    new: str | None = None
    came: tuple[str, ...] = ()
    went: tuple[str, ...] = ()


class Difference(Struct, frozen=True):
    """``name`` is the id of the thing, "" for settings. ``after``: for a rule that is new or moved, the rule before it
    ("" when it is the first now)."""

    section: str
    name: str
    change: ChangeKind
    details: tuple[Detail, ...] = ()
    after: str | None = None

    def lines(self, lang: Lang = DEFAULT) -> list[str]:
        """A headline and one indented line a detail."""
        what = t(f"rules.section_{self.section}", lang) if self.section in _WORDED else self.section
        key = f"rules.diff_{self.change}"
        said = [t(key, lang, what=f"{what} {self.name}".rstrip())]
        if self.after is not None:
            said[0] += " " + t("rules.diff_after" if self.after else "rules.diff_first", lang, rule=self.after)
        return said + [f"    {line}" for detail in self.details for line in _detail_lines(detail)]


def _detail_lines(detail: Detail) -> Iterator[str]:
    path = f"{detail.path}: " if detail.path else ""
    if detail.old is not None or detail.new is not None:
        yield f"{path}{_short(detail.old)} → {_short(detail.new)}"
    for sign, values in (("+", detail.came), ("−", detail.went)):
        if values:
            yield f"{path}{sign} {shorten(', '.join(values), _MOST_SHOWN)}"


def _short(text: str | None) -> str:
    return "∅" if text is None else shorten(text, _MOST_SHOWN)


def differences(old: str, new: str) -> list[Difference]:
    """From one rule set's source to another's. Both have been loaded before, so they can be read."""
    before, after = _sections(_plain(_tree(old))), _sections(_plain(_tree(new)))
    found: list[Difference] = []
    for section in dict.fromkeys((*after, *before)):
        was, now = before.get(section), after.get(section)
        if section == "rules":
            found += _rules(_by_id(was), _by_id(now))
        elif section in _SETTINGS or not isinstance(was or now, dict):
            details = tuple(_details("", was, now))
            found += [Difference(section, "", "changed", details)] if details else []
        else:
            found += _named(section, _mapping(was), _mapping(now), lambda _: None)
    return found


# ---------------------------------------------------------------- reading


def _tree(source: str) -> Node | None:
    problems = Problems("rules")
    return read_tree(open_files(source, None, problems), problems)


def _plain(node: Node | None) -> Plain:
    if node is None or (isinstance(node, Scalar) and node.empty):
        return None
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Listing):
        return [_plain(item) for item in node.items]
    return {name: _plain(value) for name, (_, value) in node.entries.items()}


def _mapping(value: Plain) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _sections(top: Plain) -> dict[str, Plain]:
    """The file's sections, with the categories in one of their own instead of inside their groups."""
    sections: dict[str, Plain] = {name: value for name, value in _mapping(top).items() if name != "include"}
    groups, categories = {}, {}
    for name, group in _mapping(sections.get("groups")).items():
        groups[name] = {key: value for key, value in group.items() if key != "categories"}
        for category, said in _mapping(group.get("categories")).items():
            categories[category] = {"group": name, **_mapping(said)}
    return sections | {"groups": groups, "categories": categories}


def _by_id(rules: Plain) -> dict[str, Any]:
    listed = rules if isinstance(rules, list) else []
    return {rule["id"]: {key: value for key, value in rule.items() if key != "id"} for rule in listed}


# ---------------------------------------------------------------- comparing


def _rules(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    order = list(after)
    predecessor = {rule: order[at - 1] if at else "" for at, rule in enumerate(order)}
    found = _named("rules", before, after, predecessor.get)
    return found + [Difference("rules", rule, "moved", after=predecessor[rule]) for rule in _moved(before, order)]


def _moved(before: Mapping[str, Any], order: Sequence[str]) -> list[str]:
    """The fewest rules that, taken out and put back elsewhere, lead from the old order to the new one."""
    place = {rule: at for at, rule in enumerate(before)}
    stayed = [rule for rule in order if rule in place]
    # Whatever is on a longest rising run of old places has not moved.
    ends: list[int] = []
    length: dict[str, int] = {}
    for rule in stayed:
        at = bisect_left(ends, place[rule])
        ends[at : at + 1] = [place[rule]]
        length[rule] = at + 1
    kept, wanted, most = set(), len(ends), len(before)
    for rule in reversed(stayed):
        if length[rule] == wanted and place[rule] < most:
            kept.add(rule)
            wanted, most = wanted - 1, place[rule]
    return [rule for rule in stayed if rule not in kept]


def _named(
    section: str, before: Mapping[str, Any], after: Mapping[str, Any], predecessor: Callable[[str], str | None]
) -> list[Difference]:
    found = []
    for name in dict.fromkeys((*after, *before)):
        if name not in before:
            found.append(Difference(section, name, "added", tuple(_details("", None, after[name])), predecessor(name)))
        elif name not in after:
            found.append(Difference(section, name, "removed"))
        elif details := tuple(_details("", before[name], after[name])):
            found.append(Difference(section, name, "changed", details))
    return found


def _details(path: str, old: Plain, new: Plain) -> Iterator[Detail]:
    if old == new:
        return
    if isinstance(old, dict) or isinstance(new, dict):
        if _mapping(old) or _mapping(new):
            for key in dict.fromkeys((*_mapping(new), *_mapping(old))):
                yield from _details(f"{path}.{key}" if path else key, _mapping(old).get(key), _mapping(new).get(key))
            return
    elif old is not None and new is not None and (isinstance(old, list) or isinstance(new, list)):
        # One value stands for a list of one.
        was, now = (tuple(_text(v) or "" for v in (x if isinstance(x, list) else [x])) for x in (old, new))
        came, went = tuple(v for v in now if v not in was), tuple(v for v in was if v not in now)
        if came or went:
            yield Detail(path, came=came, went=went)
        elif was != now:
            yield Detail(path, ", ".join(was), ", ".join(now))
        return
    yield Detail(path, _text(old), _text(new))


def _text(value: Plain) -> str | None:
    """A value on one line, as the file would write it."""
    if isinstance(value, list):
        return f"[{', '.join(_text(item) or '' for item in value)}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_text(item) or ''}" for key, item in value.items()) + "}"
    return value
