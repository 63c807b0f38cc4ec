"""DataLoader's workers: order, errors, deaths, and that nothing stays behind."""

import gc
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import threading
import time

import pytest

import fathom
from fathom.data import DataLoader, TensorDataset, get_worker_info
from tests.data import worker_datasets as sets

KINDS = ["process", "thread"]


@pytest.fixture(autouse=True)
def nothing_stays_behind():
    yield
    gc.collect()
    assert multiprocessing.active_children() == []


def seeded(seed=0):
    return fathom.Generator().manual_seed(seed)


def served(loader):
    return [batch.tolist() for batch in loader]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("workers", [1, 3])
def test_the_order_does_not_depend_on_the_workers(kind, workers):
    expected = served(DataLoader(sets.Numbers(11), 2, shuffle=True, generator=seeded()))
    loader = DataLoader(
        sets.Numbers(11), 2, True, num_workers=workers, generator=seeded(), worker_kind=kind
    )
    assert served(loader) == expected


def test_the_random_numbers_of_a_dataset_do_not_depend_on_the_number_of_processes():
    def numbers(workers):
        loader = DataLoader(sets.Draws(8), 2, num_workers=workers, generator=seeded())
        return [[values.tolist() for values in batch] for batch in loader]

    one, three = numbers(1), numbers(3)
    assert one == three
    flat = [value for batch in one for values in batch for value in values]
    assert len(set(flat)) == len(flat)


def test_a_pass_resumed_by_processes_draws_the_same_random_numbers():
    def loader(seed):
        return DataLoader(sets.Draws(8), 2, True, num_workers=2, generator=seeded(seed))

    def numbers(batches):
        return [[values.tolist() for values in batch] for batch in batches]

    whole = loader(seed=1)
    passing = iter(whole)
    next(passing)
    state = whole.state_dict()
    rest = numbers(passing)
    other = loader(seed=2)
    other.load_state_dict(state)
    assert numbers(other) == rest


@pytest.mark.parametrize("kind", KINDS)
def test_every_worker_knows_which_it_is(kind):
    loader = DataLoader(sets.WorkerOfEach(8), 2, num_workers=2, worker_kind=kind)
    indices, ids, counts, own, processes = (
        sum(parts, []) for parts in zip(*([v.tolist() for v in batch] for batch in loader))
    )
    assert indices == list(range(8))
    assert ids == [0, 0, 1, 1, 0, 0, 1, 1]
    assert counts == [2] * 8
    assert all(own)
    assert len(set(processes)) == (2 if kind == "process" else 1)
    assert (os.getpid() in processes) == (kind == "thread")
    assert get_worker_info() is None


def test_tensors_come_whole_from_processes():
    x = fathom.arange(12).reshape(6, 2).to(dtype="float32")
    loader = DataLoader(TensorDataset(x, fathom.arange(6)), 4, num_workers=1)
    batches = list(loader)
    assert [type(batch) for batch in batches] == [list, list]
    assert fathom.cat([rows for rows, _ in batches]).tolist() == x.tolist()
    assert batches[0][0].dtype == x.dtype


@pytest.mark.parametrize("kind", KINDS)
def test_worker_init_fn_runs_in_each_worker_before_its_first_batch(kind):
    dataset = sets.Length(4)
    loader = DataLoader(
        dataset, 2, num_workers=2, worker_init_fn=sets.shift_dataset, worker_kind=kind
    )
    if kind == "process":
        assert served(loader) == [[104, 104], [204, 204]]
        assert dataset.count == 4
    else:  # one dataset, shared
        served(loader)
        assert dataset.count == 304


@pytest.mark.parametrize("kind", KINDS)
def test_each_worker_of_an_iterable_dataset_serves_its_share_in_turn(kind):
    loader = DataLoader(sets.Share(9), 2, num_workers=2, worker_kind=kind)
    assert served(loader) == [[0, 2], [1, 3], [4, 6], [5, 7], [8]]


def test_persistent_workers_serve_pass_after_pass_also_after_one_was_left_early():
    loader = DataLoader(sets.WorkerOfEach(8), 2, num_workers=2, persistent_workers=True)

    def processes():
        return {pid for batch in loader for pid in batch[4].tolist()}

    first = processes()
    next(iter(loader))
    assert processes() == first
    indices = [index for batch in loader for index in batch[0].tolist()]
    assert indices == list(range(8))


def test_persistent_workers_of_an_iterable_dataset_begin_anew():
    loader = DataLoader(sets.Share(5), 2, num_workers=2, persistent_workers=True)
    assert served(loader) == served(loader) == [[0, 2], [1, 3], [4]]


# ---- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("trouble", "error", "message"),
    [
        (sets.raises_value_error, ValueError, "five is too much"),
        (sets.raises_key_error, KeyError, "five"),
        (sets.raises_odd_error, sets.OddlyMadeError, "number 5: odd"),
        (sets.raises_local_error, RuntimeError, "LocalError: made on the spot"),
        (sets.exits, RuntimeError, "SystemExit: 3"),
    ],
)
def test_an_error_is_raised_again_with_the_workers_traceback(kind, trouble, error, message):
    loader = DataLoader(sets.Trouble(trouble), 2, num_workers=2, worker_kind=kind)
    passing = iter(loader)
    assert [next(passing).tolist() for _ in range(2)] == [[0, 1], [2, 3]]
    with pytest.raises(error, match=message) as caught:
        next(passing)
    assert "raised in DataLoader worker 0, where\nTraceback" in str(caught.value)
    assert f"in {trouble.__name__}" in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_errors_of_worker_init_fn_and_of_iterable_datasets_arrive_too(kind):
    loader = DataLoader(
        sets.Numbers(), 2, num_workers=2, worker_init_fn=sets.cannot_prepare, worker_kind=kind
    )
    with pytest.raises(RuntimeError, match="worker 0 is not in the mood"):
        next(iter(loader))
    with pytest.raises(ValueError, match="no more where that came from"):
        list(DataLoader(sets.Broken(), 1, num_workers=1, worker_kind=kind))


def test_a_batch_that_cannot_be_sent_is_an_error():
    loader = DataLoader(sets.Unsendable(), 2, num_workers=1, collate_fn=sets.as_they_are)
    with pytest.raises(TypeError, match="cannot pickle 'generator' object"):
        next(iter(loader))


def test_a_dataset_that_cannot_be_sent_says_what_to_do():
    class Local(sets.Numbers):
        pass

    with pytest.raises(RuntimeError, match="top level of a module, or use worker_kind='thread'"):
        next(iter(DataLoader(Local(), num_workers=1)))
    assert served(DataLoader(Local(2), num_workers=1, worker_kind="thread")) == [[0], [1]]


@pytest.mark.parametrize(
    ("trouble", "how"),
    [(sets.is_killed, "killed by SIGKILL"), (sets.exits_at_once, "exit code 7")],
)
def test_a_worker_that_dies_is_an_error_at_once_without_any_timeout(trouble, how):
    loader = DataLoader(sets.Trouble(trouble), 2, num_workers=2)
    with pytest.raises(RuntimeError, match=rf"worker 0 \(pid \d+\) exited unexpectedly: {how}"):
        served(loader)


def test_a_worker_killed_from_outside_while_it_is_waited_for_is_an_error():
    loader = DataLoader(sets.Trouble(sets.hangs), 2, num_workers=1)
    passing = iter(loader)
    assert next(passing).tolist() == [0, 1]
    (child,) = multiprocessing.active_children()
    killer = threading.Timer(0.2, os.kill, (child.pid, signal.SIGKILL))
    killer.start()
    with pytest.raises(RuntimeError, match="killed by SIGKILL"):
        served(passing)
    killer.join()


def test_a_worker_that_hangs_is_a_timeout():
    loader = DataLoader(sets.Trouble(sets.hangs), 2, num_workers=1, timeout=0.5)
    with pytest.raises(RuntimeError, match="timed out after 0.5 seconds of waiting for worker 0"):
        served(loader)


def test_an_abandoned_iterator_ends_its_workers():
    passing = iter(DataLoader(sets.Numbers(100), 2, num_workers=2))
    next(passing)
    assert len(multiprocessing.active_children()) == 2
    del passing
    gc.collect()
    assert multiprocessing.active_children() == []


def test_an_abandoned_loader_ends_its_persistent_workers():
    loader = DataLoader(sets.Numbers(4), 2, num_workers=2, persistent_workers=True)
    served(loader)
    assert len(multiprocessing.active_children()) == 2
    del loader
    gc.collect()
    assert multiprocessing.active_children() == []


PROGRAM = """
import os, signal, sys
from fathom.data import DataLoader, get_worker_info
from tests.data import worker_datasets as sets

if __name__ == "__main__":
    options = dict(num_workers=2, persistent_workers={persistent})
    loader = DataLoader(sets.WorkerOfEach(10_000), 2, **options)
    passing = iter(loader)
    pids = [next(passing)[4][0].item() for _ in range(2)]
    print(*pids, flush=True)
    {ending}
"""


def run_program(tmp_path, ending, persistent=False):
    """Runs PROGRAM; returns its exit status, its errors, and the pids of its workers."""
    script = tmp_path / "program.py"
    script.write_text(PROGRAM.format(ending=ending, persistent=persistent))
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stderr, [int(pid) for pid in done.stdout.split()]


def assert_gone(pids):
    assert len(pids) == 2
    until = time.monotonic() + 20
    for pid in pids:
        while is_running(pid):
            assert time.monotonic() < until, f"worker {pid} is still there"
            time.sleep(0.02)


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = f"/proc/{pid}/status"  # where nobody waits for it, a process that ended is a zombie
    return not os.path.exists(status) or "State:\tZ" not in open_text(status)


def open_text(path):
    with open(path) as file:
        return file.read()


@pytest.mark.parametrize("persistent", [False, True])
def test_a_program_that_ends_with_a_pass_under_way_leaves_no_process(tmp_path, persistent):
    status, errors, pids = run_program(tmp_path, "pass", persistent)
    assert (status, errors) == (0, "")
    assert_gone(pids)


def test_ctrl_c_ends_the_workers_and_is_the_only_error_shown(tmp_path):
    ending = "os.kill(os.getpid(), signal.SIGINT)\n    for batch in passing: pass"
    status, errors, pids = run_program(tmp_path, ending)
    assert status == -signal.SIGINT
    assert re.findall(r"^\w*(?:Error|Interrupt)", errors, re.M) == ["KeyboardInterrupt"]
    assert_gone(pids)


def test_a_program_that_is_killed_leaves_no_worker(tmp_path):
    status, _, pids = run_program(tmp_path, "os.kill(os.getpid(), signal.SIGKILL)")
    assert status == -signal.SIGKILL
    assert_gone(pids)


def test_a_script_without_a_main_guard_is_told_so_and_does_not_hang(tmp_path):
    script = tmp_path / "unguarded.py"
    script.write_text(
        "from fathom.data import DataLoader\n"
        "from tests.data import worker_datasets as sets\n"
        "print(list(DataLoader(sets.Numbers(4), 2, num_workers=1)))\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "must start its work under `if __name__ == '__main__':`" in done.stderr
