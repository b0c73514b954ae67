"""Signatures of approvals by SSH keys: `ssh-keygen -Y sign` and `-Y verify` (OpenSSH 8.2 and later; format: PROTOCOL.sshsig).

The key may lie in a file, in an agent or on a security token; ssh-keygen asks for a passphrase or a touch on the terminal itself.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from mailer.approval.approvers import Approver
from mailer.model.errors import TodokeMailError

NAMESPACE = "todoke-approve"
"""A signature for anything else (a commit, a file) is no approval."""

PRINCIPAL = "approver"
"""Stands in the file of allowed signers, which holds one key. An address could hold what is a pattern there."""

SSH_KEYGEN = "ssh-keygen"
PATIENCE = 300  # seconds for a passphrase or a touch


class SignatureError(TodokeMailError):
    """An approval could not be signed, or its signature is not that of its approver."""


def sign(statement: bytes, approver: Approver, key: Path | None) -> str:
    """Return the armoured signature of a statement.

    :param key: the private key's file; without it the key is looked for in `~/.ssh`, then in the agent.
    :raises SignatureError: ssh-keygen is not there, or has no key that is the approver's.
    """
    with tempfile.TemporaryDirectory(prefix="todoke-") as folder:
        public = Path(folder, "approver.pub")
        public.write_text(f"{approver.public_key}\n", "ascii")
        file = key or _key_in_home(approver) or public
        done = _run(["-Y", "sign", "-q", "-n", NAMESPACE, "-f", str(file)], statement)
    if done.returncode:
        raise SignatureError(
            f"The approval was not signed: {_reason(done)}. Give the private key of {approver.name} ({approver.fingerprint}) with --key, or add it "
            "to the agent (ssh-add). 承認に署名できませんでした。"
        )
    signature = done.stdout.decode("ascii", "replace")
    verify(statement, signature, approver)
    return signature


def verify(statement: bytes, signature: str, approver: Approver) -> None:
    """Return if the approver signed the statement.

    :raises SignatureError: somebody else signed, or something else was signed.
    """
    if not approver.public_key:
        raise SignatureError(f"{approver.name} has no public_key in approvers.toml, so no signature can be checked. Add it.")
    with tempfile.TemporaryDirectory(prefix="todoke-") as folder:
        signers, signed = Path(folder, "allowed_signers"), Path(folder, "signature")
        signers.write_text(f'{PRINCIPAL} namespaces="{NAMESPACE}" {approver.public_key}\n', "ascii")
        signed.write_text(signature, "utf-8")
        done = _run(["-Y", "verify", "-f", str(signers), "-I", PRINCIPAL, "-n", NAMESPACE, "-s", str(signed)], statement)
    if done.returncode:
        raise SignatureError(
            f"The signature is not that of {approver.name} ({approver.fingerprint}) under this approval: {_reason(done)}. "
            "署名が承認した人のものではありません。"
        )


def _key_in_home(approver: Approver) -> Path | None:
    try:
        for public in sorted(Path("~/.ssh").expanduser().glob("*.pub")):
            if (
                " ".join(public.read_text("utf-8", "replace").split(" ")[:2]).strip() == approver.public_key
                and public.with_suffix("").is_file()
            ):
                return public.with_suffix("")
    except (OSError, RuntimeError):
        return None
    return None


def _run(arguments: list[str], statement: bytes) -> subprocess.CompletedProcess[bytes]:
    # On a terminal its words go there: "Confirm user presence for key". Its prompts use the terminal in any case.
    errors = None if sys.stderr.isatty() and "sign" in arguments else subprocess.PIPE
    try:
        return subprocess.run(  # noqa: S603 - fixed command, paths as arguments
            [SSH_KEYGEN, *arguments], input=statement, stdout=subprocess.PIPE, stderr=errors, check=False, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        raise SignatureError(f"ssh-keygen has not answered for {PATIENCE} seconds: run the command again.") from None
    except OSError as error:
        raise SignatureError(f"ssh-keygen cannot be run ({error.strerror}): install OpenSSH's client. OpenSSHを入れてください。") from None


def _reason(done: subprocess.CompletedProcess[bytes]) -> str:
    words = (done.stderr or done.stdout or b"").decode("utf-8", "replace").strip().splitlines()
    return words[-1] if words else f"ssh-keygen ended with {done.returncode}"
