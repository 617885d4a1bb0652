"""What every framework's KL function computes, as data: how it is called, and the number that comes of it.

Everything is NumPy, in float64 unless a call says float32, so that a mistake can be shown without running
the framework. The calls' texts are Python, and tests run them.
"""
