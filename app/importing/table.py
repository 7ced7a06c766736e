"""A list as a file of separated values, in whatever encoding the other system wrote it. Reads it row by row."""

import codecs
import csv
import hashlib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from app.errors import Invalid
from app.i18n.text import nfc
from app.importing.model import Row

_PIECE = 1 << 20
_LONGEST_CELL = 1 << 20
_SEPARATORS = ",;\t|"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_OLD = "cp1258"
"""Vietnamese Windows before UTF-8."""


class Table:
    """The file is read anew for each pass. Raises Invalid, at once or while reading, saying what is wrong with it."""

    def __init__(self, path: Path, encoding: str | None = None, separator: str | None = None) -> None:
        self.path = path
        csv.field_size_limit(_LONGEST_CELL)
        try:
            self.encoding = _known(encoding) if encoding else self._found_encoding()
        except OSError as error:
            raise Invalid("importing.file_missing", file=str(path), said=error.strerror) from None
        self.separator = separator or self._found_separator()
        if len(self.separator) != 1:
            raise Invalid("importing.separator_wrong", separator=self.separator[:10])

    @property
    def called(self) -> str:
        return self.path.name

    @cached_property
    def sha256(self) -> bytes:
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()

    @cached_property
    def heading(self) -> list[str]:
        _, names = next(self._lines(), (1, []))
        names = [nfc(name) for name in names]
        if not any(names):
            raise Invalid("importing.file_empty", file=self.path.name)
        twice = next((name for name in names if name and names.count(name) > 1), None)
        if twice is not None:
            raise Invalid("importing.column_twice", column=twice[:60])
        return names

    def count(self) -> int:
        """Of rows, having looked at all of it."""
        assert self.heading
        return sum(1 for _ in self.cells())

    def rows(self) -> Iterator[Row]:
        for n, (line, cells) in enumerate(self.cells(), 1):
            yield Row(n, line, dict(zip(self.heading, cells, strict=False)))

    def cells(self) -> Iterator[tuple[int, list[str]]]:
        """What stands below the heading, with the line where it begins; empty lines left out."""
        lines = self._lines()
        next(lines, None)
        for line, cells in lines:
            if any(cell.strip() for cell in cells):
                yield line, cells

    def _lines(self) -> Iterator[tuple[int, list[str]]]:
        with self.path.open(encoding=self.encoding, newline="") as file:
            reader = csv.reader(file, delimiter=self.separator, strict=True)
            line = 1
            try:
                for cells in reader:
                    yield line, cells
                    line = reader.line_num + 1
            except csv.Error:
                raise Invalid("importing.csv_broken", line=line) from None
            except UnicodeError:
                raise Invalid("importing.not_encoded", line=line, encoding=self.encoding) from None

    def _found_encoding(self) -> str:
        with self.path.open("rb") as file:
            first = file.read(4)
            if first.startswith(_UTF16):
                return "utf-16"
            if first[1:2] == b"\0" or first[:1] == b"\0":
                return "utf-16-le" if first[1:2] == b"\0" else "utf-16-be"
            decoder = codecs.getincrementaldecoder("utf-8")()
            file.seek(0)
            try:
                while piece := file.read(_PIECE):
                    decoder.decode(piece)
                decoder.decode(b"", final=True)
            except UnicodeDecodeError:
                return _OLD
        return "utf-8-sig"

    def _found_separator(self) -> str:
        try:
            with self.path.open(encoding=self.encoding) as file:
                first = file.readline(_PIECE)
        except UnicodeError:
            raise Invalid("importing.not_encoded", line=1, encoding=self.encoding) from None
        return max(_SEPARATORS, key=first.count)


def _known(encoding: str) -> str:
    try:
        name = codecs.lookup(encoding).name
    except LookupError:
        raise Invalid("importing.encoding_unknown", encoding=encoding[:40]) from None
    return "utf-8-sig" if name == "utf-8" else name
