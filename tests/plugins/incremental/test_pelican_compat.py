"""The contract with Pelican: what the incremental build leans on is there, and a Pelican without it is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from plugins.incremental.pelican_compat import LEANINGS, PelicanChanged, PelicanDependency, check_pelican


def test_the_pelican_of_the_lock_is_the_one_that_is_expected() -> None:
    check_pelican()


@pytest.mark.parametrize("leaning", LEANINGS, ids=lambda leaning: leaning.what.__qualname__)
def test_another_signature_is_refused_with_name_and_reason(leaning: PelicanDependency) -> None:
    def other(self: object, anything: object) -> None: ...

    other.__qualname__ = leaning.what.__qualname__
    with pytest.raises(PelicanChanged, match=leaning.what.__qualname__) as error:
        check_pelican([replace(leaning, what=other)])
    assert leaning.reason in str(error.value)


@pytest.mark.parametrize("leaning", LEANINGS, ids=lambda leaning: leaning.what.__qualname__)
def test_other_names_inside_are_refused(leaning: PelicanDependency) -> None:
    with pytest.raises(PelicanChanged):
        check_pelican([replace(leaning, names=(*leaning.names, "_a_name_that_is_gone"))])
