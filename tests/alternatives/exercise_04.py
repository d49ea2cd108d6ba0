"""Other right answers to exercise 04: loops, other formulas, libraries, other types of the result."""

import numpy as np
from scipy.optimize import brentq


def momentum_loop(theta, g, v, lr, mu):
    theta, v = theta.copy(), v.copy()
    for j in range(len(theta)):
        v[j] = mu * v[j] + g[j]
        theta[j] -= lr * v[j]
    return theta, v


def momentum_own_copies(theta, g, v, lr, mu):
    theta, v = theta.copy(), v.copy()
    v *= mu
    v += g
    theta -= lr * v
    return [theta, v]


def momentum_from_textbook_form(theta, g, v, lr, mu):
    step = mu * (-lr * v) - lr * g
    return list(theta + step), list(-step / lr)


def nesterov_two_lines(theta, grad, v, lr, mu):
    g = grad(theta + mu * v)
    return theta + mu * v - lr * g, np.subtract(mu * v, lr * g)


def nesterov_own_copies(theta, grad, v, lr, mu):
    ahead = theta.copy()
    ahead += mu * v
    new = ahead - lr * grad(ahead)
    return new, new - theta


def nesterov_like_torch(theta, grad, v, lr, mu):
    ahead, b = theta + mu * v, -v / lr
    b = mu * b + grad(ahead)
    return theta - lr * b, -lr * b


def optimal_kappa(smallest, largest):
    root = (largest / smallest) ** 0.5
    mu = ((root - 1) / (root + 1)) ** 2
    return (1 + mu) * 2 / (largest + smallest), mu


def optimal_from_the_edge(smallest, largest):
    lr = (2 / (np.sqrt(smallest) + np.sqrt(largest))) ** 2
    return np.array([lr, (1 - np.sqrt(lr * smallest)) ** 2])


def optimal_solved(smallest, largest):
    """The size of the slower mode falls with mu as long as its roots are real, then rises: find the edge."""
    if smallest == largest:
        return 1 / largest, 0.0

    def edge(beta):  # the root of mu; the rate puts the smallest curvature at its edge
        return (1 + beta) ** 2 / largest - (1 - beta) ** 2 / smallest

    beta = brentq(edge, 0, 1, xtol=1e-14)
    return (1 + beta) ** 2 / largest, beta**2


def gain_simulated(mu):
    v = 0.0
    for _ in range(10_000):
        v = mu * v + 1
    return v


def gain_halving(mu):
    total, power = 1.0, mu
    while power > 1e-12:
        total, power = total * (1 + power), power * power
    return np.array(total)


ALTERNATIVES = {
    "04.momentum": [momentum_loop, momentum_own_copies, momentum_from_textbook_form],
    "04.nesterov": [nesterov_two_lines, nesterov_own_copies, nesterov_like_torch],
    "04.optimal": [
        optimal_kappa,
        optimal_from_the_edge,
        optimal_solved,
        lambda smallest, largest: [
            4 / (largest + smallest + 2 * np.sqrt(largest * smallest)),
            (1 - 2 / (np.sqrt(largest / smallest) + 1)) ** 2,
        ],
    ],
    "04.gain": [
        gain_simulated,
        gain_halving,
        lambda mu: np.float64((1 - mu) ** -1),
        lambda mu: np.linalg.inv([[1 - mu]])[0, 0],
    ],
}
