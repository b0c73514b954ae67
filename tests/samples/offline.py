"""A small program with a lock file and the wheels that it names: what a kit installs from, without the hundred packages of the real one."""

from __future__ import annotations

import base64
import hashlib
import shutil
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = """
[build-system]
requires = ["setuptools>=80"]
build-backend = "setuptools.build_meta"
[project]
name = "todoke"
version = "0.1.0"
readme = "README.md"
license-files = ["LICENSE"]
dependencies = ["tiny-letters"]
[project.scripts]
todoke = "todoke:main"
[tool.setuptools]
py-modules = ["todoke"]
[tool.setuptools.packages.find]
include = ["parts*"]
[tool.setuptools.package-data]
parts = ["*.txt"]
"""


def wheel(folder: Path, name: str, version: str, code: str) -> Path:
    """Write a wheel of one module (PEP 427)."""
    metadata = f"{name}-{version}.dist-info"
    contents = {
        f"{name}.py": code,
        f"{metadata}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{metadata}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    digests = {
        path: base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode() for path, text in contents.items()
    }
    contents[f"{metadata}/RECORD"] = "".join(f"{path},sha256={digest},\n" for path, digest in digests.items()) + f"{metadata}/RECORD,,\n"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as archive:
        for path, text in contents.items():
            archive.writestr(path, text)
    return file


def checkout(folder: Path, wheels: Path) -> Path:
    """Write the program, and the wheels of its lock file into ``wheels``."""
    (folder / "parts").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(PROJECT, "utf-8")
    for name in ("README.md", "LICENSE"):
        (folder / name).write_text(name, "utf-8")
    (folder / "todoke.py").write_text(
        "from pathlib import Path\nimport parts, tiny_letters\n"
        "def main():\n    print(tiny_letters.WORD, Path(parts.__file__).with_name('data.txt').read_text())\n",
        "utf-8",
    )
    (folder / "parts" / "__init__.py").touch()
    (folder / "parts" / "data.txt").write_text("with data", "utf-8")
    shutil.copytree(ROOT / "deploy", folder / "deploy")
    lock(folder, wheel(wheels, "tiny_letters", "1.0", "WORD = 'offline'\n"))
    return folder


def lock(folder: Path, *wheels: Path) -> None:
    """Write the lock file."""
    lines = [f"{file.name.split('-')[0]}==1.0 --hash=sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}\n" for file in wheels]
    (folder / "requirements.txt").write_text("".join(lines), "utf-8")
