"""Questions of exercise 07, random search. Points x have the shape (d,); `f` is the objective, to be minimized."""

import math
from collections.abc import Callable

import numpy as np

from ngo_lesson.answers import Outcome
from ngo_lesson.questions.question import Case, Question, Seed, follows_seed, kind, same_faults


# 07.random
def random_search(f, low, high, budget, rng):
    """Return the best of `budget` points drawn uniformly from the box, and its value."""
    points = rng.uniform(low, high, size=(budget, len(low)))
    values = [f(x) for x in points]
    best = np.argmin(values)
    return points[best], values[best]


NEVER = 1e-9  # the chance that a right answer is called wrong


def _goal(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    return low + 0.7 * (high - low)


def _valley(low: np.ndarray, high: np.ndarray) -> Callable:
    """The largest distance from the goal in any coordinate, as a share of the box: below r in a share (2r)^d of it."""

    def f(x):
        return float(np.max(np.abs(x - _goal(low, high)) / (high - low)))

    f.__doc__ = "x -> max(abs(x - (low + 0.7 * (high - low))) / (high - low))"
    return f


def random_cases(rng: np.random.Generator) -> list[Case]:
    """One point, a few, then so many that the best must be near the goal; one run is repeated, with two seeds."""
    a, b, *seeds = (Seed(int(seed)) for seed in rng.choice(10**6, size=6, replace=False))
    drawn = [rng.uniform(-50, 50, size=d) for d in (1, 2, 3)]
    boxes = [(start, start + rng.uniform(1, 20, size=start.size)) for start in drawn]
    runs = [
        (np.array([2.0]), np.array([3.0]), 1, a),
        (np.array([-3.0, 10.0]), np.array([-1.0, 20.0]), 5, a),
        (np.array([-3.0, 10.0]), np.array([-1.0, 20.0]), 5, a),
        (np.array([-3.0, 10.0]), np.array([-1.0, 20.0]), 5, b),
        *((*box, 300, seed) for box, seed in zip(boxes, seeds, strict=False)),
        (*boxes[0], 300, seeds[3]),
    ]
    return [Case((_valley(low, high), low, high, budget, seed)) for low, high, budget, seed in runs]


def search_faults(outcome: Outcome) -> dict[object, str]:
    """Return what is wrong with a result (best x, best value), a sentence a kind."""
    _, low, high, budget, _ = outcome.arguments
    asked, pair = outcome.evaluations["f"], outcome.value
    faults: dict[object, str] = {}
    if asked != budget:
        faults["count", asked - budget] = f"`f` was evaluated {asked} times; the budget is {budget}."
    if not (isinstance(pair, (tuple, list)) and len(pair) == 2 and isinstance(pair[1], float)):
        what = [kind(part) for part in pair] if isinstance(pair, (tuple, list)) else kind(pair)
        forgot = " Did you forget `return`?" if pair is None else ""
        return faults | {("kind", str(what)): f"the result is {what}; a pair (x, value) was expected.{forgot}"}
    x, value = np.asarray(pair[0]), pair[1]
    if x.shape != low.shape:
        return faults | {("shape", x.ndim): f"x has shape {x.shape}; {low.shape} was expected."}
    place = (x - low) / (high - low)
    if ((place < 0) | (place > 1)).any():
        faults["outside"] = "x lies outside of the box: each x[j] must be between low[j] and high[j]."
    elif x.size > 1 and np.ptp(place) < 1e-9:
        faults["diagonal"] = "x lies on the diagonal of the box: draw a number for each coordinate."
    if abs(value - _valley(low, high)(x)) > 1e-9:
        faults["value"] = "the value is not f(x) at the x that is returned."
    reached = (1 - NEVER ** (1 / budget)) ** (1 / x.size) / 2
    if budget > 100 and value > reached:
        faults["best"] = f"the value is {value:.3g}; the best of {budget} points is below {reached:.3g}."
    return faults


def _searched(draw: Callable | None = None, pick: Callable | None = None) -> Callable:
    """Random search with other draws, or with another result of (points, values)."""

    def search(f, low, high, budget, rng):
        points = draw(low, high, budget, rng) if draw else rng.uniform(low, high, size=(budget, len(low)))
        values = [f(x) for x in points]
        return pick(points, values) if pick else (points[np.argmin(values)], min(values))

    return search


def _with_rng(make: Callable) -> Callable:
    return lambda f, low, high, budget, rng: random_search(f, low, high, budget, make())


def _asked_again(f, low, high, budget, rng):
    x, _ = random_search(f, low, high, budget, rng)
    return x, f(x)


def _one_less(f, low, high, budget, rng):
    best, lowest = low, np.inf
    for _ in range(1, budget):
        x = rng.uniform(low, high)
        if (value := f(x)) < lowest:
            best, lowest = x, value
    return best, lowest


def _best_asked_again(f, low, high, budget, rng):
    best = rng.uniform(low, high)
    for _ in range(budget):
        x = rng.uniform(low, high)
        if f(x) < f(best):
            best = x
    return best, f(best)


RANDOM_MISTAKES = {
    "one evaluation more than the budget: is the first or the best point asked again?": _asked_again,
    "one evaluation is left over: range(1, budget) has budget - 1 numbers": _one_less,
    "the best point is asked again in every comparison: keep its value": _best_asked_again,
    "the point is outside of the box: are low and high ignored, or is it low + high * u?": _searched(
        lambda low, high, n, rng: rng.random((n, len(low)))
    ),
    "not the best point is returned: is it the last one, or the largest value?": _searched(
        pick=lambda points, values: (points[-1], values[-1])
    ),
    "x and the value belong to two different points": _searched(pick=lambda points, values: (points[-1], min(values))),
    "one random number serves all coordinates": _searched(
        lambda low, high, n, rng: low + (high - low) * rng.random((n, 1))
    ),
    "only x is returned": _searched(pick=lambda points, values: points[np.argmin(values)]),
    "only the value is returned": _searched(pick=lambda points, values: min(values)),
    "(value, x) is returned, (x, value) was asked": _searched(
        pick=lambda points, values: (min(values), points[np.argmin(values)])
    ),
    "rng is not used: the draws have a seed of their own, so they are always the same": _with_rng(
        lambda: np.random.default_rng(0)
    ),
    "rng is not used: the draws cannot be repeated": _with_rng(np.random.default_rng),
}


# 07.trials
def trials_needed(share, confidence):
    """Return the smallest n for which 1 - (1 - share)^n is at least `confidence`."""
    return math.ceil(math.log(1 - confidence) / math.log(1 - share))


def trials_cases(rng: np.random.Generator) -> list[Case]:
    """The famous 59, small and large numbers, then random ones; none so near a whole number that rounding decides."""
    pairs = [(0.05, 0.95), (0.3, 0.5), (0.01, 0.9), (0.6, 0.99), (0.001, 0.95)]
    while len(pairs) < 9:
        share, confidence = float(rng.uniform(0.002, 0.4)), float(rng.uniform(0.45, 0.98))
        exact = math.log(1 - confidence) / math.log(1 - share)
        if 0.2 < exact % 1 < 0.4 and exact > 3:
            pairs.append((share, confidence))
    return [Case(pair) for pair in pairs]


def _exact(share, confidence):
    return math.log(1 - confidence) / math.log(1 - share)


TRIALS_MISTAKES = {
    "rounded down: with that many trials the confidence is not reached": lambda share, confidence: math.floor(
        _exact(share, confidence)
    ),
    "rounded to the nearest whole number: it must be rounded up": lambda share, confidence: round(
        _exact(share, confidence)
    ),
    "not rounded: the number of trials is whole": _exact,
    "share and confidence are swapped": lambda share, confidence: math.ceil(_exact(confidence, share)),
    "one trial too many": lambda share, confidence: math.ceil(_exact(share, confidence)) + 1,
    "this is confidence / share: the chances of the trials do not add up": lambda share, confidence: math.ceil(
        confidence / share
    ),
    "this is 1 / share, the mean number of trials until the first success": lambda share, confidence: math.ceil(
        1 / share
    ),
    "the confidence is taken for the chance that all trials miss: use 1 - confidence": lambda share, confidence: (
        math.ceil(math.log(confidence) / math.log(1 - share))
    ),
    "the logarithm of share is taken, not of 1 - share": lambda share, confidence: math.ceil(
        math.log(1 - confidence) / math.log(share)
    ),
    "log(1 - share) is replaced by -share: nearly right for small shares only": lambda share, confidence: math.ceil(
        -math.log(1 - confidence) / share
    ),
    "the number is negative: both logarithms are": lambda share, confidence: math.ceil(-_exact(share, confidence)),
}


# 07.one_fifth
def one_plus_one_es(f, x, sigma, budget, rng):
    """Return (x, f(x), sigma) after `budget` evaluations, the start among them."""
    value = f(x)
    for _ in range(budget - 1):
        y = x + sigma * rng.standard_normal(x.size)
        new = f(y)
        if new < value:
            x, value, sigma = y, new, sigma * 1.5
        else:
            sigma = sigma * 1.5 ** (-1 / 4)
    return x, value, sigma


def es_cases(rng: np.random.Generator) -> list[Case]:
    """The start alone, one step, ten, then longer runs in more dimensions, among them a slope that never ends."""

    def case(d: int, sigma: float, budget: int, slope: float = 0.0) -> Case:
        weights, steep = rng.uniform(0.5, 4, size=d), slope * rng.normal(size=d)

        def f(x):
            return float(weights @ (x * x)) if slope == 0 else float(steep @ x)

        listed = np.array2string(steep if slope else weights, precision=4, separator=", ", threshold=6)
        f.__doc__ = f"x -> w @ {'x' if slope else '(x * x)'}, w = {listed}"
        return Case((f, rng.normal(size=d), sigma, budget, Seed(int(rng.integers(10**6)))))

    return [case(1, 0.5, 1), case(1, 0.5, 2), case(2, 0.3, 10), case(3, 2.0, 60), case(5, 0.1, 40, 1.0)]


def _es(up: Callable, down: Callable, keep: Callable = lambda new, value: new < value, first: int = 1) -> Callable:
    """A (1+1)-ES with other changes of sigma, another acceptance, or `first` evaluations charged for the start."""

    def run(f, x, sigma, budget, rng):
        value = f(x)
        for _ in range(budget - first):
            y = x + sigma * rng.standard_normal(x.size)
            new = f(y)
            better = new < value
            if keep(new, value):
                x, value = y, new
            sigma = up(sigma) if better else down(sigma)
        return x, value, sigma

    return run


def _wider(sigma):
    return sigma * 1.5


def _narrower(sigma):
    return sigma * 1.5 ** (-1 / 4)


def _parent_again(f, x, sigma, budget, rng):
    for _ in range(max(budget - 1, 1)):
        y = x + sigma * rng.standard_normal(x.size)
        if f(y) < f(x):
            x, sigma = y, sigma * 1.5
        else:
            sigma = sigma * 1.5 ** (-1 / 4)
    return x, f(x), sigma


def _step(move: Callable) -> Callable:
    """A (1+1)-ES whose offspring is `move(x, sigma, rng)`."""

    def run(f, x, sigma, budget, rng):
        value = f(x)
        for _ in range(budget - 1):
            y = move(x, sigma, rng)
            new = f(y)
            if new < value:
                x, value, sigma = y, new, sigma * 1.5
            else:
                sigma = sigma * 1.5 ** (-1 / 4)
        return x, value, sigma

    return run


def _from_start(f, x, sigma, budget, rng):
    start = x
    return _step(lambda x, sigma, rng: start + sigma * rng.standard_normal(x.size))(f, x, sigma, budget, rng)


def _moved_in_place(f, x, sigma, budget, rng):
    value = f(x)
    for _ in range(budget - 1):
        y = x + sigma * rng.standard_normal(x.size)
        new = f(y)
        if new < value:
            x[:] = y
            value, sigma = new, sigma * 1.5
        else:
            sigma = sigma * 1.5 ** (-1 / 4)
    return x, value, sigma


ONE_FIFTH_MISTAKES = {
    "sigma is adapted the wrong way: it must grow after a success": _es(_narrower, _wider),
    "the worse point is kept: move only where the new value is lower": _es(
        _wider, _narrower, keep=lambda new, value: True
    ),
    "the point moves where the new value is higher: that climbs": _es(
        _wider, _narrower, keep=lambda new, value: new > value
    ),
    "the parent is evaluated again in each step: keep its value": _parent_again,
    "the start is not counted: one evaluation too many": _es(_wider, _narrower, first=0),
    "one evaluation of the budget is not used": _es(_wider, _narrower, first=2),
    "sigma is never changed": _es(lambda sigma: sigma, lambda sigma: sigma),
    "sigma grows after a success but never shrinks": _es(_wider, lambda sigma: sigma),
    "sigma shrinks after a failure but never grows": _es(lambda sigma: sigma, _narrower),
    "sigma shrinks as fast as it grows: then it is steady at one success in two, not in five": _es(
        _wider, lambda sigma: sigma / 1.5
    ),
    "the exponent of a failure is -1/5, -1/4 was asked: one success and four failures must cancel": _es(
        _wider, lambda sigma: sigma * 1.5 ** (-1 / 5)
    ),
    "a failure multiplies sigma by 1.5^(1/4): is a minus sign missing?": _es(
        _wider, lambda sigma: sigma * 1.5 ** (1 / 4)
    ),
    "1.5**-1/4 is (1.5**-1) / 4: put the exponent in brackets": _es(_wider, lambda sigma: sigma / 6),
    "the step is not multiplied by sigma": _step(lambda x, sigma, rng: x + rng.standard_normal(x.size)),
    "the step is divided by sigma": _step(lambda x, sigma, rng: x + rng.standard_normal(x.size) / sigma),
    "sigma is taken for a variance: sqrt(sigma) multiplies the step": _step(
        lambda x, sigma, rng: x + np.sqrt(sigma) * rng.standard_normal(x.size)
    ),
    "one random number serves all coordinates": _step(lambda x, sigma, rng: x + sigma * rng.standard_normal()),
    "the steps are uniform, normal ones were asked": _step(
        lambda x, sigma, rng: x + sigma * rng.uniform(-1, 1, size=x.size)
    ),
    "each step starts from the first x, not from the best": _from_start,
    "x of the caller is changed (x += ... and x[:] = ... work in place)": _moved_in_place,
    "(value, x, sigma) is returned, (x, value, sigma) was asked": lambda *given: tuple(
        one_plus_one_es(*given)[k] for k in (1, 0, 2)
    ),
    "only (x, value) is returned, sigma is missing": lambda *given: one_plus_one_es(*given)[:2],
    "only x is returned": lambda *given: one_plus_one_es(*given)[0],
}


# 07.log_uniform
def log_uniform(low, high, n, rng):
    """Return n numbers between low and high whose logarithms are uniform."""
    return np.exp(rng.uniform(np.log(low), np.log(high), size=n))


def log_cases(rng: np.random.Generator) -> list[Case]:
    """Three numbers twice and with another seed, then many over one, four and a drawn number of decades."""
    a, b, *seeds = (Seed(int(seed)) for seed in rng.choice(10**6, size=6, replace=False))
    low, decades = float(rng.uniform(1e-5, 1e-3)), float(rng.uniform(2, 4))
    many = [(0.2, 2.0), (1e-4, 1.0), (low, low * 10**decades), (3.0, 3.0 * 10**decades)]
    few = [(0.01, 10.0, 3, seed) for seed in (a, a, b)]
    return [Case((*case,)) for case in (*few, *((*pair, 1000, seed) for pair, seed in zip(many, seeds, strict=True)))]


# What results are uniform in, with both ends: the first is right.
SCALES: dict[str, tuple[Callable, Callable]] = {
    "right": (np.log, np.log),
    "uniform": (lambda v: v, lambda v: v),
    "ln": (lambda v: v, np.log),
    "log10": (lambda v: v, np.log10),
    "10 to ln": (np.log10, np.log),
    "e to log10": (np.log, np.log10),
    "2 to ln": (np.log2, np.log),
    "exponents": (np.log10, lambda v: v),
    "natural exponents": (np.log, lambda v: v),
}


def _is_uniform(share: np.ndarray) -> bool:
    """Kolmogorov and Smirnov's test of uniformity in [0, 1], wrong once in ten million times."""
    ordered, n = np.sort(share), share.size
    gap = np.max(np.abs(ordered - (np.arange(n) + 0.5) / n))
    return bool(ordered[0] >= -1e-9 and ordered[-1] <= 1 + 1e-9 and gap * np.sqrt(n) < 2.9)


def log_faults(outcome: Outcome) -> dict[object, str]:
    """Return what is wrong with n draws that should be uniform in the logarithm, a sentence a kind."""
    low, high, n, _ = outcome.arguments
    draws = np.asarray(outcome.value) if isinstance(outcome.value, (list, tuple)) else outcome.value
    if not (isinstance(draws, np.ndarray) and draws.dtype.kind in "fi" and draws.shape == (n,)):
        forgot = " Did you forget `return`?" if draws is None else ""
        return {("kind", kind(draws)): f"the result is {kind(draws)}; an array of {n} floats was expected.{forgot}"}
    outside = bool(((draws < low * (1 - 1e-9)) | (draws > high * (1 + 1e-9))).any())
    if n < 100:
        return {}
    if np.unique(draws).size < n / 2:
        return {("repeated", np.unique(draws).size == 1): "many of the draws are equal."}
    with np.errstate(all="ignore"):
        shares = {name: (of(draws) - end(low)) / (end(high) - end(low)) for name, (of, end) in SCALES.items()}
    found = next((name for name, share in shares.items() if np.isfinite(share).all() and _is_uniform(share)), "none")
    if found == "right":
        return {}
    middle = np.mean(draws < np.sqrt(low * high))
    sentence = (
        f"there are draws outside of [{low:.3g}, {high:.3g}]."
        if outside
        else f"{100 * middle:.0f} % of the draws are below sqrt(low * high); about half of them should be."
    )
    return {("scale", found, outside): sentence}


LOG_MISTAKES = {
    "the draws are uniform, not their logarithms": lambda low, high, n, rng: rng.uniform(low, high, size=n),
    "the logarithms are returned: exp is missing": lambda low, high, n, rng: rng.uniform(
        np.log(low), np.log(high), size=n
    ),
    "the logarithms to base 10 are returned: 10** is missing": lambda low, high, n, rng: rng.uniform(
        np.log10(low), np.log10(high), size=n
    ),
    "two bases are mixed: 10 to the power of a natural logarithm": lambda low, high, n, rng: (
        10 ** rng.uniform(np.log(low), np.log(high), size=n)
    ),
    "two bases are mixed: e to the power of a logarithm to base 10": lambda low, high, n, rng: np.exp(
        rng.uniform(np.log10(low), np.log10(high), size=n)
    ),
    "two bases are mixed: 2 to the power of a natural logarithm": lambda low, high, n, rng: (
        2 ** rng.uniform(np.log(low), np.log(high), size=n)
    ),
    "low and high are the ends, not the exponents of 10": lambda low, high, n, rng: (
        10 ** rng.uniform(low, high, size=n)
    ),
    "low and high are the ends, not the exponents of e": lambda low, high, n, rng: np.exp(
        rng.uniform(low, high, size=n)
    ),
    "one number is repeated n times": lambda low, high, n, rng: np.full(n, log_uniform(low, high, 1, rng)[0]),
    "only whole powers of a number are drawn": lambda low, high, n, rng: (
        low * (high / low) ** (rng.integers(5, size=n) / 4)
    ),
    "one number is returned, n were asked": lambda low, high, n, rng: float(log_uniform(low, high, 1, rng)[0]),
    "the numbers are evenly spaced (logspace, geomspace), not drawn": lambda low, high, n, rng: np.geomspace(
        low, high, n
    ),
    "rng is not used: the draws cannot be repeated": lambda low, high, n, rng: log_uniform(
        low, high, n, np.random.default_rng()
    ),
}


QUESTIONS = (
    Question(
        id="07.random",
        points=2,
        difficulty=1,
        minutes=8,
        cases=random_cases,
        reference=random_search,
        mistakes=RANDOM_MISTAKES,
        compare=same_faults(search_faults),
        compare_all=follows_seed,
        hints=(
            "`rng.uniform(low, high)` draws a point of the box: each coordinate between its own two bounds.",
            "Keep two variables, the best point and its value. Replace both when a new value is lower. "
            "`float('inf')` is a good first value: everything is lower.",
            "Ask `f` once a point and keep the number in a variable: a second `f(x)` is a second evaluation.",
        ),
    ),
    Question(
        id="07.trials",
        points=1,
        difficulty=2,
        minutes=8,
        cases=trials_cases,
        reference=trials_needed,
        mistakes=TRIALS_MISTAKES,
        hints=(
            "One trial misses with the chance 1 - share. What is the chance that n independent trials all miss?",
            "That chance must be at most 1 - confidence. Take the logarithm of both sides and solve for n. "
            "Logarithms of numbers below 1 are negative: dividing by one turns the inequality around.",
            "The smallest whole number that is not below a result: `math.ceil`.",
        ),
    ),
    Question(
        id="07.one_fifth",
        points=3,
        difficulty=2,
        minutes=12,
        cases=es_cases,
        reference=one_plus_one_es,
        mistakes=ONE_FIFTH_MISTAKES,
        hints=(
            "Before the loop: one evaluation, of the start. In the loop: one draw, one evaluation, one comparison. "
            "So how many rounds does the budget pay?",
            "Keep the value of x in a variable: a parent is never evaluated twice.",
            "In both branches sigma changes; x and its value change in one of them only. "
            "`x = y` moves the name, `x[:] = y` would overwrite the caller's array.",
        ),
    ),
    Question(
        id="07.log_uniform",
        points=1,
        difficulty=1,
        minutes=5,
        cases=log_cases,
        reference=log_uniform,
        mistakes=LOG_MISTAKES,
        compare=same_faults(log_faults),
        compare_all=follows_seed,
        hints=(
            "Draw the logarithm uniformly, then undo the logarithm. Any base will do, if it is the same both times.",
            "`rng.uniform(a, b, size=n)` draws n numbers between a and b. Which a and b?",
        ),
    ),
)
