import json

import numpy as np
import pytest
import torch

import fathom
from fathom.core.random import default_generator
from fathom.data import (
    BatchSampler,
    DataLoader,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    default_collate,
)
from tests.data.worker_datasets import Numbers, Share


def seeded(seed=0):
    return fathom.Generator().manual_seed(seed)


def served(loader):
    return [batch.tolist() for batch in loader]


@pytest.mark.parametrize("count", [0, 1, 6, 7])
@pytest.mark.parametrize("batch_size", [1, 3, 10])
@pytest.mark.parametrize("drop_last", [False, True])
def test_batches_are_pytorchs(count, batch_size, drop_last):
    ours = DataLoader(Numbers(count), batch_size, drop_last=drop_last)
    theirs = torch.utils.data.DataLoader(Numbers(count), batch_size, drop_last=drop_last)
    assert served(ours) == served(theirs)
    assert len(ours) == len(theirs)


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("batch_size", [2, None])
def test_batches_of_an_iterable_dataset_are_pytorchs(batch_size, drop_last):
    if batch_size is None and drop_last:
        return

    class Five(torch.utils.data.IterableDataset):
        def __iter__(self):
            return iter(range(5))

        def __len__(self):
            return 5

    ours = DataLoader(Share(5), batch_size, drop_last=drop_last)
    theirs = torch.utils.data.DataLoader(Five(), batch_size, drop_last=drop_last)
    assert len(ours) == len(theirs)
    flat = [np.asarray(batch).tolist() for batch in ours]
    assert flat == [np.asarray(batch).tolist() for batch in theirs]


def test_without_batches_samples_come_one_by_one():
    assert list(DataLoader(Numbers(3), batch_size=None)) == [0, 1, 2]
    arrays = DataLoader([np.ones(2), np.zeros(2)], batch_size=None)
    assert [sample.tolist() for sample in arrays] == [[1, 1], [0, 0]]


def test_shuffling_is_decided_by_the_generator_and_new_in_each_pass():
    loader = DataLoader(Numbers(20), 4, shuffle=True, generator=seeded(3))
    first, second = served(loader), served(loader)
    assert sorted(sum(first, [])) == list(range(20))
    assert first != second
    again = DataLoader(Numbers(20), 4, shuffle=True, generator=seeded(3))
    assert [served(again), served(again)] == [first, second]


def test_without_a_generator_manual_seed_decides():
    fathom.manual_seed(5)
    first = served(DataLoader(Numbers(20), 4, shuffle=True))
    fathom.manual_seed(5)
    assert served(DataLoader(Numbers(20), 4, shuffle=True)) == first


def test_tensors_are_served_by_whole_batches():
    x, y = fathom.arange(20).reshape(10, 2).to(dtype="float32"), fathom.arange(10)
    loader = DataLoader(TensorDataset(x, y), 4, shuffle=True, generator=seeded())
    seen = []
    for batch in loader:
        assert isinstance(batch, list)
        rows, numbers = batch
        assert (rows[:, 0] == numbers * 2).all()
        seen += numbers.tolist()
    assert sorted(seen) == list(range(10))


def test_the_fast_path_serves_what_the_slow_one_does():
    dataset = Subset(TensorDataset(fathom.arange(10) * 3), [1, 3, 5, 7])
    fast = DataLoader(dataset, 3)
    slow = DataLoader(dataset, 3, collate_fn=lambda rows: default_collate(rows))
    assert [b[0].tolist() for b in fast] == [b[0].tolist() for b in slow] == [[3, 9, 15], [21]]


def test_many_samples_at_once_are_asked_of_a_dataset_that_can():
    class Together(Numbers):
        def __getitems__(self, indices):
            return [index * 10 for index in indices]

    assert served(DataLoader(Together(4), 3)) == [[0, 10, 20], [30]]


def test_samplers_and_batch_samplers_decide_on_the_order():
    backwards = DataLoader(Numbers(5), 2, sampler=[4, 3, 2, 1, 0])
    assert served(backwards) == [[4, 3], [2, 1], [0]]
    by_batches = DataLoader(Numbers(5), batch_sampler=[[0, 4], [2]])
    assert served(by_batches) == [[0, 4], [2]]
    assert len(by_batches) == 2
    assert by_batches.batch_size is None


def test_a_collate_function_makes_the_batch():
    assert list(DataLoader(Numbers(4), 2, collate_fn=sum)) == [1, 5]


def test_attributes_are_pytorchs():
    loader = DataLoader(Numbers(4), 2, shuffle=True, pin_memory=False)
    assert isinstance(loader.sampler, RandomSampler)
    assert isinstance(loader.batch_sampler, BatchSampler)
    assert (loader.batch_size, loader.drop_last, loader.num_workers) == (2, False, 0)
    assert isinstance(DataLoader(Numbers(4)).sampler, SequentialSampler)


def test_two_passes_at_once_do_not_disturb_each_other():
    loader = DataLoader(Numbers(6), 2)
    assert [(a.tolist(), b.tolist()) for a, b in zip(loader, loader)] == [
        ([0, 1], [0, 1]),
        ([2, 3], [2, 3]),
        ([4, 5], [4, 5]),
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch_size must be an int above 0, got 0"),
        ({"batch_size": 2.5}, "batch_size must be an int above 0, got 2.5"),
        ({"batch_size": None, "drop_last": True}, "drop_last means nothing"),
        ({"sampler": [0], "shuffle": True}, "sampler and shuffle exclude each other"),
        ({"batch_sampler": [[0]], "batch_size": 2}, "batch_sampler excludes batch_size"),
        ({"batch_sampler": [[0]], "shuffle": True}, "batch_sampler excludes"),
        ({"num_workers": -1}, "num_workers must be 0 or more, got -1"),
        ({"timeout": -1}, "timeout must be 0 or more seconds, got -1"),
        ({"prefetch_factor": 2}, "prefetch_factor=2 needs num_workers above 0"),
        ({"persistent_workers": True}, "persistent_workers needs num_workers above 0"),
        ({"worker_kind": "fibre"}, "worker_kind must be one of"),
    ],
)
def test_arguments_that_contradict_each_other_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        DataLoader(Numbers(4), **options)


@pytest.mark.parametrize("options", [{"shuffle": True}, {"sampler": [0]}, {"batch_sampler": [[0]]}])
def test_an_iterable_dataset_decides_on_its_own_order(options):
    with pytest.raises(ValueError, match="an IterableDataset decides on its own order"):
        DataLoader(Share(4), **options)


def test_an_iterable_dataset_without_a_length_has_none():
    class Endless(IterableDataset):
        pass

    with pytest.raises(TypeError, match="Endless has no length"):
        len(DataLoader(Endless()))


# ---- going on where a pass stood -----------------------------------------------------------------

SAMPLERS = {
    "in order": lambda generator: {},
    "shuffled": lambda generator: {"shuffle": True, "generator": generator},
    "shuffled by the default generator": lambda generator: {"shuffle": True},
    "a sampler's own generator": lambda generator: {
        "sampler": WeightedRandomSampler(range(1, 21), 20, generator=generator)
    },
    "a batch sampler's own generator": lambda generator: {
        "batch_size": 1,
        "batch_sampler": BatchSampler(SubsetRandomSampler(range(20), generator), 4, False),
    },
}


def state_of_all(loader):
    """What a program saves: the loader's state, and that of the default generator."""
    return json.dumps([loader.state_dict(), default_generator.get_state().tolist()])


def restored(loader, saved):
    """A new program's loader with what was saved."""
    state, default = json.loads(saved)
    default_generator.set_state(fathom.tensor(default))
    loader.load_state_dict(state)
    return loader


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("stop", [1, 3, 5, 6, 14, 15])
@pytest.mark.parametrize("order", SAMPLERS)
def test_a_loaded_loader_goes_on_with_the_next_batch(order, stop, workers):
    def loader(seed):
        options = {"batch_size": 4} | SAMPLERS[order](seeded(seed))
        return DataLoader(Numbers(20), num_workers=workers, worker_kind="thread", **options)

    fathom.manual_seed(6)
    whole = loader(seed=1)
    batches, saved = [], None
    for _ in range(3):  # passes of five batches
        for batch in whole:
            batches.append(batch.tolist())
            if len(batches) == stop:
                saved = state_of_all(whole)
    fathom.manual_seed(99)
    other = restored(loader(seed=77), saved)
    rest = [batch for _ in range((stop - 1) // 5, 3) for batch in served(other)]
    assert rest == batches[stop:]


@pytest.mark.parametrize("order", SAMPLERS)
def test_a_state_between_two_passes_begins_the_next(order):
    def loader(seed):
        return DataLoader(Numbers(20), **({"batch_size": 4} | SAMPLERS[order](seeded(seed))))

    fathom.manual_seed(6)
    whole = loader(seed=1)
    served(whole)
    saved = state_of_all(whole)
    second, third = served(whole), served(whole)
    fathom.manual_seed(99)
    other = restored(loader(seed=77), saved)
    assert [served(other), served(other)] == [second, third]


def test_a_pass_that_was_resumed_can_be_saved_and_resumed_again():
    def loader(seed):
        return DataLoader(Numbers(20), 4, shuffle=True, generator=seeded(seed))

    whole = served(loader(1))
    state, seen = None, []
    for seed in range(1, 6):  # every program serves one batch, and is ended
        one = loader(seed)
        if state is not None:
            one.load_state_dict(json.loads(state))
        seen.append(next(iter(one)).tolist())
        state = json.dumps(one.state_dict())
    assert seen == whole


def test_the_state_is_of_the_pass_that_began_last():
    loader = DataLoader(Numbers(20), 4)
    first, second = iter(loader), iter(loader)
    next(second)
    next(first)
    next(first)
    assert loader.state_dict()["served"] == 1


def test_a_state_that_was_loaded_but_not_yet_used_is_the_state():
    passing = DataLoader(Numbers(20), 4, shuffle=True, generator=seeded())
    next(iter(passing))
    state = passing.state_dict()
    other = DataLoader(Numbers(20), 4, shuffle=True, generator=seeded(1))
    other.load_state_dict(state)
    assert other.state_dict() == state


def test_an_iterable_dataset_goes_on_where_it_stood():
    whole = DataLoader(Share(10), 3)
    passing = iter(whole)
    first = [next(passing).tolist() for _ in range(2)]
    other = DataLoader(Share(10), 3)
    other.load_state_dict(whole.state_dict())
    assert first + served(other) == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9]]


def test_a_state_of_another_kind_of_loader_is_refused():
    state = DataLoader(Numbers(4), shuffle=True, generator=seeded()).state_dict()
    with pytest.raises(ValueError, match="the states of 1 generators"):
        DataLoader(Numbers(4)).load_state_dict(state)
    with pytest.raises(ValueError, match="expected 'served'"):
        DataLoader(Numbers(4)).load_state_dict({})


def test_utils_data_has_pytorchs_names():
    import fathom.utils.data

    for name in fathom.utils.data.__all__:
        assert hasattr(torch.utils.data, name)
        assert getattr(fathom.utils.data, name) is getattr(fathom.data, name)
