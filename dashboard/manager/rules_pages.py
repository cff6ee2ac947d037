"""The page of the house rules, for who runs the house.

In:    the plan and the settings that the house runs with.
Out:   one page of promises in words.
Never: a figure, so it is not in the log of views; a form, for what is promised is changed in the site file.
"""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from dashboard.house_rules import house_rules
from dashboard.languages import words
from dashboard.serving import serving

routes = Blueprint("rules", __name__, url_prefix="/manage/house-rules")


@routes.get("")
def page() -> ResponseReturnValue:
    """Every promise of the house."""
    here = serving()
    return render_template("house_rules.html", plan=here.plan, sections=house_rules(here.plan, here.settings, words()))
