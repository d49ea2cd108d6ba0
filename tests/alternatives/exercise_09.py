"""Other right answers to exercise 09: loops, other formulas, libraries, other types of the result."""

import numpy as np


def tournament_permutation(values, size, rng):
    return min(rng.permutation(len(values))[:size], key=lambda i: values[i])


def tournament_loop(values, size, rng):
    left = list(range(len(values)))
    best = None
    for _ in range(size):
        i = left.pop(int(rng.integers(len(left))))
        if best is None or values[i] < values[best]:
            best = i
    return best


def one_point_copies(a, b, cut):
    first, second = a.copy(), b.copy()
    first[cut:], second[cut:] = b[cut:], a[cut:]
    return first, second


def uniform_loop(a, b, mask):
    first = [x if take else y for x, y, take in zip(a, b, mask, strict=True)]
    second = [y if take else x for x, y, take in zip(a, b, mask, strict=True)]
    return np.array(first), np.array(second)


def one_point_list(a, b, cut):
    return [np.hstack((a[:cut], b[cut:])), np.append(b[:cut], a[cut:])]


def uniform_copies(a, b, mask):
    first, second = b.copy(), a.copy()
    first[mask] = a[mask]
    second[mask] = b[mask]
    return [first, second]


def flip_xor(bits, mask):
    return (bits ^ mask).astype(bits.dtype)


def flip_copy(bits, mask):
    new = bits.copy()
    new[mask] = bits[mask] == 0
    return new


def flip_list(bits, mask):
    return [type(bit)(not bit) if m else bit for bit, m in zip(bits.tolist(), mask, strict=True)]


def de_loop(population, i, a, b, c, F, mask, forced):
    trial = population[i].copy()
    for j in range(len(trial)):
        if mask[j] or j == forced:
            trial[j] = population[a, j] + F * (population[b, j] - population[c, j])
    return trial


def de_arithmetic(population, i, a, b, c, F, mask, forced):
    take = np.logical_or(mask, np.arange(mask.size) == forced)
    x = population
    return take * (x[a] + F * x[b] - F * x[c]) + (1 - take) * x[i]


def next_sorted(population, values, children, child_values, elite):
    old = sorted(zip(values, population, strict=True), key=lambda pair: pair[0])[:elite]
    new = sorted(zip(child_values, children, strict=True), key=lambda pair: pair[0])[: len(values) - elite]
    chosen = new + old
    return [np.array([x for _, x in chosen]), [v for v, _ in chosen]]


def next_replace(population, values, children, child_values, elite):
    new, new_values = children.copy(), child_values.copy()
    worst = np.argsort(child_values)[::-1][:elite]
    best = np.argsort(values)[:elite]
    new[worst], new_values[worst] = population[best], values[best]
    return new, new_values


ALTERNATIVES = {
    "09.tournament": [tournament_permutation, tournament_loop],
    "09.crossover": [(one_point_copies, uniform_loop), (one_point_list, uniform_copies)],
    "09.mutate": [flip_xor, flip_copy, flip_list],
    "09.de": [de_loop, de_arithmetic],
    "09.next": [next_sorted, next_replace],
}
