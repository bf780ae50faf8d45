"""Rust: what cargo builds, what it is linked against, and what the program needs at run time."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from rewriter.ecosystems.artefacts import Ahead, Output, SystemNeeds
from rewriter.ecosystems.installs import Installed, installed_by, installs_of
from rewriter.ecosystems.reads import implied_paths
from rewriter.ecosystems.rust_build import cargo_outputs, own_crate, run_ahead
from rewriter.ecosystems.source_words import Calls
from rewriter.ecosystems.sourced import SourcedEcosystem
from rewriter.model.launch import Launch, launch_of
from rewriter.transform import Certainty, Evidence

if TYPE_CHECKING:
    from rewriter.ecosystems.artefacts import Artefact
    from rewriter.ecosystems.reads import RuntimeFiles
    from rewriter.ecosystems.runtime_base import Builder, RuntimeBase
    from rewriter.model.run import Step

_SKIPPED = frozenset({"target", "tests", "benches", "examples", "vendor", ".git"})
_CALLS = Calls(
    reads=re.compile(
        r"\b(?:File::open|fs::read(?:_to_string|_dir)?|read_to_string|NamedFile::open(?:_async)?|ServeDir::new|"
        r"ServeFile::new|FileServer::from|relative!|Tera::new|from_filename|with_file|File::with_name|Files::new)\(\s*"
        r'(?:[&"]*"?(?P<path>(?<=")[^"\n]*)")?'
    ),
    starts=re.compile(r'\bCommand::new\(\s*(?:"(?P<program>[^"\n]*)")?'),
    temporary=re.compile(r"\btempfile::|\btempdir\(|\benv::temp_dir\("),
    whole=re.compile(r'(?:ServeDir::new|FileServer::from|fs::dir|Files::new)\([^)\n]{0,1000}"\.?/?"\s*\)'),
)
_TLS = frozenset(
    "openssl openssl-sys native-tls rustls-native-certs rustls-platform-verifier curl curl-sys hyper-tls".split()
)
"""Crates that look for the system's certificates; rustls with webpki-roots brings its own."""
_IMPLIED = {
    "rocket": ("Rocket.toml",),
    "rocket_dyn_templates": ("templates",),
    "rocket_contrib": ("templates",),
    "dotenv": (".env",),
    "dotenvy": (".env",),
    "loco-rs": ("config",),
}
"""What crates read in the working directory by themselves. Source: their documentation on docs.rs, 2026-11."""
_OF_CONFIG = ("toml", "yaml", "yml", "json", "json5", "ini", "ron")
"""The crate config finds a file by its name without these."""
_LOADS = re.compile(r"\blibloading::|\bdlopen2?::|\bLibrary::new\(")
_LINKS = re.compile(r"rustc-link-(?:lib|arg)\b(?!=static)|\bpkg_config::|\bsystem_deps::|\bvcpkg::")
_ATTRIBUTE = re.compile(r"#\[link\(")


class RustStage(SourcedEcosystem):
    """What one stage does with Rust."""

    name = "Rust"
    calls = _CALLS
    skipped = _SKIPPED
    tools = frozenset("cargo rustc rustup rustfmt cargo-chef cargo-nextest cross sccache".split())
    settings = frozenset(
        "CARGO_* RUSTUP_* RUSTFLAGS RUST_VERSION RUSTC_WRAPPER RUSTC SQLX_OFFLINE OPENSSL_STATIC OPENSSL_DIR "
        "OPENSSL_LIB_DIR OPENSSL_INCLUDE_DIR PKG_CONFIG_* CC_* SCCACHE_*".split()
    )
    caches = ("/usr/local/cargo/registry", "/usr/local/cargo/git", "/root/.cargo/registry")
    folders = ("/usr/local/cargo", "/usr/local/rustup", "/root/.cargo", "/root/.rustup")
    source_names = (".rs",)
    build_files = frozenset(
        "Cargo.toml Cargo.lock rust-toolchain rust-toolchain.toml clippy.toml rustfmt.toml .rustfmt.toml".split()
    )
    source_folders = frozenset("src benches crates examples tests .cargo target".split())
    strippable = True

    def recognised(self) -> bool:
        """When cargo or rustc make something."""
        return any(step.name in ("cargo", "rustc") for step in self.steps) or self._is_rust

    @property
    def _is_rust(self) -> bool:
        image = self.stage.root.image
        return image is not None and image.short_name == "rust"

    def outputs(self, step: Step) -> Iterator[Output]:
        """The programs of ``cargo build``, ``cargo install`` and ``rustc``."""
        return cargo_outputs(step, self.files)

    def leaves(self, step: Step) -> str | None:
        """cargo writes into target and its own folders; what a program of the project writes is not seen."""
        if step.name == "cargo" and step.argv[1:2] in (("run",), ("bench",)):
            return f"what `cargo {step.argv[1]}` leaves for run time cannot be told"
        return super().leaves(step)

    def own_program(self, artefact: Artefact) -> bool:
        """``cargo install NAME`` brings a tool of the build."""
        return own_crate(artefact.step)

    def ahead(self, launch: Launch) -> Ahead | str:
        """``cargo run`` builds and starts that."""
        step = launch.steps[0]
        return run_ahead(step, self.files) if step.name == "cargo" and step.argv[1:2] == ("run",) else ""

    @cached_property
    def declared(self) -> Installed:
        """The manifests and locks of what cargo builds."""
        launch = launch_of(self.stage, self.files)
        return installed_by(installs_of(self, launch.all_steps if isinstance(launch, Launch) else ()), self.files)

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(one.name for manifest in self.declared.all for one in manifest.dependencies)

    def reads(self, artefacts: tuple[Artefact, ...], launch: Launch, made: Mapping[str, str]) -> RuntimeFiles:
        """By the strings and calls of the sources, and by the crates that look for certificates."""
        found = super().reads(artefacts, launch, made)
        client = min(self._names & _TLS, default="")
        if client and not found.certificates:
            found.certificates = f"the crate {client}"
        found.paths.update(implied_paths(self._names, _IMPLIED, self))
        if "config" in self._names:
            found.paths.update(self._configurations())
        found.vetoes += self._loads()
        outside = self._names
        if outside:
            fact = f"what its dependencies ({len(outside)}) read at run time was not looked at"
            found.evidence.append(Evidence(fact, "Cargo.toml", Certainty.ASSUMED))
        return found

    def _configurations(self) -> Iterator[tuple[str, str]]:
        """Files that sources name without their endings."""
        workdir = self.stage.final_state.workdir or "/"
        named = ((literal, f"{s.path}:{line}") for s in self.sources for literal, line in s.literals.items())
        for literal, where in named:
            for ending in _OF_CONFIG if re.fullmatch(r"[\w./-]{1,100}", literal) else ():
                path = posixpath.normpath(posixpath.join(workdir, f"{literal}.{ending}"))
                if self.files.kind(path) == "file":
                    yield path, where

    def _loads(self) -> Iterator[str]:
        """Libraries that the program loads when it runs, or that its build script links."""
        loads = next((source for source in self.sources if _LOADS.search(source.text)), None)
        if loads is not None:
            yield f"{loads.path} loads libraries when it runs"
        for source in self.sources:
            links = (_LINKS if source.path.rpartition("/")[2] == "build.rs" else _ATTRIBUTE).search(source.text)
            if links is not None:
                yield f"{source.path} links libraries ({links.group().strip(':#[(')}), which are not followed"
                return

    @property
    def generates(self) -> bool:
        """When a build script may write files."""
        return any(source.path.rpartition("/")[2] == "build.rs" for source in self.sources)

    def needs(self, base: RuntimeBase, builder: Builder) -> SystemNeeds:
        """Libraries of the system that its crates link against."""
        from rewriter.manifests.needs import alpine_needs, slim_needs
        from rewriter.manifests.verdicts import known

        needs = SystemNeeds()
        manifests = self.declared.all
        if not any(manifest.complete for manifest in manifests):
            fact = "which libraries of the system its crates link against could not be seen: there is no Cargo.lock"
            needs.evidence.append(Evidence(fact, "build context", Certainty.ASSUMED))
            if base.kind == "slim":
                needs.vetoes += self._without_a_lock()
        found = alpine_needs(manifests, image="rust") if base.kind == "alpine" else None
        found = found or slim_needs(manifests, image="rust", suite=builder.suite or "")
        needs.packages.update(found.run)
        needs.vetoes += [str(remark) for remark in (*found.refusals, *found.unnamed)]
        crates = {one.name: one for manifest in manifests for one in manifest.dependencies if one.links}
        needs.vetoes += [
            f"whether the crate {name} links a library of the system is not known"
            for name, crate in sorted(crates.items())
            if crate.origin == "git" or known(crate) is None
        ]
        if base.kind == "alpine" and "-crt-static" in self._flags:
            needs.packages.setdefault("libgcc", "RUSTFLAGS asks for shared libraries")
        return needs

    def _without_a_lock(self) -> Iterator[str]:
        if not self.declared.manifests:
            yield "which libraries of the system it links against cannot be told without Cargo.toml and Cargo.lock"

    @property
    def _flags(self) -> str:
        return self.stage.final_state.env.get("RUSTFLAGS") or ""
