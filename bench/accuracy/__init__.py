"""Accuracy of inference, people counts and forecasts on labelled recordings of real places.

Run:   python -m bench.accuracy [--data FOLDER]
In:    the recordings of a folder, each with its SOURCE.md; default settings, not tuned for any recording.
Out:   one table that compares Ledig with common products, and docs/accuracy.md.
"""
