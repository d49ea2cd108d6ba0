"""Write torch_trajectories.npz, what torch.optim does on three problems: python make_torch_trajectories.py.

It needs torch (2.13 on CPU made the file) and NumPy; the tests need only the file, and the problems and cases below.
"""

from pathlib import Path

import numpy as np

FILE = Path(__file__).with_name("torch_trajectories.npz")
STEPS = 40
KEPT = [1, 2, 3, 5, 10, 15, 16, 20, 30, 40]  # steps after which the point is stored
DROP = 15  # the step, counted from 0, at which cases with `drop` continue at a tenth of the rate

CURVATURE = np.array([1.0, 10.0, 0.1])
NOISE = np.random.default_rng(0).standard_normal((STEPS, 4)) * [1e-3, 1.0, 1.0, 1e3]
NOISE[np.arange(STEPS) % 10 > 0, 2] = 0  # a sparse coordinate


def quadratic(x, t):
    """Gradient of the sum of CURVATURE x^2 / 2."""
    return CURVATURE * x


def rosenbrock(x, t):
    """Gradient of Rosenbrock's function in two dimensions."""
    valley = x[1] - x[0] * x[0]
    return np.array([-2 * (1 - x[0]) - 400 * x[0] * valley, 200 * valley])


def noise(x, t):
    """Gradients that do not depend on x, of very different sizes."""
    return NOISE[t]


PROBLEMS = {
    "quadratic": (quadratic, [1.0, -2.0, 3.0]),
    "rosenbrock": (rosenbrock, [-1.2, 1.0]),
    "noise": (noise, [0.5, -1.0, 2.0, 0.0]),
}
# The rule's name in the course, its name in torch, options (alike in both); Rosenbrock's valley needs a smaller lr.
CASES = [
    ("gd", "SGD", {"lr": 0.05}),
    ("gd", "SGD", {"lr": 0.05, "weight_decay": 0.3}),
    ("momentum", "SGD", {"lr": 0.02, "momentum": 0.9}),
    ("momentum", "SGD", {"lr": 0.02, "momentum": 0.8, "weight_decay": 0.3}),
    ("momentum", "SGD", {"lr": 0.02, "momentum": 0.9, "drop": True}),
    ("nesterov", "SGD", {"lr": 0.02, "momentum": 0.9, "nesterov": True}),
    ("nesterov", "SGD", {"lr": 0.02, "momentum": 0.8, "nesterov": True, "weight_decay": 0.3}),
    ("adagrad", "Adagrad", {}),
    ("adagrad", "Adagrad", {"lr": 0.5, "lr_decay": 0.1, "eps": 1e-3}),
    ("adagrad", "Adagrad", {"lr": 0.5, "weight_decay": 0.3}),
    ("rmsprop", "RMSprop", {}),
    ("rmsprop", "RMSprop", {"lr": 0.05, "alpha": 0.9, "eps": 1e-3, "weight_decay": 0.3}),
    ("rmsprop", "RMSprop", {"alpha": 0.9, "momentum": 0.8}),
    ("rmsprop", "RMSprop", {"alpha": 0.9, "centered": True}),
    ("rmsprop", "RMSprop", {"alpha": 0.9, "momentum": 0.8, "centered": True, "weight_decay": 0.3}),
    ("adam", "Adam", {}),
    ("adam", "Adam", {"lr": 0.1, "betas": (0.8, 0.99), "eps": 1e-3, "weight_decay": 0.3}),
    ("adam", "Adam", {"lr": 0.1, "drop": True}),
    ("amsgrad", "Adam", {"lr": 0.1, "betas": (0.9, 0.9), "amsgrad": True}),
    ("amsgrad", "Adam", {"lr": 0.1, "amsgrad": True, "weight_decay": 0.3}),
    ("adamw", "AdamW", {}),
    ("adamw", "AdamW", {"lr": 0.1, "betas": (0.8, 0.99), "weight_decay": 0.3}),
]
SMALLER = {"SGD": 0.01}  # by how much on Rosenbrock's function


def runs():
    """Yield key, rule, torch's name, options, whether the rate drops, gradient, start and type of every run."""
    for number, (rule, peer, options) in enumerate(CASES):
        for problem, (gradient, start) in PROBLEMS.items():
            given = dict(options)
            drop = given.pop("drop", False)
            if problem == "rosenbrock" and peer in SMALLER:
                given["lr"] *= SMALLER[peer]
            for dtype in ("float64", "float32"):
                yield f"{number} {rule} {problem} {dtype}", rule, peer, given, drop, gradient, np.array(start, dtype)


def main():
    """Write the file."""
    import torch

    trajectories = {}
    for key, _, peer, options, drop, gradient, start in runs():
        theta = torch.from_numpy(start.copy()).requires_grad_()
        optimizer = getattr(torch.optim, peer)([theta], foreach=False, **options)
        path = np.empty((STEPS, start.size), start.dtype)
        for t in range(STEPS):
            if drop and t == DROP:
                optimizer.param_groups[0]["lr"] /= 10
            theta.grad = torch.from_numpy(gradient(theta.detach().numpy(), t).astype(start.dtype))
            optimizer.step()
            path[t] = theta.detach().numpy()
        trajectories[key] = path[np.array(KEPT) - 1]
    np.savez_compressed(FILE, **trajectories)
    print(
        f"{len(trajectories)} trajectories of {STEPS} steps by torch {torch.__version__}, {FILE.stat().st_size} bytes"
    )


if __name__ == "__main__":
    main()
