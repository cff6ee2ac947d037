"""Describes the span of an access log entry: which days of which zone.

In:    a span as it is logged, in the form of a URL query; the plan, the texts of a language.
Out:   the same for people.
Never: a part left out; an unknown part is shown as it is logged.
"""

from collections.abc import Callable

from collector.site.site_plan import WHOLE_SITE, SitePlan
from dashboard.text.duration_texts import format_days
from dashboard.text.page_texts import PageTexts


def describe_span(span: str, plan: SitePlan, texts: PageTexts) -> str:
    """Format `zone=hall kind=desk days=7` as `Spinning hall, desks, 7 days`."""
    names = {zone.id: zone.name for zone in plan.zones} | {WHOLE_SITE: texts.gettext("All zones")}
    known: dict[str, Callable[[str], str]] = {
        "zone": lambda value: names.get(value, value),
        "kind": lambda value: texts.templates.get(f"kind.{value}", value).lower(),
        "days": lambda value: _describe_days(value, texts),
        "members": lambda value: texts.ngettext(
            "{n} member", "{n} members", int(value) if value.isdecimal() else 2
        ).format(n=value),
        "floor": lambda value: texts.gettext("fewer than {n} free").format(n=value),
        "with": lambda value: texts.gettext("compared with {days}").format(days=value),
    }
    parts = []
    for part in span.split():
        name, _equals, value = part.partition("=")
        parts.append(known[name](value) if value and name in known else part)
    return ", ".join(parts)


def _describe_days(value: str, texts: PageTexts) -> str:
    return format_days(int(value), texts) if value.isdecimal() and int(value) > 1 else texts.gettext("Today").lower()
