from __future__ import annotations

import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.serving.pool import ModelPool


class Model:
    def __init__(self, size_bytes=10):
        self.size_bytes = size_bytes

    def predict(self, inputs):
        return list(inputs)


def use(pool, name, size=10, device="cpu"):
    with pool.lease((device, name), lambda: Model(size)) as loaded:
        return loaded.predictor


def test_fifty_sessions_load_one_model():
    pool = ModelPool(100)
    loads = []

    def load():
        loads.append(1)
        time.sleep(0.05)
        return Model()

    def session(_):
        with pool.lease(("cpu", "a"), load) as loaded:
            return loaded.predictor

    with ThreadPoolExecutor(50) as threads:
        found = set(threads.map(session, range(50)))
    assert len(found) == len(loads) == 1


def test_two_models_load_side_by_side():
    pool = ModelPool(100)
    both = threading.Barrier(2, timeout=5)

    def load():
        both.wait()
        return Model()

    def session(name):
        with pool.lease(("cpu", name), load):
            pass

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(session, "ab"))
    assert pool.size_bytes("cpu") == 20


def test_the_least_recently_used_goes_first():
    pool = ModelPool(30)
    for name in "abc":
        use(pool, name)
    use(pool, "a")
    use(pool, "d")
    assert pool.keys() == [("cpu", "c"), ("cpu", "a"), ("cpu", "d")]


def test_what_is_in_use_stays_whatever_its_size():
    pool = ModelPool(15)
    with pool.lease(("cpu", "a"), Model) as held:
        with pool.lease(("cpu", "b"), Model):
            assert pool.size_bytes("cpu") == 20
        assert pool.keys() == [("cpu", "a")]
        assert held.predictor.predict([1]) == [1]
    assert use(pool, "huge", 1000)
    assert pool.keys() == []


def test_each_device_has_its_own_budget():
    pool = ModelPool(10)
    use(pool, "a", device="cpu")
    use(pool, "a", device="cuda:0")
    assert len(pool.keys()) == 2


def test_a_failed_load_reaches_all_who_wait_and_is_tried_again():
    pool = ModelPool(10)
    started = threading.Barrier(3, timeout=5)

    def load():
        time.sleep(0.1)
        raise ValueError("no")

    def session(_):
        started.wait()
        with pytest.raises(ValueError, match="no"), pool.lease(("cpu", "a"), load):
            pass

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(session, range(3)))
    assert use(pool, "a")


def test_an_evicted_model_is_freed():
    pool = ModelPool(10)
    gone = weakref.ref(use(pool, "a"))
    use(pool, "b")
    assert gone() is None


def test_an_error_while_predicting_gives_the_lease_back():
    pool = ModelPool(5)
    with pytest.raises(RuntimeError), pool.lease(("cpu", "a"), Model):
        raise RuntimeError
    assert pool.keys() == []


def test_clear_keeps_what_is_in_use():
    pool = ModelPool(100)
    with pool.lease(("cpu", "a"), Model):
        use(pool, "b")
        pool.clear()
        assert pool.keys() == [("cpu", "a")]


def test_hammered_by_threads_it_keeps_its_accounts():
    pool = ModelPool(25)

    def session(number):
        name = str(number % 7)
        with pool.lease(("cpu", name), Model) as loaded, loaded.lock:
            assert loaded.leases > 0

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(session, range(2000)))
    assert pool.size_bytes("cpu") <= 25
    assert all(model.leases == 0 for model in pool._models.values())
