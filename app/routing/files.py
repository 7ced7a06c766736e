"""The text of a rules file and of the files it includes, from a folder or from one text that holds them all.

A version is kept as one text: the main file, then each other file after a line ``#:::: file areas/coast.yaml ::::``.
Such a text loads again without any folder, so an old version can always be read.
"""

import re
import unicodedata
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from app.routing.problems import Problems, Spot, Where

MOST_BYTES = 2 * 1024 * 1024
MOST_BYTES_TOGETHER = 16 * 1024 * 1024
MOST_FILES = 500
FILE_NAME = "routing_rules.yaml"

_MARK = re.compile(r"^#:::: file (\S.*?) ::::$", re.MULTILINE)


class Files:
    """``main`` is what messages call the main file; the others are named by their path from its folder, with ``/``."""

    def __init__(self, main: str, text: str, others: Mapping[str, str], folder: Path | None) -> None:
        self.main = main
        self.text = text
        self._others = dict(others)
        self._folder = folder
        self._used: dict[str, str] = {}
        self._size = len(text)

    def bundle(self) -> str:
        """The main file and every file that was read, as one text."""
        parts = [self.text]
        for name, text in sorted(self._used.items()):
            parts.append(f"{'' if parts[-1].endswith(chr(10)) else chr(10)}#:::: file {name} ::::\n{text}")
        return "".join(parts)

    def named(self, pattern: str) -> list[str]:
        """The files that a path with ``*`` stands for, in order. Raises ValueError for a path that leads outside."""
        wanted = PurePosixPath(pattern).parts
        if not wanted or wanted[0].startswith("/") or ".." in wanted or "**" in pattern or "\\" in pattern:
            raise ValueError(pattern)
        if self._folder is None:
            return sorted(name for name in self._others if _fits(PurePosixPath(name).parts, wanted))
        root = self._folder.resolve()
        found = sorted(root.glob(pattern))[: MOST_FILES + 1]
        if any(not path.resolve().is_relative_to(root) for path in found):
            raise ValueError(pattern)
        return [path.relative_to(root).as_posix() for path in found]

    def read(self, name: str, where: Where, problems: Problems) -> str | None:
        """The text of a file that ``named`` found; None when it cannot be read, which has been reported."""
        if name in self._used:
            return self._used[name]
        if self._folder is None:
            text: str | None = self._others[name]
        else:
            text = read_text(self._folder / name, name, where, problems)
        if text is None:
            return None
        self._size += len(text)
        if _MARK.search(text):
            problems.add(where, "file_marked", name=name)
        elif len(self._used) >= MOST_FILES or self._size > MOST_BYTES_TOGETHER:
            problems.add(where, "files_too_many", most=MOST_FILES, limit=MOST_BYTES_TOGETHER // 1024**2)
        else:
            self._used[name] = text
            return text
        return None


def open_files(source: Path | str | bytes, folder: Path | None, problems: Problems) -> Files:
    """The main file, UTF-8 without mark, NFC, line ends as ``\\n``. Raises RulesError when it cannot be read."""
    if isinstance(source, Path):
        text = read_text(source, problems.file, Spot(problems.file), problems)
        folder = folder or source.parent
    else:
        raw = source.encode("utf-8", "surrogatepass") if isinstance(source, str) else source
        text = _decoded(raw, MOST_BYTES_TOGETHER, problems.file, Spot(problems.file), problems)
    if text is None:
        problems.stop_if_any()
        raise AssertionError("unreachable: a text or a problem")
    main, *others = _MARK.split(text)
    if not others:
        if len(text) > MOST_BYTES:
            problems.add(Spot(problems.file), "file_too_large", limit=MOST_BYTES // 1024**2)
            problems.stop_if_any()
        return Files(problems.file, text, {}, folder)
    held = {file: text.removeprefix("\n") for file, text in zip(others[::2], others[1::2], strict=True)}
    return Files(problems.file, main, held, None)


def read_text(path: Path, name: str, where: Where, problems: Problems) -> str | None:
    """A file's text, or None with the reason reported: at ``where``, or in the file itself for a wrong letter."""
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        of = "" if name == where.file else f" ({name})"
        problems.add(where, "file_unreadable", detail=f"{error.strerror or error}{of}")
        return None
    return _decoded(raw, MOST_BYTES, name, where, problems)


def _decoded(raw: bytes, most: int, name: str, where: Where, problems: Problems) -> str | None:
    if len(raw) > most:
        problems.add(where, "file_too_large", limit=most // 1024**2)
        return None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line_start = before.rfind(b"\n") + 1
        column = len(before[line_start:].decode("utf-8", "replace"))
        problems.add(Spot(name, before.count(b"\n"), column), "file_not_utf8")
        return None
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def _fits(parts: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    return len(parts) == len(wanted) and all(fnmatchcase(part, each) for part, each in zip(parts, wanted, strict=True))
