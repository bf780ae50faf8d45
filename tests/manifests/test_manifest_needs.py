"""What the slim and the alpine variant lack for the dependencies that are named."""

from __future__ import annotations

import json

import pytest

from rewriter.context import DictContext
from rewriter.manifests import Dependency, Manifest, from_install_words, read_manifests
from rewriter.manifests.needs import Needs, alpine_needs, slim_needs
from rewriter.manifests.verdicts import ecosystem_of, listed, relevant


def of_requirements(text: str, image: str = "python", suite: str = "bookworm", version: str = "3.9") -> Needs:
    manifests = read_manifests(DictContext({"requirements.txt": text}))
    return slim_needs(manifests, image=image, suite=suite, version=version)


def about(needs: Needs) -> list[str]:
    return [remark.dependency for remark in needs.doubts]


class TestSlimPython:
    def test_a_driver_that_is_compiled(self) -> None:
        needs = of_requirements("mysqlclient==2.2.0 --hash=sha256:00\n")
        assert set(needs.build) == {"gcc", "libc6-dev", "default-libmysqlclient-dev", "pkg-config"}
        assert needs.run == {"libmariadb3": "mysqlclient is compiled"}
        assert needs.doubts == ()

    def test_a_binary_brings_its_libraries(self) -> None:
        needs = of_requirements("psycopg2-binary==2.9.9 --hash=sha256:00\nnumpy==1.26.4 --hash=sha256:00\n")
        assert (needs.build, needs.run, needs.doubts) == ({}, {}, ())

    def test_what_looks_for_a_library_where_it_runs(self) -> None:
        needs = of_requirements("python-magic==0.4.27 --hash=sha256:00\nGitPython==3.1 --hash=sha256:00\n")
        assert needs.build == {}
        assert set(needs.run) == {"libmagic1", "git"}

    def test_a_package_of_a_git_repository(self) -> None:
        needs = of_requirements("git+https://github.com/a/thing.git#egg=thing\n")
        assert needs.build == {"git": "thing comes from a git repository"}  # python-slim has certificates
        assert about(needs) == ["thing", ""]

    def test_what_the_full_image_does_not_carry_either_is_not_added(self) -> None:
        needs = of_requirements("opencv-python==4.8 --hash=sha256:00\npyzbar==0.1.9 --hash=sha256:00\n")
        assert set(needs.run) == {"libglib2.0-0"}

    def test_unknown_packages_are_one_doubt(self) -> None:
        needs = of_requirements("odd-one\nodd-two\nflask\n")
        assert any("odd-one, odd-two" in remark.reason for remark in needs.doubts)
        assert any("in turn" in remark.reason for remark in needs.doubts)

    @pytest.mark.parametrize(
        ("suite", "library"), [("bullseye", "libssl1.1"), ("bookworm", "libssl3"), ("trixie", "libssl3t64")]
    )
    def test_a_library_by_the_suite(self, suite: str, library: str) -> None:
        assert library in of_requirements("M2Crypto==0.38.0\n", suite=suite).run

    def test_a_suite_that_is_not_known(self) -> None:
        needs = of_requirements("M2Crypto==0.38.0 --hash=sha256:00\n", suite="sid")
        assert needs.run == {}
        assert "m2crypto" in about(needs)

    @pytest.mark.parametrize("version", ["3.12", "3.9", ""])
    def test_an_old_release_on_a_new_python_may_have_a_wheel_that_suits_all(self, version: str) -> None:
        needs = of_requirements("cryptography==3.4 --hash=sha256:00\n", version=version)
        assert "cryptography" not in about(needs)

    def test_a_lock_that_shows_no_wheel(self) -> None:
        lock = (
            'version = 1\n[[package]]\nname = "odd"\nversion = "1.0"\nsource = { registry = "https://x/simple" }\n'
            'sdist = { url = "https://x/odd-1.0.tar.gz" }\n'
        )
        needs = slim_needs(read_manifests(DictContext({"uv.lock": lock})), image="python", suite="bookworm")
        assert set(needs.build) == {"gcc", "libc6-dev"}
        assert about(needs) == ["odd"]

    def test_the_input_of_a_lock_is_not_asked_again(self) -> None:
        files = {
            "poetry.lock": '[[package]]\nname = "six"\nversion = "1"\nfiles = [{file = "six-1-py3-none-any.whl"}]\n',
            "pyproject.toml": '[tool.poetry.dependencies]\nodd = "^1"\n',
        }
        assert slim_needs(read_manifests(DictContext(files)), image="python", suite="bookworm") == Needs()


class TestSlimOthers:
    def test_node_with_an_addon_that_compiles(self) -> None:
        packages = {
            "node_modules/pg-native": {"version": "3.0.1", "hasInstallScript": True},
            "node_modules/express": {"version": "4.18.0"},
        }
        files = {"package-lock.json": json.dumps({"lockfileVersion": 3, "packages": packages})}
        needs = slim_needs(read_manifests(DictContext(files)), image="node", suite="bookworm")
        assert set(needs.build) == {"python3", "make", "g++", "libpq-dev"}
        assert set(needs.run) == {"libpq5"}
        assert needs.doubts == ()

    def test_node_with_an_addon_that_fetches_a_binary(self) -> None:
        packages = {"node_modules/bcrypt": {"version": "5.1.0", "hasInstallScript": True}}
        files = {"package-lock.json": json.dumps({"lockfileVersion": 3, "packages": packages})}
        needs = slim_needs(read_manifests(DictContext(files)), image="node", suite="bookworm")
        assert needs.build == {}
        assert about(needs) == ["bcrypt"]

    def test_node_with_an_unknown_addon(self) -> None:
        packages = {"node_modules/odd": {"version": "5.1.0", "gypfile": True, "hasInstallScript": True}}
        files = {"package-lock.json": json.dumps({"lockfileVersion": 3, "packages": packages})}
        needs = slim_needs(read_manifests(DictContext(files)), image="node", suite="bookworm")
        assert set(needs.build) == {"python3", "make", "g++"}
        assert about(needs) == ["odd"]

    def test_a_lock_without_install_scripts_says_nothing_of_them(self) -> None:
        files = {"yarn.lock": '# yarn lockfile v1\n\na@1:\n  version "1.0.0"\n\nb@1:\n  version "1.0.0"\n'}
        (remark,) = slim_needs(read_manifests(DictContext(files)), image="node", suite="bookworm").doubts
        assert "install scripts" in remark.reason

    def test_ruby(self) -> None:
        text = "GEM\n  specs:\n    pg (1.5.4)\n    psych (5.1.2)\n    rack (3.0.0)\n\nPLATFORMS\n  ruby\n"
        needs = slim_needs(read_manifests(DictContext({"Gemfile.lock": text})), image="ruby", suite="bookworm")
        assert set(needs.build) == {"build-essential", "libpq-dev", "libyaml-dev"}
        assert set(needs.run) == {"libpq5"}  # ruby-slim has libyaml
        assert needs.doubts == ()

    @pytest.mark.parametrize(
        ("specs", "compiled"),
        [
            ("    nokogiri (1.16.0)\n", True),
            ("    nokogiri (1.16.0-x86_64-linux)\n", False),
            ("    nokogiri (1.16.0)\n    nokogiri (1.16.0-x86_64-linux-gnu)\n", False),
            ("    nokogiri (1.16.0)\n    nokogiri (1.16.0-arm64-darwin)\n", True),
        ],
    )
    def test_a_gem_is_compiled_where_the_lock_has_no_binary(self, specs: str, compiled: bool) -> None:
        manifests = read_manifests(DictContext({"Gemfile.lock": f"GEM\n  specs:\n{specs}\nPLATFORMS\n  ruby\n"}))
        needs = slim_needs(manifests, image="ruby", suite="bookworm")
        assert set(needs.build) == ({"build-essential"} if compiled else set())

    def test_rust_has_its_compiler(self) -> None:
        source = 'source = "registry+https://github.com/rust-lang/crates.io-index"'
        lock = f'[[package]]\nname = "openssl-sys"\nversion = "0.9.95"\n{source}\n'
        needs = slim_needs(read_manifests(DictContext({"Cargo.lock": lock})), image="rust", suite="bookworm")
        assert set(needs.build) == {"pkg-config", "libssl-dev"}
        assert set(needs.run) == {"libssl3"}

    def test_elixir(self) -> None:
        lock = '%{\n  "bcrypt_elixir": {:hex, :bcrypt_elixir, "3.1.0", "0b", [:make, :mix], [], "hexpm", "2a"},\n}\n'
        needs = slim_needs(read_manifests(DictContext({"mix.lock": lock})), image="elixir", suite="bookworm")
        assert set(needs.build) == {"gcc", "libc6-dev", "make"}

    @pytest.mark.parametrize("image", ["php", "golang", "debian", "maven"])
    def test_images_without_a_slim_variant(self, image: str) -> None:
        assert of_requirements("psycopg2\n", image=image) == Needs()


class TestAlpine:
    def test_names_of_alpine(self) -> None:
        words = from_install_words("pypi", ["psycopg2==2.9.9", "torch"])
        needs = alpine_needs([Manifest("RUN", "pypi", words)], image="python")
        assert set(needs.build) == {"gcc", "musl-dev", "postgresql-dev"}
        assert set(needs.run) == {"libpq"}

    def test_a_wheel_for_musl_needs_nothing(self) -> None:
        wheel = "psutil-7.0.0-cp36-abi3-musllinux_1_1_x86_64.whl"
        dependency = Dependency("pypi", "psutil", "7.0.0", "uv.lock", native=True, wheels=(wheel,))
        assert alpine_needs([Manifest("uv.lock", "pypi", (dependency,), True)], image="python") == Needs()

    def test_extensions_of_php(self) -> None:
        words = from_install_words("php-extension", ["-j4", "gd", "pdo_pgsql", "odd"])
        needs = alpine_needs([Manifest("RUN", "packagist", words)], image="php")
        assert set(needs.build) == {"freetype-dev", "libjpeg-turbo-dev", "libpng-dev", "postgresql-dev"}
        assert set(needs.run) == {"freetype", "libjpeg-turbo", "libpng", "libpq"}
        assert any("ext-odd" in remark.reason for remark in needs.doubts)

    def test_fonts_of_java(self) -> None:
        words = (Dependency("maven", "org.jfree:jfreechart", "1.5.4", "pom.xml"),)
        needs = alpine_needs([Manifest("pom.xml", "maven", words)], image="eclipse-temurin")
        assert set(needs.run) == {"fontconfig", "ttf-dejavu"}
        assert needs.build == {}

    def test_rust_has_its_compiler(self) -> None:
        words = from_install_words("cargo", ["diesel_cli", "mysqlclient-sys@0.2.5"])
        needs = alpine_needs([Manifest("RUN", "cargo", words)], image="docker.io/library/rust:1.70")
        assert set(needs.build) == {"mariadb-dev", "mariadb-static"}


@pytest.mark.parametrize(
    ("image", "ecosystem"),
    [
        ("python", "pypi"),
        ("docker.io/library/node:18", "npm"),
        ("registry.example:5000/own/ruby@sha256:00", "rubygems"),
        ("mcr.microsoft.com/dotnet/aspnet", "nuget"),
        ("eclipse-temurin", "maven"),
        ("debian", None),
        ("", None),
    ],
)
def test_the_registry_of_an_image(image: str, ecosystem: str | None) -> None:
    assert ecosystem_of(image) == ecosystem


def test_only_the_manifests_of_the_language_matter() -> None:
    manifests = [Manifest("package.json", "npm"), Manifest("uv.lock", "pypi"), Manifest("environment.yml", "conda")]
    assert [one.path for one in relevant(manifests, "python")] == ["uv.lock", "environment.yml"]
    assert [one.path for one in relevant(manifests, "node")] == ["package.json"]
    assert len(relevant(manifests, "debian")) == 3


def test_many_names_become_few() -> None:
    assert listed("cbaba") == "a, b, c"
    assert listed(str(number) for number in range(9)) == "0, 1, 2, 3, 4 and 4 more"
