from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from bird_strikes import HEADER, STRIKE, to_csv
from conftest import Run


def test_every_column_of_an_accepted_row_has_its_name_and_type(run: Run) -> None:
    outcome = run(to_csv({"Cost Repair": "120.5", "Cost Total $": "7043545"}))

    data = outcome.session.read.parquet((outcome.output / "data").as_uri())
    assert data.dtypes == [
        ("airport_name", "string"),
        ("aircraft_make_model", "string"),
        ("damage", "string"),
        ("flight_date", "date"),
        ("operator", "string"),
        ("origin_state", "string"),
        ("flight_phase", "string"),
        ("wildlife_size", "string"),
        ("wildlife_species", "string"),
        ("time_of_day", "string"),
        ("cost_other", "decimal(18,2)"),
        ("cost_repair", "decimal(18,2)"),
        ("cost_total", "decimal(18,2)"),
        ("speed_ias_knots", "bigint"),
        ("year", "int"),
    ]
    assert [tuple(row) for row in data.collect()] == [
        (
            "BARKSDALE AIR FORCE BASE ARPT",
            "T-38A",
            "None",
            date(1990, 1, 8),
            "MILITARY",
            "Louisiana",
            "Climb",
            "Large",
            "Turkey vulture",
            "Day",
            Decimal("0.00"),
            Decimal("120.50"),
            Decimal("7043545.00"),
            300,
            1990,
        )
    ]


def test_every_kind_of_fault_is_rejected_with_its_reason(run: Run) -> None:
    outcome = run(
        to_csv(
            {"Airport Name": ""},
            {"Airport Name": " \t "},
            {"Effect Amount of damage": "C"},
            {"Effect Amount of damage": "none"},
            {"Flight Date": ""},
            {"Flight Date": "08/01/1990"},
            {"Flight Date": "1990-02-30"},
            {"Flight Date": "1899-12-31"},
            {"Cost Repair": "12.345"},
            {"Cost Repair": "-1"},
            {"Cost Repair": "99999999999999999999"},
            {"Speed IAS in knots": "fast"},
            {"Speed IAS in knots": "12.5"},
            {"Speed IAS in knots": "601"},
            {"Speed IAS in knots": "99999999999999999999"},
            {"Speed IAS in knots": "600"},
        )
    )

    assert outcome.report["rejects"] == {
        "rows": 15,
        "byReason": [
            {"column": "airport_name", "reason": "missing", "count": 2},
            {
                "column": "damage",
                "reason": "not an allowed value (None, Minor, Medium, Substantial)",
                "count": 2,
            },
            {"column": "flight_date", "reason": "missing", "count": 1},
            {"column": "flight_date", "reason": "not a date (YYYY-MM-DD)", "count": 2},
            {"column": "flight_date", "reason": "out of range (at least 1900-01-01)", "count": 1},
            {
                "column": "cost_repair",
                "reason": "not a number with at most 2 decimals",
                "count": 1,
            },
            {"column": "cost_repair", "reason": "out of range (at least 0)", "count": 2},
            {"column": "speed_ias_knots", "reason": "not an integer", "count": 2},
            {"column": "speed_ias_knots", "reason": "out of range (0 to 600)", "count": 2},
        ],
    }
    assert outcome.counts() == {
        "rowsIn": 16,
        "rowsOut": 1,
        "duplicates": 0,
        "outsideRange": 0,
        "rejects": 15,
    }


def test_a_rejected_row_keeps_its_values_as_read_and_all_its_reasons(run: Run) -> None:
    outcome = run(to_csv({"Airport Name": "", "Speed IAS in knots": " quick ", "Cost Other": ""}))

    assert outcome.rejects() == [
        {
            "values": {
                "airport_name": None,
                "aircraft_make_model": "T-38A",
                "damage": "None",
                "flight_date": "1990-01-08",
                "operator": "MILITARY",
                "origin_state": "Louisiana",
                "flight_phase": "Climb",
                "wildlife_size": "Large",
                "wildlife_species": "Turkey vulture",
                "time_of_day": "Day",
                "cost_other": None,
                "cost_repair": "0",
                "cost_total": "0",
                "speed_ias_knots": " quick ",
            },
            "reasons": [
                {"column": "airport_name", "reason": "missing"},
                {"column": "speed_ias_knots", "reason": "not an integer"},
            ],
            "record": None,
        }
    ]
    assert outcome.report["rejects"]["rows"] == 1
    assert outcome.report["rowsOut"] == 0


def test_a_row_of_another_width_is_rejected_with_its_record(run: Run) -> None:
    outcome = run(
        to_csv({}) + "only,three,fields\n" + ",".join(STRIKE.values()) + ",one too many\n"
    )

    assert outcome.report["rejects"] == {
        "rows": 2,
        "byReason": [{"column": "(row)", "reason": "malformed row", "count": 2}],
    }
    reasons = [{"column": "(row)", "reason": "malformed row"}]
    assert outcome.rejects() == [
        {"values": None, "reasons": reasons, "record": "only,three,fields"},
        {
            "values": None,
            "reasons": reasons,
            "record": "BARKSDALE AIR FORCE BASE ARPT,T-38A,None,1990-01-08,MILITARY,Louisiana,"
            "Climb,Large,Turkey vulture,Day,0,0,0,300,one too many",
        },
    ]
    assert outcome.counts()["rowsOut"] == 1


def test_duplicates_are_found_after_cleaning_and_among_accepted_rows_only(run: Run) -> None:
    outcome = run(
        to_csv(
            {},
            {"Airport Name": " BARKSDALE AIR FORCE BASE ARPT\t", "Cost Total $": "0.00"},
            {"Speed IAS in knots": "+300"},
            {"Speed IAS in knots": ""},
            {"Speed IAS in knots": "  "},
            {"Speed IAS in knots": "fast"},
            {"Speed IAS in knots": "fast"},
        )
    )

    assert outcome.counts() == {
        "rowsIn": 7,
        "rowsOut": 2,
        "duplicates": 3,
        "outsideRange": 0,
        "rejects": 2,
    }


def test_both_ends_of_the_range_are_inside_and_a_copy_outside_is_a_duplicate(run: Run) -> None:
    days = ("1995-05-31", "1995-06-01", "1995-12-31", "1996-01-01", "1996-02-29", "1996-03-01")
    strikes = [{"Flight Date": day} for day in (*days, "1995-05-31")]

    outcome = run(to_csv(*strikes), start="1995-06-01", end="1996-02-29")

    assert outcome.rows("flight_date", "year") == [
        (date(1995, 6, 1), 1995),
        (date(1995, 12, 31), 1995),
        (date(1996, 1, 1), 1996),
        (date(1996, 2, 29), 1996),
    ]
    assert outcome.counts() == {
        "rowsIn": 7,
        "rowsOut": 4,
        "duplicates": 1,
        "outsideRange": 2,
        "rejects": 0,
    }
    assert outcome.report["partitions"] == [{"year": 1995, "rows": 2}, {"year": 1996, "rows": 2}]


def test_quotes_line_ends_and_every_script_survive(run: Run) -> None:
    names = ('O\'HARE, "CHICAGO"', "ZÜRICH\nKLOTEN", "東京国際空港 🛬", 'back\\slash\\"')
    outcome = run(to_csv(*({"Airport Name": name} for name in names)))

    assert outcome.rows("airport_name") == [
        ('O\'HARE, "CHICAGO"',),
        ("ZÜRICH\nKLOTEN",),
        ('back\\slash\\"',),
        ("東京国際空港 🛬",),
    ]


def test_columns_are_found_by_their_header_in_any_order_and_others_are_left_out(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    header = ("Remarks", *reversed(HEADER), "remarks", "_record", "")
    outcome = run(to_csv({}, {"Flight Date": "1991-01-08"}, header=header))

    assert outcome.rows("flight_date", "airport_name", "speed_ias_knots") == [
        (date(1990, 1, 8), "BARKSDALE AIR FORCE BASE ARPT", 300),
        (date(1991, 1, 8), "BARKSDALE AIR FORCE BASE ARPT", 300),
    ]
    said = "leaving out 'Remarks', 'remarks', '_record', '', which faa-bird-strikes does not have"
    assert capsys.readouterr().out.splitlines()[0] == said


def test_a_byte_order_mark_and_windows_line_ends_are_no_part_of_a_value(run: Run) -> None:
    outcome = run("\ufeff" + to_csv({}).replace("\n", "\r\n"))

    assert outcome.rows("airport_name", "speed_ias_knots") == [
        ("BARKSDALE AIR FORCE BASE ARPT", 300)
    ]


def test_a_quote_that_nothing_closes_makes_one_malformed_row_of_the_rest(run: Run) -> None:
    header, first, second, third = to_csv({}, {}, {}).splitlines()
    outcome = run("\n".join((header, first, f'"{second}', third, "")))

    assert outcome.rejects() == [
        {
            "values": None,
            "reasons": [{"column": "(row)", "reason": "malformed row"}],
            "record": f'"{second}\n{third}',
        }
    ]
    assert outcome.counts() == {
        "rowsIn": 2,
        "rowsOut": 1,
        "duplicates": 0,
        "outsideRange": 0,
        "rejects": 1,
    }


def test_a_malformed_row_is_found_even_where_columns_are_left_out(run: Run) -> None:
    outcome = run(to_csv({}, header=(*HEADER, "Remarks")) + ",".join(STRIKE.values()) + "\n")

    assert outcome.report["rejects"] == {
        "rows": 1,
        "byReason": [{"column": "(row)", "reason": "malformed row", "count": 1}],
    }


def test_many_partitions_still_make_one_file_a_year_and_find_every_duplicate(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cleaning.ROWS_PER_PARTITION", 1)
    days = [f"{year}-0{month}-15" for year in (1991, 1992, 1993) for month in range(1, 6)]

    outcome = run(to_csv(*({"Flight Date": day} for day in (*days, *days))))

    assert outcome.counts() == {
        "rowsIn": 30,
        "rowsOut": 15,
        "duplicates": 15,
        "outsideRange": 0,
        "rejects": 0,
    }
    files = sorted((outcome.output / "data").glob("year=*/*.parquet"))
    assert [file.parent.name for file in files] == ["year=1991", "year=1992", "year=1993"]
