"""A page in a real browser: what it shows, and that what a repository holds runs nothing in it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

TITLE = "What dfrewrite makes of these Dockerfiles"
OWN = "document.title='owned'"
HOSTILE = (
    "FROM golang:1.18\n"
    f'# <img src=x onerror="{OWN}"> \u202etxet\n'
    f'LABEL a="</span></code></pre></section></main><script>{OWN}</script><svg onload={OWN}>"\n'
    f"COPY '<iframe srcdoc=\"<script>parent.{OWN}</script>\">' /app/\n"
    "WORKDIR /app\n"
    "COPY . .\n"
    f"RUN go build -o '/app/<script>{OWN}</script>' .\n"
    f'CMD ["/app/<script>{OWN}</script>"]\n'
)


def hostile_folder(folder: Path) -> None:
    """Dockerfiles whose paths and texts would like to be more than text."""
    name = f'"><img src=x onerror={OWN}>'
    for place in (folder / "<script>alert(1)<" / "script>", folder / name):
        place.mkdir(parents=True)
        (place / "Dockerfile").write_text(HOSTILE)
        (place / "go.mod").write_text("module example.com/tides\n\ngo 1.18\n")
        (place / "main.go").write_text("package main\n\nfunc main() {}\n")
        (place / "broken.Dockerfile").write_text(f"<script>{OWN}</script>\n")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], str]:
    """What a page has become when all that would run in it has run."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("there is no chromium on this machine to look at a page with")
    profile = tmp_path_factory.mktemp("profile")

    def dump(page: Path) -> str:
        command = [
            *(found, "--headless", "--disable-gpu", f"--user-data-dir={profile}", "--virtual-time-budget=2000"),
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
            *("--dump-dom", page.as_uri()),
        ]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout

    return dump


class Dom(HTMLParser):
    """Elements, attributes, and the text of a dumped page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: dict[str, str] = {}
        self._within = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self._within = tag

    def handle_data(self, data: str) -> None:
        self.texts[self._within] = self.texts.get(self._within, "") + data


def test_a_browser_would_run_what_is_not_escaped(browser: Callable[[Path], str], tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(f"<!DOCTYPE html><title>mine</title><body><script>{OWN}</script>")
    assert Dom(browser(page)).texts["title"].strip() == "owned"


def test_hostile_dockerfiles_run_nothing(
    browser: Callable[[Path], str], dfrewrite: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    hostile_folder(tmp_path / "in")
    page = tmp_path / "report.html"
    done = dfrewrite(f"--report={page}", tmp_path / "in")
    assert done.returncode == 2, done.stderr  # two of the files are none
    dom = Dom(browser(page))
    assert dom.texts["title"].strip() == TITLE
    assert not dom.elements & {"script", "img", "iframe", "object", "embed", "form", "input", "link", "base"}
    assert not [name for name in dom.attributes if name.startswith("on") or name in ("style", "src", "srcdoc")]
    said = "".join(dom.texts.values())
    assert "4 Dockerfiles read, 2 with changes." in said
    assert f"<script>{OWN}</script>" in said
    assert "\\u202etxet" in said
    assert "\u202e" not in said


def test_its_policy_stops_a_script(
    browser: Callable[[Path], str], dfrewrite: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    """Should a text ever come through as markup, the page still runs nothing."""
    (tmp_path / "Dockerfile").write_text(HOSTILE)
    page = tmp_path / "report.html"
    dfrewrite(f"--report={page}", tmp_path)
    made = page.read_text()
    page.write_text(made.replace("</main>", f'<script>{OWN}</script><img src=x onerror="{OWN}"></main>'))
    dom = Dom(browser(page))
    assert "script" in dom.elements
    assert dom.texts["title"].strip() == TITLE
