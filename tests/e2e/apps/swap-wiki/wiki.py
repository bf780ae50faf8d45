"""A wiki that keeps its pages in a git repository, as many small ones do."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import markdown
from bottle import HTTPError, request, response, route, run

PAGES = Path(os.environ["PAGES"])
# Of the first pages, so that all wikis begin with the same history.
BEGINNING = "2024-02-29T12:00:00Z"
FIRST = {"start": "# Welcome\n\nRead the [rules](/pages/rules).\n", "rules": "# Rules\n\n1. Be kind\n2. Sign pages\n"}


def git(*arguments, date=None):
    dates = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date} if date else {}
    environment = {**os.environ, **dates}
    done = subprocess.run(["git", *arguments], cwd=PAGES, env=environment, check=True, capture_output=True, text=True)
    return done.stdout


def save(name, text, date=None):
    (PAGES / f"{name}.md").write_text(text)
    git("add", f"{name}.md")
    git("commit", "--quiet", "--message", f"Change {name}", date=date)


@route("/")
def index():
    return {"pages": sorted(path.stem for path in PAGES.glob("*.md"))}


@route("/pages/<name:re:[a-z]+>")
def page(name):
    path = PAGES / f"{name}.md"
    if not path.is_file():
        raise HTTPError(404, "no such page")
    return markdown.markdown(path.read_text())


@route("/pages/<name:re:[a-z]+>", method="POST")
def change(name):
    save(name, request.body.read().decode())
    response.status = 201
    return {"saved": name}


@route("/history")
def history():
    response.content_type = "text/plain"
    return git("log", "--format=%h %as %an %s")


@route("/healthz")
def healthz():
    return "well\n"


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
for name, text in FIRST.items():
    save(name, text, BEGINNING)
run(host="0.0.0.0", port=8080, quiet=True)
