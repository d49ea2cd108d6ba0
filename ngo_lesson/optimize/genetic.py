"""Genetic algorithms on real numbers, bits and permutations: selection, crossover, mutation, elitism. Lesson 09.

Bits and permutations are arrays of floats, 0 and 1 or 0 to d - 1, which the objective may convert.
Half of the population survives, and children of tournament winners replace the rest. Uniform crossover: Syswerda 1989;
simulated binary ("sbx", eta = 15): Deb & Agrawal 1995; polynomial mutation (eta = 20, one coordinate in d): Deb &
Goyal 1996; order crossover: Davis 1985. Classic: crossover="one-point", elite=1.
"""

import math
import numbers
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
from ngo_lesson.optimize.search_loop import as_box

REAL, BITS, ORDER = range(3)
CROSSOVERS = ("sbx", "uniform", "one-point", "order")
SBX, UNIFORM, ONE_POINT, OX = range(4)
ALLOWED = {"real": ("uniform", "one-point", "sbx"), "bits": ("uniform", "one-point"), "order": ("order",)}
ETA_CROSSOVER, ETA_MUTATION = 15.0, 20.0
SIZE, ASKED, KIND, CROSSOVER, TOURNAMENT, ELITE = range(6)


class State(NamedTuple):
    """A population of n members in d dimensions, best first once it has values."""

    low: np.ndarray
    high: np.ndarray
    members: np.ndarray  # (n, d)
    values: np.ndarray  # (n,)
    rates: np.ndarray  # (2,), of crossover (of a pair) and mutation (of a gene, or of a permutation)
    order: np.ndarray  # (n,), members from best to worst
    counts: np.ndarray
    clock: np.ndarray


STATE = types.NamedTuple((VECTOR, VECTOR, MATRIX, VECTOR, VECTOR, COUNTS, COUNTS, CLOCK), State)


@kernel(int64(STATE))
def select(s):
    """Return the winner of a tournament: the best of a few members drawn."""
    winner = below(s.clock, s.counts[SIZE])
    for _ in range(1, s.counts[TOURNAMENT]):
        rival = below(s.clock, s.counts[SIZE])
        if s.values[rival] < s.values[winner]:
            winner = rival
    return winner


@kernel(types.void(VECTOR, VECTOR, int64, CLOCK))
def cross_(a, b, how, clock):
    """Turn two parents of shape (d,) into two children, in place."""
    d = a.size
    cut = 1 + below(clock, max(d - 1, 1))
    for i in range(d):
        u = uniform(clock)
        if how == SBX and u < 0.5:
            u = uniform(clock)
            spread = (2 * u if u < 0.5 else 1 / (2 - 2 * u)) ** (1 / (ETA_CROSSOVER + 1))
            middle, half = (a[i] + b[i]) / 2, spread * (a[i] - b[i]) / 2
            a[i], b[i] = middle + half, middle - half
        elif (how == UNIFORM and u < 0.5) or (how == ONE_POINT and i >= cut):
            a[i], b[i] = b[i], a[i]


@kernel(types.void(VECTOR, VECTOR, VECTOR, int64, int64))
def order_cross_(child, a, b, start, length):
    """Give the child (d,) this stretch of permutation a, and the rest in b's order, from the end of the stretch on."""
    d = a.size
    taken = np.zeros(d, dtype=np.bool_)
    for k in range(length):
        i = (start + k) % d
        child[i] = a[i]
        taken[int(a[i])] = True
    to = start + length
    for k in range(d):
        gene = b[(start + length + k) % d]
        if not taken[int(gene)]:
            child[to % d] = gene
            to += 1


@kernel(types.void(VECTOR, STATE))
def mutate_(x, s):
    """Change x of shape (d,) in place: polynomial mutation of reals, flipped bits, or a stretch turned round."""
    clock, rate, d = s.clock, s.rates[1], x.size
    if s.counts[KIND] == ORDER:
        if uniform(clock) < rate:
            start, length = below(clock, d), below(clock, d) + 1
            for k in range(length // 2):
                i, j = (start + k) % d, (start + length - 1 - k) % d
                x[i], x[j] = x[j], x[i]
        return
    for i in range(d):
        if uniform(clock) < rate:
            if s.counts[KIND] == BITS:
                x[i] = 1 - x[i]
            else:
                u, power = uniform(clock), 1 / (ETA_MUTATION + 1)
                delta = (2 * u) ** power - 1 if u < 0.5 else 1 - (2 - 2 * u) ** power
                x[i] += delta * (s.high[i] - s.low[i])
        x[i] = min(max(x[i], s.low[i]), s.high[i])


@kernel(asks(STATE))
def ask_(points, s, rng):
    """Write the children that replace all members but the elite; at first, the population itself."""
    n, children = s.counts[SIZE], s.counts[SIZE] - s.counts[ELITE]
    if s.counts[ASKED] == 0:
        for i in range(n):
            copy_(points[i], s.members[i])
        return n
    for k in range(0, children, 2):
        a, b = s.members[select(s)], s.members[select(s)]
        first, second = points[k], points[k + 1]
        crossed = uniform(s.clock) < s.rates[0]
        if crossed and s.counts[KIND] == ORDER:
            start, length = below(s.clock, a.size), below(s.clock, a.size)
            order_cross_(first, a, b, start, length)
            order_cross_(second, b, a, start, length)
        else:
            copy_(first, a)
            copy_(second, b)
            if crossed:
                cross_(first, second, s.counts[CROSSOVER], s.clock)
        mutate_(first, s)
        mutate_(second, s)
    return children


@kernel(tells(STATE))
def tell_(points, values, s):
    """Replace the worst members by the points."""
    n = s.counts[SIZE]
    for k in range(points.shape[0]):
        row = s.order[n - 1 - k]
        copy_(s.members[row], points[k])
        s.values[row] = values[k]
    order_(s.values, s.order, n)
    s.counts[ASKED] += points.shape[0]


def prepare(
    x0,
    low,
    high,
    budget,
    rng,
    popsize=None,
    genes="real",
    crossover=None,
    crossover_rate=0.9,
    mutation_rate=None,
    tournament=2,
    elite=None,
):
    """Return what the loop takes; see the module for the options. None stands for the usual choice for the genes."""
    d = x0.size
    n = population(popsize, max(20, min(100, math.isqrt(budget))), budget)
    kind = choice("genes", genes, tuple(ALLOWED))
    crossover = ALLOWED[genes][0] if crossover is None else crossover
    elite = n // 2 if elite is None else elite
    choice("crossover", crossover, ALLOWED[genes])
    for name, value, most in (("tournament", tournament, n), ("elite", elite, n - 2)):
        if not (isinstance(value, numbers.Integral) and value + (name == "elite") > 0 and value <= most):
            raise ValueError(f"{name}={value!r} must be an integer of at most {most}")
    if kind == REAL:
        as_box(np.stack([low, high], axis=1), d, 'method="ga" on reals')
        members = low + (high - low) * rng.random((n, d))
    elif kind == BITS:
        check_genes(x0, np.isin(x0, (0, 1)).all(), "zeros and ones")
        low, high, members = np.zeros(d), np.ones(d), rng.integers(2, size=(n, d)).astype(float)
    else:
        check_genes(x0, (np.sort(x0) == np.arange(d)).all(), f"a permutation of 0 to {d - 1}")
        members = rng.permuted(np.tile(np.arange(d, dtype=float), (n, 1)), axis=1)
    members[0] = x0
    rate = number("mutation_rate", (0.5 if kind == ORDER else 1 / d) if mutation_rate is None else mutation_rate, 1)
    counts = np.array([n, 0, kind, CROSSOVERS.index(crossover), tournament, elite])
    rates = np.array([number("crossover_rate", crossover_rate, 1), rate])
    clock = rng.integers(2**62, size=1, dtype=np.uint64)
    state = State(low, high, members, np.full(n, np.inf), rates, np.arange(n), counts, clock)
    return ask_, tell_, np.empty((0, d)), np.empty((n + 1, d)), np.empty(n), state


def check_genes(x0: np.ndarray, right: bool, wanted: str) -> None:
    """ValueError if x0 does not hold such genes."""
    if not right:
        raise ValueError(f"x0={x0!r} must hold {wanted} for these genes")


METHODS = {"ga": Evolution(generations(STATE), prepare)}
