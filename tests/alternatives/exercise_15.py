"""Other right answers to exercise 15: loops, other formulas, libraries, other types of the result."""

import math

import numpy as np
from scipy.special import logsumexp


def loss_loop(logits, targets):
    total = 0.0
    for row, target in zip(logits, targets, strict=True):
        shifted = row - max(row)
        total += math.log(sum(math.exp(z) for z in shifted)) - shifted[target]
    return total / len(targets)


def loss_logsumexp(logits, targets):
    own = np.take_along_axis(logits, targets[:, None], axis=1)
    return np.mean(logsumexp(logits, axis=1, keepdims=True) - own)


def loss_one_hot(logits, targets):
    z = logits - logits.max(axis=1, keepdims=True)
    logs = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return -np.sum(np.eye(logits.shape[1])[targets] * logs) / len(logits)


def attention_loop(Q, K, V):
    out = np.zeros((len(Q), V.shape[1]))
    for t in range(len(Q)):
        scores = np.array([Q[t] @ K[s] for s in range(t + 1)]) / math.sqrt(Q.shape[1])
        weights = np.exp(scores - scores.max())
        out[t] = weights @ V[: t + 1] / weights.sum()
    return out


def attention_penalty(Q, K, V):
    scores = (Q / Q.shape[1] ** 0.5) @ K.T
    scores = scores + np.triu(np.full(scores.shape, -np.inf), k=1)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    return np.einsum("ts,sv->tv", weights, V)


def attention_mask_and_normalize(Q, K, V):
    scores = Q @ K.T / np.sqrt(Q.shape[-1])
    seen = np.tril(np.ones_like(scores))
    scores = np.where(seen == 1, scores, -1e300)
    weights = seen * np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True) @ V


def mezo_plain(loss, theta, seed, eps, lr):
    def perturb(scale):
        theta[:] = theta + scale * np.random.default_rng(seed).standard_normal(theta.shape)

    perturb(+eps)
    first = loss(theta)
    perturb(-2 * eps)
    second = loss(theta)
    perturb(+eps)
    g = (first - second) / (2 * eps)
    perturb(-lr * g)
    return g


def mezo_numbers(loss, theta, seed, eps, lr):
    flat = theta.reshape(-1)

    def move(by, size=4096):
        rng = np.random.default_rng(seed)
        for start in range(0, flat.size, size):
            part = flat[start : start + size]
            part += by * rng.standard_normal(part.size)

    move(eps)
    up = loss(theta)
    move(-2 * eps)
    g = (up - loss(theta)) / 2 / eps
    move(eps - lr * g)
    return np.float64(g)


def memory_if(parameters, activations, optimizer, bytes_per_number=4):
    numbers = parameters
    if optimizer != "mezo":
        numbers += parameters + activations
    if optimizer == "adam":
        numbers += 2 * parameters
    return numbers * bytes_per_number


def memory_floats(parameters, activations, optimizer, bytes_per_number=4.0):
    if optimizer == "mezo":
        return float(parameters * bytes_per_number)
    moments = 2 if optimizer == "adam" else 0
    return ((2 + moments) * parameters + activations) * float(bytes_per_number)


def sample_gumbel(logits, temperature, rng):
    if temperature == 0:
        return np.argmax(logits)
    return int(np.argmax(logits / temperature + rng.gumbel(size=logits.size)))


def sample_cumulative(logits, temperature, rng):
    if temperature == 0:
        return logits.argmax()
    p = np.exp((logits - logits.max()) / temperature)
    return int(np.searchsorted(np.cumsum(p), rng.random() * p.sum(), side="right"))


def sample_multinomial(logits, temperature, rng):
    if not temperature:
        return list(logits).index(max(logits))
    p = np.exp(logits / temperature - logsumexp(logits / temperature))
    return int(np.flatnonzero(rng.multinomial(1, p / p.sum()))[0])


def perplexity_loop(logs):
    return math.exp(-sum(logs) / len(logs))


def perplexity_bits(logs):
    return 2.0 ** (-np.mean(logs) / np.log(2))


def perplexity_products(logs):
    return np.prod(np.exp(-logs / logs.size))


ALTERNATIVES = {
    "15.loss": [loss_loop, loss_logsumexp, loss_one_hot],
    "15.attention": [attention_loop, attention_penalty, attention_mask_and_normalize],
    "15.mezo": [mezo_plain, mezo_numbers],
    "15.memory": [memory_if, memory_floats],
    "15.sample": [sample_gumbel, sample_cumulative, sample_multinomial],
    "15.perplexity": [perplexity_loop, perplexity_bits, perplexity_products],
}
