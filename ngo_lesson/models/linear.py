"""Linear regression three ways: in closed form, by gradient descent, one sample at a time. Lessons 02 and 03.

Throughout, theta has shape (d,), X (m, d) and y (m,). The functions know no intercept: give X a column of ones, or use
an estimator, which centers X and y. All work best on standardized columns.
"""

import math
import numbers
import warnings

import numpy as np
from numba import float64, int64, uint32, uint64
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted, validate_data

from ngo_lesson.kernels import READ_MATRIX, READ_VECTOR, VECTOR, kernel, random_below
from ngo_lesson.optimize.minimize import minimize


def half_mse(theta: np.ndarray, X: np.ndarray, y: np.ndarray) -> float:
    """Half the mean squared error, 1/(2m) sum (x_i theta - y_i)^2. Lesson 02."""
    X, y, theta = _checked(X, y, theta)
    residuals = X @ theta - y
    return float(residuals @ residuals) / (2 * y.size)


def half_mse_gradient(theta: np.ndarray, X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Gradient of `half_mse`, X'(X theta - y) / m, of shape (d,). Lesson 02."""
    X, y, theta = _checked(X, y, theta)
    return X.T @ (X @ theta - y) / y.size


def normal_equation(X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Solution of X'X theta = X'y, of minimal norm if there are many, shape (d,). Lesson 02.

    By singular value decomposition: forming X'X would square its condition number. Golub & Van Loan 2013, section 5.5.
    """
    X, y, _ = _checked(X, y)
    _check_finite(X=X, y=y)
    return np.linalg.lstsq(X, y, rcond=None)[0]


def max_stable_rate(X: np.ndarray) -> float:
    """Rate below which gradient descent on `half_mse` converges, 2 / (largest eigenvalue of X'X/m). Lesson 02.

    Infinite if X is zero: then the error is flat. Nesterov 2018, Lectures on Convex Optimization, section 1.2.3.
    """
    X, _, _ = _checked(X)
    _check_finite(X=X)
    largest = np.linalg.norm(X, 2) ** 2 / len(X)
    return float(2.0 / largest) if largest > 0 else math.inf


def lms(theta, X, y, lr: float, epochs: int, rng: np.random.Generator | int) -> tuple[np.ndarray, np.ndarray]:
    """Least mean squares: `epochs` passes over shuffled samples, a step after each; returns new theta and the losses.

    The loss of an epoch is half the mean squared error, each sample's taken when it is met; after a loss that is not
    finite it stops. No step overshoots on its sample while lr < 1 / max |x_i|^2. Widrow & Hoff 1960. Lesson 03.
    """
    X, y, theta = _checked(X, y, theta)
    if not (isinstance(lr, numbers.Real) and 0 < lr < math.inf):
        raise ValueError(f"lr={lr!r} must be a positive number")
    if not (isinstance(epochs, numbers.Integral) and epochs > 0):
        raise ValueError(f"epochs={epochs!r} must be a positive integer")
    theta, order, losses = theta.copy(), np.arange(y.size, dtype=np.uint32), np.empty(epochs)
    seed = np.random.default_rng(rng).integers(2**63, dtype=np.uint64)
    done = lms_(theta, np.ascontiguousarray(X), np.ascontiguousarray(y), lr, seed, order, losses)
    return theta, losses[:done]


@kernel(
    int64(VECTOR, READ_MATRIX, READ_VECTOR, float64, uint64, uint32[::1], VECTOR),
    fastmath={"reassoc", "contract"},
)
def lms_(theta, X, y, lr, seed, order, losses):
    """LMS in place on theta (d,), one epoch for each entry of `losses`; returns epochs done. Lesson 03, see `lms`.

    `order` holds the sample numbers 0 to m - 1; each epoch shuffles it as it goes (Fisher & Yates).
    The step theta <- theta - lr (x_i theta - y_i) x_i waits until the next error is summed: one loop over the columns
    does both. fastmath lets that sum be taken in several parts at once.
    """
    m, d = X.shape
    for epoch in range(losses.size):
        total, step, last = 0.0, 0.0, order[0]
        for k in range(m - 1, -1, -1):
            j = random_below(seed, np.uint64(k + 1))
            seed += np.uint64(1)
            order[j], order[k] = order[k], order[j]
            i = order[k]
            error = -y[i]
            for c in range(d):
                theta[c] -= step * X[last, c]
                error += theta[c] * X[i, c]
            total += error * error
            step, last = lr * error, i
        for c in range(d):
            theta[c] -= step * X[last, c]
        losses[epoch] = total / (2 * m)
        if not math.isfinite(losses[epoch]):
            return epoch + 1
    return losses.size


def _checked(X, y=None, theta=None) -> list[np.ndarray]:
    """Return X and what else is given as float64 arrays; ValueError if their shapes do not fit together."""
    X, y, theta = (None if array is None else np.asarray(array, dtype=np.float64) for array in (X, y, theta))
    if X.ndim != 2 or X.size == 0:
        raise ValueError(f"X has shape {X.shape}; it must be (m, d) with at least one sample and one column")
    for name, array, shape in (("y", y, X.shape[:1]), ("theta", theta, X.shape[1:])):
        if array is not None and array.shape != shape:
            raise ValueError(f"{name} has shape {array.shape}; with X of shape {X.shape} it must be {shape}")
    return [X, y, theta]


def _check_finite(**arrays: np.ndarray) -> None:
    """ValueError if one of these arrays holds NaN or infinity."""
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise ValueError(f"{name} holds NaN or infinity; remove or fill those rows first")


class _LinearRegressor(RegressorMixin, BaseEstimator):
    """What the three estimators share: they solve for centered data, and the intercept follows."""

    def fit(self, X, y):
        """Fit to X (m, d) and y (m,); returns self."""
        X, y = validate_data(self, X, y, dtype=np.float64, order="C", y_numeric=True)
        x_mean, y_mean = (X.mean(axis=0), y.mean()) if self.fit_intercept else (np.zeros(X.shape[1]), 0.0)
        self.coef_ = self._solve(X - x_mean, y - y_mean)
        self.intercept_ = float(y_mean - x_mean @ self.coef_)
        return self

    def predict(self, X):
        """Return predictions of shape (m,) for X of shape (m, d)."""
        check_is_fitted(self)
        return validate_data(self, X, dtype=np.float64, reset=False) @ self.coef_ + self.intercept_


class LeastSquaresRegressor(_LinearRegressor):
    """Linear regression in closed form, by `normal_equation`. Attributes: coef_ (d,), intercept_. Lesson 02."""

    def __init__(self, *, fit_intercept=True):
        self.fit_intercept = fit_intercept

    def _solve(self, X, y):
        return normal_equation(X, y)


class GradientDescentRegressor(_LinearRegressor):
    """Linear regression by gradient descent on the half-MSE, through `minimize(method="gd")`. Lesson 02.

    learning_rate: "auto" is half of `max_stable_rate` of the centered X, the largest that overshoots in no direction.
    tol: stop when the norm of the gradient has fallen to this part of its first value.
    Attributes: coef_ (d,), intercept_, n_iter_ (steps), loss_history_ (n_iter_ + 1,).
    """

    def __init__(self, *, learning_rate="auto", max_iter=10_000, tol=1e-6, fit_intercept=True):
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.tol = tol
        self.fit_intercept = fit_intercept

    def _solve(self, X, y):
        zero = np.zeros(X.shape[1])
        result = minimize(
            lambda theta: half_mse(theta, X, y),
            zero,
            method="gd",
            grad=lambda theta: half_mse_gradient(theta, X, y),
            lr=_rate(self.learning_rate, max_stable_rate(X) / 2),
            steps=_count(self.max_iter),
            tol=self.tol * np.linalg.norm(half_mse_gradient(zero, X, y)),
        )
        if not result.success:
            raise ValueError(f"{result.message}; learning_rate must stay below {max_stable_rate(X):.3g} for these data")
        if result.nit == self.max_iter:
            advice = "standardize the columns of X or raise max_iter"
            warnings.warn(
                f"max_iter={self.max_iter} steps did not reach tol={self.tol}; {advice}", ConvergenceWarning, 3
            )
        self.n_iter_, self.loss_history_ = result.nit, result.history["value"]
        return result.x


class LMSRegressor(_LinearRegressor):
    """Linear regression by least mean squares: a step after each sample, in random order. Lesson 03.

    learning_rate: "auto" is 0.1 / max |x_i|^2 of the centered X, a tenth of what overshoots on no sample. The rate is
    constant, so theta ends near the least-squares solution and keeps moving around it, less so if the rate is smaller.
    random_state: int, numpy Generator or None.
    Attributes: coef_ (d,), intercept_, n_iter_ (epochs), loss_history_ (n_iter_,).
    """

    def __init__(self, *, learning_rate="auto", max_iter=100, fit_intercept=True, random_state=None):
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.fit_intercept = fit_intercept
        self.random_state = random_state

    def _solve(self, X, y):
        largest = (X * X).sum(axis=1).max()
        lr = _rate(self.learning_rate, 0.1 / largest if largest > 0 else math.inf)
        rng = np.random.default_rng(self.random_state)
        theta, losses = lms(np.zeros(X.shape[1]), X, y, lr, _count(self.max_iter), rng)
        if not np.isfinite(losses[-1]):
            raise ValueError(f"learning_rate={lr:g} diverged in epoch {losses.size}; use at most {1 / largest:.3g}")
        self.n_iter_, self.loss_history_ = losses.size, losses
        return theta


def _rate(learning_rate: float | str, safe: float) -> float:
    """Return the rate asked for; "auto" is the safe one, or 1 if every rate is safe."""
    if isinstance(learning_rate, str) and learning_rate == "auto":
        return safe if math.isfinite(safe) else 1.0
    if not (isinstance(learning_rate, numbers.Real) and 0 < learning_rate < math.inf):
        raise ValueError(f'learning_rate={learning_rate!r} must be "auto" or a positive number')
    return float(learning_rate)


def _count(max_iter: int) -> int:
    if not (isinstance(max_iter, numbers.Integral) and max_iter > 0):
        raise ValueError(f"max_iter={max_iter!r} must be a positive integer")
    return int(max_iter)
