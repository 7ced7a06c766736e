"""Looking after a system: demo data, the doctor, the audit."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import uuid4

import typer
from rich.markup import escape
from rich.progress import Progress

from app import settings as configuration
from app.cli.common import err, fail, out, prepared
from app.settings import Settings, SettingsError

audit = typer.Typer(no_args_is_help=True, help="Prove that the history is whole.")
backup = typer.Typer(no_args_is_help=True, help="What the system knows of its backups.")


def demo(reports: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many.")] = 300) -> None:
    """Add believable reports over the last three months."""
    from app import demo as seeding

    with prepared() as settings, Progress(console=out) as progress:
        if not settings.simulated:
            raise fail([f"no demo data beside a real bot: {', '.join(settings.real_bots)} is set"])
        task = progress.add_task("reports", total=reports)
        asyncio.run(seeding.seed(settings, reports, lambda n, of: progress.update(task, completed=n, total=of)))


@backup.command("done")
def backup_done(
    size: Annotated[int | None, typer.Option(min=1, help="Bytes of the dump.")] = None,
    note: Annotated[str, typer.Option(help="Such as where it lies.")] = "",
) -> None:
    """Note that a backup was finished just now, as the last step of making one."""
    from app.db import connect_pool
    from app.upkeep import service as upkeep

    async def record(url: str) -> None:
        pool = await connect_pool(url, 1)
        try:
            await upkeep.backup_done(pool, size, note)
        finally:
            await pool.close()

    with prepared() as settings:
        asyncio.run(record(settings.database_url or ""))
    out.print("Noted.")


def doctor() -> None:
    """Check settings, database, storage, bot token, rules and disk, and say what to do."""
    from app import doctor as checks

    try:
        settings = configuration.load()
    except SettingsError as error:
        raise fail(error.problems) from None
    findings = asyncio.run(checks.examine(settings))
    for finding in findings:
        mark = {"ok": "[green]✓[/]", "warn": "[yellow]![/]", "bad": "[red]✗[/]"}[finding.level]
        out.print(f"{mark} [bold]{finding.part}[/]: {escape(finding.says)}", soft_wrap=True)
        if finding.advice:
            out.print(f"    → {escape(finding.advice)}", soft_wrap=True)
    if any(finding.level == "bad" for finding in findings):
        raise typer.Exit(1)


def mail(address: Annotated[str, typer.Argument(help="Where to send it.")]) -> None:
    """Send an e-mail to try the mail server."""
    try:
        settings = configuration.load()
    except SettingsError as error:
        raise fail(error.problems) from None
    out.print(asyncio.run(_try_mail(settings, address)))


async def _try_mail(settings: Settings, address: str) -> str:
    from app.i18n import t
    from app.notify.mail import Line, Mail
    from app.notify.model import SendFailed
    from app.notify.smtp import FolderSender, mail_folder, mail_sender

    sender = mail_sender(settings)
    if sender is None:
        raise fail(["e-mail is off: set PHANANH_SMTP_HOST"])
    lines = [Line(t("mail.trial")), Line(t("mail.trial", "en"), settings.public_url)]
    trial = Mail(
        to=address,
        subject=t("mail.trial_subject"),
        lines=lines,
        name=f"trial-{uuid4()}",
        lang="vi",
        at=datetime.now(UTC),
    )
    try:
        said = await sender.send_mail(trial)
    except SendFailed as failure:
        raise fail([f"it was not sent: {failure.reason}"], 1) from None
    if isinstance(sender, FolderSender):
        return f"written to {mail_folder(settings) / said}"
    return f"handed over; the server says: {said}"


@audit.callback()
def history() -> None:
    """Prove that the history is whole."""


@audit.command("verify")
def audit_verify(
    report: Annotated[str | None, typer.Option("--report", help="One report's code; default: all.")] = None,
) -> None:
    """Recompute the hash chain of the history; exit 1 when anything does not hold."""
    with prepared() as settings, Progress(console=err, transient=True) as progress:
        task = progress.add_task("reports", total=None)
        damages, checked = asyncio.run(_verify(settings, report, lambda n: progress.update(task, completed=n)))
    for damage in damages:
        out.print(f"[red]✗[/] {damage.code} event {damage.seq}: {damage.problem}")
    if damages:
        raise typer.Exit(1)
    out.print(f"✓ {checked} reports verified, no difference")


async def _verify(settings: Settings, code: str | None, progress: Any) -> tuple[list[Any], int]:
    from app.db import connect_pool
    from app.history import service as history
    from app.reports import service as reports

    assert settings.database_url is not None
    pool = await connect_pool(settings.database_url, 2)
    checked = 0

    def count(number: int) -> None:
        nonlocal checked
        checked = number
        progress(number)

    try:
        whole = None if code is None else (await reports.find(pool, code)).code
        return [damage async for damage in history.verify(pool, whole, count)], checked
    finally:
        await pool.close()
