"""Shapes of the instructions that set something: ENV, ARG, LABEL, EXPOSE, USER, VOLUME, WORKDIR, and of variables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rewriter.model.state import PREDEFINED_ARGS
from tests.shapes.tables import Table, search, sentences, table

if TYPE_CHECKING:
    from rewriter.syntax import Instruction
    from tests.shapes.view import View

TABLE: Table = table(
    r"""
    env: PATH -- PATH is set.
        ENV ~ (?:^|\s)PATH[= ]
    env: double quotes -- A value in double quotes.
        ENV has ="
    env: single quotes -- A value in single quotes.
        ENV has ='
    env: escaped blank -- A blank behind a backslash.
        ENV ~ \\[ ]
    env: empty value -- A value of nothing.
        ENV ~ ^\w+=(?:\"\")?(?:\s|$)
    env: equals sign in the value -- A value that holds a `=`.
        ENV ~ ^\w+[= ]\"?-?-?[\w.]+=
    env: blanks around the equals sign -- `KEY = value`, which means another thing.
        ENV ~ ^\w+\s+=\s
    env: refers to another -- A value that refers to a variable.
        ENV ~ \$
    env: refers to itself -- A value that extends the one before.
        ENV ~ (?:^|\s)(\w+)[= ]\"?[^\n]*\$\{?\1\b
    env: lower-case name -- A name in lower case.
        ENV ~ (?:^|\s)[a-z][a-z_]*[= ]
    env: address -- A value that is or holds a URL.
        ENV ~ https?://
    env: version -- A version.
        ENV ~ \w*VERSION[= ]\"?v?\d
    env: checksum -- A checksum.
        ENV ~ \b[0-9a-f]{32,}\b
    env: secret -- A name that sounds like a secret.
        ENV ~ (?i)(?:password|passwd|secret|token|api_?key)\w*[= ]\S
    env: DEBIAN_FRONTEND -- Debian's front end is switched off for good.
        ENV has DEBIAN_FRONTEND
    env: locale -- A locale.
        ENV ~ (?:^|\s)(?:LANG|LC_ALL|LANGUAGE)[= ]
    env: time zone -- A time zone.
        ENV ~ (?:^|\s)TZ[= ]
    env: HOME -- HOME is set.
        ENV ~ (?:^|\s)HOME[= ]
    env: library path -- A search path.
        ENV ~ (?:^|\s)(?:LD_LIBRARY_PATH|LD_PRELOAD|PYTHONPATH|CLASSPATH|NODE_PATH|PKG_CONFIG_PATH)[= ]
    env: go -- A setting of the go tool.
        ENV ~ (?:^|\s)(?:GOPATH|GO111MODULE|CGO_ENABLED|GOOS|GOARCH|GOFLAGS|GOPROXY|GOROOT)[= ]
    env: python -- A setting of python or pip.
        ENV ~ (?:^|\s)(?:PYTHON[A-Z]+|PIP_\w+|POETRY_\w+)[= ]
    env: node -- A setting of node or npm.
        ENV ~ (?:^|\s)(?:NODE_ENV|NPM_\w+|NODE_OPTIONS)[= ]
    env: java -- A setting of java.
        ENV ~ (?:^|\s)(?:JAVA_\w+|JDK_\w+|MAVEN_\w+|CATALINA_\w+|JVM_\w+)[= ]
    env: compiler -- A setting of a compiler.
        ENV ~ (?:^|\s)(?:C|CXX|LD|CPP)FLAGS[= ]|(?:^|\s)(?:CC|CXX)[= ]
    env: proxy -- A proxy.
        ENV ~ (?i)(?:^|\s)(?:https?|ftp|no|all)_proxy[= ]
    env: list of packages -- A list of packages.
        ENV ~ (?i)^\w*(?:packages|deps|dependencies)\w*[= ]
    arg: quoted default -- A default in quotes.
        ARG ~ =[\"']
    arg: empty default -- A default of nothing.
        ARG ~ =(?:\"\")?(?:\s|$)
    arg: default refers to another -- A default with a variable.
        ARG ~ =[^\n]*\$
    arg: lower-case name -- A name in lower case.
        ARG ~ ^[a-z]
    arg: DEBIAN_FRONTEND -- Debian's front end is switched off for the build.
        ARG has DEBIAN_FRONTEND
    arg: version -- A version.
        ARG has VERSION
    arg: user -- A user or its numbers.
        ARG ~ (?i)(?:^|_)(?:uid|gid|user|username|group)\b
    arg: proxy -- A proxy.
        ARG ~ (?i)^(?:https?|ftp|no|all)_proxy
    arg: cache buster -- A value that only breaks the cache.
        ARG ~ (?i)cache_?(?:bust|date|invalid)|^DATE\b|^NOW\b
    label: maintainer -- Who maintains it.
        LABEL ~ (?i)maintainer
    label: quoted key -- A key in quotes.
        LABEL ~ (?:^|\s)\"[\w.-]+\"=
    label: opencontainers -- Keys of the OCI.
        LABEL has org.opencontainers
    label: label-schema -- Keys of label-schema.org.
        LABEL has org.label-schema
    label: openshift -- Keys of OpenShift.
        LABEL ~ io\.(?:k8s|openshift)\.
    label: variable -- A value with a variable.
        LABEL ~ \$
    label: command -- A value that is a command.
        LABEL ~ (?i)docker run
    label: upper-case key -- A key with a capital.
        LABEL ~ (?:^|\s)[A-Z]\w*=
    expose: several -- Several ports.
        EXPOSE ~ \d\s+[\d$]
    expose: udp -- A UDP port.
        EXPOSE ~ (?i)/udp
    expose: tcp -- A port that says that it is TCP.
        EXPOSE ~ (?i)/tcp
    expose: range -- A range of ports.
        EXPOSE ~ \d-\d
    expose: variable -- A port that a variable gives.
        EXPOSE ~ \$
    expose: mapping -- A mapping, as docker run takes it.
        EXPOSE ~ \d:\d|^:
    expose: quoted -- A port in quotes.
        EXPOSE ~ \"
    user: name -- A user by name.
        USER ~ ^[A-Za-z][\w-]*$
    user: root -- Back to root.
        USER ~ ^(?:root|0)$
    user: number -- A user by number.
        USER ~ ^\d+$
    user: with group -- User and group.
        USER has :
    user: variable -- A user that a variable names.
        USER ~ \$
    user: quoted -- A user in quotes.
        USER ~ \"
    user: of windows -- A user of Windows.
        USER ~ Container(?:Administrator|User)
    volume: several -- Several volumes.
        VOLUME ~ \"\s*,|^/\S+\s+[/$]
    volume: variable -- A volume that a variable names.
        VOLUME ~ \$
    volume: quoted -- A plain form in quotes.
        VOLUME ~ ^\"
    volume: relative -- A volume by a relative path.
        VOLUME ~ ^[\w.]|\"[\w.]
    volume: of windows -- A volume of Windows.
        VOLUME ~ (?i)^\[?\s*\"?[a-z]:
    workdir: absolute -- An absolute path.
        WORKDIR ~ ^[\"']?/
    workdir: root -- The root.
        WORKDIR ~ ^/$
    workdir: relative -- A relative path.
        WORKDIR ~ ^[\w.@~-]+(?:/|$)
    workdir: upwards -- A path with `..`.
        WORKDIR has ..
    workdir: variable -- A path with a variable.
        WORKDIR ~ \$
    workdir: trailing slash -- A path that ends in a slash.
        WORKDIR ~ ./$
    workdir: quoted -- A path in quotes.
        WORKDIR ~ [\"']
    workdir: home -- A path with `~`, which nothing expands.
        WORKDIR ~ ^~
    workdir: of windows -- A path of Windows.
        WORKDIR ~ (?i)^[\"']?(?:[a-z]:|\\|/[a-z]:)
    workdir: brackets -- Brackets, which mean nothing here.
        WORKDIR ~ ^\[
    workdir: two words -- A path with a blank, or an instruction that was taken in.
        WORKDIR ~ ^[^"'\n]*[ \t]
    workdir: doubled slash -- A path with `//`.
        WORKDIR has //
    """
)

_OPERATORS: Table = table(
    r"""
    variables: plain -- `$NAME` where the builder expands it.
        expanded ~ \$[A-Za-z_]
    variables: braces -- `${NAME}` where the builder expands it.
        expanded ~ \$\{\w+\}
    variables: default -- `${NAME:-default}`.
        expanded ~ \$\{\w+:?-
    variables: alternative -- `${NAME:+word}`.
        expanded ~ \$\{\w+:?\+
    variables: required -- `${NAME:?word}`.
        expanded ~ \$\{\w+:?\?
    variables: pattern -- `${NAME%pattern}`, `${NAME/pattern/word}`.
        expanded ~ \$\{\w+[#%/]
    variables: escaped -- A `$` behind a backslash.
        expanded ~ \\\$
    variables: in single quotes -- A `$` in single quotes, which is kept.
        expanded ~ '[^'\n]*\$[^'\n]*'
    variables: command -- `$(…)` where nothing runs.
        expanded ~ \$\(
    """,
)

FOUND = {
    "env: old form": "`ENV KEY value`.",
    "env: old form with blanks in the value": "`ENV KEY several words`.",
    "env: pairs": "`ENV KEY=value`.",
    "env: several pairs": "Several pairs in one ENV.",
    "env: odd name": "A name that a shell could not use.",
    "env: quotes inside": "A value with quotes in the middle.",
    "label: unbalanced quote": "A value with a quote that nothing closes.",
    "env: from an argument": "`ENV X=$X`: an argument is kept.",
    "env: one after the other": "Ten ENV instructions or more.",
    "arg: no default": "An argument without a default.",
    "arg: default": "An argument with a default.",
    "arg: several": "Several arguments in one ARG.",
    "arg: before FROM": "A global argument.",
    "arg: global in a stage": "A stage declares a global argument once more.",
    "arg: predefined": "One of the builder's own, such as TARGETARCH.",
    "arg: twice in a stage": "A stage declares an argument twice.",
    "label: old form": "`LABEL key value`.",
    "label: pairs": "`LABEL key=value`.",
    "label: several pairs": "Several pairs in one LABEL.",
    "label: first": "LABEL directly behind FROM.",
    "user: switched": "A stage with more than one USER.",
    "user: last": "The last stage ends as another user than root.",
    "workdir: several": "A stage with more than one WORKDIR.",
}

DESCRIPTIONS = FOUND | sentences(TABLE) | sentences(_OPERATORS)


def found(view: View) -> Iterator[str]:
    """The shapes of what is set."""
    yield from search(TABLE, view)
    if "$" in view.parts["expanded"]:
        yield from search(_OPERATORS, view)
    for instruction in view.named.get("ENV", ()):
        yield from _pairs("env", instruction)
    for instruction in view.named.get("LABEL", ()):
        yield from _pairs("label", instruction)
    if len(view.named.get("ENV", ())) >= 10:
        yield "env: one after the other"
    yield from _arguments(view)
    for stage in view.model.stages:
        names = [instruction.name for instruction in stage.instructions]
        if names.count("USER") > 1:
            yield "user: switched"
        if names.count("WORKDIR") > 1:
            yield "workdir: several"
        if names[:1] == ["LABEL"]:
            yield "label: first"
    users = [i.args for i in view.model.stages[-1].instructions if i.name == "USER"]
    if users and users[-1] not in ("root", "0"):
        yield "user: last"


def _pairs(name: str, instruction: Instruction) -> Iterator[str]:
    pairs = instruction.pairs
    for pair in pairs:
        value = pair.value or ""
        if name == "env" and not pair.key.isidentifier():
            yield "env: odd name"
        if name == "env" and re.search(r"[^\"'=\s\\][\"'][^\"'\n]*[\"'][^\"'\s]", value):
            yield "env: quotes inside"
        if name == "label" and value.replace('\\"', "").count('"') % 2:
            yield "label: unbalanced quote"
    if len(pairs) > 1:
        yield f"{name}: several pairs"
    if "=" in instruction.args.split(maxsplit=1)[0] or instruction.args.startswith(('"', "'")):
        yield f"{name}: pairs"
        if name == "env" and any((p.value or "").strip('"') in (f"${p.key}", f"${{{p.key}}}") for p in pairs):
            yield "env: from an argument"
        return
    yield f"{name}: old form"
    value = pairs[0].value or ""
    if name == "env" and " " in value and not value.startswith('"'):
        yield "env: old form with blanks in the value"
    if name == "env" and value.strip('"') in (f"${pairs[0].key}", f"${{{pairs[0].key}}}"):
        yield "env: from an argument"


def _arguments(view: View) -> Iterator[str]:
    for instruction in view.named.get("ARG", ()):
        if len(instruction.pairs) > 1:
            yield "arg: several"
        for pair in instruction.pairs:
            yield "arg: no default" if pair.value is None else "arg: default"
            if pair.key in PREDEFINED_ARGS:
                yield "arg: predefined"
    global_names = {pair.key for i in view.model.global_instructions for pair in i.pairs}
    if global_names:
        yield "arg: before FROM"
    for stage in view.model.stages:
        names = [pair.key for i in stage.instructions if i.name == "ARG" for pair in i.pairs]
        if global_names.intersection(names):
            yield "arg: global in a stage"
        if len(names) != len(set(names)):
            yield "arg: twice in a stage"
