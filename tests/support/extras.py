"""What each extra of pyproject.toml installs, as the installed packages declare it."""

import tomllib
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.servers import ROOT


@cache
def declared(extra: str) -> frozenset[str]:
    """The distributions that `ledig[extra]` installs, with all that they need themselves."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found: set[str] = set()
    waiting = [Requirement(line) for line in project["dependencies"] + project["optional-dependencies"].get(extra, [])]
    while waiting:
        need = waiting.pop()
        name = canonicalize_name(need.name)
        if need.marker is not None and not any(need.marker.evaluate({"extra": one}) for one in {"", *need.extras}):
            continue
        if name == "ledig":
            for inner in need.extras:
                found |= declared(inner)
        elif name not in found:
            found.add(name)
            waiting += [one for one in _needs_of(name) if one.marker is None or one.marker.evaluate({"extra": ""})]
    return frozenset(found)


def _needs_of(name: str) -> list[Requirement]:
    try:
        return [Requirement(line) for line in requires(name) or []]
    except PackageNotFoundError:  # another machine's: lgpio is a Pi's
        return []


@cache
def importable(extra: str) -> frozenset[str]:
    """The top-level modules that `ledig[extra]` brings."""
    return frozenset(
        module
        for module, homes in packages_distributions().items()
        if any(canonicalize_name(home) in declared(extra) for home in homes)
    )
