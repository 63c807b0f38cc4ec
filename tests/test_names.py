"""The small name spaces: cuda, random, the typed constructors, out of PyTorch's older names."""

from __future__ import annotations

import pytest

import fathom


@pytest.mark.skipif(fathom.cuda.is_available(), reason="this machine has a GPU")
def test_without_a_gpu_cuda_answers_and_refuses():
    assert fathom.cuda.device_count() == 0
    assert fathom.cuda.memory_allocated() == 0
    fathom.cuda.empty_cache()
    fathom.cuda.manual_seed_all(1)
    for call in (fathom.cuda.synchronize, fathom.cuda.current_device, fathom.cuda.get_device_name):
        with pytest.raises(RuntimeError, match=r'pip install "fathom-dl\[cuda\]"'):
            call()


def test_a_fork_of_the_random_numbers_leaves_no_trace():
    fathom.manual_seed(0)
    with fathom.random.fork_rng():
        fathom.rand(5)
    after = fathom.rand(2)
    fathom.manual_seed(0)
    assert fathom.rand(2).tolist() == after.tolist()


def test_typed_constructors_make_and_know_their_tensors():
    x = fathom.LongTensor([1, 2])
    assert x.dtype is fathom.int64
    assert isinstance(x, fathom.LongTensor)
    assert not isinstance(x, fathom.FloatTensor)
    assert fathom.FloatTensor(2, 3).shape == (2, 3)
    assert fathom.DoubleTensor(fathom.ones(2)).dtype is fathom.float64
    assert fathom.BoolTensor([]).shape == (0,)


def test_type_takes_older_names_too():
    x = fathom.ones(2)
    for name in ("torch.LongTensor", "fathom.LongTensor", fathom.LongTensor, fathom.int64, "int64"):
        assert x.type(name).dtype is fathom.int64
    with pytest.raises(ValueError, match="invalid type 'torch.WordTensor'"):
        x.type("torch.WordTensor")


def test_the_default_type_is_chosen_by_name():
    try:
        fathom.set_default_tensor_type("torch.DoubleTensor")
        assert fathom.ones(1).dtype is fathom.float64
    finally:
        fathom.set_default_tensor_type(fathom.FloatTensor)
    assert fathom.ones(1).dtype is fathom.float32
    with pytest.raises(TypeError, match="torch.IntTensor"):
        fathom.set_default_tensor_type("torch.IntTensor")
    with pytest.raises(TypeError, match="not a floating-point dtype"):
        fathom.set_default_tensor_type(fathom.LongTensor)


@pytest.mark.parametrize("name", ["linalg", "fft", "special", "cuda", "random"])
def test_every_name_listed_is_there(name):
    module = getattr(fathom, name)
    assert all(hasattr(module, listed) for listed in getattr(module, "__all__", []))


def test_switches_of_training_scripts_are_accepted():
    fathom.backends.cudnn.benchmark = True
    fathom.use_deterministic_algorithms(True)
    assert fathom.are_deterministic_algorithms_enabled()
    assert not fathom.backends.mps.is_available()


def test_layouts_are_words_that_change_no_value():
    x = fathom.ones(1, 2, 2, 2)
    assert (
        x.to(memory_format=fathom.channels_last).contiguous(memory_format=fathom.contiguous_format)
        is x
    )
    assert x.layout is fathom.strided
    assert repr(fathom.channels_last) == "fathom.channels_last"
