"""Frames of other libraries that are hard to read: wide ones, and columns and names of unusual kinds."""

import numpy as np
import pandas as pd

import kldiv


def test_a_wide_frame_is_not_asked_for_all_its_columns_with_every_question(monkeypatch):
    """DuckDB does so where it reads a frame in place, and the time grows with the square of the columns."""
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(generator.normal(size=(50, 60))).rename(columns=str)
    frame[["text", "word"]] = "a"
    asked = 0
    original = pd.DataFrame.__getitem__

    def counting(self, key):
        nonlocal asked
        asked += 1
        return original(self, key)

    monkeypatch.setattr(pd.DataFrame, "__getitem__", counting)
    kldiv.compare(frame, frame)
    assert 0 < asked <= 2 * 4 * frame.shape[1]
