"""Other right answers to exercise 07: loops, other formulas, libraries, other types of the result."""

import math

import numpy as np
from scipy.stats import loguniform


def random_loop(f, low, high, budget, rng):
    best, lowest = None, math.inf
    for _ in range(budget):
        x = rng.uniform(low, high)
        value = f(x)
        if value < lowest:
            best, lowest = x, value
    return best, lowest


def random_by_hand(f, low, high, budget, rng):
    tried = []
    for _ in range(budget):
        x = [a + (b - a) * rng.random() for a, b in zip(low, high, strict=True)]
        tried.append((f(np.array(x)), x))
    value, x = min(tried)
    return [x, np.float64(value)]


def trials_counted(share, confidence):
    n, miss = 0, 1.0
    while 1 - miss < confidence:
        n, miss = n + 1, miss * (1 - share)
    return n


def trials_as_float(share, confidence):
    return np.ceil(np.log1p(-confidence) / np.log1p(-share))


def trials_any_base(share, confidence):
    return int(np.log10(1 - confidence) / np.log10(1 - share)) + 1


def es_while(f, x, sigma, budget, rng):
    best, lowest, asked = x.copy(), f(x), 1
    while asked < budget:
        y = sigma * rng.standard_normal(len(x)) + best
        value = f(y)
        asked += 1
        if value <= lowest:
            best, lowest = y, value
            sigma *= 1.5
        else:
            sigma /= 1.5**0.25
    return [best.tolist(), np.float64(lowest), sigma]


def es_one_factor(f, x, sigma, budget, rng):
    value = f(x)
    for z in rng.standard_normal((budget - 1, x.size)):
        new = f(x + sigma * z)
        success = new < value
        if success:
            x, value = x + sigma * z, new
        sigma *= 1.5 ** (success - (not success) / 4)
    return x, value, sigma


def log_powers(low, high, n, rng):
    return low * (high / low) ** rng.random(n)


def log_base_ten(low, high, n, rng):
    return [10 ** rng.uniform(math.log10(low), math.log10(high)) for _ in range(n)]


def log_scipy(low, high, n, rng):
    return loguniform(low, high).rvs(size=n, random_state=rng)


ALTERNATIVES = {
    "07.random": [random_loop, random_by_hand],
    "07.trials": [trials_counted, trials_as_float, trials_any_base],
    "07.one_fifth": [es_while, es_one_factor],
    "07.log_uniform": [log_powers, log_base_ten, log_scipy],
}
