"""``make bench``: every figure beside the limit it is held against, in one run.

    python -m tests.bench            all of them
    python -m tests.bench photos     only those named

Machines are noisy: the ratio to the limit, measured in the same run, is what counts.
"""

import asyncio
import importlib
import pkgutil
import sys

from rich.console import Console
from rich.table import Table

import tests.bench
from tests.bench import Figure


async def _measure(console: Console, names: list[str]) -> list[Figure]:
    figures = []
    for name in names:
        with console.status(f"{name} …"):
            figures += await importlib.import_module(f"tests.bench.{name}").run()
    return figures


def _table(figures: list[Figure]) -> Table:
    table = Table("what", "figure", "held against", "ratio", "bar", "", title="make bench")
    for column in table.columns[1:4]:
        column.justify = "right"
    for f in figures:
        limit = f"{f.limit_name} {f.limit:,.4g} {f.unit}"
        mark = "[green]✓[/]" if f.ok else "[red]✗[/]"
        table.add_row(f.name, f"{f.value:,.4g} {f.unit}", limit, f"{f.ratio:.3g}", f.bar, mark)
    return table


def main() -> None:
    """Measure what was asked for. Exit code 2 for an unknown name."""
    known = sorted(m.name for m in pkgutil.iter_modules(tests.bench.__path__) if not m.name.startswith("_"))
    console = Console(width=160)
    unknown = sorted(set(sys.argv[1:]) - set(known))
    if unknown:
        console.print(f"no benchmark {', '.join(unknown)}; there are: {', '.join(known)}")
        sys.exit(2)
    console.print(_table(asyncio.run(_measure(console, sys.argv[1:] or known))))


if __name__ == "__main__":
    main()
