# %% [markdown] id="title"
# # 03 Exercise: stochastic gradients
#
# You will write one pass of stochastic gradient descent, the gradient of a mini-batch, the scaling of the data, the
# folds of cross-validation, and a schedule for the learning rate. Each answer is two to six lines of NumPy. Lesson
# [03](../notebooks/03_stochastic_gradients.ipynb) explains everything that is asked here.

# %% [markdown] id="how"
# ## How it works
#
# - Replace the line `raise NotImplementedError(...)` by your code. Keep the line with `def`.
# - Run your cell, then the cell below it. It tries your function on several cases and shows the points.
#   You may try as often as you like.
# - Stuck? Open the hints under the question, one after the other.
#
# **Shapes, as in exercise [02](02_linear_regression.ipynb).** There are $m$ samples and $d$ features. `X` has shape (m, d), one row a sample. The
# targets `y` have shape (m,), the parameters `theta` (d,). The objective is the half-MSE,
# $J(\theta) = \frac{1}{2m} \sum_{i} (x_i^\top \theta - y_i)^2$. Samples are counted from 0, as NumPy does. The arrays
# you are given belong to the caller: leave them unchanged.

# %% id="setup"
import numpy as np

from ngo_lesson.questions import check, score

# %% [markdown] id="sgd-question" tags=["question", "C22", "F23", "F24", "A36"]
# ## 1. One pass, one sample at a time
#
# Gradient descent looks at all samples before it moves once. *Stochastic gradient descent* (SGD) moves after every
# sample $i$, along the gradient of the loss of this sample alone, $\frac12 (x_i^\top \theta - y_i)^2$:
#
# $$\theta \leftarrow \theta - \mathrm{lr} \cdot (x_i^\top \theta - y_i)\, x_i$$
#
# Write `sgd_epoch(X, y, theta, lr, order)`. It does one such step for each entry of `order`, from the first to the
# last, and returns `theta` afterwards, of shape (d,). `order` is an array of sample numbers. A sample may stand in it
# twice, or not at all.
#
# Compare with what one of the source documents does. Its formula takes the gradient of the whole loss: that is gradient
# descent. Its code takes one sample, but divides by $m$: then every step is $m$ times too short. It also computes the
# whole loss in each step, which SGD never needs.
#
# *Example.* `X = [[1.], [2.]]`, `y = [1., 4.]`, `theta = [1.]`, `lr = 0.1`, `order = [1, 0]`. Sample 1 has the residual
# $2 - 4 = -2$, so `theta` becomes $1 - 0.1 \cdot (-2) \cdot 2 = 1.4$. Sample 0 now has the residual $1.4 - 1 = 0.4$,
# and $1.4 - 0.1 \cdot 0.4 \cdot 1 = 1.36$ is returned as `[1.36]`.


# %% id="sgd" tags=["answer"]
def sgd_epoch(X, y, theta, lr, order):
    """One SGD step for each entry of order: X (m, d), y (m,), theta (d,), order (n,) of whole numbers; returns (d,)."""
    ### BEGIN SOLUTION
    for i in order:
        residual = X[i] @ theta - y[i]
        theta = theta - lr * residual * X[i]
    return theta
    ### END SOLUTION


# %% id="sgd-check" tags=["check"]
check("03.sgd", sgd_epoch)

# %% [markdown] id="batch-question" tags=["question", "C22", "A36"]
# ## 2. The gradient of a mini-batch
#
# One sample gives a rough guess of the gradient, all samples give it exactly. A *mini-batch* of $B$ samples stands
# between them:
#
# $$\hat g = \frac{1}{B} \sum_{i \in \mathrm{batch}} (x_i^\top \theta - y_i)\, x_i$$
#
# Each sample of the batch is drawn at random, all with the same chance. Then $\hat g$ is right on average: its mean
# over all possible batches is the gradient of the half-MSE. Such an estimate is called *unbiased*. Only the division by
# $B$ makes it so, whatever the number $m$ of all samples is.
#
# Write `minibatch_gradient(theta, X, y, batch)`, which returns $\hat g$ of shape (d,). `batch` is an array of $B$
# sample numbers. A sample that stands in it twice counts twice.
#
# *Example.* `theta = [1.]`, `X = [[1.], [2.]]`, `y = [1., 4.]`, `batch = [1, 1, 0]`. The residuals of samples 1, 1 and
# 0 are -2, -2 and 0. Multiplied by their samples they are -4, -4 and 0. Their mean, $-8/3$, is returned as `[-2.667]`.


# %% id="batch" tags=["answer"]
def minibatch_gradient(theta, X, y, batch):
    """Unbiased estimate of the gradient of the half MSE: theta (d,), X (m, d), y (m,), batch (B,); returns (d,)."""
    ### BEGIN SOLUTION
    rows = X[batch]
    return rows.T @ (rows @ theta - y[batch]) / len(batch)
    ### END SOLUTION


# %% id="batch-check" tags=["check"]
check("03.batch", minibatch_gradient)

# %% [markdown] id="standardize-question" tags=["question", "A11"]
# ## 3. Scale without a leak
#
# Features in different units make gradient descent slow, so each column is *standardized*: minus its mean, divided by
# its standard deviation. But the test rows stand for data that nobody has seen yet. If they take part in the mean, they
# *leak* into the training, and the test is no longer fair. So both numbers come from the training rows, and the test
# rows use the same ones:
#
# $$x_j \leftarrow \frac{x_j - \mathrm{mean}_j}{\mathrm{deviation}_j}$$
#
# Write `standardize(train, test)`, which returns two new arrays, (scaled train, scaled test). `train` has shape (m, d)
# and `test` (n, d). The deviation is $\sqrt{\frac1m \sum_i (x_{ij} - \mathrm{mean}_j)^2}$, which is what `std` of NumPy
# computes if you do not tell it anything else. A column that is constant in `train` has the deviation 0: there, only
# subtract the mean, in both.
#
# *Example.* `train = [[0., 7.], [4., 7.]]`, `test = [[6., 8.]]`. The means are 2 and 7, the deviations 2 and 0. The
# result is `[[-1., 0.], [1., 0.]]` and `[[2., 1.]]`.


# %% id="standardize" tags=["answer"]
def standardize(train, test):
    """Both scaled by mean and deviation of train: train (m, d), test (n, d); returns both, of the same shapes."""
    ### BEGIN SOLUTION
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    deviation[deviation == 0] = 1
    return (train - mean) / deviation, (test - mean) / deviation
    ### END SOLUTION


# %% id="standardize-check" tags=["check"]
check("03.standardize", standardize)

# %% [markdown] id="folds-question" tags=["question", "A11", "A12", "Q34"]
# ## 4. Folds for cross-validation
#
# Which learning rate is best? Do not decide by the training loss, and never by the test rows. *Cross-validation* cuts
# the training samples into $k$ *folds*. Train on $k - 1$ of them, and measure the loss on the one that was left out. Do
# this $k$ times, each time with another fold left out, and average. The rate with the smallest average wins. Try rates
# that differ by factors, such as 0.001, 0.01 and 0.1. Notice what this search asks for: values, and no gradients.
#
# Write `k_folds(n, k, rng)`, which returns a list of $k$ arrays of sample numbers, one for each fold:
#
# - every number from 0 to $n - 1$ stands in exactly one fold;
# - the sizes of the folds differ by at most 1;
# - the samples are shuffled first, because data often come sorted. Take the random numbers from `rng`, a
#   `numpy.random.Generator`, so that the same seed gives the same folds, and another seed gives others.
#
# You may assume $2 \le k \le n$.
#
# *Example.* `k_folds(5, 2, rng)` may return `[array([3, 0, 4]), array([1, 2])]`.


# %% id="folds" tags=["answer"]
def k_folds(n, k, rng):
    """Cut the shuffled numbers 0 to n - 1 into k folds, rng a numpy.random.Generator; returns a list of k arrays."""
    ### BEGIN SOLUTION
    return np.array_split(rng.permutation(n), k)
    ### END SOLUTION


# %% id="folds-check" tags=["check"]
check("03.folds", k_folds)

# %% [markdown] id="schedule-question" tags=["question", "A34", "Q34"]
# ## 5. A rate that changes
#
# With a constant rate SGD does not come to rest, unless one theta fits every sample exactly: the guesses of the
# gradient differ, and theta jumps about the minimum. So the rate should go down to 0. A large rate at the very start
# can throw theta far away, so the rate is often raised step by step first. This is the *warm-up*. A common schedule,
# for `steps` steps of which the first `warmup` are the warm-up, is
#
# $$\mathrm{lr}(t) = \begin{cases} \mathrm{lr}_0 \cdot \dfrac{t}{\mathrm{warmup}} & t < \mathrm{warmup} \\[2ex]
# \dfrac{\mathrm{lr}_0}{2} \left(1 + \cos\left(\pi \cdot
# \dfrac{t - \mathrm{warmup}}{\mathrm{steps} - \mathrm{warmup}}\right)\right) & t \ge \mathrm{warmup} \end{cases}$$
#
# It rises along a line from 0 to $\mathrm{lr}_0$, then falls along half a cosine, and is 0 at $t = \mathrm{steps}$.
#
# Write `cosine_rate(lr0, t, steps, warmup)`, which returns the rate of step `t` as one float. `t`, `steps` and `warmup`
# are whole numbers with $0 \le t \le$ steps and $0 \le$ warmup $<$ steps. With `warmup = 0` the rate starts at `lr0`.
#
# *Example.* `lr0 = 0.8`, `steps = 10`, `warmup = 2`. The rates of the steps 0, 1, 2, 6 and 10 are 0, 0.4, 0.8, 0.4 and
# 0.


# %% id="schedule" tags=["answer"]
def cosine_rate(lr0, t, steps, warmup):
    """Learning rate of step t: up to lr0 along a line, then down to 0 along half a cosine; returns a float."""
    ### BEGIN SOLUTION
    if t < warmup:
        return lr0 * t / warmup
    done = (t - warmup) / (steps - warmup)
    return lr0 * (1 + np.cos(np.pi * done)) / 2
    ### END SOLUTION


# %% id="schedule-check" tags=["check"]
check("03.schedule", cosine_rate)

# %% [markdown] id="end"
# ## Your points
#
# The sum of the checks above. Questions that have not passed yet are listed.

# %% id="score"
score("03")
