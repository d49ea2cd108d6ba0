"""Annealing of tours: 2-opt and or-opt moves whose change of length takes constant time. Lesson 08.

Moves bring a city next to one of its near neighbors. Croes 1958 (2-opt), Or 1976 (or-opt), Johnson & McGeoch 1997 (how
to make both fast, and neighbor lists in annealing).
"""

import math
import numbers
from collections.abc import Callable

import numpy as np
from numba import float64, int64, types
from numba.core.types import npy_rng
from scipy.optimize import OptimizeResult

from ngo_lesson.kernels import MATRIX, VECTOR, kernel
from ngo_lesson.optimize.annealing import accept, as_temperatures, below
from ngo_lesson.optimize.descent import SPENT, STOPPED
from ngo_lesson.optimize.search_loop import TARGET

CITIES = int64[::1]
ROUNDS = 200  # times that the callback is called and a point of the history is taken
LONGEST = 3  # cities that or-opt moves


@kernel(float64(MATRIX, CITIES))
def tour_length(distance, order):
    """Return the length of the closed tour that visits the cities in this order, (n,)."""
    total = 0.0
    for k in range(order.size):
        total += distance[order[k - 1], order[k]]
    return total


@kernel(float64(MATRIX, int64, int64, int64, int64))
def two_opt_change(distance, a, b, c, d):
    """Return the change of length when a tour a b ... c d becomes a c ... b d."""
    return distance[a, c] + distance[b, d] - distance[a, b] - distance[c, d]


@kernel(float64(MATRIX, int64, int64, int64, int64, int64, int64, types.boolean))
def or_opt_change(distance, p, first, last, n, c, d, flipped):
    """Return the change of length when `first ... last` leaves p and n and goes between c and d, flipped or not."""
    change = distance[p, n] - distance[p, first] - distance[last, n] - distance[c, d]
    if flipped:
        return change + distance[c, last] + distance[first, d]
    return change + distance[c, first] + distance[last, d]


@kernel(types.void(CITIES, CITIES, int64, int64, int64, int64))
def two_opt_(order, place, a, b, c, d):
    """Turn a b ... c d into a c ... b d by reversing the shorter side; `place` says where in `order` a city stands.

    The tour may also read d c ... b a.
    """
    n = order.size
    i, j = (place[b], place[c]) if order[(place[a] + 1) % n] == b else (place[c], place[b])
    inside = (j - i) % n + 1
    if 2 * inside > n:
        i, j, inside = j + 1, i - 1, n - inside
    i, j = i % n, j % n
    for _ in range(inside // 2):
        order[i], order[j] = order[j], order[i]
        place[order[i]], place[order[j]] = i, j
        i = i + 1 if i + 1 < n else 0
        j = j - 1 if j > 0 else n - 1


@kernel(types.void(CITIES, CITIES, int64, int64, int64, int64, int64, int64, types.boolean))
def or_opt_(order, place, p, first, last, n, c, d, flipped):
    """Turn p first ... last n ... c d into p n ... c last ... first d, or p n ... c first ... last d if not flipped."""
    two_opt_(order, place, p, first, c, d)
    if c != n:
        two_opt_(order, place, p, c, n, last)
    if not flipped:
        two_opt_(order, place, c, last, first, d)


@kernel(types.void(MATRIX, int64[:, ::1], CITIES, CITIES, CITIES, VECTOR, float64, float64, int64, npy_rng))
def anneal_tour_(distance, near, order, place, best, lengths, temperature, factor, moves, rng):
    """Propose this many moves, in place on `order`, `best` (n,) and their lengths (2,); T falls by `factor` each."""
    n = order.size
    for _ in range(moves):
        temperature *= factor
        a, way, two = below(rng, n), 1, rng.random() < 0.5
        c = near[a, below(rng, near.shape[1])]
        if rng.random() < 0.5:
            way = -1
        flipped, d, change = False, 0, 0.0
        b, last, p = order[(place[a] + way) % n], 0, 0
        if two:
            d = order[(place[c] + way) % n]
            if c == b or d == a:
                continue
            change = two_opt_change(distance, a, b, c, d)
        else:
            length = 1 + below(rng, LONGEST)
            flipped = rng.random() < 0.5
            d = order[(place[c] + way) % n]
            if flipped:
                c, d = order[(place[c] - way) % n], c
            if not length <= (way * (place[c] - place[a])) % n <= n - 2:
                continue
            p, last = order[(place[a] - way) % n], order[(place[a] + way * (length - 1)) % n]
            b = order[(place[last] + way) % n]
            change = or_opt_change(distance, p, a, last, b, c, d, flipped)
        if not accept(0.0, change, temperature, rng):
            continue
        if change > 0 and lengths[0] < lengths[1]:
            lengths[1] = lengths[0]
            copy_order_(best, order)
        lengths[0] += change
        if two:
            two_opt_(order, place, a, b, c, d)
        else:
            or_opt_(order, place, p, a, last, b, c, d, flipped)
    if lengths[0] < lengths[1]:
        lengths[1] = lengths[0]
        copy_order_(best, order)


@kernel(types.void(CITIES, CITIES))
def copy_order_(target, order):
    """Copy a tour."""
    for k in range(order.size):
        target[k] = order[k]


def anneal_tour(
    distance,
    *,
    start=None,
    temperatures: tuple[float, float] | None = None,
    budget: int = 10_000_000,
    neighbors: int = 10,
    seed=None,
    callback: Callable | None = None,
    target: float | None = None,
) -> OptimizeResult:
    """Find a short closed tour through n cities, given their symmetric distances, (n, n).

    start: a tour, the cities 0 to n - 1 in some order; None: a random one. temperatures: the first and the last,
    geometric between them; None: the mean distance to a near neighbor times 1 and 0.02. budget: moves proposed.
    neighbors: how many count as near. callback: called 200 times, with x (the tour now), fun, nfev and temperature;
    StopIteration ends the search, and so does any other exception, which the message then quotes.

    Returns x (the best tour, int64), fun (its length), nfev (moves proposed), success, status, message and history:
    `nfev`, `fun` (best so far), `value` (the tour then), after each two-hundredth of the budget.
    """
    distance, rng = as_distances(distance), np.random.default_rng(seed)
    n = len(distance)
    for name, value in (("budget", budget), ("neighbors", neighbors)):
        if not (isinstance(value, numbers.Integral) and value > 0):
            raise ValueError(f"{name}={value!r} must be a positive integer")
    order = rng.permutation(n) if start is None else as_order(start, n)
    away = distance + np.diag(np.full(n, math.inf))
    near = np.ascontiguousarray(np.argsort(away, axis=1, kind="stable")[:, : min(neighbors, n - 1)])
    close = np.take_along_axis(distance, near, axis=1).mean() or 1.0
    hot, cold = (close, 0.02 * close) if temperatures is None else as_temperatures(temperatures)
    factor, best, place = (cold / hot) ** (1 / budget), order.copy(), np.argsort(order)
    lengths, why, error, asked, history = np.full(2, tour_length(distance, order)), SPENT, None, 0, []
    for round_ in range(1, ROUNDS + 1):
        moves = budget * round_ // ROUNDS - asked
        temperature = hot * factor**asked
        anneal_tour_(distance, near, order, place, best, lengths, temperature, factor, moves, rng)
        asked += moves
        lengths[:] = tour_length(distance, order), tour_length(distance, best)  # sums of changes drift
        history.append((asked, lengths[1], lengths[0]))
        if callback is not None:
            try:
                callback(OptimizeResult(x=order.copy(), fun=lengths[0], nfev=asked, temperature=temperature))
            except Exception as raised:
                why, error = STOPPED, None if isinstance(raised, StopIteration) else raised
        if why == SPENT and target is not None and lengths[1] <= target:
            why = TARGET
        if why != SPENT:
            break
    message = {SPENT: "proposed", TARGET: f"reached target={target} after", STOPPED: "stopped by the callback after"}
    charged, lowest, now = (np.array(column) for column in zip(*history, strict=True))
    return OptimizeResult(
        x=best,
        fun=float(lengths[1]),
        nfev=asked,
        success=error is None,
        status=why,
        message=f"{message[why]} {asked} moves" + (f"; it raised {error!r}" if error else ""),
        history={"nfev": charged, "fun": lowest, "value": now},
    )


def as_distances(distance) -> np.ndarray:
    """Return distances as a float64 array of shape (n, n), n at least 5; ValueError if they are not symmetric."""
    distance = np.array(distance, dtype=np.float64, order="C")
    if distance.ndim != 2 or distance.shape[0] != distance.shape[1] or len(distance) < 5:
        raise ValueError(f"distance has shape {distance.shape}; give an (n, n) array for n cities, n at least 5")
    if not (np.isfinite(distance).all() and (distance == distance.T).all() and (distance >= 0).all()):
        raise ValueError(
            "distance must be symmetric, finite and not negative: the way back is as long as the way there"
        )
    return distance


def as_order(start, n: int) -> np.ndarray:
    """Return a tour as an int64 array of shape (n,); ValueError if it is not the integers 0 to n - 1 in some order."""
    order = np.array(start)
    if not (order.shape == (n,) and order.dtype.kind in "iu" and (np.sort(order) == np.arange(n)).all()):
        raise ValueError(f"start={start!r} must be the integers 0 to {n - 1} in some order")
    return order.astype(np.int64)
