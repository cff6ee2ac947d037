"""Why settings are rejected: the field and the problem, as a pair.

In:    nothing.
Out:   an exception; a reader of files knows the name of the field in its file, and reports the problem there.
Never: files, places in a file.
"""


class SettingsRejected(ValueError):
    """Settings cannot be used. `problems` has for each problem the field, empty if it concerns several, and a text."""

    def __init__(self, *problems: tuple[str, str]) -> None:
        super().__init__("; ".join(f"{field} {text}".lstrip() for field, text in problems))
        self.problems = problems
