"""Questions of exercise 11, evolution strategies. n points in d dimensions; E (n, d) holds normal draws as rows."""

from collections.abc import Callable

import numpy as np
from scipy.stats import rankdata

from ngo_lesson.questions.question import Case, Question


# 11.ranks
def centered_ranks(values):
    """Return utilities from 0.5 for the smallest value to -0.5 for the largest; equal values share their mean rank."""
    return 0.5 - (rankdata(values) - 1) / (len(values) - 1)


def rank_cases(rng: np.random.Generator) -> list[Case]:
    """In order, out of order, outliers, ties at the ends and between, then random values, some of them equal."""
    fixed = [1.0, 2.0, 3.0], [30.0, 10.0, 20.0, 40.0], [0.0, 1e9, -5.0], [2.0, 2.0], [3.0, 1.0, 3.0, 1.0, 2.0]
    drawn = rng.normal(size=7), np.round(2 * rng.normal(size=12)), rng.permutation(9).astype(float)
    return [Case((np.array(values),)) for values in (*fixed, *drawn)]


def _ranked(utility: Callable, method: str = "average") -> Callable:
    """Utilities that are a function of the ranks from 0 to n - 1 and of n."""
    return lambda values: utility(rankdata(values, method=method) - 1.0, len(values))


RANK_MISTAKES = {
    "the sign is wrong: the smallest value is the best here and gets 0.5": _ranked(lambda r, n: r / (n - 1) - 0.5),
    "equal values get different utilities, by their order: they share their mean rank": _ranked(
        lambda r, n: 0.5 - r / (n - 1), "ordinal"
    ),
    "equal values get the best of their ranks, the mean was asked": _ranked(lambda r, n: 0.5 - r / (n - 1), "min"),
    "equal values get the worst of their ranks, the mean was asked": _ranked(lambda r, n: 0.5 - r / (n - 1), "max"),
    "equal values use up one rank only": _ranked(lambda r, n: 0.5 - r / max(r.max(), 1), "dense"),
    "not centered: the utilities go from 0 to 1": _ranked(lambda r, n: 1 - r / (n - 1)),
    "the range is from -1 to 1": _ranked(lambda r, n: 1 - 2 * r / (n - 1)),
    "divided by n: there are n - 1 steps between the n ranks": _ranked(lambda r, n: 0.5 - r / n),
    "the ranks count from 1: the first one must be 0": _ranked(lambda r, n: 0.5 - (r + 1) / (n - 1)),
    "the values are scaled to the range, their ranks were asked": lambda values: (
        0.5 - (values - values.min()) / max(np.ptp(values), 1e-300)
    ),
    "argsort gives who stands at a rank, not which rank each has": lambda values: (
        0.5 - np.argsort(values, kind="stable") / (len(values) - 1)
    ),
    "the ranks themselves are returned": _ranked(lambda r, n: r),
    "the ranks from 1 are returned": _ranked(lambda r, n: r + 1),
}


# 11.es
def es_gradient(values, E, sigma):
    """Return the estimate of the gradient of the smoothed objective (Salimans et al. 2017, equation 1), (d,)."""
    return values @ E / (len(values) * sigma)


def es_cases(rng: np.random.Generator) -> list[Case]:
    """One draw, two, then random ones, whose values have a mean far from 0."""
    fixed = [([2.0], [[3.0]], 0.5), ([1.0, 3.0], [[1.0, 0.0], [0.0, -1.0]], 0.1)]
    drawn = [(rng.normal(5, 2, size=n), rng.normal(size=(n, d)), sigma) for n, d, sigma in ((6, 3, 0.2), (20, 5, 2.0))]
    return [Case((np.array(values), np.array(E), sigma)) for values, E, sigma in (*fixed, *drawn)]


def _of_values(change: Callable) -> Callable:
    return lambda values, E, sigma: es_gradient(change(values), E, sigma)


def _deviation(values):
    return np.std(values) or 1.0


ES_MISTAKES = {
    "divided by sigma squared: once was asked": lambda values, E, sigma: es_gradient(values, E, sigma) / sigma,
    "not divided by sigma": lambda values, E, sigma: values @ E / len(values),
    "multiplied by sigma, not divided": lambda values, E, sigma: sigma * (values @ E) / len(values),
    "divided by 2 sigma: that belongs to pairs of opposite draws": lambda values, E, sigma: (
        es_gradient(values, E, sigma) / 2
    ),
    "the sum over the draws, the mean was asked": lambda values, E, sigma: values @ E / sigma,
    "the sign is wrong: this is the direction of descent, the gradient points uphill": lambda values, E, sigma: (
        -es_gradient(values, E, sigma)
    ),
    "divided by the number of dimensions, not of draws": lambda values, E, sigma: values @ E / (E.shape[1] * sigma),
    "a baseline is subtracted: the values themselves were asked": _of_values(lambda values: values - values.mean()),
    "the values are standardized: the values themselves were asked": _of_values(
        lambda values: (values - values.mean()) / _deviation(values)
    ),
    "ranks replace the values: the values themselves were asked": _of_values(
        lambda values: -centered_ranks(values) if len(values) > 1 else values
    ),
    "the draws are not summed: an array of all products is returned": lambda values, E, sigma: (
        values[:, None] * E / sigma
    ),
    "the values are left out: this is the mean draw": lambda values, E, sigma: E.mean(axis=0) / sigma,
    "divided by the root of the number of draws": lambda values, E, sigma: values @ E / (np.sqrt(len(values)) * sigma),
    "one number is returned, each coordinate has its own": lambda values, E, sigma: float(
        es_gradient(values, E, sigma).mean()
    ),
}


# 11.weights
def recombination(popsize):
    """Return (weights, mu_eff) of CMA-ES (Hansen 2016, A Tutorial, table 1)."""
    mu = popsize // 2
    weights = np.log((popsize + 1) / 2) - np.log(np.arange(1, mu + 1))
    weights /= weights.sum()
    return weights, 1 / np.sum(weights**2)


def weight_cases(rng: np.random.Generator) -> list[Case]:
    """The smallest population, even and odd ones, then random ones."""
    drawn = rng.choice(np.arange(12, 60), size=3, replace=False)
    return [Case((int(popsize),)) for popsize in (4, 6, 7, 2, 10, 11, *drawn)]


def _weighted(
    raw: Callable = lambda i, mu, popsize: np.log((popsize + 1) / 2) - np.log(i),
    parents: Callable = lambda popsize: popsize // 2,
    effective: Callable = lambda w: 1 / np.sum(w**2),
    normalized: bool = True,
) -> Callable:
    """Weights of another formula, another number of parents or another effective number."""

    def weights_of(popsize):
        mu = parents(popsize)
        w = raw(np.arange(1, mu + 1), mu, popsize)
        w = w / w.sum() if normalized else w
        return w, effective(w)

    return weights_of


WEIGHT_MISTAKES = {
    "not normalized: the weights must sum to one": _weighted(normalized=False),
    "two bases are mixed: one logarithm is natural, the other is to base 10": _weighted(
        lambda i, mu, popsize: np.log10((popsize + 1) / 2) - np.log(i)
    ),
    "two bases are mixed: one logarithm is to base 10, the other is natural": _weighted(
        lambda i, mu, popsize: np.log((popsize + 1) / 2) - np.log10(i)
    ),
    "mu is rounded up: half of an odd population is rounded down": _weighted(
        parents=lambda popsize: (popsize + 1) // 2
    ),
    "this is log(mu + 1/2), which differs for odd populations: log((popsize + 1) / 2) was asked": _weighted(
        lambda i, mu, popsize: np.log(mu + 0.5) - np.log(i)
    ),
    "this is log(mu + 1), log((popsize + 1) / 2) was asked": _weighted(
        lambda i, mu, popsize: np.log(mu + 1) - np.log(i)
    ),
    "this is log(popsize + 1), its half was asked": _weighted(lambda i, mu, popsize: np.log(popsize + 1) - np.log(i)),
    "all weights are equal: the best points must count more": _weighted(lambda i, mu, popsize: np.ones(mu)),
    "the weights rise: the first belongs to the best point and is the largest": _weighted(
        lambda i, mu, popsize: np.log((popsize + 1) / 2) - np.log(i[::-1])
    ),
    "the weights fall linearly, by logarithms was asked": _weighted(
        lambda i, mu, popsize: (popsize + 1) / 2 - i.astype(float)
    ),
    "all points get a weight: only the better half has a positive one": _weighted(
        lambda i, mu, popsize: np.log(popsize + 0.5) - np.log(i), lambda popsize: popsize
    ),
    "mu_eff is mu: that holds for equal weights only": _weighted(effective=lambda w: float(w.size)),
    "mu_eff is upside down: this is the sum of the squares": _weighted(effective=lambda w: np.sum(w**2)),
    "the sum is squared, not the weights": _weighted(effective=lambda w: 1 / np.sum(w) ** 2),
    "only the weights are returned": lambda popsize: recombination(popsize)[0],
    "only mu_eff is returned": lambda popsize: recombination(popsize)[1],
    "(mu_eff, weights) is returned, (weights, mu_eff) was asked": lambda popsize: recombination(popsize)[::-1],
}


# 11.replay
def replay(theta, seeds, scalars, lr):
    """Return theta after the steps that these seeds and scalars stand for (Malladi et al. 2023, section 2)."""
    for seed, scalar in zip(seeds, scalars, strict=True):
        theta = theta - lr * scalar * np.random.default_rng(seed).standard_normal(theta.shape)
    return theta


def replay_cases(rng: np.random.Generator) -> list[Case]:
    """One step, two, none, one seed twice, then many steps and a matrix of parameters."""

    def drawn(shape: tuple, steps: int, lr: float) -> Case:
        seeds = [int(seed) for seed in rng.integers(10**6, size=steps)]
        return Case((rng.normal(size=shape), seeds, [float(x) for x in rng.normal(size=steps)], lr))

    return [
        Case((np.array([1.0, 2.0]), [7], [0.5], 0.1)),
        Case((np.array([1.0, 2.0, 3.0]), [1, 2], [2.0, -1.0], 0.1)),
        Case((np.array([1.0, 2.0]), [], [], 0.1)),
        Case((np.zeros(2), [5, 5], [1.0, 3.0], 0.2)),
        drawn((6,), 12, 0.05),
        drawn((3, 4), 5, 0.3),
    ]


def _replayed(z_of: Callable, sign: int = -1) -> Callable:
    """Replay with other directions: `z_of(seed, generator of the first seed, shape)`."""

    def run(theta, seeds, scalars, lr):
        one = np.random.default_rng(seeds[0] if seeds else 0)
        for seed, scalar in zip(seeds, scalars, strict=True):
            theta = theta + sign * lr * scalar * z_of(seed, one, theta.shape)
        return theta

    return run


def _z(seed, one, shape):
    return np.random.default_rng(seed).standard_normal(shape)


def _replay_in_place(theta, seeds, scalars, lr):
    for seed, scalar in zip(seeds, scalars, strict=True):
        theta -= lr * scalar * np.random.default_rng(seed).standard_normal(theta.shape)
    return theta


def _each_from_start(theta, seeds, scalars, lr):
    new = theta
    for seed, scalar in zip(seeds, scalars, strict=True):
        new = theta - lr * scalar * np.random.default_rng(seed).standard_normal(theta.shape)
    return new


REPLAY_MISTAKES = {
    "one generator serves all steps: make a new one from each seed": _replayed(
        lambda seed, one, shape: one.standard_normal(shape)
    ),
    "the sign is wrong: each step subtracts": _replayed(_z, sign=1),
    "theta of the caller is changed (theta -= ... works in place)": _replay_in_place,
    "each step starts from the first theta: the steps must add up": _each_from_start,
    "the directions are uniform, normal ones were asked": _replayed(
        lambda seed, one, shape: np.random.default_rng(seed).random(shape)
    ),
    "one random number serves all parameters": _replayed(
        lambda seed, one, shape: np.random.default_rng(seed).standard_normal()
    ),
    "the older generator numpy.random.RandomState is used, default_rng was asked": _replayed(
        lambda seed, one, shape: np.random.RandomState(seed).standard_normal(shape)
    ),
    "the learning rate is not used": lambda theta, seeds, scalars, lr: replay(theta, seeds, scalars, 1.0),
    "the scalars are not used": lambda theta, seeds, scalars, lr: replay(theta, seeds, [1.0] * len(seeds), lr),
    "the steps are averaged, they must add up": lambda theta, seeds, scalars, lr: replay(
        theta, seeds, scalars, lr / max(len(seeds), 1)
    ),
    "the steps are taken with the scalars in reverse": lambda theta, seeds, scalars, lr: replay(
        theta, seeds, scalars[::-1], lr
    ),
    "only the change is returned, theta after it was asked": lambda theta, seeds, scalars, lr: (
        replay(theta, seeds, scalars, lr) - theta
    ),
}


QUESTIONS = (
    Question(
        id="11.ranks",
        points=2,
        difficulty=2,
        minutes=10,
        cases=rank_cases,
        reference=centered_ranks,
        mistakes=RANK_MISTAKES,
        hints=(
            "A rank is how many values are smaller. An equal value counts one half. "
            "`values[:, None]` compares each value with all others.",
            "`scipy.stats.rankdata` gives ranks from 1 to n, with the mean for ties.",
            "Rank 0 must give 0.5 and rank n - 1 must give -0.5, in equal steps between.",
        ),
    ),
    Question(
        id="11.es",
        points=2,
        difficulty=1,
        minutes=8,
        cases=es_cases,
        reference=es_gradient,
        mistakes=ES_MISTAKES,
        hints=(
            "Each row of E is multiplied by its own value. `values[:, None]` is a column that fits the rows.",
            "A mean over the draws is a mean over the rows: `axis=0`. Then divide by sigma.",
        ),
    ),
    Question(
        id="11.weights",
        points=2,
        difficulty=2,
        minutes=8,
        cases=weight_cases,
        reference=recombination,
        mistakes=WEIGHT_MISTAKES,
        hints=(
            "The ranks 1 to mu are `np.arange(1, mu + 1)`. `np.log` is the natural logarithm, and takes arrays.",
            "Divide by the sum before you compute mu_eff: the formula holds for weights that sum to one.",
        ),
    ),
    Question(
        id="11.replay",
        points=2,
        difficulty=2,
        minutes=8,
        cases=replay_cases,
        reference=replay,
        mistakes=REPLAY_MISTAKES,
        hints=(
            "`zip(seeds, scalars)` gives the pairs in order. In each round make a new generator from the seed.",
            "`theta = theta - ...` makes a new array; `theta -= ...` would write into the caller's.",
        ),
    ),
)
