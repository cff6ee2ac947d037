"""Truth labels: what people found in spaces, and how often the site's answers are wrong.

In:    labels of visitors and of truth rounds.
Out:   error rates with intervals, corrections of what is shown.
Never: who reported something, and, after the retention of raw events, when.
"""
