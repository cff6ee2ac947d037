"""Sensor health: what each sensor did hour by hour, what that says about it, and what a manager has seen.

In:    stored events, the plan, the house's clock.
Out:   findings about sensors and devices.
Never: a state of a space: a finding flags, and nothing is guessed around it.

`hours` counts one closed hour of a sensor, `days` sets the hours of a space's sensors side by side, `places` compares
them with other spaces' and `clocks` watches when news arrives; `judge` finds. `ignoring` remembers what a manager
answered, `learnt` asks what spaces have learnt, `past` and `store` keep what is known, `watch` does it all for a house.
"""
