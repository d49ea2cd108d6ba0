"""What all population methods share: generations in one loop, and their evaluation by many workers. Lessons 09 and 11.

A method is two kernels on a state, a NamedTuple of arrays that they change: `ask_(points, state, rng)` writes the next
generation into the first n rows of `points` and returns n, 0 if there is nothing left to search, and
`tell_(points, values, state)` learns from their values, none of which is NaN.
"""

import math
import numbers
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs
from numba import float64, int64, types, uint64
from numba.core.typing import Signature
from scipy.optimize import OptimizeResult

from ngo_lesson.kernels import MATRIX, OBJECTIVE, VECTOR, Kernel, kernel, random_below
from ngo_lesson.optimize.descent import CONVERGED, SPENT, copy_
from ngo_lesson.optimize.objective import Objective
from ngo_lesson.optimize.search_loop import ASKED, GOAL, LOG, LOWEST, ROUNDS, RUNNING, TARGET, WHY, Search

COUNTS = int64[::1]
CLOCK = uint64[::1]  # one number, which counts the draws: many short draws are faster so than by a Generator


@kernel(int64(CLOCK, int64))
def below(clock, n):
    """Return a random integer from 0 to n - 1 and advance the clock."""
    clock[0] += np.uint64(1)
    return int64(random_below(clock[0], np.uint64(n)))


@kernel(float64(CLOCK))
def uniform(clock):
    """Return a random number from 0 to 1, 1 excluded, one of 2^32, and advance the clock."""
    clock[0] += np.uint64(1)
    return random_below(clock[0], np.uint64(2**32)) * 2.0**-32


@kernel(types.void(OBJECTIVE, MATRIX, VECTOR, LOG))
def ask_all_(fun, points, values, log):
    """Write fun at the points (n, d) into `values`: `ask` for each, but in one loop, which is ten times as fast."""
    state, level, noted, path, best, point = log.state, log.level, log.values, log.path, log.best, log.point
    for i in range(points.shape[0]):
        if state[WHY] != RUNNING:
            values[i] = math.inf
            continue
        copy_(point, points[i])
        n, value = state[ASKED], fun(point)
        noted[n] = value
        if path.size > 0:
            copy_(path[n], points[i])
        values[i] = math.inf if math.isnan(value) else value
        if n == 0 or values[i] < level[LOWEST]:
            level[LOWEST] = values[i]
            copy_(best, points[i])
        state[ASKED] = n + 1
        if state[WHY] == RUNNING and values[i] <= level[GOAL]:
            state[WHY] = TARGET
        elif state[WHY] == RUNNING and n + 1 == noted.size:
            state[WHY] = SPENT


def asks(state: types.Type) -> Signature:
    """Return the signature of `ask_` on states of this type."""
    return int64(MATRIX, state, types.npy_rng)


def tells(state: types.Type) -> Signature:
    """Return the signature of `tell_` on states of this type."""
    return types.void(MATRIX, VECTOR, state)


def generations(state: types.Type) -> Kernel:
    """Return the loop for states of this type."""
    functions = types.FunctionType(asks(state)), types.FunctionType(tells(state))
    return kernel(types.void(OBJECTIVE, LOG, types.npy_rng, *functions, MATRIX, MATRIX, VECTOR, state))(_generations)


def _generations(fun, log, rng, ask_, tell_, start, points, values, state):
    ask_all_(fun, start, values, log)
    while log.state[WHY] == RUNNING:
        n = ask_(points, state, rng)
        ask_all_(fun, points[:n], values, log)
        if n == 0:
            log.state[WHY] = CONVERGED
        elif log.state[WHY] == RUNNING:
            log.state[ROUNDS] += 1
            tell_(points[:n], values[:n], state)


@kernel(types.void(VECTOR, COUNTS, int64))
def order_(values, order, n):
    """Sort the numbers in order[:n] so that values[order] ascends. Shell's sort, which compiles fast, with gaps / 3."""
    gap = n // 3 + 1
    while gap > 0:
        for i in range(gap, n):
            moved, j = order[i], i
            while j >= gap and values[moved] < values[order[j - gap]]:
                order[j] = order[j - gap]
                j -= gap
            order[j] = moved
        gap = 0 if gap == 1 else gap // 3 + 1


class Ahead:
    """Evaluates each generation at once by joblib, and hands the values out one by one, as the plain loop asks."""

    def __init__(self, fun: Callable, n_jobs: int | None, budget: int):
        self.fun, self.n_jobs, self.left = fun, n_jobs, budget
        self.answers: deque[tuple] = deque()  # of values and errors

    def evaluate(self, points: np.ndarray) -> None:
        """Ask for the values at the points of shape (n, d), as far as the budget goes."""
        asked = [x.copy() for x in points[: self.left]]
        self.left -= len(asked)
        self.answers += Parallel(n_jobs=self.n_jobs)(delayed(_attempt)(self.fun, x) for x in asked)

    def after(self, ask_: Callable) -> Callable:
        """Return `ask_` with the evaluation of the points that it proposes."""

        def propose(points, state, rng):
            n = ask_(points, state, rng)
            self.evaluate(points[:n])
            return n

        return propose

    def __call__(self, x: np.ndarray) -> float:
        """Return the value of the next point, or raise its error."""
        value, error = self.answers.popleft()
        if error is not None:
            raise error
        return value


def _attempt(fun: Callable, x: np.ndarray):
    """Return fun(x) and None, or None and the error."""
    try:
        return fun(x), None
    except Exception as error:
        return None, error


@dataclass(frozen=True)
class Evolution(Search):
    """A population method of `minimize`: a Search whose loop is `generations`, with workers if n_jobs asks for them."""

    @property
    def options(self) -> dict:
        """Options and their defaults, the method's constants first."""
        return super().options | {"n_jobs": None}

    def run(self, objective, x0, *, budget, n_jobs: int | None = None, **rest) -> OptimizeResult:
        """Search from x0 of shape (d,); n_jobs as in joblib: None is 1, or what joblib.parallel_config says."""
        if not (n_jobs is None or (isinstance(n_jobs, numbers.Integral) and n_jobs != 0)):
            raise ValueError(f"n_jobs={n_jobs!r} must be an integer other than 0, as in joblib, or None")
        if effective_n_jobs(n_jobs) == 1:
            return super().run(objective, x0, budget=budget, **rest)
        ahead = Ahead(objective.fun, n_jobs, budget)

        def prepare(*arguments, **constants):
            ask_, tell_, start, *others = self.prepare(*arguments, **constants)
            ahead.evaluate(start)
            return ahead.after(ask_), tell_, start, *others

        search = Search(self.loop, prepare, self.needs_box)
        return search.run(Objective(ahead, objective.grad), x0, budget=budget, **rest)


def population(popsize: int | None, default: int, budget: int, least: int = 4) -> int:
    """Return the size of a population; ValueError if it is too small, or the budget too small for it."""
    n = default if popsize is None else popsize
    if not (isinstance(n, numbers.Integral) and n >= least):
        raise ValueError(f"popsize={popsize!r} must be an integer, at least {least}")
    if budget < n:
        raise ValueError(f"budget={budget!r} is less than one population; give at least {n}, or a smaller popsize")
    return int(n)


def number(name: str, value: float, most: float = math.inf, least: float = 0.0) -> float:
    """Return `value` as a float; ValueError if it is no finite number from `least` to `most`."""
    if not (isinstance(value, numbers.Real) and math.isfinite(value) and least <= value <= most):
        raise ValueError(f"{name}={value!r} must be a finite number from {least:g} to {most:g}")
    return float(value)


def choice(name: str, value: str, known: tuple[str, ...]) -> int:
    """Return where `value` stands among the known words; ValueError if it is none of them."""
    if value not in known:
        raise ValueError(f"{name}={value!r} is unknown; known: {', '.join(known)}")
    return known.index(value)
