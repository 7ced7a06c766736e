"""``phananh places``: commune boundaries."""

import asyncio
from pathlib import Path
from typing import Any

import typer
from rich.progress import Progress

from app.cli.common import Language, err, out, prepared
from app.settings import Settings

places_cli = typer.Typer(no_args_is_help=True, help="Commune boundaries.")


@places_cli.callback()
def places() -> None:
    """Commune boundaries."""


@places_cli.command("import")
def places_import(file: Path, lang: Language = "en") -> None:
    """Take real commune boundaries (GeoJSON, or .gz) and switch over to them in one transaction."""
    from app.db import connect_pool
    from app.places import service as places
    from app.routing import service as routing
    from app.wiring import communes_of

    async def take(settings: Settings, progress: Any) -> list[str]:
        assert settings.database_url is not None
        pool = await connect_pool(settings.database_url, 2)
        try:
            report = await places.import_file(pool, file, progress)
            # The communes' offices follow the communes.
            rules = await routing.active(pool)
            await routing.put_offices(pool, rules, communes_of(await places.load(pool), rules))
            return report.lines(lang)
        finally:
            await pool.close()

    with prepared() as settings, Progress(console=err, transient=True) as progress:
        task = progress.add_task("communes", total=None)
        lines = asyncio.run(take(settings, lambda n, of: progress.update(task, completed=n, total=of)))
    for line in lines:
        out.print(line, highlight=False)
