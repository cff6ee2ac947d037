"""Alerts: evaluated and delivered by the collector, so that they do not depend on any page.

In:    the collector's state, the settings of the site file, managers' mutes.
Out:   alerts, published once when they begin and once when they end; notifications to the site's destinations.
Never: a space's state: an alert only informs.

`conditions` finds what is wrong now, and `episodes` turns that into alerts with hysteresis. `mutes` and `hours` decide
what is not sent, or not yet; `notifications` and `texts` write messages, and `sender` delivers them; `store` stores
alerts, and `service` runs everything for one site. `collector.contract.alerts` defines the wire format.
"""
