"""What is known of packages of npm, PyPI, Maven, … on musl, and what they need when they are compiled or run.

One text file per registry in ``data/dependencies``, read when first asked for; `dependencies_reader` tells its grammar.
"""

from __future__ import annotations

from rewriter.facts.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    Kind = Literal["refuse", "doubt", "fine"]

ECOSYSTEMS = ("cargo", "go", "hex", "maven", "npm", "nuget", "packagist", "pypi", "rubygems")
VERDICTS = ("refuse", "doubt", "fine")


class Verdict(Record):
    """``kind``: refuse, doubt or fine on musl. ``reason``: a clause for a person. ``source``, ``date``: who says so."""

    __slots__ = ("date", "kind", "reason", "source")
    kind: Kind
    reason: str
    source: str
    date: str

    def __init__(self, kind: Kind, reason: str, source: str, date: str) -> None:
        self._fill(kind=kind, reason=reason, source=source, date=date)


class Package(Record):
    """What is known of one package.

    ``pure``: without machine code that is needed. ``rules``: (kind, range, reason), the first that holds counts.
    ``compiled``: ranges of versions without any binary. ``needs``: (which, suite or "", names). ``phase``: "" where
    building and running both matter. ``musl_since``: the first version known to have binaries for musl ("": any).
    """

    __slots__ = ("compiled", "date", "musl_since", "name", "needs", "phase", "pure", "rules", "source")
    name: str
    source: str
    date: str
    pure: bool
    musl_since: str
    phase: str
    rules: tuple[tuple[Kind, str, str], ...]
    compiled: tuple[str, ...]
    needs: tuple[tuple[str, str, tuple[str, ...]], ...]

    def __init__(
        self,
        name: str,
        source: str,
        date: str,
        *,
        pure: bool = False,
        musl_since: str = "",
        phase: str = "",
        rules: tuple[tuple[Kind, str, str], ...] = (),
        compiled: tuple[str, ...] = (),
        needs: tuple[tuple[str, str, tuple[str, ...]], ...] = (),
    ) -> None:
        self._fill(name=name, source=source, date=date, pure=pure, musl_since=musl_since, phase=phase)
        self._fill(rules=rules, compiled=compiled, needs=needs)

    def verdict(self, version: str) -> Verdict | None:
        """What holds for a version on musl; None when no rule speaks of it.

        Without an exact version the rules may contradict each other; then it is a doubt.
        """
        hits = [rule for rule in self.rules if in_range(version, rule[1])][:1] if version else list(self.rules)
        if not hits:
            return None
        kinds = {rule[0] for rule in hits}
        worst = min(hits, key=lambda rule: VERDICTS.index(rule[0]))
        if kinds == {"refuse", "fine"}:
            reason = f"its version is not pinned, and this holds for {worst[1]}: {worst[2]}"
            return Verdict("doubt", reason, self.source, self.date)
        return Verdict(worst[0], worst[2], self.source, self.date)

    def compiles(self, version: str) -> bool:
        """Whether installing it means compiling it, on every libc; without a version: whether that may be."""
        return any(not version or in_range(version, wanted) for wanted in self.compiled)

    def packages(self, which: str, suite: str = "") -> tuple[str, ...] | None:
        """The names for ``which`` ("run-apt" and so on), () for none; None when they are not known for this suite."""
        found = [(of, names) for kind, of, names in self.needs if kind == which]
        own = [name for of, names in found if of in ("", suite) for name in names]
        suited = {of for of, _ in found if of}
        return None if suited and suite not in suited else tuple(own)


class DependencyFacts:
    """The packages of all registries; a file is read when its registry is first asked about."""

    def __init__(self, read: Callable[[str], str] | None = None) -> None:
        self._read = read or _shipped
        self._tables: dict[str, dict[str, Package]] = {}

    def table(self, ecosystem: str) -> dict[str, Package]:
        """All packages of a registry by their normalised name; empty for one without a file. Raises FactsError."""
        if ecosystem not in ECOSYSTEMS:
            return {}
        if ecosystem not in self._tables:
            from rewriter.facts.dependencies_reader import parse_dependencies

            self._tables[ecosystem] = parse_dependencies(self._read(ecosystem), ecosystem, f"{ecosystem}.txt")
        return self._tables[ecosystem]

    def package(self, ecosystem: str, name: str) -> Package | None:
        """What is known of a package; a scoped family (``@scope/*``, ``group:*``) answers for its members."""
        table = self.table(ecosystem)
        found = table.get(name)
        if found is None and ecosystem in ("npm", "maven", "go", "nuget", "packagist", "pypi"):
            found = _family(table, name)
        return found


def _family(table: dict[str, Package], name: str) -> Package | None:
    """The longest entry ``prefix*`` that begins the name, cut at one of the separators that names have."""
    for at in range(len(name), 0, -1):
        if name[at - 1] in "/:.-" and (found := table.get(name[:at] + "*")) is not None:
            return found
    return None


def _shipped(ecosystem: str) -> str:
    from rewriter.facts.loader import read_shipped

    return read_shipped(f"dependencies/{ecosystem}.txt")


def numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version: ``v1.2.3-rc1`` is (1, 2, 3), trailing zeros dropped; () for none."""
    parts = []
    for part in version.lstrip("vV=^~ ").split("+")[0].replace("-", ".").split("."):
        if not (part.isascii() and part.isdigit() and len(part) < 12):
            digits = part[: len(part) - len(part.lstrip("0123456789"))][:11]
            if digits.isascii() and digits:
                parts.append(int(digits))
            break
        parts.append(int(part))
    while parts and parts[-1] == 0:
        parts.pop()
    return tuple(parts)


def in_range(version: str, wanted: str) -> bool:
    """Whether a version lies in a RANGE; a version without numbers lies in ``*`` only."""
    if wanted == "*":
        return True
    if not version[:2].strip("vV=^~ ")[:1].isdigit():
        return False
    have = numbers(version)
    return all(_holds(have, condition) for condition in wanted.split(","))


def _holds(have: tuple[int, ...], condition: str) -> bool:
    sign = condition[:2] if condition[1:2] == "=" else condition[:1]
    limit = numbers(condition[len(sign) :])
    if sign == ">=":
        return have >= limit
    if sign == "<=":
        return have <= limit
    if sign == "<":
        return have < limit
    return have > limit if sign == ">" else have == limit


DEPENDENCIES = DependencyFacts()
