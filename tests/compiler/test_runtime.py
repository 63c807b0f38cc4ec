"""Programs run in forked processes, in Python threads, interrupted, on more threads than cores, and for long."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import fathom
import fathom.nn.functional as F
from fathom import nn, optim
from fathom.compiler.cache import code_folder
from fathom.compiler.threads import get_num_threads, set_num_threads

WAIT = 120  # seconds that a busy machine may take for what takes one
ROOT = Path(__file__).parents[2]
POSIX = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
# Python warns of what is tested here: a fork while other threads run.
FORKS = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
LINUX = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads /proc")


@pytest.fixture
def threads():
    """Set the number of threads; afterwards it is what it was."""
    before = get_num_threads()
    yield set_num_threads
    set_num_threads(before)


def large(a):
    """Enough work that other threads help: two products of matrices with a reduction between them."""
    b = (a @ a.T).tanh()
    return (b @ a).sum(1) + b.sum(0)


def numbers(seed=0):
    return fathom.randn(160, 160, generator=fathom.Generator().manual_seed(seed))


def training(D=8):
    """A model and its compiled training step."""
    fathom.manual_seed(0)
    model = nn.Sequential(nn.Linear(D, 16), nn.Tanh(), nn.Dropout(0.1), nn.Linear(16, 3))
    updates = optim.Adam(model.parameters(), lr=0.001)

    @fathom.compile
    def step(x, y):
        updates.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        updates.step()
        return loss

    return model, step


def example(D=8, N=4):
    g = fathom.Generator().manual_seed(1)
    return fathom.randn(N, D, generator=g), fathom.randint(3, (N,), generator=g)


def in_child(check) -> int:
    """The exit status of a forked process that runs `check`: 0 if it is true, 1 if not, 2 after an error."""
    child = os.fork()
    if child == 0:
        status = 2
        try:
            status = 0 if check() else 1
        finally:
            os._exit(status)
    deadline = time.monotonic() + WAIT
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    raise TimeoutError("the forked process did not end")


# ---- threads ---------------------------------------------------------------------------------------


def test_the_number_of_threads_changes_no_bit(threads):
    f = fathom.compile(large)
    found = []
    for n in (1, 2, 4, 1):
        threads(n)
        found.append(f(numbers()).numpy())
    for y in found:
        np.testing.assert_array_equal(y, found[0])


def test_more_threads_than_cores_finish(threads):
    f = fathom.compile(large)
    threads(1)
    wanted = f(numbers()).numpy()
    threads(8)
    start = time.monotonic()
    for _ in range(100):
        np.testing.assert_array_equal(f(numbers()).numpy(), wanted)
    assert time.monotonic() - start < WAIT


@pytest.mark.parametrize("count", [1, 3])
def test_python_threads_run_the_same_and_different_programs(threads, count):
    threads(count)
    functions = [lambda a, k=k: large(a) * k for k in range(3)]
    compiled = [fathom.compile(f) for f in functions]  # the first calls meet, too
    wanted = {(k, s): functions[k](numbers(s)).numpy() for k in range(3) for s in range(2)}

    def work(n):
        for m in range(12):
            k, s = (n + m) % 3, m % 2
            y = compiled[k](numbers(s)).numpy()
            np.testing.assert_allclose(y, wanted[k, s], rtol=1e-4, atol=1e-3)

    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(work, n) for n in range(6)]:
            done.result(timeout=WAIT)


def test_python_threads_train_one_model_together():
    """As many updates arrive as were made, whoever makes them: each step is one call at a time."""
    total = fathom.zeros(3)

    @fathom.compile
    def add(x):
        total.add_(x)
        return total * 1

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(add, fathom.ones(3)) for _ in range(200)]:
            done.result(timeout=WAIT)
    assert total.tolist() == [200.0] * 3


def test_one_thread_may_trace_while_another_runs():
    """While a function is traced its parameters hold symbols; a call that reads them waits."""
    model, step = training()
    x, y = example()
    step(x, y), step(x, y)
    with ThreadPoolExecutor(2) as pool:
        steps = pool.submit(lambda: [step(x, y).item() for _ in range(300)])
        for n in range(5, 10):  # each size is traced anew
            step(*example(N=n))
        losses = steps.result(timeout=WAIT)
    assert np.isfinite(losses).all()
    assert all(isinstance(p.array, np.ndarray) for p in model.parameters())


# ---- processes -------------------------------------------------------------------------------------


@POSIX
@FORKS
def test_a_forked_process_runs_programs(threads):
    threads(2)
    f = fathom.compile(large)
    wanted = f(numbers()).numpy()

    def check():
        old = f(numbers()).numpy()
        new = fathom.compile(lambda a: large(a) + 1)(numbers()).numpy()
        return np.array_equal(old, wanted) and np.allclose(new, wanted + 1, rtol=1e-5)

    assert [in_child(check) for _ in range(2)] == [0, 0]
    np.testing.assert_array_equal(f(numbers()).numpy(), wanted)


@POSIX
@FORKS
def test_a_process_that_was_forked_during_a_run_is_not_locked(threads):
    threads(2)
    f = fathom.compile(large)
    wanted = f(numbers()).numpy()
    stop = threading.Event()

    def keep_running():
        while not stop.is_set():
            f(numbers())

    runner = threading.Thread(target=keep_running)
    runner.start()
    try:
        for _ in range(10):
            assert in_child(lambda: np.array_equal(f(numbers()).numpy(), wanted)) == 0
    finally:
        stop.set()
        runner.join(timeout=WAIT)


SHARED = """
import sys, numpy, fathom
sys.stdin.readline()  # until all processes are there
f = fathom.compile(lambda a: (a @ a.T).tanh().sum(1) + a.exp().sum(0))
a = fathom.arange(900.0).reshape(30, 30) / 900
print(float(f(a).sum()))
"""


def test_two_processes_fill_a_cold_cache_at_once(tmp_path):
    environment = os.environ | {"FATHOM_CACHE": str(tmp_path), "PYTHONPATH": str(ROOT)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SHARED],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    try:
        for process in processes:
            process.stdin.write("\n")
            process.stdin.flush()
        printed = [process.communicate(timeout=WAIT)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert printed[0] == printed[1] != ""
    assert sorted(path.suffix for path in (tmp_path / "code").iterdir()) == [".json", ".o"]


# ---- interruption ----------------------------------------------------------------------------------


@POSIX
def test_ctrl_c_arrives_and_the_program_is_usable_afterwards(threads):
    threads(2)
    f = fathom.compile(large)
    wanted = f(numbers()).numpy()
    raised = 0
    for _ in range(20):
        timer = threading.Timer(0.02, os.kill, (os.getpid(), signal.SIGINT))
        try:
            timer.start()
            deadline = time.monotonic() + WAIT
            while time.monotonic() < deadline:
                f(numbers())
        except KeyboardInterrupt:
            raised += 1
        finally:
            timer.join()
        np.testing.assert_array_equal(f(numbers()).numpy(), wanted)
    assert raised == 20


# ---- for long ---------------------------------------------------------------------------------------


def resident() -> int:
    """The bytes of memory that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@LINUX
@pytest.mark.parametrize(
    ("steps", "count"),
    [(2_000, 2), *[pytest.param(10_000, n, marks=pytest.mark.slow) for n in (1, 2)]],
)
def test_thousands_of_steps_leak_nothing(threads, steps, count, monkeypatch):
    threads(count)
    monkeypatch.setattr("fathom.compiler.native.SMALL", 0)  # helpers take part in the smallest step
    _, step = training()
    x, y = example()
    tracemalloc.start()
    try:
        for _ in range(500):
            step(x, y)
        gc.collect()
        python, whole = tracemalloc.get_traced_memory()[0], resident()
        for _ in range(steps):
            step(x, y)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - python
    finally:
        tracemalloc.stop()
    assert grown < 50_000  # bytes; one object for each step would be more
    assert resident() - whole < 4_000_000


@LINUX
def test_programs_that_are_gone_give_their_memory_back():
    def once():
        f = fathom.compile(lambda a: a * 2 + 1)
        f(fathom.ones(1000, 1000))

    for _ in range(3):
        once()
    gc.collect()
    before = resident()
    for _ in range(20):
        once()
    gc.collect()
    assert resident() - before < 40_000_000  # ten arrays, of the twenty times two that were made
    assert code_folder().exists()
