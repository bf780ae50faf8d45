"""Finds the transforms: every module that lies in the package ``transforms``."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from rewriter.transform import Phase, Transform


class UnknownTransformError(LookupError):
    """A name that no transform has; the message says which there are."""


@cache
def all_transforms() -> tuple[Transform, ...]:
    """All transforms in the order in which they run: by phase, then by name."""
    import transforms

    found = []
    for module_info in pkgutil.iter_modules(transforms.__path__):
        module = import_module(f"transforms.{module_info.name}")
        found.append(
            Transform(
                module_info.name,
                module.__doc__ or "",
                Phase(module.PHASE),
                getattr(module, "DEFAULT", True),
                module.plan,
            )
        )
    return tuple(sorted(found, key=lambda transform: (transform.phase, transform.name)))


def chosen(
    select: tuple[str, ...] = (), skip: tuple[str, ...] = (), extend: tuple[str, ...] = ()
) -> tuple[Transform, ...]:
    """The transforms to run. Raises UnknownTransformError."""
    known = {transform.name: transform for transform in all_transforms()}
    for name in (*select, *skip, *extend):
        if name not in known:
            raise UnknownTransformError(f"there is no transform {name!r}; there are {', '.join(known)}")
    return tuple(
        transform
        for name, transform in known.items()
        if name not in skip and (name in select if select else transform.default or name in extend)
    )
