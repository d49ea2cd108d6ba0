"""Other right answers to exercise 12: loops, other formulas, libraries, other types of the result."""

import numpy as np
import scipy.linalg


def svd_eigen(A, k):
    values, V = np.linalg.eigh(A.T @ A)
    order = np.argsort(values)[::-1][:k]
    s = np.sqrt(values[order])
    return A @ V[:, order] / s, s, V[:, order].T


def svd_scipy(A, k):
    U, s, Vt = scipy.linalg.svd(-A)
    return [-U[:, :k], list(s[:k]), Vt[:k, :]]


def rank_loop(s, share):
    total, kept = sum(x * x for x in s), 0.0
    for k, x in enumerate(s, start=1):
        kept += x * x
        if kept >= share * total:
            return k
    return len(s)


def rank_search(s, share):
    energy = np.cumsum(s**2)
    return np.searchsorted(energy / energy[-1], share) + 1


def power_whole(A, v, steps):
    M = A.T @ A
    for _ in range(steps):
        v = M @ v
        v /= np.linalg.norm(v)
    sigma = np.sqrt(v @ M @ v)
    return sigma, A @ v / sigma, v


def power_minus(A, v, steps):
    U, s, Vt = np.linalg.svd(A)
    return [s[0], -U[:, 0], -Vt[0]]


def nmf_where(X, W, H):
    def ratio(up, down):
        return np.divide(up, down, out=np.zeros_like(up), where=down > 0)

    W = W * ratio(X @ H.T, W @ (H @ H.T))
    return [W, H * ratio(W.T @ X, (W.T @ W) @ H)]


def als_stacked(Q, ratings, observed, lam):
    k = Q.shape[1]
    stacked = np.vstack([Q[observed], np.sqrt(lam) * np.eye(k)])
    return np.linalg.lstsq(stacked, np.append(ratings[observed], np.zeros(k)), rcond=None)[0]


def als_loop(Q, ratings, observed, lam):
    k = Q.shape[1]
    A, b = lam * np.eye(k), np.zeros(k)
    for q, r, seen in zip(Q, ratings, observed, strict=True):
        if seen:
            A += np.outer(q, q)
            b += r * q
    return list(np.linalg.inv(A) @ b)


def sgd_loop(p, q, r, lr, lam):
    e = r - sum(a * b for a, b in zip(p, q, strict=True))
    pairs = [(a + lr * (e * b - lam * a), b + lr * (e * a - lam * b)) for a, b in zip(p, q, strict=True)]
    return np.array([a for a, _ in pairs]), [b for _, b in pairs]


def sgd_shrink(p, q, r, lr, lam):
    e = r - np.dot(p, q)
    keep = 1 - lr * lam
    return keep * p + lr * e * q, keep * q + lr * e * p


def saves_numpy(m, n, k):
    return np.bool_(m * k + k * n < m * n)


def saves_rank(m, n, k):
    return bool(k < m * n / (m + n))


ALTERNATIVES = {
    "12.svd": [svd_eigen, svd_scipy],
    "12.rank": [rank_loop, rank_search],
    "12.power": [power_whole, power_minus],
    "12.nmf": [nmf_where],
    "12.als": [als_stacked, als_loop],
    "12.sgd": [sgd_loop, sgd_shrink],
    "12.saves": [saves_numpy, saves_rank],
}
