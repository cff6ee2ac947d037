"""Lists what each extra of pyproject.toml installs, according to the installed packages."""

import tomllib
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.servers import ROOT


@cache
def list_distributions(extra: str) -> frozenset[str]:
    """List the distributions that `ledig[extra]` installs, with their dependencies."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found: set[str] = set()
    queue = [Requirement(line) for line in project["dependencies"] + project["optional-dependencies"].get(extra, [])]
    while queue:
        requirement = queue.pop()
        name = canonicalize_name(requirement.name)
        if requirement.marker is not None and not any(
            requirement.marker.evaluate({"extra": other}) for other in {"", *requirement.extras}
        ):
            continue
        if name == "ledig":
            for inner in requirement.extras:
                found |= list_distributions(inner)
        elif name not in found:
            found.add(name)
            queue += [
                other
                for other in _requirements_of(name)
                if other.marker is None or other.marker.evaluate({"extra": ""})
            ]
    return frozenset(found)


def _requirements_of(name: str) -> list[Requirement]:
    try:
        return [Requirement(line) for line in requires(name) or []]
    except PackageNotFoundError:  # only on other machines: lgpio is for a Pi
        return []


@cache
def list_modules(extra: str) -> frozenset[str]:
    """List the top-level modules that `ledig[extra]` installs."""
    return frozenset(
        module
        for module, distributions in packages_distributions().items()
        if any(canonicalize_name(distribution) in list_distributions(extra) for distribution in distributions)
    )
