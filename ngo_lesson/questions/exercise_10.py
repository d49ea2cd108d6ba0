"""Questions of exercise 10, gradients from values. A point x has the shape (d,), a function f returns a float."""

from collections.abc import Callable

import numpy as np

from ngo_lesson.answers import Outcome, Seed
from ngo_lesson.questions.question import Case, Question, close


def _text(array: np.ndarray) -> str:
    return np.array2string(array, precision=4, separator=", ").replace("\n", " ")


def _waves(rng: np.random.Generator, d: int) -> Callable:
    """Return a smooth function of d variables that no formula is exact for."""
    A, b = rng.normal(size=d), rng.normal(size=d)

    def f(x):
        return float(np.sum(A * np.sin(x) + b * np.exp(x / 2)))

    f.__doc__ = (
        f"x -> sum(A * sin(x) + b * exp(x / 2)), A = {_text(A)}, b = {_text(b)}" if d < 4 else f"of {d} variables"
    )
    return f


def cubes(x):
    """the sum of the cubes of all entries"""
    return float(np.sum(np.asarray(x) ** 3))


def _bowl(rng: np.random.Generator, d: int) -> Callable:
    """Return a function with one lowest point, at `low`, not zero."""
    low, weights = rng.normal(size=d), rng.uniform(0.5, 2, size=d)

    def f(x):
        return float(np.sum(weights * (x - low) ** 2))

    f.__doc__ = f"x -> sum(w * (x - c)**2), c = {_text(low)}, w = {_text(weights)}" if d < 4 else f"of {d} variables"
    return f


# 10.central
def central_difference(f, x, h):
    """Return the central differences of f at x, one entry for each coordinate."""
    steps = h * np.eye(x.size)
    return np.array([(f(x + step) - f(x - step)) / (2 * h) for step in steps])


def central_cases(rng: np.random.Generator) -> list[Case]:
    """A function to compute by hand, whole numbers as they come from a range, random points, a small h."""
    return [
        Case((cubes, np.array([1.0, -2.0]), 0.5)),
        Case((cubes, np.array([2, -1, 3]), 0.5)),
        Case((_waves(rng, 3), rng.normal(size=3), 0.2)),
        Case((_waves(rng, 8), rng.normal(size=8), 1e-3)),
    ]


def _quotients(quotient: Callable, real: type | None = float) -> Callable:
    """Return differences by `quotient(f, x, step, h)`; steps are arrays of the type `real`, of that of x where None."""

    def differences(f, x, h):
        gradient = []
        for i in range(x.size):
            step = np.zeros(x.size, dtype=real or x.dtype)
            step[i] = h
            gradient.append(quotient(f, x, step, h))
        return np.array(gradient, dtype=float)

    return differences


def _two_sides(f, x, step, h):
    return (f(x + step) - f(x - step)) / (2 * h)


def _forward_once(f, x, h):
    base = f(x)
    return _quotients(lambda f, x, step, h: (f(x + step) - base) / h)(f, x, h)


def _moved_in_place(back: Callable, like_x: bool = False) -> Callable:
    """Return differences that write into x, and then call `back(x, i, h)`; the result may have the type of x."""

    def differences(f, x, h):
        gradient = np.zeros_like(x) if like_x else np.zeros(x.size)
        for i in range(x.size):
            x[i] = x[i] + h
            up = f(x)
            x[i] = x[i] - 2 * h
            gradient[i] = (up - f(x)) / (2 * h)
            back(x, i, h)
        return gradient

    return differences


def _restore(x, i, h):
    x[i] = x[i] + h


def _copies_like_x(f, x, h):
    gradient = np.zeros(x.size)
    for i in range(x.size):
        up, down = x.copy(), x.copy()
        up[i] = up[i] + h
        down[i] = down[i] - h
        gradient[i] = (f(up) - f(down)) / (2 * h)
    return gradient


def _forward_copies_like_x(once: bool) -> Callable:
    def differences(f, x, h):
        gradient, base = np.zeros(x.size), f(x) if once else None
        for i in range(x.size):
            up = x.copy()
            up[i] = up[i] + h
            gradient[i] = (f(up) - (base if once else f(x))) / h
        return gradient

    return differences


def _no_copy(f, x, h):
    gradient = np.zeros(x.size)
    for i in range(x.size):
        up, down = x, x
        up[i] = up[i] + h
        down[i] = down[i] - h
        gradient[i] = (f(up) - f(down)) / (2 * h)
    return gradient


CENTRAL_MISTAKES = {
    "these are forward differences, f(x + h) - f(x): two points on both sides were asked": _forward_once,
    "these are forward differences, and f(x) is evaluated again for every coordinate": _quotients(
        lambda f, x, step, h: (f(x + step) - f(x)) / h
    ),
    "these are forward differences, and a step stored in an array of whole numbers is cut off": (
        _forward_copies_like_x(once=True)
    ),
    "these are forward differences, f(x) is evaluated again each time, and whole numbers cut the step off": (
        _forward_copies_like_x(once=False)
    ),
    "these are backward differences, f(x) - f(x - h)": _quotients(lambda f, x, step, h: (f(x) - f(x - step)) / h),
    "the difference is divided by h, the points are 2 h apart": _quotients(
        lambda f, x, step, h: (f(x + step) - f(x - step)) / h
    ),
    "/ 2 * h multiplies by h: write / (2 * h)": _quotients(lambda f, x, step, h: (f(x + step) - f(x - step)) / 2 * h),
    "the difference is not divided": _quotients(lambda f, x, step, h: f(x + step) - f(x - step)),
    "the points are h / 2 away, h was asked": lambda f, x, h: central_difference(f, x, h / 2),
    "the sign is wrong: f(x + h) comes first": lambda f, x, h: -central_difference(f, x, h),
    "x is a whole number and stays one: a step that is stored in it is cut off; work on floats": _copies_like_x,
    "the steps are arrays like x: for whole numbers they are cut off to zero": _quotients(_two_sides, None),
    "x is left changed, and every entry that was moved stays moved": _moved_in_place(lambda x, i, h: None),
    "x is moved in place and moved back: that is cut off for whole numbers, and x belongs to the caller": (
        _moved_in_place(_restore)
    ),
    "the result is an array like x: for whole numbers its fractions are cut off": lambda f, x, h: central_difference(
        f, x, h
    ).astype(x.dtype),
    "both points are the same array: `a = x` makes no copy": _no_copy,
    "all coordinates are moved at once": lambda f, x, h: np.full(x.size, (f(x + h) - f(x - h)) / (2 * h)),
    "the entries are summed": lambda f, x, h: central_difference(f, x, h).sum(),
    "h is not used, but a smaller number": lambda f, x, h: central_difference(f, x, 1e-6),
}


# 10.step
def best_step(machine_eps, order):
    """Return the step where rounding, eps / h, and the error of the formula, h^order, are equal."""
    return machine_eps ** (1 / (order + 1))


def step_cases(rng: np.random.Generator) -> list[Case]:
    """Numbers with whole roots, then float64 and float32, then random precisions."""
    given = (1e-6, 1), (1e-6, 2), (2.0**-52, 1), (2.0**-52, 2), (2.0**-23, 2)
    drawn = zip(10 ** rng.uniform(-18, -3, size=2), (1, 2), strict=True)
    return [Case((float(eps), order)) for eps, order in (*given, *drawn)]


STEP_MISTAKES = {
    "the smaller the better: eps itself is the step where rounding destroys everything": lambda eps, order: eps,
    "the exponents are exchanged: forward is order 1": lambda eps, order: eps ** (1 / (4 - order)),
    "the exponent is 1 / order: rounding adds one power of h": lambda eps, order: eps ** (1 / order),
    "the square root is for order 1 only": lambda eps, order: eps ** (1 / 2),
    "the cube root is for order 2 only": lambda eps, order: eps ** (1 / 3),
    "the exponent is order / (order + 1): that is the error that is left, not the step": lambda eps, order: (
        eps ** (order / (order + 1))
    ),
    "the exponent is 1 / (order + 2)": lambda eps, order: eps ** (1 / (order + 2)),
    "eps ** 1 / (order + 1) is a division: write eps ** (1 / (order + 1))": lambda eps, order: eps**1 / (order + 1),
    "// divides whole numbers, 1 // 2 is 0: write 1 / (order + 1)": lambda eps, order: eps ** (1 // (order + 1)),
    "the exponent is negative: the step grows as eps shrinks": lambda eps, order: eps ** (-1 / (order + 1)),
    "eps is multiplied, a power was asked": lambda eps, order: eps * (order + 1),
    "the precision of float64 is used, not the one that is given": lambda eps, order: 2.0 ** (-52 / (order + 1)),
}


# 10.spsa
def spsa_gradient(f, x, c, delta):
    """Return Spall's estimate from two values; delta is the direction."""
    return (f(x + c * delta) - f(x - c * delta)) / (2 * c * delta)


def spsa_cases(rng: np.random.Generator) -> list[Case]:
    """One variable, signs, then entries of other sizes, where to divide and to multiply are two things."""
    signs = rng.choice([-1.0, 1.0], 6)
    sizes = rng.choice([-1.0, 1.0], 5) * rng.choice([0.5, 2.0], 5)
    return [
        Case((cubes, np.array([2.0]), 0.5, np.array([-1.0]))),
        Case((cubes, np.array([1.0, -2.0]), 0.5, np.array([1.0, -1.0]))),
        Case((_waves(rng, 6), rng.normal(size=6), 0.1, signs)),
        Case((cubes, np.array([1.0, 2.0]), 0.25, np.array([2.0, -0.5]))),
        Case((_waves(rng, 5), rng.normal(size=5), 0.05, sizes)),
    ]


def _pair(answer: Callable) -> Callable:
    """Return an estimate from the difference of a pair: `answer(difference, c, delta)`."""
    return lambda f, x, c, delta: answer(f(x + c * delta) - f(x - c * delta), c, delta)


def _each_coordinate(f, x, c, delta):
    moves = c * delta[:, None] * np.eye(x.size)
    return np.array([(f(x + move) - f(x - move)) / (2 * c * delta[i]) for i, move in enumerate(moves)])


def _again_for_each(f, x, c, delta):
    return np.array([(f(x + c * delta) - f(x - c * delta)) / (2 * c * delta[i]) for i in range(x.size)])


def _spsa_in_place(f, x, c, delta):
    x += c * delta
    up = f(x)
    x -= 2 * c * delta
    return (up - f(x)) / (2 * c * delta)


SPSA_MISTAKES = {
    "the difference is divided by c, the points are 2 c delta apart": _pair(lambda diff, c, delta: diff / (c * delta)),
    "the slope is multiplied by delta: that is the same for signs only, Spall divides": _pair(
        lambda diff, c, delta: diff / (2 * c) * delta
    ),
    "divided by c, and multiplied by delta": _pair(lambda diff, c, delta: diff / c * delta),
    "2 d values are asked, one coordinate after the other: all move at once, two values are enough": _each_coordinate,
    "the two values are asked again for every coordinate: ask once, keep the difference": _again_for_each,
    "the difference is one-sided, f(x + c delta) - f(x)": lambda f, x, c, delta: (
        (f(x + c * delta) - f(x)) / (c * delta)
    ),
    "the sign is wrong: f(x + c delta) comes first": _pair(lambda diff, c, delta: -diff / (2 * c * delta)),
    "/ 2 * c * delta multiplies: write / (2 * c * delta)": _pair(lambda diff, c, delta: diff / 2 * c * delta),
    "/ (2 * c) * delta multiplies by delta twice: delta squared is missing below": _pair(
        lambda diff, c, delta: diff / (2 * c) * delta**2
    ),
    "the slope along delta is returned, one number: divide by every entry of delta": _pair(
        lambda diff, c, delta: float(diff / (2 * c))
    ),
    "the entries of delta are left out: all coordinates get the same slope": _pair(
        lambda diff, c, delta: np.full(delta.size, diff / (2 * c))
    ),
    "it is divided by the squared length of delta": _pair(
        lambda diff, c, delta: diff / (2 * c) * delta / (delta @ delta)
    ),
    "2 is not in the denominator, and c is missing: diff / delta": _pair(lambda diff, c, delta: diff / delta),
    "c is missing in the denominator": _pair(lambda diff, c, delta: diff / (2 * delta)),
    "only the signs of delta are used": lambda f, x, c, delta: spsa_gradient(f, x, c, np.sign(delta)),
    "c is not used where f is asked": lambda f, x, c, delta: (f(x + delta) - f(x - delta)) / (2 * c * delta),
    "delta is not used where f is asked": lambda f, x, c, delta: (f(x + c) - f(x - c)) / (2 * c * delta),
    "x of the caller is changed (x += ... works in place)": _spsa_in_place,
}


# 10.smoothed
def smoothed_gradient(f, x, sigma, U):
    """Return the mean over the rows u of U of the slope along u, from both sides, times u."""
    slopes = np.array([(f(x + sigma * u) - f(x - sigma * u)) / (2 * sigma) for u in U])
    return slopes @ U / len(U)


def smoothed_cases(rng: np.random.Generator) -> list[Case]:
    """One row, two rows, then many, fewer and more than coordinates."""
    return [
        Case((cubes, np.array([1.0, -2.0]), 0.5, np.array([[1.0, 2.0]]))),
        Case((cubes, np.array([1.0, -2.0]), 0.5, np.array([[1.0, 2.0], [-1.0, 0.5]]))),
        Case((_waves(rng, 3), rng.normal(size=3), 0.1, rng.normal(size=(10, 3)))),
        Case((_waves(rng, 7), rng.normal(size=7), 0.02, rng.normal(size=(4, 7)))),
    ]


def _over_rows(row: Callable, together: Callable = lambda rows: rows.mean(axis=0)) -> Callable:
    """Return an estimate from `row(f, x, sigma, u)` for each row, put together."""
    return lambda f, x, sigma, U: together(np.array([row(f, x, sigma, u) for u in U]))


def _row(f, x, sigma, u):
    return (f(x + sigma * u) - f(x - sigma * u)) / (2 * sigma) * u


def _unit(u):
    return u / np.linalg.norm(u)


def _one_sided_once(f, x, sigma, U):
    base = f(x)
    return _over_rows(lambda f, x, sigma, u: (f(x + sigma * u) - base) / sigma * u)(f, x, sigma, U)


SMOOTHED_MISTAKES = {
    "the rows are summed, their mean was asked": _over_rows(_row, lambda rows: rows.sum(axis=0)),
    "the difference is divided by sigma, the points are 2 sigma u apart": _over_rows(
        lambda f, x, sigma, u: 2 * _row(f, x, sigma, u)
    ),
    "summed, and divided by sigma only": _over_rows(
        lambda f, x, sigma, u: 2 * _row(f, x, sigma, u), lambda r: r.sum(0)
    ),
    "/ 2 * sigma multiplies by sigma: write / (2 * sigma)": _over_rows(
        lambda f, x, sigma, u: sigma**2 * _row(f, x, sigma, u)
    ),
    "the difference is not divided": _over_rows(lambda f, x, sigma, u: 2 * sigma * _row(f, x, sigma, u)),
    "the rows are scaled to length 1, and the factor d that belongs to the sphere is missing": _over_rows(
        lambda f, x, sigma, u: _row(f, x, sigma, _unit(u))
    ),
    "the rows are scaled to length 1: U is used as it is": _over_rows(
        lambda f, x, sigma, u: u.size * _row(f, x, sigma, _unit(u))
    ),
    "the mean is divided by d again, or taken over the wrong axis": _over_rows(
        lambda f, x, sigma, u: _row(f, x, sigma, u) / u.size
    ),
    "it is divided by d, the number of coordinates, not by n, the number of rows": lambda f, x, sigma, U: (
        smoothed_gradient(f, x, sigma, U) * len(U) / x.size
    ),
    "the mean runs over the coordinates: one number for each row is returned": _over_rows(
        _row, lambda rows: rows.mean(axis=1)
    ),
    "one number is returned, the mean over everything": _over_rows(_row, lambda rows: float(rows.mean())),
    "the slope is divided by u, Spall's form: normal draws may be close to zero": _over_rows(
        lambda f, x, sigma, u: _row(f, x, sigma, u) / u**2
    ),
    "the slopes are not multiplied by u: their mean is one number": _over_rows(
        lambda f, x, sigma, u: (f(x + sigma * u) - f(x - sigma * u)) / (2 * sigma), lambda slopes: float(slopes.mean())
    ),
    "the difference is one-sided, f(x + sigma u) - f(x)": _one_sided_once,
    "the difference is one-sided, and f(x) is evaluated again for every row": _over_rows(
        lambda f, x, sigma, u: (f(x + sigma * u) - f(x)) / sigma * u
    ),
    "only one side is asked, f(x + sigma u) / sigma: right on average, but far noisier": _over_rows(
        lambda f, x, sigma, u: f(x + sigma * u) / sigma * u
    ),
    "the sign is wrong: f(x + sigma u) comes first": _over_rows(lambda f, x, sigma, u: -_row(f, x, sigma, u)),
    "only the first row is used": lambda f, x, sigma, U: smoothed_gradient(f, x, sigma, U[:1]),
    "the mean of the rows is used as one direction": lambda f, x, sigma, U: _row(f, x, sigma, U.mean(axis=0)),
}


# 10.variance
def relative_error(d, n):
    """Return the expected squared error of the mean of n estimates over the squared gradient."""
    return (d + 1) / n


def variance_cases(rng: np.random.Generator) -> list[Case]:
    """One estimate, several, then random whole numbers."""
    drawn = zip(rng.integers(2, 5000, size=3), rng.integers(2, 300, size=3), strict=True)
    return [Case((int(d), int(n))) for d, n in ((1, 1), (10, 1), (50, 1), (50, 10), *drawn)]


VARIANCE_MISTAKES = {
    "d / n: the length of the estimate varies, too, which adds one": lambda d, n: d / n,
    "(d - 1) / n is the error with signs, or on the sphere": lambda d, n: (d - 1) / n,
    "(d + 2) / n is the mean squared length of an estimate; the error is less by the gradient itself": (
        lambda d, n: (d + 2) / n
    ),
    "the mean squared length of the mean, 1 + (d + 1) / n: the gradient itself is not subtracted": (
        lambda d, n: 1 + (d + 1) / n
    ),
    "the root was taken: the squared error was asked": lambda d, n: np.sqrt((d + 1) / n),
    "the mean of n has a variance n times smaller: n is not used": lambda d, n: float(d + 1),
    "n is squared": lambda d, n: (d + 1) / n**2,
    "the root of n: that is for the error, not for its square": lambda d, n: (d + 1) / np.sqrt(n),
    "2 n stands below: a pair is one estimate": lambda d, n: (d + 1) / (2 * n),
    "d and n are exchanged": lambda d, n: (n + 1) / d,
    "d + 1 / n adds after the division: write (d + 1) / n": lambda d, n: d + 1 / n,
    "// cuts the fraction off": lambda d, n: (d + 1) // n,
    "the fraction is upside down": lambda d, n: n / (d + 1),
}


# 10.zo_adam
def zo_adam(f, x, budget, lr, sigma, rng):
    """Return the point of the lowest value that Adam on estimates from single pairs evaluated."""
    m, v, best, lowest = np.zeros(x.size), np.zeros(x.size), x, np.inf
    for t in range(1, budget // 2 + 1):
        u = rng.standard_normal(x.size)
        points = x + sigma * u, x - sigma * u
        values = [f(point) for point in points]
        if min(values) < lowest:
            lowest, best = min(values), points[int(np.argmin(values))]
        g = (values[0] - values[1]) / (2 * sigma) * u
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        x = x - lr * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return best


def zo_adam_cases(rng: np.random.Generator) -> list[Case]:
    """One pair, a few, an odd budget, then long runs whose last points are not their best."""

    def case(d, budget, lr, sigma):
        return Case((_bowl(rng, d), rng.normal(size=d), budget, lr, sigma, Seed(int(rng.integers(10**6)))))

    return [
        case(2, 2, 0.1, 0.1),
        case(2, 8, 0.1, 0.1),
        case(3, 41, 0.1, 0.05),
        case(2, 200, 0.4, 0.01),
        case(6, 150, 0.3, 0.1),
    ]


def within_budget(expected: Outcome, got: Outcome) -> str | None:
    """Compare values, and whether f was evaluated no more than the budget allows, or exactly as often as expected."""
    sentence = close(expected.value, got.value)
    asked, budget = got.evaluations["f"], expected.arguments[2]
    if asked > budget and asked != expected.evaluations["f"]:
        return f"`f` was evaluated {asked} times; the budget is {budget}."
    return sentence


def _walk(
    steps: Callable = lambda budget: budget // 2,
    estimate: Callable = lambda f, x, sigma, u, pair: (pair[0] - pair[1]) / (2 * sigma) * u,
    move: Callable | None = None,
    result: Callable = lambda f, best, last, lowest: best,
    draw: Callable = lambda rng, d: rng.standard_normal(d),
    once: bool = False,
    begin: Callable = lambda f, x: None,
    keep: Callable = lambda x, new, u, sigma, side: x + side * sigma * u,
) -> Callable:
    """Return zo_adam with some part replaced: `move(m, v, g, t) -> m, v, direction`; `keep` is the point remembered."""
    move = move or _adam()

    def wrong(f, x, budget, lr, sigma, rng):
        m, v, best, lowest = np.zeros(x.size), np.zeros(x.size), x, np.inf
        first = draw(rng, x.size) if once else None
        begin(f, x)
        for t in range(1, steps(budget) + 1):
            u = first if once else draw(rng, x.size)
            points = x + sigma * u, x - sigma * u
            pair = [f(point) for point in points]
            m, v, direction = move(m, v, estimate(f, x, sigma, u, pair), t)
            new = x - lr * direction
            if min(pair) < lowest:
                lowest, best = min(pair), keep(x, new, u, sigma, 1 if pair[0] < pair[1] else -1)
            x = new
        return result(f, best, x, lowest)

    return wrong


def _adam(beta1=0.9, beta2=0.999, first=0, corrected=True, root=True) -> Callable:
    def move(m, v, g, t):
        t = t - 1 + first if first else t
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
        up, down = (m / (1 - beta1**t), v / (1 - beta2**t)) if corrected else (m, v)
        return m, v, up / ((np.sqrt(down) if root else down) + 1e-8)

    return move


def _forgets(m, v, g, t):
    return (m, v, _adam()(m, v, g, 1)[2])


def _uphill(m, v, g, t):
    m, v, direction = _adam()(m, v, g, t)
    return m, v, -direction


def _in_place(f, x, budget, lr, sigma, rng):
    best = zo_adam(f, x.copy(), budget, lr, sigma, rng)
    x[:] = best
    return x


def _one_sided(f, x, budget, lr, sigma, rng):
    m, v, seen = np.zeros(x.size), np.zeros(x.size), []
    for t in range(1, budget // 2 + 1):
        u = rng.standard_normal(x.size)
        seen += [(f(x), x), (f(x + sigma * u), x + sigma * u)]
        m, v, direction = _adam()(m, v, (seen[-1][0] - seen[-2][0]) / sigma * u, t)
        x = x - lr * direction
    return min(seen, key=lambda pair: pair[0])[1] if seen else x


def _worst_side(f, x, budget, lr, sigma, rng):
    seen = []

    def noted(point):
        seen.append((f(point), point))
        return seen[-1][0]

    zo_adam(noted, x, budget, lr, sigma, rng)
    return min(seen[::2], key=lambda pair: pair[0])[1]


ZO_ADAM_MISTAKES = {
    "every step asks two values, so the budget pays for half as many steps": _walk(steps=lambda budget: budget),
    "the value at x is asked in every step, too: three values, more than the budget": _walk(
        estimate=lambda f, x, sigma, u, pair: (f(x), (pair[0] - pair[1]) / (2 * sigma) * u)[1]
    ),
    "the value at the start is asked, too, which the budget does not pay": _walk(begin=lambda f, x: f(x)),
    "an odd budget is exceeded by one: a pair needs two values": _walk(steps=lambda budget: (budget + 1) // 2),
    "x has moved before the better point is remembered: x + sigma u is another point then": _walk(
        keep=lambda x, new, u, sigma, side: new + side * sigma * u
    ),
    "the middle x of the better pair is returned, it was not evaluated itself": _walk(
        keep=lambda x, new, u, sigma, side: x
    ),
    "the last x is returned, the best evaluated point was asked": _walk(result=lambda f, best, last, lowest: last),
    "the last x is returned, and its value is asked, which the budget does not pay": _walk(
        result=lambda f, best, last, lowest: (f(last), last)[1]
    ),
    "the lowest value is returned, its point was asked": _walk(result=lambda f, best, last, lowest: lowest),
    "point and value are returned, only the point was asked": _walk(
        result=lambda f, best, last, lowest: (best, lowest)
    ),
    "only the points x + sigma u are remembered: x - sigma u may be the best": _worst_side,
    "the difference is one-sided, f(x + sigma u) - f(x)": _one_sided,
    "one step too few": _walk(steps=lambda budget: budget // 2 - 1),
    "the estimate is not multiplied by u": _walk(
        estimate=lambda f, x, sigma, u, pair: np.full(x.size, (pair[0] - pair[1]) / (2 * sigma))
    ),
    "u is drawn once: every step needs a new direction": _walk(once=True),
    "u has random signs, normal draws were asked": _walk(draw=lambda rng, d: np.sign(rng.standard_normal(d))),
    "u is scaled to length 1, it is used as it is drawn": _walk(
        draw=lambda rng, d: (lambda u: u / np.linalg.norm(u))(rng.standard_normal(d))
    ),
    "u is uniform between 0 and 1 (rng.random), normal draws were asked": _walk(draw=lambda rng, d: rng.random(d)),
    "the step goes uphill: look at the signs": _walk(move=_uphill),
    "this is plain descent along the estimate, Adam was asked": _walk(move=lambda m, v, g, t: (m, v, g)),
    "this is the sign of the estimate, Adam keeps m and v": _walk(move=lambda m, v, g, t: (m, v, np.sign(g))),
    "m and v are lost from step to step": _walk(move=_forgets),
    "the bias is not corrected": _walk(move=_adam(corrected=False)),
    "t starts too late: it is 1 in the first step": _walk(move=_adam(first=2)),
    "the root is missing": _walk(move=_adam(root=False)),
    "beta1 is used for both means": _walk(move=_adam(0.9, 0.9)),
    "beta2 is used for both means": _walk(move=_adam(0.999, 0.999)),
    "beta1 and beta2 are exchanged": _walk(move=_adam(0.999, 0.9)),
    "x of the caller is changed: work on a copy": _in_place,
}


QUESTIONS = (
    Question(
        id="10.central",
        points=2,
        difficulty=1,
        minutes=8,
        cases=central_cases,
        reference=central_difference,
        mistakes=CENTRAL_MISTAKES,
        hints=(
            "One coordinate after the other: make a step, an array of zeros with h at one place.",
            "`x + step` is a new array, of floats if the step holds floats. `x[i] += h` writes into the array of the "
            "caller, and into an array of whole numbers no fraction can be written.",
            "Two values for each coordinate, and the distance between the two points is 2 h.",
        ),
    ),
    Question(
        id="10.step",
        points=1,
        difficulty=2,
        minutes=8,
        cases=step_cases,
        reference=best_step,
        mistakes=STEP_MISTAKES,
        hints=(
            "Without constants the error of the formula is h^order and that of rounding is eps / h. One falls and one "
            "rises with h: the sum is smallest, up to a constant, where they are equal.",
            "Solve h^order = eps / h for h. Multiply both sides by h first.",
        ),
    ),
    Question(
        id="10.spsa",
        points=2,
        difficulty=1,
        minutes=8,
        cases=spsa_cases,
        reference=spsa_gradient,
        mistakes=SPSA_MISTAKES,
        hints=(
            "Ask f twice, at the two ends, and keep the difference in a name. It is one number.",
            "A number divided by an array is an array: NumPy divides by each entry.",
        ),
    ),
    Question(
        id="10.smoothed",
        points=2,
        difficulty=2,
        minutes=10,
        cases=smoothed_cases,
        reference=smoothed_gradient,
        mistakes=SMOOTHED_MISTAKES,
        hints=(
            "A loop `for u in U:` goes over the rows. Each gives one slope, a number, and one array: slope times u.",
            "The mean over the rows is the sum of these arrays, divided by the number of rows, `len(U)`.",
        ),
    ),
    Question(
        id="10.variance",
        points=2,
        difficulty=3,
        minutes=12,
        cases=variance_cases,
        reference=relative_error,
        mistakes=VARIANCE_MISTAKES,
        hints=(
            "Take n = 1 and turn the axes so that the gradient is (1, 0, ..., 0). Then the estimate is u_1 times u, "
            "and its first entry is u_1 squared.",
            "Each entry after the first is u_1 u_i, of mean 0 and variance 1. There are d - 1 of them. What is the "
            "variance of u_1 squared? (The mean of u_1 to the fourth power is 3.)",
            "The mean of n independent estimates has a variance that is n times smaller.",
        ),
    ),
    Question(
        id="10.zo_adam",
        points=4,
        difficulty=3,
        minutes=25,
        cases=zo_adam_cases,
        reference=zo_adam,
        mistakes=ZO_ADAM_MISTAKES,
        hints=(
            "A loop over `range(1, budget // 2 + 1)` gives t. In each round draw u, ask two values, and keep the "
            "better point if it is lower than all before.",
            "Start with the lowest value at infinity, `np.inf`, and keep two names: the lowest value and its point.",
            "Then the estimate goes into Adam as in exercise 05: both means, both corrections, the step.",
        ),
        compare=within_budget,
    ),
)
