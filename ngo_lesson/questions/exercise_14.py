"""Questions of exercise 14, smaller and sturdier models. w holds weights of any shape; X (m, d) and y (m,) are data."""

from collections.abc import Callable

import numpy as np

from ngo_lesson.questions.question import Case, Question


# 14.prune
def prune(w, share):
    """Return a copy of w with its int(share * size) smallest magnitudes set to zero."""
    new = w.flatten()
    new[np.argsort(np.abs(new))[: int(share * new.size)]] = 0
    return new.reshape(w.shape)


def prune_cases(rng: np.random.Generator) -> list[Case]:
    """A row by hand, none, all, a share that is rounded down, then matrices and a stack of them."""
    fixed = ([3.0, -1.0, 2.0, -4.0], 0.5), ([3.0, -1.0, 2.0], 0.0), ([3.0, -1.0, 2.0], 1.0), ([5.0, 1.0, -2.0], 0.5)
    drawn = ((4, 5), 0.25), ((6, 7), 0.52), ((2, 3, 4), 0.77)
    return [
        *(Case((np.array(w), share)) for w, share in fixed),
        *(Case((rng.normal(size=shape) + 0.2, share)) for shape, share in drawn),
    ]


def _pruned(order: Callable = np.abs, count: Callable = lambda share, n: int(share * n), zero: bool = True) -> Callable:
    """Prune the first ones in the order of another key, or another number of them."""

    def run(w, share):
        new = w.flatten()
        new[np.argsort(order(new))[: count(share, new.size)]] = 0 if zero else np.nan
        return new.reshape(w.shape)

    return run


def _prune_in_place(w, share):
    w[:] = prune(w, share)
    return w


def _prune_rows(w, share):
    return np.stack([_prune_rows(row, share) for row in w]) if w.ndim > 1 else prune(w, share)


PRUNE_MISTAKES = {
    "the largest magnitudes are set to zero, the smallest were asked": _pruned(lambda w: -np.abs(w)),
    "sorted with their signs: -4 is large in magnitude": _pruned(lambda w: w),
    "w of the caller is changed: work on a copy": _prune_in_place,
    "the result is flat: it must keep the shape of w": lambda w, share: prune(w, share).ravel(),
    "the number is rounded up: int() rounds down": _pruned(count=lambda share, n: int(np.ceil(share * n))),
    "this share is kept, it was asked to be removed": lambda w, share: prune(w, 1 - share),
    "weights below `share` are set to zero: share is a part of the number of weights": lambda w, share: np.where(
        np.abs(w) < share, 0.0, w
    ),
    "weights below this share of the largest magnitude are set to zero": lambda w, share: np.where(
        np.abs(w) < share * np.abs(w).max(), 0.0, w
    ),
    "each row is pruned alone: the smallest of all weights were asked": _prune_rows,
    "the signs are lost: weights that are kept stay as they are": lambda w, share: np.abs(prune(w, share)),
    "the small weights are kept and the others set to zero": lambda w, share: w - prune(w, share),
    "the mask is returned, the weights were asked": lambda w, share: prune(w, share) != 0,
    "removed weights become NaN, zero was asked": _pruned(zero=False),
    "a part of the rows is removed, without a look at the weights": lambda w, share: np.concatenate(
        [np.zeros_like(w[: int(share * len(w))]), w[int(share * len(w)) :]]
    ),
}


# 14.quantize
def quantize(w, bits):
    """Return (integers, scale), symmetric: integers from -top to top with top = 2^(bits - 1) - 1; scale 1 for zeros."""
    top = 2 ** (bits - 1) - 1
    scale = np.abs(w).max() / top or 1.0
    return np.round(w / scale).astype(np.int64), scale


def dequantize(q, scale):
    """Return the floats that integers of this scale stand for."""
    return q * scale


def quantize_cases(rng: np.random.Generator) -> list[Case]:
    """By hand, the edge on either side, zeros, 2 to 8 bits in several shapes; then integers back to floats."""
    fixed = ([-1.27, 0.5, 1.0], 8), ([2.0, -0.3, 1.1], 3), ([-5.0, 1.0, 3.2], 4), ([0.0, 0.0], 8)
    drawn = ((9,), 8), ((4, 5), 4), ((3, 2, 2), 2)
    skewed = rng.uniform(1, 3, size=12)  # all on one side of zero
    back = np.array([-127, 0, 50, 127], dtype=np.int8), rng.integers(-7, 8, size=(3, 4)).astype(np.int8)
    return [
        *(Case((np.array(w), bits)) for w, bits in fixed),
        *(Case((rng.normal(size=shape), bits)) for shape, bits in drawn),
        Case((skewed, 8)),
        Case((back[0], 0.01), answer=1),
        Case((back[1], float(rng.uniform(0.2, 2))), answer=1),
    ]


def _quantized(change: Callable = lambda q, scale, bits: (q, scale), **options) -> tuple[Callable, Callable]:
    """Both answers, quantize with another top, rounding or scale, or with a changed result; dequantize right."""
    top_of = options.get("top", lambda bits: 2 ** (bits - 1) - 1)
    rounded, size = options.get("rounded", np.round), options.get("size", lambda w: np.abs(w).max())

    def run(w, bits):
        with np.errstate(all="ignore"):
            scale = size(w) / top_of(bits)
            scale = scale if scale != 0 or "zeros" in options else 1.0
            return change(rounded(w / scale), scale, bits)

    return run, dequantize


def _wrapped(q, scale, bits):
    half = 2 ** (bits - 1)
    return (q + half) % (2 * half) - half, scale


def _affine(w, bits):
    scale = np.ptp(w) / (2**bits - 1) or 1.0
    return np.round((w - w.min()) / scale), scale


def _affine_signed(w, bits):
    q, scale = _affine(w, bits)
    return q - 2 ** (bits - 1), scale


QUANTIZE_MISTAKES = {
    "overflow at the edge: with top = 2^(bits - 1) the largest weight wraps to the other sign": _quantized(
        _wrapped, top=lambda bits: 2 ** (bits - 1)
    ),
    "top is 2^(bits - 1), one too large: 128 does not fit into 8 bits with a sign": _quantized(
        top=lambda bits: 2 ** (bits - 1)
    ),
    "top is 2^bits - 1: one bit is needed for the sign": _quantized(top=lambda bits: 2**bits - 1),
    "overflow: top is 2^bits - 1, and large weights wrap to the other sign": _quantized(
        _wrapped, top=lambda bits: 2**bits - 1
    ),
    "top is always 127: it depends on bits": _quantized(top=lambda bits: 127),
    "asymmetric: the smallest weight becomes 0, so zero is not exact": (_affine, dequantize),
    "asymmetric: shifted by half of the range, so zero is not exact": (_affine_signed, dequantize),
    "the scale is taken from the largest weight: a large negative one does not fit": _quantized(size=lambda w: w.max()),
    "rounded toward zero, to the nearest was asked (astype(int) cuts off)": _quantized(rounded=np.trunc),
    "rounded down, to the nearest was asked": _quantized(rounded=np.floor),
    "not rounded: integers were asked": _quantized(rounded=lambda w: w),
    "an all-zero w is divided by a scale of 0": _quantized(zeros=True),
    "the scale is upside down: one step is max|w| / top": _quantized(lambda q, scale, bits: (q, 1 / scale)),
    "top is returned, the scale was asked": _quantized(lambda q, scale, bits: (q, 2 ** (bits - 1) - 1)),
    "(scale, integers) is returned, (integers, scale) was asked": _quantized(lambda q, scale, bits: (scale, q)),
    "only the integers are returned": _quantized(lambda q, scale, bits: q),
    "quantize returns floats again: that is the work of dequantize": _quantized(
        lambda q, scale, bits: (q * scale, scale)
    ),
    "dequantize divides by the scale, it must multiply": (quantize, lambda q, scale: q / scale),
    "dequantize returns whole numbers: the weights are floats": (quantize, lambda q, scale: np.round(q * scale)),
    "dequantize returns the integers as they are": (quantize, lambda q, scale: q * 1.0),
}


# 14.ridge
def ridge(X, y, lam):
    """Return (w, b), which minimize sum (X w + b - y)^2 + lam ||w||^2."""
    x_mean, y_mean = X.mean(axis=0), y.mean()
    centered = X - x_mean
    w = np.linalg.solve(centered.T @ centered + lam * np.eye(X.shape[1]), centered.T @ (y - y_mean))
    return w, y_mean - x_mean @ w


def ridge_cases(rng: np.random.Generator) -> list[Case]:
    """A line, a strong penalty, more columns than rows, then columns and targets with means far from 0."""
    line = np.array([[1.0], [2.0], [3.0]]), np.array([3.0, 5.0, 7.0]), 2.0
    drawn = ((8, 2), 100.0), ((4, 6), 0.5), ((20, 3), 5.0)
    made = [(rng.normal(size=shape) + 3, rng.normal(10, 3, size=shape[0]), lam) for shape, lam in drawn]
    return [Case(line), *(Case(case) for case in made)]


def _ridge(strength: Callable, change: Callable = lambda w, b: (w, b)) -> Callable:
    """Ridge with another strength of the penalty, or with a changed result."""
    return lambda X, y, lam: change(*ridge(X, y, strength(lam, *X.shape)))


def _intercept_penalized(X, y, lam):
    ones = np.column_stack([X, np.ones(len(X))])
    theta = np.linalg.solve(ones.T @ ones + lam * np.eye(ones.shape[1]), ones.T @ y)
    return theta[:-1], theta[-1]


def _without_intercept(X, y, lam):
    return np.linalg.solve(X.T @ X + lam * np.eye(X.shape[1]), X.T @ y), 0.0


def _standardized(X, y, lam):
    deviation = X.std(axis=0)
    w, b = ridge(X / deviation, y, lam)
    return w / deviation, b


RIDGE_MISTAKES = {
    "the intercept is penalized: only w was asked to be": _intercept_penalized,
    "lam is multiplied by the number of samples: the sum of squares was asked, not their mean": _ridge(
        lambda lam, m, d: lam * m
    ),
    "lam is divided by the number of samples": _ridge(lambda lam, m, d: lam / m),
    "the squares are halved: then lam counts twice": _ridge(lambda lam, m, d: 2 * lam),
    "lam is halved": _ridge(lambda lam, m, d: lam / 2),
    "lam is squared": _ridge(lambda lam, m, d: lam**2),
    "lam is not used: this is least squares": lambda X, y, lam: ridge(X, y, 1e-9),
    "the sign of the penalty is wrong": _ridge(lambda lam, m, d: -lam),
    "no intercept: X and y must be centered, and b follows from their means": _without_intercept,
    "b is the mean of y: the mean of X times w must be subtracted": lambda X, y, lam: (ridge(X, y, lam)[0], y.mean()),
    "b is zero: w is right, the intercept is missing": _ridge(lambda lam, m, d: lam, lambda w, b: (w, 0.0)),
    "y is not centered, X is, and b follows": lambda X, y, lam: (
        ridge(X, y, lam)[0],
        -X.mean(axis=0) @ ridge(X, y, lam)[0],
    ),
    "the columns are divided by their deviations first: that is another penalty": _standardized,
    "(b, w) is returned, (w, b) was asked": _ridge(lambda lam, m, d: lam, lambda w, b: (b, w)),
    "only w is returned": _ridge(lambda lam, m, d: lam, lambda w, b: w),
    "w and b are returned in one array": _ridge(lambda lam, m, d: lam, lambda w, b: np.append(w, b)),
}


# 14.stop
def early_stop(losses, patience):
    """Return the 0-based epoch of the lowest loss before training stops, `patience` epochs after the last best one."""
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        elif epoch - best >= patience:
            break
    return best


def stop_cases(rng: np.random.Generator) -> list[Case]:
    """One valley, a second and deeper one that is in reach or not, a fall to the end, a rise from the start; random."""
    fixed = (
        ([5.0, 3.0, 4.0, 4.5, 6.0], 2),
        ([5.0, 3.0, 4.0, 2.0, 2.5, 2.6, 2.7], 2),
        ([5.0, 3.0, 4.0, 4.5, 2.0, 1.0], 2),
        ([5.0, 3.0, 4.5, 4.0, 2.0, 2.5, 2.4], 3),
        ([5.0, 4.0, 3.0, 2.0, 1.0], 1),
        ([1.0, 2.0, 3.0, 0.5], 1),
        ([9.0, 7.0, 8.0, 6.0, 6.5, 5.0, 5.5, 5.8, 5.9, 1.0], 3),
        ([8.0, 6.0, 7.0, 6.9, 6.8, 5.0], 3),
        ([9.0, 8.0, 8.5, 7.0, 7.5, 6.0, 5.0], 2),
    )
    drawn = []
    for patience in (2, 3, 4):
        falling = 1 / (1 + np.arange(30)) + 0.01 * np.arange(30)
        drawn.append((falling + 0.08 * rng.random(30), patience))
    return [Case((np.array(losses), patience)) for losses, patience in (*fixed, *drawn)]


def _stopped(stop: Callable, give: Callable = lambda best, epoch: best) -> Callable:
    """Walk through the epochs until `stop(losses, epoch, best, patience)`; give another number."""

    def run(losses, patience):
        best = epoch = 0
        for epoch in range(len(losses)):
            if losses[epoch] < losses[best]:
                best = epoch
            if stop(losses, epoch, best, patience):
                break
        return give(best, epoch)

    return run


def _overdue(losses, epoch, best, patience):
    return epoch - best >= patience


def _rises_in_all(losses, epoch, best, patience):
    return sum(losses[k] >= np.min(losses[:k]) for k in range(1, epoch + 1)) >= patience


def _rises_in_a_row(losses, epoch, best, patience):
    return epoch >= patience and all(losses[epoch - k] > losses[epoch - k - 1] for k in range(patience))


def _last_fall(losses, patience):
    best = waited = 0
    for epoch in range(1, len(losses)):
        if losses[epoch] < losses[epoch - 1]:
            best, waited = epoch, 0
        else:
            waited += 1
            if waited >= patience:
                break
    return best


STOP_MISTAKES = {
    "off by one: training goes on for one epoch more than patience": _stopped(
        lambda losses, epoch, best, patience: epoch - best > patience
    ),
    "off by one: training stops one epoch too early": _stopped(
        lambda losses, epoch, best, patience: epoch > best and epoch - best >= patience - 1
    ),
    "off by one: epochs count from 0": _stopped(_overdue, lambda best, epoch: best + 1),
    "the epoch at which training stops is returned, the best one was asked": _stopped(
        _overdue, lambda best, epoch: epoch
    ),
    "the epoch before the last one is returned, the best one was asked": _stopped(
        lambda losses, epoch, best, patience: epoch - best >= patience,
        lambda best, epoch: epoch - 1,
    ),
    "the lowest loss of all is returned: training stopped before it": lambda losses, patience: int(np.argmin(losses)),
    "the last epoch is returned": lambda losses, patience: len(losses) - 1,
    "patience is not used: training stops at the first rise": lambda losses, patience: early_stop(losses, 1),
    "the waiting does not start again after an improvement": _stopped(_rises_in_all),
    "only rises in a row count: an epoch that is not a new best one counts too": _stopped(_rises_in_a_row),
    "each loss is compared with the one before: compare it with the best": _last_fall,
    "the loss is returned, its epoch was asked": lambda losses, patience: float(losses[early_stop(losses, patience)]),
    "the highest loss is sought, the lowest was asked": lambda losses, patience: early_stop(-losses, patience),
}


# 14.augment
def shift(image, dy, dx):
    """Return the image moved down by dy and right by dx, with zeros where nothing comes from."""
    rows, columns = image.shape
    new = np.zeros_like(image)
    for i in range(rows):
        for j in range(columns):
            if 0 <= i - dy < rows and 0 <= j - dx < columns:
                new[i, j] = image[i - dy, j - dx]
    return new


def shift_cases(rng: np.random.Generator) -> list[Case]:
    """Down, right, up and left, not at all, both ways in an oblong image, and out of the picture."""
    small = np.array([[1.0, 2.0], [3.0, 4.0]])
    moves = (1, 0), (0, 1), (-1, 0), (0, -1), (0, 0)
    drawn = ((4, 6), 1, -2), ((5, 3), -2, 1), ((3, 4), 2, 3), ((3, 4), -5, 1), ((3, 4), 0, 4)
    return [
        *(Case((small, dy, dx)) for dy, dx in moves),
        *(Case((rng.uniform(1, 9, size=shape), dy, dx)) for shape, dy, dx in drawn),
    ]


def _padded(mode: str, **options) -> Callable:
    """What comes in is made by np.pad of this mode."""

    def run(image, dy, dx):
        a, b = abs(dy), abs(dx)
        wide = np.pad(image, ((a, a), (b, b)), mode=mode, **options)
        return wide[a - dy : a - dy + image.shape[0], b - dx : b - dx + image.shape[1]]

    return run


def _cut(image, dy, dx):
    rows, columns = image.shape
    return image[max(-dy, 0) : max(rows - dy, 0), max(-dx, 0) : max(columns - dx, 0)]


def _shift_in_place(image, dy, dx):
    image[:] = shift(image, dy, dx)
    return image


SHIFT_MISTAKES = {
    "wraps around: what leaves on one side comes in on the other": lambda image, dy, dx: np.roll(
        image, (dy, dx), (0, 1)
    ),
    "wraps around from top to bottom": lambda image, dy, dx: np.roll(shift(image, 0, dx), dy, axis=0),
    "wraps around from left to right": lambda image, dy, dx: np.roll(shift(image, dy, 0), dx, axis=1),
    "dy and dx are exchanged: rows come first": lambda image, dy, dx: shift(image, dx, dy),
    "the direction is wrong: this moves up and left": lambda image, dy, dx: shift(image, -dy, -dx),
    "a positive dy moves down, this moves up: row 0 is on top": lambda image, dy, dx: shift(image, -dy, dx),
    "a positive dx moves right, this moves left": lambda image, dy, dx: shift(image, dy, -dx),
    "only dy is used": lambda image, dy, dx: shift(image, dy, 0),
    "only dx is used": lambda image, dy, dx: shift(image, 0, dx),
    "negative shifts do nothing": lambda image, dy, dx: shift(image, max(dy, 0), max(dx, 0)),
    "the pixels at the edge are repeated, zeros were asked": _padded("edge"),
    "what is left is not filled up: the shape must stay": _cut,
    "ones come in, zeros were asked": _padded("constant", constant_values=1),
    "the image is not moved, only covered with zeros": lambda image, dy, dx: np.where(
        shift(np.ones_like(image), dy, dx) > 0, image, 0.0
    ),
    "the image of the caller is changed: work on a new array": _shift_in_place,
}


QUESTIONS = (
    Question(
        id="14.prune",
        points=2,
        difficulty=1,
        minutes=8,
        cases=prune_cases,
        reference=prune,
        mistakes=PRUNE_MISTAKES,
        hints=(
            "`np.argsort(np.abs(flat))` gives the places of the weights, the smallest magnitude first.",
            "Work on a flat copy, `w.flatten()`, and bring it back with `.reshape(w.shape)`.",
        ),
    ),
    Question(
        id="14.quantize",
        points=3,
        difficulty=2,
        minutes=12,
        cases=quantize_cases,
        reference=(quantize, dequantize),
        mistakes=QUANTIZE_MISTAKES,
        hints=(
            "One step is `scale = np.abs(w).max() / top`. How many steps is each weight from zero?",
            "`np.round` rounds to the nearest whole number; `.astype(int)` alone cuts off.",
            "If all weights are zero, the scale would be 0 as well: return 1.0 in its place.",
        ),
    ),
    Question(
        id="14.ridge",
        points=3,
        difficulty=2,
        minutes=12,
        cases=ridge_cases,
        reference=ridge,
        mistakes=RIDGE_MISTAKES,
        hints=(
            "Subtract the mean of each column of X, and the mean of y. Then the best intercept is zero.",
            "For centered data the gradient is zero where `(X.T @ X + lam * np.eye(d)) @ w = X.T @ y`.",
            "The plane passes through the point of means: b is the mean of y minus the means of X times w.",
        ),
    ),
    Question(
        id="14.stop",
        points=2,
        difficulty=2,
        minutes=10,
        cases=stop_cases,
        reference=early_stop,
        mistakes=STOP_MISTAKES,
        hints=(
            "Remember the best epoch so far. At each epoch ask first: is this loss a new best one?",
            "If not, ask how many epochs have passed since the best one: `epoch - best`.",
        ),
    ),
    Question(
        id="14.augment",
        points=2,
        difficulty=2,
        minutes=10,
        cases=shift_cases,
        reference=shift,
        mistakes=SHIFT_MISTAKES,
        hints=(
            "The pixel at row i of the new image comes from row i - dy of the old one, if there is such a row.",
            "Start from `np.zeros_like(image)`. Two loops over rows and columns are fine.",
            "With slices, mind shifts beyond the edge: then everything is zero.",
        ),
    ),
)
