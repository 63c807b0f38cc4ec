"""The project's own environment, `.venv`: made once, brought up to date when its needs change.

Used by scripts/setup, train and check. It needs the standard library alone, and its syntax is one
that old Pythons can parse, so that they say what to do instead of failing at a line.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".venv"
RECORD = FOLDER / "fathom-setup.json"  # what was installed, and from which pyproject.toml
OLDEST = (3, 11)


def ready(*extras):
    """Make sure that the environment is there and has fathom and these extras.

    Quick when nothing changed since the last time: it compares the record with pyproject.toml.
    """
    require_python()
    wanted = set(extras)
    if wanted - known_extras():
        unknown, known = sorted(wanted - known_extras()), sorted(known_extras())
        stop(f"no extra is called {', '.join(unknown)}; there are {', '.join(known)}")
    record = read_record()
    if record is None:
        make()
        record = {"extras": set(), "project": None}
    if record["project"] != fingerprint() or not wanted <= record["extras"]:
        install(wanted | record["extras"])


def require_python():
    """Stop with a way out when this Python is too old."""
    if sys.version_info >= OLDEST:
        return
    names = [f"python3.{minor}" for minor in range(20, OLDEST[1] - 1, -1)]
    newer = next((name for name in names if shutil.which(name)), None)
    way_out = f"run it with {newer}" if newer else "install one and run it with that"
    stop(f"needs Python 3.11 or newer, and this is {sys.version.split()[0]}: {way_out}")


def read_record():
    """What the environment holds, or None where there is none that works, or one made elsewhere."""
    try:
        record = json.loads(RECORD.read_text(encoding="utf-8"))
        subprocess.run([program("python"), "-c", ""], check=True)
    except (OSError, ValueError, subprocess.CalledProcessError):
        return None
    if not isinstance(record, dict) or record.get("made") != maker():
        return None
    return {"extras": set(record["extras"]), "project": record["project"]}


def maker():
    """Where the environment stands and which Python made it; with another of either it fails."""
    return {"folder": str(FOLDER), "python": sys.version.split()[0]}


def make():
    """A fresh environment in place of whatever is there."""
    say(f"making an environment in .venv with Python {sys.version.split()[0]}")
    try:
        venv.create(FOLDER, clear=True, with_pip=True, symlinks=os.name != "nt")
    except (OSError, subprocess.CalledProcessError) as error:
        stop(
            f"cannot make an environment: {error}\n"
            "Where Python comes in parts, its venv part may be missing; on Debian and Ubuntu:\n"
            "    apt-get install python3-venv"
        )


def install(extras):
    """Put fathom into the environment, run from its sources, with what it and the extras need."""
    listed = ",".join(sorted(extras))
    name = f"fathom[{listed}]" if listed else "fathom"
    say(f"installing what {name} needs; the first time takes a minute or two")
    project = fingerprint()
    target = f"{ROOT}[{listed}]" if listed else str(ROOT)
    status = run(
        *(program("python"), "-m", "pip", "install", "-qq", "--editable", target),
        PIP_DISABLE_PIP_VERSION_CHECK="1",
    )
    if status:
        stop(
            "pip could not install what fathom needs; its message is above. Without a network,\n"
            "name a folder that holds the wheels: PIP_NO_INDEX=1 PIP_FIND_LINKS=FOLDER"
        )
    record = {"made": maker(), "extras": sorted(extras), "project": project}
    unfinished = RECORD.with_suffix(".part")
    unfinished.write_text(json.dumps(record), encoding="utf-8")
    os.replace(unfinished, RECORD)


def known_extras():
    """The extras of pyproject.toml."""
    import tomllib  # not in the Pythons that `require_python` turns away

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return set(project.get("optional-dependencies", {}))


def fingerprint():
    """A hash of what decides the installed packages."""
    return hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()


def program(name):
    """The path of one program of the environment."""
    folder = FOLDER / ("Scripts" if os.name == "nt" else "bin")
    return str(folder / (name + ".exe" if os.name == "nt" else name))


def run(*command, **variables):
    """The exit status of a program, run with these environment variables on top of our own."""
    process = subprocess.Popen(command, env={**os.environ, **variables})
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue  # the program was interrupted as well, and ends in its own way


def say(message):
    """A line about what happens now, in order with what other programs print."""
    print("fathom: " + message, flush=True)


def stop(message):
    """End with an error that says the way out."""
    sys.exit("fathom: " + message)
