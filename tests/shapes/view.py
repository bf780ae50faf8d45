"""One reading of a Dockerfile, cut into the parts that the tables of shapes ask about."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property

from rewriter.model.run import script_logical
from rewriter.model.stages import Model
from rewriter.shell import Command, Opaque, Script, parse_shell
from rewriter.syntax import Instruction, Logical, parse

_FOREIGN_SHELL = re.compile(r"(?i)powershell|pwsh|cmd|python|node\b|perl|ruby")
_WINDOWS = re.compile(r"(?i)windows|nanoserver|servercore|/framework/|dotnet-framework")

_WRAPPERS = frozenset("sudo exec time nice env command".split())
_GROUPS = {
    program: group
    for group, programs in {
        "apt": "apt apt-get aptitude",
        "yum": "yum dnf microdnf tdnf",
        "pip": "pip pip2 pip3 pip2.7 pip3.5 pip3.6 pip3.7 pip3.8",
        "python": "python python2 python3 python2.7 python3.5 python3.6 python3.7 python3.8",
        "venv": "venv virtualenv",
        "npm": "npm yarn pnpm cnpm bun",
        "curl": "curl wget",
        "tar": "tar bsdtar",
        "gpg": "gpg gpg2 gpgv cosign minisign",
        "sum": "sha256sum sha512sum sha1sum md5sum sha384sum shasum",
        "user": "useradd groupadd adduser addgroup usermod groupmod",
        "make": "make gmake ninja cmake",
        "sh": "sh bash zsh ash",
        "chmod": "chmod setcap",
        "gosu": "gosu runuser su-exec setpriv chroot",
        "awk": "awk gawk mawk",
    }.items()
    for program in programs.split()
}
"""Programs that take the same words."""


class View:
    """The parts of one text. Raises DockerfileError when it is no Dockerfile."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.dockerfile = parse(text)
        self.model = Model(self.dockerfile)

    @cached_property
    def named(self) -> Mapping[str, list[Instruction]]:
        """The instructions by their upper-case name, those that ONBUILD holds among them."""
        found: dict[str, list[Instruction]] = defaultdict(list)
        for instruction in self.dockerfile.instructions:
            found[instruction.name].append(instruction)
            if instruction.name == "ONBUILD" and instruction.trigger is not None:
                found[instruction.trigger.name].append(instruction.trigger)
        return found

    @cached_property
    def windows(self) -> bool:
        """Whether its RUN lines are not for a Unix shell: a base image of Windows."""
        return any(_WINDOWS.search(stage.image_word) for stage in self.model.stages)

    @cached_property
    def _runs(self) -> tuple[list[Logical], list[str]]:
        """What the RUN instructions hand to a Unix shell, and to anything else."""
        shell, foreign = [], []
        unix = not self.windows
        for instruction in self.dockerfile.instructions:
            if instruction.name == "FROM":
                unix = not self.windows
            elif instruction.name == "SHELL" and instruction.json:
                unix = not _FOREIGN_SHELL.search(instruction.json[0].value)
            run = instruction.trigger if instruction.name == "ONBUILD" else instruction
            if run is None or run.name != "RUN" or run.json is not None:
                continue
            logical = script_logical(run)
            if isinstance(logical, Opaque):
                foreign.append(run.args)
            elif unix:
                shell.append(logical)
            else:
                foreign.append(logical.text)
        return shell, foreign

    @property
    def shell_logicals(self) -> list[Logical]:
        """The text of each RUN for a Unix shell, with its places in the file."""
        return self._runs[0]

    @cached_property
    def shell_texts(self) -> list[str]:
        """What each RUN in shell form hands to a Unix shell."""
        return [logical.text for logical in self.shell_logicals]

    @property
    def foreign_texts(self) -> list[str]:
        """What each RUN hands to another interpreter: cmd, powershell, the one of a heredoc's ``#!``."""
        return self._runs[1]

    @cached_property
    def scripts(self) -> list[Script | Opaque]:
        """The shell texts as our reader understands them."""
        return [parse_shell(text) for text in self.shell_texts]

    @cached_property
    def commands(self) -> list[Command]:
        """Every simple command of every shell text."""
        return [command for script in self.scripts if isinstance(script, Script) for command in script.commands]

    @cached_property
    def _calls(self) -> tuple[Mapping[str, list[str]], frozenset[str]]:
        calls: dict[str, list[str]] = defaultdict(list)
        programs = set()
        for command in self.commands:
            words = [word.raw for word in command.words]
            while len(words) > 1 and words[0] in _WRAPPERS:
                del words[0]
                while len(words) > 1 and (words[0][0] == "-" or "=" in words[0]):
                    del words[0]
            if not words:
                continue
            if words[1:2] == ["-m"] and len(words) > 2:
                words = words[2:]
            program = words[0] = words[0].rpartition("/")[2]
            programs.add(program)
            calls[_GROUPS.get(program, program)].append(" ".join(words))
        return calls, frozenset(programs)

    @property
    def calls(self) -> Mapping[str, list[str]]:
        """The commands by the program that they call, or the group that it is of, without sudo and the like."""
        return self._calls[0]

    @property
    def programs(self) -> frozenset[str]:
        """The base names of all programs called."""
        return self._calls[1]

    @cached_property
    def parts(self) -> dict[str, str]:
        """The texts that tables are matched against, one item a line: see ``_PARTS`` for the names."""
        return _Parts(self)


class _Parts(dict[str, str]):
    """Made when first asked for: a keyword stands for its arguments, ``call tar`` for the commands that call tar."""

    def __init__(self, view: View) -> None:
        super().__init__()
        self._view = view

    def __missing__(self, name: str) -> str:
        lines: Iterable[str]
        if name in _PARTS:
            lines = _PARTS[name](self._view)
        elif name.startswith("call "):
            lines = self._view.calls.get(name[5:], ())
        else:
            lines = (instruction.args for instruction in self._view.named.get(name, ()))
        self[name] = text = "\n".join(lines)
        return text


def _command_line(command: Command) -> str:
    return " ".join(word.raw for word in (*command.assignments, *command.words))


_EXPANDED = ("ADD", "ARG", "COPY", "ENV", "EXPOSE", "FROM", "LABEL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR")

_PARTS: dict[str, Callable[[View], Iterable[str]]] = {
    "text": lambda view: [view.text],
    "comments": lambda view: view.dockerfile.comments,
    "lower-case comments": lambda view: [view.parts["comments"].lower()],
    "directives": lambda view: view.dockerfile.directives,
    "images": lambda view: (stage.image_word for stage in view.model.stages),
    "stage names": lambda view: (stage.written_name or "" for stage in view.model.stages),
    "final image": lambda view: [view.model.final.root.image_text or view.model.final.root.image_word],
    "expanded": lambda view: filter(None, (view.parts[name] for name in _EXPANDED)),
    "shell": lambda view: view.shell_texts,
    "foreign": lambda view: view.foreign_texts,
    "commands": lambda view: map(_command_line, view.commands),
    "keywords": lambda view: (instruction.keyword for instruction in view.dockerfile.instructions),
    "heads": lambda view: (i.logical.text[: i.args_start] for i in view.dockerfile.instructions if i.flags),
    "start": lambda view: (i.args for name in ("ENTRYPOINT", "CMD") for i in view.named.get(name, ())),
}
