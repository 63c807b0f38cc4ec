"""The catalogue's files on this machine: found, fetched when they are not, and verified."""

from __future__ import annotations

import hashlib
from pathlib import Path

from fathom.data.catalogue import Entry, File, Folder, entry
from fathom.data.content import FETCH_AGAIN, PIECE, read_content
from fathom.data.download import Progress, difference, download, put_it_yourself
from fathom.data.errors import DataNotFoundError, FileFormatError
from fathom.data.folders import download_folder, find, search_folders
from fathom.data.progress import progress_bar

MOST_OF_ONE = 64 << 20  # bytes that one file of a folder may have
OWN_VERSION = "delete it to have the catalogue's, or read your own version with fathom.data.read_*"


def get(name: str, progress: Progress | None = None) -> tuple[Path, ...]:
    """The verified files of a data set, downloaded where they are nowhere in the search folders.

    They are looked for in the folders of FATHOM_DATA, then in the user's cache. Without
    `progress(file, bytes_here, bytes_in_all)` a download draws a progress bar on stderr. Raises
    UnknownDataError, DownloadError, DataNotFoundError (no address is known: the message says what
    to put where), FileFormatError (a file is there and holds something else).

    >>> [path.name for path in get("digits")]
    ['digits-images-idx3-ubyte.gz', 'digits-labels-idx1-ubyte.gz']
    """
    facts = entry(name)
    return tuple(verified(file, facts, progress) for file in facts.everything)


def available(name: str) -> bool:
    """Whether all files of a data set are on this machine; looks only for their names."""
    return all(find(file.path) is not None for file in entry(name).everything)


def path(name: str, file: str) -> Path:
    """Where a file of a data set is, fetched first where it must be; not verified if found."""
    facts = entry(name)
    for each in facts.everything:
        if file in (each.path, Path(each.path).name):
            return find(each.path) or fetched(each, facts, None)
    names = ", ".join(Path(each.path).name for each in facts.everything)
    raise DataNotFoundError(f"{name} has no file {file!r}; it has {names}")


def verified(file: File | Folder, facts: Entry, progress: Progress | None) -> Path:
    """Where the file is, once its content is known to be the catalogue's."""
    found = find(file.path)
    if found is None:
        return fetched(file, facts, progress)
    if isinstance(file, Folder):
        read_folder(file, facts)
        return found
    wrong = difference(found, file.bytes, file.sha256)
    if wrong is None:
        return found
    if found.is_relative_to(download_folder()):  # it was right once, and is ours to replace
        found.unlink()
        return fetched(file, facts, progress)
    raise FileFormatError(found, f"the catalogue's {facts.name}", wrong, OWN_VERSION)


def fetched(file: File | Folder, facts: Entry, progress: Progress | None) -> Path:
    """Downloads the file, or says how to come by it."""
    destination = download_folder() / file.path
    if isinstance(file, Folder) or not file.addresses:
        looked = ", ".join(str(folder) for folder in search_folders())
        raise DataNotFoundError(
            f"{facts.name}: {file.path} is in none of {looked}, and no address is known for it "
            f"({facts.how_to_get}); {put_it_yourself(destination)}"
        )
    if progress is not None:
        return download(file.addresses, destination, file.bytes, file.sha256, progress)
    with progress_bar() as bar:
        return download(file.addresses, destination, file.bytes, file.sha256, bar)


def read_file(file: File, facts: Entry) -> bytes:
    """The verified content of one file of a data set, read once."""
    found = find(file.path) or fetched(file, facts, None)
    content = read_content(found, limit=max(2 * file.bytes, PIECE))
    digest = hashlib.sha256(content).hexdigest()
    if len(content) != file.bytes or digest != file.sha256:
        raise FileFormatError(
            found,
            f"the catalogue's {facts.name} ({file.bytes:,} bytes, sha256 {file.sha256})",
            f"{len(content):,} bytes, sha256 {digest}",
            OWN_VERSION,
        )
    return content


def read_folder(folder: Folder, facts: Entry) -> dict[str, bytes]:
    """Name -> content of the verified files of a folder, sorted by name."""
    found = find(folder.path) or fetched(folder, facts, None)
    contents: dict[str, bytes] = {}
    hashes = hashlib.sha256()
    for file in sorted(found.glob(folder.pattern), key=lambda path: path.name):
        content = read_content(file, limit=MOST_OF_ONE)
        contents[file.name] = content
        hashes.update(f"{hashlib.sha256(content).hexdigest()}  {file.name}\n".encode())
    if len(contents) != folder.count or hashes.hexdigest() != folder.sha256:
        raise FileFormatError(
            found,
            f"the catalogue's {facts.name} ({folder.count} files {folder.pattern} of "
            f"{folder.bytes:,} bytes in all)",
            f"{len(contents)} files of {sum(map(len, contents.values())):,} bytes"
            + ("" if len(contents) != folder.count else ", not all with the right content"),
            FETCH_AGAIN,
        )
    return contents
