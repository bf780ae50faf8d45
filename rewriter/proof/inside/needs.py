"""Certificates, time zones, temporary files: what the original has beside its program, and the new program asks for.

A Go server that only listens has the paths of certificates in it as well, because net/http can speak TLS; so what
counts is whether code is in the program that opens connections, or loads a time zone by its name.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rewriter.proof.inside.filesystem import Found
from rewriter.proof.inside.imports import imports
from rewriter.proof.inside.trail import Problem

if TYPE_CHECKING:
    from rewriter.proof.archive import Image
    from rewriter.proof.inside.start import Side

BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
"""Where Go (crypto/x509/root_linux.go, 1.26) and other programs look for the certificates of authorities."""
ANCHORS = (
    "/usr/local/share/ca-certificates",
    "/etc/pki/ca-trust/source/anchors",
    "/usr/share/pki/trust/anchors",
    "/etc/pki/trust/anchors",
)
"""Where one's own authorities are put, for ``update-ca-certificates`` and ``update-ca-trust`` to take in."""
_PUBLIC = "/usr/share/ca-certificates"
"""Where Debian and Alpine keep the authorities that they bring themselves."""
_CERTIFICATE = re.compile(rb"-----BEGIN (?:TRUSTED )?CERTIFICATE-----([^-]+)-----END")
_MOST_BUNDLE = 5_000_000
_MOST_CERTIFICATES = 1_000
ZONES = "/usr/share/zoneinfo"
_LEAST_BUNDLE = 500
"""Bytes of a file with at least one certificate."""
_GO_CLIENTS = (
    "net/http.(*Client).do",
    "crypto/tls.Dial",
    "crypto/tls.DialWithDialer",
    "crypto/tls.(*Dialer).DialContext",
    "crypto/x509.SystemCertPool",
    "net/smtp.SendMail",
    "google.golang.org/grpc/credentials.NewTLS",
)
"""Functions of Go that end in a check of a server's certificate against those of the system."""
_GO_ZONE = "time.LoadLocation"
_GO_TEMPORARY = ("os.CreateTemp", "os.MkdirTemp")
_GO_OWN_ZONES = "time/tzdata.loadFromEmbeddedTZData"
_PYTHON_CLIENTS = ("urllib.request", "http.client", "ssl", "aiohttp", "smtplib", "imaplib", "websockets")
"""Modules that verify with OpenSSL's own certificates; requests and httpx bring theirs (certifi)."""
_WITH_OWN_ZONES = frozenset({"java", "node"})
_C_CLIENT = b"SSL_CTX_set_default_verify_paths\0"
_AREAS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific", "US")
_UNIVERSAL = frozenset(
    {"", "UTC", "Etc/UTC", "Universal", "Etc/Universal", "Zulu", "Etc/Zulu", "GMT", "Etc/GMT", "UCT"}
)


def lost_needs(before: Side, after: Side) -> list[Problem]:
    """What the new image's program asks for of certificates and time zones, and only the original has."""
    _note_temporary(before, after)
    found = [_lost_certificates(before, after), _lost_zones(before, after), _lost_local_time(before, after)]
    return [problem for problem in found if problem is not None]


def _note_temporary(before: Side, after: Side) -> None:
    """Says so where a program may make temporary files, and has no folder for them: an empty image has none."""
    if before.image.files.find("/tmp") is None or after.image.files.find("/tmp") is not None:
        return
    for path in after.trail.programs:
        called = next((name for name in _GO_TEMPORARY if after.contents.calls(path, name)), None)
        if called is not None:
            after.trail.miss(f"/tmp is not in the new image, and {path} may make files there ({called} is in it)")


def _lost_certificates(before: Side, after: Side) -> Problem | None:
    had = certificates(before.image)
    if had is None:
        return None
    if certificates(after.image) is not None:
        return _lost_authority(before, after)
    reason = next(_certificate_readers(after), None)
    if reason is None:
        after.trail.miss(
            f"the certificates at {had} are not in the new image; nothing was seen that opens a connection by TLS"
        )
        return None
    what = f"the certificates of authorities ({had} in the original) are not there, and {reason}"
    return Problem(what, had, (f"looked for: {', '.join(BUNDLES)}",), "certificates")


def _lost_authority(before: Side, after: Side) -> Problem | None:
    """Certificates of one's own (a company's) that the original trusts, and the new image's bundle has not."""
    lost = {key: path for key, path in _own_authorities(before.image).items() if key not in _trusted(after.image)}
    if not lost:
        return None
    path = next(iter(lost.values()))
    reason = next(_certificate_readers(after), None)
    if reason is None:
        after.trail.miss(f"the certificate of {path} is not trusted in the new image; nothing was seen that needs it")
        return None
    what = f"the certificate of {path}, which the original trusts, is not among the new image's, and {reason}"
    return Problem(what, path, key="authority")


def _own_authorities(image: Image) -> dict[bytes, str]:
    """Trusted certificates that no distribution brought, each with the file that it came from."""
    trusted, found = _trusted(image), {}
    for folder in ANCHORS:
        for path, _ in image.files.walk(folder, _MOST_CERTIFICATES):
            found.update(dict.fromkeys(_certificates_in(image, path) & trusted, path))
    public = {key for path, _ in image.files.walk(_PUBLIC, _MOST_CERTIFICATES) for key in _certificates_in(image, path)}
    bundle = next((path for path in BUNDLES if image.files.file(path) is not None), None)
    if public and bundle is not None:
        for key in _certificates_in(image, bundle) - public:
            found.setdefault(key, bundle)
    return found


def _trusted(image: Image) -> frozenset[bytes]:
    named = image.config.env.get("SSL_CERT_FILE", "")
    folder = image.config.env.get("SSL_CERT_DIR") or "/etc/ssl/certs"
    paths = [named, *BUNDLES, *(f"{folder}/{name}" for name in list(image.files.folder(folder))[:_MOST_CERTIFICATES])]
    return frozenset(key for path in paths for key in _certificates_in(image, path))


def _certificates_in(image: Image, path: str) -> frozenset[bytes]:
    """The certificates of a PEM file, without their line breaks."""
    node = image.files.file(path)
    data = image.read(node, _MOST_BUNDLE) if node is not None else None
    return frozenset(b"".join(found.split()) for found in _CERTIFICATE.findall(data or b""))


def certificates(image: Image) -> str | None:
    """Where an image has the certificates of authorities."""
    named = image.config.env.get("SSL_CERT_FILE", "")
    for path in (named, *BUNDLES):
        node = image.files.file(path)
        if node is not None and node.size >= _LEAST_BUNDLE:
            return path
    for folder in (image.config.env.get("SSL_CERT_DIR") or "/etc/ssl/certs", "/etc/pki/tls/certs"):
        if any(name.endswith((".pem", ".crt", ".0")) for name in image.files.folder(folder)):
            return folder
    return None


def _certificate_readers(side: Side) -> Iterator[str]:
    """Clauses that name what in an image's start verifies certificates."""
    for path, closure in side.trail.programs.items():
        if side.contents.is_go(path):
            called = next((name for name in _GO_CLIENTS if side.contents.calls(path, name)), None)
            if called:
                yield f"{path} opens connections itself ({called} is in it)"
            continue
        if _runs_texts(side, path):
            continue
        for each in closure.objects:
            name = posixpath.basename(each)
            if not name.startswith(("libssl", "libcrypto")) and side.contents.holds(each, _C_CLIENT):
                yield f"{each}, which {path} loads, verifies with them (it calls SSL_CTX_set_default_verify_paths)"
            if any(side.contents.holds(each, bundle.encode() + b"\0") for bundle in BUNDLES[:2]):
                yield f"{each}, which {path} loads, names that file"
    for runtime in side.trail.runtimes:
        if runtime.name == "python" and runtime.entry:
            for name, (_, importer) in imports(side.image, runtime).items():
                if name in _PYTHON_CLIENTS:
                    yield f"{importer} imports {name}"


def _runs_texts(side: Side, path: str) -> bool:
    """True for an interpreter, whose own code says nothing about what a program does with it."""
    programs = [runtime.program.path for runtime in side.trail.runtimes if runtime.program is not None]
    return path in programs or posixpath.basename(path) in ("busybox", "bash", "dash")


def _lost_zones(before: Side, after: Side) -> Problem | None:
    if not before.image.files.folder(ZONES) or after.image.files.folder(ZONES):
        return None
    reason = next(_zone_readers(before, after), None)
    if reason is None:
        if any(after.contents.calls(path, _GO_ZONE) for path in after.trail.programs):
            after.trail.miss(f"{ZONES} is not in the new image; the program can load zones, and none was seen by name")
        return None
    return Problem(f"{ZONES} is not there, and {reason}", ZONES, key="zoneinfo")


def _zone_readers(before: Side, side: Side) -> Iterator[str]:
    """Clauses that name what in an image's start looks a time zone up."""
    zone = side.image.config.env.get("TZ", "").removeprefix(":")
    languages = {runtime.name for runtime in side.trail.runtimes}
    for path in side.trail.programs:
        if side.contents.is_go(path):
            if side.contents.calls(path, _GO_OWN_ZONES):
                continue
            named = _zone_in(before.image, side, path) if side.contents.calls(path, _GO_ZONE) else None
            if named is not None:
                yield f"{path} loads the time zone {named} ({_GO_ZONE} is in it)"
        if zone not in _UNIVERSAL and "," not in zone and not languages & _WITH_OWN_ZONES:
            yield f"TZ={zone} names a time zone for {path}"
    for runtime in side.trail.runtimes:
        if runtime.name == "python" and runtime.entry:
            found = imports(side.image, runtime)
            own = any("tzdata" in side.image.files.folder(folder) for folder in runtime.search)
            if "zoneinfo" in found and not own:
                yield f"{found['zoneinfo'][1]} imports zoneinfo"


def _zone_in(before: Image, side: Side, path: str) -> str | None:
    """A zone's name, as the original has it, in a program, its arguments or its environment."""
    given = {*side.trail.argv, *side.image.config.env.values()}
    paths = side.contents.paths(path)
    for area in _AREAS:
        for city in sorted(before.files.folder(f"{ZONES}/{area}")):
            name = f"{area}/{city}"
            if name in given or name.encode("utf-8", "surrogateescape") in paths:
                return name
    return None


def _lost_local_time(before: Side, after: Side) -> Problem | None:
    """The image's own time zone, which /etc/localtime holds."""
    old, new = _local_zone(before.image), _local_zone(after.image)
    if old in _UNIVERSAL or old == new or after.image.config.env.get("TZ"):
        return None
    shown = new or "UTC"
    return Problem(f"the local time zone is {shown} and no longer {old}", "/etc/localtime", key="localtime")


def _local_zone(image: Image) -> str:
    """The zone that /etc/localtime links to, or the rule at the end of its file (RFC 8536, 3.3); empty for none."""
    found = image.files.resolve("/etc/localtime")
    if not isinstance(found, Found) or not found.node.is_file:
        return ""
    if found.path.startswith(f"{ZONES}/"):
        return found.path[len(ZONES) + 1 :]
    rule = (image.read(found.node, 100_000) or b"").rstrip(b"\n").rpartition(b"\n")[2]
    return "" if rule in (b"UTC0", b"GMT0", b"<UTC>0") else rule.decode("ascii", "replace")[:40]
