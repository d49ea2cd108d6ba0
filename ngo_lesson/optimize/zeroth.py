"""Zeroth-order descent: update rules fed with slopes from values, and SPSA with its gains. Lessons 10, 15 and 16."""

import math
import numbers
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numba import boolean, float64, int64, types

from ngo_lesson.kernels import MATRIX, OBJECTIVE, VECTOR, kernel
from ngo_lesson.optimize.descent import SPENT, STEP, norm
from ngo_lesson.optimize.gradients import ESTIMATORS, Sampled, draw_
from ngo_lesson.optimize.schedules import spall
from ngo_lesson.optimize.search_loop import LOG, ROUNDS, RUNNING, WHY, Search, ask
from ngo_lesson.optimize.updates import GD, Adam, Rate, Sign, UpdateRule

TRIALS = 10  # estimates at x0 from which SPSA learns the size of a slope


@kernel(types.void(VECTOR, VECTOR, float64, VECTOR))
def ahead_(point, x, h, u):
    """Set point to x + h u, all of shape (d,)."""
    for i in range(x.size):
        point[i] = x[i] + h * u[i]


@kernel(types.void(VECTOR))
def clear_(g):
    """Set g (d,) to zero."""
    for i in range(g.size):
        g[i] = 0


@kernel(types.void(VECTOR, float64))
def scale_(g, factor):
    """Multiply g (d,) by a number."""
    for i in range(g.size):
        g[i] *= factor


@kernel(int64(OBJECTIVE, LOG, types.npy_rng, VECTOR, float64, int64, MATRIX, boolean, VECTOR, VECTOR))
def estimate_(fun, log, rng, x, h, kind, U, two_sided, point, g):
    """Fill g (d,) with the estimate that gradients.Sampled describes, at x, from new directions in U (n, d).

    Slopes that are not finite are left out. Returns how many were finite.
    """
    draw_(rng, kind, U)
    clear_(g)
    used, below, width = 0, 0.0, 2 * h
    if not two_sided:
        below, width = ask(fun, x, log), h
    for row in range(U.shape[0]):
        ahead_(point, x, h, U[row])
        above = ask(fun, point, log)
        if two_sided:
            ahead_(point, x, -h, U[row])
            below = ask(fun, point, log)
        slope = (above - below) / width
        if math.isfinite(slope):
            used += 1
            ahead_(g, g, slope, U[row])
    if used > 0:
        scale_(g, 1 / used)
    return used


@kernel(
    types.void(
        *(OBJECTIVE, LOG, types.npy_rng, VECTOR, int64, MATRIX, boolean),
        *(STEP, MATRIX, VECTOR, VECTOR, VECTOR, int64, float64),
    )
)
def walk(fun, log, rng, x, kind, U, two_sided, step_, state, p, rates, widths, trials, move):
    """Take a step with each of the rates by the rule, on estimates with the widths h, then ask the point of the end.

    With trials, the rates are first scaled so that a step with rate 1 and the mean estimate at x is `move` long.
    """
    point, g, size, found = np.empty(x.size), np.empty(x.size), 0.0, 0
    ask(fun, x, log)
    for _ in range(trials):
        if estimate_(fun, log, rng, x, widths[0], kind, U, two_sided, point, g) > 0:
            size, found = size + norm(g), found + 1
    if size > 0:
        scale_(rates, move * found / size)
    for t in range(rates.size):
        if estimate_(fun, log, rng, x, widths[t], kind, U, two_sided, point, g) > 0:
            step_(x, g, state, t + 1, rates[t], p)
        if log.state[WHY] != RUNNING:
            return
        log.state[ROUNDS] = t + 1
    if rates.size > 0:
        ask(fun, x, log)
    if log.state[WHY] == RUNNING:
        log.state[WHY] = SPENT


@dataclass(frozen=True)
class Walk(Search):
    """A method of `minimize` that walks: it has no use for a box, and may walk away from the lowest point."""

    bounded: ClassVar[bool] = False

    def run(self, *given, **options):
        """Search as `Search.run` does, and say so if the last point is higher than the first."""
        result = super().run(*given, **options)
        first, last = result.history["value"][[0, -1]]
        if result.status == SPENT and not last <= first:
            result.success = False
            result.message += f"; the value rose from {first:g} to {last:g}: the steps are probably too long"
        return result


def _sampled(estimator: Sampled | str) -> Sampled:
    """Return the estimator, which may be given by its name; ValueError or TypeError if it draws no directions."""
    known = {name: each for name, each in ESTIMATORS.items() if isinstance(each, Sampled)}
    if isinstance(estimator, str) and estimator in known:
        return known[estimator]
    if not isinstance(estimator, Sampled):
        raise ValueError(
            f"estimator={estimator!r} must be one of {', '.join(known)}, or an object such as Gaussian(n=4); with "
            'another one use minimize(method="adam", grad=estimator)'
        )
    return estimator


def _prepare(x0, budget, estimator, rule: UpdateRule, shrink=0.0, trials=0, move=0.0) -> tuple:
    """Return the arguments of `walk`: the budget pays for x0, the trials, as many steps as fit, and the last point."""
    estimator = _sampled(estimator)
    steps = max(0, (budget - 2) // estimator.evaluations(x0.size) - trials)
    step_, state, p = rule.begin(x0)
    widths = estimator.width(x0) / np.arange(1.0, steps + 2) ** shrink
    directions = estimator.kind, np.empty((estimator.n, x0.size)), bool(estimator.two_sided)
    return x0, *directions, step_, state, p, rule.rates(steps), widths, trials if steps else 0, float(move)


def zo_sgd(x0, low, high, budget, rng, lr: Rate = 1e-3, estimator="gaussian") -> tuple:
    """Gradient descent on estimates. Ghadimi & Lan 2013, Stochastic first- and zeroth-order methods."""
    return _prepare(x0, budget, estimator, GD(lr))


def zo_sign(x0, low, high, budget, rng, lr: Rate = 1e-3, estimator="gaussian") -> tuple:
    """Descent by the signs of estimates. Liu, Chen, Chen & Hong 2019, signSGD via zeroth-order oracle."""
    return _prepare(x0, budget, estimator, Sign(lr))


def zo_adam(
    x0, low, high, budget, rng, lr: Rate = 1e-3, betas=(0.9, 0.999), eps=1e-8, amsgrad=False, estimator="gaussian"
) -> tuple:
    """Adam on estimates; with amsgrad=True ZO-AdaMM without constraints. Chen et al. 2019, ZO-AdaMM."""
    return _prepare(x0, budget, estimator, Adam(lr, betas, eps, amsgrad=amsgrad))


def spsa(x0, low, high, budget, rng, lr: Rate | None = None, move: float = 0.1, estimator="spsa") -> tuple:
    """SPSA with the gains of Spall 1998, Implementation of the simultaneous perturbation algorithm.

    h = step / (t + 1)^0.101 and, unless lr is given, lr = a / (t + 1 + a tenth of the steps)^0.602, where a makes the
    first step `move` times max(1, largest |x_i|) long, measured by TRIALS estimates at x0. Spall advises a step of the
    size of the noise in f.
    """
    if not (isinstance(move, numbers.Real) and 0 < move < math.inf):
        raise ValueError(f"move={move!r} must be a positive number, the length of the first step")
    if lr is not None:
        return _prepare(x0, budget, estimator, GD(lr), shrink=0.101)
    stability = 0.1 * budget / _sampled(estimator).evaluations(x0.size)
    gains = spall((1 + stability) ** 0.602, stability)
    return _prepare(x0, budget, estimator, GD(gains), 0.101, TRIALS, move * max(1, np.abs(x0).max()))


METHODS = {
    "spsa": Walk(walk, spsa),
    "zo-sgd": Walk(walk, zo_sgd),
    "zo-sign": Walk(walk, zo_sign),
    "zo-adam": Walk(walk, zo_adam),
}
