"""What Spark has no type for: read as the numbers or bytes that it is stored as, and marked as what it is.

These are instants in nanoseconds, times of day, half floats and UUIDs. The mark is in a column's metadata,
which a query keeps that selects the column as it is.
"""

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from kldiv.tables.contract import Column, Kind
from kldiv.tables.frame_columns import Field
from kldiv.tables.writing import MICROSECONDS, NANOSECONDS, SIGNED_64, Steps

if TYPE_CHECKING:
    from pyspark.sql import Column as Expression
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructField, StructType

# Microseconds since midnight.
CLOCK = (
    "CAST((extract(HOUR FROM {0}) * 3600 + extract(MINUTE FROM {0}) * 60 + extract(SECOND FROM {0})) "
    "* 1000000 AS BIGINT)"
)
_MARK = "kldiv"
_DIGITS_OF_64_BITS = 18
TIME_OF_DAY = "TIME(MICROS,false)"
_STEPS = {
    "TIMESTAMP(NANOS,false)": (Kind.DATE, NANOSECONDS),
    "TIMESTAMP(NANOS,true)": (Kind.DATE, NANOSECONDS),
    "TIME(MILLIS,false)": (Kind.TIME, Steps(Fraction(1, 10**3), *SIGNED_64)),
    TIME_OF_DAY: (Kind.TIME, MICROSECONDS),
    "TIME(NANOS,false)": (Kind.TIME, NANOSECONDS),
}
# The less significant byte comes first; five bits are the exponent, ten the fraction.
_HALF = (
    "CAST(transform(array(CAST(conv(substr(hex({0}), 3) || substr(hex({0}), 1, 2), 16, 10) AS INT)), b -> "
    "IF(b < 32768, 1, -1) * CASE b DIV 1024 % 32 "
    "WHEN 31 THEN IF(b % 1024 = 0, DOUBLE('inf'), DOUBLE('nan')) "
    "WHEN 0 THEN b % 1024 * power(2, -24) "
    "ELSE (1024 + b % 1024) * power(2, b DIV 1024 % 32 - 25) END)[0] AS FLOAT)"
)
_UUID = "regexp_replace(lower(hex({0})), '(.{{8}})(.{{4}})(.{{4}})(.{{4}})(.{{12}})', '$1-$2-$3-$4-$5')"
# Spark has times of day where a setting says so, and cuts off their nanoseconds.
_TIME = "time("


def marked(value: "Expression", name: str, mark: str) -> "Expression":
    """A column by this name, which is known for what it stands for."""
    return value.alias(name, metadata={_MARK: mark})


def mark_of(field: "StructField") -> str | None:
    """What a column is marked as, if it is."""
    mark: str | None = field.metadata.get(_MARK)
    return mark


def type_of(field: "StructField") -> str:
    """A column's type, or what it is marked as."""
    return mark_of(field) or field.dataType.simpleString()


def formed(name: str, mark: str) -> tuple[str, Field]:
    """A marked column in form, in Spark's SQL, and what it is."""
    if mark in _STEPS:
        kind, steps = _STEPS[mark]
        return f"CAST({name} AS BIGINT)", Field(name, Column(kind, mark), steps, utc=mark.endswith("true)"))
    if mark == "FLOAT16":
        return _HALF.format(name), Field(name, Column(Kind.NUMBER, "float16"), single=True)
    if mark == "UUID":
        return _UUID.format(name), Field(name, Column(Kind.TEXT, mark))
    return f"CASE WHEN {name} IS NOT NULL THEN true END", Field(name, Column(Kind.UNSUPPORTED, mark))


def schema_of(session: "SparkSession", url: str, path: str) -> "StructType":
    """The columns of a Parquet file, `url` as a glob; marked is what Spark has no type for."""
    try:
        schema: StructType = session.read.parquet(url).schema
    except Exception:
        # If the file is damaged, Spark has said so already.
        with suppress(Exception):
            return _Footer(session, path).schema()
        raise
    if any(map(_is_short_decimal, schema)) and _Footer(session, path).has_short_decimals_in_bytes():
        # As Avro's writers store them; of all that Spark reads quickly it fails at these alone.
        session.conf.set("spark.sql.parquet.enableVectorizedReader", "false")
    return schema


def _is_short_decimal(field: "StructField") -> bool:
    """Whether Spark keeps a column's values in 64 bits, which are decimals."""
    from pyspark.sql.types import DecimalType  # noqa: PLC0415 (an extra)

    return isinstance(field.dataType, DecimalType) and field.dataType.precision <= _DIGITS_OF_64_BITS


def read_as(session: "SparkSession", urls: Sequence[str], schema: "StructType") -> "DataFrame":
    """Read Parquet files whose columns are these."""
    reader = session.read.schema(schema) if any(map(mark_of, schema)) else session.read
    return reader.parquet(*urls)


class _Footer:
    """The types of a Parquet file as it names them, from the library of Java's that Spark reads with."""

    def __init__(self, session: "SparkSession", path: str) -> None:
        java: Any = session._jvm
        self._lists = java.java.util.ArrayList
        self._types = java.org.apache.parquet.schema
        hadoop, settings = java.org.apache.parquet.hadoop, session._jsc.hadoopConfiguration()
        file = hadoop.util.HadoopInputFile.fromPath(java.org.apache.hadoop.fs.Path(path), settings)
        reader = hadoop.ParquetFileReader.open(file)
        try:
            self._columns = [*reader.getFileMetaData().getSchema().getFields()]
        finally:
            reader.close()
        parquet = java.org.apache.spark.sql.execution.datasources.parquet
        self._converter = parquet.ParquetToSparkSchemaConverter(session._jsparkSession.sessionState().conf())

    def schema(self) -> "StructType":
        from pyspark.sql.types import StructType  # noqa: PLC0415 (an extra)

        return StructType([self._field(each) for each in self._columns])

    def has_short_decimals_in_bytes(self) -> bool:
        """Whether a decimal that Spark keeps in 64 bits is stored in bytes of any number."""
        return any(
            each.isPrimitive()
            and str(each.asPrimitiveType().getPrimitiveTypeName()) == "BINARY"
            and _is_short_decimal(self._converted(each))
            for each in self._columns
        )

    def _field(self, column: Any) -> "StructField":
        # Spark has an error for each kind of type that it has not.
        with suppress(Exception):
            field = self._converted(column)
            if _TIME not in field.dataType.simpleString():
                return field
        field = self._converted(self._bare(column))
        field.metadata = {_MARK: str(column.getLogicalTypeAnnotation() or "struct")}
        return field

    def _converted(self, column: Any) -> "StructField":
        from pyspark.sql.types import StructType  # noqa: PLC0415 (an extra)

        message = self._types.MessageType("columns", self._list([column]))
        [field] = StructType.fromJson(json.loads(self._converter.convert(message).json()))
        return field

    def _bare(self, column: Any) -> Any:
        """A column that says nothing of what its numbers and bytes stand for."""
        if not column.isPrimitive():
            group = column.asGroupType()
            return group.withNewFields(self._list(map(self._bare, group.getFields())))
        stored = column.asPrimitiveType()
        return self._types.PrimitiveType(
            column.getRepetition(), stored.getPrimitiveTypeName(), stored.getTypeLength(), column.getName()
        )

    def _list(self, members: Iterable[Any]) -> Any:
        """A list of Java's."""
        made = self._lists()
        for each in members:
            made.add(each)
        return made
