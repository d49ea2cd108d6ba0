"""Smaller models: low rank, pruning, quantization, and the bytes that each really takes in a file. Lesson 14.

All of it works on a finished array of weights and asks for no loss and no gradient: none of it is an optimizer.
"""

import io
import numbers
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

BITS = (8, 4, 2)


def low_rank(W: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return A (m, k) and B (k, n) whose product is nearest to W (m, n) among all matrices of rank k. Lesson 14.

    The singular values go in equal parts to A and B. Fewer numbers than W only if k < mn / (m + n).
    Eckart & Young 1936, doi:10.1007/BF02288367.
    """
    W = _checked("W", W)
    if W.ndim != 2:
        raise ValueError(f"W has shape {W.shape}; it must be a matrix (m, n)")
    if not (isinstance(k, numbers.Integral) and 1 <= k <= min(W.shape)):
        raise ValueError(f"k={k!r} must be an integer from 1 to the smaller side of W, {min(W.shape)}")
    U, s, Vt = np.linalg.svd(W, full_matrices=False)
    roots = np.sqrt(s[:k])
    return U[:, :k] * roots, roots[:, None] * Vt[:k]


def sparse_mask(w: np.ndarray, share: float) -> np.ndarray:
    """Return True at the int(share * size) smallest magnitudes of w, any shape; of equal ones the first.

    What pruning removes (lesson 14), and what Sparse MeZO moves (Liu et al. 2024, arXiv:2402.15751; lesson 16).
    """
    if not (isinstance(share, numbers.Real) and 0 <= share <= 1):
        raise ValueError(f"share={share!r} must be from 0 (none of them) to 1 (all)")
    mask = np.zeros(w.size, dtype=bool)
    mask[np.argsort(np.abs(w.astype(np.float64)), axis=None, kind="stable")[: int(share * w.size)]] = True
    return mask.reshape(w.shape)


def prune(w: np.ndarray, share: float) -> np.ndarray:
    """Return a copy of w, any shape, with the int(share * size) smallest magnitudes set to zero. Lesson 14.

    Han et al. 2015, arXiv:1506.02626.
    """
    pruned = _checked("w", w).copy()
    pruned[sparse_mask(pruned, share)] = 0
    return pruned


def mask_and_values(w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where w is not zero as one bit an entry, uint8 (ceil(size / 8),), and the values there. Lesson 14."""
    kept = np.asarray(w) != 0
    return np.packbits(kept), np.asarray(w)[kept]


def from_mask(mask: np.ndarray, values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return the array of this shape from which `mask_and_values` made the mask and the values. Lesson 14."""
    size = int(np.prod(shape))
    if len(mask) != -(-size // 8):
        raise ValueError(f"mask has {len(mask)} bytes; shape={shape} needs {-(-size // 8)}, one bit an entry")
    kept = np.unpackbits(mask, count=size).astype(bool)
    if kept.sum() != len(values):
        raise ValueError(f"values has {len(values)} entries; the mask keeps {kept.sum()}")
    w = np.zeros(size, values.dtype)
    w[kept] = values
    return w.reshape(shape)


@dataclass(frozen=True)
class Quantized:
    """An array as `integers` (int8, its shape) of so many `bits`: the entries are scale * (integers - zero)."""

    integers: np.ndarray
    scale: float
    zero: int
    bits: int

    def restore(self) -> np.ndarray:
        """Return the entries that the integers stand for, float64."""
        return self.scale * (self.integers.astype(np.float64) - self.zero)

    def packed(self) -> np.ndarray:
        """Return the integers as bytes: 1, 2 or 4 of them in each."""
        return pack(self.integers, self.bits)


def quantize(w: np.ndarray, bits: int, *, symmetric: bool = True) -> Quantized:
    """Round w, any shape, to a grid of equal steps around an exact zero: no entry moves by more than scale / 2.

    symmetric: integers from -top to top = 2**(bits - 1) - 1, scale = max |w| / top, zero = 0.
    Otherwise (affine) all 2**bits integers, scale = (max - min) / (2**bits - 1) with 0 counted among the entries.
    An array of zeros has scale 1. Jacob et al. 2018, arXiv:1712.05877, eq. 1. Lesson 14.
    """
    w, bits = _checked("w", w).astype(np.float64), _checked_bits(bits)
    half = 2 ** (bits - 1)
    low, high = min(w.min(), 0.0), max(w.max(), 0.0)
    if symmetric:
        lowest, scale, zero = 1 - half, max(-low, high) / (half - 1), 0
    else:
        lowest, steps = -half, 2 * half - 1
        scale = high / steps - low / steps  # the difference itself may overflow
        zero = lowest + int(np.rint(-low / (scale or 1.0)))
    scale = float(scale or 1.0)
    integers = np.clip(np.rint(w / scale) + zero, lowest, half - 1)
    return Quantized(integers.astype(np.int8), scale, zero, bits)


def pack(integers: np.ndarray, bits: int) -> np.ndarray:
    """Return integers from -2**(bits-1) to 2**(bits-1) - 1 as bytes (uint8), 8 // bits in each, lowest bits first."""
    integers, half = np.asarray(integers), 2 ** (_checked_bits(bits) - 1)
    if integers.dtype.kind not in "iu":
        raise ValueError(f"integers are {integers.dtype}; give an array of integers")
    if integers.size and not -half <= integers.min() <= integers.max() < half:
        raise ValueError(
            f"integers reach from {integers.min()} to {integers.max()}; {bits} bits hold {-half}..{half - 1}"
        )
    codes = integers.ravel().astype(np.int8).view(np.uint8) & (2 * half - 1)
    codes = np.pad(codes, (0, -codes.size % (8 // bits))).reshape(-1, 8 // bits)
    return np.bitwise_or.reduce(codes << np.arange(0, 8, bits, dtype=np.uint8), axis=1)


def unpack(packed: np.ndarray, bits: int, shape: tuple[int, ...]) -> np.ndarray:
    """Return the integers (int8, `shape`) that `pack` has put into bytes. Lesson 14."""
    half, size = 2 ** (_checked_bits(bits) - 1), int(np.prod(shape))
    if len(packed) != -(-size * bits // 8):
        raise ValueError(f"packed has {len(packed)} bytes; shape={shape} of {bits} bits needs {-(-size * bits // 8)}")
    codes = packed[:, None] >> np.arange(0, 8, bits, dtype=np.uint8) & (2 * half - 1)
    return ((codes.ravel()[:size].astype(np.int16) ^ half) - half).astype(np.int8).reshape(shape)


def size_on_disk(arrays: Sequence[np.ndarray], *, compressed: bool = False) -> int:
    """Return the bytes of the file np.savez writes for the arrays, or np.savez_compressed (deflate). Lesson 14.

    Headers count: about 250 bytes an array. The compressed size depends a little on the zlib in use.
    """
    file = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(file, *arrays)
    return file.getbuffer().nbytes


def _checked(name: str, w) -> np.ndarray:
    """Return w as an array; ValueError unless it has entries and all are finite real numbers."""
    w = np.asarray(w)
    if w.dtype.kind not in "fiu" or not w.size:
        raise ValueError(f"{name} is {w.dtype} of shape {w.shape}; it must hold at least one real number")
    if not np.isfinite(w).all():
        raise ValueError(f"{name} holds NaN or infinity; the run that made it has diverged, compress an earlier one")
    return w


def _checked_bits(bits: int) -> int:
    if bits not in BITS:
        raise ValueError(f"bits={bits!r} must be one of {', '.join(map(str, BITS))}")
    return int(bits)
