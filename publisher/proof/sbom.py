"""The software bill of materials of a release, in CycloneDX 1.6 (ECMA-424), by cyclonedx-python-lib. Without a network.

Names and versions are those that the release's signed manifest names. Hashes of the packages come from the lock file, licences from what is installed here,
both only where the version is the same.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, distribution
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model import Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.utils import canonicalize_name

from publisher.model.release import Release

OWN = "todoke"
_NOT_PACKAGES = frozenset({"python", "platform"})
_PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def sbom(release: Release, lock: str) -> bytes:
    """Return the bill of ``release``; ``lock`` is the text of the lock file (pip's requirements with hashes), or empty. The same input, the same bytes."""
    hashes = locked_hashes(lock)
    packages = {name: version for name, version in release.tools.items() if _is_package(name)}
    program = Component(name=OWN, version=packages.pop(OWN, "") or None, type=ComponentType.APPLICATION, bom_ref=OWN)
    components = [_component(name, version, hashes.get((name, version), ())) for name, version in sorted(packages.items())]
    bom = Bom(components=components)
    bom.serial_number = uuid5(NAMESPACE_URL, "\n".join(f"{name} {version}" for name, version in sorted(release.tools.items())))
    bom.metadata.timestamp = release.moment.astimezone(dt.UTC)
    bom.metadata.component = program
    bom.metadata.properties = [Property(name=f"todoke:{name}", value=value) for name, value in _circumstances(release)]
    bom.register_dependency(program, components)
    return (JsonV1Dot6(bom).output_as_string(indent=1) + "\n").encode()


def locked_hashes(lock: str) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """Return the SHA-256 of the files of each locked package, by canonical name and version."""
    hashes: dict[tuple[str, str], tuple[str, ...]] = {}
    package: tuple[str, str] | None = None
    for line in lock.splitlines():
        if match := _PINNED.match(line):
            package = (canonicalize_name(match[1]), match[2])
        if package and (of_line := _HASH.findall(line)):
            hashes[package] = (*hashes.get(package, ()), *of_line)
    return hashes


def _circumstances(release: Release) -> Iterable[tuple[str, str]]:
    yield "release", str(release.number)
    yield "commit", release.commit
    for name, value in sorted(release.tools.items()):
        if not _is_package(name):
            yield name, value


def _is_package(name: str) -> bool:
    """Whether a tool of a manifest is a package; the others are circumstances: the interpreter, the platform, encoders (``pillow:webp``)."""
    return name not in _NOT_PACKAGES and ":" not in name


def _component(name: str, version: str, hashes: Iterable[str]) -> Component:
    url = PackageURL("pypi", None, name, version)
    licence = _licence(name, version)
    return Component(
        name=name,
        version=version,
        type=ComponentType.LIBRARY,
        bom_ref=str(url),
        purl=url,
        licenses=[DisjunctiveLicense(name=licence)] if licence else None,
        properties=[Property(name="todoke:locked-file-sha256", value=each) for each in sorted(hashes)],
    )


def _licence(name: str, version: str) -> str:
    """Return the licence that the installed package of this version states, in at most a line; empty if none does."""
    try:
        installed = distribution(name)
    except PackageNotFoundError:
        return ""
    if installed.version != version:
        return ""
    metadata = installed.metadata.json
    text = str(metadata.get("license_expression") or metadata.get("license") or "")
    line = text.strip().splitlines()[0].strip() if text.strip() else ""
    if line and len(line) <= 100:
        return line
    return "; ".join(each.rpartition(" :: ")[2] for each in metadata.get("classifier") or () if each.startswith("License ::"))
