"""Questions of exercise 12, matrix factorization. A has the shape (m, n); its singular values are sorted downward."""

from collections.abc import Callable

import numpy as np

from ngo_lesson.answers import Outcome
from ngo_lesson.questions.question import Case, Question, close


def _spectrum(rng: np.random.Generator, m: int, n: int, s: np.ndarray) -> np.ndarray:
    """Return a matrix (m, n) with the singular values s, well apart."""
    U = np.linalg.qr(rng.standard_normal((m, s.size)))[0]
    V = np.linalg.qr(rng.standard_normal((n, s.size)))[0]
    return U * s @ V.T


# 12.svd
def matrix_decomposition(A, k):
    """Return (U_k, s_k, Vt_k), the first k columns, singular values and rows of the thin SVD."""
    U, s, Vt = np.linalg.svd(A, full_matrices=False)
    return U[:, :k], s[:k], Vt[:k]


def svd_cases(rng: np.random.Generator) -> list[Case]:
    """A diagonal matrix, then tall and wide ones with k from 1 to the full rank."""
    spectra = (
        (5, 3, np.array([4.0, 2.0, 1.0]), 2),
        (3, 6, np.array([9.0, 3.0, 0.5]), 1),
        (4, 4, np.arange(4.0, 0, -1), 4),
    )
    drawn = [(_spectrum(rng, m, n, s), k) for m, n, s, k in spectra]
    return [Case((np.diag([3.0, 1.0]), 1)), *(Case(case) for case in drawn)]


def _unsigned(value: object) -> object:
    """Give each row of Vt, with its column of U, the sign that makes its largest entry positive; leave other kinds."""
    if not (isinstance(value, (tuple, list)) and len(value) == 3):
        return value
    U, s, Vt = (np.asarray(part) for part in value)
    if U.ndim != 2 or s.ndim != 1 or Vt.ndim != 2 or not U.shape[1] == s.size == Vt.shape[0]:
        return value
    places = np.argmax(np.round(np.abs(Vt), 6), axis=1)
    signs = np.sign(Vt[np.arange(s.size), places])
    return U * signs, s, Vt * signs[:, None]


def signs_free(expected: Outcome, got: Outcome) -> str | None:
    """Compare (U, s, Vt) up to the common sign of a column of U and the row of Vt that belongs to it."""
    return close(_unsigned(expected.value), _unsigned(got.value))


def _parts(change: Callable) -> Callable:
    """Another result of U_k, s_k, Vt_k."""
    return lambda A, k: change(*matrix_decomposition(A, k))


SVD_MISTAKES = {
    "the product is returned, its three factors were asked": _parts(lambda U, s, Vt: U * s @ Vt),
    "V is returned in place of its transpose": _parts(lambda U, s, Vt: (U, s, Vt.T)),
    "s is returned as a diagonal matrix, a vector was asked": _parts(lambda U, s, Vt: (U, np.diag(s), Vt)),
    "not cut: all singular values are kept": lambda A, k: tuple(np.linalg.svd(A, full_matrices=False)),
    "the full U and Vt are returned (full_matrices=True), not cut": lambda A, k: tuple(np.linalg.svd(A)),
    "the columns of Vt are cut, its first k rows were asked": lambda A, k: (
        matrix_decomposition(A, k)[0],
        matrix_decomposition(A, k)[1],
        np.linalg.svd(A, full_matrices=False)[2][:, :k],
    ),
    "the rows of U are cut, its first k columns were asked": lambda A, k: (
        np.linalg.svd(A, full_matrices=False)[0][:k],
        *matrix_decomposition(A, k)[1:],
    ),
    "the smallest singular values are kept, not the largest": lambda A, k: tuple(
        part
        for part in (
            np.linalg.svd(A, full_matrices=False)[0][:, -k:],
            np.linalg.svd(A, full_matrices=False)[1][-k:],
            np.linalg.svd(A, full_matrices=False)[2][-k:],
        )
    ),
    "the singular values are squared: these are eigenvalues of A'A": _parts(lambda U, s, Vt: (U, s**2, Vt)),
    "the singular values stand in U: U_k * s_k is returned": _parts(lambda U, s, Vt: (U * s, s, Vt)),
    "only U and Vt are returned": _parts(lambda U, s, Vt: (U, Vt)),
    "only the singular values are returned": _parts(lambda U, s, Vt: s),
}


# 12.rank
def rank_for_energy(s, share):
    """Return the smallest k, at least 1, whose first k singular values hold `share` of the sum of their squares."""
    return int(np.sum(np.cumsum(s**2) < share * np.sum(s**2))) + 1


def rank_cases(rng: np.random.Generator) -> list[Case]:
    """By hand, a tiny and a large share, equal values, then random ones; no sum is near the bound."""
    fixed = (
        ([4.0, 2.0, 1.0], 0.9),
        ([4.0, 2.0, 1.0], 0.1),
        ([4.0, 2.0, 1.0], 0.98),
        ([1.0] * 10, 0.45),
        ([5.0, 0.0], 0.5),
    )
    cases = [Case((np.array(s), share)) for s, share in fixed]
    while len(cases) < 9:
        s = np.sort(rng.gamma(1.0, 2.0, size=12))[::-1].copy()
        share = float(rng.uniform(0.6, 0.97))
        if np.abs(np.cumsum(s**2) / np.sum(s**2) - share).min() > 1e-3:
            cases.append(Case((s, share)))
    return cases


def _first(sums: Callable, total: Callable, add: int = 1) -> Callable:
    return lambda s, share: min(int(np.sum(sums(s) < share * total(s))) + add, s.size + 1)


RANK_MISTAKES = {
    "the singular values are not squared: energy is the sum of squares": _first(np.cumsum, np.sum),
    "off by one: this is the last k that does not reach the share": _first(
        lambda s: np.cumsum(s**2), lambda s: np.sum(s**2), add=0
    ),
    "off by one: one value too many": _first(lambda s: np.cumsum(s**2), lambda s: np.sum(s**2), add=2),
    "each value is compared with the share of the largest, sums were asked": lambda s, share: int(
        np.sum(s**2 >= share * s[0] ** 2)
    ),
    "the share is lost, not kept: use 1 - share on one side": lambda s, share: rank_for_energy(s, 1 - share),
    "the share of the number of values is taken": lambda s, share: int(np.ceil(share * s.size)),
    "the sum starts at the smallest value": lambda s, share: rank_for_energy(s[::-1], share),
    "the share that is kept is returned, k was asked": lambda s, share: float(
        np.cumsum(s**2)[rank_for_energy(s, share) - 1] / np.sum(s**2)
    ),
    "the root of the share is compared: that is the share of the norm": lambda s, share: rank_for_energy(s, share**2),
}


# 12.power
def power_iteration(A, v, steps):
    """Return (sigma, u, v), the largest singular value with its vectors, after `steps` products with A'A."""
    for _ in range(steps):
        v = A.T @ (A @ v)
        v = v / np.linalg.norm(v)
    u = A @ v
    sigma = np.linalg.norm(u)
    return sigma, u / sigma, v


def power_cases(rng: np.random.Generator) -> list[Case]:
    """A diagonal matrix, then tall, wide and square ones; enough steps, so that only the limit counts."""
    spectra = (4, 3, [5.0, 2.0, 1.0], 30), (2, 6, [3.0, 1.0], 40), (5, 5, [8.0, 4.0, 2.0, 1.0, 0.5], 50)
    drawn = [(_spectrum(rng, m, n, np.array(s)), rng.standard_normal(n), steps) for m, n, s, steps in spectra]
    return [Case((np.diag([3.0, 1.0]), np.array([1.0, 1.0]), 30)), *(Case(case) for case in drawn)]


def common_sign_free(expected: Outcome, got: Outcome) -> str | None:
    """Compare (sigma, u, v) where u and v may both change their sign."""
    if isinstance(expected.value, tuple) and isinstance(got.value, (tuple, list)) and len(got.value) == 3:
        sigma, u, v = expected.value
        sign = np.sign(np.vdot(v, got.value[2])) if np.shape(got.value[2]) == np.shape(v) else 1.0
        return close((sigma, (sign or 1.0) * u, (sign or 1.0) * v), got.value)
    return close(expected.value, got.value)


def _power(change: Callable) -> Callable:
    return lambda A, v, steps: change(A, *power_iteration(A, v, steps))


def _not_normalized(A, v, steps):
    for _ in range(steps):
        v = A.T @ (A @ v)
    u = A @ v
    return np.linalg.norm(u), u, v


def _power_in_place(A, v, steps):
    sigma, u, new = power_iteration(A, v, steps)
    v[:] = new
    return sigma, u, v


POWER_MISTAKES = {
    "sigma is an eigenvalue of A'A: the singular value is its root": _power(lambda A, s, u, v: (s**2, u, v)),
    "the vectors are not normalized: their length grows without end": _not_normalized,
    "u is not normalized: it is A v": _power(lambda A, s, u, v: (s, A @ v, v)),
    "u and v are exchanged": _power(lambda A, s, u, v: (s, v, u)),
    "u is v: A v was not computed": _power(lambda A, s, u, v: (s, v, v)),
    "u and v have opposite signs: A v must be sigma u": _power(lambda A, s, u, v: (s, -u, v)),
    "sigma is the norm of the whole matrix, the largest singular value was asked": _power(
        lambda A, s, u, v: (float(np.linalg.norm(A)), u, v)
    ),
    "the smallest singular value is returned": lambda A, v, steps: tuple(
        part for part in (np.linalg.svd(A)[1][-1], np.linalg.svd(A)[0][:, -1], np.linalg.svd(A, False)[2][-1])
    ),
    "v of the caller is changed: work on a copy": _power_in_place,
    "only sigma is returned": _power(lambda A, s, u, v: s),
    "(u, sigma, v) is returned, (sigma, u, v) was asked": _power(lambda A, s, u, v: (u, s, v)),
}


# 12.nmf
def nmf_step(X, W, H):
    """Return (W, H) after one multiplicative update of each, W first (Lee & Seung 2001, theorem 1)."""
    W = W * (X @ H.T) / np.maximum(W @ H @ H.T, 1e-300)
    H = H * (W.T @ X) / np.maximum(W.T @ W @ H, 1e-300)
    return W, H


def nmf_cases(rng: np.random.Generator) -> list[Case]:
    """One entry, several parts, zeros in X, and a part that is not used at all."""

    def drawn(m: int, n: int, k: int) -> list[np.ndarray]:
        return [rng.uniform(0.1, 1, size=shape) for shape in ((m, n), (m, k), (k, n))]

    zeros, unused = drawn(5, 6, 2), drawn(4, 5, 3)
    zeros[0][zeros[0] < 0.5] = 0
    unused[1][:, 1] = 0
    unused[2][1] = 0
    one = [np.array([[6.0]]), np.array([[1.0]]), np.array([[2.0]])]
    return [Case(tuple(case)) for case in (one, drawn(4, 3, 2), drawn(8, 6, 3), zeros, unused)]


def _nmf(step: Callable) -> Callable:
    """Updates of W and of H by `step(factor, up, down)`."""

    def run(X, W, H):
        W = step(W, X @ H.T, W @ H @ H.T)
        return W, step(H, W.T @ X, W.T @ W @ H)

    return run


def _nmf_old(X, W, H):
    return nmf_step(X, W, H)[0], H * (W.T @ X) / np.maximum(W.T @ W @ H, 1e-300)


def _nmf_h_first(X, W, H):
    H = H * (W.T @ X) / np.maximum(W.T @ W @ H, 1e-300)
    return W * (X @ H.T) / np.maximum(W @ H @ H.T, 1e-300), H


def _divided(factor, up, down):
    with np.errstate(all="ignore"):
        return factor * up / down


def _nmf_in_place(X, W, H):
    W *= (X @ H.T) / np.maximum(W @ H @ H.T, 1e-300)
    H *= (W.T @ X) / np.maximum(W.T @ W @ H, 1e-300)
    return W, H


NMF_MISTAKES = {
    "H is updated with the old W: use the new one": _nmf_old,
    "H is updated first, W was asked to be": _nmf_h_first,
    "division by zero: a part that is not used gives 0 / 0, which is NaN": _nmf(_divided),
    "the step is additive: that is gradient descent, and it can become negative": _nmf(
        lambda factor, up, down: factor + 0.01 * (up - down)
    ),
    "the fraction is upside down: the error rises": _nmf(
        lambda factor, up, down: factor * down / np.maximum(up, 1e-300)
    ),
    "a root is taken of the fraction": _nmf(lambda factor, up, down: factor * np.sqrt(up / np.maximum(down, 1e-300))),
    "a small number is added to the denominator: it changes the step": _nmf(
        lambda factor, up, down: factor * up / (down + 1e-2)
    ),
    "the factor is not multiplied by its old value": _nmf(lambda factor, up, down: up / np.maximum(down, 1e-300)),
    "only W is updated": lambda X, W, H: (nmf_step(X, W, H)[0], H.copy()),
    "only H is updated": lambda X, W, H: (W.copy(), H * (W.T @ X) / np.maximum(W.T @ W @ H, 1e-300)),
    "W and H of the caller are changed: work on new arrays": _nmf_in_place,
    "(H, W) is returned, (W, H) was asked": lambda X, W, H: nmf_step(X, W, H)[::-1],
    "the product is returned, both factors were asked": lambda X, W, H: nmf_step(X, W, H)[0] @ nmf_step(X, W, H)[1],
}


# 12.als
def als_user(Q, ratings, observed, lam):
    """Return p, which minimizes the squared error over observed ratings plus lam ||p||^2; Q is (items, k)."""
    seen = Q[observed]
    return np.linalg.solve(seen.T @ seen + lam * np.eye(Q.shape[1]), seen.T @ ratings[observed])


def als_cases(rng: np.random.Generator) -> list[Case]:
    """One item, several, hardly any, and ratings that say 99 or 0 where none was given."""

    def drawn(items: int, k: int, share: float, filler: float, lam: float) -> Case:
        observed = rng.random(items) < share
        observed[:2] = True, False
        ratings = np.where(observed, np.round(rng.uniform(1, 5, size=items), 1), filler)
        return Case((rng.normal(size=(items, k)), ratings, observed, lam))

    one = np.array([[2.0], [1.0]]), np.array([4.0, 0.0]), np.array([True, False]), 1.0
    return [Case(one), drawn(8, 2, 0.6, 0.0, 0.5), drawn(30, 4, 0.3, 99.0, 2.0), drawn(10, 5, 0.1, 0.0, 0.1)]


def _als(use: Callable, strength: Callable) -> Callable:
    """The solution with other entries used (Q, ratings) or another strength of the penalty."""

    def solve(Q, ratings, observed, lam):
        seen, values = use(Q, ratings, observed)
        penalty = strength(lam, observed) * np.eye(Q.shape[1])
        return np.linalg.lstsq(seen.T @ seen + penalty, seen.T @ values, rcond=None)[0]

    return solve


def _observed(Q, ratings, observed):
    return Q[observed], ratings[observed]


ALS_MISTAKES = {
    "unobserved entries are used as they stand in the array: leave them out": _als(
        lambda Q, ratings, observed: (Q, ratings), lambda lam, observed: lam
    ),
    "unobserved entries are taken for ratings of 0: leave them out": _als(
        lambda Q, ratings, observed: (Q, np.where(observed, ratings, 0.0)), lambda lam, observed: lam
    ),
    "unobserved entries are taken for the mean rating: leave them out": _als(
        lambda Q, ratings, observed: (Q, np.where(observed, ratings, ratings[observed].mean())),
        lambda lam, observed: lam,
    ),
    "lam is multiplied by the number of ratings: lam alone was asked": _als(
        _observed, lambda lam, observed: lam * observed.sum()
    ),
    "lam is divided by the number of ratings": _als(_observed, lambda lam, observed: lam / observed.sum()),
    "lam is not used": _als(_observed, lambda lam, observed: 0.0),
    "lam is halved": _als(_observed, lambda lam, observed: lam / 2),
    "lam is doubled": _als(_observed, lambda lam, observed: 2 * lam),
    "lam is squared": _als(_observed, lambda lam, observed: lam**2),
    "lam has the wrong sign": _als(_observed, lambda lam, observed: -lam),
    "the mask is inverted: these are the items without a rating": _als(
        lambda Q, ratings, observed: (Q[~observed], ratings[~observed]), lambda lam, observed: lam
    ),
    "the predictions are returned, p was asked": lambda Q, ratings, observed, lam: (
        Q @ als_user(Q, ratings, observed, lam)
    ),
}


# 12.sgd
def rating_step(p, q, r, lr, lam):
    """Return new (p, q) after one step on a rating r; both use the old p and q (Koren, Bell & Volinsky 2009)."""
    e = r - p @ q
    return p + lr * (e * q - lam * p), q + lr * (e * p - lam * q)


def rating_cases(rng: np.random.Generator) -> list[Case]:
    """One factor, two, no penalty, then random ones."""
    fixed = ([1.0], [2.0], 3.0, 0.1, 0.5), ([1.0, 2.0], [3.0, -1.0], 4.0, 0.05, 0.0)
    cases = [Case((np.array(p), np.array(q), *rest)) for p, q, *rest in fixed]
    for k, lr, lam in ((5, 0.1, 0.2), (20, 0.02, 0.05)):
        cases.append(Case((rng.normal(size=k), rng.normal(size=k), float(rng.uniform(1, 5)), lr, lam)))
    return cases


def _rated(new_p: Callable, new_q: Callable) -> Callable:
    """A step by `new(own factor, other factor, error, lr, lam)` for each of the two."""

    def step(p, q, r, lr, lam):
        e = r - p @ q
        return new_p(p, q, e, lr, lam), new_q(q, p, e, lr, lam)

    return step


def _twice(new: Callable) -> Callable:
    return _rated(new, new)


def _q_after_p(p, q, r, lr, lam):
    e = r - p @ q
    p = p + lr * (e * q - lam * p)
    return p, q + lr * (e * p - lam * q)


def _error_anew(p, q, r, lr, lam):
    p = p + lr * ((r - p @ q) * q - lam * p)
    return p, q + lr * ((r - p @ q) * p - lam * q)


def _rating_in_place(p, q, r, lr, lam):
    e = r - p @ q
    old = p.copy()
    p += lr * (e * q - lam * p)
    q += lr * (e * old - lam * q)
    return p, q


RATING_MISTAKES = {
    "q is updated with the new p: both use the old ones": _q_after_p,
    "the error is computed again between the two updates": _error_anew,
    "the regularizer has the wrong sign: it must shrink the factors": _twice(
        lambda own, other, e, lr, lam: own + lr * (e * other + lam * own)
    ),
    "the step goes the wrong way: the error grows": _twice(
        lambda own, other, e, lr, lam: own - lr * (e * other - lam * own)
    ),
    "the sign of the error is wrong: e is the rating minus the prediction": _twice(
        lambda own, other, e, lr, lam: own + lr * (-e * other - lam * own)
    ),
    "the regularizer is not used": _twice(lambda own, other, e, lr, lam: own + lr * e * other),
    "the regularizer is not multiplied by the rate": _twice(
        lambda own, other, e, lr, lam: own + lr * e * other - lam * own
    ),
    "the regularizer is doubled": _twice(lambda own, other, e, lr, lam: own + lr * (e * other - 2 * lam * own)),
    "the gradient is doubled": _twice(lambda own, other, e, lr, lam: own + 2 * lr * (e * other - lam * own)),
    "each factor shrinks by the other one": _twice(lambda own, other, e, lr, lam: own + lr * (e * other - lam * other)),
    "the own factor stands in the gradient: that of p is e q, that of q is e p": _twice(
        lambda own, other, e, lr, lam: own + lr * (e * own - lam * own)
    ),
    "only p is updated": _rated(
        lambda own, other, e, lr, lam: own + lr * (e * other - lam * own), lambda own, other, e, lr, lam: own.copy()
    ),
    "p and q of the caller are changed (+= works in place)": _rating_in_place,
    "(q, p) is returned, (p, q) was asked": lambda *given: rating_step(*given)[::-1],
}


# 12.saves
def saves_memory(m, n, k):
    """Return whether two factors (m, k) and (k, n) hold fewer numbers than the matrix (m, n)."""
    return k * (m + n) < m * n


def saves_cases(rng: np.random.Generator) -> list[Case]:
    """Far below, far above, exactly at the limit and beside it, then random ones near the limit."""
    sizes = [(100, 100, 10), (100, 100, 80), (6, 3, 2), (100, 100, 50), (100, 100, 49), (60, 30, 21), (20, 30, 12)]
    sizes += [(10, 5, 7), (10, 50, 20), (21, 42, 14), (427, 640, 230), (427, 640, 280), (101, 100, 50)]
    for _ in range(6):
        m, n = (int(size) for size in rng.integers(20, 200, size=2))
        sizes += [(m, n, -(-m * n // (m + n)) + shift) for shift in (-1, 0, 1)]
    return [Case(case) for case in sizes]


SAVES_MISTAKES = {
    "at equal size nothing is saved: it is <, not <=": lambda m, n, k: k * (m + n) <= m * n,
    "k (m n) is compared: the factors hold k (m + n) numbers": lambda m, n, k: k * m * n < m * n,
    "k is compared with n: only one factor is counted": lambda m, n, k: k < n,
    "k is compared with the smaller size: k < min(m, n) is not enough": lambda m, n, k: k < min(m, n),
    "the singular values are counted apart: they are folded into one factor": lambda m, n, k: k * (m + n + 1) < m * n,
    "the opposite is returned": lambda m, n, k: k * (m + n) >= m * n,
    "always True: a factorization can need more memory than the matrix": lambda m, n, k: True,
    "k is compared with half of the smaller size": lambda m, n, k: k < min(m, n) / 2,
    "the number of numbers is returned, True or False was asked": lambda m, n, k: k * (m + n),
}


QUESTIONS = (
    Question(
        id="12.svd",
        points=2,
        difficulty=1,
        minutes=6,
        cases=svd_cases,
        reference=matrix_decomposition,
        mistakes=SVD_MISTAKES,
        compare=signs_free,
        hints=(
            "`np.linalg.svd(A, full_matrices=False)` returns U, s and the **transpose** of V, sorted: "
            "the largest singular value comes first.",
            "The first k columns of U, but the first k rows of Vt. `M[:, :k]` are columns, `M[:k]` are rows.",
        ),
    ),
    Question(
        id="12.rank",
        points=2,
        difficulty=2,
        minutes=8,
        cases=rank_cases,
        reference=rank_for_energy,
        mistakes=RANK_MISTAKES,
        hints=(
            "`np.cumsum(s**2)` holds the energy of the first value, of the first two, and so on.",
            "How many of these sums are still too small? The next value is the one that reaches the share.",
        ),
    ),
    Question(
        id="12.power",
        points=2,
        difficulty=2,
        minutes=10,
        cases=power_cases,
        reference=power_iteration,
        mistakes=POWER_MISTAKES,
        compare=common_sign_free,
        hints=(
            "`A.T @ (A @ v)` never forms the matrix A'A: two products with a vector are much cheaper.",
            "Divide by the norm in each step. At the end A v has the direction of u, and its length is sigma.",
        ),
    ),
    Question(
        id="12.nmf",
        points=3,
        difficulty=2,
        minutes=12,
        cases=nmf_cases,
        reference=nmf_step,
        mistakes=NMF_MISTAKES,
        hints=(
            "`*` and `/` work entry by entry, `@` multiplies matrices. Both fractions have their factor's shape.",
            "Update W first and use the new W in both places of the second formula.",
            "Where a part is not used, numerator and denominator are 0. `np.maximum(denominator, tiny)` with 1e-300 as "
            "tiny keeps 0 / 0 away and changes nothing else.",
        ),
    ),
    Question(
        id="12.als",
        points=2,
        difficulty=2,
        minutes=10,
        cases=als_cases,
        reference=als_user,
        mistakes=ALS_MISTAKES,
        hints=(
            "`Q[observed]` keeps the rows of the items that were rated, `ratings[observed]` their ratings.",
            "What is left is ridge regression: set the gradient to zero. The matrix to solve with is (k, k).",
        ),
    ),
    Question(
        id="12.sgd",
        points=2,
        difficulty=1,
        minutes=8,
        cases=rating_cases,
        reference=rating_step,
        mistakes=RATING_MISTAKES,
        hints=(
            "Compute the error once, before anything changes.",
            "Give the new p another name than the old one: the formula of q needs the old p.",
        ),
    ),
    Question(
        id="12.saves",
        points=1,
        difficulty=1,
        minutes=4,
        cases=saves_cases,
        reference=saves_memory,
        mistakes=SAVES_MISTAKES,
        hints=(
            "How many numbers does a matrix of shape (m, k) hold, and how many one of shape (k, n)?",
            "A comparison such as `a < b` is already True or False.",
        ),
    ),
)
