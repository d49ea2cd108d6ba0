"""Runs a restored notebook with nbval in a process of its own, and says which of its check cells passed."""

import json
import os
import signal
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ngo_lesson.grading.restore import nbgrader
from ngo_lesson.questions.check import WARNED

SECONDS = 300  # for the whole notebook
CELL_SECONDS = 60
GRACE_SECONDS = 15  # for nbval to stop its kernel
# A right answer that warns passes: what check says about it, as text and as HTML, is removed before nbval compares.
SANITIZE = rf"""
regex: (?s)\n{WARNED}:.*
replace:{" "}
regex: (?s)<div>{WARNED}</div><pre.*?</pre>
replace:{" "}
"""


@dataclass(frozen=True)
class Run:
    """How it went ("graded", "timed out" or "crashed"), the grade_ids of the check cells that passed, and a note."""

    status: str
    passed: frozenset[str] = field(default_factory=frozenset)
    note: str = ""


def run(notebook: dict[str, Any], folder: Path, seconds: float = SECONDS, cell_seconds: int = CELL_SECONDS) -> Run:
    """Run a notebook with nbval in `folder`, which must be empty and keeps the transcript `nbval.txt`."""
    (folder / "exercise.ipynb").write_text(json.dumps(notebook, ensure_ascii=False, indent=1), encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nxfail_strict = true\n")  # after a timeout no cell counts as passed
    (folder / "sanitize.cfg").write_text(SANITIZE)
    try:
        code = _nbval(folder, seconds, cell_seconds)
        cells = cell_results(folder / "nbval.xml")
    except subprocess.TimeoutExpired:
        return Run("timed out", note=f"the notebook ran longer than {seconds:g} seconds")
    except (OSError, ElementTree.ParseError) as error:
        return Run("crashed", note=f"nbval left no results: {error}")
    codes = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    if code not in (0, 1) or len(cells) != len(codes):
        return Run("crashed", note=f"nbval ended with code {code}; see nbval.txt")
    checks = {i: nbgrader(cell) for i, cell in enumerate(codes)}
    passed = frozenset(
        check["grade_id"] for i, check in checks.items() if check.get("grade") and not cells[f"Cell {i}"]
    )
    if any("Timeout of" in problem for problem in cells.values()):
        return Run("timed out", passed, f"a cell ran longer than {cell_seconds} seconds, or ended the kernel")
    return Run("graded", passed)


def cell_results(junit: Path) -> dict[str, str]:
    """Return, for each code cell "Cell N" of nbval's JUnit file, what was wrong with it; "" only where it passed."""
    return {
        case.get("name"): "".join(
            f"{part.tag} {part.get('message')}" for part in case if part.tag in ("failure", "error", "skipped")
        )
        for case in ElementTree.parse(junit).iter("testcase")
    }


def _nbval(folder: Path, seconds: float, cell_seconds: int) -> int:
    """Return pytest's exit code. Raises TimeoutExpired after the process and its kernel were ended."""
    command = [sys.executable, "-m", "pytest", "-p", "nbval.plugin", "--nbval", "--nbval-current-env"]
    command += ["-p", "no:cacheprovider", "--nbval-cell-timeout", str(cell_seconds), "--color", "no"]
    command += ["--nbval-sanitize-with", "sanitize.cfg", "--junitxml", "nbval.xml", "exercise.ipynb"]
    environment = {
        name: value for name, value in os.environ.items() if name not in ("NBGRADER_EXECUTION", "PYTEST_ADDOPTS")
    }
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    with (folder / "nbval.txt").open("wb") as transcript:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=transcript, stderr=subprocess.STDOUT
        )
        try:
            return process.wait(seconds)
        finally:
            if process.poll() is None:
                _stop(process)


def _stop(process: subprocess.Popen) -> None:
    """End pytest as Ctrl-C would, so that it ends its kernel; one left behind ends itself when its parent is gone."""
    process.send_signal(signal.SIGINT if os.name == "posix" else signal.SIGTERM)
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
