"""Alerts: what somebody should be told of, judged here and delivered from here, so that no page can hide one.

In:    what the collector knows, the settings of the site file, what managers mute.
Out:   alerts, each once when it begins and once when it ends; on the wire, and to the house's destinations.
Never: a state of a space: an alert tells, and changes nothing.

`conditions` says what holds now and `book` makes episodes of that, so that nothing flutters; `mutes` and `hours` say
what is not told, or not yet; `letters` and `words` write, `postman` delivers; `store` keeps, and `alarms` does it all
for a house. `wire` is how it is told to the pages.
"""
