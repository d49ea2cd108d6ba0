# %% [markdown] id="title"
# # 16 Exercise: the state of the art
#
# Five building blocks of recent papers: a prompt that moves in a small subspace, a merge of models, noise of low rank, a mask for sparse steps, and a gradient of something that
# has none. Each answer is one to five lines of NumPy. Lesson [16](../notebooks/16_the_state_of_the_art.ipynb) explains everything that is asked here.

# %% [markdown] id="how"
# ## How it works
#
# - Replace the line `raise NotImplementedError(...)` by your code. Keep the line with `def`.
# - Run your cell, then the cell below it. It tries your function on several cases and shows the points.
#   You may try as often as you like.
# - Stuck? Open the hints under the question, one after the other.
#
# All arrays hold floats. They belong to the caller: leave them unchanged.

# %% id="setup"
import numpy as np

from ngo_lesson.questions import check, score

# %% [markdown] id="prompt-question" tags=["question", "Q03"]
# ## 1. A prompt in a small subspace
#
# A *soft prompt* is a few rows of numbers, put before the text in place of the vectors of real tokens. With 50 tokens of width 1024 it has 51,200 numbers: too many for a search without gradients. Black-box tuning
# (Sun and coauthors 2022) draws a random matrix $A$ once, and searches only for a short vector $z$:
#
# $$\text{prompt} = \text{base} + A z .$$
#
# Write `soft_prompt(z, A, base)`. `base` has shape (tokens, width), `A` (tokens * width, k), `z` (k,). The first `width` numbers of $A z$ belong to the first token. The result has the shape of `base`.
#
# *Example.* `z = [2.]`, `A = [[1.], [3.]]`, `base = [[0.5, 0.5]]` gives `[[2.5, 6.5]]`.


# %% id="prompt" tags=["answer"]
def soft_prompt(z, A, base):
    """base + A z: z (k,), A (tokens * width, k), base (tokens, width); returns an array (tokens, width)."""
    ### BEGIN SOLUTION
    return base + (A @ z).reshape(base.shape)
    ### END SOLUTION


# %% id="prompt-check" tags=["check"]
check("16.prompt", soft_prompt)

# %% [markdown] id="merge-question" tags=["question", "Q03"]
# ## 2. Merge models
#
# Models of the same architecture, fine-tuned from the same start, can be averaged weight by weight. Which weight should each model have? That is a search over a few numbers, for which no gradient is needed
# (Akiba and coauthors 2025).
#
# Write `merge(models, weights)`. A model is a list of arrays; all models have the same shapes. `weights` holds one number of 0 or more for each model, not all 0. Normalize them so that they sum to one, and return the list of the
# weighted means.
#
# *Example.* `models = [[[1.]], [[3.]]]`, `weights = [1., 3.]`: the shares are 0.25 and 0.75, and the result is `[[2.5]]`.


# %% id="merge" tags=["answer"]
def merge(models, weights):
    """Weighted mean of the models, array by array: lists of arrays, weights (models,); returns a list of arrays."""
    ### BEGIN SOLUTION
    shares = weights / np.sum(weights)
    merged = []
    for i in range(len(models[0])):
        merged.append(sum(share * model[i] for share, model in zip(shares, models, strict=True)))
    return merged
    ### END SOLUTION


# %% id="merge-check" tags=["check"]
check("16.merge", merge)

# %% [markdown] id="low_rank_noise-question" tags=["question"]
# ## 3. Noise of low rank
#
# An evolution strategy for a weight matrix of $m \times n$ needs a noise matrix for each member of the population. $A B^\top / \sqrt r$ needs only $r (m + n)$ random numbers (Sarkar and coauthors 2025). Each entry still has mean 0 and
# variance 1, but the entries are no longer independent.
#
# Write `low_rank_noise(m, n, r, rng)`. Draw `A = rng.standard_normal((m, r))` first, then `B = rng.standard_normal((n, r))`.
#
# *Example.* With `r = 1` the result is the outer product of two random vectors: every row is a multiple of every other.


# %% id="low_rank_noise" tags=["answer"]
def low_rank_noise(m, n, r, rng):
    """A B' / sqrt(r) with A (m, r) drawn first, then B (n, r), standard normal; returns an array (m, n)."""
    ### BEGIN SOLUTION
    A = rng.standard_normal((m, r))
    B = rng.standard_normal((n, r))
    return A @ B.T / np.sqrt(r)
    ### END SOLUTION


# %% id="low_rank_noise-check" tags=["check"]
check("16.low_rank_noise", low_rank_noise)

# %% [markdown] id="sparse_mask-question" tags=["question"]
# ## 4. Which parameters to perturb
#
# Sparse MeZO (Liu and coauthors 2024) perturbs only the parameters of small magnitude. The others stay as they were trained.
#
# Write `sparse_mask(w, share)`: an array of True and False in the shape of `w`, True at the `int(share * w.size)` smallest magnitudes. All entries are compared with each other, and no two magnitudes are equal.
#
# *Example.* `w = [[3., -1.], [2., -4.]]`, `share = 0.5` gives `[[False, True], [True, False]]`.


# %% id="sparse_mask" tags=["answer"]
def sparse_mask(w, share):
    """True at the int(share * size) smallest magnitudes: w of any shape; returns booleans of the same shape."""
    ### BEGIN SOLUTION
    mask = np.zeros(w.size, dtype=bool)
    smallest = np.argsort(np.abs(w), axis=None)[: int(share * w.size)]
    mask[smallest] = True
    return mask.reshape(w.shape)
    ### END SOLUTION


# %% id="sparse_mask-check" tags=["check"]
check("16.sparse_mask", sparse_mask)

# %% [markdown] id="accuracy-question" tags=["question"]
# ## 5. The gradient of a staircase
#
# The accuracy of a classifier is a staircase: flat almost everywhere, so its gradient is zero where it exists. But its *mean over noisy parameters* is smooth, and evolution strategies estimate the gradient of that. We want to
# minimize $1 - \text{accuracy}$. With mirrored draws,
#
# $$\hat g = \frac{1}{n} \sum_{i=1}^{n} \frac{\bigl(1 - a(\theta + \sigma e_i)\bigr) - \bigl(1 - a(\theta - \sigma e_i)\bigr)}{2 \sigma}\; e_i .$$
#
# Write `accuracy_gradient(accuracy, theta, E, sigma)`. `accuracy(theta)` returns a float, `E` has shape (n, d): row $i$ is $e_i$. Ask for $2n$ accuracies.
#
# *Example.* An accuracy that is 1 where `theta[0] > 0` and otherwise 0, `theta = [0.5]`, `E = [[2.]]`, `sigma = 1.`: at 2.5 it is 1, at -1.5 it is 0. So the estimate is $(0 - 1) / 2 \cdot 2$, that is
# `[-1.]`: the loss falls to the right.


# %% id="accuracy" tags=["answer"]
def accuracy_gradient(accuracy, theta, E, sigma):
    """Gradient of 1 - accuracy from mirrored pairs: theta (d,), E (n, d), sigma a float; returns an array (d,)."""
    ### BEGIN SOLUTION
    total = np.zeros(len(theta))
    for e in E:
        up, down = accuracy(theta + sigma * e), accuracy(theta - sigma * e)
        total += ((1 - up) - (1 - down)) / (2 * sigma) * e
    return total / len(E)
    ### END SOLUTION


# %% id="accuracy-check" tags=["check"]
check("16.accuracy", accuracy_gradient)

# %% [markdown] id="end"
# ## Your points
#
# The sum of the checks above. Questions that have not passed yet are listed.

# %% id="score"
score("16")
