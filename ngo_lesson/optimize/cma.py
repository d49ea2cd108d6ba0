"""CMA-ES: a normal distribution that learns the shape of the valley, in full and separable form. Lesson 11.

Constants and equations: Hansen 2016, The CMA Evolution Strategy: A Tutorial, arXiv 1604.00772, with negative weights.
Separable: Ros & Hansen 2008. Restarts: Auger & Hansen 2005 (IPOP), Hansen 2009 (BIPOP). Points that leave the box are
mirrored into it, and the distribution learns from the mirrored ones.
"""

import math
from functools import partial
from typing import NamedTuple

import numpy as np
from numba import float64, int64, types

from ngo_lesson.kernels import MATRIX, VECTOR, kernel
from ngo_lesson.optimize.descent import norm
from ngo_lesson.optimize.generations import (
    COUNTS,
    Evolution,
    asks,
    choice,
    generations,
    order_,
    population,
    tells,
)
from ngo_lesson.optimize.search_loop import as_steps, reflect

RESTARTS = ("none", "ipop", "bipop")
NONE, IPOP, BIPOP = range(3)
FRESH, RUNNING, CONVERGED = range(3)
TOL_FUN, TOL_X, HOPELESS = 1e-12, 1e-11, 0.01
SIZE, FIRST_SIZE, LARGE, AGE, DECOMPOSED, IMPROVED, PHASE, RESTART, SMALL_SPENT, LARGE_SPENT, IS_SMALL, LAST_LARGE = (
    range(12)
)
SIGMA, MU_EFF, C_SIGMA, D_SIGMA, C_C, C_1, C_MU, CHI, RUN_BEST, BEST = range(10)


class State(NamedTuple):
    """The distribution N(mean, sigma^2 C) with C = B diag(axes^2) B', and what steers it."""

    low: np.ndarray
    high: np.ndarray
    scale: np.ndarray  # (d,), standard deviations at the start
    x0: np.ndarray
    mean: np.ndarray
    path_c: np.ndarray
    path_sigma: np.ndarray
    C: np.ndarray  # (d, d), or (1, d), its diagonal, if separable
    B: np.ndarray  # (d, d), the axes as rows, or (0, d) if separable
    axes: np.ndarray  # (d,)
    steps: np.ndarray  # (n, d), (points - mean) / sigma
    lengths: np.ndarray  # (n,), squared lengths of the normal vectors drawn
    weights: np.ndarray  # (n,)
    order: np.ndarray
    recent: np.ndarray  # lowest values of the last generations
    numbers: np.ndarray
    counts: np.ndarray


STATE = types.NamedTuple(
    (*[VECTOR] * 7, MATRIX, MATRIX, VECTOR, MATRIX, VECTOR, VECTOR, COUNTS, VECTOR, VECTOR, COUNTS), State
)


@kernel(types.void(STATE))
def constants_(s):
    """Set what follows from the population's size: weights and rates, Hansen 2016, table 1."""
    n, d, a = s.counts[SIZE], s.mean.size, s.numbers
    separable = s.B.shape[0] == 0
    mu, total, squares, below, below_squares = n // 2, 0.0, 0.0, 0.0, 0.0
    for i in range(n):
        w = math.log((n + 1) / 2) - math.log(i + 1)
        s.weights[i] = w
        if i < mu:
            total, squares = total + w, squares + w * w
        else:
            below, below_squares = below - w, below_squares + w * w
    a[MU_EFF] = total * total / squares
    mu_minus = below * below / below_squares
    a[C_SIGMA] = (a[MU_EFF] + 2) / (d + a[MU_EFF] + 5)
    a[D_SIGMA] = 1 + 2 * max(0.0, math.sqrt((a[MU_EFF] - 1) / (d + 1)) - 1) + a[C_SIGMA]
    a[C_C] = (4 + a[MU_EFF] / d) / (d + 4 + 2 * a[MU_EFF] / d)
    faster = (d + 2) / 3 if separable else 1.0
    a[C_1] = min(1.0, 2 * faster / ((d + 1.3) ** 2 + a[MU_EFF]))
    learned = 0.25 + a[MU_EFF] + 1 / a[MU_EFF] - 2
    a[C_MU] = min(1 - a[C_1], 2 * faster * learned / ((d + 2) ** 2 + a[MU_EFF]))
    a[CHI] = math.sqrt(d) * (1 - 1 / (4 * d) + 1 / (21 * d * d))
    most = min(1 + a[C_1] / a[C_MU], 1 + 2 * mu_minus / (a[MU_EFF] + 2), (1 - a[C_1] - a[C_MU]) / (d * a[C_MU]))
    for i in range(n):
        s.weights[i] *= 1 / total if i < mu else max(most, 0.0) / below


@kernel(int64(STATE))
def window(s):
    """Return how many generations to look back."""
    return min(s.recent.size, 10 + math.ceil(30 * s.mean.size / s.counts[SIZE]))


@kernel(types.void(STATE, types.npy_rng))
def begin_(s, rng):
    """Begin a run: the first at x0, later ones anywhere in the box, with another size by IPOP or BIPOP."""
    c, a, d = s.counts, s.numbers, s.mean.size
    a[SIGMA], c[IS_SMALL] = 1.0, 0
    if c[PHASE] == CONVERGED:
        if c[RESTART] == BIPOP and c[SMALL_SPENT] < c[LARGE_SPENT]:
            c[IS_SMALL] = 1
            c[SIZE] = int(c[FIRST_SIZE] * (0.5 * c[LARGE] / c[FIRST_SIZE]) ** (rng.random() ** 2))
            a[SIGMA] *= 10 ** (-2 * rng.random())
        else:
            c[LARGE] = min(2 * c[LARGE], s.steps.shape[0])
            c[SIZE] = c[LARGE]
    for i in range(d):
        s.mean[i], width = s.x0[i], s.high[i] - s.low[i]
        if c[PHASE] == CONVERGED and math.isfinite(width):
            s.mean[i] = s.low[i] + width * rng.random()
        elif c[PHASE] == CONVERGED:
            s.mean[i] = reflect(s.x0[i] + s.scale[i] * rng.standard_normal(), s.low[i], s.high[i])
        s.path_c[i] = s.path_sigma[i] = 0.0
        s.axes[i] = s.scale[i]
        for j in range(s.C.shape[0]):
            s.C[j, i] = s.scale[i] ** 2 if i == j or s.B.shape[0] == 0 else 0.0
        for j in range(s.B.shape[0]):
            s.B[j, i] = 1.0 if i == j else 0.0
    for i in range(s.recent.size):
        s.recent[i] = math.inf
    a[RUN_BEST] = math.inf
    c[AGE] = c[DECOMPOSED] = c[IMPROVED] = 0
    c[PHASE] = RUNNING
    constants_(s)


@kernel(types.void(STATE))
def decompose_(s):
    """Update axes and B from C, only once it may have changed by a part in 3 sqrt(d), or in ten: eigh is slow."""
    c, a, d = s.counts, s.numbers, s.mean.size
    if (c[AGE] - c[DECOMPOSED]) * max(10, 3 * math.sqrt(d)) * (a[C_1] + a[C_MU]) < 1:
        return
    c[DECOMPOSED] = c[AGE]
    if s.B.shape[0] == 0:
        for i in range(d):
            s.axes[i] = math.sqrt(s.C[0, i])
        return
    for i in range(d):
        for j in range(i):
            s.C[j, i] = s.C[i, j]
    squares, B = np.linalg.eigh(s.C)
    for i in range(d):
        s.axes[i] = math.sqrt(max(squares[i], 1e-20 * squares[d - 1]))
        for j in range(d):
            s.B[i, j] = B[j, i]


@kernel(asks(STATE))
def ask_(points, s, rng):
    """Draw a generation, x = mean + sigma B axes z, eq. 38 to 40."""
    c, d = s.counts, s.mean.size
    if c[PHASE] == CONVERGED and c[RESTART] == NONE:
        return 0
    if c[PHASE] != RUNNING:
        begin_(s, rng)
    decompose_(s)
    z = np.empty(d)
    for k in range(c[SIZE]):
        y, s.lengths[k] = s.steps[k], 0.0
        for i in range(d):
            z[i] = rng.standard_normal()
            s.lengths[k] += z[i] * z[i]
            z[i] *= s.axes[i]
        rotate_(y, s.B, z)
        for i in range(d):
            points[k, i] = reflect(s.mean[i] + s.numbers[SIGMA] * y[i], s.low[i], s.high[i])
    return c[SIZE]


@kernel(types.void(VECTOR, MATRIX, VECTOR))
def rotate_(y, B, z):
    """Set y (d,) to B'z, the sum of the rows of B times z, or to z if B has no rows."""
    for i in range(y.size):
        y[i] = 0.0 if B.shape[0] > 0 else z[i]
    for j in range(B.shape[0]):
        row, factor = B[j], z[j]
        for i in range(y.size):
            y[i] += factor * row[i]


@kernel(types.void(VECTOR, STATE))
def whiten_(z, s):
    """Set z (d,) to C^(-1/2) z."""
    y, B = z.copy(), s.B
    for j in range(z.size):
        if B.shape[0] > 0:
            y[j] = 0.0
            for i in range(z.size):
                y[j] += B[j, i] * z[i]
        y[j] /= s.axes[j]
    rotate_(z, B, y)


@kernel(tells(STATE))
def tell_(points, values, s):
    """Move the mean, the two paths, C and sigma: Hansen 2016, eq. 41 to 47."""
    c, a, d, n = s.counts, s.numbers, s.mean.size, points.shape[0]
    for k in range(n):
        s.order[k] = k
    order_(values, s.order, n)
    move = np.zeros(d)
    for k in range(n):
        row = s.order[k]
        for i in range(d):
            s.steps[row, i] = (points[row, i] - s.mean[i]) / a[SIGMA]
            if s.weights[k] > 0:
                move[i] += s.weights[k] * s.steps[row, i]
    white = move.copy()
    whiten_(white, s)
    c[AGE] += 1
    step = math.sqrt(a[C_SIGMA] * (2 - a[C_SIGMA]) * a[MU_EFF])
    for i in range(d):
        s.mean[i] += a[SIGMA] * move[i]
        s.path_sigma[i] = (1 - a[C_SIGMA]) * s.path_sigma[i] + step * white[i]
    length = norm(s.path_sigma)
    grown = length / math.sqrt(1 - (1 - a[C_SIGMA]) ** (2 * c[AGE]))
    h = 1.0 if grown < (1.4 + 2 / (d + 1)) * a[CHI] else 0.0
    step = h * math.sqrt(a[C_C] * (2 - a[C_C]) * a[MU_EFF])
    for i in range(d):
        s.path_c[i] = (1 - a[C_C]) * s.path_c[i] + step * move[i]
    adapt_(s, n, h)
    a[SIGMA] *= math.exp(min(1.0, a[C_SIGMA] / a[D_SIGMA] * (length / a[CHI] - 1)))
    judge_(values, s)


@kernel(types.void(STATE, int64, float64))
def adapt_(s, n, h):
    """Update C (its lower triangle, or its diagonal), eq. 47."""
    a, d = s.numbers, s.mean.size
    rates, keep = np.empty(n), 1 - a[C_1] + a[C_1] * (1 - h) * a[C_C] * (2 - a[C_C])
    for k in range(n):
        w = s.weights[k]
        keep -= a[C_MU] * w
        rates[k] = a[C_MU] * (w if w > 0 else w * d / max(s.lengths[s.order[k]], 1e-300))
    if s.B.shape[0] == 0:
        for i in range(d):
            s.C[0, i] = keep * s.C[0, i] + a[C_1] * s.path_c[i] ** 2
        for k in range(n):
            y = s.steps[s.order[k]]
            for i in range(d):
                s.C[0, i] += rates[k] * y[i] * y[i]
        return
    for i in range(d):
        row, p = s.C[i], a[C_1] * s.path_c[i]
        for j in range(i + 1):
            row[j] = keep * row[j] + p * s.path_c[j]
        for k in range(n):
            y = s.steps[s.order[k]]
            factor = rates[k] * y[i]
            for j in range(i + 1):
                row[j] += factor * y[j]


@kernel(types.void(VECTOR, STATE))
def judge_(values, s):
    """Say whether the run has ended, Hansen 2016, B.3: nothing changes, or the distribution degenerates.

    One test is of our own: the run is far behind the best of all and moves less than HOPELESS of what it lacks.
    """
    c, a, n, d = s.counts, s.numbers, values.size, s.mean.size
    best, worst = values[s.order[0]], values[s.order[n - 1]]
    c[SMALL_SPENT if c[IS_SMALL] else LARGE_SPENT] += n if c[LARGE] > c[FIRST_SIZE] else 0
    if best < a[RUN_BEST]:
        a[RUN_BEST], c[IMPROVED] = best, c[AGE]
    s.recent[c[AGE] % window(s)] = best
    low, high = best, best
    for i in range(window(s)):
        low, high = min(low, s.recent[i]), max(high, s.recent[i])
    largest = smallest = s.axes[0]
    spread = 0.0
    for i in range(d):
        largest, smallest = max(largest, s.axes[i]), min(smallest, s.axes[i])
        square = s.C[0 if s.B.shape[0] == 0 else i, i]
        spread = max(spread, a[SIGMA] * max(math.sqrt(max(square, 0.0)), abs(s.path_c[i])) / s.scale[i])
    over = (
        max(high, worst) - low < TOL_FUN
        or high - low < HOPELESS * (a[RUN_BEST] - a[BEST])
        or spread < TOL_X
        or not 0 < largest < 1e7 * smallest
        or not a[SIGMA] * largest < 1e100
        or c[AGE] - c[IMPROVED] > 100 + 100 * d**1.5 / n
        or (c[IS_SMALL] == 1 and c[AGE] * n * 2 > c[LAST_LARGE])
    )
    if over:
        if c[IS_SMALL] == 0:
            c[LAST_LARGE] = c[AGE] * n
        a[BEST] = min(a[BEST], a[RUN_BEST])
        c[PHASE] = CONVERGED


def prepare(x0, low, high, budget, rng, sigma=None, popsize=None, restarts="bipop", separable=False):
    """Return what the loop takes. sigma=None is 0.3 of the box; popsize=None is 4 + 3 ln d."""
    d = x0.size
    n = population(popsize, 4 + int(3 * math.log(d)), budget)
    most = max(n, min(n * 2**9, budget // 20))  # of the restarts; twenty generations are few
    rows = 0 if separable else d
    state = State(
        *(low, high, as_steps(sigma, low, high, 0.3), x0, *np.empty((3, d))),
        *(np.empty((rows or 1, d)), np.empty((rows, d)), np.empty(d), np.empty((most, d)), np.empty(most)),
        *(np.empty(most), np.empty(most, dtype=np.int64), np.empty(10 + math.ceil(30 * d / 4))),
        *(np.zeros(BEST + 1), np.zeros(LAST_LARGE + 1, dtype=np.int64)),
    )
    if (low == high).any():
        i = int((low == high).argmax())
        raise ValueError(f"bounds[{i}]=({low[i]:g}, {high[i]:g}) leave nothing to search; leave it out of x")
    state.counts[[SIZE, FIRST_SIZE, LARGE, RESTART]] = n, n, n, choice("restarts", restarts, RESTARTS)
    state.numbers[BEST] = math.inf
    return ask_, tell_, x0[None], np.empty((most, d)), np.empty(most), state


LOOP = generations(STATE)
METHODS = {"cma": Evolution(LOOP, prepare), "sep-cma": Evolution(LOOP, partial(prepare, separable=True))}
