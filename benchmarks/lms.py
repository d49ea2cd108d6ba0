"""Linear regression one sample at a time, on data of the shape of the California houses (20,640 x 8)."""

from collections.abc import Iterator

import numpy as np
from sklearn.linear_model import SGDRegressor

from benchmarks.timing import medians, row
from ngo_lesson.models.linear import lms as ours

LR = 1e-3


def textbook(theta: np.ndarray, X: np.ndarray, y: np.ndarray, lr: float, epochs: int, rng: np.random.Generator):
    """The loop that a textbook prints, in NumPy."""
    losses = []
    for _ in range(epochs):
        total = 0.0
        for i in rng.permutation(len(y)):
            error = X[i] @ theta - y[i]
            theta = theta - lr * error * X[i]
            total += error**2
        losses.append(total / (2 * len(y)))
    return theta, losses


def lms(samples: int = 20_640, epochs: int = 10, repeats: int = 15) -> Iterator[dict]:
    """Yield the rows of this group."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((samples, 8))
    y = X @ rng.standard_normal(8) + rng.standard_normal(samples)
    zero = np.zeros(8)
    peer = SGDRegressor(
        penalty=None, learning_rate="constant", eta0=LR, fit_intercept=False, max_iter=epochs, tol=None, random_state=0
    )
    seconds = medians(
        lambda: ours(zero, X, y, LR, epochs, rng),
        lambda: textbook(zero, X, y, LR, 1, rng),
        lambda: peer.fit(X, y),
        repeats=repeats,
    )
    mine, numpy, sklearn = (1e9 * s / samples / n for s, n in zip(seconds, (epochs, 1, epochs), strict=True))
    how = f"{samples} x 8 normal data, {epochs} epochs with shuffling and loss history, median of {repeats}"
    yield row("LMS epoch, ns a sample", mine, at_most=12, how=how)
    yield row("LMS epoch against the textbook NumPy loop, ns a sample", mine, numpy, at_least=100, how=how)
    same = f"{how}; no penalty, no intercept, the same fixed rate"
    yield row("LMS epoch against scikit-learn's SGDRegressor, ns a sample", mine, sklearn, at_least=2, how=same)
