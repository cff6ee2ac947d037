"""Writes in words how often the page was wrong.

In:    the error rates of the collector, the plan, texts.
Out:   rows for managers, sentences for everybody.
Never: a rate from fewer than five checks; the collector leaves those out.
"""

from dataclasses import dataclass
from typing import Final

from collector.contract.truth import AnswerAccuracy, ErrorRate, SiteAccuracy
from collector.site.privacy_limits import MIN_SHOWN_GROUP
from collector.site.site_plan import SitePlan
from dashboard.text.page_texts import PageTexts

_NOTHING: Final = "\u2013"


@dataclass(frozen=True, slots=True)
class AccuracyRow:
    """One row of the managers' table; a rate is text such as `2 % (1–6 %)`."""  # noqa: RUF002 - a range has an en dash

    name: str
    checked: int
    wrong: int
    free_while_occupied: str
    occupied_while_free: str


def build_accuracy_rows(accuracy: SiteAccuracy | None, plan: SitePlan, texts: PageTexts) -> list[AccuracyRow]:
    """Build the rows: the site, its zones, then its spaces, the worst first."""
    if accuracy is None or accuracy.site is None:
        return []
    zones = [(plan.zone_by_id[zone].name, found) for zone, found in accuracy.zones.items() if zone in plan.zone_by_id]
    spaces = [(plan.space_by_id[one].name, found) for one, found in accuracy.spaces.items() if one in plan.space_by_id]
    spaces.sort(key=lambda row: -row[1].total.share)
    named = [(texts.gettext("The whole site"), accuracy.site), *zones, *spaces]
    return [_build_row(name, found, texts) for name, found in named]


def describe_accuracy(accuracy: SiteAccuracy | None, plan: SitePlan, texts: PageTexts) -> list[str]:
    """Describe the accuracy of the site and of zones with enough spaces; empty: not enough checks yet."""
    if accuracy is None or accuracy.site is None:
        return []
    _ = texts.gettext
    sentences = [_describe_checks(accuracy.site.total, texts)]
    for rate, template in (
        (accuracy.site.free_while_occupied, _("Taken but shown as free: {share} of the checks that found somebody.")),
        (accuracy.site.occupied_while_free, _("Free but shown as taken: {share} of the checks that found nobody.")),
    ):
        if rate is not None:
            sentences.append(template.format(share=_format_rate(rate, texts)))
    for zone in plan.zones:
        offered = sum(space.zone == zone.id and space.is_offered for space in plan.spaces)
        if offered >= MIN_SHOWN_GROUP and (found := accuracy.zones.get(zone.id)) is not None:
            sentences.append(f"{zone.name}: {_describe_checks(found.total, texts)}")
    return sentences


def _describe_checks(rate: ErrorRate, texts: PageTexts) -> str:
    checked = texts.ngettext("checked {n} time", "checked {n} times", rate.checked).format(n=rate.checked)
    wrong = texts.ngettext("wrong {n} time", "wrong {n} times", rate.wrong).format(n=rate.wrong)
    text = texts.gettext("{checked}, {wrong}.").format(checked=checked, wrong=wrong)
    return text[:1].upper() + text[1:]


def _build_row(name: str, found: AnswerAccuracy, texts: PageTexts) -> AccuracyRow:
    return AccuracyRow(
        name,
        found.total.checked,
        found.total.wrong,
        _NOTHING if found.free_while_occupied is None else _format_rate(found.free_while_occupied, texts),
        _NOTHING if found.occupied_while_free is None else _format_rate(found.occupied_while_free, texts),
    )


def _format_rate(rate: ErrorRate, texts: PageTexts) -> str:
    return texts.gettext("{share} ({least} to {most})").format(
        share=texts.format_percentage(rate.share),
        least=texts.format_percentage(rate.least),
        most=texts.format_percentage(rate.most),
    )
