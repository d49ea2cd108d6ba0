"""Questions of exercise 02, linear regression. Data X (m, d), targets y (m,), parameters theta (d,)."""

from collections.abc import Callable

import numpy as np

from ngo_lesson.questions.question import Case, Question


# 02.half_mse
def half_mse(theta, X, y):
    """Half of the mean squared error."""
    residuals = X @ theta - y
    return residuals @ residuals / (2 * y.size)


def loss_cases(rng: np.random.Generator) -> list[Case]:
    """One sample, one feature each, a square X that is not symmetric, then random ones; never m = d otherwise."""
    return [
        Case((np.array([2.0]), np.array([[3.0]]), np.array([5.0]))),
        Case((np.array([1.0]), np.array([[1.0], [2.0], [4.0]]), np.array([2.0, 4.0, 3.0]))),
        Case((np.array([1.0, -2.0]), np.array([[1.0, 2.0], [0.0, 3.0]]), np.array([1.0, -2.0]))),
        *(
            Case((rng.normal(size=d), rng.normal(size=(m, d)), rng.normal(size=m)))
            for m, d in ((4, 3), (3, 5), (200, 8))
        ),
    ]


def _residuals(theta, X, y):
    return X @ theta - y


def _residual_table(theta, X, y):
    return (X @ theta)[:, None] - y


LOSS_MISTAKES = {
    "the mean of the squares is taken, without the half": lambda t, X, y: np.mean(_residuals(t, X, y) ** 2),
    "the sum is halved, but not divided by the number of samples": lambda t, X, y: np.sum(_residuals(t, X, y) ** 2) / 2,
    "the squares are summed, and divided by nothing": lambda t, X, y: np.sum(_residuals(t, X, y) ** 2),
    "the sum is divided by the number of features d, not of samples m": lambda t, X, y: (
        np.sum(_residuals(t, X, y) ** 2) / (2 * t.size)
    ),
    "the sum is divided by m - 1, not by m": lambda t, X, y: np.sum(_residuals(t, X, y) ** 2) / (2 * (y.size - 1)),
    "the sum is multiplied by m / 2: write / (2 * m), with parentheses": lambda t, X, y: (
        np.sum(_residuals(t, X, y) ** 2) / 2 * y.size
    ),
    "the sum is doubled instead of halved": lambda t, X, y: 2 * np.mean(_residuals(t, X, y) ** 2),
    "the square root of the mean is taken (RMSE)": lambda t, X, y: np.sqrt(np.mean(_residuals(t, X, y) ** 2)),
    "the square root of the half mean is taken": lambda t, X, y: np.sqrt(np.mean(_residuals(t, X, y) ** 2) / 2),
    "half of the square root of the mean is taken": lambda t, X, y: np.sqrt(np.mean(_residuals(t, X, y) ** 2)) / 2,
    "the length of the residuals is not squared": lambda t, X, y: np.linalg.norm(_residuals(t, X, y)) / (2 * y.size),
    "the residuals are not squared": lambda t, X, y: np.mean(_residuals(t, X, y)) / 2,
    "the residuals are not squared, and have the other sign": lambda t, X, y: -np.mean(_residuals(t, X, y)) / 2,
    "absolute values are taken instead of squares": lambda t, X, y: np.mean(np.abs(_residuals(t, X, y))) / 2,
    "the mean is squared instead of the residuals": lambda t, X, y: np.mean(_residuals(t, X, y)) ** 2 / 2,
    "the mean of the residuals is removed first (a variance)": lambda t, X, y: np.var(_residuals(t, X, y)) / 2,
    "the targets y are not subtracted": lambda t, X, y: np.mean((X @ t) ** 2) / 2,
    "the targets y are added instead of subtracted": lambda t, X, y: np.mean((X @ t + y) ** 2) / 2,
    "the squares are not summed": lambda t, X, y: _residuals(t, X, y) ** 2 / (2 * y.size),
    "the squares are halved, but not averaged": lambda t, X, y: _residuals(t, X, y) ** 2 / 2,
    "residuals were broadcast to a table (m, m), then summed": lambda t, X, y: (
        np.sum(_residual_table(t, X, y) ** 2) / (2 * y.size)
    ),
    "residuals were broadcast to a table (m, m), then averaged": lambda t, X, y: (
        np.mean(_residual_table(t, X, y) ** 2) / 2
    ),
}


# 02.gradient
def half_mse_gradient(theta, X, y):
    """Gradient of the half MSE, (d,)."""
    return X.T @ (X @ theta - y) / y.size


GRADIENT_MISTAKES = {
    "this is the gradient of the MSE, twice that of the half MSE": lambda t, X, y: 2 * half_mse_gradient(t, X, y),
    "the sum is not divided by the number of samples": lambda t, X, y: y.size * half_mse_gradient(t, X, y),
    "the sum is doubled, and not divided by the number of samples": lambda t, X, y: (
        2 * y.size * half_mse_gradient(t, X, y)
    ),
    "the half is still there, but the derivative of a square brings a 2": lambda t, X, y: (
        half_mse_gradient(t, X, y) / 2
    ),
    "the sum is divided by the number of features d, not of samples m": lambda t, X, y: (
        X.T @ _residuals(t, X, y) / t.size
    ),
    "the sum is divided by 1 / m": lambda t, X, y: y.size**2 * half_mse_gradient(t, X, y),
    "the sign is wrong: this is the direction downhill": lambda t, X, y: -half_mse_gradient(t, X, y),
    "the sign is wrong, and it is twice as long": lambda t, X, y: -2 * half_mse_gradient(t, X, y),
    "the residuals are returned; they must still be multiplied by X.T": lambda t, X, y: _residuals(t, X, y),
    "the residuals over m are returned; they must still be multiplied by X.T": lambda t, X, y: (
        _residuals(t, X, y) / y.size
    ),
    "the mean residual is returned; each must be multiplied by its sample": lambda t, X, y: np.mean(
        _residuals(t, X, y)
    ),
    "the products of samples and residuals are not summed": lambda t, X, y: X * _residuals(t, X, y)[:, None] / y.size,
    "all products are summed to one number, one for each feature was asked": lambda t, X, y: (
        np.sum(X * _residuals(t, X, y)[:, None]) / y.size
    ),
    "X is used where its transpose X.T belongs": lambda t, X, y: X @ _residuals(t, X, y) / y.size,
    "residuals were broadcast to a table (m, m)": lambda t, X, y: X.T @ _residual_table(t, X, y) / y.size,
    "the targets y are not subtracted": lambda t, X, y: X.T @ (X @ t) / y.size,
    "the targets y are added instead of subtracted": lambda t, X, y: X.T @ (X @ t + y) / y.size,
    "the half MSE itself is returned, not its gradient": half_mse,
    "the gradient is scaled to length 1": lambda t, X, y: (
        half_mse_gradient(t, X, y) / np.linalg.norm(half_mse_gradient(t, X, y))
    ),
}


# 02.normal
def normal_equation(X, y):
    """Least-squares theta of minimal norm, (d,)."""
    return np.linalg.lstsq(X, y, rcond=None)[0]


def normal_cases(rng: np.random.Generator) -> list[Case]:
    """Well-posed systems, then features of a small scale, then singular X'X whose entries are exact."""
    X, wide, empty = rng.normal(size=(30, 4)), rng.normal(size=(40, 3)), rng.normal(size=(12, 4))
    empty[:, 2] = 0
    return [
        Case((np.array([[1.0], [2.0]]), np.array([3.0, 7.0]))),
        Case((np.array([[2.0, 1.0], [0.0, 4.0]]), np.array([5.0, 4.0]))),
        Case((X, X @ rng.normal(size=4) + rng.normal(size=30))),
        Case((1e-4 * wide, rng.normal(size=40))),
        Case((np.array([[1.0, 1.0], [2.0, 2.0], [2.0, 2.0]]), np.array([4.0, 8.0, 10.0]))),
        Case((np.array([[1.0, 2.0]]), np.array([10.0]))),
        Case((empty, rng.normal(size=12))),
    ]


def _ridge(lam: float) -> Callable:
    return lambda X, y: np.linalg.solve(X.T @ X + lam * np.eye(X.shape[1]), X.T @ y)


def _first_independent_columns(X, y):
    kept = []
    for j in range(X.shape[1]):
        if np.linalg.matrix_rank(X[:, [*kept, j]]) > len(kept):
            kept.append(j)
    theta = np.zeros(X.shape[1])
    theta[kept] = normal_equation(X[:, kept], y)
    return theta


NORMAL_MISTAKES = {
    "X'X is inverted (or solved with), also where it is singular": lambda X, y: np.linalg.inv(X.T @ X) @ X.T @ y,
    **{
        f"a ridge of {lam:g} is added silently to X'X, which changes the answer": _ridge(lam)
        for lam in (1.0, 0.1, 0.01, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12)
    },
    "dependent columns are left out: of many solutions, the shortest was asked": _first_independent_columns,
    "everything that lstsq returns is given back; theta is its first part": lambda X, y: np.linalg.lstsq(
        X, y, rcond=None
    ),
    "an intercept is fitted, or the data are centered": lambda X, y: normal_equation(X - X.mean(0), y - y.mean()),
    "a column of ones is added to X": lambda X, y: normal_equation(np.column_stack([np.ones(y.size), X]), y),
    "X'y is returned; it must still be multiplied by the inverse of X'X": lambda X, y: X.T @ y,
    "X'y is divided by the number of samples, but X'X is not": lambda X, y: normal_equation(X, y) / y.size,
    "the fitted values X theta are returned, not theta": lambda X, y: X @ normal_equation(X, y),
    "the sign is wrong": lambda X, y: -normal_equation(X, y),
}


# 02.descent
def gradient_descent(X, y, theta, lr, steps):
    """Return theta after `steps` steps on the half MSE, (d,)."""
    for _ in range(steps):
        theta = theta - lr * half_mse_gradient(theta, X, y)
    return theta


def descent_cases(rng: np.random.Generator) -> list[Case]:
    """One step by hand, then more steps, no step at all, and a long run."""
    X = rng.normal(size=(25, 3))
    return [
        Case((np.array([[1.0], [2.0]]), np.array([1.0, 3.0]), np.array([0.0]), 0.1, 1)),
        Case((np.array([[2.0, 0.0], [0.0, 1.0]]), np.array([2.0, 3.0]), np.array([0.0, 1.0]), 0.25, 3)),
        Case((X, rng.normal(size=25), rng.normal(size=3), 0.1, 0)),
        Case((X, X @ rng.normal(size=3) + rng.normal(size=25), rng.normal(size=3), 0.05, 20)),
    ]


def _in_place(X, y, theta, lr, steps):
    for _ in range(steps):
        theta -= lr * half_mse_gradient(theta, X, y)
    return theta


def _one_gradient(X, y, theta, lr, steps):
    return theta - steps * lr * half_mse_gradient(theta, X, y)


def _decayed(X, y, theta, lr, steps):
    for t in range(steps):
        theta = theta - lr / (t + 1) * half_mse_gradient(theta, X, y)
    return theta


def _path(X, y, theta, lr, steps):
    return [gradient_descent(X, y, theta, lr, t) for t in range(steps + 1)]


def _one_coordinate_at_a_time(X, y, theta, lr, steps):
    theta = theta.copy()
    for _ in range(steps):
        for j in range(theta.size):
            theta[j] -= lr * half_mse_gradient(theta, X, y)[j]
    return theta


def _scaled(factor: Callable) -> Callable:
    """Descent whose rate is multiplied by `factor(X)`."""
    return lambda X, y, theta, lr, steps: gradient_descent(X, y, theta, lr * factor(X), steps)


DESCENT_MISTAKES = {
    "the step goes uphill (ascent): subtract the gradient": _scaled(lambda X: -1),
    "theta of the caller is changed (theta -= ... works in place)": _in_place,
    "one step too many": lambda X, y, theta, lr, steps: gradient_descent(X, y, theta, lr, steps + 1),
    "one step too few": lambda X, y, theta, lr, steps: gradient_descent(X, y, theta, lr, max(steps - 1, 0)),
    "only one step is done: is `return` inside the loop?": lambda X, y, theta, lr, steps: (
        gradient_descent(X, y, theta, lr, 1) if steps else None
    ),
    "only one step is done, also where none is asked": lambda X, y, theta, lr, steps: gradient_descent(
        X, y, theta, lr, 1
    ),
    "the gradient is computed once, before the loop": _one_gradient,
    "the learning rate is not used": lambda X, y, theta, lr, steps: gradient_descent(X, y, theta, 1.0, steps),
    "the start theta is not used, the steps begin at zero": lambda X, y, theta, lr, steps: gradient_descent(
        X, y, np.zeros_like(theta), lr, steps
    ),
    "the start theta is returned": lambda X, y, theta, lr, steps: theta,
    "the gradient is that of the MSE, twice as long": _scaled(lambda X: 2),
    "the gradient is half as long as that of the half MSE": _scaled(lambda X: 0.5),
    "the gradient is not divided by the number of samples": _scaled(len),
    "the rate shrinks from step to step, a constant one was asked": _decayed,
    "the coordinates are updated one after the other, all at once was asked": _one_coordinate_at_a_time,
    "the whole path is returned, the last theta was asked": _path,
    "the loss is returned, theta was asked": lambda X, y, theta, lr, steps: half_mse(
        gradient_descent(X, y, theta, lr, steps), X, y
    ),
}


# 02.stable_rate
def max_stable_rate(X):
    """Return 2 / L, L the largest eigenvalue of X'X / m."""
    return 2 / np.linalg.eigvalsh(X.T @ X / len(X))[-1]


def rate_cases(rng: np.random.Generator) -> list[Case]:
    """One feature, then a diagonal X whose largest curvature is in the middle, then random ones with unequal scales."""
    return [
        Case((np.array([[1.0], [2.0], [3.0]]),)),
        Case((np.array([[2.0, 0.0, 0.0], [0.0, 5.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]),)),
        Case((rng.normal(size=(5, 2)) * [1.0, 3.0],)),
        Case((rng.normal(size=(40, 4)) * [1.0, 2.0, 4.0, 8.0] + 1,)),
    ]


def _largest(X):
    return np.linalg.eigvalsh(X.T @ X)[-1]


RATE_MISTAKES = {
    "this is half of the limit: 1 / L is stable, but not the largest stable rate": lambda X: len(X) / _largest(X),
    "the eigenvalue is that of X'X, not divided by the number of samples": lambda X: 2 / _largest(X),
    "the eigenvalue is that of X'X, and 1 / L is taken": lambda X: 1 / _largest(X),
    "the singular value of X is not squared": lambda X: 2 * len(X) / np.sqrt(_largest(X)),
    "the singular value of X is neither squared nor divided by m": lambda X: 2 / np.sqrt(_largest(X)),
    "the singular value of X / sqrt(m) is not squared": lambda X: 2 / np.sqrt(_largest(X) / len(X)),
    "the singular value of X / m is squared, so m is divided by twice": lambda X: 2 * len(X) ** 2 / _largest(X),
    "the smallest eigenvalue is taken, the largest sets the limit": lambda X: (
        2 / np.linalg.eigvalsh(X.T @ X / len(X))[0]
    ),
    "the first eigenvalue of eig is taken, which are not sorted": lambda X: (
        2 / np.linalg.eigvals(X.T @ X / len(X))[0].real
    ),
    "the last eigenvalue of eig is taken, which are not sorted": lambda X: (
        2 / np.linalg.eigvals(X.T @ X / len(X))[-1].real
    ),
    "the data are centered first (covariance)": lambda X: 2 / _largest((X - X.mean(0)) / np.sqrt(len(X))),
    "the covariance is taken, which centers the data and divides by m - 1": lambda X: (
        2 / _largest((X - X.mean(0)) / np.sqrt(len(X) - 1))
    ),
    "it is divided by the number of features d, not of samples m": lambda X: 2 * X.shape[1] / _largest(X),
    "it is divided by m - 1, not by m": lambda X: 2 * (len(X) - 1) / _largest(X),
    "all eigenvalues are summed (trace, Frobenius norm), the largest was asked": lambda X: 2 * len(X) / np.sum(X**2),
    "the largest squared row is taken: that is the limit for single samples": lambda X: 2 / np.max(np.sum(X**2, 1)),
    "the largest eigenvalue is returned, the rate is 2 divided by it": lambda X: _largest(X) / len(X),
    "the largest eigenvalue is halved: turn the fraction around": lambda X: _largest(X) / len(X) / 2,
    "all rates are returned, one for each eigenvalue": lambda X: 2 / np.linalg.eigvalsh(X.T @ X / len(X)),
}


QUESTIONS = (
    Question(
        id="02.half_mse",
        points=2,
        difficulty=1,
        minutes=5,
        cases=loss_cases,
        reference=half_mse,
        mistakes=LOSS_MISTAKES,
        hints=(
            "The predictions of all samples are one matrix product, `X @ theta`, of shape (m,). "
            "The residuals are predictions minus targets: also (m,).",
            "Square the residuals, one by one, and add them up. What is left of the formula is a division. "
            "Mind the parentheses: `a / 2 * m` is not `a / (2 * m)`.",
            "Print the shape of your residuals. If it is (m, m), a column (m, 1) met a row (m,): keep both as (m,).",
        ),
    ),
    Question(
        id="02.gradient",
        points=2,
        difficulty=1,
        minutes=8,
        cases=loss_cases,
        reference=half_mse_gradient,
        mistakes=GRADIENT_MISTAKES,
        hints=(
            "Take one sample and one parameter first. What is the derivative of (x theta - y)^2 / 2 by theta? "
            "The chain rule brings a factor that cancels the half.",
            "Entry j of the gradient is the mean, over the samples, of residual times feature j. "
            "Which matrix product sums over the samples? Look at the shapes: (d, m) times (m,) is (d,).",
        ),
    ),
    Question(
        id="02.normal",
        points=3,
        difficulty=2,
        minutes=10,
        cases=normal_cases,
        reference=normal_equation,
        mistakes=NORMAL_MISTAKES,
        hints=(
            "Where X'X has an inverse, theta solves X'X theta = X'y. "
            "When one feature repeats another, X'X has no inverse, and many theta are equally good.",
            "NumPy has a function for least squares, and one for the pseudo-inverse. "
            "Both take X itself, not X'X, and both choose the shortest solution.",
            "Read the documentation of `np.linalg.lstsq`: it returns four things. "
            "Which one is the solution? Pass `rcond=None`.",
        ),
    ),
    Question(
        id="02.descent",
        points=3,
        difficulty=2,
        minutes=10,
        cases=descent_cases,
        reference=gradient_descent,
        mistakes=DESCENT_MISTAKES,
        hints=(
            "Use your gradient of the half MSE. It must be computed again in every step, at the new theta.",
            "The gradient points uphill. With `steps = 0` the start comes back.",
            "`theta -= ...` writes into the array of the caller. `theta = theta - ...` makes a new one.",
        ),
    ),
    Question(
        id="02.stable_rate",
        points=2,
        difficulty=3,
        minutes=12,
        cases=rate_cases,
        reference=max_stable_rate,
        mistakes=RATE_MISTAKES,
        hints=(
            "The half MSE is a quadratic bowl. Its curvature is the matrix H = X'X / m, the same everywhere.",
            "Along an eigenvector of H with eigenvalue L, one step multiplies the distance to the minimum by 1 - lr L. "
            "For which lr is its absolute value below 1? Which eigenvalue breaks this first?",
            "For symmetric matrices use `np.linalg.eigvalsh`: it returns the eigenvalues sorted, smallest first.",
        ),
    ),
)
