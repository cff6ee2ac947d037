"""How truthful the inference, the count of people and the forecast are, on labelled recordings of real places.

Run:   python -m bench.accuracy [--data FOLDER]
In:    the recordings of a folder, each beside its SOURCE.md; default settings, nothing tuned for one of them.
Out:   one table, ours beside what a buyer gets today, and docs/accuracy.md made from it.
"""
