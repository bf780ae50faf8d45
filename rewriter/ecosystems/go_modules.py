"""Go modules of which something must be known: those with C code, and those that talk TLS.

Source: the modules' own repositories and issue trackers, read 2026-11; each entry says what was relied on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CgoModule:
    """A module with C code. ``bundled``: its C sources are compiled in and need nothing but libc."""

    bundled: bool
    musl_from: str | None = None
    """First version that compiles on musl 1.2.4 (alpine 3.18) and newer; older alpine takes every version.
    None: not known to work on musl at all."""


_CGO: dict[str, CgoModule] = {
    # LFS64 names left musl's default headers in 1.2.4: mattn/go-sqlite3 issue 1164, fixed in 1.14.19.
    "github.com/mattn/go-sqlite3": CgoModule(True, "v1.14.19"),
    "github.com/datadog/zstd": CgoModule(True),
    "github.com/valyala/gozstd": CgoModule(True),
    "github.com/chai2010/webp": CgoModule(True),
    "github.com/kolesa-team/go-webp": CgoModule(False),
    "github.com/mutecomm/go-sqlcipher": CgoModule(True),
    "crawshaw.io/sqlite": CgoModule(True),
    "github.com/confluentinc/confluent-kafka-go": CgoModule(True),
    "github.com/marcboeker/go-duckdb": CgoModule(False),
    "github.com/bytecodealliance/wasmtime-go": CgoModule(False),
    "github.com/wasmerio/wasmer-go": CgoModule(False),
    "github.com/godror/godror": CgoModule(False),
    "github.com/mattn/go-oci8": CgoModule(False),
    "github.com/ibmdb/go_ibm_db": CgoModule(False),
    "github.com/davidbyttow/govips": CgoModule(False),
    "github.com/h2non/bimg": CgoModule(False),
    "github.com/discord/lilliput": CgoModule(False),
    "gopkg.in/gographics/imagick.v2": CgoModule(False),
    "gopkg.in/gographics/imagick.v3": CgoModule(False),
    "github.com/libgit2/git2go": CgoModule(False),
    "github.com/google/gopacket/pcap": CgoModule(False),
    "github.com/miekg/pkcs11": CgoModule(True),
    "github.com/pebbe/zmq4": CgoModule(False),
    "github.com/proglottis/gpgme": CgoModule(False),
    "github.com/linxgnu/grocksdb": CgoModule(False),
    "github.com/tecbot/gorocksdb": CgoModule(False),
    "github.com/veandco/go-sdl2": CgoModule(False),
    "github.com/tensorflow/tensorflow": CgoModule(False),
    "github.com/yalue/onnxruntime_go": CgoModule(False),
    "gocv.io/x/gocv": CgoModule(False),
    # Drivers that bring go-sqlite3 with them.
    "gorm.io/driver/sqlite": CgoModule(True),
    "github.com/jinzhu/gorm/dialects/sqlite": CgoModule(True),
}

_TLS_CLIENTS = (
    "cloud.google.com/go",
    "firebase.google.com/go",
    "github.com/Azure/",
    "github.com/aws/aws-sdk-go",
    "github.com/bwmarrin/discordgo",
    "github.com/getsentry/sentry-go",
    "github.com/go-resty/resty",
    "github.com/go-telegram",
    "github.com/google/go-github",
    "github.com/hashicorp/consul/api",
    "github.com/hashicorp/vault/api",
    "github.com/minio/minio-go",
    "github.com/sendgrid/",
    "github.com/sashabaranov/go-openai",
    "github.com/slack-go/slack",
    "github.com/nlopes/slack",
    "github.com/stripe/stripe-go",
    "github.com/twilio/",
    "github.com/xanzy/go-gitlab",
    "go.mongodb.org/mongo-driver",
    "golang.org/x/oauth2",
    "google.golang.org/api",
    "gopkg.in/gomail.v2",
    "gopkg.in/telebot",
    "gopkg.in/tucnak/telebot",
    "gopkg.in/telegram-bot-api",
    "github.com/go-telegram-bot-api",
    "k8s.io/client-go",
)
CLIENT = re.compile(
    rb"\bhttp\.(?:Get|Post|PostForm|Head|Client|DefaultClient|Transport|DefaultTransport)\b|\btls\.(?:Dial\w*|Client)\b"
    rb"|\bSystemCertPool\b"
)
"""What talks TLS as a client, of Go's own packages net/http, crypto/tls and crypto/x509."""
_NO_CLIENTS = frozenset(
    "github.com/gorilla/mux github.com/gorilla/handlers github.com/gorilla/sessions github.com/gorilla/securecookie "
    "github.com/gorilla/context github.com/gorilla/csrf github.com/gorilla/schema github.com/go-chi/chi "
    "github.com/go-chi/cors github.com/go-chi/render github.com/julienschmidt/httprouter github.com/rs/cors "
    "github.com/urfave/negroni github.com/justinas/alice github.com/mattn/go-sqlite3 github.com/google/uuid "
    "github.com/satori/go.uuid github.com/gofrs/uuid github.com/sirupsen/logrus github.com/rs/zerolog go.uber.org/zap "
    "go.uber.org/multierr go.uber.org/atomic github.com/pkg/errors github.com/stretchr/testify github.com/spf13/cobra "
    "github.com/spf13/pflag github.com/spf13/cast github.com/inconshreveable/mousetrap"
    "github.com/joho/godotenv github.com/kelseyhightower/envconfig github.com/caarlos0/env gopkg.in/yaml.v2 "
    "gopkg.in/yaml.v3 github.com/BurntSushi/toml github.com/pelletier/go-toml github.com/davecgh/go-spew "
    "github.com/pmezard/go-difflib github.com/json-iterator/go github.com/modern-go/concurrent "
    "github.com/modern-go/reflect2 github.com/dgrijalva/jwt-go github.com/golang-jwt/jwt github.com/mattn/go-isatty "
    "github.com/mattn/go-colorable github.com/fatih/color github.com/russross/blackfriday github.com/yuin/goldmark "
    "github.com/microcosm-cc/bluemonday github.com/patrickmn/go-cache github.com/dustin/go-humanize".split()
)
"""Modules that check no certificates: `CLIENT` finds nothing in their newest sources, tests and tools left out
(2026-11)."""


def opens_no_connections(path: str) -> bool:
    """True for a module that is known to check no certificates; a major version in its path says nothing else."""
    return re.sub(r"/v\d+\Z", "", path) in _NO_CLIENTS


def cgo_module(path: str) -> CgoModule | None:
    """The known C module that an import or module path belongs to."""
    lowered = path.lower()
    for name, module in _CGO.items():
        if lowered == name or lowered.startswith((name + "/", name + ".v")):
            return module
    return None


def tls_client(path: str) -> bool:
    """True for a module or import path of a client that checks certificates."""
    return path.startswith(_TLS_CLIENTS)


def at_least(version: str, minimum: str) -> bool:
    """Compares ``v1.2.3``-like versions; one that cannot be read counts as older."""
    return _numbers(version) >= _numbers(minimum)


def _numbers(version: str) -> tuple[int, ...]:
    core = version.removeprefix("v").partition("-")[0].partition("+")[0]
    parts = core.split(".")
    return tuple(int(part) for part in parts) if all(part.isdigit() for part in parts) else ()
