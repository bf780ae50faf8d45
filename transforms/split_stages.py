"""Split the build from the runtime

Why: an image needs its program and what that reads, not the toolchain that made it. The builder stage keeps every
line that builds; the runtime stage starts small and receives the rest with COPY --from. Of an interpreted
application the runtime receives its folder and its dependencies, without the compilers and development dependencies.
Of a static site it receives the folder that the build writes, and the server that was installed beside it.

Safe when: the program, what it reads and what it starts were all seen in the sources, and the builder and the runtime
have the same libc and the same release, or the program is static, or bytecode for the same version.

Review when: the build context does not show the sources, the program has dependencies (they are not looked at) or
computes the paths that it reads, or only the start command says how the program is called.

Risky when: the start command builds before it starts (`go run`): then it is built ahead and started directly. Or nginx
takes the place of a server of static files (`vite preview`, `serve`), or of a development server whose production
build nothing can tell apart: port and paths stay, and what does not is said.

Leaves alone:
- files whose final stage builds nothing, so also those that are split already
- images without a start command, and those whose start command needs the toolchain (air, dlv, a development server)
- stages in which nothing is seen to make the program that the image starts
- stages with a RUN whose result run time may need, but that cannot be told from the file
- programs that link C libraries whose package at run time is not known, load plugins or serve their working directory
- interpreted applications of whose build nothing would stay behind
- static sites that are rendered on request, passed on by a proxy, or changed by a script before they are served
- stages that a compose, bake or CI file builds as a target
- stages whose owners, modes or variables a copy would lose
- stages with ONBUILD, stages built on another stage, builds for another platform
- images that no candidate runtime fits
"""

from collections.abc import Iterator

from rewriter import Change, Declined, Outcome, Phase, Situation, built_at_start, plan_split, render_split

PHASE = Phase.STAGES


def plan(situation: Situation) -> Iterator[Outcome]:
    """One change for the final stage, or the reason against it."""
    anchor = situation.model.final.from_.start
    yield from built_at_start(situation)
    split = plan_split(situation)
    if isinstance(split, str):
        yield Declined(anchor, split)
        return
    yield from split.findings
    edits = render_split(situation.dockerfile, split)
    yield Change(edits, split.why, split.evidence, anchor, split.announced)
