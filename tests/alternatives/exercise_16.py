"""Other right answers to exercise 16: loops, other formulas, other types of the result."""

import numpy as np


def prompt_loop(z, A, base):
    new, (tokens, width) = base.copy(), base.shape
    for t in range(tokens):
        for w in range(width):
            new[t, w] += A[t * width + w] @ z
    return new


def prompt_flat(z, A, base):
    return np.reshape(base.ravel() + np.dot(A, z), base.shape)


def merge_average(models, weights):
    return [np.average(np.stack(arrays), axis=0, weights=weights) for arrays in zip(*models, strict=True)]


def merge_loop(models, weights):
    total = float(sum(weights))
    merged = [np.zeros_like(array) for array in models[0]]
    for model, weight in zip(models, weights, strict=True):
        for i, array in enumerate(model):
            merged[i] += weight / total * array
    return tuple(merged)


def noise_sum(m, n, r, rng):
    A, B = rng.standard_normal((m, r)), rng.standard_normal((n, r))
    return sum(np.outer(A[:, k], B[:, k]) for k in range(r)) / r**0.5


def noise_scaled_factors(m, n, r, rng):
    A = rng.normal(size=(m, r)) / r**0.25
    B = rng.normal(size=(n, r)) / r**0.25
    return np.einsum("ik,jk->ij", A, B)


def mask_threshold(w, share):
    count = int(share * w.size)
    if count == 0:
        return np.zeros(w.shape, dtype=bool)
    return np.abs(w) <= np.partition(np.abs(w).ravel(), count - 1)[count - 1]


def mask_ranks(w, share):
    ranks = np.argsort(np.argsort(np.abs(w).ravel())).reshape(w.shape)
    return ranks < int(share * w.size)


def accuracy_loop(accuracy, theta, E, sigma):
    g = np.zeros(len(theta))
    for e in E:
        loss_up, loss_down = 1 - accuracy(theta + sigma * e), 1 - accuracy(theta - sigma * e)
        g += (loss_up - loss_down) / (2 * sigma) * e
    return g / len(E)


def accuracy_mirrored_rows(accuracy, theta, E, sigma):
    rows = np.vstack([E, -E])
    losses = np.array([1 - accuracy(theta + sigma * e) for e in rows])
    return losses @ rows / (sigma * len(rows))


ALTERNATIVES = {
    "16.prompt": [prompt_loop, prompt_flat],
    "16.merge": [merge_average, merge_loop],
    "16.low_rank_noise": [noise_sum, noise_scaled_factors],
    "16.sparse_mask": [mask_threshold, mask_ranks],
    "16.accuracy": [accuracy_loop, accuracy_mirrored_rows],
}
