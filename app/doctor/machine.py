"""What is on this machine: settings, disk, and the processes that prepare photos."""

import io
import shutil
import stat
from pathlib import Path
from urllib.parse import urlsplit

from PIL import Image

from app.doctor.finding import Finding, Findings, Level, size
from app.errors import AppError
from app.photos.lab import PhotoLab
from app.settings import Settings

_LITTLE_SPACE, _NO_SPACE = 5_000_000_000, 500_000_000  # bytes


def settings_in_use(settings: Settings) -> Findings:
    found = []
    url = urlsplit(settings.public_url)
    if url.scheme != "https" and url.hostname not in ("localhost", "127.0.0.1", "::1"):
        found.append(Finding(
            "settings", "bad", f"Citizens would reach {settings.public_url} unencrypted.",
            "Put a TLS proxy in front and set PHANANH_PUBLIC_URL to its https:// address.",
        ))  # fmt: skip
    if settings.telegram and settings.embedded_database:
        found.append(Finding(
            "settings", "warn", "A real bot keeps its reports in the embedded database, which is for trying out.",
            "Set PHANANH_DATABASE_URL to a PostgreSQL server that is backed up.",
        ))  # fmt: skip
    key = settings.home / "secret_key"
    if key.exists() and key.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        found.append(Finding("settings", "bad", f"Others on this machine may read {key}.", f"Run: chmod 600 {key}"))
    return found or [
        Finding("settings", "ok", f"All settings can be used; the public address is {settings.public_url}.")
    ]


def space(home: Path) -> Findings:
    """Free space on the disk that ``home`` is on."""
    while not home.exists():
        home = home.parent
    usage = shutil.disk_usage(home)
    says = f"{size(usage.free)} of {size(usage.total)} are free on the disk of {home}."
    level = judge_space(usage.free, usage.total)
    return [Finding("disk", level, says, "" if level == "ok" else "Free some space or enlarge the disk.")]


def judge_space(free: int, total: int) -> Level:
    """Small disks are judged by their own size."""
    if free < min(_NO_SPACE, total // 20):
        return "bad"
    return "warn" if free < min(_LITTLE_SPACE, total // 5) else "ok"


async def photos() -> Findings:
    picture = io.BytesIO()
    Image.new("RGB", (64, 48), "white").save(picture, "JPEG")
    async with PhotoLab(workers=1) as lab:
        try:
            await lab.prepare(picture.getvalue())
        except AppError as error:
            advice = "See the log; memory or the number of processes may be limited too tightly."
            return [Finding("photos", "bad", f"A test photo could not be prepared ({error.key}).", advice)]
    return [Finding("photos", "ok", "A test photo was prepared.")]
