"""What all searches share: asking within the budget, keeping the best, stopping, telling how it went. Lessons 07 to 11.

To add a method, write a kernel `loop(fun, log, rng, *arguments)`, its signature beginning `OBJECTIVE, LOG, npy_rng`. It
asks by `ask(fun, x, log)` only, x0 first, for as long as `log.state[WHY] == RUNNING`. After that `ask` answers inf
and calls nothing, so that no loop can exceed the budget. The loop may count rounds in `log.state[ROUNDS]`, and may set
`log.state[WHY] = CONVERGED`. Then name it in METHODS as `Search(loop, prepare)`, where
`prepare(x0, low, high, budget, rng, **constants) -> arguments` checks the constants, whose defaults are the options.

A loop runs compiled if fun is, else as plain Python with the same numbers: kernels that take no function are compiled
in either case, those that do are plain too if they were imported by name. Take draws, powers, exp and log in the first,
since NumPy rounds some of them differently from numba.
"""

import inspect
import math
import numbers
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import ClassVar, NamedTuple

import numpy as np
from numba import float64, int64, types
from scipy.optimize import Bounds, OptimizeResult

from ngo_lesson.kernels import MATRIX, OBJECTIVE, VECTOR, Kernel, kernel
from ngo_lesson.optimize.descent import CONVERGED, LONG_RUN, SPENT, STOPPED, copy_
from ngo_lesson.optimize.objective import Objective

TARGET, RUNNING = 5, -1  # the other reasons to end are those of descent.py
ASKED, WHY, ROUNDS = range(3)
LOWEST, GOAL = range(2)


class Log(NamedTuple):
    """What happened in a search; arrays that loops fill. `values` has one entry an evaluation, up to the budget."""

    values: np.ndarray  # (budget,), NaN as it came
    path: np.ndarray  # (budget, d), where each was asked, or (0, d) to keep none
    best: np.ndarray  # (d,)
    point: np.ndarray  # (d,), what fun is given, so that it may change it
    state: np.ndarray  # int64: evaluations, why it ended, rounds
    level: np.ndarray  # the lowest value so far, the value at which to stop


LOG = types.NamedTuple((VECTOR, MATRIX, VECTOR, VECTOR, int64[::1], VECTOR), Log)


@kernel(float64(VECTOR, float64, LOG), inline="always")  # a call that hands over the log costs 40 ns
def note(x, value, log):
    """Note that fun(x) is `value`, and return it, or inf for NaN."""
    state, level = log.state, log.level
    n = state[ASKED]
    log.values[n] = value
    if log.path.size > 0:
        copy_(log.path[n], x)
    if math.isnan(value):
        value = math.inf
    if n == 0 or value < level[LOWEST]:
        level[LOWEST] = value
        copy_(log.best, x)
    state[ASKED] = n + 1
    if state[WHY] == RUNNING:
        if value <= level[GOAL]:
            state[WHY] = TARGET
        elif n + 1 == log.values.size:
            state[WHY] = SPENT
    return value


@kernel(float64(OBJECTIVE, VECTOR, LOG))
def ask(fun, x, log):
    """Return fun(x) and note it, NaN as inf; once the search has ended return inf without asking."""
    if log.state[WHY] != RUNNING:
        return math.inf
    point = log.point
    copy_(point, x)
    return note(x, fun(point), log)


@kernel(float64(float64, float64, float64))
def reflect(value, low, high):
    """Return `value` mirrored at the bounds, so that it lies between them; they may be infinite."""
    if low <= value <= high:
        return value
    if math.isinf(high):
        return 2 * low - value
    if math.isinf(low):
        return 2 * high - value
    if not (math.isfinite(value) and low < high):
        return low
    beyond = math.fabs(value - low) % (2 * (high - low))
    return min(max(low + min(beyond, 2 * (high - low) - beyond), low), high)


def as_steps(sigma, low: np.ndarray, high: np.ndarray, share: float) -> np.ndarray:
    """Return the step size of each coordinate, (d,): `sigma` (a number or d of them), or for None a share of the box.

    Where there is no box it is 1. ValueError if a step size is not a positive number.
    """
    if sigma is None:
        width = high - low
        return np.where(np.isfinite(width), share * width, 1.0)
    try:
        steps = np.array(np.broadcast_to(np.asarray(sigma, dtype=np.float64), low.shape))
    except (TypeError, ValueError):
        steps = np.zeros(1)
    if not ((steps > 0) & (steps < math.inf)).all():
        raise ValueError(f"sigma={sigma!r} must be a positive number, or one for each of the {low.size} coordinates")
    return steps


def plain(loop: Callable) -> Callable:
    """Return the loop as plain Python, and within it the kernels that take functions, as `ask` does."""
    function = loop.py_func if isinstance(loop, Kernel) else loop
    inner = {name: function.__globals__.get(name) for name in function.__code__.co_names}
    inner = {name: plain(each) for name, each in inner.items() if isinstance(each, Kernel) and _takes_function(each)}
    return FunctionType(function.__code__, function.__globals__ | inner, closure=function.__closure__)


def _takes_function(each: Kernel) -> bool:
    return each.signature is not None and any(isinstance(kind, types.FunctionType) for kind in each.signature.args)


def as_box(bounds, d: int, needed_by: str | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return the lower and upper bounds, float64 arrays of shape (d,): d pairs (low, high), or a scipy Bounds.

    None in a pair is no bound. TypeError or ValueError if they are no box, or not finite though a method needs that.
    """
    if bounds is None:
        low, high = np.full(d, -np.inf), np.full(d, np.inf)
    elif isinstance(bounds, Bounds):
        low, high = (np.array(np.broadcast_to(side, d), dtype=np.float64) for side in (bounds.lb, bounds.ub))
    else:
        low, high = _sides(bounds, d)
    for i in range(d):
        if not low[i] <= high[i]:
            raise ValueError(f"bounds[{i}]=({low[i]:g}, {high[i]:g}) must be a pair (low, high) with low <= high")
        if needed_by and not (math.isfinite(low[i]) and math.isfinite(high[i])):
            raise ValueError(f"bounds[{i}]=({low[i]:g}, {high[i]:g}); {needed_by} needs finite bounds on both sides")
    return low, high


def _sides(bounds: Sequence, d: int) -> tuple[np.ndarray, np.ndarray]:
    """Return both sides of d pairs."""
    try:
        pairs = [(-math.inf if low is None else low, math.inf if high is None else high) for low, high in bounds]
        low, high = np.array(pairs, dtype=np.float64).reshape(-1, 2).T.copy()
    except (TypeError, ValueError):
        raise TypeError(f"bounds={bounds!r} cannot be read as pairs (low, high), one for each coordinate") from None
    if low.size != d:
        raise ValueError(f"bounds has {low.size} pairs; give one (low, high) for each of the {d} coordinates of x0")
    return low, high


class Question:
    """The objective as plain loops ask it: errors skipped if wanted, callback and progress told of every value."""

    def __init__(self, objective: Objective, log: Log, callback: Callable | None, on_error: str, progress: bool):
        self.objective, self.log, self.callback = objective, log, callback
        self.on_error, self.progress = on_error, progress
        self.error: Exception | None = None
        self.last_skipped: Exception | None = None
        self.skipped, self.shown = 0, time.monotonic()

    def __call__(self, x: np.ndarray) -> float:
        """Return fun(x), or inf for an error that is skipped."""
        try:
            value = self.objective(x)
        except Exception as error:
            if self.on_error == "raise":
                raise
            value, self.skipped, self.last_skipped = math.inf, self.skipped + 1, error
        self.watch(x, value)
        return value

    def watch(self, x: np.ndarray, value: float) -> None:
        """Tell the callback of fun(x), and stop the search if it raises; show progress twice a second."""
        asked = int(self.log.state[ASKED]) + 1
        if self.callback is not None:
            try:
                self.callback(OptimizeResult(x=x.copy(), fun=value, nfev=asked, nit=int(self.log.state[ROUNDS])))
            except Exception as error:
                self.log.state[WHY] = STOPPED
                self.error = None if isinstance(error, StopIteration) else error
        if self.progress and time.monotonic() > self.shown + 0.5:
            self.shown = time.monotonic()
            lowest = min(self.log.level[LOWEST], value)  # in this order NaN is never the lower one
            sys.stderr.write(f"\r{asked:,} of {self.log.values.size:,} evaluations, best so far {lowest:.6g} ")
            sys.stderr.flush()


@dataclass(frozen=True)
class Search:
    """A method of `minimize` that asks for values only: `loop` and `prepare` as this module describes."""

    loop: Callable
    prepare: Callable[..., tuple]
    needs_box: bool = False
    bounded: ClassVar[bool] = True

    @property
    def options(self) -> dict:
        """Options and their defaults, the method's constants first."""
        constants = list(inspect.signature(self.prepare).parameters.values())[5:]
        shared = {"target": None, "on_error": "raise", "progress": False, "keep_path": False}
        return {each.name: each.default for each in constants} | shared

    def run(
        self, objective, x0, *, bounds, budget, rng, callback, target, on_error, progress, keep_path, **constants
    ) -> OptimizeResult:
        """Search from x0 of shape (d,); arguments as in `minimize`, which checked them, and the options above."""
        if objective.grad is not None:
            raise ValueError("grad must be None: this method asks for values only")
        low, high = as_box(bounds, x0.size, "this method" if self.needs_box else None)
        check_inside(x0, low, high)
        log = begin(budget, x0.size, target, keep_path)
        question = Question(objective, log, callback, check_on_error(on_error), progress)
        arguments = self.prepare(x0.copy(), low, high, budget, rng, **constants)
        compiled = callback is None and on_error == "raise" and not progress and objective.compiled()
        try:
            if compiled:
                self.loop(objective.fun, log, rng, *arguments)
            else:
                plain(self.loop)(question, log, rng, *arguments)
        except (Exception, KeyboardInterrupt) as error:
            _tell(error, log)
            raise
        if compiled:
            objective.values += int(log.state[ASKED])
        return result(log, question, hint=not (compiled or callback or progress) and on_error == "raise")


def begin(budget: int, d: int, target: float | None, keep_path: bool) -> Log:
    """Return the log of a search before its first evaluation; ValueError if `budget` or `target` is no such number."""
    if not (isinstance(budget, numbers.Integral) and budget > 0):
        raise ValueError(f"budget={budget!r} must be a positive integer, the number of evaluations")
    if target is not None and not (isinstance(target, numbers.Real) and not math.isnan(target)):
        raise ValueError(f"target={target!r} must be a number, the value at which to stop, or None")
    goal = -math.inf if target is None else float(target)
    path = np.empty((budget if keep_path else 0, d))
    return Log(np.empty(budget), path, np.empty(d), np.empty(d), np.array([0, RUNNING, 0]), np.array([math.inf, goal]))


def check_inside(x0: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
    """ValueError if x0 lies outside of its bounds."""
    for i in range(x0.size):
        if not low[i] <= x0[i] <= high[i]:
            raise ValueError(f"x0[{i}]={x0[i]:g} lies outside of bounds[{i}]=({low[i]:g}, {high[i]:g})")


def check_on_error(on_error: str) -> str:
    """Return `on_error`; ValueError if it is neither "raise" nor "skip"."""
    if on_error not in ("raise", "skip"):
        raise ValueError(f'on_error={on_error!r} must be "raise", or "skip" to count an error in fun as +inf')
    return on_error


def _tell(error: BaseException, log: Log) -> None:
    """Add to an error raised in fun where that was and what was found before."""
    asked = int(log.state[ASKED])
    if isinstance(error, Exception):
        error.add_note(
            f'the error came at evaluation {asked + 1} of fun; on_error="skip" would count it as +inf and go on'
        )
    if asked:
        error.add_note(
            f"best before: fun={log.level[LOWEST]:g} at x={log.best!r}, also in the `x` and `fun` of this error"
        )
        vars(error).update(x=log.best, fun=float(log.level[LOWEST]))


def result(log: Log, question: Question, hint: bool = False) -> OptimizeResult:
    """Return what `minimize` returns for the search noted in `log`; `hint` recommends @njit after a long run."""
    asked, why, rounds = (int(number) for number in log.state)
    if question.progress:
        sys.stderr.write(f"\r{asked:,} evaluations, best {log.level[LOWEST]:.6g}{'':30}\n")
    values = log.values[:asked].copy()
    lowest = np.minimum.accumulate(np.where(np.isnan(values), np.inf, values))
    message = _message(why, log, question)
    if hint and asked >= LONG_RUN:
        message += "; a run this long may be faster if fun is a numba @njit function that returns a float"
    found = not math.isinf(lowest[-1]) or lowest[-1] < 0
    return OptimizeResult(
        x=log.best,
        fun=float(lowest[-1]),
        nfev=question.objective.nfev,
        njev=0,
        nit=rounds,
        success=bool(found and question.error is None),
        status=why,
        message=message,
        history={"nfev": np.arange(1, asked + 1), "fun": lowest, "value": values}
        | ({"x": log.path[:asked].copy()} if log.path.size else {}),
    )


def _message(why: int, log: Log, question: Question) -> str:
    """Say in a sentence why a search ended and what went wrong on the way."""
    asked = log.state[ASKED]
    message = {
        SPENT: f"asked {asked} values, all that budget= allows",
        CONVERGED: f"converged after {asked} evaluations: the search does not move any more",
        STOPPED: f"stopped by the callback at evaluation {asked}"
        + (f", which raised {question.error!r}" if question.error else ""),
        TARGET: f"reached target={log.level[GOAL]:g} at evaluation {asked}",
    }[why]
    if math.isinf(log.level[LOWEST]) and log.level[LOWEST] > 0:
        message += "; no value was finite, and x is x0"
    bad = int(np.isnan(log.values[:asked]).sum())
    if bad:
        message += f"; {bad} values were NaN and counted as +inf"
    if question.skipped:
        message += f"; fun raised {question.skipped} errors, counted as +inf, the last {question.last_skipped!r}"
    return message
