"""Makes the report of a test sendable between the processes of pytest-xdist."""


def escape_surrogates(value: object) -> object:
    """Replace each lone surrogate in a serialised report by its escape.

    Source: execnet encodes text as UTF-8, which has no lone surrogates, and a report that it cannot send ends the run.
    """
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {escape_surrogates(key): escape_surrogates(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(escape_surrogates(entry) for entry in value)
    return value
