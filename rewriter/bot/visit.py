"""One visit to one repository, in steps that may each be done again.

`Visitor.survey` only reads; the others write one thing each, and look first whether it is done already. What a step
returns is plain data, so that whoever goes on after a crash has it.
"""

from __future__ import annotations

from dataclasses import replace

from rewriter.bot.checkout import FileCommit, Person, PushRefused
from rewriter.bot.decide import Do
from rewriter.bot.forge import Exists, Forge, NewPull, Pull, Remark, Repository, State
from rewriter.bot.identity import Marker, find_marker
from rewriter.bot.ledger import Proposal, Visit, with_state
from rewriter.bot.prepare import Prepared
from rewriter.bot.survey import Surveyor
from rewriter.bot.task import Moved, Plan, Pushed, Stale, Survey, Task, Tools
from rewriter.source import encode

_FRESH = 600.0
"""Seconds after which what was surveyed is not relied on any more: there are pauses of hours before a write."""


class Visitor:
    """The steps of a visit. They raise `ForgeError` and `GitFailed`; who calls them decides whether to try again."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._pulls = tools.campaign.pulls
        author = tools.campaign.author
        self._person = Person(author.name, author.email, author.signing_key)
        self._surveyor = Surveyor(tools)

    def _forge(self, task: Task) -> Forge:
        return self._tools.forges[task.source]

    def survey(self, task: Task) -> Survey:
        """See `Surveyor.survey`."""
        return self._surveyor.survey(task)

    def forget(self, task: Task) -> None:
        """Removes the clone."""
        self._surveyor.forget(task)

    def _still_holds(self, survey: Survey) -> None:
        """Raises `Stale`."""
        if self._tools.clock.now() - survey.at > _FRESH:
            raise Stale("it was surveyed too long ago")

    def push(self, task: Task, survey: Survey, plan: Plan) -> Pushed:
        """Pushes the branch of a plan unless a cap of the campaign is reached. Raises `Moved`."""
        assert survey.repository is not None
        assert plan.prepared is not None
        self._still_holds(survey)
        forge, prepared = self._forge(task), plan.prepared
        caps, now = self._tools.campaign.caps, self._tools.clock.now()
        if plan.do is Do.OPEN:
            objection = self._tools.ledger.reserve_opening(task.run, plan.key, now, caps.per_run, caps.per_hour)
            if objection:
                return Pushed(waits=objection)
        checkout = self._tools.clones.get(task)
        if checkout is None:
            checkout = self._surveyor.clone(task, forge, survey.repository, survey.base)
        if checkout.head != survey.head:
            raise Moved(f"{survey.base} is at {checkout.head[:12]} now")
        commits = [
            FileCommit(message, {path: encode(text) for path, text in texts.items()})
            for message, texts in prepared.commits
        ]
        tip = checkout.commits(commits, self._person, plan.key)
        record = self._record(survey.repository, plan, prepared)
        self._tools.ledger.record(with_state(record, "pushing", now, tip=tip))
        home = self._home(forge, survey)
        remote = self._tools.remote(forge, home)
        if checkout.branches(remote, plan.branch).get(plan.branch) == tip:
            return Pushed(tip)  # it was pushed before a crash
        forge.before_push()
        try:
            checkout.push(remote, tip, plan.branch, plan.expected)
        except PushRefused as error:
            raise _unless_moved(error) from None
        return Pushed(tip)

    def _home(self, forge: Forge, survey: Survey) -> Repository:
        """Where the branches are: the repository itself, or a fork, which is made where there is none."""
        assert survey.repository is not None
        if survey.source is None or survey.source.id:
            return survey.source or survey.repository
        return forge.fork(survey.repository) or forge.make_fork(survey.repository)

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
        """Opens or changes the pull request of a branch that was pushed; None when somebody else had the last word."""
        assert survey.repository is not None
        assert plan.prepared is not None
        self._still_holds(survey)
        forge, repository, prepared = self._forge(task), survey.repository, plan.prepared
        recipe, proven = self._tools.campaign.rewrite.recipe, "yes" if prepared.proven else ""
        marker = Marker(plan.key, plan.path, recipe, prepared.base, prepared.output, tip, proven)
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
        source = self._home(forge, survey) if survey.source is not None else None
        for _ in range(2):
            pulls = forge.pulls(repository, plan.branch, source=source)
            opened = next((pull for pull in pulls if pull.state is State.OPEN), None)
            if opened is not None:
                marker = find_marker(opened.body)
                if marker is None or marker.key != plan.key or opened.base != survey.base:
                    return None  # somebody else made one of our branch, or made ours go elsewhere
                if opened.title != prepared.title or opened.body != body:
                    forge.change_pull(repository, opened.number, title=prepared.title, body=body)
                if opened.draft and not draft and self._pulls.draft == "until-proven":
                    forge.ready(repository, opened.number)
                return opened
            if any(plan.do is Do.UPDATE or plan.number is None or pull.number > plan.number for pull in pulls):
                return None  # closed or merged since it was surveyed: that is the last word
            try:
                new = NewPull(prepared.title, body, plan.branch, survey.base, draft)
                return forge.open_pull(repository, new, source=source)
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

    def remark(self, task: Task, survey: Survey, plan: Plan, pull: Pull) -> None:
        """Says for each hunk why it is there, once for each result."""
        if not self._pulls.suggestions or survey.repository is None or plan.prepared is None:
            return
        remarks = tuple(Remark(*each) for each in plan.prepared.comments or [])
        mark = f"<!-- dfrewrite review {plan.key} {plan.prepared.output[:32]} -->"
        forge = self._forge(task)
        if remarks and not any(mark in text for text in forge.said(survey.repository, pull.number)):
            forge.review(survey.repository, pull, f"Why each part is there, line by line.\n\n{mark}", remarks)

    def close(self, task: Task, survey: Survey, plan: Plan) -> None:
        """Closes the pull request of a plan, says why, and removes the branch. Raises `Moved`."""
        assert survey.repository is not None
        self._still_holds(survey)
        forge, repository = self._forge(task), survey.repository
        home = survey.source or repository
        pull = forge.pull(repository, plan.number) if plan.number is not None else None
        tip = forge.tip(home, plan.branch) if plan.expected is not None else None
        if tip is not None and tip != plan.expected:
            raise Moved(f"somebody pushed to {plan.branch}")
        if pull is not None and pull.state is State.OPEN:
            forge.comment(repository, pull.number, f"Closed by dfrewrite: {plan.why}.")
            forge.close_pull(repository, pull.number)
        if tip is not None:
            # By git and not by the forge's own call, which would also remove what somebody pushes at this moment.
            self._delete(task, home, plan.branch, tip)
        record = self._tools.ledger.proposal(plan.key)
        if record is not None:
            self._tools.ledger.record(with_state(record, "gone", self._tools.clock.now(), why=plan.why))

    def _delete(self, task: Task, home: Repository, branch: str, tip: str) -> None:
        checkout = self._tools.clones.get(task) or self._surveyor.empty(task)
        forge = self._forge(task)
        remote = self._tools.remote(forge, home)
        if branch not in checkout.branches(remote, branch):
            return  # a forge may have removed it with its pull request
        forge.before_push()
        try:
            checkout.delete(remote, branch, tip)
        except PushRefused as error:
            raise _unless_moved(error) from None

    def noted(self, survey: Survey, plan: Plan) -> None:
        """Writes down what people did with a proposal."""
        record = self._tools.ledger.proposal(plan.key)
        if survey.repository is None or record is None or not plan.state or record.state == plan.state:
            return
        named = replace(record, name=survey.repository.name, url=plan.url, number=plan.number)
        self._tools.ledger.record(with_state(named, plan.state, self._tools.clock.now(), why=plan.why))

    def told(
        self, task: Task, repository: Repository | None, path: str, outcome: str, why: str, **more: object
    ) -> None:
        """Writes down what came of a file, or of the repository as a whole."""
        forge, name = (repository.forge, repository.name) if repository else (self._forge(task).host, task.name)
        visit = Visit(task.run, forge, task.repository, name, path, outcome, why, at=self._tools.clock.now())
        visit = replace(visit, **more)  # type: ignore[arg-type]
        self._tools.ledger.visited(visit)
        self._tools.events.tell(
            "visit", repository=name, path=path, outcome=outcome, why=why, failed=visit.failed, url=visit.url
        )


def _unless_moved(error: PushRefused) -> Exception:
    return Moved(str(error)) if error.moved else error
