"""All operations known, from the files that register them."""

from kldiv.checker.dataflow import operations, shapes, uses

REGISTERED_BY = (operations, shapes, uses)
OPERATIONS = operations.OPERATIONS
