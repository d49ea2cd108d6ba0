"""Descent: ask for the gradient, let an update rule move the point, repeat. Lessons 02 (gradient descent), 04 and 05.

One loop serves all rules of updates.py. It runs compiled or as plain Python from the same source, and the steps are
compiled in either case, so both give the same numbers.
"""

import inspect
import math
import numbers
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numba import boolean, float64, int64, types
from scipy.optimize import OptimizeResult

from ngo_lesson.kernels import GRADIENT, MATRIX, OBJECTIVE, VECTOR, kernel
from ngo_lesson.optimize.objective import Objective
from ngo_lesson.optimize.updates import RULES, UpdateRule, form

SPENT, CONVERGED, STOPPED, BAD_VALUE, BAD_GRADIENT = range(5)
LONG_RUN = 100_000  # evaluations in a plain loop after which compiling is worth a hint

STEP = types.FunctionType(form(float64))
WATCH = types.FunctionType(boolean(int64, VECTOR, float64))


@kernel(boolean(int64, VECTOR, float64))
def never(t, x, value):
    """Stop a compiled loop never: callbacks are Python and run in the plain loop."""
    return False


@kernel(float64(VECTOR))
def norm(g):
    """Euclidean norm of g of shape (d,)."""
    total = 0.0
    for i in range(g.size):
        total += g[i] * g[i]
    return math.sqrt(total)


@kernel(types.void(VECTOR, VECTOR))
def copy_(target, x):
    """Copy x of shape (d,) into `target`; compiles much faster than target[:] = x."""
    for i in range(x.size):
        target[i] = x[i]


@kernel(
    types.UniTuple(int64, 2)(
        *(OBJECTIVE, GRADIENT, STEP, WATCH), *(VECTOR, MATRIX, VECTOR, VECTOR, float64), *(VECTOR, MATRIX, VECTOR)
    )
)
def descend_(fun, grad, step_, watch, x, state, rates, p, tol, values, path, best):
    """Take up to rates.size steps in place on x of shape (d,); return (steps taken, why it ended).

    Fills `values` with the value at each point, `best` (d,) with the best point and `path` (steps + 1, d) unless empty.
    """
    lowest = math.inf
    point = np.empty(x.size)  # what the functions are given, so that they may change it or return it
    for t in range(rates.size + 1):
        copy_(point, x)
        values[t] = fun(point)
        if path.size > 0:
            copy_(path[t], x)
        if values[t] < lowest:
            lowest = values[t]
            copy_(best, x)
        if not math.isfinite(values[t]):
            return t, BAD_VALUE
        if watch(t, x, values[t]):
            return t, STOPPED
        if t < rates.size:
            copy_(point, x)
            g = grad(point)
            if g.size != x.size:
                raise ValueError("grad returned an array of another size than x; it must have the shape of x")
            if norm(g) <= tol:
                return t, CONVERGED
            if not step_(x, g, state, t + 1, rates[t], p):
                return t, BAD_GRADIENT
    return rates.size, SPENT


@dataclass(frozen=True)
class Descent:
    """A method of `minimize`: `make` makes the update rule from its constants."""

    make: Callable[..., UpdateRule]
    bounded: ClassVar[bool] = False

    @property
    def options(self) -> dict:
        """Options and their defaults, the rule's constants first."""
        constants = {name: each.default for name, each in inspect.signature(self.make).parameters.items()}
        return {**constants, "steps": None, "tol": 0.0, "keep_path": False}

    def run(
        self, objective, x0, *, bounds, budget, rng, callback, steps, tol: float, keep_path, **constants
    ) -> OptimizeResult:
        """Descend from x0 of shape (d,); arguments as in `minimize`, which checked them, and the options above."""
        rule = self.make(**constants)
        if objective.grad is None:
            raise ValueError(
                "grad=None: this method needs a gradient; give a function of x that returns an array like x, or "
                '"central" or "forward" for differences of values'
            )
        if not (isinstance(tol, numbers.Real) and 0 <= tol < math.inf):
            raise ValueError(f"tol={tol!r} must be a number and not negative")
        cost = objective.cost(x0.size)
        steps = _steps(steps, budget, cost)
        values, path = np.empty(steps + 1), np.empty((steps + 1 if keep_path else 0, x0.size))
        x, best, rates = x0.copy(), x0.copy(), rule.rates(steps)
        step_, state, p = rule.begin(x)
        arrays = (x, state, rates, p, float(tol), values, path, best)

        watch = _Watch(callback, objective)
        compiled = callback is None and objective.compiled()
        if compiled:
            taken, why = descend_(objective.fun, objective.grad, step_, never, *arrays)
            objective.values += taken + 1
            objective.gradients += taken + (why in (CONVERGED, BAD_GRADIENT))
        else:
            taken, why = descend_.py_func(objective, objective.gradient, step_, watch, *arrays)

        values = values[: taken + 1]
        message = _message(why, values, rates, tol, watch.error)
        if not (compiled or callback or objective.estimated) and objective.nfev >= LONG_RUN:
            message += "; a run this long may be faster if fun and grad are numba @njit functions that return floats"
        lowest = np.minimum.accumulate(np.where(np.isnan(values), np.inf, values))
        charged = np.minimum(cost * np.arange(1, taken + 2), objective.nfev)
        return OptimizeResult(
            x=best,
            fun=float(lowest[-1]),
            nfev=objective.nfev,
            njev=objective.gradients,
            nit=taken,
            success=bool(why in (SPENT, CONVERGED, STOPPED) and watch.error is None and values[-1] <= values[0]),
            status=why,
            message=message,
            history={"nfev": charged, "fun": lowest, "value": values} | ({"x": path[: taken + 1]} if keep_path else {}),
        )


class _Watch:
    """Calls the callback after each step and says whether to stop; keeps what the callback raised."""

    def __init__(self, callback: Callable | None, objective: Objective):
        self.callback, self.objective = callback, objective
        self.error: Exception | None = None

    def __call__(self, t: int, x: np.ndarray, value: float) -> bool:
        if self.callback is None:
            return False
        try:
            self.callback(OptimizeResult(x=x.copy(), fun=value, nfev=self.objective.nfev, nit=t))
        except StopIteration:
            return True
        except Exception as error:
            self.error = error
            return True
        return False


def _steps(steps: int | None, budget: int | None, cost: int) -> int:
    """Return how many steps to take: as many as asked for and as the budget pays, the last value included."""
    if steps is not None and not (isinstance(steps, numbers.Integral) and steps >= 0):
        raise ValueError(f"steps={steps!r} must be an integer and not negative")
    affordable = math.inf if budget is None else (budget - 1) // cost
    return int(min(affordable, math.inf if steps is None else steps))


def _message(why: int, values: np.ndarray, rates: np.ndarray, tol: float, error: Exception | None) -> str:
    """Say in a sentence why a descent through these values ended."""
    where = f"at step {values.size - 1}" if values.size > 1 else "at x0"
    advice = f"; lr={rates[values.size - 2]:g} is probably too large" if values.size > 1 else ""
    if why == SPENT and values[-1] > values[0]:
        return f"the value rose from {values[0]:g} to {values[-1]:g} {where}{advice}"
    return {
        SPENT: f"took {values.size - 1} steps, all that steps= and budget= allow",
        CONVERGED: f"the norm of the gradient {where} is at most tol={tol:g}",
        STOPPED: f"stopped by the callback {where}" + (f", which raised {error!r}" if error else ""),
        BAD_VALUE: f"stopped early: the value {where} is {values[-1]}{advice}",
        BAD_GRADIENT: f"stopped early: the gradient {where} is not finite{advice}",
    }[why]


METHODS = {name: Descent(make) for name, make in RULES.items()}
