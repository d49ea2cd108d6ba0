"""Differential evolution: the steps are differences between members. Lesson 09.

Default: L-SHADE (Tanabe & Fukunaga 2014, CEC), which learns F and CR from the trials that succeeded, keeps replaced
members in an archive (the oldest make room), and shrinks the population linearly to 4 while the budget is spent. The
classic (Storn & Price 1997) is strategy="rand", F=0.5, CR=0.9 with a popsize. A coordinate that leaves the box lands
halfway to its bound.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import int64, types

from ngo_lesson.kernels import MATRIX, VECTOR, kernel
from ngo_lesson.optimize.descent import copy_
from ngo_lesson.optimize.generations import (
    CLOCK,
    COUNTS,
    Evolution,
    asks,
    below,
    choice,
    generations,
    number,
    order_,
    population,
    tells,
    uniform,
)

STRATEGIES = ("current-to-pbest", "current-to-best", "rand")
PBEST, BEST, RAND = range(3)
SIZE, ASKED, ARCHIVED, OLDEST, SLOT, STRATEGY, LAST_SIZE, BUDGET = range(8)
MEMORY, PART, ARCHIVE, FEWEST = 6, 0.11, 2.6, 4  # as published: H, p, the archive by the population, the last size


class State(NamedTuple):
    """A population of n members in d dimensions, and what was learned."""

    low: np.ndarray
    high: np.ndarray
    members: np.ndarray  # (n, d)
    values: np.ndarray  # (n,)
    archive: np.ndarray  # (2.6 n, d), members that were replaced
    f: np.ndarray  # (n,), F of each trial
    cr: np.ndarray  # (n,), CR of each trial
    memory: np.ndarray  # (2, H), of F and CR
    fixed: np.ndarray  # (2,), F and CR, NaN if they are learned
    order: np.ndarray  # (n,), members from best to worst
    counts: np.ndarray
    clock: np.ndarray


STATE = types.NamedTuple(
    (VECTOR, VECTOR, MATRIX, VECTOR, MATRIX, VECTOR, VECTOR, MATRIX, VECTOR, COUNTS, COUNTS, CLOCK), State
)


@kernel(int64(CLOCK, int64, int64, int64, int64))
def another(clock, n, a, b, c):
    """Return a random number below n that is none of a, b and c."""
    while True:
        r = below(clock, n)
        if r != a and r != b and r != c:
            return r


@kernel(asks(STATE))
def ask_(points, s, rng):
    """Write a trial for each member: base + F (toward - base) + F (plus - minus), crossed with the member by CR."""
    n, d, x, clock = s.counts[SIZE], s.low.size, s.members, s.clock
    top = max(2, round(PART * n)) if s.counts[STRATEGY] == PBEST else 1
    for i in range(n):
        if s.counts[ASKED] == 0:
            copy_(points[i], x[i])
            continue
        slot, f = below(clock, MEMORY), s.fixed[0]
        while not f > 0:  # a Cauchy number, the ratio of two normals, until it is positive
            f = min(s.memory[0, slot] + 0.1 * rng.standard_normal() / rng.standard_normal(), 1.0)
        cr = s.memory[1, slot]
        if not math.isnan(s.fixed[1]):
            cr = s.fixed[1]
        elif cr >= 0:
            cr += 0.1 * rng.standard_normal()
        s.f[i], s.cr[i] = f, min(max(cr, 0.0), 1.0)
        r1 = another(clock, n, i, i, i)
        if s.counts[STRATEGY] == RAND:
            r2 = another(clock, n, i, r1, r1)
            base, toward, plus, minus = x[r1], x[r1], x[r2], x[another(clock, n, i, r1, r2)]
        else:
            r2 = another(clock, n + s.counts[ARCHIVED], i, r1, r1)
            base, toward, plus = x[i], x[s.order[below(clock, top)]], x[r1]
            minus = x[r2] if r2 < n else s.archive[r2 - n]
        forced = below(clock, d)
        for j in range(d):
            trial = x[i, j]
            if j == forced or uniform(clock) < s.cr[i]:
                trial = base[j] + f * (toward[j] - base[j]) + f * (plus[j] - minus[j])
                if trial < s.low[j]:
                    trial = (s.low[j] + x[i, j]) / 2
                elif trial > s.high[j]:
                    trial = (s.high[j] + x[i, j]) / 2
            points[i, j] = trial
    return n


@kernel(tells(STATE))
def tell_(points, values, s):
    """Replace members by trials that are no worse, and learn from those that are better."""
    first, room = s.counts[ASKED] == 0, int(ARCHIVE * points.shape[0])
    f1 = f2 = cr1 = cr2 = 0.0
    for i in range(points.shape[0]):
        if not first and values[i] < s.values[i]:
            gain = min(s.values[i] - values[i], 1e100)
            f1, f2 = f1 + gain * s.f[i], f2 + gain * s.f[i] * s.f[i]
            cr1, cr2 = cr1 + gain * s.cr[i], cr2 + gain * s.cr[i] * s.cr[i]
            k = s.counts[ARCHIVED] if s.counts[ARCHIVED] < room else s.counts[OLDEST] % room
            s.counts[OLDEST] = k + 1
            s.counts[ARCHIVED] = max(s.counts[ARCHIVED], k + 1)
            copy_(s.archive[k], s.members[i])
        if first or values[i] <= s.values[i]:
            copy_(s.members[i], points[i])
            s.values[i] = values[i]
    s.counts[ASKED] += points.shape[0]
    if f1 > 0:
        slot = s.counts[SLOT]
        s.memory[0, slot] = f2 / f1  # Lehmer means
        s.memory[1, slot] = cr2 / cr1 if cr1 > 0 and s.memory[1, slot] >= 0 else -1.0  # -1: from now on CR = 0
        s.counts[SLOT] = (slot + 1) % MEMORY
    shrink_(s)


@kernel(types.void(STATE))
def shrink_(s):
    """Drop the worst members as far as the budget spent says, and sort the rest."""
    n, most = s.counts[SIZE], s.members.shape[0]
    left = max(0.0, 1 - s.counts[ASKED] / s.counts[BUDGET])
    wanted = min(n, s.counts[LAST_SIZE] + round((most - s.counts[LAST_SIZE]) * left))
    while n > wanted:
        worst = 0
        for i in range(1, n):
            if s.values[i] > s.values[worst]:
                worst = i
        n -= 1
        copy_(s.members[worst], s.members[n])
        s.values[worst] = s.values[n]
    for i in range(n):
        s.order[i] = i
    order_(s.values, s.order, n)
    s.counts[SIZE], s.counts[ARCHIVED] = n, min(s.counts[ARCHIVED], int(ARCHIVE * n))


def prepare(x0, low, high, budget, rng, popsize=None, strategy="current-to-pbest", F=None, CR=None):
    """Return what the loop takes. popsize=None shrinks from 18 d or sqrt(budget); F=None and CR=None are learned."""
    d = x0.size
    n = population(popsize, min(18 * d, max(20, math.isqrt(budget))), budget)
    members = low + (high - low) * rng.random((n, d))
    members[0] = x0
    fixed = [math.nan if F is None else number("F", F, 2, 1e-6), math.nan if CR is None else number("CR", CR, 1)]
    counts = np.zeros(BUDGET + 1, dtype=np.int64)
    counts[[SIZE, STRATEGY]] = n, choice("strategy", strategy, STRATEGIES)
    counts[[LAST_SIZE, BUDGET]] = FEWEST if popsize is None else n, budget
    state = State(
        *(low, high, members, np.empty(n), np.empty((int(ARCHIVE * n), d)), np.empty(n), np.empty(n)),
        *(np.full((2, MEMORY), 0.5), np.array(fixed), np.arange(n), counts),
        rng.integers(2**62, size=1, dtype=np.uint64),
    )
    return ask_, tell_, np.empty((0, d)), np.empty((n, d)), np.empty(n), state


METHODS = {"de": Evolution(generations(STATE), prepare, needs_box=True)}
