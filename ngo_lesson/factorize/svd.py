"""Truncated singular value decomposition: one pair of vectors, a subspace, a random basis. Lesson 12.

Throughout, A (m, n) is dense or scipy-sparse, A ~ U diag(s) Vt with U (m, k), s (k,) falling, Vt (k, n), all float64.
A singular pair is known up to its sign: here the entry of each row of Vt that is largest in absolute value is positive,
as in scikit-learn's TruncatedSVD.
"""

import numbers

import numpy as np
from numba import int64, types, void
from scipy import sparse
from scipy.linalg import qr
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.sparsefuncs import mean_variance_axis
from sklearn.utils.validation import check_is_fitted, validate_data

from ngo_lesson.kernels import MATRIX, READ_MATRIX, READ_VECTOR, kernel

READ_INTEGERS = types.Array(int64, 1, "C", readonly=True)


def power_iteration(A, steps: int, rng: np.random.Generator | int | None) -> tuple[float, np.ndarray, np.ndarray]:
    """Largest singular value of A and its vectors, (sigma, u (m,), v (n,)), by v <- A'A v / |A'A v|. Lesson 12.

    Each step shrinks the error of v by (s_2 / s_1)^2. Golub & Van Loan 2013, section 8.2.1.
    """
    U, s, Vt = subspace_iteration(A, 1, steps, rng)
    return float(s[0]), U[:, 0], Vt[0]


def subspace_iteration(
    A, k: int, steps: int, rng: np.random.Generator | int | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """k largest singular values of A and their vectors, (U, s, Vt), by V <- orthonormal basis of A'A V. Lesson 12.

    Each step shrinks the error of the i-th vector by (s_(k+1) / s_i)^2. Golub & Van Loan 2013, section 8.2.4.
    """
    A = _checked(A, k, steps=steps)
    V = _orthonormal(np.random.default_rng(rng).standard_normal((A.shape[1], k)))
    for _ in range(steps):
        V = _orthonormal(A.T @ (A @ V))
    return _signed(*_project(A @ V, V, k))


def randomized_svd(
    A, k: int, *, oversamples: int = 10, iterations: int = 4, rng: np.random.Generator | int | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """k largest singular values of A and their vectors, (U, s, Vt), from a random block Krylov basis. Lesson 12.

    The basis is that of A'R, (A'A) A'R, ..., `iterations` blocks of k + oversamples columns, R random. It serves better
    than the last block alone, for the same products. However few products there are, A V = U s is exact for a tall A,
    and U'A = s Vt for a wide one. Musco & Musco 2015, algorithm 2.
    """
    A = _checked(A, k, oversamples=oversamples, iterations=iterations)
    block, rng = k + oversamples, np.random.default_rng(rng)
    if A.shape[0] < A.shape[1]:  # what has to be made orthonormal is then the shorter
        U, s, Vt = _krylov_svd(A.T, k, block, iterations, rng)
        return _signed(Vt.T, s, U.T)
    return _signed(*_krylov_svd(A, k, block, iterations, rng))


def _krylov_svd(A, k, block, iterations, rng):
    """`randomized_svd` of a tall A, without its checks."""
    (m, n), size = A.shape, block * iterations
    if size >= n:  # the basis would be the whole space
        return _project(A.toarray() if sparse.issparse(A) else A, np.eye(n), k)
    order = "C" if sparse.issparse(A) else "F"  # as `_times` returns its blocks
    V, W = np.empty((n, size), order=order), np.empty((m, size), order=order)
    A, At = _by_rows(A), _by_rows(A.T)
    Y = rng.standard_normal((m, block))
    for start in range(0, size, block):
        X = _extend(V[:, :start], _times(At, Y))
        Y = _times(A, X)
        V[:, start : start + block], W[:, start : start + block] = X, Y
    return _project(W, V, k)


def _by_rows(A):
    """Return the arrays of a sparse matrix row by row, as (indptr, indices, data); a dense matrix as it is."""
    if not sparse.issparse(A):
        return A
    A = A.tocsr()
    return A.indptr.astype(np.int64), A.indices.astype(np.int64), A.data


def _times(A, X):
    """Return A X for what `_by_rows` returns."""
    if not isinstance(A, tuple):
        return (X.T @ A.T).T  # 1.2 to 1.8 times as fast as A @ X if X has few columns
    out = np.empty((A[0].size - 1, X.shape[1]))
    csr_times_(*A, np.ascontiguousarray(X), out)
    return out


@kernel(void(READ_INTEGERS, READ_INTEGERS, READ_VECTOR, READ_MATRIX, MATRIX), fastmath={"contract"})
def csr_times_(indptr, indices, data, X, out):
    """Sparse (m, n), given row by row, times X (n, b) into out (m, b): a sum of rows of X for each row. Lesson 12.

    Four rows of X at once, as that reads and writes `out` a quarter as often.
    """
    for i in range(out.shape[0]):
        end = indptr[i + 1]
        rest = end - (end - indptr[i]) % 4
        for c in range(out.shape[1]):
            out[i, c] = 0.0
        for p in range(indptr[i], rest, 4):
            v0, v1, v2, v3 = data[p], data[p + 1], data[p + 2], data[p + 3]
            j0, j1, j2, j3 = indices[p], indices[p + 1], indices[p + 2], indices[p + 3]
            for c in range(out.shape[1]):
                out[i, c] += v0 * X[j0, c] + v1 * X[j1, c] + v2 * X[j2, c] + v3 * X[j3, c]
        for p in range(rest, end):
            for c in range(out.shape[1]):
                out[i, c] += data[p] * X[indices[p], c]


def _extend(V, X):
    """Return an orthonormal basis of what X (n, b) adds to the orthonormal V (n, j); arbitrary where it adds nothing.

    Cholesky QR: if X'X = LL', then X L^-T is orthonormal; it takes a third of the time of Householder's QR. L_ii is how
    much of column i is new. Where that is little, rounding errors have grown, and a second round removes them; where it
    is nothing, Householder's QR finds other directions. Yamamoto et al. 2015.
    """
    for _ in range(2):
        lengths = np.linalg.norm(X, axis=0)
        X = X - _times(V, V.T @ X)
        try:
            L = np.linalg.cholesky(X.T @ X)
        except np.linalg.LinAlgError:
            break
        X = X @ np.linalg.inv(L).T
        if (L.diagonal() > 1e-3 * lengths).all():
            return X
    return _orthonormal(np.hstack([V, X]))[:, V.shape[1] :]


def _project(W, V, k):
    """Best U, s, Vt of rank k for A in the space of the orthonormal V (n, size), from W = A V.

    The small W'W has the squares of the singular values of W, and its eigenvectors cost less than an SVD of W; but
    squares lose half of the digits, so that is for values that differ by less than 1e3.
    """
    squares, Y = np.linalg.eigh(W.T @ W)
    squares, Y = squares[: -k - 1 : -1], Y[:, : -k - 1 : -1]
    if squares[-1] > 1e-6 * squares[0]:
        s = np.sqrt(squares)
        return _times(W, Y) / s, s, _times(V, Y).T
    U, s, Yt = np.linalg.svd(W, full_matrices=False)
    return U[:, :k], s[:k], Yt[:k] @ V.T


def _orthonormal(X):
    """Return an orthonormal basis, of as many columns as X (n, b), that spans what they span."""
    return qr(X, mode="economic", check_finite=False)[0]


def _signed(U, s, Vt):
    """Turn the pairs so that the entry of each row of Vt largest in absolute value is positive."""
    largest = np.abs(Vt).argmax(axis=1)
    signs = np.where(Vt[np.arange(len(Vt)), largest] < 0, -1.0, 1.0)
    return U * signs, s, Vt * signs[:, None]


def _checked(A, k, **counts: int):
    """Return A as float64, sparse as CSR or CSC; ValueError if it, k or a count cannot be used."""
    if sparse.issparse(A):
        A = (A if A.format in ("csr", "csc") else A.tocsr()).astype(np.float64, copy=False)
        values = A.data
    else:
        A = values = np.asarray(A, dtype=np.float64)
    if A.ndim != 2 or 0 in A.shape:
        raise ValueError(f"A has shape {A.shape}; it must be (m, n) with at least one row and one column")
    if not max(values.max(initial=0), -values.min(initial=0)) < 1e70:  # fourth powers of them are summed
        raise ValueError("A holds NaN or infinity, or numbers above 1e70; remove, fill or scale them first")
    _check_rank("k", k, *A.shape)
    for name, count in counts.items():
        least = 1 if name == "iterations" else 0
        if not (isinstance(count, numbers.Integral) and count >= least):
            raise ValueError(f"{name}={count!r} must be an integer, at least {least}")
    return A


def _check_rank(name, k, m, n):
    """ValueError if a matrix (m, n) has no k pairs of singular vectors."""
    if not (isinstance(k, numbers.Integral) and 1 <= k <= min(m, n)):
        raise ValueError(
            f"{name}={k!r} must be an integer from 1 to {min(m, n)}, the smaller of n_samples={m} and n_features={n}"
        )


class TruncatedSVD(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Coordinates of rows along the k right singular vectors, by `randomized_svd`; X is not centered. Lessons 12, 13.

    random_state: int, numpy Generator or None.
    Attributes: components_ (k, n), singular_values_, explained_variance_, explained_variance_ratio_ (k,).
    """

    def __init__(self, n_components=2, *, iterations=4, oversamples=10, random_state=None):
        self.n_components = n_components
        self.iterations = iterations
        self.oversamples = oversamples
        self.random_state = random_state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def fit(self, X, y=None):
        """Fit to X (m, n), dense or sparse; returns self."""
        self.fit_transform(X)
        return self

    def fit_transform(self, X, y=None):
        """Fit to X (m, n) and return its coordinates X V_k of shape (m, k)."""
        X = validate_data(self, X, accept_sparse=("csr", "csc"), dtype=np.float64)
        _check_rank("n_components", self.n_components, *X.shape)
        _, self.singular_values_, self.components_ = randomized_svd(
            X, self.n_components, oversamples=self.oversamples, iterations=self.iterations, rng=self.random_state
        )
        coordinates = self.transform(X)
        self.explained_variance_ = coordinates.var(axis=0)
        variances = mean_variance_axis(X, axis=0)[1] if sparse.issparse(X) else X.var(axis=0)
        total = float(variances.sum())
        self.explained_variance_ratio_ = self.explained_variance_ / (total or 1.0)
        return coordinates

    def transform(self, X):
        """Return the coordinates X V_k of shape (m, k) of new rows X (m, n)."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse=("csr", "csc"), dtype=np.float64, reset=False)
        return _times(_by_rows(X), self.components_.T)

    def inverse_transform(self, X):
        """Return rows of shape (m, n) for coordinates X (m, k)."""
        check_is_fitted(self)
        return np.asarray(X, dtype=np.float64) @ self.components_

    @property
    def _n_features_out(self):
        return self.components_.shape[0]
