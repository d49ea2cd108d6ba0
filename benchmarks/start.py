"""What a student waits for before anything runs: imports, first calls, compiling."""

import statistics
import tempfile
from collections.abc import Iterator

from benchmarks.timing import fresh, row

IMPORT = """
import time
start = time.perf_counter()
import {modules}
print(time.perf_counter() - start)
"""
# The student's functions are compiled first, which also pays numba's own start.
FIRST_CALLS = """
import json, time
import numba, numpy as np
from ngo_lesson.models.linear import lms
from ngo_lesson.optimize.minimize import minimize

start = time.perf_counter()
fun = numba.njit(lambda x: x[0] ** 2)
fun(np.ones(1))
grad = numba.njit(lambda x: 2 * x)
grad(np.ones(1))
student = time.perf_counter() - start
start = time.perf_counter()
minimize(fun, [1.0], method="gd", grad=grad)
descent = time.perf_counter() - start
start = time.perf_counter()
lms(np.zeros(1), np.ones((9, 1)), np.ones(9), 0.1, 1, np.random.default_rng(0))
print(json.dumps([student, descent, time.perf_counter() - start]))
"""
LOADS = """
import json, time
import numba
from ngo_lesson.kernels import find

numba.njit(lambda x: x + 1)(1.0)
seconds = {}
for kernel in find():
    start = time.perf_counter()
    kernel.load()
    seconds[f"{kernel.__module__}.{kernel.__name__}"] = time.perf_counter() - start
print(json.dumps(seconds))
"""


def start(repeats: int = 7, cold_repeats: int = 3) -> Iterator[dict]:
    """Yield the rows of this group."""
    how = f"fresh processes, median of {repeats}"
    names = "ngo_lesson.kernels, numba", "numba"
    imports = [[fresh(IMPORT.format(modules=name)) for name in names] for _ in range(repeats)]
    ours, peer = (statistics.median(times) for times in zip(*imports, strict=True))
    yield row("import of ngo_lesson with numba, against numba alone, s", ours, peer, at_most=0.4, how=how)

    fresh(LOADS)  # fills the cache
    calls = [fresh(FIRST_CALLS) for _ in range(repeats)]
    student, descent, lms = (1e3 * statistics.median(times) for times in zip(*calls, strict=True))
    how += ", warm cache"
    after = f"{how}, after the student's own two functions ({student:.0f} ms, numba's start included)"
    yield row("first call of minimize, method gd, ms", descent, at_most=50, how=after)
    yield row("first call of lms, ms", lms, at_most=50, how=after)
    name, seconds = _slowest([fresh(LOADS) for _ in range(repeats)])
    after = f"{how}, after a first one-line function"
    yield row(f"first load of a kernel, the slowest ({name}), ms", 1e3 * seconds, at_most=50, how=after)

    cold = []
    for _ in range(cold_repeats):
        with tempfile.TemporaryDirectory() as empty:
            cold.append(fresh(LOADS, NUMBA_CACHE_DIR=empty))
    name, seconds = _slowest(cold)
    how = f"{len(cold[0])} kernels, empty cache, after a first one-line function, median of {cold_repeats}"
    yield row(f"compile of a kernel, the slowest ({name}), s", seconds, at_most=1, how=how)


def _slowest(runs: list[dict[str, float]]) -> tuple[str, float]:
    """Return name and median seconds of the kernel with the largest median."""
    seconds = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    name = max(seconds, key=seconds.get)
    return name.removeprefix("ngo_lesson."), seconds[name]
