# %% [markdown] id="title"
# # 16 The state of the art
#
# **Promise.** Take the headlines of a dozen recent papers to your laptop. For each you will build the idea in a few lines, measure it on a task small enough for seconds,
# and write down what held, what held in part, and what did not.
#
# **You will be able to**
#
# - improve a model on a count of right answers, and tell a matter of population from a matter of rate;
# - compare zeroth-order methods at equal evaluations: sparse, of low rank, scaled by curvature, by coordinates, by exact slopes;
# - search a prompt in a small random subspace, and merge models with a few searched numbers;
# - say what a laptop can confirm of a paper about billions of parameters, and what it cannot.
#
# **Time** 70 minutes. **Needs** lessons [10](10_gradients_from_values.ipynb), [11](11_evolution_strategies.ipynb) and [15](15_language_models.ipynb).

# %% id="setup"
from dataclasses import replace
from functools import lru_cache

import numpy as np
from scipy.stats import kurtosis
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from threadpoolctl import threadpool_limits

from ngo_lesson.data import food_reviews
from ngo_lesson.models import adaptation, compression, mlp
from ngo_lesson.models.adaptation import HessianScaled, Pairs
from ngo_lesson.models.fine_tuning import mezo_step_, perturb_
from ngo_lesson.models.language_model import CharTokenizer, LanguageModel, pretrained
from ngo_lesson.optimize.gradients import Central, ForwardGradient
from ngo_lesson.optimize.minimize import minimize
from ngo_lesson.optimize.updates import GD, Adam, Momentum, Sign
from ngo_lesson.show.explorer import Explorer, slider
from ngo_lesson.show.figures import panels, show, three
from ngo_lesson.show.pieces import band, line
from ngo_lesson.show.style import BLACK, BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION

limits = threadpool_limits(1)  # small matrices: more threads would wait for each other

# %% [markdown] id="question-text"
# ## 1 The question
#
# Lesson [15](15_language_models.ipynb) fine-tuned a language model with two forward passes and a seed. It saved memory, and it took many more steps. And it left a case where no gradient competes: an aim
# without slope, a service that returns values only. The papers since then say: fewer steps, other noise, whole populations, prompts, merges. **Which of these headlines can we see
# on a laptop?**
#
# A laptop cannot see a model of 30 billion parameters. It can see whether the *idea* does what the headline says, on a task where everything is known. Ours is a network of 2,410 parameters for
# digits. First the distance that all of them want to shorten: training from nothing by Adam, and by one pair of values a step (lesson [10](10_gradients_from_values.ipynb)). A gradient is charged as three
# evaluations.

# %% id="question" tags=["P11"]
X, y = load_digits(return_X_y=True)
train, test, label, test_label = train_test_split(
    (X / 16).astype(np.float32), y, train_size=900, random_state=0, stratify=y
)
sizes = (64, 32, 10)


def right(theta, images=test, labels=test_label):
    """The share of right answers."""
    answers = mlp.forward(theta, sizes, images)[-1].argmax(axis=1)
    return np.count_nonzero(answers == labels) / len(labels)


def batch_of(rng, images, labels, n=64):
    chosen = rng.integers(0, len(images), n)
    return images[chosen], labels[chosen]


def trained(steps, seed=0, theta=None, images=train, labels=label):
    """Adam with backpropagation, from theta or from nothing."""
    theta = mlp.initialize(sizes, "he", seed).astype(np.float32) if theta is None else theta.copy()
    rule, rng = Adam(0.01), np.random.default_rng(seed)
    for _ in range(steps):
        some = batch_of(rng, images, labels)
        rule.step_(theta, mlp.loss_and_gradient(theta, sizes, *some)[1])
    return theta


def fine_tuned(theta, estimator, rule, budget, seed, images=train, labels=label, marks=()):
    """Steps of the rule on an estimate, a batch a step; the share right at the marks and the end."""
    theta, rng, shares, spent = theta.copy(), np.random.default_rng(seed), [], 0
    while spent + estimator.evaluations(theta.size) <= budget:
        some = batch_of(rng, images, labels)
        g = estimator.gradient(lambda x, some=some: mlp.loss(x, sizes, *some), theta, rng)
        rule.step_(theta, g)
        spent += estimator.evaluations(theta.size)
        shares += [right(theta)] * (spent in marks)
    return np.array([*shares, right(theta)]) if marks else right(theta)


# %% id="gap" tags=["P11"]
marks, adam_steps = (100, 300, 1000), (30, 100, 200)
by_adam = np.array([[right(trained(n, s)) for n in adam_steps] for s in range(10)])
by_pairs = np.array(
    [fine_tuned(trained(0, s), Pairs(), GD(0.01), 2000, s, marks=marks) for s in range(10)]
)
figure, axes = panels()
for shares, asked, name, color, marker in (
    (by_adam, 3 * np.array(adam_steps), "Adam, backpropagation", BLUE, "o"),
    (by_pairs, np.array([*marks, 2000]), "one pair a step", VERMILION, "s"),
):
    axes.semilogx(asked, np.median(shares, axis=0), marker, color=color, ls="-", label=name)
    axes.fill_between(asked, shares.min(axis=0), shares.max(axis=0), color=color, alpha=0.2)
axes.set(xlabel="evaluations", ylabel="right answers (test)", ylim=(0, 1))
axes.legend(loc="lower right")
gap = np.median(by_adam[:, -1]), np.median(by_pairs[:, -1])
show(
    figure,
    f"Right on test digits, median of 10 seeds: Adam {gap[0]:.2f} after 600 evaluations, "
    f"one pair a step {gap[1]:.2f} after 2,000.",
)

# %% [markdown] id="gap-after"
# That is an honest gap, and it is what the authors of DiZO (Tan et al. 2025) write of much larger models: "ZO method lags far behind FO method in both
# convergence speed and accuracy" (zeroth-order, first-order).
#
# ## 2 Why it works at all: effective rank
#
# In a round bowl one pair costs about $d$ times the steps of a gradient (lesson [10](10_gradients_from_values.ipynb)). MeZO fine-tunes billions of parameters with it. The explanation (Malladi et al. 2023) is the effective rank: how many directions
# are curved, not how many there are. Lesson [15](15_language_models.ipynb), section 10, watched it on bowls, and found a handful for the fine-tuned language model. "More parameters always make it slower" is
# false. "It is free of the dimension" is false, too: with equal curvatures the steps grow with $d$. It depends on the landscape.

# %% [markdown] id="rank-after"
# ## 3 An objective without a gradient
#
# MeZO and evolution strategies can improve the *share of right answers* itself. Lesson [11](11_evolution_strategies.ipynb) showed why: the mean over noisy parameters is smooth. With mirrored draws $e_i$,
#
# $$\hat g = \frac{1}{n} \sum_{i=1}^{n} \frac{\bigl(1 - a(\theta + \sigma e_i)\bigr) - \bigl(1 - a(\theta - \sigma e_i)\bigr)}{2 \sigma}\; e_i ,$$
#
# where $a$ is the share right. The package's `Pairs` is the same estimate, for any function.


# %% id="accuracy"
def accuracy_gradient(accuracy, theta, E, sigma):
    """Gradient of 1 - accuracy from the rows of E (n, d), mirrored: 2 n accuracies."""
    ups = np.array([accuracy(theta + sigma * e) for e in E])
    downs = np.array([accuracy(theta - sigma * e) for e in E])
    return ((1 - ups) - (1 - downs)) @ E / (2 * sigma * len(E))


def share(theta):
    return right(theta, train, label)


start = trained(20)
own = accuracy_gradient(
    share, start.astype(float), np.random.default_rng(1).standard_normal((5, start.size)), 0.05
)
wide = start.astype(float)
package = Pairs(5, 0.05).gradient(lambda x: 1 - share(x), wide, np.random.default_rng(1))
print("package and own agree:", np.allclose(own, package))

# %% [markdown] id="climb-text"
# The checkpoint: 20 steps of Adam with the smooth loss. From there, only counts: 2,400 of them on batches of 128 digits. (For the population and for the small rate of the pair, twice the rate did worse.) The same rate of 0.1 for a population of 40 and for a single pair, then a single pair
# with the rate divided by 20; and $\sigma = 10^{-3}$, as MeZO takes it on a smooth loss.


# %% id="climb" tags=["A08"]
def climb(pairs, sigma, lr, seed, budget=2400, n=128, points=10):
    """The share right on test digits, at the start and `points` times on the way."""
    theta, rng, shares = start.copy(), np.random.default_rng(seed), [right(start)]
    estimator, steps = Pairs(pairs, sigma), budget // (2 * pairs)
    for t in range(1, steps + 1):
        some = batch_of(rng, train, label, n)
        g = estimator.gradient(lambda x, some=some: 1 - right(x, *some), theta, rng)
        theta -= np.float32(lr) * g
        if points * t // steps > points * (t - 1) // steps:
            shares.append(right(theta))
    return shares


climbs = {
    "population 40, rate 0.1": (20, 0.05, 0.1, BLUE, "o"),
    "one pair, rate 0.1": (1, 0.05, 0.1, VERMILION, "s"),
    "one pair, rate 0.005": (1, 0.05, 0.005, GREEN, "^"),
    "one pair, sigma 0.001": (1, 0.001, 0.0005, PURPLE, "D"),
}
figure, axes = panels(height=4.0)
ends, asked = {}, np.linspace(0, 2400, 11)
for name, (pairs, sigma, lr, color, marker) in climbs.items():
    runs = np.array([climb(pairs, sigma, lr, seed) for seed in range(10)])
    ends[name] = runs[:, -1]
    axes.plot(asked, np.median(runs, axis=0), marker, ls="-", color=color, label=name)
    axes.fill_between(asked, runs.min(axis=0), runs.max(axis=0), color=color, alpha=0.2)
axes.set(xlabel="counts of right answers asked for", ylabel="right answers (test)", ylim=(0.3, 1))
axes.legend(loc="lower right")
found = "; ".join(
    f"{name} {np.median(e):.2f} ({e.min():.2f} to {e.max():.2f})" for name, e in ends.items()
)
show(figure, f"From {right(start):.2f}, medians of 10 seeds (range): {found}.")

# %% [markdown] id="climb-after"
# Evolution strategies do it: the paper's claim holds. But look at the two single pairs. With the rate of the population, one pair ruins the model; with the rate divided by 20 it ends at least as high as the
# population of 40, *for the same number of counts*. What failed was the rate, not the pair. A population buys two things: the rate may be large, and 40 values can be asked **at the same time**. It does not save
# evaluations. And $\sigma$ must reach over the steps of the staircase: at 0.001 most pairs see no difference, and nothing happens.
#
# This is also the honest kind of *hybrid*: gradients of a smooth loss first, a search on the true objective from there (lesson [09](09_genetic_algorithms.ipynb) has others). From a random start counts alone
# are far slower (lesson [11](11_evolution_strategies.ipynb)).
#
# ### Explore: population against sigma
#
# 1,200 counts on batches of 64, five runs, from the same checkpoint. **Goal:** a median of at least 0.88 with *one pair* a step.

# %% id="crowd"
KNOBS = {
    "pairs": slider("pairs a step", 1, 64, 20, log=True, step=2),
    "sigma": slider("sigma", 0.001, 0.3, 0.05, log=True, step=10**0.5),
    "rate": slider("rate", 0.001, 1.0, 0.1, log=True, step=10**0.5),
}


@lru_cache
def climbs_of(pairs, sigma, rate):
    return np.array([climb(pairs, sigma, rate, s, 1200, 64, 6) for s in range(5)])


def crowd(pairs, sigma, rate):
    runs = climbs_of(round(pairs), sigma, rate)
    low, middle, high = runs.min(axis=0), np.median(runs, axis=0), runs.max(axis=0)
    asked = np.linspace(0, 1200, runs.shape[1])
    data = {"middle": (asked, middle), "band": (asked, low, high)}
    sentence = (
        f"{round(pairs)} pairs a step, sigma {three(sigma)}, rate {three(rate)}: "
        f"{middle[-1]:.3f} right at the end (start {right(start):.3f})."
    )
    return data, sentence, round(pairs) == 1 and middle[-1] >= 0.88


figure, axes = panels()
axes.set(xlim=(0, 1200), ylim=(0.3, 1), xlabel="counts asked for", ylabel="right answers (test)")
middle = line(axes, "median of 5 runs")
moving = {"middle": middle, "band": band(axes, middle)}
axes.legend(loc="lower left")
crowds = Explorer(
    crowd,
    figure,
    moving,
    KNOBS,
    title="Population against sigma on a count",
    goal="with one pair a step, a median of at least 0.88",
)
crowds

# %% id="crowd-goal"
for pairs, rate in ((20, 0.1), (1, 0.1), (1, 0.00316)):
    shown = crowds.at(pairs=pairs, rate=rate)
    print(shown.sentence, "Goal reached:", shown.reached)

# %% [markdown] id="race-text"
# ## 4 Other noise, other rules, the same budget
#
# Most headlines change one line of MeZO. To compare them we need a task of *fine-tuning*: a finished network meets digits that stand one pixel further right. Everything gets 1,200
# evaluations, batches of 64, ten seeds. Three of the lines:
#
# - **Sparse MeZO** (Liu et al. 2024) moves only the weights of small magnitude: a mask, $u \leftarrow m \odot u$.
# - **Low rank** (EGGROLL, Sarkar et al. 2025): the noise of a matrix is $A B^\top / \sqrt r$ with $A$ ($m \times r$) and $B$ ($n \times r$) normal.
# - **Forward gradient** (Baydin et al. 2022): the exact slope $\nabla f^\top u$ in place of the difference. It needs a differentiable program; we charge two evaluations.


# %% id="noises"
def sparse_mask(w, share):
    """True at the int(share * size) smallest magnitudes."""
    mask = np.zeros(w.size, dtype=bool)
    mask[np.argsort(np.abs(w), axis=None)[: int(share * w.size)]] = True
    return mask.reshape(w.shape)


def low_rank_noise(m, n, r, rng):
    A = rng.standard_normal((m, r))
    B = rng.standard_normal((n, r))
    return A @ B.T / np.sqrt(r)


finished = trained(200)
moved, moved_test = (
    np.roll(images.reshape(-1, 8, 8), 1, axis=2).reshape(-1, 64) for images in (train, test)
)
same = np.array_equal(sparse_mask(finished, 0.5), compression.sparse_mask(finished, 0.5))
noise = [f(4, 3, 2, np.random.default_rng(0)) for f in (low_rank_noise, adaptation.low_rank_noise)]
print("package and own agree:", same and np.allclose(*noise))
print(f"finished network: right {right(finished):.2f}, moved {right(finished, moved_test):.2f}")

# %% [markdown] id="race-rates"
# The rates were chosen in steps of a factor of two, each method alike, on three other seeds. The last of the three cells repeats that for one of them.


# %% id="race-methods"
current = {}


def current_loss(x):
    return mlp.loss(x, sizes, *current["batch"])


def slope_along(x, u):
    """The exact slope of the loss of the current batch along u; ours comes from backpropagation."""
    return mlp.loss_and_gradient(x, sizes, *current["batch"])[1] @ u


shapes = [shape for layer in mlp.shapes(sizes) for shape in layer]
quarter, half = (sparse_mask(finished, share) for share in (0.25, 0.5))
methods = {
    "one pair (MeZO's step)": (Pairs, GD, 0.01),
    "ten pairs a step": (lambda: Pairs(10), GD, 0.06),
    "signs": (Pairs, Sign, 0.008),
    "momentum": (Pairs, lambda lr: Momentum(lr, 0.9), 0.001),
    "Adam": (Pairs, Adam, 0.012),
    "forward gradient": (lambda: ForwardGradient(slope_along), GD, 0.01),
    "smallest half": (lambda: Pairs(mask=half), GD, 0.02),
    "smallest quarter": (lambda: Pairs(mask=quarter), GD, 0.04),
    "noise of rank 1": (lambda: Pairs(shapes=shapes, rank=1), GD, 0.005),
    "scaled by curvature": (lambda: HessianScaled(0.1, 0.01), GD, 0.2),
}


# %% id="race"
def adapted(name, seeds, factor=1, budget=1200):
    make, rule, lr = methods[name]
    runs = []
    for seed in seeds:
        theta = finished.copy()
        estimator, step, rng = make(), rule(factor * lr), np.random.default_rng(seed)
        for _ in range(budget // estimator.evaluations(theta.size)):
            current["batch"] = batch_of(rng, moved, label)
            step.step_(theta, estimator.gradient(current_loss, theta, rng))
        runs.append(right(theta, moved_test))
    return np.array(runs)


race = {name: adapted(name, range(10)) for name in methods}
figure, axes = panels(height=3.8)
for place, (name, ends_of) in enumerate(race.items()):
    axes.plot(ends_of, np.full(10, -place), "o", ls="", color=BLUE, alpha=0.5)
    axes.vlines(np.median(ends_of), -place - 0.3, -place + 0.3, color=VERMILION, linewidth=3)
axes.set_yticks(-np.arange(len(race)), list(race))
axes.set(xlabel="right on moved digits (10 seeds; bar: median)")
found = ", ".join(f"{name} {np.median(each):.2f}" for name, each in race.items())
show(figure, f"Medians: {found}.")

# %% id="race-tuned"
means = [adapted("smallest half", (100, 101, 102), factor).mean() for factor in (0.5, 1, 2)]
print("smallest half: its rate is better than half and double of it:", np.argmax(means) == 1)

# %% [markdown] id="race-after"
# Read the spread before the medians. Momentum, Adam, exact slopes and the sparse masks lie within the band of the plain pair: at this size and at *equal evaluations* nothing changes much. Signs lose. Noise of rank 1 loses a
# little. Curvature pays three values a step where a pair pays two. Ten pairs a step need a tenth of the steps and reach about the same, which is the population's lesson again.
#
# The exact slope is no better than the difference of two values, because the noise of both is that of the *direction* (lesson [10](10_gradients_from_values.ipynb)). ZO-Bench (Zhang et al. 2024) names the forward gradient a strong
# baseline, and it says that zeroth-order methods lose accuracy on harder tasks. The first we see as a tie; the second as the gap of section 1.
#
# ## 5 Scaled by curvature, where it should help
#
# HiZOO keeps a running estimate of the diagonal of the Hessian from *three* values: the pair and the middle. The second difference along $u$ says how curved this direction is, and the noise of curved coordinates is made
# small:
#
# $$c = \frac{f(\theta + h s \odot u) + f(\theta - h s \odot u) - 2 f(\theta)}{h^2}, \qquad s^{-2} \leftarrow (1 - \alpha)\, s^{-2} + \alpha\, \tfrac12 |c|\, u^2 \odot s^{-2} .$$
#
# (That is our form of it; the package's first step sets the scale from one measured curvature.) A bowl in 50 dimensions with curvatures from 1 to 1,000; evaluations until a millionth of the first value is
# left, rates and $\alpha$ chosen on other seeds:


# %% id="scaled"
def evaluations_needed(estimator, lr, seed, h, left=1e-6, most=100_000):
    x, rng, asked = np.ones(h.size), np.random.default_rng(seed), 0

    def bowl(x):
        return h @ (x * x) / 2

    first = bowl(x)
    while bowl(x) > left * first and asked < most:
        x = x - lr * estimator.gradient(bowl, x, rng)
        asked += estimator.evaluations(h.size)
    return asked


scaled = {}
for kappa, pair_lr, smoothing, scaled_lr in ((1, 0.02, 0.01, 0.4), (1000, 0.0002, 0.03, 0.8)):
    h = np.geomspace(1, kappa, 50)
    for name, make, lr in (
        ("pair", lambda: Pairs(step=1e-4), pair_lr),
        ("scaled", lambda alpha=smoothing: HessianScaled(1e-2, alpha), scaled_lr),
    ):
        asked = [evaluations_needed(make(), lr, seed, h) for seed in range(10)]
        scaled[kappa, name] = np.median(asked)
        spread = f"10 seeds: {three(min(asked))} to {three(max(asked))}"
        print(f"condition {kappa:5,}, {name:6}: median {three(np.median(asked)):>6} ({spread})")

# %% [markdown] id="scaled-after"
# On the badly scaled bowl it wins clearly, three values a step included; on the round one it loses. The authors report a speed-up of 8 times on one task (SST-2). The digits of section 4 are not such a case.
#
# ## 6 Coordinates or random directions
#
# DeepZero (Chen et al. 2024) trained ResNet-20 on CIFAR-10 "approaching" backpropagation, with differences **coordinate by coordinate** and with sparsity. It is the only convolutional network in this list, and the
# answer to "trains ResNet": a small one, with much work. We compare on our network from a random start. A full set of coordinate differences costs $2d = 4,820$ values. They agree with the gradient, so the
# cell takes the gradient and charges the values. The mean of $n$ random slopes is drawn from its exact distribution: with $s_i = u_i^\top g / \lVert g \rVert$ it is $\frac{\lVert s \rVert^2}{n} g$ plus noise of
# deviation $\frac{\lVert s \rVert}{n} \lVert g \rVert$ across $g$.


# %% id="coordinates" tags=["P02"]
def loss_gradient(theta):
    return mlp.loss_and_gradient(theta, sizes, train, label)[1].copy()


def random_slopes(g, n, rng):
    """A draw of the mean of n slopes times directions, n evaluation pairs, for small steps h."""
    s, z, length = rng.standard_normal(n), rng.standard_normal(g.size), np.linalg.norm(g)
    z -= (z @ g) / length**2 * g
    return (s @ s / n) * g + np.linalg.norm(s) / n * length * z


theta = trained(0).astype(float)
few = np.random.default_rng(0).standard_normal(55)
part = (train[:50, 20:24].astype(float), label[:50])
central = Central().gradient(lambda x: mlp.loss(x, (4, 3, 10), *part), few)
exact = mlp.loss_and_gradient(few, (4, 3, 10), *part)[1]
print("coordinate differences equal the gradient:", np.allclose(central, exact, atol=1e-6))
d, rows = theta.size, {}
for name, n, lr in (
    ("coordinates", None, 1.0),
    ("2,410 random pairs", d, 1.0),
    ("241 random pairs", d // 10, 0.25),
):
    ends_of = []
    for seed in range(10):
        theta, rng = trained(0, seed), np.random.default_rng(seed)
        for _ in range(400 if n == d // 10 else 40):  # the same number of values for all
            g = loss_gradient(theta)
            g = g if n is None else random_slopes(g, n, rng)
            theta -= (lr * g).astype(np.float32)
        ends_of.append(right(theta))
    rows[name] = np.array(ends_of)
    print(f"{name:19} right {np.median(ends_of):.2f} ({min(ends_of):.2f} to {max(ends_of):.2f})")

# %% [markdown] id="coordinates-after"
# Step for step, coordinates and as many random pairs tie; the coordinates have no noise, and their seeds lie closer together. But for the same values ten times as many, ten times rougher steps do better than both. DeepZero's order (coordinates beat
# random) is at most a tie for us at equal values *a step*, and turns around at equal values *in all*. What we do not have is its depth, its convolutions and its sparsity.
#
# ## 7 A population of 30 on a reward
#
# Qiu et al. (2025) tune *all* parameters of language models with billions of weights by an evolution strategy: population 30, noise 0.001. They report more reward on
# an arithmetic game (Countdown) than PPO and GRPO, two methods that use the gradient of the policy. Our toy: the network *answers* for a moved digit and only hears "right" or
# "wrong". ES: 30 noisy networks, 32 digits each, rewards turned into **z-scores** (minus the mean, over the deviation). Against it the simplest **policy gradient** (REINFORCE): 960 answers drawn
# from the softmax, the probability goes up where the reward is above the mean. Both hear 96,000 rewards.


# %% id="reward" tags=["A17", "P01"]
def by_population(seed, sigma=0.1, lr=0.15, n=30, generations=100):
    theta, rng = finished.copy(), np.random.default_rng(seed)
    for _ in range(generations):
        some = batch_of(rng, moved, label, 32)
        E = rng.standard_normal((n, theta.size), dtype=np.float32)
        rewards = np.array([right(theta + np.float32(sigma) * e, *some) for e in E])
        z = (rewards - rewards.mean()) / (rewards.std() + 1e-8)
        theta += np.float32(lr / n) * (z.astype(np.float32) @ E)
    return right(theta, moved_test)


def by_policy_gradient(seed, lr=3.0, answers=960, steps=100):
    theta, rng = finished.copy(), np.random.default_rng(seed)
    for _ in range(steps):
        images, labels = batch_of(rng, moved, label, answers)
        activations = mlp.forward(theta, sizes, images)
        odds = np.exp(activations[-1] - activations[-1].max(axis=1, keepdims=True))
        chances = odds / odds.sum(axis=1, keepdims=True)
        said = (chances.cumsum(axis=1) > rng.random((answers, 1))).argmax(axis=1)
        rewards = (said == labels).astype(np.float32)
        delta = chances - np.eye(10, dtype=np.float32)[said]
        delta *= ((rewards - rewards.mean()) / answers)[:, None]
        theta -= np.float32(lr) * mlp.backward(theta, sizes, activations, delta)
    return right(theta, moved_test)


rewarded = {
    "population of 30": np.array([by_population(seed) for seed in range(10)]),
    "policy gradient": np.array([by_policy_gradient(seed) for seed in range(10)]),
}
for name, each in rewarded.items():
    print(f"{name:16} {np.median(each):.2f} ({each.min():.2f} to {each.max():.2f})")

# %% [markdown] id="reward-after"
# A population of 30 for 2,410 parameters does work: the share right doubles. That part of the headline holds. The other does not, here: the policy gradient is far better on our toy. An answer of one step is its
# best case: no long chain of words for one reward at the end. So this is no refutation. It says that "ES beats policy gradients" is a statement about tasks.
#
# And "GPT-3 is trained without gradients"? None of these papers shows that. MeZO and this one *fine-tune* models that backpropagation has made. (The paper of the next section also reports a language model pre-trained by ES from nothing: a small recurrent one that computes in integers.)
#
# ## 8 Noise of low rank
#
# A population needs a noise matrix for each member. For a layer of $m \times n$ that is $mn$ random numbers. $A B^\top / \sqrt r$ needs $r (m + n)$, and it is cheap to apply: EGGROLL reports up to a hundredfold
# speed for the largest models. What is lost? Every entry still has mean 0 and variance 1. But it is a sum of $r$ products of normals: its tails are heavier, with **excess kurtosis** $6/r$ (0 for
# the normal), and the entries are not independent.

# %% id="kurtosis"
rng = np.random.default_rng(0)
for r in (1, 2, 8):
    A, B = rng.standard_normal((2, 200_000, r))
    entries = (A * B).sum(axis=1) / np.sqrt(r)
    found = f"variance {three(entries.var())}, kurtosis {three(kurtosis(entries))}"
    print(f"rank {r}: {found} (6 / r = {three(6 / r)})")
print(f"numbers to draw for 4,096 x 4,096 at rank 1: {2 * 4096 / 4096**2:.5f} of all")

# %% [markdown] id="rank-text"
# ### Explore: rank against tails, storage and progress
#
# Left: the entries against the normal. Right: an ES (ten pairs a generation) brings a matrix of $32 \times 32$ to its target, with noise of this rank and of full rank, at the same rate; ten seeds. **Goal:** for a matrix of
# width $n$, at most 5 % of the random numbers *and* an excess kurtosis of at most 1.

# %% id="ranks-runs"
EDGES = np.linspace(-5, 5, 41)
NORMAL = np.exp(-(EDGES**2) / 2) / np.sqrt(2 * np.pi)


@lru_cache
def approach(r, n=32, pairs=10, generations=100):
    """Squared distance left, (10 seeds, generations + 1), by ES; r = 0 is full rank."""
    rng, gap, left = np.random.default_rng(r), np.ones((10, n * n)), [np.ones(10)]
    for _ in range(generations):
        A, B = rng.standard_normal((2, 10, pairs, n, max(r, 1)))
        U = A @ B.swapaxes(2, 3) / np.sqrt(r) if r else rng.standard_normal((10, pairs, n, n))
        U = U.reshape(10, pairs, n * n)
        slopes = U @ gap[:, :, None]
        gap = gap - 0.006 * (slopes * U).mean(axis=1)
        left.append(np.mean(gap**2, axis=1))
    return np.array(left).T


@lru_cache
def tails(r):
    A, B = np.random.default_rng(r).standard_normal((2, 40_000, r))
    density = np.histogram((A * B).sum(axis=1) / np.sqrt(r), EDGES, density=True)[0]
    return density.clip(1e-5)


# %% id="ranks-shown"
def ranked(r, n):
    r, n = round(r), round(n)
    runs, full = approach(r), np.median(approach(0), axis=0)
    generation = np.arange(runs.shape[1])
    data = {
        "entries": ((EDGES[1:] + EDGES[:-1]) / 2, tails(r)),
        "middle": (generation, np.median(runs, axis=0)),
        "band": (generation, runs.min(axis=0), runs.max(axis=0)),
        "full": (generation, full),
    }
    drawn, excess = 2 * r / n, 6 / r
    sentence = (
        f"Rank {r}: excess kurtosis {three(excess)}, {three(100 * drawn)} % of the numbers for {n} x {n}; "
        f"left {three(np.median(runs[:, -1]))}, with full rank {three(full[-1])}."
    )
    return data, sentence, drawn <= 0.05 and excess <= 1


# %% id="ranks"
figure, (left, farther) = panels(1, 2, width=9)
left.semilogy(EDGES, NORMAL, color=BLACK, marker="", label="normal")
left.set(ylim=(1e-5, 3), xlabel="entry", ylabel="density")
farther.set(ylim=(0, 1), xlim=(0, 100), xlabel="generations", ylabel="squared distance left")
middle = line(farther, "this rank (10 seeds)")
moving = {
    "entries": line(left, "this rank", color=VERMILION),
    "middle": middle,
    "band": band(farther, middle),
    "full": line(farther, "full rank", color=GREEN),
}
left.legend(loc="lower center")
farther.legend()
ranks = Explorer(
    ranked,
    figure,
    moving,
    {
        "r": slider("rank r", 1, 16, 1, step=1),
        "n": slider("width n", 32, 4096, 64, log=True, step=2),
    },
    title="Rank of the noise",
    goal="at most 5 % of the random numbers with an excess kurtosis of at most 1",
)
ranks

# %% id="ranks-goal"
for r, n in ((1, 64), (8, 64), (6, 256)):
    shown = ranks.at(r=r, n=n)
    print(shown.sentence, "Goal reached:", shown.reached)

# %% [markdown] id="ranks-after"
# The formulas hold. And the progress is nearly that of full noise even at rank 1: on this round bowl the variance of a step grows by a share of only about $2/m + 2/n$. (With the narrower layers of section 4 rank 1 lost a little.) The mean of ten pairs is a step of rank 10, not 1. The paper's theory has the difference shrink as
# $1/r$. The gain in *numbers* is for wide matrices only: at width 64 and rank 8 one still draws a quarter. The speed on accelerators is not for us to see.
#
# ## 9 A prompt in a small subspace
#
# Suppose you may not touch the model: only send inputs and read losses, as with a service. **Black-box tuning** (Sun et al. 2022) searches a *soft prompt*, a few rows of numbers in front of the text in place of the vectors of real tokens. That
# is too many numbers for CMA-ES. So a random matrix $A$ is drawn once, and the search is for a short $z$:
#
# $$\text{prompt} = \text{base} + A z, \qquad z \in \mathbb{R}^k .$$
#
# Ours: the frozen model of lesson [15](15_language_models.ipynb), a prompt of 5 tokens of width 64 (320 numbers), and reviews of food. The model read documentation and no reviews. Sixteen of them to search on, 16 characters each, and 200
# others to judge. We keep the rows of the ASCII tokens only, which is faster.


# %% id="prompt" tags=["P05", "Q03"]
def soft_prompt(z, A, base):
    """base + A z: z (k,), A (tokens * width, k), base (tokens, width)."""
    return base + (A @ z).reshape(base.shape)


whole = pretrained()
kept = [0, *(i + 1 for i, c in enumerate(whole.tokenizer.characters) if c.isascii())]
letters = "".join(whole.tokenizer.characters[i - 1] for i in kept[1:])
rows_kept = whole.config.unpack(whole.theta).tokens[kept].ravel()
model = LanguageModel(
    CharTokenizer(letters),
    replace(whole.config, vocabulary=len(kept)),
    np.concatenate([rows_kept, whole.theta[whole.config.vocabulary * whole.config.width :]]),
)


# %% id="prompt-reviews" tags=["P05", "Q03"]
def review_windows(texts, n, length=16, room=5):
    """Inputs and targets behind `room` places for the prompt, which are not counted."""
    coded = [model.tokenizer.encode(text)[: length + 1] for text in texts]
    coded = np.array([each for each in coded if len(each) > length and each.all()][:n])
    blank = np.zeros((n, room), dtype=np.int64)
    return np.hstack([blank, coded[:, :-1]]), np.hstack([blank - 1, coded[:, 1:]])


texts = food_reviews().texts
few, others = review_windows(texts, 16), review_windows(texts[400:], 200)


def loss_behind(prompt, windows):
    return model.loss(adaptation.with_prompt(model, model.theta, prompt), *windows)


views = model.config.unpack(model.theta)
base = views.tokens[model.tokenizer.encode("\n" * 5)] + views.positions[:5]
plain = [
    model.loss(model.theta, *(np.ascontiguousarray(a[:, 5:]) for a in w)) for w in (few, others)
]
print(
    f"loss on other reviews: no prompt {three(plain[1])}, "
    f"five line breaks {three(loss_behind(base, others))}"
)

# %% [markdown] id="prompt-search-text"
# `search_subspace` of the package draws $A$ and runs CMA-ES over $z$. Each search asks 180 losses. To know what is possible, Adam with the gradient of the prompt, 60 steps (180 evaluations; it draws nothing, so it runs once):


# %% id="prompt-search" tags=["P05", "Q03"]
def prompt_by_gradient(steps=60):
    prompt, rule = base.ravel().copy(), Adam(0.01)
    for _ in range(steps):
        theta = adaptation.with_prompt(model, model.theta, prompt.reshape(base.shape))
        g = model.config.unpack(model.loss_and_gradient(theta, *few)[1])
        rule.step_(prompt, g.positions[:5].ravel().copy())
    return prompt.reshape(base.shape)


tuned = {}
for k in (10, 50):
    runs = []
    for seed in range(10):
        prompt, value = adaptation.search_subspace(
            lambda p: loss_behind(p, few), base, k, 180, scale=0.05, seed=seed
        )
        runs.append([value, loss_behind(prompt, others)])
    tuned[k] = np.array(runs)
by_gradient = prompt_by_gradient()
tuned["gradient"] = np.array([[loss_behind(by_gradient, w) for w in (few, others)]])
for name, each in tuned.items():
    low, high = each[:, 1].min(), each[:, 1].max()
    seen, new = np.median(each, axis=0)
    print(f"{name!s:9} the 16: {seen:.2f}; others {new:.2f} ({low:.2f} to {high:.2f})")

# %% [markdown] id="prompt-after"
# A prompt found from 180 losses alone lowers the loss on reviews it never saw, and $k = 50$ does better than $k = 10$. Two things keep us honest. The lowered loss is still a little above that of *no prompt at all*: the five line breaks
# it began with had done harm. And the gradient gets more out of the same 16 reviews and the same number of evaluations. The authors report more than that for RoBERTa-large, 16 examples of each class and 8,000 calls: better than tuning by gradients. On a
# model of this size we do not see it.
#
# ## 10 Merging models
#
# Models fine-tuned from one start can be averaged, weight by weight. *How much* of each, is a search over a few numbers, with the true objective and no gradient: Akiba et al. (2025) do it with CMA-ES and report 52.0 % on
# Japanese mathematics for a merge of three models, the best of which reaches 30 %.
#
# Ours: one start, two specialists, one fine-tuned on digits 0 to 4 only, the other on 5 to 9. Once alike (100 steps each), once unequal (400 and 20 steps). The objective is the share right on 200 digits
# set aside; 100 of them are asked for.


# %% id="merge" tags=["Q03"]
def merge(models, weights):
    """Weighted mean, array by array; models are lists of arrays."""
    shares = weights / np.sum(weights)
    return [
        sum(share * model[i] for share, model in zip(shares, models, strict=True))
        for i in range(len(models[0]))
    ]


def arrays(theta):
    weights, biases = mlp.unpack(theta, sizes)
    return [weights[0], biases[0], weights[1], biases[1]]


def flat(model):
    return np.concatenate([each.ravel() for each in model]).astype(np.float32)


two = arrays(trained(5, 1)), arrays(trained(5, 2))
own, package = merge(two, np.array([1.0, 3.0])), adaptation.merge(two, [1, 3])
print("package and own agree:", np.allclose(flat(own), flat(package)))


# %% id="merge-search" tags=["Q03"]
def merged(steps, seed):
    """Shares right on test digits: both specialists, plain mean, searched weights (1 or 2 layers), start."""
    base = trained(20, seed, None, train[200:], label[200:])
    pair = []
    for count, wanted in zip(steps, (label[200:] < 5, label[200:] >= 5), strict=True):
        mine = train[200:][wanted], label[200:][wanted]
        pair.append(arrays(trained(count, seed, base, *mine)))

    def at(w):
        return flat(adaptation.merge(pair, np.repeat(w.reshape(-1, 2), 8 // w.size, axis=0)))

    found = [right(flat(each)) for each in pair] + [right(at(np.ones(2)))]
    for layers in (1, 2):
        run = minimize(
            lambda w: -right(at(w), train[:200], label[:200]),
            np.full(2 * layers, 0.5),
            method="cma",
            bounds=[(0.01, 1)] * (2 * layers),
            budget=100,
            seed=seed,
        )
        found.append(right(at(run.x)))
    return [*found, right(base)]


merges = {
    steps: np.array([merged(steps, s) for s in range(10)]) for steps in ((100, 100), (400, 20))
}
columns = ("digits 0-4", "digits 5-9", "plain mean", "searched, 1", "searched, 2", "the start")
print(" " * 10 + "".join(f"{each:>21}" for each in columns))
for steps, each in merges.items():
    cells = [f"{np.median(c):.2f} ({c.min():.2f} to {c.max():.2f})" for c in each.T]
    print(f"{steps[0]:>4} + {steps[1]:<3}" + "".join(f"{cell:>21}" for cell in cells))

# %% [markdown] id="merge-after"
# Each specialist is right on half of the digits, and the merge on nearly nine of ten: more than either, as the paper says. (Mind the start, though, in the last column: the merge is only a few points above it. It brings back what each specialist forgot, more than it adds.) The *search* adds nothing where the two are alike: the plain mean is as good, and one must try it first. Where one was trained
# far longer, it repairs the mean. A weight for each layer adds nothing that we could measure.
#
# ## 11 Messages of one number
#
# One headline is old, and you have measured it already: workers that know each other's seeds need to send *one number* for each pair, and all rebuild the same step (Salimans et al. 2017). Lesson
# [11](11_evolution_strategies.ipynb), section 10, did it with four processes, bit by bit. The same trick makes MeZO's whole fine-tuning a short file. Here: a run of 750 pairs, written down as seeds and slopes.

# %% id="messages" tags=["A34", "P14"]
theta, slopes = finished.copy(), []
for seed in range(750):
    current["batch"] = batch_of(np.random.default_rng(seed), moved, label)
    slopes.append(mezo_step_(current_loss, theta, seed, 1e-3, 0.01)[0])
rebuilt = finished.copy()
for seed, slope in enumerate(slopes):
    perturb_(rebuilt, seed, -0.01 * slope)
print(
    f"right on moved digits: {right(finished, moved_test):.2f} before, "
    f"{right(theta, moved_test):.2f} after"
)
print("rebuilt from slopes and seeds, the same to 1e-3:", np.allclose(theta, rebuilt, atol=1e-3))
print(f"{8 * len(slopes):,} bytes of slopes; a gradient in every step: {4 * 750 * theta.size:,}")

# %% [markdown] id="table-text"
# ## 12 What held
#
# Each line of the table below stands for a check of the numbers above.

# %% id="table"
median = {name: np.median(each) for name, each in race.items()}
plain_pair, width = median["one pair (MeZO's step)"], np.ptp(race["one pair (MeZO's step)"])
equal, unequal = (np.median(each, axis=0) for each in merges.values())
checks = {
    "ES improves a count": ends["population 40, rate 0.1"].min() > right(start),
    "a population saves evaluations": np.median(ends["one pair, rate 0.005"])
    < np.median(ends["population 40, rate 0.1"]) - 0.02,
    "sparse masks win clearly": median["smallest half"] - plain_pair > width,
    "exact slopes win clearly": median["forward gradient"] - plain_pair > width,
    "curvature wins on the long bowl": 2 * scaled[1000, "scaled"] < scaled[1000, "pair"],
    "curvature wins on the digits": median["scaled by curvature"] > plain_pair,
    "coordinates beat random, same values in all": np.median(rows["coordinates"])
    > np.median(rows["241 random pairs"]),
    "a population of 30 learns from reward": np.median(rewarded["population of 30"]) > 0.6,
    "and beats the policy gradient": np.median(rewarded["population of 30"])
    > np.median(rewarded["policy gradient"]),
    "a prompt is found by values alone": tuned[50][:, 1].max() < loss_behind(base, others),
    "and beats its gradient": np.median(tuned[50][:, 1]) < tuned["gradient"][0, 1],
    "a merge beats both sources": equal[2] > equal[:2].max() + 0.2,
    "searched weights beat the mean, unequal": unequal[3] > unequal[2] + 0.02,
    "searched weights beat the mean, alike": equal[3] > equal[2] + 0.02,
}
for claim, held in checks.items():
    print(f"{claim:50} {'yes' if held else 'no'}")

# %% [markdown] id="table-claims" tags=["P20", "Q05", "Q30"]
# | claim | paper | what we measured | here |
# |---|---|---|---|
# | fine-tuning by pairs of values, its steps governed by effective rank | MeZO, 2305.17333 | a handful of directions, and no growth with $d$ on such bowls (lesson [15](15_language_models.ipynb), section 10) | reproduced |
# | optimizes accuracy itself | MeZO; ES, 1703.03864 | 0.85 to 0.89 from counts; a single pair with a small rate too (3) | reproduced |
# | small weights only: 9 % better, 3.5 times faster on RTE | Sparse MeZO, 2402.15751 | a difference within the band (4) | not |
# | scaled by curvature, 8 times faster on SST-2 | HiZOO, 2402.15173 | 3.6 times fewer values on a long bowl (5); worse on digits (4) | partly |
# | forward gradient is a strong baseline | ZO-Bench, 2402.11592; 2202.08587 | a tie with the pair (4) | partly |
# | zeroth-order behind first-order | ZO-Bench; DiZO's authors | 0.79 against 0.96 (1) | reproduced |
# | coordinates beat random directions | DeepZero, 2310.02025 | at equal values a step a tie; in all, random wins (6) | not |
# | full-parameter ES, population 30 | 2509.24372 | learns from reward (7) | reproduced |
# | ES beats PPO and GRPO | 2509.24372 | REINFORCE far ahead on our toy (7) | not |
# | low-rank noise approaches full noise as $1/r$ | EGGROLL, 2511.16652 | variance 1, kurtosis $6/r$; a tie in progress (8) | reproduced |
# | hundredfold speed | EGGROLL | needs an accelerator and wide layers | not tried |
# | prompt by CMA-ES in a subspace | BBT, 2201.03514 | lower loss from 180 values (9) | reproduced |
# | better than tuning by gradients, 16 examples a class | BBT | the gradient is ahead (9) | not |
# | merge beats its sources | 2403.13187 | 0.87 against 0.50 (10) | reproduced |
# | searched weights matter | 2403.13187 | only where the sources are unequal (10) | partly |
# | workers send scalars | ES, 1703.03864 | exact copies, lesson [11](11_evolution_strategies.ipynb) (11) | reproduced |
#
# "Not" means: not on a task of seconds. Sparse masks may well matter where a few weights dominate, and 180 losses of a tiny model are no 8,000 of RoBERTa-large. What you may *not* do is take the headline for your own task
# without measuring it there. Three caveats of the field itself: FZOO's authors (Dang et al. 2025) say that MeZO needs many more steps, DiZO's that zeroth-order lags far behind; and nearly all of it starts from models that backpropagation made. (The exceptions here are small: DeepZero's ResNet, and the integer model of EGGROLL.)

# %% [markdown] id="interview" tags=["P03", "P05", "P20", "P21", "Q05", "Q25", "Q30", "A17", "P01", "A08"]
# ## 13 If somebody asks you
#
# - *What is gradient-free optimization used for with language models?* Fine-tuning in the memory of inference (MeZO); prompts for models one may only query (BBT); rewards and metrics without gradient (ES); weights of merges; and
#   hyper-parameters, as ever (lesson [07](07_random_search.ipynb)). Hardly for training them from nothing: that is backpropagation with methods like Adam (lesson [17](17_reading_claims.ipynb) names two attempts without). "GPT-3 without gradients" has no source that we know of.
# - *Where else?* Convolutional networks: DeepZero, one small ResNet, with much work. Image generation: GANs are trained by backpropagation; searches without gradients look for latent vectors and prompts of finished ones. Better text
#   *understanding*: prompts for RoBERTa (BBT) and fine-tuning of OPT (MeZO: within a percent of backpropagation on 7 of 11 tasks at 13 billion parameters). Autonomous driving and medical images, which the documents name: they give no evidence.
# - *Which hybrids are real?* Gradients first, the count afterwards (section 3); a genetic algorithm with local descent (lesson [09](09_genetic_algorithms.ipynb)); steps of both orders mixed, in ZO-Bench. Not "dynamic programming".
# - *Where is it going?* Look at what is measured: fewer steps a pair (scaling, sparsity, structure), populations on many devices with cheap noise, black-box prompts, merges. Few-shot tuning is a true link: BBT and MeZO work with 16 examples of each class.
#   Ethics, law and cross-modal models, which the documents list, are good subjects, and no results of optimization.
# - *Limits?* Variance, evaluations, and rates to tune. A population makes it parallel, not cheap.

# %% [markdown] id="quick"
# ## 14 Quick questions
#
# Decide first, then open your choice.

# %% [markdown] id="quick-time"
# **Quick question.** "MeZO saves time, since it needs no backward pass." What do you say?
#
# - [ ] Right: a step is two forward passes in place of three.
#   A step is cheaper. But there are many more of them.
# - [x] It saves memory; in time it usually loses, because it takes many more steps.
#   Here 0.79 after 2,000 evaluations, and Adam 0.96 after 600.
# - [ ] It saves neither.
#   The memory is that of inference: lesson [15](15_language_models.ipynb) measured it.

# %% [markdown] id="quick-population"
# **Quick question.** A single pair ruins the model, a population of 40 with the same rate improves it. What follows?
#
# - [ ] Single pairs do not work on counts.
#   With a twentieth of the rate one pair came as far, with the same number of counts.
# - [ ] Populations need fewer evaluations.
#   They need fewer *steps*. The evaluations were the same.
# - [x] One pair needs a smaller rate. Nothing yet about evaluations.
#   Compare methods only when each has its own rate.

# %% [markdown] id="quick-dimension"
# **Quick question.** A model has a thousand times more parameters. How many more steps does a zeroth-order method need?
#
# - [ ] A thousand times as many, always.
#   On the bowls of lesson [15](15_language_models.ipynb) with ten curved directions it needed no more.
# - [ ] No more: the dimension does not matter.
#   With equal curvatures the steps grew with the dimension.
# - [x] It depends on the effective rank of the landscape at the start.
#   That is small for a good start of a trained model, as MeZO's theory says.

# %% [markdown] id="quick-subspace"
# **Quick question.** Why did we search a $z$ with $k = 50$, as black-box tuning does, and not the prompt itself?
#
# - [ ] The best prompt is always in the random subspace.
#   No. With $k = 10$ the loss stayed higher.
# - [x] CMA-ES needs evaluations and memory that grow with the square of the dimension; a short $z$ makes it affordable.
#   The price is what the subspace cannot express.
# - [ ] The random matrix makes the loss differentiable.
#   It is as differentiable as before, and nobody asks for a derivative.

# %% [markdown] id="summary"
# ## Summary
#
# 1. Values alone improve a model on a count, a reward, a prompt, a merge: the ideas hold at laptop size.
# 2. At equal evaluations most refinements of the noise tie with a plain pair on our task; scaling by curvature wins where the landscape is long and narrow.
# 3. A population buys parallel work and larger rates, not fewer evaluations.
# 4. Where a gradient exists (policy, prompt, network) it was far ahead.
# 5. A headline is about a task, a size and a baseline; your own task needs its own measurement.
#
# Which of all these claims, then, do you believe *before* measuring? **Next:** [17 Reading claims](17_reading_claims.ipynb).
#
# ## Exercise
#
# Five questions: copy it with `start_exercise("16")` as in lesson [00](00_start_here.ipynb), or open
# [exercises/16_the_state_of_the_art.ipynb](../exercises/16_the_state_of_the_art.ipynb).

# %% [markdown] id="sources" tags=["P21"]
# ## Sources
#
# - S. Malladi et al., *Fine-tuning language models with just forward passes* (MeZO), NeurIPS (2023), [arXiv:2305.17333](https://arxiv.org/abs/2305.17333).
# - Y. Liu et al., *Sparse MeZO* (2024), [arXiv:2402.15751](https://arxiv.org/abs/2402.15751).
# - Y. Zhao et al., *HiZOO* (2024), [arXiv:2402.15173](https://arxiv.org/abs/2402.15173).
# - Q. Tan et al., DiZO: *Harmony in divergence*, NeurIPS (2025), [arXiv:2502.03304](https://arxiv.org/abs/2502.03304).
# - S. Dang et al., *FZOO* (2025), [arXiv:2506.09034](https://arxiv.org/abs/2506.09034).
# - Y. Zhang et al., ZO-Bench: *Revisiting zeroth-order optimization for memory-efficient LLM fine-tuning* (2024), [arXiv:2402.11592](https://arxiv.org/abs/2402.11592).
# - A. Chen et al., *DeepZero*, ICLR (2024), [arXiv:2310.02025](https://arxiv.org/abs/2310.02025).
# - A. G. Baydin et al., *Gradients without backpropagation* (2022), [arXiv:2202.08587](https://arxiv.org/abs/2202.08587).
# - T. Salimans et al., *Evolution strategies as a scalable alternative to reinforcement learning* (2017), [arXiv:1703.03864](https://arxiv.org/abs/1703.03864).
# - X. Qiu et al., *Evolution strategies at scale* (2025), [arXiv:2509.24372](https://arxiv.org/abs/2509.24372).
# - B. Sarkar et al., EGGROLL (2025), [arXiv:2511.16652](https://arxiv.org/abs/2511.16652).
# - T. Sun et al., *Black-box tuning* (2022), [arXiv:2201.03514](https://arxiv.org/abs/2201.03514), and BBTv2, [arXiv:2205.11200](https://arxiv.org/abs/2205.11200).
# - T. Akiba et al., *Evolutionary optimization of model merging recipes* (2025), [arXiv:2403.13187](https://arxiv.org/abs/2403.13187).
