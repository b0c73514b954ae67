"""Processes that can be killed, without a second of imports for each: forked from one that has imported the mailer.

What runs in them must be a function at the top of a module. They are started from a clean process, not from pytest's.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from multiprocessing.process import BaseProcess

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(
    [
        "mailer.cli.send",
        "mailer.sending.worker",
        "channels.dispatch.worker",
        "tests.samples.mail.mail_bundles",
        "tests.servers.networks.simple_network",
        "uvloop",
        "todoke",
        "plugins.builder.checkout.source_check",
        "plugins.builder.run",
    ]
)


def start(target: Callable[..., None], *arguments: object, is_daemon: bool = True) -> BaseProcess:
    """Start it. The process dies with its parent, at the latest; one that starts processes itself is no daemon, as `multiprocessing` calls it."""
    process = CONTEXT.Process(target=target, args=arguments, daemon=is_daemon)
    process.start()
    return process
