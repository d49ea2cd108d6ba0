"""Other right answers to exercise 03: loops, other formulas, libraries, other types of the result."""

import math
from functools import reduce
from itertools import pairwise

import numpy as np
from sklearn.linear_model import SGDRegressor
from sklearn.model_selection import KFold
from sklearn.preprocessing import StandardScaler


def epoch_own_copy(X, y, theta, lr, order):
    theta = theta.copy()
    for i in order:
        error = y[i] - np.dot(theta, X[i])
        theta += lr * error * X[i]
    return theta


def epoch_lists(X, y, theta, lr, order):
    theta, X, y = list(theta), X.tolist(), y.tolist()
    for i in order.tolist():
        residual = sum(t * x for t, x in zip(theta, X[i], strict=True)) - y[i]
        theta = [t - lr * residual * x for t, x in zip(theta, X[i], strict=True)]
    return theta


def epoch_sklearn(X, y, theta, lr, order):
    model = SGDRegressor(
        penalty=None, fit_intercept=False, learning_rate="constant", eta0=lr, shuffle=False, max_iter=1, tol=None
    )
    return model.fit(X[order], y[order], coef_init=theta.copy()).coef_


def batch_loop(theta, X, y, batch):
    gradient = np.zeros(len(theta))
    for i in batch:
        gradient += (sum(X[i] * theta) - y[i]) * X[i] / len(batch)
    return gradient


def batch_counts(theta, X, y, batch):
    counts = np.bincount(batch, minlength=len(y))
    return X.T @ (counts * (X @ theta - y)) / counts.sum()


def batch_numerical(theta, X, y, batch, h=1e-4):
    def loss(theta):
        return np.mean((X[batch] @ theta - y[batch]) ** 2) / 2

    return [(loss(theta + step) - loss(theta - step)) / (2 * h) for step in h * np.eye(theta.size)]


def scaled_columns(train, test):
    train, test = train.copy(), test.copy()
    for j in range(train.shape[1]):
        mean, deviation = np.mean(train[:, j]), np.std(train[:, j])
        train[:, j] -= mean
        test[:, j] -= mean
        if deviation > 1e-12:
            train[:, j] /= deviation
            test[:, j] /= deviation
    return train, test


def scaled_where(train, test):
    variance = ((train - train.mean(0)) ** 2).sum(0) / len(train)
    width = np.where(variance > 0, np.sqrt(variance), 1.0)
    return [(part - train.mean(0)) / width for part in (train, test)]


def scaled_sklearn(train, test):
    scaler = StandardScaler().fit(train)
    return scaler.transform(train), scaler.transform(test)


def folds_slices(n, k, rng):
    order = list(range(n))
    rng.shuffle(order)
    return [order[i::k] for i in range(k)]


def folds_bounds(n, k, rng):
    order, bounds = rng.permutation(n), [i * n // k for i in range(k + 1)]
    return [np.sort(order[a:b]) for a, b in pairwise(bounds)]


def folds_sklearn(n, k, rng):
    splitter = KFold(k, shuffle=True, random_state=int(rng.integers(2**31)))
    return [fold for _, fold in splitter.split(np.zeros(n))]


def folds_labels(n, k, rng):
    labels = rng.permutation(np.arange(n) % k)
    return tuple(np.flatnonzero(labels == i) for i in range(k))


def folds_one_by_one(n, k, rng):
    left, folds = list(range(n)), [[] for _ in range(k)]
    for i in range(n):
        folds[i % k].append(left.pop(int(rng.integers(len(left)))))
    return folds


def rate_squared(lr0, t, steps, warmup):
    done = (t - warmup) / (steps - warmup)
    return lr0 * t / warmup if t < warmup else lr0 * math.cos(math.pi / 2 * done) ** 2


def rate_table(lr0, t, steps, warmup):
    ramp = lr0 * np.arange(warmup) / max(warmup, 1)
    return np.concatenate([ramp, lr0 / 2 + lr0 / 2 * np.cos(np.linspace(0, np.pi, steps - warmup + 1))])[t]


def rate_degrees(lr0, t, steps, warmup):
    if warmup > 0 and t <= warmup:
        return np.float64(t / warmup * lr0)
    return 0.5 * lr0 * (1 + np.cos(np.radians(180 * (t - warmup) / (steps - warmup))))


ALTERNATIVES = {
    "03.sgd": [
        epoch_own_copy,
        epoch_lists,
        epoch_sklearn,
        lambda X, y, theta, lr, order: reduce(lambda t, i: t - lr * X[i] * (X[i] @ t - y[i]), order, theta),
    ],
    "03.batch": [
        batch_loop,
        batch_counts,
        batch_numerical,
        lambda theta, X, y, batch: ((X @ theta - y)[:, None] * X)[batch].mean(axis=0),
        lambda theta, X, y, batch: (X[batch, :] @ theta - y[batch]) @ X[batch, :] / batch.size,
    ],
    "03.standardize": [scaled_columns, scaled_where, scaled_sklearn],
    "03.folds": [
        folds_slices,
        folds_bounds,
        folds_sklearn,
        folds_labels,
        folds_one_by_one,
        lambda n, k, rng: np.array_split(np.argsort(rng.random(n)), k),
        lambda n, k, rng: np.array_split(rng.choice(n, size=n, replace=False), k),
    ],
    "03.schedule": [rate_squared, rate_table, rate_degrees],
}
