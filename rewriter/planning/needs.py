"""What commands ask of an Alpine userland: packages to add, and words that cannot be carried over."""

from __future__ import annotations

from dataclasses import replace

from rewriter.ecosystems.ecosystem import Ecosystem
from rewriter.ecosystems.go import GoStage
from rewriter.facts import is_older_than
from rewriter.model.files import StageFiles
from rewriter.model.launch import Launch, Script, is_builtin
from rewriter.model.run import Run, Step, script_steps
from rewriter.planning.debian_paths import named_folders
from rewriter.planning.downloads import fetched_programs, portable_copy
from rewriter.planning.named_words import check_owner, check_words, inner_steps
from rewriter.planning.need_types import NOTHING_KNOWN, Known, Needs
from rewriter.planning.needs_go import go_command
from rewriter.planning.program_places import interpreter_gap, misplaced, own_path
from rewriter.planning.scripts import called_scripts, fed, runs_scripts
from rewriter.shell import Opaque
from rewriter.userland.alpine import APPLETS, alpine_shell
from rewriter.userland.needs import alpine_needs
from rewriter.userland.runtime import TOOLS

_PROGRAM_FOLDERS = ("/usr/local", "/usr/bin", "/bin", "/opt", "/go/bin", "/sbin", "/usr/sbin")
_DEEPEST = 4
"""Scripts within scripts that are followed, several at a time."""
DEV_TOOLS = frozenset(
    "air reflex CompileDaemon modd realize gin fresh dlv wgo gow nodemon watchexec entr arelo gowatch bee revel "
    "buffalo gdb strace make npm yarn godo gin-bin".split()
)
"""Commands that rebuild, watch or debug: an image that starts them is for development."""
_REFUSED_PROGRAMS = frozenset(
    "apt apt-get dpkg useradd usermod groupadd systemctl service localectl ldd wkhtmltopdf".split()
)
"""Programs that sources may start and that Alpine does not have, or has with other words."""


def build_needs(go: GoStage, known: Known = NOTHING_KNOWN) -> Needs:
    """What the RUN instructions of a stage need on Alpine that its image does not have there."""
    needs = Needs()
    _owners(go, needs, known)
    fetched_programs(go, needs)
    named_folders(go, needs, known)
    for run in go.runs:
        line = run.instruction.line
        _mounts(run, needs)
        if isinstance(run.steps, Opaque):
            needs.vetoes.append(f"line {line}: {run.steps.reason}")
            continue
        if run.instruction.json is None and run.state.shell[0].endswith("bash"):
            needs.want("bash", f"SHELL names it (line {line})")
            if known.since.get("bash", (-1, -1)) >= (run.instruction.start, 0):
                needs.early.add("bash")
        for step in run.steps:
            _interpreter(step, needs)
            if "bash" in needs.packages and "bash" not in known.before(step):
                needs.early.add("bash")
            if not known.handles(step):
                _command(step, needs, go, f"line {line}", known)
                go_command(step, needs, go, line)
    return needs


def launch_needs(launch: Launch, health: tuple[Step, ...], go: Ecosystem, known: Known = NOTHING_KNOWN) -> Needs:
    """What the start command, its scripts and the HEALTHCHECK need on Alpine."""
    needs, known = Needs(), replace(known, since={})
    for name in sorted(launch.wrappers):
        alpine = go.stage.root.image and "alpine" in go.stage.root.image.tag
        if not alpine and name not in known.installed:
            needs.vetoes.append(f"`{name}` of the start command is not known to be there on Alpine")
    artefacts = {artefact.path for artefact in go.artefacts}
    for step in (*launch.all_steps, *health):
        _interpreter(step, needs)
        word = step.argv[0] if step.argv else None
        path = step.absolute(word) if word and "/" in word else None
        if path in artefacts or any(_is_script(step, script) for script in launch.scripts):
            continue
        by_shell = step.name in ("sh", "bash") and launch.scripts and step in launch.steps
        if by_shell:
            if step.name == "bash":
                needs.want("bash", f"line {step.instruction.line} starts a script with it")
            continue
        _command(step, needs, go, f"line {step.instruction.line}", known)
    for script in launch.scripts:
        by_itself = any(_is_script(step, script) for step in launch.steps)
        odd = interpreter_gap(script.text) if by_itself else ""
        if odd:
            needs.vetoes.append(f"{script.origin} is run by {odd}, which Alpine does not have there")
        if script.interpreter == "bash":
            needs.want("bash", f"{script.origin} is run by it")
    state = go.stage.final_state
    if launch.shell and launch.instruction.json is None and state.shell[0].endswith("bash"):
        needs.want("bash", "SHELL names it for the start command")
    return needs


def health_needs(health: tuple[Step, ...], go: GoStage, known: Known, needs: Needs) -> None:
    """What the HEALTHCHECK needs where the image starts something of its own."""
    known = replace(known, since={})
    for step in health:
        _interpreter(step, needs)
        _command(step, needs, go, f"line {step.instruction.line}", known)


def _is_script(step: Step, script: Script) -> bool:
    """True for a command that starts a script by its path, or by its name in a folder of PATH."""
    word = step.argv[0] if step.argv else None
    if not word:
        return False
    return step.absolute(word) == script.path if "/" in word else word == script.path.rpartition("/")[2]


def folder_needs(go: GoStage, known: Known, needs: Needs) -> None:
    """What the scripts need that the image's own entry script runs (nginx: /docker-entrypoint.d, from 1.19 on)."""
    from rewriter.planning.mentions import copied_files

    context, files, known = go.files.context, go.files, replace(known, since={})
    for path in copied_files(context, files) if context is not None else ():
        if not path.endswith((".sh", ".envsh")) or not _starts_by_itself(path, files):
            continue
        text = (context.read(path, 1_000_000) or b"").decode("utf-8", "replace") if context is not None else ""
        steps = script_steps(text, go.stage.from_, go.stage.final_state)
        odd = interpreter_gap(text)
        if odd or isinstance(steps, Opaque):
            why = f"is run by {odd}, which Alpine does not have there" if odd else "is not understood"
            needs.vetoes.append(f"{path} {why}")
            continue
        if text.startswith("#!") and "bash" in text.partition("\n")[0]:
            needs.want("bash", f"{path} is run by it")
        for step in steps:
            _command(step, needs, go, path, known)


def _starts_by_itself(path: str, files: StageFiles) -> bool:
    """True for a file of the context that a COPY puts into /docker-entrypoint.d."""
    for copy in files.copies:
        inside = copy.target is not None and (path == copy.source or path.startswith(f"{copy.source}/"))
        if inside and f"{copy.target}{path.removeprefix(copy.source)}".startswith("/docker-entrypoint.d/"):
            return True
    return False


def _interpreter(step: Step, needs: Needs) -> None:
    package = alpine_shell(step.interpreter)
    line = step.instruction.line
    if package is None:
        needs.vetoes.append(f"line {line}: the shell {step.interpreter} is not known to be there on Alpine")
    elif package:
        needs.want(package, f"line {line} runs in it")


def _command(step: Step, needs: Needs, go: Ecosystem, where: str, known: Known) -> None:
    name = step.name
    word = step.argv[0] if step.argv else None
    check_words(step, needs, where, known)
    behind = inner_steps(step)
    if isinstance(behind, str):
        needs.vetoes.append(f"{where}: `{behind}` runs further commands that are not looked at")
        return
    for each in behind:
        _command(each, needs, go, where, known)
    if fed(step):
        needs.vetoes.append(f"{where}: what `{name}` is given to run is not looked at")
        return
    if runs_scripts(step) and name in known.own:
        inner = called_scripts(step, go.files, go.stage.final_state)
        if isinstance(inner, str):
            needs.vetoes.append(f"{where}: {inner}")
        else:
            for each in inner:
                _command(each, needs, go, where, known)
        return
    if name in DEV_TOOLS:
        needs.vetoes.append(f"{where}: `{name}` runs further commands that are not looked at")
        return
    if name in known.own or name in ("go", "gofmt") or name in go.made_names:
        return
    if word and "/" in word and go.artefact_at(step.absolute(word) or ""):
        return
    if _by_script(step, needs, go, where, known):
        return
    if word and (reason := misplaced(word) or ("is not known to run on Alpine" if own_path(word) else "")):
        needs.vetoes.append(f"{where}: `{word}` {reason}")
        return
    if is_builtin(name) and name not in APPLETS and name not in ("eval", "source", "."):
        return
    if _brings_programs(step):
        needs.vetoes.append(f"{where}: `{name}` brings programs that may need glibc")
    # Images of the time before alpine 3.5 have no number in their tags.
    old = not known.for_split and (known.release is None or is_older_than(known.release, "3.5"))
    if old and name == "wget" and any(word and word.startswith("https:") for word in step.argv):
        needs.want("openssl", f"{where} fetches by https, for which an old wget of busybox calls openssl")
    found = alpine_needs(step, known.before(step), known.family)
    if isinstance(found, str):
        needs.vetoes.append(f"{where}: {found}")
        return
    for package in found:
        needs.want(package, f"{where} calls {name}")
        if package in known.installed:
            needs.early.add(package)


def _by_script(step: Step, needs: Needs, go: Ecosystem, where: str, known: Known) -> bool:
    """True for a command that runs a script of the context that was read: its commands are asked about instead."""
    word = step.argv[0] if step.argv else None
    # A split, which Go's files are made for, does not follow which files a script reads.
    refused = known.for_split or (isinstance(go, GoStage) and go.is_go) or where.count("(") > _DEEPEST
    if not word or refused or go.files.context is None or not (own_path(word) or step.name in ("sh", "bash")):
        return False
    from rewriter.planning.run_scripts import context_scripts

    scripts = {script.path: script for script in context_scripts(step, go.files, go.stage.final_state)}
    if not scripts or (own_path(word) and step.absolute(word) not in scripts):
        return False
    for script in scripts.values():
        text = (go.files.context.read(script.origin, 1_000_000) or b"").decode("utf-8", "replace")
        if odd := interpreter_gap(text):
            needs.vetoes.append(f"{script.origin} is run by {odd}, which Alpine does not have there")
        if step.name == "bash" or (text.startswith("#!") and "bash" in text.partition("\n")[0]):
            needs.want("bash", f"{where} runs {script.origin} with it")
        for inner in script.steps:
            if inner.argv and inner.argv[0] and inner.absolute(inner.argv[0]) not in scripts:
                _command(inner, needs, go, f"{script.origin} ({where})", known)
    return True


def _mounts(run: Run, needs: Needs) -> None:
    """Secrets of a build are for git: modules that are fetched from private repositories."""
    line = run.instruction.line
    mounts = [flag.value or "" for flag in run.instruction.flags if flag.name == "mount"]
    if any("type=ssh" in mount for mount in mounts):
        needs.want("git", f"line {line} mounts an ssh agent")
        needs.want("openssh-client", f"line {line} mounts an ssh agent")
    elif "netrc" in run.instruction.text:
        needs.want("git", f"line {line} mentions netrc")


def _owners(go: GoStage, needs: Needs, known: Known) -> None:
    """Owners of COPY, and programs that come from elsewhere."""
    for stage in go.stage.lineage:
        for instruction in stage.instructions:
            target = instruction.operands[-1] if instruction.name in ("COPY", "ADD") else ""
            foreign = instruction.flag("from") is not None and not portable_copy(instruction)
            if foreign and f"{target}/".startswith(_PROGRAM_FOLDERS):
                needs.vetoes.append(f"line {instruction.line}: what it copies to {target} may need glibc")
            owner = instruction.flag("chown") if instruction.name in ("COPY", "ADD") else None
            for name in (owner or "").split(":"):
                check_owner(name, f"line {instruction.line}", needs, known)


def _brings_programs(step: Step) -> bool:
    """True for a download or an archive that goes to where programs lie."""
    words = [word for word in step.argv[1:] if word and not word.startswith("-") and "://" not in word]
    return step.name in ("tar", "unzip", "curl", "wget") and any(
        word.startswith(_PROGRAM_FOLDERS) or (step.absolute(word) or "").startswith("/usr/local") for word in words
    )


def mention_needs(files: StageFiles, needs: Needs, suite: str) -> None:
    """What the sources of the context start by name, for languages whose sources are not parsed.

    ``suite``: the release of the image that they were written for; all that it has beyond a slim one may be meant.
    """
    from rewriter.facts.packages import program_apk
    from rewriter.facts.slim_gap import slim_gap
    from rewriter.planning.mentions import mentions

    asked = TOOLS | _REFUSED_PROGRAMS | slim_gap(suite).programs.keys()
    for mention in mentions(files, asked - APPLETS.keys()):
        where = f"{mention.path}:{mention.line}"
        package = None if mention.program in _REFUSED_PROGRAMS else program_apk(mention.program)
        if package is None:
            needs.vetoes.append(f"{where} starts `{mention.program}`, which is not known on Alpine")
        elif package:
            needs.want(package, f"{where} starts {mention.program}")
