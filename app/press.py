"""Paper is set by a process of its own for each sheet: setting holds the interpreter, and fonts and caches would stay.

The process gets what it sets on standard input and gives a PDF on standard output. It has none of our environment, and
uses so much memory and time and no more.
"""

import asyncio
import os
import resource
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_PATIENCE = 40.0
_PRESSES = asyncio.Semaphore(2)
_MEMORY = 2 << 30
"""Of address space; what is used is a twentieth of it."""
_SECONDS = 30


async def press(worker: str, job: bytes) -> bytes:
    """The PDF that the module ``worker`` makes of a job. Raises Unavailable."""
    import structlog

    from app.errors import Unavailable

    async with _PRESSES:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            worker,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=_ROOT,
            # Neither secrets nor a thread for each processor, whose stacks would count as memory.
            env={name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
            | {"RAYON_NUM_THREADS": "1", "HOME": "/nonexistent"},
        )
        try:
            async with asyncio.timeout(_PATIENCE):
                pdf, complaint = await process.communicate(job)
        except TimeoutError:
            raise Unavailable("papers.not_printed") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    if process.returncode != 0 or not pdf.startswith(b"%PDF-"):
        # The last line names typst's error and our own template's place; no text of a case is in it.
        said = complaint.decode(errors="replace")[-300:]
        structlog.get_logger(__name__).error("paper not printed", worker=worker, exit=process.returncode, said=said)
        raise Unavailable("papers.not_printed")
    return pdf


def confine() -> None:
    """First thing in a worker."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would leave the paper on the disk
