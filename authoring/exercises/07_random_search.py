# %% [markdown] id="title"
# # 07 Exercise: random search
#
# You will write random search, compute how many trials it needs, make it climb down with the 1/5 rule, and draw numbers
# on the scale on which learning rates live. Each answer is one to ten lines. Lesson
# [07](../notebooks/07_random_search.ipynb) explains everything that is asked here.

# %% [markdown] id="how"
# ## How it works
#
# - Replace the line `raise NotImplementedError(...)` by your code. Keep the line with `def`.
# - Run your cell, then the cell below it. It tries your function on several cases and shows the points.
#   You may try as often as you like.
# - Stuck? Open the hints under the question, one after the other.
#
# **Shapes and names, everywhere.** A point `x` has shape (d,). `f` is the objective: `f(x)` returns one number, and
# lower is better. Each call of `f` is one *evaluation*; they are counted. `rng` is a `numpy.random.Generator`: take
# every random number from it, so that the same seed gives the same result. The arrays you are given belong to the
# caller: leave them unchanged.

# %% id="setup"
import math

import numpy as np

from ngo_lesson.questions import check, score

# %% [markdown] id="random-question" tags=["question", "A05", "P29"]
# ## 1. Random search
#
# The simplest method that needs no gradient: draw points, keep the best. It knows nothing, assumes nothing, and is the
# yardstick for every other method.
#
# The points come from a *box*: coordinate $j$ lies between `low[j]` and `high[j]`, and every part of the box has the
# same chance.
#
# Write `random_search(f, low, high, budget, rng)`. It returns `(x, value)`: the best point it saw, of shape (d,), and its
# value, a float. `low` and `high` have shape (d,). Use exactly `budget` evaluations (1 or more), no more and no fewer.
#
# *Example.* With `f(x) = x[0]**2`, `low = [1.]`, `high = [3.]` and `budget = 1` the result is the one point that was
# drawn, such as `([2.3], 5.29)`. With a large budget it comes close to `([1.], 1.)`.


# %% id="random" tags=["answer"]
def random_search(f, low, high, budget, rng):
    """The best of `budget` points drawn uniformly from the box: low, high (d,); returns (x (d,), value)."""
    ### BEGIN SOLUTION
    best, lowest = None, math.inf
    for _ in range(budget):
        x = rng.uniform(low, high)
        value = f(x)
        if value < lowest:
            best, lowest = x, value
    return best, lowest
    ### END SOLUTION


# %% id="random-check" tags=["check"]
check("07.random", random_search)

# %% [markdown] id="trials-question" tags=["question", "A12"]
# ## 2. How many trials?
#
# Call the best 5 % of all settings *good*. A random trial is good with the chance 0.05. How many trials do you need, so that with
# a confidence of 95 % at least one of them is good? The number of dimensions does not matter: that is the strength of
# random search. Its weakness: "the best 5 %" may be far from the best.
#
# Write `trials_needed(share, confidence)`, which returns the smallest whole number $n$ with
#
# $$1 - (1 - \mathrm{share})^n \ge \mathrm{confidence}.$$
#
# Both arguments are floats between 0 and 1.
#
# *Example.* `trials_needed(0.5, 0.7)` is 2: one trial succeeds with the chance 0.5, two with 0.75.


# %% id="trials" tags=["answer"]
def trials_needed(share, confidence):
    """Trials until one is among the best `share` of all with this confidence: floats in (0, 1); returns an int."""
    ### BEGIN SOLUTION
    return math.ceil(math.log(1 - confidence) / math.log(1 - share))
    ### END SOLUTION


# %% id="trials-check" tags=["check"]
check("07.trials", trials_needed)

# %% [markdown] id="one_fifth-question" tags=["question", "A30", "Q19"]
# ## 3. One parent, one child, and the 1/5 rule
#
# Do not start from nothing in each trial: look near the best point so far. How near? The *1/5 rule* answers. If more than one
# trial in five succeeds, the steps are too small; if fewer, too large. So the step size $\sigma$ changes after each trial:
#
# $$y = x + \sigma z, \quad z \sim \mathcal N(0, I), \qquad
# \sigma \leftarrow \begin{cases} 1.5\,\sigma & \text{if } f(y) < f(x), \text{ and then } x \leftarrow y \\
# 1.5^{-1/4}\,\sigma & \text{otherwise} \end{cases}$$
#
# One success and four failures leave $\sigma$ as it was. This is the (1+1) evolution strategy: one parent, one child,
# the better one survives.
#
# Write `one_plus_one_es(f, x, sigma, budget, rng)`, which returns `(x, value, sigma)` at the end. The value of the start
# counts as one evaluation, so there are `budget - 1` trials. In each trial call `rng.standard_normal(d)` once.
#
# *Example.* `f(x) = x[0]**2`, `x = [2.]`, `sigma = 1.`, `budget = 2`. If the draw is `[-0.5]`, the child is `[1.5]` with
# the value 2.25, lower than 4. The result is `([1.5], 2.25, 1.5)`.


# %% id="one_fifth" tags=["answer"]
def one_plus_one_es(f, x, sigma, budget, rng):
    """A (1+1)-ES with the 1/5 rule from x (d,), the start counts; returns (x (d,), value, sigma)."""
    ### BEGIN SOLUTION
    value = f(x)
    for _ in range(budget - 1):
        y = x + sigma * rng.standard_normal(len(x))
        new = f(y)
        if new < value:
            x, value = y, new
            sigma = sigma * 1.5
        else:
            sigma = sigma * 1.5 ** (-1 / 4)
    return x, value, sigma
    ### END SOLUTION


# %% id="one_fifth-check" tags=["check"]
check("07.one_fifth", one_plus_one_es)

# %% [markdown] id="log_uniform-question" tags=["question", "A12", "Q34"]
# ## 4. The scale of learning rates
#
# Is a learning rate of 0.001 closer to 0.002 or to 0.0001? In *differences*, to 0.0001: 0.0009 away, and
# 0.002 is 0.001 away. In *factors*, to 0.002: a factor of 2 away, and 0.0001 is a factor of 10 away. Factors are what
# matters for rates and for penalties. If you draw uniformly between 0.0001 and 1, nine draws of ten are above 0.1, and
# small rates are hardly tried.
#
# So draw the logarithm uniformly: then each factor of ten, each *decade*, gets the same share of the draws.
#
# Write `log_uniform(low, high, n, rng)`, which returns an array of `n` such draws between `low` and `high`, two floats
# with $0 <$ low $<$ high.
#
# *Example.* `log_uniform(0.01, 100., 1000, rng)`: about half of the 1000 numbers are below 1.


# %% id="log_uniform" tags=["answer"]
def log_uniform(low, high, n, rng):
    """n draws between low and high whose logarithm is uniform: returns an array (n,)."""
    ### BEGIN SOLUTION
    return np.exp(rng.uniform(np.log(low), np.log(high), size=n))
    ### END SOLUTION


# %% id="log_uniform-check" tags=["check"]
check("07.log_uniform", log_uniform)

# %% [markdown] id="end"
# ## Your points
#
# The sum of the checks above. Questions that have not passed yet are listed.

# %% id="score"
score("07")
