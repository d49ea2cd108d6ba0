"""Networks beside their peers, float32: a perceptron 64-64-10 on digits, batch 64, 20 epochs of Adam; a Transformer."""

import importlib.util
import statistics
import tracemalloc
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier as Peer

from benchmarks.timing import fresh, medians, row
from ngo_lesson.models.fine_tuning import mezo_step_
from ngo_lesson.models.language_model import CharTokenizer, Config, LanguageModel
from ngo_lesson.models.mlp import MLPClassifier
from ngo_lesson.optimize.updates import Adam

HIDDEN, BATCH, RATE = 64, 64, 5e-3
SIZES = Config(190, context=64, width=64, heads=4, layers=2)  # 114,880 parameters
TEXTS = 16
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


def language_model(config: Config) -> tuple[LanguageModel, np.ndarray, np.ndarray]:
    """Return a new model with a batch of random inputs and targets."""
    rng, characters = np.random.default_rng(0), "".join(chr(0x4E00 + i) for i in range(config.vocabulary - 1))
    inputs, targets = rng.integers(0, config.vocabulary, (2, TEXTS, config.context))
    return LanguageModel(CharTokenizer(characters), config), inputs, targets


def torch_language_model(config: Config, inputs: np.ndarray, targets: np.ndarray) -> tuple[Callable, Callable]:
    """Return functions for the loss and for a step of torch's fused Adam, with its own attention, on one thread."""
    import torch
    from torch import nn
    from torch.nn import functional as F

    torch.set_num_threads(1)
    torch.manual_seed(0)
    n, heads = config.width, config.heads

    class Layer(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(n, bias=False), nn.LayerNorm(n, bias=False)
            self.qkv, self.out = nn.Linear(n, 3 * n, bias=False), nn.Linear(n, n, bias=False)
            self.up, self.down = nn.Linear(n, 4 * n, bias=False), nn.Linear(4 * n, n, bias=False)

        def forward(self, x):
            parts = self.qkv(self.norm1(x)).split(n, dim=2)
            q, k, v = (part.unflatten(2, (heads, n // heads)).transpose(1, 2) for part in parts)
            mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.out(mixed.transpose(1, 2).flatten(2))
            return x + self.down(F.gelu(self.up(self.norm2(x)), approximate="tanh"))

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.tokens, self.positions = nn.Embedding(config.vocabulary, n), nn.Embedding(config.context, n)
            self.layers, self.norm = (
                nn.Sequential(*(Layer() for _ in range(config.layers))),
                nn.LayerNorm(n, bias=False),
            )

        def forward(self, inputs, targets):
            x = self.layers(self.tokens(inputs) + self.positions.weight)
            return F.cross_entropy((self.norm(x) @ self.tokens.weight.T).flatten(0, 1), targets.flatten())

    model, inputs, targets = Model(), torch.from_numpy(inputs), torch.from_numpy(targets)
    assert sum(p.numel() for p in model.parameters()) == config.size
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-5, fused=True)

    @torch.no_grad()
    def loss():
        return model(inputs, targets)

    def step():
        optimizer.zero_grad()
        model(inputs, targets).backward()
        optimizer.step()

    return loss, step


def adam_step(model: LanguageModel, rule: Adam, inputs, targets) -> None:
    rule.step_(model.theta, model.loss_and_gradient(model.theta, inputs, targets)[1])


def mezo_step(model: LanguageModel, inputs, targets, seed: int = 0) -> None:
    mezo_step_(lambda theta: model.loss(theta, inputs, targets), model.theta, seed, 1e-3, 1e-6)


def transformer_times(repeats: int) -> Iterator[dict]:
    """Yield the rows of a forward pass and of a step by Adam and by MeZO."""
    model, inputs, targets = language_model(SIZES)
    trained, rule = LanguageModel(model.tokenizer, SIZES), Adam(1e-5)  # each keeps the arrays of its pass
    functions = [lambda: model.loss(model.theta, inputs, targets), lambda: adam_step(trained, rule, inputs, targets)]
    functions += [lambda: mezo_step(model, inputs, targets)]
    functions += torch_language_model(SIZES, inputs, targets) if TORCH else ()
    loss, adam, mezo, *peers = medians(*functions, repeats=repeats)
    peer_loss, peer_adam = (1e3 * each for each in peers) if peers else (None, None)
    how = f"{SIZES.size} parameters, {TEXTS} texts of {SIZES.context} tokens, one thread; median of {repeats}"
    against = f"{how}; torch: scaled_dot_product_attention, " + ("fused Adam" if TORCH else "not installed")
    yield row("Transformer, loss without gradient, ms", 1e3 * loss, peer_loss, at_least=1 / 0.85, how=against)
    yield row("Transformer, step of Adam, ms", 1e3 * adam, peer_adam, at_least=1 / 0.75, how=against)
    yield row("Transformer, step of MeZO, in losses", mezo / loss, at_most=2.05, how=how)


def peak_bytes(method: str, config: Config) -> list[int]:
    """Return what a step of "adam" or "mezo" holds at most, theta included: resident in memory, and as allocated."""
    return fresh(f"from benchmarks.networks import *; print(held({method!r}, {config!r}))", OMP_NUM_THREADS="1")


def held(method: str, config: Config) -> list[int]:
    """Do what `peak_bytes` says in this process, which must be a new one."""

    def step(model, *batch):
        return adam_step(model, Adam(), *batch) if method == "adam" else mezo_step(model, *batch)

    def resident(entry):
        return next(int(line.split()[1]) for line in Path("/proc/self/status").open() if line.startswith(entry))

    step(*language_model(Config(2, context=1, width=1, heads=1, layers=1)))  # kernels are loaded
    first, *batch = language_model(config)
    second = LanguageModel(first.tokenizer, config)
    Path("/proc/self/clear_refs").write_text("5")  # the highest resident size starts anew
    before = resident("VmRSS")
    step(first, *batch)
    grown = 1024 * (resident("VmHWM") - before)
    tracemalloc.start()
    step(second, *batch)
    return [grown + first.theta.nbytes, tracemalloc.get_traced_memory()[1] + second.theta.nbytes]


def transformer_memory() -> Iterator[dict]:
    """Yield the rows of peak memory, by depth. Only Linux says what is resident."""
    least = 2.9
    for layers in (2, 4, 8):
        config = replace(SIZES, layers=layers)
        mezo, adam = peak_bytes("mezo", config), peak_bytes("adam", config)
        how = f"{config.size} parameters, {TEXTS} texts of {config.context} tokens; theta included"
        for kind, ours, peer in zip(("resident", "allocated"), mezo, adam, strict=True):
            name = f"{layers} layers, peak memory of MeZO against Adam, {kind}, MB"
            yield row(name, ours / 1e6, peer / 1e6, at_least=least, how=how)
        least = adam[1] / mezo[1]  # more with depth


def networks(epochs: int = 20, repeats: int = 15, seeds: int = 10) -> Iterator[dict]:
    """Yield the rows of this group; torch's only where torch is installed."""
    yield from perceptron(epochs, repeats, seeds)
    yield from transformer_times(3 * repeats)
    yield from transformer_memory()


def perceptron(epochs: int, repeats: int, seeds: int) -> Iterator[dict]:
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
