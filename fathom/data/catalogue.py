"""The catalogue: the facts of every data set that fathom knows by name.

A `File` is pinned by the size and the sha256 of its *content*, what it unpacks to where it is
gzip: a copy packed anew is as good as the original. A `Folder` of many small files is pinned by
the sha256 of their list of hashes.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from fathom.data.errors import UnknownDataError


@dataclass(frozen=True)
class File:
    """One file: where it lies below a data folder, its content's size and hash, its addresses."""

    path: str
    bytes: int
    sha256: str
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Folder:
    """Many files of one kind: how many, their bytes together, and the hash of their list.

    The list has a line "{sha256}  {name}\\n" for each file, sorted by name.
    """

    path: str
    pattern: str
    count: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Entry:
    """What is known of a data set: what it is, its files, its licence, and whom to cite."""

    name: str
    title: str
    files: tuple[File, ...]
    licence: str
    citation: str
    how_to_get: str = ""  # for what has no stable address: what to put where
    folders: tuple[Folder, ...] = ()

    @property
    def everything(self) -> tuple[File | Folder, ...]:
        """Its files, then its folders."""
        return (*self.files, *self.folders)

    @property
    def bytes(self) -> int:
        """Size of the content of all its files."""
        return sum(each.bytes for each in self.everything)

    @property
    def downloadable(self) -> bool:
        """Whether everything has an address."""
        return not self.folders and all(file.addresses for file in self.files)


def entries() -> tuple[Entry, ...]:
    """All entries, the simplest first."""
    return IN_ORDER


def entry(name: str) -> Entry:
    """The entry of a data set; where there is none, UnknownDataError with names that come close.

    >>> entry("digits").title
    '1,797 grey 8x8 handwritten digits, 10 classes'
    """
    if name in ENTRIES:
        return ENTRIES[name]
    close = difflib.get_close_matches(name, ENTRIES, n=3)
    hint = f"did you mean {' or '.join(close)}?" if close else f"there are {', '.join(ENTRIES)}"
    raise UnknownDataError(f"no data set is called {name!r}; {hint}")


FASHION = "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion"
FASHION_MIRROR = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com"
MNIST = "https://ossci-datasets.s3.amazonaws.com/mnist"
MNIST_MIRROR = "https://storage.googleapis.com/cvdf-datasets/mnist"
SHAKESPEARE = "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare"
WIKITEXT = (
    "https://raw.githubusercontent.com/pytorch/examples/main/word_language_model/data/wikitext-2"
)
HOUSING = "https://raw.githubusercontent.com/ageron/handson-ml2/master/datasets/housing"
SST2 = (
    "https://raw.githubusercontent.com/clairett/pytorch-sentiment-classification/master/data/SST2"
)


def at(name: str, *places: str) -> tuple[str, ...]:
    """The addresses of one file, in the order in which they are tried."""
    return tuple(f"{place}/{name}" for place in places)


def packed(folder: str, name: str, size: int, sha256: str, *places: str) -> File:
    """A gzip file that is called the same at every place."""
    return File(f"{folder}/{name}.gz", size, sha256, at(f"{name}.gz", *places))


IN_ORDER = (
    Entry(
        "digits",
        "1,797 grey 8x8 handwritten digits, 10 classes",
        (
            packed(
                "digits",
                "digits-images-idx3-ubyte",
                115_024,
                "359cd13f0f514122884198b78a131df597421cbf5e93a76678fa96fc548f0d96",
            ),
            packed(
                "digits",
                "digits-labels-idx1-ubyte",
                1_805,
                "ce71631c1f31ce56fa54f31d1d498fafacff59b001e6c30c4a5e29508aa277ad",
            ),
        ),
        "CC BY 4.0",
        "E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits. "
        "UCI Machine Learning Repository, 1998 (its test part, as scikit-learn ships it)",
        "it comes with fathom: reinstall fathom-dl",
    ),
    Entry(
        "fashion-mnist",
        "60,000 + 10,000 grey 28x28 pictures of clothes, 10 classes",
        (
            packed(
                "fashion-mnist",
                "train-images-idx3-ubyte",
                47_040_016,
                "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
                FASHION,
                FASHION_MIRROR,
            ),
            packed(
                "fashion-mnist",
                "train-labels-idx1-ubyte",
                60_008,
                "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
                FASHION,
                FASHION_MIRROR,
            ),
            packed(
                "fashion-mnist",
                "t10k-images-idx3-ubyte",
                7_840_016,
                "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
                FASHION,
                FASHION_MIRROR,
            ),
            packed(
                "fashion-mnist",
                "t10k-labels-idx1-ubyte",
                10_008,
                "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
                FASHION,
                FASHION_MIRROR,
            ),
        ),
        "MIT",
        "H. Xiao, K. Rasul, R. Vollgraf: Fashion-MNIST: a Novel Image Dataset for Benchmarking "
        "Machine Learning Algorithms. arXiv:1708.07747, 2017",
    ),
    Entry(
        "mnist",
        "10,000 grey 28x28 handwritten digits (the test part), 10 classes",
        (
            packed(
                "mnist",
                "t10k-images-idx3-ubyte",
                7_840_016,
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
                MNIST,
                MNIST_MIRROR,
            ),
            packed(
                "mnist",
                "t10k-labels-idx1-ubyte",
                10_008,
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
                MNIST,
                MNIST_MIRROR,
            ),
        ),
        "CC BY-SA 3.0",
        "Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-Based Learning Applied to Document "
        "Recognition. Proceedings of the IEEE 86(11), 1998",
    ),
    Entry(
        "cifar-10-small",
        "5,000 + 1,000 colour 32x32 pictures of CIFAR-10, 10 classes",
        (
            File(
                "cifar-10-small/data_batch_1.bin.gz",
                15_365_000,
                "39b4c8bf5226f7e1c826b0116f9a9f5dfd8104c686e2e734e7ab11d31b98741a",
            ),
            File(
                "cifar-10-small/test_batch.bin.gz",
                3_073_000,
                "c827684480ec863d346ae569906ba8ca6c685f2a3a2e81f57a9f2cb40bf47cec",
            ),
        ),
        "for research; cite the report",
        "A. Krizhevsky: Learning Multiple Layers of Features from Tiny Images. Technical report, "
        "University of Toronto, 2009",
        "a subset, once through JPEG, that has no public address",
    ),
    Entry(
        "california-housing",
        "20,640 districts of California's 1990 census and their median house value",
        (
            File(
                "tabular/california-housing.csv",
                1_423_529,
                "2364609dc48bec7df3ba9dbb7041478e704ecddcee70ef1827ec3fc49d22c0cc",
                at("housing.csv", HOUSING),
            ),
        ),
        "public",
        "R. K. Pace, R. Barry: Sparse Spatial Autoregressions. Statistics & Probability Letters "
        "33(3), 1997",
    ),
    Entry(
        "titanic",
        "891 passengers of the Titanic and who survived",
        (
            File(
                "tabular/titanic.csv",
                61_904,
                "14769fb1850e2d26d8e6db0ee49c213878040432827e39b13caaa15603c6598f",
            ),
        ),
        "public",
        "Encyclopedia Titanica, as in the well-known table of 12 columns",
        "the table is public in many forms, none of them byte for byte this one",
    ),
    Entry(
        "airfoil-self-noise",
        "1,503 measurements of the noise of wing sections, 5 features",
        (
            File(
                "tabular/airfoil-self-noise.dat",
                60_022,
                "f1746df437a75b4eb96a3f278c5aa8939ac0d19ae34867baa45721264d0d0477",
            ),
        ),
        "CC BY 4.0",
        "T. F. Brooks, D. S. Pope, M. A. Marcolini: Airfoil Self-Noise. UCI Machine Learning "
        "Repository, 1989",
        "the UCI table with a first row of names: Freq Angle Length Vel Displ Pressure",
    ),
    Entry(
        "tiny-shakespeare",
        "plays of Shakespeare in one text of 1.1 million characters",
        (
            File(
                "text/tiny-shakespeare.txt",
                1_115_394,
                "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
                at("input.txt", SHAKESPEARE),
            ),
        ),
        "public domain",
        "W. Shakespeare; collected by A. Karpathy, 2015",
    ),
    Entry(
        "time-machine",
        "The Time Machine by H. G. Wells, 179 thousand characters",
        (
            File(
                "text/time-machine.txt",
                178_887,
                "4149e15a170aa94068969282e8b2cee7aaab0d889bf1c0d684378177040267dd",
            ),
        ),
        "public domain",
        "H. G. Wells: The Time Machine, 1895",
        "the text is public in many forms, none of them byte for byte this one",
    ),
    Entry(
        "eng-fra",
        "5,000 short sentences in English and French",
        (
            File(
                "text/eng-fra.tsv",
                562_864,
                "d952b56a181da5270b7bb4ded3f3bbe61e67a9b1de0e0fbc1d46438c71fb55a7",
            ),
        ),
        "CC BY 2.0 FR",
        "Tatoeba; each sentence's third column names its authors",
        "a selection that has no public address",
    ),
    Entry(
        "wikitext-2",
        "WikiText-2, validation and test part, 455 thousand words",
        (
            File(
                "text/wikitext-2-valid.txt",
                1_121_681,
                "f0737ed31fc1329026e95cb8b98e19c2a182c39c240ab909dc31abf2f8af58e8",
                at("valid.txt", WIKITEXT),
            ),
            File(
                "text/wikitext-2-test.txt",
                1_256_449,
                "d790b833ef8cf03a90db7bf1271b7520b83c45ce07ba3c1a9699df81e239eca0",
                at("test.txt", WIKITEXT),
            ),
        ),
        "CC BY-SA 3.0",
        "S. Merity, C. Xiong, J. Bradbury, R. Socher: Pointer Sentinel Mixture Models. "
        "arXiv:1609.07843, 2016",
    ),
    Entry(
        "sst2",
        "sentences of film reviews, good or bad: 6,920 / 872 / 1,821",
        (
            File(
                "sst2/train.tsv",
                720_259,
                "ec192f833a64da08f475488a77b0d0b47db47acd0f458bd18433fc793b569920",
                at("train.tsv", SST2),
            ),
            File(
                "sst2/dev.tsv",
                92_057,
                "eddea6b39e601dd4e7a672b53cc40fdf6019fa80522f351206c24340ca5d9359",
                at("dev.tsv", SST2),
            ),
            File(
                "sst2/test.tsv",
                188_749,
                "831169c7e2e429d6026e1bdbb542f33b636e3e596caad9602ebc953c205928b7",
                at("test.tsv", SST2),
            ),
        ),
        "for research",
        "R. Socher et al.: Recursive Deep Models for Semantic Compositionality Over a Sentiment "
        "Treebank. EMNLP, 2013",
    ),
    Entry(
        "spoken-digits",
        "600 recordings of the ten digits by 6 speakers, 8 kHz",
        (),
        "CC BY-SA 4.0",
        "Z. Jackson et al.: Free Spoken Digit Dataset, 2016",
        "takes 0 to 9 of each digit and speaker, {digit}_{speaker}_{take}.wav",
        (
            Folder(
                "spoken-digits",
                "*.wav",
                600,
                4_207_318,
                "001e832f6a0233c7da1bbd58a8584d650ad7a09d3142a551bb6320cf1df632dc",
            ),
        ),
    ),
    Entry(
        "names",
        "20 thousand surnames of 18 languages",
        (),
        "MIT",
        "S. Robertson: NLP From Scratch: Classifying Names, PyTorch tutorials",
        "the folder data/names of the PyTorch tutorials' data.zip",
        (
            Folder(
                "names",
                "*.txt",
                18,
                163_419,
                "c89c2ba6b3883dbafb2db5a9445be441a83181727754a08fcaceec0ed142e363",
            ),
        ),
    ),
)

ENTRIES = {each.name: each for each in IN_ORDER}
