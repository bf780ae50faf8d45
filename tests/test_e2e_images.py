"""How the end-to-end tests come by their base images: what is there, what is pulled, what is made, in which order."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from tests.e2e import base_images
from tests.e2e.base_images import FAMILIES, Family, make, make_for

if TYPE_CHECKING:
    from tests.e2e.engine import Engine
    from tests.e2e.stand_in import Maker


class Registry:
    """Stands for an engine that has some images, and can pull if it is told so."""

    def __init__(self, home: Path, *, pulls: bool) -> None:
        self.home = home
        self.pulls = pulls
        self.labels: dict[str, str | None] = {}
        self.done: list[str] = []

    def has(self, tag: str) -> bool:
        return tag in self.labels

    def label(self, tag: str, _name: str) -> str | None:
        return self.labels.get(tag)

    def size(self, _tag: str) -> int:
        return 1

    def pull(self, tag: str, _seconds: float | None = None) -> bool:
        if self.pulls:
            self.labels[tag] = None
            self.done.append(f"pull {tag}")
        return self.pulls


class World:
    """Three families: leaf is built on base, and other on nothing."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        base = self._family("base")
        self.families = (base, self._family("other"), self._family("leaf", base))

    def _family(self, name: str, *needs: Family) -> Family:
        tags = (f"{name}:1", f"{name}:2")

        def made(_maker: Maker) -> None:
            self.registry.done.append(f"make {name}")
            self.registry.labels.update(dict.fromkeys(tags, self[name].fingerprint))

        return Family(tags, made, lambda: name, (), needs)

    def __getitem__(self, name: str) -> Family:
        return next(family for family in self.families if family.tags[0] == f"{name}:1")


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> World:
    world = World(Registry(tmp_path, pulls=request.param))
    monkeypatch.setattr(base_images, "FAMILIES", world.families)
    monkeypatch.setattr(base_images, "ca_bundle", lambda: b"certificates")
    return world


def ask(world: World, *tags: str) -> list[str]:
    world.registry.done.clear()
    make_for(cast("Engine", world.registry), tags)
    return world.registry.done


@pytest.mark.parametrize("world", [False], indirect=True)
def test_a_family_is_made_once_after_what_it_is_built_on_and_no_other(world: World) -> None:
    assert ask(world, "leaf:2", "unknown:1") == ["make base", "make leaf"]
    assert ask(world, "leaf:2") == []
    assert ask(world, "other:1", "base:1") == ["make other"]


@pytest.mark.parametrize("world", [False], indirect=True)
def test_another_recipe_is_made_again_and_all_that_is_built_on_it(world: World) -> None:
    ask(world, "leaf:1", "other:1")
    for tag in world["base"].tags:
        world.registry.labels[tag] = "of another recipe"
    assert ask(world, "leaf:1", "other:1") == ["make base"]
    other = Family(("leaf:1",), world["leaf"].make, lambda: "leaf", (), (world["other"],))
    assert other.fingerprint != world["leaf"].fingerprint


@pytest.mark.parametrize("world", [True], indirect=True)
def test_where_images_can_be_pulled_the_real_ones_are_taken_and_kept(world: World) -> None:
    pulled = ask(world, "leaf:1")
    assert pulled[1:] == ["pull base:1", "pull base:2", "pull leaf:1", "pull leaf:2"]
    assert ask(world, "leaf:1") == []
    world.registry.pulls = False
    assert ask(world, "leaf:1", "other:1") == ["make other"]


def test_no_two_families_share_a_tag_and_each_comes_after_what_it_needs() -> None:
    tags = [tag for family in FAMILIES for tag in family.tags]
    assert len(tags) == len(set(tags))
    for at, family in enumerate(FAMILIES):
        assert all(need in FAMILIES[:at] for need in family.needs)
        assert all((base_images.HERE / name).is_file() for name in family.sources)


def test_nothing_is_asked_of_an_engine_for_no_family(tmp_path: Path) -> None:
    registry = Registry(tmp_path, pulls=False)
    make(cast("Engine", registry))
    assert registry.done == []
