"""Other right answers to exercise 11: loops, other formulas, libraries, other types of the result."""

import math

import numpy as np


def ranks_counted(values):
    smaller = (values[None, :] < values[:, None]).sum(axis=1)
    equal = (values[None, :] == values[:, None]).sum(axis=1) - 1
    return 0.5 - (smaller + equal / 2) / (len(values) - 1)


def ranks_sorted(values):
    ordered = sorted(values)
    n = len(values)
    return [0.5 - np.mean([k for k in range(n) if ordered[k] == value]) / (n - 1) for value in values]


def es_loop(values, E, sigma):
    total = 0
    for value, e in zip(values, E, strict=True):
        total = total + value * e
    return total / len(values) / sigma


def es_mean(values, E, sigma):
    return list((values[:, None] * E).mean(axis=0) / sigma)


def weights_loop(popsize):
    raw = [math.log((popsize + 1) / 2) - math.log(i + 1) for i in range(popsize // 2)]
    weights = [w / sum(raw) for w in raw]
    return weights, 1 / sum(w * w for w in weights)


def weights_before_normalizing(popsize):
    raw = np.log((popsize + 1) / 2 / np.arange(1, popsize // 2 + 1))
    return [raw / raw.sum(), raw.sum() ** 2 / (raw**2).sum()]


def weights_any_base(popsize):
    raw = np.log2(popsize + 1) - 1 - np.log2(np.arange(1, popsize // 2 + 1))
    weights = raw / raw.sum()
    return weights, np.float64(1 / (weights @ weights))


def replay_copy(theta, seeds, scalars, lr):
    theta = theta.copy()
    for i in range(len(seeds)):
        z = np.random.default_rng(seeds[i]).standard_normal(theta.shape)
        theta -= lr * scalars[i] * z
    return theta


def replay_sum(theta, seeds, scalars, lr):
    steps = [p * np.random.default_rng(s).normal(size=theta.shape) for s, p in zip(seeds, scalars, strict=True)]
    return theta - lr * sum(steps, start=np.zeros(theta.shape))


ALTERNATIVES = {
    "11.ranks": [ranks_counted, ranks_sorted],
    "11.es": [es_loop, es_mean],
    "11.weights": [weights_loop, weights_before_normalizing, weights_any_base],
    "11.replay": [replay_copy, replay_sum],
}
