"""Searches beside pycma and scipy: evaluations a second, the values they end at, and a tour of all cities.

`python -m benchmarks search` takes 3 seeds and minutes. The long form, `python -m benchmarks.search FILE`, takes 15 and
half an hour: what each run finds is stored in FILE, a JSON object a line, and not sought again. It prints a table of
all methods, then the rows. nevergrad needs an environment of its own, with the course and numpy<2.4 in it: there
`build/nevergrad/bin/python -m benchmarks.search FILE` adds NGOpt to FILE and table, for d = 10 and the first budget.
"""

import argparse
import contextlib
import importlib.util
import itertools
import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
from joblib import Parallel, delayed
from scipy.optimize import differential_evolution, dual_annealing
from threadpoolctl import threadpool_limits

from benchmarks.__main__ import VERDICTS, shown
from benchmarks.timing import medians, row
from benchmarks.updates import short
from ngo_lesson.data import cities
from ngo_lesson.optimize.functions import LANDSCAPES, Landscape
from ngo_lesson.optimize.minimize import minimize
from ngo_lesson.optimize.tours import anneal_tour

CASES = ("sphere", "rosenbrock", "rastrigin", "ackley", "griewank", "schwefel"), (10, 100), (10_000, 100_000)
OURS = ("random", "hill", "one-plus-one", "nelder-mead", "annealing", "ga", "de", "es", "cma", "sep-cma")
PEERS = ("pycma", "scipy DE", "dual_annealing")
NAMESAKES = {"cma": "pycma", "de": "scipy DE", "annealing": "dual_annealing"}
TIE = 1e-8
SHIFTS = 2026  # where the minima lie; taken anew after the methods' defaults had been frozen
PYCMA, NEVERGRAD = (importlib.util.find_spec(name) is not None for name in ("cma", "nevergrad"))
MISSING = "" if PYCMA else "; cma is not installed: pip install -e '.[benchmarks]'"
MOVES = 100_000_000  # of a tour
SHORTEST = 261_958.0  # km, the 418 places of tzdata 2026.6: the best of 10 runs of LKH-3, which elkai 2.0.1 contains


def instance(function: str, d: int, seed: int) -> tuple[Landscape, np.ndarray]:
    """Return the landscape, its minimum moved by up to 0.4 of half the box, and a random point to start from."""
    landscape, rng = LANDSCAPES[function], np.random.default_rng([SHIFTS, seed, d])
    middle, half = (landscape.low + landscape.high) / 2, (landscape.high - landscape.low) / 2
    minimizer = landscape.minimizer(d)
    moved = minimizer + half * rng.uniform(-0.4, 0.4, d)
    moved = np.clip(moved, middle - 0.95 * half, middle + 0.95 * half)
    return landscape.shifted(moved - minimizer), rng.uniform(landscape.low, landscape.high, d)


def run(method: str, fun: Callable, box: np.ndarray, x0: np.ndarray, budget: int, seed: int):
    """Let a method search with its defaults; return its result. Peers may ask for a round more than `budget` allows."""
    if method in OURS:
        return minimize(fun, x0, method=method, bounds=box, budget=budget, seed=seed)
    if method == "scipy DE":
        return differential_evolution(fun, box, x0=x0, rng=seed, polish=False, tol=0, maxiter=budget // (15 * x0.size))
    if method == "dual_annealing":
        return dual_annealing(fun, box, x0=x0, rng=seed, no_local_search=True, maxiter=-(-budget // (2 * x0.size)))
    if method == "pycma":
        import cma

        rng, sigma = np.random.default_rng(seed), 0.3 * (box[0, 1] - box[0, 0])
        options = {"bounds": list(box[0]), "maxfevals": budget, "seed": seed + 1, "verbose": -9, "verb_log": 0}
        starts = itertools.chain([x0], (rng.uniform(*box.T) for _ in itertools.count()))
        return cma.fmin2(fun, lambda: next(starts), sigma, options, restarts=9, bipop=True)[1].result
    import nevergrad

    space = nevergrad.p.Array(init=x0).set_bounds(*box.T)
    space.random_state.seed(seed)
    return nevergrad.optimizers.NGOpt(space, budget).minimize(fun)


class Spent(Exception):  # noqa: N818
    """A peer asks for more than the budget."""


def run_all(function: str, d: int, seed: int, methods: list[str], budgets: tuple[int, ...]) -> list[dict]:
    """Return the lowest values each method finds: ours run once for each budget, peers once, and are looked at."""
    landscape, x0 = instance(function, d, seed)
    fun, box, found = landscape.fun, landscape.bounds(d), []
    for method in methods:
        marks, asked = budgets[:1] if method == "NGOpt" else budgets, []

        def ask(x, asked=asked, most=marks[-1]):
            if len(asked) == most:
                raise Spent
            asked.append(fun(np.ascontiguousarray(x)))
            return asked[-1]

        if method in OURS:
            values = [float(run(method, fun, box, x0, budget, seed).fun) for budget in marks]
        else:
            with contextlib.suppress(Spent):
                run(method, ask, box, x0, marks[-1], seed)
            values = [float(min(asked[:budget])) for budget in marks]
        found.append({"function": function, "d": d, "seed": seed, "method": method, "values": values})
    return found


def final_values(seeds: int, functions: tuple, dimensions: tuple, budgets: tuple, file: Path | None = None) -> dict:
    """Return the median of each method by (function, d, budget); what `file` holds is not sought again."""
    runs = [json.loads(line) for line in file.read_text().splitlines()] if file and file.exists() else []
    done = {(each["function"], each["d"], each["seed"], each["method"]) for each in runs}
    present, tasks, table = [*OURS, *(PEERS if PYCMA else PEERS[1:])], [], defaultdict(lambda: defaultdict(list))
    for seed, function, d in itertools.product(range(seeds), functions, dimensions):
        methods = present + ["NGOpt"] * (NEVERGRAD and d == 10)
        missing = [method for method in methods if (function, d, seed, method) not in done]
        tasks += [delayed(run_all)(function, d, seed, missing, budgets)] if missing else []
    for found in Parallel(n_jobs=2, return_as="generator_unordered")(tasks):
        runs += found
        if file:
            with file.open("a") as lines:
                lines.writelines(json.dumps(each) + "\n" for each in found)
    for each in sorted(runs, key=lambda each: (functions.index(each["function"]), each["d"])):
        for budget, value in zip(budgets, each["values"], strict=False):  # NGOpt has one
            table[each["function"], each["d"], budget][each["method"]].append(value)
    return {case: {method: median(values) for method, values in found.items()} for case, found in table.items()}


def value_rows(table: dict, seeds: int) -> Iterator[dict]:
    """Yield our best method beside the best peer, and each method beside its namesake."""
    for (function, d, budget), found in table.items():
        every = ", ".join(f"{method} {value:.2g}" for method, value in found.items())
        how = f"lowest of {budget:,} values, median of {seeds} seeds; below {TIE:g} all tie; {every}{MISSING}"
        best = min(OURS, key=found.get), min(PEERS, key=found.get) if PYCMA else "the best peer"
        for what, (mine, peer) in (("our best, ", best), *(("", pair) for pair in NAMESAKES.items())):
            theirs = max(found[peer], TIE) if peer in found else None
            name = f"{function}, d = {d}, {short(budget)}: {what}{mine} against {peer}"
            yield row(name, max(found[mine], TIE), theirs, at_least=1, how=how)


def nanoseconds(methods: list[str], d: int, budget: int, repeats: int) -> dict[str, float]:
    """Return the median time an evaluation takes each method; Rosenbrock's valley is longer than the budget."""
    landscape, x0 = instance("rosenbrock", d, 0)
    runs = [partial(run, method, landscape.fun, landscape.bounds(d), x0, budget, 0) for method in methods]
    results = [each() for each in runs]
    asked = [each.evaluations if hasattr(each, "evaluations") else each.nfev for each in results]
    return {method: 1e9 * s / n for method, s, n in zip(methods, medians(*runs, repeats=repeats), asked, strict=True)}


def speeds(repeats: int, budgets: tuple[int, int] = (100_000, 4000)) -> Iterator[dict]:
    """Yield what an evaluation takes; methods without a namesake stand beside the faster one of scipy."""
    how = f"evaluations, compiled Rosenbrock, moved, same box and start, one thread, median of {repeats}"
    ours, peers = ["random", "one-plus-one", "annealing", "de"], ["scipy DE", "dual_annealing"]
    found = nanoseconds(ours + peers, 10, budgets[0], repeats)
    for method in ours:
        peer = NAMESAKES.get(method, min(peers, key=found.get))
        name = f"{method} against {peer}, d = 10, ns an evaluation"
        yield row(name, found[method], found[peer], at_least=100, how=f"{budgets[0]:,} {how}")
    for d, goal in ((10, 30), (100, 10)):
        found = nanoseconds(["cma", "pycma"] if PYCMA else ["cma"], d, budgets[1], repeats)
        name = f"cma against pycma, d = {d}, ns an evaluation"
        yield row(name, found["cma"], found.get("pycma"), at_least=goal, how=f"{budgets[1]:,} {how}{MISSING}")


def tours(seeds: int, moves: int) -> Iterator[dict]:
    """Yield how long a tour of all cities is, and how long it takes to find."""
    distance, lengths, seconds = cities().distance, [], []
    anneal_tour(distance, budget=1000)
    for seed in range(seeds):
        start = time.perf_counter()
        lengths.append(anneal_tour(distance, budget=moves, seed=seed).fun)
        seconds.append(time.perf_counter() - start)
    how = f"{moves:,} moves, median of {seeds} seeds; the shortest known is the best of 10 by LKH-3, {SHORTEST:,.0f} km"
    name = f"{len(distance)} cities, annealing, "
    yield row(f"{name}length over that of the shortest tour known", median(lengths) / SHORTEST, at_most=1.05, how=how)
    yield row(f"{name}seconds", median(seconds), at_most=10, how=how)


def search(seeds: int = 3, repeats: int = 5, moves: int = MOVES, cases: tuple = CASES, **options) -> Iterator[dict]:
    """Yield the rows of this group; `cases` are functions, dimensions and budgets, the options those of `speeds`."""
    yield from speeds(repeats, **options)
    yield from tours(seeds, moves)
    yield from value_rows(final_values(seeds, *cases), seeds)


def main() -> None:
    """Run the long form."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search", description=__doc__)
    parser.add_argument("file", type=Path, metavar="FILE", help="where runs are stored, and sought first")
    table = final_values(15, *CASES, parser.parse_args().file)
    methods = [*OURS, *PEERS, "NGOpt"]
    print("|", " | ".join(["function", "d", "evaluations", *methods]), "|\n|" + "---|" * (3 + len(methods)))
    for (function, d, budget), found in table.items():
        cells = [f"{found[method]:.2g}" if method in found else "-" for method in methods]
        print("|", " | ".join([function, str(d), short(budget), *cells]), "|")
    for each in itertools.chain(speeds(15), tours(15, MOVES), value_rows(table, 15)):
        print(f"{each['name']:<72}{shown(each['ours']):>9}{shown(each['peer']):>9}  {VERDICTS[each['met']]}")


if __name__ == "__main__":
    from benchmarks import search as imported  # helper processes find the functions there, not in __main__

    with threadpool_limits(1):
        imported.main()
