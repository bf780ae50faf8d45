"""The reading half of a visit: what is to be done in a repository, and why. Nothing is written to a forge."""

from __future__ import annotations

import contextlib
import fnmatch
import shutil
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rewriter.bot.campaign import Campaign
from rewriter.bot.checkout import Bounds, Checkout
from rewriter.bot.decide import Decision, Do, Remembered, Shown, Wanted, decide, decide_branch
from rewriter.bot.forge import Forge, Pull, Repository, State
from rewriter.bot.identity import WHOLE, find_marker, slug
from rewriter.bot.ledger import Proposal
from rewriter.bot.prepare import Left, Prepared, prepare
from rewriter.bot.sources import belongs
from rewriter.bot.task import Plan, Survey, Task, Tools
from rewriter.source import decode

if TYPE_CHECKING:
    from rewriter.proof.verify import Verifier

_OPT_OUT = "dfrewrite.toml"
_ONE_PROOF = threading.Lock()


class Surveyor:
    """Looks at repositories; see `survey`."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._pulls = tools.campaign.pulls
        self._email = tools.campaign.author.email

    def survey(self, task: Task) -> Survey:
        """Looks at the repository, clones and rewrites it where there is something to rewrite, and decides."""
        forge = self._tools.forges[task.source]
        repository = forge.repository_again(task.repository, task.name)
        refusal = self._refusal(repository, task)
        if repository is None or refusal:
            return Survey(repository, ended=refusal)
        base = self._pulls.base or repository.default_branch
        content = forge.file(repository, _OPT_OUT, base)
        if content is not None and _opts_out(content):
            return Survey(repository, ended=f"its {_OPT_OUT} says enabled = false")
        tree = forge.tree(repository, base)
        if tree is not None and not tree.blobs and not tree.truncated:
            return Survey(repository, ended="it is empty")
        known = self._tools.ledger.proposals_of(repository.forge, repository.id)
        if tree is not None and not tree.truncated and not known and not any(map(_may_be_dockerfile, tree.blobs)):
            return Survey(repository, ended="it has no Dockerfile")
        source = self._fork(forge, repository)
        checkout = self.clone(task, forge, repository, base)
        with self._proving() as verifier:
            prepared, left = prepare(checkout.folder, repository.forge, repository.id, self._tools.campaign, verifier)
        home = source or repository
        remote = self._tools.remote(forge, home)
        branches = checkout.branches(remote, self._pulls.branch_prefix) if home.id else {}
        if not prepared and not left and not known:
            return Survey(repository, ended="it has no Dockerfile")
        plans, waiting = self._decided(forge, repository, source, base, prepared, left, branches)
        return Survey(
            repository, base, checkout.head, tuple(plans), (*left, *waiting), source=source, at=self._tools.clock.now()
        )

    @contextlib.contextmanager
    def _proving(self) -> Iterator[Verifier | None]:
        """One proof at a time: two that share the machine would measure each other."""
        if self._tools.verifier is None:
            yield None
            return
        with _ONE_PROOF:
            yield self._tools.verifier()

    def _refusal(self, repository: Repository | None, task: Task) -> str:
        """Why the repository is not to be touched."""
        if repository is None:
            return "it is gone, or this identity may not see it"
        if any(fnmatch.fnmatchcase(repository.name.lower(), each.lower()) for each in self._pulls.opt_out):
            return "it is on the list of those that opt out"
        owners = allowed_owners(self._tools.campaign, task.source)
        if owners and not belongs(repository, owners):
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

    def _fork(self, forge: Forge, repository: Repository) -> Repository | None:
        """The fork to push to; None: the repository itself. One that is not there yet is made when it is needed."""
        if self._pulls.fork == "always" or (self._pulls.fork == "when-needed" and not repository.may_push):
            name = f"{forge.login()}/{repository.name.rpartition('/')[2]}"
            return forge.fork(repository) or replace(repository, id="", name=name)
        return None

    def clone(self, task: Task, forge: Forge, repository: Repository, base: str) -> Checkout:
        """A fresh clone, in place of an earlier one of the same task."""
        checkout = self._place(task)
        checkout.clone(self._tools.remote(forge, repository), base)
        return checkout

    def empty(self, task: Task) -> Checkout:
        """A clone with nothing in it, in place of an earlier one."""
        checkout = self._place(task)
        checkout.begin()
        return checkout

    def _place(self, task: Task) -> Checkout:
        self.forget(task)
        caps = self._tools.campaign.caps
        folder = Path(tempfile.mkdtemp(prefix="clone-", dir=self._tools.folder))
        checkout = Checkout(folder, Bounds(caps.repository_seconds, caps.repository_mb * 1_000_000))
        self._tools.clones[task] = checkout
        return checkout

    def forget(self, task: Task) -> None:
        """Removes the clone."""
        checkout = self._tools.clones.pop(task, None)
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
        recipe = self._tools.campaign.rewrite.recipe
        records = self._tools.ledger.proposals_of(repository.forge, repository.id)
        said = {each.branch: self._said_before(forge, repository, source, each, records) for each in prepared}
        refused = {branch: why for branch, why in said.items() if why}
        # Those of other campaigns count, too: to whoever reads them they are all the bot's.
        others = [each for each in records if each.recipe != recipe and each.state == State.OPEN.value]
        opened = sum(each.branch in branches for each in others)
        # But they are not looked at, however many there are.
        mine_by_name = {branch for branch in branches if branch.endswith(f"/{slug(recipe)}")}
        for branch in sorted({*wanted, *mine_by_name}):
            mine = wanted.get(branch)
            pulls = forge.pulls(repository, branch, source=source)
            opened += any(pull.state is State.OPEN for pull in pulls) or (forge.branches_only and branch in branches)
            known = (mine.key, mine.path) if mine is not None else self._known(branch, pulls, records)
            if known is None:
                continue  # of another campaign, or of somebody else
            key, path = known
            if mine is None and _is_kept(branch, pulls, left):
                continue
            if branch in refused:
                waiting.append(Left(path, refused[branch]))
                continue
            regrouped = _grouped_otherwise(path, prepared) if mine is None else ""
            if regrouped and refused:
                continue  # it stays: what would take its place is not proposed
            tip = branches.get(branch)
            ahead = forge.ahead(repository, base, branch, source=source) if tip is not None else []
            pulls = [self._with_conflicts(forge, repository, pull) for pull in pulls]
            shown = Shown(tuple(pulls), tip, tuple(ahead), base)
            wish = Wanted(mine.output, mine.proven) if mine is not None else None
            found = self._decide(forge, shown, wish, key)
            if regrouped and found.do in (Do.CLOSE, Do.REMOVE_BRANCH):
                found = replace(found, why=regrouped)
            number = found.pull.number if found.pull is not None else None
            url, state = (found.pull.url, found.pull.state.value) if found.pull is not None else ("", "")
            plans.append(Plan(found.do, found.why, key, path, branch, mine, number, found.expected, url, state))
        return self._capped(plans, opened, waiting), waiting

    def _decide(self, forge: Forge, shown: Shown, wish: Wanted | None, key: str) -> Decision:
        recreate = self._pulls.recreate
        if not forge.branches_only:
            return decide(shown, wish, key, self._email, recreate=recreate)
        record = self._tools.ledger.proposal(key)
        # What was only about to be pushed when somebody was killed was not proposed yet.
        known = record is not None and record.state == State.OPEN.value
        remembered = Remembered(record.tip, record.output) if record is not None and known else None
        return decide_branch(shown, wish, remembered, key, self._email, recreate=recreate)

    def _capped(self, plans: list[Plan], opened: int, waiting: list[Left]) -> list[Plan]:
        most = self._tools.campaign.caps.open_per_repository
        kept: list[Plan] = []
        for plan in plans:
            if plan.do is Do.OPEN and opened >= most:
                plural = " is" if opened == 1 else "s are"
                waiting.append(Left(plan.path, f"waits: {opened} pull request{plural} open in this repository"))
                continue
            opened += plan.do is Do.OPEN
            kept.append(plan)
        return kept

    def _known(self, branch: str, pulls: list[Pull], records: list[Proposal]) -> tuple[str, str] | None:
        """Key and path of a branch for which nothing is proposed any more, if it is one of this campaign's recipe."""
        recipe = self._tools.campaign.rewrite.recipe
        for pull in pulls:
            marker = find_marker(pull.body)
            if marker is not None and marker.recipe == recipe:
                return marker.key, marker.path
        mine = (each for each in records if each.branch == branch and each.recipe == recipe)
        return next(((each.key, each.path) for each in mine), None)

    def _said_before(
        self,
        forge: Forge,
        repository: Repository,
        source: Repository | None,
        mine: Prepared,
        records: list[Proposal],
    ) -> str:
        """Why nothing is proposed that had another branch: because its prefix was another one, or because files were
        taken together, or apart. Who closed that meant the proposal, and one that is open need not be there twice."""
        if self._pulls.recreate:
            return ""
        for each in records:
            other = each.recipe == self._tools.campaign.rewrite.recipe and each.state == State.CLOSED.value
            if other and _shares_files(each, mine):
                together = "all files together were" if each.path == WHOLE else f"{each.path} alone was"
                return f"{together} proposed before, and that was closed: {each.url or each.branch}"
        record = next((each for each in records if each.key == mine.key), None)
        if record is None or record.branch == mine.branch:
            return ""
        pulls = forge.pulls(repository, record.branch, source=source)
        if not pulls and not (forge.branches_only and record.state == State.OPEN.value):
            return ""
        return f"it was proposed from the branch {record.branch}, before branch-prefix was changed"

    def _with_conflicts(self, forge: Forge, repository: Repository, pull: Pull) -> Pull:
        if pull.state is not State.OPEN or pull.conflicted is not None:
            return pull
        return forge.pull(repository, pull.number) or pull


def allowed_owners(campaign: Campaign, source: int) -> set[str]:
    """The owners that were named for a source, also by naming a repository of theirs; empty where none exist."""
    chosen = campaign.sources[source]
    if chosen.forge in ("git", "folder"):
        return set()
    return {*chosen.owners, *(name.rpartition("/")[0] for name in chosen.repositories if "/" in name)}


def _grouped_otherwise(path: str, prepared: list[Prepared]) -> str:
    """Why a path is no proposal of its own any more, if that is because files are taken together now, or apart."""
    if path == WHOLE and prepared:
        return "its files are proposed one by one now"
    together = any(each.path == WHOLE and path in each.files for each in prepared)
    return "it is proposed together with others now" if together else ""


def _shares_files(record: Proposal, mine: Prepared) -> bool:
    """Whether one of the two takes all files together, and the other one of them alone."""
    return record.path in mine.files if mine.path == WHOLE else record.path == WHOLE


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
