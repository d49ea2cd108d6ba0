"""The visible run of a submission: nbval executes its restored notebook in the sandbox and compares the checks."""

import json
import os
import signal
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ngo_lesson.grading import sandbox
from ngo_lesson.grading.restore import grade_id, nbgrader
from ngo_lesson.grading.warm import Usage, Warm
from ngo_lesson.grading.wire import WireError

SECONDS = 300  # for the whole notebook
CELL_SECONDS = 60
GRACE_SECONDS = 60  # for nbval to start, to compare and to tell


@dataclass(frozen=True)
class Run:
    """How it went: "graded", "partly graded", "timed out" or "crashed", and in `note` in which cell and why.

    `passed` holds the grade_ids of the check cells that passed, `undecided` of those that came to no result, `executed`
    the notebook with what it showed, as JSON, and `transcript` what nbval wrote.
    """

    status: str
    passed: frozenset[str] = frozenset()
    undecided: frozenset[str] = frozenset()
    note: str = ""
    executed: str = ""
    transcript: str = ""
    usage: Usage = field(default_factory=Usage)


def run(
    notebook: dict[str, Any],
    folder: Path,
    warm: Warm,
    *,
    seconds: float = SECONDS,
    cell_seconds: float = CELL_SECONDS,
    limits: sandbox.Limits = sandbox.Limits(seconds=SECONDS),  # noqa: B008 (frozen)
) -> Run:
    """Run a notebook in `folder`, an empty one; the submission sees `folder/home` alone. Raises OSError."""
    home = folder / "home"
    home.mkdir()
    request: dict[str, Any] = {"folder": str(home), "limits": asdict(limits), "readable": [str(sandbox.PACKAGE)]}
    request |= {"notebook": json.dumps(notebook), "seconds": seconds, "cell_seconds": cell_seconds}
    outcomes: dict[int, str] = {}
    shown: dict[int, list] = {}
    status, why, transcript = "crashed", "", ""
    try:
        channel = warm.start(request)
        last = time.monotonic() + seconds + GRACE_SECONDS
        while (message := channel.receive(last - time.monotonic()))[0] == "cell":
            _, number, outcomes[number], outputs = message
            shown[number] = json.loads(outputs)
        _, status, why, transcript = message
    except TimeoutError:
        status, why = "timed out", f"nbval did not end within {seconds + GRACE_SECONDS:g} seconds"
    except (EOFError, OSError, WireError) as error:
        why = f"nbval ended without a result: {error}"
    usage = warm.end()
    if status == "crashed" and os.name == "posix" and -signal.SIGXCPU in usage.exit_codes:
        status, why = "timed out", f"{why}, having used its {limits.seconds} seconds of the processor"
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    checks = {i: cell for i, cell in enumerate(cells) if nbgrader(cell).get("grade")}
    missing = [grade_id(cell) for i, cell in checks.items() if outcomes.get(i, "no result") == "no result"]
    if not status:
        status, why = ("partly graded", f"no result of {', '.join(missing)}") if missing else ("graded", "")
    passed = frozenset(grade_id(cell) for i, cell in checks.items() if outcomes.get(i) == "passed")
    return Run(status, passed, frozenset(missing), why, executed(notebook, shown), transcript, usage)


def executed(notebook: dict[str, Any], shown: dict[int, list]) -> str:
    """Return the notebook as JSON, with what its code cells showed in place of their outputs."""
    cells, number = [], -1
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            number += 1
            cell = cell | {"outputs": shown.get(number, []), "execution_count": number + 1 if number in shown else None}
        cells.append(cell)
    return json.dumps(notebook | {"cells": cells}, indent=1)
