"""Reads variables of the environment and collects what is wrong with them."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

PREFIX = "PHANANH_"
UNREADABLE = "unreadable"
"""Stands for a secret that could not be read: its own problem has been told."""


class Quiet(Struct, frozen=True):
    """Keeps secrets out of logs and tracebacks."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(...)"


def reason(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror or type(error).__name__) if isinstance(error, OSError) else "not UTF-8 text"


class Reader:
    """Reads variables one by one and collects what is wrong with them."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = env
        self.problems: list[str] = []
        self.seen: set[str] = set()
        self.ports: dict[int, str] = {}

    def text(self, name: str, default: str | None = None, *, secret: bool = False) -> str | None:
        key = PREFIX + name
        self.seen.add(key)
        value = self.env.get(key) or None
        if not secret:
            return value or default
        self.seen.add(key + "_FILE")
        path = self.env.get(key + "_FILE") or None
        if path and value:
            self.problems.append(f"{key} and {key}_FILE are both set; keep one of them")
        elif path:
            value = self._secret_in(key, path)
        return value or default

    def _secret_in(self, key: str, path: str) -> str:
        """The file's text, or a stand-in that no further check complains about: one mistake is one problem."""
        try:
            value = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            self.problems.append(f"{key}_FILE: cannot read {path} ({reason(error)})")
            return UNREADABLE
        if not value:
            self.problems.append(f"{key}_FILE: {path} is empty")
            return UNREADABLE
        return value

    def port(self, name: str, default: int) -> int:
        """A port of ours. Two processes cannot listen on the same one."""
        value = self.number(name, default, 1, 65535)
        taken = self.ports.setdefault(value, PREFIX + name)
        if taken != PREFIX + name:
            self.problems.append(f"{PREFIX}{name} and {taken} are both {value}; give each a port of its own")
        return value

    def number(self, name: str, default: int, low: int, high: int) -> int:
        raw = self.text(name)
        if raw is None:
            return default
        try:
            value = int(raw)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            self.problems.append(f"{PREFIX}{name} must be a whole number from {low} to {high}, not {raw!r}")
            return default
        return value

    def flag(self, name: str, default: bool) -> bool:
        raw = self.text(name)
        if raw is None:
            return default
        if raw.lower() not in ("1", "0", "true", "false", "yes", "no"):
            self.problems.append(f"{PREFIX}{name} must be yes or no, not {raw!r}")
        return raw.lower() in ("1", "true", "yes")

    def url(
        self, name: str, schemes: tuple[str, ...], default: str | None = None, *, secret: bool = False
    ) -> str | None:
        raw = self.text(name, default, secret=secret)
        if raw is not None and raw is not UNREADABLE:
            try:
                parts = urlsplit(raw)
                usable = parts.scheme in schemes and bool(parts.netloc or parts.query)
                if "," not in parts.netloc:  # a PostgreSQL address may name several servers
                    usable = usable and parts.port != 0  # asking for the port is what checks it
            except ValueError:
                usable = False
            if not usable:
                # Addresses are not shown: people put passwords and tokens into them.
                self.problems.append(f"{PREFIX}{name} must be an address that starts with {schemes[0]}://")
        return raw

    def unknown(self) -> None:
        for key in sorted(k for k in self.env if k.startswith(PREFIX) and k not in self.seen):
            self.problems.append(f"{key} is not a setting; see docs/operations.md for the list")
