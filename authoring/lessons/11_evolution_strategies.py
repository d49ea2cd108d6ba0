# %% [markdown] id="title"
# # 11 Evolution strategies
#
# **Promise.** Minimize the share of wrong answers itself, which has no slope anywhere, with a whole population at once. You will build CMA-ES, the
# method by which others of its kind are measured, in thirty lines, and let four processes train one model by sending single numbers.
#
# **You will be able to**
#
# - say of what the gradient of an evolution strategy is the gradient, and make it less noisy by pairs and by ranks;
# - write CMA-ES and explain each of its parts: weights, the path of the step size, the learned shape;
# - tell when restarts, a larger population or the separable form are needed, and what they cost;
# - choose between a count of errors and its smooth stand-in;
# - spread a population over processes or machines, and count the bytes.
#
# **Time** 100 minutes. **Needs** lessons [07](07_random_search.ipynb) and [10](10_gradients_from_values.ipynb).

# %% id="setup"
import math
import tempfile
import time
from functools import lru_cache
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from numba import njit
from scipy import optimize
from scipy.linalg import eigh
from scipy.stats import norm
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split

from ngo_lesson.models import mlp
from ngo_lesson.optimize.evolution import Population
from ngo_lesson.optimize.functions import LANDSCAPES, sphere
from ngo_lesson.optimize.gradients import Gaussian
from ngo_lesson.optimize.minimize import minimize
from ngo_lesson.optimize.updates import Adam
from ngo_lesson.show.explorer import Explorer, choice, slider
from ngo_lesson.show.figures import panels, show, three
from ngo_lesson.show.pieces import band, dots, landscape, line
from ngo_lesson.show.style import BLACK, BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION

# %% [markdown] id="question-text"
# ## 1 The question
#
# Lesson [10](10_gradients_from_values.ipynb) measured slopes along random directions. It left two things open: what if there *is* no slope? And if one pair of values says so little,
# can many be asked at the same time, by many workers?
#
# Take a classifier of digits with 650 parameters, stopped after 20 steps of training. We want few *wrong answers*, so let us look at exactly that: the share
# of wrong answers along one random direction, from far and from near.

# %% id="question"
X, y = load_digits(return_X_y=True)
train, test, label, test_label = train_test_split(
    X / 16, y, train_size=500, random_state=0, stratify=y
)
sizes = (64, 10)


def wrong(theta, images=train, labels=label):
    """The share of wrong answers; theta holds 64 weights for each digit, then 10 biases."""
    scores = images @ theta[:640].reshape(64, 10) + theta[640:]
    return np.mean(scores.argmax(axis=1) != labels)


def trained(steps, seed=0):
    theta, rule = mlp.initialize(sizes, "he", rng=seed), Adam(0.01)
    for _ in range(steps):
        rule.step_(theta, mlp.loss_and_gradient(theta, sizes, train, label)[1])
    return theta


start = trained(20)
directions = np.random.default_rng(0).standard_normal((20, start.size))
figure, axes = panels(1, 2, width=8.4)
for each, width in zip(axes, (0.4, 0.004), strict=True):
    far = np.linspace(-width, width, 201)
    shares = [100 * wrong(start + s * directions[0]) for s in far]
    each.plot(far, shares, color=BLUE, marker="")
    each.set(xlabel="way along the direction", ylabel="wrong answers (%)")
flat = sum(wrong(start + 1e-6 * u) == wrong(start - 1e-6 * u) for u in directions)
show(figure, f"Slopes measured with a step of 1e-6 that are exactly 0: {flat} of 20.")

# %% [markdown] id="question-after"
# From far there is a valley. From near there are steps, flat and sharp. Every derivative is zero or does not exist: neither backpropagation nor the
# finite differences of lesson 10 get a word out of it. (One can train another, smooth loss instead. Section 9 says what that gives and what it
# takes.)
#
# ## 2 The slope of a blurred function
#
# Do not ask for the slope at the point. Ask a *population* of points around it, $\theta + \sigma \varepsilon_i$ with normal $\varepsilon_i$, and take
# the mean of their values as the new objective, the *smoothed* function $f_\sigma$ of lesson [10](10_gradients_from_values.ipynb). Its gradient needs no gradient of $f$: move the center,
# and only the *density* of the points changes, which is smooth. So
#
# $$f_\sigma(\theta) = \mathbb{E}\, f(\theta + \sigma \varepsilon), \qquad \nabla f_\sigma(\theta) = \frac1\sigma\, \mathbb{E}\, [f(\theta + \sigma \varepsilon)\, \varepsilon] .$$
#
# The mean over $n$ draws in place of $\mathbb{E}$ is the **ES gradient** (Salimans et al. 2017). (The papers on evolution strategies write $\varepsilon$ for the directions that were
# $u$ in lesson 10; it has nothing to do with the precision $\varepsilon$ there.) We try it on a single step, $f(x) = 1$ for $x > 0$ and
# 0 elsewhere. There the answer is known: $f_\sigma(x) = \Phi(x/\sigma)$, the distribution function of the normal.

# %% id="smooth"
draws = np.random.default_rng(1).standard_normal(20_000)
places = np.linspace(-1.5, 1.5, 31)
figure, axes = panels()
axes.step([-1.5, 0, 1.5], [0, 0, 1], color=BLACK, marker="", label="f")
for sigma, color, marker in ((0.1, GREEN, "^"), (0.5, BLUE, "o")):
    means = [np.mean(x + sigma * draws > 0) for x in places]
    axes.plot(places, means, marker, color=color, label=f"population mean, sigma {sigma}")
    axes.plot(places, norm.cdf(places / sigma), color=color, marker="")
axes.set(xlabel="x", ylabel="value")
axes.legend(loc="lower right")
found = []
for x in (0.0, 0.3, 0.6):
    slope = np.mean((x + 0.5 * draws > 0) * draws) / 0.5
    found.append(f"{slope:.2f} (exact {norm.pdf(x / 0.5) / 0.5:.2f}) at x = {x}")
show(figure, f"Slope of the smoothed step, sigma 0.5: {', '.join(found)}.")

# %% [markdown] id="smooth-after"
# At 0.6 the step itself is perfectly flat, but the population has members on the other side of the jump. How far it sees is $\sigma$.
#
# ## 3 Less noise for the same evaluations: pairs
#
# The formula is right on average and terribly noisy. Add 1,000 to $f$: no slope changes, but every term of the mean grows. Two cures:
#
# - **subtract a baseline**, the mean of the values, from all of them;
# - **mirrored sampling**: use each draw twice, at $\theta + \sigma \varepsilon$ and $\theta - \sigma \varepsilon$. Everything that is even around $\theta$, as a constant or the
#   curvature, cancels exactly:
#
# $$\hat g = \frac{1}{2 k \sigma} \sum_{i=1}^{k} \left[f(\theta + \sigma \varepsilon_i) - f(\theta - \sigma \varepsilon_i)\right] \varepsilon_i .$$
#
# Each way gets 40 evaluations. The bowl stands on a floor of height 10, in 20 dimensions; $\sigma = 0.1$.


# %% id="pairs"
def from_pairs(up, down, E, sigma):
    """The gradient from k mirrored pairs: up and down (k,), E (k, d)."""
    return (up - down) @ E / (2 * len(E) * sigma)


def bowl(x):
    return 10 + np.sum(x**2, axis=-1)


rng, sigma = np.random.default_rng(2), 0.1
print(f"{'squared error / squared length':32}{'far, on the slope':>18}{'near the bottom':>18}")
rows = {"values as they are": [], "mean subtracted": [], "mirrored pairs": []}
for distance in (5.0, 0.05):
    x, errors = np.full(20, distance / np.sqrt(20)), {name: [] for name in rows}
    for _ in range(500):
        E = rng.standard_normal((40, 20))
        values, half = bowl(x + sigma * E), E[:20]
        g = {
            "values as they are": values @ E / (40 * sigma),
            "mean subtracted": (values - values.mean()) @ E / (40 * sigma),
            "mirrored pairs": from_pairs(values[:20], bowl(x - sigma * half), half, sigma),
        }
        for name, estimate in g.items():
            errors[name].append(np.sum((estimate - 2 * x) ** 2) / np.sum((2 * x) ** 2))
    for name in rows:
        rows[name].append(np.mean(errors[name]))
for name, (far, near) in rows.items():
    print(f"{name:32}{far:>18.2g}{near:>18.2g}")

# %% [markdown] id="pairs-after"
# Far away, where the slope dominates, pairs are *worse* than a baseline, by a factor of two: 40 evaluations buy only 20 directions. Near the bottom, where the
# curvature dominates, they are far better. That is where a search with a fixed $\sigma$ ends up. The package has the pairs as `Gaussian` of lesson
# [10](10_gradients_from_values.ipynb): the same estimate, with $\sigma$ in the place of the step $h$.

# %% id="pairs-package"
E = np.random.default_rng(3).standard_normal((20, 20))
own = from_pairs(bowl(x + sigma * E), bowl(x - sigma * E), E, sigma)
package = Gaussian(n=20, step=sigma).gradient(bowl, x, np.random.default_rng(3))
print("package and own agree:", np.allclose(own, package))

# %% [markdown] id="ranks-text"
# ## 4 Ranks instead of values
#
# A simulation crashes and returns a million. One such value outweighs all others. So evolution strategies look at **ranks**: which point is best,
# second best, and so on. Ranks from $0$ to $n - 1$, divided by $n - 1$, minus $\frac12$: numbers between $-\frac12$ and $\frac12$, whatever the values were.
#
# Below, one value of twenty is replaced by a million. The cosine of the angle to the true gradient, mean over 500 populations of 40:


# %% id="ranks"
def shaped(values):
    """Ranks between -1/2 and 1/2; equal values are not expected here."""
    return np.argsort(np.argsort(values)) / (len(values) - 1) - 0.5


def cosine(a, b):
    return a @ b / np.linalg.norm(a) / np.linalg.norm(b)


rng, x = np.random.default_rng(4), np.full(20, 0.3)
for crashes in (0, 0.05):
    cosines = []
    for _ in range(500):
        E = rng.standard_normal((20, 20))
        values = np.concatenate([bowl(x + sigma * E), bowl(x - sigma * E)])
        values[rng.random(40) < crashes] = 1e6
        ranks = shaped(values)
        g = from_pairs(values[:20], values[20:], E, 1), from_pairs(ranks[:20], ranks[20:], E, 1)
        cosines.append([cosine(each, x) for each in g])
    raw, ranked = np.mean(cosines, axis=0)
    print(f"crashes {100 * crashes:.0f} %: values {raw:.2f}, ranks {ranked:.2f}")

# %% [markdown] id="ranks-after"
# With clean values ranks lose almost nothing; with crashes they save the run. They bring something else: only the *order* of the values counts. Take the
# exponential of the objective, or its cube, and the search makes the same steps. Gradient descent does not.

# %% id="order"
valley = LANDSCAPES["rosenbrock"].shifted(np.linspace(-0.5, 0.5, 4))


def stretched(x):
    return np.exp(valley.fun(x) / 100)


def stretched_gradient(x):
    return stretched(x) * valley.grad(x) / 100


for method, more in (("es", {}), ("cma", {}), ("gd", {"lr": 1e-4})):
    points = []
    for fun, slope in ((valley.fun, valley.grad), (stretched, stretched_gradient)):
        given = more | ({"grad": slope} if method == "gd" else {"sigma": 0.3, "seed": 0})
        run = minimize(fun, np.zeros(4), method=method, budget=300, keep_path=True, **given)
        points.append(run.history["x"])
    print(f"{method:4} f and exp(f / 100) give the same points: {np.allclose(*points, atol=1e-9)}")

# %% [markdown] id="es-text"
# ## 5 A first strategy
#
# Pairs, ranks, one step of descent, and $\sigma$ that shrinks on a schedule: that is OpenAI's evolution strategy, nearly. (They keep $\sigma$ and let
# Adam take the step.) The package's `method="es"` does the same, with Adam or, as here, with plain descent; its rate is counted in units of $\sigma$.


# %% id="es" tags=["Q01"]
def evolution_strategy(f, x, sigma, lr, n, generations, rng, shrink=1e-3):
    """All points asked, (generations * n, d)."""
    asked = []
    for t in range(generations):
        now = sigma * shrink ** (t / generations)
        E = rng.standard_normal((n // 2, x.size))
        points = np.concatenate([x + now * E, x - now * E])
        ranks = shaped([f(point) for point in points])
        x = x - lr * now * from_pairs(ranks[: n // 2], ranks[n // 2 :], E, 1)
        asked.append(points)
    return np.concatenate(asked)


own = evolution_strategy(
    valley.fun, np.zeros(4), 0.3, 2.0, 16, 50, np.random.default_rng(5), shrink=0.1
)
run = minimize(
    valley.fun,
    np.zeros(4),
    method="es",
    rule="gd",
    sigma=0.3,
    lr=2.0,
    popsize=16,
    shrink=0.1,
    budget=801,
    seed=5,
    keep_path=True,
)
same = np.allclose(np.sort(own, axis=0), np.sort(run.history["x"][1:], axis=0))
print("package and own ask the same points:", same)
print(
    f"value {three(valley.fun(np.zeros(4)))} at the start, {three(run.fun)} after 801 evaluations"
)

# %% [markdown] id="round-text"
# Its weakness is that of gradient descent in lesson [02](02_linear_regression.ipynb). One $\sigma$ and one rate serve all directions, and the cloud of points is always round. Bowls
# with curvatures from 1 to $\kappa$ in ten dimensions, 5,000 evaluations each:


# %% id="round"
def quadratic(kappa, d=10, turn=True, seed=0):
    """A bowl with curvatures from 1 to kappa, turned by a random rotation: f and its Hessian."""
    H = np.diag(np.geomspace(1, kappa, d))
    if turn:
        Q = np.linalg.qr(np.random.default_rng(seed).standard_normal((d, d)))[0]
        H = Q @ H @ Q.T

    @njit
    def f(x):
        total = 0.0
        for i in range(d):
            row = 0.0
            for j in range(d):
                row += H[i, j] * x[j]
            total += x[i] * row / 2
        return total

    return f, H


bowls = {kappa: quadratic(kappa)[0] for kappa in (1, 100, 10_000)}
for kappa, f in bowls.items():
    runs = [
        minimize(f, np.ones(10), method="es", sigma=0.5, budget=5000, seed=s) for s in range(10)
    ]
    left = np.median([run.fun for run in runs]) / f(np.ones(10))
    print(f"condition {kappa:6,}: left {three(left)} of the first value (median of 10 seeds)")

# %% [markdown] id="cma-text"
# ## 6 CMA-ES: let the cloud change its shape
#
# **CMA-ES** (covariance matrix adaptation, Hansen and Ostermeier 2001) draws from a normal distribution with a mean $m$, a step size $\sigma$ and a
# *shape* $C$, a covariance matrix, and learns all three from ranks. The points are
#
# $$x_i = m + \sigma\, y_i, \qquad y_i \sim \mathcal N(0, C), \qquad y_i = B\, D\, z_i \ \text{ with } C = B D^2 B^\top, \; z_i \sim \mathcal N(0, I) .$$
#
# ### The mean: weights
#
# The better half of the $\lambda$ points moves the mean, better points with more weight: $m \leftarrow m + \sigma \sum_i w_i\, y_{i:\lambda}$, where $y_{1:\lambda}$
# belongs to the best point. The weights are
#
# $$w_i \propto \ln \frac{\lambda + 1}{2} - \ln i, \quad i \le \mu = \lfloor \lambda/2 \rfloor, \qquad \sum_i w_i = 1, \qquad \mu_{\mathrm{eff}} = 1 \Big/ \sum_i w_i^2 .$$
#
# A weighted mean of random vectors has the variance $1/\mu_{\mathrm{eff}}$: it averages as well as $\mu_{\mathrm{eff}}$ equally weighted points.


# %% id="weights"
def positive_weights(n):
    raw = np.log((n + 1) / 2 / np.arange(1, n // 2 + 1))
    return raw / raw.sum()


w = positive_weights(10)
mu_eff = 1 / np.sum(w**2)
print("weights of 10 points:", ", ".join(f"{each:.3f}" for each in w), "and five times 0")
variance = np.var(np.random.default_rng(6).standard_normal((100_000, 5)) @ w)
print(f"mu_eff {mu_eff:.2f}; variance of the mean {variance:.3f}, 1 / mu_eff {1 / mu_eff:.3f}")

# %% [markdown] id="path-text"
# ### The step size: a path
#
# How does the strategy know that $\sigma$ is wrong? It adds up its last steps, in a fading sum, the **path** $p_\sigma$. If the steps point the same
# way, they could have been one long step: $\sigma$ is too small. If they cancel, it is too large. Steps chosen at random would give a path of the length
# $\chi \approx \sqrt d$; that is the mark:
#
# $$p_\sigma \leftarrow (1 - c_\sigma)\, p_\sigma + \sqrt{c_\sigma (2 - c_\sigma) \mu_{\mathrm{eff}}}\; C^{-1/2} \sum_i w_i\, y_{i:\lambda}, \qquad
# \sigma \leftarrow \sigma \exp\!\left(\frac{c_\sigma}{d_\sigma} \left(\frac{\lVert p_\sigma \rVert}{\chi} - 1\right)\right) .$$
#
# No schedule, and no gradient of $\sigma$. Here it stands alone, with a round cloud ($C = I$), for many runs side by side.


# %% id="path"
def path_strategy(f, x, sigma, n, generations, rng):
    """Means (generations, runs, d) and step sizes; x is (runs, d), f takes points along the last axis."""
    runs, d = x.shape
    w = positive_weights(n)
    mu_eff = 1 / np.sum(w**2)
    c = (mu_eff + 2) / (d + mu_eff + 5)
    damping = 1 + 2 * max(0, np.sqrt((mu_eff - 1) / (d + 1)) - 1) + c
    chi = np.sqrt(d) * (1 - 1 / (4 * d) + 1 / (21 * d * d))
    path, sigma, means, sigmas = np.zeros((runs, d)), np.full(runs, sigma), [], []
    for _ in range(generations):
        Z = rng.standard_normal((runs, n, d))
        values = f(x[:, None] + sigma[:, None, None] * Z)
        best = np.argsort(values, axis=1)[:, : n // 2, None]
        step = w @ np.take_along_axis(Z, best, axis=1)
        x = x + sigma[:, None] * step
        path = (1 - c) * path + np.sqrt(c * (2 - c) * mu_eff) * step
        sigma = sigma * np.exp(c / damping * (np.linalg.norm(path, axis=1) / chi - 1))
        means.append(x)
        sigmas.append(sigma)
    return np.array(means), np.array(sigmas)


rng, ones = np.random.default_rng(7), np.ones((200, 10))
for name, f in {
    "a slope without end": lambda x: x.sum(axis=-1),
    "nothing but noise": lambda x: rng.random(x.shape[:-1]),
    "a bowl": lambda x: np.sum(x**2, axis=-1),
}.items():
    _, sigmas = path_strategy(f, ones, 1.0, 10, 60, rng)
    print(f"{name:20}: sigma after 60 generations, median {three(np.median(sigmas[-1]))}")

# %% [markdown] id="noise-text"
# ### Explore: population size against noise
#
# Every value carries fresh noise; the curves show the *true* value at the mean of the population, in a bowl of ten dimensions, 2,000 evaluations for
# each size. A small population takes many rough steps, a large one few good ones. On the right, the end for every size. **Goal:** with noise of deviation
# 1, a median below 0.5 at the end. First find the best size without much noise.


# %% id="noise-runs"
KNOBS = {
    "n": slider("population size", 4, 150, 6, log=True, step=1.5),
    "noise": slider("noise (deviation)", 0.001, 10.0, 0.01, log=True, step=10**0.5),
}
SIZES, NOISES = KNOBS["n"].values, KNOBS["noise"].values


@lru_cache
def noisy_runs(n):
    """True values at the means, (generations, noises, 10 seeds)."""
    draw = np.random.default_rng(n)

    def noisy(x):
        noise = np.repeat(NOISES, 10)[:, None] * draw.standard_normal(x.shape[:-1])
        return np.sum(x**2, axis=-1) + noise

    means, _ = path_strategy(noisy, np.full((10 * len(NOISES), 10), 3.0), 1.0, n, 2000 // n, draw)
    return np.sum(means**2, axis=-1).reshape(-1, len(NOISES), 10)


ENDS = np.array([np.quantile(noisy_runs(n)[-1], (0, 0.5, 1), axis=1) for n in SIZES])


def against_noise(n, noise):
    level, place = KNOBS["noise"].nearest(noise), KNOBS["n"].nearest(n)
    n, noise = SIZES[place], NOISES[level]
    values = noisy_runs(n)[:, level].clip(1e-9)
    asked, middle = n * np.arange(1, len(values) + 1), np.median(values, axis=1)
    ends = ENDS[:, :, level].clip(1e-9)
    data = {
        "middle": (asked, middle),
        "band": (asked, values.min(axis=1), values.max(axis=1)),
        "ends": (SIZES, ends[:, 1]),
        "spread": (SIZES, ends[:, 0], ends[:, 2]),
        "here": ([n], [ends[place, 1]]),
    }
    sentence = f"Noise {noise:g}, population {n}, {len(values)} generations: median {three(middle[-1])} at the end "
    sentence += f"({three(values[-1].min())} to {three(values[-1].max())}, 10 seeds)."
    return data, sentence, bool(noise >= 1 and middle[-1] < 0.5)


# %% id="noise-explorer"
figure, (race, ends) = panels(1, 2, width=8.4, height=4)
race.set(xscale="log", yscale="log", xlim=(4, 2000), ylim=(1e-6, 1e3))
race.set(xlabel="evaluations", ylabel="true value at the mean")
ends.set(xscale="log", yscale="log", xlim=(3.5, 180), ylim=(1e-6, 1e3))
ends.set(xlabel="population size", ylabel="true value at the end")
middle = line(race, "median of 10 seeds", color=BLUE)
last = line(ends, "all sizes", color=BLUE, markevery=1)
moving = {
    "middle": middle,
    "band": band(race, middle),
    "ends": last,
    "spread": band(ends, last),
    "here": dots(ends, "this size", color=VERMILION, marker="D", markersize=9),
}
race.legend(loc="lower left")
ends.legend(loc="lower right")
crowd = Explorer(
    against_noise,
    figure,
    moving,
    KNOBS,
    title="Population size against noise",
    goal="with noise of 1, a median below 0.5 after 2,000 evaluations",
    play="n",
)
crowd

# %% id="noise-goal"
for noise, n in ((0.001, 6), (0.001, 150), (1.0, 6), (1.0, 20)):
    shown = crowd.at(n=n, noise=noise)
    print(shown.sentence, "Goal reached:", shown.reached)

# %% [markdown] id="shape-text"
# ### The shape: C
#
# Now the part that gave the method its name. Steps that were good are more likely to be good again, so stretch the distribution along them. $C$ is
# mixed with two kinds of outer products $y y^\top$, each of which makes its own direction longer:
#
# $$C \leftarrow \Big(1 - c_1 - c_\mu \sum_i w_i\Big)\, C + \underbrace{c_1\, p_c\, p_c^\top}_{\text{the path}} + \underbrace{c_\mu \sum_{i=1}^{\lambda} w_i\, y_{i:\lambda}\, y_{i:\lambda}^\top}_{\text{this generation}} .$$
#
# $p_c$ is a second path, of steps as they are. The sum runs over *all* points: the worse half has negative weights, which shrink the directions that
# were bad. The rates $c_1, c_\mu$ are of the order $1/d^2$, because $C$ has about $d^2/2$ entries to learn. All constants are given; the user sets a start,
# a $\sigma$, and possibly $\lambda$, which is $4 + \lfloor 3 \ln d \rfloor$ unless told (Hansen 2016, table 1).
# Two guards stand in the code only: nothing is added to the second path while the first is too long (not `calm`), and the step of a negative weight is
# scaled to one length, measured by $C$, so that $C$ keeps positive variances.


# %% id="constants"
def constants(d, n):
    """Weights (n,), mu_eff, c_sigma, d_sigma, c_c, c_1, c_mu."""
    raw, better = np.log((n + 1) / 2 / np.arange(1, n + 1)), np.arange(n) < n // 2
    good, bad = raw[better], raw[~better]
    mu_eff, mu_minus = (part.sum() ** 2 / np.sum(part**2) for part in (good, bad))
    c_sigma = (mu_eff + 2) / (d + mu_eff + 5)
    d_sigma = 1 + 2 * max(0, np.sqrt((mu_eff - 1) / (d + 1)) - 1) + c_sigma
    c_c = (4 + mu_eff / d) / (d + 4 + 2 * mu_eff / d)
    c_1 = 2 / ((d + 1.3) ** 2 + mu_eff)
    c_mu = min(1 - c_1, 2 * (0.25 + mu_eff + 1 / mu_eff - 2) / ((d + 2) ** 2 + mu_eff))
    limits = 1 + c_1 / c_mu, 1 + 2 * mu_minus / (mu_eff + 2), (1 - c_1 - c_mu) / (d * c_mu)
    w = np.where(better, raw / good.sum(), -raw / bad.sum() * min(limits))
    return w, mu_eff, c_sigma, d_sigma, c_c, c_1, c_mu


# %% id="cma" tags=["Q01"]
def cma(f, mean, sigma, n, generations, rng):
    """Points, mean, sigma and C of every generation; f takes points along the last axis."""
    d, history = mean.size, []
    w, mu_eff, c_sigma, d_sigma, c_c, c_1, c_mu = constants(d, n)
    chi = np.sqrt(d) * (1 - 1 / (4 * d) + 1 / (21 * d * d))
    C, B, D, p_sigma, p_c = np.eye(d), np.eye(d), np.ones(d), np.zeros(d), np.zeros(d)
    for t in range(1, generations + 1):
        Z = rng.standard_normal((n, d))
        Y = Z * D @ B.T
        X = mean + sigma * Y
        history.append((X, mean, sigma, C))
        order = np.argsort(f(X))
        Y, squares = Y[order], np.sum(Z[order] ** 2, axis=1)
        step = np.maximum(w, 0) @ Y
        mean = mean + sigma * step
        p_sigma = (1 - c_sigma) * p_sigma + np.sqrt(c_sigma * (2 - c_sigma) * mu_eff) * (
            B @ (B.T @ step / D)
        )
        length = np.linalg.norm(p_sigma)
        calm = length < (1.4 + 2 / (d + 1)) * chi * np.sqrt(1 - (1 - c_sigma) ** (2 * t))
        p_c = (1 - c_c) * p_c + calm * np.sqrt(c_c * (2 - c_c) * mu_eff) * step
        keep = 1 - c_1 - c_mu * w.sum() + (not calm) * c_1 * c_c * (2 - c_c)
        each = c_mu * np.where(w > 0, w, w * d / squares)
        C = keep * C + c_1 * np.outer(p_c, p_c) + (Y.T * each) @ Y
        sigma = sigma * np.exp(min(1, c_sigma / d_sigma * (length / chi - 1)))
        squared, B = eigh(C, driver="evd")
        D = np.sqrt(np.maximum(squared, 1e-20 * squared[-1]))
    return history


# %% [markdown] id="cma-package-text"
# The package's version is compiled, adds bounds, restarts and an end, and computes $B$ and $D$ only as often as needed. We let both go down a turned
# valley of condition 100. `Population` is the same method to **ask and tell**: *you* hold the loop, and decide where the points are evaluated.

# %% id="cma-package"
TURN = np.array([[np.cos(0.6), -np.sin(0.6)], [np.sin(0.6), np.cos(0.6)]])


def narrow(x):
    along, across = np.moveaxis(x @ TURN, -1, 0)
    return along**2 + 100 * across**2


begin = np.array([-3.0, 1.5])
own = cma(narrow, begin, 1.0, 6, 40, np.random.default_rng(8))
population = Population("cma", begin, sigma=1.0, popsize=6, seed=8)
asked = []
for _ in range(40):
    points = population.ask()
    population.tell(points, narrow(points))
    asked.append(points)
print("package and own ask the same points:", np.allclose(asked, [X for X, *_ in own], atol=1e-6))
print("best of 240 points below 0.01:", bool(population.result.fun < 0.01))

# %% id="ellipses" tags=["machine"]
CIRCLE = np.array([np.cos(np.linspace(0, 2 * np.pi, 60)), np.sin(np.linspace(0, 2 * np.pi, 60))])


def ellipse(mean, sigma, C):
    """The outline of the distribution at two deviations, (2, 60), and the ratio of its axes."""
    squared, B = np.linalg.eigh(C)
    D = np.sqrt(np.maximum(squared, 1e-20 * squared[-1]))
    return mean[:, None] + 2 * sigma * (B * D) @ CIRCLE, D[-1] / D[0]


figure, all_axes = panels(1, 3, width=8.4, height=3, dpi=80)
ratios = []
for axes, t in zip(all_axes, (0, 10, 20), strict=True):
    points, mean, sigma, C = own[t]
    landscape(axes, narrow, (-5, 3), (-4, 4), log=True)
    outline, ratio = ellipse(mean, sigma, C)
    axes.plot(*outline, color=VERMILION, marker="")
    axes.plot(*points.T, "o", color=BLUE)
    axes.set(title=f"generation {t}", xlim=(-5, 3), ylim=(-4, 4))
    ratios.append(f"{ratio:.1f}")
show(figure, f"Length over width of the ellipse: {', '.join(ratios)}; of the contours 10.")

# %% [markdown] id="ellipses-after"
# The cloud turns into the valley and stretches. What does it become in the end? Where the function is a bowl with Hessian $H$, the best shape is the
# shape of the contours, $C \propto H^{-1}$: seen through such a $C$ the bowl is round. So CMA-ES learns from ranks what Newton's method, which multiplies the gradient by $H^{-1}$, computes. Six
# dimensions, curvatures from 1 to 10,000, turned:


# %% id="hessian" tags=["machine"]
f, H = quadratic(10_000, d=6)
curvatures, axes_of_H = np.linalg.eigh(H)


def condition_seen(C):
    """The condition number of the bowl in the metric of C."""
    root = np.linalg.cholesky(C)
    return np.linalg.cond(root.T @ H @ root)


histories = [
    cma(lambda X: np.sum(X @ H * X, axis=1), np.ones(6), 0.5, 9, 300, np.random.default_rng(s))
    for s in range(10)
]
figure, (left, right) = panels(1, 2, width=8.4)
spectra = np.array([np.linalg.eigvalsh(C) for *_, C in histories[0]])
spectra /= np.exp(np.log(spectra).mean(axis=1, keepdims=True))
left.semilogy(spectra, color=BLUE, marker="")
for value in 1 / curvatures / np.exp(np.log(1 / curvatures).mean()):
    left.axhline(value, color=BLACK, linestyle="--", linewidth=1)
left.set(xlabel="generation", ylabel="eigenvalue, scaled", title="C, and dashed the inverse of H")
seen = np.array([[condition_seen(C) for *_, C in history[::10]] for history in histories])
right.semilogy(10 * np.arange(30), np.median(seen, axis=0), color=VERMILION, marker="s")
right.fill_between(10 * np.arange(30), seen.min(axis=0), seen.max(axis=0), color=SKY, alpha=0.4)
right.set(xlabel="generation", ylabel="condition number seen", title="Median and range, 10 seeds")
ends = np.median(seen[:, -1])
show(figure, f"Condition number seen: {three(seen[0, 0])} at the start, {three(ends)} at the end.")

# %% id="hessian-check"
print("in all 10 runs the bowl looks 100 times rounder:", bool(seen[:, -1].max() < 100))
for kappa, f in bowls.items():
    runs = [
        minimize(f, np.ones(10), method="cma", sigma=0.5, budget=5000, seed=s, target=1e-6)
        for s in range(10)
    ]
    print(
        f"condition {kappa:6,}: 1e-6 in 5,000 evaluations: {sum(r.success and r.fun <= 1e-6 for r in runs)} of 10"
    )

# %% [markdown] id="hessian-after"
# Section 5 ran on the same three bowls. The price of learning is time: $C$ has about $d^2/2$ different numbers. Evaluations to $10^{-6}$ on turned bowls of
# condition 10,000, median of 10 seeds:

# %% id="learning" tags=["machine"]
for d in (5, 10, 20):
    f, _ = quadratic(10_000, d=d)
    options = {"method": "cma", "sigma": 0.5, "budget": 60_000, "target": 1e-6}
    asked = np.median([minimize(f, np.ones(d), seed=s, **options).nfev for s in range(10)])
    print(f"d = {d:2}: {three(asked):>7} evaluations, {asked / d**2:.0f} times d squared")

# %% [markdown] id="swarm-text"
# ### Explore: a population on its way
#
# Choose a landscape, drag the start, play the generations. The ellipse is the distribution at two deviations, the star the lowest point. **Goal:** in the egg box, from
# a start at least 3 away from the star, at least 8 of 10 runs (other seeds, same settings) that end in the valley of the star, after 40 generations or 2,000 evaluations. First look at the valleys: how long
# does the ellipse take to turn? Then the egg box with a small $\sigma$: where does it end, and why?


# %% id="swarm-run"
PLACES = {
    "narrow valley": (narrow, (0.0, 0.0)),
    "banana": (
        lambda x: (1 - x[..., 0]) ** 2 + 20 * (x[..., 1] - x[..., 0] ** 2 / 2) ** 2,
        (1, 0.5),
    ),
    "egg box": (
        lambda x: np.sum((x - 1) ** 2 + 10 - 10 * np.cos(2 * np.pi * (x - 1)), axis=-1),
        (1.0, 1.0),
    ),
}


# %% id="swarm-history"
@lru_cache(maxsize=64)
def swarm_history(shape, sigma, n, x, y):
    return cma(PLACES[shape][0], np.array([x, y]), sigma, n, 61, np.random.default_rng(0))


@lru_cache(maxsize=64)
def arrivals(shape, sigma, n, x, y):
    """How many of 10 runs are near the lowest point after 40 generations or 2,000 evaluations."""
    f, begin, generations = PLACES[shape][0], np.array([x, y]), min(2000 // n, 40)
    runs = (cma(f, begin, sigma, n, generations, np.random.default_rng(s)) for s in range(10))
    return sum(int(f(run[-1][1]) < 0.5) for run in runs)


def swarm(shape, generation, n, sigma, x, y):
    f, lowest = PLACES[shape]
    history = swarm_history(shape, sigma, n, x, y)
    points, mean, now, C = history[generation]
    outline, ratio = ellipse(mean, now, C)
    way = np.array([each[1] for each in history[: generation + 1]])
    data = {
        "points": points.T.clip(-99, 99),
        "ellipse": outline.clip(-99, 99),
        "way": way.T.clip(-99, 99),
        "star": ([lowest[0]], [lowest[1]]),
    }
    value, asked = f(mean), n * (generation + 1)
    hits = arrivals(shape, sigma, n, x, y)
    sentence = f"Generation {generation}, {asked:,} evaluations: value at the mean {three(value)}, "
    sentence += f"ellipse {ratio:.1f} times as long as wide. "
    sentence += f"In the valley of the star in the end: {hits} of 10 runs."
    far = np.hypot(x - 1, y - 1) >= 3
    return data, sentence, bool(shape == "egg box" and far and hits >= 8)


# %% id="swarm-explorer"
figure, axes = panels(width=5.6, height=4.8)
moving = {
    "way": line(axes, "mean", color=ORANGE, marker="s", markevery=1, markersize=4),
    "ellipse": line(axes, "two deviations", color=VERMILION, marker=""),
    "points": dots(axes, "population", color=BLUE, marker="o"),
    "star": dots(axes, color=BLACK, marker="*", markersize=14),
}
axes.legend(loc="lower left", frameon=True)
swarms = Explorer(
    swarm,
    figure,
    moving,
    {
        "shape": choice("landscape", list(PLACES)),
        "generation": slider("generation", 0, 60, 0, step=1),
        "n": slider("population size", 4, 60, 6, step=1),
        "sigma": slider("first sigma", 0.05, 5.0, 0.5, log=True),
        "x": slider("start x", -4.0, 4.0, -3.0, step=0.1),
        "y": slider("start y", -4.0, 4.0, 2.0, step=0.1),
    },
    title="A population on its way",
    goal="in the egg box, from at least 3 away, 8 of 10 runs in the valley of the star",
    play="generation",
    drag=(axes, "x", "y"),
    backdrop=lambda figure, shape: landscape(
        figure.axes[0], PLACES[shape][0], (-4, 4), (-4, 4), log=True
    ),
)
swarms

# %% id="swarm-goal" tags=["machine"]
for n, sigma in ((6, 0.5), (6, 5.0), (40, 5.0)):
    shown = swarms.at(shape="egg box", generation=30, n=n, sigma=sigma)
    print(shown.sentence, "Goal reached:", shown.reached)

# %% [markdown] id="restart-text"
# ## 7 Restarts
#
# CMA-ES is a *local* searcher with a wide view. In a landscape full of valleys it ends in one of them, quickly and for good. What helps is to start again:
# with a population twice as large each time (**IPOP**, Auger and Hansen 2005), which sees less detail and more of the whole; or with large and small populations
# in turn (**BIPOP**, Hansen 2009), the package's default. Rastrigin's egg box in five dimensions, moved from the center, random starts, 15 seeds,
# 50,000 evaluations:

# %% id="restart" tags=["machine"]
eggs = LANDSCAPES["rastrigin"].shifted(np.random.default_rng(5).uniform(-2, 2, 5))
settings = {
    "no restarts": {"restarts": "none"},
    "IPOP": {"restarts": "ipop"},
    "BIPOP": {"restarts": "bipop"},
    "none, population 200": {"restarts": "none", "popsize": 200},
}
hits = {}
print(f"{'':22}{'found':>9}{'median value':>15}{'evaluations':>14}")
for name, more in settings.items():
    runs = []
    for seed in range(15):
        x0 = np.random.default_rng(seed).uniform(-5, 5, 5)
        options = {"bounds": eggs.bounds(5), "budget": 50_000, "target": 1e-8, "seed": seed}
        runs.append(minimize(eggs.fun, x0, method="cma", **options, **more))
    hits[name] = sum(run.fun <= 1e-8 for run in runs)
    value, asked = np.median([run.fun for run in runs]), np.median([run.nfev for run in runs])
    print(f"{name:22}{hits[name]:>6} / 15{three(value):>12}{three(asked):>14}")

# %% id="restart-check"
print("without restarts at most 1 of 15 is found:", hits["no restarts"] <= 1)
print("with restarts at least 11 of 15:          ", min(hits["IPOP"], hits["BIPOP"]) >= 11)

# %% [markdown] id="restart-after"
# A single run stops early, sure of itself: it has used a few percent of its budget. The fourth row says where the cure lies: it is the size of the
# population more than the starting again. But who knows the right size beforehand? Doubling finds it, at a price. Which of the two forms wins depends on the
# landscape; here it is IPOP. And there is a limit: in ten dimensions the egg box has about ten billion valleys, and section 8 will show a method that is
# better there.
#
# ### Many dimensions: the separable form
#
# $C$ has $d^2$ entries, and an eigendecomposition takes $d^3$ operations. The **separable** form (Ros and Hansen 2008) keeps only the diagonal of $C$, one
# deviation for each coordinate. Its learning rates are about $d/3$ times larger, and it is blind to valleys that are not parallel to an axis. Evaluations to $10^{-6}$ at
# condition 10,000 in 20 dimensions, median of 10 seeds:

# %% id="separable" tags=["machine"]
needed = {}
for name, turn in (("along the axes", False), ("turned", True)):
    f, _ = quadratic(10_000, d=20, turn=turn)
    for method in ("cma", "sep-cma"):
        options = {"method": method, "sigma": 0.5, "budget": 40_000, "target": 1e-6}
        runs = [minimize(f, np.ones(20), seed=s, **options) for s in range(10)]
        asked = np.median([run.nfev if run.fun <= 1e-6 else np.inf for run in runs])
        needed[name, method] = asked
        text = three(asked) if asked < np.inf else "more than 40,000"
        print(f"{name:16}{method:8}{text:>18}")

# %% id="separable-check"
print("along the axes the separable form is at least twice as fast:", end=" ")
print(bool(2 * needed["along the axes", "sep-cma"] < needed["along the axes", "cma"]))
print("turned it is at least twice as slow:", end=" ")
print(bool(needed["turned", "sep-cma"] > 2 * needed["turned", "cma"]))

# %% [markdown] id="cost-text"
# And what does a method itself cost for each evaluation, in time and in memory? (A real objective usually takes more. The eigendecomposition is put off as
# long as $C$ has changed little.)

# %% id="cost" tags=["machine"]
for d in (10, 100, 300):
    spent = []
    for method in ("cma", "sep-cma"):
        tries = []
        for _ in range(3):
            begun = time.perf_counter()
            minimize(sphere, np.ones(d), method=method, sigma=0.5, budget=2000, seed=0)
            tries.append(1e6 * (time.perf_counter() - begun) / 2000)
        spent.append(f"{method} {three(min(tries))}")
    print(f"d = {d:3}: microseconds for each evaluation besides the objective: {', '.join(spent)}")

# %% id="memory"
for d in (650, 10**6, 10**9):
    print(f"d = {d:13,}: C takes {three(8 * d * d / 1e9)} GB, its diagonal {three(8 * d / 1e9)} GB")

# %% [markdown] id="compare-text"
# ## 8 Compared by evaluations
#
# Four landscapes in ten dimensions, lowest point moved away from the center, ten random starts in the box, the same for all, 10,000 evaluations. Methods
# without gradients run as the package gives them, with no tuning. Beside them, two that may use the gradient, 3 evaluations each: Adam with the best of
# six rates (found with other starts), and L-BFGS of SciPy (the BFGS of lesson [09](09_genetic_algorithms.ipynb) with little memory), one run from each start. The curves are medians, the bands hold 10 to 90 % of the seeds.


# %% id="compare"
budget, seeds, d = 10_000, range(10), 10
moved = {
    name: LANDSCAPES[name].shifted(np.random.default_rng(9).uniform(-0.1, 0.1, d) * 10)
    for name in ("sphere", "rosenbrock", "rastrigin")
}
bowl_f, bowl_H = quadratic(1_000_000)
shift = np.random.default_rng(10).uniform(-1, 1, d)
RATES = {"sphere": 0.3, "turned ellipsoid": 1.0, "rosenbrock": 3.0, "rastrigin": 0.1}


@njit
def ellipsoid(x):
    return bowl_f(x - shift)


problems = {
    name: (moved[name].fun, moved[name].grad, moved[name].bounds(d))
    for name in ("sphere", "rosenbrock", "rastrigin")
}
problems["turned ellipsoid"] = (
    ellipsoid,
    lambda x: bowl_H @ (x - shift),
    moved["sphere"].bounds(d),
)


# %% id="compare-curve"
def lbfgs(f, grad, x0, box):
    """Best value so far after each evaluation charged."""
    values = []

    def both(x):
        values.append(f(x))
        return values[-1], grad(x)

    optimize.minimize(both, x0, jac=True, method="L-BFGS-B", bounds=box, options={"maxfun": 1500})
    return np.minimum.accumulate(np.repeat(values, 3))


def curve(method, name, seed):
    """Best value so far after each of the 10,000 evaluations."""
    f, grad, box = problems[name]
    x0 = np.random.default_rng(seed).uniform(*box.T)
    if method == "L-BFGS (gradient)":
        best = lbfgs(f, grad, x0, box)
    elif method == "Adam (gradient)":
        run = minimize(f, x0, method="adam", grad=grad, lr=RATES[name], budget=budget)
        best = np.repeat(run.history["fun"], 3)
    else:
        best = minimize(f, x0, method=method, bounds=box, budget=budget, seed=seed).history["fun"]
    return np.append(best, np.full(budget, best[-1]))[:budget].clip(1e-12)


# %% id="compare-run"
looks = {
    "random": (SKY, "v"),
    "one-plus-one": (PURPLE, "^"),
    "de": (GREEN, "D"),
    "es": (ORANGE, "P"),
    "cma": (BLUE, "o"),
    "Adam (gradient)": (VERMILION, "s"),
    "L-BFGS (gradient)": (BLACK, "X"),
}
curves = {
    (method, name): np.array([curve(method, name, seed) for seed in seeds])
    for name in problems
    for method in looks
}

# %% id="compare-figure" tags=["machine"]
figure, all_axes = panels(2, 2, width=8.8, height=6.6)
counts = np.unique(np.geomspace(1, budget, 150).astype(int))
for axes, name in zip(all_axes.flat, problems, strict=True):
    for method, (color, marker) in looks.items():
        runs = curves[method, name][:, counts - 1]
        axes.loglog(
            counts, np.median(runs, axis=0), color=color, marker=marker, markevery=0.1, label=method
        )
        low, high = np.quantile(runs, (0.1, 0.9), axis=0)
        axes.fill_between(counts, low, high, color=color, alpha=0.15)
    axes.set(title=name, xlabel="evaluations (a gradient counts as 3)", ylabel="best value")
figure.legend(*all_axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
ends = [
    f"{name} " + ", ".join(f"{m} {three(np.median(curves[m, name][:, -1]))}" for m in ("cma", "de"))
    for name in problems
]
show(figure, f"Median at the end (values below 1e-12 count as that): {'; '.join(ends)}.")

# %% id="compare-table" tags=["machine"]
print(f"{'median evaluations to 0.001':20}" + "".join(f"{name:>18}" for name in problems))
reached = {}
for method in looks:
    for name in problems:
        below = curves[method, name] <= 1e-3
        first = np.where(below.any(axis=1), below.argmax(axis=1) + 1.0, np.inf)
        reached[method, name] = np.median(first)
    cells = [reached[method, name] for name in problems]
    texts = [three(cell) if cell < np.inf else "never" for cell in cells]
    print(f"{method:27}" + "".join(f"{text:>18}" for text in texts))
finals = {method: np.median(curves[method, "rastrigin"][:, -1]) for method in looks}
listed = ", ".join(f"{method} {three(value)}" for method, value in finals.items())
print(f"Rastrigin, median value at the end: {listed}")
arrived = {
    m: int(sum(curves[m, "rosenbrock"][:, -1] <= 1e-3)) for m in ("cma", "L-BFGS (gradient)")
}
print("Rosenbrock, runs of 10 that reach 0.001:", arrived)

# %% id="compare-check"
valleys = ("turned ellipsoid", "rosenbrock")
without = ("random", "one-plus-one", "de", "es")
print("on the two valleys CMA-ES is first among those without gradients:", end=" ")
print(all(reached["cma", n] <= min(reached[m, n] for m in without) for n in valleys))
print("on the sphere (1+1)-ES is:", end=" ")
print(bool(reached["one-plus-one", "sphere"] < reached["cma", "sphere"]))
print("on all three smooth ones L-BFGS, with gradients, is faster still:", end=" ")
print(all(reached["L-BFGS (gradient)", n] < reached["cma", n] for n in ("sphere", *valleys)))
gradients = finals["Adam (gradient)"], finals["L-BFGS (gradient)"]
print(f"on Rastrigin both gradient methods end above random: {min(gradients) > finals['random']}")
print(f"on Rastrigin the lowest median at the end has: {min(finals, key=finals.get)}")

# %% [markdown] id="compare-after"
# No method wins everywhere. In narrow and curved valleys CMA-ES is the best of the five that see values only, by the learned shape. In the round bowl there is
# nothing to learn, and the (1+1)-ES of lesson [07](07_random_search.ipynb) needs half as many. On Rastrigin's regular grid differential evolution of lesson 09 wins: the grid
# stands along the axes, and it can put right one coordinate after the other (in lesson 09 the same grid, turned, stopped it). OpenAI's ES with its fixed schedule is made for many parameters and noise, not for ten and precision. And where a gradient can
# be had and the landscape is smooth, L-BFGS, which learns the same Hessian from gradients, needs about 4 to 70 times fewer evaluations than CMA-ES (but not every run: on
# Rosenbrock's function a run may end in a second, higher valley). On
# Rastrigin gradients lead into some valley nearby, and a single run ends above the best of 10,000 random points.
#
# ## 9 Counting errors on digits
#
# Back to the question. Three trainings from the same checkpoint (20 steps), 1,800 evaluations each, 10 seeds: ES on the share of wrong answers; ES on the
# smooth cross-entropy; Adam on the cross-entropy with its gradient. The last two minimize a **surrogate**, a stand-in. All are judged by the count. $\sigma$
# stays as it is (`shrink=1`); each ES has the best of three, found with other seeds.


# %% id="digits"
def cross_entropy(theta):
    return mlp.loss(theta, sizes, train, label)


def descend(theta, steps, every):
    """Shares of wrong answers on the way of Adam with the gradient, and the last theta."""
    theta, rule, shares = theta.copy(), Adam(0.01), []
    for t in range(steps):
        if t % every == 0:
            shares.append(wrong(theta))
        rule.step_(theta, mlp.loss_and_gradient(theta, sizes, train, label)[1])
    return np.array(shares), theta


contest = {"ES on the count": [], "ES on the surrogate": [], "Adam on the surrogate": []}
held_out = {name: [] for name in contest}
for seed in range(10):
    begin = trained(20, seed)
    searches = ("ES on the count", wrong, 0.05), ("ES on the surrogate", cross_entropy, 0.1)
    for name, f, sigma in searches:
        counted = []
        strategy = Population("es", begin, sigma=sigma, shrink=1, popsize=40, seed=seed)
        for _ in range(45):
            points = strategy.ask()
            center = points.mean(axis=0)  # pairs: their mean is the mean of the distribution
            counted.append(wrong(center))
            strategy.tell(points, [f(point) for point in points])
        contest[name].append(counted)
        held_out[name].append(wrong(center, test, test_label))
    shares, last = descend(begin, 601, every=10)
    contest["Adam on the surrogate"].append(shares)
    held_out["Adam on the surrogate"].append(wrong(last, test, test_label))

# %% id="digits-figure" tags=["machine"]
figure, axes = panels(height=4)
styles = zip((BLUE, ORANGE, VERMILION), ("o", "P", "s"), (40, 40, 30), strict=True)
for (name, runs), (color, marker, price) in zip(contest.items(), styles, strict=True):
    asked = price * np.arange(len(runs[0]))
    middle, low, high = (100 * np.quantile(runs, q, axis=0) for q in (0.5, 0, 1))
    axes.plot(asked, middle, color=color, marker=marker, markevery=0.1, label=name)
    axes.fill_between(asked, low, high, color=color, alpha=0.2)
axes.set(xlabel="evaluations (a gradient counts as 3)", ylabel="wrong on 500 training digits (%)")
axes.set(ylim=(0, 30), title="Median and range of ten seeds")
axes.legend()
ends = [
    f"{name} {100 * np.median(np.array(contest[name])[:, -1]):.1f} % "
    f"({100 * np.median(shares):.1f} % on the {len(test):,} held out)"
    for name, shares in held_out.items()
]
adam, es = (
    np.median(contest[name], axis=0) for name in ("Adam on the surrogate", "ES on the count")
)
soon = 30 * np.argmax(adam <= es[-1])
show(
    figure,
    f"Wrong at the end, medians: {'; '.join(ends)}. Adam has as few as the first after {soon} evaluations.",
)

# %% id="digits-check"
ends = {name: np.median(np.array(runs)[:, -1]) for name, runs in contest.items()}
first = np.median(np.array(contest["ES on the count"])[:, 0])
print(
    "from the count alone, errors fall to less than half: ",
    bool(ends["ES on the count"] < first / 2),
)
print("Adam with the gradient leaves none on training:      ", ends["Adam on the surrogate"] == 0)
middle = {name: np.median(shares) for name, shares in held_out.items()}
print(
    "it is also the best on held-out digits:              ",
    min(middle, key=middle.get).startswith("Adam"),
)

# %% [markdown] id="digits-after"
# The count can be trained on, without any slope. But here the detour by the surrogate is far better: Adam needs a small part of the
# evaluations, and in the end has no errors left. Without its gradient the surrogate hardly leads: on training digits both ES do equally well, on held-out
# ones the surrogate is a little ahead. A wrong answer near the border and one far from it count the same, so the count says little; cross-entropy says more, and its gradient much more.
#
# ### When the stand-in points elsewhere
#
# A surrogate has another lowest point. If the model can get everything right, that does not matter. Now squeeze the digits into *two* numbers each (their
# first two principal components, the directions in which they vary most) and train the 30 parameters to the very lowest cross-entropy. Then count from there: ES, 2,000 evaluations.

# %% id="surrogate"
plane = PCA(2, whiten=True, random_state=0).fit(train)
flat_train, flat_test = plane.transform(train), plane.transform(test)


def flat_wrong(theta, images=flat_train, labels=label):
    return np.mean(mlp.forward(theta, (2, 10), images)[-1].argmax(axis=1) != labels)


lowest, rule = np.zeros(30), Adam(0.05)
for _ in range(2000):
    rule.step_(lowest, mlp.loss_and_gradient(lowest, (2, 10), flat_train, label)[1])
slope = np.abs(mlp.loss_and_gradient(lowest, (2, 10), flat_train, label)[1]).max()
print(f"largest slope of the surrogate left: below 1e-3: {bool(slope < 1e-3)}")
counts = [
    minimize(flat_wrong, lowest, method="es", sigma=0.2, popsize=40, budget=2000, seed=s).x
    for s in range(10)
]
gained = {
    "training": (flat_wrong(lowest), [flat_wrong(theta) for theta in counts]),
    "held out": (
        flat_wrong(lowest, flat_test, test_label),
        [flat_wrong(theta, flat_test, test_label) for theta in counts],
    ),
}
for name, (before, after) in gained.items():
    print(
        f"{name}: fewer wrong answers than the surrogate's best in {np.sum(np.array(after) < before)} of 10"
    )

# %% id="surrogate-size" tags=["machine"]
for name, (before, after) in gained.items():
    low, middle, high = 100 * np.quantile(after, (0, 0.5, 1))
    print(
        f"{name}: surrogate {100 * before:.1f} % wrong, then ES {middle:.1f} ({low:.1f} to {high:.1f})"
    )

# %% [markdown] id="surrogate-after"
# Here no gradient of the surrogate can help: it is at its lowest point, and the count is not. So the rule is: if there is a smooth stand-in that points the same
# way, follow its gradient. If you are paid by the count (or by a score of translations, or a win), and the stand-in has done what it can, search on the
# count, from there.

# %% [markdown] id="cart-text"
# ### A pole on a cart
#
# Some values come from a *simulation* with no stand-in at all. The classic of **reinforcement learning**: a cart is pushed left or right 50 times a
# second, so that the pole on it does not fall (Barto, Sutton and Anderson 1983). The policy is one weighted sum of four measurements; its sign
# decides. The value: how many of 500 steps the pole stands, mean over five starts.


# %% id="cart" tags=["P22"]
def fallen(theta):
    """Minus the mean number of steps until the pole falls or the cart leaves the track."""
    total = 0
    for k in range(5):
        x, v, angle, turn, steps = 0.0, 0.0, 0.05 * (k - 2), 0.0, 0
        while steps < 500 and abs(x) < 2.4 and abs(angle) < 0.21:
            said = theta[0] * x + theta[1] * v + theta[2] * angle + theta[3] * turn
            sine, cosine = math.sin(angle), math.cos(angle)
            pull = ((10.0 if said > 0 else -10.0) + 0.05 * turn**2 * sine) / 1.1
            spin = (9.8 * sine - cosine * pull) / (0.5 * (4 / 3 - 0.1 * cosine**2 / 1.1))
            push = pull - 0.05 * spin * cosine / 1.1
            x, v, angle, turn = (
                x + 0.02 * v,
                v + 0.02 * push,
                angle + 0.02 * turn,
                turn + 0.02 * spin,
            )
            steps += 1
        total += steps
    return -total / 5


# %% id="cart-learn" tags=["P22", "machine"]
simulation = njit(fallen)
stands, box = {}, [(-1, 1)] * 4
for method in ("random", "one-plus-one", "es", "cma"):
    options = {"bounds": box, "budget": 1000, "target": -500}
    runs = [minimize(simulation, np.zeros(4), method=method, seed=s, **options) for s in range(10)]
    stands[method] = sum(run.fun == -500 for run in runs)
    asked = np.median([run.nfev for run in runs])
    print(
        f"{method:13}: stands for all 500 steps in {stands[method]:2} of 10 runs, median {three(asked)} evaluations"
    )

# %% id="cart-check"
print(
    f"with all weights zero (always pushed left) it stands for {three(-fallen(np.zeros(4)))} steps"
)
print("every method balances it in at least 8 of 10 runs:", min(stands.values()) >= 8)

# %% [markdown] id="cart-after"
# No gradient flows through a push to the left. It works; and random search works, too: with four parameters and an easy task a baseline is a must (Mania et
# al. 2018 make that point for harder tasks). Salimans et al. (2017) trained networks that walk and play Atari games in this way. They report the level of a
# method with policy gradients on most games for 3 to 10 times as much data, and a walker trained in ten minutes on 1,440 cores, since hardly anything has to
# be sent. How that goes is the next section.
#
# ## 10 Many workers
#
# The points of one generation do not depend on each other: they can be evaluated at the same time. `n_jobs` hands them to processes through joblib. The
# search is *the same*, whatever the number of workers:

# %% id="parallel" tags=["A34", "P14"]
weak = np.array([0.1, 0.2, 1.0, 0.3])
options = {"method": "es", "sigma": 0.3, "popsize": 20, "budget": 101, "seed": 0, "keep_path": True}
alone = minimize(fallen, weak, **options)
together = minimize(fallen, weak, n_jobs=2, **options)
print(
    "two processes and one ask the same points:",
    np.array_equal(alone.history["x"], together.history["x"]),
)
print("and end with the same value:              ", alone.fun == together.fun)

# %% [markdown] id="cluster-text"
# The same line runs on a cluster, unchanged, under another backend of joblib. `tests/test_cluster.py` does this with the cell above and two workers of
# dask:
#
# ```python
# from dask.distributed import Client
# from joblib import parallel_config
#
# client = Client("address of the scheduler")
# with parallel_config(backend="dask"):
#     together = minimize(fallen, weak, **options)
# ```
#
# What does it bring? On this machine, with the simulation in plain Python, so that an evaluation takes milliseconds, against a cheap function:

# %% id="speed" tags=["P14", "machine"]
for name, f in (("simulation", fallen), ("cheap", sphere)):
    spent = []
    for n_jobs in (1, 2):
        begun = time.perf_counter()
        minimize(f, weak, n_jobs=n_jobs, **options)
        spent.append(time.perf_counter() - begun)
    print(
        f"{name}: one process {three(spent[0])} s, two {three(spent[1])} s, gain {three(spent[0] / spent[1])}"
    )

# %% [markdown] id="speed-after"
# Never more than the number of cores, and nothing on cores that are busy with other work; less, because handing out points takes time and the slowest of a generation is waited for; and a loss where an
# evaluation is cheaper than sending it. "It needs many evaluations, but they run in parallel" is true, and both halves count: the evaluations are
# still paid for.
#
# ### Sending numbers instead of vectors
#
# Lesson [03](03_stochastic_gradients.ipynb) shared the work of one gradient: every worker sent $d$ numbers in each step. With a population nobody needs to. Every direction comes from a *seed*,
# so every worker can draw every direction. What the others do not know of my pair is one **scalar**, the difference of its two values. So
#
# 1. each worker evaluates its own pairs, at its own copy of $\theta$;
# 2. it sends its scalars, and reads those of the others;
# 3. it draws *all* directions again from the seeds, and takes the step: all copies stay the same.
#
# Here four processes do it for real; each keeps its own $\theta$, and they share only a file of scalars.


# %% id="scalars"
def scalar_worker(folder, me, theta, generations, pairs, sigma, lr):
    """Train an own copy of theta together with three others; only differences of values are shared."""
    scalars = np.memmap(folder / "scalars", dtype=float, mode="r+", shape=(generations, 4, pairs))
    deadline = time.monotonic() + 120
    for t in range(generations):
        seeds = np.arange(t * 4 * pairs, (t + 1) * 4 * pairs).reshape(4, pairs)
        for k, seed in enumerate(seeds[me]):
            step = sigma * np.random.default_rng(seed).standard_normal(theta.shape)
            scalars[t, me, k] = wrong(theta + step) - wrong(theta - step)
        while np.isnan(scalars[t]).any():  # the others are not ready
            if time.monotonic() > deadline:
                raise TimeoutError("a worker is missing")
            time.sleep(0.001)
        for seed, scalar in zip(seeds.ravel(), scalars[t].ravel(), strict=True):
            z = np.random.default_rng(seed).standard_normal(theta.shape)
            theta = theta - lr * scalar * z
    return theta


# %% id="scalars-run" tags=["A34"]
generations, pairs, sigma, lr = 40, 5, 0.05, 0.02
with tempfile.TemporaryDirectory() as name:
    folder = Path(name)
    np.full((generations, 4, pairs), np.nan).tofile(folder / "scalars")
    copies = Parallel(n_jobs=4)(
        delayed(scalar_worker)(folder, me, start, generations, pairs, sigma, lr) for me in range(4)
    )
    sent = np.fromfile(folder / "scalars")
identical = all(np.array_equal(copies[0], each) for each in copies[1:])
print("four processes end with identical parameters, bit by bit:", identical)
rebuilt = start
for seed, scalar in enumerate(sent):
    rebuilt = rebuilt - lr * scalar * np.random.default_rng(seed).standard_normal(start.shape)
print(
    "and so does who only has the start and the scalars:      ", np.array_equal(rebuilt, copies[0])
)
print(
    "fewer wrong answers than at the start:                   ", bool(wrong(rebuilt) < wrong(start))
)

# %% id="bytes" tags=["A34"]
steps = next(t for t in range(2000) if wrong(trained(20 + t)) <= wrong(rebuilt))
print(f"sent by all four with scalars:     {8 * sent.size:9,} bytes in {generations} generations")
print(f"as many steps, sending gradients:  {8 * 4 * start.size * generations:9,} bytes")
print(
    "steps of Adam to the same count, sending gradients: fewer than generations:",
    steps < generations,
)
for d in (650, 10**6, 10**9):
    print(f"d = {d:13,}: a gradient {three(8 * d)} bytes, a pair 8")

# %% [markdown] id="bytes-after"
# A message does not grow with the model. That is what made a thousand workers possible, and it is what lesson [16](16_the_state_of_the_art.ipynb) uses to store a whole fine-tuning in a few
# kilobytes. What it does not do: save evaluations (gradients needed fewer steps, and each was one pass), or work (each worker draws all
# directions, $d$ numbers for each pair of the others). It hides nothing, either: who reads the scalars and knows the seeds has every update exactly. And
# the copies agree bit by bit only because all add in the same order.
#
# The scalars can go through ranks first, since everybody has all of them. Waiting for the slowest worker is the price of agreement; asynchronous
# ways, as in lesson 03, exist here, too.
#
# ## 11 If somebody asks you

# %% [markdown] id="interview" tags=["Q01", "R07", "P22"]
# - *How do you optimize without gradients?* With a loop of ask, evaluate, tell. Cheap and up to a few dozen parameters: CMA-ES with restarts, or
#   differential evolution where the valleys are many. A handful of parameters: Nelder-Mead or random search first. Discrete: annealing or a genetic algorithm. Thousands of parameters and noise:
#   pairs along random directions (lesson [10](10_gradients_from_values.ipynb)), or an evolution strategy if there are workers. If there is a gradient, use it.
# - *Which tools?* Not TensorFlow, PyTorch or scikit-learn, which the documents name: none of them has such a search for an objective of your own. Real ones: `scipy.optimize`
#   (Nelder-Mead, `differential_evolution`, `dual_annealing`); **pycma** by the author of CMA-ES; **nevergrad** with many methods behind one
#   ask and tell; **evosax** for populations on accelerators. Their words are ours: `ask`, `tell`, `popsize`, `sigma`.
# - *Is reinforcement learning a field for it?* Fairly, yes: returns are noisy, delayed and not differentiable, and episodes run in parallel. Against methods that use the
#   gradient of the policy it needs more data and less communication. Recent work tunes language models in the same way; lesson [16](16_the_state_of_the_art.ipynb) looks at it.

# %% [markdown] id="quick"
# ## 12 Quick questions
#
# Decide first, then open your choice.

# %% [markdown] id="quick-flat"
# **Quick question.** The share of wrong answers has slope zero almost everywhere. How can an ES estimate a gradient of it?
#
# - [ ] It uses a very small $\sigma$, so that the slope can be seen.
#   With a very small $\sigma$ all values are equal, and the estimate is zero.
# - [x] It estimates the gradient of the mean over a cloud of points, which is smooth.
#   The cloud reaches over the jumps; moving it changes how many points lie on each side.
# - [ ] It backpropagates through the ranks.
#   Nothing is propagated. Ranks are steps, too.

# %% [markdown] id="quick-ranks"
# **Quick question.** You replace $f$ by $\log f$ (all values are positive). What does CMA-ES do?
#
# - [ ] It converges faster, since the logarithm is flatter.
#   That may happen to gradient descent, whose steps change with the slope.
# - [x] Exactly the same steps.
#   It sees the order of the values only, and the logarithm keeps it.
# - [ ] It needs another $\sigma$.
#   $\sigma$ is a distance among the points, not among the values.

# %% [markdown] id="quick-scale"
# **Quick question.** "CMA-ES learns the inverse Hessian, so let us train a model of a billion parameters with it." What do you say?
#
# - [ ] Good idea, it needs no gradient.
#   $C$ alone would take eight billion gigabytes.
# - [ ] Take the separable form; the rest is the same.
#   The memory would do. But it learns axes only, and needs evaluations in proportion to $d$ even in the best case.
# - [x] $C$ has $d^2$ entries, and learning it takes some $20 d^2$ evaluations. A few hundred parameters are its range.
#   For more, search in a small random subspace (lesson [16](16_the_state_of_the_art.ipynb)), or do without $C$.

# %% [markdown] id="quick-restart"
# **Quick question.** Your run of CMA-ES ends after 4 % of the budget, in a landscape with many valleys. What is most likely to help?
#
# - [ ] A smaller tolerance, so that it does not stop.
#   It sits at the bottom of one valley. More digits of that bottom are no better valley.
# - [x] Start again, with a larger population.
#   More points see less detail and more of the whole: that is IPOP.
# - [ ] A smaller $\sigma$ at the start, to search more carefully.
#   Then it finds the valley nearest to the start even sooner.

# %% [markdown] id="quick-surrogate"
# **Quick question.** You are judged by the share of right answers. Train on it directly, by ES?
#
# - [ ] Yes: a surrogate is never the real aim.
#   On the digits it was far worse than the detour by the surrogate's gradient.
# - [ ] No: what has no gradient cannot be trained on.
#   Section 9 did it.
# - [x] First the surrogate with its gradient; then, where it can do no more, the count from there.
#   With two numbers for each digit this was better than the surrogate's lowest point.

# %% [markdown] id="quick-scalars"
# **Quick question.** A thousand workers train a model of $d$ parameters by ES and send scalars. What grows with $d$?
#
# - [ ] The messages, as with gradients.
#   A pair is one number, whatever $d$ is.
# - [ ] Nothing: that is the trick.
#   Nothing that is *sent*.
# - [x] The work of each worker, and often the number of evaluations needed.
#   All directions are drawn again, $d$ numbers each; and the noise of the estimate grows with the (effective) dimension.

# %% [markdown] id="summary"
# ## Summary
#
# 1. An ES follows the gradient of the smoothed objective, estimated from a population; so it trains on counts, jumps and simulations.
# 2. Mirrored pairs remove what is even, ranks remove outliers: after that only the order of the values matters.
# 3. CMA-ES adds a path that sets $\sigma$ and a matrix that learns the shape of the valley, $C \propto H^{-1}$, for some $20 d^2$ evaluations and $d^2$ memory.
# 4. It stops in one valley: restart it with larger populations. Noise also asks for larger populations. The separable form is for many dimensions.
# 5. A generation runs in parallel, and workers need to exchange one number for each pair; the evaluations stay. With a good gradient at hand, use it.
#
# ## Exercise
#
# Four questions: copy it with `start_exercise("11")` as in lesson [00](00_start_here.ipynb), or open
# [exercises/11_evolution_strategies.ipynb](../exercises/11_evolution_strategies.ipynb). **Next:** [12 Matrix
# factorization](12_matrix_factorization.ipynb). All methods so far know nothing of the objective but what it answers. What if we know how it is built?

# %% [markdown] id="sources"
# ## Sources
#
# - T. Salimans, J. Ho, X. Chen, S. Sidor, I. Sutskever, *Evolution strategies as a scalable alternative to reinforcement learning* (2017),
#   [arXiv:1703.03864](https://arxiv.org/abs/1703.03864).
# - D. Wierstra et al., *Natural evolution strategies*, Journal of Machine Learning Research 15 (2014), 949-980,
#   [arXiv:1106.4487](https://arxiv.org/abs/1106.4487).
# - N. Hansen, A. Ostermeier, *Completely derandomized self-adaptation in evolution strategies*, Evolutionary Computation 9 (2001),
#   [doi:10.1162/106365601750190398](https://doi.org/10.1162/106365601750190398).
# - N. Hansen, *The CMA evolution strategy: a tutorial* (2016), [arXiv:1604.00772](https://arxiv.org/abs/1604.00772): all constants of section 6.
# - A. Auger, N. Hansen, *A restart CMA evolution strategy with increasing population size*, IEEE Congress on Evolutionary Computation (2005),
#   [doi:10.1109/CEC.2005.1554902](https://doi.org/10.1109/CEC.2005.1554902).
# - N. Hansen, *Benchmarking a BI-population CMA-ES on the BBOB-2009 function testbed*, GECCO (2009),
#   [doi:10.1145/1570256.1570333](https://doi.org/10.1145/1570256.1570333).
# - R. Ros, N. Hansen, *A simple modification in CMA-ES achieving linear time and space complexity*, PPSN (2008),
#   [doi:10.1007/978-3-540-87700-4_30](https://doi.org/10.1007/978-3-540-87700-4_30).
# - A. G. Barto, R. S. Sutton, C. W. Anderson, *Neuronlike adaptive elements that can solve difficult learning control problems*, IEEE Transactions on
#   Systems, Man, and Cybernetics 13 (1983), [doi:10.1109/TSMC.1983.6313077](https://doi.org/10.1109/TSMC.1983.6313077): the pole.
# - H. Mania, A. Guy, B. Recht, *Simple random search provides a competitive approach to reinforcement learning* (2018),
#   [arXiv:1803.07055](https://arxiv.org/abs/1803.07055).
# - S. Malladi et al., *Fine-tuning language models with just forward passes*, NeurIPS (2023), [arXiv:2305.17333](https://arxiv.org/abs/2305.17333): a
#   training run as seeds and scalars.
