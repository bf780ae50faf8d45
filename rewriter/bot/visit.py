"""One visit to one repository, in steps that may each be done again.

`Visitor.survey` only reads; the others write one thing each, and look first whether it is done already. What a step
returns is plain data, so that whoever goes on after a crash has it.
"""

from __future__ import annotations

import contextlib
import fnmatch
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rewriter.bot.campaign import Campaign
from rewriter.bot.checkout import Bounds, Checkout, FileCommit, Person, PushRefused, Remote
from rewriter.bot.decide import Do, Shown, Wanted, decide
from rewriter.bot.forge import Exists, Forge, NewPull, Pull, Repository, State
from rewriter.bot.identity import Marker, find_marker
from rewriter.bot.ledger import Ledger, Proposal, Visit, with_state
from rewriter.bot.prepare import Left, Prepared, prepare
from rewriter.source import decode, encode

if TYPE_CHECKING:
    from rewriter.bot.pace import Clock
    from rewriter.proof.verify import Verifier

_OPT_OUT = "dfrewrite.toml"


class Moved(Exception):
    """The repository is not what it was when it was surveyed: survey it again."""


@dataclass(frozen=True, slots=True)
class Task:
    """One repository of one run."""

    run: str
    source: int
    """Its place in `Campaign.sources`."""
    repository: str
    """Its id."""
    name: str
    """When it was found."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done about one key."""

    do: Do
    why: str
    key: str
    path: str
    branch: str
    prepared: Prepared | None = None
    number: int | None = None
    expected: str | None = None
    """The commit at which the branch must be when it is pushed."""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Survey:
    """What was seen in a repository. ``ended``: why nothing more is done with it as a whole."""

    repository: Repository | None
    base: str = ""
    head: str = ""
    plans: tuple[Plan, ...] = ()
    left: tuple[Left, ...] = ()
    ended: str = ""
    failed: bool = False
    source: Repository | None = None
    """The fork that the branches go to, if not to the repository itself."""


@dataclass(frozen=True)
class Tools:
    """What visits are made with."""

    campaign: Campaign
    forges: tuple[Forge, ...]
    """One for each source."""
    remote: Callable[[Forge, Repository], Remote]
    ledger: Ledger
    clock: Clock
    folder: Path
    """Where clones are put."""
    verifier: Verifier | None = None
    clones: dict[tuple[str, str], Checkout] = field(default_factory=dict)


class Visitor:
    """The steps of a visit. They raise `ForgeError` and `GitFailed`; who calls them decides whether to try again."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._pulls = tools.campaign.pulls
        author = tools.campaign.author
        self._person = Person(author.name, author.email, author.signing_key)

    def _forge(self, task: Task) -> Forge:
        return self._tools.forges[task.source]

    # --- reading

    def survey(self, task: Task) -> Survey:
        """Looks at the repository, clones and rewrites it where there is something to rewrite, and decides."""
        forge = self._forge(task)
        repository = forge.repository_by_id(task.repository)
        refusal = self._refusal(repository, task)
        if repository is None or refusal:
            return Survey(repository, ended=refusal)
        base = self._pulls.base or repository.default_branch
        content = forge.file(repository, _OPT_OUT, base)
        if content is not None and _opts_out(content):
            return Survey(repository, ended=f"its {_OPT_OUT} says enabled = false")
        tree = forge.tree(repository, base)
        known = self._tools.ledger.proposals_of(repository.forge, repository.id)
        if tree is not None and not tree.truncated and not known and not any(map(_may_be_dockerfile, tree.blobs)):
            return Survey(repository, ended="it has no Dockerfile")
        source = self._fork(forge, repository)
        if isinstance(source, str):
            return Survey(repository, ended=source)
        checkout = self._clone(task, forge, repository, base)
        prepared, left = prepare(
            checkout.folder, repository.forge, repository.id, self._tools.campaign, self._tools.verifier
        )
        branches = checkout.branches(self._tools.remote(forge, source or repository), self._pulls.branch_prefix)
        if not prepared and not left and not known:
            return Survey(repository, ended="it has no Dockerfile")
        plans, waiting = self._decided(forge, repository, source, base, prepared, left, branches)
        return Survey(repository, base, checkout.head, tuple(plans), (*left, *waiting), source=source)

    def _refusal(self, repository: Repository | None, task: Task) -> str:
        """Why the repository is not to be touched."""
        if repository is None:
            return "it is gone, or this identity may not see it"
        if any(fnmatch.fnmatchcase(repository.name.lower(), each.lower()) for each in self._pulls.opt_out):
            return "it is on the list of those that opt out"
        owners = {name.lower() for name in allowed_owners(self._tools.campaign, task.source)}
        if owners and repository.owner.lower() not in owners:
            return f"it belongs to {repository.owner} now, who was not named"
        if repository.archived:
            return "it is archived"
        if not repository.default_branch:
            return "it is empty"
        if repository.size > self._tools.campaign.caps.repository_mb * 1_000_000:
            return f"it is larger than {self._tools.campaign.caps.repository_mb} MB"
        if not repository.may_push and self._pulls.fork == "never":
            return "this identity may not push to it"
        return ""

    def _fork(self, forge: Forge, repository: Repository) -> Repository | str | None:
        """The fork to push to; None: the repository itself."""
        if self._pulls.fork == "always" or (self._pulls.fork == "when-needed" and not repository.may_push):
            return forge.fork(repository)
        return None

    def _clone(self, task: Task, forge: Forge, repository: Repository, base: str) -> Checkout:
        self.forget(task)
        caps = self._tools.campaign.caps
        folder = Path(tempfile.mkdtemp(prefix="clone-", dir=self._tools.folder))
        checkout = Checkout(folder, Bounds(caps.repository_seconds, caps.repository_mb * 1_000_000))
        self._tools.clones[task.run, task.repository] = checkout
        checkout.clone(self._tools.remote(forge, repository), base)
        return checkout

    def forget(self, task: Task) -> None:
        """Removes the clone."""
        checkout = self._tools.clones.pop((task.run, task.repository), None)
        if checkout is not None:
            shutil.rmtree(checkout.folder, ignore_errors=True)

    def _decided(
        self,
        forge: Forge,
        repository: Repository,
        source: Repository | None,
        base: str,
        prepared: list[Prepared],
        left: list[Left],
        branches: dict[str, str],
    ) -> tuple[list[Plan], list[Left]]:
        """A plan for each key that is proposed, or was; and what has to wait."""
        plans: list[Plan] = []
        waiting: list[Left] = []
        wanted = {each.branch: each for each in prepared}
        opened = 0
        for branch in sorted({*wanted, *branches}):
            mine = wanted.get(branch)
            pulls = forge.pulls(repository, branch, source=source)
            known = (mine.key, mine.path) if mine is not None else self._known(repository, branch, pulls)
            if known is None:
                continue  # of another campaign, or of somebody else
            key, path = known
            opened += any(pull.state is State.OPEN for pull in pulls)
            if mine is None and _is_kept(branch, pulls, left):
                continue
            tip = branches.get(branch)
            ahead = forge.ahead(repository, base, branch, source=source) if tip is not None else []
            pulls = [self._with_conflicts(forge, repository, pull) for pull in pulls]
            shown = Shown(tuple(pulls), tip, tuple(ahead))
            wish = Wanted(key, mine.base, mine.output) if mine is not None else None
            found = decide(shown, wish, key, self._person.email, recreate=self._pulls.recreate)
            number = found.pull.number if found.pull is not None else None
            url = found.pull.url if found.pull is not None else ""
            plans.append(Plan(found.do, found.why, key, path, branch, mine, number, found.expected, url))
        return self._capped(plans, opened, waiting), waiting

    def _capped(self, plans: list[Plan], opened: int, waiting: list[Left]) -> list[Plan]:
        most = self._tools.campaign.caps.open_per_repository
        kept: list[Plan] = []
        for plan in plans:
            if plan.do is Do.OPEN and opened >= most:
                plural = "s are" if opened > 1 else " is"
                waiting.append(Left(plan.path, f"waits: {opened} pull request{plural} open in this repository"))
                continue
            opened += plan.do is Do.OPEN
            kept.append(plan)
        return kept

    def _known(self, repository: Repository, branch: str, pulls: list[Pull]) -> tuple[str, str] | None:
        """Key and path of a branch for which nothing is proposed any more, if it is one of this campaign's recipe."""
        recipe = self._tools.campaign.rewrite.recipe
        for pull in pulls:
            marker = find_marker(pull.body)
            if marker is not None and marker.recipe == recipe:
                return marker.key, marker.path
        records = self._tools.ledger.proposals_of(repository.forge, repository.id)
        mine = (each for each in records if each.branch == branch and each.recipe == recipe)
        return next(((each.key, each.path) for each in mine), None)

    def _with_conflicts(self, forge: Forge, repository: Repository, pull: Pull) -> Pull:
        if pull.state is not State.OPEN or pull.conflicted is not None:
            return pull
        return forge.pull(repository, pull.number) or pull

    # --- writing

    def push(self, task: Task, survey: Survey, plan: Plan) -> str:
        """Pushes the branch of a plan; the id of its commit, or empty when a cap is reached. Raises `Moved`."""
        assert survey.repository is not None
        assert plan.prepared is not None
        forge, prepared = self._forge(task), plan.prepared
        caps, now = self._tools.campaign.caps, self._tools.clock.now()
        if plan.do is Do.OPEN:
            objection = self._tools.ledger.reserve_opening(task.run, plan.key, now, caps.per_run, caps.per_hour)
            if objection:
                return ""
        checkout = self._tools.clones.get((task.run, task.repository))
        if checkout is None:
            checkout = self._clone(task, forge, survey.repository, survey.base)
        if checkout.head != survey.head:
            raise Moved(f"{survey.base} is at {checkout.head[:12]} now")
        commits = [
            FileCommit(message, {path: encode(text) for path, text in texts.items()})
            for message, texts in prepared.commits
        ]
        tip = checkout.commits(commits, self._person, plan.key)
        record = self._record(survey.repository, plan, prepared)
        self._tools.ledger.record(with_state(record, "pushing", now, tip=tip))
        remote = self._tools.remote(forge, survey.source or survey.repository)
        if checkout.branches(remote, plan.branch).get(plan.branch) == tip:
            return tip  # it was pushed before a crash
        forge.before_push()
        try:
            checkout.push(remote, tip, plan.branch, plan.expected)
        except PushRefused as error:
            if error.moved:
                raise Moved(str(error)) from None
            raise
        return tip

    def _record(self, repository: Repository, plan: Plan, prepared: Prepared) -> Proposal:
        return Proposal(
            key=plan.key,
            forge=repository.forge,
            repository=repository.id,
            name=repository.name,
            path=plan.path,
            recipe=self._tools.campaign.rewrite.recipe,
            branch=plan.branch,
            url=plan.url,
            base=prepared.base,
            output=prepared.output,
            why=plan.why,
            number=plan.number,
            before_bytes=prepared.before_bytes,
            after_bytes=prepared.after_bytes,
            measured=prepared.measured,
        )

    def publish(self, task: Task, survey: Survey, plan: Plan, tip: str) -> Pull | None:
        """Opens or changes the pull request of a branch that was pushed; None when it was closed in the meantime."""
        assert survey.repository is not None
        assert plan.prepared is not None
        forge, repository, prepared = self._forge(task), survey.repository, plan.prepared
        marker = Marker(plan.key, plan.path, self._tools.campaign.rewrite.recipe, prepared.base, prepared.output, tip)
        body = f"{prepared.body.rstrip()}\n\n{marker.render()}\n"
        pull = self._publish(forge, survey, plan, prepared, body)
        if pull is None:
            return None
        record = self._record(repository, replace(plan, number=pull.number, url=pull.url), prepared)
        self._tools.ledger.record(with_state(record, pull.state.value, self._tools.clock.now(), tip=tip))
        return pull

    def _publish(self, forge: Forge, survey: Survey, plan: Plan, prepared: Prepared, body: str) -> Pull | None:
        assert survey.repository is not None
        repository, draft = survey.repository, self._is_draft(prepared)
        for _ in range(2):
            pulls = forge.pulls(repository, plan.branch, source=survey.source)
            opened = next((pull for pull in pulls if pull.state is State.OPEN), None)
            if opened is not None:
                if opened.title != prepared.title or opened.body != body:
                    forge.change_pull(repository, opened.number, title=prepared.title, body=body)
                if opened.draft and not draft and self._pulls.draft == "until-proven":
                    forge.ready(repository, opened.number)
                return opened
            if any(plan.number is None or pull.number > plan.number for pull in pulls):
                return None  # closed or merged since it was surveyed: that is the last word
            try:
                new = NewPull(prepared.title, body, plan.branch, survey.base, draft)
                return forge.open_pull(repository, new, source=survey.source)
            except Exists:
                continue  # somebody was faster, most likely ourselves before a crash
        return None

    def _is_draft(self, prepared: Prepared) -> bool:
        return self._pulls.draft == "always" or (self._pulls.draft == "until-proven" and not prepared.proven)

    def label(self, task: Task, survey: Survey, number: int) -> None:
        """Adds the campaign's labels."""
        if self._pulls.labels and survey.repository is not None:
            self._forge(task).label(survey.repository, number, self._pulls.labels)

    def ask_review(self, task: Task, survey: Survey, number: int) -> None:
        """Asks the campaign's reviewers."""
        if self._pulls.reviewers and survey.repository is not None:
            self._forge(task).ask_review(survey.repository, number, self._pulls.reviewers)

    def close(self, task: Task, survey: Survey, plan: Plan) -> None:
        """Closes the pull request of a plan, says why, and removes the branch."""
        assert survey.repository is not None
        forge, repository = self._forge(task), survey.repository
        if plan.number is not None:
            pull = forge.pull(repository, plan.number)
            if pull is not None and pull.state is State.OPEN:
                forge.comment(repository, plan.number, f"Closed by dfrewrite: {plan.why}.")
                forge.close_pull(repository, plan.number)
        home = survey.source or repository
        if plan.expected is not None and forge.tip(home, plan.branch) == plan.expected:
            forge.delete_branch(home, plan.branch)
        record = self._tools.ledger.proposal(plan.key)
        if record is not None:
            self._tools.ledger.record(with_state(record, "gone", self._tools.clock.now(), why=plan.why))

    # --- remembering

    def told(
        self, task: Task, repository: Repository | None, path: str, outcome: str, why: str, **more: object
    ) -> None:
        """Writes down what came of a file, or of the repository as a whole."""
        forge, name = (repository.forge, repository.name) if repository else (self._forge(task).host, task.name)
        self._tools.ledger.visited(
            replace(
                Visit(task.run, forge, task.repository, name, path, outcome, why, at=self._tools.clock.now()),
                **more,  # type: ignore[arg-type]
            )
        )

    @contextlib.contextmanager
    def timed(self) -> Iterator[Callable[[], float]]:
        """Seconds since it was entered."""
        begun = time.monotonic()
        yield lambda: time.monotonic() - begun


def allowed_owners(campaign: Campaign, source: int) -> set[str]:
    """The owners that were named for a source, also by naming a repository of theirs; empty where none exist."""
    chosen = campaign.sources[source]
    if chosen.forge in ("git", "folder"):
        return set()
    return {*chosen.owners, *(name.rpartition("/")[0] for name in chosen.repositories if "/" in name)}


def _opts_out(content: bytes) -> bool:
    """Whether a configuration says ``enabled = false``. One that cannot be read does not: the clone will tell."""
    import tomllib

    try:
        return tomllib.loads(decode(content)).get("enabled") is False
    except (tomllib.TOMLDecodeError, RecursionError, UnicodeError):
        return False


def _may_be_dockerfile(path: str) -> bool:
    name = path.rpartition("/")[2].lower()
    return name.startswith(("dockerfile", "containerfile")) or name.endswith(".dockerfile")


def _is_kept(branch: str, pulls: list[Pull], left: list[Left]) -> bool:
    """Whether the file of a branch is there and went wrong this time: then its pull request stays as it is."""
    paths = {marker.path for pull in pulls if (marker := find_marker(pull.body)) is not None}
    return any(each.keeps and (each.path in paths or not paths) for each in left)
