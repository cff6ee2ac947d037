"""Sensor health: hourly activity of each sensor, the findings that follow from it, and what managers ignore.

In:    stored events, the plan, site time.
Out:   findings about sensors and devices.
Never: a space's state: a finding is only shown; it never changes a state.

`hour_tallies.py` counts one completed hour of a sensor, `day_tallies.py` compares the sensors of one space over a day,
`misplacement.py` compares them with those of other spaces, and `clocks.py` checks how old events are on arrival;
`finding_rules.py` derives findings. `ignoring.py` applies managers' commands, `learned_values_for_health.py` reads what
spaces have learned, `sensor_history.py` and `health_store.py` keep the data, and `health_service.py` runs everything
for one site.
"""
