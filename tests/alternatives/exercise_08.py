"""Other right answers to exercise 08: loops, other formulas, libraries, other types of the result."""

import math

import numpy as np


def accept_min(delta, temperature):
    if temperature == 0:
        return float(delta <= 0)
    return np.exp(min(0.0, -delta / temperature))


def accept_max(delta, temperature):
    if delta <= 0:
        return 1
    return np.float64(0) if temperature == 0 else math.e ** (-delta / temperature)


def cooling_logarithm(T0, T1, k, steps):
    share = k / (steps - 1)
    return np.exp((1 - share) * np.log(T0) + share * np.log(T1))


def cooling_table(T0, T1, k, steps):
    return np.geomspace(T0, T1, steps)[k]


def cooling_loop(T0, T1, k, steps):
    factor = (T1 / T0) ** (1 / (steps - 1))
    for _ in range(k):
        T0 *= factor
    return T0


def two_opt_list(tour, i, j):
    tour = list(tour)
    return tour[:i] + tour[i : j + 1][::-1] + tour[j + 1 :]


def two_opt_flip(tour, i, j):
    return np.concatenate([tour[:i], np.flip(tour[i : j + 1]), tour[j + 1 :]])


def two_opt_swaps(tour, i, j):
    tour = np.array(tour)
    while i < j:
        tour[i], tour[j] = tour[j], tour[i]
        i, j = i + 1, j - 1
    return tour


def delta_negative_index(distance, tour, i, j):
    n = len(tour)
    a, b, c, d = tour[i - 1], tour[i], tour[j], tour[j + 1 - n]
    if i == 0 and j == n - 1:
        return 0
    return float(distance[c, a] + distance[d, b] - distance[b, a] - distance[d, c])


def delta_same_city(distance, tour, i, j):
    n = len(tour)
    before, after = tour[(i - 1) % n], tour[(j + 1) % n]
    if before == tour[j]:
        return 0.0
    old = distance[before][tour[i]] + distance[tour[j]][after]
    return distance[before][tour[j]] + distance[tour[i]][after] - old


def anneal_lists(f, propose, x, temperatures, rng):
    value = f(x)
    seen = [(value, x)]
    for t in temperatures:
        y = propose(x, rng)
        new, u = f(y), rng.random()
        if new <= value or u < math.exp((value - new) / t):
            x, value = y, new
        seen.append((value, x))
    value, x = min(seen, key=lambda pair: pair[0])
    return [x, value]


def anneal_notes_first(f, propose, x, temperatures, rng):
    """The best point may be noted before the draw: one that is better than the best is always accepted."""
    best, lowest = x.copy(), f(x)
    value = lowest
    for t in temperatures:
        y = propose(x, rng)
        new = f(y)
        if new < lowest:
            best, lowest = y.copy(), new
        if rng.random() < np.exp(min(0, (value - new) / t)):
            x, value = y, new
    return best, np.float64(lowest)


ALTERNATIVES = {
    "08.accept": [accept_min, accept_max],
    "08.cooling": [cooling_logarithm, cooling_table, cooling_loop],
    "08.two_opt": [two_opt_list, two_opt_flip, two_opt_swaps],
    "08.delta": [delta_negative_index, delta_same_city],
    "08.anneal": [anneal_lists, anneal_notes_first],
}
