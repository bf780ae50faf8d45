"""Shapes of FROM and of the stages that it starts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tests.shapes.tables import Table, search, sentences, table

if TYPE_CHECKING:
    from rewriter.model.stages import Stage
    from tests.shapes.view import View

TABLE: Table = table(
    r"""
    from: no tag -- An image without a tag, or a stage.
        images ~ ^(?!scratch$)[^$:@\n]+$
    from: latest -- The tag latest.
        images ~ :latest\b
    from: tag -- A tag.
        images ~ :[\w.$-][^/@\n]*$
    from: digest -- A digest without a tag.
        images ~ ^[^:\n]+@sha256:
    from: tag and digest -- A tag and a digest.
        images ~ :[^/@\n]+@sha256:
    from: port -- A registry with a port.
        images ~ ^[^/\n]+:\d+/
    from: registry -- A registry by its name.
        images ~ ^[^/\n]+\.[^/\n]+/
    from: docker.io -- Docker's own registry, spelt out.
        images ~ ^(?:docker\.io|index\.docker\.io|registry-1)/
    from: mirror -- A mirror of Docker's registry.
        images ~ ^(?:mirror\.gcr\.io|public\.ecr\.aws|daocloud|registry\.docker-cn)
    from: library -- An official image by its full name.
        images ~ (?:^|/)library/
    from: user -- An image of a user of Docker's registry.
        images ~ ^[\w-]+/[^/\n]+$
    from: deep path -- A path of four parts or more.
        images ~ ^[^/\n]+(?:/[^/\n]+){3,}$
    from: variable -- A variable is the whole image.
        images ~ ^\$\{?\w+\}?$
    from: variable as tag -- A variable in the tag.
        images ~ :[^/\n]*\$
    from: variable in the name -- A variable in the name.
        images ~ ^[^:\n]+\$|^\$\{?\w+\}?[^}\n:]+
    from: several variables -- More than one variable.
        images ~ \$[^\n]*\$
    from: variable with operator -- A default, an alternative or a pattern.
        images ~ \$\{\w+:?[-+?#%/]
    from: placeholder -- A place that another tool fills.
        images ~ <\w+>|%%|REPLACE|\{\{|@[A-Z]+@|__\w+__|templateOption
    from: quoted -- Quotes around the image.
        images ~ [\"']
    from: capitals -- Capitals in the name of the image.
        images ~ ^[^:$@\n]*[A-Z]
    from: alpine tag -- A tag of the alpine variant.
        images ~ :[^/\n]*alpine
    from: slim tag -- A tag of the slim variant.
        images ~ :[^/\n]*slim
    from: suite tag -- A tag that names a release of Debian or Ubuntu.
        images ~ :[^/\n]*(?:jessie|stretch|buster|bullseye|bookworm|trixie|trusty|xenial|bionic|focal|jammy|noble)
    from: onbuild tag -- A variant that triggers instructions.
        images ~ :[^/\n]*onbuild
    from: windows tag -- A variant for Windows.
        images ~ (?i)windowsservercore|nanoserver
    from: version of three numbers -- A full version.
        images ~ :v?\d+\.\d+\.\d+
    from: version of one number -- A major version.
        images ~ :v?\d+(?:-[a-z]\S*)?$
    from: other machine -- An image for another machine.
        images ~ (?i)arm(?:32|64|hf|v7)|aarch64|i386/|amd64/|rpi|raspberry|ppc64|s390x
    from: --platform -- FROM --platform.
        heads ~ (?i)^FROM\s.*--platform=
    from: --platform literal -- A platform that is written out.
        heads ~ --platform=[a-z]+/[a-z\d]
    from: --platform BUILDPLATFORM -- The builder's platform.
        heads ~ --platform=\$\{?BUILDPLATFORM
    from: --platform TARGETPLATFORM -- The platform that it builds for.
        heads ~ --platform=\$\{?TARGETPLATFORM
    from: --platform with default -- A platform with a default.
        heads ~ --platform=\$\{\w+:-
    from: --platform partly variable -- A platform with a variable in it.
        heads ~ --platform=\w+/\$
    stages: name with a dash -- A name with a dash.
        stage names has -
    stages: name with a dot -- A name with a dot.
        stage names has .
    stages: name with capitals -- A name with capitals, which mean nothing.
        stage names ~ [A-Z]
    stages: name with an underscore -- A name with an underscore.
        stage names has _
    stages: name of a builder -- A stage that is called build or builder.
        stage names ~ (?i)^build
    stages: name of a test -- A stage for tests.
        stage names ~ (?i)test
    stages: name of development -- A stage for development.
        stage names ~ (?i)^dev
    stages: name of the result -- A stage that is called after what it gives.
        stage names ~ (?i)^(?:prod|final|release|run|runtime|app)
    stages: name of dependencies -- A stage for what others build on.
        stage names ~ (?i)^(?:dep|base|cache|vendor|module)
    """,
)

FOUND = {
    "from: tab": "A tab behind FROM.",
    "from: trailing blanks": "Blanks behind the words of FROM.",
    "stages: one": "One stage.",
    "stages: two": "Two stages.",
    "stages: three to five": "Three to five stages.",
    "stages: many": "Six stages or more.",
    "stages: unnamed": "One of several stages has no name.",
    "stages: last is named": "The last of several stages has a name.",
    "stages: only one and named": "The only stage has a name.",
    "stages: same name twice": "Two stages of one name.",
    "stages: name shadows an image": "A stage is called like the image that it is from.",
    "stages: from a stage": "FROM names an earlier stage.",
    "stages: from a stage that is named later": "FROM names what becomes a stage only further down.",
    "stages: from a stage in other case": "FROM names a stage with its capitals, and finds none.",
    "stages: chain of three": "A stage from a stage from a stage.",
    "stages: two from one": "Two stages from the same one.",
    "stages: from scratch": "FROM scratch.",
    "stages: last from scratch": "The last stage is from scratch.",
    "stages: unused": "A stage that the last one does not need.",
    "stages: without instructions": "A stage of nothing but its FROM.",
    "stages: same image twice": "Two stages from the same image.",
    "stages: copied from twice": "A stage copies from two others.",
    "stages: mounted from": "A stage mounts another one.",
    "stages: no RUN": "No RUN in the whole file.",
    "stages: only FROM": "Nothing but FROM.",
    "stages: no COPY": "Neither COPY nor ADD.",
    "from: argument with a whole image": "A global argument holds the whole image.",
    "from: argument without a default": "FROM uses an argument that has no default.",
    "from: argument that is not declared": "FROM uses a variable that no ARG declares.",
    "from: global argument that FROM does not use": "A global argument that no FROM uses.",
}

DESCRIPTIONS = FOUND | sentences(TABLE)


def found(view: View) -> Iterator[str]:
    """The shapes of the stages of a text."""
    yield from search(TABLE, view)
    stages = view.model.stages
    count = len(stages)
    yield "stages: " + ("one" if count == 1 else "two" if count == 2 else "three to five" if count < 6 else "many")
    instructions = [instruction.name for instruction in view.dockerfile.instructions]
    if "RUN" not in instructions:
        yield "stages: no RUN"
    if "COPY" not in instructions and "ADD" not in instructions:
        yield "stages: no COPY"
    if set(instructions) <= {"FROM", "ARG"}:
        yield "stages: only FROM"
    yield from _names(stages)
    for stage in stages:
        yield from _stage(stage)
    yield from _arguments(view)
    if stages[-1].image_word == "scratch":
        yield "stages: last from scratch"
    if count == 1:
        return
    if len(view.model.needed()) < count:
        yield "stages: unused"
    parents = [stage.parent.index for stage in stages if stage.parent is not None]
    if len(parents) != len(set(parents)):
        yield "stages: two from one"
    roots = [stage.image_word for stage in stages if stage.parent is None]
    if len(roots) != len(set(roots)):
        yield "stages: same image twice"


def _names(stages: tuple[Stage, ...]) -> Iterator[str]:
    names = [stage.name for stage in stages if stage.name]
    if len(stages) == 1:
        if names:
            yield "stages: only one and named"
        return
    if len(names) < len(stages) - (stages[-1].name is None):
        yield "stages: unnamed"
    if stages[-1].name:
        yield "stages: last is named"
    if len(names) != len(set(names)):
        yield "stages: same name twice"
    for stage in stages:
        if stage.parent is None and stage.image_word in [later.name for later in stages[stage.index + 1 :]]:
            yield "stages: from a stage that is named later"
        if stage.parent is None and stage.image_word.lower() in names and not stage.image_word.islower():
            yield "stages: from a stage in other case"


def _stage(stage: Stage) -> Iterator[str]:
    line = stage.from_.text.rstrip("\r\n")
    if "\t" in line:
        yield "from: tab"
    if line != line.rstrip():
        yield "from: trailing blanks"
    if stage.image_word == "scratch":
        yield "stages: from scratch"
    if stage.parent is not None:
        yield "stages: from a stage"
    if len(stage.lineage) > 2:
        yield "stages: chain of three"
    if not stage.instructions:
        yield "stages: without instructions"
    if stage.image is not None and stage.name == stage.image.short_name:
        yield "stages: name shadows an image"
    if len({source.index for source in stage.sources}) > 1:
        yield "stages: copied from twice"
    if any(flag.name == "mount" and "from=" in (flag.value or "") for i in stage.instructions for flag in i.flags):
        yield "stages: mounted from"


def _arguments(view: View) -> Iterator[str]:
    defaults = {pair.key: pair.value for i in view.model.global_instructions for pair in i.pairs}
    images = view.parts["images"]
    if not defaults and "$" not in images:
        return
    used = view.parts["images"] + view.parts["heads"] + "".join(filter(None, defaults.values()))
    for name in defaults:
        if f"${name}" not in used and f"${{{name}" not in used:
            yield "from: global argument that FROM does not use"
    for stage in view.model.stages:
        word = stage.image_word
        if "$" not in word:
            continue
        names = [name for name in defaults if f"${name}" in word or f"${{{name}" in word]
        if not names:
            yield "from: argument that is not declared"
        elif any(defaults[name] is None for name in names):
            yield "from: argument without a default"
        elif word.strip("${}") in defaults:
            yield "from: argument with a whole image"
