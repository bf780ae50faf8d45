"""Pairs of images run side by side on a real engine: wrong ones are told with their cause, right ones left in peace.

All are made of ``apps/lab``, one program of many habits, in an image that has all that it needs; a wrong pair's new
image lacks one thing. ``make rounds`` runs each pair five times (``DFREWRITE_PROOF_ROUNDS=5``), to see that no verdict
hangs on chance.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rewriter.proof.behaviour import Original, Subject
from rewriter.proof.compare import Compared
from rewriter.proof.engine import BuildRequest, Built, Engine, Limits
from rewriter.proof.find import find_engine
from rewriter.proof.observation import How

from .engine import Engine as Daemon
from .machine import ca_bundle, ensure_packages

pytestmark = pytest.mark.e2e

LAB = Path(__file__).parent / "apps" / "lab"
ZONE = Path("/usr/share/zoneinfo/Europe/Paris")
ROUNDS = int(os.environ.get("DFREWRITE_PROOF_ROUNDS", "1"))
EACH = 1 if "DFREWRITE_PROOF_ROUNDS" in os.environ else 3
"""Every third pair, unless rounds are asked for: half a minute each is long for every change."""
FULL, ALPINE = "FROM dfrewrite-lab\n", "FROM dfrewrite-lab-alpine\n"
SERVE = 'CMD ["lab", "serve"]\n'
# An image with nothing but the program and its page.
SCRATCH = """\
FROM dfrewrite-lab AS lab
FROM scratch
WORKDIR /app
COPY --from=lab /usr/local/bin/lab /usr/local/bin/lab
COPY --from=lab /app /app
ENV PATH=/usr/local/bin
"""
PAGES = ("/", "/zone", "/local", "/who", "/json", "/count", "/type", "/move", "/certificates", "HEAD /", "/nowhere")


@dataclass(frozen=True)
class Pair:
    """Two Dockerfiles without a context, and what running both must come to."""

    name: str
    before: str
    after: str
    program: tuple[tuple[str, ...], tuple[str, ...]] = (("lab", "serve"), ("lab", "serve"))
    """What each starts, for the trace."""
    how: How = field(default_factory=How)
    says: str = ""
    """A regular expression for the first difference; empty for a right pair."""
    limits: Limits = field(default_factory=Limits)


Prove = Callable[[Pair], Compared]


def serving(name: str, defect: str, says: str, *probes: str) -> Pair:
    """The server in its full image, and in one with a defect."""
    return Pair(name, FULL + SERVE, FULL + defect + SERVE, how=How(probes=probes), says=says)


def doing(habit: str, name: str, defect: str, says: str, start_seconds: float = 20) -> Pair:
    """Another habit, likewise."""
    command = f'CMD ["lab", "{habit}"]\n'
    program = (("lab", habit), ("lab", habit))
    limits = Limits(start_seconds=start_seconds)
    return Pair(name, FULL + command, FULL + defect + command, program, says=says, limits=limits)


LACKS_PAGE = r"lacks /app/templates/index\.html, which the old one opened$"
WRONG = [
    serving(
        "template",
        "RUN rm -r templates\n",
        rf"^GET / on port 8080 is answered with 500 instead of with 200; the new image {LACKS_PAGE}",
    ),
    Pair(
        "template, at the start",
        f"{FULL}ENV STRICT=1\n{SERVE}",
        f"{FULL}ENV STRICT=1\nRUN rm -r templates\n{SERVE}",
        says=rf"^the program ends with exit code 2 instead of listening on port 8080/tcp: .*panic: .*{LACKS_PAGE}",
    ),
    serving(
        "certificates",
        "RUN rm -r /etc/ssl\n",
        r"^GET /certificates .* 502 instead of with 200; the new image lacks /etc/ssl/certs/ca-certificates\.crt",
        "/certificates",
    ),
    serving(
        "zones",
        "RUN rm -r /usr/share/zoneinfo\n",
        r"^GET /zone .* 500 instead of with 200; the new image lacks /usr/share/zoneinfo/Europe/Paris",
        "/zone",
    ),
    Pair(
        "zone of the clock",
        f"{FULL}ENV TZ=Europe/Paris\n{SERVE}",
        f"{FULL}ENV TZ=Europe/Paris\nRUN rm -r /usr/share/zoneinfo\n{SERVE}",
        how=How(probes=["/local"]),
        says=r"^GET / on port 8080 has another body: .*CET.*; the new image lacks /usr/share/zoneinfo/Europe/Paris",
    ),
    serving("types", "RUN rm /etc/mime.types\n", r"^GET /type .* another body: .*lacks /etc/mime\.types", "/type"),
    Pair(
        "user",
        f"{FULL}USER app\n{SERVE}",
        FULL + SERVE,
        how=How(probes=["/who"]),
        says=r"^GET /who .* another body: line 1 is `uid 0, root` instead of `uid 1000, app`",
    ),
    Pair(
        "account",
        f"{FULL}USER 1000\n{SERVE}",
        f"{SCRATCH}USER 1000\n{SERVE}",
        how=How(probes=["/who"]),
        says=r"^GET /who .* line 1 is `uid 1000, nobody knows` instead of `uid 1000, app`; .*lacks /etc/passwd",
    ),
    Pair(
        "ownership",
        f"{FULL}USER app\n{SERVE}",
        f"{FULL}RUN chown root data && chmod 755 data\nUSER app\n{SERVE}",
        how=How(probes=["/write"]),
        says=r"^GET /write .* 500 instead of with 200; the program may not open /app/data/visit",
    ),
    Pair(
        "variable",
        f"{FULL}ENV GREETING=salut\n{SERVE}",
        FULL + SERVE,
        says=r"^GET / .* another body: line \d is `hello</h1>` instead of `salut</h1>`$",
    ),
    Pair(
        "variable in a header",
        f"{FULL}ENV TARGET=/tea\n{SERVE}",
        FULL + SERVE,
        how=How(probes=["/move"]),
        says=r"^GET /move on port 8080 has the header location `/elsewhere` instead of `/tea`$",
    ),
    Pair(
        "port",
        f"{FULL}ENV PORT=3000\n{SERVE}",
        FULL + SERVE,
        says=r"^nothing listens on port 3000/tcp, where the original does$",
        limits=Limits(start_seconds=8),
    ),
    Pair(
        "second port",
        f'{FULL}CMD ["lab", "late"]\n',
        FULL + SERVE,
        (("lab", "late"), ("lab", "serve")),
        says=r"^nothing listens on port 9090/tcp, where the original does$",
    ),
    serving(
        "loopback",
        "ENV BIND=127.0.0.1\n",
        r"^port 8080/tcp listens on the loopback address only instead of all addresses$",
    ),
    doing("secure", "TLS", "RUN rm tls.key\n", r"^port 8080 speaks no TLS, .*lacks /app/tls\.key"),
    serving(
        "working folder",
        "WORKDIR /\n",
        r"^GET / .* 500 instead of with 200; the program looks for /templates/index.html, "
        r"and the original finds it as /app/templates/index\.html",
    ),
    Pair(
        "libc",
        f'{FULL}CMD ["lab-glibc", "serve"]\n',
        f'{ALPINE}CMD ["lab-glibc", "serve"]\n',
        (("lab-glibc", "serve"), ("lab-glibc", "serve")),
        says=r"^the program (cannot be started|ends with exit code 127).* instead of listening on port 8080/tcp",
    ),
    Pair(
        "shell form without a shell",
        f"{FULL}CMD lab serve\n",
        f"{SCRATCH}CMD lab serve\n",
        (("/bin/sh", "-c", "lab serve"), ("/bin/sh", "-c", "lab serve")),
        says=r'^the program cannot be started \(.*"?/bin/sh"?.*no such file.*\) instead of listening on port 8080/tcp',
    ),
    Pair(
        "interpreter",
        f"{FULL}RUN printf '#!/bin/bash\\nexec lab serve\\n' > /run.sh && chmod +x /run.sh\nCMD [\"/run.sh\"]\n",
        f"{ALPINE}RUN printf '#!/bin/bash\\nexec lab serve\\n' > /run.sh && chmod +x /run.sh\nCMD [\"/run.sh\"]\n",
        (("/run.sh",), ("/run.sh",)),
        says=r"^the program (cannot be started|ends with exit code 127).* instead of listening on port 8080/tcp",
    ),
    Pair(
        "stop signal",
        FULL + SERVE,
        f'{FULL}CMD ["sh", "-c", "lab serve; true"]\n',
        says=r"^the program does not end on the stop signal and is killed after \d+ s; the original ends in [\d.]+ s",
        limits=Limits(stop_seconds=4),
    ),
    Pair(
        "health",
        f"{FULL}HEALTHCHECK CMD lab check\n{SERVE}",
        f"{FULL}HEALTHCHECK CMD curl -f http://localhost:8080/\n{SERVE}",
        says=r"^the HEALTHCHECK fails with exit code 127, which passes in the original: it says `.*curl.*not found`",
        limits=Limits(start_seconds=8),
    ),
    serving(
        "death",
        "RUN rm -r templates && mkdir /app/other\n",
        r"^(GET /dies .* by closing the connection instead of with 200|the program ends with exit code 3 after)",
        "/dies",
    ),
    Pair(
        "short life",
        FULL + SERVE,
        f'{FULL}CMD ["lab", "dies"]\n',
        (("lab", "serve"), ("lab", "dies")),
        says=r"^the program ends with exit code 4 instead of listening on port 8080/tcp: it says `.*/etc/lab\.conf",
    ),
    doing(
        "once",
        "file of a program that ends",
        "RUN rm settings.txt\n",
        r"^the program ends with exit code 2 instead of 0: .*settings\.txt.*; the new image lacks /app/settings\.txt",
    ),
    doing(
        "once",
        "another file of the same name",
        "RUN echo 'tea = coffee' > settings.txt\n",
        r"^the program prints `tea = coffee` instead of `tea = sencha` \((line \d+ of )?standard output\)$",
    ),
    doing(
        "worker",
        "file of a worker",
        "RUN rm settings.txt\n",
        r"^the program prints `.*turn failed: .*settings\.txt.*lacks /app/settings\.txt",
        start_seconds=5,
    ),
    doing(
        "banner",
        "greeting",
        "ENV GREETING=other\n",
        r"^GET / on port 8080 is answered with the line `220 other ready.* instead of with the line `220 lab ready",
    ),
    doing("unix", "socket", "ENV SOCKET=/tmp/other.sock\n", r"^nothing listens on the socket /tmp/lab\.sock", 8),
    doing("udp", "UDP port", "ENV PORT=6000\n", r"^nothing listens on port 5353/udp", 8),
    Pair(
        "memory",
        f'{FULL}CMD ["lab", "worker"]\n',
        f'{FULL}CMD ["lab", "eat"]\n',
        (("lab", "worker"), ("lab", "eat")),
        says=r"^the program was killed because it took more memory than the limit of the proof$",
        limits=Limits(start_seconds=5, memory=200_000_000),
    ),
    Pair(
        "command",
        FULL + SERVE,
        f"{FULL}RUN rm settings.txt\n{SERVE}",
        how=How(smoke=["lab once"]),
        says=r"^`lab once` comes to exit code 2 instead of exit code 0: .*settings\.txt",
    ),
]
WORKER = Limits(start_seconds=6)
STOPS = Limits(stop_seconds=3)
RIGHT = [
    Pair(
        "every page",
        FULL + SERVE,
        ALPINE + SERVE,
        how=How(probes=PAGES, smoke=["lab once", "lab unknown"]),
    ),
    Pair("user and folder", f"{FULL}USER app\n{SERVE}", f"{ALPINE}USER 1000\n{SERVE}", how=How(probes=("/write",))),
    Pair("health", f"{FULL}HEALTHCHECK CMD lab check\n{SERVE}", f"{ALPINE}HEALTHCHECK CMD lab check\n{SERVE}"),
    Pair("exec form", f"{FULL}CMD exec lab serve\n", FULL + SERVE),
    Pair("nothing but the program", FULL + SERVE, SCRATCH + SERVE),
    Pair(
        "glibc",
        f'{FULL}CMD ["lab-glibc", "serve"]\n',
        'FROM dfrewrite-lab\nRUN rm /usr/local/bin/lab\nCMD ["lab-glibc", "serve"]\n',
    ),
    *(
        Pair(habit, f'{FULL}CMD ["lab", "{habit}"]\n', f'{ALPINE}CMD ["lab", "{habit}"]\n', limits=limits)
        for habit, limits in {
            "late": Limits(),
            "secure": Limits(),
            "banner": Limits(),
            "once": Limits(),
            "local": Limits(),
            "unix": Limits(),
            "udp": Limits(),
            "worker": WORKER,
            "stubborn": STOPS,
            "dies": Limits(),
            "garbage": Limits(),
            "endless": Limits(),
            "unknown": Limits(),
        }.items()
    ),
    Pair("drip", f'{FULL}CMD ["lab", "drip"]\n', f'{ALPINE}CMD ["lab", "drip"]\n', how=How(request_seconds=2)),
    Pair(
        "clock",
        f'{FULL}ENV TZ=Europe/Paris\nCMD ["lab", "local"]\n',
        f'{ALPINE}ENV TZ=Europe/Paris\nCMD ["lab", "local"]\n',
    ),
    Pair(
        "time of the build",
        f'{FULL}RUN date > settings.txt && sleep 1\nCMD ["lab", "once"]\n',
        f'{ALPINE}RUN date > settings.txt && sleep 2\nCMD ["lab", "once"]\n',
    ),
    Pair(
        "end with an error",
        f'{FULL}RUN rm settings.txt\nCMD ["lab", "once"]\n',
        f'{ALPINE}RUN rm settings.txt\nCMD ["lab", "once"]\n',
    ),
]


@pytest.fixture(scope="module")
def images(engine: Daemon, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The two full images, and the environment by which the proof finds the engine."""
    ensure_packages("tzdata", "strace")
    context = tmp_path_factory.mktemp("lab")
    shutil.copytree(LAB, context, dirs_exist_ok=True)
    shutil.copy(ZONE, context / "Paris")
    (context / "ca.crt").write_bytes(ca_bundle())
    text = (LAB / "Dockerfile").read_text(encoding="utf-8")
    start = text.index("FROM alpine")
    engine.build(context, "dfrewrite-lab", text[:start])
    engine.build(context, "dfrewrite-lab-alpine", text)
    yield
    engine.remove("dfrewrite-lab", "dfrewrite-lab-alpine")


@pytest.fixture
def prove(engine: Daemon, images: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Prove]:
    """Builds a pair and runs both; all that is made is removed."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{engine.socket}")
    monkeypatch.setenv("DOCKER_CONFIG", str(engine.home / "client"))
    made: list[Engine] = []

    def run(pair: Pair) -> Compared:
        found = find_engine("docker", pair.limits)
        assert not isinstance(found, str), found
        made.append(found)
        subjects = []
        for text, program, name in zip((pair.before, pair.after), pair.program, ("before", "after"), strict=True):
            built = found.build(BuildRequest(text.encode(), None, network="host"), name)
            assert isinstance(built, Built), built
            subjects.append(Subject(built.image, program))
        begun = time.monotonic()
        compared = Original(found, subjects[0], pair.how).against(subjects[1])
        print(f"\n{pair.name}: {time.monotonic() - begun:.1f} s")
        for difference in compared.differences:
            print(f"  {difference.kind.value}: {difference.what}", *difference.evidence, sep="\n      ")
        for title, lines in (("seen", compared.seen), ("not seen", compared.not_seen)):
            print(f"  {title}:", *lines, sep="\n      ")
        return compared

    yield run
    for each in made:
        each.clean()


@pytest.mark.parametrize("turn", range(ROUNDS))
@pytest.mark.parametrize("pair", WRONG[::EACH], ids=lambda pair: pair.name)
def test_a_wrong_pair_differs_and_the_cause_is_named(pair: Pair, turn: int, prove: Prove) -> None:
    compared = prove(pair)
    assert compared.differences, "nothing was found"
    assert re.search(pair.says, compared.differences[0].what), compared.differences[0].what


@pytest.mark.parametrize("turn", range(ROUNDS))
@pytest.mark.parametrize("pair", RIGHT[::EACH], ids=lambda pair: pair.name)
def test_a_right_pair_is_the_same(pair: Pair, turn: int, prove: Prove) -> None:
    compared = prove(pair)
    assert not compared.differences
    assert not compared.repaired


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_a_program_that_was_not_there_is_repaired(turn: int, prove: Prove) -> None:
    compared = prove(Pair("not there", f'{FULL}ENTRYPOINT ["/lab", "serve"]\n', FULL + SERVE))
    assert compared.repaired
    assert not compared.differences
