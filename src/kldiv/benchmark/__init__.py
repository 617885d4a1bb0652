"""Measuring divergences of logits beside what else computes them: how long, and how right.

`case` is what is measured, `peers` who computes it, `measuring` times them in turn and compares each answer
with an exact one. The repository's benchmarks and `kldiv bench` are both made of these.
"""
