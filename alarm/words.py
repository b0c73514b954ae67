"""Names of findings in Japanese and English, and the error of this package."""

from __future__ import annotations

from verifier.model import Finding, plain

WORDS = {
    "altered": ("公開したものと違います", "not what was released"),
    "added": ("公開していないファイルがあります", "a file that no release has"),
    "missing": ("あるはずのファイルがありません", "a released file is missing"),
    "rolled-back": ("古い版が出ています", "an old release is served again"),
    "forged": ("署名が合いません", "the signed metadata is another's or gone"),
    "stale": ("署名の期限が切れました", "the signed time is over"),
    "frozen": ("更新が止まっています", "the signed time stands still"),
    "header": ("ヘッダーが決まりと違います", "wrong media type or header"),
    "differ": ("公開先どうしが違います", "mirrors show different releases"),
    "dns": ("名前が別の場所を指しています", "the name leads to another address"),
    "certificate": ("証明書に問題があります", "the certificate ends soon or is not valid"),
    "domain": ("ドメインの期限が近づいています", "the domain ends soon"),
    "slow": ("応答が遅いです", "answers are slow"),
    "unreachable": ("応答がありません", "no answer"),
    "blind": ("この機械からは何も確かめられません", "nothing can be judged from this machine"),
}


class VerifierError(Exception):
    """Something that the operator has to mend. English first, Japanese after."""


def line(finding: Finding) -> str:
    """One finding as one line."""
    ja, en = WORDS[finding.kind]
    place = " ".join(part for part in (finding.mirror, finding.family, finding.subject) if part)
    return plain(f"{'OVER 解消' if finding.is_over else 'FOUND 発見'} [{finding.kind}] {place}: {ja} {en}. {finding.words}")
