"""Puts what the access log keeps of a view into words: which days of which zone.

In:    a span as it is written down, in the words of a URL; the plan, the words of a language.
Out:   the same for people.
Never: a word left out: what is not known here is told as it is written.
"""

from collections.abc import Callable

from collector.plan import WHOLE_SITE, SitePlan
from dashboard.words import Words


def in_words(span: str, plan: SitePlan, words: Words) -> str:
    """`zone=hall kind=desk days=7` as `Spinning hall, desks, 7 days`."""
    names = {zone.id: zone.name for zone in plan.zones} | {WHOLE_SITE: words.gettext("All zones")}
    known: dict[str, Callable[[str], str]] = {
        "zone": lambda value: names.get(value, value),
        "kind": lambda value: words.page.get(f"kind.{value}", value).lower(),
        "days": lambda value: words.gettext("7 days") if value == "7" else words.gettext("Today").lower(),
        "members": lambda value: words.ngettext(
            "{n} member", "{n} members", int(value) if value.isdecimal() else 2
        ).format(n=value),
        "floor": lambda value: words.gettext("fewer than {n} free").format(n=value),
        "with": lambda value: words.gettext("compared with {days}").format(days=value),
    }
    told = []
    for part in span.split():
        name, _equals, value = part.partition("=")
        told.append(known[name](value) if value and name in known else part)
    return ", ".join(told)
