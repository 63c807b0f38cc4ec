"""The catalogue against the real files, and what `load` makes of them."""

import gzip
import shutil

import numpy as np
import pytest

from fathom import data
from fathom.data import catalogue, store

NAMES = [entry.name for entry in data.entries()]


@pytest.mark.parametrize("name", NAMES)
def test_every_entry_says_what_a_user_must_know(name):
    entry = data.entry(name)
    assert entry.title and entry.licence and entry.citation
    assert entry.bytes > 0
    assert entry.downloadable or entry.how_to_get
    for file in entry.everything:
        assert len(file.sha256) == 64
    for file in entry.files:
        assert all(address.startswith(("https://", "http://")) for address in file.addresses)


@pytest.mark.parametrize("name", NAMES)
def test_the_real_files_are_what_the_catalogue_pins(name, data_folder):
    assert len(data.get(name)) == len(data.entry(name).everything)


@pytest.mark.parametrize("name", NAMES)
def test_every_data_set_loads_and_has_a_test_part(name, data_folder):
    loaded = data.load(name)
    assert loaded.name == name
    assert len(loaded.test) > 0


def test_an_unknown_name_names_those_that_come_close():
    with pytest.raises(data.UnknownDataError, match="'fashion-minst'; did you mean fashion-mnist"):
        data.load("fashion-minst")
    with pytest.raises(data.UnknownDataError, match="there are digits, fashion-mnist"):
        data.get("zzz")


def test_digits_come_with_fathom_and_need_neither_network_nor_folder(no_data):
    digits = data.load("digits")
    assert digits.train.images.shape == (1442, 1, 8, 8)
    assert digits.test.images.shape == (355, 1, 8, 8)
    assert digits.train.images.dtype == np.uint8
    assert digits.train.images.max() == 255
    assert digits.classes == tuple("0123456789")
    assert np.bincount(digits.test.labels).min() >= 34
    assert not no_data.exists()


def test_the_bundled_digits_are_small():
    size = sum(path.stat().st_size for path in data.get("digits"))
    assert size < 100_000


def test_fashion_mnist_has_its_known_mean_and_deviation(data_folder):
    fashion = data.load("fashion-mnist")
    assert fashion.train.images.shape == (60_000, 1, 28, 28)
    assert fashion.test.images.shape == (10_000, 1, 28, 28)
    assert np.bincount(fashion.train.labels).tolist() == [6000] * 10
    assert fashion.mean == (pytest.approx(0.2860, abs=5e-5),)
    assert fashion.std == (pytest.approx(0.3530, abs=5e-5),)


def test_images_as_tensors_lie_in_0_to_1_or_are_normalised():
    digits = data.load("digits")
    plain, labels = digits.dataset("train").tensors
    assert (plain.min().item(), plain.max().item()) == (0, 1)
    assert labels.dtype == plain.to(dtype="int64").dtype
    normal = digits.dataset("train", normalise=True).tensors[0].numpy()
    assert abs(normal.mean()) < 1e-5
    assert abs(normal.std() - 1) < 1e-5


def test_normalising_uses_the_training_part_for_every_part(data_folder):
    cifar = data.load("cifar-10-small")
    pixels = cifar.test.images.astype(np.float64) / 255
    mean, std = (np.array(values)[:, None, None] for values in (cifar.mean, cifar.std))
    normal = cifar.dataset("test", normalise=True).tensors[0].numpy()
    np.testing.assert_allclose(normal, (pixels - mean) / std, rtol=1e-4, atol=1e-5)


def test_california_housing_has_no_missing_feature_left(data_folder):
    housing = data.load("california-housing")
    assert np.isnan(housing.train["total_bedrooms"]).sum() > 100
    x, y = housing.dataset("train").tensors
    assert x.shape == (16_512, 13)
    assert y.shape == (16_512, 1)
    assert np.isfinite(x.numpy()).all()
    scaled = housing.dataset("train", scale_target=True).tensors[1].numpy()
    assert abs(scaled.mean()) < 1e-5
    assert abs(scaled.std() - 1) < 1e-5


def test_titanic_is_a_question_of_two_classes(data_folder):
    titanic = data.load("titanic")
    x, y = titanic.dataset("test").tensors
    assert len(x) == len(y) == 178
    assert sorted(set(y.tolist())) == [0, 1]
    assert titanic.classes == ("died", "survived")
    assert titanic.encoder.names[4:7] == ["Pclass=1", "Pclass=2", "Pclass=3"]


def test_texts_are_whole(data_folder):
    assert len(data.load("tiny-shakespeare").text) == 1_115_394
    assert data.load("time-machine").train.startswith("The Time Machine, by H. G. Wells")
    wikitext = data.load("wikitext-2")
    assert len(wikitext.valid.split()) + wikitext.valid.count("\n") == pytest.approx(217_646, 1e-3)


def test_pairs_and_labelled_sentences(data_folder):
    pairs = data.load("eng-fra")
    assert (len(pairs.train.sources), len(pairs.test.targets)) == (4500, 500)
    assert (pairs.train.sources[0], pairs.train.targets[0]) == ("Go.", "Va !")
    reviews = data.load("sst2")
    assert [len(reviews.part(part).texts) for part in ("train", "valid", "test")] == [
        6920,
        872,
        1821,
    ]
    assert set(reviews.train.labels.tolist()) == {0, 1}


def test_sounds_and_names(data_folder):
    spoken = data.load("spoken-digits")
    assert (len(spoken.train.sounds), len(spoken.test.sounds), spoken.rate) == (480, 120, 8000)
    assert set(spoken.test.speakers) == set(spoken.train.speakers)
    names = data.load("names")
    assert len(names.classes) == 18
    assert len(names.train.texts) + len(names.test.texts) == pytest.approx(20_000, rel=0.01)


def test_a_part_that_there_is_not_says_which_there_are(data_folder):
    with pytest.raises(data.DataNotFoundError, match="mnist has no part 'train' .* it has 'test'"):
        _ = data.load("mnist").train


# ---- where files are looked for, and what is made of wrong ones ---------------------------------


def copy_of_digits(folder):
    shutil.copytree(data.folders.BUNDLED / "digits", folder / "digits")
    return folder / "digits" / "digits-labels-idx1-ubyte.gz"


def test_the_folders_of_fathom_data_come_first_in_their_order(no_data, monkeypatch, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    copy_of_digits(second)
    monkeypatch.setenv("FATHOM_DATA", f"{first}{data.folders.os.pathsep}{second}")
    assert data.search_folders()[:3] == [first, second, no_data / "data"]
    assert data.get("digits")[0].is_relative_to(second)
    copy_of_digits(first)
    assert data.get("digits")[0].is_relative_to(first)


def test_a_file_packed_anew_or_not_at_all_is_as_good(no_data, monkeypatch, tmp_path):
    labels = copy_of_digits(tmp_path)
    content = gzip.decompress(labels.read_bytes())
    labels.write_bytes(gzip.compress(content, 1))
    monkeypatch.setenv("FATHOM_DATA", str(tmp_path))
    assert labels in data.get("digits")
    labels.unlink()
    labels.with_suffix("").write_bytes(content)
    assert labels.with_suffix("") in data.get("digits")
    assert len(data.load("digits").test.labels) == 355


def test_a_file_that_holds_something_else_is_refused_by_get_and_by_load(
    no_data, monkeypatch, tmp_path
):
    labels = copy_of_digits(tmp_path)
    content = bytearray(gzip.decompress(labels.read_bytes()))
    content[100] ^= 1  # a valid IDX file, but not this one
    labels.write_bytes(gzip.compress(content))
    monkeypatch.setenv("FATHOM_DATA", str(tmp_path))
    with pytest.raises(data.FileFormatError, match="the catalogue's digits, .* has the sha256"):
        data.get("digits")
    with pytest.raises(data.FileFormatError, match="the catalogue's digits .* delete it"):
        data.load("digits")


def test_a_folder_with_a_file_missing_is_refused(no_data, monkeypatch, tmp_path):
    (tmp_path / "names").mkdir()
    (tmp_path / "names" / "Arabic.txt").write_text("Khoury\n")
    monkeypatch.setenv("FATHOM_DATA", str(tmp_path))
    with pytest.raises(data.FileFormatError, match="18 files .*, found 1 files"):
        data.load("names")


def test_what_has_no_address_says_what_to_put_where(no_data):
    with pytest.raises(data.DataNotFoundError, match="no address is known .*put the file at .*cif"):
        data.load("cifar-10-small")
    assert not data.available("cifar-10-small")
    assert data.available("digits")


def test_one_file_can_be_asked_for_by_its_name():
    assert data.path("digits", "digits-labels-idx1-ubyte.gz").exists()
    with pytest.raises(data.DataNotFoundError, match="digits has no file 'x'; it has digits-imag"):
        data.path("digits", "x")


def test_the_cache_is_where_the_system_keeps_caches(monkeypatch, tmp_path):
    monkeypatch.delenv("FATHOM_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    monkeypatch.setenv("HOME", str(tmp_path))
    for platform, place in (
        ("linux", tmp_path / "fathom"),
        ("darwin", tmp_path / "Library" / "Caches" / "fathom"),
        ("win32", tmp_path / "local" / "fathom"),
    ):
        monkeypatch.setattr("sys.platform", platform)
        assert data.cache_folder() == place


def test_a_damaged_file_in_the_cache_is_fetched_again(no_data, monkeypatch):
    cached = no_data / "data" / "text" / "tiny-shakespeare.txt"
    cached.parent.mkdir(parents=True)
    cached.write_bytes(b"x" * 10)
    asked = []

    def fetch(addresses, destination, *rest):
        asked.append(destination)
        return destination

    monkeypatch.setattr(store, "download", fetch)
    assert data.get("tiny-shakespeare") == (cached,)
    assert asked == [cached]
    assert not cached.exists()


def test_names_are_unique_and_files_do_not_collide():
    assert len(set(NAMES)) == len(NAMES) == len(catalogue.ENTRIES)
    paths = [file.path for entry in data.entries() for file in entry.everything]
    assert len(set(paths)) == len(paths)
