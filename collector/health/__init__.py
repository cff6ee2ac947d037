"""Sensor health: hourly activity of each sensor, the findings that follow from it, and what managers ignore.

In:    stored events, the plan, site time.
Out:   findings about sensors and devices.
Never: a space's state: a finding is only shown; it never changes a state.

`hours` counts one completed hour of a sensor, `days` compares the sensors of one space over a day, `misplacement`
compares them with those of other spaces, and `clocks` checks how old events are on arrival; `rules` derives findings.
`ignoring` applies managers' commands, `learned_values` reads what spaces have learned, `history` and `store` keep the
data, and `service` runs everything for one site.
"""
