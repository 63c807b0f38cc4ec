"""Downloads from a loopback server that tells the truth, lies, breaks off, stalls."""

import contextlib
import errno
import gzip
import hashlib
import http.server
import os
import re
import signal
import subprocess
import sys
import threading
import time

import pytest

from fathom import data
from fathom.data import catalogue, download, folders, lock
from fathom.data.content import read_content
from fathom.data.download import download as fetch

CONTENT = bytes(range(256)) * 400  # 102,400 bytes
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Server(http.server.ThreadingHTTPServer):
    """Serves `files`; `behave(handler, content)` may answer in its own way, and say so by True."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = {"/file": CONTENT}
        self.asked = []  # (path, Range header) of every request
        self.behave = None
        self.closing = threading.Event()  # ends those that stall

    def address(self, path="/file"):
        return f"http://127.0.0.1:{self.server_port}{path}"

    def handle_error(self, request, client_address):
        """Clients that hang up are part of these tests."""


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append((self.path, self.headers["Range"]))
        content = self.server.files.get(self.path)
        if self.server.behave is not None and self.server.behave(self, content):
            return
        if content is None:
            self.send_error(404)
            return
        start = int(self.headers["Range"].split("=")[1].rstrip("-")) if self.headers["Range"] else 0
        if start >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.answer(content[start:])

    def answer(self, body, length=None):
        """The headers' end and the body, with a length that may be a lie."""
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def server(no_data):
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.closing.set()
        running.shutdown()
        thread.join()


@pytest.fixture
def place(no_data):
    return folders.download_folder() / "things" / "file"


def quick(addresses, place, **options):
    """A download with little patience."""
    addresses = [addresses] if isinstance(addresses, str) else addresses
    options = {"timeout": 5.0, "pause": 0.01} | options
    return fetch(addresses, place, len(CONTENT), SHA256, **options)


def everything_below(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def part():
    return folders.unfinished_folder() / "things-file.part"


# ---- when all goes well --------------------------------------------------------------------------


def test_the_file_arrives_whole_and_nothing_else_stays(server, place, no_data):
    reports = []
    assert quick(server.address(), place, progress=lambda *report: reports.append(report)) == place
    assert place.read_bytes() == CONTENT
    assert everything_below(no_data) == ["data/things/file"]
    assert reports[-1] == ("things-file", len(CONTENT), len(CONTENT))


def test_a_gzip_file_is_verified_by_what_it_unpacks_to(server, place):
    server.files["/file.gz"] = gzip.compress(CONTENT, 3)
    quick(server.address("/file.gz"), place)
    assert read_content(place) == CONTENT


def test_a_file_that_is_there_is_not_asked_for(server, place):
    place.parent.mkdir(parents=True)
    place.write_bytes(CONTENT)
    quick(server.address(), place)
    assert server.asked == []


def test_a_server_that_gives_no_length_is_read_to_its_end(server, place):
    def without_length(handler, content):
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(content)
        return True

    server.behave = without_length
    assert quick(server.address(), place).read_bytes() == CONTENT


def test_a_redirection_is_followed(server, place):
    def elsewhere(handler, content):
        if handler.path == "/file":
            return False
        handler.send_response(302)
        handler.send_header("Location", server.address())
        handler.answer(b"")
        return True

    server.behave = elsewhere
    assert quick(server.address("/old"), place).read_bytes() == CONTENT


def test_the_progress_bar_is_drawn_on_stderr(server, monkeypatch, capsys):
    file = catalogue.File("things/file", len(CONTENT), SHA256, (server.address(),))
    entry = catalogue.Entry("things", "Things", (file,), "none", "nobody")
    monkeypatch.setitem(catalogue.ENTRIES, "things", entry)
    assert data.get("things")[0].read_bytes() == CONTENT
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "things-file" in captured.err


# ---- resuming ------------------------------------------------------------------------------------


def test_a_connection_that_breaks_is_taken_up_where_it_broke(server, place):
    def half_then_silence(handler, content):
        if handler.headers["Range"]:
            return False
        handler.send_response(200)
        handler.answer(content[:50_000], length=len(content))
        return True

    server.behave = half_then_silence
    assert quick(server.address(), place).read_bytes() == CONTENT
    assert server.asked == [("/file", None), ("/file", "bytes=50000-")]


def test_what_an_earlier_run_left_is_gone_on_with(server, place):
    folders.unfinished_folder().mkdir(parents=True)
    part().write_bytes(CONTENT[:1000])
    assert quick(server.address(), place).read_bytes() == CONTENT
    assert server.asked == [("/file", "bytes=1000-")]


def test_a_whole_file_that_was_only_not_renamed_is_not_sent_again(server, place):
    folders.unfinished_folder().mkdir(parents=True)
    part().write_bytes(CONTENT)
    assert quick(server.address(), place).read_bytes() == CONTENT
    assert server.asked == [("/file", f"bytes={len(CONTENT)}-")]


def test_a_wrong_beginning_is_thrown_away_and_the_file_fetched_afresh(server, place):
    folders.unfinished_folder().mkdir(parents=True)
    part().write_bytes(b"?" * 1000)
    assert quick(server.address(), place).read_bytes() == CONTENT
    assert [asked for _, asked in server.asked] == ["bytes=1000-", None]


def test_a_server_that_ignores_the_range_sends_the_whole_file(server, place):
    def always_whole(handler, content):
        handler.send_response(200)
        handler.answer(content)
        return True

    folders.unfinished_folder().mkdir(parents=True)
    part().write_bytes(CONTENT[:1000])
    server.behave = always_whole
    assert quick(server.address(), place).read_bytes() == CONTENT


def test_a_server_that_sends_another_range_is_not_believed(server, place):
    def another_range(handler, content):
        if not handler.headers["Range"]:
            return False
        handler.send_response(206)
        handler.send_header("Content-Range", f"bytes 5-{len(content) - 1}/{len(content)}")
        handler.answer(content[5:])
        return True

    folders.unfinished_folder().mkdir(parents=True)
    part().write_bytes(CONTENT[:1000])
    server.behave = another_range
    assert quick(server.address(), place).read_bytes() == CONTENT
    assert [asked for _, asked in server.asked] == ["bytes=1000-", None]


# ---- servers that fail ---------------------------------------------------------------------------


def refused_by(server, place, no_data, match, **options):
    with pytest.raises(data.DownloadError, match=match) as caught:
        quick(server.address(), place, **options)
    assert f"put the file at {place}, or set FATHOM_DATA" in str(caught.value)
    assert not place.exists()
    left = everything_below(no_data)
    assert left in ([], ["unfinished/things-file.part"])
    return left


def test_a_file_that_is_not_there_is_asked_for_once(server, place, no_data):
    del server.files["/file"]
    assert refused_by(server, place, no_data, "HTTP 404 Not Found") == []
    assert len(server.asked) == 1


def test_a_server_in_trouble_is_asked_a_bounded_number_of_times(server, place, no_data):
    server.behave = lambda handler, content: handler.send_error(503) or True
    refused_by(server, place, no_data, "HTTP 503", tries=3)
    assert len(server.asked) == 3


def test_the_next_address_is_tried_when_one_fails(server, place):
    addresses = [server.address("/absent"), server.address("/file")]
    assert quick(addresses, place).read_bytes() == CONTENT


def test_garbage_is_refused_and_removed(server, place, no_data):
    server.files["/file"] = b"<html>log in first</html>"
    left = refused_by(server, place, no_data, "its content has 25 bytes, not 102,400")
    assert left == []


def test_one_wrong_byte_is_refused_and_removed(server, place, no_data):
    server.files["/file"] = b"!" + CONTENT[1:]
    left = refused_by(server, place, no_data, f"not {SHA256}")
    assert left == []
    assert len(server.asked) == 1


def test_a_broken_gzip_is_refused_and_removed(server, place, no_data):
    server.files["/file"] = gzip.compress(CONTENT)[:-5]
    assert refused_by(server, place, no_data, "expected a whole gzip stream") == []


def test_a_gzip_bomb_is_refused_and_removed(server, place, no_data):
    server.files["/file"] = gzip.compress(bytes(50_000_000))
    assert refused_by(server, place, no_data, "its content has more than 102,400 bytes") == []


def test_an_announced_length_beyond_the_file_is_refused_before_it_is_read(server, place, no_data):
    def boasts(handler, content):
        handler.send_response(200)
        handler.answer(b"", length=10**15)
        return True

    server.behave = boasts
    match = "announces 1,000,000,000,000,000 bytes, the file has at most 103,526"
    assert refused_by(server, place, no_data, match) == []


def test_a_body_without_end_is_cut_off(server, place, no_data):
    def endless(handler, content):
        handler.send_response(200)
        handler.end_headers()
        with contextlib.suppress(OSError):
            while not server.closing.is_set():
                handler.wfile.write(bytes(10_000))
        return True

    server.behave = endless
    left = refused_by(server, place, no_data, "its content has more than 102,400 bytes")
    assert left == []


def test_a_length_that_is_too_short_is_found_by_the_hash(server, place, no_data):
    def cuts(handler, content):
        handler.send_response(200)
        handler.answer(content[:500])
        return True

    server.behave = cuts
    refused_by(server, place, no_data, "its content has 500 bytes, not 102,400")


def test_a_server_that_stalls_is_given_up_after_the_timeout(server, place, no_data):
    def stalls(handler, content):
        handler.send_response(200)
        handler.answer(content[:500], length=len(content))
        server.closing.wait(30)
        return True

    server.behave = stalls
    began = time.monotonic()
    left = refused_by(server, place, no_data, "timed out", timeout=0.2, tries=2)
    assert time.monotonic() - began < 10
    assert left == ["unfinished/things-file.part"]  # kept, to go on from


def test_a_server_that_drips_has_stalled_too(server, place, no_data):
    def drips(handler, content):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        with contextlib.suppress(OSError):
            while not server.closing.wait(0.05):
                handler.wfile.write(b"x")
        return True

    server.behave = drips
    refused_by(server, place, no_data, "stalled: .* bytes in 0.3 s", timeout=0.3, tries=1)


@pytest.mark.parametrize(
    "answer",
    [b"", b"\x00\xff garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz"],
)
def test_an_answer_that_is_no_http_is_a_clear_error(server, place, no_data, answer):
    def speaks_otherwise(handler, content):
        handler.wfile.write(answer)
        handler.wfile.flush()
        return True

    server.behave = speaks_otherwise
    refused_by(server, place, no_data, re.escape(server.address()), tries=2)


def test_no_network_says_which_folder_to_put_the_file_in(place, no_data):
    with Server() as gone:
        address = gone.address()  # nobody listens there any more
    with pytest.raises(data.DownloadError, match="refused") as caught:
        quick(address, place)
    assert f"put the file at {place}" in str(caught.value)
    assert "a folder that holds things/file" in str(caught.value)
    assert everything_below(no_data) == []


@pytest.mark.parametrize("address", ["file:///etc/hostname", "ftp://a.example/b", "data:,x", "x"])
def test_only_http_addresses_are_opened(place, address):
    with pytest.raises(ValueError, match="addresses begin with http:// or https://"):
        quick(address, place)


def test_a_redirection_to_a_local_file_is_not_followed(server, place, no_data):
    def to_a_file(handler, content):
        handler.send_response(302)
        handler.send_header("Location", "file:///etc/hostname")
        handler.answer(b"")
        return True

    server.behave = to_a_file
    refused_by(server, place, no_data, "HTTP 302")


# ---- this machine's trouble ----------------------------------------------------------------------


def test_a_full_disk_is_said_to_be_full_and_its_space_given_back(
    server, place, no_data, monkeypatch
):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(download.os, "fsync", full)
    with pytest.raises(data.DownloadError, match="the disk is full .* set FATHOM_CACHE"):
        quick([server.address()] * 2, place)
    assert len(server.asked) == 1  # no other server has more room
    assert everything_below(no_data) == []


def test_a_folder_that_cannot_be_written_to_is_named(server, no_data):
    no_data.write_bytes(b"a file where the cache should be")
    with pytest.raises(data.DownloadError, match="cannot write to .*cache/data/things"):
        quick(server.address(), folders.download_folder() / "things" / "file")


DOWNLOADS = """
import sys
from pathlib import Path
from fathom.data.download import download
download([sys.argv[1]], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4], timeout=30, pause=0.01)
"""


def other_process(server, place):
    command = [sys.executable, "-c", DOWNLOADS, server.address(), place, len(CONTENT), SHA256]
    return subprocess.Popen(list(map(str, command)))


def test_kill_minus_9_in_the_middle_leaves_nothing_that_is_read_and_the_next_goes_on(
    server, place, no_data
):
    half_sent = threading.Event()

    def half_then_wait(handler, content):
        if handler.headers["Range"]:
            return False
        handler.send_response(200)
        handler.answer(content[:60_000], length=len(content))
        handler.wfile.flush()
        half_sent.set()
        server.closing.wait(30)
        return True

    server.behave = half_then_wait
    process = other_process(server, place)
    assert half_sent.wait(30)
    wait_until(lambda: part().exists() and part().stat().st_size > 0)
    process.send_signal(signal.SIGKILL)
    assert process.wait(30) == -signal.SIGKILL
    assert not place.exists()
    assert folders.find("things/file") is None

    assert quick(server.address(), place).read_bytes() == CONTENT
    assert server.asked[-1][1] is not None  # it went on, and did not wait for a dead lock
    assert everything_below(no_data) == ["data/things/file"]


def test_two_processes_fetch_a_file_once(server, place, no_data):
    def slowly(handler, content):
        time.sleep(0.3)
        return False

    server.behave = slowly
    processes = [other_process(server, place) for _ in range(3)]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    assert place.read_bytes() == CONTENT
    assert len(server.asked) == 1
    assert everything_below(no_data) == ["data/things/file"]


def wait_until(holds, seconds=30):
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.01)


# ---- the lock ------------------------------------------------------------------------------------


def test_a_lock_keeps_others_out_for_as_long_as_they_care_to_wait(tmp_path):
    path = tmp_path / "one.lock"
    with lock.alone(path, timeout=1):
        with pytest.raises(TimeoutError, match="has held this lock for 0.05 s"):
            with lock.alone(path, timeout=0.05, pause=0.01):
                pytest.fail("both are alone")
    assert not path.exists()
    with lock.alone(path, timeout=0.05):
        assert path.exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows removes no open file")
def test_a_lock_file_that_was_removed_meanwhile_is_not_taken_for_the_lock(tmp_path):
    path = tmp_path / "one.lock"
    with open(path, "a+b") as old:
        path.unlink()
        assert not lock.still_there(old, path)
        path.touch()
        assert not lock.still_there(old, path)
