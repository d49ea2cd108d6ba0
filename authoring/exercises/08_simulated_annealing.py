# %% [markdown] id="title"
# # 08 Exercise: simulated annealing
#
# You will write the rule that accepts a worse point, the temperature that makes it careful, the move that turns a tour
# into another, its change of length in constant time, and the whole loop. Each answer is one to twelve lines. Lesson
# [08](../notebooks/08_simulated_annealing.ipynb) explains everything that is asked here.

# %% [markdown] id="how"
# ## How it works
#
# - Replace the line `raise NotImplementedError(...)` by your code. Keep the line with `def`.
# - Run your cell, then the cell below it. It tries your function on several cases and shows the points.
#   You may try as often as you like.
# - Stuck? Open the hints under the question, one after the other.
# - You may call your earlier functions in later answers.
#
# **Names, everywhere.** Lower values are better. A *tour* is an array of city numbers, each city once; after the last
# city the tour returns to the first. Positions count from 0. `rng` is a `numpy.random.Generator`: take every random
# number from it. What you are given belongs to the caller: leave it unchanged.

# %% id="setup"
import math

import numpy as np

from ngo_lesson.questions import check, score

# %% [markdown] id="accept-question" tags=["question", "A06", "F21"]
# ## 1. The chance of a worse point
#
# Hill climbing stops in the first valley. Annealing accepts some worse points, to get out again. Let $\Delta$ be the
# new value minus the old one, and $T$ the *temperature*. Metropolis' rule accepts with the chance
#
# $$P = \min\left(1, e^{-\Delta / T}\right)$$
#
# A better or equal point ($\Delta \le 0$) is always accepted. A worse one has a chance that falls with $\Delta$ and rises with
# $T$. At $T = 0$ it is never accepted.
#
# The sources name annealing and give no such rule. Without it, a program that only ever accepts better points is hill
# climbing, whatever its name.
#
# Write `acceptance(delta, temperature)`, which returns this chance as one float. Both arguments are floats, the
# temperature is not negative. No case may overflow, however large `delta` is.
#
# *Example.* `acceptance(1., 1.)` is $e^{-1} = 0.3679$; `acceptance(-1., 1.)` is 1.


# %% id="accept" tags=["answer"]
def acceptance(delta, temperature):
    """Chance of accepting a change of the value by delta, at a temperature of 0 or more; returns a float."""
    ### BEGIN SOLUTION
    if delta <= 0:
        return 1.0
    if temperature == 0:
        return 0.0
    return math.exp(-delta / temperature)
    ### END SOLUTION


# %% id="accept-check" tags=["check"]
check("08.accept", acceptance)

# %% [markdown] id="cooling-question" tags=["question", "A06"]
# ## 2. Cooling
#
# Hot at first, to cross hills. Cold at the end, to go to the bottom. *Geometric cooling* multiplies the temperature by the
# same factor in each step.
#
# Write `geometric(T0, T1, k, steps)`, which returns the temperature of step `k` as one float. It is `T0` at `k = 0` and
# `T1` at the last step, `k = steps - 1`. `T0` and `T1` are positive floats, `steps` is at least 2.
#
# *Example.* From 8 to 2 in 3 steps: 8, 4, 2. So `geometric(8., 2., 1, 3)` is 4.


# %% id="cooling" tags=["answer"]
def geometric(T0, T1, k, steps):
    """Temperature of step k of geometric cooling: T0 at k = 0, T1 at k = steps - 1; returns a float."""
    ### BEGIN SOLUTION
    return T0 * (T1 / T0) ** (k / (steps - 1))
    ### END SOLUTION


# %% id="cooling-check" tags=["check"]
check("08.cooling", geometric)

# %% [markdown] id="two_opt-question" tags=["question", "A06"]
# ## 3. A move for tours
#
# To anneal tours you need a small random change that leads from tour to tour. *2-opt* cuts two edges (the lesson calls them
# legs) and reverses the part between the cuts. If the two edges crossed, they do not any more.
#
# Write `two_opt(tour, i, j)`. It returns a **new** tour in which the cities at positions `i` to `j`, **both included**,
# stand in reverse order. It holds that $0 \le i \le j <$ the number of cities.
#
# *Example.* `two_opt([0, 1, 2, 3, 4, 5], 1, 4)` is `[0, 4, 3, 2, 1, 5]`.


# %% id="two_opt" tags=["answer"]
def two_opt(tour, i, j):
    """A new tour with the cities at positions i to j, both included, in reverse: tour (n,); returns an array (n,)."""
    ### BEGIN SOLUTION
    new = tour.copy()
    new[i : j + 1] = tour[i : j + 1][::-1]
    return new
    ### END SOLUTION


# %% id="two_opt-check" tags=["check"]
check("08.two_opt", two_opt)

# %% [markdown] id="delta-question" tags=["question", "A06"]
# ## 4. The change in constant time
#
# The length of a tour of 418 cities is a sum of 418 distances. But a 2-opt move exchanges only two edges, whatever the
# number of cities: two disappear, and two are new. Whoever adds up the whole tour in each step reads a
# hundred times as many distances.
#
# Write `two_opt_change(distance, tour, i, j)`: by how much the closed tour gets longer (negative if it gets shorter)
# when `two_opt(tour, i, j)` is done. `distance[a, b]` is the distance of the cities `a` and `b`; it is symmetric. Mind
# two things: the tour is closed, so the last city is followed by the first; and when the whole tour is reversed, its length
# does not change. The time must not grow with the number of cities: in one case all distances are NaN (not known) but those
# of the four edges.
#
# *Example.* Four cities at the corners of a square of side 1, numbered around it. The tour `[0, 2, 1, 3]` uses both diagonals.
# `two_opt_change(distance, tour, 1, 2)` is $2 - 2\sqrt 2 = -0.828$.


# %% id="delta" tags=["answer"]
def two_opt_change(distance, tour, i, j):
    """Change of the closed tour's length by two_opt(tour, i, j): distance (n, n), tour (n,); returns a float."""
    ### BEGIN SOLUTION
    n = len(tour)
    if i == 0 and j == n - 1:
        return 0.0
    before, first, last, after = tour[i - 1], tour[i], tour[j], tour[(j + 1) % n]
    new = distance[before, last] + distance[first, after]
    old = distance[before, first] + distance[last, after]
    return new - old
    ### END SOLUTION


# %% id="delta-check" tags=["check"]
check("08.delta", two_opt_change)

# %% [markdown] id="anneal-question" tags=["question", "A06", "A32"]
# ## 5. The loop
#
# Now put it together, for any kind of `x`. In each step, for one `temperature` after the other:
#
# 1. propose a neighbor of the present point: `y = propose(x, rng)`, which leaves `x` as it is;
# 2. evaluate it: one call of `f`;
# 3. draw one number with `rng.random()`, **in every step**, whatever the change;
# 4. if the number is below the acceptance of question 1, `y` becomes the present point. If not, `x` stays.
#
# Write `anneal(f, propose, x, temperatures, rng)`. It returns `(best, value)`: the best point **ever seen**, the start
# included, and its value. The present point at the end is often worse. `f` is called once for the start and once for each temperature.
#
# *Example.* `f(x) = x[0]**2`, `x = [1.]`, `temperatures = [1.]`. If the proposal is `[2.]`, its acceptance is
# $e^{-3} = 0.05$. Accepted or not, the result is `([1.], 1.)`.


# %% id="anneal" tags=["answer"]
def anneal(f, propose, x, temperatures, rng):
    """Simulated annealing from x, one proposal for each temperature; returns (best x ever seen, its value)."""
    ### BEGIN SOLUTION
    value = f(x)
    best, lowest = x, value
    for temperature in temperatures:
        y = propose(x, rng)
        new = f(y)
        if rng.random() < acceptance(new - value, temperature):
            x, value = y, new
        if value < lowest:
            best, lowest = x, value
    return best, lowest
    ### END SOLUTION


# %% id="anneal-check" tags=["check"]
check("08.anneal", anneal)

# %% [markdown] id="end"
# ## Your points
#
# The sum of the checks above. Questions that have not passed yet are listed.

# %% id="score"
score("08")
