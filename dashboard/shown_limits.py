"""The numbers that texts of templates state, each from the constant that decides it.

In:    constants.
Out:   one namespace for the templates; they format its values and contain no number of their own.
Never: a number defined here.
"""

from dataclasses import dataclass
from typing import Final

from collector.contract.alerts import ENDED_KEPT_MS
from collector.contract.forecast_points import BAND_SHARE
from collector.contract.forecasts import OUTLOOK_DAYS, PUBLISHED_SCORE_DAYS
from collector.contract.truth import ERROR_RATE_CONFIDENCE
from collector.history.measures import BUCKET_MS
from collector.site.privacy_limits import MIN_SHOWN_GROUP, MIN_SMALL_GROUP_WEEKS, SMALL_GROUP_SHARE_STEP
from dashboard.accounts.access_log import LOG_DAYS
from dashboard.accounts.accounts import MAX_NAME_LENGTH
from dashboard.accounts.login_limits import LOGIN_FAILURE_PERIOD_S
from dashboard.accounts.passwords import MAX_PASSWORD_LENGTH
from dashboard.accounts.sessions import MAX_SESSION_IDLE_S, MAX_SESSION_S
from dashboard.manager.learned_pages import CORRECTION_DAYS
from dashboard.use.compare import NOISE_CONFIDENCE
from dashboard.use.growth import ADDED_MEMBERS, BOOTSTRAP_DRAWS, MIDDLE_SHARE, MIN_GROWTH_WEEKS
from dashboard.use.remarks import OFTEN_FULL_SHARE
from dashboard.use.used_hours import MIN_COVERAGE
from edge.contract.message import IDENTIFY_S
from edge.timekeeping.durations import DAY_MS


@dataclass(frozen=True, slots=True)
class ShownLimits:
    """Numbers in texts of templates. Lengths of time are seconds or days, shares 0 to 1."""

    bucket_s: float = BUCKET_MS / 1000
    outlook_days: int = OUTLOOK_DAYS
    published_score_days: int = PUBLISHED_SCORE_DAYS
    forecast_band: float = BAND_SHARE
    ended_alert_days: int = ENDED_KEPT_MS // DAY_MS
    correction_days: int = CORRECTION_DAYS
    log_days: int = LOG_DAYS
    session_idle_s: float = MAX_SESSION_IDLE_S
    session_s: float = MAX_SESSION_S
    login_wait_s: float = LOGIN_FAILURE_PERIOD_S
    account_name_length: int = MAX_NAME_LENGTH
    password_length: int = MAX_PASSWORD_LENGTH
    identify_s: float = IDENTIFY_S
    noise_confidence: float = NOISE_CONFIDENCE
    often_full: float = OFTEN_FULL_SHARE
    least_coverage: float = MIN_COVERAGE
    small_group_weeks: int = MIN_SMALL_GROUP_WEEKS
    small_group_step: float = SMALL_GROUP_SHARE_STEP
    error_rate_confidence: float = ERROR_RATE_CONFIDENCE
    least_checks: int = MIN_SHOWN_GROUP
    growth_weeks: int = MIN_GROWTH_WEEKS
    growth_draws: int = BOOTSTRAP_DRAWS
    growth_band: float = MIDDLE_SHARE
    added_members: tuple[int, ...] = tuple(n for n in ADDED_MEMBERS if n)


SHOWN_LIMITS: Final = ShownLimits()
