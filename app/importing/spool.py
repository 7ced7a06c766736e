"""What was pulled from another system's server, in a file until it is taken over: one list for the trial, for the
taking over and for whoever goes on after being cut off.

JSON, line by line. The first line says what was asked for; a mapping is a request; a list is a mark: all up to a moment
is here, or all there is. What stands behind the last mark was cut off and is asked for again. Only its owner may read
the file, for there are people's words in it.
"""

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from app.errors import Conflict, Invalid
from app.importing.georeport import FIELDS
from app.importing.model import Row

KEPT = timedelta(days=30)
"""For how long what was pulled lies there when nobody takes it over."""
_VERSION = 1


class Asked(Struct, frozen=True, kw_only=True):
    """Which requests, and what of them. ``first`` and ``last``: days as they were typed; ``since``: only what has
    changed since then."""

    source: str
    address: str
    jurisdiction: str
    first: str
    last: str
    fields: tuple[str, ...]
    since: datetime | None = None

    @property
    def called(self) -> str:
        """For people, and by which a later pull knows what there has been."""
        return f"{self.address} {self.first or '…'} – {self.last or '…'}" if self.first or self.last else self.address

    def is_like(self, other: "Asked") -> bool:
        return msgspec.structs.replace(self, since=None) == msgspec.structs.replace(other, since=None)


class Header(Struct, frozen=True, kw_only=True):
    """``begin``, ``end``: when requests were sent that are asked for; ``begun``: when that is, by our clock; ``again``:
    everything anew."""

    asked: Asked
    endpoint: str
    form: str
    begin: datetime
    end: datetime
    begun: datetime
    again: bool = False
    version: int = _VERSION


class Spool:
    """Raises Conflict at once where another process has the file open, Invalid where it cannot be written."""

    def __init__(self, path: Path, source: str) -> None:
        self.path = path
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "r+b")
        except OSError as error:
            raise Invalid("importing.spool_wrong", file=str(path), said=error.strerror) from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise Conflict("importing.running", source=source) from None
        self._clear()
        self._read()

    def _clear(self) -> None:
        self.header: Header | None = None
        self.whole = False
        self.until: datetime | None = None
        self.cut: list[tuple[datetime, datetime]] = []
        """Times of which the server may have given only a part."""
        self._rows = self._media = 0
        self._met: set[str] = set()

    def _read(self) -> None:
        """How far it has come; what is behind the last mark goes."""
        rows: list[dict[str, str]] = []
        here = good = 0
        self._file.seek(0)
        for n, line in enumerate(self._file):
            here += len(line)
            try:
                said = json.loads(line)
                if n == 0:
                    self.header = msgspec.convert(said, Header)
            except (ValueError, msgspec.ValidationError):
                break
            if isinstance(said, list):
                self._count(rows)
                self._mark(said)
                rows = []
            elif n:
                rows.append(said)
            if n == 0 or not rows:
                good = here
        if self.header is not None and self.header.version != _VERSION:
            self._clear()
        if not self.whole:
            self._file.truncate(good)
        self._file.seek(0, os.SEEK_END)

    def begin(self, header: Header) -> None:
        """Anew."""
        self._clear()
        self.header = header
        self._file.seek(0)
        self._file.truncate()
        self._write([msgspec.to_builtins(header)])

    def add(self, rows: Sequence[dict[str, str]], since: datetime, until: datetime, *, cut: bool) -> None:
        """All that was asked for of the time up to ``until``."""
        mark = ["until", since.isoformat(), until.isoformat(), cut]
        self._write([*rows, mark])
        self._count(rows)
        self._mark(mark)

    def finish(self) -> None:
        self._write([["whole"]])
        self._mark(["whole"])

    def forget(self) -> None:
        self.path.unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        self._file.close()

    def _count(self, rows: Sequence[Mapping[str, str]]) -> None:
        self._rows += len(rows)
        for row in rows:
            self._met |= row.keys()
            self._media += "media_url" in row

    def _mark(self, said: list[Any]) -> None:
        if said[0] == "whole":
            self.whole = True
            return
        since, self.until = (datetime.fromisoformat(each) for each in said[1:3])
        if said[3] and self.cut and self.cut[-1][1] == since:
            since = self.cut.pop()[0]
        if said[3]:
            self.cut.append((since, self.until))

    def _write(self, lines: Sequence[Any]) -> None:
        try:
            self._file.write(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise Invalid("importing.spool_wrong", file=str(self.path), said=error.strerror) from None

    # ------------------------------------------------------------ as a list

    @property
    def asked(self) -> Header:
        assert self.header is not None
        return self.header

    @property
    def called(self) -> str:
        return self.asked.asked.called

    @property
    def media(self) -> int:
        """How many requests name a photo."""
        return self._media

    @property
    def sha256(self) -> bytes:
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()

    @property
    def heading(self) -> list[str]:
        """Of what no specification has, that which at least one request says something of."""
        return [n for n in self.asked.asked.fields if n in FIELDS or n in self._met or not self._rows]

    def count(self) -> int:
        return self._rows

    def rows(self) -> Iterator[Row]:
        n = 0
        with self.path.open("rb") as file:
            next(file)
            for line in file:
                said = json.loads(line)
                if isinstance(said, dict):
                    n += 1
                    yield Row(n, 0, said)


def tidy(folder: Path) -> None:
    """Away with what was pulled long ago and never taken over."""
    oldest = time.time() - KEPT.total_seconds()
    for path in folder.glob("*.jsonl"):
        if path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)
