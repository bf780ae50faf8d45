"""Packages that an install command of a RUN names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rewriter.manifests.records import Dependency

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_WITH_VALUE = {
    "pypi": frozenset(
        "-r --requirement -c --constraint -t --target -i --index-url --extra-index-url -f --find-links --prefix --root "
        "--trusted-host --no-binary --only-binary --cache-dir --timeout --retries --platform --python-version --abi "
        "--implementation --upgrade-strategy --progress-bar --src --log --proxy --cert --client-cert -C "
        "--config-settings --python --with --extra --group".split()
    ),
    "npm": frozenset("--prefix --registry --cache --loglevel --userconfig --tag -C --cwd --omit --include -w".split()),
    "rubygems": frozenset("-v --version -s --source -i --install-dir -n --bindir -P -p --http-proxy".split()),
    "cargo": frozenset(
        "--version --vers --root --features -F --git --branch --tag --rev --path --target --bin -j".split()
    ),
    "go": frozenset("-ldflags -tags -o -p -mod -gcflags -asmflags".split()),
    "packagist": frozenset("-d --working-dir --prefer-install".split()),
    "php-extension": frozenset("-j".split()),
    "nuget": frozenset("-v --version -s --source -f --framework --package-directory --tool-path".split()),
}
_VERSION_OPTIONS = frozenset("-v --version --vers".split())


def from_install_words(ecosystem: str, words: Sequence[str], where: str = "RUN") -> tuple[Dependency, ...]:
    """The packages in the words after ``pip install``, ``npm install``, ``gem install`` and so on, options left out.

    ``ecosystem`` is a registry, or ``php-extension`` for the words after ``docker-php-ext-install`` and ``pecl
    install``. Files that an option names (``-r requirements.txt``) are not followed: they are manifests.
    """
    valued = _WITH_VALUE.get(ecosystem, frozenset())
    reader = _READERS.get(ecosystem)
    if reader is None:
        return ()
    found: list[Dependency] = []
    skip, version = False, ""
    words = tuple(words)
    for at, word in enumerate(words):
        if skip:
            skip = False
        elif word.startswith("-") and len(word) > 1:
            name, equals, value = word.partition("=")
            if name in _VERSION_OPTIONS and ecosystem != "npm":
                version = value if equals else words[at + 1] if at + 1 < len(words) else ""
            if ecosystem == "pypi" and name in ("-e", "--editable"):
                continue
            skip = name in valued and not equals
        elif word:
            found.extend(reader(word, where))
    if version and len(found) == 1 and not found[0].version:
        one = found[0]
        return (Dependency(one.ecosystem, one.name, version.lstrip("=v "), where, origin=one.origin),)
    return tuple(found)


def _pypi(word: str, where: str) -> tuple[Dependency, ...]:
    from rewriter.manifests.pypi import requirement

    return requirement(word, where) or ()


def _npm(word: str, where: str) -> tuple[Dependency, ...]:
    from rewriter.manifests.npm import origin_of, split_name

    if origin := origin_of(word):
        return (Dependency("npm", word.lower(), "", where, origin=origin),)
    name, wanted = split_name(word)
    if wanted.startswith("npm:"):
        return _npm(wanted[4:], where)
    exact = wanted.lstrip("=v")
    return (Dependency("npm", name.lower(), exact if exact.count(".") == 2 and exact[:1].isdigit() else "", where),)


def _colon(ecosystem: str, mark: str) -> Callable[[str, str], tuple[Dependency, ...]]:
    def read(word: str, where: str) -> tuple[Dependency, ...]:
        name, _, version = word.partition(mark)
        exact = version.lstrip("v=")
        exact = exact if exact[:1].isdigit() and not set(exact) & set("*^~ <>|") else ""
        lowered = name if ecosystem == "go" else name.lower()
        return (Dependency(ecosystem, lowered, exact, where),)

    return read


def _php_extension(word: str, where: str) -> tuple[Dependency, ...]:
    name, _, version = word.rpartition("/")[2].partition("-")
    exact = version if version[:1].isdigit() else ""
    return (Dependency("packagist", f"ext-{name.lower()}", exact, where),)


_READERS: dict[str, Callable[[str, str], tuple[Dependency, ...]]] = {
    "pypi": _pypi,
    "npm": _npm,
    "rubygems": _colon("rubygems", ":"),
    "cargo": _colon("cargo", "@"),
    "go": _colon("go", "@"),
    "packagist": _colon("packagist", ":"),
    "nuget": _colon("nuget", "@"),
    "php-extension": _php_extension,
}
