"""Figures and lists as files from the shell."""

import asyncio
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from shutil import copyfileobj
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress

from app.cli.common import Language, err, fail, prepared
from app.i18n import Lang
from app.settings import Settings

if TYPE_CHECKING:
    from app.exports.model import Made


def export(
    format: Annotated[str, typer.Argument(help="xlsx, pdf, csv, geojson or parquet.")],  # noqa: A002  # its name in the shell
    out: Annotated[str, typer.Option("--out", "-o", help="File to write; - for standard output.")],
    period: Annotated[
        str, typer.Option(help="2026-11-27, 2026-W48, 2026-11, 2026-Q4, 2026, 2026-11-cut or 2026-11-01..2026-11-15.")
    ] = "",
    agency: Annotated[list[str] | None, typer.Option(help="Only these; - for the coordinators' desk.")] = None,
    category: Annotated[list[str] | None, typer.Option(help="Only these.")] = None,
    commune: Annotated[list[str] | None, typer.Option(help="Only these codes; - for unknown ones.")] = None,
    channel: Annotated[list[str] | None, typer.Option(help="Only these.")] = None,
    as_of: Annotated[
        str, typer.Option(help="As known then, such as 2026-11-27T12:00, or now; default: at the end.")
    ] = "",
    lang: Language = "vi",
) -> None:
    """Figures of a period as a file: a workbook, or the list of reports. Default: this month."""
    filters = {"agency": agency, "category": category, "commune": commune, "channel": channel}
    pairs = [("period", period), ("as_of", as_of)]
    pairs += [(name, value) for name, values in filters.items() for value in values or ()]
    if out != "-" and not Path(out).absolute().parent.is_dir():
        raise fail([f"-o: there is no folder {Path(out).absolute().parent}"])
    with (
        prepared() as settings,
        tempfile.TemporaryDirectory(prefix="phananh-export-") as folder,
        Progress(console=err, transient=True) as progress,
    ):
        task = progress.add_task("reports", total=None)
        made = Path(folder) / "file"
        told = asyncio.run(
            _make(settings, pairs, format, lang, made, lambda n, of: progress.update(task, completed=n, total=of))
        )
        _deliver(made, out)
    err.print(
        f"✓ {told.rows} reports, as of {told.provenance.as_of:%Y-%m-%d %H:%M}Z, sha256 {told.sha256}", style="dim"
    )


def _deliver(made: Path, out: str) -> None:
    with made.open("rb") as source:
        if out == "-":
            copyfileobj(source, sys.stdout.buffer)
            sys.stdout.buffer.flush()
            return
        try:
            with Path(out).open("wb") as target:
                copyfileobj(source, target)
        except OSError as error:
            raise fail([f"-o: {out} cannot be written: {error.strerror}"]) from None


async def _make(
    settings: Settings,
    pairs: list[tuple[str, str]],
    format: str,  # noqa: A002  # its name in the shell
    lang: Lang,
    path: Path,
    say: Callable[[int, int], object],
) -> "Made":
    from app.accounts.model import SYSTEM
    from app.db import connect_pool
    from app.exports import making, service
    from app.exports.columns import columns_for
    from app.exports.model import Wanted
    from app.places import service as places
    from app.routing import service as routing
    from app.stats.asked import asked
    from app.stats.names import names

    maker, now = service.maker_of(format), datetime.now(UTC)
    question, moment = service.frozen(asked(pairs, now), now)

    async def said(done: int, total: int) -> None:
        say(done, total)

    assert settings.database_url is not None
    async with await connect_pool(settings.database_url, 2) as pool:
        await making.settle_figures(pool, moment)
        async with pool.acquire() as conn:
            called = await names(conn, await routing.active(pool), await places.load(pool))
        columns = columns_for(SYSTEM, ids=maker.ids) if maker.lists else ()
        wanted = Wanted(reader=SYSTEM, asked=question, format=format, lang=lang, as_of=moment, columns=columns)
        return await making.produce(pool, called, wanted, path, said)
