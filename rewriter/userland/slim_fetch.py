"""What programs that fetch need beside themselves: certificates for TLS, ssh, a version control system."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from rewriter.userland.slim_words import short

if TYPE_CHECKING:
    from collections.abc import Callable

    from rewriter.model.run import Step
    from rewriter.userland.slim import SlimNeeds, Swap
    from rewriter.userland.slim_calls import Call

_GIT_FETCHES = frozenset({"clone", "fetch", "pull", "push", "ls-remote", "submodule", "remote", "archive", "lfs"})
_GIT_VALUED = frozenset({"-C", "-c", "--git-dir", "--work-tree", "--namespace", "--exec-path"})
_HG_FETCHES = frozenset({"clone", "pull", "incoming", "push", "identify", "id"})
_SVN_FETCHES = frozenset("checkout co export update up switch sw list ls log cat import commit ci".split())
_LOCAL = ("/", "./", "../", "file://", "git://")
_VCS = {"git": "git", "hg": "mercurial", "svn": "subversion"}
_PROGRAM_PLACES = ("/usr/local/", "/usr/bin/", "/usr/sbin/", "/opt/", "/bin/", "/sbin/")
_NPM_ADDS = frozenset("install i add ci global".split())


def _certificates(swap: Swap, needs: SlimNeeds, reason: str) -> None:
    if swap.missing("ca-certificates"):
        needs.want("ca-certificates", reason)


def _ssh(swap: Swap, needs: SlimNeeds, reason: str) -> None:
    if swap.missing("openssh-client"):
        needs.want("openssh-client", reason)


def _download(call: Call, step: Step, swap: Swap, needs: SlimNeeds, where: str) -> None:
    """curl and wget: http may be answered by a redirect to https, so only hosts of the machine itself need none."""
    brings_programs(call, step, swap, needs, where)
    words = [word or "" for word in call.argv[1:]]
    if "--no-check-certificate" in words or (call.name == "curl" and any(_trusts_all(word) for word in words)):
        return
    if words and all(word in ("--version", "--help", "-V") for word in words):
        return
    hosts = [word.partition("://")[2] if "://" in word else word for word in words if "://" in word or _is_here(word)]
    if hosts and all(_is_here(host) for host in hosts):
        return
    _certificates(swap, needs, f"{where}: {call.name} may download over TLS")


def _trusts_all(word: str) -> bool:
    """`-k`, also among other options of curl that take no value (`-fsSLk`)."""
    return word == "--insecure" or (word[:1] == "-" and "k" in word and set(word[1:]) <= set("kfsSLgiIvOJjNq#46"))


def _is_here(host: str) -> bool:
    return host.startswith(("localhost", "127.", "[::1]", "0.0.0.0"))


def _git(call: Call, step: Step, swap: Swap, needs: SlimNeeds, where: str) -> None:
    verb, words = _verb(call.argv, _GIT_VALUED)
    if verb is not None and verb not in _GIT_FETCHES:
        return
    known = [word for word in words if word]
    if any(_over_ssh(word) for word in known):
        _ssh(swap, needs, f"{where}: git fetches over ssh")
        return
    told = any("://" in word for word in known)
    first = next((word for word in known if "://" in word or word.startswith(_LOCAL)), "")
    if verb == "clone" and None not in words and first.startswith(_LOCAL):
        return
    _certificates(swap, needs, f"{where}: git may fetch over TLS")
    if not told and swap.missing("openssh-client"):
        needs.doubt(f"{where}: where git fetches from is not known, and ssh needs openssh-client")


def _over_ssh(word: str) -> bool:
    """`ssh://…`, `git+ssh://…` and `git@host:path`."""
    if word.startswith(("ssh://", "git+ssh://", "svn+ssh://")):
        return True
    user, at, rest = word.partition("@")
    return bool(at) and ":" in rest and "/" not in user and "://" not in word


def _verb(argv: tuple[str | None, ...], valued: frozenset[str]) -> tuple[str | None, tuple[str | None, ...]]:
    """The sub-command and the words behind it, options before it skipped; None when it is not known."""
    at = 1
    while at < len(argv):
        word = argv[at]
        if word is None:
            return None, argv[at:]
        if not word.startswith("-"):
            return word, argv[at + 1 :]
        at += 2 if word in valued else 1
    return "", ()


def _other_vcs(call: Call, step: Step, swap: Swap, needs: SlimNeeds, where: str) -> None:
    verb, words = _verb(call.argv, frozenset({"-R", "--cwd", "--config", "--username", "--password"}))
    fetches = verb is None or verb in (_HG_FETCHES if call.name == "hg" else _SVN_FETCHES)
    known = [word for word in words if word]
    if any(_over_ssh(word) for word in known):
        _ssh(swap, needs, f"{where}: {call.name} fetches over ssh")
    elif any("https://" in word for word in known) or (fetches and not any("://" in word for word in known)):
        _certificates(swap, needs, f"{where}: {call.name} may fetch over TLS")


def _pip(call: Call, step: Step, swap: Swap, needs: SlimNeeds, where: str) -> None:
    """`pip install git+https://…`: pip calls the version control system."""
    words = call.argv[1:]
    if call.name.startswith("python") and words[:2] != ("-m", "pip"):
        return
    for word in words:
        if word:
            _requirement(word, swap, needs, where)
    if any(word and word.startswith("--no-binary") for word in words) and swap.program("gcc"):
        needs.veto(f"{where}: pip is told to compile, and which headers of the full image that uses is not known")


def _requirement(word: str, swap: Swap, needs: SlimNeeds, where: str) -> None:
    """`git+https://…`, `name@git+ssh://…`, `name @ hg+https://…`."""
    for system, package in _VCS.items():
        start = word.find(f"{system}+")
        scheme, separator, _ = word[start + len(system) + 1 :].partition("://") if start >= 0 else ("", "", "")
        if not separator or word[:start].strip()[-1:] not in ("", "@", "="):
            continue
        if swap.missing(package):
            needs.want(package, f"{where}: pip fetches {short(word)} with it")
        if scheme == "ssh":
            _ssh(swap, needs, f"{where}: pip fetches {short(word)} over ssh")
        elif scheme != "file":
            _certificates(swap, needs, f"{where}: pip fetches {short(word)} over TLS")


def _npm(call: Call, step: Step, swap: Swap, needs: SlimNeeds, where: str) -> None:
    """`npm install git+ssh://…`, `yarn add https://….git`, `npm install owner/name`: they call git."""
    verb, words = _verb(call.argv, frozenset({"--prefix", "-C", "--cwd", "--registry"}))
    if verb in ("rebuild", "rb") or any(word and word.startswith("--build-from-source") for word in words):
        missing = [name for name in ("python3", "make", "g++") if name not in swap.programs and swap.program(name)]
        if missing:
            needs.doubt(f"{where}: {call.name} may compile, and slim lacks {', '.join(missing)}")
    if verb not in _NPM_ADDS:
        return
    for word in words:
        if not word or word.startswith(("-", "@", ".", "/", "~", "file:")):
            continue
        spec = word.partition("@")[2] if "@" in word and "://" in word.partition("@")[2] else word
        hosted = spec.partition(":")[0] in ("github", "gitlab", "bitbucket", "gist")
        git = spec.startswith(("git+", "git://", "git@", "ssh://")) or spec.partition("#")[0].endswith(".git")
        hub = "://" not in spec and spec.partition("#")[0].count("/") == 1 and "@" not in spec
        if not (hosted or git or hub):
            continue
        if swap.missing("git"):
            needs.want("git", f"{where}: {call.name} fetches {short(word)} with it")
        if "ssh" in spec or spec.startswith("git@"):
            _ssh(swap, needs, f"{where}: {call.name} fetches {short(word)} over ssh")
        _certificates(swap, needs, f"{where}: {call.name} fetches {short(word)} over TLS")


def _mix(call: Call, step: Step, swap: Swap, needs: SlimNeeds, where: str) -> None:
    """Elixir's and Erlang's build tools: dependencies may lie in git and may be compiled by make."""
    words = call.argv[1:]
    if any(word and word.startswith(("deps.get", "deps.compile", "compile", "release", "get-deps")) for word in words):
        missing = [name for name in ("git", "make", "gcc") if swap.program(name)]
        if missing:
            needs.doubt(f"{where}: `{call.name}` may call {', '.join(missing)}, which slim lacks")


def _copy_over_ssh(call: Call, step: Step, swap: Swap, needs: SlimNeeds, where: str) -> None:
    if any(word and ":" in word and not posixpath.isabs(word) for word in call.argv[1:]):
        _ssh(swap, needs, f"{where}: {call.name} may copy over ssh")


def _calls_others(call: Call, step: Step, swap: Swap, needs: SlimNeeds, where: str) -> None:
    """Tools that are installed by the stage and start programs of the full image."""
    for program in _CALLED[call.name]:
        package = swap.program(program)
        if package:
            needs.want(package, f"{where}: {call.name} calls {program}")


_CALLED = {
    "composer": ("git", "unzip"),
    "helm": ("git",),
    "lerna": ("git",),
    "nvm": ("curl", "xz"),
    "pre-commit": ("git",),
    "release-it": ("git",),
    "sdk": ("curl", "unzip"),
    "semantic-release": ("git",),
    "standard-version": ("git",),
}


def brings_programs(call: Call, step: Step, swap: Swap, needs: SlimNeeds, where: str) -> None:
    """A download or an archive that goes to where programs lie: they may load libraries that only full has."""
    here = call.name in ("tar", "unzip") and f"{step.cwd}/".startswith(_PROGRAM_PLACES)
    if "full" in swap.layers and (here or any(_is_program_place(word, step) for word in call.argv[1:] if word)):
        needs.doubt(f"{where}: `{call.name}` brings programs that may load libraries of the full image")


def _is_program_place(word: str, step: Step) -> bool:
    path = step.absolute(word.partition("=")[2] or word) if "/" in word and "://" not in word else None
    return f"{path}/".startswith(_PROGRAM_PLACES)


FETCH_RULES: dict[str, Callable[[Call, Step, Swap, SlimNeeds, str], None]] = {
    **dict.fromkeys(_CALLED, _calls_others),
    "curl": _download,
    "git": _git,
    "hg": _other_vcs,
    "mix": _mix,
    "npm": _npm,
    "pip": _pip,
    "pipx": _pip,
    "pnpm": _npm,
    "python": _pip,
    "rebar3": _mix,
    "rsync": _copy_over_ssh,
    "svn": _other_vcs,
    "unzip": brings_programs,
    "uv": _pip,
    "wget": _download,
    "yarn": _npm,
}
