"""Which ENV and ARG lines the runtime stage receives."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from rewriter.ecosystems.ecosystem import Ecosystem
from rewriter.ecosystems.runtime_base import RuntimeBase
from rewriter.model.launch import Launch
from rewriter.model.paths import below
from rewriter.model.stages import Stage
from rewriter.model.state import State
from rewriter.planning.plan import Draft
from rewriter.syntax import Instruction
from rewriter.transform import Certainty, Evidence

_BUILD_ONLY = frozenset({"DEBIAN_FRONTEND", "CC", "CXX", "PKG_CONFIG_PATH"})
_OF_GIT = frozenset({"GIT_TERMINAL_PROMPT", "GIT_SSH_COMMAND", "GIT_SSH", "GIT_ASKPASS", "GIT_SSL_NO_VERIFY"})
_SECRET = re.compile(r"TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|API_?KEY|NETRC|PRIVATE_?KEY|ACCESS_?KEY", re.IGNORECASE)
_NAMES = re.compile(r"\$(?:\{(\w+)|(\w+))")
_PLAIN = re.compile(r"[A-Za-z0-9_./:,@%+=-]*\Z")


@dataclass(frozen=True, slots=True)
class CarriedEnvironment:
    """ARG and ENV lines of the runtime, and what they rest on."""

    lines: tuple[str, ...]
    left: frozenset[str]
    """Names of variables of the file that the runtime does not set."""
    evidence: tuple[Evidence, ...]


def carried_environment(
    draft: Draft, base: RuntimeBase, moved: list[Instruction], shaping: list[str]
) -> CarriedEnvironment | str:
    """The lines, or a reason when a moved instruction uses a variable that cannot be carried."""
    stage, launch = draft.stage, draft.launch
    arguments: dict[str, Instruction] = {
        pair.key: i for i in stage.instructions if i.name == "ARG" and i not in moved for pair in i.pairs
    }
    own = _own_lines(draft, base, moved, arguments)
    if isinstance(own, str):
        return own
    carried, wanted = own.carried, own.wanted
    # In order: a moved ENV may use what stands above it, and gives its names to what stands below.
    for text, line, names in [*((text, 0, set[str]()) for text in shaping), *map(_needs_and_gives, moved)]:
        for name in sorted(_used(text) - carried):
            if name in arguments:
                wanted.append(name)
            elif name in stage.final_state.env or not stage.final_state.base_known:
                where = f"line {line}: {name}" if line else f"a RUN for run time uses {name}, which"
                return f"{where} is a variable that the runtime does not have"
        carried |= names
    problem = _changed_since(stage, moved) or _unset_at_run_time(stage, launch, carried)
    if problem:
        return problem
    redeclared = _redeclared(wanted, arguments)
    if isinstance(redeclared, str):
        return redeclared
    left = {p.key for i in stage.instructions if i.name == "ENV" for p in i.pairs} - carried
    return CarriedEnvironment((*redeclared, *own.lines), frozenset(left), tuple(own.evidence))


@dataclass(slots=True)
class _OwnLines:
    """ENV lines in the order of the builder, the names that hold at their end, and the ARGs that they use."""

    lines: list[str]
    carried: set[str]
    wanted: list[str] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)


def _own_lines(
    draft: Draft, base: RuntimeBase, moved: list[Instruction], arguments: dict[str, Instruction]
) -> _OwnLines | str:
    stage, production = draft.stage, draft.production
    ours = list(production.environment) if production is not None else []
    marks = [line.before for line in production.lines if line.before is not None] if ours and production else []
    own = _OwnLines([*_of_others(draft, base), *([] if marks else ours)], {"PATH", "HOME", *base.environment})
    for instruction, state in stage.numbered():
        if marks and instruction.start >= marks[0].start:
            own.lines += ours  # where the builder has them: PATH is read from left to right
            marks = []
        if instruction.name != "ENV" or instruction in moved:
            continue
        kept = [
            pair.key
            for pair in instruction.pairs
            if not _stays(pair.key, pair.value or "", stage, state, draft.language, own.evidence)
        ]
        if not kept:
            continue
        names = _used(" ".join(pair.value or "" for pair in instruction.pairs))
        from_arguments = {key for key in names if key in arguments}
        if names - own.carried - from_arguments or len(kept) < len(instruction.pairs):
            rendered = _expanded(instruction, state, kept)
            if rendered is None:
                return f"line {instruction.line}: ENV {kept[0]} uses variables that the runtime does not have"
            own.lines.append(rendered)
        else:
            own.wanted += sorted(from_arguments)
            own.lines.append(instruction.text.rstrip("\r\n"))
        own.carried |= set(kept)
    own.lines += ours if marks else []
    return own


def our_lines(draft: Draft, base: RuntimeBase) -> Iterator[str]:
    """ENV lines that the file does not hold."""
    yield from _of_others(draft, base)
    if draft.production is not None:
        yield from draft.production.environment


def _of_others(draft: Draft, base: RuntimeBase) -> Iterator[str]:
    yield from base.lines
    yield from _of_the_base(draft, base)


def _of_the_base(draft: Draft, base: RuntimeBase) -> Iterator[str]:
    """What the builder's image sets and the runtime's image sets otherwise (LANG), written out."""
    if base.same_system or base.variables is None:
        return
    for name, value in draft.stage.root.states[0].env.items():
        own = (
            name in ("PATH", "HOME") or _is_setting(name, draft.language) or below(value or "", draft.language.folders)
        )
        if not own and value is not None and base.variables.get(name) != value and _PLAIN.match(value):
            yield f"ENV {name}={value}"
            # A locale that the new image sets for everything would win over the old one.
            if name == "LANG" and "LC_ALL" in base.variables and "LC_ALL" not in draft.stage.root.states[0].env:
                yield f"ENV LC_ALL={value}"


def _redeclared(wanted: list[str], arguments: dict[str, Instruction]) -> list[str] | str:
    """The ARG lines for some names and for what their defaults use, in the file's order."""
    found: set[str] = set()
    todo = list(wanted)
    while todo:
        name = todo.pop()
        if name in found:
            continue
        found.add(name)
        for used in sorted(_used(" ".join(pair.value or "" for pair in arguments[name].pairs))):
            if used not in arguments:
                return f"line {arguments[name].line}: ARG {name} takes {used} from the environment of the build"
            todo.append(used)
    order = sorted({arguments[name] for name in found}, key=lambda instruction: instruction.start)
    return [instruction.text.rstrip("\r\n") for instruction in order]


def _changed_since(stage: Stage, moved: list[Instruction]) -> str | None:
    """A moved instruction must not see another value than where it stood."""
    for instruction in moved:
        if instruction.name not in ("EXPOSE", "LABEL", "VOLUME", "STOPSIGNAL"):
            continue
        then, now = stage.state_at(instruction), stage.final_state
        for name in sorted(_used(instruction.args)):
            if then.variables.get(name) != now.variables.get(name):
                return f"line {instruction.line}: {name} is set anew behind it, and it would see the new value"
    return None


def _unset_at_run_time(stage: Stage, launch: Launch, carried: set[str]) -> str | None:
    """What a shell of run time expands must be set there as it was."""
    state = stage.final_state
    texts = [(i.args, i.line) for i in (launch.instruction, state.cmd, state.healthcheck) if i is not None]
    texts += [(script.text, launch.instruction.line) for script in launch.scripts]
    for text, line in texts:
        lost = sorted((_used(text) & set(state.env)) - carried)
        if lost:
            return f"line {line}: the start command uses {lost[0]}, which the runtime does not have"
    return None


def _needs_and_gives(instruction: Instruction) -> tuple[str, int, set[str]]:
    """What a moved instruction expands, its line, and the names that it sets."""
    if instruction.name == "ENV":
        values = " ".join(pair.value or "" for pair in instruction.pairs)
        return values, instruction.line, {pair.key for pair in instruction.pairs}
    if instruction.name == "ARG":
        return "", instruction.line, {pair.key for pair in instruction.pairs}
    expands = instruction.name in ("EXPOSE", "LABEL", "VOLUME", "USER", "WORKDIR", "STOPSIGNAL")
    return instruction.args if expands else "", instruction.line, set()


def _used(text: str) -> set[str]:
    return {braced or plain for braced, plain in _NAMES.findall(text)}


def stays_behind(instruction: Instruction, stage: Stage, language: Ecosystem) -> bool:
    """True for an ENV of which nothing is for run time."""
    state = stage.state_at(instruction)
    return all(_stays(pair.key, pair.value or "", stage, state, language, []) for pair in instruction.pairs)


def _stays(name: str, value: str, stage: Stage, state: State, language: Ecosystem, evidence: list[Evidence]) -> bool:
    """True for a variable that only the build needs."""
    if name in language.literals:
        return False
    if name == "PATH":
        expanded = state.expand(value) or ""
        folders = set(expanded.split(":")) - set((state.env.get("PATH") or "").split(":"))
        own = language.folders
        return all(
            not folder or below(folder, own) or folder.endswith(tuple(f"{o}/bin" for o in own)) for folder in folders
        )
    if _is_setting(name, language):
        return True
    in_build = any(i.name == "RUN" and name in i.text for i in stage.instructions)
    if _SECRET.search(name) and "$" in value and (in_build or language.sources_seen) and not _hinted(name, language):
        line = next((i.line for i in stage.instructions if i.name == "ENV" and any(p.key == name for p in i.pairs)), 0)
        evidence.append(
            Evidence(f"ENV {name} looks like a secret of the build and stays there", f"line {line}", Certainty.ASSUMED)
        )
        return True
    return False


def _is_setting(name: str, language: Ecosystem) -> bool:
    """True for a variable that by its name only a build reads."""
    return (
        name in _BUILD_ONLY
        or (name in _OF_GIT and language.sources_seen and "git" not in language.literals)
        or any(name.startswith(s[:-1]) if s.endswith("*") else name == s for s in language.settings)
    )


def _hinted(name: str, language: Ecosystem) -> bool:
    """True when a string of the sources holds the name or its end, as struct tags and prefixes do."""
    end = name.rpartition("_")[2]
    return any(name in literal or (end and end.lower() in literal.lower()) for literal in language.literals)


def _expanded(instruction: Instruction, state: State, kept: list[str]) -> str | None:
    """The ENV line with its values written out; None when a value is unknown or would need quoting."""
    parts = []
    for pair in instruction.pairs:
        if pair.key in kept:
            value = state.expand(pair.value or "", instruction.escape)
            if (
                value is None
                or not _PLAIN.match(pair.key)
                or "\n" in value
                or '"' in value
                or "\\" in value
                or "$" in value
            ):
                return None
            parts.append(f"{pair.key}={value}" if _PLAIN.match(value) else f'{pair.key}="{value}"')
    return f"{instruction.keyword} {' '.join(parts)}"
