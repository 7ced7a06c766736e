"""What every command shares: consoles, settings, errors as sentences, a database that runs and is up to date."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from app import settings as configuration
from app.errors import AppError
from app.i18n import Lang, t
from app.settings import Settings, SettingsError

out = Console()
err = Console(stderr=True)
Language = Annotated[Lang, typer.Option("--lang", help="Language of messages: vi or en.")]


def fail(lines: list[str], code: int = 2) -> typer.Exit:
    """Print what is wrong, one line each, and give the exit to raise."""
    for line in lines:
        err.print(f"[bold red]✗[/] {escape(line)}", highlight=False, markup=True)
    return typer.Exit(code)


def read_settings() -> Settings:
    from app import logs

    try:
        settings = configuration.load()
    except SettingsError as error:
        raise fail(error.problems) from None
    logs.configure(settings)
    return settings


@contextmanager
def told(lang: Lang = "en") -> Iterator[None]:
    """Whatever a person did wrong ends as sentences and exit code 2, never as a traceback."""
    from app.db import MigrationFailed
    from app.embedded import EmbeddedFailed
    from app.routing.problems import RulesError
    from app.supervisor import StartFailed
    from storage.objects import StoreUnavailable

    try:
        yield
    except AppError as error:
        raise fail([t(p.key, lang, **p.params) for p in error.problems]) from None
    except RulesError as error:
        raise fail(error.lines(lang)) from None
    except (EmbeddedFailed, MigrationFailed, StartFailed, StoreUnavailable) as error:
        raise fail([str(error)], 1) from None
    except ConnectionError as error:
        raise fail([f"the database does not answer: {error}", "run 'phananh doctor' to see what is wrong"], 1) from None


@contextmanager
def prepared(*, take_file: bool = False, lang: Lang = "en") -> Iterator[Settings]:
    """Settings with a database that runs and is up to date; ``take_file`` as in ``app.wiring.prepare``."""
    from app.supervisor import database
    from app.wiring import prepare

    settings = read_settings()
    with told(lang), database(settings) as (ready, _):
        asyncio.run(prepare(ready, take_file=take_file))
        yield ready
