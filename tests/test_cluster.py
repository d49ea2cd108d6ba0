"""The parallel cell of lesson 03, as it stands, on a dask cluster of two workers in processes of their own."""

from pathlib import Path

import nbformat
import numpy as np
from dask.distributed import Client, LocalCluster
from joblib import parallel_config

LESSON = Path(__file__).parents[1] / "notebooks" / "03_stochastic_gradients.ipynb"


def test_the_call_of_the_lesson_goes_to_a_cluster_unchanged():
    cells = {cell.id: cell.source for cell in nbformat.read(LESSON, as_version=4).cells}
    names = {"__name__": "lesson"}  # cannot be imported, so its functions travel by value, as those of a notebook
    exec(cells["setup"], names)
    exec(cells["question"], names)
    cluster = LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None)
    with cluster, Client(cluster) as client, parallel_config(backend="dask"):
        exec(cells["parallel"], names)
        done = client.run(lambda dask_worker: dask_worker.state.executed_count)
    assert np.allclose(names["theta"], names["alone"])
    assert len(done) == 2
    assert sum(done.values()) >= 10  # ten steps, their parts in batches as joblib sees fit
