"""MeZO: fine-tuning in the memory of inference, by two losses and a seed a step. Lessons 15 and 16.

Malladi, Gao, Nichani, Damian, Lee, Chen & Arora 2023, Fine-tuning language models with just forward passes, arXiv
2305.17333, algorithm 1. The noise is never stored: it is computed from the seed again wherever it is added.
"""

import math
import numbers
from collections.abc import Callable, Iterable

import numpy as np
from numba import float32, int32, types, uint64

from ngo_lesson.kernels import kernel, random_bits
from ngo_lesson.models.transformer import ahead
from ngo_lesson.optimize.updates import Rate

# Polynomials of the least largest error: log(1 + m) for 1 + m from sqrt(1/2) to sqrt(2), off by 1e-5; for t from -1 to
# 1, sin(pi t / 2) in odd powers, off by 6e-7, and cos(pi t / 2) in even powers, off by 7e-6.
L1, L2, L3, L4, L5 = map(np.float32, (0.99991888, -0.49923357, 0.33734515, -0.2734989, 0.1751308))
S1, S3, S5, S7 = map(np.float32, (1.57079101, -0.64589285, 0.07943434, -0.00433309))
C0, C2, C4, C6 = map(np.float32, (0.9999933, -1.2334845, 0.25258023, -0.01909573))
ONE, LOG_2 = np.float32(1), np.float32(math.log(2))
# Integers of 20 bits, with their sign, become the middles of as many cells of 0 to 1, and of 11 bits those of -1 to 1.
CELL, MIDDLE = np.float32(2**-20), np.float32(0.5 + 2**-21)
TURN, START = np.float32(2**-31), np.float32(2**-11)


@kernel(types.UniTuple(float32, 2)(int32), fastmath=True)
def two_normals(bits):
    """Return two independent standard normal numbers made of 32 random bits. Box & Muller 1958.

    20 bits u make the radius, sqrt(-2 log u), so that none is above 5.4; 11 an angle in half a circle, 1 which half.
    """
    u = np.float32(np.int32(bits >> np.int32(12))) * CELL + MIDDLE
    raw = np.float32(u).view(np.int32)  # a float's bits: u = 2^n (1 + m)
    n = np.int32(np.int32(raw - np.int32(0x3F3504F3)) >> np.int32(23))
    m = np.int32(raw - np.int32(n << np.int32(23))).view(np.float32) - ONE
    log = np.float32(n) * LOG_2 + m * (L1 + m * (L2 + m * (L3 + m * (L4 + m * L5))))
    radius = np.sqrt(np.float32(-2) * log)
    t = np.float32(np.int32(bits << np.int32(21))) * TURN + START
    s = t * t
    cosine = C0 + s * (C2 + s * (C4 + s * C6))
    sine = t * (S1 + s * (S3 + s * (S5 + s * S7)))
    return radius * (-cosine if bits & np.int32(2048) else cosine), radius * sine


@ahead(types.void(float32[::1], uint64, float32), fastmath=True)
def add_noise_(theta, key, scale):
    """Add scale times standard normal noise to theta (d,): four numbers for each 64 bits, a quarter of d apart."""
    n = theta.size // 4
    for i in range(n):
        bits = random_bits(key + np.uint64(i))
        a, b = two_normals(np.int32(bits))
        c, d = two_normals(np.int32(bits >> np.uint64(32)))
        theta[i] += scale * a
        theta[n + i] += scale * b
        theta[2 * n + i] += scale * c
        theta[3 * n + i] += scale * d
    for i in range(4 * n, theta.size):
        theta[i] += scale * two_normals(np.int32(random_bits(key + np.uint64(i))))[0]


def perturb_(theta: np.ndarray, seed: int, scale: float) -> None:
    """Add scale times z to theta (d,) in place; z is the noise of the seed, any integer, and always the same.

    theta is float32 or float64; float16, which kernels do not know, is added to in float32 and rounded back.
    """
    if theta.dtype == np.float16:
        wide = theta.astype(np.float32)
        try:
            perturb_(wide, seed, scale)
        finally:
            theta[:] = wide
    else:
        key = random_bits((int(seed) + 1) % 2**64) or 1  # of key 0 the first bits would all be 0
        add_noise_(theta, np.uint64(key), scale)


def mezo_step_(loss: Callable[[np.ndarray], float], theta: np.ndarray, seed: int, eps: float, lr: float) -> tuple:
    """One step in place on theta (d,): return the slope along the noise of the seed and the mean of the two losses.

    `loss(theta)` must be of the same samples both times. Theta is not left perturbed: it is restored, up to rounding,
    if the loss raises, if the run is interrupted, and before the ValueError for a loss that is not finite.
    """
    offset = 0.0
    try:
        offset = eps  # before the noise is added: a stop button pressed meanwhile raises when the adding is done
        perturb_(theta, seed, eps)
        above = float(loss(theta))
        offset = -eps
        perturb_(theta, seed, -2 * eps)
        below = float(loss(theta))
        slope = (above - below) / (2 * eps)
        if not math.isfinite(slope):
            raise ValueError(
                f"the loss is {above} at theta + eps z and {below} at theta - eps z; theta is restored. Look for what "
                f"makes it not finite, or try a smaller lr (it is {lr:g}) or eps (it is {eps:g})"
            )
        offset += lr * slope  # the step goes with the way back
    finally:
        perturb_(theta, seed, -offset)
    return slope, (above + below) / 2


def check_loss(loss: Callable[[np.ndarray], float], theta: np.ndarray) -> None:
    """ValueError if the loss is not finite at theta, or differs when it is asked again: then slopes mean nothing."""
    first, second = float(loss(theta)), float(loss(theta))
    if not (math.isfinite(first) and math.isfinite(second)):
        raise ValueError(f"the loss is {first} before the first step; it must be finite")
    if first != second:
        raise ValueError(
            f"the loss is not deterministic: at the same theta it is {first!r}, then {second!r}; draw samples before a "
            "step and not inside the loss, and switch dropout and other noise off"
        )


def mezo_(
    loss: Callable[..., float],
    theta: np.ndarray,
    data: Iterable,
    *,
    lr: Rate,
    eps: float = 1e-3,
    rng: np.random.Generator | int | None = None,
    callback: Callable[[int, float], None] | None = None,
) -> np.ndarray:
    """Fine-tune theta (d,) in place by MeZO, a step for each batch of data; return the losses, means of two.

    `loss(theta, batch)` needs no gradient; a step asks it twice, and the first batch twice more, to check that it is
    deterministic. lr is a number or a schedule called with 0, 1, 2, ...; callback(step, loss) counts from 1.
    """
    for name, value in [("eps", eps)] + [("lr", lr)] * (not callable(lr)):
        if not (isinstance(value, numbers.Real) and 0 < value < math.inf):
            raise ValueError(f"{name}={value!r} must be a positive number")
    rng, losses = np.random.default_rng(rng), []
    for step, batch in enumerate(data, 1):

        def at(point, batch=batch):
            return loss(point, batch)

        if step == 1:
            check_loss(at, theta)
        rate = lr(step - 1) if callable(lr) else lr
        _, value = mezo_step_(at, theta, int(rng.integers(2**63)), eps, rate)
        losses.append(value)
        if callback:
            callback(step, value)
    return np.array(losses)


def drift(theta: np.ndarray, cycles: int, eps: float, seed: int = 0) -> float:
    """Return how far rounding moves an entry of a copy of theta at most, in cycles of +eps z, -2 eps z and +eps z.

    Each cycle has noise of its own. theta is float16, float32 or float64.
    """
    moved = theta.copy()
    for cycle in range(cycles):
        for scale in (eps, -2 * eps, eps):
            perturb_(moved, seed + cycle, scale)
    return float(np.abs(moved.astype(np.float64) - theta).max())
