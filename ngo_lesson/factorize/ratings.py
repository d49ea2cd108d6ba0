"""Ratings as user and item biases plus a product of factors, fitted to the observed entries only. Lesson 12.

Koren, Bell & Volinsky 2009, Matrix factorization techniques for recommender systems: a rating is predicted as

    mean + user_bias + item_bias + user_factors . item_factors.

The functions hold users as X (n_users, k + 1) and items as Y (n_items, k + 1): a row is k factors and, last, the bias.
Users and items are numbered from 0, `ratings` have their mean taken off.
"""

import math
import numbers

import numpy as np
from numba import float64, int64
from sklearn.base import BaseEstimator
from sklearn.metrics import r2_score, root_mean_squared_error
from sklearn.utils.validation import check_is_fitted

from ngo_lesson.kernels import MATRIX, READ_MATRIX, READ_VECTOR, VECTOR, kernel

REGULARIZATION = {"als": (14.0, 3.0), "sgd": (0.08, 0.02)}  # of factors and biases, chosen on parts of MovieLens 100k
FLAT = 1e-4  # a validation error that falls by less than this part of itself counts as not falling


@kernel(
    float64(MATRIX, MATRIX, int64[::1], int64[::1], READ_VECTOR, float64, float64, float64),
    fastmath={"reassoc", "contract"},
)
def sgd_epoch_(X, Y, users, items, ratings, lr, regularization, bias_regularization):
    """One pass over the ratings, a step after each, in place on X and Y; returns the mean squared error it met.

    With e the error of the prediction, p and q the factors as they were before the step:
    p <- p + lr (e q - regularization p), q <- q + lr (e p - regularization q), b <- b + lr (e - bias_regularization b).
    Shuffle the ratings before the first pass. Koren, Bell & Volinsky 2009, section on learning algorithms. Lesson 12.
    """
    k = X.shape[1] - 1
    keep, keep_bias = 1 - lr * regularization, 1 - lr * bias_regularization
    total = 0.0
    for n in range(ratings.size):
        x, y = X[users[n]], Y[items[n]]
        error = ratings[n] - x[k] - y[k]
        for c in range(k):
            error -= x[c] * y[c]
        total += error * error
        step = lr * error
        for c in range(k):
            p, q = x[c], y[c]
            x[c] = keep * p + step * q
            y[c] = keep * q + step * p
        x[k] = keep_bias * x[k] + step
        y[k] = keep_bias * y[k] + step
    return total / ratings.size


@kernel(
    float64(MATRIX, READ_MATRIX, int64[::1], int64[::1], READ_VECTOR, READ_VECTOR), fastmath={"reassoc", "contract"}
)
def als_half_(X, Y, starts, others, ratings, penalty):
    """Half a sweep of alternating least squares: each row of X becomes the best one for the Y given; lesson 12.

    Row r is rated by rows others[starts[r]:starts[r + 1]] of Y. It minimizes the sum of squared errors over them plus
    the sum of penalty (k + 1,) times x^2, not times their count. A row without ratings becomes 0. Returns the mean
    squared error afterwards. Zhou et al. 2008, section 3.1.

    The normal equations stand in A = [Z t]'[Z t], with Z = (factors, 1) and t the ratings without the others' biases.
    Its Cholesky factor holds the right-hand side half solved, and the least sum in the corner.
    """
    w = X.shape[1] + 1
    longest = 0
    for r in range(X.shape[0]):
        longest = max(longest, starts[r + 1] - starts[r])
    A, rows, total = np.empty((w, w)), np.empty((longest, w)), 0.0
    for r in range(X.shape[0]):
        first, count = starts[r], starts[r + 1] - starts[r]
        for n in range(count):
            y, row = Y[others[first + n]], rows[n]
            for c in range(w - 2):
                row[c] = y[c]
            row[w - 2] = 1.0
            row[w - 1] = ratings[first + n] - y[w - 2]
        np.dot(rows[:count].T, rows[:count], A)
        for c in range(w - 1):
            A[c, c] += penalty[c]
        for c in range(w - 1):
            scale = 1 / math.sqrt(A[c, c])
            for b in range(c, w):
                A[c, b] *= scale
            for a in range(c + 1, w):
                f = A[c, a]
                for b in range(a, w):
                    A[a, b] -= f * A[c, b]
        total += A[w - 1, w - 1]
        for c in range(w - 2, -1, -1):
            x = A[c, w - 1]
            for a in range(c + 1, w - 1):
                x -= A[c, a] * X[r, a]
            X[r, c] = x / A[c, c]
            total -= penalty[c] * X[r, c] ** 2
    return total / ratings.size


@kernel(VECTOR(READ_MATRIX, READ_MATRIX, int64[::1], int64[::1]), fastmath={"reassoc", "contract"})
def predict_centered(X, Y, users, items):
    """Predictions without the mean, shape (m,), for numbers of users and items; -1, unknown, adds nothing."""
    k = X.shape[1] - 1
    out = np.empty(users.size)
    for n in range(users.size):
        u, i = users[n], items[n]
        total = (X[u, k] if u >= 0 else 0.0) + (Y[i, k] if i >= 0 else 0.0)
        if u >= 0 and i >= 0:
            for c in range(k):
                total += X[u, c] * Y[i, c]
        out[n] = total
    return out


class RatingsModel(BaseEstimator):
    """Ratings from biases and factors, fitted to the observed entries; knows what to say of new users too. Lesson 12.

    n_factors: 0 leaves the biases alone. solver: "als", alternating least squares, or "sgd".
    regularization, bias_regularization: "auto" is 14 and 3 for "als", which adds them once a user or item, and 0.08 and
    0.02 for "sgd", which adds them at each rating. lr: the rate of "sgd".
    validation_fraction: part of the ratings kept aside to count epochs. Once their error stays flat for `patience`
    epochs, the model starts again on all ratings and takes as many epochs as were best. 0: it takes max_epochs.
    The defaults were chosen on validation parts of MovieLens 100k.

    Ids are numbers or strings, all of a kind. A user who rates an item twice has given two ratings. Predictions are
    clipped to the range of the ratings seen.
    Attributes: mean_, user_bias_ (n_users,), item_bias_ (n_items,), user_factors_ (n_users, k), item_factors_
    (n_items, k), users_ and items_ (their ids, sorted), range_ (lowest and highest rating), n_iter_ (epochs), history_:
    root mean squared errors of each epoch, "training" (n_iter_,) of the model and "validation" of the count.
    scikit-learn's estimator checks and searches call fit(X, y), and do not apply; clone and get_params do.
    """

    def __init__(
        self,
        n_factors=20,
        *,
        solver="als",
        regularization="auto",
        bias_regularization="auto",
        lr=0.01,
        max_epochs=100,
        validation_fraction=0.1,
        patience=3,
        random_state=None,
    ):
        self.n_factors = n_factors
        self.solver = solver
        self.regularization = regularization
        self.bias_regularization = bias_regularization
        self.lr = lr
        self.max_epochs = max_epochs
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.random_state = random_state

    def fit(self, users, items, ratings):
        """Fit to ids (m,), ids (m,) and ratings (m,); returns self."""
        penalties = self._check_options()
        users, items, ratings = np.asarray(users), np.asarray(items), np.asarray(ratings, dtype=np.float64)
        if ratings.ndim != 1 or not users.shape == items.shape == ratings.shape or not ratings.size:
            shapes = f"users {users.shape}, items {items.shape}, ratings {ratings.shape}"
            raise ValueError(f"{shapes}: all must have the same shape (m,), m at least 1")
        if not np.isfinite(ratings).all():
            raise ValueError("ratings hold NaN or infinity; leave those entries out, only observed ones are wanted")
        self.users_, user_numbers = _numbered(users, "users")
        self.items_, item_numbers = _numbered(items, "items")
        entries = user_numbers, item_numbers, ratings

        rng, epochs, validation = np.random.default_rng(self.random_state), self.max_epochs, []
        count = int(self.validation_fraction * ratings.size)
        if count:
            order = rng.permutation(ratings.size)
            aside, rest = ([part[chosen] for part in entries] for chosen in (order[:count], order[count:]))
            validation = self._run(rest, penalties, rng, epochs, aside)[3]
            epochs = int(np.argmin(validation)) + 1
        X, Y, training, _ = self._run(entries, penalties, rng, epochs)
        self.n_iter_, self.history_ = epochs, {"training": np.array(training), "validation": np.array(validation)}
        self.user_factors_, self.user_bias_ = X[:, :-1], X[:, -1]
        self.item_factors_, self.item_bias_ = Y[:, :-1], Y[:, -1]
        return self

    def predict(self, users, items):
        """Return predictions (m,) for ids (m,) and ids (m,).

        An unknown user gets mean + item_bias, an unknown item mean + user_bias, both unknown the mean.
        """
        check_is_fitted(self)
        users, items = np.asarray(users), np.asarray(items)
        if users.ndim != 1 or users.shape != items.shape:
            raise ValueError(f"users {users.shape} and items {items.shape} must have the same shape (m,)")
        X = np.column_stack([self.user_factors_, self.user_bias_])
        Y = np.column_stack([self.item_factors_, self.item_bias_])
        return self._clipped(X, Y, _places(users, self.users_, "users"), _places(items, self.items_, "items"))

    def score(self, users, items, ratings):
        """Return R^2 of the predictions, as scikit-learn's regressors do: 1 is best, 0 is the mean of these ratings."""
        return r2_score(ratings, self.predict(users, items))

    def _run(self, entries, penalties, rng, epochs, aside=None):
        """Fit to numbered entries from a random start; return X, Y and both errors of each epoch."""
        users, items, ratings = entries
        self.mean_, self.range_ = float(ratings.mean()), (float(ratings.min()), float(ratings.max()))
        ratings = ratings - self.mean_
        X, Y = (rng.normal(0, 0.1, (ids.size, self.n_factors + 1)) for ids in (self.users_, self.items_))
        X[:, -1] = Y[:, -1] = 0
        if self.solver == "als":
            penalty = np.repeat(penalties, [self.n_factors, 1])
            by_user, by_item = by_row(users, items, ratings, len(X)), by_row(items, users, ratings, len(Y))
        else:
            order = rng.permutation(ratings.size)
            users, items, ratings = users[order], items[order], ratings[order]
        training, validation = [], []
        for epoch in range(epochs):
            if self.solver == "als":
                als_half_(X, Y, *by_user, penalty)
                loss = als_half_(Y, X, *by_item, penalty)
            else:
                loss = sgd_epoch_(X, Y, users, items, ratings, self.lr, *penalties)
            if not math.isfinite(loss):
                advice = f"use a smaller lr than {self.lr}" if self.solver == "sgd" else f"regularize above {penalties}"
                raise ValueError(f"epoch {epoch + 1} ends in numbers that are not finite; {advice}")
            training.append(math.sqrt(max(loss, 0.0)))
            if aside is not None:
                validation.append(root_mean_squared_error(aside[2], self._clipped(X, Y, *aside[:2])))
                if epoch >= self.patience and min(validation[: -self.patience]) <= (1 + FLAT) * min(validation):
                    break
        return X, Y, training, validation

    def _clipped(self, X, Y, users, items):
        """Return predictions within the range of the ratings seen."""
        return np.clip(self.mean_ + predict_centered(X, Y, users, items), *self.range_)

    def _check_options(self):
        """Return the penalties of factors and biases; ValueError if an option cannot be used."""
        if self.solver not in REGULARIZATION:
            raise ValueError(f"solver={self.solver!r} is unknown; use 'als' or 'sgd'")
        for name, least in (("n_factors", 0), ("max_epochs", 1), ("patience", 1)):
            value = getattr(self, name)
            if not (isinstance(value, numbers.Integral) and value >= least):
                raise ValueError(f"{name}={value!r} must be an integer of at least {least}")
        if not (isinstance(self.lr, numbers.Real) and 0 < self.lr < math.inf):
            raise ValueError(f"lr={self.lr!r} must be a positive number")
        if not (isinstance(self.validation_fraction, numbers.Real) and 0 <= self.validation_fraction < 1):
            raise ValueError(f"validation_fraction={self.validation_fraction!r} must be from 0 to below 1")
        penalties = []
        for name, default in zip(("regularization", "bias_regularization"), REGULARIZATION[self.solver], strict=True):
            value = getattr(self, name)
            if isinstance(value, str) and value == "auto":
                value = default
            if not (isinstance(value, numbers.Real) and 0 <= value < math.inf) or (value == 0 and self.solver == "als"):
                wanted = "positive (few ratings leave many factors open)" if self.solver == "als" else "0 or more"
                raise ValueError(f'{name}={value!r} must be "auto" or a number, {wanted}')
            penalties.append(float(value))
        return penalties


def _numbered(ids: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the different ids, sorted, and the number of each id among them."""
    try:
        known, places = np.unique(ids, return_inverse=True)
    except TypeError:
        raise TypeError(f"{name} cannot be sorted; use numbers or strings, all of a kind, none missing") from None
    if known.dtype.kind == "f" and np.isnan(known[-1]):
        raise ValueError(f"{name} hold NaN; give every rating its id, or leave it out")
    return known, places


def _places(ids: np.ndarray, known: np.ndarray, name: str) -> np.ndarray:
    """Return the place of each id among the known, sorted ones; -1 if it is not there."""
    if ids.size and (ids.dtype.kind == "U") != (known.dtype.kind == "U") and "O" not in (ids.dtype, known.dtype):
        raise TypeError(f"{name} have dtype {ids.dtype}, those of fit {known.dtype}; give ids of the same kind")
    places = np.minimum(np.searchsorted(known, ids), known.size - 1)
    return np.where(known[places] == ids, places, -1)


def by_row(rows: np.ndarray, others: np.ndarray, ratings: np.ndarray, n_rows: int) -> tuple:
    """Return (starts, others, ratings) of `als_half_`: the entries sorted by row, and where each row starts."""
    order = np.argsort(rows, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=n_rows))])
    return starts, others[order], ratings[order]
