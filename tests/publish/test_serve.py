"""The book on this computer."""

import sys
import threading
import time
from urllib.request import urlopen

from fathom.publish.serve import serve, served
from tests.publish.a_book import write_page


def test_a_folder_is_served_to_this_computer_alone(tmp_path):
    (tmp_path / "index.html").write_text("hello", encoding="utf-8")
    with served(tmp_path) as address:
        assert address.startswith("http://127.0.0.1:")
        with urlopen(address + "index.html", timeout=10) as answer:
            assert answer.read() == b"hello"


def test_a_change_is_built_and_a_fault_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules["fathom.publish.serve"], "PAUSE", 0.05)
    folder, said = write_page(tmp_path / "book", "1"), []
    page = folder / "index.md"
    built = threading.Event()

    def say(line):
        said.append(line)
        if "http" in line:
            built.set()

    thread = threading.Thread(
        target=serve, args=(folder, tmp_path / "out"), kwargs={"port": 0, "say": say, "rounds": 400}
    )
    thread.start()
    assert built.wait(120)
    page.write_text(page.read_text(encoding="utf-8") + "\n{nonsense}`x`\n", encoding="utf-8")
    end = time.monotonic() + 120
    while not any("nonsense" in line for line in said) and time.monotonic() < end:
        time.sleep(0.05)
    thread.join(120)
    assert not thread.is_alive()
    assert said[0] == "ran  index"
    assert any("Unknown interpreted text role" in line for line in said)
    assert (tmp_path / "out" / "html" / "index.html").is_file()
