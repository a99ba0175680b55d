"""The datasets that the job knows: one table of columns each, data only.

A new dataset is a new entry in DATASETS; the job's steps stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TypeName = Literal["string", "integer", "decimal", "date"]

MISSING = "missing"
MALFORMED = "malformed row"
ROW = "(row)"
YEAR = "year"


@dataclass(frozen=True)
class ColumnType:
    """How text becomes a value: the pattern that it must match, and Spark's name of the type."""

    sql: str
    pattern: str
    unparsable: str


TYPES: dict[TypeName, ColumnType] = {
    "string": ColumnType("string", r"(?s)^.*$", ""),
    "integer": ColumnType("bigint", r"^[+-]?[0-9]+$", "not an integer"),
    "decimal": ColumnType(
        "decimal(18,2)",
        r"^[+-]?[0-9]+(\.[0-9]{1,2})?$",
        "not a number with at most 2 decimals",
    ),
    "date": ColumnType("date", r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "not a date (YYYY-MM-DD)"),
}


@dataclass(frozen=True)
class SourceColumn:
    """One column: its header in the file, its name in the result, and the values that it takes.

    `minimum` and `maximum` are inclusive and written as in the file; `allowed` is for strings and
    exact. Surrounding white space is no part of a value, and a blank value is none.
    """

    header: str
    name: str
    type: TypeName = "string"
    required: bool = False
    allowed: tuple[str, ...] = ()
    minimum: str | None = None
    maximum: str | None = None

    @property
    def unparsable(self) -> str:
        """The reason why a text that is no value of the type is rejected."""
        return TYPES[self.type].unparsable

    @property
    def not_allowed(self) -> str:
        """The reason why a value outside the list is rejected."""
        return f"not an allowed value ({', '.join(self.allowed)})"

    @property
    def out_of_range(self) -> str:
        """The reason why a value beyond the bounds, or beyond the type, is rejected."""
        if self.minimum is not None and self.maximum is not None:
            return f"out of range ({self.minimum} to {self.maximum})"
        if self.minimum is not None:
            return f"out of range (at least {self.minimum})"
        if self.maximum is not None:
            return f"out of range (at most {self.maximum})"
        return f"out of range (more than {TYPES[self.type].sql} holds)"


@dataclass(frozen=True)
class Dataset:
    """A table of columns, and the one whose date decides over the range and the partition."""

    name: str
    date_column: str
    columns: tuple[SourceColumn, ...]

    def __post_init__(self) -> None:
        """Refuse a table that the job could not work with."""
        names = [column.name for column in self.columns]
        if len(set(names)) < len(names) or YEAR in names:
            raise ValueError(f"{self.name}: names must differ from one another and from {YEAR!r}")
        dates = [column.name for column in self.columns if column.type == "date"]
        required = [column.name for column in self.columns if column.required]
        if self.date_column not in dates or self.date_column not in required:
            raise ValueError(f"{self.name}: {self.date_column!r} must be a required date")
        for column in self.columns:
            if column.allowed and column.type != "string":
                raise ValueError(f"{self.name}: {column.name!r} lists values but is no string")


FAA_BIRD_STRIKES = Dataset(
    name="faa-bird-strikes",
    date_column="flight_date",
    columns=(
        SourceColumn("Airport Name", "airport_name", required=True),
        SourceColumn("Aircraft Make Model", "aircraft_make_model"),
        SourceColumn(
            "Effect Amount of damage",
            "damage",
            required=True,
            allowed=("None", "Minor", "Medium", "Substantial"),
        ),
        SourceColumn("Flight Date", "flight_date", "date", required=True, minimum="1900-01-01"),
        SourceColumn("Aircraft Airline Operator", "operator"),
        SourceColumn("Origin State", "origin_state"),
        SourceColumn(
            "Phase of flight",
            "flight_phase",
            allowed=(
                "Parked",
                "Taxi",
                "Take-off run",
                "Climb",
                "Descent",
                "Approach",
                "Landing Roll",
            ),
        ),
        SourceColumn(
            "Wildlife Size",
            "wildlife_size",
            required=True,
            allowed=("Small", "Medium", "Large"),
        ),
        SourceColumn("Wildlife Species", "wildlife_species"),
        SourceColumn("Time of day", "time_of_day", allowed=("Dawn", "Day", "Dusk", "Night")),
        SourceColumn("Cost Other", "cost_other", "decimal", minimum="0"),
        SourceColumn("Cost Repair", "cost_repair", "decimal", minimum="0"),
        SourceColumn("Cost Total $", "cost_total", "decimal", required=True, minimum="0"),
        SourceColumn(
            "Speed IAS in knots", "speed_ias_knots", "integer", minimum="0", maximum="600"
        ),
    ),
)

DATASETS: dict[str, Dataset] = {dataset.name: dataset for dataset in (FAA_BIRD_STRIKES,)}
