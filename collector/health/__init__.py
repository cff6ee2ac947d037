"""Sensor health: what each sensor did hour by hour, what that says about it, and what a manager has seen.

In:    stored events, the plan, the house's clock.
Out:   findings about sensors and devices.
Never: a state of a space: a finding flags, and nothing is guessed around it.

`hours` counts one closed hour of a sensor, `days` sets the hours of a space's sensors side by side, `judge` finds,
`places` compares spaces, `clocks` watches when news arrives, `ignoring` remembers what a manager answered, `past` and
`store` keep it, `watch` does it all for a house.
"""
