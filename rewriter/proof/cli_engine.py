"""What all engines behind a command line have in common: builds, saving, and leaving nothing behind."""

from __future__ import annotations

import abc
import contextlib
import re
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from rewriter.proof.clients import Client
from rewriter.proof.engine import LABEL, BuildFailed, BuildRequest, Built, EngineError, Limits
from rewriter.proof.identity import FOLDER_PREFIX, folder_of, folder_of_all, identity_of, is_over, new_identity
from rewriter.proof.interrupt import held
from rewriter.proof.messages import Failure, end_of, text_of
from rewriter.proof.process import Child, Finished, signal_group
from rewriter.proof.steps import tree_of
from rewriter.proof.watch import Watch

if TYPE_CHECKING:
    from rewriter.syntax import Dockerfile

GRACE_SECONDS = 10.0
"""How long a build may take to stop in order before it is killed."""
ROUNDS_OF_REMOVAL = 3
AGAIN_SECONDS = 0.8
"""How long a part of the cleaning that fails is tried again."""

REPOSITORY = "dfrewrite-proof"
KEPT_REPOSITORY = "dfrewrite-kept"
"""Images of a proof are tagged with the one while it runs, and with the other when they are to be kept."""

_NOT_IN_TAGS = re.compile(r"[^A-Za-z0-9_.-]+")


def kept_tag(name: str, image: str) -> str:
    """The tag under which ``--keep`` leaves an image: ``dfrewrite-kept:before-0123456789ab``."""
    return f"{KEPT_REPOSITORY}:{_NOT_IN_TAGS.sub('-', name)}-{image.removeprefix('sha256:')[:12]}"


class CommandEngine(abc.ABC):
    """A build engine behind a client program; what it makes carries LABEL with ``identity``.

    It may be used again after ``clean``. Every method raises EngineError for what is the engine's own fault.
    """

    kind: ClassVar[str]
    ends_with_its_programs: ClassVar[bool] = False
    """True where a client that is asked to end leaves its work lying, and ends in order when its RUN is killed."""

    name: str
    version: str
    limits: Limits

    def __init__(self, program: str, version: str, limits: Limits, identity: str | None = None) -> None:
        """``identity`` is given for a proof that is over, to clean up after it."""
        self.name = self.kind
        self.version = version
        self.limits = limits
        self.identity = identity or new_identity()
        self._folder = folder_of(self.identity)
        self._client = Client(self.kind, program, self._environment, self._folder)
        self._images: dict[str, str] = {}
        self._builds_begun = 0
        self._used = identity is not None

    # --- what differs between engines ---

    @abc.abstractmethod
    def _environment(self) -> dict[str, str]:
        """The variables of the client."""

    @abc.abstractmethod
    def _build_command(self, request: BuildRequest, tag: str, folder: Path) -> list[str]:
        """The arguments of a build whose Dockerfile is in ``folder``, and whose image id goes to ``folder/id``."""

    @abc.abstractmethod
    def _read_failure(self, log: str, dockerfile: Dockerfile | None) -> Failure:
        """Why a build failed."""

    @abc.abstractmethod
    def _current_step(self, log: str, dockerfile: Dockerfile | None) -> tuple[str, int | None]:
        """What a build was at when it was stopped."""

    @abc.abstractmethod
    def _save_command(self, image: str, target: Path) -> list[str]:
        """The arguments that write an image to a file."""

    @abc.abstractmethod
    def _stop_programs_of_builds(self) -> None:
        """Kill what a RUN of an unfinished build started, where that does not end with the client."""

    @abc.abstractmethod
    def _remove_containers(self, identity: str) -> None:
        """Remove the containers of a proof."""

    @abc.abstractmethod
    def _inspect_images(self, label: str) -> list[dict[str, Any]]:
        """The images with a label, as ``docker image inspect`` describes them."""

    @abc.abstractmethod
    def _remove_image_words(self) -> list[str]:
        """The command that removes images or tags by force."""

    # --- builds ---

    def build(self, request: BuildRequest, name: str) -> Built | BuildFailed:
        """Build, with LABEL on the image. BuildFailed when it fails or takes longer than Limits.build_seconds."""
        self._begin()
        folder = self._files_of_build(request)
        self._builds_begun += 1
        tag = f"{REPOSITORY}:{self.identity}-{_NOT_IN_TAGS.sub('-', name)[:20]}-{self._builds_begun}"
        child = self._client.spawn(self._build_command(request, tag, folder), self.limits.output, builds=True)
        in_time = False
        try:
            in_time = child.wait(self.limits.build_seconds)
        finally:
            self._end_build(child)
        done = child.finished(in_time=in_time)
        id_file = folder / "id"
        if done.exit_code == 0 and id_file.is_file():
            image = id_file.read_text(encoding="ascii").strip()
            self._images[image] = name
            return Built(image, done.seconds)
        return self._failed(done, tree_of(request.dockerfile))

    def _files_of_build(self, request: BuildRequest) -> Path:
        with _temporary_files():
            folder = Path(tempfile.mkdtemp(prefix="build-", dir=self._folder))
            (folder / "Dockerfile").write_bytes(request.dockerfile)
            if request.ignore_file is not None:
                (folder / "Dockerfile.dockerignore").write_bytes(request.ignore_file)
            (folder / "empty").mkdir()
        return folder

    def _end_build(self, child: Child) -> None:
        with held():
            if child.runs:
                self.end_build(child.group, lambda: child.runs)
            self._client.forget(child)

    def end_build(self, group: int, runs: Callable[[], bool]) -> None:
        """Stop a build that still runs: in order if it lets itself be, then by force, with whatever it started."""
        deadline = time.monotonic() + GRACE_SECONDS
        if not self.ends_with_its_programs:
            signal_group(group, signal.SIGTERM)
        while runs() and time.monotonic() < deadline:
            self._stop_programs_of_builds()
            time.sleep(0.1)
        signal_group(group, signal.SIGKILL)
        self._stop_programs_of_builds()

    def _failed(self, done: Finished, dockerfile: Dockerfile | None) -> BuildFailed:
        log = text_of(done.stdout)
        if done.exit_code is None:
            step, line = self._current_step(log, dockerfile)
            at = f"; it was at {step}" if step else ""
            reason = f"the build did not end within {self.limits.build_seconds:g} seconds{at}"
            return BuildFailed(reason, line, end_of(done.stdout), in_time=False)
        if done.exit_code == 0:
            raise EngineError(f"`{self.name} build` names no image")
        failure = self._read_failure(log, dockerfile)
        if failure.engines_fault:
            raise EngineError(failure.reason)
        return BuildFailed(failure.reason, failure.line, end_of(done.stdout))

    def save(self, image: str, target: Path) -> None:
        """Write the image as a ``docker save`` archive; a target that could not be written whole is removed."""
        target.unlink(missing_ok=True)  # podman and buildah would not write over it
        try:
            self._client.ask(self._save_command(image, target), self.limits.build_seconds)
        except BaseException:
            target.unlink(missing_ok=True)
            raise

    def scratch(self) -> Path:
        """A folder for files of the proof, on this machine and readable by its user alone; ``clean`` removes it."""
        self._begin()
        folder = self._folder / "scratch"
        folder.mkdir(exist_ok=True)
        return folder

    # --- leaving nothing behind ---

    def _begin(self) -> None:
        """Before something is made: remove what killed runs left, and have somebody watch over this one."""
        if self._client.watch is not None:
            return
        with held(), _temporary_files():
            self._used = True
            self._folder.mkdir(mode=0o700, exist_ok=True)
            self._client.watch = Watch(self.kind, self._client.program, self.identity)
        self.clean_leftovers()

    def clean(self, *, keep_images: bool = False) -> None:
        """Remove everything that carries this proof's LABEL, its processes and its files. Never raises."""
        if not self._used:
            return
        with held():
            for child in list(self._client.builds):
                _quietly(self._end_build, child)
            # Before their clients are killed: podman forgets a program whose start was cut off, and it would run on.
            _quietly(self._remove_containers, self.identity)
            if keep_images:
                _quietly(self._keep_images)
            _quietly(self._remove_images, self.identity)
            for child in list(self._client.others):
                _quietly(self._client.forget, child)
            shutil.rmtree(self._folder, ignore_errors=True)
            if self._client.watch is not None:
                self._client.watch.close()
            self._client.watch, self._used = None, False
            self._images.clear()

    def _keep_images(self) -> None:
        for image, name in self._images.items():
            self._client.ask(["tag", image, kept_tag(name, image)])

    def clean_leftovers(self) -> None:
        """Remove what proofs left whose process was killed; never what may be in use. Never raises."""
        for folder in folder_of_all().glob(f"{FOLDER_PREFIX}*"):
            if is_over(identity_of(folder)) and _quietly(lambda found=folder: not found.is_symlink()):
                shutil.rmtree(folder, ignore_errors=True)
        for identity in _quietly(self._identities) or ():
            if is_over(identity):
                _quietly(self._remove_containers, identity)
                _quietly(self._remove_images, identity)

    def _identities(self) -> set[str]:
        """The proofs of which the engine holds something."""
        return labels_of(self._inspect_images(LABEL))

    def _remove_images(self, identity: str) -> None:
        """All images of a proof but those that somebody named: what ``--keep`` kept, and what a person tagged."""
        # Again, because podman fails at it while another process removes an image of the same layers.
        for _ in range(ROUNDS_OF_REMOVAL):
            found = [_ours_of(image) for image in self._inspect_images(f"{LABEL}={identity}")]
            if not any(found):
                break
            for names in filter(None, found):
                self._client.attempt([*self._remove_image_words(), *names])


def labels_of(inspected: Iterable[Mapping[str, Any]]) -> set[str]:
    """The proofs that made what was inspected."""
    return {((one.get("Config") or {}).get("Labels") or {}).get(LABEL, "") for one in inspected}


def _ours_of(image: Mapping[str, Any]) -> list[str]:
    """What of an image may be removed: all of it by its id, some of its tags, or nothing."""
    tags = [str(tag) for tag in image.get("RepoTags") or ()]
    ours = [tag for tag in tags if tag.rpartition(":")[0].removeprefix("localhost/") == REPOSITORY or "<none>" in tag]
    return [str(image["Id"])] if len(ours) == len(tags) else ours


@contextlib.contextmanager
def _temporary_files() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EngineError(f"no temporary files can be written: {error.strerror or error}") from error


def _quietly(action: Callable[..., Any], *arguments: Any) -> Any:
    """What an action gives, None when it fails: for cleaning, which must reach its end.

    What fails quickly is tried again: podman cannot list images while another process removes one.
    """
    until = time.monotonic() + AGAIN_SECONDS
    while True:
        with contextlib.suppress(Exception):
            return action(*arguments)
        if time.monotonic() > until:
            return None
        time.sleep(0.2)
