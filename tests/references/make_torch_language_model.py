"""Write torch_language_model.npz, losses and gradients of small Transformers: python make_torch_language_model.py.

It needs torch (2.13 on CPU made the file) and NumPy; the tests need only the file, and the cases below.
"""

import math
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_name("torch_language_model.npz")
# Sizes of the model, then texts and tokens of the batch; the second leaves targets out and does not fill the context.
CASES = {
    "two layers": ({"vocabulary": 11, "context": 6, "width": 8, "heads": 2, "layers": 2}, 3, 6),
    "short texts": ({"vocabulary": 40, "context": 9, "width": 6, "heads": 1, "layers": 1}, 2, 5),
    "one token": ({"vocabulary": 5, "context": 3, "width": 4, "heads": 4, "layers": 3}, 1, 1),
}


def drawn(name):
    """Return the sizes, theta (d,) float64, inputs and targets of a case."""
    sizes, B, T = CASES[name]
    rng, n = np.random.default_rng(list(CASES).index(name)), sizes["width"]
    d = (sizes["vocabulary"] + sizes["context"]) * n + sizes["layers"] * (12 * n * n + 2 * n) + n
    inputs, targets = rng.integers(0, sizes["vocabulary"], (2, B, T))
    if name == "short texts":
        targets[0, :3] = -1
    return sizes, 0.5 * rng.standard_normal(d), inputs, targets


def loss(theta, inputs, targets, vocabulary, context, width, heads, layers):
    """The loss in torch's own functions; theta is cut in the order that LanguageModel documents."""
    from torch.nn import functional as F

    n, start = width, 0

    def take(*shape):
        nonlocal start
        begin, start = start, start + math.prod(shape)
        return theta[begin:start].reshape(shape)

    tokens, positions = take(vocabulary, n), take(context, n)
    x = tokens[inputs] + positions[: inputs.shape[1]]
    for _ in range(layers):
        h = F.layer_norm(x, (n,), take(n)) @ take(n, 3 * n)
        q, k, v = (each.unflatten(2, (heads, n // heads)).transpose(1, 2) for each in h.split(n, dim=2))
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + mixed.transpose(1, 2).flatten(2) @ take(n, n)
        h = F.layer_norm(x, (n,), take(n)) @ take(n, 4 * n)
        x = x + F.gelu(h, approximate="tanh") @ take(4 * n, n)
    logits = F.layer_norm(x, (n,), take(n)) @ tokens.T
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=-1)


def main():
    """Write the file."""
    import torch

    found = {}
    for name in CASES:
        sizes, theta, inputs, targets = drawn(name)
        theta = torch.from_numpy(theta).requires_grad_()
        value = loss(theta, torch.from_numpy(inputs), torch.from_numpy(targets), **sizes)
        value.backward()
        found[f"{name} loss"], found[f"{name} gradient"] = value.detach().numpy(), theta.grad.numpy()
    np.savez_compressed(FILE, **found)
    print(f"{len(CASES)} losses and gradients by torch {torch.__version__}, {FILE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
