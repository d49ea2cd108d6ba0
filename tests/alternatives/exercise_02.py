"""Other right answers to exercise 02: loops, other formulas, libraries, other types of the result."""

import numpy as np
import scipy.linalg
from sklearn.linear_model import LinearRegression


def loss_loop(theta, X, y):
    total = 0.0
    for i in range(len(y)):
        prediction = 0.0
        for j in range(len(theta)):
            prediction += X[i, j] * theta[j]
        total += (prediction - y[i]) ** 2
    return total / 2 / len(y)


def gradient_loop(theta, X, y):
    gradient = [0.0] * len(theta)
    for row, target in zip(X, y, strict=True):
        for j in range(len(theta)):
            gradient[j] += (sum(row * theta) - target) * row[j] / len(y)
    return gradient


def numerical_gradient(theta, X, y, h=1e-4):
    steps = h * np.eye(theta.size)
    return np.array([(loss_loop(theta + s, X, y) - loss_loop(theta - s, X, y)) / (2 * h) for s in steps])


def own_copy_gradient(theta, X, y):
    X = X.copy()
    X *= (X @ theta - y)[:, None]
    return X.mean(axis=0)


def svd_solution(X, y):
    U, s, Vt = np.linalg.svd(X, full_matrices=False)
    kept = s > 1e-10 * s[0]
    return Vt[kept].T @ ((U[:, kept].T @ y) / s[kept])


def sklearn_solution(X, y):
    return LinearRegression(fit_intercept=False).fit(X, y).coef_


def descent_own_copy(X, y, theta, lr, steps):
    theta = theta.copy()
    for _ in range(steps):
        theta -= lr * own_copy_gradient(theta, X, y)
    return theta


def descent_while(X, y, theta, lr, steps):
    while steps > 0:
        theta = [t - lr * g for t, g in zip(theta, gradient_loop(np.array(theta), X, y), strict=True)]
        steps -= 1
    return theta


def descent_recursive(X, y, theta, lr, steps):
    return descent_recursive(X, y, theta - lr * X.T @ (X @ theta - y) / len(y), lr, steps - 1) if steps else theta


def power_rate(X):
    H = X.T @ X / len(X)
    v = np.ones(H.shape[0])
    for _ in range(2000):
        v = H @ v / np.linalg.norm(H @ v)
    return 2 / (v @ H @ v)


ALTERNATIVES = {
    "02.half_mse": [
        loss_loop,
        lambda theta, X, y: np.mean((X @ theta - y) ** 2) / 2,
        lambda theta, X, y: 0.5 * np.linalg.norm(y - X.dot(theta)) ** 2 / X.shape[0],
        lambda theta, X, y: np.array(np.square(np.matmul(X, theta) - y).sum() / (2 * len(X))),
        lambda theta, X, y: np.einsum("i,i", X @ theta - y, X @ theta - y) / (2 * y.shape[0]),
    ],
    "02.gradient": [
        gradient_loop,
        numerical_gradient,
        own_copy_gradient,
        lambda theta, X, y: (X @ theta - y) @ X / len(y),
        lambda theta, X, y: np.mean((X @ theta - y)[:, None] * X, axis=0),
        lambda theta, X, y: X.T @ X @ theta / len(y) - X.T @ y / len(y),
        lambda theta, X, y: tuple(gradient_loop(theta, X, y)),
    ],
    "02.normal": [
        svd_solution,
        sklearn_solution,
        lambda X, y: np.linalg.pinv(X) @ y,
        lambda X, y: np.linalg.pinv(X.T @ X) @ X.T @ y,
        lambda X, y: scipy.linalg.lstsq(X, y)[0],
        lambda X, y: list(np.linalg.lstsq(X, y, rcond=1e-12)[0]),
    ],
    "02.descent": [descent_own_copy, descent_while, descent_recursive],
    "02.stable_rate": [
        power_rate,
        lambda X: 2 * len(X) / np.linalg.norm(X, 2) ** 2,
        lambda X: 2 / np.max(np.linalg.eigvals(X.T @ X / len(X))),
        lambda X: 2 / max(np.linalg.eigh(X.T @ X / len(X))[0]),
        lambda X: 2 * len(X) / np.linalg.svd(X)[1][0] ** 2,
        lambda X: np.float32(2 / scipy.linalg.eigvalsh(X @ X.T / len(X))[-1]),
    ],
}
