# %% [markdown] id="title"
# # 11 Exercise: evolution strategies
#
# You will shape values into ranks, turn them into a gradient estimate, compute the weights of CMA-ES, and rebuild a
# training run from seeds and scalars alone. Each answer is one to five lines of NumPy. Lesson
# [11](../notebooks/11_evolution_strategies.ipynb) explains everything that is asked here.

# %% [markdown] id="how"
# ## How it works
#
# - Replace the line `raise NotImplementedError(...)` by your code. Keep the line with `def`.
# - Run your cell, then the cell below it. It tries your function on several cases and shows the points.
#   You may try as often as you like.
# - Stuck? Open the hints under the question, one after the other.
#
# **Shapes, everywhere.** There are $n$ points in $d$ dimensions. `values` has shape (n,): the objective at each point;
# lower is better. `E` has shape (n, d): row $i$ is the normal draw $\varepsilon_i$ that made point $i$. All are arrays
# of floats. The arrays you are given belong to the caller: leave them unchanged.

# %% id="setup"
import numpy as np

from ngo_lesson.questions import check, score

# %% [markdown] id="ranks-question" tags=["question"]
# ## 1. Ranks instead of values
#
# One point with a value of a million would outweigh all others. So evolution strategies often use *ranks*: how many of the
# other values are smaller. Ranks do not change when the values are stretched, squared or shifted, as long as their order
# stays.
#
# Write `centered_ranks(values)`, which returns *utilities* of shape (n,): 0.5 for the smallest value, -0.5 for the
# largest, in equal steps between. (The lesson ranks the other way round: there the smallest value gets $-\frac12$.)
# Equal values share the mean of their ranks, and so get the same utility. There are at least two values.
#
# *Example.* `values = [30., 10., 20.]` gives `[-0.5, 0.5, 0.]`. `values = [1., 1., 5.]` gives `[0.25, 0.25, -0.5]`.


# %% id="ranks" tags=["answer"]
def centered_ranks(values):
    """Utilities from 0.5 (smallest value) to -0.5 (largest), ties get their mean: values (n,); returns an array (n,)."""
    ### BEGIN SOLUTION
    smaller = (values[None, :] < values[:, None]).sum(axis=1)
    equal = (values[None, :] == values[:, None]).sum(axis=1) - 1
    ranks = smaller + equal / 2
    return 0.5 - ranks / (len(values) - 1)
    ### END SOLUTION


# %% id="ranks-check" tags=["check"]
check("11.ranks", centered_ranks)

# %% [markdown] id="es-question" tags=["question"]
# ## 2. A gradient from a population
#
# The points of a population are $\theta + \sigma \varepsilon_i$. Their values tell where it goes up:
#
# $$\hat g = \frac{1}{n \sigma} \sum_{i=1}^{n} f(\theta + \sigma \varepsilon_i)\, \varepsilon_i$$
#
# Its mean over many populations is the gradient of the *smoothed* objective, the average of $f$ around each point. No
# derivative of $f$ is needed.
#
# Write `es_gradient(values, E, sigma)`, which returns $\hat g$ of shape (d,). Use the values as they are: no ranks, no baseline
# subtracted.
#
# *Example.* `values = [2., 4.]`, `E = [[1.], [-1.]]`, `sigma = 0.5`. The mean of 2 and -4 is -1, divided by 0.5: `[-2.]`.
# The objective falls to the right.


# %% id="es" tags=["answer"]
def es_gradient(values, E, sigma):
    """Gradient of the smoothed objective, estimated: values (n,), E (n, d), sigma a float; returns an array (d,)."""
    ### BEGIN SOLUTION
    return np.mean(values[:, None] * E, axis=0) / sigma
    ### END SOLUTION


# %% id="es-check" tags=["check"]
check("11.es", es_gradient)

# %% [markdown] id="weights-question" tags=["question"]
# ## 3. The weights of CMA-ES
#
# CMA-ES sorts its population and moves its mean to a weighted average of the better half. With $\mu = \lfloor \lambda / 2
# \rfloor$ (half of the population size $\lambda$, rounded down) and natural logarithms,
#
# $$w'_i = \ln \frac{\lambda + 1}{2} - \ln i, \quad i = 1, \dots, \mu, \qquad w_i = \frac{w'_i}{\sum_j w'_j}, \qquad
# \mu_{\mathrm{eff}} = \frac{1}{\sum_i w_i^2}.$$
#
# $\mu_{\mathrm{eff}}$ says how many equally weighted points would average out noise as well.
#
# Write `recombination(popsize)`, which returns `(weights, mu_eff)`: an array of shape (mu,) that sums to one, the largest first,
# and a float. `popsize` is a whole number, 2 or more.
#
# *Example.* `recombination(4)`: mu is 2, the raw weights are $\ln 2.5 = 0.916$ and $\ln 2.5 - \ln 2 = 0.223$. The result
# is about `([0.804, 0.196], 1.46)`.


# %% id="weights" tags=["answer"]
def recombination(popsize):
    """Weights of the best popsize // 2 points in CMA-ES, and mu_eff: returns (array (mu,), float)."""
    ### BEGIN SOLUTION
    mu = popsize // 2
    weights = np.log((popsize + 1) / 2) - np.log(np.arange(1, mu + 1))
    weights = weights / weights.sum()
    return weights, 1 / np.sum(weights**2)
    ### END SOLUTION


# %% id="weights-check" tags=["check"]
check("11.weights", recombination)

# %% [markdown] id="replay-question" tags=["question", "A34", "P14"]
# ## 4. A training run in a few numbers
#
# A worker that sends its whole gradient sends $d$ numbers in each step. If every step goes along a *random direction*, there is a
# shorter message: the seed of the direction, and one number, how far to go. Whoever has the seed can draw the same direction again. So a
# run of a million parameters over a thousand steps fits into two thousand numbers.
#
# Write `replay(theta, seeds, scalars, lr)`. It returns the parameters after all steps, taken in order:
#
# $$\theta \leftarrow \theta - \mathrm{lr} \cdot p_t \cdot z_t, \qquad z_t =
# \texttt{np.random.default\_rng(seed}_t\texttt{).standard\_normal(theta.shape)}$$
#
# `seeds` is a list of whole numbers and `scalars` a list of as many floats $p_t$. `theta` may have any shape, and
# belongs to the caller. With empty lists the result is `theta`.
#
# *Example.* `np.random.default_rng(1).standard_normal(1)` is `[0.3456]`. So `replay(np.array([1.]), [1], [2.], 0.1)` is
# $1 - 0.1 \cdot 2 \cdot 0.3456 = 0.9309$, returned as `[0.9309]`.


# %% id="replay" tags=["answer"]
def replay(theta, seeds, scalars, lr):
    """Parameters after one step for each pair of seed and scalar, in order: theta any shape; returns the same shape."""
    ### BEGIN SOLUTION
    for seed, scalar in zip(seeds, scalars, strict=True):
        z = np.random.default_rng(seed).standard_normal(theta.shape)
        theta = theta - lr * scalar * z
    return theta
    ### END SOLUTION


# %% id="replay-check" tags=["check"]
check("11.replay", replay)

# %% [markdown] id="end"
# ## Your points
#
# The sum of the checks above. Questions that have not passed yet are listed.

# %% id="score"
score("11")
