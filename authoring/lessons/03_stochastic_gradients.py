# %% [markdown] id="title"
# # 03 Stochastic gradients
#
# **Promise.** Train on one sample at a time, on small batches and on several processes at once, and choose the
# learning rate without fooling yourself.
#
# **You will be able to**
#
# - estimate the gradient from a few samples without bias, and say why dividing by the number of all samples is wrong;
# - predict how the noise falls with the batch size, and how the error stays up with a constant rate;
# - choose a schedule for the rate, and say what Robbins and Monro ask of it;
# - choose the rate by cross-validation, without leaking, by grid and by random search;
# - split a batch among processes, and see what happens when they do not wait for each other.
#
# **Time** 45 minutes. **Needs** lesson [02](02_linear_regression.ipynb).

# %% id="setup"
import tempfile
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from sklearn.model_selection import KFold, train_test_split

from ngo_lesson import data
from ngo_lesson.models import linear
from ngo_lesson.optimize.schedules import constant, cosine, inverse_root, robbins_monro, step_decay
from ngo_lesson.show.explorer import Explorer, slider
from ngo_lesson.show.figures import panels, show, three
from ngo_lesson.show.pieces import bars, line
from ngo_lesson.show.style import BLACK, BLUE, GREEN, ORANGE, PURPLE, VERMILION

# %% [markdown] id="question-text"
# ## 1 The question
#
# In lesson [02](02_linear_regression.ipynb) every step of gradient descent read all the data. With 442 patients nobody minds. With a billion sentences one step would take a
# day. Do we need to read everything before we move at all?
#
# Look at the gradient of the half-MSE again. It is a *mean* over samples, and a mean can be estimated from a few:
#
# $$\nabla J(\theta) = \frac{1}{m} \sum_{i=1}^{m} x_i\,(x_i^\top \theta - y_i) .$$

# %% id="question"
patients = data.diabetes()
Z = (patients.data - patients.data.mean(axis=0)) / patients.data.std(axis=0)
X, y = np.column_stack([np.ones(len(Z)), Z]), patients.target
m, d = X.shape
start = np.zeros(d)
lowest = linear.half_mse(linear.normal_equation(X, y), X, y)

rng = np.random.default_rng(0)
full = linear.half_mse_gradient(start, X, y)
for size in (1, 10, 100):
    few = rng.choice(m, size, replace=False)
    estimate = linear.half_mse_gradient(start, X[few], y[few])
    angle = np.degrees(np.arccos(estimate @ full / np.linalg.norm(estimate) / np.linalg.norm(full)))
    print(f"the gradient of {size:3} samples is {angle:4.1f} degrees off the gradient of all {m}")

# %% [markdown] id="one-text"
# ## 2 One sample at a time
#
# Take one sample $i$, drawn at random with equal chances, and step down *its* gradient:
#
# $$\theta \leftarrow \theta - \mathrm{lr}\; x_i\,(x_i^\top \theta - y_i) .$$
#
# This is **stochastic gradient descent** (SGD); for linear models it is also called **LMS** (least mean squares, Widrow and Hoff 1960). One of the documents
# prints the formula of full gradient descent under this name, with $\nabla J$ of all the data. The difference is the index $i$. Because each sample has the
# same chance, the average over all choices of $i$ is exactly the full gradient: the estimate is **unbiased**.


# %% id="unbiased" tags=["F23"]
def sample_gradient(theta, i):
    return X[i] * (X[i] @ theta - y[i])


theta = rng.standard_normal(d)
average = np.mean([sample_gradient(theta, i) for i in range(m)], axis=0)
print(
    "the mean over all samples is the gradient:",
    np.allclose(average, linear.half_mse_gradient(theta, X, y)),
)

# %% [markdown] id="divide-text"
# ### Divide by the batch, never by m
#
# The same document divides the gradient of the single sample by $m$ once more, because the formula of the full gradient has $1/m$ in it. But the mean is already taken by chance. The
# result is a step 442 times too short:


# %% id="divide" tags=["C22", "A36"]
def sgd(theta, lr, steps, rng, divisor=1):
    for _ in range(steps):
        i = rng.integers(m)
        theta = theta - lr * sample_gradient(theta, i) / divisor
    return theta


begin = 2 * linear.half_mse(start, X, y)
for divisor in (m, 1):
    ends = [
        2 * linear.half_mse(sgd(start, 0.01, 1000, np.random.default_rng(s), divisor), X, y)
        for s in range(10)
    ]
    print(
        f"divided by {divisor:3}: MSE {three(begin)} -> {three(min(ends))} to {three(max(ends))} in 1000 steps, 10 seeds"
    )
print(f"lowest MSE: {three(2 * lowest)}")

# %% [markdown] id="divide-after"
# Notice what the loop never computes: the loss of all the data. The same document asks for it in every step. That would read all the data each time, like full gradient
# descent, and destroy the saving. Look at the loss once in each pass over the data (a pass is also called an **epoch**), or estimate it from
# the residuals that the steps computed anyway.


# %% id="epoch" tags=["F24"]
def epoch(theta, lr, order):
    """One pass over the samples in `order`; returns theta and half the mean of the squared residuals met on the way."""
    total = 0.0
    for i in order:
        residual = X[i] @ theta - y[i]
        total += residual**2
        theta = theta - lr * residual * X[i]
    return theta, total / (2 * len(order))


theta = start
for number in range(1, 4):
    theta, met = epoch(theta, 0.01, np.random.default_rng(number).permutation(m))
    print(
        f"pass {number}: half-MSE met on the way {three(met)}, afterwards {three(linear.half_mse(theta, X, y))}"
    )

# %% [markdown] id="package-text"
# The package does the same in one compiled loop, `linear.lms`: shuffle, pass, record, again. For one pass of 442 samples nobody needs it; for a
# million it matters. Its shuffles start from a number that your generator draws, so the same seed gives the same theta on every run.

# %% id="package"
fast, losses = linear.lms(start, X, y, lr=0.01, epochs=30, rng=np.random.default_rng(0))
again, _ = linear.lms(start, X, y, lr=0.01, epochs=30, rng=np.random.default_rng(0))
print("same seed, same theta:", np.array_equal(fast, again))

one, _ = linear.lms(start, X[:1], y[:1], lr=0.01, epochs=1, rng=np.random.default_rng(0))
print("one step equals our own:", np.allclose(one, start - 0.01 * sample_gradient(start, 0)))
print(f"after 30 passes: half-MSE {three(linear.half_mse(fast, X, y))}, lowest {three(lowest)}")

model = linear.LMSRegressor(learning_rate=0.001, max_iter=30, random_state=0).fit(Z, y)
print(
    f"as an estimator with fit and predict: share of variance explained {three(model.score(Z, y))}"
)

# %% [markdown] id="noise-text"
# ## 3 The noise that stays
#
# With a constant rate SGD does not settle. It comes near the lowest point and then jitters around it, because the gradient of one
# sample is not zero there, only their mean is. The smaller the rate, the smaller the jitter, and the slower the way. **Robbins and Monro** (1951) showed how to get
# both: let the rate fall so that its sum is infinite (you can get anywhere) and the sum of its squares is finite (the noise dies out), for
# example $\mathrm{lr}_t = a / (1 + t/b)$. Step decay and the half cosine of modern training are cousins of it for runs of a
# limited length, of which the two conditions, made for endless runs, say nothing. The package has them all in `schedules`.


# %% id="noise"
def train(schedule, seed, passes=40):
    """Half-MSE above the lowest after each pass; `schedule` gives the rate from the number of the pass."""
    rng, theta, excess = np.random.default_rng(seed), start, []
    for number in range(passes):
        theta, _ = linear.lms(theta, X, y, lr=schedule(number), epochs=1, rng=rng)
        excess.append(linear.half_mse(theta, X, y) - lowest)
    return excess


schedules = {
    "constant 0.02": constant(0.02),
    "constant 0.002": constant(0.002),
    "halved every 5 passes": step_decay(0.02, factor=0.5, every=5),
    "0.02 / sqrt(1 + k)": inverse_root(0.02),
    "0.02 / (1 + k)": robbins_monro(0.02),
    "half cosine": cosine(0.02, steps=40),
}
runs = {name: np.array([train(f, seed) for seed in range(10)]) for name, f in schedules.items()}

# %% id="noise-figure"
figure, axes = panels(height=4.4)
passes = np.arange(1, 41)
colors = (VERMILION, ORANGE, BLUE, PURPLE, GREEN, BLACK)
for (name, excess), color, marker in zip(runs.items(), colors, "sDov^P"):
    middle = np.median(excess, axis=0)
    axes.semilogy(passes, middle, color=color, marker=marker, markevery=5, label=name)
    axes.fill_between(passes, excess.min(axis=0), excess.max(axis=0), color=color, alpha=0.12)
axes.set(xlabel="passes over the data", ylabel="half-MSE above the lowest", title="Ten seeds each")
axes.legend(ncols=2, loc="upper right")
ends = ", ".join(f"{name}: {three(np.median(excess[:, -1]))}" for name, excess in runs.items())
show(figure, f"After 40 passes above the lowest: {ends}.")

# %% [markdown] id="batch-text"
# ## 4 Mini-batches
#
# Between one sample and all of them lies the **mini-batch**: $B$ samples drawn at random, their gradients averaged, divided by $B$. The estimate stays unbiased, and
# its variance falls like $1/B$. So the noise, its square root, falls only like $1/\sqrt{B}$: four times the work buys half the noise. None of the
# documents mentions it, and nearly all deep learning uses it, because hardware computes a small batch almost as fast as one sample.

# %% id="batch"
rng = np.random.default_rng(0)
theta = rng.standard_normal(d)
full = linear.half_mse_gradient(theta, X, y)
sizes = np.array([1, 4, 16, 64, 256])
variances = []
for size in sizes:
    draws = rng.integers(m, size=(2000, size))
    residuals = np.einsum("kbd,d->kb", X[draws], theta) - y[draws]
    estimates = np.einsum("kb,kbd->kd", residuals, X[draws]) / size
    variances.append(np.mean(np.sum((estimates - full) ** 2, axis=1)) / np.sum(full**2))
slope = np.polyfit(np.log(sizes), np.log(variances), 1)[0]
for size, variance in zip(sizes, variances):
    print(f"batch {size:3}: squared error over squared gradient {three(variance)}")
print(f"slope on logarithmic axes {slope:.2f}, expected -1")

# %% [markdown] id="batch-explorer-text"
# ### Explore: the noise of a batch
#
# The picture shows one coordinate of the estimate, the slope for the body mass index, over many random batches. **Goal:** at least
# 99 of 100 estimates have the right sign, with at most 128 samples. Which is the smallest batch that does it?


# %% id="batch-explorer"
bmi = 1 + patients.feature_names.index("bmi")
slopes = X[:, bmi] * (X @ start - y)
edges = np.linspace(-400, 300, 71)


def batch_noise(size):
    draws = np.random.default_rng(1).integers(m, size=(4000, size))
    estimates = slopes[draws].mean(axis=1)
    right = np.mean(np.sign(estimates) == np.sign(slopes.mean()))
    heights = np.histogram(estimates, edges, density=True)[0]
    sentence = f"Batches of {size}: spread {three(estimates.std())}, right sign in {100 * right:.1f} of 100."
    return {"estimates": heights}, sentence, bool(right >= 0.99) and size <= 128


figure, axes = panels()
axes.set(
    xlim=(-400, 300),
    ylim=(0, 0.05),
    xlabel="estimated slope for the body mass index",
    ylabel="density",
)
axes.axvline(slopes.mean(), color=BLACK, linestyle="--", linewidth=1, label="all samples")
moving = {"estimates": bars(axes, edges, "batches", color=BLUE)}
axes.legend()
batches = Explorer(
    batch_noise,
    figure,
    moving,
    {"size": slider("batch size", 1, 256, 1, log=True, step=2**0.5)},
    title="The noise of a batch",
    goal="99 of 100 estimates have the right sign, with at most 128 samples",
    play="size",
)
batches

# %% id="batch-goal"
for size in (4, 32, 128):
    shown = batches.at(size=size)
    print(shown.sentence, "Goal reached:", shown.reached)

# %% [markdown] id="compare-text"
# ## 5 Who wins, counted by samples?
#
# A gradient of one sample costs one $m$-th of a full gradient, so we count **samples read**, each with the same charge. Every method gets the rate that
# serves it best after three passes, out of the same list of eight; the comparison would be worthless otherwise. The rates are chosen with ten
# seeds (100 to 109), and then the methods are compared with ten others: who chooses and judges by the same runs rewards luck.


# %% id="compare"
def batch_run(size, lr, seed, passes=20):
    rng, theta, excess = np.random.default_rng(seed), start, []
    for _ in range(passes):
        order = rng.permutation(m)
        for chunk in np.array_split(order, -(-m // size)):
            theta = theta - lr * X[chunk].T @ (X[chunk] @ theta - y[chunk]) / len(chunk)
        excess.append(linear.half_mse(theta, X, y) - lowest)
    return excess


rates = np.geomspace(0.002, 0.4, 8)
best = {}
with np.errstate(all="ignore"):
    for size in (1, 32, m):
        ends = [[batch_run(size, lr, seed, 3)[-1] for seed in range(100, 110)] for lr in rates]
        best[size] = rates[np.nanargmin(np.median(ends, axis=1))]
curves = {
    size: np.array([batch_run(size, lr, seed) for seed in range(10)]) for size, lr in best.items()
}

# %% id="compare-figure"
figure, axes = panels(height=4)
read = m * np.arange(1, 21)
for (size, excess), color, marker in zip(curves.items(), (VERMILION, GREEN, BLUE), "s^o"):
    label = f"batch {size}, lr = {three(best[size])}"
    axes.loglog(
        read, np.median(excess, axis=0), color=color, marker=marker, markevery=3, label=label
    )
    axes.fill_between(read, excess.min(axis=0), excess.max(axis=0), color=color, alpha=0.2)
axes.set(xlabel="samples read", ylabel="half-MSE above the lowest", title="Ten seeds each")
axes.legend()
first = ", ".join(
    f"batch {size}: {three(np.median(excess[:, 0]))}" for size, excess in curves.items()
)
last = ", ".join(
    f"batch {size}: {three(np.median(excess[:, -1]))}" for size, excess in curves.items()
)
show(figure, f"Above the lowest after 1 pass - {first}; after 20 passes - {last}.")

# %% [markdown] id="compare-after"
# Small steps, taken often, win at the beginning: in the time in which full gradient descent takes its first step, SGD has taken 442. With a constant rate it then stops
# gaining, and the order may turn around. (All samples at once took the largest rate of the list; twice that would be above the limit of lesson [02](02_linear_regression.ipynb).) Large data sets live in the first regime; that is why SGD rules there.


# %% [markdown] id="honest-text"
# ## 6 Choosing the rate without fooling yourself
#
# So far we looked at the training loss. To *choose* something (a rate, a schedule, a model) look at rows that the training did not see. With one
# held-out part the choice depends on which rows happen to be in it. **Cross-validation** holds out every row once: split the rows into $k$ folds, train on all
# but one, measure on that one, and average.
#
# One trap: everything that is *computed from data* belongs inside the folds, also the mean and the deviation for standardizing. Taking them from all rows lets the
# held-out rows speak during training. This is called **leakage**. Mean and deviation often do little harm. A step that looks at the target ruins everything: choose the 20 columns that
# fit best out of 2,000 columns of pure noise, once with all rows and once inside the folds.


# %% id="leakage" tags=["A11"]
def cross_validated(columns, inside, folds=5):
    """Share of the variance explained on held-out rows, with the 20 best columns chosen inside or outside the folds."""
    explained = []
    for train, test in KFold(folds, shuffle=True, random_state=0).split(columns):
        rows = train if inside else np.arange(m)
        centered = y[rows] - y[rows].mean()
        chosen = np.argsort(-np.abs(columns[rows].T @ centered))[:20]
        theta = linear.normal_equation(add_ones(columns[train][:, chosen]), y[train])
        miss = y[test] - add_ones(columns[test][:, chosen]) @ theta
        explained.append(1 - np.mean(miss**2) / np.var(y[test]))
    return np.mean(explained)


def add_ones(A):
    return np.column_stack([np.ones(len(A)), A])


noise = [np.random.default_rng(seed).standard_normal((m, 2000)) for seed in range(10)]
for inside, name in ((False, "outside, with all rows"), (True, "inside the folds")):
    shares = [cross_validated(columns, inside) for columns in noise]
    print(
        f"chosen {name:22}: explained {three(min(shares))} to {three(max(shares))} of the variance, 10 seeds"
    )

# %% [markdown] id="leakage-after"
# Nothing can be predicted from noise, so the honest answer is zero or less. The leaking procedure reports a success. If a result is too good, look for the leak first.
#
# ### Grid or random?
#
# One document advises to find the rate by "cross-validation or grid search". These are no alternatives: the grid says what to try, cross-validation judges it. A grid is fine for one number. For two or more, random points are usually better (Bergstra and
# Bengio 2012): if only one of two settings matters, a grid of 5 x 5 tries 5 values of it, 25 random points try 25. Draw a rate *uniformly in its logarithm*: between
# 0.001 and 1 there are as many decades below 0.03 as above. Here the settings are the rate and the number of passes.


# %% id="search" tags=["A12", "Q34"]
def score(lr, passes, rows, seed=0):
    """Mean squared error in 5-fold cross-validation on the given rows."""
    errors = []
    for train, test in KFold(5, shuffle=True, random_state=seed).split(rows):
        train, test = rows[train], rows[test]
        mean, deviation = patients.data[train].mean(axis=0), patients.data[train].std(axis=0)
        A, B = (add_ones((patients.data[part] - mean) / deviation) for part in (train, test))
        theta, _ = linear.lms(start, A, y[train], lr, passes, np.random.default_rng(seed))
        errors.append(np.mean((B @ theta - y[test]) ** 2))
    return np.mean(errors)


def grid(rng, rows):
    trials = [(lr, passes) for lr in np.geomspace(1e-4, 3e-2, 5) for passes in (2, 5, 10, 20, 40)]
    return min(score(*trial, rows) for trial in trials)


def random(rng, rows):
    trials = [
        (np.exp(rng.uniform(np.log(1e-4), np.log(3e-2))), rng.integers(2, 41)) for _ in range(25)
    ]
    return min(score(*trial, rows) for trial in trials)


# %% id="search-result"
found = {"grid": [], "random": []}
for seed in range(10):
    rows = np.random.default_rng(100 + seed).permutation(m)[:300]
    for name, search in (("grid", grid), ("random", random)):
        found[name].append(search(np.random.default_rng(seed), rows))
better = sum(r < g for g, r in zip(found["grid"], found["random"]))
gap = np.median(np.abs(np.array(found["random"]) / found["grid"] - 1))
print(f"25 trials each, 10 subsets: random search found the lower error {better} times")
print("the errors differ by less than 2 % (median):", gap < 0.02)

# %% [markdown] id="search-after"
# On this small, well-behaved problem the two are nearly the same: that is worth knowing, too. Note that choosing the best of 25 makes its own error look better than it is;
# judge the winner on rows that took no part in the choice. Lesson [07](07_random_search.ipynb) searches larger spaces, where the difference counts.

# %% [markdown] id="parallel-text"
# ## 7 Many workers
#
# One of the documents lists "distributed computing and asynchronous updates" without saying how. There are two ways.
#
# **Data-parallel (synchronous).** Each worker computes the gradient of its share of the batch; somebody averages; everybody takes the same step. The average of
# the parts, weighted by their sizes, is the gradient of the whole, so the result is the same as on one machine, up to rounding:


# %% id="parallel" tags=["A34"]
def part_gradient(theta, rows):
    return X[rows].T @ (X[rows] @ theta - y[rows])


def parallel_gradient(theta, workers):
    parts = np.array_split(np.arange(m), 4)
    return sum(workers(delayed(part_gradient)(theta, rows) for rows in parts)) / m


theta = start
with Parallel(n_jobs=2) as workers:
    for _ in range(10):
        theta = theta - 0.3 * parallel_gradient(theta, workers)
alone = start
for _ in range(10):
    alone = alone - 0.3 * linear.half_mse_gradient(alone, X, y)
print("two processes and one end at the same theta:", np.allclose(theta, alone))

# %% [markdown] id="cluster-text"
# The call goes through **joblib**. The same lines run on a cluster if you put them under another backend, with no change in them:
#
# ```python
# from dask.distributed import Client
# from joblib import parallel_config
#
# client = Client("address of the scheduler")
# with parallel_config(backend="dask"):
#     with Parallel() as workers:
#         theta = theta - 0.3 * parallel_gradient(theta, workers)
# ```
#
# **Asynchronous.** Nobody waits. A worker reads the parameters, computes, and subtracts its step from whatever the parameters are by then. Other workers
# have changed them in the meantime; the number of their updates between reading and writing is the **staleness** of the step (Hogwild, Recht et al. 2011, for sparse data, where workers seldom touch the same parameter). Here it is for real: processes
# that share one array in memory, without any lock. (On a busy machine they take turns, and most steps are fresh.)


# %% id="asynchronous" tags=["machine"]
def worker(folder, seed, steps, lr):
    """Take steps on the shared theta without any lock; returns the staleness of each step."""
    theta = np.memmap(folder / "theta", dtype=float, mode="r+", shape=(d,))
    updates = np.memmap(folder / "updates", dtype=int, mode="r+", shape=(2,))
    rng, stale = np.random.default_rng(seed), []
    updates[seed] = 1
    for _ in range(10**6):  # about a second at most, for the other to be ready
        if updates.all():
            break
    for _ in range(steps):
        seen, old = updates.sum(), np.array(theta)
        rows = rng.integers(m, size=32)
        step = lr * X[rows].T @ (X[rows] @ old - y[rows]) / 32
        stale.append(int(updates.sum() - seen))
        theta -= step
        updates[seed] += 1
    return stale


with tempfile.TemporaryDirectory() as name:
    folder = Path(name)
    np.zeros(d).tofile(folder / "theta")
    np.zeros(2, dtype=int).tofile(folder / "updates")
    stale = Parallel(n_jobs=2)(delayed(worker)(folder, seed, 5000, 0.01) for seed in (0, 1))
    shared = np.fromfile(folder / "theta")
stale = np.concatenate(stale)
for name, low, high in (("0", 0, 0), ("1", 1, 1), ("2 to 9", 2, 9), ("10 or more", 10, 10_000)):
    count = np.sum((low <= stale) & (stale <= high))
    print(f"staleness {name:10} {count:6} of 10,000 steps")
print(f"half-MSE {three(linear.half_mse(shared, X, y))}, lowest {three(lowest)}")

# %% [markdown] id="stale-text"
# How much staleness can a run bear? Take full gradients that are exactly $\tau$ steps old. Along an eigenvector of the curvature $H$ the run is stable if and only if
#
# $$\mathrm{lr}\,\lambda < 2 \sin\frac{\pi}{2\,(2\tau + 1)} .$$
#
# Without delay this is the limit 2 of lesson [02](02_linear_regression.ipynb). With ten steps of delay it is 0.15: the rate must fall almost in inverse proportion to the delay. So asynchronous workers save waiting, and
# pay with smaller steps.


# %% id="stale"
def delayed_descent(lr, delay, steps):
    """Half-MSE above the lowest at each step of gradient descent with gradients that are `delay` steps old."""
    path, excess = [start] * (delay + 1), []
    for _ in range(steps):
        excess.append(linear.half_mse(path[-1], X, y) - lowest)
        path = path[1:] + [path[-1] - lr * linear.half_mse_gradient(path[0], X, y)]
    return np.array(excess)


largest = np.linalg.eigvalsh(X.T @ X / m)[-1]
for delay in (0, 1, 3, 10):
    limit = 2 * np.sin(np.pi / (2 * (2 * delay + 1))) / largest
    below, above = (delayed_descent(share * limit, delay, 1500)[-1] for share in (0.95, 1.05))
    print(
        f"delay {delay:2}: limit {three(limit)}, 5 % below it falls: {below < 100}, above it grows: {above > 1e5}"
    )

# %% [markdown] id="quick"
# ## 8 Quick questions
#
# Decide first, then open your choice.

# %% [markdown] id="quick-divide"
# **Quick question.** A batch of 32 samples is drawn from 1,000,000. By what must the sum of the 32 gradients be divided to estimate the gradient of the
# *mean* loss without bias?
#
# - [ ] By 1,000,000, because the loss has 1/m in front.
#   The mean over all samples is already in the chance with which they are drawn. This step would be 31,250 times too short.
# - [x] By 32.
#   Then the average over all possible batches is exactly the full gradient.
# - [ ] By the square root of 32.
#   That is how the *noise* falls, not what keeps the mean right.

# %% [markdown] id="quick-noise"
# **Quick question.** SGD with a constant rate has stopped improving and jitters. What helps?
#
# - [ ] More passes with the same rate.
#   The jitter is the balance between step and noise. It does not fade.
# - [x] A smaller rate from now on, or a larger batch.
#   Both make the noise of a step smaller. Schedules do it on purpose.
# - [ ] Momentum, because it averages gradients.
#   It averages, but at the same rate its steps add up to one that is 1/(1 - momentum) times as large, and the jitter does not shrink (lesson [04](04_momentum.ipynb)).

# %% [markdown] id="quick-leak"
# **Quick question.** A colleague standardizes all rows, then splits them into training and test rows. Is the test error honest?
#
# - [ ] Yes: the targets were not used.
#   The test rows shaped the training columns all the same. The error is not that of new rows.
# - [x] No: the mean and the deviation saw the test rows.
#   Often the effect is small. The order "split first" costs nothing and is always right.
# - [ ] It depends on the size of the test part.
#   A smaller part leaks less, but it leaks.

# %% [markdown] id="summary"
# ## Summary
#
# 1. The gradient of a random sample or batch, divided by the batch, is right on average; its variance falls like 1/B.
# 2. SGD gets far while full descent takes its first step; a constant rate leaves a jitter, a falling rate removes it.
# 3. Choose settings by cross-validation, with every computation from data inside the folds; draw rates in the logarithm.
# 4. Data-parallel steps equal those of one machine; asynchronous ones use old gradients.
# 5. With gradients that are $\tau$ steps old the stable rate falls almost like $1/\tau$.
#
# ## Exercise
#
# Five questions, about 45 minutes: copy it with `start_exercise("03")` as in lesson [00](00_start_here.ipynb), or open
# [exercises/03_stochastic_gradients.ipynb](../exercises/03_stochastic_gradients.ipynb). **Next:** [04 Momentum](04_momentum.ipynb). Steps are
# cheap now, but in a long valley each of them still gains next to nothing. What if a step remembers the ones before?

# %% [markdown] id="sources"
# ## Sources
#
# - H. Robbins, S. Monro, *A stochastic approximation method*, Annals of Mathematical Statistics 22 (1951),
#   [doi:10.1214/aoms/1177729586](https://doi.org/10.1214/aoms/1177729586).
# - B. Widrow, M. E. Hoff, *Adaptive switching circuits*, IRE WESCON Convention Record 4 (1960): LMS.
# - L. Bottou, F. E. Curtis, J. Nocedal, *Optimization methods for large-scale machine learning*, SIAM Review 60 (2018),
#   [doi:10.1137/16M1080173](https://doi.org/10.1137/16M1080173).
# - J. Bergstra, Y. Bengio, *Random search for hyper-parameter optimization*, Journal of Machine Learning Research 13 (2012), 281-305.
# - B. Recht, C. Re, S. Wright, F. Niu, *Hogwild: a lock-free approach to parallelizing stochastic gradient descent* (2011),
#   [arXiv:1106.5730](https://arxiv.org/abs/1106.5730).
# - S. A. Levin, R. M. May, *A note on difference-delay equations*, Theoretical Population Biology 9 (1976), 178-187: the limit of the rate with a delay.
