"""``include``: several files read as if they were one. Mappings are joined, lists follow one another."""

from collections.abc import Iterator

from app.routing.fields import list_of, plain_text
from app.routing.files import Files
from app.routing.problems import Problems, shorten
from app.routing.yamltree import Listing, Mapping, Node, Scalar, parse

# The rest is said once, in the main file.
SECTIONS = ("include", "areas", "agencies", "groups", "tables", "rules", "examples")


def read_tree(files: Files, problems: Problems) -> Mapping | None:
    """The whole as one mapping; each node knows which file it stands in. None when there is nothing to read on with."""
    node = parse(files.text, files.main, problems)
    if node is None:
        return None
    if not isinstance(node, Mapping):
        problems.add(node, "not_a_mapping")
        return None
    return _Inclusion(files, problems).whole(node)


class _Inclusion:
    def __init__(self, files: Files, problems: Problems) -> None:
        self._files = files
        self._problems = problems
        self._first: dict[str, str] = {}  # file → the file that included it

    def whole(self, main: Mapping) -> Mapping:
        entries = {name: entry for name, entry in main.entries.items() if name != "include"}
        waiting = list(self._asked(main, ""))
        while waiting:
            name, where = waiting.pop(0)
            tree = self._tree(name, where)
            if tree is None:
                continue
            folder = name.rpartition("/")[0]
            waiting = [*self._asked(tree, folder), *waiting]
            for key, (written, node) in tree.entries.items():
                if key not in SECTIONS:
                    self._problems.unknown(written, "not_in_an_include", key, SECTIONS, allowed=", ".join(SECTIONS))
                elif key != "include":
                    self._join(entries, key, written, node)
        return Mapping(main.file, main.line, main.column, entries)

    def _asked(self, tree: Mapping, folder: str) -> Iterator[tuple[str, Scalar]]:
        """The files that ``include`` names, from the folder of the file it stands in."""
        entry = tree.entries.get("include")
        for node in list_of(entry[1]) if entry else ():
            pattern = plain_text(node, self._problems)
            if not pattern or not isinstance(node, Scalar):
                continue
            try:
                names = self._files.named(f"{folder}/{pattern}" if folder else pattern)
            except ValueError:
                self._problems.add(node, "include_outside", name=shorten(pattern))
                continue
            if not names:
                self._problems.add(node, "include_nothing", name=shorten(pattern))
            for name in names:
                yield name, node

    def _tree(self, name: str, where: Scalar) -> Mapping | None:
        if name in self._first or name == self._files.main:
            self._problems.add(where, "include_twice", name=name, first=self._first.get(name, name))
            return None
        self._first[name] = where.file
        text = self._files.read(name, where, self._problems)
        node = parse(text, name, self._problems) if text is not None else None
        if node is None or isinstance(node, Mapping):
            return node
        self._problems.add(node, "not_a_mapping")
        return None

    def _join(self, entries: dict[str, tuple[Scalar, Node]], key: str, written: Scalar, node: Node) -> None:
        there = entries.get(key)
        if there is None or (isinstance(there[1], Scalar) and there[1].empty):
            entries[key] = (written, node)
        elif isinstance(there[1], Mapping) and isinstance(node, Mapping):
            joined = dict(there[1].entries)
            for name, entry in node.entries.items():
                if name in joined:
                    first = joined[name][0]
                    place = f"{first.file}:{first.line + 1}"
                    self._problems.add(entry[0], "twice_in_files", name=name, first=place)
                else:
                    joined[name] = entry
            entries[key] = (there[0], Mapping(there[1].file, there[1].line, there[1].column, joined))
        elif isinstance(there[1], Listing) and isinstance(node, Listing):
            both = (*there[1].items, *node.items)
            entries[key] = (there[0], Listing(there[1].file, there[1].line, there[1].column, both))
        elif not (isinstance(node, Scalar) and node.empty):
            self._problems.add(node, "not_like_the_other", name=key, first=f"{there[0].file}:{there[0].line + 1}")
