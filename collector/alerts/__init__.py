"""Alerts: evaluated and delivered by the collector, so that they do not depend on any page.

In:    the collector's state, the settings of the site file, managers' mutes.
Out:   alerts, published once when they begin and once when they end; notifications to the site's destinations.
Never: a space's state: an alert only informs.

`alert_kinds.py` is the table of alert kinds. `conditions.py` finds what is wrong now, and `episodes.py` turns that into
alerts with hysteresis. `active_mutes.py` and `alert_hours.py` decide what is not sent, or not yet;
`notifications.py` and `alert_texts.py` write messages, and `notification_sender.py` delivers them; `alert_store.py`
stores alerts, and `alert_service.py` runs everything for one site. `collector/contract/alerts.py` defines the wire
format.
"""
