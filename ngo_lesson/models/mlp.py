"""Multilayer perceptrons on one flat vector of parameters, and what flows back through them. Lessons 06, 10 and 14.

`sizes` names the widths of the layers, input and output included: (64, 32, 10). `theta` of shape (d,) holds for each
layer its weights (inputs, outputs) row by row, then its biases (outputs,), so that any update rule and any gradient
estimate of the package works on it. X has shape (m, sizes[0]); the output has shape (m, sizes[-1]).

There is one implementation: `forward` and `backward` call the same lines as training, which makes the views once and
not at each step. All of it takes float64 and float32. NumPy does the matrix products; the small loops between them are
compiled, because at the size of a mini-batch the overhead of a NumPy call is larger than its work.
"""

import functools
import itertools
import math
import numbers
import warnings
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import numpy as np
from scipy.special import expit, softmax
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from ngo_lesson.kernels import kernel
from ngo_lesson.optimize.gradients import Central
from ngo_lesson.optimize.updates import RULES, UpdateRule


@kernel
def add_(Z, b):
    """Add b (k,) to each row of Z (m, k)."""
    for i in range(Z.shape[0]):
        for j in range(Z.shape[1]):
            Z[i, j] += b[j]


@kernel
def sum_(rows, total):
    """Fill total (k,) with the sum of the rows (m, k)."""
    for j in range(total.size):
        total[j] = 0
    for i in range(rows.shape[0]):
        for j in range(total.size):
            total[j] += rows[i, j]


@kernel
def relu_(Z):
    """Replace what is negative by 0."""
    for i in range(Z.shape[0]):
        for j in range(Z.shape[1]):
            Z[i, j] = 0 if Z[i, j] < 0 else Z[i, j]  # NaN stays


@kernel
def relu_back_(delta, A):
    """Multiply delta by the derivative of relu, taken as 0 at 0, where A is relu's value."""
    for i in range(A.shape[0]):
        for j in range(A.shape[1]):
            delta[i, j] = delta[i, j] if A[i, j] > 0 else 0


# Each works in place: the function on Z, then delta times the derivative in terms of the function's value A.
ACTIVATIONS = {
    "relu": (relu_, relu_back_),
    "tanh": (lambda Z: np.tanh(Z, out=Z), lambda delta, A: np.multiply(delta, 1 - A * A, out=delta)),
    "sigmoid": (lambda Z: expit(Z, out=Z), lambda delta, A: np.multiply(delta, A * (1 - A), out=delta)),
    "identity": (lambda Z: None, lambda delta, A: None),
}


def shapes(sizes: Sequence[int]) -> list[tuple[tuple[int, int], tuple[int]]]:
    """Return for each layer the shapes of its weights and of its biases. Lesson 06."""
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(f"sizes={sizes!r} must be two or more positive integers, from the input to the output")
    return [((rows, columns), (columns,)) for rows, columns in pairwise(sizes)]


def unpack(theta: np.ndarray, sizes: Sequence[int]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return the weights and the biases of all layers as views of theta, or of a gradient, of shape (d,). Lesson 06."""
    places = _places(tuple(sizes))
    needed = places[-1][-1]
    if theta.shape != (needed,):
        raise ValueError(f"theta has shape {theta.shape}; with sizes={tuple(sizes)} it must be ({needed},)")
    weights = [theta[start:middle].reshape(shape) for shape, start, middle, _ in places]
    return weights, [theta[middle:end] for _, _, middle, end in places]


@functools.cache
def _places(sizes: tuple[int, ...]) -> list[tuple[tuple[int, int], int, int, int]]:
    """Return for each layer the shape of its weights and where in theta they start, its biases start and it ends."""
    ends = list(itertools.accumulate(((rows + 1) * columns for (rows, columns), _ in shapes(sizes)), initial=0))
    layers = zip(shapes(sizes), pairwise(ends), strict=True)
    return [(shape, start, end - shape[1], end) for (shape, _), (start, end) in layers]


def forward(theta: np.ndarray, sizes: Sequence[int], X: np.ndarray, activation: str = "relu") -> list[np.ndarray]:
    """Return the activations of all layers, X first; the output, last, is taken as it is. Lesson 06."""
    return _forward(*unpack(theta, sizes), X, _known("activation", activation, ACTIVATIONS)[0])


def _forward(weights, biases, X, activate_) -> list[np.ndarray]:
    if X.ndim != 2 or X.shape[1] != len(weights[0]) or not len(X):
        raise ValueError(f"X has shape {X.shape}; it must be (m, {len(weights[0])}) with at least one sample")
    activations = [X]
    for layer in range(len(weights)):
        Z = activations[layer] @ weights[layer]
        add_(Z, biases[layer])
        if layer < len(weights) - 1:
            activate_(Z)
        activations.append(Z)
    return activations


def backward(
    theta: np.ndarray, sizes: Sequence[int], activations: list[np.ndarray], delta: np.ndarray, activation: str = "relu"
) -> np.ndarray:
    """Return the gradient of the loss, of theta's shape and type. Rumelhart, Hinton & Williams 1986. Lesson 06.

    `activations` are those of `forward`; `delta` is the derivative of the loss by the output, which a loss returns.
    """
    gradient = np.empty_like(theta)
    back_ = _known("activation", activation, ACTIVATIONS)[1]
    _backward_(unpack(theta, sizes)[0], *unpack(gradient, sizes), activations, delta, back_)
    return gradient


def _backward_(weights, for_weights, for_biases, activations, delta, back_) -> None:
    for layer in reversed(range(len(weights))):
        np.matmul(activations[layer].T, delta, out=for_weights[layer])
        sum_(delta, for_biases[layer])
        if layer:
            delta = delta @ weights[layer].T
            back_(delta, activations[layer])


@kernel
def cross_entropy_(Z, y, delta):
    """Fill delta (m, k) with the derivative by the outputs Z (m, k) for labels y (m,); return the loss. Lesson 06."""
    m, k = Z.shape
    loss = 0.0
    for i in range(m):
        if not 0 <= y[i] < k:
            raise ValueError("y holds a label below 0 or above k - 1, where k is the number of outputs")
        top, total = Z[i, 0], 0.0
        for j in range(1, k):
            top = max(top, Z[i, j])
        for j in range(k):
            delta[i, j] = math.exp(Z[i, j] - top)
            total += delta[i, j]
        loss += math.log(total) + top - Z[i, y[i]]
        for j in range(k):
            delta[i, j] /= m * total
        delta[i, y[i]] -= 1 / m
    return loss / m


def cross_entropy(Z: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the mean over samples of -log softmax(z)_y for labels y (m,) from 0, and its derivative by Z. Lesson 06.

    The derivative is (softmax(z) - e_y) / m. Bishop 2006, Pattern Recognition and Machine Learning, eq. 4.108, 4.109.
    """
    if y.shape != Z.shape[:1] or y.dtype.kind not in "iu":
        raise ValueError(f"y is {y.dtype} of shape {y.shape}; it must be integer labels of shape {Z.shape[:1]}")
    if Z.dtype.kind != "f":
        Z = Z.astype(np.float64)
    delta = np.empty_like(Z)
    return cross_entropy_(Z, y, delta), delta


def half_squared_error(Z: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the mean over samples of |z - y|^2 / 2 for targets y like Z, and its derivative by Z. Lesson 06.

    With one output, y may have shape (m,). The derivative is (z - y) / m.
    """
    if y.shape != Z.shape and y.shape != (len(Z),) * (Z.shape[1] == 1):
        raise ValueError(f"y has shape {y.shape}; the output has shape {Z.shape}, and y must have the same")
    delta = Z - y.reshape(Z.shape)
    value = float(np.vdot(delta, delta)) / (2 * len(Z))
    delta /= len(Z)
    return value, delta


LOSSES = {"cross_entropy": cross_entropy, "half_squared_error": half_squared_error}


def loss(theta, sizes, X, y, activation: str = "relu", kind: str = "cross_entropy") -> float:
    """Return the loss of the network on samples X with labels or targets y: values only, for search. Lessons 06, 10."""
    return _known("kind", kind, LOSSES)(forward(theta, sizes, X, activation)[-1], y)[0]


def loss_and_gradient(theta, sizes, X, y, activation: str = "relu", kind: str = "cross_entropy"):
    """Return `loss` and its gradient of shape (d,), by one pass forward and one backward. Lesson 06."""
    return _backprop(theta, sizes, activation, kind)(X, y)


def _backprop(theta, sizes, activation, kind) -> Callable:
    """Return the function of (X, y) that gives loss and gradient at the theta of the moment, always in one array."""
    gradient = np.empty_like(theta)
    views, views_of_gradient = unpack(theta, sizes), unpack(gradient, sizes)
    activate_, back_ = _known("activation", activation, ACTIVATIONS)
    measure = _known("kind", kind, LOSSES)

    def at(X, y):
        activations = _forward(*views, X, activate_)
        value, delta = measure(activations[-1], y)
        _backward_(views[0], *views_of_gradient, activations, delta, back_)
        return value, gradient

    return at


def layer_norms(gradient: np.ndarray, sizes: Sequence[int]) -> np.ndarray:
    """Return the norm of the part of each layer's weights in a gradient, or in theta, of shape (d,). Lesson 06."""
    return np.array([np.linalg.norm(weights) for weights in unpack(gradient, sizes)[0]])


def gradient_check(fun: Callable, grad: Callable, x: np.ndarray) -> float:
    """Return |g - c| / (|g| + |c|) for g = grad(x) and c the central differences of fun at x of shape (d,). Lesson 06.

    Below 1e-6 if grad is right, far above if it is not: 1/3 if twice too long, 1 if its sign is turned. A kink of fun
    within the differences spoils it.
    """
    x = np.asarray(x, dtype=np.float64)
    g, c = np.asarray(grad(x)), Central().gradient(fun, x)
    if g.shape != x.shape:
        raise ValueError(f"grad returned shape {g.shape}; it must return shape {x.shape}, as x")
    scale = np.linalg.norm(g) + np.linalg.norm(c)
    return float(np.linalg.norm(g - c) / scale) if scale > 0 else 0.0


def normal(rows: int, columns: int, rng: np.random.Generator, scale: float = 1.0) -> np.ndarray:
    """Return independent normal weights of this standard deviation. Lesson 06."""
    return scale * rng.standard_normal((rows, columns))


def he(rows: int, columns: int, rng: np.random.Generator) -> np.ndarray:
    """Return normal weights of variance 2 / rows: relu keeps the size of activations. He et al. 2015. Lesson 06."""
    return normal(rows, columns, rng, math.sqrt(2 / rows))


def xavier(rows: int, columns: int, rng: np.random.Generator) -> np.ndarray:
    """Return normal weights of variance 2 / (rows + columns), for tanh. Glorot & Bengio 2010. Lesson 06."""
    return normal(rows, columns, rng, math.sqrt(2 / (rows + columns)))


def orthogonal(rows: int, columns: int, rng: np.random.Generator, gain: float = 1.0) -> np.ndarray:
    """Return `gain` times a random matrix with orthonormal rows or columns, the fewer. Saxe et al. 2014. Lesson 06.

    The signs of R's diagonal make it uniform over such matrices: QR alone is not. Mezzadri 2007.
    """
    Q, R = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
    Q *= gain * np.sign(np.diag(R))
    return Q if rows >= columns else Q.T


INITS = {"he": he, "xavier": xavier, "orthogonal": orthogonal, "normal": normal}


def initialize(sizes: Sequence[int], init: str | Callable, rng: np.random.Generator | int) -> np.ndarray:
    """Return theta of shape (d,), float64: weights by `init`, a name or init(rows, columns, rng), biases zero."""
    rng, make = np.random.default_rng(rng), init if callable(init) else _known("init", init, INITS)
    theta = np.zeros(_places(tuple(sizes))[-1][-1])
    for weights in unpack(theta, sizes)[0]:
        weights[:] = make(*weights.shape, rng)
    return theta


def train_(
    theta: np.ndarray,
    sizes: Sequence[int],
    X: np.ndarray,
    y: np.ndarray,
    rule: UpdateRule,
    *,
    activation: str = "relu",
    kind: str = "cross_entropy",
    batch_size: int,
    rng: np.random.Generator,
) -> Iterator[float]:
    """Train theta in place without end: each `next` is one epoch over shuffled mini-batches and gives its loss.

    The loss is the mean over samples, each taken when it is met. ValueError, with the step, if it is not finite.
    Lesson 06.
    """
    if len(y) != len(X):
        raise ValueError(f"y has {len(y)} entries and X has {len(X)} samples; each sample needs one")

    at = _backprop(theta, sizes, activation, kind)
    while True:
        order = rng.permutation(len(X))
        yield _epoch_(theta, X[order], y[order], at, rule, batch_size)


@np.errstate(over="ignore", invalid="ignore")
def _epoch_(theta, X, y, at, rule, batch_size) -> float:
    """Pass once over the samples in this order; return the mean loss."""
    total = 0.0
    for start in range(0, len(X), batch_size):
        batch = X[start : start + batch_size]
        value, g = at(batch, y[start : start + batch_size])
        if not math.isfinite(value):
            raise ValueError(f"the loss is {value} at step {rule.t + 1}: the run has diverged; try a smaller lr")
        rule.step_(theta, g)
        total += value * len(batch)
    return total / len(X)


class _MLP(BaseEstimator):
    """What both estimators share: parameters and training."""

    def __init__(
        self,
        hidden_layer_sizes=(100,),
        activation="relu",
        *,
        rule="adam",
        learning_rate=None,
        batch_size: int | str = "auto",
        max_iter: int = 200,
        init="he",
        dtype="float32",
        random_state=None,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.rule = rule
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.init = init
        self.dtype = dtype
        self.random_state = random_state

    def _fit(self, X, y, outputs: int, kind: str):
        """Train on checked X (m, n) and y (m,)."""
        self._check(len(X))
        rng, rule = np.random.default_rng(self.random_state), self._rule()
        sizes = (X.shape[1], *np.atleast_1d(self.hidden_layer_sizes).tolist(), outputs)
        theta = initialize(sizes, self.init, rng).astype(self.dtype)
        if y.dtype.kind == "f":
            y = y.astype(self.dtype)
        batch_size = min(64, len(X)) if self.batch_size == "auto" else self.batch_size
        options = {"activation": self.activation, "batch_size": batch_size, "rng": rng}
        epochs = train_(theta, sizes, X.astype(self.dtype), y, rule, kind=kind, **options)
        self.loss_curve_ = []  # an attribute at once: a run that diverges keeps it
        for _ in range(self.max_iter):
            self.loss_curve_.append(next(epochs))
        if self.loss_curve_[-1] > self.loss_curve_[0]:
            change = f"the loss rose from {self.loss_curve_[0]:.3g} to {self.loss_curve_[-1]:.3g}"
            warnings.warn(f"{change} in {self.max_iter} epochs; try a smaller learning rate", ConvergenceWarning, 3)
        self.n_iter_, self.sizes_, self.theta_ = self.max_iter, sizes, theta.astype(np.float64)
        self.coefs_, self.intercepts_ = unpack(self.theta_, sizes)
        return self

    def _check(self, samples: int) -> None:
        """ValueError or TypeError for a parameter that cannot be, named."""
        hidden = np.atleast_1d(self.hidden_layer_sizes)
        if hidden.ndim != 1 or (hidden.size and (hidden.dtype.kind not in "iu" or hidden.min() < 1)):
            raise ValueError(f"hidden_layer_sizes={self.hidden_layer_sizes!r} must be positive integers, as (64, 32)")
        _known("activation", self.activation, ACTIVATIONS)
        if not (isinstance(self.max_iter, numbers.Integral) and self.max_iter >= 1):
            raise ValueError(f"max_iter={self.max_iter!r} must be a positive integer, the number of epochs")
        size = self.batch_size
        if size != "auto" and not (isinstance(size, numbers.Integral) and 1 <= size <= samples):
            raise ValueError(f'batch_size={size!r} must be "auto" or from 1 to the number of samples, {samples}')
        if self.dtype not in ("float32", "float64"):
            raise ValueError(f'dtype={self.dtype!r} must be "float32" or "float64"')

    def _rule(self) -> UpdateRule:
        """Return a fresh update rule."""
        if isinstance(self.rule, UpdateRule):
            if self.learning_rate is not None:
                raise ValueError(f"learning_rate={self.learning_rate!r} must be None: the rule given has its own lr")
            return self.rule.fresh()
        make = self.rule if callable(self.rule) else _known("rule", self.rule, RULES)
        return make() if self.learning_rate is None else make(lr=self.learning_rate)

    def _output(self, X) -> np.ndarray:
        check_is_fitted(self, "theta_")
        X = validate_data(self, X, dtype=np.float64, reset=False)
        return forward(self.theta_, self.sizes_, X, self.activation)[-1]


class MLPClassifier(ClassifierMixin, _MLP):
    """Multilayer perceptron that minimizes the softmax cross-entropy. Lesson 06.

    hidden_layer_sizes, activation ("relu", "tanh", "sigmoid", "identity"), max_iter (epochs), random_state (int, numpy
    Generator or None): as in scikit-learn.
    rule: a name in RULES, an UpdateRule, or a function that makes one. learning_rate: None is the rule's own default.
    batch_size: "auto" is 64, or all samples if there are fewer. init: a name in INITS or a function like those.
    dtype: precision of training, "float32" or "float64".
    Attributes: theta_ (d,) float64, sizes_, coefs_ and intercepts_ (views of theta_), loss_curve_ and n_iter_ (epochs),
    classes_.
    """

    def fit(self, X, y):
        """Fit to X (m, n) and labels y (m,); returns self."""
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        return self._fit(X, labels, len(self.classes_), "cross_entropy")

    def predict_proba(self, X):
        """Return the probability of each class, in the order of classes_, shape (m, classes)."""
        return softmax(self._output(X), axis=1)

    def predict(self, X):
        """Return the likeliest class of each sample, shape (m,)."""
        best = self._output(X).argmax(axis=1)
        return self.classes_[best]


class MLPRegressor(RegressorMixin, _MLP):
    """Multilayer perceptron that minimizes half the squared error; it works best on standardized y. Lesson 06.

    Parameters and attributes are those of MLPClassifier, without classes_.
    """

    def fit(self, X, y):
        """Fit to X (m, n) and y (m,); returns self."""
        X, y = validate_data(self, X, y, dtype=np.float64, y_numeric=True)
        return self._fit(X, y.astype(np.float64), 1, "half_squared_error")

    def predict(self, X):
        """Return predictions of shape (m,)."""
        return self._output(X)[:, 0]


def _known(name: str, word, known: dict):
    """Return known[word]; ValueError with the known words if there is none."""
    if isinstance(word, str) and word in known:
        return known[word]
    raise ValueError(f"{name}={word!r} is unknown; known: {', '.join(known)}")
