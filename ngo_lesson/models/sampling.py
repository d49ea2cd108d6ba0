"""Draws the next token of a text, for n-gram models and for the Transformer. Lessons 13 and 15."""

import math
import numbers

import numpy as np


def choose(logits: np.ndarray, temperature: float, top_k: int | None, rng: np.random.Generator) -> int:
    """Draw a token from the softmax of logits / temperature among the top_k largest logits (None: among all).

    temperature 0 takes the largest, the first if there are many. Logits (n,) may be logarithms of chances.
    """
    if not (isinstance(temperature, numbers.Real) and 0 <= temperature < math.inf):
        raise ValueError(f"temperature={temperature!r} must be a finite number, at least 0 (the likeliest token)")
    if top_k is not None and not (isinstance(top_k, numbers.Integral) and top_k >= 1):
        raise ValueError(f"top_k={top_k!r} must be a positive integer, or None for all tokens")
    if temperature == 0:
        return int(np.argmax(logits))
    tokens = np.arange(logits.size) if top_k is None else np.argsort(-logits, kind="stable")[:top_k]
    with np.errstate(over="ignore"):  # a tiny temperature makes chances 0
        chances = np.exp((logits[tokens].astype(np.float64) - logits.max()) / temperature)
    return int(rng.choice(tokens, p=chances / chances.sum()))
