"""Update rules, a step on long and short arrays: against the memory they must touch, torch and textbook NumPy."""

import importlib.util
from collections.abc import Callable, Iterator

import numpy as np

from benchmarks.timing import medians, row
from ngo_lesson.kernels import kernel
from ngo_lesson.optimize.updates import GD, Adagrad, Adam, AdamW, Momentum, RMSprop, UpdateRule

RULES = {
    "GD": GD(),
    "Momentum": Momentum(),
    "Nesterov": Momentum(nesterov=True),
    "Adagrad": Adagrad(),
    "RMSprop": RMSprop(),
    "RMSprop + momentum": RMSprop(momentum=0.9),
    "RMSprop centered": RMSprop(centered=True),
    "Adam": Adam(),
    "AMSGrad": Adam(amsgrad=True),
    "AdamW": AdamW(),
}
# How many times slower than its floor a rule may be, by the number of parameters.
ALLOWED = {10_000_000: 1.1, 100_000: 1.35}
# How many times faster than torch's fused Adam, by the number of parameters, and than the textbook.
FASTER, THAN_TEXTBOOK = {10_000_000: 1.0, 100_000: 2.5, 1000: 15.0}, 8.0
CALLS = 2_000_000  # parameters that one measured turn steps through at least
TORCH = importlib.util.find_spec("torch") is not None


@kernel
def touch_0_(theta, g, state):
    for i in range(theta.size):
        theta[i] += g[i]


@kernel
def touch_1_(theta, g, state):
    a = state[0]
    for i in range(theta.size):
        theta[i] += g[i]
        a[i] += g[i]


@kernel
def touch_2_(theta, g, state):
    a, b = state[0], state[1]
    for i in range(theta.size):
        theta[i] += g[i]
        a[i] += g[i]
        b[i] += g[i]


@kernel
def touch_3_(theta, g, state):
    a, b, c = state[0], state[1], state[2]
    for i in range(theta.size):
        theta[i] += g[i]
        a[i] += g[i]
        b[i] += g[i]
        c[i] += g[i]


@kernel
def divide_(a, b, out):
    for i in range(out.size):
        out[i] = a[i] / np.sqrt(b[i])


# The floor of a rule: read g and read and write theta and as many rows of state, once each, with one addition.
FLOORS = (touch_0_, touch_1_, touch_2_, touch_3_)


def arrays(d: int, dtype: type) -> tuple[np.ndarray, np.ndarray]:
    """Return parameters and a gradient that is not negative, as some rows of state must stay."""
    rng = np.random.default_rng(0)
    return rng.random(d).astype(dtype), rng.random(d).astype(dtype)


def ours(rule: UpdateRule, d: int, dtype: type) -> tuple[Callable, Callable]:
    """Return a step of the course, as a student calls it, and a loop over its arrays that does nothing else."""
    rule, (theta, g) = rule.fresh(), arrays(d, dtype)
    rule.step_(theta, g)
    state, touch_ = rule.state, FLOORS[len(rule.state)]
    return lambda: rule.step_(theta, g), lambda: touch_(theta, g, state)


def textbook(d: int, dtype: type) -> Callable:
    """Return a step of Adam as a textbook prints it, in NumPy."""
    theta, g = arrays(d, dtype)
    m, v, t = np.zeros_like(theta), np.zeros_like(theta), 0

    def step():
        nonlocal theta, m, v, t
        t += 1
        m = 0.9 * m + (1 - 0.9) * g
        v = 0.999 * v + (1 - 0.999) * g**2
        m_hat, v_hat = m / (1 - 0.9**t), v / (1 - 0.999**t)
        theta = theta - 1e-3 * m_hat / (np.sqrt(v_hat) + 1e-8)

    return step


def with_torch(d: int, dtype: type) -> Callable:
    """Return a step of torch's fused Adam on one thread."""
    import torch

    torch.set_num_threads(1)
    theta, g = (torch.from_numpy(array) for array in arrays(d, dtype))
    theta.requires_grad_()
    theta.grad = g
    return torch.optim.Adam([theta], fused=True).step


def nanoseconds(d: int, *steps: Callable, repeats: int) -> list[float]:
    """Return the median time of each step for each of d parameters; they take turns."""
    calls = -(-CALLS // d) if d < CALLS else 1
    turns = [lambda step=step: [step() for _ in range(calls)] for step in steps]
    return [1e9 * seconds / calls / d for seconds in medians(*turns, repeats=repeats)]


def updates(sizes: tuple[int, ...] = tuple(FASTER), repeats: int = 15) -> Iterator[dict]:
    """Yield the rows of this group."""
    how = f"one thread, a turn is {CALLS:,} parameters or one step, median of {repeats}, checks included"
    near = (*arrays(20_000, np.float32), np.empty(20_000, np.float32))
    [root] = nanoseconds(20_000, lambda: divide_(*near), repeats=repeats)
    touched = (
        "the floor reads g, reads and writes theta and the same rows of state, once each, in one compiled loop; "
        f"a square root and a division alone take {root:.2f} ns"
    )
    for d in sizes:
        for name, rule in RULES.items() if d in ALLOWED else ():
            mine, least = nanoseconds(d, *ours(rule, d, np.float32), repeats=repeats)
            goal = {"at_least": round(1 / ALLOWED[d], 3), "how": f"{how}, float32; {touched}"}
            yield row(f"{name}, {short(d)} parameters, against its memory floor, ns each", mine, least, **goal)
    for d in sizes:
        for dtype in (np.float32, np.float64):
            steps = [ours(Adam(), d, dtype)[0], textbook(d, dtype)] + ([with_torch(d, dtype)] if TORCH else [])
            mine, numpy, *torch = nanoseconds(d, *steps, repeats=repeats)
            name = f"Adam, {short(d)} {dtype.__name__} parameters"
            yield row(f"{name}, against textbook NumPy, ns each", mine, numpy, at_least=THAN_TEXTBOOK, how=how)
            missing = "" if TORCH else "; torch is not installed: pip install -e '.[benchmarks]'"
            peer = {"peer": torch[0] if TORCH else None, "at_least": FASTER[d], "how": how + missing}
            yield row(f"{name}, against torch's fused Adam, ns each", mine, **peer)


def short(d: int) -> str:
    """Return 1e5 for 100,000."""
    return f"{d:.0e}".replace("+0", "")
