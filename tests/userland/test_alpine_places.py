"""Where Alpine keeps what Debian keeps elsewhere, and what is fetched ready-made."""

from __future__ import annotations

import pytest

from rewriter.context import DictContext
from rewriter.ecosystems.go import GoStage
from rewriter.model.files import StageFiles
from rewriter.model.stages import Model
from rewriter.planning.debian_paths import makes_or_clears
from rewriter.planning.downloads import built_for, fetched_programs, portable_programs
from rewriter.planning.need_types import Needs
from rewriter.planning.program_places import interpreter_gap, misplaced, own_path
from rewriter.planning.server_users import unknown_users
from rewriter.syntax import parse

FILES = {"run.sh": b"#!/bin/sh\necho\n", "get.sh": b"curl -o /app/x https://example.com/x-linux-amd64\n", "a.tgz": b""}


def stage(body: str, files: dict[str, bytes] | None = None) -> GoStage:
    last = Model(parse(f"FROM node:20\nWORKDIR /app\n{body}")).stages[-1]
    return GoStage(last, StageFiles(last, DictContext(FILES if files is None else files)), None)


def fetched(body: str) -> Needs:
    needs = Needs()
    fetched_programs(stage(body), needs)
    return needs


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("/usr/bin/sleep", "lies in /bin"),
        ("/usr/bin/grep", "lies in /bin"),
        ("/bin/curl", "another folder"),
        ("/bin/sleep", ""),
        ("/usr/bin/env", ""),
        ("/usr/bin/bash", ""),
        ("sleep", ""),
        ("/app/bin/sleep", ""),
        ("", ""),
        ("/", ""),
    ],
)
def test_misplaced(word: str, reason: str) -> None:
    assert reason in misplaced(word)
    assert bool(misplaced(word)) == bool(reason)


def test_own_path() -> None:
    assert [word for word in ("wait", "/wait", "./wait", "/usr/bin/wait", "a/b", "/opt/x/wait") if own_path(word)] == [
        "/wait",
        "./wait",
        "a/b",
        "/opt/x/wait",
    ]


@pytest.mark.parametrize(
    ("text", "gap"),
    [
        ("#!/bin/bash\n", ""),
        ("#!/bin/sh -e\n", ""),
        ("#! /usr/bin/env bash\n", ""),
        ("#!/usr/bin/bash\n", "/usr/bin/bash"),
        ("#!/usr/bin/sh", "/usr/bin/sh"),
        ("#!/usr/bin/env bash\r\n", ""),
        ("#!\n", ""),
        ("echo\n#!/usr/bin/bash\n", ""),
        ("", ""),
    ],
)
def test_interpreter_gap(text: str, gap: str) -> None:
    assert interpreter_gap(text) == gap


@pytest.mark.parametrize(
    ("address", "system"),
    [
        ("https://example.com/tool-linux-amd64", "linux"),
        ("https://example.com/tool_1.2_x86_64.tgz", "x86_64"),
        ('"https://example.com/v${V}/tool-${V}-Linux-x64.zip"', "Linux"),
        ("https://example.com/tool-x86_64-unknown-linux-musl.tgz", ""),
        ("https://linux.example.com/tool.tgz", ""),
        ("https://example.com/tool.tgz?os=linux", ""),
        ("https://example.com/gnuplot.tgz", ""),
        ("https://example.com/tool-linux-amd64.sha256", ""),
        ("https://example.com/tool-linux-x86_64.jar", ""),
        ("https://example.com", ""),
        ("not an address", ""),
    ],
)
def test_built_for(address: str, system: str) -> None:
    assert built_for(address) == system


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ("RUN curl -o x https://example.com/x-linux-amd64\n", "is built for linux"),
        ("ADD https://example.com/x-arm64 /x\n", "is built for arm64"),
        ("ADD --chmod=755 https://example.com/x /x\n", "made executable"),
        ("ADD https://example.com/x /x\nRUN chmod +x /x\n", "`/x` is made executable"),
        ("RUN wget https://example.com/x\nRUN chmod 0755 x\n", "`x` is made executable"),
        ("RUN wget https://example.com/x.tgz && tar xf x.tgz && mv x/x /usr/local/bin/\n", "where programs lie"),
        ("RUN wget https://example.com/x.tgz && cp x /usr/bin/y\n", "where programs lie"),
        ("COPY get.sh .\nRUN sh get.sh\n", "is built for linux"),
        ("ADD a.tgz /opt/\n", "what line 3 unpacks"),
    ],
)
def test_what_is_fetched_may_need_glibc(body: str, word: str) -> None:
    assert any(word in veto for veto in fetched(body).vetoes), fetched(body)


@pytest.mark.parametrize(
    "body",
    [
        "RUN curl -o x.json https://example.com/x.json\n",
        "COPY run.sh .\nRUN wget https://example.com/x && chmod +x run.sh\n",
        "RUN mkdir /d && wget -P /d https://example.com/x && chmod 755 /d/\n",
        "RUN wget https://example.com/wp.phar && chmod +x wp.phar && mv wp.phar /usr/local/bin/wp\n",
        "RUN chmod +x /usr/local/bin/x && mv a /usr/local/bin/b\n",
        "RUN wget https://example.com/x && chmod -x x && chmod 644 x\n",
        "RUN curl --version\n",
    ],
)
def test_what_is_fetched_and_is_no_program(body: str) -> None:
    assert fetched(body) == Needs()


def test_what_is_unpacked_is_a_doubt() -> None:
    assert fetched("RUN curl https://example.com/x.tgz | tar xz\n").doubts == [
        "what line 3 fetches could not be seen: programs in it may need glibc"
    ]
    assert len(fetched("ADD a.tgz /data/\n").doubts) == 1


def test_programs_that_are_archives_of_php() -> None:
    body = (
        "COPY --from=composer:2 /usr/bin/composer /usr/bin/composer\n"
        "RUN php setup.php --install-dir=/usr/local/bin --filename=box && mv wp-cli.phar /usr/local/bin/wp\n"
    )
    assert set(portable_programs(stage(body))) == {"composer", "box", "wp"}
    assert "pnpm" in set(portable_programs(stage("RUN corepack enable\n")))
    assert not set(portable_programs(stage("COPY --from=composer:2 /usr/bin/php /usr/bin/composer\nRUN mv a b\n")))


def test_users_in_the_configuration_of_servers() -> None:
    files = {
        "a/nginx.conf": b"# user x;\nuser  www-data  web;\nuser nginx;\nuser root;\n",
        "b.conf": b"User daemon\nGroup ${GROUP}\nusername x;\n",
        "c.txt": b"user nobody2;\n",
        "d.conf": b"\xff\xfe user \x00",
    }
    model = stage("COPY . /etc/x/\n", files)
    assert list(unknown_users(model.files, frozenset({"nginx"}))) == [
        ("a/nginx.conf", "www-data"),
        ("a/nginx.conf", "web"),
    ]
    heredoc = stage("COPY <<EOT /etc/nginx/nginx.conf\nuser web;\nEOT\n", {})
    assert list(unknown_users(heredoc.files, frozenset())) == [("line 3", "web")]
    last = Model(parse("FROM nginx\nCOPY . /etc\n")).stages[-1]
    assert list(unknown_users(StageFiles(last, None), frozenset())) == []


def test_folders_that_commands_make_or_clear() -> None:
    runs = "mkdir -p /usr/share/x\nRUN mkdir /usr/share/x\nRUN rm -rf /usr/share/doc\nRUN rm /usr/share/doc/x\n"
    model = stage(f"RUN {runs}RUN rm -rf /usr/share/fonts\nRUN cat /usr/share/doc/x\n")
    steps = [step for run in model.runs if isinstance(run.steps, tuple) for step in run.steps]
    assert [makes_or_clears(step, step.argv[-1] or "") for step in steps] == [True, False, True, False, False, False]
