"""Dockerfiles as people write them, and what careless and careful experts make of them, each with its verdict.

The programs are in ``apps/verdicts``: small ones, in Go, C, Java, Python and shell. A wrong rewrite stands for a class
of mistakes; it builds, unless the mistake is that it does not, and its image is wrong in that one point.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from rewriter.proof.engine import Limits
from rewriter.proof.observation import How
from rewriter.proof.verdict import Verdict

JAVA, PYTHON, NODE, ENTRY = (f"dfrewrite-verdicts:{name}" for name in ("jdk", "python", "node", "entry"))
_APT = "FROM debian:bullseye-slim\nRUN apt-get update && apt-get install -y --no-install-recommends {} \\\n"
_CLEAN = "    && rm -rf /var/lib/apt/lists/*\n"
BASES = {
    JAVA: _APT.format("openjdk-17-jdk-headless") + _CLEAN,
    PYTHON: _APT.format("python3-minimal python3-venv") + _CLEAN,
    NODE: _APT.format("nodejs") + _CLEAN,
    ENTRY: (
        "FROM alpine:3.17\n"
        "RUN printf '#!/bin/sh\\nexport STOCK_FOLDER=/srv/stock\\nexec \"$@\"\\n' > /entry.sh && chmod +x /entry.sh\n"
        'ENTRYPOINT ["/entry.sh"]\n'
    ),
}
"""Bases that no stand-in serves for, by their tags."""


@dataclass(frozen=True)
class Original:
    """A Dockerfile and its context, and how its image is looked at."""

    app: str
    """The folder of the context, below ``apps/verdicts``."""
    dockerfile: str
    how: How = field(default_factory=How)


@dataclass(frozen=True)
class Case:
    """A rewrite of an original, and what the proof is to make of it."""

    name: str
    original: Original
    dockerfile: str
    verdict: Verdict
    says: str = ""
    """A regular expression for the reason."""
    allowed: frozenset[str] = frozenset()
    """Differences that the rewrite announces."""


GO_CACHE = "--mount=type=cache,target=/root/.cache/go-build"
GO = f"{GO_CACHE} go"
LIMITS = Limits(start_seconds=12, stop_seconds=3)


def wrong(name: str, original: Original, dockerfile: str, says: str) -> Case:
    """A rewrite that does something else."""
    return Case(name, original, dockerfile, Verdict.DIFFERS, says)


def right(name: str, original: Original, dockerfile: str, *allowed: str) -> Case:
    """A rewrite that does the same, but for what it announces."""
    return Case(name, original, dockerfile, Verdict.PROVEN, allowed=frozenset(allowed))


# --- a shop: a server in Go with templates, files, settings and health ---

SHOP_SETTINGS = """\
EXPOSE 8080
HEALTHCHECK --interval=10s CMD ["./shop", "check"]
LABEL org.example.team=shops
STOPSIGNAL SIGINT
CMD ["./shop"]
"""
SHOP_ENV = 'ENV SHOP_NAME="Corner Shop" TZ=Europe/Paris\n'
SHOP = Original(
    "shop",
    f"""\
FROM golang:1.18
{SHOP_ENV}WORKDIR /app
COPY . .
RUN {GO} build -o shop .
COPY mime.types /etc/mime.types
{SHOP_SETTINGS}""",
    How(probes=("/static/logo.svg", "/zone", "/type")),
)
BUILD = f"FROM golang:1.18 AS build\nWORKDIR /app\nCOPY . .\nRUN {GO_CACHE} CGO_ENABLED=0 go build -o shop .\n"
ZONES = "COPY --from=build /usr/share/zoneinfo /usr/share/zoneinfo\n"
TYPES = "COPY mime.types /etc/mime.types\n"
PROGRAM = "COPY --from=build /app/shop .\n"
TEMPLATES = "COPY --from=build /app/templates templates\n"
STATIC = "COPY --from=build /app/static static\n"
FILES = PROGRAM + TEMPLATES + STATIC
ALPINE, SLIM, SCRATCH = "FROM alpine:3.17\n", "FROM debian:bullseye-slim\n", "FROM scratch\n"
ALPINE_SHOP = f"{BUILD}{ALPINE}{ZONES}{TYPES}{SHOP_ENV}WORKDIR /app\n"
SHOP_CASES = [
    right("static on alpine", SHOP, ALPINE_SHOP + FILES + SHOP_SETTINGS),
    right("static on scratch", SHOP, f"{BUILD}{SCRATCH}{ZONES}{TYPES}{SHOP_ENV}WORKDIR /app\n{FILES}{SHOP_SETTINGS}"),
    right(
        "cgo on the libc that it was built for",
        SHOP,
        f"{BUILD.replace('CGO_ENABLED=0 ', '')}{SLIM}{TYPES}{SHOP_ENV}WORKDIR /app\n{FILES}{SHOP_SETTINGS}",
    ),
    right(
        "entry point with an absolute path",
        SHOP,
        (ALPINE_SHOP + FILES + SHOP_SETTINGS).replace('CMD ["./shop"]', 'CMD ["/app/shop"]'),
    ),
    wrong(
        "cgo on musl",
        SHOP,
        (ALPINE_SHOP + FILES + SHOP_SETTINGS).replace("CGO_ENABLED=0 ", ""),
        r"/app/shop is linked against glibc, and the image has musl",
    ),
    wrong(
        "no templates",
        SHOP,
        ALPINE_SHOP + PROGRAM + STATIC + SHOP_SETTINGS,
        r"templates/footer\.html .*is not there, and /app/shop names templates/\*\.html",
    ),
    wrong(
        "contents of a folder instead of the folder",
        SHOP,
        ALPINE_SHOP + PROGRAM + STATIC + "COPY --from=build /app/templates/ ./\n" + SHOP_SETTINGS,
        r"templates/footer\.html .*is not there, and /app/shop names templates/\*\.html",
    ),
    wrong(
        "one template of two",
        SHOP,
        ALPINE_SHOP + PROGRAM + STATIC + "COPY --from=build /app/templates/index.html templates/\n" + SHOP_SETTINGS,
        r"templates/footer\.html .*is not there, and /app/shop names templates/\*\.html",
    ),
    wrong(
        "mails of a page that nobody asks for",
        SHOP,
        ALPINE_SHOP + PROGRAM + STATIC + "COPY --from=build /app/templates/*.html templates/\n" + SHOP_SETTINGS,
        r"templates/mail/customer\.txt is not there, and /app/shop names templates/mail/",
    ),
    wrong(
        "no static files",
        SHOP,
        ALPINE_SHOP + PROGRAM + TEMPLATES + SHOP_SETTINGS,
        r"GET /static/logo\.svg .* 404 instead of with 200; the new image lacks /app/static/logo\.svg",
    ),
    wrong(
        "no time zones",
        SHOP,
        (ALPINE_SHOP + FILES + SHOP_SETTINGS).replace(ZONES, ""),
        r"/usr/share/zoneinfo is not there, and /app/shop loads the time zone America/New_York",
    ),
    wrong(
        "no types",
        SHOP,
        (ALPINE_SHOP + FILES + SHOP_SETTINGS).replace(TYPES, ""),
        r"GET /type .* another body: .*; the new image lacks /etc/mime\.types",
    ),
    wrong(
        "no variables",
        SHOP,
        (ALPINE_SHOP + FILES + SHOP_SETTINGS).replace(SHOP_ENV, ""),
        r"the variable SHOP_NAME is not set and was 'Corner Shop'",
    ),
    wrong(
        "another working directory",
        SHOP,
        ALPINE_SHOP + FILES + "WORKDIR /srv\n" + SHOP_SETTINGS.replace("./", "/app/"),
        r"working directory is /srv",
    ),
    wrong(
        "no EXPOSE",
        SHOP,
        (ALPINE_SHOP + FILES + SHOP_SETTINGS).replace("EXPOSE 8080\n", ""),
        r"EXPOSE 8080/tcp is lost",
    ),
    wrong(
        "no HEALTHCHECK",
        SHOP,
        ALPINE_SHOP + FILES + SHOP_SETTINGS.replace(SHOP_SETTINGS.splitlines()[1], ""),
        r"HEALTHCHECK is lost",
    ),
    wrong(
        "no label",
        SHOP,
        (ALPINE_SHOP + FILES + SHOP_SETTINGS).replace("LABEL org.example.team=shops\n", ""),
        r"label org\.example\.team",
    ),
    wrong(
        "no STOPSIGNAL",
        SHOP,
        (ALPINE_SHOP + FILES + SHOP_SETTINGS).replace("STOPSIGNAL SIGINT\n", ""),
        r"stop signal is SIGTERM",
    ),
    wrong(
        "entry point and command twice",
        SHOP,
        ALPINE_SHOP + FILES + SHOP_SETTINGS + 'ENTRYPOINT ["./shop"]\n',
        r"'\./shop', '\./shop'",
    ),
    wrong(
        "shell form on scratch",
        SHOP,
        f"{BUILD}{SCRATCH}{ZONES}{TYPES}{SHOP_ENV}WORKDIR /app\n{FILES}{SHOP_SETTINGS}".replace(
            'CMD ["./shop"]', "CMD ./shop"
        ),
        r"needs a shell",
    ),
    wrong(
        "a shell that passes no signal on",
        SHOP,
        (ALPINE_SHOP + FILES + SHOP_SETTINGS).replace('CMD ["./shop"]', "CMD ./shop; exit $?"),
        r"does not end on the stop signal and is killed after",
    ),
    wrong(
        "into a folder of that name",
        SHOP,
        ALPINE_SHOP + "RUN mkdir shop\n" + FILES.replace("/app/shop .", "/app/shop shop") + SHOP_SETTINGS,
        r"/app/shop is a folder",
    ),
    wrong(
        "a file that the build does not make",
        SHOP,
        (ALPINE_SHOP + FILES + SHOP_SETTINGS).replace(
            "COPY --from=build /app/shop .", "COPY --from=build /app/bin/shop ."
        ),
        r"does not build: .*bin/shop",
    ),
]

# --- the shop under its own user, with data ---

USER_SETTINGS = 'ENV SHOP_NAME="Corner Shop"\nUSER shop\nVOLUME /app/data\nCMD ["./shop"]\n'
DATA = (
    "RUN mkdir data /etc/shop && echo secret > /etc/shop/key \\\n"
    "    && chmod 600 /etc/shop/key && chown shop data /etc/shop/key\n"
)
OWNED = Original(
    "shop",
    f"""\
FROM golang:1.18
RUN useradd --uid 1500 --create-home shop
WORKDIR /app
COPY . .
RUN {GO} build -o shop .
{DATA}{USER_SETTINGS}""",
    How(probes=("/who", "POST /visit")),
)
OWNED_BUILD = BUILD.replace("WORKDIR", "RUN useradd --uid 1500 --create-home shop\nWORKDIR") + DATA
OWNED_FILES = (
    PROGRAM + TEMPLATES + "COPY --from=build --chown=1500 /app/data data\nCOPY --from=build /etc/shop /etc/shop\n"
)
ACCOUNT = (
    "RUN echo 'shop:x:1500:1500::/home/shop:/bin/sh' >> /etc/passwd && echo 'shop:x:1500:' >> /etc/group \\\n"
    "    && mkdir /home/shop && chown shop /home/shop\n"
)
ACCOUNT_FILES = "COPY --from=build /etc/passwd /etc/group /etc/\nCOPY --from=build --chown=1500 /home/shop /home/shop\n"
ON_ALPINE = f"{OWNED_BUILD}{ALPINE}{ZONES}{ACCOUNT}WORKDIR /app\n"
OWNED_CASES = [
    right("account on alpine", OWNED, ON_ALPINE + OWNED_FILES + USER_SETTINGS),
    right(
        "account by useradd",
        OWNED,
        f"{OWNED_BUILD}{SLIM}RUN useradd -u 1500 -m shop\nWORKDIR /app\n{OWNED_FILES}{USER_SETTINGS}",
    ),
    right(
        "account by its files",
        OWNED,
        f"{OWNED_BUILD}{SCRATCH}{ZONES}{ACCOUNT_FILES}WORKDIR /app\n{OWNED_FILES}{USER_SETTINGS}",
    ),
    wrong(
        "no USER",
        OWNED,
        ON_ALPINE + OWNED_FILES + USER_SETTINGS.replace("USER shop\n", ""),
        r"runs as root .* no longer as shop",
    ),
    wrong(
        "no account",
        OWNED,
        ON_ALPINE.replace(ACCOUNT, "") + OWNED_FILES + USER_SETTINGS,
        r"'shop' is not in /etc/passwd",
    ),
    wrong(
        "number without an account",
        OWNED,
        f"{OWNED_BUILD}{SCRATCH}{ZONES}WORKDIR /app\n{OWNED_FILES}{USER_SETTINGS}".replace("USER shop", "USER 1500"),
        r"GET /who",
    ),
    wrong(
        "another number",
        OWNED,
        ON_ALPINE.replace("1500:1500", "100:101") + OWNED_FILES + USER_SETTINGS,
        r"runs as shop \(100\)",
    ),
    wrong(
        "folder of data that the copy gives to root",
        OWNED,
        ON_ALPINE + OWNED_FILES.replace("--chown=1500 ", "") + USER_SETTINGS,
        r"may not write in /app/data",
    ),
    wrong(
        "key of root",
        OWNED,
        ON_ALPINE
        + OWNED_FILES.replace("COPY --from=build /etc", "COPY --from=build --chown=root /etc")
        + USER_SETTINGS,
        r"may not read /etc/shop/key",
    ),
    wrong(
        "no VOLUME",
        OWNED,
        ON_ALPINE + OWNED_FILES + USER_SETTINGS.replace("VOLUME /app/data\n", ""),
        r"VOLUME /app/data is lost",
    ),
    wrong(
        "useradd on alpine",
        OWNED,
        ON_ALPINE.replace(ACCOUNT, "RUN useradd -u 1500 shop\n") + OWNED_FILES + USER_SETTINGS,
        r"does not build: RUN useradd .*useradd: not found",
    ),
]

# --- a script in front of the shop ---

SCRIPTED = Original(
    "shop",
    f"""\
FROM golang:1.18
RUN apt-get update && apt-get install -y --no-install-recommends gettext-base && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY . .
RUN {GO} build -o shop . && chmod +x entry.sh
ENV SHOP_NAME="Corner Shop"
ENTRYPOINT ["/app/entry.sh"]
CMD ["./shop"]
""",
)
SCRIPT_SETTINGS = 'ENV SHOP_NAME="Corner Shop"\nENTRYPOINT ["/app/entry.sh"]\nCMD ["./shop"]\n'
SCRIPT_FILES = PROGRAM + TEMPLATES + "COPY --from=build /app/entry.sh /app/shop.conf.in ./\n"
SCRIPT_BUILD = BUILD + "RUN chmod +x entry.sh\n"
GETTEXT = (
    "RUN apt-get update && apt-get install -y --no-install-recommends gettext-base && rm -rf /var/lib/apt/lists/*\n"
)
ON_SLIM = f"{SCRIPT_BUILD}{SLIM}{GETTEXT}WORKDIR /app\n"
SCRIPTED_CASES = [
    right("script with its tools", SCRIPTED, ON_SLIM + SCRIPT_FILES + SCRIPT_SETTINGS),
    wrong(
        "no bash",
        SCRIPTED,
        f"{SCRIPT_BUILD}{ALPINE}WORKDIR /app\n{SCRIPT_FILES}{SCRIPT_SETTINGS}",
        r"entry\.sh asks for /bin/bash",
    ),
    wrong(
        "no envsubst",
        SCRIPTED,
        (ON_SLIM + SCRIPT_FILES + SCRIPT_SETTINGS).replace(GETTEXT, ""),
        r"/app/entry\.sh: envsubst is in no folder of PATH",
    ),
    wrong(
        "script that nobody may execute",
        SCRIPTED,
        (ON_SLIM + SCRIPT_FILES + SCRIPT_SETTINGS).replace("COPY --from=build /app/entry.sh /app/", "COPY entry.sh "),
        r"may not execute /app/entry\.sh",
    ),
    wrong(
        "no ENTRYPOINT",
        SCRIPTED,
        ON_SLIM + SCRIPT_FILES + SCRIPT_SETTINGS.replace('ENTRYPOINT ["/app/entry.sh"]\n', ""),
        r"is started without what the original's start does beside it: `envsubst",
    ),
    wrong(
        "no input of the script",
        SCRIPTED,
        ON_SLIM + SCRIPT_FILES.replace(" /app/shop.conf.in", "") + SCRIPT_SETTINGS,
        r"shop\.conf\.in: No such file or directory`; the new image lacks /app/shop\.conf\.in",
    ),
]

# --- versions from git, certificates, health by curl, logs, and what only rare pages need ---

VERSIONED = Original(
    "shop",
    f"""\
FROM golang:1.18
WORKDIR /app
COPY . .
RUN {GO} build -ldflags "-X main.version=$(git describe --tags)" -o shop .
CMD ["./shop"]
""",
)
VERSION_BUILD = VERSIONED.dockerfile.replace("golang:1.18", "golang:1.18 AS build").replace(
    " go build", " CGO_ENABLED=0 go build"
)
VERSION_RUN = f'{ALPINE}{ZONES}WORKDIR /app\n{PROGRAM}{TEMPLATES}CMD ["./shop"]\n'
CLIENT = Original(
    "client",
    f"""\
FROM golang:1.18-alpine3.17
WORKDIR /app
COPY . .
RUN cat company.crt >> /etc/ssl/certs/ca-certificates.crt && mkdir -p /usr/local/share/ca-certificates \\
    && cp company.crt /usr/local/share/ca-certificates
RUN {GO} build -o client .
CMD ["./client"]
""",
    How(probes=("/rates",)),
)
CLIENT_BUILD = CLIENT.dockerfile.replace("3.17", "3.17 AS build")
CLIENT_RUN = 'WORKDIR /app\nCOPY --from=build /app/client .\nCMD ["./client"]\n'
CERTIFICATES = "COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/\n"
CHECKED = Original(
    "client",
    f"""\
FROM golang:1.18
WORKDIR /app
COPY . .
RUN {GO} build -o client .
CMD ["./client"]
HEALTHCHECK CMD curl -f http://localhost:8080/ || exit 1
""",
)
CHECKED_RUN = f"{BUILD.replace('shop', 'client')}{ALPINE}{CLIENT_RUN}HEALTHCHECK CMD "
LOG = "RUN mkdir -p /var/log/shop && ln -sf /dev/stdout /var/log/shop/shop.log\n"
LOGGED = Original(
    "shop",
    f"""\
FROM golang:1.18-alpine3.17
ENV SHOP_LOG=/var/log/shop/shop.log
{LOG}WORKDIR /app
COPY . .
RUN {GO} build -o shop .
CMD ["./shop"]
""",
)
LOGGED_BUILD = LOGGED.dockerfile.replace("3.17", "3.17 AS build")
LOGGED_RUN = f'WORKDIR /app\n{PROGRAM}{TEMPLATES}CMD ["./shop"]\n'
RARE_SETTINGS = '-tags season -ldflags "-X main.season=spring"'
RARE = Original(
    "shop",
    f"""\
FROM golang:1.18-alpine3.17
WORKDIR /app
COPY . .
RUN sed -i s/tea/coffee/ templates/mail/customer.txt
RUN mkdir -p /usr/local/share/shop && echo 'good morning' > /usr/local/share/shop/words.txt
RUN {GO} build {RARE_SETTINGS} -o shop .
CMD ["./shop"]
""",
)
RARE_BUILD = RARE.dockerfile.replace("3.17", "3.17 AS build")
WORDS = "COPY --from=build /usr/local/share/shop /usr/local/share/shop\n"
RARE_RUN = f'WORKDIR /app\n{PROGRAM}{TEMPLATES}{WORDS}CMD ["./shop"]\n'
GO_CASES = [
    right("version from git", VERSIONED, VERSION_BUILD + VERSION_RUN),
    wrong(
        "no git for the version",
        VERSIONED,
        VERSION_BUILD.replace("golang:1.18 ", "golang:1.18-alpine3.17 ") + VERSION_RUN.replace(ZONES, ""),
        r"built without a value for main\.version",
    ),
    right("certificates", CLIENT, CLIENT_BUILD + SCRATCH + CERTIFICATES + CLIENT_RUN),
    wrong("no certificates", CLIENT, CLIENT_BUILD + SCRATCH + CLIENT_RUN, r"certificates of authorities"),
    wrong(
        "not the company's certificate",
        CLIENT,
        CLIENT_BUILD + ALPINE + CLIENT_RUN,
        r"certificate of /usr/local/share/ca-certificates/company\.crt, which the original trusts",
    ),
    right(
        "health by wget", CHECKED, f"{CHECKED_RUN}wget -q --spider http://localhost:8080/ || exit 1\n", "HEALTHCHECK"
    ),
    wrong(
        "health by a curl that is not there",
        CHECKED,
        f"{CHECKED_RUN}curl -f http://localhost:8080/ || exit 1\n",
        r"the HEALTHCHECK .* cannot succeed: .*curl is in no folder of PATH",
    ),
    right(
        "log to the terminal", LOGGED, f"{LOGGED_BUILD}{ALPINE}ENV SHOP_LOG=/var/log/shop/shop.log\n{LOG}{LOGGED_RUN}"
    ),
    wrong(
        "log to a file",
        LOGGED,
        f"{LOGGED_BUILD}{ALPINE}ENV SHOP_LOG=/var/log/shop/shop.log\nRUN mkdir /var/log/shop\n{LOGGED_RUN}",
        r"prints nothing; the original prints",
    ),
    right("what rare pages need", RARE, RARE_BUILD + ALPINE + RARE_RUN),
    wrong(
        "no build tags",
        RARE,
        RARE_BUILD.replace("-tags season ", "") + ALPINE + RARE_RUN,
        r"built with the tags none and was built with season",
    ),
    wrong(
        "no value for the linker",
        RARE,
        RARE_BUILD.replace("main.season=spring", "main.season=") + ALPINE + RARE_RUN,
        r"built without a value for main\.season",
    ),
    wrong(
        "a file as it was before the build",
        RARE,
        RARE_BUILD + ALPINE + RARE_RUN.replace("COPY --from=build /app/templates ", "COPY templates "),
        r"templates/mail/customer\.txt is as it lies in the context",
    ),
    wrong(
        "no file below /usr/local",
        RARE,
        RARE_BUILD + ALPINE + RARE_RUN.replace(WORDS, ""),
        r"/usr/local/share/shop/words\.txt is not there",
    ),
]

# --- a program that ends: C in Go, folders by a shell, volumes, an inherited entry point ---

STOCK = Original(
    "stock",
    f"""\
FROM golang:1.18
WORKDIR /app
COPY . .
RUN {GO} build -o /usr/local/bin/stock .
VOLUME /data
COPY seed.json /data/
CMD ["stock", "--all"]
""",
)
STOCK_BUILD = f"FROM golang:1.18 AS build\nWORKDIR /app\nCOPY . .\nRUN {GO} build -o /usr/local/bin/stock .\n"
STOCK_STATIC = STOCK_BUILD.replace(" build -o", " build -ldflags '-extldflags -static' -o")
STOCK_COPY = "WORKDIR /app\nCOPY --from=build /usr/local/bin/stock /usr/local/bin/stock\n"
STOCK_DATA = 'VOLUME /data\nCOPY seed.json /data/\nCMD ["stock", "--all"]\n'
FOLDERS = "RUN mkdir -p /srv/{stock,logs}\n"
BRACES = Original(
    "stock",
    f"""\
FROM golang:1.18
SHELL ["/bin/bash", "-c"]
{FOLDERS}ENV STOCK_FOLDER=/srv/stock
WORKDIR /app
COPY . .
RUN {GO} build -o /usr/local/bin/stock .
CMD ["stock"]
""",
)
BRACES_COPY = f'ENV STOCK_FOLDER=/srv/stock\n{STOCK_COPY}CMD ["stock"]\n'
INHERITED = Original("stock", f'FROM {ENTRY}\nCOPY seed.json /srv/stock/\nCMD ["sh", "-c", "ls $STOCK_FOLDER"]\n')
REPORT = Original(
    "report",
    """\
FROM alpine:3.17
COPY . /opt/report
COPY report.name /etc/report.name
RUN chmod +x /opt/report/bin/report && ln -s /opt/report/bin/report /usr/local/bin/report
CMD ["report"]
""",
)
REPORT_FOLDER = "COPY --from=build /opt/report /opt/report\n"
REPORT_NAME = "COPY --from=build /etc/report.name /etc/\n"
REPORT_LINK, REPORT_RUN = "RUN ln -s /opt/report/bin/report /usr/local/bin/report\n", 'CMD ["report"]\n'
REPORT_BUILD = REPORT.dockerfile.replace("3.17", "3.17 AS build")
STOCK_CASES = [
    right("cgo on Debian", STOCK, STOCK_BUILD + SLIM + STOCK_COPY + STOCK_DATA),
    right("cgo linked statically", STOCK, STOCK_STATIC + ALPINE + STOCK_COPY + STOCK_DATA),
    wrong(
        "stub instead of cgo",
        STOCK,
        STOCK_BUILD.replace(" go build", " CGO_ENABLED=0 go build") + ALPINE + STOCK_COPY + STOCK_DATA,
        r"exit code 1 instead of 0: it says `stock was built without cgo",
    ),
    wrong(
        "an empty volume",
        STOCK,
        STOCK_BUILD + SLIM + STOCK_COPY + STOCK_DATA.replace("COPY seed.json /data/\n", ""),
        r"prints `\[--all\] entries: 0 .* instead of `\[--all\] entries: 1",
    ),
    wrong(
        "no arguments",
        STOCK,
        STOCK_BUILD + SLIM + STOCK_COPY + STOCK_DATA.replace(', "--all"', ""),
        r"\['stock'\] is started and no longer \['stock', '--all'\]",
    ),
    right("folders without braces", BRACES, f"{STOCK_STATIC}{ALPINE}RUN mkdir -p /srv/stock /srv/logs\n{BRACES_COPY}"),
    wrong(
        "braces without bash", BRACES, STOCK_STATIC + ALPINE + FOLDERS + BRACES_COPY, r"open /srv/stock: no such file"
    ),
    right("the inherited entry point", INHERITED, INHERITED.dockerfile + "LABEL org.example.small=yes\n"),
    wrong(
        "another base's entry point",
        INHERITED,
        INHERITED.dockerfile.replace(ENTRY, "alpine:3.17"),
        r"no longer \['/entry\.sh'",
    ),
    right(
        "folder with its link",
        REPORT,
        REPORT_BUILD + ALPINE + REPORT_FOLDER + REPORT_NAME + REPORT_LINK + REPORT_RUN,
    ),
    wrong(
        "link turned into a file",
        REPORT,
        REPORT_BUILD
        + ALPINE
        + "COPY --from=build /usr/local/bin/report /usr/local/bin/report\n"
        + REPORT_NAME
        + REPORT_RUN,
        r"can't open .*words\.sh",
    ),
    wrong(
        "no settings in /etc",
        REPORT,
        REPORT_BUILD + ALPINE + REPORT_FOLDER + REPORT_LINK + REPORT_RUN,
        r"prints `Good morning,` .*; the new image lacks /etc/report\.name",
    ),
]

# --- C: a library, a plugin, a setuid bit ---

TILL_BUILD = """\
FROM debian:bullseye-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev make && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN make install && ldconfig && chmod u+s /usr/local/bin/till
"""
CLERK = "RUN useradd --uid 1500 clerk\nUSER clerk\n"
TILL = Original("till", f'{TILL_BUILD.replace(" AS build", "")}{CLERK}CMD ["till"]\n')
TILL_PROGRAM = "WORKDIR /src\nCOPY --from=build /usr/local/bin/till /usr/local/bin/till\n"
LIBRARY = "COPY --from=build /usr/local/lib/libprice.so /usr/local/lib/\n"
PLUGIN = "COPY --from=build /usr/local/lib/till /usr/local/lib/till\n"
TILL_RUN = f'RUN ldconfig\n{CLERK}CMD ["till"]\n'
TILL_CASES = [
    right("program, library and plugin", TILL, TILL_BUILD + SLIM + TILL_PROGRAM + LIBRARY + PLUGIN + TILL_RUN),
    right(
        "the whole of /usr/local",
        TILL,
        TILL_BUILD + SLIM + "WORKDIR /src\nCOPY --from=build /usr/local /usr/local\n" + TILL_RUN,
    ),
    wrong(
        "no library", TILL, TILL_BUILD + SLIM + TILL_PROGRAM + PLUGIN + TILL_RUN, r"libprice\.so, which is not there"
    ),
    wrong(
        "no ldconfig",
        TILL,
        TILL_BUILD + SLIM + TILL_PROGRAM + LIBRARY + PLUGIN + TILL_RUN.replace("RUN ldconfig\n", ""),
        r"/usr/local/lib, a folder that /etc/ld\.so\.cache does not list",
    ),
    wrong(
        "an older library",
        TILL,
        TILL_BUILD
        + SLIM
        + TILL_PROGRAM
        + "COPY --from=build /src/libprice.so.1 /usr/local/lib/libprice.so\n"
        + PLUGIN
        + TILL_RUN,
        r"till needs PRICE_2\.0, and /usr/local/lib/libprice\.so provides PRICE up to 1\.0",
    ),
    wrong(
        "no plugin",
        TILL,
        TILL_BUILD + SLIM + TILL_PROGRAM + LIBRARY + TILL_RUN,
        r"/usr/local/lib/till/tax\.so is not there, and /usr/local/bin/till names",
    ),
    wrong(
        "no setuid bit",
        TILL,
        TILL_BUILD
        + "RUN cp /usr/local/bin/till /till\n"
        + SLIM
        + TILL_PROGRAM.replace("/usr/local/bin/till ", "/till ")
        + LIBRARY
        + PLUGIN
        + TILL_RUN,
        r"till has lost the setuid bit",
    ),
    wrong(
        "glibc's program on musl",
        TILL,
        TILL_BUILD
        + ALPINE
        + TILL_PROGRAM
        + LIBRARY
        + PLUGIN
        + "RUN echo 'clerk:x:1500:1500::/:/bin/sh' >> /etc/passwd\nUSER clerk\nCMD [\"till\"]\n",
        r"till is linked against glibc, and the image has musl",
    ),
]

# --- Java: two jars, the JVM's options, a compiler ---

JAVA_BUILD = f"""\
FROM {JAVA} AS build
WORKDIR /app
COPY . .
RUN javac -d shop src/shop/*.java && javac -d tools src/tools/*.java && mkdir target \\
    && jar cfe target/app.jar shop.Main -C shop . && jar cfe target/report.jar tools.Report -C tools .
"""
JAVA_ENV, JAVA_RUN = (
    "ENV JAVA_OPTS=-Dgreeting=hello\n",
    'CMD ["sh", "-c", "exec java $JAVA_OPTS -jar target/app.jar"]\n',
)
JARS = Original("java", JAVA_BUILD.replace(" AS build", "") + JAVA_ENV + JAVA_RUN)
ON_JDK = f"{JAVA_BUILD}FROM {JAVA}\nWORKDIR /app\n{JAVA_ENV}"
JAR = "COPY --from=build /app/target/app.jar target/app.jar\n"
LINKED = (
    f"{JAVA_BUILD}RUN jlink --add-modules MODULES --output /opt/java\n{SLIM}"
    f"COPY --from=build /opt/java /opt/java\nENV PATH=/opt/java/bin:$PATH\nWORKDIR /app\n{JAVA_ENV}{JAR}{JAVA_RUN}"
)
JAVA_CASES = [
    right("the one jar", JARS, ON_JDK + JAR + JAVA_RUN),
    right(
        "the option in the exec form",
        JARS,
        ON_JDK + JAR + 'CMD ["java", "-Dgreeting=hello", "-jar", "target/app.jar"]\n',
    ),
    wrong(
        "two jars, the last wins",
        JARS,
        ON_JDK + "COPY --from=build /app/target/*.jar target/app.jar\n" + JAVA_RUN,
        r"starts the class tools\.Report",
    ),
    wrong("no options", JARS, ON_JDK + JAR + 'CMD ["java", "-jar", "target/app.jar"]\n', r"greeting: none"),
    right("a runtime with the modules", JARS, LINKED.replace("MODULES", "java.compiler,jdk.compiler")),
    wrong("a runtime without a module", JARS, LINKED.replace("MODULES", "java.base"), r"NoClassDefFoundError"),
    wrong(
        "no Java",
        JARS,
        ON_JDK.replace(f"FROM {JAVA}\nWORKDIR", "FROM debian:bullseye-slim\nWORKDIR") + JAR + JAVA_RUN,
        r"java is in no folder of PATH",
    ),
]

# --- Python: a virtual environment that belongs to its place ---

PYTHON_BUILD = f"""\
FROM {PYTHON} AS build
WORKDIR /app
RUN python3 -m venv --without-pip venv
COPY . .
RUN mv pricing.py "$(venv/bin/python -c 'import site; print(site.getsitepackages()[0])')" \\
    && printf '#!/app/venv/bin/python\\nimport shop\\nshop.main()\\n' > venv/bin/shop && chmod +x venv/bin/shop
"""
PYTHON_RUN = 'ENV SHOP_NAME="Corner Shop" PYTHONPATH=/app\nCMD ["venv/bin/shop"]\n'
CATALOGUE = Original("python", PYTHON_BUILD.replace(" AS build", "") + PYTHON_RUN)
VENV = "COPY --from=build /app/venv venv\n"
SOURCES = "COPY --from=build /app/shop.py /app/catalogue.json ./\n"
ON_PYTHON = f"{PYTHON_BUILD}FROM {PYTHON}\nWORKDIR /app\n"
PYTHON_CASES = [
    right("environment in its place", CATALOGUE, ON_PYTHON + VENV + SOURCES + PYTHON_RUN),
    wrong(
        "environment in another place",
        CATALOGUE,
        ON_PYTHON + VENV.replace(" venv", " /venv") + SOURCES + PYTHON_RUN.replace("venv/bin", "/venv/bin"),
        r"/venv/bin/shop asks for /app/venv/bin/python",
    ),
    wrong(
        "no environment",
        CATALOGUE,
        ON_PYTHON + SOURCES + PYTHON_RUN.replace("venv/bin/shop", 'python3", "shop.py'),
        r"\['python3', 'shop\.py'\] is started and no longer \['venv/bin/shop'\]",
    ),
    wrong(
        "no catalogue",
        CATALOGUE,
        ON_PYTHON + VENV + SOURCES.replace(" /app/catalogue.json", "") + PYTHON_RUN,
        r"/app/catalogue\.json is not there, and /app/shop\.py names",
    ),
    wrong(
        "no PYTHONPATH",
        CATALOGUE,
        ON_PYTHON + VENV + SOURCES + PYTHON_RUN.replace(" PYTHONPATH=/app", ""),
        r"the variable PYTHONPATH is not set",
    ),
    wrong(
        "no interpreter",
        CATALOGUE,
        ON_PYTHON.replace(f"FROM {PYTHON}\nWORKDIR", "FROM debian:bullseye-slim\nWORKDIR")
        + VENV
        + SOURCES
        + PYTHON_RUN,
        r"/app/venv/bin/python leads nowhere: /usr/bin/python3 is not there",
    ),
]

# --- Node: modules, and what package.json says of the sources ---

SERVER = Original(
    "node",
    f"""\
FROM {NODE}
WORKDIR /app
COPY . .
RUN mkdir node_modules && cp -r vendor/greeting node_modules
CMD ["node", "server.js"]
""",
)
NODE_RUN = f'FROM {NODE}\nWORKDIR /app\nCOPY --from=build /app/server.js .\nCMD ["node", "server.js"]\n'
NODE_BUILD = SERVER.dockerfile.replace(NODE, f"{NODE} AS build")
MODULES = "COPY --from=build /app/node_modules node_modules\n"
PACKAGE = "COPY --from=build /app/package.json .\n"
NODE_CASES = [
    right("modules and package.json", SERVER, NODE_BUILD + NODE_RUN + MODULES + PACKAGE),
    wrong(
        "no modules", SERVER, NODE_BUILD + NODE_RUN + PACKAGE, r"/app/server\.js imports greeting, which is not there"
    ),
    wrong(
        "no package.json",
        SERVER,
        NODE_BUILD + NODE_RUN + MODULES,
        r"instead of listening .*(import statement|SyntaxError)",
    ),
]

# --- what is broken before anything is compared ---

LOST = Original(
    "client",
    f'FROM golang:1.18-alpine3.17\nWORKDIR /app\nCOPY . .\nRUN {GO} build -o /build/client .\nENTRYPOINT ["/client"]\n',
)
NO_BUILD = Original("stock", 'FROM alpine:3.17\nRUN ls /nowhere\nCMD ["sh"]\n')
HEREDOC = Original("stock", 'FROM alpine:3.17\nRUN <<END\necho hello\nEND\nCMD ["true"]\n')
PLAIN = Original("stock", 'FROM alpine:3.17\nCMD ["echo", "hello"]\n')
OTHER_CASES = [
    Case(
        "the program is put where it is looked for",
        LOST,
        LOST.dockerfile.replace("alpine3.17", "alpine3.17 AS build")
        + ALPINE
        + 'WORKDIR /app\nCOPY --from=build /build/client /client\nENTRYPOINT ["/client"]\n',
        Verdict.REPAIRED,
        r"cannot start: /client is not there; the new image starts",
    ),
    Case(
        "neither starts",
        LOST,
        LOST.dockerfile.replace("alpine3.17", "alpine3.17 AS build")
        + ALPINE
        + 'WORKDIR /app\nCOPY --from=build /build/client /build/client\nENTRYPOINT ["/client"]\n',
        Verdict.NOT_RUN,
        r"neither image can start: /client is not there",
    ),
    Case(
        "the original does not build",
        NO_BUILD,
        NO_BUILD.dockerfile,
        Verdict.BASELINE_BROKEN,
        r"the original does not build: line 2: .*/nowhere",
    ),
    Case("heredoc in the original", HEREDOC, HEREDOC.dockerfile, Verdict.NOT_RUN, r"heredoc"),
    Case("heredoc in the rewrite", PLAIN, HEREDOC.dockerfile, Verdict.NOT_RUN, r"the new Dockerfile: .*heredoc"),
]
CASES = [
    *(*SHOP_CASES, *OWNED_CASES, *SCRIPTED_CASES, *GO_CASES, *STOCK_CASES),
    *(*TILL_CASES, *JAVA_CASES, *PYTHON_CASES, *NODE_CASES, *OTHER_CASES),
]
"""All of them; those of one original stand together, because they share its image."""
