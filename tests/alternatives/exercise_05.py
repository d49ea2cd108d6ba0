"""Other right answers to exercise 05: loops, other orders of the same formulas, the package's own rule."""

import math

import numpy as np

from ngo_lesson.optimize.updates import Adam


def adagrad_loop(theta, g, s, lr, eps):
    theta, s = list(theta), list(s)
    for i in range(len(theta)):
        s[i] += g[i] ** 2
        theta[i] -= lr * g[i] / (math.sqrt(s[i]) + eps)
    return theta, s


def adagrad_own_copies(theta, g, s, lr, eps):
    theta, s = theta.copy(), s.copy()
    s += np.square(g)
    theta -= lr / (s**0.5 + eps) * g
    return [theta, s]


def adagrad_hypot(theta, g, s, lr, eps):
    length = np.hypot(np.sqrt(s), g)
    return theta - np.divide(lr * g, length + eps), length**2


def rmsprop_moved_average(theta, g, s, lr, alpha, eps):
    s = s + (1 - alpha) * (g**2 - s)
    return theta - g * (lr / (np.sqrt(s) + eps)), s


def rmsprop_loop(theta, g, s, lr, alpha, eps):
    pairs = []
    for one, slope, old in zip(theta, g, s, strict=True):
        new = old * alpha + slope * slope * (1 - alpha)
        pairs.append((one - lr * slope / (new**0.5 + eps), new))
    return tuple(np.array(pairs).T)


def rmsprop_average(theta, g, s, lr, alpha, eps):
    s = np.average([s, g**2], axis=0, weights=[alpha, 1 - alpha])
    return np.subtract(theta, lr * g / (np.sqrt(s) + eps)), s


def adam_efficient(theta, g, m, v, t, lr, beta1, beta2, eps):
    """The efficient form, with the eps that belongs to it."""
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * np.square(g)
    root = np.sqrt(1 - beta2**t)
    return theta - lr * root / (1 - beta1**t) * m / (np.sqrt(v) + eps * root), m, v


def adam_own_copies(theta, g, m, v, t, lr, beta1, beta2, eps):
    m, v = m.copy(), v.copy()
    m *= beta1
    m += (1 - beta1) * g
    v *= beta2
    v += (1 - beta2) * g**2
    return theta - (lr / (1 - beta1**t)) * m / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


def adam_loop(theta, g, m, v, t, lr, beta1, beta2, eps):
    theta, m, v = theta.tolist(), m.tolist(), v.tolist()
    for i, slope in enumerate(g):
        m[i] = m[i] + (1 - beta1) * (slope - m[i])
        v[i] = v[i] + (1 - beta2) * (slope**2 - v[i])
        theta[i] -= lr * m[i] / (1 - math.pow(beta1, t)) / (math.sqrt(v[i] / (1 - math.pow(beta2, t))) + eps)
    return theta, m, v


def adamw_together(theta, g, m, v, t, lr, beta1, beta2, eps, decay):
    new, m, v = adam_efficient(theta, g, m, v, t, lr, beta1, beta2, eps)
    return new - lr * decay * theta, m, v


def adamw_one_bracket(theta, g, m, v, t, lr, beta1, beta2, eps, decay):
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return theta - lr * (m_hat / (np.sqrt(v_hat) + eps) + decay * theta), m, v


def repaired(grad, theta, lr, steps, beta1=0.9, beta2=0.999, eps=1e-8):
    m = np.zeros_like(theta)
    v = np.zeros_like(theta)
    for t in range(steps):
        g = grad(theta)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        m_hat = m / (1 - beta1 ** (t + 1))
        v_hat = v / (1 - beta2 ** (t + 1))
        theta = theta - lr * m_hat / (np.sqrt(v_hat) + eps)
    return theta


def repaired_with_the_package(grad, theta, lr, steps):
    rule, theta = Adam(lr), theta.copy()
    for _ in range(steps):
        rule.step_(theta, grad(theta))
    return theta


def repaired_with_powers(grad, theta, lr, steps):
    theta, m, v, power1, power2 = list(theta), 0.0, 0.0, 1.0, 1.0
    for _ in range(steps):
        g = grad(np.array(theta))
        power1, power2 = 0.9 * power1, 0.999 * power2
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        theta = theta - lr * m / (1 - power1) / ((v / (1 - power2)) ** 0.5 + 1e-8)
    return theta


ALTERNATIVES = {
    "05.adagrad": [adagrad_loop, adagrad_own_copies, adagrad_hypot],
    "05.rmsprop": [rmsprop_moved_average, rmsprop_loop, rmsprop_average],
    "05.adam": [adam_efficient, adam_loop, adam_own_copies],
    "05.adamw": [adamw_together, adamw_one_bracket],
    "05.repair": [repaired, repaired_with_the_package, repaired_with_powers],
}
