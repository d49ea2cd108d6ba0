"""Questions of exercise 03, stochastic gradients. Data X (m, d), targets y (m,), parameters theta (d,)."""

from collections import Counter
from collections.abc import Callable
from itertools import chain

import numpy as np

from ngo_lesson.answers import Outcome, Seed
from ngo_lesson.questions.question import Case, Question, follows_seed, kind, same_faults


# 03.sgd
def sgd_epoch(X, y, theta, lr, order):
    """Return theta after one step for each entry of `order`, (d,)."""
    for i in order:
        theta = theta - lr * (X[i] @ theta - y[i]) * X[i]
    return theta


def epoch_cases(rng: np.random.Generator) -> list[Case]:
    """Two steps by hand, a sample left out, all samples shuffled, some of them often, a longer run."""
    orders = {(6, 3): rng.permutation(6), (5, 4): rng.integers(5, size=12), (40, 6): rng.permutation(40)[:30]}
    return [
        Case((np.array([[2.0], [1.0]]), np.array([2.0, 3.0]), np.array([0.0]), 0.25, np.array([0, 1]))),
        Case(
            (
                np.array([[1.0, 2.0], [3.0, -1.0], [0.0, 1.0]]),
                np.array([1.0, -2.0, 4.0]),
                np.array([1.0, -1.0]),
                0.1,
                np.array([2, 0]),
            )
        ),
        *(
            Case((rng.normal(size=(m, d)), rng.normal(size=m), rng.normal(size=d), 0.05, order))
            for (m, d), order in orders.items()
        ),
    ]


def _of_one(theta, X, y, i):
    return (X[i] @ theta - y[i]) * X[i]


def _epoch(direction: Callable) -> Callable:
    """An epoch whose steps go against `direction(theta, X, y, i)`."""

    def epoch(X, y, theta, lr, order):
        for i in order:
            theta = theta - lr * direction(theta, X, y, i)
        return theta

    return epoch


def _visits(other: Callable) -> Callable:
    """An epoch that visits the samples `other(order, m)`."""
    return lambda X, y, theta, lr, order: sgd_epoch(X, y, theta, lr, other(order, len(y)))


def _epoch_in_place(X, y, theta, lr, order):
    for i in order:
        theta -= lr * _of_one(theta, X, y, i)
    return theta


def _first_theta(X, y, theta, lr, order):
    return theta - lr * X[order].T @ (X[order] @ theta - y[order])


EPOCH_MISTAKES = {
    "each step is divided by the number of samples m, but it uses a single sample": _epoch(
        lambda theta, X, y, i: _of_one(theta, X, y, i) / len(y)
    ),
    "each step is divided by the length of order, but it uses a single sample": lambda X, y, theta, lr, order: (
        sgd_epoch(X, y, theta, lr / len(order), order)
    ),
    "all residuals are computed from the first theta": _first_theta,
    "all residuals are computed from the first theta, and averaged: a mini-batch": lambda X, y, theta, lr, order: (
        _first_theta(X, y, theta, lr / len(order), order)
    ),
    "theta of the caller is changed (theta -= ... works in place)": _epoch_in_place,
    "every step uses all samples: that is gradient descent": _epoch(
        lambda theta, X, y, i: X.T @ (X @ theta - y) / len(y)
    ),
    "every step sums over all samples, one sample was asked": _epoch(lambda theta, X, y, i: X.T @ (X @ theta - y)),
    "order is not used: the samples are taken as they stand in X": _visits(lambda order, m: range(m)),
    "the positions 0, 1, 2, ... of order are used, not its entries": _visits(lambda order, m: range(len(order))),
    "order is sorted first": _visits(lambda order, m: np.sort(order)),
    "a sample that stands twice in order is visited once": _visits(lambda order, m: np.unique(order)),
    "only one step is done: is `return` inside the loop?": _visits(lambda order, m: order[:1]),
    "the last entry of order is left out": _visits(lambda order, m: order[:-1]),
    "the steps go uphill: look at the sign": _epoch(lambda theta, X, y, i: -_of_one(theta, X, y, i)),
    "the gradient is twice as long: that of the squared error, without the half": _epoch(
        lambda theta, X, y, i: 2 * _of_one(theta, X, y, i)
    ),
    "the residual is not multiplied by its sample": _epoch(lambda theta, X, y, i: X[i] @ theta - y[i]),
    "the targets y are not subtracted": _epoch(lambda theta, X, y, i: X[i] @ theta * X[i]),
    "the learning rate is not used": lambda X, y, theta, lr, order: sgd_epoch(X, y, theta, 1.0, order),
    "the start theta is not used, the steps begin at zero": lambda X, y, theta, lr, order: sgd_epoch(
        X, y, np.zeros_like(theta), lr, order
    ),
    "the start theta is returned": lambda X, y, theta, lr, order: theta,
}


# 03.batch
def minibatch_gradient(theta, X, y, batch):
    """Estimate of the gradient of the half MSE from the samples in `batch`, (d,)."""
    rows = X[batch]
    return rows.T @ (rows @ theta - y[batch]) / len(batch)


def batch_cases(rng: np.random.Generator) -> list[Case]:
    """One sample, two of four, one of them twice, then random ones; m, d and the batch have three sizes."""
    X, y = np.array([[1.0, 0.0], [2.0, 1.0], [0.0, -1.0], [4.0, 3.0]]), np.array([2.0, 4.0, 3.0, -1.0])
    return [
        Case((np.array([1.0]), np.array([[1.0], [2.0], [4.0]]), np.array([2.0, 4.0, 3.0]), np.array([2]))),
        Case((np.array([1.0, 2.0, 0.5]), np.eye(4)[:, :3] + 1, np.array([2.0, 4.0, 3.0, 1.0]), np.array([3, 0]))),
        Case((np.array([1.0, -1.0]), X, y, np.array([1, 3, 1]))),
        *(
            Case((rng.normal(size=d), rng.normal(size=(m, d)), rng.normal(size=m), rng.integers(m, size=size)))
            for m, d, size in ((5, 3, 8), (50, 6, 10))
        ),
    ]


def _sum_over(theta, X, y, batch):
    return X[batch].T @ (X[batch] @ theta - y[batch])


def _member(batch, m):
    return np.isin(np.arange(m), batch)


BATCH_MISTAKES = {
    "the sum over the batch is divided by the number of all samples m": lambda t, X, y, b: (
        _sum_over(t, X, y, b) / len(y)
    ),
    "the sum over the batch is divided by nothing": _sum_over,
    "the sum is divided by the batch size, then by m as well": lambda t, X, y, b: (
        minibatch_gradient(t, X, y, b) / len(y)
    ),
    "the mean over the batch is multiplied by m: that estimates the sum, not the mean": lambda t, X, y, b: (
        minibatch_gradient(t, X, y, b) * len(y)
    ),
    "the sum is divided by the number of features d": lambda t, X, y, b: _sum_over(t, X, y, b) / t.size,
    "this is the gradient of the MSE, twice that of the half MSE": lambda t, X, y, b: (
        2 * minibatch_gradient(t, X, y, b)
    ),
    "the half is still there, but the derivative of a square brings a 2": lambda t, X, y, b: (
        minibatch_gradient(t, X, y, b) / 2
    ),
    "the sign is wrong: this is the direction downhill": lambda t, X, y, b: -minibatch_gradient(t, X, y, b),
    "a sample that stands twice in the batch is counted once": lambda t, X, y, b: minibatch_gradient(
        t, X, y, np.unique(b)
    ),
    "a sample that stands twice is summed once, but counted twice in the size": lambda t, X, y, b: (
        _sum_over(t, X, y, np.unique(b)) / len(b)
    ),
    "the batch is not used: this is the gradient over all samples": lambda t, X, y, b: minibatch_gradient(
        t, X, y, np.arange(len(y))
    ),
    "the gradient over all samples is divided by the batch size": lambda t, X, y, b: X.T @ (X @ t - y) / len(b),
    "the first samples of X are taken, not those whose numbers stand in the batch": lambda t, X, y, b: (
        minibatch_gradient(t, X, y, np.arange(len(b)))
    ),
    "only one sample of the batch is used": lambda t, X, y, b: minibatch_gradient(t, X, y, b[:1]),
    "the residuals are returned; they must still be multiplied by their samples": lambda t, X, y, b: X[b] @ t - y[b],
    "the gradients of the samples are returned, their mean was asked": lambda t, X, y, b: (
        X[b] * (X[b] @ t - y[b])[:, None]
    ),
    "the targets y are not subtracted": lambda t, X, y, b: X[b].T @ (X[b] @ t) / len(b),
    "the loss of the batch is returned, not its gradient": lambda t, X, y, b: np.mean((X[b] @ t - y[b]) ** 2) / 2,
}


# 03.standardize
def standardize(train, test):
    """Return (train, test), both scaled by the mean and the deviation of `train`."""
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    deviation[deviation == 0] = 1
    return (train - mean) / deviation, (test - mean) / deviation


def scaling_cases(rng: np.random.Generator) -> list[Case]:
    """One column, several, other units, and constant ones, whose sums are exact, that vary in test."""
    train, test = rng.normal(size=(9, 4)), rng.normal(size=(5, 4))
    train[:, 1], test[:, 1] = 3.0, [3.0, 5.0, 1.0, 3.0, 4.0]
    train[:, 3], test[:, 3] = 0.0, [0.5, 0.0, 2.0, -1.0, 0.0]
    return [
        Case((np.array([[1.0], [3.0]]), np.array([[4.0], [8.0]]))),
        Case((np.array([[1.0, 0.0], [2.0, 10.0], [6.0, 20.0]]), np.array([[3.0, 10.0], [5.0, 40.0]]))),
        Case((np.array([[2.0, 3.0], [4.0, 3.0], [9.0, 3.0]]), np.array([[1.0, 3.0], [6.0, 5.0]]))),
        Case(
            (
                rng.normal(size=(20, 3)) * [1, 100, 0.01] + [5, 0, 1],
                rng.normal(size=(7, 3)) * [1, 100, 0.01] + [4, 50, 1],
            )
        ),
        Case((train, test)),
    ]


def _deviation(rows):
    deviation = rows.std(axis=0)
    deviation[deviation == 0] = 1
    return deviation


def _scaled_by(center: Callable, width: Callable) -> Callable:
    """Scale both parts by `center(train, test)` and `width(train, test)`."""
    return lambda train, test: tuple((rows - center(train, test)) / width(train, test) for rows in (train, test))


def _own_scale(rows):
    return (rows - rows.mean(axis=0)) / _deviation(rows)


def _train_mean(train, test):
    return train.mean(axis=0)


def _train_deviation(train, test):
    return _deviation(train)


_undivided = _scaled_by(_train_mean, lambda train, test: train.std(axis=0))


def _scaled_in_place(train, test):
    mean, deviation = train.mean(axis=0), _deviation(train)
    train -= mean
    train /= deviation
    return train, (test - mean) / deviation


def _both_in_place(train, test):
    new_train, new_test = standardize(train, test)
    train[:], test[:] = new_train, new_test
    return train, test


def _varying(train, test):
    kept = train.std(axis=0) > 0
    return standardize(train[:, kept], test[:, kept])


def _constant_as(replace: Callable) -> Callable:
    """Scale, but give constant columns the values `replace(train, test)` in both parts."""

    def scaled(train, test):
        constant = train.std(axis=0) == 0
        parts = zip(standardize(train, test), replace(train, test), strict=True)
        return tuple(np.where(constant, other, rows) for rows, other in parts)

    return scaled


SCALING_MISTAKES = {
    "test is scaled by its own mean and deviation, those of train were asked": lambda train, test: (
        _own_scale(train),
        _own_scale(test),
    ),
    "test is centered by its own mean, that of train was asked": lambda train, test: (
        _own_scale(train),
        (test - test.mean(axis=0)) / _deviation(train),
    ),
    "test is divided by its own deviation, that of train was asked": lambda train, test: (
        _own_scale(train),
        (test - train.mean(axis=0)) / _deviation(test),
    ),
    "mean and deviation are taken over all rows: the test rows leak into training": _scaled_by(
        lambda train, test: np.vstack([train, test]).mean(axis=0),
        lambda train, test: _deviation(np.vstack([train, test])),
    ),
    "a constant column is divided by zero": _undivided,
    "a constant column is divided by zero, and the NaN is replaced": lambda train, test: tuple(
        map(np.nan_to_num, _undivided(train, test))
    ),
    **{
        f"{small:.0e} is added to the deviations, so a constant column explodes in test": _scaled_by(
            _train_mean, lambda train, test, small=small: train.std(axis=0) + small
        )
        for small in (1e-6, 1e-8, 1e-10, 1e-12, np.finfo(float).eps)
    },
    "constant columns are set to zero in test, they must only be centered": _constant_as(
        lambda train, test: (0.0 * train, 0.0 * test)
    ),
    "constant columns are left as they are, they must still be centered": _constant_as(
        lambda train, test: (train, test)
    ),
    "constant columns are removed, they must stay": _varying,
    "the deviation is divided by the number of rows minus 1 (ddof 1)": _scaled_by(
        _train_mean, lambda train, test: _deviation(train) * np.sqrt(len(train) / (len(train) - 1))
    ),
    "it is divided by the variance, not by its square root": _scaled_by(
        _train_mean, lambda train, test: _deviation(train) ** 2
    ),
    "the columns are centered, but not divided by the deviation": _scaled_by(_train_mean, lambda train, test: 1.0),
    "the columns are divided by the deviation, but not centered": _scaled_by(lambda train, test: 0.0, _train_deviation),
    "one mean and one deviation are taken over all columns together": _scaled_by(
        lambda train, test: train.mean(), lambda train, test: train.std()
    ),
    "the columns are scaled to 0 ... 1 by minimum and maximum": _scaled_by(
        lambda train, test: train.min(axis=0),
        lambda train, test: np.where(np.ptp(train, axis=0) == 0, 1, np.ptp(train, axis=0)),
    ),
    "test comes back unscaled (were mean and deviation taken after train was scaled?)": lambda train, test: (
        _own_scale(train),
        test,
    ),
    "train comes back unscaled": lambda train, test: (train, standardize(train, test)[1]),
    "the order is (test, train), (train, test) was asked": lambda train, test: standardize(train, test)[::-1],
    "only train is returned": lambda train, test: standardize(train, test)[0],
    "train of the caller is changed (train -= ... works in place)": _scaled_in_place,
    "both arrays of the caller are changed": _both_in_place,
}


# 03.folds
UNLIKELY = 20  # so many shuffled samples do not stand in order by chance


def k_folds(n, k, rng):
    """Return k index arrays that part a shuffled range(n) as evenly as possible."""
    return np.array_split(rng.permutation(n), k)


def fold_cases(rng: np.random.Generator) -> list[Case]:
    """Even parts, a remainder, single samples, then sizes at which no seed gives sorted or equal folds by chance."""
    a, b = (int(seed) for seed in rng.choice(10**6, size=2, replace=False))
    sizes = (6, 3, a), (8, 3, a), (5, 5, a), (20, 4, a), (103, 10, a), (20, 4, b), (20, 4, a)
    return [Case((n, k, Seed(seed))) for n, k, seed in sizes]


def fold_faults(outcome: Outcome) -> dict[object, str]:
    """Return what keeps folds from being a shuffled partition: kinds, to compare, with a sentence each."""
    n, k, _ = outcome.arguments
    if not isinstance(outcome.value, (list, tuple, np.ndarray)):
        forgot = " Did you forget `return`?" if outcome.value is None else ""
        sentence = f"the result is {kind(outcome.value)}; a list of {k} was expected.{forgot}"
        return {("result", kind(outcome.value)): sentence}
    folds = [fold.tolist() if isinstance(fold, np.ndarray) else fold for fold in outcome.value]
    for i, fold in enumerate(folds):
        if not isinstance(fold, (list, tuple)):
            return {("fold", kind(fold)): f"fold [{i}] is {kind(fold)}; an array of sample numbers was expected."}
        for entry in fold:
            if type(entry) is not int:
                held = "floats" if isinstance(entry, float) else kind(entry)
                return {("entry", held): f"fold [{i}] holds {held}; whole numbers were expected, for `X[fold]`."}
    return _partition_faults(n, k, folds)


def _partition_faults(n: int, k: int, folds: list) -> dict[object, str]:
    sizes, counts = sorted(map(len, folds)), Counter(chain(*folds))
    outside = [i for i in counts if not 0 <= i < n]
    often = [i for i in counts if counts[i] > 1]
    absent = [i for i in range(n) if i not in counts]
    steps = {int(step) for fold in folds for step in np.diff(sorted(fold))}
    faults: dict[object, str] = {}
    if len(folds) != k:
        faults["number", len(folds)] = f"the list holds {len(folds)} folds; {k} were expected."
    if outside:
        faults["outside"] = f"{outside[0]} stands in a fold; the samples are 0 to {n - 1}."
    if often:
        faults["often"] = f"sample {often[0]} stands in the folds {counts[often[0]]} times; once was expected."
    if absent:
        faults["absent"] = f"sample {absent[0]} is in no fold; every sample must be in one."
    if np.ptp(sizes or [0]) > 1:
        faults["sizes", *sizes] = f"the folds have {sizes[0]} to {sizes[-1]} samples; sizes may differ by 1 at most."
    if n >= UNLIKELY and steps in ({1}, {k}):
        faults["steps", *steps] = "the folds follow the order of the samples; shuffle before you cut."
    return faults


def _cut(parts: Callable) -> Callable:
    """Return the answer that shuffles as asked, then cuts by `parts(shuffled, k)`."""
    return lambda n, k, rng: parts(rng.permutation(n), k)


def _complements(folds, n):
    return [np.setdiff1d(np.arange(n), fold) for fold in folds]


FOLD_MISTAKES = {
    "the samples are not shuffled: each fold is a run of neighbors": lambda n, k, rng: np.array_split(np.arange(n), k),
    "the samples are dealt out in turn, but not shuffled": lambda n, k, rng: [np.arange(n)[i::k] for i in range(k)],
    "the remainder of n / k is dropped: some samples are in no fold": _cut(
        lambda order, k: [order[i * (len(order) // k) : (i + 1) * (len(order) // k)] for i in range(k)]
    ),
    "the last fold takes the whole remainder, the folds must share it": _cut(
        lambda order, k: np.split(order, [i * (len(order) // k) for i in range(1, k)])
    ),
    "the last fold is too small: the size of the others is rounded up": _cut(
        lambda order, k: [order[i * -(-len(order) // k) : (i + 1) * -(-len(order) // k)] for i in range(k)]
    ),
    "the remainder makes a fold of its own": _cut(
        lambda order, k: np.split(order, range(len(order) // k, len(order), len(order) // k))
    ),
    "the samples are drawn anew for each fold, so some are in two folds and some in none": lambda n, k, rng: [
        rng.choice(n, size=len(part), replace=False) for part in np.array_split(np.arange(n), k)
    ],
    "each fold also holds the first sample of the next one": _cut(
        lambda order, k: [order[part[0] : part[-1] + 2] for part in np.array_split(np.arange(len(order)), k)]
    ),
    "the last sample is in no fold": _cut(lambda order, k: np.array_split(order[:-1], k)),
    "there are n // k folds of k samples, k folds were asked": _cut(
        lambda order, k: np.array_split(order, len(order) // k)
    ),
    "the rest of the samples is returned (for training), not the fold": _cut(
        lambda order, k: _complements(np.array_split(order, k), len(order))
    ),
    "pairs (training, validation) are returned, only the folds were asked": _cut(
        lambda order, k: [
            (rest, fold) for fold in np.array_split(order, k) for rest in _complements([fold], len(order))
        ]
    ),
    "one fold is returned, a list of all k was asked": _cut(lambda order, k: np.array_split(order, k)[0]),
    "the samples are counted from 1, not from 0": _cut(lambda order, k: np.array_split(order + 1, k)),
    "masks of True and False are returned, not indices": _cut(
        lambda order, k: [np.isin(np.arange(len(order)), fold) for fold in np.array_split(order, k)]
    ),
    "rng is not used: the shuffle has a seed of its own, so it is always the same": lambda n, k, rng: k_folds(
        n, k, np.random.default_rng(0)
    ),
    "rng is not used: the shuffle cannot be repeated": lambda n, k, rng: k_folds(n, k, np.random.default_rng()),
}


# 03.schedule
def cosine_rate(lr0, t, steps, warmup):
    """Return the learning rate of step t: a linear warm-up to lr0, then half a cosine down to 0."""
    if t < warmup:
        return lr0 * t / warmup
    return lr0 * (1 + np.cos(np.pi * (t - warmup) / (steps - warmup))) / 2


def rate_cases(rng: np.random.Generator) -> list[Case]:
    """Without a warm-up, in it, at its end, after it, and at the last step."""
    a, b = rng.uniform(0.01, 1, size=2)
    fixed = (1.0, 5, 10, 0), (1.0, 0, 10, 0), (0.2, 25, 100, 0), (0.5, 3, 100, 12), (0.5, 0, 20, 4), (0.5, 4, 20, 4)
    drawn = (a, 30, 100, 20), (b, int(rng.integers(61, 190)), 200, 60), (a, 50, 50, 10), (b, 80, 80, 0)
    return [Case((float(lr0), t, steps, warmup)) for lr0, t, steps, warmup in (*fixed, *drawn)]


def _after_warmup(decay: Callable) -> Callable:
    """Warm up as asked, then return lr0 times `decay(part)`, where part goes from 0 to 1."""

    def rate(lr0, t, steps, warmup):
        return lr0 * t / warmup if t < warmup else lr0 * decay((t - warmup) / (steps - warmup))

    return rate


def _half_cosine(part):
    return (1 + np.cos(np.pi * part)) / 2


def _warmed(ramp: Callable) -> Callable:
    """Return lr0 times `ramp(t, warmup)` in the warm-up, then decay as asked."""
    return lambda lr0, t, steps, warmup: lr0 * ramp(t, warmup) if t < warmup else cosine_rate(lr0, t, steps, warmup)


def _cosine_of(part: Callable) -> Callable:
    """Warm up as asked, then take the half cosine at `part(t, steps, warmup)`."""
    return lambda lr0, t, steps, warmup: lr0 * t / warmup if t < warmup else lr0 * _half_cosine(part(t, steps, warmup))


RATE_MISTAKES = {
    "the warm-up is ignored: the cosine starts at t = 0": lambda lr0, t, steps, warmup: cosine_rate(lr0, t, steps, 0),
    "the steps of the warm-up have no formula of their own": (
        lambda lr0, t, steps, warmup: lr0 * _half_cosine((t - warmup) / (steps - warmup))
    ),
    "during the warm-up the cosine comes in as well": lambda lr0, t, steps, warmup: (
        lr0 * min(1, t / warmup if warmup else 1) * _half_cosine(t / steps)
    ),
    "the rate does not end at 0: steps counts the warm-up, so the cosine has fewer": _cosine_of(
        lambda t, steps, warmup: (t - warmup) / steps
    ),
    "the cosine counts from t = 0, not from the end of the warm-up, so the rate jumps there": _cosine_of(
        lambda t, steps, warmup: t / steps
    ),
    "the rate ends at 0 one step too early": _cosine_of(lambda t, steps, warmup: (t - warmup) / (steps - warmup - 1)),
    "the cosine is given degrees, NumPy takes radians": _after_warmup(lambda part: (1 + np.cos(180 * part)) / 2),
    "pi is missing in the cosine": _after_warmup(lambda part: (1 + np.cos(part)) / 2),
    "the cosine goes through a whole period: it comes back to lr0": _after_warmup(lambda part: _half_cosine(2 * part)),
    "the cosine itself is taken, which goes down to -1": _after_warmup(lambda part: np.cos(np.pi * part)),
    "a quarter of a cosine is taken, not half of one": _after_warmup(lambda part: np.cos(np.pi * part / 2)),
    "1 + cosine is not halved: it starts at 2 lr0": _after_warmup(lambda part: 2 * _half_cosine(part)),
    "the cosine goes up instead of down": _after_warmup(lambda part: 1 - _half_cosine(part)),
    "the rate falls along a straight line, not along a cosine": _after_warmup(lambda part: 1 - part),
    "the rate stays at lr0 after the warm-up": _after_warmup(lambda part: 1.0),
    "lr0 is missing: this is the share of it": lambda lr0, t, steps, warmup: cosine_rate(1.0, t, steps, warmup),
    "the warm-up counts one step too far: at t = 0 the rate is 0": _warmed(lambda t, warmup: (t + 1) / warmup),
    "the rate is 0 during the warm-up (is // used instead of /?)": _warmed(lambda t, warmup: t // warmup),
    "the rate is lr0 during the warm-up, it must rise from 0": _warmed(lambda t, warmup: 1.0),
    "the warm-up is not multiplied by lr0": lambda lr0, t, steps, warmup: (
        t / warmup if t < warmup else cosine_rate(lr0, t, steps, warmup)
    ),
    "with warmup = 0 it is divided by zero: t < warmup, not t <= warmup": lambda lr0, t, steps, warmup: (
        lr0 * t / warmup if t <= warmup else cosine_rate(lr0, t, steps, warmup)
    ),
}


QUESTIONS = (
    Question(
        id="03.sgd",
        points=3,
        difficulty=2,
        minutes=10,
        cases=epoch_cases,
        reference=sgd_epoch,
        mistakes=EPOCH_MISTAKES,
        hints=(
            "Write a loop over `order`. In it, `X[i]` is one sample of shape (d,), and `y[i]` is one number.",
            "Residual times sample is an array of shape (d,). The residual must be computed inside the loop, "
            "with the theta of this moment.",
            "A step uses one sample, so there is nothing to average. "
            "`theta -= ...` would change the array of the caller.",
        ),
    ),
    Question(
        id="03.batch",
        points=2,
        difficulty=1,
        minutes=8,
        cases=batch_cases,
        reference=minibatch_gradient,
        mistakes=BATCH_MISTAKES,
        hints=(
            "`X[batch]` takes the rows whose numbers stand in `batch`, a repeated number as often as it stands there. "
            "`y[batch]` does the same for the targets.",
            "Now you have a small data set of `len(batch)` samples. What is the gradient of its half MSE?",
        ),
    ),
    Question(
        id="03.standardize",
        points=2,
        difficulty=1,
        minutes=10,
        cases=scaling_cases,
        reference=standardize,
        mistakes=SCALING_MISTAKES,
        hints=(
            "Mean and deviation of each column: `axis=0`. Compute both from `train`, before you scale anything.",
            "A constant column has the deviation 0. What must it be divided by, so that it is only centered?",
            "`deviation == 0` is a mask: it can choose the entries of an array that get another value.",
        ),
    ),
    Question(
        id="03.folds",
        points=3,
        difficulty=2,
        minutes=10,
        cases=fold_cases,
        reference=k_folds,
        mistakes=FOLD_MISTAKES,
        compare=same_faults(fold_faults),
        compare_all=follows_seed,
        hints=(
            "First shuffle the numbers 0 to n - 1, once, with a method of `rng`. Then cut the result into k parts.",
            "Where n is no multiple of k, the first n % k parts hold one sample more. "
            "NumPy has a function that cuts like this; its name begins with `array_`.",
        ),
    ),
    Question(
        id="03.schedule",
        points=2,
        difficulty=2,
        minutes=8,
        cases=rate_cases,
        reference=cosine_rate,
        mistakes=RATE_MISTAKES,
        hints=(
            "Two formulas, one `if`. With `warmup = 0` no t is below warmup, and the first formula is not used.",
            "After the warm-up, compute the share of the way that is done: 0 at t = warmup, 1 at t = steps.",
            "The cosine of an angle from 0 to pi goes from 1 down to -1. What must be done to it to go from 1 to 0?",
        ),
    ),
)
