"""Questions of exercise 04, momentum. Parameters theta, gradient g and velocity v have the shape (d,)."""

from collections.abc import Callable

import numpy as np

from ngo_lesson.questions.question import Case, Question


# 04.momentum
def momentum_step(theta, g, v, lr, mu):
    """Return (theta, v) after one step of heavy ball: v is a decaying sum of gradients, without the rate."""
    v = mu * v + g
    return theta - lr * v, v


def momentum_cases(rng: np.random.Generator) -> list[Case]:
    """The first step, a later one, no momentum at all, then several parameters."""
    return [
        Case((np.array([1.0]), np.array([2.0]), np.array([0.0]), 0.1, 0.9)),
        Case((np.array([1.0, -2.0]), np.array([4.0, 3.0]), np.array([8.0, -2.0]), 0.25, 0.5)),
        Case((np.array([3.0]), np.array([-2.0]), np.array([5.0]), 0.1, 0.0)),
        *(
            Case((rng.normal(size=d), rng.normal(size=d), rng.normal(size=d), lr, mu))
            for d, lr, mu in ((4, 0.05, 0.9), (20, 0.3, 0.7))
        ),
    ]


def _step(new_v: Callable, move: Callable) -> Callable:
    """Return a step whose velocity is `new_v(g, v, lr, mu)` and which subtracts `move(g, v, new v, lr, mu)`."""

    def step(theta, g, v, lr, mu):
        new = new_v(g, v, lr, mu)
        return theta - move(g, v, new, lr, mu), new

    return step


def _sum(g, v, lr, mu):
    return mu * v + g


def _kept(g, v, lr, mu):
    return v


def _lr_times_new(g, v, new, lr, mu):
    return lr * new


def _theta_in_place(theta, g, v, lr, mu):
    v = mu * v + g
    theta -= lr * v
    return theta, v


def _v_in_place(theta, g, v, lr, mu):
    v *= mu
    v += g
    return theta - lr * v, v


def _both_in_place(theta, g, v, lr, mu):
    v *= mu
    v += g
    theta -= lr * v
    return theta, v


MOMENTUM_MISTAKES = {
    "the sources' root replaces the velocity: lr / sqrt(1 - mu^2) times the gradient is plain gradient descent": _step(
        _kept, lambda g, v, new, lr, mu: lr * g / np.sqrt(1 - mu**2)
    ),
    "the velocity is updated but not used: the sources' root multiplies the gradient": _step(
        _sum, lambda g, v, new, lr, mu: lr * g / np.sqrt(1 - mu**2)
    ),
    "the step is divided by the sources' root sqrt(1 - mu^2), which does not belong here": _step(
        _sum, lambda g, v, new, lr, mu: lr * new / np.sqrt(1 - mu**2)
    ),
    "the step uses the old velocity: update v first": _step(_sum, lambda g, v, new, lr, mu: lr * v),
    "the velocity is an average, with (1 - mu) g, a sum was asked": _step(
        lambda g, v, lr, mu: mu * v + (1 - mu) * g, _lr_times_new
    ),
    "mu multiplies the gradient, not the old velocity": _step(lambda g, v, lr, mu: v + mu * g, _lr_times_new),
    "mu and 1 - mu are exchanged": _step(lambda g, v, lr, mu: (1 - mu) * v + mu * g, _lr_times_new),
    "the old velocity does not fade: it is not multiplied by mu": _step(lambda g, v, lr, mu: v + g, _lr_times_new),
    "the rate is in the velocity and is applied again": _step(lambda g, v, lr, mu: mu * v + lr * g, _lr_times_new),
    "the rate is in the velocity, here v holds no rate": _step(
        lambda g, v, lr, mu: mu * v + lr * g, lambda g, v, new, lr, mu: new
    ),
    "the velocity holds the rate and points downhill: that is the convention of the next question": _step(
        lambda g, v, lr, mu: mu * v - lr * g, lambda g, v, new, lr, mu: -new
    ),
    "the velocity points downhill, here it points uphill like the gradient": _step(
        lambda g, v, lr, mu: mu * v - g, lambda g, v, new, lr, mu: -lr * new
    ),
    "the step goes uphill: look at the sign": _step(_sum, lambda g, v, new, lr, mu: -lr * new),
    "the velocity is not used: this is plain gradient descent": _step(_sum, lambda g, v, new, lr, mu: lr * g),
    "the state is lost: the old velocity is returned": lambda theta, g, v, lr, mu: (
        momentum_step(theta, g, v, lr, mu)[0],
        v,
    ),
    "the state is lost: the velocity starts at zero in every step": _step(lambda g, v, lr, mu: g.copy(), _lr_times_new),
    "this is Nesterov's step, heavy ball was asked": _step(_sum, lambda g, v, new, lr, mu: lr * (g + mu * new)),
    "the learning rate is not used": _step(_sum, lambda g, v, new, lr, mu: new),
    "only theta is returned, the velocity is needed for the next step": lambda *given: momentum_step(*given)[0],
    "(v, theta) is returned, (theta, v) was asked": lambda *given: momentum_step(*given)[::-1],
    "theta of the caller is changed (theta -= ... works in place)": _theta_in_place,
    "v of the caller is changed (v *= ... and v += ... work in place)": _v_in_place,
    "theta and v of the caller are changed (-=, *= and += work in place)": _both_in_place,
}


# 04.nesterov
def nesterov_step(theta, grad, v, lr, mu):
    """Return (theta, v) after one step of Nesterov's momentum: v points downhill and holds the rate."""
    v = mu * v - lr * grad(theta + mu * v)
    return theta + v, v


def _quadratic(A: np.ndarray, b: np.ndarray) -> Callable:
    def grad(x):
        return A @ x - b

    text = [np.array2string(part, precision=4, separator=", ").replace("\n", " ") for part in (A, b)]
    grad.__doc__ = (
        f"x -> A @ x - b, A = {text[0]}, b = {text[1]}" if b.size < 4 else f"x -> A @ x - b of {b.size} entries"
    )
    return grad


def nesterov_cases(rng: np.random.Generator) -> list[Case]:
    """From rest, moving, without momentum, then coupled parameters; the gradient differs from point to point."""
    coupled, large = np.array([[3.0, 1.0], [1.0, 2.0]]), rng.normal(size=(6, 6))
    return [
        Case((np.array([1.0]), _quadratic(np.array([[2.0]]), np.zeros(1)), np.array([0.0]), 0.1, 0.9)),
        Case((np.array([1.0]), _quadratic(np.array([[2.0]]), np.zeros(1)), np.array([-0.4]), 0.1, 0.5)),
        Case((np.array([2.0]), _quadratic(np.array([[4.0]]), np.ones(1)), np.array([1.0]), 0.05, 0.0)),
        Case((rng.normal(size=2), _quadratic(coupled, np.array([1.0, -1.0])), rng.normal(size=2), 0.1, 0.8)),
        Case((rng.normal(size=6), _quadratic(large @ large.T, rng.normal(size=6)), rng.normal(size=6), 0.02, 0.9)),
    ]


def _look_at(point: Callable) -> Callable:
    """Return a step that takes its gradient at `point(theta, v, lr, mu)`."""

    def step(theta, grad, v, lr, mu):
        v = mu * v - lr * grad(point(theta, v, lr, mu))
        return theta + v, v

    return step


def _ahead(new_v: Callable, move: Callable) -> Callable:
    """Return a step with the right gradient g, the velocity `new_v(g, v, lr, mu)` and `move(v, new v, lr, mu)`."""

    def step(theta, grad, v, lr, mu):
        new = new_v(grad(theta + mu * v), v, lr, mu)
        return theta + move(v, new, lr, mu), new

    return step


def _downhill(g, v, lr, mu):
    return mu * v - lr * g


def _new(v, new, lr, mu):
    return new


def _stay_ahead(theta, grad, v, lr, mu):
    theta = theta + mu * v
    v = mu * v - lr * grad(theta)
    return theta + v, v


def _uphill_velocity(point: Callable) -> Callable:
    """Return a step in the convention of 04.momentum that takes its gradient at `point(theta, v, lr, mu)`."""

    def step(theta, grad, v, lr, mu):
        v = mu * v + grad(point(theta, v, lr, mu))
        return theta - lr * v, v

    return step


def _gradient_twice(theta, grad, v, lr, mu):
    new = mu * v - lr * grad(theta + mu * v)
    return theta + mu * v - lr * grad(theta + mu * v), new


def _nesterov_in_place(theta, grad, v, lr, mu):
    new = mu * v - lr * grad(theta + mu * v)
    theta += new
    return theta, new


def _velocity_in_place(theta, grad, v, lr, mu):
    ahead = theta + mu * v
    v *= mu
    v -= lr * grad(ahead)
    return theta + v, v


def _nesterov_both_in_place(theta, grad, v, lr, mu):
    v *= mu
    v -= lr * grad(theta + v)
    theta += v
    return theta, v


NESTEROV_MISTAKES = {
    "the gradient is taken at theta: that is heavy ball": _look_at(lambda theta, v, lr, mu: theta),
    "the look-ahead has the wrong sign: it looks back": _look_at(lambda theta, v, lr, mu: theta - mu * v),
    "the look-ahead goes a whole v, without mu": _look_at(lambda theta, v, lr, mu: theta + v),
    "the look-ahead is multiplied by lr, but v holds the rate already": _look_at(
        lambda theta, v, lr, mu: theta + lr * mu * v
    ),
    "theta stays at the look-ahead point, so that part of the way is gone twice": _stay_ahead,
    "the velocity is that of 04.momentum, uphill and without the rate; here it is another one": _uphill_velocity(
        lambda theta, v, lr, mu: theta + mu * v
    ),
    "the velocity is that of 04.momentum, with a look-ahead to match; here it is another one": _uphill_velocity(
        lambda theta, v, lr, mu: theta - lr * mu * v
    ),
    "the gradient is added to the velocity: this goes uphill": _ahead(lambda g, v, lr, mu: mu * v + lr * g, _new),
    "the velocity is subtracted from theta": _ahead(_downhill, lambda v, new, lr, mu: -new),
    "the learning rate is not used": _ahead(lambda g, v, lr, mu: mu * v - g, _new),
    "the learning rate is applied twice: v holds it already": _ahead(_downhill, lambda v, new, lr, mu: lr * new),
    "the old velocity does not fade: it is not multiplied by mu": _ahead(lambda g, v, lr, mu: v - lr * g, _new),
    "the gradient is multiplied by 1 - mu": _ahead(lambda g, v, lr, mu: mu * v - (1 - mu) * lr * g, _new),
    "theta moves by the old velocity": _ahead(_downhill, lambda v, new, lr, mu: v),
    "mu is applied once more where theta moves": _ahead(_downhill, lambda v, new, lr, mu: mu * new),
    "the state is lost: the old velocity is returned": lambda theta, grad, v, lr, mu: (
        nesterov_step(theta, grad, v, lr, mu)[0],
        v,
    ),
    "the gradient is computed twice: one is enough, keep it in a name": _gradient_twice,
    "only theta is returned, the velocity is needed for the next step": lambda *given: nesterov_step(*given)[0],
    "(v, theta) is returned, (theta, v) was asked": lambda *given: nesterov_step(*given)[::-1],
    "theta of the caller is changed (theta += ... works in place)": _nesterov_in_place,
    "v of the caller is changed (v *= ... and v -= ... work in place)": _velocity_in_place,
    "theta and v of the caller are changed (+=, *= and -= work in place)": _nesterov_both_in_place,
}


# 04.optimal
def optimal_heavy_ball(smallest, largest):
    """Return (lr, mu) with which heavy ball is fastest on quadratics of these curvatures."""
    low, high = np.sqrt(smallest), np.sqrt(largest)
    return 4 / (high + low) ** 2, ((high - low) / (high + low)) ** 2


def curvature_cases(rng: np.random.Generator) -> list[Case]:
    """Roots that are whole numbers, a round bowl, where no momentum is needed, then random ones."""
    drawn = rng.uniform(0.1, 1, size=2), rng.uniform(5, 500, size=2)
    pairs = (1.0, 25.0), (4.0, 49.0), (2.0, 2.0), (0.01, 1.0), *zip(*drawn, strict=True)
    return [Case((float(smallest), float(largest))) for smallest, largest in pairs]


def _optimal(rate: Callable, mu: Callable) -> Callable:
    """Return the answer with `rate` and `mu`, functions of the roots of the smallest and the largest curvature."""
    return lambda smallest, largest: tuple(f(np.sqrt(smallest), np.sqrt(largest)) for f in (rate, mu))


def _best_rate(low, high):
    return 4 / (high + low) ** 2


def _best_mu(low, high):
    return ((high - low) / (high + low)) ** 2


OPTIMAL_MISTAKES = {
    "the square of mu is missing": _optimal(_best_rate, lambda low, high: (high - low) / (high + low)),
    "the square in the rate is missing": _optimal(lambda low, high: 4 / (high + low), _best_mu),
    "both squares are missing": _optimal(
        lambda low, high: 4 / (high + low), lambda low, high: (high - low) / (high + low)
    ),
    "(mu, lr) is returned, (lr, mu) was asked": _optimal(_best_mu, _best_rate),
    "the roots of the curvatures are missing": _optimal(
        lambda low, high: 4 / (high**2 + low**2) ** 2, lambda low, high: _best_mu(low**2, high**2)
    ),
    "the roots of the curvatures are missing in the rate": _optimal(
        lambda low, high: 4 / (high**2 + low**2) ** 2, _best_mu
    ),
    "the roots of the curvatures are missing in mu": _optimal(_best_rate, lambda low, high: _best_mu(low**2, high**2)),
    "the root is taken of the sum, each curvature needs its own": _optimal(
        lambda low, high: 4 / (high**2 + low**2), lambda low, high: (high**2 - low**2) / (high**2 + low**2)
    ),
    "this is the best rate of plain gradient descent, without momentum": _optimal(
        lambda low, high: 2 / (high**2 + low**2), lambda low, high: 0.0
    ),
    "the rate is the best one of plain gradient descent, with momentum it is another": _optimal(
        lambda low, high: 2 / (high**2 + low**2), _best_mu
    ),
    "the rate is 1 / largest, which is stable, but not the best": _optimal(lambda low, high: 1 / high**2, _best_mu),
    "the rate is 2 / largest, the limit of plain gradient descent": _optimal(lambda low, high: 2 / high**2, _best_mu),
    "this is the usual choice for Nesterov's momentum": _optimal(
        lambda low, high: 1 / high**2, lambda low, high: (high - low) / (high + low)
    ),
    "the rate has a 1 where a 4 belongs": _optimal(lambda low, high: _best_rate(low, high) / 4, _best_mu),
    "the rate has a 2 where a 4 belongs": _optimal(lambda low, high: _best_rate(low, high) / 2, _best_mu),
    "the 2 of the rate is not squared with the rest": _optimal(lambda low, high: 2 * _best_rate(low, high), _best_mu),
    "mu is 1 - sqrt(smallest / largest)": _optimal(_best_rate, lambda low, high: 1 - low / high),
    "only the rate is returned": lambda smallest, largest: optimal_heavy_ball(smallest, largest)[0],
    "only mu is returned": lambda smallest, largest: optimal_heavy_ball(smallest, largest)[1],
}


# 04.gain
def steady_gain(mu):
    """Return how many times as long the steps become while the gradient stays the same."""
    return 1 / (1 - mu)


def gain_cases(rng: np.random.Generator) -> list[Case]:
    """Whole results, then random ones."""
    return [Case((mu,)) for mu in (0.5, 0.75, 0.0, 0.9, 0.99, *(float(x) for x in rng.uniform(0.1, 0.95, size=2)))]


GAIN_MISTAKES: dict[str, Callable] = {
    "this is the deviation of the velocity under random gradients, the sources' root, not the gain of a constant one": (
        lambda mu: 1 / np.sqrt(1 - mu**2)
    ),
    "this is the variance of the velocity under random gradients": lambda mu: 1 / (1 - mu**2),
    "this is 1 / sqrt(1 - mu), there is no root in the sum": lambda mu: 1 / np.sqrt(1 - mu),
    "the signs of the sum alternate: that is the gain of a gradient that flips in every step": lambda mu: 1 / (1 + mu),
    "this is 1 - mu: are parentheses missing, or is the fraction upside down?": lambda mu: 1 - mu,
    "this is 1 / mu": lambda mu: 1 / mu,
    "the first term of the sum is missing, the gradient of this step": lambda mu: mu / (1 - mu),
    "this is the gain of an average, which is 1; the velocity is a sum": lambda mu: 1.0,
    "only this gradient and the one before are counted": lambda mu: 1 + mu,
    **{
        f"only {terms} steps are summed, the limit was asked": lambda mu, terms=terms: float(
            np.sum(mu ** np.arange(terms))
        )
        for terms in (3, 5, 10, 20, 50, 100, 200, 500, 1000)
    },
    "the gain is squared": lambda mu: 1 / (1 - mu) ** 2,
    "the gain is doubled": lambda mu: 2 / (1 - mu),
    "this is log(1 - mu)": lambda mu: np.log(1 - mu),
    "the steady velocity is given a sign: the gain is positive": lambda mu: -1 / (1 - mu),
}


QUESTIONS = (
    Question(
        id="04.momentum",
        points=2,
        difficulty=1,
        minutes=8,
        cases=momentum_cases,
        reference=momentum_step,
        mistakes=MOMENTUM_MISTAKES,
        hints=(
            "Two lines: first the new velocity from the old one, then the new theta from the new velocity.",
            "`v *= mu` and `theta -= ...` write into the arrays of the caller. `v = ...` makes a new array.",
            "Return both: `return a, b` gives a tuple. Without the new velocity, the next step would know nothing of "
            "this one.",
        ),
    ),
    Question(
        id="04.nesterov",
        points=3,
        difficulty=2,
        minutes=10,
        cases=nesterov_cases,
        reference=nesterov_step,
        mistakes=NESTEROV_MISTAKES,
        hints=(
            "`grad` is a function: call it with an array (d,), and it returns the gradient there, (d,). "
            "One call is enough.",
            "The point to call it with is where the old velocity alone would carry theta.",
            "In this form v is a step, not a gradient: it holds the rate, and theta moves by exactly v.",
        ),
    ),
    Question(
        id="04.optimal",
        points=3,
        difficulty=3,
        minutes=15,
        cases=curvature_cases,
        reference=optimal_heavy_ball,
        mistakes=OPTIMAL_MISTAKES,
        hints=(
            "Both parts use the roots of the two curvatures. Give these roots short names first.",
            "The two roots p of p^2 - (1 + mu - lr h) p + mu = 0 have product mu. While they are complex, both have "
            "the size sqrt(mu), whatever h is. They turn real where (1 + mu - lr h)^2 = 4 mu.",
            "Let both curvatures stand exactly at that edge: 1 + mu - lr smallest = 2 sqrt(mu) and "
            "1 + mu - lr largest = -2 sqrt(mu). Each side is nearly a square: (1 - sqrt(mu))^2 = lr smallest. "
            "What does the other one give?",
        ),
    ),
    Question(
        id="04.gain",
        points=1,
        difficulty=1,
        minutes=4,
        cases=gain_cases,
        reference=steady_gain,
        mistakes=GAIN_MISTAKES,
        hints=(
            "In the steady state, the velocity does not change any more: old and new v are the same number. "
            "Put that into the rule and solve for v.",
            "Another way: with g = 1 the velocity is 1 + mu + mu^2 + ... What is the sum of this series?",
        ),
    ),
)
