"""Non-negative matrix factorization: the multiplicative rule as taught, coordinate descent (HALS) as used. Lesson 12.

X (m, n) is near W H with W (m, k) and H (k, n), nothing negative; ||X - W H|| is the Frobenius norm.
"""

import itertools
import numbers
import warnings
from collections.abc import Iterator

import numpy as np
from numba import float64, int64, void
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted, validate_data

from ngo_lesson.kernels import MATRIX, READ_MATRIX, kernel

BLOCK = 64  # columns that `hals_` works on at once: up to k = 50 they stay in the fastest cache
SWEEPS, SHARE = 10, 0.03  # when `_hals` has a new product: see `hals_`


def nmf_step(X: np.ndarray, W: np.ndarray, H: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (W, H) after one multiplicative step: W * (X H') / (W H H'), then H the same way with the new W.

    Never raises ||X - W H||. A zero stays zero; where the divisor is zero, nothing changes.
    Lee & Seung 2001, theorem 1. Lesson 12.
    """
    X, W, H = _checked(X, W, H)
    W = _divide(W * (X @ H.T), W @ (H @ H.T), otherwise=W)
    H = _divide(H * (W.T @ X), (W.T @ W) @ H, otherwise=H)
    return W, H


def _divide(a: np.ndarray, b: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
    return np.divide(a, b, out=otherwise.copy(), where=b > 0)


@kernel(void(MATRIX, READ_MATRIX, READ_MATRIX, int64, float64), fastmath={"reassoc", "contract"})
def hals_(H, G, P, sweeps, share):
    """Lower ||X - W H|| over H (k, n) >= 0 in place, row after row, given G = W'W and P = W'X. Lesson 12, see `nmf`.

    Columns do not depend on each other. A block of them is swept `sweeps` times, or until a sweep lowers the squared
    error by at most `share` of what its best one did. Where a column of W is zero, the row of H stays as it is.
    """
    k, n = H.shape
    block, slope = np.empty((k, BLOCK)), np.empty(BLOCK)
    for start in range(0, n, BLOCK):
        width = min(BLOCK, n - start)
        for a in range(k):
            for j in range(width):
                block[a, j] = H[a, start + j]
        best = 0.0
        for _ in range(sweeps):
            gain = 0.0
            for a in range(k):
                if G[a, a] > 0:
                    for j in range(width):
                        slope[j] = P[a, start + j]
                    for b in range(k):
                        for j in range(width):
                            slope[j] -= G[a, b] * block[b, j]
                    for j in range(width):
                        new = max(block[a, j] + slope[j] / G[a, a], 0.0)
                        gain += G[a, a] * (new - block[a, j]) ** 2
                        block[a, j] = new
            best = max(best, gain)
            if gain <= share * best:
                break
        for a in range(k):
            for j in range(width):
                H[a, start + j] = block[a, j]


def nmf(X, W, H, *, solver: str = "hals", max_iter: int = 1000, tol: float = 1e-5) -> tuple:
    """Improve W and H until an iteration lowers ||X - W H|| by at most tol ||X||; returns new (W, H, errors).

    errors: ||X - W H|| at the start and after each iteration; it never rises. "hals" knows it to 1e-8 ||X||.
    solver: "mu" is `nmf_step`. "hals" minimizes over one column of W, or row of H, after another, several times while
    X H', or W'X, is at hand (Cichocki & Phan 2009; Gillis & Glineur 2012), from a point that Nesterov's momentum has
    moved ahead; a step that raises the error is undone and the momentum starts anew (Ang & Gillis 2019). Lesson 12.
    """
    X, W, H = _checked(X, W, H)
    if solver not in ("hals", "mu"):
        raise ValueError(f'solver={solver!r} must be "hals" or "mu"')
    _check_count(max_iter=max_iter)
    if not (isinstance(tol, numbers.Real) and tol >= 0):
        raise ValueError(f"tol={tol!r} must be a number, at least 0")
    least, errors = tol * np.linalg.norm(X), [np.linalg.norm(X - W @ H)]
    iterations = _hals(X, W, H) if solver == "hals" else _multiplicative(X, W, H)
    for found in itertools.islice(iterations, max_iter):
        W, H, error = found
        errors.append(error)
        if errors[-2] - error <= least:
            break
    return W, H, np.array(errors)


def _multiplicative(X, W, H) -> Iterator[tuple]:
    while True:
        W, H = nmf_step(X, W, H)
        yield W, H, np.linalg.norm(X - W @ H)


def _hals(X, W, H) -> Iterator[tuple]:
    """Yield each (W, H, error) that lowers the error; W is kept as its transpose V, so that both are updated alike."""
    square, lowest, steps, V = np.vdot(X, X), np.inf, 0, W.T
    V_new, H_new = np.array(V, order="C"), np.array(H, order="C")
    while True:
        hals_(V_new, H_new @ H_new.T, H_new @ X.T, SWEEPS, SHARE)
        VX, VV = V_new @ X, V_new @ V_new.T
        hals_(H_new, VV, VX, SWEEPS, SHARE)
        error = np.sqrt(max(square - 2 * np.vdot(VX, H_new) + np.vdot(VV, H_new @ H_new.T), 0.0))
        if error < lowest:
            yield V_new.T, H_new, error
            momentum = steps / (steps + 3)
            ahead = [np.maximum(new + momentum * (new - old), 0) for new, old in ((V_new, V), (H_new, H))]
            V, H, lowest, steps = V_new, H_new, error, steps + 1
            V_new, H_new = ahead
        elif steps > 0:
            V_new, H_new, steps = V.copy(), H.copy(), 0
        else:  # not even a plain step helps: only rounding errors are left
            return


class NMF(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Non-negative matrix factorization as a transformer, dense X (m, n) to W (m, k), by `nmf`. Lesson 12.

    The start is random, with the mean of X; one made from singular vectors led to no smaller error. `nmf` takes others.
    n_components: k, which may exceed m and n. solver, max_iter, tol: see `nmf`.
    random_state: int, numpy Generator or None.
    Attributes: components_ (k, n), reconstruction_err_ (||X - W H|| at the end), n_iter_, errors_ (n_iter_ + 1,).
    """

    def __init__(self, n_components=2, *, solver="hals", max_iter=1000, tol=1e-5, random_state=None):
        self.n_components = n_components
        self.solver = solver
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state

    def fit(self, X, y=None):
        """Fit to X (m, n), nothing negative; returns self."""
        X = validate_data(self, X, dtype=np.float64, ensure_non_negative=True)
        _check_count(n_components=self.n_components)
        rng, k, (m, n) = np.random.default_rng(self.random_state), self.n_components, X.shape
        scale = 2 * np.sqrt(X.mean() / k)
        W, H = scale * rng.random((m, k)), scale * rng.random((k, n))
        options = {"solver": self.solver, "max_iter": self.max_iter, "tol": self.tol}
        _, self.components_, self.errors_ = nmf(X, W, H, **options)
        self.reconstruction_err_, self.n_iter_ = float(self.errors_[-1]), len(self.errors_) - 1
        if self.n_iter_ == self.max_iter and self.tol > 0:
            warnings.warn(f"max_iter={self.max_iter} did not reach tol={self.tol}; raise one", ConvergenceWarning, 2)
        return self

    def transform(self, X):
        """Return the W (m, k) >= 0 nearest to X (m, n) for these components, by up to 1000 sweeps of HALS."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, ensure_non_negative=True, reset=False)
        H = self.components_
        V = np.zeros((len(H), len(X)))
        hals_(V, H @ H.T, H @ X.T, 1000, 1e-16)
        return V.T

    def inverse_transform(self, W):
        """Return W H, (m, n), for W (m, k)."""
        check_is_fitted(self)
        return np.asarray(W) @ self.components_

    @property
    def _n_features_out(self) -> int:
        return len(self.components_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        return tags


def _check_count(**counts: int) -> None:
    """ValueError if one of them is not a positive integer."""
    for name, count in counts.items():
        if not (isinstance(count, numbers.Integral) and count > 0):
            raise ValueError(f"{name}={count!r} must be a positive integer")


def _checked(X, W, H) -> list[np.ndarray]:
    """Return all as float64; ValueError if one holds what is negative, NaN or infinite, or if shapes do not fit."""
    X, W, H = (np.asarray(array, dtype=np.float64) for array in (X, W, H))
    if X.ndim != 2 or X.size == 0 or W.ndim != 2 or W.shape[1] == 0:
        raise ValueError(f"X has shape {X.shape} and W {W.shape}; they must be (m, n) and (m, k), none of them 0")
    for name, array, shape in (("W", W, (len(X), W.shape[1])), ("H", H, (W.shape[1], X.shape[1]))):
        if array.shape != shape:
            raise ValueError(f"{name} has shape {array.shape}; with X of shape {X.shape} it must be {shape}")
    for name, array in (("X", X), ("W", W), ("H", H)):
        if not (array.min() >= 0 and array.max() < np.inf):
            raise ValueError(f"{name} must hold nothing negative, infinite or NaN; clip or fill it first")
    return [X, W, H]
