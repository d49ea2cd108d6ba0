# %% [markdown] id="title"
# # 12 Matrix factorization
#
# **Promise.** Find the best of all compressed copies of a photograph, without a single step of descent, and know that it is the best. Take digits
# apart into strokes, fit 100,000 ratings of movies with hardly any of the table filled, and say at each place what is being asked of the objective.
#
# **You will be able to**
#
# - write the singular value decomposition as three factors, cut it to rank $k$, and compute its error from the numbers cut off;
# - find the largest singular values by multiplying only, and predict how fast that goes;
# - say when a factorization saves memory, and when it does not;
# - take a step of NMF, and explain why its error never rises and what it costs;
# - fit ratings with gaps by alternating least squares and by SGD, biases first, and judge them on ratings held out;
# - tell a model from an optimizer, and find the place where a search without gradients does help.
#
# **Time** 110 minutes. **Needs** lessons [02](02_linear_regression.ipynb), [03](03_stochastic_gradients.ipynb) and [07](07_random_search.ipynb);
# [05](05_adaptive_steps.ipynb) and [11](11_evolution_strategies.ipynb) help.

# %% id="setup"
import io
import time
from functools import lru_cache

import numpy as np
from PIL import Image
from scipy.sparse import csr_matrix
from sklearn.datasets import load_digits, load_sample_image
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from ngo_lesson import data
from ngo_lesson.factorize import nmf, svd
from ngo_lesson.factorize.ratings import RatingsModel
from ngo_lesson.optimize.minimize import minimize
from ngo_lesson.show.explorer import Explorer, choice, slider
from ngo_lesson.show.figures import panels, show, three
from ngo_lesson.show.pieces import dots, image, line
from ngo_lesson.show.style import BLACK, BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION

limits = threadpool_limits(1)  # small matrices: more threads would wait for each other

# %% [markdown] id="question-text"
# ## 1 The question
#
# All methods so far move a point, or a cloud of points, and look at what they get: values, ranks or gradients. They know nothing else about the
# objective. That is their strength, and a waste wherever the objective has a *structure*.
#
# Here is one that has. A gray photograph of $m \times n$ pixels is a matrix $A$. We want a smaller copy: a product of a tall matrix $W$, of shape
# $(m, k)$, and a wide one $H$, of shape $(k, n)$. Such a product has **rank** $k$ at most. It holds $k(m+n)$ numbers in place of $mn$. Which $W$
# and $H$ are the best?
#
# $$\min_{W, H} \; \lVert A - W H \rVert^2 = \sum_{i,j} \Big(a_{ij} - \sum_{c=1}^{k} w_{ic}\, h_{cj}\Big)^2$$
#
# With $53 \times 80$ pixels and $k = 5$ these are 665 unknowns, and the objective is **not convex**: $-W$ and $-H$ are as good as $W$ and $H$, but
# half way between the two pairs, at zero, it is higher. We know a search for that: the (1+1)-ES of lesson [07](07_random_search.ipynb). We take the
# mean brightness off and measure the share of squares that is left.


# %% id="question"
def shrunk(picture, factor):
    """Mean brightness of blocks of factor x factor pixels."""
    m, n = (size // factor for size in picture.shape)
    blocks = picture[: m * factor, : n * factor].reshape(m, factor, n, factor)
    return blocks.mean(axis=(1, 3))


china = load_sample_image("china.jpg").mean(axis=2) / 255
SMALL = shrunk(china, 8) - china.mean()
ROWS, COLUMNS, RANK = *SMALL.shape, 5
SQUARES = np.sum(SMALL**2)


def factors(theta):
    return theta[: ROWS * RANK].reshape(ROWS, RANK), theta[ROWS * RANK :].reshape(RANK, COLUMNS)


def left_over(theta):
    W, H = factors(theta)
    return np.sum((SMALL - W @ H) ** 2) / SQUARES


def begin(seed):
    return 0.1 * np.random.default_rng(seed).standard_normal((ROWS + COLUMNS) * RANK)


searched = minimize(left_over, begin(0), method="one-plus-one", sigma=0.03, budget=2000, seed=0)
U, s, Vt = np.linalg.svd(SMALL, full_matrices=False)
direct = (U[:, :RANK] * s[:RANK]) @ Vt[:RANK]

# %% id="question-figure" tags=["machine"]
figure, all_axes = panels(1, 3, width=8.4, height=2.25)
W, H = factors(searched.x)
titles = "the photograph", "searched: 2,000 values", "computed: no search"
for axes, picture, title in zip(all_axes, (SMALL, W @ H, direct), titles, strict=True):
    axes.imshow(picture, cmap="gray", vmin=SMALL.min(), vmax=SMALL.max())
    axes.set_title(title)
    axes.set_axis_off()
ends = searched.fun, np.sum((SMALL - direct) ** 2) / SQUARES
show(figure, f"Squares left at rank 5: search {three(ends[0])}, computed {three(ends[1])}.")

# %% [markdown] id="question-after"
# The copy on the right took one line and no start, no rate, no budget. This lesson is about that line: what it computes, how it is computed, why
# nothing of rank 5 can beat it, and what is left for the other methods once there are gaps in the matrix, signs that must not be negative, or
# another objective.
#
# ## 2 Three factors
#
# A matrix takes a vector and returns another one. **The singular value decomposition** (SVD) says that every matrix does this in three moves: turn
# (or mirror), stretch along the axes, turn again.
#
# $$A = U\, \Sigma\, V^\top, \qquad U^\top U = I, \quad V^\top V = I, \quad \Sigma = \mathrm{diag}(s_1 \ge s_2 \ge \dots \ge 0)$$
#
# The columns of $U$ and of $V$ are the **singular vectors**, the numbers $s_i$ the **singular values**. In the plane one can see it: the three
# moves on a circle.

# %% id="circle"
B = np.array([[1.6, 0.9], [0.2, 1.1]])
left, stretch, right_t = np.linalg.svd(B)
angles = np.linspace(0, 2 * np.pi, 73)
circle = np.array([np.cos(angles), np.sin(angles)])
moves = (
    ("the circle", np.eye(2)),
    ("turned by Vᵀ", right_t),
    ("stretched by Σ", np.diag(stretch) @ right_t),
    ("turned by U", B),
)
figure, all_axes = panels(1, 4, width=8.8, height=2.6)
for axes, (title, moved) in zip(all_axes, moves, strict=True):
    axes.plot(*(moved @ circle), color=BLUE, marker="")
    for v, color, marker in zip(right_t, (VERMILION, GREEN), ("o", "s"), strict=True):
        tip = moved @ v
        axes.plot([0, tip[0]], [0, tip[1]], color=color, marker=marker, markevery=[1])
    axes.set(xlim=(-2.3, 2.3), ylim=(-2.3, 2.3), aspect="equal", title=title)
show(
    figure,
    f"The half axes of the ellipse are the singular values {three(stretch[0])} and {three(stretch[1])}.",
)

# %% [markdown] id="numpy-text"
# `np.linalg.svd` returns $U$, the vector $s$, and as third output $V^\top$, *not* $V$ as one document says. With a square matrix nothing
# complains when the two are mixed up.

# %% id="numpy" tags=["F17"]
A = np.array([[1.0, 2, 3], [4, 5, 6], [7, 8, 9]])
U, s, Vt = np.linalg.svd(A)
print("U diag(s) Vt is A:                ", np.allclose(U @ np.diag(s) @ Vt, A))
print("the third output taken for V:     ", np.allclose(U @ np.diag(s) @ Vt.T, A))
signs = np.diag([1, -1, 1])
print("signs of a pair may both change:  ", np.allclose(U @ signs @ np.diag(s) @ signs @ Vt, A))
print("columns of U, rows of Vt have length 1 and right angles:", end=" ")
print(np.allclose(U.T @ U, np.eye(3)) and np.allclose(Vt @ Vt.T, np.eye(3)))

# %% [markdown] id="cut-text"
# If $A$ has rank $r$, the product is a sum of $r$ matrices of rank 1, each a column times a row, the heaviest first. Cut the sum after $k$ terms:
#
# $$A = \sum_{i=1}^{r} s_i\, u_i v_i^\top, \qquad A_k = \sum_{i=1}^{k} s_i\, u_i v_i^\top = U_k \Sigma_k V_k^\top .$$
#
# $A_k$ has rank $k$ at most. If $k$ is small, one speaks of **low rank**.


# %% id="cut" tags=["C13", "Q06"]
def cut_svd(A, k):
    """The k largest singular values with their vectors: U (m, k), s (k,), Vt (k, n)."""
    U, s, Vt = np.linalg.svd(A, full_matrices=False)
    return U[:, :k], s[:k], Vt[:k]


listed = np.array([[1.0, 2, 3, 4, 5], [2, 3, 4, 5, 6], [3, 4, 5, 6, 7]])
U, s, Vt = cut_svd(listed, 2)
print("shapes:", U.shape, s.shape, Vt.shape)
print("these 3 x 5 numbers have rank 2, so nothing is lost:", np.allclose((U * s) @ Vt, listed))

# %% [markdown] id="listing-text"
# A document has such a function for this matrix, and prints "U, S and V". Its last line multiplies the three factors again and returns the
# *product*. With three rows Python unpacks that product into its rows, and nobody notices. With four rows it fails. The same document has the task
# once more, for a $3 \times 3$ matrix and "two matrices of lower dimension", with an empty body.


# %% id="listing" tags=["C13", "C05", "Q06"]
def documents_decomposition(A, k):
    U, s, Vt = cut_svd(A, k)
    return U @ np.diag(s) @ Vt


for U_or_row in documents_decomposition(listed, 2):
    print("printed as a factor:", U_or_row.round(6))
try:
    U, S, V = documents_decomposition(np.vstack([listed, listed[2:] + 1]), 2)
except ValueError as error:
    print("four rows:", error)

U, s, Vt = cut_svd(A, 3)
print("\nthe 3 x 3 task: singular values", ", ".join(three(value) for value in s[:2]), "and 0")
U, s, Vt = cut_svd(A, 2)
print("rank 2 gives it back:", np.allclose((U * s) @ Vt, A))
print(f"numbers in the matrix: {A.size}, in the two factors: {2 * (3 + 3)}")

# %% [markdown] id="listing-after"
# So the task asks for lower cost and gets 12 numbers in place of 9. Section 5 has the rule.
#
# ### Which factor holds what
#
# The documents speak of "a word-embedding matrix and a topic matrix". Look at the shapes instead. If the rows of $A$ are texts and its columns are
# words, then a row of $U_k$ belongs to a *text*, a column of $V_k^\top$ to a *word*, and each $i$ up to $k$ is a direction ("topic") that both
# share. Five texts, counted:

# %% id="texts" tags=["F16"]
texts = "cat dog cat", "dog pet cat", "pet dog dog", "bond stock bond", "stock bank bond"
words = sorted(set(" ".join(texts).split()))
counts = np.array([[text.split().count(word) for word in words] for text in texts], dtype=float)
U, s, Vt = cut_svd(counts, 2)
print(f"counts {counts.shape} = U {U.shape}, s {s.shape}, Vt {Vt.shape}")
for direction in range(2):
    in_texts = np.flatnonzero(np.abs(U[:, direction]) > 1e-6)
    in_words = np.flatnonzero(np.abs(Vt[direction]) > 1e-6)
    named = ", ".join(words[j] for j in in_words)
    print(f"direction {direction + 1}: texts {', '.join(map(str, in_texts + 1))}; words {named}")

# %% [markdown] id="eckart-text"
# ## 3 Nothing of rank k is closer
#
# **Eckart and Young (1936)**, and Mirsky (1960) for other norms: of all matrices of rank $k$, the cut SVD $A_k$ is the closest to $A$. Its error
# can be read off the values cut away:
#
# $$\min_{\mathrm{rank}\, B \le k} \lVert A - B \rVert_F^2 = \sum_{i > k} s_i^2, \qquad \min_{\mathrm{rank}\, B \le k} \lVert A - B \rVert_2 = s_{k+1} .$$
#
# $\lVert \cdot \rVert_F^2$ is the sum of the squared entries, $\lVert \cdot \rVert_2$ the largest stretch. *Why, for the second one:* $B$ of rank
# $k$ sends some direction $x$ in the $(k+1)$-dimensional space of $v_1, \dots, v_{k+1}$ to zero. There $A - B$ does what $A$ does, and $A$
# stretches every direction of that space by at least $s_{k+1}$.
#
# A theorem does not need a test, our understanding of it does. First the two formulas. Then 900 competitors of rank 20: the best copies built on 20
# random directions, on 20 rows of the photograph itself, and on the best directions moved a little. (`np.linalg.qr` replaces vectors by others of
# length 1 and at right angles that span the same space.)

# %% id="eckart" tags=["F15"]
photo = shrunk(china, 3)
U, s, Vt = np.linalg.svd(photo, full_matrices=False)
k = 20
rest = photo - (U[:, :k] * s[:k]) @ Vt[:k]
print(
    "sum of squares left is that of the values cut off:",
    np.allclose(np.sum(rest**2), np.sum(s[k:] ** 2)),
)
print(
    "largest stretch left is the next value:           ", np.allclose(np.linalg.norm(rest, 2), s[k])
)


def error_on(rows):
    """Squares left of the best copy whose rows are combinations of these rows (k, n)."""
    Q = np.linalg.qr(rows.T)[0]
    return np.sum(photo**2) - np.sum((photo @ Q) ** 2)


rng, best = np.random.default_rng(0), np.sum(s[k:] ** 2)
competitors = {
    "random directions": lambda: rng.standard_normal((k, photo.shape[1])),
    "rows of the photograph": lambda: photo[rng.choice(len(photo), k, replace=False)],
    "the best, moved by 1 %": lambda: Vt[:k] + 0.01 * rng.standard_normal((k, 213)) / np.sqrt(213),
}
for name, draw in competitors.items():
    errors = [error_on(draw()) / best for _ in range(300)]
    print(f"{name:23}: closest of 300 leaves {three(min(errors))} times as much")

# %% [markdown] id="optimizers-text"
# ### Can an optimizer find it?
#
# So we know the lowest value of the problem of section 1. That makes it a rare test for optimizers: not convex, 665 unknowns, and a known answer.
# The gradient of $\lVert A - WH \rVert^2$ is
#
# $$\nabla_W = -2\,(A - WH)\,H^\top, \qquad \nabla_H = -2\,W^\top (A - WH) .$$
#
# Gradient descent and Adam ask for it (charged 3 evaluations). The (1+1)-ES and the separable CMA-ES (lesson
# [11](11_evolution_strategies.ipynb)) ask for values only. Ten random starts, the same for all; 2,000 evaluations. Each has the best of three
# settings, found with other starts.


# %% id="optimizers" tags=["A18"]
floor = np.sum(np.linalg.svd(SMALL)[1][RANK:] ** 2) / SQUARES


def slopes(theta):
    W, H = factors(theta)
    residuals = W @ H - SMALL
    return 2 * np.concatenate([(residuals @ H.T).ravel(), (W.T @ residuals).ravel()]) / SQUARES


contest = {
    "sep-CMA-ES": ("sep-cma", {"sigma": 0.1}, ORANGE, "P"),
    "(1+1)-ES": ("one-plus-one", {"sigma": 0.03}, PURPLE, "^"),
    "gradient descent": ("gd", {"lr": 10, "grad": slopes}, GREEN, "s"),
    "Adam": ("adam", {"lr": 0.1, "grad": slopes}, BLUE, "o"),
}
curves = {name: [] for name in contest}
for name, (method, options, *_) in contest.items():
    for seed in range(10):
        run = minimize(left_over, begin(seed), method=method, budget=2000, seed=seed, **options)
        curves[name].append(run.history["fun"] - floor)

# %% id="optimizers-figure" tags=["machine"]
figure, axes = panels(height=4)
for name, (_, options, color, marker) in contest.items():
    low, middle, high = np.quantile(curves[name], (0, 0.5, 1), axis=0).clip(1e-16)
    asked = (3 if "grad" in options else 1) * np.arange(1, len(middle) + 1)
    style = "-" if "grad" in options else "--" if "1+1" in name else ":"
    axes.loglog(asked, middle, style, color=color, marker=marker, markevery=0.1, label=name)
    axes.fill_between(asked, low, high, color=color, alpha=0.2)
axes.set(xlabel="evaluations (a gradient counts as 3)", ylabel="above the lowest possible")
axes.set_title("Share of squares left, minus that of the SVD; median and range of ten starts")
axes.legend(loc="lower left")
ends = {name: np.median(np.array(runs)[:, -1]) for name, runs in curves.items()}
listed = ", ".join(f"{name} {max(end, 0):.2g}" for name, end in ends.items())
show(figure, f"Above the SVD's {three(floor)} at the end, medians: {listed}.")

# %% id="optimizers-check"
ends = {name: np.array(runs)[:, -1] for name, runs in curves.items()}
print("none of 40 runs is below the SVD:", all(end.min() > -1e-12 for end in ends.values()))
for name in ("gradient descent", "Adam"):
    print(f"{name}: within 1e-6 of it in {np.sum(ends[name] < 1e-6)} of 10 runs")
for name in ("(1+1)-ES", "sep-CMA-ES"):
    print(f"{name}: more than three times its error in {np.sum(ends[name] > 2 * floor)} of 10 runs")

# %% [markdown] id="optimizers-after"
# Three things. The SVD wins: it has the lowest value, up to rounding, with no start, no rate and no count of evaluations at all. With the gradient
# the same value can be *reached*. Without gradients, in 665 dimensions, both searches are still far away after as many evaluations. (Lesson [10](10_gradients_from_values.ipynb) said why: a value says little
# about so many directions.)
#
# And gradient descent never got stuck, although the problem is not convex. There are points where the gradient is zero and the error is not the
# lowest, but each of them is a **saddle**: somewhere it goes down (Baldi and Hornik 1989). We build one by skipping the heaviest piece.

# %% id="saddle"
U, s, Vt = np.linalg.svd(SMALL, full_matrices=False)
skipped = np.arange(1, RANK + 1)  # pieces 2 to 6 in place of 1 to 5
saddle = np.concatenate([(U[:, skipped] * s[skipped]).ravel(), Vt[skipped].ravel()])
print("all slopes zero to 1e-12:       ", bool(np.abs(slopes(saddle)).max() < 1e-12))
print(f"squares left {three(left_over(saddle))}, the lowest is {three(floor)}")
W, H = (part.copy() for part in factors(saddle))
W[:, -1], H[-1] = W[:, -1] + 0.1 * U[:, 0], H[-1] + 0.1 * Vt[0]
print(
    "it goes down toward the piece:  ",
    left_over(np.concatenate([W.ravel(), H.ravel()])) < left_over(saddle),
)

# %% [markdown] id="power-text"
# ## 4 How it is computed: multiply, again and again
#
# How does one find the first singular vector? Take a random $v$ (it must have some part along $v_1$) and multiply by $A^\top A$. In the directions of the singular vectors this stretches by
# $s_1^2, s_2^2, \dots$, so the first direction gains on all others. Normalize, and repeat. This is **power iteration**:
#
# $$v \leftarrow \frac{A^\top (A v)}{\lVert A^\top (A v) \rVert}, \qquad \text{at the end} \quad s_1 = \lVert A v \rVert, \quad u = A v / s_1 .$$
#
# The tangent of the angle between $v$ and $v_1$ shrinks by $(s_2 / s_1)^2$ in each step, in the long run. Three matrices: the photograph, the same
# without its mean, and noise.


# %% id="power"
def power_step(A, v):
    v = A.T @ (A @ v)
    return v / np.linalg.norm(v)


noise = np.random.default_rng(1).standard_normal(photo.shape)
cases = {
    "photograph": (photo, BLUE, "o"),
    "without its mean": (photo - photo.mean(), GREEN, "^"),
    "noise": (noise, VERMILION, "s"),
}
figure, axes = panels()
said = []
for name, (A, color, marker) in cases.items():
    _, s, Vt = np.linalg.svd(A, full_matrices=False)
    v, tangents = np.random.default_rng(2).standard_normal(A.shape[1]), []
    for _ in range(25):
        v = power_step(A, v)
        along = Vt @ v
        tangents.append(np.linalg.norm(along[1:]) / abs(along[0]))
    kept = np.array(tangents) > 1e-11
    steps = np.arange(1, 26)
    measured = np.array(tangents)[kept]
    axes.semilogy(steps[kept], measured, marker, color=color, label=name)
    ratio = (s[1] / s[0]) ** 2
    last = np.flatnonzero(kept)[-1]
    axes.semilogy(
        steps, tangents[last] * ratio ** (steps - steps[last]), ":", color=color, marker=""
    )
    said.append(f"{name} {three(tangents[last] / tangents[last - 1])} (formula {three(ratio)})")
axes.set(
    xlabel="step", ylabel="tangent of the angle to v₁", ylim=(1e-13, 1e3), xticks=range(0, 26, 5)
)
axes.set_title("Power iteration; dotted: the formula")
axes.legend(loc="lower right")
show(figure, "Factor of a step in the end: " + ", ".join(said) + ".")

# %% [markdown] id="power-after"
# The mean brightness makes the first value stand out, so the photograph itself is done in ten steps. In noise the first two values are nearly
# equal, and the direction creeps. (Its *value* is soon good: if $s_1$ and $s_2$ are close, either will do for a copy.)
#
# **Is this gradient-free?** It computes no error and follows no slope of one. But it asks for *products with the matrix*, which is much more than
# values: $A^\top A v$ is exactly the gradient of $\frac12 \lVert A v \rVert^2$. Power iteration climbs that function on the sphere with a rate so
# large that only the direction of the gradient is left.

# %% id="power-gradient" tags=["A18"]
A, v = cases["without its mean"][0], np.random.default_rng(3).standard_normal(photo.shape[1])
h = 1e-3
up, down = v + h * np.eye(v.size), v - h * np.eye(v.size)
numeric = (np.sum((up @ A.T) ** 2, axis=1) - np.sum((down @ A.T) ** 2, axis=1)) / 4 / h
print(
    "A'A v is the gradient of half |A v| squared:", np.allclose(numeric, A.T @ (A @ v), rtol=1e-4)
)
for _ in range(60):
    v = power_step(A, v)
sigma, u, package_v = svd.power_iteration(A, 60, rng=0)
print("package and own agree on s_1:               ", np.allclose(np.linalg.norm(A @ v), sigma))
print("and on the direction, up to its sign:       ", np.allclose(abs(v @ package_v), 1))

# %% [markdown] id="subspace-text"
# ### Many at once
#
# For $k$ vectors, multiply $k$ directions together, and replace the normalization by an orthonormal basis (QR), or all would turn into the first.
# That is **subspace iteration**. Two improvements cost little. *Start with a few more directions* than wanted, say ten, at random: then the factor
# is set by $s_{k+11}$ in place of $s_{k+1}$ (Halko, Martinsson and Tropp 2011). And *keep all the blocks* seen on the way, not only the last, as a
# basis: a **block Krylov** method (Musco and Musco 2015). It pays in memory for the blocks.


# %% id="subspace"
def cut_to(A, V, k):
    """Squares left by the best copy of rank k whose rows lie in the span of V (n, any)."""
    s = np.linalg.svd(A @ np.linalg.qr(V)[0], compute_uv=False)[:k]
    return np.sum(A**2) - np.sum(s**2)


def subspace(A, k, extra, steps, rng, keep=False):
    """Squares left after each step; a step is one product with A and one with A'."""
    V, blocks, left = rng.standard_normal((A.shape[1], k + extra)), [], []
    for _ in range(steps):
        V = np.linalg.qr(A.T @ (A @ V))[0]
        blocks.append(V)
        left.append(cut_to(A, np.hstack(blocks) if keep else V, k))
    return left


A, k = cases["without its mean"][0], 10
own = subspace(A, k, 0, 8, np.random.default_rng(0))[-1]
_, s, _ = svd.subspace_iteration(A, k, 8, rng=0)
print("package and own leave the same squares:", np.allclose(own, np.sum(A**2) - np.sum(s**2)))

# %% [markdown] id="subspace-figure-text"
# What do the two improvements bring? Without any, with ten more directions, and with all the blocks, too:

# %% id="subspace-figure"
lowest = np.sum(np.linalg.svd(A)[1][k:] ** 2)
ways = {
    "10 directions": ((0, 8), ORANGE, "^"),
    "20 directions": ((10, 8), GREEN, "s"),
    "20, all blocks kept": ((10, 8), BLUE, "o"),
}
figure, axes = panels()
excess = {}
for name, ((extra, steps), color, marker) in ways.items():
    keep = "kept" in name
    runs = [subspace(A, k, extra, steps, np.random.default_rng(seed), keep) for seed in range(10)]
    above = (np.array(runs) / lowest - 1).clip(1e-14)
    excess[name] = np.median(above, axis=0)
    axes.semilogy(range(1, steps + 1), excess[name], color=color, marker=marker, label=name)
    axes.fill_between(
        range(1, steps + 1), above.min(axis=0), above.max(axis=0), color=color, alpha=0.2
    )
axes.set(
    xlabel="steps (each two products with the matrix)", ylabel="error above the lowest (share)"
)
axes.set_title("The 10 largest of the photograph; median and range of ten seeds")
axes.legend(loc="lower left")
listed = ", ".join(f"{name} {100 * each[1]:.2g} %" for name, each in excess.items())
show(figure, f"Error above the lowest after two steps: {listed}.")

# %% [markdown] id="package-text"
# The package's `randomized_svd` has both. It never needs the entries of the matrix, only products. So a sparse matrix stays sparse. What is gained in
# time depends on the machine, the size and $k$: a full SVD computes all singular values, here 427.

# %% id="package"
U, s, Vt = svd.randomized_svd(china, 20, rng=0)
exact = np.linalg.svd(china)[1]
error = np.sum((china - (U * s) @ Vt) ** 2) / np.sum(exact[20:] ** 2)
print("shapes:", U.shape, s.shape, Vt.shape)
print("error within 0.1 % of the lowest possible:", bool(error < 1.001))
model = svd.TruncatedSVD(20, random_state=0).fit(china)
print(
    "the transformer gives the same rows:      ", np.allclose(np.abs(model.components_), np.abs(Vt))
)

# %% id="package-time" tags=["machine"]
spent = {"np.linalg.svd": [], "randomized_svd, k = 20": []}
for _ in range(5):
    for name in spent:
        begun = time.perf_counter()
        if name == "np.linalg.svd":
            np.linalg.svd(china, full_matrices=False)
        else:
            svd.randomized_svd(china, 20, rng=0)
        spent[name].append(1000 * (time.perf_counter() - begun))
for name, tries in spent.items():
    print(f"{name:23}: {three(np.median(tries))} ms (median of 5)")

# %% [markdown] id="rank-text"
# ## 5 How large must k be, and what is saved?
#
# The **energy** of a matrix is the sum of its squared entries, which is the sum of the squared singular values. A common rule takes the smallest
# $k$ that keeps, say, 90 % of it.


# %% id="rank" tags=["F15"]
for name, A in (("the photograph", photo), ("without its mean", photo - photo.mean())):
    kept = np.cumsum(np.linalg.svd(A)[1] ** 2) / np.sum(A**2)
    text = ", ".join(
        f"{100 * share:g} %: k = {np.flatnonzero(kept >= share)[0] + 1}"
        for share in (0.9, 0.99, 0.999)
    )
    print(f"{name:17} {text}")

# %% [markdown] id="rank-after"
# Careful: 90 % of the energy of a photograph is one single piece, a gray blur. Most of the energy is the mean brightness. Energy says what is left
# *in squares*, not whether a picture can be recognized. So say what you mean: for pictures with brightness from 0 to 1 one uses the **peak
# signal-to-noise ratio**, $\mathrm{PSNR} = 10 \log_{10} (1 / \text{mean squared error})$ in decibels: 20 dB is a deviation of 0.1, 30 dB one of
# 0.03.
#
# ### What is saved
#
# Fold the singular values into one factor. Two factors hold $k m + k n$ numbers, so memory is saved if and only if
#
# $$k\,(m + n) < m\,n \quad\Longleftrightarrow\quad k < \frac{m n}{m + n} .$$


# %% id="saves" tags=["C05", "P10"]
print("shape           limit for k")
for m, n in ((3, 3), (142, 213), (427, 640), (1000, 1000), (100_000, 50)):
    print(f"{m:7,} x {n:5,} {three(m * n / (m + n)):>11}")
for k in (1, 2):
    print(f"the documents' 3 x 3 matrix, 9 numbers; two factors of rank {k}: {k * (3 + 3)}")

# %% [markdown] id="rank-explorer-text"
# ### Explore: rank, error and storage
#
# Six pictures of $142 \times 213$ pixels, and their best copies of rank $k$. Right: the quality against the numbers stored; beyond the dashed line
# the "compressed" copy is larger than the picture. **Goal:** the temple at 27 dB or more with at most 30 % of the numbers. Then try the others.
# Which two are copied without loss by three pieces or fewer? How many does a plain disk need? And what is the noise like where it stops saving?

# %% id="rank-pictures"
rows, columns = np.mgrid[:142, :213]
PICTURES = {
    "temple": photo,
    "flower": shrunk(load_sample_image("flower.jpg").mean(axis=2) / 255, 3),
    "upright stripes": (columns // 12 % 2).astype(float),
    "slanted waves": 0.5 + 0.5 * np.sin((rows + columns) / 8),
    "disk": ((rows - 70) ** 2 + (columns - 106) ** 2 < 50**2).astype(float),
    "noise": np.random.default_rng(4).uniform(size=(142, 213)),
}
SPECTRA = {name: np.linalg.svd(picture, full_matrices=False) for name, picture in PICTURES.items()}
SHARES = np.arange(1, 143) * (142 + 213) / (142 * 213)


def quality(name):
    """PSNR of the copies of rank 1 to 142 in dB, at most 60."""
    squares_left = np.sum(SPECTRA[name][1] ** 2) - np.cumsum(SPECTRA[name][1] ** 2)
    return 10 * np.log10(142 * 213 / np.maximum(squares_left, 142 * 213 * 1e-6))


def low_rank(name, k):
    U, s, Vt = SPECTRA[name]
    found, share = quality(name), SHARES[k - 1]
    data = {
        "copy": ((U[:, :k] * s[:k]) @ Vt[:k]).clip(0, 1),
        "curve": (100 * SHARES, found),
        "here": ([100 * share], [found[k - 1]]),
    }
    psnr = f"{found[k - 1]:.1f} dB" if found[k - 1] < 60 else "60 dB or more"
    sentence = f"{name}, rank {k}: {100 * share:.1f} % of the numbers, PSNR {psnr}"
    sentence += "; nothing is saved." if share >= 1 else "."
    return data, sentence, bool(name == "temple" and found[k - 1] >= 27 and share <= 0.3)


# %% id="rank-explorer"
figure, (original, copy, curve) = panels(1, 3, width=9, height=2.7)
shown = image(original, photo.shape)
original.set_title("original")
copy.set_title("copy of rank k")
curve.axvline(100, color=BLACK, linestyle="--", linewidth=1)
curve.set(xlim=(0, 170), ylim=(0, 62), xlabel="numbers stored (%)", ylabel="PSNR (dB)")
moving = {
    "copy": image(copy, photo.shape),
    "curve": line(curve, color=BLUE, marker=""),
    "here": dots(curve, color=VERMILION, marker="D", markersize=9),
}
ranks = Explorer(
    low_rank,
    figure,
    moving,
    {
        "name": choice("picture", list(PICTURES)),
        "k": slider("rank k", 1, 142, 5, step=1, ticks={85: "nothing saved"}),
    },
    title="Rank, error and storage",
    goal="the temple at 27 dB or more with at most 30 % of the numbers",
    play="k",
    backdrop=lambda figure, name: shown.set_data(PICTURES[name]),
)
ranks

# %% id="rank-goal"
for name, k in (
    ("temple", 15),
    ("temple", 25),
    ("upright stripes", 1),
    ("slanted waves", 3),
    ("disk", 29),
    ("noise", 86),
):
    shown_here = ranks.at(name=name, k=k)
    print(shown_here.sentence, "Goal reached:", shown_here.reached)

# %% [markdown] id="rank-goal-after"
# Low rank is not the same as simple. Stripes parallel to an edge have rank 1, slanted waves rank 3. A disk can be said in three numbers and has
# rank 29: edges that are neither upright nor level cost rank. And noise has no structure to save: at the rank where the copy is as large as the
# picture, it is still not the picture.
#
# Is this how photographs are stored? No. JPEG works on small blocks, rounds, and packs bits. The same photograph, $427 \times 640$, the factors as
# 16-bit numbers:

# %% id="jpeg" tags=["machine"]
whole = np.linalg.svd(china, full_matrices=False)
for k in (10, 20, 50):
    U, s, Vt = (
        part.astype(np.float16) for part in (whole[0][:, :k] * whole[1][:k], whole[1], whole[2][:k])
    )
    size, error = U.nbytes + Vt.nbytes, np.mean((china - U.astype(float) @ Vt.astype(float)) ** 2)
    for grade in range(95, 0, -1):
        buffer = io.BytesIO()
        Image.fromarray((255 * china).round().astype(np.uint8)).save(buffer, "JPEG", quality=grade)
        if buffer.tell() <= size:
            break
    restored = np.asarray(Image.open(buffer)) / 255
    other = -10 * np.log10(np.mean((china - restored) ** 2))
    print(
        f"{size / 1000:5.1f} kB: rank {k:2} {-10 * np.log10(error):.1f} dB, JPEG in {buffer.tell() / 1000:.1f} kB {other:.1f} dB"
    )

# %% [markdown] id="nmf-text"
# ## 6 Parts that only add up
#
# The pieces of an SVD have both signs. A digit is then a heavy blot, minus this, plus that, and the pieces cannot be read. For data that are
# amounts (ink, counts, spectra) one can ask for factors *without negative entries*: **nonnegative matrix factorization**, NMF (Paatero and Tapper
# 1994, Lee and Seung 1999).
#
# $$\min_{W \ge 0,\; H \ge 0} \lVert X - W H \rVert^2$$
#
# Now there is no formula. The problem is NP-hard in general (Vavasis 2009): nobody knows a fast way that always finds the lowest point, and hardly
# anybody expects one. So one uses rules that go down from a start. The best known *multiplies* each entry by a fraction (Lee and Seung 2001):
#
# $$W \leftarrow W \odot \frac{X H^\top}{W H H^\top}, \qquad \text{then} \qquad H \leftarrow H \odot \frac{W^\top X}{W^\top W H}$$
#
# $\odot$ and the fraction work entry by entry. Where the fraction is 1, the slope of the error is zero. Nothing can become negative. Where a part
# is not used, the fraction is 0 / 0, and we set the entry to 0. We take the 1,797 digits of $8 \times 8$ pixels and 16 parts.


# %% id="nmf" tags=["A19"]
def better_H(X, W, H):
    return H * (W.T @ X) / np.maximum((W.T @ W) @ H, 1e-300)


def multiply(X, W, H):
    """One update of both; that of W is that of H for the transposed problem."""
    W = better_H(X.T, H.T, W.T).T
    return W, better_H(X, W, H)


DIGITS = load_digits().data / 16
NORM = np.linalg.norm(DIGITS)


def positive_start(k, seed):
    rng, scale = np.random.default_rng(seed), np.sqrt(DIGITS.mean() / k)
    return scale * rng.uniform(0.1, 1, (len(DIGITS), k)), scale * rng.uniform(0.1, 1, (k, 64))


W, H = positive_start(16, 0)
errors = []
for _ in range(100):
    W, H = multiply(DIGITS, W, H)
    errors.append(np.linalg.norm(DIGITS - W @ H) / NORM)
print("never negative:               ", bool(min(W.min(), H.min()) >= 0))
print("the error never rises:        ", bool(np.all(np.diff(errors) <= 0)))
print(
    f"relative error after 1, 10, 100 steps: {', '.join(three(errors[t - 1]) for t in (1, 10, 100))}"
)
own, package = multiply(DIGITS, W, H), nmf.nmf_step(DIGITS, W, H)
print("package and own agree:        ", all(map(np.allclose, own, package)))

# %% [markdown] id="nmf-why"
# *Why does the error never rise?* Look at one column $h$ of $H$. The error is a quadratic in $h$. The rule minimizes another quadratic, which
# touches the first one at the present $h$, is never below it, and has its lowest point where the formula says. Going to the lowest point of an
# upper bound cannot raise the error: **majorize, then minimize**.
#
# The multiplication is also a gradient step in disguise, with a rate of its own for each entry. And it has a trap: zero times anything is zero.

# %% id="nmf-gradient" tags=["A18", "A19"]
W, H = positive_start(16, 1)
new_W, new_H = multiply(DIGITS, W, H)
downhill = new_W.T @ DIGITS - new_W.T @ new_W @ H
rate = H / (new_W.T @ new_W @ H)
print("H + rate * (minus half the slope) is the new H:", np.allclose(new_H, H + rate * downhill))

H[:, 27] = 0
for _ in range(100):
    W, H = multiply(DIGITS, W, H)
LOCKED = W, H
print("a pixel set to zero in all parts is zero in all copies, 100 steps later:", end=" ")
print(bool(np.all((W @ H)[:, 27] == 0)))

# %% [markdown] id="hals-text"
# Another way is used today: one part at a time. With all other parts fixed, the best column $W_j$ is a small formula (the unconstrained minimum,
# cut at zero, is exact here), then the next column, then the rows of $H$. This is **HALS**, hierarchical alternating least squares (Cichocki and
# Phan 2009; Gillis and Glineur 2012):
#
# $$W_j \leftarrow \max\!\Big(0,\; W_j + \frac{(X H^\top)_j - W (H H^\top)_j}{(H H^\top)_{jj}}\Big)$$
#
# Both rules multiply by $X$ twice per step. From the same ten starts:


# %% id="hals" tags=["A19"]
def hals_step(X, W, H):
    """One sweep over the columns of W, then over the rows of H."""
    W, H = W.copy(), H.copy()
    P, G = X @ H.T, H @ H.T
    for j in range(len(H)):
        W[:, j] = np.maximum(W[:, j] + (P[:, j] - W @ G[:, j]) / max(G[j, j], 1e-300), 0)
    P, G = W.T @ X, W.T @ W
    for j in range(len(H)):
        H[j] = np.maximum(H[j] + (P[j] - G[j] @ H) / max(G[j, j], 1e-300), 0)
    return W, H


def run_nmf(step, k, seed, steps=60):
    """Relative errors after each step, and the factors."""
    W, H = positive_start(k, seed)
    errors = []
    for _ in range(steps):
        W, H = step(DIGITS, W, H)
        errors.append(np.linalg.norm(DIGITS - W @ H) / NORM)
    return errors, W, H


# %% id="hals-figure" tags=["A19"]
digit_values = np.linalg.svd(DIGITS)[1]
bound = np.sqrt(np.sum(digit_values[16:] ** 2)) / NORM
figure, axes = panels()
parts = {}
for name, step, color, marker in (
    ("multiplicative", multiply, ORANGE, "s"),
    ("HALS", hals_step, BLUE, "o"),
):
    runs = [run_nmf(step, 16, seed) for seed in range(10)]
    parts[name] = runs
    low, middle, high = np.quantile([errors for errors, *_ in runs], (0, 0.5, 1), axis=0)
    axes.semilogy(range(1, 61), middle, color=color, marker=marker, markevery=5, label=name)
    axes.fill_between(range(1, 61), low, high, color=color, alpha=0.2)
axes.axhline(bound, color=BLACK, linestyle="--", label="SVD, the same k")
axes.set(
    xlabel="steps",
    ylabel="relative error",
    title="16 parts of the digits; median and range of ten starts",
)
axes.set_yticks([0.2, 0.3, 0.4, 0.6, 0.8], ["0.2", "0.3", "0.4", "0.6", "0.8"])
axes.minorticks_off()
axes.legend()
ends = {name: np.median([errors[-1] for errors, *_ in runs]) for name, runs in parts.items()}
listed = ", ".join(f"{name} {three(end)}" for name, end in ends.items())
show(figure, f"Relative error after 60 steps: {listed}; SVD {three(bound)}.")

# %% [markdown] id="hals-after"
# A HALS step loops over the parts, so in NumPy it takes longer. Does it pay? Both, until the error is below 0.30, from the same start:

# %% id="hals-time" tags=["machine"]
for name, step in (("multiplicative", multiply), ("HALS", hals_step)):
    begun = time.perf_counter()
    errors, *_ = run_nmf(step, 16, seed=0)
    spent = 1000 * (time.perf_counter() - begun) / 60
    first = next(t + 1 for t, error in enumerate(errors) if error < 0.30)
    print(f"{name:14} {first:2} steps of {spent:.2f} ms: {first * spent:.0f} ms")

# %% [markdown] id="unique-text"
# ### The price, and what is not determined
#
# With the same $k$ NMF can never be closer than the SVD: its product is one of the matrices of rank $k$. It pays for the sign. And the parts are
# *not unique*. Another start may end in another valley with nearly the same error; and even one product can have several pairs of factors.

# %% id="unique" tags=["A19"]
W, H = hals_step(DIGITS, *LOCKED)
print("HALS frees the locked pixel in one step:", bool(H[:, 27].max() > 0))
ends = [nmf.nmf(DIGITS, *positive_start(8, seed), max_iter=5000, tol=1e-8) for seed in range(10)]
finals = [errors[-1] for *_, errors in ends]
apart = 100 * (max(finals) / min(finals) - 1)
print(f"8 parts, ten starts, run to the end: errors differ by {apart:.1f} %")
unit = [H / np.linalg.norm(H, axis=1, keepdims=True) for _, H, _ in ends]
shared = [np.sum((unit[i] @ unit[j].T).max(axis=1) > 0.9) for i in range(10) for j in range(i)]
print(
    f"parts with a partner in another start (cosine above 0.9): {np.median(shared):.0f} of 8 "
    f"(median of 45 pairs; {min(shared)} to {max(shared)})"
)

W, H, T = (
    np.array([[1, 0.5], [0.5, 1]]),
    np.array([[2.0, 1, 0], [0, 1, 2]]),
    np.array([[1, 0.2], [0.2, 1]]),
)
W2, H2 = W @ np.linalg.inv(T), T @ H
print(
    "another pair, nothing negative, the same product:",
    np.allclose(W @ H, W2 @ H2) and W2.min() >= 0,
)

print("\nrelative error    SVD    NMF")
for k in (4, 8, 16, 32):
    model = nmf.NMF(k, max_iter=300, tol=1e-4, random_state=0).fit(DIGITS)
    lowest = np.sqrt(np.sum(digit_values[k:] ** 2)) / NORM
    print(f"k = {k:2}           {lowest:.3f}  {model.reconstruction_err_ / NORM:.3f}")

# %% [markdown] id="parts-explorer-text"
# ### Explore: what is a digit made of?
#
# Left, the parts (for the SVD gray is zero, black and white are the two signs). Right, one digit and its copy. **Goal:** NMF with a relative error
# of at most 0.25 over all digits, and at most 30 % of the numbers. Then look at the *pictures*: at which $k$ are parts whole digits, at which are
# they strokes, at which single dots? What does the SVD show in place of strokes?

# %% id="parts-of"


@lru_cache(maxsize=128)
def factorized(method, k):
    """The parts (k, 64) and the copies (1797, 64)."""
    if method == "SVD":
        U, s, Vt = svd.randomized_svd(DIGITS, k, rng=0)
        return Vt, (U * s) @ Vt
    model = nmf.NMF(k, max_iter=60, tol=0, random_state=0).fit(DIGITS)
    return model.components_, model.transform(DIGITS) @ model.components_


def tiles(parts, signed):
    """Up to 40 parts of 8 x 8 pixels in 5 rows of 8, with seams."""
    sheet = np.full((5 * 9 + 1, 8 * 9 + 1), 0.85)
    for j, part in enumerate(parts):
        scaled = part / max(np.abs(part).max(), 1e-12)
        top, left = 9 * (j // 8) + 1, 9 * (j % 8) + 1
        tile = (0.5 - 0.5 * scaled if signed else 1 - scaled).reshape(8, 8)
        sheet[top : top + 8, left : left + 8] = tile
    return sheet


def take_apart(method, k, digit):
    parts, copies = factorized(method, k)
    error = np.linalg.norm(DIGITS - copies) / NORM
    share = k * sum(DIGITS.shape) / DIGITS.size
    data = {
        "parts": tiles(parts, signed=method == "SVD"),
        "digit": 1 - DIGITS[digit].reshape(8, 8),
        "copy": (1 - copies[digit].reshape(8, 8)).clip(0, 1),
    }
    ink = np.cumsum(-np.sort(-np.abs(parts), axis=1), axis=1)
    wide = np.median(1 + np.sum(ink < 0.8 * ink[:, -1:], axis=1))
    sentence = (
        f"{method}, {k} parts: {100 * share:.1f} % of the numbers, relative error {error:.3f}; "
    )
    sentence += f"80 % of a part in {wide:.0f} of 64 pixels."
    return data, sentence, bool(method == "NMF" and error <= 0.25 and share <= 0.3)


# %% id="parts-explorer"
figure, (sheet, digit, copy) = panels(1, 3, width=8.6, height=3.2, width_ratios=(2.2, 1, 1))
moving = {
    "parts": image(sheet, (46, 73)),
    "digit": image(digit, (8, 8)),
    "copy": image(copy, (8, 8)),
}
for axes, title in ((sheet, "parts"), (digit, "digit"), (copy, "its copy")):
    axes.set_title(title)
strokes = Explorer(
    take_apart,
    figure,
    moving,
    {
        "method": choice("method", ["NMF", "SVD"]),
        "k": slider("number of parts", 1, 40, 8, step=1, ticks={30: "half of the numbers"}),
        "digit": slider("digit", 0, 99, 23, step=1),
    },
    title="Parts of digits",
    goal="NMF, relative error at most 0.25, at most 30 % of the numbers",
    play="k",
)
strokes

# %% id="parts-goal"
for method, k in (("NMF", 3), ("NMF", 18), ("NMF", 40), ("SVD", 18)):
    shown_here = strokes.at(method=method, k=k)
    print(shown_here.sentence, "Goal reached:", shown_here.reached)

# %% [markdown] id="parts-goal-after"
# Three parts look like whole digits, eight like long strokes, 18 like short ones, and with 40 most are single dots. The first part of the SVD is
# nearly the mean digit, the others are waves with both signs, which make sense only together. Its copies are closer all the same.

# %% [markdown] id="ratings-text"
# ## 7 Ratings with gaps
#
# 671 people have rated movies with half a star to five stars: 100,004 ratings (MovieLens, Harper and Konstan 2015; for research, not for commerce).
# As a matrix of people times movies it is nearly *empty*. That changes everything: the SVD needs all entries, and Eckart and Young say nothing
# about a sum over some of them. We look for a model that predicts the ratings which are not there.


# %% id="ratings" tags=["machine"]
def drawn_ratings(rng, users=600, movies=1500, count=60_000):
    """Ratings drawn from biases and three factors, for those who lack the data; no real people."""
    weights = 1 / np.arange(1, movies + 1) ** 0.8
    u, i = rng.integers(0, users, count), rng.choice(movies, count, p=weights / weights.sum())
    u, i = np.unique(np.stack([u, i]), axis=1)
    P, Q = 0.5 * rng.standard_normal((users, 3)), 0.5 * rng.standard_normal((movies, 3))
    bias = 0.45 * rng.standard_normal(users)[u] + 0.45 * rng.standard_normal(movies)[i]
    found = 3.5 + bias + np.sum(P[u] * Q[i], axis=1) + 0.8 * rng.standard_normal(u.size)
    return u, np.unique(i, return_inverse=True)[1], (np.round(2 * found) / 2).clip(0.5, 5)


try:
    movielens = data.movie_ratings()
except data.MissingDataError as missing:
    print(missing, "- drawn ratings stand in")
    users, movies, stars = drawn_ratings(np.random.default_rng(0))
else:
    users, movies, stars = movielens.users, movielens.movies, movielens.ratings
n_users, n_movies = users.max() + 1, movies.max() + 1
filled = len(stars) / n_users / n_movies
print(
    f"{len(stars):,} ratings, {n_users} people, {n_movies:,} movies: {100 * filled:.1f} % of the table"
)
often = np.bincount(movies)
print(
    f"movies with one rating: {100 * np.mean(often == 1):.0f} %, with 100 or more: {100 * np.mean(often >= 100):.1f} %"
)
print(f"mean {stars.mean():.2f} stars, deviation {stars.std():.2f}")

# %% [markdown] id="zeros-text"
# ### A different and worse problem: fill the gaps with zeros
#
# It is tempting: write 0 where there is no rating, and take the SVD. But 0 is *below the lowest* rating. The model learns who has rated what, and
# predicts numbers near zero. (Section 8 has a use for that.) 20 % of the ratings are held out; the error is the root mean squared error (RMSE) on
# those.


# %% id="zeros" tags=["F15", "machine"]
def split(seed):
    """Indices of the training and of the held-out ratings (20 %)."""
    order = np.random.default_rng(seed).permutation(len(stars))
    return order[len(stars) // 5 :], order[: len(stars) // 5]


def rmse(predicted, rows):
    return np.sqrt(np.mean((predicted - stars[rows]) ** 2))


def filled_svd(values, train, k):
    """Two factors of the table with these values at the ratings of `train` and 0 elsewhere."""
    table = csr_matrix((values, (users[train], movies[train])), shape=(n_users, n_movies))
    U, s, Vt = svd.randomized_svd(table, k, rng=0)
    return U * s, Vt


def entries(left, right, rows):
    return np.sum(left[users[rows]] * right.T[movies[rows]], axis=1)


train, test = split(0)
zero_errors = {
    k: rmse(entries(*filled_svd(stars[train], train, k), test), test) for k in (2, 10, 50)
}
mean_error = rmse(stars[train].mean(), test)
print("SVD with zeros:", ", ".join(f"k = {k} RMSE {error:.2f}" for k, error in zero_errors.items()))
print(f"the mean of all ratings, one number: RMSE {mean_error:.2f}")

# %% id="zeros-check"
print(
    "zeros: at least twice the error of a single number:",
    min(zero_errors.values()) > 2 * mean_error,
)

# %% [markdown] id="bias-text"
# ### First the biases
#
# Some people are kind, some movies are good. So predict $\hat r_{ui} = \mu + b_u + b_i$: the mean, a **bias** of the person, a bias of the movie.
# Over the observed ratings,
#
# $$\min_b \sum_{(u,i) \text{ observed}} (r_{ui} - \mu - b_u - b_i)^2 + \lambda \Big(\sum_u b_u^2 + \sum_i b_i^2\Big) .$$
#
# With the movies' biases fixed, a person's is a sum divided by a count plus $\lambda$. So a movie with one rating stays near 0: *damped*.


# %% id="bias" tags=["machine"]
def damped_biases(u, i, r, lam=5.0, sweeps=10):
    """Biases of the people and of the movies for ratings r, mean taken off."""
    b_u, b_i = np.zeros(n_users), np.zeros(n_movies)
    for _ in range(sweeps):
        b_u = np.bincount(u, r - b_i[i], n_users) / (np.bincount(u, minlength=n_users) + lam)
        b_i = np.bincount(i, r - b_u[u], n_movies) / (np.bincount(i, minlength=n_movies) + lam)
    return b_u, b_i


mean = stars[train].mean()
b_u, b_i = damped_biases(users[train], movies[train], stars[train] - mean)
by_biases = mean + b_u[users] + b_i[movies]
package = RatingsModel(0, bias_regularization=5.0, max_epochs=10, validation_fraction=0)
package.fit(users[train], movies[train], stars[train])
same = np.allclose(package.predict(users[test], movies[test]), by_biases[test].clip(0.5, 5))
print("package and own agree:", same)
print(f"held-out RMSE: mean {mean_error:.3f}, biases {rmse(by_biases[test], test):.3f}")

# %% [markdown] id="als-text"
# ### Then the factors
#
# What is left is taste: a kind viewer and a good movie may still not fit. Give every person a short vector $p_u$, every movie a vector $q_i$, and
# add their product (Koren, Bell and Volinsky 2009):
#
# $$\min_{b, p, q} \sum_{(u,i) \text{ observed}} (r_{ui} - \mu - b_u - b_i - p_u^\top q_i)^2 + \lambda \Big(\sum_u \lVert p_u \rVert^2 + \sum_i \lVert q_i \rVert^2\Big) + \dots$$
#
# Not convex in all unknowns together, but with all $q_i$ fixed each person is a small problem of least squares with a penalty, over the movies that
# this person rated. It is solved exactly (*ridge regression*; lesson [14](14_smaller_and_sturdier_models.ipynb) has more of it):
#
# $$p_u = (Q_u^\top Q_u + \lambda I)^{-1} Q_u^\top r_u$$
#
# Then all movies with the people fixed, then the people again: **alternating least squares**, ALS. No rate, and the objective never rises. A bias
# is one more factor whose partner is fixed at 1.


# %% id="als" tags=["P04", "A18"]
def ridge(Z, r, lam):
    """The p (k,) that minimizes |r - Z p|^2 + lam |p|^2; one row of Z for each rating there is."""
    return np.linalg.solve(Z.T @ Z + lam * np.eye(Z.shape[1]), Z.T @ r)


print("one movie seen, rated 4:           ", ridge(np.array([[2.0]]), np.array([4.0]), 1.0))
filled = ridge(np.array([[2.0], [1.0]]), np.array([4.0, 0.0]), 1.0)
print("the unseen one taken for a 0 as well:", filled.round(2))

options = {"regularization": 10.0, "bias_regularization": 10.0, "validation_fraction": 0}
model = RatingsModel(5, max_epochs=3, random_state=0, **options)
model.fit(users[train], movies[train], stars[train])
movie = model.items_[np.bincount(np.searchsorted(model.items_, movies[train])).argmax()]
rated = train[movies[train] == movie]
raters = np.searchsorted(model.users_, users[rated])
people = np.column_stack([model.user_factors_[raters], np.ones(len(raters))])
targets = stars[rated] - model.mean_ - model.user_bias_[raters]
own = ridge(people, targets, 10.0)
place = np.searchsorted(model.items_, movie)
theirs = np.append(model.item_factors_[place], model.item_bias_[place])
print("the package's last half step, for one movie, agrees:", np.allclose(own, theirs, atol=1e-6))

# %% [markdown] id="sgd-text"
# The other way takes one rating at a time, in random order, and makes a step of stochastic gradient descent (lesson [03](03_stochastic_gradients.ipynb)). Without the biases, the
# error is $e = r - p^\top q$, and
#
# $$p \leftarrow p + \mathrm{lr}\,(e\, q - \lambda\, p), \qquad q \leftarrow q + \mathrm{lr}\,(e\, p - \lambda\, q),$$
#
# with the *old* $p$ in both. This is a gradient, and we can check it with values.


# %% id="sgd" tags=["A18", "P04"]
def penalized(both, r=4.0, lam=0.1):
    p, q = both[:3], both[3:]
    return (r - p @ q) ** 2 / 2 + lam * (both @ both) / 2


both = np.random.default_rng(5).standard_normal(6)
p, q, lam, lr = both[:3], both[3:], 0.1, 0.01
e = 4.0 - p @ q
moved = lr * np.concatenate([e * q - lam * p, e * p - lam * q])
slope = [(penalized(both + h) - penalized(both - h)) / 2e-5 for h in 1e-5 * np.eye(6)]
print(
    "the step is minus lr times the gradient:",
    np.allclose(moved, -0.01 * np.array(slope), atol=1e-8),
)

# %% [markdown] id="taste-text"
# ### Explore: too much taste, too little
#
# $k$ factors for everybody are many numbers for few ratings, so $\lambda$ decides. The curves show the error on movies with few and with many
# training ratings. A part of the *training* ratings is held out for this choice (**validation**); the test ratings stay untouched. **Goal:** a
# validation RMSE at least 0.007 below that of the biases alone. First push $\lambda$ to both ends. Where do factors help at all?

# %% id="taste"
GROUPS = np.array([0, 2, 5, 20, 50, 100, np.inf])
fit_rows, choose_rows = split(100)[0][: -len(stars) // 6], split(100)[0][-len(stars) // 6 :]
GROUP = np.digitize(np.bincount(movies[fit_rows], minlength=n_movies)[movies], GROUPS) - 1


@lru_cache(maxsize=256)
def grouped_errors(k, lam):
    """Validation RMSE in all and in each group of movies, and the training RMSE."""
    model = RatingsModel(
        k,
        regularization=lam,
        bias_regularization=5.0,
        max_epochs=10,
        validation_fraction=0,
        random_state=0,
    ).fit(users[fit_rows], movies[fit_rows], stars[fit_rows])
    errors = model.predict(users, movies) - stars
    each = [np.sqrt(np.mean(errors[choose_rows][GROUP[choose_rows] == g] ** 2)) for g in range(6)]
    return (
        np.sqrt(np.mean(errors[choose_rows] ** 2)),
        np.array(each),
        np.sqrt(np.mean(errors[fit_rows] ** 2)),
    )


def taste(k, lam):
    chosen, each, training = grouped_errors(k, lam)
    plain, *_ = grouped_errors(0, 1.0)
    data = {"groups": (np.arange(6), each), "all": ([-0.4, 5.4], [chosen, chosen])}
    sentence = (
        f"{k} factors, lambda {three(lam)}: training RMSE {training:.3f}, validation {chosen:.3f}"
    )
    sentence += f" (biases alone {plain:.3f})."
    return data, sentence, bool(chosen <= plain - 0.007)


# %% id="taste-explorer" tags=["machine"]
figure, axes = panels(height=3.8)
axes.plot(range(6), grouped_errors(0, 1.0)[1], color=ORANGE, marker="s", label="biases alone")
axes.set_xticks(range(6), ["0 or 1", "2 to 4", "5 to 19", "20 to 49", "50 to 99", "100 or more"])
axes.set(
    xlim=(-0.5, 5.5),
    ylim=(0.8, 1.15),
    xlabel="training ratings of the movie",
    ylabel="validation RMSE",
)
moving = {
    "groups": line(axes, "with factors", color=BLUE, marker="o", markevery=1),
    "all": line(
        axes, "with factors, all movies", color=BLUE, marker="", linestyle="--", linewidth=1
    ),
}
axes.legend(loc="upper right")
tastes = Explorer(
    taste,
    figure,
    moving,
    {
        "k": slider("number of factors", 0, 12, 5, step=1, ticks={0: "biases alone"}),
        "lam": slider("lambda", 2.0, 60.0, 4.0, log=True, step=1.2),
    },
    title="Factors against noise",
    goal="validation RMSE at least 0.007 below the biases alone",
    play="lam",
)
tastes

# %% id="taste-goal" tags=["machine"]
for k, lam in ((10, 4.0), (10, 60.0), (10, 15.0)):
    shown_here = tastes.at(k=k, lam=lam)
    print(shown_here.sentence, "Goal reached:", shown_here.reached)
gains = grouped_errors(0, 1.0)[1] - grouped_errors(10, 15.0)[1]
print(f"of the last: gain with 0 or 1 rating {gains[0]:.3f}, with 100 or more {gains[-1]:.3f}")

# %% [markdown] id="splits-text"
# ### Compared on ratings held out
#
# Ten splits, 20 % held out each time. The settings were chosen as above, on the validation part of another split. (That part is not apart from the
# test parts of these ten; two numbers cannot learn much from it, but a report with more choices would need a stricter split.)


# %% id="splits" tags=["P04"]
def predictions(seed):
    """Errors on the held-out ratings by every way, and the model with factors."""
    train, test = split(seed)
    u, i, r = users[train], movies[train], stars[train]
    mean = r.mean()
    b_u, b_i = damped_biases(u, i, r - mean)
    by_biases = mean + b_u[users] + b_i[movies]
    both = {"max_epochs": 10, "bias_regularization": 5.0, "regularization": 15.0}
    als = RatingsModel(10, validation_fraction=0, random_state=seed, **both).fit(u, i, r)
    more = {"max_epochs": 40, "regularization": 0.1, "solver": "sgd"}
    sgd = RatingsModel(10, validation_fraction=0, random_state=seed, **more).fit(u, i, r)
    filled = entries(*filled_svd(r - by_biases[train], train, 10), test)
    found = {
        "mean": mean,
        "people's biases": mean + damped_biases(u, 0 * i, r - mean)[0][users[test]],
        "movies' biases": mean + damped_biases(0 * u, i, r - mean)[1][movies[test]],
        "both biases": by_biases[test],
        "biases + factors, SGD": sgd.predict(users[test], movies[test]),
        "biases + factors, ALS": als.predict(users[test], movies[test]),
        "biases, gaps filled by them, SVD": by_biases[test] + filled,
    }
    return {name: rmse(each, test) for name, each in found.items()}, als


outcomes = [predictions(seed) for seed in range(10)]
held_out = {name: np.array([errors[name] for errors, _ in outcomes]) for name in outcomes[0][0]}

# %% id="splits-figure" tags=["P04", "machine"]
figure, axes = panels(height=3.4)
for place, (name, errors) in enumerate(held_out.items()):
    color = BLUE if "factors" in name else GREEN if "SVD" in name else ORANGE
    axes.plot(
        [errors.min(), errors.max()], [place, place], color=color, marker="", linewidth=5, alpha=0.4
    )
    axes.plot(np.median(errors), place, color=color, marker="o", markersize=8)
    axes.annotate(f"{np.median(errors):.3f}", (errors.max() + 0.006, place), va="center")
axes.set_yticks(range(len(held_out)), held_out)
axes.invert_yaxis()
axes.set(xlabel="held-out RMSE, stars (median and range of ten splits)", xlim=(0.85, 1.12))
gain = held_out["mean"] - held_out["biases + factors, ALS"]
shares = 100 * (held_out["mean"] - held_out["both biases"]) / gain
factor_gain = held_out["both biases"] - held_out["biases + factors, ALS"]
low, high = factor_gain.min(), factor_gain.max()
show(
    figure,
    f"Of the gain over the mean the biases bring {np.median(shares):.0f} % ({shares.min():.0f} to {shares.max():.0f}, "
    f"ten splits); factors lower the RMSE by another {low:.3f} to {high:.3f}.",
)

# %% id="splits-check"
print(
    "the biases bring more than nine tenths of the gain in all ten splits:", bool(shares.min() > 90)
)
print("factors by ALS still help in all ten splits:", bool(factor_gain.min() > 0))

# %% [markdown] id="splits-after"
# Plainly: **the biases bring nearly all of the gain**, and they are no more than damped means. The factors, which the method is known for, bring
# the rest: about a hundredth of a star. That can be worth it when millions of lists depend on it, and it comes from the movies with many ratings.
# But who reports "RMSE 0.88 by matrix factorization" without the row of the biases oversells.
#
# Two more things to see. SGD is behind ALS here, but the two do not minimize the same: in SGD $\lambda$ is paid at *each rating*, so it is
# multiplied by the count. That is another objective, so the gap says little about the optimizers. And the last row: filled with zeros the table was useless; with the gaps filled by the
# *biases' predictions*, a plain SVD brings about half of what ALS adds. So it is the filling that matters.
#
# What of people and movies that were not there in training, the **cold start**? No factors, no bias of their own. What is known is still used:

# %% id="cold" tags=["machine"]
model = outcomes[0][1]
stranger, unseen = users.max() + 1, movies.max() + 1
at = np.argmax(model.item_bias_)
print(f"mean {model.mean_:.2f}")
cases = (
    (stranger, unseen, "both unknown"),
    (stranger, model.items_[at], "unknown person, best-loved movie"),
)
cases += ((model.users_[0], unseen, "known person, unknown movie"),)
for person, movie, name in cases:
    print(f"{name:34} {model.predict([person], [movie])[0]:.2f}")

# %% id="cold-check"
expected = model.mean_ + model.item_bias_[at], model.mean_ + model.user_bias_[0]
found = model.predict([stranger, model.users_[0]], [model.items_[at], unseen])
print(
    "an unknown person gets mean + the movie's bias, an unknown movie mean + the person's:", end=" "
)
print(np.allclose(found, np.clip(expected, 0.5, 5)))

# %% [markdown] id="ranking-text"
# ## 8 Where a search without gradients does help
#
# A document recommends gradient-free optimization for recommender systems. For fitting biases and factors we have seen better: exact solutions and
# gradients. But nobody looks at an RMSE. People look at a *list*. For each person take a movie that this
# person loved and that was held out, and see on which place it stands among the movies with 20 training ratings or more that the person has not
# rated. If its place is $\rho \le 10$, the list earns $1 / \log_2(1 + \rho)$, else nothing. The mean over people
# is **NDCG at 10** (here with one movie for each). It depends on the *order* only. Its gradient is zero almost everywhere, like that of the count
# of errors in lesson [11](11_evolution_strategies.ipynb).
#
# Four scores for each person and movie: the movie's bias, the product of the factors, the logarithm of how often the movie was rated, and the SVD
# of the table *filled with zeros* ($k = 20$), which knows who picks what. A weighted sum ranks the movies. (The person's bias adds the same to all
# movies: much of the gain in RMSE does nothing for the list.) Ways to choose the weights:
#
# - as the rating model says, (1, 1, 0, 0), or one score alone;
# - by the (1+1)-ES of lesson [07](07_random_search.ipynb) on NDCG itself, 200 values, from (1, 1, 0, 0);
# - by a surrogate with a gradient: **logistic regression** on pairs, the loved movie against a random other one. If its weighted score is ahead by
#   $z$, the pair costs $\ln(1 + e^{-z})$: next to nothing far ahead, more and more behind, and smooth.
#
# Weights are chosen on half of the people and judged on the other half. Ten splits.


# %% id="ranking-scores" tags=["P04"]
def ranking_task(seed):
    """Scores (4, people, movies), what is left out of the list, and the place of the loved movie; for two halves."""
    train, test = split(seed)
    model, rng = outcomes[seed][1], np.random.default_rng(seed)
    rated = np.bincount(movies[train], minlength=n_movies)
    shown = np.flatnonzero(rated >= 20)
    column = np.full(n_movies, -1)
    column[shown] = np.arange(len(shown))
    loved = test[(stars[test] >= 4.5) & (column[movies[test]] >= 0)]
    people, first = np.unique(users[loved], return_index=True)
    hidden = np.zeros((n_users, len(shown)), dtype=bool)
    rows = np.arange(len(stars))[column[movies] >= 0]
    hidden[users[rows], column[movies[rows]]] = True
    at = np.searchsorted(model.items_, shown)
    left, right = filled_svd(stars[train], train, 20)
    alike = np.ones((len(people), 1))
    scores = np.stack(
        [
            alike * model.item_bias_[at],
            model.user_factors_[np.searchsorted(model.users_, people)] @ model.item_factors_[at].T,
            alike * np.log(rated[shown]),
            (left @ right[:, shown])[people],
        ]
    ).astype(np.float32)
    goal = column[movies[loved[first]]]
    halves = np.array_split(rng.permutation(len(people)), 2)
    return [(np.ascontiguousarray(scores[:, h]), hidden[people[h]], goal[h]) for h in halves]


# %% [markdown] id="ranking-ways-text"
# NDCG of a mixture of the scores, and the surrogate:


# %% id="ranking-ways" tags=["P04"]
def ndcg(weights, scores, hidden, goal):
    total = np.tensordot(weights.astype(np.float32), scores, 1)
    own = total[np.arange(len(goal)), goal]
    rank = 1 + np.sum((total > own[:, None]) & ~hidden, axis=1)
    return np.mean(np.where(rank <= 10, 1 / np.log2(1 + rank), 0))


def by_pairs(scores, hidden, goal, rng):
    """Weights by logistic regression: the loved movie minus a random one, 20 for each person."""
    differences = []
    for person, wanted in enumerate(goal):
        others = rng.choice(np.flatnonzero(~hidden[person]), 20)
        differences.append(scores[:, person, wanted, None] - scores[:, person, others])
    D, sign = np.hstack(differences).T, rng.choice([-1, 1], 20 * len(goal))
    return LogisticRegression(fit_intercept=False).fit(D * sign[:, None], sign).coef_[0]


# %% id="ranking" tags=["P04", "machine"]
def lists(seed):
    """NDCG of each way: on the half where weights were chosen, and on the other."""
    choose, judge = ranking_task(seed)
    ratings, pairs = np.array([1.0, 1, 0, 0]), by_pairs(*choose, np.random.default_rng(seed))
    options = {"method": "one-plus-one", "sigma": 0.3, "budget": 200, "seed": seed}
    found = {
        "predicted rating": ratings,
        "most rated first": np.array([0.0, 0, 1, 0]),
        "SVD with zeros": np.array([0.0, 0, 0, 1]),
        "search on NDCG": minimize(lambda w: -ndcg(w, *choose), ratings, **options).x,
        "pairs, by gradient": pairs,
    }
    return {name: (ndcg(w, *choose), ndcg(w, *judge)) for name, w in found.items()}


tables = [lists(seed) for seed in range(10)]
ranked = {name: np.array([table[name] for table in tables]) for name in tables[0]}
print(f"{'NDCG at 10, median of ten splits':34}{'chosen on':>10}{'judged on':>11}   range")
for name, values in ranked.items():
    middle, low, high = np.median(values, axis=0), values[:, 1].min(), values[:, 1].max()
    print(f"{name:34}{middle[0]:>10.3f}{middle[1]:>11.3f}   {low:.3f} to {high:.3f}")

# %% id="ranking-check"
judged = {name: values[:, 1] for name, values in ranked.items()}
better = np.sum(judged["search on NDCG"] > judged["predicted rating"])
print("search beats the order by predicted rating in at least 9 of 10 splits:", bool(better >= 9))
ahead = np.median(judged["search on NDCG"] - judged["pairs, by gradient"])
print("it is ahead of the surrogate by more than 0.02:", bool(ahead > 0.02))
print("the half where weights were chosen flatters it:", end=" ")
print(bool(np.median(np.diff(ranked["search on NDCG"])) < 0))

# %% [markdown] id="ranking-after"
# From the weights of the rating model, 200 values and a metric without slopes, the search finds lists that earn three times as much. That is a real
# use. But be fair to the others:
#
# - The surrogate with a gradient does as well. (As in lesson 11: if a smooth one points the same way, take it. The search is for the case where there
#   is none.)
# - *One* good score does nearly as well as the best mixture: the SVD filled with zeros, of which section 7 said that it is useless! For stars it
#   is, for lists it is the best score of the four (as in Cremonesi, Koren and Turrin 2010). It answers another question: not how a person would
#   rate a movie, but which movies this person picks.
#
# So the first choice is the question, the second the model, and only then comes the way to fit it.
#
# ## 9 A model, and ways to fit it
#
# The documents list matrix factorization among the "gradient-free optimizers", beside momentum and Adam (which use gradients in each step). **A
# factorization is a model**: it says what form the answer has. How it is fitted is another matter, and there are several ways:
#
# | way | what it asks for | lowest point? |
# |---|---|---|
# | SVD, full | the entries, once | yes, up to rounding |
# | power, subspace, Krylov | products with $A$ and $A^\top$ | yes, in the limit |
# | ALS | exact solution of small problems in turn | not guaranteed with gaps |
# | SGD, Adam | gradients: first order | with all entries no bad valleys, with gaps not guaranteed |
# | multiplicative NMF, HALS | gradient with a rate for each entry; exact solution of one part | no: NP-hard in general |
# | (1+1)-ES, CMA-ES | values: gradient-free | far away in 665 dimensions |
#
# Only the last row is gradient-free in the sense of this course. SVD and ALS need no gradient either, but they need far more than values: the
# structure itself.

# %% [markdown] id="quick"
# ## 10 Quick questions
#
# Decide first, then open your choice.

# %% [markdown] id="quick-model" tags=["A18"]
# **Quick question.** "Use SVD in place of SGD to train the model faster." What is wrong?
#
# - [ ] Nothing: both are optimizers, and SVD is the faster one.
#   SGD takes any differentiable objective. SVD answers one question: the closest matrix of rank $k$, squared error, all entries known.
# - [x] SVD is a factorization, with one objective built in; SGD is a way to minimize many.
#   A factorization is a model. Where its objective is yours, the SVD wins outright. Elsewhere it does not apply.
# - [ ] SVD is gradient-free, so it must be slower.
#   It uses the structure of the problem, and beats every search on it.

# %% [markdown] id="quick-memory" tags=["P10"]
# **Quick question.** A weight matrix of $512 \times 512$ is replaced by two factors of rank 300. How much memory is saved?
#
# - [ ] 41 %, because $300 / 512 = 0.59$.
#   There are two factors, each with 512 times 300 numbers.
# - [ ] Some: a lower rank always saves memory.
#   Only below $mn/(m+n) = 256$.
# - [x] None: it takes 17 % more.
#   $300 \cdot 1024 = 307{,}200$ numbers in place of $262{,}144$.

# %% [markdown] id="quick-nmf" tags=["A19"]
# **Quick question.** The best NMF with 16 parts, compared with the SVD of rank 16:
#
# - [ ] has the same error; only the parts look nicer.
#   It would if signs did not matter. For the digits it is 0.26 against 0.22.
# - [x] has at least its error, usually more.
#   Its product is one of the matrices of rank 16, and the SVD is the best of them all.
# - [ ] can have less, because it is adapted to nonnegative data.
#   Fewer choices are allowed, so the minimum cannot be lower.

# %% [markdown] id="quick-power" tags=["A18"]
# **Quick question.** Singular values 10, 9, 1. About how many times smaller does one step of power iteration make the error of the direction?
#
# - [ ] 10 / 9, about 1.1 times
#   Each step multiplies by $A^\top A$, which has the *squares* as factors.
# - [x] (10 / 9)², about 1.2 times
#   And with *two* directions kept, the space of the first two gains by $(9/1)^2 = 81$ in each step.
# - [ ] 10 / 1, ten times
#   The second value decides, not the last.

# %% [markdown] id="quick-third" tags=["F17", "C13"]
# **Quick question.** `U, s, V = np.linalg.svd(A)`, then the matrix is rebuilt as `U @ np.diag(s) @ V.T`, for a square A. What happens?
#
# - [ ] An error: the shapes do not fit.
#   For a square matrix they do, and that is the trouble.
# - [x] Another matrix, without any message.
#   The third output is $V^\top$ already. Call it `Vt`, and rebuild with `U @ np.diag(s) @ Vt`.
# - [ ] A, as it should be.
#   Only if $V$ is symmetric.

# %% [markdown] id="quick-gaps" tags=["F15"]
# **Quick question.** The SVD is the best approximation of rank $k$. Is it therefore the best for ratings?
#
# - [ ] Yes, with 0 for what is missing.
#   Then it is the best for a table of which 98 % were made up, and predicts ratings near 0.
# - [x] No: the theorem is about all entries, here only some are known.
#   The sum over the observed entries is another objective. ALS or SGD minimize it, or the gaps are filled by a model that predicts well.
# - [ ] No, because ratings are not linear.
#   Nothing of that kind is assumed. The gaps are the point.

# %% [markdown] id="quick-easy" tags=["F15"]
# **Quick question.** $\lVert A - WH \rVert^2$ is not convex in $W$ and $H$. What follows for gradient descent from a random start?
#
# - [ ] It gets stuck in a bad valley most of the time.
#   There are none if all entries are known and nothing must be positive. All ten starts ended at the SVD.
# - [x] Nothing yet: not convex does not mean hard.
#   Every point that is flat and not lowest is a saddle here. With NMF it is different: there the starts end at different errors.
# - [ ] It fails, so a gradient-free search is needed.
#   The two searches without gradients were far behind after as many evaluations.

# %% [markdown] id="summary"
# ## Summary
#
# 1. $A = U \Sigma V^\top$: three factors. Cut to $k$ terms it is the closest matrix of rank $k$, and its squared error is the sum of the squares
#    cut off.
# 2. Power iteration multiplies by $A^\top A$; the error shrinks by $(s_2/s_1)^2$ in a step. Keep many directions, and all blocks, for many values.
# 3. Two factors save memory only if $k < mn/(m+n)$. Energy is not quality: say what error you need.
# 4. NMF gives parts that can be read, at a higher error, from a start that matters. Its rules never raise the error.
# 5. Ratings: only the observed entries, biases first (more than nine tenths of the gain), then factors. A factorization is a model; a search
#    without gradients earns its place on a metric without slopes.
#
# ## Exercise
#
# Seven questions: copy it with `start_exercise("12")` as in lesson [00](00_start_here.ipynb), or open
# [exercises/12_matrix_factorization.ipynb](../exercises/12_matrix_factorization.ipynb). **Next:** [13 Text with
# matrices](13_text_with_matrices.ipynb). Words are counted, and the same three factors find what they have in common.

# %% [markdown] id="sources"
# ## Sources
#
# - C. Eckart, G. Young, *The approximation of one matrix by another of lower rank*, Psychometrika 1 (1936),
#   [doi:10.1007/BF02288367](https://doi.org/10.1007/BF02288367).
# - L. Mirsky, *Symmetric gauge functions and unitarily invariant norms*, Quarterly Journal of Mathematics 11 (1960),
#   [doi:10.1093/qmath/11.1.50](https://doi.org/10.1093/qmath/11.1.50).
# - P. Baldi, K. Hornik, *Neural networks and principal component analysis: learning from examples without local minima*, Neural Networks 2 (1989),
#   [doi:10.1016/0893-6080(89)90014-2](https://doi.org/10.1016/0893-6080(89)90014-2).
# - N. Halko, P.-G. Martinsson, J. A. Tropp, *Finding structure with randomness*, SIAM Review 53 (2011),
#   [doi:10.1137/090771806](https://doi.org/10.1137/090771806), [arXiv:0909.4061](https://arxiv.org/abs/0909.4061).
# - C. Musco, C. Musco, *Randomized block Krylov methods for stronger and faster approximate singular value decomposition* (2015),
#   [arXiv:1504.05477](https://arxiv.org/abs/1504.05477).
# - P. Paatero, U. Tapper, *Positive matrix factorization*, Environmetrics 5 (1994),
#   [doi:10.1002/env.3170050203](https://doi.org/10.1002/env.3170050203).
# - D. D. Lee, H. S. Seung, *Learning the parts of objects by non-negative matrix factorization*, Nature 401 (1999),
#   [doi:10.1038/44565](https://doi.org/10.1038/44565); *Algorithms for non-negative matrix factorization*, NIPS 13 (2001): the rule and its proof.
# - S. A. Vavasis, *On the complexity of nonnegative matrix factorization*, SIAM Journal on Optimization 20 (2009),
#   [doi:10.1137/070709967](https://doi.org/10.1137/070709967), [arXiv:0708.4149](https://arxiv.org/abs/0708.4149).
# - A. Cichocki, A.-H. Phan, *Fast local algorithms for large scale nonnegative matrix and tensor factorizations*, IEICE Transactions E92-A (2009),
#   [doi:10.1587/transfun.E92.A.708](https://doi.org/10.1587/transfun.E92.A.708).
# - N. Gillis, F. Glineur, *Accelerated multiplicative updates and hierarchical ALS algorithms for nonnegative matrix factorization*, Neural
#   Computation 24 (2012), [doi:10.1162/NECO_a_00256](https://doi.org/10.1162/NECO_a_00256), [arXiv:1107.5194](https://arxiv.org/abs/1107.5194).
# - Y. Koren, R. Bell, C. Volinsky, *Matrix factorization techniques for recommender systems*, Computer 42 (2009),
#   [doi:10.1109/MC.2009.263](https://doi.org/10.1109/MC.2009.263).
# - F. M. Harper, J. A. Konstan, *The MovieLens datasets: history and context*, ACM Transactions on Interactive Intelligent Systems 5 (2015),
#   [doi:10.1145/2827872](https://doi.org/10.1145/2827872): the ratings, for research use.
# - P. Cremonesi, Y. Koren, R. Turrin, *Performance of recommender algorithms on top-N recommendation tasks*, RecSys (2010),
#   [doi:10.1145/1864708.1864721](https://doi.org/10.1145/1864708.1864721): zeros for lists.
# - K. Järvelin, J. Kekäläinen, *Cumulated gain-based evaluation of IR techniques*, ACM Transactions on Information Systems 20 (2002),
#   [doi:10.1145/582415.582418](https://doi.org/10.1145/582415.582418): NDCG.
