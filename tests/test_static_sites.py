"""What servers of static files are read to do, and that scripts are followed no further than anybody writes them."""

from __future__ import annotations

import json

import pytest

from rewriter import DictContext
from rewriter.ecosystems.static_scripts import Leaf, leaves
from rewriter.ecosystems.static_server import StaticServer, static_server
from rewriter.model.run import Step
from rewriter.situation import Situation

HEAD = "FROM node:20-alpine\nWORKDIR /app\nCOPY . .\n"


def started(command: str, scripts: dict[str, str] | None = None, env: str = "") -> tuple[Leaf, ...] | str:
    """What CMD comes to."""
    from rewriter.ecosystems.node_project import project_at
    from rewriter.model.launch import launch_of

    context = DictContext({"package.json": json.dumps({"scripts": scripts or {}}).encode()})
    situation = Situation(f"{HEAD}{env}CMD {command}\n", context)
    stage = situation.model.final
    files = situation.files(stage)
    launch = launch_of(stage, files)
    assert not isinstance(launch, str)
    step: Step = launch.steps[0]
    return leaves(step, stage.final_state, lambda folder: project_at(folder, files))


def server(command: str, scripts: dict[str, str] | None = None, env: str = "") -> StaticServer:
    found = started(command, scripts, env)
    assert isinstance(found, tuple)
    read = static_server(found[-1])
    assert isinstance(read, StaticServer)
    return read


@pytest.mark.parametrize(
    ("command", "folder", "port"),
    [
        ("serve -s build", "build", 3000),
        ("serve build -p 80", "build", 80),
        ("serve --single dist --listen=tcp://0.0.0.0:8080", "dist", 8080),
        ("npx -y serve@11 -s build", "build", 5000),
        ("npx serve@14.2.5 out", "out", 3000),
        ("serve", ".", 3000),
        ("http-server dist", "dist", 8080),
        ("http-server -p8081 dist -c-1 -d false", "dist", 8081),
        ("python -m http.server", ".", 8000),
        ("python3 -m http.server 80 -d site", "site", 80),
        ("npx vite preview --port 4000 --host", None, 4000),
        ("PORT=9000 serve -s build", "build", 9000),
    ],
)
def test_folder_and_port(command: str, folder: str | None, port: int) -> None:
    found = server(command)
    assert (found.folder, found.port, found.unrepeated) == (folder, port, "")


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("serve -s build --cors", "what `serve --cors` does is not repeated there"),
        ("serve -l 127.0.0.1:80 build", "serve listens at '127.0.0.1:80', which is not followed"),
        ("serve -l tcp://localhost:80 build", "serve listens at tcp://localhost:80 only"),
        ("serve -l 80 -l 81 build", "serve listens at more than one place"),
        ("npx serve@next build", "the port of serve is not written out"),
        ("http-server dist -a 127.0.0.1", "http-server listens at 127.0.0.1 only"),
    ],
)
def test_what_nginx_would_not_do(command: str, reason: str) -> None:
    assert server(command).unrepeated == reason


def test_every_path_is_one_page_or_none() -> None:
    assert server("serve -s build").tries == ("$uri", "/index.html")
    assert server("serve build").tries[-1] == "=404"
    assert server("http-server dist").caching == "max-age=3600"


def test_scripts_pass_on_words_variables_and_folders() -> None:
    scripts = {"start": "cross-env PORT=4000 npm run site -- -n", "site": "cd client && serve -s"}
    found = started('["npm", "start", "--", "build"]', scripts)
    assert isinstance(found, tuple)
    (leaf,) = found
    assert leaf.words == ("serve", "-s", "-n", "build")
    assert leaf.cwd == "/app/client"
    assert static_server(leaf) == server("PORT=4000 serve -s -n build", env="WORKDIR /app/client\n")


@pytest.mark.parametrize(
    ("scripts", "reason"),
    [
        ({"start": "npm start"}, "more scripts than are followed"),
        ({"start": " && ".join(["npm run a"] * 50), "a": " && ".join(["npm run b"] * 50), "b": "x"}, "more scripts"),
        ({"start": "test -f x && serve || serve build"}, "decides when it runs"),
        ({"start": "serve $FOLDER"}, "decides when it runs"),
        ({}, "package.json has no script 'start'"),
    ],
)
def test_what_is_not_followed(scripts: dict[str, str], reason: str) -> None:
    found = started("npm start", scripts)
    assert isinstance(found, str)
    assert reason in found
