"""Simulated annealing: always accept what is better, and what is worse by luck, ever less often. Lesson 08.

Kirkpatrick, Gelatt & Vecchi 1983. Over points and bit strings by `minimize(method="annealing")`, over any state by
`anneal_states`, over tours by `anneal_tour`.
"""

import math
import numbers
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numba import boolean, float64, int64, types
from numba.core.types import npy_rng
from scipy.optimize import OptimizeResult

from ngo_lesson.kernels import MATRIX, OBJECTIVE, VECTOR, kernel
from ngo_lesson.optimize.descent import copy_
from ngo_lesson.optimize.objective import Objective
from ngo_lesson.optimize.search_loop import ASKED, LOG, LOWEST, ROUNDS, RUNNING, WHY, Search, as_steps, ask, reflect

ONE, ALL = 0.44, 0.234  # acceptance to aim at for steps of one and of all coordinates, Roberts & Rosenthal 2001
FAR, JOINT, UNIT = 0.3, 1 / 3, 0.1  # chances: a coordinate anywhere in the box, all coordinates, their factor set to 1
TRIALS = 100  # evaluations that find the first temperature


def _learning(gain: float, rate: float) -> tuple[float, float]:
    """Return what accepting and rejecting multiply a step size by, in balance at this rate of acceptance."""
    return math.exp(gain * (1 - rate)), math.exp(-gain * rate)


ALL_UP, ALL_DOWN = _learning(0.05, ALL)


@kernel(boolean(float64, float64, float64, npy_rng))
def accept(value, new, temperature, rng):
    """Whether to move from `value` to `new`: down always, up with chance exp(-rise / T). Metropolis et al. 1953."""
    return not new > value or rng.random() < math.exp((value - new) / temperature)


@kernel(int64(npy_rng, int64))
def below(rng, n):
    """Draw an integer from 0 to n - 1."""
    return int(rng.random() * n)


class Space(NamedTuple):
    """Where the state lives: a box, or bits, which are 0.0 and 1.0."""

    low: np.ndarray
    high: np.ndarray
    bits: bool
    boxed: bool


SPACE = types.NamedTuple((VECTOR, VECTOR, types.boolean, types.boolean), Space)


@kernel(types.void(VECTOR, int64, SPACE, VECTOR, npy_rng))
def jump_(x, i, space, steps, rng):
    """Change coordinate i of x: to anywhere in the box, by a long step if there is no box; flip a bit."""
    if space.bits:
        x[i] = 1 - x[i]
    elif space.boxed:
        x[i] = space.low[i] + (space.high[i] - space.low[i]) * rng.random()
    else:
        step = steps[i] * rng.standard_normal() / max(rng.random(), 1e-12)
        x[i] = reflect(x[i] + step, space.low[i], space.high[i])


@kernel(int64(VECTOR, VECTOR, SPACE, VECTOR, npy_rng))
def change_one_(point, x, space, steps, rng):
    """Set `point` to x with one coordinate changed, or up to two bits; return it if its step size should learn, or -1.

    A step is normal over uniform: mostly about steps[i], now and then much longer.
    """
    copy_(point, x)
    i = below(rng, x.size)
    if space.bits or (space.boxed and rng.random() < FAR):
        jump_(point, i, space, steps, rng)
        if space.bits and rng.random() < 0.5:
            j = below(rng, x.size)
            point[j] = 1 - x[j]
        return -1
    point[i] = reflect(x[i] + steps[i] * rng.standard_normal() / max(rng.random(), 1e-12), space.low[i], space.high[i])
    return i


@kernel(types.void(VECTOR, VECTOR, MATRIX, int64, float64, SPACE, npy_rng))
def change_all_(point, x, past, kept, factor, space, rng):
    """Set `point` to x plus the difference of two past states: steps along the valley. ter Braak & Vrugt 2008."""
    a, b = below(rng, kept), below(rng, kept)
    for i in range(x.size):
        point[i] = reflect(x[i] + factor * (past[a, i] - past[b, i]), space.low[i], space.high[i])


@kernel(float64(VECTOR, int64))
def geometric_mean(numbers, count):
    """Return the geometric mean of the first `count` numbers, or 1 if there are none."""
    total = 0.0
    for k in range(count):
        total += math.log(numbers[k])
    return math.exp(total / count) if count > 0 else 1.0


@kernel(float64(OBJECTIVE, LOG, npy_rng, VECTOR, float64, SPACE, VECTOR, int64))
def first_temperature(fun, log, rng, x, value, space, steps, trials):
    """Return the geometric mean of the changes of value by jumps from x, which keeps those that go down."""
    point, changes, count = x.copy(), np.empty(trials), 0
    for k in range(trials):
        copy_(point, x)
        jump_(point, k % x.size, space, steps, rng)
        new = ask(fun, point, log)
        change = abs(new - value)
        if 0 < change < math.inf:
            changes[count] = change
            count += 1
        if new <= value:
            copy_(x, point)
            value = new
    return geometric_mean(changes, count)


@kernel(types.void(OBJECTIVE, LOG, npy_rng, VECTOR, SPACE, VECTOR, MATRIX, MATRIX, float64, int64))
def anneal(fun, log, rng, x, space, steps, cycles, past, temperature, trials):
    """Anneal in cycles (rows: end, first T, factor of T, of a step accepted and rejected, whether anew).

    Step sizes follow the acceptance, one for each coordinate, as in Corana et al. 1987.
    """
    value = ask(fun, x, log)
    if math.isnan(temperature):
        temperature = first_temperature(fun, log, rng, x, value, space, steps, trials)
        temperature *= 1.0 if space.bits else 0.1
        value = log.level[LOWEST]
    d, kept, factor, share = x.size, 0, 1.0, 2.38 / math.sqrt(2.0 * x.size)
    point, first, longest = np.empty(d), steps.copy(), 4.0 if space.boxed else 1e6
    for c in range(cycles.shape[0]):
        hot, up, down = temperature * cycles[c, 1], cycles[c, 3], cycles[c, 4]
        if c > 0:
            value = restart_(fun, log, rng, x, space, steps, first, cycles[c, 5] > 0)
            kept = kept if cycles[c, 5] == 0 else 0
        while log.state[ASKED] < cycles[c, 0] and log.state[WHY] == RUNNING:
            joint = kept >= 2 * d and rng.random() < JOINT
            i, unit = -1, False
            if joint:
                unit = rng.random() < UNIT
                change_all_(point, x, past, min(kept, len(past)), 1.0 if unit else share * factor, space, rng)
            else:
                i = change_one_(point, x, space, steps, rng)
            new = ask(fun, point, log)
            accepted = accept(value, new, hot, rng)
            if joint and not unit:
                factor = min(max(factor * (ALL_UP if accepted else ALL_DOWN), 1e-3), 1e3)
            elif i >= 0:
                steps[i] = min(steps[i] * (up if accepted else down), longest * first[i])
            if accepted:
                copy_(x, point)
                value = new
            log.state[ROUNDS] += 1
            hot *= cycles[c, 2]
            if log.state[ROUNDS] % 5 == 0 and not space.bits:
                copy_(past[kept % len(past)], x)
                kept += 1


@kernel(float64(OBJECTIVE, LOG, npy_rng, VECTOR, SPACE, VECTOR, VECTOR, boolean))
def restart_(fun, log, rng, x, space, steps, first, anew):
    """Set x to a new point of the box, or to the best so far, and lengthen the steps; return its value."""
    for i in range(x.size):
        steps[i] = max(steps[i], first[i] / 6)
    if not anew:
        copy_(x, log.best)
        return log.level[LOWEST]
    for i in range(x.size):
        if not space.bits:
            jump_(x, i, space, steps, rng)
        elif rng.random() < 0.5:
            x[i] = 1 - x[i]
    return ask(fun, x, log)


def _cycles(asked: int, budget: int, d: int, cycle: int, ratio: float) -> np.ndarray:
    """Return the cycles that `anneal` takes, from the evaluation `asked` to the last.

    The first has `cycle` evaluations a coordinate, each next 1.2 times as many. Every second one starts at a new point,
    and each one cooler than the one before, four in turn: in slow cooling from hot to cold wide valleys win over deep
    ones. Step sizes may shrink by e^40 in a cycle.
    """
    rows: list[tuple] = []
    length = float(cycle * d)
    while asked < budget:
        take = int(min(length, budget - asked))
        if asked + 1.6 * length > budget:
            take = budget - asked
        hot = 0.01 ** (len(rows) % 4)
        gain = min(max(100 * d / ((1 - JOINT) * take), 0.05), 0.3)
        asked += take
        rows.append((asked, hot, (ratio / hot) ** (1 / take), *_learning(gain, ONE), len(rows) % 2))
        length *= 1.2
    return np.array(rows).reshape(-1, 6)


def prepare(
    x0, low, high, budget, rng, kind="real", sigma=None, temperature: float | None = None, cycle: int = 1000
) -> tuple:
    """Return what `anneal` takes.

    kind: "real", or "bits" for x of zeros and ones. sigma: first step sizes, a number or one for each coordinate; None:
    0.3 of the box, or 1. temperature: the first; None: a tenth of the changes of value by long steps, all of them for
    bits. cycle: evaluations a coordinate from hot to cold, at first.
    """
    if kind not in ("real", "bits"):
        raise ValueError(f'kind={kind!r} must be "real" or "bits"')
    bits = kind == "bits"
    if bits and not np.isin(x0, (0, 1)).all():
        raise ValueError('x0 has other entries than 0 and 1, which kind="bits" asks for')
    if bits and np.isfinite([low, high]).any():
        raise ValueError('bounds must be None for kind="bits"')
    if temperature is not None and not (isinstance(temperature, numbers.Real) and 0 < temperature < math.inf):
        raise ValueError(f"temperature={temperature!r} must be a positive number, or None")
    if not (isinstance(cycle, numbers.Integral) and cycle > 0):
        raise ValueError(f"cycle={cycle!r} must be a positive integer, evaluations a coordinate")
    steps = as_steps(sigma, low, high, 0.3)
    trials = min(TRIALS, budget // 10) if temperature is None else 0
    space = Space(low, high, bits, bool(np.isfinite(low).all() and np.isfinite(high).all()))
    cycles = _cycles(1 + trials, budget, x0.size, cycle, 1e-3 if bits else 1e-12)
    hot = math.nan if temperature is None else float(temperature)
    return x0, space, steps, cycles, np.empty((0 if bits else 5 * x0.size, x0.size)), hot, trials


METHODS = {"annealing": Search(anneal, prepare)}


def anneal_states(
    fun: Callable,
    propose: Callable,
    state,
    *,
    temperatures: tuple[float, float] | None = None,
    budget: int = 10_000,
    seed=None,
    callback: Callable | None = None,
    **options,
) -> OptimizeResult:
    """Minimize `fun(state)` over states of any kind: `propose(state, rng)` returns a new one and leaves its own alone.

    temperatures: the first and the last, geometric between them; None: the mean change of value from the start to
    TRIALS proposals, and a thousandth of it. options (target, on_error, progress), callback and result as in
    `minimize`; x is a state.
    """
    best = proposed = state
    given = None if temperatures is None else as_temperatures(temperatures)

    def walk(fun, log, rng):
        nonlocal best, proposed
        x, current, value = np.zeros(1), state, ask(fun, np.zeros(1), log)  # x stands for any state
        changes = []
        for _ in range(0 if given else min(TRIALS, budget // 10)):
            proposed = propose(state, rng)
            before, change = log.level[LOWEST], abs(ask(fun, x, log) - value)
            best = proposed if log.level[LOWEST] < before else best
            changes += [change] if 0 < change < math.inf else []
        hot, cold = given or ((1.0, 1e-3) if not changes else (np.mean(changes), 1e-3 * np.mean(changes)))
        steps = max(budget - int(log.state[ASKED]), 2)
        while log.state[WHY] == RUNNING:
            temperature = hot * (cold / hot) ** (log.state[ROUNDS] / (steps - 1))
            before, proposed = log.level[LOWEST], propose(current, rng)
            new, luck = ask(fun, x, log), rng.random()
            best = proposed if log.level[LOWEST] < before else best
            if not new > value or luck < math.exp((value - new) / temperature):
                current, value = proposed, new
            log.state[ROUNDS] += 1

    def told(intermediate: OptimizeResult) -> None:
        assert callback is not None
        callback(OptimizeResult(intermediate, x=proposed))

    search = Search(walk, lambda x0, low, high, budget, rng: ())
    for name in options:
        if name not in search.options or name == "keep_path":
            raise TypeError(f"{name}={options[name]!r} is no option; known: target, on_error, progress")
    found = search.run(
        Objective(lambda _: fun(proposed)),
        np.zeros(1),
        bounds=None,
        budget=budget,
        rng=np.random.default_rng(seed),
        callback=callback and told,
        **{**search.options, **options},
    )
    found.x = best
    return found


def as_temperatures(pair) -> tuple[float, float]:
    """Return (first, last) as floats; ValueError unless first >= last > 0."""
    if not (len(pair) == 2 and all(isinstance(t, numbers.Real) for t in pair) and math.inf > pair[0] >= pair[1] > 0):
        raise ValueError(f"temperatures={pair!r} must be (first, last) with first >= last > 0")
    return float(pair[0]), float(pair[1])
