"""The words of shell commands, also of half a command: of lines in Makefiles, Jenkinsfiles and YAML."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_TEMPLATE = re.compile(r"\$?\{\{[^{}\n]*\}\}|<<\s*[\w.-]+\s*>>")
_SINGLE = re.compile(r"'([^']*)'")
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_TICKS = re.compile(r"`([^`]*)`")
_PLAIN = re.compile(r"[^\s'\"\\$`;&|()#]+")
_MAX_NESTING = 30


@dataclass(slots=True)
class Words:
    """One simple command."""

    words: list[str] = field(default_factory=list)
    """Quotes removed. What is only known at run time still has its dollar sign or backtick."""
    quoted: list[str] = field(default_factory=list)
    """Texts that were quoted and hold white space: perhaps a command of their own."""
    substituted: list[str] = field(default_factory=list)
    """Insides of expansions that hold white space: ``$(docker build …)``, ``$(if $(X),--target $(X))``."""


def veil(text: str) -> str:
    """The text with the templates of CI systems made variables: ``${{ x }}``, ``{{.X}}``, ``<< parameters.x >>``."""
    return _TEMPLATE.sub("$_", text)


def split_commands(line: str) -> list[Words]:
    """The simple commands of a logical line. Quotes and brackets that do not pair stand for themselves."""
    return _Splitter(line).run()


class _Splitter:
    def __init__(self, line: str) -> None:
        self._line = line
        self._commands = [Words()]
        self._word: list[str] | None = None
        self._lone: set[str] = set()
        """Quotes that are known not to pair any more, so that nobody looks again."""

    def run(self) -> list[Words]:
        line, position = self._line, 0
        while position < len(line):
            plain = _PLAIN.match(line, position)
            if plain is not None:
                self._put(plain.group())
                position = plain.end()
            else:
                position = self._special(line[position], position)
        self._end_word()
        return [command for command in self._commands if command.words]

    def _special(self, char: str, position: int) -> int:
        """Takes what starts with a special character; the position behind it."""
        line = self._line
        if char.isspace():
            self._end_word()
        elif char == "#":
            if self._word is None:
                return len(line)
            self._put(char)
        elif char == "(" and self._word is not None:
            self._end_word()  # a call, or an array: what is in the brackets belongs to the word
        elif char in ";&|()":
            self._end_word()
            self._commands.append(Words())
        elif char == "\\":
            self._put(line[position + 1 : position + 2])
            return position + 2
        elif char == "$":
            return self._expansion(position)
        else:
            return self._quote(char, position)
        return position + 1

    def _quote(self, char: str, position: int) -> int:
        pattern = {"'": _SINGLE, '"': _DOUBLE, "`": _TICKS}[char]
        match = None if char in self._lone else pattern.match(self._line, position)
        if match is None:
            self._lone.add(char)
            self._put("`" if char == "`" else "")
            return position + 1
        command, content = self._commands[-1], match[1]
        if char == "`":
            command.substituted.append(content)
            self._put("$`")
        else:
            if any(c.isspace() for c in content):
                command.quoted.append(content)
            self._put(content)
        return match.end()

    def _expansion(self, position: int) -> int:
        line = self._line
        end = position + 1
        while line[end : end + 1] == "$":  # make writes $$ for the shell's own
            end += 1
        opener = line[end : end + 1]
        if opener in ("(", "{"):
            closed = self._closing(end) if opener not in self._lone else None
            if closed is not None:
                inner = line[end + 1 : closed]
                if any(c.isspace() for c in inner):
                    self._commands[-1].substituted.append(inner)
                self._put(line[position : closed + 1])
                return closed + 1
            self._lone.add(opener)
        self._put(line[position:end])
        return end

    def _closing(self, position: int) -> int | None:
        opener = self._line[position]
        closer = ")" if opener == "(" else "}"
        depth = 0
        for match in re.compile(r"[(){}]").finditer(self._line, position):
            depth += {opener: 1, closer: -1}.get(match.group(), 0)
            if depth == 0:
                return match.start()
            if depth > _MAX_NESTING:
                return None
        return None

    def _put(self, text: str) -> None:
        if self._word is None:
            self._word = []
        self._word.append(text)

    def _end_word(self) -> None:
        if self._word is not None:
            self._commands[-1].words.append("".join(self._word))
            self._word = None
