"""What holds for every test, and for every example in a docstring."""

from __future__ import annotations

import ipaddress
import signal
import socket
from importlib.util import find_spec

import numpy as np
import pytest

import fathom

# Sphinx comes with the extra `book`; what it loads can be imported only where it is.
collect_ignore_glob = [] if find_spec("sphinx") else ["fathom/publish/extension/*"]


@pytest.fixture(autouse=True, scope="session")
def names_of_examples(doctest_namespace):
    """An example in a docstring may say `fathom` and `np` without importing them."""
    doctest_namespace["fathom"] = fathom
    doctest_namespace["np"] = np


@pytest.fixture(autouse=True)
def same_start(request):
    """Each example in a docstring starts from the same seed and prints in the same way."""
    if not isinstance(request.node, pytest.DoctestItem):
        yield
        return
    fathom.manual_seed(0)
    with np.printoptions(precision=4, suppress=True, linewidth=88, legacy=False):
        yield


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory):
    """No test reads or fills the cache of the person who runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FATHOM_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True, scope="session")
def ctrl_c_is_heard():
    """What a shell runs in the background ignores Ctrl-C, and so would everything that tests start and interrupt."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True, scope="session")
def loopback_only():
    """A test that reaches for the network fails: its outcome would be somebody else's."""
    connect = socket.socket.connect

    def guarded(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and not is_loopback(address[0]):
            pytest.fail(f"a test tried to connect to {address[0]}; tests reach only loopback")
        return connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


def is_loopback(host: str) -> bool:
    """Whether a host, by name or by number, is this computer itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
