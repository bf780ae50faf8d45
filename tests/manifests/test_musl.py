"""The rules of the languages, where the numbered incompatibilities do not reach."""

from __future__ import annotations

import json

import pytest

from rewriter.context import DictContext
from rewriter.manifests import Manifest, from_install_words, read_manifests
from rewriter.manifests.musl import MuslVerdict, musl_verdict
from rewriter.manifests.musl_python import fits_musl
from rewriter.manifests.risks import context_risks
from rewriter.manifests.verdicts import MOST_REMARKS


def verdict(image: str, files: dict[str, str], version: str = "", production: bool = False) -> MuslVerdict:
    return musl_verdict(read_manifests(DictContext(files)), image=image, version=version, production=production)


def reasons(remarks: tuple[object, ...]) -> str:
    return "\n".join(map(str, remarks))


class TestPython:
    def test_what_is_installed_by_a_run_is_never_the_whole(self) -> None:
        words = from_install_words("pypi", ["flask==3.0.0"])
        found = musl_verdict([Manifest("RUN", "pypi", words)], image="python")
        assert [remark.reason for remark in found.refusals] == [
            "slim is the better base: RUN does not show what its packages bring in turn"
        ]

    def test_no_manifest_is_a_doubt(self) -> None:
        found = verdict("python", {"main.py": ""})
        assert found.refusals == ()
        assert "no manifest" in found.doubts[0].reason

    def test_a_lock_beside_its_input(self) -> None:
        files = {
            "uv.lock": 'version = 1\n[[package]]\nname = "six"\nversion = "1"\nsource = { registry = "https://x" }\n'
            'wheels = [{ url = "https://x/six-1-py3-none-any.whl" }]\n',
            "pyproject.toml": '[project]\ndependencies = ["six"]\n',
            "setup.py": "setup(install_requires=['six'])\n",
        }
        assert verdict("python", files) == MuslVerdict()
        assert verdict("python", files | {"requirements.txt": "six\n"}).refusals

    def test_only_the_input(self) -> None:
        assert verdict("python", {"pyproject.toml": '[project]\ndependencies = ["six"]\n'}).refusals

    @pytest.mark.parametrize("origin", ["git+https://x/odd.git#egg=odd", "https://x/odd-1.tar.gz", "./odd"])
    def test_what_does_not_come_from_the_index(self, origin: str) -> None:
        assert "built where it is installed" in reasons(verdict("python", {"requirements.txt": origin}).refusals)

    def test_a_project_with_an_extension_of_its_own(self) -> None:
        found = verdict("python", {"setup.py": "setup(ext_modules=[1])"})
        assert "ext_modules" in reasons(found.refusals)

    def test_computed_dependencies(self) -> None:
        assert "computed" in reasons(verdict("python", {"setup.py": "setup(install_requires=read())"}).doubts)
        assert "computed" in reasons(
            verdict("python", {"pyproject.toml": '[project]\ndynamic = ["dependencies"]\n'}).doubts
        )

    def test_no_binary(self) -> None:
        assert "--no-binary" in reasons(verdict("python", {"requirements.txt": "--no-binary :all:\n"}).refusals)

    @pytest.mark.parametrize(("version", "refused"), [("3.6", True), ("2.7", True), ("3.12", False), ("", False)])
    def test_a_python_older_than_the_wheels_for_musl(self, version: str, refused: bool) -> None:
        files = {"requirements.txt": "cryptography==41.0.0 --hash=sha256:00\n"}
        assert bool(verdict("python", files, version).refusals) is refused

    def test_what_needs_a_library_is_a_doubt(self) -> None:
        files = {"requirements.txt": "python-magic==0.4.27 --hash=sha256:00\n"}
        found = verdict("python", files)
        assert (found.refusals, [remark.dependency for remark in found.doubts]) == ((), ["python-magic"])

    @pytest.mark.parametrize(
        ("wheel", "version", "fits"),
        [
            ("a-1-cp311-cp311-musllinux_1_1_x86_64.whl", "3.11.4", True),
            ("a-1-cp311-cp311-musllinux_1_1_x86_64.whl", "3.12", False),
            ("a-1-cp311-cp311-musllinux_1_1_x86_64.whl", "3", True),
            ("a-1-cp311-cp311-musllinux_1_1_aarch64.whl", "3.11", False),
            ("a-1-2-cp39-abi3-musllinux_1_2_x86_64.whl", "3.12", True),
            ("a-1-cp313-abi3-musllinux_1_2_x86_64.whl", "3.12", False),
            ("a-1-py3-none-musllinux_1_2_x86_64.whl", "3.12", True),
            ("a-1-cp311-cp311-manylinux_2_17_x86_64.whl", "3.11", False),
            ("a-1.tar.gz", "3.11", False),
            ("musllinux_x86_64.whl", "3.11", False),
        ],
    )
    def test_fits_musl(self, wheel: str, version: str, fits: bool) -> None:
        assert fits_musl(wheel, version) is fits


class TestNode:
    def test_without_a_lock(self) -> None:
        found = verdict("node", {"package.json": '{"dependencies": {"express": "^4", "sodium-native": "^3"}}'})
        assert [remark.dependency for remark in found.refusals] == ["sodium-native"]
        assert "no lock file" in reasons(found.doubts)

    def test_without_dependencies(self) -> None:
        assert verdict("node", {"package.json": "{}"}) == MuslVerdict()

    def test_production_leaves_out_what_is_for_development(self) -> None:
        packages = {"node_modules/cypress": {"version": "13.0.0", "hasInstallScript": True, "dev": True}}
        files = {"package-lock.json": json.dumps({"lockfileVersion": 3, "packages": packages})}
        assert verdict("node", files, production=True) == MuslVerdict()
        assert [remark.dependency for remark in verdict("node", files).doubts] == ["cypress"]

    def test_a_package_of_a_git_repository(self) -> None:
        text = '# yarn lockfile v1\n\n"own@git+https://x/own.git":\n  version "1.0.0"\n  resolved "git+https://x/own.git#0"\n'
        assert "it comes from git" in reasons(verdict("node", {"yarn.lock": text}).doubts)

    def test_arm_alone_counts_where_the_usual_processor_is_not_there(self) -> None:
        def lock(*names: str) -> dict[str, str]:
            packages = {f"node_modules/{name}": {"version": "1.0.0"} for name in names}
            return {"package-lock.json": json.dumps({"lockfileVersion": 3, "packages": packages})}

        both = ("a-linux-x64-gnu", "a-linux-x64-musl", "a-linux-arm64-gnu")
        assert verdict("node", lock(*both)) == MuslVerdict()
        assert [remark.dependency for remark in verdict("node", lock("a-linux-arm64-gnu")).refusals] == [
            "a-linux-arm64"
        ]
        assert verdict("node", lock("a-linux-s390x-gnu")) == MuslVerdict()


class TestOthers:
    def test_a_ruby_lock_for_glibc_only(self) -> None:
        text = "GEM\n  specs:\n    odd (1.0-x86_64-linux)\n\nPLATFORMS\n  x86_64-linux\n"
        told = reasons(verdict("ruby", {"Gemfile.lock": text}).refusals)
        assert "glibc only" in told
        assert "bundle lock --add-platform" in told

    @pytest.mark.parametrize("platform", ["ruby", "x86_64-linux-musl"])
    def test_a_ruby_lock_that_musl_may_use(self, platform: str) -> None:
        text = f"GEM\n  specs:\n    rack (3.0)\n\nPLATFORMS\n  x86_64-linux\n  {platform}\n"
        assert verdict("ruby", {"Gemfile.lock": text}) == MuslVerdict()

    def test_unknown_gems_are_one_doubt(self) -> None:
        text = "PATH\n  remote: .\n  specs:\n    own (1.0)\n\nGEM\n  specs:\n    odd (1.0)\n    odder (1.0)\n"
        (remark,) = verdict("ruby", {"Gemfile.lock": text}).doubts
        assert remark.reason.endswith("odd, odder")

    @pytest.mark.parametrize(
        ("image", "files", "missing"),
        [
            ("ruby", {"Gemfile": "gem 'rack'\n"}, "Gemfile.lock"),
            ("rust", {"Cargo.toml": '[dependencies]\nserde = "1"\n'}, "Cargo.lock"),
            ("elixir", {"mix.exs": '{:plug, "~> 1.15"}\n'}, "mix.lock"),
            ("php", {"composer.json": '{"require": {"ext-json": "*"}}'}, "composer.lock"),
        ],
    )
    def test_without_a_lock(self, image: str, files: dict[str, str], missing: str) -> None:
        found = verdict(image, files)
        assert found.refusals == ()
        assert f"no {missing}" in reasons(found.doubts)

    def test_an_unknown_extension_of_php(self) -> None:
        assert "not known" in reasons(verdict("php", {"composer.json": '{"require": {"ext-odd": "*"}}'}).doubts)

    def test_an_unknown_nif(self) -> None:
        lock = '%{\n  "odd": {:hex, :odd, "1.0.0", "00", [:make], [], "hexpm", "00"},\n}\n'
        assert [remark.dependency for remark in verdict("elixir", {"mix.lock": lock}).refusals] == ["odd"]

    def test_ahead_of_time_compilation_of_dotnet(self) -> None:
        text = "<Project><PropertyGroup><PublishAot>true</PublishAot></PropertyGroup></Project>"
        phases = {remark.phase for remark in verdict("mcr.microsoft.com/dotnet/sdk", {"a.csproj": text}).doubts}
        assert phases == {"build", "run"}

    def test_an_image_of_no_language_is_judged_by_all(self) -> None:
        files = {"requirements.txt": "torch\n", "package.json": '{"dependencies": {"grpc": "1"}}', "pubspec.yaml": ""}
        told = {remark.where for remark in verdict("debian", files).refusals}
        assert told == {"requirements.txt", "package.json", "pubspec.yaml"}

    def test_what_another_language_installs_does_not_matter(self) -> None:
        assert verdict("golang", {"requirements.txt": "torch\n", "go.mod": "module a\n"}) == MuslVerdict()

    def test_nobody_reads_a_thousand_remarks(self) -> None:
        files = {"requirements.txt": "".join(f"odd{number}\n" for number in range(1000))}
        assert len(verdict("python", files).refusals) == MOST_REMARKS


class TestRisksAreBounded:
    def test_large_binaries_are_named(self) -> None:
        (remark,) = context_risks(DictContext({"bin/tool": b"\x7fELF" + b"\0" * 16_000_001}))
        assert "too large" in remark.reason

    def test_many_files(self) -> None:
        files: dict[str, bytes | str] = {f"bin/tool{number}": "text" for number in range(1000)}
        reads = 0

        class Counting(DictContext):
            def read(self, path: str, limit: int = 1_000_000) -> bytes | None:
                nonlocal reads
                reads += 1
                return super().read(path, limit)

        assert context_risks(Counting(files)) == ()
        assert reads <= 400

    def test_many_remarks(self) -> None:
        files: dict[str, bytes | str] = {f"a{number}-cp311-cp311-linux_x86_64.whl": b"" for number in range(300)}
        assert len(context_risks(DictContext(files))) == 50

    def test_plain_names_are_not_opened(self) -> None:
        assert context_risks(DictContext({"Dockerfile": b"\x7fELF", ".env": b"\x7fELF", "LICENSE": b"\x7fELF"})) == ()

    def test_a_context_that_is_cut_short(self) -> None:
        assert context_risks(DictContext({f"{number}.txt": b"" for number in range(50_001)}))[-1].where == ""
