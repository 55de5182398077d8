"""The executor that a function's options ask for."""

from cocosql.executors import Executor
from cocosql.executors.attempts import Attempts
from cocosql.executors.caller import CallerExecutor
from cocosql.executors.options import Options
from cocosql.executors.processes import InProcess
from cocosql.executors.target import Target
from cocosql.executors.tasks import TaskExecutor
from cocosql.executors.threads import InThread, InThreadWithTimeout, ThreadExecutor


def make(target: Target, options: Options) -> Executor:
    attempts = Attempts(target, options)
    if target.is_async:
        return TaskExecutor(attempts)
    if options.executor == "process":
        return ThreadExecutor(attempts, InProcess(target, options.timeout))
    if options.timeout is not None:
        return ThreadExecutor(attempts, InThreadWithTimeout(target, options.timeout))
    return ThreadExecutor(attempts, InThread(target)) if options.needs_supervision else CallerExecutor(attempts)
