"""The package by itself: it can be installed alone, stays small, and says what is wrong with its settings."""

from __future__ import annotations

import ast
import io
import shutil
import subprocess
import sys
import time
import tokenize
from pathlib import Path

import pytest

from demo.servers import free_port
from tests.mirrors import WWW, Mirrors, nginx
from verifier.config import check, load_config
from verifier.model import VerifierError

PACKAGE = Path("verifier")


def code_lines(file: Path) -> int:
    """Return the lines that are neither blank nor comment nor docstring."""
    text = file.read_text(encoding="utf-8")
    docstrings: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            docstrings |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    nothing = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    tokens = [token for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.type not in nothing]
    return len({line for token in tokens for line in range(token.start[0], token.end[0] + 1)} - docstrings)


def test_the_whole_package_has_at_most_1010_lines_of_code() -> None:
    assert sum(map(code_lines, PACKAGE.glob("*.py"))) <= 1010


def test_the_package_imports_the_standard_library_cryptography_and_tuf_only() -> None:
    imported = set()
    for file in PACKAGE.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            imported |= {name.partition(".")[0] for name in names}
    assert imported - sys.stdlib_module_names == {"verifier", "cryptography", "tuf"}


def test_it_is_installed_alone_and_finds_an_alteration(tmp_path: Path, mirrors: Mirrors) -> None:
    shutil.copytree(PACKAGE, tmp_path / "source", ignore=shutil.ignore_patterns("__pycache__"))
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--no-build-isolation",
        "--target",
        str(tmp_path / "site"),
    ]
    subprocess.run([*command, str(tmp_path / "source")], check=True, capture_output=True)
    mirrors.now = time.time()  # the program alone has the wall clock
    mirrors.publish()
    (tmp_path / "alone").mkdir()
    shutil.copy(mirrors.root / "store" / "metadata" / "1.root.json", tmp_path / "alone" / "root.json")
    settings = f'root = "root.json"\nfolder = "state"\nagain = 0.2\nfamilies = ["ipv4"]\n[[mirrors]]\nurl = "http://{WWW}:{mirrors.port}"\n'
    (tmp_path / "alone" / "verify.toml").write_text(settings, encoding="utf-8")

    def run() -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-m", "verifier", "verify.toml", "--once"]
        return subprocess.run(
            words, cwd=tmp_path / "alone", env={"PYTHONPATH": str(tmp_path / "site")}, capture_output=True, text=True, check=False
        )

    assert run().returncode == 0
    mirrors.replace("feed.xml", b"Hacked")
    ended = run()
    assert ended.returncode == 1, ended.stderr
    assert "[altered]" in ended.stdout
    assert (tmp_path / "alone" / "state" / "status" / "index.html").exists()


def test_all_bad_settings_are_told_together(tmp_path: Path) -> None:
    file = tmp_path / "verify.toml"
    file.write_text('slow = "quick"\ncolour = 1\ncritical = [1]\n[mail]\nhost = "h"\n[[mirrors]]\nname = "www"\n', encoding="utf-8")
    with pytest.raises(VerifierError) as error:
        load_config(file)
    for words in ("slow: 'quick'", "colour: there is no such setting", "critical: [1]", "mail.sender: is needed", "mirrors.url: is needed"):
        assert words in str(error.value)


def test_paths_are_relative_to_the_settings_and_times_are_more_than_nothing(tmp_path: Path) -> None:
    file = tmp_path / "verify.toml"
    file.write_text(
        'root = "root.json"\ninterval = 0\n[[mirrors]]\nurl = "http://a.test"\n[[mirrors]]\nurl = "http://a.test/"\n', encoding="utf-8"
    )
    config = load_config(file)
    assert config.root == str(tmp_path / "root.json")
    with pytest.raises(VerifierError) as error:
        check(config)
    assert "interval: must be more than 0" in str(error.value)
    assert "two have the name a.test" in str(error.value)


def test_the_rdap_server_says_when_a_domain_ends(tmp_path: Path, mirrors: Mirrors) -> None:
    rdap = tmp_path / "rdap" / "domain"
    rdap.mkdir(parents=True)
    (rdap / "near.example").write_text('{"events": [{"eventAction": "expiration", "eventDate": "2026-12-31T00:00:00Z"}]}')
    (rdap / "far.example").write_text('{"events": [{"eventAction": "expiration", "eventDate": "2030-01-01T00:00:00Z"}]}')
    (rdap / "odd.example").write_text('{"events": "none"}')
    (tmp_path / "n").mkdir()
    with nginx(tmp_path / "n", {"127.0.0.1": tmp_path / "rdap"}, port := free_port()):
        mirrors.names["rdap.example.test"] = ("127.0.0.1", "")
        [mirror] = mirrors.config().mirrors
        for domain, found in (("near.example", {"domain"}), ("far.example", set()), ("odd.example", set()), ("gone.example", set())):
            named = type(mirror)(mirror.url, "www", domain=domain)
            config = mirrors.config(mirrors=(named,), rdap=f"http://rdap.example.test:{port}", folder=str(tmp_path / domain))
            watch = mirrors.watch(config)
            mirrors.run(watch, 30)
            assert {key.kind for key in watch.findings()} == found
