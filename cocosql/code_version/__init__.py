"""What a function's results depend on besides its arguments, as one fingerprint.

That is its own code, and what the code reads: defaults, closure values, globals, and the user's functions and classes
that it uses, however far away. Libraries that the code reaches into count by name and installed version.

| file | what is in it |
| --- | --- |
| `normal_form.py` | code without comments, annotations and names of locals |
| `source.py` | from a code object to its source |
| `dependencies.py` | what a code object reads, calls and changes |
| `state.py` | which attributes of which objects the code changes itself |
| `walk.py` | follows all that, and writes it into a digest |
| `values.py`, `classes.py`, `special.py` | plain data; classes and instances; modules, wrappers, locks, … |
| `declared.py` | `depends_on` |
| `origin.py` | the user's code, or a library's |
"""

import contextlib
import hashlib
import inspect
import textwrap
import types
from collections.abc import Callable
from typing import Any

from cocosql.code_version import classes, declared, origin, source, state, walk
from cocosql.code_version.declared import Declared


def code_version(
    function: Callable[..., Any], sql_types: list[str], version: str | None = None, depends_on: Declared = ()
) -> str:
    """The fingerprint of all that a function depends on, 32 hex digits.

    Args:
        function: the function, as it will be called.
        sql_types: of its parameters and its result.
        version: stands for all of the code: then only this and the types count.
        depends_on: what the code cannot show, such as the name of a model, a file, an installed package.

    Raises:
        TypeError: if the code reads something that has no fingerprint, and neither `version` nor `depends_on` is given.
        FileNotFoundError: if `depends_on` names a file that is not there.
    """
    code = f"version {version}".encode() if version is not None else _digest(function, depends_on)
    return hashlib.sha256(b"\0".join([*(name.encode() for name in sql_types), code])).hexdigest()[:32]


def source_text(function: Callable[..., Any]) -> str | None:
    """The function's source, then the source of what it uses of the user's; None if the function's is not known."""
    seen = walk.Walk(frozenset(), origin.home(function))
    with contextlib.suppress(RecursionError):  # Of data; the code is met before.
        seen.value(function)
    texts: list[str] = []
    for number, code in enumerate(seen.code):
        text = _text(code)
        if text is None and number == 0:
            return None
        if text is not None and not any(_words(text) in _words(before) for before in texts):
            texts.append(text)
    return "\n\n".join(text.rstrip("\n") for text in texts) + "\n" if texts else None


def _words(text: str) -> str:
    """A source without its indentation: a method's is also part of its class's."""
    return "\n".join(line.strip() for line in text.splitlines())


def _text(code: types.FunctionType | type) -> str | None:
    if isinstance(code, types.FunctionType):
        return source.text(code.__code__)
    members = [member for _, member in classes.members(code)]
    methods = [method for member in members for method in classes.functions_of(member)]
    if any(source.text(method.__code__) is None for method in methods if method.__module__ == code.__module__):
        return None  # The file was edited, or there is none.
    try:
        return textwrap.dedent(inspect.getsource(code))
    except (OSError, TypeError):
        return None


def _digest(function: Callable[..., Any], depends_on: Declared) -> bytes:
    home = origin.home(function)
    given = declared.declared_parts(depends_on, home)
    try:
        followed, digest = _follow(function, home, declared.libraries(depends_on))
    except RecursionError:
        raise TypeError(
            f"{_name(function)}: what it reads is nested too deeply for a fingerprint: "
            'say yourself when the code is new: @cocosql.udf(version="1")'
        ) from None
    if followed.problems and not given:
        raise TypeError(_explain(function, followed.problems))
    walk.pin(followed.pins)
    return digest + _digest_of_declared(given, home)


def _follow(function: Callable[..., Any], home: origin.Home, libraries: frozenset[str]) -> tuple[walk.Walk, bytes]:
    changed, kept = state.find_state(function, home)
    followed = walk.Walk(changed, home, libraries)
    followed.at(f"the object `{_name(function)}`", function, reader=_name(function))
    digest = followed.finish()
    del kept  # The state names objects by their ids: until here they are alive.
    return followed, digest


def _digest_of_declared(given: list[tuple[str, Any]], home: origin.Home) -> bytes:
    if not given:
        return b""
    walked = walk.Walk(frozenset(), home)
    for place, value in given:
        walked.write("declared", place)
        walked.at(f"`{place}`", value, reader="depends_on")
    if walked.problems:
        what = "; ".join(walked.problems)
        raise TypeError(f"{what}. It has no fingerprint: declare its name or version as text instead")
    return walked.finish()


def _explain(function: Callable[..., Any], problems: list[str]) -> str:
    listed = "\n".join(f"  {problem}" for problem in dict.fromkeys(problems))
    return (
        f"{_name(function)}: results depend on what has no fingerprint, so CocoSQL cannot tell when they are stale:\n"
        f"{listed}\n"
        'Say what stands for it: @cocosql.udf(depends_on=["name and version of the model"]).\n'
        'Or say yourself when the code is new: @cocosql.udf(version="1").'
    )


def _name(function: Any) -> str:
    name = getattr(function, "__qualname__", None) or getattr(function, "__name__", None) or type(function).__qualname__
    return str(name).rpartition("<locals>.")[2]
