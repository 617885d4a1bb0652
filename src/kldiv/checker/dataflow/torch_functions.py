"""All operations known, from the files that register them."""

from kldiv.checker.dataflow import operations, reductions, shapes, uses

REGISTERED_BY = (operations, reductions, shapes, uses)
OPERATIONS = operations.OPERATIONS
