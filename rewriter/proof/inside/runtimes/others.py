"""Ruby, PHP, Perl and .NET: the file that they are told to run is there."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from rewriter.proof.inside.accounts import READ
from rewriter.proof.inside.filesystem import Found
from rewriter.proof.inside.trail import Call, Located, Problem, Runtime
from rewriter.source import load_json

if TYPE_CHECKING:
    from rewriter.proof.inside.libraries import Closure
    from rewriter.proof.inside.start import Walker

_RUBY_VALUES = frozenset({"-I", "-r", "-C", "-E", "-K"})
_PHP_VALUES = frozenset({"-d", "-c", "-S", "-t", "-z"})
_PERL_VALUES = frozenset({"-I", "-M", "-m"})
_VERSION = re.compile(r"\d+\.\d+")


def follow_ruby(walker: Walker, call: Call, located: Located, closure: Closure) -> Problem | None:
    """``ruby file``."""
    return _follow(walker, call, located, closure, "ruby", _RUBY_VALUES, frozenset({"-e"}))


def follow_php(walker: Walker, call: Call, located: Located, closure: Closure) -> Problem | None:
    """``php file``, ``php -f file``."""
    return _follow(walker, call, located, closure, "php", _PHP_VALUES, frozenset({"-r", "-a", "-i", "-m", "-v"}))


def follow_perl(walker: Walker, call: Call, located: Located, closure: Closure) -> Problem | None:
    """``perl file``."""
    return _follow(walker, call, located, closure, "perl", _PERL_VALUES, frozenset({"-e", "-E", "-v"}))


def _follow(
    walker: Walker,
    call: Call,
    located: Located,
    closure: Closure,
    language: str,
    with_value: frozenset[str],
    texts: frozenset[str],
) -> Problem | None:
    words = list(call.argv[1:])
    inline = False
    while words and words[0].startswith("-") and words[0] != "-":
        option = words.pop(0)
        inline = inline or option in texts
        if option == "--":
            break
        if option in with_value:
            words[:1] = []
    if inline or not words:
        walker.arrive(call, language, call.argv[1:], located.found)
        return None
    found = _file(walker, call, language, words[0])
    if isinstance(found, Problem):
        return found
    if found:
        walker.trail.texts[found] = language
        walker.trail.see(f"{found}, which {located.invoked} runs, is there")
    walker.trail.runtimes.append(Runtime(language, "", found, (), closure))
    walker.arrive(call, language, tuple(words), located.found)
    return None


def _file(walker: Walker, call: Call, language: str, name: str) -> str | Problem:
    """The file that an interpreter is told to run; empty when only running tells where it lies."""
    if call.cwd is None and not name.startswith("/"):
        walker.trail.miss(f"where {name} lies is only known when it runs")
        return ""
    found = walker.files.resolve(name, call.cwd or "/")
    if not isinstance(found, Found) or not found.node.is_file:
        why = f"{found.path} is no file" if isinstance(found, Found) else found.why
        return Problem(f"{language} is to run {name}, and {why}", name, key=f"missing {posixpath.basename(name)}")
    if not call.identity.may_reach(found) or not call.identity.may(found.node, READ):
        return Problem(f"{call.identity} may not read {found.path}", found.path, key="denied")
    return found.path


def follow_dotnet(walker: Walker, call: Call, located: Located, closure: Closure) -> Problem | None:
    """``dotnet x.dll``: the file, and the framework that its runtimeconfig.json asks for, by major.minor."""
    words = [word for word in call.argv[1:] if not word.startswith("-")]
    walker.arrive(call, "dotnet", call.argv[1:], located.found)
    if not words or not words[0].lower().endswith(".dll"):
        walker.trail.miss("what dotnet starts without a .dll was not looked at")
        return None
    found = _file(walker, call, "dotnet", words[0])
    if isinstance(found, Problem):
        return found
    walker.trail.runtimes.append(Runtime("dotnet", "", found, (), closure))
    settings = found[: -len(".dll")] + ".runtimeconfig.json"
    shared = f"{posixpath.dirname(located.found.path)}/shared"
    for name, version in _frameworks(walker.image.text(settings) or "{}"):
        wanted = _VERSION.match(version)
        there = sorted(walker.files.folder(f"{shared}/{name}"))
        if wanted and not any(each.startswith(f"{wanted.group()}.") for each in there):
            evidence = (f"{shared}/{name} has: {', '.join(there) or 'nothing'}",)
            what = f"{found} asks for {name} {version}, and the image has no {wanted.group()} of it"
            return Problem(what, name, evidence, f"framework {name}")
    return None


def _frameworks(text: str) -> list[tuple[str, str]]:
    try:
        document = load_json(text)
    except (ValueError, RecursionError):
        return []
    options = document.get("runtimeOptions") if isinstance(document, dict) else None
    if not isinstance(options, dict):
        return []
    listed = options.get("frameworks") or [options.get("framework")]
    entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    return [(str(entry.get("name")), str(entry.get("version"))) for entry in entries]
