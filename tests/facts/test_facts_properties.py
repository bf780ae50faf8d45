"""What an image brings beside its tags: family, layers, packages, programs, users and its configuration."""

import pytest

from rewriter.facts import ImageUser
from rewriter.facts.conditions import holds, is_condition
from tests.facts.test_facts_catalogue import IMAGES, image


@pytest.mark.parametrize(
    ("name", "tag", "family"),
    [
        ("python", "3.9", "debian"),
        ("python", "3.9-alpine", "alpine"),
        ("python", "2.7-wheezy", "debian"),
        ("alpine", "3.17", "alpine"),
        ("debian", "stable-slim", "debian"),
        ("ubuntu", "20.04", "ubuntu"),
        ("eclipse-temurin", "17", "ubuntu"),
        ("eclipse-temurin", "17-ubi9-minimal", "rhel"),
        ("openjdk", "17", "rhel"),
        ("openjdk", "17-bullseye", "debian"),
        ("openjdk", "17-slim", "debian"),
        ("openjdk", "11", "debian"),
        ("openjdk", "11-oracle", "rhel"),
        ("amazoncorretto", "17", "amazon"),
        ("amazoncorretto", "17-alpine3.22", "alpine"),
        ("centos", "7", "rhel"),
        ("fedora", "40", "fedora"),
        ("composer", "2", "alpine"),
        ("busybox", "1.36", "busybox"),
        ("mysql", "8.0-debian", "debian"),
        ("mysql", "8.0-oracle", "rhel"),
        ("maven", "3.9-amazoncorretto-17", "amazon"),
        ("mcr.microsoft.com/dotnet/sdk", "8.0", "debian"),
        ("mcr.microsoft.com/dotnet/sdk", "8.0-jammy", "ubuntu"),
        ("mcr.microsoft.com/dotnet/sdk", "8.0-azurelinux3.0", None),
        ("python", "never", None),
    ],
)
def test_families(name: str, tag: str, family: str | None) -> None:
    assert image(name).family(tag) == family


@pytest.mark.parametrize(
    ("name", "tag", "layers"),
    [
        ("python", "3.9", "curl scm full"),
        ("python", "3.9-bullseye", "curl scm full"),
        ("python", "3.9-slim", ""),
        ("python", "3.9-alpine", ""),
        ("node", "lts", "curl scm full"),
        ("golang", "1.18", "curl scm go"),
        ("golang", "1.18-bullseye", "curl scm go"),
        ("golang", "1.18-alpine", ""),
        ("openjdk", "11", "curl scm"),
        ("openjdk", "11-jre", "curl"),
        ("openjdk", "17", ""),
        ("openjdk", "17-bullseye", "curl scm"),
        ("openjdk", "11-slim", ""),
        ("buildpack-deps", "bookworm", "curl scm full"),
        ("buildpack-deps", "bookworm-scm", "curl scm"),
        ("buildpack-deps", "bookworm-curl", "curl"),
        ("php", "8.2", ""),
        ("python", "never", ""),
    ],
)
def test_layers(name: str, tag: str, layers: str) -> None:
    assert image(name).carries(tag) == frozenset(layers.split())


def test_packages() -> None:
    assert image("node").packages("18-alpine") == ("libstdc++",)
    assert image("node").packages("18") == ()
    assert image("python").packages("3.9-alpine") == ("ca-certificates", "tzdata")
    assert image("python").packages("3.9-slim-buster") == ("ca-certificates", "netbase", "tzdata")
    assert image("golang").packages("1.18-alpine") == ("ca-certificates",)
    assert "fontconfig" in image("eclipse-temurin").packages("21-jre-alpine")
    assert image("eclipse-temurin").packages("21-jre") == ()


@pytest.mark.parametrize(
    ("name", "tag", "there", "lacking"),
    [
        ("node", "25", "node npm npx yarn yarnpkg", "corepack"),
        ("node", "26", "node npm npx", "yarn yarnpkg corepack"),
        ("node", "18-alpine", "node corepack yarn", ""),
        ("node", "14.19.0", "corepack", ""),
        ("node", "14.18.0", "node", "corepack"),
        ("node", "latest", "node", "yarn"),
        ("python", "3.9", "python python3 pip pip3 2to3", "python2"),
        ("python", "3.13", "python3", "2to3"),
        ("python", "2.7", "python python2 pip", "python3"),
        ("ruby", "2.7", "ruby gem bundle bundler irb rake racc", ""),
        ("php", "8.2-fpm", "php php-fpm pecl docker-php-ext-install", "a2enmod"),
        ("php", "8.2-apache", "a2enmod apache2-foreground", "php-fpm"),
        ("rust", "1.56", "cargo rustc rustup", ""),
        ("eclipse-temurin", "17", "java javac jar jshell keytool", ""),
        ("eclipse-temurin", "17-jre", "java keytool", "javac jshell jar"),
        ("openjdk", "8", "java javac", "jshell"),
        ("maven", "3.9-eclipse-temurin-17", "mvn java javac", ""),
        ("gradle", "7-jdk11", "gradle java", ""),
        ("golang", "1.18-alpine", "go gofmt", ""),
        ("nginx", "alpine", "nginx", ""),
        ("postgres", "13", "psql pg_dump initdb", ""),
        ("node", "never", "", "node"),
    ],
)
def test_programs(name: str, tag: str, there: str, lacking: str) -> None:
    programs = image(name).programs(tag)
    assert set(there.split()) <= programs
    assert not set(lacking.split()) & programs


def test_users() -> None:
    assert image("node").users("18") == (ImageUser("node", 1000, 1000),)
    assert image("node").users("0.10") == ()
    assert image("postgres").users("13-alpine") == (ImageUser("postgres", 70, 70),)
    assert image("postgres").users("13") == (ImageUser("postgres", 999, 999),)
    assert image("nginx").users("1.25") == (ImageUser("nginx", 101, 101),)
    assert image("redis").users("7-alpine") == (ImageUser("redis", 999, 1000),)
    assert image("python").users("3.9") == ()


def test_kinds_and_refusals() -> None:
    for name in ("postgres", "mysql", "mariadb", "mongo", "redis", "cassandra"):
        assert image(name).kind == "database"
        assert image(name).refuse_alpine
    assert image("mysql").refuse_slim
    assert image("python").refuse_alpine == image("python").refuse_slim == ""
    assert (image("ubuntu").kind, image("maven").kind, image("nginx").kind) == ("distribution", "build-tool", "service")
    assert image("openjdk").successor is not None
    assert image("openjdk").successor == ("eclipse-temurin", (image("openjdk").successor or ("", ""))[1])
    assert image("iojs").successor == ("node", "io.js was merged into Node.js, from its version 4 on")
    assert image("node").successor is None


def test_configurations() -> None:
    nginx = image("nginx").config_of("1.25-alpine")
    assert (nginx.entrypoint, nginx.cmd) == (("/docker-entrypoint.sh",), ("nginx", "-g", "daemon off;"))
    assert (nginx.expose, nginx.stopsignal, nginx.volumes) == (("80/tcp",), "SIGQUIT", ())
    fpm, apache = image("php").config_of("8.2-fpm"), image("php").config_of("8.2-apache")
    assert (fpm.workdir, fpm.cmd, fpm.expose, fpm.stopsignal) == (
        "/var/www/html",
        ("php-fpm",),
        ("9000/tcp",),
        "SIGQUIT",
    )
    assert (apache.cmd, apache.expose) == (("apache2-foreground",), ("80/tcp",))
    assert apache.env["APACHE_CONFDIR"] == "/etc/apache2"
    assert image("php").config_of("8.2").workdir == "/"
    python = image("python")
    assert python.config_of("3.9").cmd == ("python3",)
    assert python.config_of("3.12").env["LANG"] == "C.UTF-8"
    assert "LANG" not in python.config_of("3.13").env
    assert python.config_of("3.9").env["PATH"].startswith("/usr/local/bin:")
    assert image("node").config_of("18").entrypoint == ("docker-entrypoint.sh",)
    assert image("node").config_of("10.15.0").entrypoint == ()
    assert image("haproxy").config_of("2.9").user == "haproxy"
    assert image("memcached").config_of("1.6").user == "memcache"
    assert image("redis").config_of("7").volumes == ("/data",)
    assert image("rust").config_of("1.56").env["CARGO_HOME"] == "/usr/local/cargo"
    assert image("eclipse-temurin").config_of("17-jre").cmd == ()
    assert image("eclipse-temurin").config_of("17").cmd == ("jshell",)


def test_what_was_not_read_is_said() -> None:
    assert image("node").config_known
    assert image("node").config_known_of("18")
    assert not image("node").config_known_of("0.10")
    assert not image("node").config_known_of("never")
    assert not image("mysql").config_known
    assert not image("mysql").config_known_of("8.0")
    assert image("openjdk").config_known_of("11")
    assert not image("openjdk").config_known_of("17-alpine")
    assert not image("gradle").config_known_of("7-jdk11")
    assert image("golang").config_known_of("1.18")


@pytest.mark.parametrize("name", IMAGES)
def test_a_known_configuration_is_whole(name: str) -> None:
    facts = image(name)
    for version in facts.versions[:5]:
        if facts.has(version) and facts.config_known_of(version):
            config = facts.config_of(version)
            assert "PATH" in config.env or "PATH" in config.sets, (name, version)
            assert config.workdir.startswith("/")
            assert config.cmd or config.entrypoint
            assert all("/" in port for port in config.expose)


def test_conditions() -> None:
    assert holds(("*",), "anything", "")
    assert holds(("alpine", "jre"), "jre-alpine-3.22", "17")
    assert not holds(("!jre",), "jre", "17")
    assert holds(("slim",), "slim-buster", "3.9")
    assert not holds(("slim",), "alpine-slim", "1.23")
    assert holds(("full",), "bullseye", "3.9")
    assert holds((">=9", "<=11"), "", "8u212") is False
    assert holds(("<=8",), "jdk", "8u212-b04")
    assert holds((">=9",), "", "")
    known = frozenset({"jre"})
    assert is_condition("!jre", known)
    assert is_condition("alpine3.10", known)
    assert not is_condition("jdk", known)
    assert not is_condition(">=x", known)
    assert not is_condition("alpine310", known)
