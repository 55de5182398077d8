"""What users declare with `depends_on`, as values that can be fingerprinted."""

import functools
import hashlib
import importlib.machinery
import importlib.metadata
import os
import re
import time
import types
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cocosql.code_version import normal_form, origin

Declared = Sequence[Any] | Mapping[str, Any]
#: Python source, and what stands for it: code that was compiled.
_SOURCES = (*importlib.machinery.SOURCE_SUFFIXES, *importlib.machinery.EXTENSION_SUFFIXES)
_DISTRIBUTION = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")


def declared_parts(depends_on: Declared, home: origin.Home) -> list[tuple[str, Any]]:
    """Pairs of what to call a declared thing and what stands for it.

    Raises:
        FileNotFoundError: for a path that is not there.
    """
    if isinstance(depends_on, Mapping):
        return [(str(name), _resolved(value, home)) for name, value in depends_on.items()]
    several = [depends_on] if isinstance(depends_on, str | Path) else depends_on
    return [(f"depends_on[{number}]", _resolved(value, home)) for number, value in enumerate(several)]


def _resolved(value: Any, home: origin.Home) -> Any:
    if isinstance(value, str):
        return ("distribution", value, version) if (version := _version(value)) is not None else value
    if isinstance(value, types.ModuleType):
        return _module(value, home)
    return _path(value) if isinstance(value, Path) else value


@functools.lru_cache(maxsize=256)
def _version(distribution: str) -> str | None:
    """The installed version; looked up once, as a loaded library stays what it is."""
    if not _DISTRIBUTION.fullmatch(distribution):
        return None
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _module(module: types.ModuleType, home: origin.Home) -> Any:
    library = home.library_of_module(module)
    if library is None:
        return ("module", module.__name__, module_digest(module))
    return ("module", module.__name__, library.name, library.version, getattr(module, "__version__", None))


def libraries(depends_on: Declared) -> frozenset[str]:
    """The libraries that `depends_on` names: what is given for them counts, not the version that is installed."""
    return frozenset(map(origin.normal_name, depends_on)) if isinstance(depends_on, Mapping) else frozenset()


def module_digest(module: types.ModuleType) -> bytes:
    """The digest of a module's source; of a package, of all source files in its folders."""
    folders = [Path(folder) for folder in getattr(module, "__path__", [])]
    file = getattr(module, "__file__", None)
    files = [Path(file)] if isinstance(file, str) and not folders else []
    files += [each for folder in folders for each in _files(folder) if each.name.endswith(_SOURCES)]
    return hashlib.sha256(b"".join(source_digest(str(each)) for each in files)).digest()


def source_digest(path: str) -> bytes:
    """The digest of a file's code; of its content where it is no Python source."""
    try:
        content = _content(Path(path))
        return _code_digest(path, content) if path.endswith(".py") else content
    except OSError:
        return b"no source"


@functools.lru_cache(maxsize=1024)
def _code_digest(path: str, content: bytes) -> bytes:
    try:
        return normal_form.of_module(Path(path).read_text("utf-8"))
    except UnicodeDecodeError:
        return content


def _path(path: Path) -> Any:
    if path.is_dir():
        return ("folder", [(each.relative_to(path).as_posix(), _content(each)) for each in _files(path)])
    if not path.exists():
        raise FileNotFoundError(f"depends_on names a file that does not exist: {path}")
    return ("file", _content(path))


def _files(folder: Path) -> Iterator[Path]:
    found = [each for each in folder.rglob("*") if each.is_file() and "__pycache__" not in each.parts]
    return iter(sorted(found, key=lambda each: each.relative_to(folder).as_posix()))


_contents: dict[str, tuple[tuple[int, ...], bytes]] = {}
#: A file younger than this may change again without a change of its times.
_SETTLED_SECONDS = 2


def _content(path: Path) -> bytes:
    """The digest of a file; read again only when its times, size or inode say that it changed."""
    status = path.stat()
    stamp = (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)
    name = os.path.realpath(path)
    known = _contents.get(name)
    if known is not None and known[0] == stamp:
        return known[1]
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").digest()
    if time.time() - max(status.st_mtime, status.st_ctime) > _SETTLED_SECONDS:
        if len(_contents) > 10_000:
            _contents.clear()
        _contents[name] = stamp, digest
    return digest
