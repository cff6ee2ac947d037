"""Whether sensors are where the site file places them: one sensor at a wrong place, two that are exchanged.

In:    what the sensors of a site did on one day, and the results of earlier days.
Out:   the result of each sensor's day; findings about exchanged pairs.
Never: clocks, the journal.
"""
