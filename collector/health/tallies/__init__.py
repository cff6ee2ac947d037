"""What sensors did: counted by the hour, summed up by day, and compared over the site.

In:    stored events of sensors.
Out:   tallies by hour and day, and the activity of the site.
Never: findings, clocks, the journal.
"""
