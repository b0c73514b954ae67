"""Run the tests that need no browser on every Python of this machine: ``python -m tests.all_pythons``; ``--list`` only says which there are.

Each version gets an environment of its own, ``.venv-3.12`` and so on, with the locked packages. The end says which versions were run and which are
not on this machine. The exit status is 1 if a run failed, or if there was nothing to run.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

VERSIONS = ("3.11", "3.12", "3.13", "3.14")
ABSENT = "not on this machine"
PYENV = Path.home() / ".pyenv" / "versions"


def interpreter(version: str) -> Path | None:
    """Return a working interpreter of that version: from PATH, or the newest of pyenv (whose names on PATH may lead nowhere)."""
    named = shutil.which(f"python{version}")
    places = [*([Path(named)] if named else []), *sorted(PYENV.glob(f"{version}.*/bin/python"), reverse=True)]
    return next((place for place in places if _is_version(place, version)), None)


def _is_version(place: Path, version: str) -> bool:
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    shown = subprocess.run([place, "-c", code], capture_output=True, text=True, check=False)
    return shown.returncode == 0 and shown.stdout.strip() == version


def environment(python: Path, version: str) -> Path:
    """Return the interpreter of an environment with the locked packages, made where it is missing."""
    folder = Path(f".venv-{version}")
    if not (folder / "bin" / "python").exists():
        subprocess.run([python, "-m", "venv", folder], check=True)
    own = folder / "bin" / "python"
    pip: list[str | Path] = [own, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for lock in ("requirements.txt", "requirements-test.txt"):
        subprocess.run([*pip, "--require-hashes", "-r", lock], check=True)
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "-e", "."], check=True)
    return own


def main(arguments: list[str]) -> int:
    """Run pytest on each version, with the arguments that are none of ours, and print one line for each."""
    parser = argparse.ArgumentParser(description=__doc__, epilog="All other arguments go to pytest.")
    parser.add_argument("--list", action="store_true", help="say which interpreters this machine has, and run nothing")
    options, for_pytest = parser.parse_known_args(arguments)
    results = {version: _result(version, for_pytest, is_only_listed=options.list) for version in VERSIONS}
    for version, result in results.items():
        print(f"Python {version}: {result}")
    tried = [result for result in results.values() if result != ABSENT]
    return 0 if tried and all(result == "passed" or options.list for result in tried) else 1


def _result(version: str, arguments: list[str], *, is_only_listed: bool) -> str:
    python = interpreter(version)
    if python is None:
        return ABSENT
    if is_only_listed:
        return str(python)
    own = environment(python, version)
    run = subprocess.run([own, "-m", "pytest", "-n", "auto", "--dist", "loadfile", "-q", "-m", "not browser", *arguments], check=False)
    return "passed" if run.returncode == 0 else f"failed with status {run.returncode}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
