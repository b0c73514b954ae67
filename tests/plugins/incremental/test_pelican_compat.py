"""The functions of Pelican that the incremental build depends on are as expected; a Pelican with others is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from plugins.incremental.pelican_compat import DEPENDENCIES, PelicanChanged, PelicanDependency, check_pelican


def test_the_installed_pelican_has_every_function_as_expected() -> None:
    check_pelican()


@pytest.mark.parametrize("dependency", DEPENDENCIES, ids=lambda dependency: dependency.function.__qualname__)
def test_a_pelican_with_other_parameters_is_refused_with_the_name_and_the_reason(dependency: PelicanDependency) -> None:
    def other(self: object, anything: object) -> None: ...

    other.__qualname__ = dependency.function.__qualname__
    with pytest.raises(PelicanChanged, match=dependency.function.__qualname__) as error:
        check_pelican([replace(dependency, function=other)])
    assert dependency.reason in str(error.value)


@pytest.mark.parametrize("dependency", DEPENDENCIES, ids=lambda dependency: dependency.function.__qualname__)
def test_a_pelican_whose_function_no_longer_uses_a_name_is_refused(dependency: PelicanDependency) -> None:
    with pytest.raises(PelicanChanged):
        check_pelican([replace(dependency, names=(*dependency.names, "_a_name_that_is_gone"))])
