"""Ways to fine-tune a finished model from values alone: other noise, a prompt in a subspace, a merge. Lesson 16.

The estimators have the interface of optimize/gradients.py: `gradient(fun, x, rng)` and `evaluations(d)`.
"""

import math
import numbers
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ngo_lesson.models.transformer import Transformer
from ngo_lesson.optimize.minimize import minimize


def low_rank_noise(m: int, n: int, r: int, rng: np.random.Generator) -> np.ndarray:
    """Return A B' / sqrt(r) (m, n) with A (m, r) and then B (n, r) standard normal: variance 1, excess kurtosis 6 / r.

    Sarkar et al. 2025, Evolution strategies at the hyperscale (EGGROLL), arXiv 2511.16652. Lesson 16.
    """
    A = rng.standard_normal((m, r))
    return A @ rng.standard_normal((n, r)).T / math.sqrt(r)


@dataclass(frozen=True)
class Pairs:
    """The mean over n mirrored pairs of the slope along a direction u, [f(x + h u) - f(x - h u)] / 2h, times u.

    Directions are normal; with a mask (d,) they are 0 where it is False (Sparse MeZO), and with rank=r each matrix
    among `shapes`, which together fill x, gets `low_rank_noise` (EGGROLL). Lesson 16.
    """

    n: int = 1
    step: float = 1e-3
    mask: np.ndarray | None = None
    shapes: Sequence[tuple[int, ...]] = ()
    rank: int | None = None

    def __post_init__(self):
        if not (isinstance(self.n, numbers.Integral) and self.n > 0):
            raise ValueError(f"n={self.n!r} must be a positive integer, the number of pairs")
        if not (isinstance(self.step, numbers.Real) and 0 < self.step < math.inf):
            raise ValueError(f"step={self.step!r} must be a positive number")
        if self.rank is not None and not (isinstance(self.rank, numbers.Integral) and self.rank > 0 and self.shapes):
            raise ValueError(f"rank={self.rank!r} must be a positive integer, and shapes must say what fills x")

    def evaluations(self, d: int) -> int:
        """Return how many values an estimate takes."""
        return 2 * self.n

    def direction(self, d: int, rng: np.random.Generator) -> np.ndarray:
        """Return one direction (d,)."""
        if self.rank is None:
            u = rng.standard_normal(d)
        else:
            u = np.concatenate([self._part(shape, rng).ravel() for shape in self.shapes])
        for name, size in (("shapes fill", u.size), ("mask has", d if self.mask is None else np.size(self.mask))):
            if size != d:
                raise ValueError(f"{name} {size} entries; x has {d}")
        return u if self.mask is None else np.where(self.mask, u, 0.0)

    def _part(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        if self.rank is None or len(shape) != 2:
            return rng.standard_normal(shape)
        return low_rank_noise(*shape, self.rank, rng)

    def gradient(self, fun: Callable, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return the estimate at x, of its shape (d,) and type."""
        g, h = np.zeros(x.size), x.dtype.type(self.step)
        for _ in range(self.n):
            u = self.direction(x.size, rng).astype(x.dtype, copy=False)
            g += (fun(x + h * u) - fun(x - h * u)) / (2 * self.step * self.n) * u
        return g.astype(x.dtype)


class HessianScaled:
    """One pair along s * u, u normal, where s^-2 (d,) follows the diagonal of the Hessian: 3 values an estimate.

    The second difference along the pair, c = [f(x + h s u) + f(x - h s u) - 2 f(x)] / h^2, gives |c| u^2 / (2 s^2) for
    the diagonal; s^-2 moves the share `smoothing` towards it. The estimate is slope * s * u: a step along it is long
    where f is flat. The first estimate asks 2 values more, which set all of s. One object serves one run: it keeps s.
    After Zhao et al. 2024 (HiZOO), arXiv 2402.15173. Lesson 16.
    """

    def __init__(self, step: float = 1e-3, smoothing: float = 1e-3):
        self.step, self.smoothing = step, smoothing
        self.curvature: np.ndarray | None = None
        if not (isinstance(step, numbers.Real) and 0 < step < math.inf):
            raise ValueError(f"step={step!r} must be a positive number")
        if not (isinstance(smoothing, numbers.Real) and 0 <= smoothing < 1):
            raise ValueError(f"smoothing={smoothing!r} must be at least 0 (the scale stays 1) and below 1")

    def evaluations(self, d: int) -> int:
        """Return how many values an estimate takes."""
        return 3

    def gradient(self, fun: Callable, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return the estimate at x, of its shape (d,) and type."""
        u, h, here = rng.standard_normal(x.size), self.step, fun(x)
        if self.curvature is None:
            first = x.dtype.type(h) * u.astype(x.dtype)
            seen = abs(fun(x + first) + fun(x - first) - 2 * here) / (h * h)
            self.curvature = np.full(x.size, seen or 1.0)
        move = (u / np.sqrt(self.curvature)).astype(x.dtype)
        step = x.dtype.type(h) * move
        above, below = fun(x + step), fun(x - step)
        seen = abs(above + below - 2 * here) / (2 * h * h) * u * u * self.curvature
        self.curvature += self.smoothing * (seen - self.curvature)
        return ((above - below) / (2 * h) * move).astype(x.dtype)


def with_prompt(model: Transformer, theta: np.ndarray, prompt: np.ndarray) -> np.ndarray:
    """Return a copy of theta (d,) that reads `prompt` (tokens, width) in place of its first tokens. Lesson 16.

    A token enters as its embedding plus that of its position; the copy's first positions hold prompt - tokens[0], so
    that texts which begin with as many tokens 0 are read behind the prompt. Nothing else of the model changes.
    """
    changed = theta.copy()
    views = model.config.unpack(changed)
    if prompt.ndim != 2 or prompt.shape[1] != model.config.width or not 0 < len(prompt) < model.config.context:
        raise ValueError(
            f"prompt has shape {prompt.shape}; it must be (tokens, {model.config.width}) with 1 to "
            f"{model.config.context - 1} tokens"
        )
    views.positions[: len(prompt)] = prompt - views.tokens[0]
    return changed


def search_subspace(
    loss: Callable[[np.ndarray], float], base: np.ndarray, k: int, budget: int, *, scale: float, seed=None, **options
) -> tuple[np.ndarray, float]:
    """Return the best array base + A z, of base's shape, and its loss: CMA-ES over z (k,), A random, normal / sqrt(k).

    `scale` is how far an entry moves in the first generation; options are those of "cma". Black-box tuning, Sun et
    al. 2022, arXiv 2201.03514, where base is a soft prompt. Lesson 16.
    """
    if not (isinstance(k, numbers.Integral) and 1 <= k <= base.size):
        raise ValueError(f"k={k!r} must be an integer from 1 to {base.size}, the numbers in base")
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((base.size, k)) / math.sqrt(k)

    def at(z):
        return base + (A @ z).reshape(base.shape).astype(base.dtype)

    run = minimize(lambda z: loss(at(z)), np.zeros(k), method="cma", sigma=scale, budget=budget, seed=rng, **options)
    return at(run.x), run.fun


def merge(models: Sequence[Sequence[np.ndarray]], weights: np.ndarray) -> list[np.ndarray]:
    """Return the weighted mean of models, lists of arrays of the same shapes; weights (models,) or (arrays, models).

    Weights are at least 0 and are divided by their sum. Lesson 16.
    """
    weights = np.asarray(weights, dtype=float)
    total = weights.sum(axis=-1, keepdims=True)
    if weights.shape[-1:] != (len(models),) or not (weights >= 0).all() or not (total > 0).all():
        raise ValueError(
            f"weights={weights!r} must be one number for each of {len(models)} models, 0 or more, not all 0"
        )
    shares = np.broadcast_to(weights / total, (len(models[0]), len(models)))
    arrays = zip(*models, strict=True)
    return [sum(p * a for p, a in zip(row, group, strict=True)) for row, group in zip(shares, arrays, strict=True)]
