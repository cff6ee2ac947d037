"""The page with the site's privacy rules, for hosts and viewers.

In:    the plan and the settings of the running site.
Out:   one page with the rules as text.
Never: a figure, so views of it are not logged; a form, because the rules are set in the site file.
"""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from dashboard.text.language_selection import get_texts
from dashboard.text.privacy_rule_texts import build_privacy_sections
from dashboard.web.app_context import get_app_context

routes = Blueprint("rules", __name__, url_prefix="/manage/rules")


@routes.get("")
def page() -> ResponseReturnValue:
    """Show every privacy rule of the site."""
    here = get_app_context()
    return render_template(
        "rules.html", plan=here.plan, sections=build_privacy_sections(here.plan, here.settings, get_texts())
    )
