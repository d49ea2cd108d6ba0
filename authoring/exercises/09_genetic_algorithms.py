# %% [markdown] id="title"
# # 09 Exercise: genetic algorithms
#
# You will write the parts of which every genetic algorithm is made: selection, crossover, mutation and the next
# generation, and the trial vector of differential evolution. Each answer is one to six lines of NumPy. Lesson
# [09](../notebooks/09_genetic_algorithms.ipynb) explains everything that is asked here.

# %% [markdown] id="how"
# ## How it works
#
# - Replace the line `raise NotImplementedError(...)` by your code. Keep the line with `def`.
# - Run your cell, then the cell below it. It tries your function on several cases and shows the points.
#   You may try as often as you like.
# - Stuck? Open the hints under the question, one after the other.
#
# **Shapes, everywhere.** A population has shape (n, d): $n$ points, each of $d$ numbers, its *genes*. `values` has shape (n,):
# the objective at each point; lower is better. `mask` is an array of True and False, shape (d,). `rng` is a
# `numpy.random.Generator`: take every random number from it. The arrays you are given belong to the caller: leave them
# unchanged.

# %% id="setup"
import numpy as np

from ngo_lesson.questions import check, score

# %% [markdown] id="tournament-question" tags=["question", "A07", "F21"]
# ## 1. Who becomes a parent?
#
# In a *tournament*, a few contestants are drawn at random, and the best of them becomes a parent. A small tournament
# gives weak points a chance, a large one hardly any. Only the order of the values matters.
#
# Write `tournament(values, size, rng)`. It draws `size` different contestants (at most n), each set with the same chance, and returns the
# index, in `values`, of the contestant with the smallest value.
#
# *Example.* `values = [3., 1., 2.]`, `size = 2`. If the contestants 0 and 2 are drawn, the winner is 2. With `size = 3`
# it is always 1.


# %% id="tournament" tags=["answer"]
def tournament(values, size, rng):
    """Index of the smallest value among `size` different contestants drawn at random: values (n,); returns an int."""
    ### BEGIN SOLUTION
    drawn = rng.choice(len(values), size=size, replace=False)
    return drawn[np.argmin(values[drawn])]
    ### END SOLUTION


# %% id="tournament-check" tags=["check"]
check("09.tournament", tournament)

# %% [markdown] id="crossover-question" tags=["question", "A07", "F21"]
# ## 2. Two parents, two children
#
# *One-point crossover* cuts both parents at the same position and exchanges what comes after it. *Uniform crossover*
# decides gene by gene. In both, every gene of the parents lives on in exactly one child.
#
# Write two functions. Each returns two **new** arrays, `(first, second)`, of the parents' type (bits, integers or floats):
#
# - `one_point(a, b, cut)`: the first child takes its first `cut` genes from `a` and the rest from `b`, the second child
#   the other way round; $0 \le$ cut $\le d$;
# - `uniform(a, b, mask)`: the first child takes a gene from `a` where the mask is true and from `b` elsewhere, the
#   second child the other way round.
#
# *Example.* `a = [1, 2, 3]`, `b = [7, 8, 9]`. `one_point(a, b, 1)` is `([1, 8, 9], [7, 2, 3])`. With
# `mask = [True, False, True]`, `uniform(a, b, mask)` is `([1, 8, 3], [7, 2, 9])`.


# %% id="crossover" tags=["answer"]
def one_point(a, b, cut):
    """Two children of parents a and b, both (d,), who exchange their genes from position `cut` on."""
    ### BEGIN SOLUTION
    first = np.concatenate([a[:cut], b[cut:]])
    second = np.concatenate([b[:cut], a[cut:]])
    return first, second
    ### END SOLUTION


def uniform(a, b, mask):
    """Two children of parents a and b, both (d,); the first takes from a where the mask is true."""
    ### BEGIN SOLUTION
    return np.where(mask, a, b), np.where(mask, b, a)
    ### END SOLUTION


# %% id="crossover-check" tags=["check"]
check("09.crossover", one_point, uniform)

# %% [markdown] id="mutate-question" tags=["question", "A07", "F21"]
# ## 3. Mutation
#
# Crossover only mixes what is there. *Mutation* brings in what was lost: here it flips some bits, 0 to 1 and 1 to 0.
#
# Write `flip(bits, mask)`, which returns a **new** array in which the bits are flipped where the mask is true. `bits` holds
# either True and False, or the whole numbers 0 and 1; the result has the same type.
#
# *Example.* `flip([1, 0, 1], [False, True, True])` is `[1, 1, 0]`, given as arrays.


# %% id="mutate" tags=["answer"]
def flip(bits, mask):
    """The bits, flipped where the mask is true: bits (d,) of type bool or int; returns an array of the same type."""
    ### BEGIN SOLUTION
    return (bits ^ mask).astype(bits.dtype)
    ### END SOLUTION


# %% id="mutate-check" tags=["check"]
check("09.mutate", flip)

# %% [markdown] id="de-question" tags=["question", "A07"]
# ## 4. Differential evolution
#
# How far should a mutation go? *Differential evolution* takes the answer from the population itself: the difference of two points,
# drawn at random, is added to a third. A wide population makes large steps, a narrow one small steps.
#
# The *mutant* is $v = x_a + F\,(x_b - x_c)$, and the *trial vector* mixes it with the *target* $x_i$, gene by gene:
#
# $$u_j = \begin{cases} v_j & \text{if mask}_j \text{ is true, or } j = \text{forced} \\ x_{ij} & \text{otherwise} \end{cases}$$
#
# The forced gene makes sure that at least one gene comes from the mutant. (This variant is called rand/1/bin.)
#
# Write `de_trial(population, i, a, b, c, F, mask, forced)`, which returns the trial vector of shape (d,). `i`, `a`, `b`,
# `c` are four different rows of the population, `forced` is the position of a gene, and `F` is a float.
#
# *Example.* Rows `[0., 0.]`, `[1., 2.]`, `[4., 6.]`, `[3., 5.]`, `i = 0`, `a = 1`, `b = 2`, `c = 3`, `F = 0.5`. The mutant
# is `[1.5, 2.5]`. With `mask = [False, False]` and `forced = 1` the trial is `[0., 2.5]`.


# %% id="de" tags=["answer"]
def de_trial(population, i, a, b, c, F, mask, forced):
    """Trial vector of DE/rand/1/bin for the target in row i: population (n, d), mask (d,); returns an array (d,)."""
    ### BEGIN SOLUTION
    mutant = population[a] + F * (population[b] - population[c])
    take = mask.copy()
    take[forced] = True
    return np.where(take, mutant, population[i])
    ### END SOLUTION


# %% id="de-check" tags=["check"]
check("09.de", de_trial)

# %% [markdown] id="next-question" tags=["question", "A07"]
# ## 5. The next generation
#
# Children replace parents. But the best point found so far can get lost in that way. *Elitism* keeps the best few
# parents.
#
# Write `next_generation(population, values, children, child_values, elite)`. There are as many children as parents. The
# next generation has the same size $n$: the `elite` best parents (0 to n) and, in the other places, the best children. Return
# `(population, values)` of the new generation. Row and value of a point must belong together; the order of the rows is
# free. All values differ.
#
# *Example.* Parents `[[1.], [2.]]` with values `[5., 3.]`, children `[[8.], [9.]]` with values `[7., 6.]`, `elite = 1`. The
# new generation is `[[2.], [9.]]` with values `[3., 6.]`.


# %% id="next" tags=["answer"]
def next_generation(population, values, children, child_values, elite):
    """The `elite` best parents and the best children, as many as before; returns (population (n, d), values (n,))."""
    ### BEGIN SOLUTION
    old = np.argsort(values)[:elite]
    new = np.argsort(child_values)[: len(values) - elite]
    return (
        np.concatenate([population[old], children[new]]),
        np.concatenate([values[old], child_values[new]]),
    )
    ### END SOLUTION


# %% id="next-check" tags=["check"]
check("09.next", next_generation)

# %% [markdown] id="end"
# ## Your points
#
# The sum of the checks above. Questions that have not passed yet are listed.

# %% id="score"
score("09")
