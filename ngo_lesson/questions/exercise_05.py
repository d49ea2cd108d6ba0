"""Questions of exercise 05, adaptive steps. Parameters theta, gradients g and states s, m, v have shape (d,)."""

from collections.abc import Callable
from itertools import combinations

import numpy as np

from ngo_lesson.questions.question import Case, Question


# 05.adagrad
def adagrad_step(theta, g, s, lr, eps):
    """Return the new theta and s; s is a sum of squares."""
    s = s + g * g
    return theta - lr * g / (np.sqrt(s) + eps), s


def adagrad_cases(rng: np.random.Generator) -> list[Case]:
    """A first step, a step with a past and a gradient of zero, a large eps, then small gradients."""
    return [
        Case((np.array([1.0]), np.array([2.0]), np.array([0.0]), 0.1, 1e-8)),
        Case((np.array([1.0, -2.0]), np.array([3.0, 0.0]), np.array([16.0, 0.0]), 0.5, 1e-8)),
        Case((rng.normal(size=3), rng.normal(size=3), rng.uniform(1, 4, 3), 0.1, 0.5)),
        Case((rng.normal(size=8), 1e-3 * rng.normal(size=8), 1e-6 * rng.uniform(1, 4, 8), 0.01, 1e-3)),
    ]


def _adagrad_in_place(theta, g, s, lr, eps):
    s += g * g
    return theta - lr * g / (np.sqrt(s) + eps), s


def _adagrad_all_in_place(theta, g, s, lr, eps):
    s += g * g
    theta -= lr * g / (np.sqrt(s) + eps)
    return theta, s


def _adagrad(square: Callable = lambda g: g * g, root: Callable = lambda s, eps: np.sqrt(s) + eps) -> Callable:
    """Adagrad with another square in s, or divided by something else."""

    def step(theta, g, s, lr, eps):
        s = s + square(g)
        return theta - lr * g / root(s, eps), s

    return step


def _adagrad_stores(kept: Callable) -> Callable:
    """Adagrad that moves as it should and returns `kept(old s, new s)` as s."""

    def step(theta, g, s, lr, eps):
        theta, new = adagrad_step(theta, g, s, lr, eps)
        return theta, kept(s, new)

    return step


ADAGRAD_MISTAKES = {
    "s starts at zero again: add to the s that is given": lambda theta, g, s, lr, eps: adagrad_step(
        theta, g, 0 * s, lr, eps
    ),
    "the step divides by the old s: add the new square first": lambda theta, g, s, lr, eps: (
        theta - lr * g / (np.sqrt(s) + eps),
        s + g * g,
    ),
    "the old s is returned: the new square is not stored": _adagrad_stores(lambda old, new: old),
    "the root is stored in s: s keeps the squares": _adagrad_stores(lambda old, new: np.sqrt(new)),
    "the squares are averaged, a sum was asked": lambda theta, g, s, lr, eps: (
        theta - lr * g / (np.sqrt((s + g * g) / 2) + eps),
        (s + g * g) / 2,
    ),
    "eps stands inside the root": _adagrad(root=lambda s, eps: np.sqrt(s + eps)),
    "the square root is missing": _adagrad(root=lambda s, eps: s + eps),
    "the gradient is added to s without its square": _adagrad(lambda g: g),
    "absolute values are added to s, squares were asked": _adagrad(np.abs),
    "all squares are added up (g @ g): each coordinate has its own s": _adagrad(lambda g: g @ g),
    "the gradient is missing above the fraction line": lambda theta, g, s, lr, eps: (
        theta - lr / (np.sqrt(s + g * g) + eps),
        s + g * g,
    ),
    "the step goes uphill: subtract it": lambda theta, g, s, lr, eps: adagrad_step(theta, g, s, -lr, eps),
    "the learning rate is not used": lambda theta, g, s, lr, eps: adagrad_step(theta, g, s, 1.0, eps),
    "only theta is returned, the next step needs s too": lambda *given: adagrad_step(*given)[0],
    "s and theta are returned in the wrong order": lambda theta, g, s, lr, eps: adagrad_step(theta, g, s, lr, eps)[
        ::-1
    ],
    "s of the caller is changed (s += ... works in place)": _adagrad_in_place,
    "theta and s of the caller are changed (+= and -= work in place)": _adagrad_all_in_place,
}


# 05.rmsprop
def rmsprop_step(theta, g, s, lr, alpha, eps):
    """Return the new theta and s; s is a running mean of squares."""
    s = alpha * s + (1 - alpha) * g * g
    return theta - lr * g / (np.sqrt(s) + eps), s


def rmsprop_cases(rng: np.random.Generator) -> list[Case]:
    """A first step, a step with a past and a gradient of zero, a large eps, then small gradients."""
    return [
        Case((np.array([1.0]), np.array([2.0]), np.array([0.0]), 0.1, 0.75, 1e-8)),
        Case((np.array([1.0, -2.0]), np.array([3.0, 0.0]), np.array([25.0, 0.0]), 0.5, 0.9, 1e-8)),
        Case((rng.normal(size=3), rng.normal(size=3), rng.uniform(1, 4, 3), 0.1, 0.8, 0.5)),
        Case((rng.normal(size=8), 1e-3 * rng.normal(size=8), 1e-6 * rng.uniform(1, 4, 8), 0.01, 0.99, 1e-3)),
    ]


def _rmsprop(square: Callable = lambda g: g * g, root: Callable = lambda s, eps: np.sqrt(s) + eps) -> Callable:
    """RMSprop with another square in s, or divided by something else."""

    def step(theta, g, s, lr, alpha, eps):
        s = alpha * s + (1 - alpha) * square(g)
        return theta - lr * g / root(s, eps), s

    return step


def _rmsprop_in_place(theta, g, s, lr, alpha, eps):
    s *= alpha
    s += (1 - alpha) * g * g
    return theta - lr * g / (np.sqrt(s) + eps), s


def _normalized(theta, g, s, lr, alpha, eps):
    return theta - lr * g / (np.linalg.norm(g) + eps), s


RMSPROP_MISTAKES = {
    "the squared length of the whole gradient (g @ g) goes into s: each coordinate has its own s": _rmsprop(
        lambda g: g @ g
    ),
    "the mean square of the whole gradient goes into s: each coordinate has its own s": _rmsprop(
        lambda g: np.mean(g * g)
    ),
    "the gradient is divided by its own length, s is not used": _normalized,
    "alpha and 1 - alpha are swapped": lambda theta, g, s, lr, alpha, eps: rmsprop_step(
        theta, g, s, lr, 1 - alpha, eps
    ),
    "the old s is returned: the new one is not stored": lambda theta, g, s, lr, alpha, eps: (
        rmsprop_step(theta, g, s, lr, alpha, eps)[0],
        s,
    ),
    "s starts at zero again: start from the s that is given": lambda theta, g, s, lr, alpha, eps: rmsprop_step(
        theta, g, 0 * s, lr, alpha, eps
    ),
    "the step divides by the old s: renew it first": lambda theta, g, s, lr, alpha, eps: (
        theta - lr * g / (np.sqrt(s) + eps),
        alpha * s + (1 - alpha) * g * g,
    ),
    "eps stands inside the root": _rmsprop(root=lambda s, eps: np.sqrt(s + eps)),
    "the square root is missing": _rmsprop(root=lambda s, eps: s + eps),
    "the gradient goes into s without its square": _rmsprop(lambda g: g),
    "absolute values go into s, squares were asked": _rmsprop(np.abs),
    "the squares are added up (this is Adagrad), a running mean was asked": (
        lambda theta, g, s, lr, alpha, eps: adagrad_step(theta, g, s, lr, eps)
    ),
    "the new square is not multiplied by 1 - alpha": lambda theta, g, s, lr, alpha, eps: (
        theta - lr * g / (np.sqrt(alpha * s + g * g) + eps),
        alpha * s + g * g,
    ),
    "the old s is not multiplied by alpha": lambda theta, g, s, lr, alpha, eps: (
        theta - lr * g / (np.sqrt(s + (1 - alpha) * g * g) + eps),
        s + (1 - alpha) * g * g,
    ),
    "s is corrected by 1 - alpha, as Adam does in its first step": lambda theta, g, s, lr, alpha, eps: (
        theta - lr * g / (np.sqrt((alpha * s + (1 - alpha) * g * g) / (1 - alpha)) + eps),
        alpha * s + (1 - alpha) * g * g,
    ),
    "the step goes uphill: subtract it": lambda theta, g, s, lr, alpha, eps: rmsprop_step(theta, g, s, -lr, alpha, eps),
    "only theta is returned, the next step needs s too": lambda theta, g, s, lr, alpha, eps: rmsprop_step(
        theta, g, s, lr, alpha, eps
    )[0],
    "s and theta are returned in the wrong order": lambda theta, g, s, lr, alpha, eps: rmsprop_step(
        theta, g, s, lr, alpha, eps
    )[::-1],
    "s of the caller is changed (*= and += work in place)": _rmsprop_in_place,
}


# 05.adam
def adam_step(theta, g, m, v, t, lr, beta1, beta2, eps):
    """Return the new theta, m and v; t counts from 1."""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    return theta - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


def adam_cases(rng: np.random.Generator) -> list[Case]:
    """A first step, a second one with a gradient of zero, then random ones with a large eps and usual constants."""

    def drawn(d: int, scale: float = 1.0) -> tuple:
        state = scale * rng.normal(size=d), scale**2 * rng.uniform(1, 4, d)
        return rng.normal(size=d), scale * rng.normal(size=d), *state

    return [
        Case((np.array([1.0]), np.array([2.0]), np.array([0.0]), np.array([0.0]), 1, 0.1, 0.9, 0.99, 1e-8)),
        Case(
            (
                np.array([1.0, -2.0]),
                np.array([3.0, 0.0]),
                np.array([1.0, -0.5]),
                np.array([0.5, 0.25]),
                2,
                0.1,
                0.5,
                0.75,
                1e-8,
            )
        ),
        Case((*drawn(3), 3, 0.1, 0.8, 0.9, 0.5)),
        Case((*drawn(8, 1e-3), 20, 0.001, 0.9, 0.999, 1e-3)),
    ]


def _adam(
    m_hat: Callable = lambda m, beta, t: m / (1 - beta**t),
    v_hat: Callable = lambda v, beta, t: v / (1 - beta**t),
    root: Callable = lambda v, eps: np.sqrt(v) + eps,
    kept: Callable = lambda old, new, corrected: new,
) -> Callable:
    """Adam with other corrections, another divisor, or another state to keep."""

    def step(theta, g, m, v, t, lr, beta1, beta2, eps):
        first = beta1 * m + (1 - beta1) * g
        second = beta2 * v + (1 - beta2) * g * g
        corrected = m_hat(first, beta1, t), v_hat(second, beta2, t)
        theta = theta - lr * corrected[0] / root(corrected[1], eps)
        return theta, *kept((m, v), (first, second), corrected)

    return step


def _with_rate(factor: Callable, **changes: Callable) -> Callable:
    """Adam whose rate is multiplied by `factor(beta1**t, beta2**t)`."""
    return lambda theta, g, m, v, t, lr, beta1, beta2, eps: _adam(**changes)(
        theta, g, m, v, t, lr * factor(beta1**t, beta2**t), beta1, beta2, eps
    )


def _adam_centered(theta, g, m, v, t, lr, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * (g - m) ** 2
    return theta - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


def _adam_wrong_beta(theta, g, m, v, t, lr, beta1, beta2, eps):
    m = beta2 * m + (1 - beta2) * g
    v = beta2 * v + (1 - beta2) * g * g
    return theta - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


def _adam_in_place(theta, g, m, v, t, lr, beta1, beta2, eps):
    theta_new, m_new, v_new = adam_step(theta, g, m, v, t, lr, beta1, beta2, eps)
    m[:], v[:] = m_new, v_new
    return theta_new, m, v


def _uncorrected(moment, beta, t):
    return moment


ADAM_MISTAKES = {
    "the bias correction is missing": _adam(_uncorrected, _uncorrected),
    "only m is corrected, v is not": _adam(v_hat=_uncorrected),
    "only v is corrected, m is not": _adam(_uncorrected),
    "the correction is applied twice": _adam(
        lambda m, beta, t: m / (1 - beta**t) ** 2, lambda v, beta, t: v / (1 - beta**t) ** 2
    ),
    "the correction is applied twice: m and v are corrected, and the learning rate too": _with_rate(
        lambda power1, power2: np.sqrt(1 - power2) / (1 - power1)
    ),
    "the correction is multiplied, divide by 1 - beta**t": _adam(
        lambda m, beta, t: m * (1 - beta**t), lambda v, beta, t: v * (1 - beta**t)
    ),
    "the correction is 1 - beta * t, a power was asked: 1 - beta**t": _adam(
        lambda m, beta, t: m / (1 - beta * t), lambda v, beta, t: v / (1 - beta * t)
    ),
    "t is taken to count from 0, but t = 1 is the first step: t - 1 is used": (
        lambda theta, g, m, v, t, *constants: adam_step(theta, g, m, v, t - 1, *constants)
    ),
    "t is counted up, but t = 1 is the first step: t + 1 is used": (
        lambda theta, g, m, v, t, *constants: adam_step(theta, g, m, v, t + 1, *constants)
    ),
    "beta1 and beta2 are swapped": lambda theta, g, m, v, t, lr, beta1, beta2, eps: adam_step(
        theta, g, m, v, t, lr, beta2, beta1, eps
    ),
    "beta2 is used in the update of m": _adam_wrong_beta,
    "the square root of v is missing": _adam(root=lambda v, eps: v + eps),
    "eps stands inside the root": _adam(root=lambda v, eps: np.sqrt(v + eps)),
    "eps is added before v is corrected: correct first, then take the root, then add eps": _with_rate(
        lambda power1, power2: np.sqrt(1 - power2) / (1 - power1), m_hat=_uncorrected, v_hat=_uncorrected
    ),
    "the old m is returned: the new one is not stored": _adam(kept=lambda old, new, corrected: (old[0], new[1])),
    "the old v is returned: the new one is not stored": _adam(kept=lambda old, new, corrected: (new[0], old[1])),
    "the old m and v are returned: the new ones are not stored": _adam(kept=lambda old, new, corrected: old),
    "the corrected m and v are returned: the state keeps them without correction": _adam(
        kept=lambda old, new, corrected: corrected
    ),
    "the gradient stands above the fraction line, the corrected m was asked": (
        lambda theta, g, m, v, t, lr, beta1, beta2, eps: (
            theta - lr * g / (np.sqrt((beta2 * v + (1 - beta2) * g * g) / (1 - beta2**t)) + eps),
            beta1 * m + (1 - beta1) * g,
            beta2 * v + (1 - beta2) * g * g,
        )
    ),
    "m is subtracted before the square: v is no variance": _adam_centered,
    "the step goes uphill: subtract it": lambda theta, g, m, v, t, lr, beta1, beta2, eps: adam_step(
        theta, g, m, v, t, -lr, beta1, beta2, eps
    ),
    "m and v of the caller are changed (*= and += work in place)": _adam_in_place,
}


# 05.adamw
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, decay):
    """Return the new theta, m and v: theta shrinks by lr * decay, then moves as in Adam."""
    return adam_step((1 - lr * decay) * theta, g, m, v, t, lr, beta1, beta2, eps)


def adamw_cases(rng: np.random.Generator) -> list[Case]:
    """The cases of Adam, with weights that shrink noticeably."""
    return [Case((*case.arguments, decay)) for case, decay in zip(adam_cases(rng), (0.5, 2.0, 0.3, 0.1), strict=True)]


def _in_gradient(theta, g, m, v, t, lr, beta1, beta2, eps, decay):
    return adam_step(theta, g + decay * theta, m, v, t, lr, beta1, beta2, eps)


def _shrunk(keep: Callable, step: Callable = adam_step) -> Callable:
    """A step from theta times `keep(lr, decay)`."""
    return lambda theta, g, m, v, t, lr, beta1, beta2, eps, decay: step(
        keep(lr, decay) * theta, g, m, v, t, lr, beta1, beta2, eps
    )


def _shrunk_after(theta, g, m, v, t, lr, beta1, beta2, eps, decay):
    theta, m, v = adam_step(theta, g, m, v, t, lr, beta1, beta2, eps)
    return (1 - lr * decay) * theta, m, v


def _adapted_decay(theta, g, m, v, t, lr, beta1, beta2, eps, decay):
    new, m, v = adam_step(theta, g, m, v, t, lr, beta1, beta2, eps)
    return new - lr * decay * theta / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


def _constant_decay(theta, g, m, v, t, lr, beta1, beta2, eps, decay):
    return adam_step(theta - lr * decay, g, m, v, t, lr, beta1, beta2, eps)


def _both_decays(theta, g, m, v, t, lr, beta1, beta2, eps, decay):
    return adam_step((1 - lr * decay) * theta, g + decay * theta, m, v, t, lr, beta1, beta2, eps)


def _decoupled(lr, decay):
    return 1 - lr * decay


ADAMW_MISTAKES = {
    "the decay is added to the gradient (Adam with L2): it then goes through m and v": _in_gradient,
    "the decay is added to the gradient, and theta shrinks too": _both_decays,
    "the decay is divided by the root of v: it stands outside the adaptive part": _adapted_decay,
    "the learning rate is missing in the decay: theta shrinks by lr * decay": _shrunk(lambda lr, decay: 1 - decay),
    "theta is multiplied by lr * decay: what is left is 1 - lr * decay": _shrunk(lambda lr, decay: lr * decay),
    "theta grows instead of shrinking": _shrunk(lambda lr, decay: 1 + lr * decay),
    "theta shrinks after the step, it should shrink first": _shrunk_after,
    "lr * decay is subtracted from theta, it should be multiplied by theta": _constant_decay,
    "the decay is not used": _shrunk(lambda lr, decay: 1),
    "the bias correction is missing": _shrunk(_decoupled, ADAM_MISTAKES["the bias correction is missing"]),
    "t is taken to count from 0, but t = 1 is the first step: t - 1 is used": (
        lambda theta, g, m, v, t, *constants: adamw_step(theta, g, m, v, t - 1, *constants)
    ),
    "the square root of v is missing": _shrunk(_decoupled, ADAM_MISTAKES["the square root of v is missing"]),
    "eps stands inside the root": _shrunk(_decoupled, ADAM_MISTAKES["eps stands inside the root"]),
    "the old m and v are returned: the new ones are not stored": _shrunk(
        _decoupled, ADAM_MISTAKES["the old m and v are returned: the new ones are not stored"]
    ),
    "m and v of the caller are changed (*= and += work in place)": _shrunk(_decoupled, _adam_in_place),
}


# 05.repair
def adam(grad, theta, lr, steps):
    """Return theta after `steps` steps of Adam with the usual constants."""
    m = v = np.zeros_like(theta)
    for t in range(1, steps + 1):
        theta, m, v = adam_step(theta, grad(theta), m, v, t, lr, 0.9, 0.999, 1e-8)
    return theta


def _bowl(curvatures: np.ndarray) -> Callable:
    def grad(theta):
        return curvatures * theta

    grad.__doc__ = f"which returns {np.array2string(curvatures, precision=3, separator=', ')} * theta"
    return grad


def repair_cases(rng: np.random.Generator) -> list[Case]:
    """One step, no step, three steps, many with unequal curvatures, gradients so small that eps shows, some steps."""
    return [
        Case((_bowl(np.array([1.0, 1.0])), np.array([2.0, -3.0]), 0.1, 1)),
        Case((_bowl(np.array([1.0, 1.0])), np.array([2.0, -3.0]), 0.1, 0)),
        Case((_bowl(np.array([1.0, 4.0])), np.array([2.0, -3.0]), 0.1, 3)),
        Case((_bowl(rng.uniform(0.5, 20, 4)), rng.normal(size=4), 0.02, 40)),
        Case((_bowl(np.array([1e-6, 2e-6])), np.array([1.0, -1.0]), 0.01, 5)),
        Case((_bowl(rng.uniform(0.5, 5, 3)), rng.normal(size=3), 0.05, 7)),
    ]


def _loop(step: Callable = adam_step, times: Callable = lambda steps: range(1, steps + 1)) -> Callable:
    """The loop of `adam` with another step or another count."""

    def repaired(grad, theta, lr, steps):
        m = v = np.zeros_like(theta)
        for t in times(steps):
            theta, m, v = step(theta, grad(theta), m, v, t, lr, 0.9, 0.999, 1e-8)
        return theta

    return repaired


FAULTS = {
    "v is not stored from step to step": "forgotten",
    "the square root of v is missing": "rootless",
    "beta2 is used in the update of m": "mixed",
}


def _faulty(forgotten: bool = False, rootless: bool = False, mixed: bool = False) -> Callable:
    """One step with some of the planted faults."""

    def step(theta, g, m, v, t, lr, beta1, beta2, eps):
        _, m, new = (_adam_wrong_beta if mixed else adam_step)(theta, g, m, v, t, lr, beta1, beta2, eps)
        v_hat = new / (1 - beta2**t)
        divisor = (v_hat if rootless else np.sqrt(v_hat)) + eps
        return theta - lr * (m / (1 - beta1**t)) / divisor, m, v if forgotten else new

    return step


def _theta_in_place(grad, theta, lr, steps):
    theta[:] = adam(grad, theta, lr, steps)
    return theta


REPAIR_MISTAKES = {
    "t still counts from 0, so the first correction divides by 0, which would hide any other fault": _loop(times=range),
    **{
        ", and ".join(names): _loop(_faulty(**{FAULTS[name]: True for name in names}))
        for count in (1, 2, 3)
        for names in combinations(FAULTS, count)
    },
    "the bias correction is missing": _loop(ADAM_MISTAKES["the bias correction is missing"]),
    "one step too few": _loop(times=lambda steps: range(1, steps)),
    "t is 2 in the first step, it should be 1": _loop(times=lambda steps: range(2, steps + 2)),
    "t is 1 in the first step and again in the second": _loop(times=lambda steps: [max(t, 1) for t in range(steps)]),
    "the corrected m and v are stored: the state keeps them without correction": _loop(
        ADAM_MISTAKES["the corrected m and v are returned: the state keeps them without correction"]
    ),
    "eps stands inside the root": _loop(ADAM_MISTAKES["eps stands inside the root"]),
    "theta of the caller is changed (theta -= ... works in place)": _theta_in_place,
}


QUESTIONS = (
    Question(
        id="05.adagrad",
        points=2,
        difficulty=1,
        minutes=8,
        cases=adagrad_cases,
        reference=adagrad_step,
        mistakes=ADAGRAD_MISTAKES,
        hints=(
            "Two lines are enough: first the new `s`, then the new `theta` from the new `s`. NumPy does the same for "
            "every coordinate: no loop is needed.",
            "`g * g` squares each entry. `g @ g` is one number, the squared length: that is not asked.",
            "`s += ...` writes into the array of the caller. `s = s + ...` makes a new one.",
        ),
    ),
    Question(
        id="05.rmsprop",
        points=2,
        difficulty=1,
        minutes=6,
        cases=rmsprop_cases,
        reference=rmsprop_step,
        mistakes=RMSPROP_MISTAKES,
        hints=(
            "Start from your `adagrad_step`. Only the line that makes the new `s` changes.",
            "A running mean keeps the share alpha of the old value and takes the share 1 - alpha of the new one. "
            "With alpha = 0.99, one new square hardly moves it.",
        ),
    ),
    Question(
        id="05.adam",
        points=3,
        difficulty=2,
        minutes=12,
        cases=adam_cases,
        reference=adam_step,
        mistakes=ADAM_MISTAKES,
        hints=(
            "Write the five formulas as five lines, in the order in which they stand. Give the corrected moments names "
            "of their own, `m_hat` and `v_hat`.",
            "A power is `beta1**t`. At t = 1 the correction of m divides by 1 - beta1. That cancels the factor of g "
            "exactly, if m was zero before.",
            "Return `theta`, `m` and `v`. The corrected moments serve this step only; they are not kept.",
        ),
    ),
    Question(
        id="05.adamw",
        points=2,
        difficulty=2,
        minutes=8,
        cases=adamw_cases,
        reference=adamw_step,
        mistakes=ADAMW_MISTAKES,
        hints=(
            "Do two things one after the other: make theta a little shorter, then call your `adam_step`.",
            "The gradient that Adam sees, and so m and v, are the same as without decay. "
            "What share of theta is left when the share lr * decay is taken off?",
        ),
    ),
    Question(
        id="05.repair",
        points=3,
        difficulty=2,
        minutes=12,
        cases=repair_cases,
        reference=adam,
        mistakes=REPAIR_MISTAKES,
        hints=(
            "Copy the faulty function, name it `adam`, and lay its lines beside the formulas of question 3. "
            "Each fault is in one line.",
            "Print t, m and v in the first two steps. What does the first correction divide by? "
            "Is v in the second step larger than zero before it is renewed?",
            "One fault is in the line with `for`, one in the new m, one in the new v, and one in the new theta.",
        ),
    ),
)
