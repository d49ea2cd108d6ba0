# %% [markdown] id="title"
# # 02 Linear regression
#
# **Promise.** Fit one model in three ways - in closed form, by gradient descent and with the package - and know
# before you run it which learning rate works, which one explodes, and why.
#
# **You will be able to**
#
# - write the mean squared error and half of it, and say which one a formula means;
# - compute the gradient of the half-MSE and check it without any theory;
# - solve the normal equation, also when columns of the data repeat each other;
# - predict the largest learning rate from the data alone, and the number of steps a run needs;
# - say what one gradient is worth, counted in evaluations of the objective.
#
# **Time** 60 minutes. **Needs** lesson [00](00_start_here.ipynb); vectors, matrices, eigenvalues and partial derivatives.

# %% [markdown] id="setup-text"
# Run the cells from top to bottom. The first one only imports what the lesson uses.

# %% id="setup"
import numpy as np
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import train_test_split

from ngo_lesson import data
from ngo_lesson.models import linear
from ngo_lesson.optimize.minimize import minimize
from ngo_lesson.show.explorer import Explorer, slider
from ngo_lesson.show.figures import panels, show, three
from ngo_lesson.show.pieces import dots, landscape, line
from ngo_lesson.show.style import BLACK, BLUE, GREEN, VERMILION

# %% [markdown] id="question-text"
# ## 1 The question
#
# Lesson [01](01_what_gradient_free_means.ipynb) told methods apart by what they ask. Now we build one, the method that asks for gradients, on a
# model in which everything can be computed and checked.
#
# Ten measures were taken from each of 442 people with diabetes. One year later a score said how far the
# disease had gone (25 is little, 346 is much). Can the measures predict the score?
#
# Start with one measure, the body mass index. Two people draw a line each. Which line is better?

# %% id="question"
patients = data.diabetes()
bmi = patients.data[:, patients.feature_names.index("bmi")]
score = patients.target
lines = {"Ann: 10 bmi - 120": 10 * bmi - 120, "Bo: 7 bmi - 40": 7 * bmi - 40}

figure, axes = panels(width=6.4)
axes.plot(bmi, score, "o", color=BLACK, alpha=0.35, markersize=4)
for (name, predicted), color, dash in zip(
    lines.items(), (BLUE, VERMILION), ("-", "--"), strict=True
):
    order = np.argsort(bmi)
    axes.plot(bmi[order], predicted[order], dash, color=color, marker="", label=name)
axes.set(xlabel="body mass index (kg/m²)", ylabel="score after one year")
axes.legend()
misses = [np.mean(np.abs(predicted - score)) for predicted in lines.values()]
show(figure, f"Ann's line misses by {three(misses[0])} on average, Bo's by {three(misses[1])}.")

# %% [markdown] id="question-after"
# To choose, we need one number that says how bad a line is. That number is the **objective**: the function to
# minimize; for a model it is also called the *loss*. All of optimization starts with it, and a different number can choose a different line.

# %% [markdown] id="mse-text"
# ## 2 The objective
#
# Put the measures of one person in a row of a matrix $X$ with $m$ rows, and the scores in $y$. The parameters
# are $\theta$, the predictions are $X\theta$, and the misses $X\theta - y$ are called **residuals**.
# The **mean squared error** is
#
# $$\mathrm{MSE}(\theta) = \frac{1}{m} \sum_{i=1}^{m} \left(x_i^\top \theta - y_i\right)^2 .$$


# %% id="mse" tags=["F20"]
def mse(theta, X, y):
    residual = X @ theta - y
    return np.mean(residual**2)


with_one = np.column_stack(
    [np.ones_like(bmi), bmi]
)  # the column of ones carries the constant of the line
ann, bo = np.array([-120.0, 10.0]), np.array([-40.0, 7.0])
print(f"MSE: Ann {three(mse(ann, with_one, score))}, Bo {three(mse(bo, with_one, score))}")

# %% [markdown] id="half-text"
# Many books, and this course, work with *half* of it. The square brings a factor 2 into the derivative, and the
# half takes it away again:
#
# $$J(\theta) = \frac{1}{2m} \sum_{i=1}^{m} \left(x_i^\top \theta - y_i\right)^2 = \tfrac12\, \mathrm{MSE}(\theta) .$$
#
# One of the source documents prints this formula and calls it MSE. The best $\theta$ is the same, but the
# gradient is half as large, so a learning rate that is right for one is wrong for the other. Say which one you mean.
# Another document takes the *sum* without $1/m$. Then twice as much data means twice the gradient:


# %% id="half" tags=["F01", "F18"]
def half_mse(theta, X, y):
    return mse(theta, X, y) / 2


def squared_sum(theta, X, y):
    return np.sum((X @ theta - y) ** 2)


twice = np.concatenate([with_one, with_one]), np.concatenate([score, score])
for f in (mse, half_mse, squared_sum):
    factor = f(bo, *twice) / f(bo, with_one, score)
    print(f"the same data given twice multiplies {f.__name__:11} by {factor:.0f}")
print(
    "the package's half_mse agrees:",
    np.isclose(half_mse(bo, with_one, score), linear.half_mse(bo, with_one, score)),
)

# %% [markdown] id="data-defines-text"
# The formula holds $X$ and $y$. So **the data are part of the objective**: other patients, another function to
# minimize, another best $\theta$. Minimizing the objective on these patients is not the same as predicting well
# for new ones. Section 8 shows how far apart the two can be.

# %% [markdown] id="intercept-text"
# ### The column of ones is not decoration
#
# From now on we use all ten measures, **standardized**: each column minus its mean, divided by its standard
# deviation, so that all columns speak in the same unit. One of the documents trains a linear model without the
# column of ones. On standardized columns the predictions are then forced to average zero, while the scores average 152.


# %% id="intercept" tags=["C03"]
def standardized(X):
    return (X - X.mean(axis=0)) / X.std(axis=0)


def add_ones(X):
    return np.column_stack([np.ones(len(X)), X])


Z, y = standardized(patients.data), patients.target
X = add_ones(Z)
for name, matrix in {"without ones": Z, "with ones": X}.items():
    best = np.linalg.lstsq(matrix, y, rcond=None)[0]
    print(f"best possible MSE {name}: {three(mse(best, matrix, y))}")
print(f"mean of the scores: {three(y.mean())}")

# %% [markdown] id="normal-text"
# ## 3 The answer in closed form
#
# At the lowest point the gradient is zero. For the half-MSE that condition is a linear system, the
# **normal equation**:
#
# $$X^\top X\, \theta = X^\top y .$$
#
# No step, no learning rate, no loop: linear algebra solves it at once. This works because the objective is a
# quadratic function of $\theta$. Neural networks have no such formula.

# %% id="normal"
theta_best = np.linalg.solve(X.T @ X, X.T @ y)
sklearn_model = LinearRegression().fit(Z, y)
print("scikit-learn finds the same constant: ", np.isclose(theta_best[0], sklearn_model.intercept_))
print("and the same ten coefficients:        ", np.allclose(theta_best[1:], sklearn_model.coef_))
print(
    "the package's normal_equation as well:", np.allclose(theta_best, linear.normal_equation(X, y))
)
print(
    f"lowest MSE {three(mse(theta_best, X, y))}, its root {three(mse(theta_best, X, y) ** 0.5)} points of the score"
)

# %% [markdown] id="sklearn-text"
# Scikit-learn's `LinearRegression` does not run gradient descent either: it calls a least-squares solver.
# The document that fits it measures errors on the training rows only. Section 8 does this honestly.
#
# ### When columns repeat each other
#
# Suppose a measure stands in the table twice, in two units: here the body mass index, and the same column times 2.2. Then $X^\top X$ has no inverse, and many
# $\theta$ are equally good. The right tool is least squares with the **smallest norm**: `np.linalg.lstsq`.

# %% id="singular" tags=["C02"]
doubled = np.column_stack([X, 2.2 * X[:, 3]])
smallest = np.linalg.lstsq(doubled, y, rcond=None)[0]
print(f"columns {doubled.shape[1]}, rank {np.linalg.matrix_rank(doubled)}")
print("lowest MSE is unchanged:", np.isclose(mse(smallest, doubled, y), mse(theta_best, X, y)))
other = smallest + 100 * np.eye(12)[3] - 100 / 2.2 * np.eye(12)[11]
print("another theta, same MSE:", np.isclose(mse(other, doubled, y), mse(smallest, doubled, y)))
print(
    f"but a larger norm: {three(np.linalg.norm(other))} against {three(np.linalg.norm(smallest))}"
)
print(
    "the package returns the smallest:", np.allclose(linear.normal_equation(doubled, y), smallest)
)

# %% [markdown] id="gradient-text"
# ## 4 The gradient
#
# The gradient collects the slopes of $J$ in all coordinates. It points uphill. For the half-MSE
#
# $$\nabla J(\theta) = \frac{1}{m} X^\top (X\theta - y) .$$
#
# In words: how much each column has to do with the residuals. A document says that its method "needs no gradient"
# and then updates with exactly this expression for one sample. Code that computes $x_i\,(x_i^\top\theta - y_i)$ computes
# a gradient, whether or not the word appears.


# %% id="gradient" tags=["F02"]
def half_mse_gradient(theta, X, y):
    return X.T @ (X @ theta - y) / len(y)


start = np.zeros(X.shape[1])
print(
    "the package's gradient agrees:",
    np.allclose(half_mse_gradient(start, X, y), linear.half_mse_gradient(start, X, y)),
)
print(
    "gradient at the best theta is zero:",
    np.allclose(half_mse_gradient(theta_best, X, y), 0, atol=1e-9),
)

# %% [markdown] id="gradient-check-text"
# **Never trust a gradient you have not checked.** The check needs no theory, only values. Move one coordinate up and down by a
# small $h$ and compare:
#
# $$\frac{\partial J}{\partial \theta_j} \approx \frac{J(\theta + h e_j) - J(\theta - h e_j)}{2h} .$$


# %% id="gradient-check"
def slopes_from_values(f, theta, h=1e-3):
    directions = h * np.eye(theta.size)
    return np.array([(f(theta + step) - f(theta - step)) / (2 * h) for step in directions])


checked = slopes_from_values(lambda theta: half_mse(theta, X, y), start)
gap = np.max(np.abs(checked - half_mse_gradient(start, X, y)))
print(f"22 values of the objective agree with the formula: {gap < 1e-6}")

# %% [markdown] id="descent-text"
# ## 5 Gradient descent
#
# The gradient points uphill, so go the other way, a little at a time:
#
# $$\theta \leftarrow \theta - \mathrm{lr}\; \nabla J(\theta) .$$
#
# A formula that turns a gradient into the next parameters is called an **update rule**. The **learning rate** lr sets the length of the step. The whole method is four lines. The version in one of the documents
# writes `theta -= ...`, which also changes the array of the caller; ours makes a new one.


# %% id="descent" tags=["F22", "C21", "A35"]
def gradient_descent(X, y, theta, lr, steps):
    for _ in range(steps):
        theta = theta - lr * half_mse_gradient(theta, X, y)
    return theta


for steps in (10, 100, 1000, 10000):
    theta = gradient_descent(X, y, start, lr=0.3, steps=steps)
    print(f"after {steps:6,} steps the MSE is {three(mse(theta, X, y))}")
print(f"                lowest MSE {three(mse(theta_best, X, y))}")
print("the caller's start is still zero:", not start.any())

# %% [markdown] id="package-text"
# Now the package's version. `minimize` has one door for every method of the course: you give the objective, a start, and the
# name of a method. Gradient descent also asks for the gradient. The result says what was asked and what was found.
# As a stopping rule we use the length of the gradient (`tol`), not a fixed number of steps. The two solvers also come as estimators with
# scikit-learn's `fit` and `predict`.


# %% id="package"
def loss(theta):
    return half_mse(theta, X, y)


def gradient(theta):
    return half_mse_gradient(theta, X, y)


same = minimize(loss, start, method="gd", grad=gradient, lr=0.3, steps=100)
print("same theta as our four lines:", np.allclose(same.x, gradient_descent(X, y, start, 0.3, 100)))
result = minimize(loss, start, method="gd", grad=gradient, lr=0.3, steps=50_000, tol=1e-6)
print(f"stopped by tol: {result.success}, steps {three(result.nit)}, MSE {three(2 * result.fun)}")

for model in (linear.LeastSquaresRegressor(), linear.GradientDescentRegressor(tol=1e-9)):
    fitted = model.fit(Z, y)
    same = np.allclose(fitted.coef_, sklearn_model.coef_, rtol=1e-4)
    print(f"{type(model).__name__:25} has scikit-learn's coefficients: {same}")

# %% [markdown] id="bowl-text"
# ## 6 The loss bowl
#
# Two parameters can be drawn. Take two blood values, total cholesterol and LDL, and subtract the mean from the score, so that no
# column of ones is needed. The objective is a bowl. The two values rise and fall together (correlation 0.90), so the bowl
# is a long valley: steep across, almost flat along. How fast the slope changes along a direction is called its **curvature**; section 7
# says how it is computed.

# %% id="bowl"
columns = [patients.feature_names.index(name) for name in ("s1", "s2")]
pair = standardized(patients.data)[:, columns]
centered = y - y.mean()
bottom = linear.normal_equation(pair, centered)
curvatures = np.linalg.eigvalsh(pair.T @ pair / len(pair))
print(f"correlation of the two values {np.corrcoef(pair.T)[0, 1]:.2f}")
print(f"curvature across the valley {three(curvatures[1])}, along it {three(curvatures[0])}")

# %% [markdown] id="bowl-explorer-text"
# ### Explore: roll into the valley
#
# Move the learning rate, and drag the start in the left picture (or use its two sliders). **Goal:** from a start at least 40 away
# from the star, come within 1 % of the lowest loss in at most 5 steps. From which side is the way short, and with which rate?


# %% id="bowl-roll"
def roll(lr, x, y, steps):
    path = [np.array([x, y])]
    for _ in range(steps):
        path.append(path[-1] - lr * half_mse_gradient(path[-1], pair, centered))
    losses = np.array([half_mse(theta, pair, centered) for theta in path])
    lowest = half_mse(bottom, pair, centered)
    excess = losses / lowest - 1
    sentence = f"lr {three(lr)}: after {steps} steps the loss is {three(100 * excess[-1])} % above the lowest."
    data = {
        "path": np.array(path).T,
        "start": ([x], [y]),
        "loss": (np.arange(steps + 1), 100 * excess),
    }
    far = np.linalg.norm(path[0] - bottom) >= 40
    return data, sentence, bool(far and steps <= 5 and excess[-1] < 0.01)


# %% id="bowl-explorer"
figure, (bowl, curve) = panels(1, 2, width=8.4, height=4)
landscape(bowl, lambda theta: half_mse(theta, pair, centered), (-60, 60), (-60, 60), log=True)
bowl.plot(*bottom, "*", color=BLACK, markersize=13, label="lowest point")
bowl.set(xlabel="coefficient of total cholesterol", ylabel="coefficient of LDL")
curve.set(
    xlim=(0, 60), ylim=(1e-2, 1e4), yscale="log", xlabel="step", ylabel="loss above the lowest (%)"
)
moving = {
    "path": line(bowl, color=VERMILION, markevery=1),
    "start": dots(bowl, "start", color=BLUE, marker="o", markersize=10),
    "loss": line(curve, color=VERMILION, markevery=1),
}
bowl.legend(loc="lower left")
rate = 2 / curvatures[1]
valley = Explorer(
    roll,
    figure,
    moving,
    {
        "lr": slider("learning rate", 0.01, 1.2, 0.1, log=True, ticks={rate: "limit"}),
        "steps": slider("steps", 1, 60, 25, step=1),
        "x": slider("start: cholesterol", -60.0, 60.0, -40.0, step=1.0),
        "y": slider("start: LDL", -60.0, 60.0, 20.0, step=1.0),
    },
    title="Gradient descent in the loss bowl",
    goal="within 1 % of the lowest loss in at most 5 steps, from at least 40 away",
    play="steps",
    drag=(bowl, "x", "y"),
)
valley

# %% [markdown] id="bowl-goal-text"
# Two settings that look good and are not, and one that reaches the goal: straight across the valley one step is enough, if
# the rate is 1 divided by the curvature in that direction. Put yours in.

# %% id="bowl-goal"
for lr, x, y_start in ((1.0, -40.0, 20.0), (0.1, 52.0, 24.0), (0.53, 52.0, 24.0)):
    shown = valley.at(lr=lr, x=x, y=y_start, steps=5)
    print(f"lr {lr}, start ({x:.0f}, {y_start:.0f}): goal reached: {shown.reached}")

# %% [markdown] id="bowl-after"
# A small rate creeps along the floor. A large one jumps from wall to wall, and still gets further. One rate has to serve both
# directions: that is the problem of gradient descent, and the reason for lessons [04](04_momentum.ipynb) and [05](05_adaptive_steps.ipynb).

# %% [markdown] id="stability-text"
# ## 7 The largest learning rate
#
# Call the matrix of curvatures $H = X^\top X / m$ and its eigenvalues $\lambda$. Along the eigenvector of $\lambda$, one step multiplies the
# distance to the best point by
#
# $$1 - \mathrm{lr}\,\lambda .$$
#
# The distance shrinks if this factor lies between $-1$ and $1$, so the run is stable if and only if
#
# $$\mathrm{lr} < \frac{2}{\lambda_{\max}} .$$
#
# This limit comes from the data alone. No trial is needed. Let us see whether it is true.

# %% id="stability"
H = X.T @ X / len(X)
eigenvalues, eigenvectors = np.linalg.eigh(H)
limit = 2 / eigenvalues[-1]
print(f"largest curvature {three(eigenvalues[-1])}, so the limit is {three(limit)}")
print("the package says the same:", np.isclose(limit, linear.max_stable_rate(X)))

start_gap = start - theta_best
after = gradient_descent(X, y, start, lr=0.3, steps=7) - theta_best
predicted = eigenvectors @ ((1 - 0.3 * eigenvalues) ** 7 * (eigenvectors.T @ start_gap))
print("the formula predicts theta after 7 steps:", np.allclose(after, predicted))

# %% id="edge"
figure, axes = panels()
ends = {}
for share, color, marker in ((0.5, GREEN, "^"), (0.98, BLUE, "o"), (1.02, VERMILION, "s")):
    theta, excess = start, []
    for _ in range(151):
        excess.append(half_mse(theta, X, y) - half_mse(theta_best, X, y))
        theta = theta - share * limit * half_mse_gradient(theta, X, y)
    ends[share] = excess[-1] / excess[0]
    axes.semilogy(excess, color=color, marker=marker, markevery=15, label=f"lr = {share:g} x limit")
axes.set(xlabel="step", ylabel="half-MSE above the lowest", title="Two percent decide")
axes.legend()
show(
    figure,
    f"After 150 steps the excess is {three(ends[0.5])} of its start at half the limit, "
    f"{three(ends[0.98])} just below it, {three(ends[1.02])} just above it.",
)

# %% [markdown] id="edge-explorer-text"
# ### Explore: the edge of stability
#
# On the right stands one dot for each of the 11 eigenvalues: the factor $|1 - \mathrm{lr}\,\lambda|$ by which the distance in its direction shrinks in
# each step. Where a dot is above the line, the distance grows without end. **Goal:** after 200 steps, less than 2.5 above the lowest half-MSE.


# %% id="edge-factors"
def edge(share):
    lr = share * limit
    factors = np.abs(1 - lr * eigenvalues)
    steps = np.arange(201)
    in_each = eigenvalues / 2 * (eigenvectors.T @ start_gap) ** 2
    excess = (factors ** (2 * steps[:, None])) @ in_each
    worst = factors.max()
    sentence = (
        f"lr {three(lr)}: the largest factor is {three(worst)}, "
        f"after 200 steps the half-MSE is {three(excess[-1])} above the lowest."
    )
    data = {"excess": (steps, excess), "factors": (eigenvalues, factors)}
    return data, sentence, bool(excess[-1] < 2.5)


# %% id="edge-explorer"
figure, (curve, spectrum) = panels(1, 2, width=8.4, height=3.8)
curve.set(
    xlim=(0, 200), ylim=(0.1, 1e6), yscale="log", xlabel="step", ylabel="half-MSE above the lowest"
)
spectrum.set(
    xlim=(0, 4.3), ylim=(-0.05, 1.5), xlabel="eigenvalue of H", ylabel="factor of one step"
)
spectrum.axhline(1, color=BLACK, linestyle="--", linewidth=1)
moving = {
    "excess": line(curve, color=BLUE),
    "factors": dots(spectrum, color=VERMILION, marker="s", markersize=7),
}
stability = Explorer(
    edge,
    figure,
    moving,
    {
        "share": slider(
            "learning rate, as share of the limit", 0.02, 1.1, 0.5, step=0.02, ticks={1.0: "limit"}
        )
    },
    title="The edge of stability",
    goal="less than 2.5 above the lowest half-MSE after 200 steps",
    play="share",
)
stability

# %% id="edge-goal"
for share in (0.5, 0.98, 1.02):
    shown = stability.at(share=share)
    print(shown.sentence, "Goal reached:", shown.reached)

# %% [markdown] id="slow-text"
# Below the limit the run still takes long, because the *smallest* eigenvalue is served by the same rate. Steps needed grow with the
# **condition number** $\kappa = \lambda_{\max}/\lambda_{\min}$. Raw columns, in their own units, make it far worse: with age in years and
# cholesterol in mg/dl, one rate must serve both. This is why we standardize.

# %% id="scaling"
table = {"standardized": X, "raw": add_ones(patients.data)}
for name, matrix in table.items():
    values = np.linalg.eigvalsh(matrix.T @ matrix / len(matrix))
    print(
        f"{name:12}  limit {three(2 / values[-1]):>9}   condition number {three(values[-1] / values[0]):>10}"
    )

# %% [markdown] id="explode-text"
# On the raw columns the limit is below 0.00003. What happens with lr = 0.01, the rate of the documents? Our four lines go on
# with numbers that no longer exist. The package stops, says at which step and why, and keeps its history.


# %% id="explode"
def raw_loss(theta):
    return half_mse(theta, table["raw"], y)


def raw_gradient(theta):
    return half_mse_gradient(theta, table["raw"], y)


with np.errstate(all="ignore"):  # the overflow is what we want to see
    print("four lines:", gradient_descent(table["raw"], y, start, lr=0.01, steps=200)[:3])
    stopped = minimize(raw_loss, start, method="gd", grad=raw_gradient, lr=0.01, steps=200)
print("package:   ", stopped.message)

# %% [markdown] id="honest-text"
# ## 8 Low error on the training rows is not the goal
#
# One document says that we optimize "to avoid over-fitting", that is, to keep a model from predicting the rows of its training much better than
# new ones. These are two things. **Optimization** makes the objective small. **Generalization** means that new patients are predicted well. Adding columns of pure noise shows the difference: each column can only lower the
# best training error, and the error on **held-out** patients, who took no part in the fitting, rises. We repeat it with ten seeds and show the range.

# %% id="overfit" tags=["A33", "Q32", "Q31"]
counts = (0, 25, 50, 100, 150, 200, 250)
errors = np.empty((10, len(counts), 2))
for seed in range(10):
    noise = np.random.default_rng(seed).standard_normal((len(y), counts[-1]))
    rows, new = train_test_split(np.arange(len(y)), test_size=0.25, random_state=seed)
    for k, count in enumerate(counts):
        wide = np.column_stack([X, noise[:, :count]])
        theta = linear.normal_equation(wide[rows], y[rows])
        errors[seed, k] = [mse(theta, wide[part], y[part]) ** 0.5 for part in (rows, new)]

figure, axes = panels()
for side, name, color, marker in (
    (0, "training rows", BLUE, "o"),
    (1, "held-out rows", VERMILION, "s"),
):
    axes.plot(counts, np.median(errors[:, :, side], axis=0), color=color, marker=marker, label=name)
    axes.fill_between(
        counts, *np.quantile(errors[:, :, side], (0, 1), axis=0), color=color, alpha=0.2
    )
axes.set(
    xlabel="columns of noise added", ylabel="root of the MSE", title="Median and range of 10 seeds"
)
axes.legend()
middle = np.median(errors, axis=0)
show(
    figure,
    f"Training error falls from {three(middle[0, 0])} to {three(middle[-1, 0])}, "
    f"held-out error rises from {three(middle[0, 1])} to {three(middle[-1, 1])}.",
)

# %% [markdown] id="houses-text"
# ## 9 House prices
#
# A document loads the Boston house prices with `load_boston`. Scikit-learn removed that function in version 1.2, because one of its
# columns encodes the share of Black residents on an assumption that the maintainers reject. We use 2,930 sales from Ames, Iowa, with 13 columns such as living
# area and year of building. The target is the base-10 logarithm of the price: an error of 0.08 there is about 20 % of the price.

# %% id="boston" tags=["C01"]
try:
    from sklearn.datasets import load_boston
except ImportError as error:
    print("ImportError:", str(error).strip().splitlines()[0])

# %% id="houses" tags=["machine"]
try:
    houses = data.ames_houses()
except data.MissingDataError as missing:
    houses = None
    print(missing)
else:
    print(houses.source)
    print(len(houses.target), "houses,", ", ".join(houses.feature_names))

# %% [markdown] id="houses-fit-text"
# Now everything together, in the right order: split first; take mean and deviation from the *training* rows only; compute the
# limit of the rate; descend; judge on the held-out houses. The closed form gives the number to compare with.

# %% id="houses-fit" tags=["machine"]
if houses is not None:
    train, test, price, test_price = train_test_split(houses.data, houses.target, random_state=0)
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    A, B = add_ones((train - mean) / deviation), add_ones((test - mean) / deviation)
    lr = 0.95 * linear.max_stable_rate(A)
    print(f"limit {three(linear.max_stable_rate(A))}, we take {three(lr)}")
    for steps in (10, 100, 1000):
        theta = gradient_descent(A, price, np.zeros(14), lr, steps)
        print(f"{steps:5,} steps: held-out error {three(mse(theta, B, test_price) ** 0.5)}")
    exact = linear.normal_equation(A, price)
    print(
        f"closed form: held-out error {three(mse(exact, B, test_price) ** 0.5)}, "
        f"always answering the mean: {three(np.std(test_price))}"
    )

# %% [markdown] id="houses-after"
# Read the three lines of steps: after a hundred steps the held-out error is that of the closed form, to three digits, and nine hundred more change
# nothing. Stopping there costs nothing. Lesson [14](14_smaller_and_sturdier_models.ipynb) turns stopping into a method, early stopping.

# %% [markdown] id="evaluations-text"
# ## 10 What one gradient is worth
#
# This course compares methods by **evaluations**: how many values of the objective they ask for. A gradient is more than a
# value, so it must cost more. Reverse-mode differentiation, the method behind every deep-learning library, computes
# value and gradient together for a small constant multiple of one value, whatever the number of parameters. We charge **3 evaluations** for it, everywhere.
#
# The alternative is to get the slopes from values alone: with $d$ parameters, forward differences ask for $d$ more values at
# each step. Same start, same rate, (almost) the same steps - at another price.


# %% id="evaluations"
def forward_slopes(theta, h=1e-6):
    here = loss(theta)
    return np.array([(loss(theta + step) - here) / h for step in h * np.eye(theta.size)])


d, lr, lowest = start.size, 0.95 * limit, loss(theta_best)
curves = {}
for name, slope, price_of_step in (
    ("gradient (3 a step)", gradient, 3),
    ("values (12 a step)", forward_slopes, d + 1),
):
    run = minimize(loss, start, method="gd", grad=slope, lr=lr, steps=300)
    curves[name] = price_of_step * np.arange(301), run.history["fun"] - lowest

figure, axes = panels()
needed = []
for (name, (asked, excess)), color, marker in zip(
    curves.items(), (BLUE, VERMILION), ("o", "s"), strict=True
):
    axes.loglog(asked[1:], excess[1:], color=color, marker=marker, markevery=0.15, label=name)
    needed.append(asked[np.argmax(excess < 0.01 * excess[0])])
axes.set(xlabel="evaluations (a gradient counts as 3)", ylabel="half-MSE above the lowest")
axes.legend()
show(
    figure,
    f"To remove 99 % of the excess: {needed[0]} evaluations with the gradient, {needed[1]} from values.",
)

# %% [markdown] id="evaluations-after" tags=["P23"]
# With 11 parameters the price is 4 times higher. With 11 million it would be millions of times higher: forward differences are
# hopeless there. The cleverer estimates of lesson [10](10_gradients_from_values.ipynb) ask only two values a step, and help as far as few directions matter. Gradient
# descent is a **first-order** method. The image classifiers, translators and recommenders that the documents list are mostly trained in this way too, with gradients.

# %% [markdown] id="quick"
# ## 11 Quick questions
#
# Decide first, then open your choice.

# %% [markdown] id="quick-rate"
# **Quick question.** Somebody switches from the half-MSE to the MSE and keeps the learning rate, which was just below the limit. What happens?
#
# - [ ] Nothing: both have their minimum at the same point.
#   The minimum is the same, but the run that leads there is not: every gradient is now twice as long.
# - [x] The run diverges.
#   All curvatures double, so the limit $2/\lambda_{\max}$ is halved, and the old rate lies above it.
# - [ ] It converges twice as fast.
#   Below half the limit a doubled step can be faster. Here it overshoots.

# %% [markdown] id="quick-written"
# **Quick question.** A training loop contains no call of `backward()` and no derivative from a library. It updates `w -= lr * x_i * (x_i @ w - y_i)`. Is
# it gradient-free?
#
# - [ ] Yes: nobody computes a gradient.
#   The expression itself is the gradient of the squared error of one sample, written by hand (section 4).
# - [x] No.
#   `x_i * (x_i @ w - y_i)` is a gradient, whoever wrote it down.
# - [ ] Yes, if it runs under `torch.no_grad()`.
#   That only stops the library from recording. The update is the same.

# %% [markdown] id="quick-cost"
# **Quick question.** A model has a million parameters. What does one gradient by reverse mode cost, compared with one value of the loss?
#
# - [ ] A million values: one for each parameter.
#   That is the price of forward differences. Reverse mode shares the work among all parameters.
# - [x] About three values.
#   The backward pass repeats the work of the forward pass about twice, whatever the number of parameters.
# - [ ] Nothing: it comes with the value.
#   The backward pass is work, and it needs the intermediate results in memory (lesson [15](15_language_models.ipynb)).

# %% [markdown] id="quick-overfit"
# **Quick question.** A method reaches a lower training error than least squares reached in section 8. What does it do to over-fitting?
#
# - [ ] It avoids it, because it optimizes better.
#   A lower training error is what optimization promises. Over-fitting is about rows that it never saw.
# - [ ] It causes it.
#   Not by itself: the columns of noise did, by giving the model room to memorize.
# - [x] Nothing can be said before held-out rows are looked at.
#   And here the premise is impossible: least squares already has the lowest training error of all linear models with these columns.

# %% [markdown] id="summary"
# ## Summary
#
# 1. The objective turns "good fit" into one number; say whether it is the MSE, half of it, or a sum. The data are part of it.
# 2. For a linear model the normal equation gives the best $\theta$ at once; with repeated columns take the smallest norm.
# 3. The gradient of the half-MSE is $X^\top(X\theta-y)/m$; check it with values before you use it.
# 4. Gradient descent is stable below $2/\lambda_{\max}$ and slow when $\lambda_{\max}/\lambda_{\min}$ is large: standardize.
# 5. A gradient costs about 3 evaluations whatever the dimension; slopes from values cost one for each parameter.
#
# ## Exercise
#
# Five questions, about 45 minutes: copy it with `start_exercise("02")` as in lesson [00](00_start_here.ipynb), or open
# [exercises/02_linear_regression.ipynb](../exercises/02_linear_regression.ipynb). **Next:** [03 Stochastic
# gradients](03_stochastic_gradients.ipynb). Each step here read all the data. Must it?

# %% [markdown] id="sources"
# ## Sources
#
# - B. Efron, T. Hastie, I. Johnstone, R. Tibshirani, *Least angle regression*, Annals of Statistics 32 (2004),
#   [doi:10.1214/009053604000000067](https://doi.org/10.1214/009053604000000067): the diabetes data.
# - D. De Cock, *Ames, Iowa: Alternative to the Boston housing data*, Journal of Statistics Education 19 (2011),
#   [doi:10.1080/10691898.2011.11889627](https://doi.org/10.1080/10691898.2011.11889627): the house prices.
# - G. H. Golub, C. F. Van Loan, *Matrix Computations*, 4th edition (2013), chapter 5: least squares, rank deficiency.
# - A. Griewank, A. Walther, *Evaluating Derivatives*, 2nd edition (2008),
#   [doi:10.1137/1.9780898717761](https://doi.org/10.1137/1.9780898717761): the cost of a gradient.
# - Y. Nesterov, *Lectures on Convex Optimization* (2018),
#   [doi:10.1007/978-3-319-91578-4](https://doi.org/10.1007/978-3-319-91578-4): rates and stability of gradient descent.
