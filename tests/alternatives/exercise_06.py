"""Other right answers to exercise 06: loops, other formulas, libraries, other ways to a uniform draw."""

import itertools
import math

import numpy as np
import scipy.linalg
import scipy.special
import scipy.stats


def sigmoid_by_sign(z):
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1 / (1 + small), small / (1 + small))


def sigmoid_with_an_overflow(z):
    return 1 / (1 + np.exp(-z))


def sigmoid_clipped(z):
    return 1 / (1 + np.exp(-np.clip(z, -500, 500)))


def sigmoid_loop(z):
    result = np.empty_like(z)
    for index, value in np.ndenumerate(z):
        result[index] = 1 / (1 + math.exp(-value)) if value > 0 else 1 - 1 / (1 + math.exp(value))
    return result


def forward_loop(weights, biases, X):
    activations = [X]
    for W, b in zip(weights, biases, strict=True):
        outputs = []
        for row in activations[-1]:
            sums = [sum(row[i] * W[i, j] for i in range(len(row))) + b[j] for j in range(len(b))]
            outputs.append([1 / (1 + math.exp(-z)) for z in sums])
        activations.append(np.array(outputs))
    return activations


def forward_recursive(weights, biases, X):
    if not weights:
        return [X]
    ones = np.ones((len(X), 1))
    z = np.hstack([X, ones]) @ np.vstack([weights[0], biases[0]])
    return [X, *forward_recursive(weights[1:], biases[1:], scipy.special.expit(z))]


def forward_tuple(weights, biases, X):
    return tuple(forward_recursive(weights, biases, X))


def backward_einsum(weights, activations, y):
    dW, db = [None] * len(weights), [None] * len(weights)
    error = activations[-1] - y
    for k in range(len(weights) - 1, -1, -1):
        a = activations[k + 1]
        delta = error * (a - a**2)
        dW[k] = np.einsum("mi,mo->io", activations[k], delta) / len(y)
        db[k] = np.mean(delta, axis=0)
        error = np.einsum("io,mo->mi", weights[k], delta)
    return dW, db


def backward_by_sample(weights, activations, y):
    sums = [np.zeros_like(W) for W in weights], [np.zeros(W.shape[1]) for W in weights]
    for i in range(len(y)):
        delta = activations[-1][i] - y[i]
        for k in reversed(range(len(weights))):
            delta = delta * activations[k + 1][i] * (1 - activations[k + 1][i])
            sums[0][k][:] += np.outer(activations[k][i], delta) / len(y)
            sums[1][k][:] += delta / len(y)
            delta = weights[k] @ delta
    return sums


def backward_by_differences(weights, activations, y):
    """No backpropagation at all: the biases are recovered from the activations, the gradient from losses."""
    biases = [
        (scipy.special.logit(out) - a @ W)[0] for W, a, out in zip(weights, activations, activations[1:], strict=False)
    ]
    arrays = [*(W.copy() for W in weights), *(b.copy() for b in biases)]

    def loss():
        a = activations[0]
        for W, b in zip(arrays[: len(weights)], arrays[len(weights) :], strict=True):
            a = scipy.special.expit(a @ W + b)
        return np.sum((a - y) ** 2) / (2 * len(y))

    gradients = []
    for array in arrays:
        gradients.append(np.empty_like(array))
        for index in np.ndindex(array.shape):
            values, center = [], array[index]
            for h in (1e-4, -1e-4):
                array[index] = center + h
                values.append(loss())
            array[index] = center
            gradients[-1][index] = (values[0] - values[1]) / 2e-4
    return gradients[: len(weights)], gradients[len(weights) :]


def differences_flat(f, x, h):
    steps = h * np.eye(x.size).reshape(-1, *x.shape)
    return np.array([f(x + step) - f(x - step) for step in steps]).reshape(x.shape) / (2 * h)


def differences_restored(f, x, h):
    gradient, entries = np.zeros(x.size), x.reshape(-1)
    for i in range(x.size):
        center = entries[i]
        entries[i] = center + h
        up = f(x)
        entries[i] = center - h
        gradient[i] = (up - f(x)) / (2 * h)
        entries[i] = center
    return gradient.reshape(x.shape)


def differences_list(f, x, h):
    def slope(index):
        up, down = x.copy(), x.copy()
        up[index] += h
        down[index] -= h
        return (f(up) - f(down)) / h / 2

    return np.vectorize(lambda *index: slope(index), otypes=[float])(*np.indices(x.shape)).tolist()


def train_layer_by_layer(X, y, sizes, step, epochs, rng):
    weights, biases = [], []
    for i, o in itertools.pairwise(sizes):
        weights.append(rng.normal(0, 1 / np.sqrt(i), (i, o)))
        biases.append(np.zeros(o))
    kept = {}
    for t in range(1, epochs + 1):
        dW, db = backward_einsum(weights, forward_recursive(weights, biases, X), y)
        for k in reversed(range(len(weights))):
            weights[k], kept[k, "W"] = step(weights[k], dW[k], kept.get((k, "W")), t)
            biases[k], kept[k, "b"] = step(biases[k], db[k], kept.get((k, "b")), t)
    return weights, biases


def train_while(X, y, sizes, step, epochs, rng):
    layers = range(len(sizes) - 1)
    W = [rng.standard_normal(size=(sizes[k], sizes[k + 1])) * sizes[k] ** -0.5 for k in layers]
    b = [np.zeros(sizes[k + 1]) for k in layers]
    of_w, of_b, t = [None for _ in layers], [None for _ in layers], 0
    while t < epochs:
        t += 1
        activations = [X]
        for k in layers:
            activations.append(sigmoid_by_sign(activations[-1] @ W[k] + b[k]))
        dW, db = backward_by_sample(W, activations, y)
        W, of_w = (list(part) for part in zip(*map(step, W, dW, of_w, [t] * len(W)), strict=True))
        b, of_b = (list(part) for part in zip(*map(step, b, db, of_b, [t] * len(b)), strict=True))
    return W, b


def orthogonal_by_svd(rows, columns, gain, rng):
    U, _, Vt = np.linalg.svd(rng.standard_normal((rows, columns)), full_matrices=False)
    return gain * U @ Vt


def orthogonal_by_gram_schmidt(rows, columns, gain, rng):
    short, long = sorted((rows, columns))
    vectors = []
    for _ in range(short):
        v = rng.normal(size=long)
        for u in vectors:
            v -= (u @ v) * u
        vectors.append(v / math.sqrt(v @ v))
    W = gain * np.array(vectors)
    return W if rows <= columns else W.T


def orthogonal_by_scipy(rows, columns, gain, rng):
    square = scipy.stats.ortho_group.rvs(max(rows, columns), random_state=rng)
    return gain * square[:rows, :columns]


def orthogonal_by_random_signs(rows, columns, gain, rng):
    Q, _ = scipy.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))), mode="economic")
    Q *= gain * rng.choice([-1.0, 1.0], size=min(rows, columns))
    return Q if Q.shape == (rows, columns) else Q.T


ALTERNATIVES = {
    "06.sigmoid": [
        scipy.special.expit,
        sigmoid_by_sign,
        sigmoid_with_an_overflow,
        sigmoid_clipped,
        sigmoid_loop,
        lambda z: 0.5 * (1 + np.tanh(0.5 * z)),
    ],
    "06.forward": [forward_loop, forward_recursive, forward_tuple],
    "06.backward": [backward_einsum, backward_by_sample, backward_by_differences],
    "06.check": [differences_flat, differences_restored, differences_list],
    "06.train": [train_layer_by_layer, train_while],
    "06.orthogonal": [
        orthogonal_by_svd,
        orthogonal_by_gram_schmidt,
        orthogonal_by_scipy,
        orthogonal_by_random_signs,
    ],
}
