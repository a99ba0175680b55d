"""From the rows of a file of flights to the percentiles of their delays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

# The columns that the job reads, and the types that each may have, by Spark's names.
COLUMNS: dict[str, tuple[str, ...]] = {
    "date": ("timestamp_ntz",),
    "delay": ("bigint", "int"),
    "origin": ("string",),
    "destination": ("string",),
}
PERCENTILES = {"p50": 0.5, "p75": 0.75, "p90": 0.9, "p99": 0.99}
# Why a flight is left out before it has a group, in the order in which it is asked.
REASONS = ("incomplete", "outsideDates", "outsideHours", "otherAirports", "withoutDelay")
GROUP = ("origin", "destination", "hour")
DAY, REASON, FIRST, LAST = "_day", "_reason", "_first", "_last"


@dataclass(frozen=True)
class Selection:
    """The flights to keep; bounds are inclusive, and no airport means that any will do."""

    start: date
    end: date
    from_hour: int
    to_hour: int
    airport: str | None


def sort_flights(flights: DataFrame, selection: Selection) -> DataFrame:
    """Give each flight its day and hour, and the one reason to leave it out, or null.

    A timestamp without a zone is the clock at the airport: no session's zone moves day or hour.
    """
    timed = flights.select(
        "origin",
        "destination",
        "delay",
        F.to_date("date").alias(DAY),
        F.hour("date").alias("hour"),
    )
    return timed.withColumn(REASON, _find_reason(selection))


def _find_reason(selection: Selection) -> Column:
    """A flight that lacks more than its delay has no group that it could count for."""
    origin, destination = F.col("origin"), F.col("destination")
    in_dates = F.col(DAY).between(F.lit(selection.start), F.lit(selection.end))
    in_hours = F.col("hour").between(selection.from_hour, selection.to_hour)
    airport = selection.airport
    at_airport = F.lit(True) if airport is None else (origin == airport) | (destination == airport)
    lacking = F.col(DAY).isNull() | origin.isNull() | destination.isNull()
    conditions = (lacking, ~in_dates, ~in_hours, ~at_airport, F.col("delay").isNull())
    reasons = zip(REASONS, conditions, strict=True)
    return F.coalesce(*[F.when(condition, name) for name, condition in reasons])


def count_reasons(sorted_flights: DataFrame) -> dict[str | None, int]:
    """Count the flights of each reason; those with none are under None."""
    return {row[REASON]: row["count"] for row in sorted_flights.groupBy(REASON).count().collect()}


def summarize(sorted_flights: DataFrame) -> DataFrame:
    """Return one row for each group: its flights, the percentiles and mean of their delays.

    The percentiles are exact. Between two flights they are interpolated in a line: of n delays in
    order, counted from 0, the percentile p stands at p * (n - 1). A p of whole hundredths between
    whole minutes gives at most two decimals, so that rounding only takes off what binary adds.
    """
    kept = sorted_flights.filter(F.col(REASON).isNull())
    groups = kept.groupBy(*GROUP).agg(
        F.count(F.lit(1)).alias("flights"),
        F.percentile("delay", list(PERCENTILES.values())).alias("percentiles"),
        F.avg("delay").alias("mean"),
        F.min(DAY).alias(FIRST),
        F.max(DAY).alias(LAST),
    )
    found = F.col("percentiles")
    each = [F.round(found[index], 2).alias(name) for index, name in enumerate(PERCENTILES)]
    return groups.select(*GROUP, "flights", *each, "mean", FIRST, LAST)


def measure(groups: DataFrame, min_flights: int) -> dict[str, Any]:
    """Count groups and flights, those kept and those in groups that are too small."""
    large = F.col("flights") >= min_flights
    row = groups.agg(
        F.count_if(large).alias("rowsOut"),
        F.count_if(~large).alias("groupsLeftOut"),
        F.coalesce(F.sum(F.when(large, F.col("flights"))), F.lit(0)).alias("flightsKept"),
        F.coalesce(F.sum(F.when(~large, F.col("flights"))), F.lit(0)).alias("flightsLeftOut"),
        F.min(F.when(large, F.col(FIRST))).alias("firstDay"),
        F.max(F.when(large, F.col(LAST))).alias("lastDay"),
    ).collect()[0]
    return row.asDict()


def select_rows(groups: DataFrame, min_flights: int) -> DataFrame:
    """Return the groups that are large enough, in order of route and hour, for one file."""
    large = groups.filter(F.col("flights") >= min_flights).drop(FIRST, LAST)
    return large.repartition(1).sortWithinPartitions(*GROUP)
