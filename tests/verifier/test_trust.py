"""Which release is believed: keys from outside, versions that only grow, a new root that the old one signed, two signatures that must agree."""

from __future__ import annotations

import pytest

from publisher.release.keys import new_key
from publisher.release.minisign import public_key
from publisher.release.tuf_metadata import SigningKeys
from tests.samples.publishing.mirrors import Mirrors, kinds
from tests.samples.publishing.releases import Publishing
from verifier.model import Answer, FetchError
from verifier.watch import View


def minisign_key(mirrors: Mirrors) -> str:
    return public_key(mirrors.publishing.keys.targets).text


def publish_after_one_request(mirrors: Mirrors, view: View) -> None:
    """Let the next request be answered by the release before, and the one after it by a new one."""
    fetch = view._fetch

    def answer_then_publish(url: str, family: str, limit: int) -> Answer:
        view._fetch = fetch
        answer = fetch(url, family, limit)
        mirrors.publish()
        return answer

    view._fetch = answer_then_publish


def test_a_release_that_goes_live_between_two_requests_is_no_alteration(mirrors: Mirrors) -> None:
    watch = mirrors.watch(mirrors.config(families=("ipv4",)))
    mirrors.run(watch, 60)
    for number in range(5):
        mirrors.publishing.write("index.html", f"<h1>{number}</h1>")
        publish_after_one_request(mirrors, watch.views[0])
        assert mirrors.run(watch, 120) == []
    assert watch.views[0].trust.release.number == 6


def test_a_new_signed_time_counts_from_when_it_came_although_the_next_request_was_cut(mirrors: Mirrors) -> None:
    watch = mirrors.watch(mirrors.config(families=("ipv4",)))
    mirrors.run(watch, 60)
    view = watch.views[0]
    fetch = view._fetch

    def cut(url: str, family: str, limit: int) -> Answer:
        if "timestamp" not in url:
            raise FetchError("cut")
        return fetch(url, family, limit)

    mirrors.publish()
    view._fetch, came = cut, mirrors.now
    watch.tick()
    view._fetch = fetch
    mirrors.run(watch, 60)
    assert view.trust.release.number == 2
    assert (view.trust.folder / "timestamp.json").stat().st_mtime == pytest.approx(came)


def test_metadata_of_other_keys_is_forged_although_it_is_whole(mirrors: Mirrors) -> None:
    watch = mirrors.watch(mirrors.config("www", "second", families=("ipv4",)))
    mirrors.run(watch, 60)
    thief = Publishing(mirrors.root / "thief")
    thief.now = mirrors.publishing.now
    for path, data in thief.store.proof(thief.release()).items():
        mirrors.replace(path, data)
    found, seconds = mirrors.find(watch)
    assert found == {("", "forged")}
    assert seconds <= 60


def test_with_a_public_key_alone_alterations_and_older_releases_are_found(mirrors: Mirrors) -> None:
    watch = mirrors.watch(mirrors.config(root="", public_key=minisign_key(mirrors), families=("ipv4",)))
    assert mirrors.run(watch, 100) == []
    mirrors.publishing.write("index.html", "<h1>new</h1>")
    mirrors.publish()
    assert mirrors.run(watch, 100) == []
    link = mirrors.root / "www" / "current"
    other = "slots/a" if str(link.readlink()).endswith("b") else "slots/b"
    link.unlink()
    link.symlink_to(other)
    assert ("", "rolled-back") in mirrors.find(watch)[0]


@pytest.mark.parametrize("line", [1, 2, 3], ids=["signature", "trusted comment", "signature of the comment"])
def test_with_a_public_key_alone_a_signature_that_was_changed_is_forged(mirrors: Mirrors, line: int) -> None:
    watch = mirrors.watch(mirrors.config("www", "second", root="", public_key=minisign_key(mirrors), families=("ipv4",)))
    mirrors.run(watch, 60)
    lines = mirrors.file(".well-known/todoke/manifest.txt.minisig").read_bytes().split(b"\n")
    lines[line] = (
        lines[line][:-12] + (b"A" if lines[line][-12:-11] != b"A" else b"B") + lines[line][-11:]
    )  # in the last bytes of what is signed
    mirrors.replace(".well-known/todoke/manifest.txt.minisig", b"\n".join(lines))
    assert mirrors.find(watch)[0] == {("", "forged")}


def test_with_both_keys_both_must_hold(mirrors: Mirrors) -> None:
    assert mirrors.run(mirrors.watch(mirrors.config(public_key=minisign_key(mirrors))), 60) == []
    other = public_key(new_key(mirrors.root / "other.pem")).text
    watch = mirrors.watch(
        mirrors.config("www", "second", public_key=other, families=("ipv4",), folder=str(mirrors.root / "anew"), controls=())
    )
    mirrors.run(watch, 60)
    assert all(view.trust.release.number == 0 for view in watch.views)


def test_keys_that_the_old_root_signed_are_followed(mirrors: Mirrors) -> None:
    watch = mirrors.watch(mirrors.config(families=("ipv4",)))
    mirrors.run(watch, 60)
    rotate(mirrors)
    mirrors.publishing.write("index.html", "<h1>signed with a new key</h1>")
    mirrors.publish()
    assert mirrors.run(watch, 120) == []
    assert watch.views[0].trust.release.number == 2


def rotate(mirrors: Mirrors) -> None:
    """Replace the key that signs releases: the next root names the new one and is signed by both root keys."""
    from securesystemslib.signer import CryptoSigner
    from tuf.api.metadata import Metadata, Root

    publishing = mirrors.publishing
    files = publishing.store.metadata()
    metadata = Metadata[Root].from_bytes(files["root.json"])
    old, new = CryptoSigner(publishing.keys.targets), new_key(mirrors.root / "keys" / "new.pem")
    for role in ("targets", "snapshot"):
        metadata.signed.revoke_key(old.public_key.keyid, role)
        metadata.signed.add_key(CryptoSigner(new).public_key, role)
    metadata.signed.version += 1
    metadata.signatures.clear()
    for key in publishing.root_keys:
        metadata.sign(CryptoSigner(key), append=True)
    publishing.store.keep_metadata(files | {"root.json": metadata.to_bytes()})
    publishing.keys = SigningKeys(new, publishing.keys.timestamp)


def test_a_site_of_many_files_whose_targets_lie_in_bins_is_read_too(mirrors: Mirrors) -> None:
    for number in range(600):
        mirrors.publishing.write(f"press/2026/{number}.html", f"<p>{number}</p>")
    mirrors.publish()
    watch = mirrors.watch(mirrors.config(families=("ipv4",)))
    assert mirrors.run(watch, 60) == []
    assert len(watch.views[0].trust.release.files) == 606


def test_a_mirror_that_stays_behind_another_for_five_minutes_is_found(mirrors: Mirrors) -> None:
    watch = mirrors.watch(mirrors.config("www", "second", families=("ipv4",)))
    mirrors.run(watch, 60)
    mirrors.publishing.write("index.html", "<h1>new</h1>")
    mirrors.publish("second")
    assert mirrors.run(watch, 200) == []
    events = mirrors.run(watch, 300)
    assert kinds(events) == {"differ"}
    assert {key.mirror for key in events} == {"www"}


def test_an_alteration_that_only_ipv6_readers_see_is_found(mirrors: Mirrors) -> None:
    watch = mirrors.watch(mirrors.config())
    mirrors.run(watch, 60)
    view = next(view for view in watch.views if view.family == "ipv6")
    honest = view._fetch

    def other_site(url: str, family: str, limit: int) -> Answer:
        return honest(url.removesuffix("press/"), family, limit)

    view._fetch = other_site
    mirrors.run(watch, 60)
    assert {(key.family, key.subject, key.kind) for key in watch.findings()} == {("ipv6", "press/index.html", "altered")}
