"""Evolution: all population methods, a class to ask and tell them, and OpenAI's evolution strategy. Lessons 09 and 11.

The others stand in genetic.py, differential.py and cma.py. The strategy (Salimans et al. 2017, arXiv 1703.03864)
estimates the slope at its mean from mirrored normal steps and the ranks of their values, and takes a step of Adam (or a
plain one, rule="gd"). Its standard deviation sigma and lr, a step in units of sigma, shrink together, geometrically.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import types
from scipy.optimize import OptimizeResult

from ngo_lesson.kernels import MATRIX, VECTOR, kernel
from ngo_lesson.optimize import cma, differential, genetic
from ngo_lesson.optimize.generations import (
    COUNTS,
    Evolution,
    asks,
    choice,
    generations,
    number,
    order_,
    population,
    tells,
)
from ngo_lesson.optimize.objective import as_point
from ngo_lesson.optimize.search_loop import as_box, as_steps, check_inside, reflect
from ngo_lesson.optimize.updates import GD, Adam, adam_step_, gd_step_

RULES = {"adam": Adam(), "gd": GD()}
adam_, gd_ = adam_step_[np.dtype(float)], gd_step_[np.dtype(float)]


class State(NamedTuple):
    """A normal distribution with a mean and fixed axes, and the memory of Adam."""

    low: np.ndarray
    high: np.ndarray
    scale: np.ndarray  # (d,), standard deviations at the start
    mean: np.ndarray  # (d,), in units of scale
    noise: np.ndarray  # (n / 2, d)
    moments: np.ndarray  # (2, d), what Adam keeps
    p: np.ndarray  # constants of the rule
    order: np.ndarray
    numbers: np.ndarray  # lr, how much is left of scale at the end
    counts: np.ndarray  # generations told, generations that the budget allows


STATE = types.NamedTuple((*[VECTOR] * 4, MATRIX, MATRIX, VECTOR, COUNTS, VECTOR, COUNTS), State)


@kernel(types.float64(STATE))
def shrunk(s):
    """Return what is left of the standard deviations."""
    return s.numbers[1] ** min(1.0, s.counts[0] / s.counts[1])


@kernel(asks(STATE))
def ask_(points, s, rng):
    """Draw pairs of points, mean + sigma noise and mean - sigma noise."""
    sigma = shrunk(s)
    for k in range(s.noise.shape[0]):
        for i in range(s.mean.size):
            s.noise[k, i] = rng.standard_normal()
            step = sigma * s.noise[k, i]
            points[2 * k, i] = reflect(s.scale[i] * (s.mean[i] + step), s.low[i], s.high[i])
            points[2 * k + 1, i] = reflect(s.scale[i] * (s.mean[i] - step), s.low[i], s.high[i])
    return 2 * s.noise.shape[0]


@kernel(tells(STATE))
def tell_(points, values, s):
    """Estimate the slope from ranks between -1/2 and 1/2, ties sharing theirs, and let the rule move the mean."""
    n, d = values.size, s.mean.size
    for k in range(n):
        s.order[k] = k
    order_(values, s.order, n)
    g, first = np.zeros(d), 0
    while first < n:
        last = first
        while last + 1 < n and values[s.order[last + 1]] == values[s.order[first]]:
            last += 1
        rank = (first + last) / 2 / (n - 1) - 0.5
        for k in range(first, last + 1):
            row = s.order[k]
            signed = rank / n if row % 2 == 0 else -rank / n
            for i in range(d):
                g[i] += signed * s.noise[row // 2, i]
        first = last + 1
    lr = s.numbers[0] * shrunk(s)
    s.counts[0] += 1
    if s.moments.shape[0] > 0:
        adam_(s.mean, g, s.moments, s.counts[0], lr, s.p)
    else:
        gd_(s.mean, g, s.moments, s.counts[0], lr, s.p)
    for i in range(d):
        s.mean[i] = min(max(s.mean[i], s.low[i] / s.scale[i]), s.high[i] / s.scale[i])


def prepare(x0, low, high, budget, rng, popsize=None, sigma=None, lr=0.5, rule="adam", shrink=1e-3):
    """Return what the loop takes. sigma=None is 0.1 of the box; `shrink` is left of sigma and lr at the end."""
    n = population(popsize, 2 * (4 + int(3 * math.log(x0.size))), budget)
    if n % 2:
        raise ValueError(f"popsize={popsize!r} must be even: points come in mirrored pairs")
    scale = as_steps(sigma, low, high, 0.1)
    scale[scale == 0] = 1.0  # of a coordinate with one value
    choice("rule", rule, tuple(RULES))
    mean, noise = x0 / scale, np.empty((n // 2, x0.size))
    _, moments, p = RULES[rule].begin(mean)
    numbers, counts = np.array([number("lr", lr), number("shrink", shrink, 1, 1e-300)]), np.array([0, budget // n])
    state = State(low, high, scale, mean, noise, moments, p, np.arange(n), numbers, counts)
    return ask_, tell_, x0[None], np.empty((n, x0.size)), np.empty(n), state


METHODS = {
    **genetic.METHODS,
    **differential.METHODS,
    "es": Evolution(generations(STATE), prepare),
    **cma.METHODS,
}


class Population:
    """A population method to ask and tell: Population("cma", x0, bounds=bounds, seed=0), options as in `minimize`.

    Where evaluations happen is up to you: ask, evaluate, tell, as often as you like. `budget` tells the methods that
    shrink how many evaluations to expect. The same seed proposes the points that `minimize` asks, except x0 itself,
    where "es" and "cma" begin.
    """

    def __init__(self, method: str, x0, *, bounds=None, budget: int = 10_000, seed=None, **options):
        if method not in METHODS:
            raise ValueError(f"method={method!r} is unknown; known: {', '.join(METHODS)}")
        evolution = METHODS[method]
        x0, self._rng = as_point(x0), np.random.default_rng(seed)
        low, high = as_box(bounds, x0.size, f"method={method!r}" if evolution.needs_box else None)
        check_inside(x0, low, high)
        arguments = evolution.prepare(x0, low, high, budget, self._rng, **options)
        self._ask_, self._tell_, _, self._points, _, self._state = arguments
        self._asked: np.ndarray | None = None
        self.nit, self.nfev, self.nan = 0, 0, 0
        self.x, self.fun = x0.copy(), math.inf

    def ask(self) -> np.ndarray:
        """Return the points to evaluate, an array of shape (n, d); (0, d) if the method has converged.

        Asking again before the values are told returns the same points.
        """
        if self._asked is None:
            self._asked = self._points[: self._ask_(self._points, self._state, self._rng)]
        return self._asked.copy()

    def tell(self, points, values) -> None:
        """Learn the values, (n,), at the points that `ask` returned, (n, d). A NaN counts as +inf."""
        if self._asked is None:
            raise RuntimeError("tell() before ask(): ask for points first, and tell the values at these")
        points, values = np.array(points, dtype=np.float64), np.array(values, dtype=np.float64)
        if points.shape != self._asked.shape or not (points == self._asked).all():
            raise ValueError(f"points has shape {points.shape}; give those that ask() returned, {self._asked.shape}")
        if values.shape != points.shape[:1]:
            raise ValueError(f"values has shape {values.shape}; give one for each of the {len(points)} points")
        if not values.size:  # the method has converged
            return
        self.nan += int(np.isnan(values).sum())
        values[np.isnan(values)] = math.inf
        best = values.argmin()
        if values[best] < self.fun:
            self.x, self.fun = points[best].copy(), float(values[best])
        self._tell_(self._asked, values, self._state)
        self._asked, self.nit, self.nfev = None, self.nit + 1, self.nfev + values.size

    @property
    def result(self) -> OptimizeResult:
        """The best so far, as `minimize` returns it, without its history."""
        message = f"told {self.nfev} values" + (f"; {self.nan} were NaN and counted as +inf" if self.nan else "")
        found = self.fun < math.inf
        counts = {"nfev": self.nfev, "njev": 0, "nit": self.nit}
        return OptimizeResult(x=self.x.copy(), fun=self.fun, **counts, success=found, status=0, message=message)
