"""Shapes of what a container starts: CMD and ENTRYPOINT together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tests.shapes.tables import Table, search, sentences, table

if TYPE_CHECKING:
    from tests.shapes.view import View

TABLE: Table = table(
    r"""
    start: exec -- A shell form that hands over with exec.
        start ~ (?:^|\s)exec\s
    start: chain -- A shell form of several commands.
        start ~ ^[^\[\n].*(?:&&|;)
    start: background -- A shell form that puts something into the background.
        start ~ ^[^\[\n][^\n]*[^&]&(?![&>1])
    start: variable -- A shell form with a variable.
        start ~ ^[^\[\n]*\$
    start: init -- A small init as process 1.
        start ~ \b(?:tini|dumb-init|s6-svscan|my_init|runsvdir|catatonit)\b|/init\b
    start: supervisor -- A supervisor that starts several things.
        start ~ supervisord|\bmonit\b|\bforego\b|\bhoncho\b|\bforeman\b|circusd|pm2
    start: script -- A shell script.
        start ~ [\w./-]+\.(?:sh|bash)\b
    start: entrypoint script -- A script that is called entrypoint.
        ENTRYPOINT has entrypoint
    start: shell -- A shell to work in.
        start ~ ^\[?\s*"?(?:/bin/|/usr/bin/)?(?:ba|z|a)?sh"?\s*\]?$
    start: login shell -- A login shell.
        start ~ \b(?:ba|z)?sh"?,?\s*"?(?:-l|--login|-lc)\b
    start: service -- An init script of the distribution.
        start ~ (?:^|[;&|]\s*|\s)(?:/usr/sbin/)?service\s|/etc/init\.d/|systemctl|/sbin/init
    start: waits for ever -- A command that keeps the container alive.
        start ~ tail\s+-[fF]|tail\", \"-[fF]|sleep\W+(?:infinity|\d{4,})|while true|/dev/null
    start: options only -- A CMD that only holds options for the ENTRYPOINT.
        CMD ~ ^\[?\s*"?-
    start: version or help -- A CMD that prints help or a version.
        CMD ~ --?(?:help|version)\b
    start: java -- java.
        start ~ \bjava\b
    start: node -- node, npm or the like.
        start ~ \b(?:node|nodejs|npm|yarn|pnpm|npx|nodemon|ts-node)\b
    start: python -- python or one of its servers.
        start ~ \b(?:python[\d.]*|gunicorn|uvicorn|uwsgi|celery|flask|hypercorn|daphne)\b
    start: ruby -- ruby, bundle, rails or the like.
        start ~ \b(?:ruby|bundle|rails|rackup|puma|unicorn|thin|rake|jekyll|foreman)\b
    start: php -- php, its process manager or the web server that runs it.
        start ~ \bphp(?:-fpm|[\d.]*)\b|apache2-foreground|apachectl|httpd|apache2ctl
    start: go tool -- The go tool itself.
        start ~ \bgo(?:"\s*,\s*"|\s+)(?:run|test|build)|go-wrapper
    start: dotnet -- dotnet, mono or a Windows program.
        start ~ \bdotnet\b|\bmono\b|\.dll\b|\.exe\b
    start: nginx -- nginx or another web server.
        start ~ \bnginx\b|openresty|caddy
    start: database -- A database.
        start ~ \b(?:mysqld\w*|postgres|mongod|redis-server|elasticsearch|cassandra|influxd|slapd)\b
    start: sshd -- An SSH daemon.
        start ~ \bsshd\b
    start: cron -- cron.
        start ~ \bcron[d]?\b
    start: test run -- A run of tests.
        start ~ \b(?:test|tests|pytest|phpunit|rspec|tox|mocha|jest|ctest|bats)\b
    start: build run -- A build tool, run when the container starts.
        start ~ \b(?:make|cmake|mvn|gradle|gradlew|sbt|cargo|bazel|ninja)\b
    start: notebook -- A notebook server.
        start has jupyter | start-notebook | rstudio | zeppelin
    start: dev server -- A development server.
        start ~ \b(?:dev|watch|serve|server|--reload|runserver|webpack-dev-server|hot)\b
    start: relative path -- A program by a path relative to the working directory.
        start ~ ^\[?\s*"?(?:\./|bin/|\.\./)
    start: windows -- A program of Windows.
        start ~ (?i)powershell|cmd(?:\.exe)?\W+/|\\\\|\.exe|\.ps1
    start: assignment first -- A variable that is set for the command alone.
        start ~ ^\w+=\S*\s+\S
    start: subshell or braces -- A shell form that starts with a parenthesis, a brace or a quote.
        start ~ ^[({'"]
    """
)

FOUND = {
    "start: word with blanks": "An exec form with a word that holds blanks.",
    "start: whole command in one word": "An exec form of one word that holds blanks, which names no program.",
    "start: cmd only": "The last stage has a CMD and no ENTRYPOINT.",
    "start: entrypoint only": "The last stage has an ENTRYPOINT and no CMD.",
    "start: both": "The last stage has an ENTRYPOINT and a CMD.",
    "start: neither": "The last stage has neither: what the base image starts.",
    "start: shell entrypoint with cmd": "An ENTRYPOINT in shell form, which takes no CMD, and a CMD.",
    "start: cmd before entrypoint": "The CMD stands above the ENTRYPOINT.",
    "start: cmd twice": "Two CMD or two ENTRYPOINT in one stage.",
    "start: empty": "CMD or ENTRYPOINT without arguments or with an empty array.",
    "start: something behind": "Instructions other than labels behind the last CMD or ENTRYPOINT.",
}

DESCRIPTIONS = FOUND | sentences(TABLE)


def found(view: View) -> Iterator[str]:
    """The shapes of what is started."""
    yield from search(TABLE, view)
    for instruction in [*view.named.get("CMD", ()), *view.named.get("ENTRYPOINT", ())]:
        words = [string.value for string in instruction.json or ()]
        if any(" " in word for word in words):
            yield "start: word with blanks" if len(words) > 1 else "start: whole command in one word"
    for stage in view.model.stages:
        names = [instruction.name for instruction in stage.instructions]
        if names.count("CMD") > 1 or names.count("ENTRYPOINT") > 1:
            yield "start: cmd twice"
    last = view.model.stages[-1].instructions
    starts = [instruction for instruction in last if instruction.name in ("CMD", "ENTRYPOINT")]
    names = [instruction.name for instruction in starts]
    kind = {(False, False): "neither", (True, False): "cmd only", (False, True): "entrypoint only"}
    yield "start: " + kind.get(("CMD" in names, "ENTRYPOINT" in names), "both")
    if "CMD" in names and "ENTRYPOINT" in names:
        if names.index("CMD") < names.index("ENTRYPOINT"):
            yield "start: cmd before entrypoint"
        if any(i.name == "ENTRYPOINT" and i.json is None for i in starts):
            yield "start: shell entrypoint with cmd"
    if any(not i.args or i.json == () for i in starts):
        yield "start: empty"
    if starts and any(i.name not in ("LABEL", "CMD", "ENTRYPOINT") for i in last[last.index(starts[-1]) :]):
        yield "start: something behind"
