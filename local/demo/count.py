"""Counts a CSV of FAA bird strikes by the rules of preprocess, stated again without Spark."""

import csv
import json
import re
import sys
from datetime import date
from pathlib import Path

RULES = {
    "Airport Name": r"(?s).+",
    "Effect Amount of damage": r"None|Minor|Medium|Substantial",
    "Flight Date": r"(19|[2-9]\d)\d\d-\d\d-\d\d",
    "Phase of flight": r"|Parked|Taxi|Take-off run|Climb|Descent|Approach|Landing Roll",
    "Wildlife Size": r"Small|Medium|Large",
    "Time of day": r"|Dawn|Day|Dusk|Night",
    **dict.fromkeys(["Cost Other", "Cost Repair"], r"|\+?\d{1,16}(\.\d\d?)?"),
    "Cost Total $": r"\+?\d{1,16}(\.\d\d?)?",
    "Speed IAS in knots": r"|[1-5]?\d?\d|600",
}


def is_accepted(row: dict[str, str]) -> bool:
    """Say whether every value is one that its column takes, and the date one of the calendar."""
    try:
        date.fromisoformat(row["Flight Date"])
    except ValueError:
        return False
    return all(re.fullmatch(rule, row[name]) for name, rule in RULES.items())


path, start, end = sys.argv[1:]
with Path(path).open(newline="", encoding="utf-8-sig") as file:
    rows = [{name: text.strip() for name, text in row.items()} for row in csv.DictReader(file)]
accepted = [row for row in rows if is_accepted(row)]
distinct = {tuple(row.values()): row["Flight Date"] for row in accepted}
kept = sum(start <= day <= end for day in distinct.values())
counts = {"rowsIn": len(rows), "rowsOut": kept, "rejects": len(rows) - len(accepted)}
counts |= {"duplicates": len(accepted) - len(distinct), "outsideRange": len(distinct) - kept}
print(json.dumps(counts))
