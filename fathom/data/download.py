"""Downloads one file over http(s): resumed where it stopped, verified, and then there at once.

    unfinished/NAME.part   grows as bytes arrive; stays when the network fails, to go on from there
    destination            appears by one rename, when size and sha256 of the content are right

So whatever happens meanwhile (kill -9, a full disk, a server that lies), `destination` is either
the whole file or not there. A lock keeps two processes from writing the same part.
"""

from __future__ import annotations

import errno
import hashlib
import http.client
import os
import re
import shutil
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from fathom.data.content import PIECE, open_content
from fathom.data.errors import DownloadError, FileFormatError
from fathom.data.folders import unfinished_folder
from fathom.data.lock import alone

Progress = Callable[[str, int, int], None]  # the file, bytes here, bytes in all (0: unknown)

SLOWEST = 100  # bytes a second; a server that stays below it for a whole timeout has stalled
LONGEST_WAIT = 3600.0  # seconds for another process that downloads the same file
WORTH_ANOTHER_TRY = (408, 425, 429, 500, 502, 503, 504)


class Interrupted(Exception):
    """The transfer broke off; the part holds what came, and another try may go on from there."""


class Refused(Exception):
    """This address does not give the file; another try right away would hear the same."""


def download(
    addresses: Sequence[str],
    destination: Path,
    size: int,
    sha256: str,
    progress: Progress | None = None,
    timeout: float = 30.0,
    tries: int = 3,
    pause: float = 1.0,
) -> Path:
    """Fetches a file whose content has `size` bytes and this `sha256`, and returns `destination`.

    The addresses are tried in order, each at most `tries` times, with `pause`, 2 `pause`, ...
    seconds between; `timeout` bounds every wait for the server. Raises DownloadError, with what
    each address said and where to put the file by hand; ValueError for an address that is not
    http or https.
    """
    for address in addresses:
        if urllib.parse.urlsplit(address).scheme not in ("http", "https"):
            raise ValueError(f"download: addresses begin with http:// or https://, got {address!r}")
    part = unfinished_folder() / f"{destination.parent.name}-{destination.name}.part"
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        with alone(part.with_suffix(".lock"), LONGEST_WAIT):
            if destination.exists():  # another process was faster
                return destination
            failures = []
            for address in addresses:
                for attempt in range(tries):
                    if attempt:
                        time.sleep(pause * 2 ** (attempt - 1))
                    failure = fetch_and_check(address, part, size, sha256, progress, timeout)
                    if failure is None:
                        os.replace(part, destination)
                        return destination
                    failures.append(f"{address}: {failure}")
                    if isinstance(failure, Refused):
                        break
    except OSError as error:  # no server has a part in it: these come from this machine's disk
        raise local_trouble(error, destination, size) from error
    raise DownloadError(explain(destination, failures))


def fetch_and_check(
    address: str, part: Path, size: int, sha256: str, progress: Progress | None, timeout: float
) -> Exception | None:
    """One try: None when `part` is now the file, or else why it is not."""
    resumed = part.exists() and part.stat().st_size > 0
    try:
        fetch(address, part, size, progress, timeout)
    except (Interrupted, Refused) as failure:
        return failure
    except OSError as error:
        if error.errno == errno.ENOSPC:  # gives the space back, while no other writes here
            part.unlink(missing_ok=True)
        raise
    if (wrong := difference(part, size, sha256)) is None:
        return None
    part.unlink()
    # A resumed file may be wrong because of its first piece: only a fresh one tells on the server.
    return Interrupted(wrong) if resumed else Refused(wrong)


def fetch(address: str, part: Path, size: int, progress: Progress | None, timeout: float) -> None:
    """Asks `address` for what `part` lacks and appends it."""
    most = size + size // 1000 + 1024  # gzip makes nothing larger by more than this
    have = part.stat().st_size if part.exists() else 0
    response = ask(address, have, timeout)
    if response is None:
        return
    with response:
        goes_on = response.status == 206 and starts_at(response, have)
        if response.status == 206 and not goes_on:
            part.unlink(missing_ok=True)  # the next try asks for the whole file
            raise Interrupted(
                f"asked for bytes from {have:,}, got {response.headers['Content-Range']!r}"
            )
        have = have if goes_on else 0
        total = announced(response, have, most)
        with open(part, "ab" if goes_on else "wb") as file:
            for piece in pieces(response, timeout):
                file.write(piece)
                have += len(piece)
                if have > most:
                    break  # there may be no end to it; what came is wrong, as its hash will tell
                if progress is not None:
                    progress(part.stem, have, total)
            file.flush()
            os.fsync(file.fileno())
    if have < total:
        raise Interrupted(f"the connection ended after {have:,} of {total:,} bytes")


def ask(address: str, have: int, timeout: float) -> http.client.HTTPResponse | None:
    """The answer to a request for all but the first `have` bytes; None if there are no more."""
    request = urllib.request.Request(
        address, headers={"User-Agent": "fathom", "Accept-Encoding": "identity"}
    )
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        return web().open(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and have:
            return None  # the part is whole, or wrong, as its hash will tell
        again = error.code in WORTH_ANOTHER_TRY
        raise (Interrupted if again else Refused)(f"HTTP {error.code} {error.reason}") from error
    except urllib.error.URLError as error:  # no name, no route, nobody who listens
        raise Refused(str(error.reason)) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Interrupted(str(error) or type(error).__name__) from error


def pieces(response: http.client.HTTPResponse, timeout: float) -> Iterator[bytes]:
    """The body as it arrives; Interrupted when the connection breaks or stalls."""
    window_began, in_window = time.monotonic(), 0
    while True:
        try:
            piece = response.read1(PIECE)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Interrupted(str(error) or type(error).__name__) from error
        if not piece:
            return
        yield piece
        in_window += len(piece)
        if time.monotonic() - window_began > timeout:
            if in_window < SLOWEST * timeout:
                raise Interrupted(f"stalled: {in_window:,} bytes in {timeout:g} s")
            window_began, in_window = time.monotonic(), 0


def web() -> urllib.request.OpenerDirector:
    """What opens addresses: http and https only, also where a server sends us elsewhere."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPRedirectHandler,
        urllib.request.HTTPErrorProcessor,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.UnknownHandler,
    ):
        opener.add_handler(handler())
    return opener


def starts_at(response: http.client.HTTPResponse, offset: int) -> bool:
    return bool(re.match(rf"bytes {offset}-", response.headers.get("Content-Range", "")))


def announced(response: http.client.HTTPResponse, have: int, most: int) -> int:
    """Bytes that the file will have by the server's word, 0 if it gives none."""
    length = response.headers.get("Content-Length", "")
    if not length.isdecimal():
        return 0
    total = have + int(length)
    if total > most:
        raise Refused(f"the server announces {total:,} bytes, the file has at most {most:,}")
    return total


def difference(path: Path, size: int, sha256: str) -> str | None:
    """How the content of `path` differs from what is pinned, None if it does not."""
    digest, count = hashlib.sha256(), 0
    try:
        with open_content(path) as stream:
            while piece := stream.read(PIECE):
                digest.update(piece)
                count += len(piece)
                if count > size:
                    return f"its content has more than {size:,} bytes"
    except FileFormatError as error:
        return f"expected {error.expected}, found {error.found}"
    if count != size:
        return f"its content has {count:,} bytes, not {size:,}"
    if digest.hexdigest() != sha256:
        return f"its content has the sha256 {digest.hexdigest()}, not {sha256}"
    return None


def local_trouble(error: OSError, destination: Path, size: int) -> DownloadError:
    folder = destination.parent
    if error.errno == errno.ENOSPC:
        free = shutil.disk_usage(folder).free
        why = f"the disk is full ({free:,} bytes free in {folder}, the file needs about {size:,})"
        return DownloadError(
            f"{destination.name}: {why}; free some space, or set FATHOM_CACHE to another disk"
        )
    return DownloadError(
        f"{destination.name}: cannot write to {folder} ({error}); set FATHOM_CACHE to a folder "
        "that you may write to"
    )


def explain(destination: Path, failures: Sequence[str]) -> str:
    said = "".join(f"\n  {failure}" for failure in failures) or " it has no address"
    return f"{destination.name} could not be downloaded:{said}\n{put_it_yourself(destination)}"


def put_it_yourself(destination: Path) -> str:
    """The sentence that tells where a file goes that someone fetches by hand."""
    inside = Path(destination.parent.name, destination.name)
    return (
        f"put the file at {destination}, or set FATHOM_DATA to a folder that holds {inside}, "
        "and try again"
    )
