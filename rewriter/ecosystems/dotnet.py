""".NET: what ``dotnet publish`` leaves, run by the runtime image of the same version and distribution.

Without ``-o`` the folder is ``bin/<configuration>/<framework>/publish`` beside the project; the configuration is
Release by default since .NET 8 (Debug before). ``Microsoft.NET.Sdk.Web`` asks for the aspnet image. Source: Microsoft's
documentation of dotnet-publish and of the images, 2026-08.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from rewriter.ecosystems.artefacts import Linkage, Output, SystemNeeds
from rewriter.ecosystems.runtime_base import RuntimeBase
from rewriter.ecosystems.source_words import Calls
from rewriter.ecosystems.sourced import SourcedEcosystem
from rewriter.transform import Certainty, Evidence

if TYPE_CHECKING:
    from rewriter.ecosystems.artefacts import Artefact
    from rewriter.ecosystems.reads import RuntimeFiles
    from rewriter.ecosystems.runtime_base import Builder
    from rewriter.facts import Facts
    from rewriter.model.launch import Launch
    from rewriter.model.run import Step

_SDK = "mcr.microsoft.com/dotnet/sdk"
_WEB = re.compile(rb"Microsoft\.NET\.Sdk\.Web|AspNetCore")
_PACKAGE = re.compile(rb"<PackageReference\s+(?:Include|Update)=\"([^\"]+)\"", re.IGNORECASE)
_NOT_WEB = re.compile(
    rb"(?:System|Microsoft\.(?:Extensions|EntityFrameworkCore|Data|NET|CodeAnalysis|VisualStudio|Azure|Identity)|Azure|AWSSDK|"
    rb"Google|Newtonsoft|Serilog|NLog|Npgsql|MySql|MySqlConnector|Oracle|Dapper|Polly|Confluent|RabbitMQ|StackExchange|"
    rb"MongoDB|CommandLineParser|Spectre|CsvHelper|Telegram|Discord|DSharpPlus|MQTTnet|StyleCop|SonarAnalyzer)(?:\.|\Z)",
    re.IGNORECASE,
)
"""Packages that bring no ASP.NET with them. Source: their pages on nuget.org, 2026-11."""
_DRAWS = re.compile(rb"System\.Drawing\.Common|SkiaSharp|libgdiplus|DinkToPdf|wkhtmltox", re.IGNORECASE)
_FRAMEWORK = re.compile(rb"<TargetFramework>\s*([\w.]+)\s*</TargetFramework>")
_PROJECTS = (".csproj", ".fsproj", ".vbproj")
_CALLS = Calls(
    reads=re.compile(
        r"\b(?:File\.(?:Open(?:Read|Text)?|ReadAll\w+|ReadLines)|Directory\.(?:Get|Enumerate)\w+|new\s+(?:FileStream|"
        r'StreamReader|PhysicalFileProvider)|AddJsonFile)\(\s*@?(?:"(?P<path>[^"\n]*)")?'
    ),
    starts=re.compile(r'\b(?:Process\.Start|new\s+ProcessStartInfo)\(\s*@?(?:"(?P<program>[^"\s\n]++)[^"\n]*+")?'),
)
_CONTENT = re.compile(r"appsettings[\w.-]*\.json\Z|wwwroot/")
"""What an ASP.NET application reads in its working directory. Source: ASP.NET Core documentation, content root, 8.0."""
_VALUES = frozenset(
    "-c --configuration -o --output -r --runtime -f --framework -v --verbosity -a --arch --os --source -s "
    "--version-suffix --manifest --self-contained".split()
)


class DotnetStage(SourcedEcosystem):
    """What one stage does with .NET."""

    name = ".NET"
    calls = _CALLS
    skipped = frozenset("bin obj test tests node_modules .git".split())
    portable = True
    tools = frozenset({"dotnet", "nuget"})
    settings = frozenset(
        "NUGET_* DOTNET_CLI_* DOTNET_NOLOGO DOTNET_SKIP_FIRST_TIME_EXPERIENCE BUILD_CONFIGURATION".split()
    )
    caches = ("/root/.nuget", "/root/.dotnet", "/root/.local/share/NuGet")
    folders = ("/usr/share/dotnet", "/root/.dotnet")
    source_names = (".cs", ".fs", ".vb", ".cshtml", ".razor")
    build_files = frozenset({"Directory.Build.props", "Directory.Packages.props", "global.json", "nuget.config"})
    source_folders = frozenset("src test tests Properties Controllers Models Views Pages".split())

    def recognised(self) -> bool:
        """On Microsoft's SDK image, where dotnet publishes something."""
        image = self.stage.root.image
        return image is not None and image.short_name == _SDK

    def is_source(self, path: str) -> bool:
        """Projects and solutions, too."""
        return super().is_source(path) or path.endswith((*_PROJECTS, ".sln", ".slnx"))

    def outputs(self, step: Step) -> Iterator[Output]:
        """The folder of ``dotnet publish``."""
        words = list(step.argv[1:])
        if step.name != "dotnet" or words[:1] != ["publish"] or step.cwd is None:
            return
        options, projects, known = _options(words[1:])
        output = options.get("-o", options.get("--output", ""))
        if not known or output is None:
            return
        if output:
            yield Output(step.absolute(output), None, linkage=Linkage.PORTABLE, kind="dir")
            return
        project = projects[0] if projects else "."
        home = step.absolute(posixpath.dirname(project) if project.endswith((*_PROJECTS, ".sln")) else project)
        configuration = options.get("-c", options.get("--configuration", self._configuration))
        framework = options.get("-f", options.get("--framework", self._framework(home)))
        runtime = options.get("-r", options.get("--runtime", ""))
        if home and configuration and framework and runtime is not None:
            folder = posixpath.join(home, "bin", configuration, framework, runtime, "publish")
            yield Output(posixpath.normpath(folder), None, linkage=Linkage.PORTABLE, kind="dir")

    @property
    def _configuration(self) -> str:
        return "Release" if self._version >= (8,) else "Debug"

    @property
    def _version(self) -> tuple[int, ...]:
        image = self.stage.root.image
        return tuple(int(n) for n in re.findall(r"\d+", (image.tag if image else "").partition("-")[0])[:2])

    def _framework(self, home: str | None) -> str:
        found = [
            re.search(rb"<TargetFramework>\s*([\w.]+)\s*</TargetFramework>", data) for _, data in self._projects(home)
        ]
        names = {match[1].decode() for match in found if match}
        return names.pop() if len(names) == 1 else ""

    def _projects(self, home: str | None = None) -> Iterator[tuple[str, bytes]]:
        context = self.files.context
        origin = self.files.origin(home) if home is not None else "."
        for path in context.files() if context is not None and origin is not None else ():
            inside = origin == "." or posixpath.dirname(path) == origin
            if path.endswith(_PROJECTS) and inside and context is not None:
                yield path, context.read(path, 1_000_000) or b""

    def leaves(self, step: Step) -> str | None:
        """dotnet writes into the project and its caches; running the application in the build is not followed."""
        verb = step.argv[1] if len(step.argv) > 1 else ""
        if step.name == "dotnet" and verb in ("run", "watch", "ef", "exec", "dev-certs", "user-secrets"):
            return f"what `dotnet {verb}` leaves for run time cannot be told"
        if step.name == "dotnet" and verb and verb.endswith(".dll"):
            return f"what {verb} leaves for run time cannot be told"
        return super().leaves(step)

    def starts(self, step: Step) -> tuple[str, ...] | str:
        """The assembly behind ``dotnet``, or a program of its own."""
        if step.name != "dotnet":
            return super().starts(step)
        words = [word for word in step.argv[1:] if word is not None]
        assembly = next((word for word in words if word.endswith(".dll")), "")
        return (
            (assembly if "/" in assembly else f"./{assembly}",) if assembly else "which assembly it starts is not seen"
        )

    def toolchain(self, step: Step) -> str:
        """What builds whenever it starts."""
        verb = step.argv[1] if len(step.argv) > 1 else ""
        builds = step.name == "dotnet" and verb in ("run", "watch", "test", "build", "ef")
        return f"dotnet {verb}" if builds else ""

    @property
    def sources_seen(self) -> bool:
        """True when the build context holds a project."""
        return any(True for _ in self._projects())

    @cached_property
    def _web(self) -> bool | None:
        """Whether the application asks for ASP.NET, itself or by a package; None when that cannot be told."""
        context = self.files.context
        shared = [p for p in context.files() if p.endswith((".props", ".targets"))] if context is not None else []
        texts = [data for _, data in self._projects()]
        seen = bool(texts)
        texts += [(context.read(path, 1_000_000) or b"") for path in shared if context is not None]
        if any(_WEB.search(data) for data in texts):
            return True
        packages = [name for data in texts for name in _PACKAGE.findall(data)]
        return False if seen and all(_NOT_WEB.match(name) for name in packages) else None

    def reads(self, artefacts: tuple[Artefact, ...], launch: Launch, made: Mapping[str, str]) -> RuntimeFiles:
        """What it reads lies in the published folder, or in the working directory where that is another one."""
        found = super().reads(artefacts, launch, made)
        if self.sources_seen:
            fact = "which files its packages read outside of what is published was not looked at"
            found.evidence.append(Evidence(fact, "project files", Certainty.ASSUMED))
        found.paths.update(self._content_root(artefacts))
        return found

    def _content_root(self, artefacts: tuple[Artefact, ...]) -> Iterator[tuple[str, str]]:
        """Settings and static files of an ASP.NET application that starts elsewhere than in the published folder."""
        workdir, context = self.stage.final_state.workdir, self.files.context
        home = self.files.origin(workdir) if workdir is not None else None
        if context is None or home is None or any(artefact.path == workdir for artefact in artefacts):
            return
        prefix = "" if home == "." else f"{home}/"
        for path in context.files():
            found = _CONTENT.match(path[len(prefix) :]) if path.startswith(prefix) else None
            if found is not None and workdir is not None:
                yield posixpath.join(workdir, found.group().rstrip("/")), "it is read in the working directory"

    def needs(self, base: RuntimeBase, builder: Builder) -> SystemNeeds:
        """Libraries that draw are not part of the runtime images."""
        needs = SystemNeeds()
        for path, data in self._projects():
            match = _DRAWS.search(data)
            if match:
                needs.vetoes.append(f"{path} asks for {match.group().decode()}, which needs libraries of the system")
        if base.kind == "alpine" and not self._invariant:
            needs.packages.update(
                dict.fromkeys(("icu-data-full", "icu-libs", "tzdata"), "the SDK's image has cultures")
            )
        return needs

    def bases(self, facts: Facts, builder: Builder, artefacts: tuple[Artefact, ...]) -> list[RuntimeBase]:
        """aspnet or runtime, by the very tag of the SDK."""
        image = self.stage.root.image
        tag = (image.tag or "latest") if image is not None else ""
        name = "mcr.microsoft.com/dotnet/runtime" if self._web is False else "mcr.microsoft.com/dotnet/aspnet"
        page, kind = facts.image(name), "alpine" if builder.musl else "slim"
        base = RuntimeBase(f"{name}:{tag}", kind, programs=frozenset({"dotnet"}))
        if page is None or not page.has(tag):
            base.vetoes.append("there is no such tag in the catalogue")
            return [base]
        if page.family(tag) not in ("debian", "ubuntu", "alpine"):
            base.vetoes.append("which distribution it stands on is not known")
        base.evidence.append(Evidence(f"{name}:{tag} exists", f"{page.source}, {page.as_of}"))
        if self._web is None:
            base.evidence.append(
                Evidence("aspnet serves every application, a smaller runtime may", name, Certainty.ASSUMED)
            )
        base.environment = frozenset(page.config_of(tag).env)
        if kind == "alpine" and not self._invariant:
            base.lines = ("ENV DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=false",)
        self._ports(base)
        base.users = frozenset(user.name for user in page.users(tag))
        return [base]

    @property
    def _invariant(self) -> bool:
        return (self._variable("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT") or "").lower() in ("1", "true")

    def _variable(self, name: str) -> str | None:
        return self.stage.final_state.env.get(name, "")

    def _ports(self, base: RuntimeBase) -> None:
        """The SDK's image unsets the port that the aspnet image sets, so that an application listens on localhost.

        Source: src/sdk/8.0 and src/aspnet/8.0 of dotnet/dotnet-docker, 2026-08; up to 7.0 it was ASPNETCORE_URLS, 80.
        """
        name, port = ("ASPNETCORE_HTTP_PORTS", "8080") if self._version >= (8,) else ("ASPNETCORE_URLS", "80")
        said = any(self._variable(each) != "" for each in ("ASPNETCORE_HTTP_PORTS", "ASPNETCORE_URLS", "URLS"))
        if self._web is False or said:
            return
        exposed = " ".join(i.args for i in self.stage.instructions if i.name == "EXPOSE")
        if port in re.findall(r"\d+", exposed):
            fact = f"it will listen on the exposed port {port}, where the SDK's image listens on localhost alone"
            base.evidence.append(Evidence(fact, "EXPOSE", Certainty.ASSUMED))
        else:
            base.lines += (f"ENV {name}=",)

    def own_program(self, artefact: Artefact) -> bool:
        """Of several folders only those that are started are carried."""
        return False


def _options(words: list[str | None]) -> tuple[dict[str, str | None], list[str], bool]:
    """Options with their values, operands, and whether all words were known."""
    options: dict[str, str | None] = {}
    operands: list[str] = []
    known = True
    todo = list(words)
    while todo:
        word = todo.pop(0)
        if word is None:
            known = False
        elif word.startswith("-"):
            name, equals, value = word.partition("=")
            if name in _VALUES and not equals:
                options[name] = todo.pop(0) if todo else None
            else:
                options[name] = value
        elif not word.startswith("/p:"):
            operands.append(word)
    return options, operands, known
