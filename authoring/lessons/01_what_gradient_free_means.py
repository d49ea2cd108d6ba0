# %% [markdown] id="title"
# # 01 What "gradient-free" means
#
# **Promise.** You can look at any training loop and say what it asks of its objective, and so whether it is gradient-free. You know what
# that freedom costs.
#
# **You will be able to**
#
# - describe a method by its *oracle*: the questions it may ask;
# - unmask a hand-written gradient, an automatic one, and an update that asks nothing at all;
# - predict how the price of a search from values grows with the dimension, and when it does not;
# - sort the claims of the source documents into right, half right and wrong, with a measurement for each.
#
# **Time** 50 minutes. **Needs** lesson [00](00_start_here.ipynb). Lesson [02](02_linear_regression.ipynb) explains the linear model used here; reading it first
# is fine, too.

# %% id="setup"
import timeit

import numpy as np

from ngo_lesson import data
from ngo_lesson.optimize.objective import GRADIENT_COST, Objective
from ngo_lesson.show.explorer import Explorer, choice, slider
from ngo_lesson.show.figures import panels, show, three
from ngo_lesson.show.pieces import landscape, line
from ngo_lesson.show.style import BLACK, BLUE, GREEN, VERMILION

# %% [markdown] id="question-text"
# ## 1 The question
#
# In lesson [00](00_start_here.ipynb) a method was gradient-free if it never asks for a gradient. That is easier said than seen.
# Somebody shows you this loop. There is no `backward()`, no library for derivatives, no word "gradient" in it. The documents that
# this course starts from call such code *no-gradient optimization*. Is it?

# %% id="loop"
patients = data.diabetes()
Z = (patients.data - patients.data.mean(axis=0)) / patients.data.std(axis=0)
X, y = np.column_stack([np.ones(len(Z)), Z]), patients.target

rng = np.random.default_rng(0)
theta = np.zeros(11)
for i in rng.permutation(len(y)):
    error = y[i] - X[i] @ theta
    theta = theta + 0.01 * error * X[i]
print(
    f"mean squared error: at the start {three(np.mean(y**2))}, after one pass {three(np.mean((X @ theta - y) ** 2))}"
)

# %% [markdown] id="unmask-text"
# It learns. To find out what the update is, compare it with the slopes of the squared error of one sample, $e_i(\theta) = \tfrac12 (x_i^\top \theta - y_i)^2$. We get these
# slopes from values alone, by moving each coordinate a little up and down, so that no formula of ours can be wrong.


# %% id="unmask" tags=["C03", "P29"]
def slopes(f, x, h=1e-4):
    return np.array([(f(x + step) - f(x - step)) / (2 * h) for step in h * np.eye(x.size)])


i, theta = 7, rng.standard_normal(11)
update = 0.01 * (y[i] - X[i] @ theta) * X[i]
downhill = -0.01 * slopes(lambda theta: (X[i] @ theta - y[i]) ** 2 / 2, theta)
print("the update is a step down the gradient:", np.allclose(update, downhill, atol=1e-6))

# %% [markdown] id="unmask-after"
# The loop is **stochastic gradient descent**; the factor 0.01 is its *learning rate*, which sets the length of the steps. The expression `error * X[i]` *is* the gradient, with its sign turned, written by hand. The document that contains such a
# loop calls it "random search" in its closing sentence; only the starting point and the order of the samples were random. Whether a gradient comes from a
# library or from your pencil makes no difference to the method. (Lessons [02](02_linear_regression.ipynb) and [03](03_stochastic_gradients.ipynb) teach both.)

# %% [markdown] id="oracle-text" tags=["A01", "A16", "Q01"]
# ## 2 What may a method ask?
#
# Think of the objective as an **oracle**: it knows the function, you do not, and you may ask only certain questions.
#
# | oracle | question | answer | methods |
# |---|---|---|---|
# | comparison | is $a$ better than $b$? | yes or no | hill climbing, genetic algorithms, Nelder-Mead, CMA-ES |
# | value (zeroth order) | what is $f(x)$? | one number | annealing, finite differences, SPSA, evolution strategies as gradient estimates |
# | directional derivative | how fast does $f$ change along $v$? | one number | forward gradient |
# | gradient (first order) | what is $\nabla f(x)$? | $d$ numbers | gradient descent, momentum, Adagrad, RMSprop, Adam |
# | curvature (second order) | what is $\nabla^2 f(x)$? | $d \times d$ numbers | Newton's method |
#
# **Gradient-free** means: the method stays in the first two rows. *Zeroth-order*, *derivative-free* and *black-box* are other words
# for it. ("No-gradient optimization" is not an established name. Some authors allow the third row in "gradient-free" but not in "derivative-free".) One of the documents says that its
# method differs from gradient descent *and* Newton's method "in essence". In the table you see what is true about that: they stand in different rows.

# %% [markdown] id="count-text"
# The package's `Objective` is such an oracle. It answers, and it counts. Give each method nothing but this object, and afterwards the
# counters say what kind of method it was. (The objective of a model is also called its **loss**. Ours is half of the mean squared error.)


# %% id="count"
def loss(theta):
    return np.mean((X @ theta - y) ** 2) / 2


def gradient(theta):
    return X.T @ (X @ theta - y) / len(y)


def gradient_descent(oracle, theta, steps):
    for _ in range(steps):
        theta = theta - 0.3 * oracle.gradient(theta)
    return theta


def hill_climbing(oracle, theta, steps, rng):
    best = oracle(theta)
    for _ in range(steps):
        trial = theta + 5 * rng.standard_normal(theta.size)
        value = oracle(trial)
        if value < best:
            theta, best = trial, value
    return theta


# %% id="counted" tags=["Q04", "Q15"]
start = np.zeros(11)
for name, method in {
    "gradient descent": lambda oracle: gradient_descent(oracle, start, 100),
    "hill climbing": lambda oracle: hill_climbing(oracle, start, 100, np.random.default_rng(0)),
}.items():
    oracle = Objective(loss, grad=gradient)
    method(oracle)
    print(f"{name:17} asked for {oracle.values:3} values and {oracle.gradients:3} gradients")

# %% [markdown] id="ask-text"
# ### Explore: who asks what?
#
# Five methods on one bowl in two dimensions, $f(x) = \tfrac12 (x_1^2 + 8 x_2^2)$, from the same start. Choose a method and how many evaluations it may
# spend (a gradient with its value is charged as 3; section 4 says why); the picture shows one run, the sentence says what it asked and how ten seeds ended. **Goal:** a *gradient-free* method that reaches a value below 0.01 with at most 60 evaluations. Then see what
# the gradient needs.


# %% id="ask-methods"
curvature = np.array([1.0, 8.0])
corner = np.array([-2.5, 1.2])


def walk(oracle, method, seed):
    """Yield the points of one method on the bowl; it asks nothing but the oracle."""
    x, rng = corner, np.random.default_rng(seed)
    value, sigma = oracle(x), 0.5
    while True:
        yield x
        if method == "gradient descent":
            x = x - 0.2 * oracle.gradient(x)
            value = oracle(x)  # comes with the next gradient: the pair is charged as 3
        elif method == "finite differences":
            here = oracle(x)
            x = x - 0.2 * np.array([(oracle(x + h) - here) / 1e-6 for h in 1e-6 * np.eye(2)])
        elif method == "two-point":
            u = rng.standard_normal(2)
            x = x - 0.08 * (oracle(x + 1e-3 * u) - oracle(x - 1e-3 * u)) / 2e-3 * u
        else:  # random search looks everywhere, hill climbing near the best point and adapts how near
            trial = (
                rng.uniform(-3, 3, 2)
                if method == "random search"
                else x + sigma * rng.standard_normal(2)
            )
            tried = oracle(trial)
            sigma *= 1.5 if tried < value else 1.5**-0.25
            x, value = (trial, tried) if tried < value else (x, value)


# %% id="ask-runs"
def spend(method, budget, seed):
    """The path of one run and the questions it asked."""
    oracle = Objective(lambda x: x**2 @ curvature / 2, grad=lambda x: curvature * x)
    path = []
    for x in walk(oracle, method, seed):
        if oracle.nfev > budget:
            return np.array(path), used
        path.append(x)
        used = oracle.values, oracle.gradients


def asked_by(method, budget):
    runs = [spend(method, budget, seed) for seed in range(10)]
    path, used = runs[0]
    value = np.median([path[-1] ** 2 @ curvature / 2 for path, _ in runs])
    order = "first order" if used[1] else "zeroth order: gradient-free"
    sentence = (
        f"{method} asked {used[0]} values and {used[1]} gradients ({order}); "
        f"value at the end {three(value)}, median of ten seeds."
    )
    return {"path": path.T}, sentence, bool(value < 0.01 and budget <= 60 and not used[1])


# %% id="ask-explorer"
figure, axes = panels(width=6.4, height=3.8)
landscape(axes, lambda x: x**2 @ curvature / 2, (-3, 3), (-1.8, 1.8))
axes.set(xlabel="first parameter", ylabel="second parameter")
METHODS = ("gradient descent", "finite differences", "two-point", "hill climbing", "random search")
oracles = Explorer(
    asked_by,
    figure,
    {"path": line(axes, color=VERMILION, markevery=1)},
    {
        "method": choice("method", METHODS),
        "budget": slider("evaluations", 6, 200, 30, step=2, ticks={60: "60"}),
    },
    title="Who asks what",
    goal="gradient-free, below 0.01 with at most 60 evaluations",
    play="budget",
)
oracles

# %% id="ask-goal"
for method in METHODS:
    shown = oracles.at(method=method, budget=60)
    print(shown.sentence, "Goal reached:", shown.reached)

# %% [markdown] id="ask-after"
# In two dimensions slopes from values cost three values a step, exactly what a gradient costs, and the two paths look the same. Two dimensions flatter the
# methods without gradients. Section 4 shows what happens in a thousand.

# %% [markdown] id="comparison-text"
# ## 3 Asking even less: comparisons
#
# Hill climbing uses the value only in `value < best`. It would do the same if the oracle answered "better" or "worse". There is a test
# for this: bend the objective by any rising function, say $f \mapsto f^3$. Comparisons do not change, so a method that only compares
# walks the same path. A method whose steps are as long as its slopes, such as gradient descent, does not.


# %% id="comparison"
def bent(theta):
    return loss(theta) ** 3


def bent_gradient(theta):
    return 3 * loss(theta) ** 2 * gradient(theta)


paths = [hill_climbing(Objective(f), start, 200, np.random.default_rng(1)) for f in (loss, bent)]
print("hill climbing ends at the same point:   ", np.array_equal(*paths))
with np.errstate(all="ignore"):
    paths = [gradient_descent(Objective(loss, grad=g), start, 5) for g in (gradient, bent_gradient)]
print("gradient descent ends at the same point:", np.array_equal(*paths))

# %% [markdown] id="claims-text"
# ## 4 The claims, one by one
#
# ### "Momentum, Adam, Adagrad and RMSprop are gradient-free"
#
# They keep running averages, and one document lists them as methods that do without the gradient. Averages of what? Ask the counter. (These rules are the
# subject of lessons [04](04_momentum.ipynb) and [05](05_adaptive_steps.ipynb); here it is enough to see what they ask.)


# %% id="claim-rules" tags=["A18"]
def momentum(oracle, theta, steps):
    v = np.zeros_like(theta)
    for _ in range(steps):
        v = 0.9 * v + oracle.gradient(theta)
        theta = theta - 0.03 * v
    return theta


def adam(oracle, theta, steps):
    m, v = np.zeros_like(theta), np.zeros_like(theta)
    for t in range(1, steps + 1):
        g = oracle.gradient(theta)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        theta = theta - (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return theta


for rule in (momentum, adam):
    oracle = Objective(loss, grad=gradient)
    rule(oracle, start, 50)
    print(f"{rule.__name__:8} in 50 steps: {oracle.values} values, {oracle.gradients} gradients")

# %% [markdown] id="claim-flow-text"
# ### "The no-gradient flow" and "internal information"
#
# One document defines a method of this name by $\theta \leftarrow \theta - \alpha \nabla L(\theta)$ and programs it with an automatic gradient. This is gradient
# descent, step for step; the listing does not run before two mistakes are repaired, and then it equals the library's SGD. The same document says that the gradient is "internal
# information", so that nothing "external" is needed. The numbers do not know where they were computed:


# %% id="claim-flow" tags=["F19", "A13", "A14", "Q24", "C04"]
def inside(theta):
    """The gradient as a model might compute it within itself: sample by sample."""
    return sum((X[i] @ theta - y[i]) * X[i] for i in range(len(y))) / len(y)


outside = slopes(loss, start)
print("internal and external gradient agree:", np.allclose(inside(start), outside, atol=1e-5))
print(
    "the 'flow' with lr 0.3 and gradient descent end at the same point:",
    np.allclose(
        gradient_descent(Objective(loss, grad=inside), start, 20),
        gradient_descent(Objective(loss, grad=gradient), start, 20),
    ),
)

# %% [markdown] id="claim-law-text"
# ### "The no-gradient law: optimize from the weights alone"
#
# The same document describes an update that looks only at the weights and never at the loss. Whatever such a rule is, it does the same for *every*
# objective. So if it goes down on $f$, it goes up on $-f$. A method that asks nothing cannot optimize.


# %% id="claim-law" tags=["A15"]
def from_weights_alone(theta, steps):
    for _ in range(steps):
        theta = 0.98 * theta - 0.1 * np.sign(theta)  # any formula in theta alone
    return theta


begin = rng.standard_normal(11)
end = from_weights_alone(begin, 50)
changes = {name: f(end) - f(begin) for name, f in (("f", loss), ("-f", lambda theta: -loss(theta)))}
print(
    "the rule ends at the same point for f and -f; the changes are",
    {k: f"{v:+.2g}" for k, v in changes.items()},
)

# %% [markdown] id="claim-error-text"
# ### "Use the prediction error instead of the gradient"
#
# The error says how wrong each *prediction* is. It has one entry for each sample, the parameters have one for each column: it is not even
# a direction in the space of parameters. One document adds it to the weights all the same. Here is that idea, repaired
# until it runs (with as many samples as weights, so that the shapes fit), beside the update with the missing factor, the features:


# %% id="claim-error" tags=["A29", "C20", "P27", "Q26"]
rng = np.random.default_rng(3)
square, target = rng.random((100, 100)), rng.random(100)
for name, direction in {
    "error alone, added     ": lambda theta: square @ theta - target,
    "error alone, subtracted": lambda theta: target - square @ theta,
    "features times error   ": lambda theta: square.T @ (target - square @ theta) / 100,
}.items():
    theta = np.zeros(100)
    before = np.mean((square @ theta - target) ** 2)
    for _ in range(300):
        theta = theta + 0.01 * direction(theta)
    print(
        f"{name} mean squared error {three(before)} -> {three(np.mean((square @ theta - target) ** 2))}"
    )

# %% [markdown] id="claim-error-after" tags=["C19"]
# Where can a direction come from, then? From the features (that is the gradient), or from *trying*: move the parameters a little, see whether the loss
# falls. Perturb and compare is the whole secret of gradient-free methods. (The listing also asks to install TensorFlow, which it
# imports and never uses.)

# %% [markdown] id="claim-cost-text"
# ### "Gradients are too expensive"
#
# The reason given most often is cost. So count multiplications for our linear model with $m$ samples and $d$ parameters. One value of the loss
# needs $md$ of them, for $X\theta$. The gradient needs $X^\top r$ on top, with $r = X\theta - y$: $2md$ in all. This is a general fact: reverse-mode differentiation, the method behind
# deep learning, gives value and gradient for a *constant* multiple of one value, about 3, whatever $d$ is. Slopes from values need $d + 1$ values.


# %% id="claim-cost" tags=["A02", "P17", "Q23"]
for d in (10, 1000, 100_000, 175_000_000_000):
    print(f"d = {d:>15,}: gradient {GRADIENT_COST} evaluations, slopes from values {d + 1:,}")

# %% id="claim-cost-time" tags=["machine"]
for d in (10, 100, 1000):
    A, b, theta = rng.standard_normal((2000, d)), rng.standard_normal(2000), np.zeros(d)
    seconds = [
        min(timeit.repeat(ask, number=40, repeat=7))
        for ask in (lambda: np.mean((A @ theta - b) ** 2), lambda: A.T @ (A @ theta - b))
    ]
    print(
        f"d = {d:5}: one gradient takes {seconds[1] / seconds[0]:.1f} times as long as one value on this machine"
    )

# %% [markdown] id="dimension-text"
# ### "It shines in high dimension"
#
# A cleverer search does not need all $d$ slopes. Take one random direction $u$ with normal entries, ask two values, and step along $u$ by the
# slope found. This is the *two-point* method of lesson [10](10_gradients_from_values.ipynb), and on average it goes down the gradient. How many steps does it need to bring a loss down to a tenth?
# On a round bowl, $f(x) = \tfrac12 \lVert x \rVert^2$, the number grows in proportion to $d$. But if only ten directions matter and the rest is flat, the number stays where it was.


# %% id="dimension"
def two_point_steps(curvature, seed):
    """Steps until f = sum(curvature * x**2) / 2 has fallen to a tenth; the slope along u is exact here."""
    rng = np.random.default_rng(seed)
    x = np.ones(curvature.size)
    goal = curvature @ x**2 / 20
    lr = 1 / (curvature.sum() + 2 * curvature.max())
    steps = 0
    while curvature @ x**2 / 2 > goal:
        u = rng.standard_normal(x.size)
        x -= lr * (curvature * x @ u) * u
        steps += 1
    return steps


dimensions = (10, 30, 100, 300, 1000, 3000)
counts = {
    "all directions matter": [
        [two_point_steps(np.ones(d), s) for s in range(10)] for d in dimensions
    ],
    "ten directions matter": [
        [two_point_steps(1.0 * (np.arange(d) < 10), s) for s in range(10)] for d in dimensions
    ],
}

# %% id="dimension-figure" tags=["Q02", "Q14"]
figure, axes = panels()
for (name, steps), color, marker in zip(counts.items(), (VERMILION, BLUE), ("s", "o"), strict=True):
    axes.loglog(dimensions, np.median(steps, axis=1), color=color, marker=marker, label=name)
    axes.fill_between(
        dimensions, np.min(steps, axis=1), np.max(steps, axis=1), color=color, alpha=0.2
    )
axes.set(
    xlabel="number of parameters d",
    ylabel="steps to a tenth of the loss",
    title="Median and range of 10 seeds",
)
axes.legend()
ends = {name: np.median(steps, axis=1) for name, steps in counts.items()}
growth = [three(steps[-1] / steps[0]) for steps in ends.values()]
show(
    figure,
    f"From d = 10 to d = 3000 the steps grow {growth[0]} times when all directions matter, "
    f"{growth[1]} times when ten do.",
)

# %% [markdown] id="dimension-after"
# So the claim is wrong in general: the price is a factor of about $d$. But the honest rule is finer than "proportional to $d$". What counts is the **effective rank**
# $\mathrm{tr}(H)/\lambda_{\max}(H)$ of the curvature $H$, the number of directions that matter. For a pretrained language model it seems to be far smaller than the number of
# parameters, and that is how Malladi et al. (2023) explain why fine-tuning from values works there at all (lessons [10](10_gradients_from_values.ipynb) and [15](15_language_models.ipynb)).
# It does not make language models a product of gradient-free training: they are pretrained with gradients, by Adam-like rules.

# %% [markdown] id="compare-text"
# ## 5 Everything on one plot
#
# Now the honest comparison on the data of section 1: same start, same number of evaluations (a gradient is charged as 3), ten seeds, the
# median and the range. The four methods need only a few lines each, and their settings were chosen by hand; later lessons improve all of them.


# %% id="compare-methods"
def random_search(oracle, rng):
    while True:
        yield oracle(100 * rng.standard_normal(11))


def one_plus_one(oracle, rng, sigma=10.0):
    theta, best = start, oracle(start)
    while True:
        trial = theta + sigma * rng.standard_normal(11)
        value = oracle(trial)
        if value <= best:
            theta, best, sigma = trial, value, 1.5 * sigma
        else:
            sigma *= 1.5**-0.25
        yield best


def two_point(oracle, rng, lr=0.05, h=1e-3):
    theta = start
    while True:
        u = rng.standard_normal(11)
        up, down = oracle(theta + h * u), oracle(theta - h * u)
        theta = theta - lr * (up - down) / (2 * h) * u
        yield min(up, down)


def descent(oracle, rng):
    theta = start
    while True:
        theta = theta - 0.4 * oracle.gradient(theta)
        yield oracle(theta)


# %% id="compare"
budget, lowest = 2000, loss(np.linalg.lstsq(X, y, rcond=None)[0])
asked = np.geomspace(10, budget, 60)


def best_so_far(method, seed):
    oracle, points = Objective(loss, grad=gradient), []
    for value in method(oracle, np.random.default_rng(seed)):
        points.append((oracle.nfev, value))
        if oracle.nfev >= budget:
            break
    cost, value = np.array(points).T
    curve = np.minimum.accumulate(value) - lowest
    return np.concatenate([[loss(start) - lowest], curve])[
        np.searchsorted(cost, asked, side="right")
    ]


curves = {
    method.__name__: np.array([best_so_far(method, seed) for seed in range(10)])
    for method in (random_search, one_plus_one, two_point, descent)
}

# %% id="compare-figure"
figure, axes = panels(height=4.2)
for (name, runs), color, marker in zip(
    curves.items(), (BLACK, GREEN, VERMILION, BLUE), "ovs^", strict=True
):
    axes.loglog(
        asked,
        np.median(runs, axis=0),
        color=color,
        marker=marker,
        markevery=10,
        label=name.replace("_", " "),
    )
    axes.fill_between(asked, runs.min(axis=0), runs.max(axis=0), color=color, alpha=0.2)
axes.set(
    xlabel="evaluations (a gradient counts as 3)",
    ylabel="half-MSE above the lowest",
    title="Ten seeds each",
)
axes.legend()
final = ", ".join(
    f"{name.replace('_', ' ')} {three(np.median(runs[:, -1]))}" for name, runs in curves.items()
)
show(figure, f"Above the lowest after {budget:,} evaluations: {final}.")

# %% [markdown] id="compare-after"
# The gradient wins, and by a lot: it is there first, and its end is far below the medians of the others (the luckiest runs of the next two get about as low). Among the methods without gradients there are large differences, too. Blind
# random search hardly moves in 11 dimensions; two simple methods that *learn from their answers* get more than 700 times closer. When a gradient can be had, use
# it. When it cannot (the objective is a program, a game, an accuracy, a model behind an interface), the green and the orange curve are what this course is
# about, made much better.

# %% [markdown] id="sorted" tags=["A17"]
# ## 6 The claims, sorted
#
# | claim of the documents | verdict | shown in |
# |---|---|---|
# | annealing, genetic algorithms and random search need no gradient | right | sections 2 and 3 |
# | gradient-free methods help where gradients do not exist | right | sections 2 and 5 |
# | they can be slow and sensitive to settings | right | section 5 and lesson [10](10_gradients_from_values.ipynb) |
# | they differ in essence from gradient descent and from Newton's method | half right: another oracle, but gradient descent and Newton differ as well | section 2 |
# | gradients cost too much to compute | half right: much memory (lesson [15](15_language_models.ipynb)), little time | section 4 |
# | they suit models with very many parameters | half right: only if few directions matter | section 4 |
# | momentum, Adagrad, RMSprop and Adam are gradient-free | wrong | section 4 |
# | the loop of section 1 is random search | wrong: stochastic gradient descent | section 1 |
# | the gradient is internal information, so its use is gradient-free | wrong | section 4 |
# | optimize from the weights alone | wrong: cannot work for any rule | section 4 |
# | use the error in place of the gradient | wrong: not a direction, diverges | section 4 |
# | fewer gradients, therefore faster | wrong | section 5 |
# | gradient-free optimization is a core technology of language models | wrong: they are pretrained with gradients; fine-tuning from values is possible | lessons [15](15_language_models.ipynb) and [16](16_the_state_of_the_art.ipynb) |

# %% [markdown] id="interview"
# ## 7 If somebody asks you
#
# - *How is gradient-free optimization done?* In a loop: propose points, evaluate them, update what you know. The proposals come from chance (random search), from small
#   changes (hill climbing, annealing), from a population (genetic algorithms, differential evolution, evolution strategies, CMA-ES), from a simplex
#   (Nelder-Mead), or from slopes estimated with two values (SPSA, MeZO). Lessons [07](07_random_search.ipynb) to
#   [11](11_evolution_strategies.ipynb) teach them.
# - *Why does it not depend on gradients?* Because it never asks for one: its oracle answers values or comparisons.
# - *What is good and what is bad about it?* Good: it works on anything that returns a number, often in the memory of one evaluation, often on many machines at once. Bad: many
#   evaluations, more with each direction that matters; noisy; more settings to choose. It does not make a model harder to interpret: the trained
#   model is of the same kind.
# - *How does it differ from gradient methods?* In the question it asks (one number instead of $d$), and so in cost a step, noise, memory and number of steps.
# - *Why is it needed, then?* For objectives without a usable gradient. Not because gradients are slow.

# %% [markdown] id="quick"
# ## 8 Quick questions
#
# Decide first, then open your choice.

# %% [markdown] id="quick-average"
# **Quick question.** Adam keeps two running averages. Is it gradient-free?
#
# - [ ] Yes: it uses statistics, not gradients.
#   Statistics of what? Of the gradient, asked anew in each step (section 4).
# - [x] No: each step asks for one gradient.
#   The counter said 50 gradients for 50 steps.
# - [ ] It depends on the learning rate.
#   The rate changes the length of the steps, not what is asked.

# %% [markdown] id="quick-nograd"
# **Quick question.** A loop runs under `torch.no_grad()` and updates `theta -= lr * X.T @ (X @ theta - y)`. What is it?
#
# - [ ] Gradient-free: the library computes no gradient.
#   It computes none because the author did: `X.T @ (X @ theta - y)` is the gradient of the squared error, up to a factor.
# - [x] Gradient descent with a hand-written gradient.
#   What counts is the information that is used, not who computed it.
# - [ ] An error: under `no_grad` nothing can be trained.
#   `no_grad` only stops the recording. Assigning new numbers works.

# %% [markdown] id="quick-more"
# **Quick question.** A model is made ten times larger. What happens to a search that uses two values a step?
#
# - [ ] It needs ten times as many steps, always.
#   True if all directions matter alike, as on the round bowl. Not in general.
# - [ ] Nothing: it asks two values in any dimension.
#   A step costs two values, yes. But one random direction says little about many.
# - [x] It depends on how many directions matter.
#   The effective rank decides. It may stay the same while the number of parameters grows.

# %% [markdown] id="summary"
# ## Summary
#
# 1. A method is what it may ask, times how it moves. Gradient-free means: values or comparisons only.
# 2. A hand-written $x_i\,(x_i^\top \theta - y_i)$ is a gradient. So is the food of momentum, Adagrad, RMSprop and Adam.
# 3. A gradient costs about 3 evaluations in any dimension; slopes from values cost $d$ more values.
# 4. The price of searching from values grows with the number of directions that matter, the effective rank.
# 5. Compare by evaluations, from the same start, over at least ten seeds.
#
# This lesson has no exercise. **Next:** [02 Linear regression](02_linear_regression.ipynb). What does a gradient look like, which step does it
# allow, and what is it worth?

# %% [markdown] id="sources"
# ## Sources
#
# - Y. Nesterov, V. Spokoiny, *Random gradient-free minimization of convex functions*, Foundations of Computational Mathematics 17 (2017),
#   [doi:10.1007/s10208-015-9296-2](https://doi.org/10.1007/s10208-015-9296-2).
# - A. Griewank, A. Walther, *Evaluating Derivatives*, 2nd edition (2008),
#   [doi:10.1137/1.9780898717761](https://doi.org/10.1137/1.9780898717761): the cost of a gradient.
# - D. P. Kingma, J. Ba, *Adam: a method for stochastic optimization* (2015), [arXiv:1412.6980](https://arxiv.org/abs/1412.6980): "first-order" is in the first sentence.
# - S. Malladi et al., *Fine-tuning language models with just forward passes* (2023), [arXiv:2305.17333](https://arxiv.org/abs/2305.17333): effective rank.
# - J. Larson, M. Menickelly, S. M. Wild, *Derivative-free optimization methods*, Acta Numerica 28 (2019),
#   [doi:10.1017/S0962492919000060](https://doi.org/10.1017/S0962492919000060): a survey.
