"""Code versions: what makes a function another one, and what does not."""

import hashlib
import importlib
import itertools
import linecache
import os
import subprocess
import sys
import textwrap
import threading
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from speeds import holds_for

from cocosql.code_version import code_version, origin, source_text, special

Load = Callable[..., types.ModuleType]
_numbers = itertools.count()


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Load]:
    """Write modules (`load(main, tools=…)`), import `main` fresh and give it."""
    before = set(sys.modules)

    def load(main: str, **others: str) -> types.ModuleType:
        for name in set(sys.modules) - before:
            if getattr(sys.modules[name], "__file__", "") and str(tmp_path) in str(sys.modules[name].__file__):
                del sys.modules[name]
        folder = tmp_path / f"project_{next(_numbers)}"
        folder.mkdir()
        for name, source in {"main": main, **others}.items():
            file = folder / (name + ".py")
            file.parent.mkdir(exist_ok=True)
            file.write_text(textwrap.dedent(source))
        monkeypatch.syspath_prepend(str(folder))
        importlib.invalidate_caches()
        return importlib.import_module("main")

    yield load
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", "") and str(tmp_path) in str(sys.modules[name].__file__):
            del sys.modules[name]


def version(function: Any, **options: Any) -> str:
    return code_version(function, ["VARCHAR", "VARCHAR"], **options)


SAME = {
    "comments and formatting": ("def f(x):\n    return x+1", "def f(x):\n    # more\n    return (x   + 1)\n"),
    "docstring": ("def f(x):\n    return x", "def f(x):\n    '''Says.'''\n    return x"),
    "annotations": ("def f(x):\n    y = x\n    return y", "def f(x: int) -> int:\n    y: int = x\n    return y"),
    "parameter": ("def f(x):\n    return x + 1", "def f(y):\n    return y + 1"),
    "local": ("def f(x):\n    a = x\n    return a", "def f(x):\n    b = x\n    return b"),
    "swapped names": ("def f(a, b):\n    return a - b", "def f(b, a):\n    return b - a"),
    "comprehension": (
        "def f(x):\n    return [a for a in x if a]",
        "def f(x):\n    return [b for b in x if b]",
    ),
    "nested comprehension": (
        "def f(x):\n    return {a: [b for b in a] for a in x}",
        "def f(x):\n    return {x: [a for a in x] for x in x}",
    ),
    "lambda": ("def f(x):\n    return map(lambda a: a, x)", "def f(x):\n    return map(lambda b: b, x)"),
    "nested function": (
        "def f(x):\n    def g(a):\n        return a + x\n    return g(1)",
        "def f(y):\n    def h(b):\n        return b + y\n    return h(1)",
    ),
    "exception": (
        "def f(x):\n    try:\n        return x\n    except OSError as e:\n        return str(e)",
        "def f(x):\n    try:\n        return x\n    except OSError as error:\n        return str(error)",
    ),
    "walrus": (
        "def f(x):\n    return [y for a in x if (y := a)]",
        "def f(x):\n    return [z for a in x if (z := a)]",
    ),
    "match": (
        "def f(x):\n    match x:\n        case [a, *b]:\n            return a, b",
        "def f(x):\n    match x:\n        case [c, *d]:\n            return c, d",
    ),
    "nonlocal": (
        "def f(x):\n    n = 0\n    def g():\n        nonlocal n\n        n += x\n    g()\n    return n",
        "def f(x):\n    m = 0\n    def g():\n        nonlocal m\n        m += x\n    g()\n    return m",
    ),
    "local import": ("def f(x):\n    import json as j\n    return j", "def f(x):\n    import json as k\n    return k"),
    "another global": ("A = 1\ndef f(x):\n    return x", "A = 2\ndef f(x):\n    return x"),
    "the helper's comments": (
        "def f(x):\n    return g(x)\ndef g(x):\n    return x",
        "def f(x):\n    return g(x)\n\ndef g(y):\n    # Why.\n    return y",
    ),
    "lines above": ("def f(x):\n    return x", "import os\n\n\n\ndef f(x):\n    return x"),
    "the order of a set": (
        "A = {'a', 'b', 'c'}\ndef f(x):\n    return A",
        "A = {'c', 'a', 'b'}\ndef f(x):\n    return A",
    ),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_same_version(load: Load, one: str, other: str) -> None:
    assert version(load(one).f) == version(load(other).f)


# The pieces between | of what differs.
CONSTANT = "A = {}\ndef f(x):\n    return A"
HELPER = "{}\ndef f(x):\n    return g(x)"
CLASS = "{}\ndef f(x):\n    return C(x).m()"
DIFFERENT = {
    "operator": ("def f(x):\n    return {}", "x + 1", "x - 1"),
    "constant": ("def f(x):\n    return {}", "1", "1.0", "True", "'1'", "b'1'", "-0.0", "0.0"),
    "attribute": ("def f(x):\n    return x.{}", "a", "b"),
    "keyword": ("def f(x):\n    return dict({}=x)", "a", "b"),
    "used local": ("def f(a, b):\n    return {}", "a", "b"),
    "kind of parameter": ("def f({}):\n    return a", "a", "*a", "**a", "*, a"),
    "global or local": ("a = 1\ndef f(x):\n{}    a = 1\n    return a", "", "    global a\n"),
    "names that show": ("def f({0}):\n    return str(locals())", "a", "b"),
    "default": ("def f(x, y={}):\n    return y", "1", "2", "None", "[1]", "(1,)"),
    "keyword-only default": ("def f(x, *, y={}):\n    return y", "1", "2", "'a'"),
    "global": (
        CONSTANT,
        "1",
        "1.0",
        "True",
        "'1'",
        "None",
        "[1]",
        "(1,)",
        "{1}",
        "{1: 1}",
        "float('nan')",
        "-0.0",
        "0.0",
    ),
    "order of a dict": (CONSTANT, "{1: 1, 2: 2}", "{2: 2, 1: 1}"),
    "nested data": (CONSTANT, "[{'a': [1]}]", "[{'a': [2]}]", "[{'a': [2], 'b': 1}]"),
    "dates": (
        "import datetime as d\n" + CONSTANT,
        "d.date(2020, 1, 1)",
        "d.datetime(2020, 1, 1)",
        "d.datetime(2020, 1, 1, tzinfo=d.UTC)",
        "d.time(1)",
        "d.timedelta(1)",
    ),
    "things of the standard library": (
        "import decimal, uuid, re, pathlib, fractions, collections, functools, operator, string, math\n" + CONSTANT,
        *("decimal.Decimal('1.0')", "decimal.Decimal('1.00')", "uuid.UUID(int=1)", "uuid.UUID(int=2)"),
        *("re.compile('a')", "re.compile('a', re.I)", "re.compile('b')", "pathlib.Path('a')", "pathlib.Path('b')"),
        *(
            "fractions.Fraction(1, 2)",
            "collections.deque([1])",
            "collections.deque([1], 2)",
            "collections.Counter('a')",
        ),
        *("functools.partial(int, base=2)", "functools.partial(int, base=3)", "range(2)", "range(3)", "slice(1, 2)"),
        *("operator.itemgetter(1)", "operator.itemgetter(2)", "string.Template('a')", "string.Template('b')"),
        *("math.sin", "math.cos", "'a'.join", "'b'.join", "int", "list[int]", "list[str]", "int | None"),
    ),
    "numpy": (
        "import numpy as np\n" + CONSTANT,
        *("np.array([1, 2])", "np.array([1, 3])", "np.array([[1, 2]])", "np.array([1.0, 2.0])", "np.float32(1)"),
        *(
            "np.float64(1)",
            "np.dtype('f4')",
            "np.array(['a', None])",
            "np.array(['b', None])",
            "np.exp",
            "np.sin",
            "np.mean",
        ),
    ),
    "pyarrow": (
        "import pyarrow as pa\n" + CONSTANT,
        *("pa.array([1])", "pa.array([2])", "pa.array([None, 1])", "pa.array(['a'])", "pa.table({'a': [1]})"),
        *("pa.table({'b': [1]})", "pa.table({'b': [2]})", "pa.int8()", "pa.int16()", "pa.scalar(1)"),
    ),
    "enum": (
        "import enum\nclass E(enum.Enum):\n    A = {0}\n    B = {1}\ndef f(x):\n    return E.A",
        ("1", "2"),
        ("1", "3"),
        ("2", "1"),
    ),
    "enum member": (
        "import enum\nclass E(enum.Enum):\n    A = 1\n    B = 2\nM = E.{}\ndef f(x):\n    return M",
        "A",
        "B",
    ),
    "helper": (
        HELPER,
        "def g(x):\n    return 1",
        "def g(x):\n    return 2",
        "g = str",
        "g = lambda x: x",
        "g = lambda x: 2",
    ),
    "helper's constant": ("B = {}\ndef g(x):\n    return B\ndef f(x):\n    return g(x)", "1", "2"),
    "helper's helper": ("def h():\n    return {}\ndef g(x):\n    return h()\ndef f(x):\n    return g(x)", "1", "2"),
    "argument by name": ("def g({}):\n    return a - b\ndef f(x):\n    return g(a=x, b=1)", "a, b", "b, a", "a, *, b"),
    "helper in a comprehension": ("def g(x):\n    return {}\ndef f(x):\n    return [g(y) for y in x]", "1", "2"),
    "helper in a lambda": ("def g(x):\n    return {}\ndef f(x):\n    return map(lambda y: g(y), x)", "1", "2"),
    "helper in a dict": ("def g(x):\n    return {}\nALL = dict(g=g)\ndef f(x):\n    return ALL[x](x)", "1", "2"),
    "recursion": ("def g(x):\n    return f(x) - {}\ndef f(x):\n    return g(x) if x else 0", "1", "2"),
    "closure": ("def make(a):\n    def f(x):\n        return a\n    return f\nf = make({})", "1", "2", "[1]"),
    "closure's function": (
        "def make(a):\n    def f(x):\n        return a()\n    return f\ndef g():\n    return {}\nf = make(g)",
        "1",
        "2",
    ),
    "two lambdas": ("a, b = (lambda x: x + 1), (lambda x: x + 2)\nf = {}", "a", "b"),
    "decorator": (
        "import functools\ndef d(g):\n    @functools.wraps(g)\n    def w(*a):\n        return g(*a) + {}\n    return w\n"
        "@d\ndef f(x):\n    return x",
        "1",
        "2",
    ),
    "decorator's argument": (
        "def d(n):\n    def w(g):\n        return lambda *a: g(*a) * n\n    return w\n@d({})\ndef f(x):\n    return x",
        "1",
        "2",
    ),
    "under lru_cache": ("import functools\n@functools.lru_cache\ndef f(x):\n    return {}", "1", "2"),
    "helper under cache": (
        "import functools\n@functools.cache\ndef g(x):\n    return {}\ndef f(x):\n    return g(x)",
        "1",
        "2",
    ),
    "context manager": (
        "import contextlib\n@contextlib.contextmanager\ndef g():\n    yield {}\ndef f(x):\n    with g() as y:\n        return y",
        "1",
        "2",
    ),
    "partial": ("import functools\ndef g(a, x):\n    return a\nf = functools.partial(g, {})", "1", "2"),
    "method": (
        CLASS,
        *(f"class C:\n    def __init__(self, x): pass\n    def m(self):\n        return {n}" for n in "12"),
    ),
    "class attribute": (CLASS, *(f"class C(str):\n    a = {n}\n    def m(self):\n        return self.a" for n in "12")),
    "base class": (CLASS, *(f"class B(str):\n    def m(self):\n        return {n}\nclass C(B): pass" for n in "12")),
    "property": (
        CLASS,
        *(
            f"class C(str):\n    @property\n    def p(self):\n        return {n}\n    def m(self):\n        return self.p"
            for n in "12"
        ),
    ),
    "static method": (
        CLASS,
        *(
            f"class C(str):\n    @staticmethod\n    def s():\n        return {n}\n    def m(self):\n        return self.s()"
            for n in "12"
        ),
    ),
    "class method": (
        CLASS,
        *(
            f"class C(str):\n    @classmethod\n    def s(cls):\n        return {n}\n    def m(self):\n        return self.s()"
            for n in "12"
        ),
    ),
    "dataclass": (
        "import dataclasses\n@dataclasses.dataclass{}\ndef f(x):\n    return C()",
        *("\nclass C:\n    a: int = 1", "\nclass C:\n    a: int = 2", "\nclass C:\n    b: int = 2"),
        *("(frozen=True)\nclass C:\n    b: int = 2", "\nclass C:\n    b: str = 2"),
    ),
    "named tuple": (
        "from typing import NamedTuple\n{}\ndef f(x):\n    return C(x)",
        *(
            "class C(NamedTuple):\n    a: int",
            "class C(NamedTuple):\n    b: int",
            "class C(NamedTuple):\n    a: int = 1",
        ),
    ),
    "instance": (
        "class C:\n    def __init__(self, a):\n        self.a = a\nc = C({})\ndef f(x):\n    return c.a",
        "1",
        "2",
    ),
    "slots": ("class C:\n    __slots__ = 'a'\nc = C()\nc.a = {}\ndef f(x):\n    return c.a", "1", "2"),
    "bound method": (
        "class C:\n    def __init__(self, a):\n        self.a = a\n    def m(self, x):\n        return self.a\nf = C({}).m",
        "1",
        "2",
    ),
    "callable instance": (
        "class C:\n    def __init__(self, a):\n        self.a = a\n    def __call__(self, x):\n        return self.a\nf = C({})",
        "1",
        "2",
    ),
    "attribute of a function": ("def f(x):\n    return f.limit\nf.limit = {}", "1", "2"),
    "set from outside": (
        "class C:\n    a = 0\n    def put(self, a):\n        self.a = a\nc = C()\nc.put({})\ndef f(x):\n    return c.a",
        "1",
        "2",
    ),
    "generated code": ("exec('def f(x):\\n    return {}')", "1", "2"),
    "generated code's global": ("A = {}\nexec('def f(x):\\n    return A')", "1", "2"),
}


@pytest.mark.parametrize(("template", "variants"), [(each[0], each[1:]) for each in DIFFERENT.values()], ids=DIFFERENT)
def test_different_versions(load: Load, template: str, variants: tuple[Any, ...]) -> None:
    versions: dict[str, str] = {}
    for variant in variants:
        source = template
        for number, piece in enumerate(variant if isinstance(variant, tuple) else (variant,)):
            source = source.replace(f"{{{number}}}", piece).replace("{}", piece)
        got = version(load(source).f)
        assert got == version(load(source).f), f"the same source gives the same version: {variant}"
        assert got not in versions, f"{variant} and {versions[got]}"
        versions[got] = variant


def test_sql_types_and_version(load: Load) -> None:
    one, other = load("def f(x):\n    return 1").f, load("def f(x):\n    return 2").f
    assert code_version(one, ["BIGINT"]) != code_version(one, ["VARCHAR"])
    assert code_version(one, ["BIGINT"], "a") == code_version(other, ["BIGINT"], "a")
    assert code_version(one, ["BIGINT"], "a") != code_version(one, ["BIGINT"], "b")
    assert code_version(one, ["BIGINT"], "a") != code_version(one, ["VARCHAR"], "a")
    assert len(code_version(one, [])) == 32


# Classes and values: a function that reads them differs if and only if they do. `{}` stands for each of what follows.
MODEL = "import attrs, pydantic, typing, annotated_types\nfrom pydantic import BaseModel\n"
DEFINITIONS = {
    "pydantic: a field's model": (
        MODEL
        + "class N(BaseModel):\n    k: {}\nclass M(BaseModel):\n    n: N\n    m: list['N'] = []\ndef f(x):\n    return M",
        *("int", "str", "int | None", "typing.Annotated[int, annotated_types.Ge(1)]"),
        *("typing.Annotated[int, annotated_types.Ge(2)]", "int = 1", "int = 2", "int = pydantic.Field(1, le=5)"),
        *("typing.Annotated[int, pydantic.AfterValidator(lambda v: v)]", "int = pydantic.Field(1, alias='k')"),
        *("typing.Annotated[int, pydantic.AfterValidator(lambda v: v + 1)]", "typing.Literal[1]"),
    ),
    "pydantic: more": (
        MODEL + "class M(BaseModel):\n    k: int = 1\n    {}\ndef f(x):\n    return M()",
        *("pass", "_p: int = pydantic.PrivateAttr(1)", "_p: int = pydantic.PrivateAttr(2)", "_p = 3"),
        *("model_config = {'frozen': True}", "model_config = {'extra': 'forbid'}", "n: typing.ClassVar[int] = 1"),
        *(
            f"@pydantic.field_validator('k', mode='{mode}')\n    @classmethod\n    def v(cls, v): return v + {n}"
            for mode, n in (("before", 1), ("before", 2), ("after", 1))
        ),
        "@pydantic.model_validator(mode='after')\n    def v(self): return self",
        "@pydantic.computed_field\n    def v(self) -> int: return 1",
        "@pydantic.computed_field(alias='w')\n    def v(self) -> int: return 1",
        "@pydantic.field_serializer('k')\n    def v(self, v): return 1",
        "@pydantic.field_serializer('k', when_used='json')\n    def v(self, v): return 1",
    ),
    "pydantic: dataclass": (
        MODEL + "@pydantic.dataclasses.dataclass{0}\nclass M:\n    k: int = {1}\ndef f(x):\n    return M()",
        ("", "1"),
        ("", "2"),
        ("", "pydantic.Field(1, gt=0)"),
        ("(frozen=True)", "1"),
        ("(config={'strict': True})", "1"),
    ),
    "attrs": (
        MODEL + "@attrs.define{0}\nclass A:\n    k: int = attrs.field({1})\ndef f(x):\n    return A(x)",
        *(("", each) for each in ("", "validator=attrs.validators.lt(3)", "validator=attrs.validators.lt(30)")),
        *(("", each) for each in ("default=1", "default=2", "factory=list", "converter=int", "converter=str")),
        *(
            ("", each)
            for each in ("metadata={'a': 1}", "metadata={'a': 2}", "on_setattr=attrs.setters.frozen", "eq=str")
        ),
        *((each, "") for each in ("(frozen=True)", "(slots=False)", "(order=True)", "(eq=False)", "(kw_only=True)")),
    ),
    "dataclass": (
        "import dataclasses, typing\n@dataclasses.dataclass{0}\nclass D:\n    k: {1}\ndef f(x):\n    return D(1)",
        *(("", each) for each in ("int", "str", "'int'", "int = 1", "int = 2", "typing.ClassVar[int] = 1")),
        *(
            ("", f"list = dataclasses.field({each})")
            for each in ("default_factory=list", "metadata={1: 2}", "repr=False")
        ),
        *(
            (each, "int")
            for each in ("(frozen=True)", "(order=True)", "(slots=True)", "(match_args=False)", "(eq=False)")
        ),
    ),
    "annotation as a text": (
        "import dataclasses\nclass N:\n    k = {}\n@dataclasses.dataclass\nclass D:\n    k: 'list[N]'\ndef f(x):\n    return D",
        *("1", "2"),
    ),
    "enum": (
        "import enum\nclass E(enum.{0}):\n    A = 1\n    B = 2\n    {1}\nE.A.note = {2}\ndef f(x):\n    return E",
        *(("Enum", each, "1") for each in ("pass", "def m(self): return 1", "def m(self): return 2", "C = 1", "C = 3")),
        *(("Enum", "def __init__(self, n):\n        self.double = n * " + each, "1") for each in ("2", "3")),
        *(("Enum", "@classmethod\n    def _missing_(cls, v): return " + each, "1") for each in ("cls.A", "cls.B")),
        *(("IntEnum", "pass", "1"), ("Enum", "pass", "2"), ("Flag", "pass", "1")),
        *(("Flag, boundary=enum.KEEP", "pass", "1"), ("Flag, boundary=enum.EJECT", "pass", "1")),
    ),
    "enum: new": (
        "import enum\nclass E(enum.Enum):\n    def __new__(cls, n):\n        self = object.__new__(cls)\n"
        "        self._value_ = n\n        {}\n        return self\n    A = 1\ndef f(x):\n    return E(x)",
        *("pass", "self.n = 1", "self.n = 2", "str(n)"),
    ),
    "names in a class": (
        "class C:\n    {}\ndef f(x):\n    return C",
        *(
            "_fields = ('a',)",
            "_fields = ('b',)",
            "__match_args__ = ('a',)",
            "__match_args__ = ('b',)",
            "model_fields = 1",
        ),
        *(
            "__slots__ = ('a',)",
            "__slots__ = ('b',)",
            "__slots__ = ()",
            "_field_defaults = 1",
            "__total__ = 1",
            "a: int",
        ),
        *("_abc_impl = 1", "__class_vars__ = 1", "__private_attributes__ = {}", "_member_map_ = 1", "__hash__ = None"),
        *("__attrs = 1", "__pydantic_x = 1", "__required_keys__ = 1", "_generate_next_value_ = 1", "a: str", "pass"),
    ),
    "typed dict": (
        "import typing\nclass C(typing.TypedDict{0}):\n    a: {1}\ndef f(x):\n    return C",
        *(("", "int"), ("", "str"), (", total=False", "int"), ("", "typing.NotRequired[int]")),
    ),
    "named tuple": (
        "import typing\nclass C(typing.NamedTuple):\n    {}\ndef f(x):\n    return C(1)",
        *("a: int", "b: int", "a: str", "a: int = 1", "a: int = 2"),
    ),
    "generic base": (
        "import typing\nT = typing.TypeVar('T')\nclass B(typing.Generic[T]): pass\nclass C(B[{}]): pass\ndef f(x):\n    return C",
        *("int", "str"),
    ),
    "class made by exec": (
        "exec('class C:\\n    def __init__(self): self.n = {}')\ndef f(x):\n    return C().n",
        *("1", "2"),
    ),
    "docstring that is read": ("class C:\n    '''{}'''\ndef f(x):\n    return C.__doc__", "1", "2"),
    "attribute of a function": (
        "def g(x): pass\ng.limit = {}\nALL = [g]\ndef f(x):\n    return ALL[0].limit",
        *("1", "2", "[1]"),
    ),
    "fold": (
        "import datetime as d, zoneinfo\nD = d.datetime(2024, 10, 27, 2, 30, tzinfo=zoneinfo.ZoneInfo('UTC'), fold={})\n"
        "def f(x):\n    return D",
        *("0", "1"),
    ),
    "fold of a time": ("import datetime as d\nT = d.time(2, fold={})\ndef f(x):\n    return T", "0", "1"),
    "arrays": (
        "import numpy as np\nA = {}\ndef f(x):\n    return A",
        *(
            f"np.array([(1, 'x')], dtype=[('{a}', '{t}'), ('z', object)])"
            for a, t in (("a", "i4"), ("b", "i4"), ("a", "i8"))
        ),
        *(f"np.array([(1, 2)], dtype=[('{a}', 'i4'), ('b', 'i4')])" for a in "ac"),
        *("np.zeros((2, 3))", "np.zeros((2, 3), order='F')", "np.zeros((3, 2))", "np.zeros((2, 3), '>f8')"),
        *("np.array(['a', 1], object)", "np.array([['a', 1]], object)", "np.zeros((4, 3))[::2]"),
        *("np.dtype('i4', metadata={'a': 1})", "np.dtype('i4', metadata={'a': 2})", "np.broadcast_to(0.0, (2, 3))"),
    ),
    "weak references": (
        "import weakref\nclass C: pass\nc = C()\nc.n = {0}\nW = {1}\ndef f(x):\n    return W",
        *((n, w) for n in "12" for w in ("weakref.ref(c)", "weakref.WeakSet([c])", "weakref.WeakValueDictionary(a=c)")),
    ),
}


@pytest.mark.parametrize(
    ("template", "pieces"), [(each[0], each[1:]) for each in DEFINITIONS.values()], ids=DEFINITIONS
)
def test_definitions_count(load: Load, template: str, pieces: tuple[Any, ...]) -> None:
    def get(piece: Any) -> str:
        source = template
        for number, text in enumerate([piece] if isinstance(piece, str) else piece):
            source = source.replace("{}" if isinstance(piece, str) else f"{{{number}}}", text)
        return version(load(source).f)

    found = {piece: get(piece) for piece in pieces}
    same = [(one, other) for one, other in itertools.combinations(pieces, 2) if found[one] == found[other]]
    assert not same
    assert [piece for piece in pieces if get(piece) != found[piece]] == []


# Other modules of the user

IMPORTS = {
    "module": "import tools\ndef f(x):\n    return tools.clean(x)",
    "name": "from tools import clean\ndef f(x):\n    return clean(x)",
    "other name": "from tools import clean as c\ndef f(x):\n    return c(x)",
    "inside": "def f(x):\n    import tools\n    return tools.clean(x)",
    "inside, other name": "def f(x):\n    import tools as h\n    return (lambda: h.clean(x))()",
    "name inside": "def f(x):\n    from tools import clean\n    return clean(x)",
    "alias": "import tools\ndef f(x):\n    h = tools\n    return h.clean(x)",
    "whole": "import tools\ndef f(x):\n    return getattr(tools, 'clean')(x)",
}


@pytest.mark.parametrize("main", IMPORTS.values(), ids=IMPORTS)
@pytest.mark.parametrize("loaded", [True, False])
def test_helpers_in_another_module_count(load: Load, main: str, loaded: bool) -> None:
    def get(clean: str) -> str:
        function = load(main, tools=clean).f
        if loaded:
            importlib.import_module("tools")
        return version(function)

    edited = get("def clean(x):\n    return base(x)\ndef base(x):\n    return 2")
    assert get("def clean(x):\n    return base(x)\ndef base(x):\n    return 1") != edited
    assert get("# Why.\ndef clean(x):\n    return base(x)\ndef base(x):\n    return 2") == edited or "getattr" in main


def test_only_what_is_used_of_a_module_counts(load: Load) -> None:
    main = "import tools\ndef f(x):\n    return tools.clean(x)"
    one = load(main, tools="def clean(x):\n    return x\ndef other(): return 1")
    assert version(one.f) == version(load(main, tools="def clean(x):\n    return x\ndef other(): return 2").f)


def test_packages(load: Load) -> None:
    main = "from package import f"
    body = "from . import tools\ndef f(x):\n    return tools.clean(x)"
    local = "def f(x):\n    from .tools import clean\n    return clean(x)"
    for source in (body, local):
        one = load(main, **{"package/__init__": source, "package/tools": "def clean(x):\n    return 1"})
        before = version(one.f)
        other = load(main, **{"package/__init__": source, "package/tools": "def clean(x):\n    return 2"})
        assert version(other.f) != before


def test_loading_a_module_in_a_call_keeps_the_version(load: Load) -> None:
    module = load("def f(x):\n    import tools\n    return tools.clean(x)", tools="def clean(x):\n    return A\nA = 1")
    before = version(module.f)
    module.f(1)
    assert version(module.f) == before
    assert version(module.f) == before
    sys.modules["tools"].A = 2  # type: ignore[attr-defined]
    assert version(module.f) != before


def test_unloaded_modules_are_not_run(load: Load) -> None:
    module = load("def f(x):\n    from package import tools", **{"package/__init__": "1/0", "package/tools": "1/0"})
    assert version(module.f)
    assert "package" not in sys.modules


# Installed packages


@pytest.fixture
def install(tmp_path: Path, load: Load, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Write distributions as `pip install` does, into a `site-packages` that replaces the one before."""

    def install(*distributions: tuple[str, str, dict[str, str]], from_folder: bool = False) -> None:
        site = tmp_path / f"installed_{next(_numbers)}" / "site-packages"
        for name, number, files in distributions:
            for file, source in files.items():
                (site / file).parent.mkdir(parents=True, exist_ok=True)
                (site / file).write_text(textwrap.dedent(source))
            metadata = site / f"{name}-{number}.dist-info"
            metadata.mkdir(parents=True)
            (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {number}\n")
            digests = {file: hashlib.sha256(source.encode()).hexdigest() for file, source in files.items()}
            record = "".join(f"{file},sha256={digest},\n" for file, digest in digests.items())
            (metadata / "RECORD").write_text(record + f"../../bin/{name},sha256={site},1\n{metadata.name}/RECORD,,\n")
            if from_folder:
                (metadata / "direct_url.json").write_text("{}")
        special._of_libraries.clear()  # A library that was found stays what it is as long as the process lives.
        monkeypatch.setattr(sys, "path", [str(site), *(each for each in sys.path if str(tmp_path) not in each)])

    return install


PIPE = {
    "global": "from common import low\nimport pipe.helpers\ndef f(x):\n    return low(pipe.helpers.g(x))",
    "inside": "def f(x):\n    from common import low\n    from .helpers import g\n    return low(g(x))",
    "in a lazy helper": "def f(x):\n    from . import helpers\n    return helpers.with_low(x)",
}
HELPERS = "def g(x):\n    return {}\ndef with_low(x):\n    import common\n    return common.low(g(x))"


@pytest.mark.parametrize("body", PIPE.values(), ids=PIPE)
def test_a_function_of_an_installed_package(load: Load, install: Callable[..., None], body: str) -> None:
    def get(
        version_of_pipe: str = "1", helper: str = "x", common: str = "1", low: str = "x", **options: Any
    ) -> tuple[str, str]:
        declared = options.pop("depends_on", ())
        files = {
            "pipe/__init__.py": body,
            "pipe/helpers.py": HELPERS.format(helper),
            "pipe_cli.py": "from pipe import f",
        }
        install(
            ("My.Pipe", version_of_pipe, files),
            ("common_lib", common, {"common.py": f"def low(x):\n    return {low}"}),
            **options,
        )
        function = load("from pipe_cli import f").f
        found = version(function, depends_on=declared)
        function("x")
        assert version(function, depends_on=declared) == found
        return found, str(source_text(function))

    found, text = get()
    assert "def f(x)" in text
    assert get(version_of_pipe="2")[0] == found
    assert get(helper="x + x")[0] != found
    assert get(common="2")[0] != found
    assert get(low="x + x")[0] == found
    local = get(from_folder=True)[0]
    assert local == get(from_folder=True)[0] != get(from_folder=True, low="x + x")[0]
    declared = {"common-lib": "any"}
    other = get(depends_on=declared)
    assert other == get(common="2", depends_on=declared) != get(common="2", depends_on={"common_lib": "2"})


def test_namespace_packages_and_files_that_no_distribution_has(load: Load, install: Callable[..., None]) -> None:
    main = "import acme.pipe\nf = acme.pipe.f"
    pipe = "import acme.common.deep, loose\ndef f(x):\n    return acme.common.deep.g(loose.{}(x))"

    def get(common: str = "1", other: str = "1", loose: str = "x", name: str = "h") -> str:
        install(
            ("acme-pipe", "1", {"acme/pipe.py": pipe.format(name)}),
            ("acme-common", common, {"acme/common/__init__.py": "", "acme/common/deep.py": "def g(x):\n    return x"}),
            ("acme-other", other, {"acme/other.py": ""}),
        )
        Path(sys.path[0], "loose.py").write_text(f"def h(x):\n    return {loose}\ni = h")
        return version(load(main).f)

    assert get() == get(other="2")
    assert len({get(), get(common="2"), get(loose="x + x"), get(name="i")}) == 4


def test_libraries_count_by_version_where_they_are_used(load: Load, install: Callable[..., None]) -> None:
    used = {
        "a name": "from lib import g\ndef f(x):\n    return g(x)",
        "a module": "import lib\ndef f(x):\n    return lib.g(x)",
        "a class": "import lib\nclass C(lib.C): pass\ndef f(x):\n    return C()",
        "a value": "import lib\nv = lib.E.A\ndef f(x):\n    return v",
        "a decorator": "import lib\n@lib.d\ndef f(x):\n    return x",
        "whole": "import lib\ndef f(x):\n    return getattr(lib, 'g')(x)",
        "inside": "def f(x):\n    import lib\n    return lib.g(x)",
        "nothing": "import lib\ndef f(x):\n    return x",
    }
    source = """
    import enum, functools
    def g(x): return x
    class C: pass
    class E(enum.Enum):
        A = 1
    def d(g):
        @functools.wraps(g)
        def w(x): return g(x)
        return w
    """
    for what, main in used.items():
        found = []
        for number in ("1", "2"):
            install(("lib", number, {"lib/__init__.py": source}))
            found.append(version(load(main).f))
        assert (found[0] == found[1]) == (what == "nothing"), what


def test_the_standard_library_counts_by_the_version_of_python(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, uses = load("def f(x):\n    return len(x)").f, load("import json\ndef f(x):\n    return json.loads(x)").f
    before = version(plain), version(uses), version(uses, depends_on={"python": "3"})
    monkeypatch.setattr(origin, "_PYTHON", origin.Library("python", "3.99"))
    origin.library_of_file.cache_clear()
    after = version(plain), version(uses), version(uses, depends_on={"python": "3"})
    origin.library_of_file.cache_clear()
    assert [one == other for one, other in zip(before, after, strict=True)] == [True, False, True]


# State

STATE = {
    "lazy global": "m = None\ndef f(x):\n    global m\n    if m is None:\n        m = open(__file__)\n    return 1",
    "lazy global of a helper": "m = None\ndef g():\n    global m\n    m = m or object\n    return m\ndef f(x):\n    return g()",
    "undefined until called": "def f(x):\n    global m\n    m = x\n    return m",
    "cache": "c = {}\ndef f(x):\n    c[x if x else 1] = x\n    return c[x]",
    "cache under another name": "c = {}\ndef f(x):\n    d = c\n    d[x] = x\n    return d",
    "counter": "from collections import Counter\nc = Counter()\ndef f(x):\n    c[x] += 1\n    return x",
    "list": "c = []\ndef f(x):\n    c.append(x)\n    return x",
    "item of a dict": "from collections import defaultdict\nc = defaultdict(list)\ndef f(x):\n    c[x].append(x)\n    return c[x]",
    "items in items": "c = {1: {}, 2: {}}\ndef f(x):\n    c[x]['a'] = x\n    return c[x]",
    "attribute of an item": "class C:\n    pass\nc = [C()]\ndef f(x):\n    c[0].a = x\n    return c[0].a",
    "slice": "c = [1]\ndef f(x):\n    c[1:] = [x]\n    return c",
    "helper's list": "c = []\ndef g(x):\n    c.append(x)\ndef f(x):\n    g(x)\n    return c",
    "set": "c = set()\ndef f(x):\n    global c\n    c |= {x}\n    return c",
    "another module's": "import tools\ndef f(x):\n    tools.c[x] = 1\n    tools.n += 1\n    return tools.c",
    "default": "def f(x, c=[]):\n    c.append(x)\n    return c",
    "attribute of a function": "def f(x):\n    f.calls = getattr(f, 'calls', 0) + 1\n    return f.calls",
    "attribute of a class": "class C:\n    one = None\ndef f(x):\n    C.one = C.one or C()\n    return 1",
    "singleton": "class C:\n    one = None\n    def __new__(cls):\n        cls.one = cls.one or super().__new__(cls)\n        return cls.one\ndef f(x):\n    C()\n    return 1",
    "attribute of an instance": "class C:\n    pass\nc = C()\ndef f(x):\n    c.m = x\n    return c.m",
    "lazy attribute": "class C:\n    m = None\n    def load(self):\n        self.m = self.m or open(__file__)\n        return self.m\nc = C()\ndef f(x):\n    c.load()\n    return 1",
    "dict of an instance": "class C:\n    def __init__(self):\n        self.c = {}\n    def put(self, x):\n        self.c.setdefault(x, x)\nc = C()\ndef f(x):\n    c.put(x)\n    return 1",
    "cached property": "import functools\nclass C:\n    @functools.cached_property\n    def p(self):\n        return open(__file__)\nc = C()\ndef f(x):\n    c.p\n    return 1",
    "closure": "def make():\n    n = 0\n    def f(x):\n        nonlocal n\n        n += 1\n        return n\n    return f\nf = make()",
    "closure's dict": "def memo(g):\n    c = {}\n    def w(x):\n        if x not in c:\n            c[x] = g(x)\n        return c[x]\n    return w\n@memo\ndef f(x):\n    return x",
    "lru_cache": "import functools\n@functools.lru_cache\ndef f(x):\n    return x",
    "class as decorator": "class memo:\n    def __init__(self, g):\n        self.g = g\n        self.c = {}\n    def __call__(self, x):\n        self.c[x] = self.g(x)\n        return self.c[x]\n@memo\ndef f(x):\n    return x",
    "namespace": "import types\ns = types.SimpleNamespace(n=0)\ndef f(x):\n    s.n += 1\n    return s.n",
    "count of what is made": "class C:\n    built = 0\n    def __init__(self):\n        type(self).built += 1\ndef f(x):\n    C()\n    return C.built",
    "count of what is made, too": "class C:\n    built = 0\n    def __init__(self):\n        self.__class__.built += 1\nclass D(C): pass\ndef f(x):\n    return D(), C.built",
    "in a list that a method fills": "class C:\n    all = []\n    def __init__(self):\n        self.all.append(self)\ndef f(x):\n    return C()",
    "attribute of an argument": "class C: pass\nc = C()\nc.n = 0\ndef g(d, x):\n    d.n += x\ndef f(x):\n    g(c, x)\n    return c.n",
    "generated code": "c = {}\nm = None\nexec('def f(x):\\n    global m\\n    c[x] = m = x')",
}


# What holds an object and a method that changes it, and calls of that method: state. F calls it.
COUNTER = """
class Base:
    n, m, names = 0, 0, []
    def bump(self): self.n += 1
    @property
    def size(self): return self.m
    @size.setter
    def size(self, value): self.m = value
    def __enter__(self): self.n += 1; return self
    def __exit__(self, *a): pass
    def __iadd__(self, x): self.n += x; return self
    def __setitem__(self, k, v): self.n = v
    def __getattr__(self, name):
        if name.startswith('__'): raise AttributeError(name)
        self.__dict__['n'] = self.n + 1; return 1
    def __iter__(self): self.n += 1; return iter([])
    def note(self, x): self.names.append(x)
    @classmethod
    def make(cls): cls.made = getattr(cls, 'made', 0) + 1; return cls()
    @staticmethod
    def reset(c): c.n = 5
    def count(self): type(self).m += 1
    def count_too(self): self.__class__.m += 1
    def frozen(self): object.__setattr__(self, 'n', self.n + 1)
class C(Base):
    def bump(self): super().bump()
    def __call__(self, x): self.n += x
import functools, contextlib
c = C()
ALL = {'a': [c], 'b': [C()]}
def identity(x): return x
def take(given, x): given.n = x
def fill(given, x): given[x] = x
def get(): return c
def bump(g, *a): return g.bump(*a)
cache = {}
run = functools.partial(take, c)
@contextlib.contextmanager
def using(): yield c
def f(x):
    CALL
    return c.n, c.m, cache, ALL, c.names, C.m
"""
CALLS = [
    *(
        "c.bump()",
        "g = c.bump; g()",
        "get().bump()",
        "identity(c).bump()",
        "take(c, x)",
        "take(x=x, given=c)",
        "run(x)",
    ),
    *("c.size = x + 5", "with c: pass", "with c as d: d.bump()", "global c; c += 1", "d = c; d += 1", "c['a'] = x"),
    *("c.nothing", "[y for y in c]", "c.note(x)", "C.make()", "c.make()", "C.reset(c)", "c.count()", "c.count_too()"),
    *(
        "c.frozen()",
        "c(x)",
        "fill(cache, x)",
        "cache.setdefault(x, []).append(x)",
        "setattr(c, 'n', x)",
        "take(get(), x)",
    ),
    *("ALL['a'][0].bump()", "for d in ALL['a']: d.bump()", "[d.bump() for l in ALL.values() for d in l]"),
    *(
        "for k, l in ALL.items():\n        for d in l: d.bump()",
        "list(map(take, ALL['a'], [x]))",
        "ALL.get('a')[0].bump()",
    ),
    *("next(iter(ALL['a'])).bump()", "(lambda: c.bump())()", "bump(c)", "bump(g=c)"),
    *("for i, d in enumerate(ALL['a']): d.bump()", "with using() as d: d.bump()", "C.bump(c)", "Base.bump(c)"),
    "d = C()\n    if x: d = get()\n    d.bump()",
]


@pytest.mark.parametrize("call", CALLS)
def test_what_code_changes_is_state(load: Load, call: str) -> None:
    module = load(COUNTER.replace("CALL", call))
    before = version(module.f)
    module.f(1)
    assert version(module.f) == before
    module.f(2)
    assert version(module.f) == before


# Nothing of that runs, or it changes something else: what is changed from outside counts.
READS = [
    *("seen = set(); seen.add(x)", "d = C(); d.bump()", "d = C(); d.n = x", "dict(cache)[x] = 1", "c.size"),
    *(
        "identity(ALL)",
        "d = [*ALL]; d.append(x)",
        "fill({}, x)",
        "take(C(), x)",
        "sorted(cache).append(1)",
        "''.join([])",
        "C().bump()",
    ),
]
FROM_OUTSIDE = [
    "c.n = 50",
    "c.m = 50",
    "cache[5] = 50",
    "c.names.append(5)",
    "C.m = 50",
    "ALL['b'][0].n = 50",
    "c['a'] = 60",
]


@pytest.mark.parametrize("call", READS)
def test_what_code_only_reads_counts(load: Load, call: str) -> None:
    module = load(COUNTER.replace("CALL", call) + "other = C()\n")
    for change in FROM_OUTSIDE:
        before = version(module.f)
        exec(change, vars(module))
        assert version(module.f) != before, change


@pytest.mark.parametrize("source", STATE.values(), ids=STATE)
def test_a_call_keeps_the_version(load: Load, source: str) -> None:
    module = load(source, tools="c = {}\nn = 0")
    before = version(module.f)
    module.f(1)
    assert version(module.f) == before
    module.f(2)
    assert version(module.f) == before


def test_locks_loggers_and_sentinels_count_by_type(load: Load) -> None:
    source = """
    import contextvars, logging, threading
    log, lock, here, var, missing = (
        logging.getLogger("a"), threading.Lock(), threading.local(), contextvars.ContextVar("v"), object())
    def f(x):
        with lock:
            log.info("x")
            here.x = var.get(missing)
    """
    module = load(source)
    before = version(module.f)
    module.f(1)
    module.lock.acquire()
    assert version(module.f) == before


# What has no fingerprint


def test_the_message_names_all_that_has_no_fingerprint(load: Load) -> None:
    module = load("""
    import socket, sqlite3
    class Client:
        def __init__(self):
            self.http = socket.socket()
    client, con = Client(), sqlite3.connect(":memory:")
    def make(sock):
        def embed(x, log=open(__file__)):
            return helper(x), client.http, sock
        return embed
    def helper(x):
        return con
    embed = make(socket.socket())
    """)
    with pytest.raises(TypeError) as caught:
        version(module.embed)
    text = str(caught.value)
    assert text.startswith("embed: ")
    for part in (
        "reads the global `client.http`, a socket.socket",
        "helper reads the global `con`, a sqlite3.Connection",
        "reads the closure value `sock`, a socket.socket",
        "reads the default of `log`, a _io.TextIOWrapper",
        '@cocosql.udf(depends_on=["',
        '@cocosql.udf(version="1")',
    ):
        assert part in text
    declared = version(module.embed, depends_on=["model-1"])
    assert declared == version(module.embed, depends_on=["model-1"])
    assert declared != version(module.embed, depends_on=["model-2"])
    assert version(module.embed, version="1")


@pytest.mark.parametrize("value", ["(n for n in [])", "iter([])", "open(__file__)", "__import__('random').Random(1)"])
def test_things_without_fingerprint(load: Load, value: str) -> None:
    with pytest.raises(TypeError, match="reads the global `a"):
        version(load(f"a = {value}\ndef f(x):\n    return a").f)
    with pytest.raises(TypeError, match=r"reads the global `a\['k'\]\[0\]`"):
        version(load(f"a = dict(k=[{value}])\ndef f(x):\n    return a").f)


def test_a_client_with_a_method_of_a_container_is_no_state(load: Load) -> None:
    source = "import sqlite3\nclient = sqlite3.connect(':memory:')\ndef f(x):\n    client.update(x)\n    client.add(x)"
    with pytest.raises(TypeError, match="reads the global `client`"):
        version(load(source).f)


def test_data_that_is_nested_too_deeply(load: Load) -> None:
    with pytest.raises(TypeError, match="nested too deeply"):
        version(load("a = []\nfor _ in range(5000):\n    a = [a]\ndef f(x):\n    return a").f)


def test_cycles(load: Load) -> None:
    source = (
        "a = [{}]\na.append(a)\nclass C: pass\nc = C()\nc.c = [c]\ns = {{C}}\nC.s = s\ndef f(x):\n    return a, c, f, s"
    )
    one, same, other = (version(load(source.replace("{}", n, 1).replace("{{C}}", "{C}")).f) for n in "112")
    assert one == same != other


@pytest.mark.parametrize("base", ["dict", "collections.Counter", "list"])
@pytest.mark.parametrize("change", ["self[key(x)] = 1", "self[key(x)] += 1", "self[key(x, 1)][0] += 1", "self.clear()"])
def test_a_container_that_fills_itself(load: Load, base: str, change: str) -> None:
    module = load(
        f"""
        import collections
        def key(x, y=0):
            return 0
        class Cache({base}):
            def note(self, x):
                {change}
        cache = Cache([1]) if {base} is list else Cache({{0: 1}})
        def f(x):
            cache.note(x)
            return x
        """
    )
    before = version(module.f)
    module.cache[0] = 5
    assert version(module.f) == before


@pytest.mark.parametrize("root", ["Client().embed", "Client()"])
def test_the_object_of_a_method(load: Load, root: str) -> None:
    source = """
    import socket
    class Client:
        def __init__(self):
            self.http = socket.socket()
        def embed(self, x):
            return x
        __call__ = embed
    f = ROOT
    """
    with pytest.raises(TypeError, match=r"reads the object `Client\.http`, a socket\.socket"):
        version(load(source.replace("ROOT", root)).f)


def test_undefined_names_count_by_name(load: Load) -> None:
    module = load("def f(x):\n    return nothing(x)")
    before = version(module.f)
    module.nothing = 1  # type: ignore[attr-defined]
    assert version(module.f) != before


# depends_on


@pytest.fixture
def f(load: Load) -> Any:
    return load("def f(x):\n    return x").f


def test_depends_on_text_and_distributions(f: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    given = [
        version(f),
        *(version(f, depends_on=value) for value in (["a"], ["b"], ["a", "b"], {"a": "b"}, {"b": "b"})),
    ]
    assert len(set(given)) == len(given)
    assert version(f, depends_on=["a"]) == version(f, depends_on=("a",)) == version(f, depends_on="a")
    before = version(f, depends_on=["numpy"])
    monkeypatch.setattr("cocosql.code_version.declared._version", lambda name: "0.0.1" if name == "numpy" else None)
    assert version(f, depends_on=["numpy"]) != before


def test_each_element_of_an_array_counts(f: Any) -> None:
    """However the elements lie in memory."""
    numbers = np.arange(24.0).reshape(4, 6)
    fields = np.zeros(3, [("a", "i4"), ("b", "f8")])
    arrays = [numbers, numbers.T, numbers[::2, ::3], np.asfortranarray(numbers), fields["b"], np.arange(5000)]
    for array in [*arrays, np.array(7), np.array(["2020-01-01", "2020-01-02"], "M8[D]"), np.array([True, False])]:
        before = version(f, depends_on=[array])
        kept = array.copy()
        array.flat[-1] = array.flat[0] if array.size > 1 and array.flat[0] != array.flat[-1] else 1
        assert version(f, depends_on=[array]) != before, array
        array[...] = kept
        assert version(f, depends_on=[array]) == before
    assert len({version(f, depends_on=[np.zeros(n, "S0")]) for n in range(3)}) == 3


def test_depends_on_modules(f: Any, load: Load) -> None:
    import json

    import numpy

    assert len({version(f, depends_on=[value]) for value in (json, numpy, "json")}) == 3
    own = version(f, depends_on=[load("A = 1")])
    assert version(f, depends_on=[load("A = 2")]) != own
    assert version(f, depends_on=[load("A = 1  # one")]) == own


def test_depends_on_files(f: Any, tmp_path: Path) -> None:
    folder = tmp_path / "prompts"
    folder.mkdir()
    file = folder / "a.txt"
    with pytest.raises(FileNotFoundError, match=r"prompts/a\.txt"):
        version(f, depends_on=[file])
    file.write_text("one")
    before = version(f, depends_on=[file]), version(f, depends_on=[folder])
    assert before == (version(f, depends_on=[file]), version(f, depends_on=[folder]))
    file.write_text("two")
    after = version(f, depends_on=[file]), version(f, depends_on=[folder])
    assert before[0] != after[0] and before[1] != after[1]
    (folder / "b.txt").write_text("")
    assert version(f, depends_on=[folder]) != after[1]
    assert version(f, depends_on=[file]) == after[0]


def test_depends_on_functions_and_values(f: Any, load: Load) -> None:
    source = "def g():\n    return {}\nclass C:\n    a = {}"
    one, other = load(source.replace("{}", "1")), load(source.replace("{}", "2"))
    for a, b in ((one.g, other.g), (one.C, other.C), (1, 2), ({"a": [1]}, {"a": [2]})):
        assert version(f, depends_on=[a]) != version(f, depends_on=[b])
    with pytest.raises(TypeError, match=r"depends_on\[0\]"):
        version(f, depends_on=[open(__file__)])  # noqa: SIM115, PTH123


# Other functions of CocoSQL


def test_functions_of_cocosql_count_by_their_code(load: Load) -> None:
    source = "import cocosql\n@cocosql.udf\ndef g(x: str) -> str:\n    return {}\ndef f(x):\n    return g(x)"
    assert version(load(source.format("x")).f) != version(load(source.format("x + x")).f)


# What runs is what counts


def test_a_file_that_was_edited_but_not_loaded_again(load: Load) -> None:
    module = load("def f(x):\n    return 1")
    file = Path(str(module.__file__))
    os.utime(file, (1, 1))
    file.write_text("def f(x):\n    return 2")
    stale = version(module.f)
    fresh = version(load("def f(x):\n    return 2").f)
    assert stale != fresh
    assert source_text(module.f) is None or "return 2" not in str(source_text(module.f))
    # Once seen, the version stays: the code that runs did not change.
    again = load("def f(x):\n    return 1")
    before = version(again.f)
    Path(str(again.__file__)).write_text("def f(x):\n    return 3")
    assert version(again.f) == before


def test_reload(load: Load) -> None:
    module = load("def f(x):\n    return 1")
    before = version(module.f)
    file = Path(str(module.__file__))
    file.write_text("# longer\ndef f(x):\n    return 2")
    importlib.invalidate_caches()
    module = importlib.reload(module)
    assert version(module.f) != before
    file.write_text("# longer still\n\ndef f(x):\n    return 1")
    assert version(importlib.reload(module).f) == before


def cell(source: str) -> Any:
    """Run source as a notebook does: from a text that only linecache knows."""
    name = f"<cell {next(_numbers)}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(source, name, "exec"), namespace)
    return namespace["f"]


def test_notebook_cells() -> None:
    one = cell("def f(x):\n    return x + 1\n")
    assert version(one) == version(cell("A = 1\ndef f(y):\n    # Why.\n    return y + 1\n"))
    assert version(one) != version(cell("def f(x):\n    return x + 2\n"))
    assert source_text(one) == "def f(x):\n    return x + 1\n"


def test_without_source() -> None:
    def run(source: str) -> Any:
        namespace: dict[str, Any] = {"__name__": "__main__"}
        exec(source, namespace)
        return namespace["f"]

    one = run("def f(x):\n    return x + 1")
    assert version(one) == version(run("\n\ndef f(y):\n    'Says.'\n    return y + 1"))
    assert version(one) != version(run("def f(x):\n    return x + 2"))
    assert version(run("A = 1\ndef f(x):\n    return A")) != version(run("A = 2\ndef f(x):\n    return A"))
    assert source_text(one) is None
    assert source_text(len) is None
    assert version(len) != version(abs)


def test_source_text_has_all_that_counts(load: Load) -> None:
    module = load(
        "import tools\nclass C:\n    def m(self): return tools.clean(1)\n\ndef f(x):\n    # Why.\n    return C().m()",
        tools="def clean(x):\n    return x\n\ndef other(): ...",
    )
    assert source_text(module.f) == (
        "def f(x):\n    # Why.\n    return C().m()\n\nclass C:\n    def m(self): return tools.clean(1)\n\n"
        "def clean(x):\n    return x\n"
    )


# The same everywhere


def test_the_same_in_every_process(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(
        textwrap.dedent("""
        import dataclasses, enum, re
        NAMES = {"a", "b", "c", frozenset({"x", "y", "z"})}
        class Kind(enum.Enum):
            A = "a"
        @dataclasses.dataclass
        class Point:
            x: int
            kinds: set = dataclasses.field(default_factory=set)
        def g(): return 1
        def h(): return g()
        ALL = {g, h, Point, Kind.A}
        POINT = Point(1, {"p", "q", "r"})
        def f(x, y=object()):
            return x in {"k", "l", "m"}, NAMES, ALL, POINT, re.compile("a"), lambda: NAMES
        exec("def e(x):\\n    return x in {'k', 'l', 'm'}")
        import functools, typing, attrs, pydantic
        class Model(pydantic.BaseModel):
            kind: typing.Literal["a", "b", "c"] = "a"
            tags: set[str] = {"x", "y", "z"}
            points: dict[str, Point] = {}
            _seen: set = pydantic.PrivateAttr({"x", "y", "z"})
            @pydantic.field_validator("kind", "tags")
            @classmethod
            def check(cls, value): return value
        @attrs.define
        class Part:
            name: str = attrs.field(validator=attrs.validators.in_({"a", "b", "c"}), default="a")
        class Counter:
            made = 0
            def __init__(self): self.calls, self.seen = 0, {}; type(self).made += 1
            @functools.cached_property
            def model(self): return Model()
            def run(self, x):
                self.calls += 1
                self.seen[x] = self.model
                return Part(), self.calls
        COUNTER = Counter()
        def both(x): return f(x), e(x), COUNTER.run(x), Counter().run(x), Model(kind="b").model_dump_json()
        """)
    )
    program = (
        "import main; from cocosql.code_version import code_version\n"
        "print(code_version(main.both, []))\nmain.both(1); main.both(2)\nprint(code_version(main.both, []))"
    )
    found = set()
    for seed in ("0", "1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
        )
        found.update(done.stdout.split())
    assert len(found) == 1


def test_threads(load: Load) -> None:
    module = load("A = list(range(50))\ndef f(x):\n    return g(x), A\ndef g(x):\n    return [y for y in x]")
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(version(module.f))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and len(set(found)) == 1


TEMPLATE = """
A = 1
def f({0}, {1}=2, *{2}):
    {3} = [{4} + A for {4} in {0} if {4}.{0}]
    def {5}({6}, *{0}):
        nonlocal {3}
        {3} = {6} or {0}
        return lambda {1}: ({1}, {3}, {2})
    try:
        with {5}({0}) as {7}:
            ({8} := {7}({1}))
        for {4}, ({6}, {7}) in {3}:
            del {4}
    except OSError as {9}:
        return f"{{{9}!r}} {{{3}}}"
    match {0}:
        case {{"k": {7}, **{6}}}:
            return {7}, {6}
    class {9}:
        {0} = {2}
        def {1}(self):
            return {5}
    return {{{0}: ({1}, {8}) for {0}, {1} in {2} if ({8} := {0})}}, {9}
"""
NAMES = [f"name_{letter}" for letter in "abcdefghijklmnop"]
#: Names 0 and 1 show as attributes, too: they stay.
KEPT = NAMES[:2]


@holds_for(15, 60, names=st.permutations(NAMES[2:]))
def test_renamed_locals_do_not_count(names: list[str]) -> None:
    assert version(cell(TEMPLATE.format(*KEPT, *names))) == version(cell(TEMPLATE.format(*KEPT, *NAMES[2:])))
