"""Questions of exercise 16, the state of the art. w and theta hold parameters; E (n, d) holds normal draws as rows."""

from collections.abc import Callable

import numpy as np

from ngo_lesson.answers import Seed
from ngo_lesson.questions.question import Case, Question


# 16.prompt
def soft_prompt(z, A, base):
    """Return base + A z in the shape of base (tokens, width); A is (tokens * width, k), z (k,)."""
    return base + (A @ z).reshape(base.shape)


def prompt_cases(rng: np.random.Generator) -> list[Case]:
    """One token, two by hand, the zero point, then random ones; A is square in one of them."""
    two = np.array([1.0, -1.0]), np.arange(8.0).reshape(4, 2), np.array([[10.0, 20.0], [30.0, 40.0]])
    shapes = ((3, 2), 4), ((2, 5), 3), ((2, 3), 6)
    drawn = [(rng.normal(size=k), rng.normal(size=(t * w, k)), rng.normal(size=(t, w))) for (t, w), k in shapes]
    return [
        Case((np.array([2.0]), np.array([[1.0], [3.0]]), np.array([[0.5, 0.5]]))),
        Case(two),
        Case((np.zeros(2), two[1], two[2])),
        *(Case(case) for case in drawn),
    ]


def _prompt(change: Callable) -> Callable:
    """The base and a change of it by A z, of which `change(moves, base)` makes the result."""
    return lambda z, A, base: change(A @ z, base)


def _prompt_in_place(z, A, base):
    base += (A @ z).reshape(base.shape)
    return base


PROMPT_MISTAKES = {
    "the base is dropped: the prompt moves around it": _prompt(lambda moves, base: moves.reshape(base.shape)),
    "reshaped in the wrong order: all numbers of the first token come first": _prompt(
        lambda moves, base: base + moves.reshape(base.shape, order="F")
    ),
    "the result is flat: it must have the shape of base": _prompt(lambda moves, base: base.ravel() + moves),
    "the sign is wrong: A z is added": _prompt(lambda moves, base: base - moves.reshape(base.shape)),
    "base of the caller is changed: work on a new array": _prompt_in_place,
    "base is multiplied by A z, a sum was asked": _prompt(lambda moves, base: base * moves.reshape(base.shape)),
    "only the base is returned": _prompt(lambda moves, base: base.copy()),
    "A z is divided by the root of its length": lambda z, A, base: base + (A @ z).reshape(base.shape) / np.sqrt(z.size),
    "every token is moved by the same vector": _prompt(
        lambda moves, base: base + moves.reshape(base.shape).mean(axis=0)
    ),
}


# 16.merge
def merge(models, weights):
    """Return the weighted mean of the models, array by array, with weights that are first made to sum to one."""
    shares = np.asarray(weights) / np.sum(weights)
    return [
        sum(share * array for share, array in zip(shares, arrays, strict=True)) for arrays in zip(*models, strict=True)
    ]


def merge_cases(rng: np.random.Generator) -> list[Case]:
    """Two models of one number, of two arrays, a model that counts nothing, then three random ones."""

    def drawn(count: int, weights: np.ndarray) -> Case:
        models = [[rng.normal(size=(3, 2)), rng.normal(size=4), rng.normal(size=(2, 2, 2))] for _ in range(count)]
        return Case((models, weights))

    two = [[np.array([1.0, 2.0]), np.array([[3.0]])], [np.array([5.0, 6.0]), np.array([[7.0]])]]
    return [
        Case(([[np.array([1.0])], [np.array([3.0])]], np.array([1.0, 3.0]))),
        Case((two, np.array([1.0, 1.0]))),
        Case((two, np.array([0.0, 0.5]))),
        drawn(2, rng.uniform(0.5, 2, size=2)),
        drawn(3, rng.uniform(0.1, 0.3, size=3)),
    ]


def _merged(shares_of: Callable) -> Callable:
    """A merge with other shares of the models."""

    def run(models, weights):
        shares = shares_of(np.asarray(weights))
        return [
            sum(share * array for share, array in zip(shares, arrays, strict=True))
            for arrays in zip(*models, strict=True)
        ]

    return run


def _weights_changed(models, weights):
    weights /= weights.sum()
    return merge(models, weights)


def _models_changed(models, weights):
    new = merge(models, weights)
    for array, other in zip(models[0], new, strict=True):
        array[...] = other
    return models[0]


MERGE_MISTAKES = {
    "the weights are not normalized: they must sum to one": _merged(lambda w: w),
    "the weights are not used: this is the plain mean": _merged(lambda w: np.full(w.size, 1 / w.size)),
    "the arrays are added up: no mean is taken": _merged(np.ones_like),
    "the weighted sum is divided by the number of models, not by the sum of the weights": _merged(lambda w: w / w.size),
    "the weights are normalized by a softmax: divide them by their sum": _merged(lambda w: np.exp(w) / np.exp(w).sum()),
    "the weights are divided by the largest, their sum was asked": _merged(lambda w: w / w.max()),
    "the weights are divided by their length (norm), their sum was asked": _merged(lambda w: w / np.linalg.norm(w)),
    "the models are weighted the wrong way round": _merged(lambda w: (w / w.sum())[::-1]),
    "a model of the caller is changed: work on new arrays": _models_changed,
    "the weights of the caller are changed (weights /= ... works in place)": _weights_changed,
    "only the first array is returned": lambda models, weights: merge(models, weights)[:1],
    "only the model of the largest weight is returned": lambda models, weights: [
        array.copy() for array in models[int(np.argmax(weights))]
    ],
}


# 16.low_rank_noise
def low_rank_noise(m, n, r, rng):
    """Return A B' / sqrt(r) with A (m, r) drawn first, then B (n, r), all normal: each entry has variance one."""
    A = rng.standard_normal((m, r))
    B = rng.standard_normal((n, r))
    return A @ B.T / np.sqrt(r)


def noise_cases(rng: np.random.Generator) -> list[Case]:
    """Rank one, then others; oblong and square, with r as large as a side."""
    shapes = (2, 3, 1), (4, 4, 2), (5, 3, 3), (3, 8, 2), (6, 6, 4)
    return [Case((*shape, Seed(int(seed)))) for shape, seed in zip(shapes, rng.integers(10**6, size=5), strict=True)]


def _noise(change: Callable) -> Callable:
    """Another product of A and B, drawn as asked."""

    def run(m, n, r, rng):
        A = rng.standard_normal((m, r))
        return change(A, rng.standard_normal((n, r)), r)

    return run


def _drawn_otherwise(draw: Callable) -> Callable:
    """The right product of A (m, r) and B (n, r), drawn in another way."""

    def run(m, n, r, rng):
        A, B = draw(m, n, r, rng)
        return A @ B.T / np.sqrt(r)

    return run


def _b_first(m, n, r, rng):
    B = rng.standard_normal((n, r))
    return rng.standard_normal((m, r)), B


NOISE_MISTAKES = {
    "divided by r: the variance of an entry becomes 1 / r, divide by its root": _noise(lambda A, B, r: A @ B.T / r),
    "no scale: the variance of an entry is r": _noise(lambda A, B, r: A @ B.T),
    "multiplied by the root of r, not divided": _noise(lambda A, B, r: A @ B.T * np.sqrt(r)),
    "divided by the root of the size, the root of r was asked": _noise(lambda A, B, r: A @ B.T / np.sqrt(len(A))),
    "B is drawn first: A was asked to be": _drawn_otherwise(_b_first),
    "B is drawn with the shape (r, n): draw it as (n, r), so that its numbers stand in the order asked": (
        _drawn_otherwise(lambda m, n, r, rng: (rng.standard_normal((m, r)), rng.standard_normal((r, n)).T))
    ),
    "A is drawn with the shape (r, m): draw it as (m, r), so that its numbers stand in the order asked": (
        _drawn_otherwise(lambda m, n, r, rng: (rng.standard_normal((r, m)).T, rng.standard_normal((n, r))))
    ),
    "the draws are uniform, normal ones were asked": _drawn_otherwise(
        lambda m, n, r, rng: (rng.random((m, r)), rng.random((n, r)))
    ),
    "noise of full rank: m n numbers are drawn, r (m + n) were asked": lambda m, n, r, rng: rng.standard_normal((m, n)),
    "the result is transposed: m rows and n columns were asked": _noise(lambda A, B, r: B @ A.T / np.sqrt(r)),
    "both factors are returned, their product was asked": _noise(lambda A, B, r: (A, B)),
    "rng is not used: the draws have a seed of their own": lambda m, n, r, rng: low_rank_noise(
        m, n, r, np.random.default_rng(0)
    ),
}


# 16.sparse_mask
def sparse_mask(w, share):
    """Return an array like w, True at its int(share * size) smallest magnitudes."""
    mask = np.zeros(w.size, dtype=bool)
    mask[np.argsort(np.abs(w), axis=None)[: int(share * w.size)]] = True
    return mask.reshape(w.shape)


def mask_cases(rng: np.random.Generator) -> list[Case]:
    """A row by hand, none, all, a share that is rounded down, then matrices and a stack of them."""
    fixed = ([3.0, -1.0, 2.0, -4.0], 0.5), ([3.0, -1.0, 2.0], 0.0), ([3.0, -1.0, 2.0], 1.0), ([5.0, 1.0, -2.0], 0.5)
    drawn = ((4, 5), 0.25), ((6, 7), 0.52), ((2, 3, 4), 0.77)
    return [
        *(Case((np.array(w), share)) for w, share in fixed),
        *(Case((rng.normal(size=shape) + 0.2, share)) for shape, share in drawn),
    ]


def _mask_rows(w, share):
    return np.stack([_mask_rows(row, share) for row in w]) if w.ndim > 1 else sparse_mask(w, share)


MASK_MISTAKES = {
    "True at the largest magnitudes, the smallest were asked": lambda w, share: sparse_mask(
        1 / np.maximum(np.abs(w), 1e-300), share
    ),
    "sorted with their signs: -4 is large in magnitude": lambda w, share: sparse_mask(w - w.min() + 1, share),
    "the mask is the wrong way round: False at the smallest": lambda w, share: ~sparse_mask(w, share),
    "the number is rounded up: int() rounds down": lambda w, share: sparse_mask(w, np.ceil(share * w.size) / w.size),
    "each row has its own share: the smallest of all weights were asked": _mask_rows,
    "the mask is flat: it must have the shape of w": lambda w, share: sparse_mask(w, share).ravel(),
    "the masked weights are returned, the mask was asked": lambda w, share: np.where(sparse_mask(w, share), w, 0.0),
    "weights below `share` are marked: share is a part of the number of weights": lambda w, share: np.abs(w) < share,
    "weights below this share of the largest magnitude are marked": lambda w, share: (
        np.abs(w) < share * np.abs(w).max()
    ),
    "the indices are returned, a mask was asked": lambda w, share: np.argsort(np.abs(w), axis=None)[
        : int(share * w.size)
    ],
    "ones and zeros are returned, True and False were asked": lambda w, share: sparse_mask(w, share).astype(float),
}


# 16.accuracy
def accuracy_gradient(accuracy, theta, E, sigma):
    """Return the estimate of the gradient of 1 - accuracy from the mirrored points theta + sigma E and - sigma E."""
    gains = [accuracy(theta + sigma * e) - accuracy(theta - sigma * e) for e in E]
    return -np.array(gains) @ E / (2 * sigma * len(E))


def accuracy_cases(rng: np.random.Generator) -> list[Case]:
    """One draw by hand, two, then the accuracy of a linear classifier on random points, which is a staircase."""

    def steps(theta):
        """1 if theta[0] > 0, otherwise 0"""
        return float(theta[0] > 0)

    def share(d: int) -> Callable:
        X = rng.normal(size=(40, d)) + 0.5
        y = rng.random(40) < 0.5

        def accuracy(theta):
            return float(np.mean((X @ np.ravel(theta) > 0) == y))

        accuracy.__doc__ = f"the share of 40 points that a linear classifier with {d} weights gets right"
        return accuracy

    drawn = [
        (share(d), rng.normal(size=d), rng.normal(size=(n, d)), sigma) for d, n, sigma in ((3, 5, 0.5), (6, 12, 2))
    ]
    fixed = ([0.5], [[2.0]], 1.0), ([0.1, 0.0], [[1.0, 1.0], [-2.0, 0.5]], 0.5)
    return [
        *(Case((steps, np.array(theta), np.array(E), sigma)) for theta, E, sigma in fixed),
        *(Case((*case[:3], float(case[3]))) for case in drawn),
    ]


def _accuracy(weigh: Callable) -> Callable:
    """An estimate that `weigh(up, down, E, sigma)` makes of the accuracies at the mirrored points."""

    def run(accuracy, theta, E, sigma):
        up = np.array([accuracy(theta + sigma * e) for e in E])
        return weigh(up, np.array([accuracy(theta - sigma * e) for e in E]), E, sigma)

    return run


def _not_mirrored(accuracy, theta, E, sigma):
    return np.array([1 - accuracy(theta + sigma * e) for e in E]) @ E / (sigma * len(E))


def _against_theta(accuracy, theta, E, sigma):
    base = accuracy(theta)
    return -np.array([accuracy(theta + sigma * e) - base for e in E]) @ E / (sigma * len(E))


def _accuracy_in_place(accuracy, theta, E, sigma):
    total = np.zeros(theta.shape)
    for e in E:
        theta += sigma * e
        up = accuracy(theta)
        theta -= 2 * sigma * e
        total -= (up - accuracy(theta)) * e
    return total / (2 * sigma * len(E))


ACCURACY_MISTAKES = {
    "the sign is wrong: this is the gradient of the accuracy, that of 1 - accuracy was asked": _accuracy(
        lambda up, down, E, sigma: (up - down) @ E / (2 * sigma * len(E))
    ),
    "not mirrored: only the points theta + sigma E are evaluated": _not_mirrored,
    "not mirrored: the points are compared with theta itself": _against_theta,
    "divided by sigma squared, sigma was asked": _accuracy(
        lambda up, down, E, sigma: (down - up) @ E / (2 * sigma**2 * len(E))
    ),
    "not divided by sigma": _accuracy(lambda up, down, E, sigma: (down - up) @ E / (2 * len(E))),
    "divided by sigma: the two points of a pair are 2 sigma apart": _accuracy(
        lambda up, down, E, sigma: (down - up) @ E / (sigma * len(E))
    ),
    "the sum over the pairs, their mean was asked": _accuracy(lambda up, down, E, sigma: (down - up) @ E / (2 * sigma)),
    "the two accuracies of a pair are added: their difference tells the direction": _accuracy(
        lambda up, down, E, sigma: (2 - up - down) @ E / (2 * sigma * len(E))
    ),
    "divided by the number of parameters, not of pairs": _accuracy(
        lambda up, down, E, sigma: (down - up) @ E / (2 * sigma * E.shape[1])
    ),
    "only the sign of each difference is used": _accuracy(
        lambda up, down, E, sigma: np.sign(down - up) @ E / (2 * sigma * len(E))
    ),
    "theta of the caller is changed: evaluate at new arrays": _accuracy_in_place,
    "one number is returned, each parameter has its own": _accuracy(
        lambda up, down, E, sigma: float(np.mean(down - up) / (2 * sigma))
    ),
}


QUESTIONS = (
    Question(
        id="16.prompt",
        points=1,
        difficulty=1,
        minutes=6,
        cases=prompt_cases,
        reference=soft_prompt,
        mistakes=PROMPT_MISTAKES,
        hints=(
            "`A @ z` is one long vector: first the numbers of the first token, then those of the second, and so on.",
            "`.reshape(base.shape)` cuts it into rows.",
        ),
    ),
    Question(
        id="16.merge",
        points=2,
        difficulty=2,
        minutes=10,
        cases=merge_cases,
        reference=merge,
        mistakes=MERGE_MISTAKES,
        hints=(
            "Divide the weights by their sum first, into a new array.",
            "`zip(*models)` gives, for each place in the list, the arrays of all models.",
        ),
    ),
    Question(
        id="16.low_rank_noise",
        points=2,
        difficulty=1,
        minutes=6,
        cases=noise_cases,
        reference=low_rank_noise,
        mistakes=NOISE_MISTAKES,
        hints=(
            "Draw A first and B second, each by one call of `rng.standard_normal`.",
            "An entry is a sum of r products, each of variance one. By what must a sum of variance r be divided?",
        ),
    ),
    Question(
        id="16.sparse_mask",
        points=1,
        difficulty=1,
        minutes=6,
        cases=mask_cases,
        reference=sparse_mask,
        mistakes=MASK_MISTAKES,
        hints=(
            "`np.argsort(np.abs(w), axis=None)` gives the places in the flat array, the smallest magnitude first.",
            "Fill a flat array of False, then give it the shape of w.",
        ),
    ),
    Question(
        id="16.accuracy",
        points=3,
        difficulty=2,
        minutes=12,
        cases=accuracy_cases,
        reference=accuracy_gradient,
        mistakes=ACCURACY_MISTAKES,
        hints=(
            "For each row e ask for two accuracies, at `theta + sigma * e` and at `theta - sigma * e`.",
            "1 minus the first less 1 minus the second is the second less the first.",
            "Each row is multiplied by its difference over 2 sigma; then the mean over the rows is taken.",
        ),
    ),
)
