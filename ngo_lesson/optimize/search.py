"""Direct search from one point: random, hill climbing, (1+1)-ES, Nelder-Mead. Lesson 07.

Each proposes a point, asks for its value and keeps the better; they differ in where they look. search_loop.py has what
they share, `minimize` is their door.
"""

import math

import numpy as np
from numba import boolean, float64, int64, types
from numba.core.types import npy_rng

from ngo_lesson.kernels import MATRIX, OBJECTIVE, VECTOR, kernel
from ngo_lesson.optimize.descent import CONVERGED, copy_
from ngo_lesson.optimize.search_loop import LOG, ROUNDS, RUNNING, WHY, Search, as_steps, ask, reflect

GROW, SHRINK = 1.5, 1.5**-0.25  # in balance when one step in five succeeds
LARGEST = 1e10  # times sigma, where a plateau lets it grow


@kernel(types.void(VECTOR, VECTOR, VECTOR, npy_rng))
def uniform_(point, low, high, rng):
    """Draw a point of the box, (d,)."""
    for i in range(point.size):
        point[i] = low[i] + (high[i] - low[i]) * rng.random()


@kernel(boolean(VECTOR, VECTOR, VECTOR, float64, VECTOR, VECTOR, npy_rng))
def step_(point, x, steps, factor, low, high, rng):
    """Draw a point around x, normal with deviation factor * steps, mirrored into the box; say whether it differs."""
    moved = False
    for i in range(x.size):
        point[i] = reflect(x[i] + factor * steps[i] * rng.standard_normal(), low[i], high[i])
        moved |= point[i] != x[i]
    return moved


@kernel(types.void(OBJECTIVE, LOG, npy_rng, VECTOR, VECTOR, VECTOR))
def random_search(fun, log, rng, x, low, high):
    """Ask at x, then anywhere in the box, each time anew. Bergstra & Bengio 2012."""
    ask(fun, x, log)
    while log.state[WHY] == RUNNING:
        uniform_(x, low, high, rng)
        ask(fun, x, log)
        log.state[ROUNDS] += 1


@kernel(types.void(OBJECTIVE, LOG, npy_rng, VECTOR, VECTOR, VECTOR, VECTOR, float64, float64))
def climb(fun, log, rng, x, low, high, steps, grow, shrink):
    """Step from the best point so far; a success multiplies the step size by `grow`, a failure by `shrink`."""
    value, factor, point = ask(fun, x, log), 1.0, np.empty(x.size)
    while log.state[WHY] == RUNNING:
        if not step_(point, x, steps, factor, low, high, rng):
            log.state[WHY] = CONVERGED
            return
        new = ask(fun, point, log)
        if new <= value:
            value = new
            copy_(x, point)
            factor = min(factor * grow, LARGEST)
        else:
            factor *= shrink
        log.state[ROUNDS] += 1


@kernel(types.void(MATRIX, VECTOR, VECTOR, VECTOR, VECTOR))
def simplex_(corners, x, steps, low, high):
    """Set the corners, (d + 1, d): x and a step along each axis from it, the other way if that leaves the box."""
    for j in range(x.size + 1):
        copy_(corners[j], x)
        if j > 0:
            i = j - 1
            corners[j, i] += steps[i] if x[i] + steps[i] <= high[i] else -steps[i]
            corners[j, i] = max(corners[j, i], low[i])


@kernel(types.UniTuple(int64, 3)(VECTOR))
def order(values):
    """Return where the lowest, the highest and the second highest value stand."""
    best, worst, second = 0, 0, 0
    for j in range(1, values.size):
        if values[j] < values[best]:
            best = j
        if values[j] >= values[worst]:
            worst, second = j, worst
        elif second == worst or values[j] > values[second]:
            second = j
    return best, worst, second


@kernel(types.void(VECTOR, MATRIX, int64))
def center_(center, corners, worst):
    """Set `center` to the mean of the corners without the worst."""
    for i in range(center.size):
        center[i] = 0.0
    for j in range(center.size + 1):
        if j != worst:
            for i in range(center.size):
                center[i] += corners[j, i]
    for i in range(center.size):
        center[i] /= center.size


@kernel(types.void(VECTOR, VECTOR, VECTOR, float64, VECTOR, VECTOR))
def toward_(point, start, end, share, low, high):
    """Set `point` to start + share (end - start), cut off at the bounds."""
    for i in range(point.size):
        point[i] = min(max(start[i] + share * (end[i] - start[i]), low[i]), high[i])


@kernel(boolean(MATRIX, VECTOR, int64, int64, VECTOR, float64))
def collapsed(corners, values, best, worst, steps, tol):
    """Whether the simplex is as small as tol steps, or its values are equal up to rounding."""
    if values[worst] - values[best] <= 1e-15 * abs(values[best]):
        return True
    for j in range(values.size):
        for i in range(steps.size):
            if abs(corners[j, i] - corners[best, i]) > tol * steps[i]:
                return False
    return True


@kernel(types.void(OBJECTIVE, LOG, MATRIX, VECTOR, int64, float64, VECTOR, VECTOR))
def shrink_(fun, log, corners, values, best, share, low, high):
    """Move all corners toward the best, to this share of their distance, and ask there."""
    for j in range(values.size):
        if j != best:
            toward_(corners[j], corners[best], corners[j], share, low, high)
            values[j] = ask(fun, corners[j], log)


@kernel(types.void(OBJECTIVE, LOG, MATRIX, VECTOR, MATRIX, int64, int64, int64, VECTOR, VECTOR))
def flip_(fun, log, corners, values, work, best, worst, second, low, high):
    """Replace the worst corner by one across the center of the others, or shrink. Nelder & Mead 1965.

    Factors for d dimensions by Gao & Han 2012, eq. 4.1; for d = 1 those of d = 2. `work` is of shape (3, d).
    """
    center, point, other, d = work[0], work[1], work[2], max(work.shape[1], 2)
    expand, contract, shrink = 1 + 2 / d, 0.75 - 1 / (2 * d), 1 - 1 / d
    center_(center, corners, worst)
    toward_(point, center, corners[worst], -1.0, low, high)
    value = ask(fun, point, log)
    if not values[best] <= value < values[second]:
        share = -expand if value < values[best] else (-contract if value < values[worst] else contract)
        toward_(other, center, corners[worst], share, low, high)
        again = ask(fun, other, log)
        if again < min(value, values[worst]) or (share == -contract and again == value):
            value = again
            copy_(point, other)
        elif share != -expand:
            shrink_(fun, log, corners, values, best, shrink, low, high)
            return
    copy_(corners[worst], point)
    values[worst] = value


@kernel(types.void(OBJECTIVE, LOG, npy_rng, VECTOR, VECTOR, VECTOR, VECTOR, float64, boolean))
def nelder_mead(fun, log, rng, x, low, high, steps, tol, boxed):
    """Flip a simplex downhill until it collapses; build it anew there; if that does not help, anywhere in the box."""
    corners, values = np.empty((x.size + 1, x.size)), np.empty(x.size + 1)
    work = np.empty((3, x.size))
    values[0], before = ask(fun, x, log), math.inf
    while log.state[WHY] == RUNNING:
        simplex_(corners, x, steps, low, high)
        for j in range(1, x.size + 1):
            values[j] = ask(fun, corners[j], log)
        best, worst, second = order(values)
        while log.state[WHY] == RUNNING and not collapsed(corners, values, best, worst, steps, tol):
            flip_(fun, log, corners, values, work, best, worst, second, low, high)
            best, worst, second = order(values)
            log.state[ROUNDS] += 1
        copy_(x, corners[best])
        values[0] = values[best]
        if before - values[0] > 1e-9 * abs(values[0]):
            before = values[0]
        elif boxed:
            uniform_(x, low, high, rng)
            values[0], before = ask(fun, x, log), math.inf
        elif log.state[WHY] == RUNNING:
            log.state[WHY] = CONVERGED


def _random(x0, low, high, budget, rng):
    return x0, low, high


def _hill(x0, low, high, budget, rng, sigma=None):
    """Sigma: deviation of a step, a number or one for each coordinate; None: 0.05 of the box, or 1 without a box."""
    return x0, low, high, as_steps(sigma, low, high, 0.05), 1.0, 1.0


def _one_plus_one(x0, low, high, budget, rng, sigma=None):
    """Sigma: deviation of the first step, as in `_hill`; None: 0.3 of the box, as Hansen 2016 advises, or 1."""
    return x0, low, high, as_steps(sigma, low, high, 0.3), GROW, SHRINK


def _nelder_mead(x0, low, high, budget, rng, sigma=None, tol=1e-8):
    """Sigma: edges of a new simplex, as in `_hill`; tol: the share of sigma at which a simplex has collapsed."""
    if not 0 < tol < 1:
        raise ValueError(f"tol={tol!r} must lie between 0 and 1, the share of sigma at which a simplex has collapsed")
    boxed = bool(np.isfinite(low).all() and np.isfinite(high).all())
    return x0, low, high, as_steps(sigma, low, high, 0.1), float(tol), boxed


METHODS = {
    "random": Search(random_search, _random, needs_box=True),
    "hill": Search(climb, _hill),
    "one-plus-one": Search(climb, _one_plus_one),
    "nelder-mead": Search(nelder_mead, _nelder_mead),
}
