"""Other right answers to exercise 10: loops, vectorized forms, other types of the result."""

import math

import numpy as np


def central_loop(f, x, h):
    gradient = []
    for i in range(len(x)):
        up, down = x.astype(float), x.astype(float)
        up[i] += h
        down[i] -= h
        gradient.append((f(up) - f(down)) / (2 * h))
    return gradient


def central_apply(f, x, h):
    points = x + h * np.vstack([np.eye(x.size), -np.eye(x.size)])
    up, down = np.split(np.apply_along_axis(f, 1, points), 2)
    return (up - down) / h / 2


def central_own_copy(f, x, h):
    x = np.array(x, dtype=float)
    gradient = np.zeros(x.size)
    for i in range(x.size):
        kept = x[i]
        x[i] = kept + h
        up = f(x)
        x[i] = kept - h
        gradient[i] = (up - f(x)) / (2 * h)
        x[i] = kept
    return gradient


def step_by_cases(machine_eps, order):
    return math.sqrt(machine_eps) if order == 1 else np.cbrt(machine_eps)


def step_by_logarithm(machine_eps, order):
    return np.exp(np.log(machine_eps) / (1 + order))


def spsa_loop(f, x, c, delta):
    up, down = f(x + c * delta), f(x - c * delta)
    return [(up - down) / (2 * c * entry) for entry in delta]


def spsa_slope_first(f, x, c, delta):
    slope = (f(x - c * delta) - f(x + c * delta)) / (-2 * c)
    return slope * delta**-1.0


def smoothed_loop(f, x, sigma, U):
    total = np.zeros(x.size)
    for row in range(U.shape[0]):
        total += (f(x + sigma * U[row]) - f(x - sigma * U[row])) * U[row]
    return total / (2 * sigma * U.shape[0])


def smoothed_average(f, x, sigma, U):
    ends = [np.apply_along_axis(f, 1, x + sign * sigma * U) for sign in (1, -1)]
    return np.average(U * ((ends[0] - ends[1]) / sigma / 2)[:, None], axis=0)


def smoothed_outer(f, x, sigma, U):
    return list(np.mean([np.multiply(f(x + sigma * u) - f(x - sigma * u), u) / (sigma * 2) for u in U], axis=0))


def variance_by_parts(d, n):
    along, across = 3 - 1, d - 1  # variance of u_1 squared, and of u_1 u_i
    return np.float64(along + across) / n


def adam_in_place(f, x, budget, lr, sigma, rng):
    x, m, v = x.copy(), np.zeros_like(x), np.zeros_like(x)
    seen = []
    for t in range(budget // 2):
        u = rng.normal(size=len(x))
        up, down = x + u * sigma, x - u * sigma
        seen += [(f(up), up), (f(down), down)]
        g = u * (seen[-2][0] - seen[-1][0]) / (2 * sigma)
        m *= 0.9
        m += (1 - 0.9) * g
        v *= 0.999
        v += (1 - 0.999) * g * g
        x -= lr * m / (1 - 0.9 ** (t + 1)) / (np.sqrt(v / (1 - 0.999 ** (t + 1))) + 1e-8)
    return min(seen, key=lambda pair: pair[0])[1]


def adam_draws_first(f, x, budget, lr, sigma, rng):
    U = rng.standard_normal((budget // 2, x.size))
    m = v = 0
    points, values = [], []
    for t, u in enumerate(U, 1):
        pair = [x - sigma * u, x + sigma * u]
        points += pair
        values += map(f, pair)
        g = (values[-1] - values[-2]) / sigma / 2 * u
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        x = x - lr * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * m / (np.sqrt(v) + 1e-8 * np.sqrt(1 - 0.999**t))
    return points[np.argmin(values)].tolist()


def adam_that_spends_an_odd_value(f, x, budget, lr, sigma, rng):
    best = adam_in_place(f, x, budget, lr, sigma, rng)
    if budget % 2:
        f(best)
    return best


ALTERNATIVES = {
    "10.central": [central_loop, central_apply, central_own_copy],
    "10.step": [step_by_cases, step_by_logarithm, lambda machine_eps, order: np.power(machine_eps, 1 / (1 + order))],
    "10.spsa": [spsa_loop, spsa_slope_first],
    "10.smoothed": [smoothed_loop, smoothed_average, smoothed_outer],
    "10.variance": [variance_by_parts, lambda d, n: (1 + d) * n**-1, lambda d, n: d / n + 1 / n],
    "10.zo_adam": [adam_in_place, adam_draws_first, adam_that_spends_an_odd_value],
}
