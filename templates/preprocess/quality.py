"""What the job counts, and the report that it makes of the counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from cleaning import COPIES, REASONS
from datasets import ROW, YEAR, Dataset, SourceColumn
from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F


@dataclass(frozen=True)
class Rejects:
    """How many rows were read and rejected; `by_reason` counts (column, reason)."""

    rows_in: int
    rows: int
    by_reason: dict[tuple[str, str], int]

    @property
    def accepted(self) -> int:
        """The rows that no reason speaks against."""
        return self.rows_in - self.rows


@dataclass(frozen=True)
class Statistics:
    """What is known of the accepted rows, and of the columns of those that are kept."""

    duplicates: int
    outside_range: int
    rows_by_year: dict[int, int]
    nulls: dict[str, int]
    minima: dict[str, Any]
    maxima: dict[str, Any]


def count_rejects(typed: DataFrame) -> Rejects:
    """Count rows, rejected rows and reasons in one pass; a row may have several reasons."""
    each = typed.select(F.posexplode_outer(REASONS))
    counted = each.groupBy("col").agg(
        F.count(F.lit(1)).alias("count"), F.count_if(F.col("pos") == 0).alias("rows")
    )
    found = counted.collect()
    clean = sum(row["count"] for row in found if row["col"] is None)
    reasons = [row for row in found if row["col"] is not None]
    rejected = sum(row["rows"] for row in reasons)
    by_reason = {(row["col"]["column"], row["col"]["reason"]): row["count"] for row in reasons}
    return Rejects(clean + rejected, rejected, by_reason)


def measure(distinct: DataFrame, dataset: Dataset, inside: Column) -> Statistics:
    """Count the accepted rows and describe the columns of those kept, in one pass."""
    names = [column.name for column in dataset.columns]
    aggregates = [F.count("*").alias("rows"), F.sum(F.col(COPIES) - 1).alias("duplicates")]
    for name in names:
        aggregates.append(F.count_if(F.col(name).isNull()).alias(f"nulls {name}"))
        aggregates.append(F.min(name).alias(f"min {name}"))
        aggregates.append(F.max(name).alias(f"max {name}"))
    group = F.when(inside, F.col(YEAR)).alias("group")
    found = distinct.groupBy(group).agg(*aggregates).collect()
    kept = sorted((row for row in found if row["group"] is not None), key=lambda row: row["group"])
    return Statistics(
        duplicates=sum(row["duplicates"] for row in found),
        outside_range=sum(row["rows"] for row in found if row["group"] is None),
        rows_by_year={row["group"]: row["rows"] for row in kept},
        nulls={name: sum(row[f"nulls {name}"] for row in kept) for name in names},
        minima={name: min(_present(kept, f"min {name}"), default=None) for name in names},
        maxima={name: max(_present(kept, f"max {name}"), default=None) for name in names},
    )


def _present(rows: Iterable[Row], name: str) -> list[Any]:
    return [row[name] for row in rows if row[name] is not None]


def render_counts(dataset: Dataset, rejects: Rejects, statistics: Statistics) -> dict[str, Any]:
    """Put the counts into the report's form, columns and reasons in the dataset's order."""
    years = statistics.rows_by_year
    return {
        "rowsIn": rejects.rows_in,
        "rowsOut": sum(years.values()),
        "rejects": {"rows": rejects.rows, "byReason": _render_reasons(dataset, rejects)},
        "duplicates": statistics.duplicates,
        "outsideRange": statistics.outside_range,
        "columns": [_render_column(column, rejects, statistics) for column in dataset.columns],
        "partitions": [{"year": year, "rows": rows} for year, rows in years.items()],
    }


def _render_reasons(dataset: Dataset, rejects: Rejects) -> list[dict[str, Any]]:
    order = [ROW, *[column.name for column in dataset.columns]]
    found = sorted(rejects.by_reason.items(), key=lambda item: (order.index(item[0][0]), item[0]))
    return [
        {"column": column, "reason": reason, "count": count} for (column, reason), count in found
    ]


def _render_column(
    column: SourceColumn, rejects: Rejects, statistics: Statistics
) -> dict[str, Any]:
    rejected = sum(count for (name, _), count in rejects.by_reason.items() if name == column.name)
    return {
        "name": column.name,
        "type": column.type,
        "nulls": statistics.nulls[column.name],
        "min": _to_json(statistics.minima[column.name]),
        "max": _to_json(statistics.maxima[column.name]),
        "rejects": rejected,
    }


def _to_json(value: Any) -> str | int | None:
    """Keep integers and text; decimals and dates become text, which loses nothing."""
    return str(value) if isinstance(value, Decimal | date) else value
