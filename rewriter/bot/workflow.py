"""Visits as durable workflows. The one module that knows DBOS.

A workflow is one repository of one run. Its steps are kept in a database: whoever is killed in the middle is gone on
with by the next process of the same worker, or by another worker once the dead one's lease has run out. A step may be
done twice, so each looks before it writes. DBOS is pinned to one major version because its interface moves.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from typing import Any, TypeVar

from dbos import DBOS, DBOSConfig, SetEnqueueOptions, SetWorkflowID, StepOptions
from dbos import error as dbos_error

from rewriter.bot.decide import Do
from rewriter.bot.forge import Busy, ForgeError, Unreachable
from rewriter.bot.git_run import GitFailed, one_line
from rewriter.bot.task import Moved, Plan, Stale, Survey, Task, Tools
from rewriter.bot.visit import Visitor

_T = TypeVar("_T")
_VERSION = "1"
"""Of the workflow's steps: a process goes on only with workflows whose steps it would do in the same order."""
_QUEUE = "repositories"
_ATTEMPTS = 5
"""Of a step whose forge could not be reached."""
_FIRST_PAUSE = 5.0  # seconds; twice as long before each further attempt
_MOST_SURVEYS = 3
"""A repository that moves under our hands is left for the next run."""

_tools: list[Tools] = []
"""What the workflows of this process are made with: DBOS calls a function by its name, with data alone."""


def launch(database_url: str, worker: str, tools: Tools, *, listen: bool = True) -> None:
    """Begins to work on what is queued in a database, and goes on with what this worker left unfinished."""
    logging.getLogger("dbos").setLevel(logging.WARNING)
    config: DBOSConfig = {
        "name": "dfrewrite-bot",
        "system_database_url": database_url,
        "executor_id": worker,
        "application_version": _VERSION,
        "log_level": "WARNING",
        "enable_otlp": False,
        "use_listen_notify": False,
        "notification_listener_polling_interval_sec": 0.1,  # it is what an orderly end waits for
    }
    _tools[:] = [tools]
    DBOS(config=config)
    if not listen:
        DBOS.listen_queues([])
    DBOS.launch()
    most = max(1, tools.campaign.caps.workers)
    DBOS.register_queue(_QUEUE, partition_worker_concurrency=most, polling_interval_sec=0.1)


def stop() -> None:
    """Ends working; what is unfinished stays in the database."""
    DBOS.destroy()
    _tools.clear()


def enqueue(tasks: Iterable[Task], campaign: str, identity: Callable[[Task], str]) -> int:
    """Queues a visit for each task that this run has not queued yet; how many were named."""
    count = 0
    for task in tasks:
        with SetWorkflowID(workflow_id(campaign, task)), SetEnqueueOptions(queue_partition_key=identity(task)):
            DBOS.enqueue_workflow(_QUEUE, visit, asdict(task))
        count += 1
    return count


def workflow_id(campaign: str, task: Task) -> str:
    """One repository is visited once in a run."""
    return f"{campaign}:{task.run}:{task.source}:{task.repository}"


def adopt(workers: list[str]) -> int:
    """Takes over what dead workers left unfinished; how many workflows."""
    return len(DBOS._recover_pending_workflows(workers))


def unfinished(campaign: str, run: str) -> int:
    """How many visits of a run are queued or under way."""
    states = ["ENQUEUED", "PENDING", "DELAYED"]
    found = DBOS.list_workflows(
        status=states, workflow_id_prefix=f"{campaign}:{run}:", load_input=False, load_output=False
    )
    return len(found)


@DBOS.workflow(name="visit", max_recovery_attempts=1000)
def visit(task: dict[str, Any]) -> str:
    """All that is done in one repository; what came of it, in a word."""
    return _Visit(Task(**task), Visitor(_tools[0])).run()


class _Visit:
    """The order of the steps."""

    def __init__(self, task: Task, visitor: Visitor) -> None:
        self._task = task
        self._visitor = visitor
        self._tools = _tools[0]

    def run(self) -> str:
        began = self._tools.clock.now()
        outcome = self._run()
        seconds = self._tools.clock.now() - began
        self._tools.events.tell("repository", repository=self._task.name, outcome=outcome, seconds=seconds)
        return outcome

    def _run(self) -> str:
        try:
            surveys = 0
            while surveys < _MOST_SURVEYS:
                try:
                    return self._once()
                except Stale:
                    continue  # it waited for long enough not to be in a hurry
                except Moved as error:
                    surveys, reason = surveys + 1, str(error)
            return self._ends(None, f"it changes while it is looked at: {reason}", failed=True)
        except (ForgeError, GitFailed) as error:
            return self._ends(None, str(error), failed=True)
        except dbos_error.DBOSException:
            raise
        except Exception as error:  # ours, and no reason that the report says nothing of this repository
            return self._ends(None, f"fault of dfrewrite: {type(error).__name__}: {one_line(str(error))}", failed=True)
        finally:
            self._visitor.forget(self._task)

    def _once(self) -> str:
        task, visitor = self._task, self._visitor
        survey = self._step("survey", lambda: visitor.survey(task))
        if survey.ended:
            return self._ends(survey, survey.ended, failed=survey.failed)
        for left in survey.left:
            visitor.told(task, survey.repository, left.path, "left alone", left.why, failed=left.failed)
        for plan in survey.plans:
            try:
                self._carry_out(survey, plan)
            except (ForgeError, GitFailed) as error:
                visitor.told(task, survey.repository, plan.path, "failed", str(error), failed=True, url=plan.url)
        return "visited"

    def _carry_out(self, survey: Survey, plan: Plan) -> None:
        task, visitor = self._task, self._visitor
        outcome, why, url = plan.do.value, plan.why, plan.url
        if plan.do in (Do.OPEN, Do.UPDATE):
            self._wait_for_window()
            pushed = self._step("push", lambda: visitor.push(task, survey, plan))
            if pushed.waits:
                visitor.told(task, survey.repository, plan.path, "left alone", f"waits: {pushed.waits}")
                return
            pull = self._step("publish", lambda: visitor.publish(task, survey, plan, pushed.tip))
            if pull is None:
                outcome, why = "nothing", "somebody opened, changed or closed it in the meantime"
            else:
                self._step("label", lambda: visitor.label(task, survey, pull.number))
                self._step("ask review", lambda: visitor.ask_review(task, survey, pull.number))
                self._step("remark", lambda: visitor.remark(task, survey, plan, replace(pull, tip=pushed.tip)))
                outcome, url = ("opened" if plan.do is Do.OPEN else "updated"), pull.url
        elif plan.do in (Do.CLOSE, Do.REMOVE_BRANCH):
            self._wait_for_window()
            self._step("close", lambda: visitor.close(task, survey, plan))
            outcome = "closed" if plan.do is Do.CLOSE else "branch removed"
        else:
            visitor.noted(survey, plan)
        visitor.told(task, survey.repository, plan.path, outcome, why, url=url)

    def _ends(self, survey: Survey | None, why: str, *, failed: bool) -> str:
        repository = survey.repository if survey is not None else None
        self._visitor.told(self._task, repository, "", "failed" if failed else "left alone", why, failed=failed)
        return "failed" if failed else "left alone"

    def _wait_for_window(self) -> None:
        # As a step: whether there was a wait must be the same when the workflow is gone through again.
        clock, schedule = self._tools.clock, self._tools.campaign.schedule
        wait = self._step("window", lambda: schedule.opens_at(clock.now()) - clock.now())
        if wait > 0:
            DBOS.sleep(wait)

    def _step(self, name: str, work: Callable[[], _T]) -> _T:
        """A step whose outcome is kept. A forge that is busy is waited for, one that cannot be reached asked again."""
        attempts = 0
        while True:
            outcome = DBOS.run_step(StepOptions(name=name), _outcome, work)
            kind, value = outcome
            if kind == "done":
                return value  # type: ignore[no-any-return]
            if kind == "busy":
                DBOS.sleep(max(1.0, value - self._tools.clock.now()))
                continue
            attempts += 1
            if kind == "unreachable" and attempts < _ATTEMPTS:
                DBOS.sleep(_FIRST_PAUSE * 2 ** (attempts - 1) * random.uniform(0.8, 1.2))
                continue
            raise value


def _outcome(work: Callable[[], _T]) -> tuple[str, Any]:
    """What came of a step, as a value: DBOS would keep an exception, too, and it is ours to decide what it means."""
    try:
        return "done", work()
    except Busy as error:
        return "busy", error.until
    except Unreachable as error:
        return "unreachable", Unreachable(str(error))
    except Moved as error:
        return "failed", error
    except (ForgeError, GitFailed) as error:
        return "failed", GitFailed(str(error))  # plain: it is kept as bytes, and made anew from them
