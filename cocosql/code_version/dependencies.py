"""What a code object reads of the world outside it, and what of that it changes itself.

This is read off the bytecode, where the compiler has resolved all names. Analyses are kept by code object.
"""

import dataclasses
import dis
import types
from collections.abc import Iterable
from typing import Any

from cocosql.code_version import normal_form, source

#: A kind of root ("global", "free", "argument", "import") and a dotted path from there: ("global", "helpers", "clean").
#: An import's second element is "<level> <module>". ("call", "(3)") is the result of one of `Analysis.calls`, and
#: ("const", "text") a text. Steps that are no attributes are `ITEM`, `ENTERED` and `SUPER`.
Path = tuple[str, ...]
ITEM = "[]"
ENTERED = "with"
SUPER = "super()"

#: Methods that change a container.
_MUTATORS = frozenset(
    [
        "append",
        "appendleft",
        "add",
        "update",
        "setdefault",
        "pop",
        "popleft",
        "popitem",
        "clear",
        "extend",
        "extendleft",
        "insert",
        "remove",
        "discard",
        "sort",
        "reverse",
        "move_to_end",
        "__setitem__",
        "__delitem__",
    ]
)
_UNCONDITIONAL = {"JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT", "JUMP_ABSOLUTE"}
_ENDS = {"RETURN_VALUE", "RETURN_CONST", "RERAISE", "RAISE_VARARGS"}
_SKIPPED = {"CACHE", "EXTENDED_ARG", "PRECALL", "NOP", "RESUME", "NOT_TAKEN"}
_ATTRIBUTES = {"LOAD_ATTR", "LOAD_METHOD"}


@dataclasses.dataclass(frozen=True)
class Change:
    """What code does to a thing: it binds a "name" (the path's last element) or an "item", or calls a "method".

    An "operator" is one in place. A method such as `append` changes containers only, as any class may have a method of
    that name.
    """

    path: Path
    kind: str = "name"


@dataclasses.dataclass(frozen=True)
class Call:
    """A call: what is called, and its arguments, where they are paths."""

    function: Path | None
    arguments: tuple[Path | None, ...]
    keywords: tuple[tuple[str, Path | None], ...]


@dataclasses.dataclass(frozen=True)
class Analysis:
    form: normal_form.NormalForm
    #: Globals and locally imported things that are read, with the attributes taken from them.
    reads: tuple[Path, ...]
    #: All paths that are loaded, also from arguments and closure values.
    loads: frozenset[Path]
    changes: frozenset[Change]
    calls: tuple[Call, ...]
    #: By name, what local names that are bound often may stand for.
    bindings: dict[str, set[Path]]
    returns: frozenset[Path]
    #: Names that calls may pass arguments by.
    keywords: frozenset[str]
    has_double_star: bool
    #: Names of parameters, also of functions inside.
    parameters: tuple[str, ...]


_ENTRIES = 20_000
_analyses: dict[int, tuple[types.CodeType, Analysis]] = {}


def analyze(code: types.CodeType) -> Analysis:
    """The analysis of a code object; it is made once.

    That it stays is also right: the source may be edited while the code runs on.
    """
    known = _analyses.get(id(code))  # The entry holds the code object, so the id stays its own.
    if known is not None:
        return known[1]
    made = _analyze(code)
    if len(_analyses) >= _ENTRIES:
        _analyses.clear()
    _analyses[id(code)] = code, made
    return made


def _analyze(code: types.CodeType) -> Analysis:
    node = source.definition(code)
    form = normal_form.of_definition(node, code.co_freevars) if node else normal_form.of_bytecode(code)
    calls: list[Call] = []
    bindings: dict[str, set[Path]] = {}
    outer: dict[str, Path] = {name: ("free", name) for name in code.co_freevars}
    scans = _scans(code, outer, _arguments(code), calls, bindings)
    codes = [scan.code for scan in scans]
    return Analysis(
        form=form,
        reads=tuple(sorted({path for scan in scans for path in scan.reads})),
        loads=frozenset(path for scan in scans for path in scan.loads),
        changes=frozenset(change for scan in scans for change in scan.changes),
        calls=tuple(calls),
        bindings=bindings,
        returns=frozenset(scans[0].returns),
        keywords=frozenset(word for inner in codes for word in _keywords(inner)),
        has_double_star=any(scan.has_double_star for scan in scans),
        parameters=tuple(name for inner in codes for name in inner.co_varnames[: _count_of_parameters(inner)]),
    )


def _count_of_parameters(code: types.CodeType) -> int:
    return code.co_argcount + code.co_kwonlyargcount


def _keywords(code: types.CodeType) -> Iterable[str]:
    """Keywords of calls are tuples of names among the constants."""
    for constant in code.co_consts:
        if isinstance(constant, tuple):
            yield from (word for word in constant if isinstance(word, str))


def _arguments(code: types.CodeType) -> dict[str, Path]:
    parameters = code.co_varnames[: _count_of_parameters(code)] if code.co_flags & 0x02 else ()
    return {name: ("argument", name) for name in parameters}


def _scans(
    code: types.CodeType,
    outer: dict[str, Path],
    given: dict[str, Path],
    calls: list[Call],
    bindings: dict[str, set[Path]],
) -> list["_Scan"]:
    """The code object and those inside it.

    `outer` says what its closure's names stand for, `given` what its arguments stand for, where that is known.
    """
    scan = _Scan(code, outer, given, calls, bindings)
    found = [scan]
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            first = scan.iterated.get(constant)
            known: dict[str, Path] = {".0": first} if first is not None else {}
            found += _scans(constant, scan.known_to_inner(), known, calls, bindings)
    return found


class _Scan:
    """One pass over the instructions of one code object.

    `paths[i]` is the path of what instruction i leaves on top of the stack, where that is one.
    """

    def __init__(
        self,
        code: types.CodeType,
        outer: dict[str, Path],
        given: dict[str, Path],
        calls: list[Call],
        bindings: dict[str, set[Path]],
    ) -> None:
        self.code = code
        self.reads: set[Path] = set()
        self.changes: set[Change] = set()
        self.has_double_star = False
        self.outer = outer
        self.instructions = [each for each in dis.get_instructions(code) if each.opname not in _SKIPPED]
        self.depths = _depths(self.instructions)
        self.paths: list[Path | None] = []
        self.loads: set[Path] = set()
        self.returns: set[Path] = set()
        self.calls = calls
        #: What comprehensions inside iterate over.
        self.iterated: dict[types.CodeType, Path | None] = {}
        self.comprehensions: list[types.CodeType] = []
        #: The path of what is taken from a sequence that is being unpacked, and how many names are still to be bound.
        self.unpacked: tuple[Path | None, int] = None, 0
        #: What the loop iterates over that begins next.
        self.iterating = given.get(".0")
        self.module: Path | None = None
        #: What local names stand for: arguments, and names bound once to a path.
        self.locals = dict(given)
        self.bindings = bindings
        self.bound_often = self._bound_often(code.co_varnames[: _count_of_parameters(code)])
        for index, instruction in enumerate(self.instructions):
            if instruction.opname == "STORE_FAST_LOAD_FAST":
                self._stores(index, instruction)
            self.paths.append(self._path(index, instruction))
            self._changes(index, instruction)
        for index, path in enumerate(self.paths):
            if path is not None and not self._is_taken_apart(index):
                self.loads.add(path)
                self._read(path)

    def known_to_inner(self) -> dict[str, Path]:
        return {**self.outer, **self.locals}

    def _bound_often(self, parameters: Iterable[str]) -> set[str]:
        seen, often = set(parameters), set[str]()
        for each in self.instructions:
            for name in _stored(each):
                (often if name in seen else seen).add(name)
        for name in often:
            path = self.locals.pop(name, None)
            self.bindings[self._key(name)] = set() if path is None else {path}
        return often

    def _key(self, name: str) -> str:
        return f"{id(self.code)} {name}"

    def _bind(self, name: str, path: Path | None) -> None:
        if path is not None and name in self.bound_often:
            self.bindings[self._key(name)].add(path)
        elif path is not None:
            self.locals[name] = path

    def _read(self, path: Path) -> None:
        if path[0] in ("global", "import") and not any(is_step(step) for step in path[2:]):
            self.reads.add(path)

    def _path(self, index: int, each: dis.Instruction) -> Path | None:
        before = self.paths[index - 1] if index else None
        name = each.argval
        operation = each.opname
        if operation in ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"):
            return ("global", name)
        if operation in _ATTRIBUTES:
            return (*before, name) if before is not None else None
        if operation in ("COPY", "PUSH_NULL") and each.arg in (None, 1):
            return before
        if operation == "IMPORT_NAME":
            return self._imported(index, name)
        if operation == "IMPORT_FROM":
            path = (*self.module, name) if self.module is not None else None
            if path is not None:
                self._read(path)
            return path
        loaded = _loaded(each)
        return self._local(loaded) if loaded is not None else self._step_taken(index, each)

    def _step_taken(self, index: int, each: dis.Instruction) -> Path | None:
        """The path of an item, of a call's result, of a text."""
        before = self.paths[index - 1] if index else None
        operation = each.opname
        if operation == "BINARY_SUBSCR" or (operation == "BINARY_OP" and each.argrepr == "[]"):
            return _step(self._pushed(index, 2), ITEM)
        if operation in ("GET_ITER", "GET_AITER"):
            self.iterating = before
            if self.comprehensions:
                self.iterated[self.comprehensions.pop()] = before
            return before
        if operation == "FOR_ITER":
            return _step(self.iterating, ITEM)
        if operation == "UNPACK_SEQUENCE":
            return _step(before, ITEM)
        if operation in ("BEFORE_WITH", "BEFORE_ASYNC_WITH"):
            return _step(before, ENTERED)
        if operation in ("CALL", "CALL_KW"):
            return self._call(index, each)
        if operation == "LOAD_SUPER_ATTR":
            return _step(_step(self._first_argument(), SUPER), each.argval)
        if operation == "LOAD_CONST":
            return self._constant(each.argval)
        return None

    def _constant(self, value: Any) -> Path | None:
        if isinstance(value, types.CodeType) and value.co_varnames[:1] == (".0",):
            self.comprehensions.append(value)
        return ("const", value) if isinstance(value, str) else None

    def _call(self, index: int, each: dis.Instruction) -> Path | None:
        """The path of a call's result. CPython has the names of keywords before the call, or on top of the stack."""
        count, before = int(each.arg or 0), self.instructions[index - 1]
        has_names = each.opname == "CALL_KW" or before.opname == "KW_NAMES"
        names: tuple[str, ...] = self.code.co_consts[before.arg or 0] if has_names else ()
        top = 1 if each.opname == "CALL_KW" else 0
        given = [self._pushed(index, position + top) for position in range(count, 0, -1)]
        function = self._pushed(index, count + top + 1)
        positional = given[: count - len(names)]
        keywords = tuple(zip(names, given[count - len(names) :], strict=True))
        if function == ("global", "super"):
            return _step(self._first_argument(), SUPER)
        self.calls.append(Call(function, tuple(positional), keywords))
        return ("call", f"({len(self.calls) - 1})")

    def _first_argument(self) -> Path | None:
        return self._local(self.code.co_varnames[0]) if self.code.co_varnames else None

    def _local(self, name: str) -> Path | None:
        if name in self.locals:
            return self.locals[name]
        if name in self.bound_often:
            return ("local", self._key(name))
        is_own = name in self.code.co_varnames or name in self.code.co_cellvars
        return None if is_own else self.outer.get(name)

    def _imported(self, index: int, name: str) -> Path:
        level, names = self.instructions[index - 2].argval, self.instructions[index - 1].argval
        self.module = ("import", f"{level} {name}")
        # `import a.b` binds a, and `import a.b as c` takes b from that.
        if not names and not level and "." in name:
            self.reads.add(("import", f"0 {name}", ""))
            self.module = ("import", f"0 {name.partition('.')[0]}")
        return self.module

    def _changes(self, index: int, each: dis.Instruction) -> None:
        operation = each.opname
        if operation in ("STORE_GLOBAL", "DELETE_GLOBAL"):
            self.changes.add(Change(("global", each.argval)))
        elif operation == "DICT_MERGE":
            self.has_double_star = True
        elif operation in ("STORE_SUBSCR", "DELETE_SUBSCR"):
            self._change_item(self._pushed(index, 2), self._pushed(index, 1))
        elif operation == "STORE_SLICE":
            self._change(self._pushed(index, 3), kind="item")
        elif operation == "COPY" and each.arg == 2 and self._is_augmented_item(index):
            self._change(self._pushed(index, 2), kind="item")
        elif operation == "STORE_FAST_LOAD_FAST":
            pass  # It has bound its name already.
        elif operation == "BINARY_OP" and each.argrepr.endswith("="):
            self._change(self._pushed(index, 2), kind="operator")
        elif operation in ("RETURN_VALUE", "YIELD_VALUE"):
            self.returns |= {path for path in [self._pushed(index, 1)] if path is not None}
        elif operation in ("STORE_ATTR", "DELETE_ATTR"):
            self._change(self._pushed(index, 1), each.argval)
        elif operation in _ATTRIBUTES and index and self.instructions[index - 1].opname == "COPY":
            self._change(self.paths[index - 1], each.argval)
        elif operation in _ATTRIBUTES and each.argval in _MUTATORS and index:
            self._change(self.paths[index - 1], kind="method")
        else:
            self._stores(index, each)

    def _change(self, path: Path | None, attribute: str | None = None, kind: str = "name") -> None:
        if path is not None:
            self.changes.add(Change((*path, attribute) if attribute is not None else path, kind))

    def _change_item(self, path: Path | None, key: Path | None) -> None:
        if path is not None and path[-1] == "__dict__" and key is not None and key[0] == "const":
            self._change(path[:-1], key[1])
        else:
            self._change(path, kind="item")

    def _stores(self, index: int, each: dis.Instruction) -> None:
        """`x = helpers` gives the path a second name; a name of an outer function that is rebound is state."""
        if each.opname == "UNPACK_SEQUENCE":
            self.unpacked = self.paths[index], int(each.arg or 0)
        for name in _stored(each):
            path, left = self.unpacked
            self.unpacked = path, max(left - 1, 0)
            if left:
                self._bind(name, path)
                continue
            if each.opname in ("STORE_DEREF", "DELETE_DEREF") and name in self.code.co_freevars:
                if self.outer.get(name) == ("free", name):
                    self.changes.add(Change(("free", name)))
            elif each.opname in ("STORE_FAST", "STORE_DEREF", "STORE_FAST_LOAD_FAST"):
                path = self.paths[index - 1] if index else None
                if path is None and index and self.instructions[index - 1].opname == "POP_TOP" and self.module:
                    path = self._before_swap(index)
                self._bind(name, path)

    def _before_swap(self, index: int) -> Path | None:
        """`import a.b as c` is IMPORT_NAME, IMPORT_FROM, SWAP, POP_TOP, STORE."""
        swap, taken = self.instructions[index - 2], self.instructions[index - 3]
        return self.paths[index - 3] if swap.opname == "SWAP" and taken.opname == "IMPORT_FROM" else None

    def _is_augmented_item(self, index: int) -> bool:
        """`x[k] += 1` copies container and key: COPY 2, COPY 2, and then takes the item."""
        following = self.instructions[index + 1 : index + 2]
        return bool(following) and following[0].opname == "COPY" and following[0].arg == 2

    def _pushed(self, index: int, position: int) -> Path | None:
        """The path of what lies at a position of the stack, 1 being its top, before an instruction."""
        depth = self.depths[index] - position + 1
        for earlier in range(index - 1, -1, -1):
            after = self.depths[earlier + 1] if earlier + 1 <= index else depth
            if after < depth:
                return None
            if after == depth and not _only_pops(self.instructions[earlier]):
                return self.paths[earlier]
        return None

    def _is_taken_apart(self, index: int) -> bool:
        """Whether the next instruction takes or sets an attribute of what this one loads, or gives it a known name."""
        if index + 1 >= len(self.instructions):
            return False
        following = self.instructions[index + 1]
        if following.opname in _ATTRIBUTES or following.opname in ("STORE_ATTR", "DELETE_ATTR", "IMPORT_FROM"):
            return True
        if any(name in self.locals for name in _stored(following)):
            return True
        if self.instructions[index].opname in ("IMPORT_NAME", "IMPORT_FROM"):
            return following.opname in ("SWAP", "POP_TOP")
        copied = following.opname == "COPY" and following.arg == 1 and index + 2 < len(self.instructions)
        return copied and self.instructions[index + 2].opname in _ATTRIBUTES


def is_step(name: str) -> bool:
    """Whether a part of a path is no attribute: an item, a result."""
    return name in (ITEM, ENTERED, SUPER)


def _step(path: Path | None, step: str) -> Path | None:
    return (*path, step) if path is not None else None


def _loaded(each: dis.Instruction) -> str | None:
    """The local or closure variable that an instruction leaves on top of the stack."""
    operation = each.opname
    if "LOAD_FAST" in operation and not operation.endswith("_STORE_FAST") and operation != "LOAD_FAST_AND_CLEAR":
        return str(each.argval[-1]) if isinstance(each.argval, tuple) else str(each.argval)
    if operation in ("LOAD_DEREF", "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR_DEREF"):
        return str(each.argval)
    return None


def _stored(each: dis.Instruction) -> list[str]:
    operation = each.opname
    if operation in ("STORE_FAST", "STORE_DEREF", "DELETE_FAST", "DELETE_DEREF"):
        return [str(each.argval)]
    if operation == "STORE_FAST_STORE_FAST":
        return [str(name) for name in each.argval]
    return [str(each.argval[0])] if operation == "STORE_FAST_LOAD_FAST" else []


def _only_pops(each: dis.Instruction) -> bool:
    return (
        each.opname.startswith(("POP_", "STORE_FAST", "STORE_DEREF", "STORE_GLOBAL"))
        or "JUMP" in each.opname
        or each.opname == "KW_NAMES"
    )


def _depths(instructions: list[dis.Instruction]) -> list[int]:
    """The stack's depth before each instruction, and after the last; exact within an expression."""
    depths = [0]
    at_target: dict[int, int] = {}
    for number, each in enumerate(instructions):
        depth = at_target.get(each.offset, depths[number])
        depths[number] = depth
        argument = each.arg if each.opcode >= dis.HAVE_ARGUMENT else None
        if each.opcode in dis.hasjrel or each.opcode in dis.hasjabs:
            at_target.setdefault(each.argval, depth + dis.stack_effect(each.opcode, argument, jump=True))
        depths.append(depth + dis.stack_effect(each.opcode, argument, jump=False))
        if each.opname == "CALL" and "PRECALL" in dis.opmap:  # CPython 3.11 has two instructions for a call
            depths[-1] += dis.stack_effect(dis.opmap["PRECALL"], argument)
        if each.opname in _UNCONDITIONAL or each.opname in _ENDS:
            following = instructions[number + 1].offset if number + 1 < len(instructions) else -1
            depths[-1] = at_target.get(following, depths[-1])
    return depths
