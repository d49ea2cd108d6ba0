"""Questions of exercise 06, neural networks. A layer has weights (in, out) and a bias (out,); X (m, in), y (m, out)."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from ngo_lesson.answers import Outcome, Seed
from ngo_lesson.questions.question import Case, Question, close, follows_seed


# 06.sigmoid
def sigmoid(z):
    """1 / (1 + exp(-z)) of every entry, without overflow."""
    return np.exp(-np.logaddexp(0, -z))


def sigmoid_cases(rng: np.random.Generator) -> list[Case]:
    """A few values by hand, a random matrix, then some whose exponential overflows, in both directions."""
    return [
        Case((np.array([0.0, 1.0, -2.0]),)),
        Case((3 * rng.normal(size=(3, 4)),)),
        Case((np.array([-30.0, 30.0, -100.0, 100.0]),)),
        Case((np.array([-1000.0, 0.5, 1000.0]),)),
        Case((rng.uniform(800, 2000, size=4) * [1, -1, 1, -1],)),
    ]


def _clipped(top: float) -> Callable:
    return lambda z: sigmoid(np.clip(z, -top, top))


SIGMOID_MISTAKES = {
    "exp(z) / (1 + exp(z)) is inf / inf for large z, which is NaN": lambda z: np.exp(z) / (1 + np.exp(z)),
    "the sign of z is wrong: large z should give 1": lambda z: 1 / (1 + np.exp(z)),
    "1 is not added to the exponential": lambda z: 1 / np.exp(-z),
    "1 is subtracted, it should be added": lambda z: 1 / (1 - np.exp(-z)),
    "1 / 1 + exp(-z) is 1 + exp(-z): write parentheses": lambda z: 1 + np.exp(-z),
    "the division is missing": lambda z: 1 + np.exp(z),
    "the derivative is returned": lambda z: sigmoid(z) * (1 - sigmoid(z)),
    "z * (1 - z) is returned, the derivative of a value that is a sigmoid already": lambda z: z * (1 - z),
    "the hyperbolic tangent is returned, which goes from -1 to 1": np.tanh,
    "tanh is moved up and halved, but z is not halved": lambda z: (1 + np.tanh(z)) / 2,
    "the values are divided by their sum (softmax)": lambda z: np.exp(z - z.max()) / np.exp(z - z.max()).sum(),
    "negative values are set to zero (ReLU)": lambda z: np.maximum(z, 0),
    "the step from 0 to 1 is hard": lambda z: np.where(z > 0, 1.0, 0.0),
    "the logarithm of the sigmoid is returned": lambda z: -np.logaddexp(0, -z),
    "z is clipped to the interval from -1 to 1": _clipped(1),
    "z is clipped to the interval from -5 to 5": _clipped(5),
    "z is clipped to the interval from -10 to 10": _clipped(10),
}


# 06.forward
def forward(weights, biases, X):
    """Return the activations of all layers, X first."""
    activations = [X]
    for W, b in zip(weights, biases, strict=True):
        activations.append(sigmoid(activations[-1] @ W + b))
    return activations


def _layers(rng: np.random.Generator, *sizes: int) -> tuple[list, list]:
    return [rng.normal(size=pair) for pair in pairwise(sizes)], [rng.normal(size=n) for n in sizes[1:]]


def forward_cases(rng: np.random.Generator) -> list[Case]:
    """One unit, one layer, two square layers, then three layers of different sizes."""
    return [
        Case(([np.array([[2.0]])], [np.array([-1.0])], np.array([[0.5], [1.0]]))),
        Case(
            (
                [np.array([[1.0, -1.0], [2.0, 0.0]])],
                [np.array([0.5, -0.5])],
                np.array([[1.0, 0.0], [0.0, 1.0], [2.0, -1.0]]),
            )
        ),
        Case((*_layers(rng, 2, 2, 2), rng.normal(size=(3, 2)))),
        Case((*_layers(rng, 3, 5, 4, 2), rng.normal(size=(6, 3)))),
    ]


def _forward(
    layer: Callable = lambda a, W, b: a @ W + b,
    activate: Callable = sigmoid,
    last: Callable | None = None,
    returned: Callable = lambda outputs: outputs,
) -> Callable:
    """A forward pass with another layer, another activation (of the last layer, too), or another result."""

    def passed(weights, biases, X):
        outputs = [X]
        for k, (W, b) in enumerate(zip(weights, biases, strict=True), 1):
            output = last if last and k == len(weights) else activate
            outputs.append(output(layer(outputs[-1], W, b)))
        return returned(outputs)

    return passed


def _same(z):
    return z


def _sums(weights, biases, X):
    activations = forward(weights, biases, X)
    return [X, *(a @ W + b for a, W, b in zip(activations, weights, biases, strict=False))]


def _biases_outside(weights, biases, X):
    activations = [X]
    for W, b in zip(weights, biases, strict=True):
        activations.append(sigmoid(activations[-1] @ W) + b)
    return activations


def _all_from_x(weights, biases, X):
    return [X, *(sigmoid(X @ W + b) for W, b in zip(weights, biases, strict=True))]


FORWARD_MISTAKES = {
    "the biases are not added": _forward(lambda a, W, b: a @ W),
    "the biases are subtracted": _forward(lambda a, W, b: a @ W - b),
    "the biases are added after the sigmoid": _biases_outside,
    "the sigmoid of the output layer is missing": _forward(last=_same),
    "the sigmoid of the hidden layers is missing": _forward(activate=_same, last=sigmoid),
    "no sigmoid is taken, all layers are linear": _forward(activate=_same),
    "the weights are transposed: they have shape (in, out)": _forward(lambda a, W, b: a @ W.T + b),
    "weights and activations are multiplied entry by entry (*), a matrix product (@) was asked": _forward(
        lambda a, W, b: a * W + b
    ),
    "X is missing at the start of the list": _forward(returned=lambda outputs: outputs[1:]),
    "only the output is returned, all activations were asked": _forward(returned=lambda outputs: outputs[-1]),
    "the list starts with the output: X should be first": _forward(returned=lambda outputs: outputs[::-1]),
    "the output is left out at the end of the list": _forward(returned=lambda outputs: outputs[:-1]),
    "the list holds the values before the sigmoid": _sums,
    "every layer takes X as its input, it should take the activation of the layer before": _all_from_x,
    "the hyperbolic tangent is taken instead of the sigmoid": _forward(activate=np.tanh),
    "negative values are set to zero (ReLU) in the hidden layers, the sigmoid was asked": _forward(
        activate=lambda z: np.maximum(z, 0), last=sigmoid
    ),
    "the sigmoid is taken of X, too": lambda weights, biases, X: forward(weights, biases, sigmoid(X)),
}


# 06.backward
def backward(weights, activations, y):
    """Return the gradients of 1/(2m) times the squared error: list of dW, list of db."""
    delta = (activations[-1] - y) / len(y)
    dW, db = [], []
    for k in reversed(range(len(weights))):
        delta = delta * activations[k + 1] * (1 - activations[k + 1])
        dW.insert(0, activations[k].T @ delta)
        db.insert(0, delta.sum(axis=0))
        delta = delta @ weights[k].T
    return dW, db


def backward_cases(rng: np.random.Generator) -> list[Case]:
    """One unit and one sample, one layer, two square layers, then three layers; the activations fit the weights."""

    def drawn(m: int, *sizes: int) -> Case:
        weights, biases = _layers(rng, *sizes)
        activations = forward(weights, biases, rng.normal(size=(m, sizes[0])))
        return Case((weights, activations, rng.uniform(size=(m, sizes[-1]))))

    return [
        Case(([np.array([[0.0]])], [np.array([[2.0]]), np.array([[0.5]])], np.array([[1.0]]))),
        drawn(3, 2, 2),
        drawn(3, 2, 2, 2),
        drawn(6, 3, 5, 4, 2),
    ]


def _backward(
    error: Callable = lambda a, y: (a - y) / len(y),
    slope: Callable = lambda a: a * (1 - a),
    last: Callable | None = None,
    bias: Callable = lambda delta: delta.sum(axis=0),
    down: Callable = lambda delta, W: delta @ W.T,
) -> Callable:
    """A backward pass with another error, slope (of the last layer, too), gradient of the bias, or way down."""

    def passed(weights, activations, y):
        delta, dW, db = error(activations[-1], y), [], []
        for k in reversed(range(len(weights))):
            here = last if last and k == len(weights) - 1 else slope
            delta = delta * here(activations[k + 1])
            dW.insert(0, activations[k].T @ delta)
            db.insert(0, bias(delta))
            delta = down(delta, weights[k])
        return dW, db

    return passed


def _one(a):
    return np.ones_like(a)


def _rearranged(change: Callable) -> Callable:
    return lambda weights, activations, y: change(*backward(weights, activations, y))


BACKWARD_MISTAKES = {
    "the sigmoid is taken again: the slope is a (1 - a), with a the activation": _backward(
        slope=lambda a: sigmoid(a) * (1 - sigmoid(a))
    ),
    "the sum over the samples is not divided by m": _backward(lambda a, y: a - y),
    "the sum is divided by m times the number of outputs (np.mean over all entries)": _backward(
        lambda a, y: (a - y) / y.size
    ),
    "the gradients are twice as long: the half in front cancels the 2 of the square": _backward(
        lambda a, y: 2 * (a - y) / len(y)
    ),
    "the half is still there, but the derivative of a square brings a 2": _backward(
        lambda a, y: (a - y) / (2 * len(y))
    ),
    "the sign is wrong: the error is activation minus target": _backward(lambda a, y: (y - a) / len(y)),
    "the slope of the sigmoid is missing at the output": _backward(last=_one),
    "the slope of the sigmoid is missing in the hidden layers": _backward(slope=_one, last=lambda a: a * (1 - a)),
    "the slope of the sigmoid is missing everywhere": _backward(slope=_one),
    "the slope is 1 - a**2, that of the hyperbolic tangent": _backward(slope=lambda a: 1 - a**2),
    "the gradient of the bias is not summed over the samples": _backward(bias=lambda delta: delta),
    "the gradient of the bias has shape (1, out), (out,) was asked": _backward(
        bias=lambda delta: delta.sum(axis=0, keepdims=True)
    ),
    "the gradient of the bias is averaged twice": _backward(bias=lambda delta: delta.mean(axis=0)),
    "the gradient of the bias is summed over the units, too": _backward(bias=lambda delta: delta.sum()),
    "the weights are not transposed on the way back": _backward(down=lambda delta, W: delta @ W),
    "the gradients of the weights are transposed: they have the shapes of the weights": _rearranged(
        lambda dW, db: ([W.T for W in dW], db)
    ),
    "the lists start with the last layer": _rearranged(lambda dW, db: (dW[::-1], db[::-1])),
    "db and dW are returned in the wrong order": _rearranged(lambda dW, db: (db, dW)),
    "only the gradients of the weights are returned": _rearranged(lambda dW, db: dW),
}


# 06.check
def numerical_gradient(f, x, h):
    """Return the central differences of f at x, of x's shape."""
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[index] = h
        gradient[index] = (f(x + step) - f(x - step)) / (2 * h)
    return gradient


def cubes(x):
    """the sum of the cubes of all entries"""
    return np.sum(x**3)


def check_cases(rng: np.random.Generator) -> list[Case]:
    """A vector, a matrix that f multiplies, an array of three dimensions, then a small h."""
    A, C = rng.normal(size=(3, 2)), rng.normal(size=(2, 4, 3))

    def waves(x):
        """the sum of sin(x @ A), A a matrix of shape (3, 2)"""
        return np.sum(np.sin(x @ A))

    def growth(x):
        """the sum of C * exp(x), C an array of shape (2, 4, 3)"""
        return np.sum(C * np.exp(x))

    return [
        Case((cubes, np.array([1.0, -2.0]), 0.5)),
        Case((waves, rng.normal(size=(4, 3)), 0.2)),
        Case((growth, rng.normal(size=(2, 4, 3)), 0.1)),
        Case((waves, rng.normal(size=(2, 3)), 1e-4)),
    ]


def _differences(quotient: Callable, moved: Callable = lambda x: x) -> Callable:
    """Differences by `quotient(f, x, step, h)`."""

    def differences(f, x, h):
        gradient = np.zeros_like(x)
        for index in np.ndindex(x.shape):
            step = np.zeros_like(x)
            step[index] = h
            gradient[index] = quotient(f, x, step, h)
        return gradient

    return differences


def _forward_once(f, x, h):
    base = f(x)
    return _differences(lambda f, x, step, h: (f(x + step) - base) / h)(f, x, h)


def _not_restored(f, x, h):
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        x[index] += h
        up = f(x)
        x[index] -= 2 * h
        gradient[index] = (up - f(x)) / (2 * h)
    return gradient


def _no_copy(f, x, h):
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        up, down = x, x
        up[index] += h
        down[index] -= h
        gradient[index] = (f(up) - f(down)) / (2 * h)
    return gradient


def _rows_moved(f, x, h):
    gradient = np.zeros_like(x)
    for i in range(len(x)):
        step = np.zeros_like(x)
        step[i] = h
        gradient[i] = (f(x + step) - f(x - step)) / (2 * h)
    return gradient


def _vectors_alone(f, x, h):
    gradient = np.zeros(len(x))
    for i in range(len(x)):
        step = h * (np.arange(len(x)) == i)
        gradient[i] = (f(x + step) - f(x - step)) / (2 * h)
    return gradient


CHECK_MISTAKES = {
    "the difference is one-sided, f(x + h) - f(x)": _forward_once,
    "the difference is one-sided, f(x + h) - f(x), and f(x) is evaluated again for every entry": _differences(
        lambda f, x, step, h: (f(x + step) - f(x)) / h
    ),
    "the difference is one-sided, f(x) - f(x - h)": _differences(lambda f, x, step, h: (f(x) - f(x - step)) / h),
    "the difference is divided by h, the points are 2 h apart": lambda f, x, h: 2 * numerical_gradient(f, x, h),
    "/ 2 * h multiplies by h: write / (2 * h)": lambda f, x, h: h**2 * numerical_gradient(f, x, h),
    "the difference is not divided": lambda f, x, h: 2 * h * numerical_gradient(f, x, h),
    "the points are h / 2 away, h was asked": lambda f, x, h: numerical_gradient(f, x, h / 2),
    "the sign is wrong: f(x + h) comes first": lambda f, x, h: -numerical_gradient(f, x, h),
    "x is left changed, and every entry that was moved stays moved": _not_restored,
    "both points are the same array: `a = x` makes no copy": _no_copy,
    "whole rows are moved at once: an array of any shape was asked, entry by entry": _rows_moved,
    "whole rows are moved at once, and one number for each is returned": lambda f, x, h: _rows_moved(f, x, h).reshape(
        len(x), -1
    )[:, 0],
    "only vectors are handled, x may have any shape": _vectors_alone,
    "the result is flat, it should have the shape of x": lambda f, x, h: numerical_gradient(f, x, h).ravel(),
    "all entries are moved at once": lambda f, x, h: np.full_like(x, (f(x + h) - f(x - h)) / (2 * h)),
    "the entries are summed": lambda f, x, h: numerical_gradient(f, x, h).sum(),
    "h is not used, but a smaller number": lambda f, x, h: numerical_gradient(f, x, 1e-5),
}


# 06.train
def train(X, y, sizes, step, epochs, rng):
    """Return (weights, biases) after `epochs` full-batch epochs."""
    arrays = [rng.standard_normal(pair) / np.sqrt(pair[0]) for pair in pairwise(sizes)]
    arrays += [np.zeros(n) for n in sizes[1:]]
    layers, states = len(sizes) - 1, [None] * len(arrays)
    for t in range(1, epochs + 1):
        dW, db = backward(arrays[:layers], forward(arrays[:layers], arrays[layers:], X), y)
        for k, g in enumerate(dW + db):
            arrays[k], states[k] = step(arrays[k], g, states[k], t)
    return arrays[:layers], arrays[layers:]


# The steps that exercise 06 gives, too: the docstring is what a failed check shows.


def descent(w, g, state, t):
    """with lr = 10, its state is never used"""
    return w - 10 * g, state


def momentum(w, g, state, t):
    """with lr = 3 and mu = 0.9, its state is v"""
    v = g if state is None else 0.9 * state + g
    return w - 3 * v, v


def rmsprop(w, g, state, t):
    """with lr = 0.1 and alpha = 0.9, its state is s"""
    s = 0.1 * g * g if state is None else 0.9 * state + 0.1 * g * g
    return w - 0.1 * g / (np.sqrt(s) + 1e-8), s


def adam(w, g, state, t):
    """with lr = 0.1, its state is (m, v)"""
    m, v = (0, 0) if state is None else state
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
    return w - 0.1 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8), (m, v)


XOR = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([[0.0], [1.0], [1.0], [0.0]])


def train_cases(rng: np.random.Generator) -> list[Case]:
    """The start alone, plain descent, momentum and Adam; at last XOR, which the reference solves from all ten seeds."""

    def drawn(m: int, sizes: list[int], step: Callable, epochs: int) -> Case:
        X, y = rng.normal(size=(m, sizes[0])), rng.uniform(size=(m, sizes[-1]))
        return Case((X, y, sizes, step, epochs, Seed(int(rng.integers(1000)))))

    return [
        drawn(3, [2, 3, 1], descent, 0),
        drawn(3, [2, 3, 1], descent, 1),
        drawn(3, [2, 2, 2], descent, 4),
        drawn(3, [2, 2, 2], momentum, 3),
        drawn(5, [3, 4, 2, 1], adam, 4),
        *(Case((*XOR, [2, 8, 1], rmsprop, 50, Seed(seed))) for seed in range(10)),
    ]


def _stepped(change: Callable) -> Callable:
    """Training whose steps go through `change(step, arrays, m)`, made anew for every training."""

    def trained(X, y, sizes, step, epochs, rng):
        return train(X, y, sizes, change(step, 2 * (len(sizes) - 1), len(y)), epochs, rng)

    return trained


def _simply(change: Callable) -> Callable:
    """Training whose steps are `change(step, w, g, state, t)`."""
    return _stepped(lambda step, *_: lambda *given: change(step, *given))


def _accumulating(step, arrays, m):
    sums, calls = [0.0] * arrays, [0]

    def changed(w, g, state, t):
        k = calls[0] % arrays
        calls[0] += 1
        sums[k] = sums[k] + g
        return step(w, sums[k], state, t)

    return changed


def _sharing(key: Callable) -> Callable:
    def share(step, arrays, m):
        shared = {}

        def changed(w, g, state, t):
            w, shared[key(w)] = step(w, g, shared.get(key(w)), t)
            return w, None

        return changed

    return share


def _counting_calls(step, arrays, m):
    calls = [0]

    def changed(w, g, state, t):
        calls[0] += 1
        return step(w, g, state, calls[0])

    return changed


class _Drawing:
    """Stands for a generator and draws another start."""

    def __init__(self, draw: Callable, rng: np.random.Generator) -> None:
        self.draw, self.rng = draw, rng

    def standard_normal(self, shape: tuple[int, int]) -> np.ndarray:
        """Return what makes `train` start from `draw(rng, shape)`."""
        return self.draw(self.rng, shape) * np.sqrt(shape[0])


def _started(draw: Callable) -> Callable:
    """Training that starts from the weights `draw(rng, shape)`."""
    return lambda X, y, sizes, step, epochs, rng: train(X, y, sizes, step, epochs, _Drawing(draw, rng))


def _too_early(X, y, sizes, step, epochs, rng):
    weights, biases = train(X, y, sizes, step, 0, rng)
    states = [None] * (2 * len(weights))
    for t in range(1, epochs + 1):
        activations = forward(weights, biases, X)
        delta = (activations[-1] - y) / len(y)
        for k in reversed(range(len(weights))):
            delta = delta * activations[k + 1] * (1 - activations[k + 1])
            weights[k], states[2 * k] = step(weights[k], activations[k].T @ delta, states[2 * k], t)
            biases[k], states[2 * k + 1] = step(biases[k], delta.sum(axis=0), states[2 * k + 1], t)
            delta = delta @ weights[k].T
    return weights, biases


def _one_gradient(X, y, sizes, step, epochs, rng):
    weights, biases = train(X, y, sizes, step, 0, rng)
    arrays, states = weights + biases, [None] * (2 * len(weights))
    dW, db = backward(weights, forward(weights, biases, X), y)
    for t in range(1, epochs + 1):
        for k, g in enumerate(dW + db):
            arrays[k], states[k] = step(arrays[k], g, states[k], t)
    return arrays[: len(weights)], arrays[len(weights) :]


TRAIN_MISTAKES = {
    "the gradients of all epochs are added up: each step takes the newest gradient alone": _stepped(_accumulating),
    "one state is shared by arrays of different shapes: each array has its own": _stepped(_sharing(lambda w: 0)),
    "the weights of all layers share one state, and the biases another: each array has its own": _stepped(
        _sharing(np.ndim)
    ),
    "the state is lost: every call gets None": _simply(lambda step, w, g, state, t: (step(w, g, None, t)[0], None)),
    "the step goes uphill: the gradients have the wrong sign": _simply(
        lambda step, w, g, state, t: step(w, -g, state, t)
    ),
    "t is 0 in the first epoch, it should be 1": _simply(lambda step, w, g, state, t: step(w, g, state, t - 1)),
    "t is the same in all epochs": _simply(lambda step, w, g, state, t: step(w, g, state, 1)),
    "t counts the calls of step, it should count the epochs": _stepped(_counting_calls),
    "the biases are not trained": _simply(lambda step, w, g, state, t: step(w, g * (w.ndim == 2), state, t)),
    "the results of step are not stored": _simply(lambda step, w, g, state, t: (w, step(w, g, state, t)[1])),
    "the gradients are summed over the samples, not averaged": _stepped(
        lambda step, arrays, m: lambda w, g, state, t: step(w, m * g, state, t)
    ),
    "the gradients are computed once, before the loop": _one_gradient,
    "weights are renewed while the error is still on its way back: compute all gradients first": _too_early,
    "the weights start at zero, where all hidden units stay alike": _started(lambda rng, shape: np.zeros(shape)),
    "the start is not scaled: divide by the root of the number of inputs": _started(
        lambda rng, shape: rng.standard_normal(shape)
    ),
    "the start is divided by the number of inputs, its root was asked": _started(
        lambda rng, shape: rng.standard_normal(shape) / shape[0]
    ),
    "the start is divided by the root of the number of outputs, that of inputs was asked": _started(
        lambda rng, shape: rng.standard_normal(shape) / np.sqrt(shape[1])
    ),
    "one epoch too many": lambda X, y, sizes, step, epochs, rng: train(X, y, sizes, step, epochs + 1, rng),
    "one epoch too few": lambda X, y, sizes, step, epochs, rng: train(X, y, sizes, step, epochs - 1, rng),
    "weights and biases are returned in the wrong order": lambda *given: train(*given)[::-1],
    "only the weights are returned": lambda *given: train(*given)[0],
}


# 06.orthogonal
def orthogonal(rows, columns, gain, rng):
    """Return a uniformly drawn matrix whose rows (columns, where there are more rows) are orthonormal times gain."""
    Q, R = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
    Q = gain * Q * np.sign(np.diag(R))
    return Q if rows >= columns else Q.T


DRAWS = 100  # small matrices, whose mean shows whether some are preferred


def orthogonal_cases(rng: np.random.Generator) -> list[Case]:
    """Square, wide and tall, one again from the same seed and from another, then many small ones."""
    seeds = [Seed(int(seed)) for seed in rng.choice(10000, size=5 + DRAWS, replace=False)]
    return [
        Case((3, 3, 1.0, seeds[0])),
        Case((2, 5, 1.0, seeds[1])),
        Case((6, 2, 2.0, seeds[2])),
        Case((4, 4, 0.5, seeds[3])),
        Case((4, 4, 0.5, seeds[3])),
        Case((4, 4, 0.5, seeds[4])),
        *(Case((2, 2, 1.0, seed)) for seed in seeds[5:]),
    ]


def _products(W: np.ndarray) -> np.ndarray:
    """Products of rows with rows if W is wide, of columns with columns otherwise, rounded to hide 1e-17."""
    return np.round(W @ W.T if W.shape[0] < W.shape[1] else W.T @ W, 12)


def orthonormal(expected: Outcome, got: Outcome) -> str | None:
    """Compare shapes and the products of rows or columns; the draws themselves are free."""
    if np.shape(expected.value) != np.shape(got.value):
        return close(expected.value, got.value)
    W, V = np.asarray(expected.value), np.asarray(got.value)
    product = "W @ W.T" if W.shape[0] < W.shape[1] else "W.T @ W"
    return close(_products(W), _products(V), f"`{product}`, W the result,")


def uniform(expected: Sequence[Outcome], got: Sequence[Outcome]) -> str | None:
    """Compare how the results follow the seeds, and which entries of the small matrices do not vary around 0.

    In a uniform draw an entry of a 2 x 2 matrix has mean 0 and variance 1/2. QR alone gives -0.64 and 0.64 on the
    diagonal. The bound is wrong once in a million times.
    """
    sentence = follows_seed(expected[:-DRAWS], got[:-DRAWS])
    means = [np.mean([one.value for one in outcomes[-DRAWS:]], axis=0) for outcomes in (expected, got)]
    lean, leans = (np.sign(mean) * (np.abs(mean) > 5 * np.sqrt(1 / 2 / DRAWS)) for mean in means)
    if sentence or (lean == leans).all():
        return sentence
    i, j = (int(k) for k in np.argwhere(lean != leans)[0])
    return (
        "each matrix is orthogonal, but not every orthogonal matrix has the same chance: "
        f"over {DRAWS} matrices of shape (2, 2), the mean of entry [{i}, {j}] is {means[1][i, j]:.2f}; "
        "about 0 was expected."
    )


def _qr(matrix: Callable = lambda Q, R: Q * np.sign(np.diag(R)), scale: Callable = lambda gain: gain) -> Callable:
    """Orthogonal matrices with other signs or another scale."""

    def drawn(rows, columns, gain, rng):
        Q, R = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
        Q = scale(gain) * matrix(Q, R)
        return Q if rows >= columns else Q.T

    return drawn


def _gaussian(scale: Callable = lambda rows, columns: 1) -> Callable:
    return lambda rows, columns, gain, rng: gain * rng.standard_normal((rows, columns)) / scale(rows, columns)


def _columns_alone(rows, columns, gain, rng):
    Q, R = np.linalg.qr(rng.standard_normal((rows, columns)))
    return gain * Q * np.sign(np.diag(R))


def _square(rows, columns, gain, rng):
    return _columns_alone(max(rows, columns), max(rows, columns), gain, rng)


def _drawn_from_uniform(rows, columns, gain, rng):
    Q, R = np.linalg.qr(rng.random((max(rows, columns), min(rows, columns))))
    Q = gain * Q * np.sign(np.diag(R))
    return Q if rows >= columns else Q.T


def _normed(rows, columns, gain, rng):
    W = rng.standard_normal((rows, columns))
    return gain * W / np.linalg.norm(W, axis=int(rows < columns), keepdims=True)


ORTHOGONAL_MISTAKES = {
    "the signs that QR chooses by its rule are left as they are": _qr(lambda Q, R: Q),
    "the signs are those of Q's own diagonal": _qr(lambda Q, R: Q * np.sign(np.diag(Q))),
    "gain is not used": _qr(scale=lambda gain: 1),
    "gain is multiplied twice": _qr(scale=np.square),
    "the square root of gain is taken": _qr(scale=np.sqrt),
    "it is divided by gain": _qr(scale=lambda gain: 1 / gain),
    "the result has the shape (columns, rows)": lambda rows, columns, gain, rng: orthogonal(rows, columns, gain, rng).T,
    "wrong side: of a wide matrix QR makes a small square. Draw a tall one, and transpose at the end": _columns_alone,
    "all matrices are square, (rows, columns) was asked": _square,
    "Q is not transposed where there are fewer rows than columns": lambda rows, columns, gain, rng: orthogonal(
        max(rows, columns), min(rows, columns), gain, rng
    ),
    "R is returned, not Q": _qr(lambda Q, R: R),
    "the draws are returned, nothing makes them orthogonal": _gaussian(),
    "the draws are divided by the root of the number of rows, nothing makes them orthogonal": _gaussian(
        lambda rows, columns: np.sqrt(rows)
    ),
    "the draws are divided by the root of the number of columns, nothing makes them orthogonal": _gaussian(
        lambda rows, columns: np.sqrt(columns)
    ),
    "the rows or columns have the right length, but they are not orthogonal to each other": _normed,
    "the matrix before QR is uniform between 0 and 1, it should be normal with mean 0": _drawn_from_uniform,
    "the identity matrix is returned, a random matrix was asked": lambda rows, columns, gain, rng: (
        gain * np.eye(rows, columns)
    ),
    "the random numbers do not come from rng": lambda rows, columns, gain, rng: orthogonal(
        rows, columns, gain, np.random.default_rng()
    ),
}


QUESTIONS = (
    Question(
        id="06.sigmoid",
        points=1,
        difficulty=1,
        minutes=5,
        cases=sigmoid_cases,
        reference=sigmoid,
        mistakes=SIGMOID_MISTAKES,
        hints=(
            "`np.exp(1000)` is `inf`, and `inf / inf` is NaN. `np.exp(-1000)` is 0, which does no harm. "
            "So the exponential of a large positive number may only stand below the fraction line, alone or with 1.",
            "1 / (1 + exp(-z)) gives the right values, with a warning about the overflow for very negative z. "
            "To be rid of it: the hyperbolic tangent `np.tanh` never overflows, and s(z) = (1 + tanh(z / 2)) / 2.",
        ),
    ),
    Question(
        id="06.forward",
        points=2,
        difficulty=1,
        minutes=8,
        cases=forward_cases,
        reference=forward,
        mistakes=FORWARD_MISTAKES,
        hints=(
            "Start the list with `X`. In a loop over the layers (`zip(weights, biases)`), compute the next activation "
            "from the last one in the list, and append it.",
            "Look at the shapes: (m, in) @ (in, out) is (m, out), and a bias of shape (out,) is added to every row.",
        ),
    ),
    Question(
        id="06.backward",
        points=3,
        difficulty=3,
        minutes=20,
        cases=backward_cases,
        reference=backward,
        mistakes=BACKWARD_MISTAKES,
        hints=(
            "Go through the layers from the last to the first and keep one array `delta` of shape (m, out): "
            "the derivative of the loss by the sums z of this layer.",
            "Layer k takes `activations[k]` and gives `activations[k + 1]`. The slope of the sigmoid needs no z: "
            "with a = sigmoid(z) it is a (1 - a).",
            "The gradient of W has the shape (in, out) of W: which product of (m, in) and (m, out) gives it? "
            "A bias is added to every sample, so its gradient adds up delta over the samples.",
            "One layer down, the derivative by the activations (m, in) comes from delta (m, out) and W (in, out). "
            "Then multiply by the slope there.",
        ),
    ),
    Question(
        id="06.check",
        points=2,
        difficulty=2,
        minutes=10,
        cases=check_cases,
        reference=numerical_gradient,
        mistakes=CHECK_MISTAKES,
        hints=(
            "Make an array of zeros in the shape of `x`. For each entry, fill in one quotient.",
            "`np.ndindex(x.shape)` goes through the indices of an array of any shape: `for index in "
            "np.ndindex(x.shape)`, and `x[index]` is one entry.",
            "`up = x` is the same array under a second name. `up = x.copy()` is a new one.",
        ),
    ),
    Question(
        id="06.train",
        points=3,
        difficulty=3,
        minutes=20,
        cases=train_cases,
        reference=train,
        mistakes=TRAIN_MISTAKES,
        hints=(
            "The first check case has no epoch at all: it looks only at the start. Write the start, and check it.",
            "One epoch is: `forward`, `backward`, then `step` once for every weight matrix and every bias. "
            "All gradients are computed before the first array changes.",
            "Keep two lists of states, `[None] * layers` each, one for the weights and one for the biases. "
            "After `w, state = step(w, g, state, t)`, both go back into their lists.",
        ),
    ),
    Question(
        id="06.orthogonal",
        points=2,
        difficulty=3,
        minutes=15,
        cases=orthogonal_cases,
        reference=orthogonal,
        mistakes=ORTHOGONAL_MISTAKES,
        compare=orthonormal,
        compare_all=uniform,
        hints=(
            "`np.linalg.qr(A)` gives Q and R with A = Q R. For a tall matrix A, or a square one, the columns of Q are "
            "orthonormal. Draw A from the standard normal distribution.",
            "A wide matrix with orthonormal rows is a tall one with orthonormal columns, transposed.",
            "QR is not unique: a column of Q and the row of R that belongs to it may both change their sign. NumPy "
            "chooses the signs by a rule, so that some matrices never come out. Make the diagonal of R positive.",
        ),
    ),
)
