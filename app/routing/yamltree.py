"""YAML text → a tree of scalars, lists and mappings that know their line and column.

Only the readable part of YAML is taken: no anchors, aliases or tags (so nothing can be multiplied or constructed), one
document, keys that are plain words, no key twice. Values stay the text that was written; what they mean is for the
reader to say, so ``no``, ``07:00`` and ``01234`` are never turned into something else. Events come one by one from
libyaml, and reading stops at the first thing that cannot be part of a rules file, so a hostile file costs no time.
"""

import yaml
from msgspec import Struct

from app.routing.problems import Problems, Spot

DEEPEST = 12


class Scalar(Struct, frozen=True):
    file: str
    line: int
    column: int
    text: str
    empty: bool = False  # nothing, ~ or null was written


class Listing(Struct, frozen=True):
    file: str
    line: int
    column: int
    items: tuple["Node", ...]


class Mapping(Struct, frozen=True):
    file: str
    line: int
    column: int
    entries: dict[str, tuple[Scalar, "Node"]]


Node = Scalar | Listing | Mapping

# What libyaml says, and what a person should hear instead.
_PLAIN_WORDS = (
    ("mapping values are not allowed", "yaml_colon"),
    ("could not find expected ':'", "yaml_no_colon"),
    ("did not find expected ',' or", "yaml_bracket"),
    ("did not find expected node content", "yaml_bracket"),
    ("unexpected end of stream", "yaml_quote"),
    ("unexpected document indicator", "yaml_quote"),
    ("unknown escape character", "yaml_escape"),
    ("did not find expected key", "yaml_indent"),
    ("did not find expected '-' indicator", "yaml_indent"),
    ("cannot start any token", "yaml_quote_needed"),
)


def parse(text: str, file: str, problems: Problems) -> Node | None:
    """The tree of one document; None when the text is not the YAML described above, which has been reported."""
    builder = _Builder(file, problems)
    try:
        tree = builder.build(text)
    except yaml.reader.ReaderError as error:
        before = text.encode()[: error.position].decode("utf-8", "replace")  # libyaml counts bytes
        problems.add(Spot(file, before.count("\n"), len(before) - before.rfind("\n") - 1), "yaml_character")
        return None
    except yaml.MarkedYAMLError as error:
        _explain(text, file, error, problems)
        return None
    if tree is None and not builder.refused:
        problems.add(Spot(file), "file_empty")
    return tree


def _explain(text: str, file: str, error: yaml.MarkedYAMLError, problems: Problems) -> None:
    mark = error.problem_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    said = f"{error.problem}"
    lines = text.split("\n")
    key = next((key for words, key in _PLAIN_WORDS if words in said), "yaml_other")
    if "cannot start any token" in said and line < len(lines) and lines[line][column : column + 1] == "\t":
        key = "yaml_tab"
    if key == "yaml_quote" and error.context_mark:
        line, column = error.context_mark.line, error.context_mark.column  # where the quote was opened
    problems.add(Spot(file, line, column), key, detail=said)


class _Builder:
    """Builds the tree from events. Duplicate keys are noted and reading goes on; the rest ends it."""

    def __init__(self, file: str, problems: Problems) -> None:
        self.refused = False
        self._file = file
        self._problems = problems
        self._open: list[tuple[yaml.Event, list[Node]]] = []
        self._root: Node | None = None

    def build(self, text: str) -> Node | None:
        documents = 0
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            documents += isinstance(event, yaml.DocumentStartEvent)
            refusal = self._refusal(event, documents)
            if refusal:
                self.refused = True
                self._problems.add(Spot(self._file, *_place(event)), refusal)
                return None
            match event:
                case yaml.ScalarEvent():
                    plain = bool(event.implicit[0])
                    empty = plain and event.value in ("", "~", "null")
                    self._add(Scalar(self._file, *_place(event), event.value.strip(), empty))
                case yaml.CollectionStartEvent():
                    self._open.append((event, []))
                case yaml.CollectionEndEvent():
                    self._close()
        return self._root

    def _refusal(self, event: yaml.Event, documents: int) -> str | None:
        if documents > 1:
            return "yaml_documents"
        if getattr(event, "anchor", None) is not None:  # an alias carries one too
            return "yaml_anchor"
        if getattr(event, "tag", None) is not None:
            return "yaml_tag"
        if isinstance(event, yaml.CollectionStartEvent) and len(self._open) >= DEEPEST:
            return "yaml_deep"
        return None

    def _add(self, node: Node) -> None:
        if self._open:
            self._open[-1][1].append(node)
        else:
            self._root = node

    def _close(self) -> None:
        start, children = self._open.pop()
        if isinstance(start, yaml.SequenceStartEvent):
            self._add(Listing(self._file, *_place(start), tuple(children)))
            return
        entries: dict[str, tuple[Scalar, Node]] = {}
        for key, value in zip(children[::2], children[1::2], strict=True):
            if not isinstance(key, Scalar):
                self._problems.add(key, "yaml_key")
            elif key.text in entries:
                first = entries[key.text][0].line + 1
                self._problems.add(key, "yaml_twice", name=key.text, first=first)
            else:
                entries[key.text] = (key, value)
        self._add(Mapping(self._file, *_place(start), entries))


def _place(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    return (mark.line, mark.column) if mark else (0, 0)
