"""What a code object reads of the world outside it, and what of that it changes itself.

This is read off the bytecode, where the compiler has resolved all names. Analyses are kept by code object.
"""

import dataclasses
import dis
import types
from collections.abc import Iterable

from cocosql.code_version import normal_form, source

#: A kind of root ("global", "free", "argument", "import") and a dotted path from there: ("global", "helpers", "clean").
#: An import's second element is "<level> <module>".
Path = tuple[str, ...]

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
    ]
)
_UNCONDITIONAL = {"JUMP_FORWARD", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT", "JUMP_ABSOLUTE"}
_ENDS = {"RETURN_VALUE", "RETURN_CONST", "RERAISE", "RAISE_VARARGS"}
_SKIPPED = {"CACHE", "EXTENDED_ARG", "PRECALL", "NOP", "RESUME", "NOT_TAKEN"}
_ATTRIBUTES = {"LOAD_ATTR", "LOAD_METHOD"}


@dataclasses.dataclass(frozen=True)
class Change:
    """Something that code rebinds or fills: what the path's last element names."""

    path: Path
    #: By a method such as `append`: that counts for containers only, as any class may have a method of that name.
    by_method: bool = False


@dataclasses.dataclass(frozen=True)
class Analysis:
    form: normal_form.NormalForm
    #: Globals and locally imported things that are read, with the attributes taken from them.
    reads: tuple[Path, ...]
    changes: frozenset[Change]
    #: Names of globals and attributes, by which the code may call methods.
    names: frozenset[str]
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
    scans = _scans(code, {name: ("free", name) for name in code.co_freevars})
    codes = [scan.code for scan in scans]
    return Analysis(
        form=form,
        reads=tuple(sorted({path for scan in scans for path in scan.reads})),
        changes=frozenset(change for scan in scans for change in scan.changes),
        names=frozenset(name for inner in codes for name in inner.co_names),
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


def _scans(code: types.CodeType, outer: dict[str, Path]) -> list["_Scan"]:
    """The code object and those inside it; `outer` says what its closure's names stand for."""
    scan = _Scan(code, outer)
    found = [scan]
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found += _scans(constant, scan.known_to_inner())
    return found


class _Scan:
    """One pass over the instructions of one code object.

    `paths[i]` is the path of what instruction i leaves on top of the stack, where that is one.
    """

    def __init__(self, code: types.CodeType, outer: dict[str, Path]) -> None:
        self.code = code
        self.reads: set[Path] = set()
        self.changes: set[Change] = set()
        self.has_double_star = False
        self.outer = outer
        self.instructions = [each for each in dis.get_instructions(code) if each.opname not in _SKIPPED]
        self.depths = _depths(self.instructions)
        self.paths: list[Path | None] = []
        #: By instruction, the container whose item it leaves on top of the stack: to fill an item fills the container.
        self.containers: dict[int, Path] = {}
        self.module: Path | None = None
        parameters = code.co_varnames[: _count_of_parameters(code)] if code.co_flags & 0x02 else ()
        #: What local names stand for: arguments, and names bound once to a path.
        self.locals: dict[str, Path] = {name: ("argument", name) for name in parameters}
        self.bound_often = self._bound_often(parameters)
        for index, instruction in enumerate(self.instructions):
            self.paths.append(self._path(index, instruction))
            self._note_item(index, instruction)
            self._changes(index, instruction)
        for index, path in enumerate(self.paths):
            if path is not None and not self._is_taken_apart(index):
                self._read(path)

    def known_to_inner(self) -> dict[str, Path]:
        return {**self.outer, **self.locals}

    def _bound_often(self, parameters: Iterable[str]) -> set[str]:
        seen, often = set(parameters), set[str]()
        for each in self.instructions:
            for name in _stored(each):
                (often if name in seen else seen).add(name)
        for name in often:
            self.locals.pop(name, None)
        return often

    def _read(self, path: Path) -> None:
        if path[0] in ("global", "import"):
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
        return self._local(loaded) if loaded is not None else None

    def _note_item(self, index: int, each: dis.Instruction) -> None:
        if each.opname == "BINARY_SUBSCR" or (each.opname == "BINARY_OP" and each.argrepr == "[]"):
            container = self._pushed(index, 2)
            if container is not None:
                self.containers[index] = container

    def _local(self, name: str) -> Path | None:
        if name in self.locals:
            return self.locals[name]
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
            self._change(self._pushed(index, 2))
        elif operation == "STORE_SLICE":
            self._change(self._pushed(index, 3))
        elif operation == "COPY" and each.arg == 2 and self._is_augmented_item(index):
            self._change(self._pushed(index, 2))
        elif operation in ("STORE_ATTR", "DELETE_ATTR"):
            is_item = index - 1 in self.containers
            self._change(self._pushed(index, 1), None if is_item else each.argval)
        elif operation in _ATTRIBUTES and index and self.instructions[index - 1].opname == "COPY":
            self._change(self.paths[index - 1], each.argval)
        elif operation in _ATTRIBUTES and each.argval in _MUTATORS and index:
            self._change(self.paths[index - 1] or self.containers.get(index - 1), by_method=True)
        else:
            self._stores(index, each)

    def _change(self, path: Path | None, attribute: str | None = None, by_method: bool = False) -> None:
        if path is not None:
            self.changes.add(Change((*path, attribute) if attribute is not None else path, by_method))

    def _stores(self, index: int, each: dis.Instruction) -> None:
        """`x = helpers` gives the path a second name; a name of an outer function that is rebound is state."""
        for name in _stored(each):
            if each.opname in ("STORE_DEREF", "DELETE_DEREF") and name in self.code.co_freevars:
                if self.outer.get(name) == ("free", name):
                    self.changes.add(Change(("free", name)))
            elif name not in self.bound_often and each.opname in ("STORE_FAST", "STORE_DEREF"):
                path = self.paths[index - 1] if index else None
                if path is None and index and self.instructions[index - 1].opname == "POP_TOP" and self.module:
                    path = self._before_swap(index)
                if path is not None:
                    self.locals[name] = path

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
                return self.paths[earlier] or self.containers.get(earlier)
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
    return each.opname.startswith(("POP_", "STORE_FAST", "STORE_DEREF", "STORE_GLOBAL")) or "JUMP" in each.opname


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
