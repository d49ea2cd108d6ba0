"""A small decoder-only Transformer on one flat vector of parameters, and what flows back through it. Lesson 15.

A text is a row of tokens, numbers from 0 to vocabulary - 1, and the model gives the chance of each token to come next.
`theta` of shape (d,) holds all parameters, so that any update rule and any search of the package works on it. Arrays
have one row for each of the B * T tokens of a batch of B texts; float32 and, slower and for checks, float64.

There is one implementation. What backprop needs is kept by giving each layer arrays of its own (`Workspace`); without
backprop all layers share one set, and that is the memory of inference. NumPy does the matrix products; the loops
between them are compiled. The model has no biases, as PaLM (Chowdhery et al. 2022).
"""

import math
import numbers
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import wraps
from types import SimpleNamespace

import numpy as np
from numba import float32, float64, int64, types
from numba.core.typing import Signature
from numba.extending import overload

from ngo_lesson.kernels import kernel

EPS = 1e-5  # added to the variance by layer norm
GELU = 2 * math.sqrt(2 / math.pi), 2 * math.sqrt(2 / math.pi) * 0.044715
SUMS = {"reassoc", "contract"}  # sums may be taken in several parts at once; NaN stays NaN
LINE, ROWS, STACK = float32[::1], float32[:, ::1], float32[:, :, ::1]


def exp(x):
    """Return e^x. Compiled for float32 it is a polynomial, of relative error 3e-7: numba's own is 8 times slower."""
    return np.exp(x)


@overload(exp)
def _exp(x):
    """Cephes' expf: x = n log 2 + r, then a polynomial in r, and n goes straight into the bits of the exponent."""
    if x != float32:
        return lambda x: math.exp(x)
    a, b, c, d, e = (np.float32(v) for v in (0.5, 0.16666665, 0.041665796, 0.008333452, 0.0013981999))
    log2, rest, one = np.float32(0.693359375), np.float32(-2.12194440e-4), np.float32(1)
    low, high, half, per_log2 = np.float32(-87.3), np.float32(88), np.float32(0.5), np.float32(1.44269504)

    def compiled(x):
        x = min(max(x, low), high)
        n = np.floor(x * per_log2 + half)
        r = x - n * log2 - n * rest
        power = np.int32((np.int32(n) + np.int32(127)) << np.int32(23)).view(np.float32)
        return power * (one + r + r * r * (a + r * (b + r * (c + r * (d + r * e)))))

    return compiled


def ahead(signature: Signature, fastmath: set | bool = SUMS) -> Callable:
    """Decorate a loop: it is compiled ahead for float32, and for float64 when that comes as the first argument."""

    def decorate(function):
        for_float32, for_others = kernel(signature, fastmath=fastmath)(function), kernel(fastmath=fastmath)(function)

        @wraps(function)
        def call(first, *others):
            return (for_float32 if first.dtype == np.float32 else for_others)(first, *others)

        return call

    return decorate


@ahead(types.void(ROWS, LINE, ROWS, ROWS))
def normalize_(x, gain, out, stats):
    """Layer norm: each row of x (m, n) minus its mean, over its deviation, times gain (n,). Ba, Kiros & Hinton 2016.

    stats (m, 2) gets the mean and 1 / deviation of each row.
    """
    n, zero = x.dtype.type(x.shape[1]), x.dtype.type(0)
    for i in range(x.shape[0]):
        total, squares = zero, zero
        for j in range(x.shape[1]):
            total += x[i, j]
        mean = total / n
        for j in range(x.shape[1]):
            squares += (x[i, j] - mean) * (x[i, j] - mean)
        scale = x.dtype.type(1 / np.sqrt(squares / n + EPS))
        for j in range(x.shape[1]):
            out[i, j] = (x[i, j] - mean) * scale * gain[j]
        stats[i, 0], stats[i, 1] = mean, scale


@ahead(types.void(ROWS, ROWS, LINE, ROWS, LINE, ROWS))
def normalize_back_(delta, x, gain, stats, for_gain, for_x):
    """Add to for_gain (n,) and for_x (m, n) what the derivative delta (m, n) by the output of `normalize_` gives."""
    n, zero = x.dtype.type(x.shape[1]), x.dtype.type(0)
    for i in range(x.shape[0]):
        mean, scale, total, along = stats[i, 0], stats[i, 1], zero, zero
        for j in range(x.shape[1]):
            unit, slope = (x[i, j] - mean) * scale, delta[i, j] * gain[j]
            for_gain[j] += delta[i, j] * unit
            total += slope
            along += slope * unit
        for j in range(x.shape[1]):
            unit, slope = (x[i, j] - mean) * scale, delta[i, j] * gain[j]
            for_x[i, j] += scale * (slope - total / n - unit * (along / n))


@ahead(types.void(STACK, float32))
def attend_(S, scale):
    """Turn scores S (heads, T, T) into weights: the softmax of scale * S over this and earlier tokens, 0 for later."""
    zero = S.dtype.type(0)
    for h in range(S.shape[0]):
        for i in range(S.shape[1]):
            top, total = S[h, i, 0], zero
            for j in range(1, i + 1):
                top = max(top, S[h, i, j])
            for j in range(i + 1):
                weight = exp(scale * (S[h, i, j] - top))
                S[h, i, j] = weight
                total += weight
            for j in range(i + 1):
                S[h, i, j] /= total
            for j in range(i + 1, S.shape[2]):
                S[h, i, j] = zero


@ahead(types.void(STACK, STACK, float32))
def attend_back_(delta, A, scale):
    """Turn the derivative delta by the weights A, all (heads, T, T), into that by the scores."""
    zero = A.dtype.type(0)
    for h in range(A.shape[0]):
        for i in range(A.shape[1]):
            mean = zero
            for j in range(i + 1):
                mean += delta[h, i, j] * A[h, i, j]
            for j in range(i + 1):
                delta[h, i, j] = scale * A[h, i, j] * (delta[h, i, j] - mean)
            for j in range(i + 1, A.shape[2]):
                delta[h, i, j] = zero


@ahead(types.void(ROWS))
def gelu_(u):
    """GELU in its tanh form, which is u times the sigmoid of a u + b u^3. Hendrycks & Gimpel 2016, section 2."""
    a, b, one = u.dtype.type(GELU[0]), u.dtype.type(GELU[1]), u.dtype.type(1)
    for i in range(u.shape[0]):
        for j in range(u.shape[1]):
            v = u[i, j]
            u[i, j] = v / (one + exp(-v * (a + b * v * v)))


@ahead(types.void(ROWS, ROWS))
def gelu_back_(delta, u):
    """Multiply delta by the derivative of GELU at u."""
    a, b, one = u.dtype.type(GELU[0]), u.dtype.type(GELU[1]), u.dtype.type(1)
    c = u.dtype.type(3) * b
    for i in range(u.shape[0]):
        for j in range(u.shape[1]):
            v = u[i, j]
            gate = one / (one + exp(-v * (a + b * v * v)))
            delta[i, j] *= gate + v * gate * (one - gate) * (a + c * v * v)


@ahead(float64(ROWS, int64[::1], float64))
def cross_entropy_(Z, y, count):
    """Return the sum of -log softmax(z)_y over the rows of Z (m, k), over `count`; Z turns into its derivative."""
    zero, loss = Z.dtype.type(0), 0.0
    for i in range(Z.shape[0]):
        top, total, right = Z[i, 0], zero, Z[i, y[i]]
        for j in range(1, Z.shape[1]):
            top = max(top, Z[i, j])
        for j in range(Z.shape[1]):
            e = exp(Z[i, j] - top)
            Z[i, j] = e
            total += e
        loss += math.log(total) + top - right
        share = Z.dtype.type(1) / (Z.dtype.type(count) * total)
        for j in range(Z.shape[1]):
            Z[i, j] *= share
        Z[i, y[i]] -= Z.dtype.type(1) / Z.dtype.type(count)
    return loss / count


@ahead(types.void(ROWS, int64[::1], ROWS))
def scatter_(delta, tokens, for_embedding):
    """Add each row of delta (m, n) to the row of for_embedding (k, n) that its token names."""
    for i in range(delta.shape[0]):
        for j in range(delta.shape[1]):
            for_embedding[tokens[i], j] += delta[i, j]


@dataclass(frozen=True)
class Config:
    """The sizes of a model: distinct tokens, tokens it can look back on, numbers a token is held in, heads, layers."""

    vocabulary: int
    context: int = 64
    width: int = 64
    heads: int = 4
    layers: int = 2

    def __post_init__(self):
        for name, value in asdict(self).items():
            if not (isinstance(value, numbers.Integral) and 1 <= value < 2**20):
                raise ValueError(f"{name}={value!r} must be a positive integer")
        if self.width % self.heads:
            raise ValueError(f"width={self.width} must be a multiple of heads={self.heads}")

    @property
    def size(self) -> int:
        """The number d of parameters."""
        n = self.width
        return (self.vocabulary + self.context) * n + self.layers * (12 * n * n + 2 * n) + n

    def unpack(self, theta: np.ndarray) -> SimpleNamespace:
        """Return the parameters as views of theta, or of a gradient, of shape (d,).

        Their order: tokens, positions, for each layer gain1, qkv, out, gain2, up and down, then gain.
        """
        if theta.shape != (self.size,):
            raise ValueError(f"theta has shape {theta.shape}; with {self} it must be ({self.size},)")
        n, start = self.width, 0

        def take(*shape):
            nonlocal start
            begin, start = start, start + math.prod(shape)
            return theta[begin:start].reshape(shape)

        def layer():
            own = SimpleNamespace(gain1=take(n), qkv=take(n, 3 * n), out=take(n, n))
            own.gain2, own.up, own.down = take(n), take(n, 4 * n), take(4 * n, n)
            return own

        views = SimpleNamespace(tokens=take(self.vocabulary, n), positions=take(self.context, n))
        views.layers, views.gain = [layer() for _ in range(self.layers)], take(n)
        return views

    def initialize(self, rng: np.random.Generator | int) -> np.ndarray:
        """Return theta (d,), float32: normal weights, smaller where a layer adds to the stream (GPT-2), and gains 1."""
        theta = np.random.default_rng(rng).normal(0, 0.02, self.size).astype(np.float32)
        views = self.unpack(theta)
        views.gain[:] = 1
        for layer in views.layers:
            layer.gain1[:] = layer.gain2[:] = 1
            layer.out /= math.sqrt(2 * self.layers)
            layer.down /= math.sqrt(2 * self.layers)
        return theta


class Workspace:
    """The arrays of a pass over B texts of T tokens; `nbytes` counts them. With backprop each layer keeps its own."""

    def __init__(self, config: Config, B: int, T: int, dtype: np.dtype, backprop: bool):
        self.key, self.nbytes = (B, T, dtype, backprop), 0
        m, n, heads = B * T, config.width, config.heads

        def new(*shape):
            array = np.empty(shape, dtype)
            self.nbytes += array.nbytes
            return array

        def layer():
            own = SimpleNamespace(x=new(m, n), y=new(m, n), norm1=new(m, n), stats1=new(m, 2), stats2=new(m, 2))
            if backprop:
                own.weights, own.mixed, own.norm2 = new(B, heads, T, T), new(m, n), new(m, n)
                own.qkv, own.up, own.gelu = new(m, 3 * n), new(m, 4 * n), new(m, 4 * n)
            else:  # what is not needed any more is written over
                own.weights, own.mixed, own.norm2 = [new(heads, T, T)] * B, own.norm1, own.norm1
                own.qkv, own.up, own.gelu = self.scratch(m, 3 * n), self.scratch(m, 4 * n), self.scratch(m, 4 * n)
            return own

        self.wide = new(max(4 * m * n, config.vocabulary))
        self.layers = [layer() for _ in range(config.layers)] if backprop else [layer()] * config.layers
        first = self.layers[0]
        self.last = SimpleNamespace(x=first.x, norm=first.norm1, stats=first.stats1)
        if backprop:
            self.last = SimpleNamespace(x=new(m, n), norm=new(m, n), stats=new(m, 2))
            self.for_x, self.for_norm, self.for_weights = new(m, n), new(m, n), new(heads, T, T)
            self.gradient = new(config.size)

    def scratch(self, rows: int, columns: int) -> np.ndarray:
        """Return the wide array in this shape."""
        return self.wide[: rows * columns].reshape(rows, columns)


class Transformer:
    """The loss of a model of these sizes and its gradient, as functions of theta (d,).

    Token and position embeddings, then layers that each add attention and a small network to a stream of numbers, both
    on what layer norm makes of it; the token embedding serves again at the output. Vaswani et al. 2017, with layer norm
    in front as Radford et al. 2019 (GPT-2). The loss is the mean over tokens of -log p, in nats. A pass uses the arrays
    of the one before: not for several threads at once.
    """

    def __init__(self, config: Config):
        self.config = config
        self._space: Workspace | None = None

    @np.errstate(over="ignore", invalid="ignore")
    def loss(self, theta: np.ndarray, inputs: np.ndarray, targets: np.ndarray) -> float:
        """Return the loss on texts: inputs (B, T) and targets (B, T), the token after each, or -1 for one left out.

        One set of arrays serves all layers: the memory of inference.
        """
        parameters, space = self._forward(theta, inputs, backprop=False)
        return self._output(parameters, space, inputs, targets)

    @np.errstate(over="ignore", invalid="ignore")
    def loss_and_gradient(self, theta: np.ndarray, inputs: np.ndarray, targets: np.ndarray) -> tuple[float, np.ndarray]:
        """Return `loss` and its gradient (d,), always in the same array, by one pass forward and one backward."""
        parameters, space = self._forward(theta, inputs, backprop=True)
        space.gradient.fill(0)
        gradient = self.config.unpack(space.gradient)
        value = self._output(parameters, space, inputs, targets, gradient)
        self._backward(parameters, gradient, space, inputs)
        return value, space.gradient

    def logits(self, theta: np.ndarray, tokens: np.ndarray) -> np.ndarray:
        """Return the output (vocabulary,) for what follows tokens (T,): its softmax is the chance of each token."""
        parameters, space = self._forward(theta, np.asarray(tokens, np.int64)[None], backprop=False)
        return parameters.tokens @ space.last.norm[-1]

    def workspace(self, B: int, T: int, backprop: bool, dtype=np.float32) -> Workspace:
        """Return the arrays of a pass, those of the last one if they fit: in training no step allocates anything."""
        key = (B, T, np.dtype(dtype), backprop)
        if self._space is None or self._space.key != key:
            self._space = None  # first let go of the old ones
            self._space = Workspace(self.config, *key)
        return self._space

    def _heads(self, rows: np.ndarray, B: int, parts: int) -> np.ndarray:
        """Return rows (B T, parts n) as (parts, B, heads, T, n / heads), a view."""
        n, heads = self.config.width, self.config.heads
        return rows.reshape(B, -1, parts, heads, n // heads).transpose(2, 0, 3, 1, 4)

    def _forward(self, theta, inputs, backprop: bool) -> tuple[SimpleNamespace, Workspace]:
        """Fill the arrays of a pass, up to the last layer norm."""
        B, T = self._check(theta, inputs)
        p, space = self.config.unpack(theta), self.workspace(B, T, backprop, theta.dtype)
        scale, x = 1 / math.sqrt(self.config.width // self.config.heads), space.layers[0].x
        np.take(p.tokens, inputs.ravel(), axis=0, out=x, mode="clip")
        x.reshape(B, T, -1)[:] += p.positions[:T]
        for w, a, after in zip(p.layers, space.layers, [*space.layers[1:], space.last], strict=True):
            normalize_(a.x, w.gain1, a.norm1, a.stats1)
            np.matmul(a.norm1, w.qkv, out=a.qkv)
            heads = *self._heads(a.qkv, B, 3), *self._heads(a.mixed, B, 1), a.weights
            for q, k, v, mixed, weights in zip(*heads, strict=True):
                np.matmul(q, k.swapaxes(1, 2), out=weights)
                attend_(weights, scale)
                np.matmul(weights, v, out=mixed)
            np.matmul(a.mixed, w.out, out=a.y)
            a.y += a.x
            normalize_(a.y, w.gain2, a.norm2, a.stats2)
            np.matmul(a.norm2, w.up, out=a.up)
            if backprop:
                a.gelu[:] = a.up
            gelu_(a.gelu)
            np.matmul(a.gelu, w.down, out=after.x)
            after.x += a.y
        normalize_(space.last.x, p.gain, space.last.norm, space.last.stats)
        return p, space

    def _output(self, p, space, inputs, targets, gradient=None) -> float:
        """Return the loss, for as many rows at a time as the wide array holds; with a gradient start backprop."""
        if not (isinstance(targets, np.ndarray) and targets.shape == inputs.shape and targets.dtype.kind in "iu"):
            raise ValueError(f"targets must be integers of the shape of inputs, {inputs.shape}")
        y, k, value = targets.ravel().astype(np.int64, copy=False), self.config.vocabulary, 0.0
        used = np.flatnonzero(y >= 0)
        if not used.size or y.max() >= k:
            raise ValueError(f"targets must be below {k}, the vocabulary, and at least one of them not negative")
        if gradient:
            space.for_norm.fill(0)  # what is left out adds nothing
        step, whole = space.wide.size // k, used.size == y.size
        for start in range(0, used.size, step):
            rows = slice(start, start + step) if whole else used[start : start + step]  # views, or copies of few rows
            norm, Z = space.last.norm[rows], space.scratch(y[rows].size, k)
            np.matmul(norm, p.tokens.T, out=Z)
            value += cross_entropy_(Z, y[rows], used.size)
            if gradient:
                if whole:
                    np.matmul(Z, p.tokens, out=space.for_norm[rows])
                else:
                    space.for_norm[rows] = Z @ p.tokens
                gradient.tokens += Z.T @ norm
        return value

    def _backward(self, p, g, space, inputs) -> None:
        """Fill the gradient g from the last layer norm back to the embeddings."""
        B, T = inputs.shape
        for_x, for_norm, for_weights, last = space.for_x, space.for_norm, space.for_weights, space.last
        m, n, scale = B * T, self.config.width, 1 / math.sqrt(self.config.width // self.config.heads)
        for_qkv, for_up = space.scratch(m, 3 * n), space.scratch(m, 4 * n)
        for_x.fill(0)
        normalize_back_(for_norm, last.x, p.gain, last.stats, g.gain, for_x)
        for w, dw, a in zip(reversed(p.layers), reversed(g.layers), reversed(space.layers), strict=True):
            np.matmul(a.gelu.T, for_x, out=dw.down)
            np.matmul(for_x, w.down.T, out=for_up)
            gelu_back_(for_up, a.up)
            np.matmul(a.norm2.T, for_up, out=dw.up)
            np.matmul(for_up, w.up.T, out=for_norm)
            normalize_back_(for_norm, a.y, w.gain2, a.stats2, dw.gain2, for_x)
            np.matmul(a.mixed.T, for_x, out=dw.out)
            np.matmul(for_x, w.out.T, out=for_norm)
            heads = *self._heads(a.qkv, B, 3), *self._heads(for_qkv, B, 3), *self._heads(for_norm, B, 1), a.weights
            for q, k, v, for_q, for_k, for_v, for_mixed, weights in zip(*heads, strict=True):
                np.matmul(weights.swapaxes(1, 2), for_mixed, out=for_v)
                np.matmul(for_mixed, v.swapaxes(1, 2), out=for_weights)
                attend_back_(for_weights, weights, scale)
                np.matmul(for_weights, k, out=for_q)
                np.matmul(for_weights.swapaxes(1, 2), q, out=for_k)
            np.matmul(a.norm1.T, for_qkv, out=dw.qkv)
            np.matmul(for_qkv, w.qkv.T, out=for_norm)
            normalize_back_(for_norm, a.x, w.gain1, a.stats1, dw.gain1, for_x)
        scatter_(for_x, inputs.ravel(), g.tokens)
        for_x.reshape(B, T, n).sum(axis=0, out=g.positions[:T])

    def _check(self, theta, inputs) -> tuple[int, int]:
        """Return the shape (B, T) of inputs; ValueError for what cannot be."""
        longest, k = self.config.context, self.config.vocabulary
        if not (isinstance(theta, np.ndarray) and theta.dtype in (np.float32, np.float64) and theta.flags.c_contiguous):
            raise ValueError("theta must be a contiguous array of float32 or float64")
        if not (isinstance(inputs, np.ndarray) and inputs.ndim == 2 and inputs.size and inputs.dtype == np.int64):
            raise ValueError("inputs must be tokens, int64 of shape (B, T), with at least one")
        if inputs.shape[1] > longest:
            raise ValueError(f"inputs has {inputs.shape[1]} columns; the context of this model is {longest}")
        if inputs.min() < 0 or inputs.max() >= k:
            raise ValueError(f"inputs holds {inputs.min()} to {inputs.max()}; tokens are 0 to {k - 1}")
        return inputs.shape
