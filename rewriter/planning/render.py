"""From a plan to edits: new lines in the file's own ending, case and habits; moved lines as the bytes they are."""

from __future__ import annotations

from collections.abc import Iterable

from rewriter.edit import Edit
from rewriter.model.stages import Stage
from rewriter.planning.image_place import image_span
from rewriter.planning.plan import CopyFrom, SplitPlan, suffix
from rewriter.source import line_ending
from rewriter.syntax import Dockerfile, Instruction, Span, Trivia


def keyword(stage: Stage, name: str) -> str:
    """A keyword in the case that the file uses."""
    return name.lower() if stage.from_.keyword.islower() else name


def _cased(stage: Stage, line: str) -> str:
    """A line of ours with its keyword in the case that the file uses; one of the file's own stays as it is."""
    name, _, rest = line.partition(" ")
    return f"{keyword(stage, name)} {rest}" if name in ("RUN", "ENV") else line


def package_line(stage: Stage, packages: Iterable[str], kind: str = "alpine", *, recommends: bool = False) -> str:
    """The RUN line that installs packages on alpine or Debian, there with what they recommend or without."""
    names = " ".join(packages)
    if kind == "alpine":
        return f"{keyword(stage, 'RUN')} apk add --no-cache {names}"
    without = "" if recommends else "--no-install-recommends "
    install = f"apt-get update && apt-get install -y {without}{names}"
    return f"{keyword(stage, 'RUN')} {install} && rm -rf /var/lib/apt/lists/*"


def copy_line(stage: Stage, copy: CopyFrom, from_name: str) -> str:
    """One COPY --from line."""
    chown = f" --chown={copy.chown}" if copy.chown else ""
    return f"{keyword(stage, 'COPY')} --from={from_name}{chown} {copy.source} {copy.target}"


def insert_after(dockerfile: Dockerfile, instruction: Instruction, lines: list[str]) -> Edit:
    """Whole lines behind an instruction."""
    ending = line_ending(dockerfile.text)
    if dockerfile.text[instruction.start : instruction.end].endswith("\n"):
        return Edit(instruction.end, instruction.end, "".join(line + ending for line in lines))
    return Edit(instruction.end, instruction.end, "".join(ending + line for line in lines))


def insert_before(dockerfile: Dockerfile, instruction: Instruction, lines: list[str]) -> Edit:
    """Whole lines above an instruction and its comments."""
    at, ending = dockerfile.attached_comments(instruction), line_ending(dockerfile.text)
    return Edit(at, at, "".join(line + ending for line in lines))


def render_split(dockerfile: Dockerfile, plan: SplitPlan) -> tuple[Edit, ...]:
    """The edits of a split."""
    text = dockerfile.text
    ending = line_ending(text)
    # The builder's own lines first: what is inserted at one place keeps its order.
    edits = [*_from_edits(plan), *_builder_edits(dockerfile, plan)]
    kept_in_place, earlier = _suffix(plan)
    head = _runtime_lines(plan, f" {dockerfile.escape}{ending}    ")
    moved_spans = [_with_comments(dockerfile, instruction) for instruction in earlier]
    moved_texts = [_closed(text[span.start : span.end], ending) for span in moved_spans]
    if kept_in_place:
        at = dockerfile.attached_comments(kept_in_place[0])
        blank_before = _blank_before(dockerfile, at)
        lead = "" if blank_before else ending
        gap = ending if blank_before and not moved_texts else ""
        body = lead + "".join(line + ending for line in head) + "".join(moved_texts) + gap
        edits.append(Edit(at, at, body, tuple(moved_spans)))
    else:
        at = len(text)
        open_end = not text.endswith("\n")
        body = ending * (2 if open_end else 1) + "".join(line + ending for line in head) + "".join(moved_texts)
        edits.append(Edit(at, at, body[: -len(ending)] if open_end else body, tuple(moved_spans)))
    edits += [Edit(span.start, span.end, "") for span in moved_spans]
    if plan.start is not None:
        old = plan.start.instruction
        span = old.span(old.args_start, old.args_start + len(old.args))
        edits.append(Edit(span.start, span.end, plan.start.text))
    return tuple(edits)


def _builder_edits(dockerfile: Dockerfile, plan: SplitPlan) -> Iterable[Edit]:
    """Lines of the builder: above the instruction (and its comments) that they prepare, or behind all that stays."""
    moved = set(map(id, plan.moved))
    last = next(i for i in reversed((plan.stage.from_, *plan.stage.instructions)) if id(i) not in moved)
    ending = [line for line in plan.builder_lines if line.before is None and line.behind is None]
    for line in plan.builder_lines:
        if line.before is not None:
            yield insert_before(dockerfile, line.before, [_cased(plan.stage, line.text)])
        elif line.behind is not None:
            yield insert_after(dockerfile, line.behind, [_cased(plan.stage, line.text)])
    if ending:
        yield insert_after(dockerfile, last, [_cased(plan.stage, line.text) for line in ending])


def _closed(text: str, ending: str) -> str:
    return text if text.endswith("\n") else text + ending


def _from_edits(plan: SplitPlan) -> Iterable[Edit]:
    from_ = plan.stage.from_
    image = image_span(plan.stage)
    if plan.builder.image is not None and image is not None:
        yield Edit(image.start, image.end, plan.builder.image)
    if len(from_.words) == 3:
        name = from_.words[2]
        if name.text != plan.builder_name:
            span = from_.span(name.start, name.end)
            yield Edit(span.start, span.end, plan.builder_name)
        return
    behind = from_.span(from_.words[0].start, from_.words[0].end).end
    yield Edit(behind, behind, f" {keyword(plan.stage, 'AS')} {plan.builder_name}")


def _runtime_lines(plan: SplitPlan, continued: str) -> list[str]:
    stage = plan.stage
    name = f" {keyword(stage, 'AS')} {plan.runtime_name}" if plan.runtime_name else ""
    platform = f" --platform={plan.platform}" if plan.platform else ""
    lines = [f"{keyword(stage, 'FROM')}{platform} {plan.runtime.image}{name}"]
    if plan.packages:
        lines.append(package_line(stage, plan.packages, plan.runtime.kind, recommends=plan.recommends))
    lines += [_cased(stage, continued.join(plan.runtime.setup))] if plan.runtime.setup else []
    lines += [_cased(stage, line) for line in plan.environment]
    workdir = [f"{keyword(stage, 'WORKDIR')} {plan.workdir}"] if plan.workdir else []
    user = [f"{keyword(stage, 'USER')} {plan.user}"] if plan.user else []
    users_own = bool(user) and plan.workdir_is_users
    lines += plan.first
    if users_own:
        lines += [*plan.shaping, *user, *workdir]
    elif plan.shaping:
        lines += [*workdir, *plan.shaping]
    if plan.shell:
        lines.append(plan.shell)
    lines += [copy_line(stage, copy, plan.builder_name) for copy in plan.copies]
    if not plan.shaping and not users_own:
        lines += workdir
    return lines if users_own else lines + user


def _suffix(plan: SplitPlan) -> tuple[list[Instruction], list[Instruction]]:
    """Moved instructions that end the file and can stay where they are, and those that stand earlier."""
    staying = suffix(plan.stage, plan.moved)
    kept = set(map(id, staying))
    return staying, [instruction for instruction in plan.moved if id(instruction) not in kept]


def _with_comments(dockerfile: Dockerfile, instruction: Instruction) -> Span:
    return Span(dockerfile.attached_comments(instruction), instruction.end)


def _blank_before(dockerfile: Dockerfile, at: int) -> bool:
    before = next((node for node in dockerfile.nodes if node.end == at), None)
    return isinstance(before, Trivia) and before.kind == "blank"
