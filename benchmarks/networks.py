"""A multilayer perceptron 64-64-10 on scikit-learn's digits, batch 64, Adam, 20 epochs, float32, beside its peers."""

import importlib.util
import statistics
import warnings
from collections.abc import Callable, Iterator

import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier as Peer

from benchmarks.timing import medians, row
from ngo_lesson.models.mlp import MLPClassifier

HIDDEN, BATCH, RATE = 64, 64, 5e-3
TORCH = importlib.util.find_spec("torch") is not None


def digits() -> list[np.ndarray]:
    """Return X in 0 to 1 for training and for testing (a fifth), then the labels of both."""
    X, y = load_digits(return_X_y=True)
    return train_test_split((X / 16).astype(np.float32), y, test_size=0.2, random_state=0, stratify=y)


def with_ours(X, X_test, y, epochs: int, seed: int) -> Callable:
    """Return a function that trains, and then gives the predictions."""
    model = MLPClassifier((HIDDEN,), learning_rate=RATE, batch_size=BATCH, max_iter=epochs, random_state=seed)
    return lambda: model.fit(X, y).predict(X_test)


def with_sklearn(X, X_test, y, epochs: int, seed: int) -> Callable:
    """The same, with scikit-learn: no penalty, no early stop."""
    options = {"batch_size": BATCH, "max_iter": epochs, "random_state": seed, "alpha": 0, "n_iter_no_change": epochs}
    model = Peer((HIDDEN,), learning_rate_init=RATE, **options)
    return lambda: model.fit(X, y).predict(X_test)


def with_torch(X, X_test, y, epochs: int, seed: int) -> Callable:
    """The same, with torch on one thread: its fused Adam, samples shuffled once an epoch."""
    import torch
    from torch import nn

    torch.set_num_threads(1)
    X, X_test, y = (torch.from_numpy(array) for array in (X, X_test, y))
    cross_entropy = nn.CrossEntropyLoss()

    def run():
        torch.manual_seed(seed)
        model = nn.Sequential(nn.Linear(X.shape[1], HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, int(y.max()) + 1))
        optimizer = torch.optim.Adam(model.parameters(), lr=RATE, fused=True)
        for _ in range(epochs):
            order = torch.randperm(len(X))
            for samples, labels in zip(X[order].split(BATCH), y[order].split(BATCH), strict=True):
                optimizer.zero_grad()
                cross_entropy(model(samples), labels).backward()
                optimizer.step()
        with torch.no_grad():
            return model(X_test).argmax(dim=1).numpy()

    return run


def networks(epochs: int = 20, repeats: int = 15, seeds: int = 10) -> Iterator[dict]:
    """Yield the rows of this group; torch's only where torch is installed."""
    X, X_test, y, y_test = digits()
    makers = {"ours": with_ours, "scikit-learn": with_sklearn} | ({"torch": with_torch} if TORCH else {})
    with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):
        accuracy = {
            name: statistics.mean(float(np.mean(make(X, X_test, y, epochs, s)() == y_test)) for s in range(seeds))
            for name, make in makers.items()
        }
        mine, *peers = medians(*(make(X, X_test, y, epochs, 0) for make in makers.values()), repeats=repeats)
    data = f"{len(X)} digits for training, {len(X_test)} for testing, float32, one thread, Adam at lr={RATE:g}"
    means = ", ".join(f"{name} {value:.3f}" for name, value in accuracy.items())
    how = f"{data}, {epochs} epochs; median of {repeats}; mean test accuracy over {seeds} seeds: {means}"
    for name, peer in zip(list(makers)[1:], peers, strict=True):
        yield row(f"MLP 64-{HIDDEN}-10 on digits against {name}, ms", 1e3 * mine, 1e3 * peer, at_least=4.5, how=how)
