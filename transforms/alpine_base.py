"""Swap the base image to its alpine tag

Why: the full image carries compilers, version control and headers of a whole Debian; the alpine tag of the same
version has the same toolchain in a fraction of the size. Packages, users and clean-up lines are carried over with it.

Safe when: every command that runs on the image is known to mean the same on Alpine, every package is known there, and
the manifests show nothing that needs glibc.

Review when: the build context does not show what the program is built from, dependencies were not looked at, a package
is known under its Alpine name only from an older list, or the version comes from an ARG.

Leaves alone:
- images that the catalogue does not know, or that are pinned by digest
- images that are alpine already
- stages that are thrown away: a smaller base there changes nothing in the image
- bases that another stage stands on or copies from, or that a compose, bake or CI file builds as a target
- images without ENTRYPOINT or CMD, which are tools for somebody else
- packages, repositories, version pins, commands, options, users or owners that Alpine does not have
- dependencies that need glibc, or of which that cannot be seen; C code that is not known to work on musl
- databases, whose data depend on the C library
- a tag that never had an alpine counterpart
"""

from collections.abc import Iterator

from rewriter import Change, Declined, Finding, Outcome, Phase, Situation, planned_swap, swap_edits

PHASE = Phase.BASE


def plan(situation: Situation) -> Iterator[Outcome]:
    """One change for the final image's base, or the reason against it."""
    anchor = situation.model.final.root.from_.start
    swap = planned_swap(situation)
    if isinstance(swap, str):
        yield Declined(anchor, swap)
        return
    yield from (Finding(anchor, message) for message in swap.findings)
    yield Change(swap_edits(situation, swap), swap.why, swap.evidence, anchor, swap.announced)
