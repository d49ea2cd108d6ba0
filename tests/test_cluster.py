"""The parallel cells of lessons 03 and 11, as they stand, on dask clusters of two workers in processes of their own."""

from pathlib import Path

import nbformat
import numpy as np
from dask.distributed import Client, LocalCluster
from joblib import parallel_config

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


def run(notebook: str, *ids: str) -> tuple[dict, int]:
    """Run cells of a lesson, the last one on the cluster; return their names and how many tasks the workers did."""
    cells = {cell.id: cell.source for cell in nbformat.read(NOTEBOOKS / notebook, as_version=4).cells}
    names = {"__name__": "lesson"}  # cannot be imported, so its functions travel by value, as those of a notebook
    for each in ids[:-1]:
        exec(cells[each], names)
    cluster = LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None)
    with cluster, Client(cluster) as client, parallel_config(backend="dask"):
        exec(cells[ids[-1]], names)
        done = client.run(lambda dask_worker: dask_worker.state.executed_count)
    assert len(done) == 2
    return names, sum(done.values())


def test_the_gradient_of_lesson_03_goes_to_a_cluster_unchanged():
    names, done = run("03_stochastic_gradients.ipynb", "setup", "question", "parallel")
    assert np.allclose(names["theta"], names["alone"])
    assert done >= 10  # ten steps, their parts in batches as joblib sees fit


def test_the_population_of_lesson_11_goes_to_a_cluster_unchanged():
    names, done = run("11_evolution_strategies.ipynb", "setup", "cart", "parallel")
    here = names["minimize"](names["fallen"], names["weak"], **names["options"])
    for there in (names["alone"], names["together"]):
        assert np.array_equal(there.history["x"], here.history["x"])
        assert np.array_equal(there.history["value"], here.history["value"])
    assert done >= 10  # twice the start and five generations, in batches as joblib sees fit
