"""Which paths only package managers have."""

from __future__ import annotations

import pytest

from rewriter.userland.cleaning import leftover


@pytest.mark.parametrize(
    "path",
    [
        "/var/lib/apt/lists/*",
        "'/var/cache/apt'",
        "/var//lib/apt",
        "/var/lib/{apt,dpkg}",
        "/var/{lib/apt/lists,cache/apt}/*",
        "/var/{lib,cache}/{apt,apt/archives}",
        "/var/cache/apt/archives/*.deb",
    ],
)
def test_of_a_package_manager(path: str) -> None:
    assert leftover(path)


@pytest.mark.parametrize(
    "path",
    [
        "/var/{cache/apt,myapp}",
        "/var/lib/{apt,mysql}",
        "/var/{lib/apt,lib/mysql}",
        "/var/lib/apt/../../../srv",
        "/var/lib/apt,x",
        "/var/lib/apt{",
        "/var/lib/apt{a}",
        "/var/lib/apt-cacher",
        "/var/lib/{apt,{dpkg,rpm}}",
        "/var/lib/apt/" + "{a,b}" * 20,
        "",
    ],
)
def test_of_somebody_else(path: str) -> None:
    assert not leftover(path)
