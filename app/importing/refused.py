"""The rows that were refused, as a file to mend and to take over again."""

import csv
from collections.abc import Iterable
from pathlib import Path

from app.i18n import Lang, t
from app.importing.model import Fault, Source

WHY = "why"
"""The column that says what is wrong; it means nothing when the file is taken over."""


def said(fault: Fault, lang: Lang) -> str:
    """One sentence: where, what is wrong, what to do."""
    where = [t("importing.at_line", lang, line=fault.line)] if fault.line else []
    where += [t("importing.at_column", lang, column=fault.column)] if fault.column else []
    why = t(fault.problem.key, lang, **fault.problem.params)
    return f"{', '.join(where)}: {why}" if where else why


def write(path: Path, source: Source, faults: Iterable[Fault], lang: Lang) -> int:
    """The refused rows as they came, each with what is wrong with it; gives their number. Only its owner may read the
    file: there may be people's names in it. With nothing refused there is no file."""
    wrong = {fault.row: fault for fault in faults if fault.refused}
    if not wrong:
        path.unlink(missing_ok=True)
        return 0
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.chmod(0o600)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*source.heading, WHY])
        for row in source.rows():
            if row.n in wrong:
                writer.writerow([*(row.cells.get(name, "") for name in source.heading), said(wrong[row.n], lang)])
    return len(wrong)
