"""From the text of a CSV file to typed rows, each with its reasons to be rejected."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from datasets import MALFORMED, MISSING, ROW, TYPES, YEAR, Dataset, SourceColumn
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructType

ROWS_PER_PARTITION = 250_000
WHITE_SPACE = " \t\r\n"
RECORD, VALUES, REASONS, COPIES = "_record", "_values", "_reasons", "_copies"


def read_rows(session: SparkSession, uri: str, header: Sequence[str]) -> DataFrame:
    """Read every row as text, in columns `0`, `1`, …; a row of another width keeps its record.

    A file is read by one task, since quoted fields may hold line ends.
    """
    schema = StructType()
    taken = {"", RECORD}
    for index, name in enumerate(header):
        schema.add(f"{name} {index}" if name.lower() in taken else name, StringType())
        taken.add(name.lower())
    schema.add(RECORD, StringType())
    rows = session.read.csv(
        uri,
        schema=schema,
        header=True,
        multiLine=True,
        escape='"',
        mode="PERMISSIVE",
        columnNameOfCorruptRecord=RECORD,
    )
    return rows.toDF(*[str(index) for index in range(len(header))], RECORD)


def type_rows(rows: DataFrame, header: Sequence[str], dataset: Dataset) -> DataFrame:
    """Give the columns their names and types, and each row the list of its reject reasons."""
    columns = dataset.columns
    raw = {column.name: F.col(str(header.index(column.header))) for column in columns}
    texts = rows.select(
        RECORD,
        F.when(F.col(RECORD).isNull(), F.struct(*_as_read(raw))).alias(VALUES),
        *[_to_text(raw[column.name]).alias(f"{column.name} text") for column in columns],
    )
    values = texts.select("*", *[_to_value(column).alias(column.name) for column in columns])
    malformed = F.array(_to_reason(ROW, F.lit(MALFORMED)))
    reasons = F.array_compact(F.array(*[_find_reason(column) for column in columns]))
    return values.select(
        *[column.name for column in columns],
        F.when(F.col(RECORD).isNotNull(), malformed).otherwise(reasons).alias(REASONS),
        VALUES,
        RECORD,
    )


def _as_read(raw: dict[str, Column]) -> list[Column]:
    return [text.alias(name) for name, text in raw.items()]


def _to_text(raw: Column) -> Column:
    trimmed = F.btrim(raw, F.lit(WHITE_SPACE))
    return F.when(trimmed != "", trimmed)


def _to_value(column: SourceColumn) -> Column:
    return F.expr(f"try_cast(`{column.name} text` AS {TYPES[column.type].sql})")


def _find_reason(column: SourceColumn) -> Column:
    """Return the one reason to reject this column's value, or null."""
    text, value = F.col(f"{column.name} text"), F.col(column.name)
    type_ = TYPES[column.type]
    unparsable = ~text.rlike(type_.pattern)
    if column.type == "date":
        unparsable = unparsable | value.isNull()
    out_of_range = value.isNull()
    if column.minimum is not None:
        out_of_range = out_of_range | (value < F.lit(column.minimum).cast(type_.sql))
    if column.maximum is not None:
        out_of_range = out_of_range | (value > F.lit(column.maximum).cast(type_.sql))
    reason = F.when(text.isNull(), F.lit(MISSING) if column.required else F.lit(None))
    if column.type != "string":
        reason = reason.when(unparsable, column.unparsable)
    if column.allowed:
        reason = reason.when(~text.isin(*column.allowed), column.not_allowed)
    reason = reason.when(out_of_range, column.out_of_range)
    return F.when(reason.isNotNull(), _to_reason(column.name, reason))


def _to_reason(column: str, reason: Column) -> Column:
    return F.struct(F.lit(column).alias("column"), reason.alias("reason"))


def drop_duplicates(typed: DataFrame, dataset: Dataset, accepted_rows: int) -> DataFrame:
    """Return the accepted rows, each once with its number of copies, in order of their dates.

    All rows of a year are in one partition, which makes one file a year and is all that finding
    duplicates needs. Adaptive execution leaves a cached frame's partitions as they are, so their
    number is chosen here.
    """
    names = [column.name for column in dataset.columns]
    partitions = 1 + accepted_rows // ROWS_PER_PARTITION
    accepted = typed.filter(F.size(REASONS) == 0).select(
        F.year(dataset.date_column).alias(YEAR), *names
    )
    grouped = accepted.repartition(partitions, YEAR).groupBy(YEAR, *names)
    distinct = grouped.agg(F.count("*").alias(COPIES))
    return distinct.sortWithinPartitions(YEAR, dataset.date_column, *names)


def is_inside(dataset: Dataset, start: date, end: date) -> Column:
    """Say whether a row's date lies in the range, both ends included."""
    return F.col(dataset.date_column).between(F.lit(start), F.lit(end))
