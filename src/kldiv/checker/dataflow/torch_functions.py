"""All operations known, from the files that register them."""

from kldiv.checker.dataflow import maps, operations, reductions, shapes, uses

REGISTERED_BY = (maps, operations, reductions, shapes, uses)
OPERATIONS = operations.OPERATIONS
