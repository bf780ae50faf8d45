"""Swap the base image to its alpine tag

Why: the full image carries compilers, version control and headers of a whole Debian; the alpine tag of the same
version has the same toolchain in about a third of the size.

Safe when: every command that runs on the image is known to mean the same on Alpine, and the sources show no C code.

Review when: the build context does not show whether the program uses cgo, the program has dependencies (they are not
looked at), or the version comes from an ARG.

Leaves alone:
- images that the catalogue does not know, or that are pinned by digest
- images that are alpine already
- stages that are thrown away: a smaller base there changes nothing in the image
- bases that another stage stands on or copies from, or that a compose, bake or CI file builds as a target
- images without ENTRYPOINT or CMD, which are tools for somebody else
- stages with Debian packages, or with a command, option, user or owner that Alpine does not have
- C code that is not known to work on musl
- a tag that never had an alpine counterpart
"""

from collections.abc import Iterator

from rewriter import Change, Declined, Edit, Outcome, Phase, Situation, insert_after, package_line, planned_swap

PHASE = Phase.BASE


def plan(situation: Situation) -> Iterator[Outcome]:
    """One change for the final image's base, or the reason against it."""
    final = situation.model.final
    anchor = final.root.from_.start
    swap = planned_swap(situation)
    if isinstance(swap, str):
        yield Declined(anchor, swap)
        return
    span = swap.place.span
    edits = [Edit(span.start, span.end, swap.new_text)]
    if swap.packages:
        line = package_line(swap.stage, sorted(swap.packages))
        edits.append(insert_after(situation.dockerfile, swap.stage.from_, [line]))
    why = f"{swap.place.text} becomes {swap.new_text}: {swap.choice.reason or 'the same version on Alpine'}."
    yield Change(tuple(edits), why, swap.evidence, anchor)
