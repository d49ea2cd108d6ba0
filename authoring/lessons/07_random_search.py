# %% [markdown] id="title"
# # 07 Random search and hill climbing
#
# **Promise.** Minimize anything that answers with a number: no formula, no gradient, no smoothness. You will be able to say what that costs, and when it is
# the right price.
#
# **You will be able to**
#
# - write the loop *ask, evaluate, tell* and plug any search into it;
# - compute how many random trials are enough, and say what that number does not promise;
# - keep a step size right without anybody's help, by the 1/5 rule;
# - use Nelder-Mead where it is strong, and know two places where it fails;
# - tune a real model by cross-validation, on the scale on which its settings live.
#
# **Time** 95 minutes. **Needs** lessons [01](01_what_gradient_free_means.ipynb), [03](03_stochastic_gradients.ipynb) and [06](06_neural_networks.ipynb).

# %% id="setup"
from functools import lru_cache
from itertools import product

import numpy as np
from scipy import optimize
from scipy.stats import loguniform, norm
from sklearn.datasets import load_digits
from sklearn.model_selection import KFold, RandomizedSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR

from ngo_lesson import data
from ngo_lesson.models import linear
from ngo_lesson.optimize.functions import LANDSCAPES, sphere
from ngo_lesson.optimize.minimize import minimize
from ngo_lesson.show.explorer import Explorer, choice, slider
from ngo_lesson.show.figures import panels, show, three
from ngo_lesson.show.pieces import band, bars, dots, landscape, line
from ngo_lesson.show.style import BLACK, BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION

# %% [markdown] id="question-text"
# ## 1 The question
#
# Lesson [06](06_neural_networks.ipynb) trained networks with gradients. But who chose the number of units, the rate, the number of passes? Nobody gave *their* gradient: they are
# **hyper-parameters**, set before the training starts. Take a support vector machine, which has a setting $\gamma$ (gamma: the larger, the shorter the reach of each example), and count the digits that it gets wrong in
# cross-validation. Then move $\gamma$ by a thousandth and look at the slope.

# %% id="question"
images, labels = load_digits(return_X_y=True)
images, labels = images[:150] / 16, labels[:150]
thirds = KFold(3, shuffle=True, random_state=0)


def wrong(gamma):
    """Share of the 150 digits that are wrong in cross-validation."""
    return 1 - cross_val_score(SVC(gamma=gamma), images, labels, cv=thirds).mean()


far, near = np.geomspace(1e-3, 3, 16), np.linspace(0.0145, 0.0155, 21)
shares, close = (np.array([wrong(gamma) for gamma in gammas]) for gammas in (far, near))
moved = np.array([wrong(1.001 * gamma) for gamma in far])
flat = int(np.sum(np.isclose(moved, shares, atol=1e-9)))

figure, (left, right) = panels(1, 2, width=8.4)
left.semilogx(far, 100 * shares, color=BLUE)
left.set(xlabel="gamma", ylabel="wrong digits (%)", title="From far")
right.plot(near, 100 * close, color=BLUE, drawstyle="steps-mid", marker="")
right.set(xlabel="gamma", title="From near")
show(figure, f"{flat} of 16 slopes are exactly 0; from best to worst {100 * np.ptp(shares):.0f} %.")

# %% [markdown] id="question-after"
# From far the curve has a wide valley. From near it is a staircase: a count cannot change by a thousandth of a digit. Slope after slope is exactly 0, also where
# the model is bad, so a gradient method would not move. Finite differences do not help either: they are slopes, too. Other settings are whole numbers or words. What is left
# is to *try*, and to use the answers well.

# %% [markdown] id="loop-text"
# ## 2 Ask, evaluate, tell
#
# One of the documents describes gradient-free optimization in four steps: initialize, choose a strategy, adjust the parameters "by their features", evaluate. That is too vague to be
# written as a program. This is the loop that all searches share:
#
# 1. **ask** the search for a point $x$;
# 2. **evaluate** the objective there: one number, $f(x)$;
# 3. **tell** the search that number, so that it can choose the next point better;
# 4. stop when the **budget** is spent, or when the value is good enough.
#
# The search never sees $f$. So $f$ may be a formula, a cross-validation, a measurement in a laboratory. The simplest search listens to nothing:


# %% id="loop" tags=["A03", "A30", "Q01", "Q19"]
class RandomSearch:
    """Points anywhere in the box, with equal chances."""

    def __init__(self, low, high, rng):
        self.low, self.high, self.rng = low, high, rng

    def ask(self):
        return self.rng.uniform(self.low, self.high)

    def tell(self, x, value):
        pass  # it learns nothing


def run(search, f, budget, enough=-np.inf):
    """The loop, for any search: the best point, its value, and all values in their order."""
    best, lowest, values = None, np.inf, []
    while len(values) < budget and lowest > enough:
        x = search.ask()
        value = f(x)
        search.tell(x, value)
        values.append(value)
        if value < lowest:
            best, lowest = x, value
    return best, lowest, values


low, high = np.array([-2.0, -4.0]), np.array([5.0, 3.0])
best, lowest, values = run(RandomSearch(low, high, np.random.default_rng(0)), sphere, budget=200)
print(f"best of {len(values)}: {three(lowest)} at ({best[0]:.2f}, {best[1]:.2f})")
values = run(RandomSearch(low, high, np.random.default_rng(0)), sphere, 200, enough=0.5)[2]
print(f"good enough, below 0.5, after {len(values)} evaluations")

# %% [markdown] id="package-text"
# The package has it as a method of `minimize`. It asks at `x0` first, then at the same points as ours. When the objective is compiled with `@njit` (numba then
# makes machine code of a plain Python function), the loop is too.

# %% id="package" tags=["A05"]
result = minimize(sphere, high, method="random", bounds=np.c_[low, high], budget=201, seed=0)
ours = run(RandomSearch(low, high, np.random.default_rng(0)), sphere, 200)[2]
print("same values in the same order:", np.array_equal(result.history["value"][1:], ours))
print(result.message)

# %% [markdown] id="unmask-text"
# ### A loop that was called random search
#
# One document closes its linear regression with the words "we used random initialization and random search". The start was random. The loop was this one. Let us ask it three questions.


# %% id="unmask" tags=["C03", "P29"]
patients = data.diabetes()
Z = (patients.data - patients.data.mean(axis=0)) / patients.data.std(axis=0)
A, target = np.column_stack([np.ones(len(Z)), Z]), patients.target


def documents_loop(theta, lr, passes, rng):
    asked, moves = 0, []
    for _ in range(passes):
        for i in range(len(A)):
            before = theta
            theta = theta + lr * (target[i] - A[i] @ theta) * A[i]
            moves.append((i, before, theta - before))
    return theta, asked, moves


start = np.random.default_rng(0).standard_normal(11)
theta, asked, moves = documents_loop(start, 0.001, 2, np.random.default_rng(0))
again = documents_loop(start, 0.001, 2, np.random.default_rng(1))[0]
along_gradient = all(
    np.allclose(move, -0.001 * linear.half_mse_gradient(before, A[i : i + 1], target[i : i + 1]))
    for i, before, move in moves
)
print("values of the loss that it compared:     ", asked)
print("another seed, another result:            ", not np.array_equal(theta, again))
print("every step is minus lr times a gradient: ", along_gradient)

# %% [markdown] id="unmask-after"
# It compares nothing, draws nothing, and follows the gradient of one sample: it is the stochastic gradient descent of lesson [03](03_stochastic_gradients.ipynb), with the samples always in the same order. That is no reproach, it is a good
# method. But the name matters, because the two have different needs and different prices. Section 8 runs true searches on this same loss.

# %% [markdown] id="trials-text"
# ## 3 How many trials?
#
# Call the best 5 % of all points of the box *good*. A random trial misses them with the chance 0.95, and $n$ independent trials all miss with the chance $0.95^n$. So
#
# $$P(\text{at least one is good}) = 1 - (1 - \mathrm{share})^n \ge \mathrm{confidence} \iff n \ge \frac{\log(1 - \mathrm{confidence})}{\log(1 - \mathrm{share})} .$$

# %% id="trials" tags=["A05", "A12"]
for share, confidence in ((0.05, 0.9), (0.05, 0.95), (0.05, 0.99), (0.01, 0.95), (0.001, 0.95)):
    n = int(np.ceil(np.log(1 - confidence) / np.log(1 - share)))
    print(f"best {100 * share:4} %, confidence {100 * confidence:.0f} %: {n:5,} trials")
runs = np.random.default_rng(0).random((10_000, 59)).min(axis=1) < 0.05
print(f"measured with 59 trials: {100 * runs.mean():.0f} % of 10,000 runs")

# %% [markdown] id="trials-after"
# **59 trials** reach the best 5 % with a confidence of 95 %. The dimension does not occur in the formula, nor does the shape of $f$: hence the fame of the number. What does it *not* say?
#
# ### Explore: the best five percent
#
# The objective is the distance to a point in a box whose edges have length 1. Each setting is run 100 times. On the left, how many runs found one of the best; the curve is the formula. On the right, how far the best point
# of a run is from the lowest point. **Goal:** in at least three dimensions, 95 of the 100 runs are among the best 5 %, and half of the runs come within 0.1 of the
# lowest point. First raise the dimension and watch which side changes.


# %% id="trials-picture"
POOL = np.cumsum((np.random.default_rng(0).random((100, 300, 20)) - 0.7) ** 2, axis=2)
EVERYWHERE = np.cumsum((np.random.default_rng(1).random((20_000, 20)) - 0.7) ** 2, axis=1)
NUMBERS, BINS = np.arange(1, 301), np.linspace(0, 1.8, 46)


def best_of(n, share, d):
    distance = np.sqrt(POOL[:, :n, d - 1].min(axis=1))
    border = np.sqrt(np.quantile(EVERYWHERE[:, d - 1], share))
    hits, middle = np.sum(distance <= border), np.median(distance)
    parts = {
        "formula": (NUMBERS, 1 - (1 - share) ** NUMBERS),
        "runs": ([n], [hits / 100]),
        "far": np.histogram(distance, BINS)[0],
        "border": ([border, border], [0, 100]),
    }
    sentence = (
        f"{n} trials, d = {d}: {hits} of 100 runs are among the best {100 * share:.3g} %, which lie within "
        f"{three(border)} of the lowest point; half of the runs come within {three(middle)}."
    )
    return parts, sentence, bool(d >= 3 and share <= 0.05 and hits >= 95 and middle <= 0.1)


# %% id="trials-explorer"
figure, (chance, far) = panels(1, 2, width=8.4)
chance.axhline(0.95, color=BLACK, linestyle="--", linewidth=1)
chance.set(xlim=(1, 300), ylim=(0, 1.04), xscale="log", xlabel="trials n")
chance.set(ylabel="share of runs", title="Among the best")
far.set(xlim=(0, 1.8), ylim=(0, 60), xlabel="distance to the lowest point", ylabel="runs")
far.set_title("How far away")
moving = {
    "formula": line(chance, "formula", color=BLUE, marker=""),
    "runs": dots(chance, "100 runs", color=VERMILION, markersize=9),
    "far": bars(far, BINS, color=SKY),
    "border": line(far, "border of the best", color=BLACK, marker="", linestyle="--"),
}
chance.legend(loc="lower right")
far.legend(loc="upper right")
trials = Explorer(
    best_of,
    figure,
    moving,
    {
        "n": slider("trials", 1, 300, 10, log=True, step=1.08, ticks={59: "59"}),
        "share": slider("share called the best", 0.005, 0.5, 0.05, log=True),
        "d": slider("dimensions", 1, 20, 2, step=1),
    },
    title="The best five percent",
    goal="95 runs among the best 5 %, half within 0.1, in 3 dimensions or more",
    play="d",
)
trials

# %% id="trials-goal"
for n, d in ((59, 1), (59, 3), (59, 20), (200, 3)):
    shown = trials.at(n=n, d=d)
    print(shown.sentence, "Goal:", shown.reached)

# %% [markdown] id="curse-text"
# "Among the best 5 %" is a *rank*. A cube that holds 5 % of the volume has edges of length $0.05^{1/d}$: 0.22 in two dimensions, 0.86 in twenty. There "the best 5 %" reaches farther from the lowest point than a whole edge of the box. To come within a
# distance $r$, a trial must hit a ball, and its volume falls fast with the dimension:
#
# $$P(\text{a hit}) = V_d\, r^d, \qquad V_2 = 3.14, \; V_3 = 4.19, \; V_6 = 5.17, \qquad \text{median of the trials} \approx \frac{\log 2}{V_d\, r^d} .$$
#
# This is the **curse of dimension**. Measured, with $r = 0.1$:


# %% id="curse"
def ball(d):
    """Volume of the unit ball, from V_0 = 1 and V_1 = 2."""
    return (1.0, 2.0)[d] if d < 2 else 2 * np.pi / d * ball(d - 2)


dimensions, needed = np.arange(1, 7), []
for d in dimensions:
    box = np.tile([-0.7, 0.3], (d, 1))
    runs = [
        minimize(sphere, box[:, 0], method="random", bounds=box, budget=10**6, seed=s, target=0.01)
        for s in range(20)
    ]
    needed.append([run_.nfev for run_ in runs])

figure, axes = panels()
middle, expected = (
    np.median(needed, axis=1),
    np.log(2) / np.array([ball(d) * 0.1**d for d in dimensions]),
)
axes.semilogy(dimensions, middle, color=BLUE, label="median of 20 runs")
axes.fill_between(dimensions, np.min(needed, axis=1), np.max(needed, axis=1), color=BLUE, alpha=0.2)
axes.semilogy(dimensions, expected, "--", color=BLACK, marker="", label="formula")
axes.set(xlabel="dimensions", ylabel="trials until within 0.1")
axes.legend()
found = ", ".join(f"{three(value)}" for value in middle)
show(figure, f"Median trials in 1 to 6 dimensions: {found}.")

# %% [markdown] id="climb-text"
# ## 4 Stay near what is good
#
# Random search forgets. The next idea: keep the best point and look *near* it. That is **hill climbing** (downhill, here): draw a normal step of size $\sigma$ (sigma), move if the value is lower, else stay.
#
# $$y = x + \sigma z, \quad z \sim \mathcal N(0, I); \qquad x \leftarrow y \text{ if } f(y) < f(x) .$$


# %% id="climb" tags=["Q01", "Q19"]
def hill_climbing(f, x, sigma, budget, rng):
    """Best value after each evaluation, the start included."""
    value = f(x)
    values = [value]
    for _ in range(budget - 1):
        y = x + sigma * rng.standard_normal(x.size)
        new = f(y)
        if new < value:
            x, value = y, new
        values.append(value)
    return np.array(values)


x0 = np.ones(10)
ours = hill_climbing(sphere, x0, 0.25, 1000, np.random.default_rng(0))
theirs = minimize(sphere, x0, method="hill", sigma=0.25, budget=1000, seed=0)
print("the package does the same:", np.array_equal(ours, theirs.history["fun"]))

# %% id="climb-figure"
figure, axes = panels()
asked, ends = np.arange(1, 3001), {}
for sigma, color, marker in ((0.5, GREEN, "^"), (0.1, BLUE, "o"), (0.01, VERMILION, "s")):
    curves = [
        minimize(sphere, x0, method="hill", sigma=sigma, budget=3000, seed=s).history["fun"]
        for s in range(10)
    ]
    middle, ends[sigma] = np.median(curves, axis=0), np.median(curves, axis=0)[-1]
    axes.loglog(asked, middle, color=color, marker=marker, markevery=0.1, label=f"sigma = {sigma}")
    axes.fill_between(asked, np.min(curves, axis=0), np.max(curves, axis=0), color=color, alpha=0.2)
axes.set(xlabel="evaluations", ylabel="best value", title="Sphere in 10 dimensions, ten seeds")
axes.legend()
listed = ", ".join(f"{three(value)} with sigma {sigma}" for sigma, value in ends.items())
show(figure, f"After 3,000 evaluations: {listed}.")

# %% [markdown] id="climb-after"
# A large step is fast at first and then almost never succeeds. A small one creeps. No constant step is right all the way. What would be right *here and now*?

# %% [markdown] id="children-text"
# ### Explore: one parent and its children
#
# Drag the parent, choose the step size: 200 children are drawn. Filled circles are better than their parent. On the right, for every step size, the share of children that
# succeed, and the *gain*: how much of the parent's value a child takes away on average (a failure takes nothing). **Goal:** in the narrow valley, from a parent on its floor with a value of at
# least 1, a gain of at least 90 % of the best. Which success rate goes with it? And up on the wall? And in the bowl?


# %% id="children-picture"
NORMALS, SIGMAS = np.random.default_rng(3).standard_normal((200, 2)), np.geomspace(0.01, 10, 46)
TURN = np.array([[np.cos(0.6), -np.sin(0.6)], [np.sin(0.6), np.cos(0.6)]])
PLACES = {
    "bowl": lambda p: p[0] ** 2 + p[1] ** 2,
    "narrow valley": lambda p: (TURN[0] @ p) ** 2 + 20 * (TURN[1] @ p) ** 2,
}


def offspring(shape, sigma, x, y):
    f, parent = PLACES[shape], np.array([x, y])
    value = max(f(parent), 1e-12)
    sizes = np.append(SIGMAS, sigma)
    below = (
        1 - f((parent + sizes[:, None, None] * NORMALS).transpose(2, 0, 1).reshape(2, -1)) / value
    )
    below = below.reshape(len(sizes), -1)
    rates, gains = np.mean(below > 0, axis=1), np.mean(np.maximum(below, 0), axis=1)
    children, better = parent + sigma * NORMALS, below[-1] > 0
    parts = {
        "better": children[better].T.clip(-9, 9),
        "worse": children[~better].T.clip(-9, 9),
        "parent": ([x], [y]),
        "rates": (SIGMAS, rates[:-1]),
        "gains": (SIGMAS, gains[:-1]),
        "now": ([sigma, sigma], [rates[-1], gains[-1]]),
    }
    share = gains[-1] / max(gains.max(), 1e-12)
    sentence = (
        f"Sigma {three(sigma)}: {100 * rates[-1]:.0f} % are better, mean gain {100 * gains[-1]:.1f} %, "
        f"{100 * share:.0f} % of the best from here."
    )
    floor = shape == "narrow valley" and abs(TURN[1] @ parent) < 0.1 and value >= 1
    return parts, sentence, bool(floor and share >= 0.9)


# %% id="children-explorer"
figure, (map_, rate) = panels(1, 2, width=8.4, height=4)
map_.set(xlabel="x", ylabel="y")
rate.set(xlim=(0.01, 10), ylim=(0, 0.6), xscale="log", xlabel="sigma", ylabel="share")
rate.axhline(0.2, color=BLACK, linestyle="--", linewidth=1)
moving = {
    "worse": dots(map_, "worse", color="white", markeredgecolor=BLACK, marker="o", markersize=4),
    "better": dots(map_, "better", color=BLUE, marker="o"),
    "parent": dots(map_, "parent", color=VERMILION, marker="D", markersize=9),
    "rates": line(rate, "success rate", color=BLUE),
    "gains": line(rate, "gain", color=ORANGE, marker="s"),
    "now": dots(rate, "this sigma", color=VERMILION, marker="D", markersize=8),
}
map_.legend(loc="lower left", frameon=True)
rate.legend(loc="upper right")
children = Explorer(
    offspring,
    figure,
    moving,
    {
        "shape": choice("landscape", list(PLACES)),
        "sigma": slider("sigma", 0.01, 10.0, 0.1, log=True),
        "x": slider("parent x", -3.0, 3.0, 2.0, step=0.05),
        "y": slider("parent y", -3.0, 3.0, 1.5, step=0.05),
    },
    title="One parent and its children",
    goal="in the narrow valley, from its floor and a value of at least 1: 90 % of the best gain",
    drag=(map_, "x", "y"),
    play="sigma",
    backdrop=lambda figure, shape: landscape(
        figure.axes[0], PLACES[shape], (-3, 3), (-3, 3), log=True
    ),
)
children

# %% id="children-goal"
for shape, sigma, x, y in (
    ("bowl", 1.41, 2.0, 1.5),
    ("narrow valley", 1.41, 2.0, 1.5),
    ("narrow valley", 1.0, 2.0, -1.35),
):
    shown = children.at(shape=shape, sigma=sigma, x=x, y=y)
    print(f"{shape}: {shown.sentence} Goal: {shown.reached}")

# %% [markdown] id="children-after"
# In the bowl and on the wall the best step lets four or five children of ten succeed, on the floor of the valley one or two. These are two dimensions; what about many?

# %% [markdown] id="fifth-text"
# ## 5 The 1/5 rule
#
# The success rate can be *counted*, and it tells what to do: many successes mean that the steps are too small, few mean too large. Which rate is right? For the sphere $f = |x|^2$ the answer is known exactly, in the limit of many dimensions
# (Rechenberg 1973). Let $r$ be the distance from the lowest point and $s = \sigma d / r$ the **normalized step**. Then
#
# $$P(\text{success}) = \Phi\!\left(-\tfrac{s}{2}\right), \qquad
# d\; \mathrm E\!\left[\frac{\text{loss of distance}}{r}\right] = \frac{s}{\sqrt{2\pi}}\, e^{-s^2/8} - \frac{s^2}{2}\, \Phi\!\left(-\tfrac{s}{2}\right),$$
#
# where $\Phi$ is the distribution function of the normal distribution.


# %% id="fifth"
def sphere_rates(s):
    """Success rate, and d times the mean relative loss of distance, for the normalized step s."""
    miss = norm.cdf(-s / 2)
    return miss, s / np.sqrt(2 * np.pi) * np.exp(-(s**2) / 8) - s**2 / 2 * miss


s = np.linspace(0.02, 5, 500)
figure, (left, right) = panels(1, 2, width=8.4)
rng, z = np.random.default_rng(0), np.linspace(0.25, 5, 20)
for axes, values in zip((left, right), sphere_rates(s)):
    axes.plot(s, values, color=BLACK, marker="", label="formula")
for d, color, marker in ((2, ORANGE, "s"), (10, GREEN, "^"), (100, BLUE, "o")):
    first, rest = rng.standard_normal(10_000), rng.chisquare(d - 1, 10_000)
    away = [np.sqrt((1 + t / d * first) ** 2 + (t / d) ** 2 * rest) for t in z]
    style = {"color": color, "marker": marker, "linestyle": "", "label": f"d = {d}, measured"}
    left.plot(z, np.mean(np.array(away) < 1, axis=1), **style)
    right.plot(z, d * np.mean(np.maximum(1 - np.array(away), 0), axis=1), **style)
left.axhline(0.2, color=BLACK, linestyle="--", linewidth=1)
left.set(xlabel="normalized step s", ylabel="success rate")
right.set(xlabel="normalized step s", ylabel="d x relative loss of distance")
left.legend()
best_s = s[np.argmax(sphere_rates(s)[1])]
best_rate, best_progress = sphere_rates(best_s)
numbers = f"s = {best_s:.2f}, success rate {best_rate:.2f}, d x progress {best_progress:.3f}"
show(figure, f"Fastest for large d: {numbers}.")

# %% [markdown] id="fifth-after"
# On the sphere the best rate is 0.27. In a corridor, the other model that Rechenberg computed, it is $1/(2e) = 0.18$. Between them lies **one fifth**, and the progress is flat around its top, so that
# exactness matters little. Hence the rule: after a success $\sigma \leftarrow 1.5\,\sigma$, after a failure $\sigma \leftarrow 1.5^{-1/4} \sigma$. One success and four failures cancel:
# $1.5 \cdot 1.5^{-4/4} = 1$. With it hill climbing becomes the **(1+1) evolution strategy**: one parent, one child, the better one survives.


# %% id="es" tags=["A30", "Q19"]
def one_plus_one(f, x, sigma, budget, rng):
    """Best value and sigma after each evaluation, the start included."""
    value = f(x)
    history = [(value, sigma)]
    for _ in range(budget - 1):
        y = x + sigma * rng.standard_normal(x.size)
        new = f(y)
        if new < value:
            x, value, sigma = y, new, 1.5 * sigma
        else:
            sigma = 1.5**-0.25 * sigma
        history.append((value, sigma))
    return np.transpose(history)


ours, sizes = one_plus_one(sphere, x0, 1.0, 1000, np.random.default_rng(0))
theirs = minimize(sphere, x0, method="one-plus-one", sigma=1.0, budget=1000, seed=0)
print("the package does the same:", np.allclose(ours, theirs.history["fun"], rtol=1e-9))
successes = np.mean(np.diff(ours) < 0)
print(f"after 1,000 evaluations {three(ours[-1])}; {100 * successes:.0f} % of the trials succeeded")

# %% [markdown] id="walk-text"
# ### Explore: a walk with the 1/5 rule
#
# Ten walks from the same start. On the left the first one, on the right the best value and the step size of all ten, medians with the range of the values. **Goal:** in the
# narrow valley, begin with a step size of 0.01 or less, and get the median below $10^{-6}$ within 300 evaluations. Then try to do it with a constant step of any size. Two more landscapes: the *banana*,
# Rosenbrock's curved valley, and the *egg box*, Rastrigin's bowl full of dents. What happens in the egg box, with small and with large first steps?


# %% id="walk-picture"
WALKS = PLACES | {
    "banana": lambda p: (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2,
    "egg box": lambda p: (
        20
        + (p[0] - 0.5) ** 2
        + (p[1] - 0.5) ** 2
        - 10 * np.cos(2 * np.pi * (p[0] - 0.5))
        - 10 * np.cos(2 * np.pi * (p[1] - 0.5))
    ),
}


@lru_cache
def walks(shape, rule, sigma, count=10, budget=300):
    """Points (of the first walk), best values and step sizes of ten walks from the same start."""
    f, values, sizes, points = (
        WALKS[shape],
        np.empty((count, budget)),
        np.empty((count, budget)),
        [],
    )
    grow, shrink = (1.5, 1.5**-0.25) if rule == "1/5 rule" else (1.0, 1.0)
    for seed, draws in enumerate(np.random.default_rng(2).standard_normal((count, budget, 2))):
        x, step = np.array([-2.0, 2.0]), sigma
        value = f(x)
        for t in range(budget):
            values[seed, t], sizes[seed, t] = value, step
            if seed == 0:
                points.append(x)
            y = x + step * draws[t]
            new = f(y)
            if new < value:
                x, value, step = y, new, step * grow
            else:
                step *= shrink
    return np.array(points), values, sizes


# %% id="walk-view"
def walk(shape, rule, sigma, n):
    points, values, sizes = walks(shape, rule, sigma)
    asked, shown = np.arange(1, n + 1), np.maximum(values[:, :n], 1e-16)
    middle, size = np.median(shown, axis=0), np.median(sizes[:, :n], axis=0)
    parts = {
        "path": points[:n].T,
        "best": points[n - 1 : n].T,
        "value": (asked, middle),
        "range": (asked, shown.min(axis=0), shown.max(axis=0)),
        "size": (asked, size),
    }
    sentence = (
        f"{shape}, {rule}, first sigma {sigma:.3g}: after {n} evaluations the value is {three(middle[-1])} "
        f"and sigma {three(size[-1])} (medians)."
    )
    return parts, sentence, bool(shape == "narrow valley" and sigma <= 0.01 and middle[-1] < 1e-6)


# %% id="walk-explorer"
figure, (map_, curve) = panels(1, 2, width=8.4, height=4)
map_.set(xlabel="x", ylabel="y")
curve.set(xlim=(1, 300), ylim=(1e-14, 1e4), yscale="log", xlabel="evaluations")
curve.set_ylabel("best value; sigma")
curve.axhline(1e-6, color=BLACK, linestyle="--", linewidth=1)
moving = {
    "path": line(map_, color=BLUE, markevery=1, markersize=4),
    "best": dots(map_, color=VERMILION, marker="D", markersize=8),
    "value": line(curve, "best value", color=BLUE),
    "size": line(curve, "sigma", color=ORANGE, marker="s"),
}
moving["range"] = band(curve, moving["value"])
curve.legend(loc="lower left")
walker = Explorer(
    walk,
    figure,
    moving,
    {
        "shape": choice("landscape", list(WALKS)),
        "rule": choice("step size", ("constant", "1/5 rule")),
        "sigma": slider("first sigma", 0.001, 10.0, 0.1, log=True, step=10**0.25),
        "n": slider("evaluations", 1, 300, 100, step=1),
    },
    title="A walk with the 1/5 rule",
    goal="narrow valley, first sigma at most 0.01: median below 1e-6 within 300 evaluations",
    play="n",
    backdrop=lambda figure, shape: landscape(
        figure.axes[0], WALKS[shape], (-3, 3), (-3, 3), log=True
    ),
)
walker

# %% id="walk-goal"
print(walker.at(shape="narrow valley", rule="1/5 rule", sigma=0.001, n=300))
constants = walker.knobs["sigma"].values
reached = [walks("narrow valley", "constant", s)[1][:, -1] for s in constants]
print(f"best constant step: {three(min(np.median(values) for values in reached))}")
for sigma in (0.01, 1.0, 10.0):
    lows = walks("egg box", "1/5 rule", sigma)[1][:, -1]
    print(
        f"egg box, first sigma {sigma:5}: {np.sum(lows < 0.01)} of 10 walks reach the lowest point"
    )

# %% [markdown] id="rates-text"
# ### The price of a digit
#
# With the best step, each evaluation shortens the distance by the share $0.2/d$ on average. So a digit of the distance costs about $\log(10)\, d / 0.2 \approx 11 d$ evaluations: the price grows
# *in proportion* to the dimension, where that of random search grew exponentially. Measured with the rule, which does not know the best step:

# %% id="rates"
print("   d   evaluations for a digit     d x 11.4     ratio")
for d in (2, 5, 10, 20, 50, 100):
    prices = []
    for seed in range(10):
        budget = 100 * d + 200
        f = minimize(sphere, np.ones(d), method="one-plus-one", sigma=0.5, budget=budget, seed=seed)
        digits = (np.log10(f.history["fun"][199]) - np.log10(f.fun)) / 2
        prices.append(100 * d / digits)
    best = np.log(10) * d / best_progress
    spread = f"{three(np.median(prices)):>6} ({three(min(prices))} to {three(max(prices))})"
    print(f"{d:4}   {spread:27}{three(best):>6}{np.median(prices) / best:12.2f}")

# %% [markdown] id="rates-after"
# In many dimensions the rule pays about a quarter more than an oracle that knows $r$ and sets the best step each time. In two dimensions it pays twice the formula, which holds for large $d$ only. Gradient descent with the right rate needs *one* gradient on this sphere: where a gradient can be had, use it.
#
# And the rule has limits. One $\sigma$ serves all directions, as the one rate did in lesson [02](02_linear_regression.ipynb). In a narrow valley only small steps succeed, so the rule makes $\sigma$ small, and the walk along the floor becomes slow:


# %% id="condition"
def short(value):
    return "< 1e-8" if value < 1e-8 else three(value)


for name in ("sphere", "ellipsoid"):
    f = LANDSCAPES[name].fun
    runs = [
        minimize(f, x0, method="one-plus-one", sigma=0.5, budget=5000, seed=s) for s in range(10)
    ]
    end = np.median([run_.fun for run_ in runs])
    print(f"{name:9} in 10 dimensions, 5,000 evaluations: {short(end)}")

# %% [markdown] id="simplex-text"
# ## 6 Nelder-Mead
#
# A search that compares values, and neither uses nor estimates a gradient, is called a **direct search**; all searches of this lesson are. Another one keeps not one point but $d + 1$, the corners of a **simplex** (in the plane, a triangle). Throw away the *worst* corner and mirror it at the center $c$ of the others:
#
# $$y = c + t\, (c - x_{\text{worst}}),$$
#
# with $t = 1$ (**reflect**); if that is the best so far, try farther (**expand**); if it is bad, try nearer, on the far or the near side (**contract**); and if nothing helps, pull all corners toward the best (**shrink**). Nelder
# and Mead wrote it in 1965. The factors below are those of Gao and Han (2012), which depend on the dimension and are the old ones, 2 and 1/2, in the plane.


# %% id="simplex" tags=["Q01", "Q19"]
def nelder_mead(f, corners, budget):
    """Best value after about `budget` evaluations, and their number; corners (d + 1, d)."""
    d, corners = corners.shape[1], corners.copy()
    expand, contract, shrink = 1 + 2 / d, 0.75 - 0.5 / d, 1 - 1 / d
    values, asked = np.array([f(x) for x in corners]), d + 1
    while asked < budget:
        order = np.argsort(values, kind="stable")
        corners, values = corners[order], values[order]
        center, worst = corners[:-1].mean(axis=0), corners[-1]
        x, asked = 2 * center - worst, asked + 1
        value = f(x)
        if not values[0] <= value < values[-2]:  # else reflect: a fair corner
            far = expand if value < values[0] else contract if value < values[-1] else -contract
            y, asked = center + far * (center - worst), asked + 1
            again = f(y)
            if again < min(value, values[-1]):
                x, value = y, again
            elif value >= values[0]:  # contraction failed: shrink
                corners[1:] = corners[0] + shrink * (corners[1:] - corners[0])
                values[1:], asked = [f(corner) for corner in corners[1:]], asked + d
                continue
        corners[-1], values[-1] = x, value
    return values.min(), asked


# %% id="simplex-same" tags=["P19", "R07"]
banana, begin = LANDSCAPES["rosenbrock"].fun, np.full(3, -1.0)
corners = begin + np.vstack([np.zeros(3), 0.5 * np.eye(3)])
ours, asked = nelder_mead(banana, corners, 150)
package = minimize(banana, begin, method="nelder-mead", sigma=0.5, budget=asked)
options = {"initial_simplex": corners, "adaptive": True, "maxfev": asked, "xatol": 0, "fatol": 0}
scipys = optimize.minimize(banana, begin, method="Nelder-Mead", options=options)
print("package:", np.isclose(ours, package.fun, rtol=1e-3))
print("SciPy:  ", np.isclose(ours, scipys.fun, rtol=1e-3))
print(f"banana valley in 3 dimensions after {asked} evaluations: {three(ours)}")

# %% [markdown] id="mckinnon-text"
# ### Where it fails
#
# **It can stop where nothing is.** McKinnon (1998) built a smooth bowl in the plane, with one lowest point, at which Nelder-Mead contracts for ever toward a point whose gradient is not zero. SciPy reports success there.
# The cure is a **restart**: a new simplex where the old one has collapsed. The package builds one as long as that helps.


# %% id="mckinnon"
def mckinnon(x):
    """Lowest at (0, -1/2), where it is -1/4."""
    return float((360 if x[0] <= 0 else 6) * x[0] ** 2 + x[1] + x[1] ** 2)


above, below = (1 + np.sqrt(33)) / 8, (1 - np.sqrt(33)) / 8
triangle = np.array([[0, 0], [above, below], [1, 1]])
stuck = optimize.minimize(
    mckinnon, triangle[0], method="Nelder-Mead", options={"initial_simplex": triangle}
)
print(f"own:             {abs(nelder_mead(mckinnon, triangle, 1000)[0]):.3f}")
print(f"SciPy:           {stuck.fun:.3f}, success: {stuck.success}")
print(f"slope there:     {(mckinnon([0, 1e-6]) - mckinnon([0, -1e-6])) / 2e-6:.2f}")
anew = stuck.x + np.vstack([np.zeros(2), np.eye(2)])
print(f"after a restart: {nelder_mead(mckinnon, anew, 1000)[0]:.3f}")

# %% [markdown] id="simplex-dimension-text"
# **It does not like many dimensions.** On the sphere the price of the (1+1)-ES grows in proportion to the dimension. That of Nelder-Mead grows faster:

# %% id="simplex-dimension"
figure, axes = panels()
tried, last = (2, 3, 5, 10, 20, 30, 50), {}
for name, color, marker in (("one-plus-one", GREEN, "^"), ("nelder-mead", BLUE, "o")):
    counts = []
    for d in tried:
        starts = [1 + np.random.default_rng(seed).random(d) for seed in range(10)]
        more = {"method": name, "sigma": 0.5, "budget": 60_000}
        runs = [minimize(sphere, x, target=1e-6 * sphere(x), seed=0, **more) for x in starts]
        counts.append([run_.nfev for run_ in runs])
    middle = np.median(counts, axis=1)
    last[name] = three(middle[-1])
    axes.loglog(tried, middle, color=color, marker=marker, label=name)
    axes.fill_between(tried, np.min(counts, axis=1), np.max(counts, axis=1), color=color, alpha=0.2)
axes.set(xlabel="dimensions", ylabel="evaluations to a millionth", title="Sphere, ten starts")
axes.set_xticks(tried, tried)
axes.minorticks_off()
axes.legend()
show(figure, "In 50 dimensions: " + ", ".join(f"{name} {n}" for name, n in last.items()) + ".")

# %% [markdown] id="simplex-scipy-text"
# SciPy's default still has the old factors. In more than a few dimensions, set `adaptive=True`. Here 20 dimensions, 3,000 evaluations, ten starts:

# %% id="simplex-scipy" tags=["P19", "R07"]
for adaptive in (False, True):
    limits = {"maxfev": 3000, "maxiter": 3000, "xatol": 0, "fatol": 0, "adaptive": adaptive}
    left = []
    for seed in range(10):
        x = 1 + np.random.default_rng(seed).random(20)
        run_ = optimize.minimize(sphere, x, method="Nelder-Mead", options=limits)
        left.append(run_.fun / sphere(x))
    print(f"adaptive={adaptive!s:5}: {short(np.median(left))} of the first value is left")

# %% [markdown] id="libraries" tags=["P19", "R07", "Q19"]
# ## 7 Which library?
#
# The documents say: Python with scikit-learn, TensorFlow, PyTorch. None of these is a library for gradient-free optimization. scikit-learn searches *settings of its own models* (`GridSearchCV`, `RandomizedSearchCV`). These minimize
# any function of values:
#
# | library | what it has | the loop |
# |---|---|---|
# | `scipy.optimize` | Nelder-Mead, Powell, COBYLA; `differential_evolution`, `dual_annealing`, `direct`, `shgo` | inside; you pass `f` |
# | pycma | CMA-ES with restarts, lesson [11](11_evolution_strategies.ipynb) | `es.ask()`, `es.tell(points, values)` |
# | nevergrad | many methods and a chooser, `NGOpt`; settings that are words or whole numbers | `optimizer.ask()`, `optimizer.tell(candidate, loss)` |
# | evosax | evolution strategies on accelerators, in JAX | `ask` and `tell` with a state |
# | Optuna | hyper-parameters; samplers that model the answers; stops bad trials early | `study.ask()`, `study.tell(trial, value)` |
# | PyTorch | no search; but `torch.func.jvp` gives exact slopes along a direction without a backward pass, lesson [10](10_gradients_from_values.ipynb) | |
#
# The package of this course follows the same words: what you learn here carries over.

# %% id="scipy-global" tags=["P19", "R07"]
eggs, box = LANDSCAPES["rastrigin"].fun, optimize.Bounds([-3.0, -4.0], [5.0, 2.0])
for name, search, limit in (
    ("differential_evolution", optimize.differential_evolution, {"seed": 0, "maxiter": 60}),
    ("dual_annealing", optimize.dual_annealing, {"seed": 0, "maxfun": 2000}),
    ("direct", optimize.direct, {"maxfun": 2000}),
):
    run_ = search(eggs, box, **limit)
    print(f"{name:22} lowest point of the egg box found: {run_.fun < 1e-4}")

# %% [markdown] id="compare-text"
# ## 8 Compared by evaluations
#
# Four landscapes in 10 dimensions, each moved away from the center of its box, because some methods look there first. Ten starts anywhere in the box, the same for all; 5,000 evaluations. The four searches run with their defaults. Two methods may
# ask for gradients, each charged as 3 evaluations: gradient descent and Adam. For them we choose the best of several rates (15 and 8) on three *other* starts, which is not charged. So they have two advantages that a true black box does not give.


# %% id="compare"
def moved(name, d=10):
    """The landscape with its lowest point at another place of the box."""
    shape = LANDSCAPES[name]
    span = 0.15 * (shape.high - shape.low)
    return shape.shifted(span * np.random.default_rng(7).uniform(-1, 1, d))


def descend(shape, method, lr, seed):
    start = np.random.default_rng(seed).uniform(shape.low, shape.high, 10)
    options = {"method": method, "grad": shape.grad, "lr": lr, "budget": 5000}
    return minimize(shape.fun, start, **options).history


def search(shape, method, seed):
    start = np.random.default_rng(seed).uniform(shape.low, shape.high, 10)
    options = {"method": method, "bounds": shape.bounds(10), "budget": 5000, "seed": seed}
    return minimize(shape.fun, start, **options).history


SEARCHES = {
    "random": (BLACK, "v"),
    "hill": (ORANGE, "s"),
    "one-plus-one": (GREEN, "^"),
    "nelder-mead": (BLUE, "o"),
}
RATES = {"gd": np.geomspace(1e-7, 1, 15), "adam": np.geomspace(1e-3, 3, 8)}
GRADIENTS = {"gd": (PURPLE, "D"), "adam": (VERMILION, "P")}

# %% id="compare-run"
ASKED = np.unique(np.geomspace(1, 5000, 80).astype(int))


def sampled(history):
    """Best value after each number of evaluations in ASKED; the first value before the first answer."""
    place = np.searchsorted(history["nfev"], ASKED, side="right") - 1
    return history["fun"][np.maximum(place, 0)]


def race(name):
    shape, curves = moved(name), {}
    for method in SEARCHES:
        curves[method] = [sampled(search(shape, method, seed)) for seed in range(10)]
    for method, rates in RATES.items():
        ends = [
            np.median([descend(shape, method, lr, seed)["fun"][-1] for seed in (50, 51, 52)])
            for lr in rates
        ]
        lr = rates[np.nanargmin(ends)]
        curves[method] = [sampled(descend(shape, method, lr, seed)) for seed in range(10)]
    return {method: np.array(runs) for method, runs in curves.items()}


with np.errstate(all="ignore"):
    races = {name: race(name) for name in ("sphere", "ellipsoid", "rosenbrock", "rastrigin")}

# %% id="compare-figure"
figure, axes = panels(2, 2, width=9, height=6.4)
for (name, curves), part in zip(races.items(), axes.flat):
    for method, runs in curves.items():
        color, marker = (SEARCHES | GRADIENTS)[method]
        low_, middle, high_ = np.maximum(np.quantile(runs, (0, 0.5, 1), axis=0), 1e-14)
        part.loglog(ASKED, middle, color=color, marker=marker, markevery=10, label=method)
        part.fill_between(ASKED, low_, high_, color=color, alpha=0.15)
    part.set(title=name, ylim=(10, 1000) if name == "rastrigin" else (1e-10, None))
axes[0, 0].legend(loc="lower left", ncols=2, fontsize=9)
figure.supxlabel("evaluations (a gradient counts as 3)")
figure.supylabel("best value; median and range of ten seeds")
ends = {name: {m: np.median(curves[m][:, -1]) for m in SEARCHES} for name, curves in races.items()}
winners = {
    name: " and ".join(m for m in SEARCHES if end[m] <= max(1e-8, min(end.values())))
    for name, end in ends.items()
}
show(figure, "Best search: " + ", ".join(f"{n}: {m}" for n, m in winners.items()) + ".")

# %% id="compare-table"
print(f"{'after 5,000 evaluations':24}" + "".join(f"{name:>12}" for name in races))
for method in SEARCHES | GRADIENTS:
    row = "".join(f"{short(np.median(races[name][method][:, -1])):>12}" for name in races)
    print(f"{method:24}{row}")

# %% [markdown] id="compare-after"
# Read the table by columns.
#
# - **Sphere.** Everything that adapts its step arrives. Random search and a constant step do not.
# - **Ellipsoid** (curvatures from 1 to a million) and **Rosenbrock's valley.** Nelder-Mead is the best search by far, though on the ellipsoid not from every start, and here even better than gradient descent with its best rate: the simplex stretches along the
#   valley, and gradient descent has one rate for all directions. Adam has a rate for each coordinate, which suits the ellipsoid perfectly because its axes are the coordinates. The (1+1)-ES comes a long way and then creeps.
# - **Rastrigin's egg box.** Nobody arrives. Whatever goes downhill ends in some local valley, with gradients in a worse one than the (1+1)-ES, whose first steps are large. Here a gradient is no advantage.
#
# In *ten* dimensions a gradient does not guarantee success, and one can do well without it. Sections 3, 5 and 6 show what more dimensions cost.

# %% [markdown] id="same-loss-text"
# ### The loss of the documents, by true searches
#
# The same linear regression as in section 2: 11 parameters, and the loss on 442 patients. Each search gets 1,000 evaluations. One pass of the documents' loop takes 442 gradients of single
# samples, as much work as one gradient of all the data, which counts as 3 evaluations. So for the same price it makes 333 passes, here by
# `linear.lms`, which also shuffles the samples.


# %% id="same-loss" tags=["C03", "P29"]
def half_mse(theta):
    return linear.half_mse(theta, A, target)


lowest = half_mse(linear.normal_equation(A, target))
box = np.tile([-200.0, 200.0], (11, 1))
for name in SEARCHES:
    options = {"method": name, "bounds": box, "budget": 1000}
    above = [
        minimize(half_mse, np.zeros(11), seed=s, **options).fun / lowest - 1 for s in range(10)
    ]
    share = 100 * np.median(above)
    print(f"{name:13} {three(share) if share > 1e-3 else '< 0.001'} % above the lowest half-MSE")
rng = np.random.default_rng(0)
theta, _ = linear.lms(np.zeros(11), A, target, 0.001, 333, rng)
print(f"333 passes    {three(100 * (half_mse(theta) / lowest - 1))} % above it")

# %% [markdown] id="same-loss-after"
# Random search is hopeless in 11 dimensions. The documents' loop is good; at the same price it is a little ahead of the (1+1)-ES and far behind Nelder-Mead. It is not random search.

# %% [markdown] id="tuning-text"
# ## 9 A real model to tune
#
# Back to the question of section 1. A support vector regression predicts the prices of houses in Ames from 13 numbers (areas, years, rooms). It has three settings, all positive: the
# penalty $C$, $\gamma$ (the larger, the shorter the reach of each example), and the margin $\varepsilon$ within which errors are free. We know their orders of magnitude at best.
#
# ### The scale first
#
# Is a rate of 0.001 closer to 0.002 or to 0.0001? In *factors*, which is what counts, to 0.002. So draw the logarithm uniformly: each factor of ten, each **decade**, gets the same share.


# %% id="scale" tags=["Q34", "A12"]
def log_uniform(low, high, n, rng):
    return np.exp(rng.uniform(np.log(low), np.log(high), n))


curvatures, directions = np.linalg.eigh(A.T @ A / len(A))
offset = directions.T @ linear.normal_equation(A, target)


def excess(lr, steps=100):
    """Share of the half-MSE above the lowest that is left after gradient descent with this rate."""
    with np.errstate(over="ignore"):
        left = (1 - lr * curvatures) ** (2 * steps) * offset**2 * curvatures
    return left.sum() / (offset**2 * curvatures).sum()


rng = np.random.default_rng(0)
for name, draw in (("uniform", rng.uniform), ("log-uniform", log_uniform)):
    draws = [
        draw(1e-4, 10.0, 10) if name == "uniform" else draw(1e-4, 10.0, 10, rng) for _ in range(100)
    ]
    best = [min(excess(lr) for lr in ten) for ten in draws]
    stable = np.mean(np.array(draws) < 2 / curvatures[-1])
    works = np.sum(np.array(best) < 0.01)
    print(
        f"{name:12} stable rates {100 * stable:2.0f} %, searches that find one that works: {works} of 100"
    )

# %% [markdown] id="scale-after"
# Between 0.0001 and 10, nine uniform draws of ten are above 1, where the patients' gradient descent explodes. This is the answer to "how is the learning rate chosen": log-uniform trials judged by validation; or a short run in which the rate grows from step to
# step, to see where the loss leaves the ground (the *range test*); and then a schedule that lets it fall (lesson [03](03_stochastic_gradients.ipynb)).

# %% [markdown] id="objective-text"
# ### The objective
#
# One evaluation is one three-fold cross-validation: 3 fits. The scaling is learned on the training part only (lesson 03). We measure the mean absolute error of the logarithm of the price, where 1 is one standard deviation.

# %% id="objective" tags=["A12", "machine"]
try:
    table = data.ames_houses()
except data.MissingDataError as missing:
    print(missing, "- the patients stand in")
    table = data.diabetes()
HOMES, PRICES = table.data, (table.target - table.target.mean()) / table.target.std()
LOW, HIGH = np.log([1e-2, 1e-5, 1e-3]), np.log([3e2, 1e1, 1.0])


def split(train, test):
    """Both parts, scaled by the training part."""
    mean, deviation = HOMES[train].mean(axis=0), HOMES[train].std(axis=0)
    scaled = [(HOMES[part] - mean) / deviation for part in (train, test)]
    return scaled[0], PRICES[train], scaled[1], PRICES[test]


def error(z, parts):
    """Mean absolute error of a model; z holds log C, log gamma, log epsilon."""
    X, y, others, prices = parts
    C, gamma, epsilon = np.exp(z)
    model = SVR(C=C, gamma=gamma, epsilon=epsilon).fit(X, y)
    return np.mean(np.abs(model.predict(others) - prices))


def validation(rows):
    """The objective: the mean error of three folds of these rows, as a function of z."""
    folds = [split(rows[train], rows[test]) for train, test in KFold(3).split(rows)]
    return lambda z: float(np.mean([error(z, parts) for parts in folds]))


rows = np.random.default_rng(0).permutation(len(PRICES))[:150]
f = validation(rows)
for setting in ((1.0, 0.1, 0.1), (1.0, 10.0, 0.1), (100.0, 0.001, 0.1)):
    print("C {:5}, gamma {:5}, epsilon {}: error".format(*setting), three(f(np.log(setting))))

# %% [markdown] id="tuning-race-text"
# ### Grid, random, (1+1)-ES
#
# 27 evaluations each, which is a grid of 3 x 3 x 3. Ten times: other 150 houses, and other draws. The winner is also judged on all houses that took no part. For the warning's sake there is a fourth: random search on the *plain* scale.

# %% id="tuning" tags=["A12", "Q34", "machine"]
GRID = [LOW + (HIGH - LOW) * np.array(place) for place in product((1 / 6, 1 / 2, 5 / 6), repeat=3)]
BOX = np.c_[LOW, HIGH]


def tune(method, f, seed):
    """The best setting of 27."""
    rng = np.random.default_rng(seed)
    if method in ("random", "one-plus-one"):
        start = rng.uniform(LOW, HIGH)
        return minimize(f, start, method=method, bounds=BOX, budget=27, seed=seed).x
    plain = np.log(rng.uniform(np.exp(LOW), np.exp(HIGH), (27, 3)))
    return min(GRID if method == "grid" else plain, key=f)


found = {name: [] for name in ("grid", "random", "one-plus-one", "random, plain scale")}
for seed in range(10):
    order = np.random.default_rng(seed).permutation(len(PRICES))
    f, elsewhere = validation(order[:150]), split(order[:150], order[150:])
    for name, results in found.items():
        z = tune(name, f, seed)
        results.append((f(z), error(z, elsewhere)))
found = {name: np.array(results) for name, results in found.items()}

# %% id="tuning-figure" tags=["A12", "machine"]
figure, axes = panels(1, 2, width=8.4, sharey=True)
names = list(found)
for part, column, title in zip(axes, (0, 1), ("in the search", "on other houses")):
    for place, name in enumerate(names):
        values, style = found[name][:, column], {"color": (BLUE, GREEN, ORANGE, VERMILION)[place]}
        shake = place + np.linspace(-0.15, 0.15, 10)
        part.plot(shake, values, linestyle="", marker="o^sD"[place], **style)
        part.plot(
            [place - 0.3, place + 0.3], [np.median(values)] * 2, marker="", linewidth=3, **style
        )
    part.set_xticks(range(4), ["grid", "random", "(1+1)-ES", "random,\nplain scale"])
    part.set_title(title)
axes[0].set(ylabel="mean absolute error", yscale="log")
axes[0].set_yticks((0.3, 0.4, 0.6), ("0.3", "0.4", "0.6"))
axes[0].minorticks_off()
medians = {name: [three(np.median(column)) for column in found[name].T] for name in names}
text = ", ".join(f"{name} {inside} ({outside})" for name, (inside, outside) in medians.items())
show(figure, f"Median error in the search (on other houses): {text}.")
for name in names[1:]:
    wins = np.sum(found[name] < found["grid"], axis=0)
    print(
        f"{name:20} beats the grid {wins[0]} times of 10 in the search, {wins[1]} on other houses"
    )

# %% [markdown] id="tuning-after"
# Three things, in the order of their size. **The scale** nearly doubles the error: on the plain scale nearly all draws of $\gamma$ are above 0.1, where the model only memorizes. **The method** matters little: random search and
# the (1+1)-ES are ahead of the grid by about 4 % in the search and 2 or 3 % on other houses. In the search they win eight times of ten, which a fair coin does once in eighteen: that is a hint, no proof. Within 27 evaluations the (1+1)-ES has little time
# to adapt, so it is no better than random search. **The errors in the search** of these three are lower than those on other houses: the best of 27 is chosen also for its luck. Lesson 03 said so; judge the winner on data that took no part.
#
# Does each of the three settings matter?

# %% id="importance" tags=["A12", "machine"]
f, draws = validation(rows), np.random.default_rng(1).uniform(LOW, HIGH, (100, 3))
errors = np.log([f(z) for z in draws])
for name, column in zip(("C", "gamma", "epsilon"), draws.T):
    rest = errors - np.polyval(np.polyfit(column, errors, 3), column)
    explained = 1 - rest.var() / errors.var()
    print(f"{name:8} alone explains {100 * explained:2.0f} % of the variance of the log error")

# %% [markdown] id="sklearn-text"
# $\varepsilon$ hardly matters. So the grid spends its 27 evaluations on 9 different pairs of the other two, each three times, and 27 random points are 27 different pairs. This is the argument for random search (Bergstra and Bengio 2012), and it grows with the number of settings. Here the
# valley is so wide that 9 pairs are nearly enough.
#
# In scikit-learn the same search takes a few lines. `loguniform` of SciPy is our draw, the pipeline keeps the scaling inside the folds.

# %% id="sklearn" tags=["P19", "R07", "machine"]
model = make_pipeline(StandardScaler(), SVR())
ranges = {"svr__C": (1e-2, 3e2), "svr__gamma": (1e-5, 1e1), "svr__epsilon": (1e-3, 1.0)}
ranges = {name: loguniform(*ends) for name, ends in ranges.items()}
settings = {"scoring": "neg_mean_absolute_error", "random_state": 0}
library = RandomizedSearchCV(model, ranges, n_iter=27, cv=KFold(3), **settings)
library.fit(HOMES[rows], PRICES[rows])
chosen = np.log([library.best_params_[name] for name in ranges])
print(f"RandomizedSearchCV: error {three(-library.best_score_)}")
print("our validation agrees:", np.isclose(f(chosen), -library.best_score_))

# %% [markdown] id="quick"
# ## 10 Quick questions
#
# Decide first, then open your choice.

# %% [markdown] id="quick-trials"
# **Quick question.** 59 random trials suffice for the best 5 % with 95 % confidence. You have 40 hyper-parameters instead of 4. How many trials do you need for the same?
#
# - [ ] 590, ten times as many.
#   The number of dimensions does not occur in the formula: each trial is good with the chance 0.05.
# - [x] 59 again.
#   But what the best 5 % are worth is another question: in many dimensions they may be far from the best.
# - [ ] $59^{10}$, because of the curse of dimension.
#   The curse strikes when you want to come *near* the lowest point. The best 5 % are a rank, not a distance.

# %% [markdown] id="quick-name"
# **Quick question.** A loop starts from random weights and then adds `lr * error * x` for each sample. It never calls `backward()`. Which method is it?
#
# - [ ] Random search, because the start is random.
#   Almost every method starts at random. Random search *compares values* of random points; this loop compares nothing.
# - [ ] A gradient-free method: no derivative is computed.
#   $-\,\mathrm{error} \cdot x$ is the derivative of half the squared error, written by hand.
# - [x] Stochastic gradient descent.
#   Section 2 compares each of its steps with the gradient.

# %% [markdown] id="quick-sigma"
# **Quick question.** A (1+1)-ES has just found 12 better points in 20 trials. What does the 1/5 rule do?
#
# - [ ] It makes $\sigma$ smaller: the search is near the goal, so be careful.
#   Near the goal steps that are too large *fail*. Many successes mean that the steps are small for the place.
# - [x] It makes $\sigma$ larger.
#   12 factors 1.5 and 8 factors $1.5^{-1/4}$: $\sigma$ is $1.5^{10}$ = 58 times as large.
# - [ ] It leaves $\sigma$ alone, since 12 of 20 is a good rate.
#   A high rate is cheap: tiny steps downhill succeed half of the time and lead nowhere.

# %% [markdown] id="quick-faster"
# **Quick question.** "Gradients are expensive, so a gradient-free search is faster." For a network with a million weights?
#
# - [ ] Right: a value costs a third of a gradient.
#   A third, yes. But one value is one number, and a gradient is a million slopes.
# - [x] Wrong: a gradient costs about three evaluations, whatever the dimension.
#   The (1+1)-ES needs about 14 d evaluations for a digit on the easiest of all landscapes. Searches are for objectives that have no gradient.
# - [ ] Right, if many computers evaluate at the same time.
#   That divides the time by the number of computers, not by a million.

# %% [markdown] id="quick-how" tags=["Q01"]
# **Quick question.** "How do you implement gradient-free optimization?" Which answer would you give in an interview?
#
# - [ ] Matrix factorization, momentum, Adam, Adagrad, RMSprop.
#   The answer of one document. The first is a model, the others are update rules that are fed with gradients.
# - [ ] I train under `torch.no_grad()`.
#   That stops the recording of operations. It is no method of optimization.
# - [x] In a loop that asks for a point, evaluates it and tells the value to the search.
#   The search may be random search, the 1/5 rule, Nelder-Mead, annealing (lesson [08](08_simulated_annealing.ipynb)), genetic ([09](09_genetic_algorithms.ipynb)), SPSA ([10](10_gradients_from_values.ipynb)) or CMA-ES ([11](11_evolution_strategies.ipynb)); for large models MeZO ([15](15_language_models.ipynb)).

# %% [markdown] id="summary"
# ## Summary
#
# 1. Every search is a loop of *ask, evaluate, tell*. It needs values only, so it works on counts, whole numbers and closed boxes.
# 2. Random search needs $\log(1-\mathrm{confidence})/\log(1-\mathrm{share})$ trials for a rank, in any dimension; for a distance it pays exponentially in the dimension.
# 3. Hill climbing needs the right step; the 1/5 rule finds it from the success rate, at about $14 d$ evaluations for a digit on a round bowl.
# 4. Nelder-Mead is strong on smooth landscapes of few dimensions; it can get stuck, hence restarts. None of these leaves a local valley on purpose.
# 5. For hyper-parameters, the logarithmic scale matters more than the method. Where a gradient can be had, use it.
#
# ## Exercise
#
# Four questions: copy it with `start_exercise("07")` as in lesson [00](00_start_here.ipynb), or open
# [exercises/07_random_search.ipynb](../exercises/07_random_search.ipynb). **Next:** [08 Simulated annealing](08_simulated_annealing.ipynb). The climbers here refuse every
# worse point, and so nearly all of their walks end in a wrong valley of the egg box. What if a search may climb, sometimes?

# %% [markdown] id="sources"
# ## Sources
#
# - J. Bergstra, Y. Bengio, *Random search for hyper-parameter optimization*, Journal of Machine Learning Research 13 (2012), 281-305,
#   [jmlr.org/papers/v13/bergstra12a](https://www.jmlr.org/papers/v13/bergstra12a.html).
# - I. Rechenberg, *Evolutionsstrategie: Optimierung technischer Systeme nach Prinzipien der biologischen Evolution*, Frommann-Holzboog (1973): the 1/5 rule.
# - S. Kern, S. D. Müller, N. Hansen, D. Büche, J. Ocenasek, P. Koumoutsakos, *Learning probability distributions in continuous evolutionary algorithms: a comparative review*, Natural Computing 3
#   (2004), 77-112, [doi:10.1023/B:NACO.0000023416.59689.4e](https://doi.org/10.1023/B:NACO.0000023416.59689.4e): the rule in one line, as used here.
# - J. A. Nelder, R. Mead, *A simplex method for function minimization*, The Computer Journal 7 (1965), 308-313, [doi:10.1093/comjnl/7.4.308](https://doi.org/10.1093/comjnl/7.4.308).
# - K. I. M. McKinnon, *Convergence of the Nelder-Mead simplex method to a nonstationary point*, SIAM Journal on Optimization 9 (1998), 148-158,
#   [doi:10.1137/S1052623496303482](https://doi.org/10.1137/S1052623496303482).
# - F. Gao, L. Han, *Implementing the Nelder-Mead simplex algorithm with adaptive parameters*, Computational Optimization and Applications 51 (2012), 259-277,
#   [doi:10.1007/s10589-010-9329-3](https://doi.org/10.1007/s10589-010-9329-3).
# - N. Hansen, *The CMA evolution strategy: a tutorial* (2016), [arXiv:1604.00772](https://arxiv.org/abs/1604.00772): advice on boxes and first step sizes.
# - L. N. Smith, *Cyclical learning rates for training neural networks* (2017), [arXiv:1506.01186](https://arxiv.org/abs/1506.01186): the range test.
