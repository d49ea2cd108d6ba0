"""How the figures are taken: interleaved medians on a busy core, and fresh processes."""

import gc
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable


def row(
    name: str,
    ours: float,
    peer: float | None = None,
    *,
    at_most: float | None = None,
    at_least: float | None = None,
    how: str,
) -> dict:
    """Return one row: `at_most` is a goal for `ours`, `at_least` one for `ratio`, which is peer / ours.

    The unit stands in the name. The row is a plain dict: name, ours, peer, ratio, goal, met, how. `met` is None, not
    measured, if the goal needs a peer that is not there.
    """
    ratio = None if peer is None else peer / ours
    goals = [f"at most {at_most:g}"] if at_most is not None else []
    goals += [f"ratio at least {at_least:g}"] if at_least is not None else []
    if at_least is not None and ratio is None:
        met = None
    else:
        met = (at_most is None or ours <= at_most) and (at_least is None or ratio >= at_least)
    return {"name": name, "ours": ours, "peer": peer, "ratio": ratio, "goal": ", ".join(goals), "met": met, "how": how}


def medians(*functions: Callable[[], object], repeats: int = 15) -> list[float]:
    """Return the median seconds of each function; they take turns, so that a slow moment meets them all."""
    busy = time.perf_counter() + 0.2
    while time.perf_counter() < busy:  # a core that was idle runs at a low clock at first
        for function in functions:
            function()
    times = [[] for _ in functions]
    gc.disable()
    for _ in range(repeats):
        for function, taken in zip(functions, times, strict=True):
            start = time.perf_counter()
            function()
            taken.append(time.perf_counter() - start)
    gc.enable()
    return [statistics.median(taken) for taken in times]


def fresh(code: str, **environment: str):
    """Run Python code in a new process and return what it prints, read as JSON."""
    found = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environment, check=True, text=True, stdout=subprocess.PIPE
    )
    return json.loads(found.stdout)
