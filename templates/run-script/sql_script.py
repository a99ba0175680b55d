"""Runs the statements of a caller's SQL file, split by Spark's own lexer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from py4j.java_gateway import get_field
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from python_script import ScriptError

DEFAULT_CHANNEL = 0


@dataclass(frozen=True)
class Statement:
    """One statement without its semicolon, and the line and column, from 1, of its first word."""

    text: str
    line: int
    column: int


def split_statements(session: SparkSession, text: str) -> list[Statement]:
    """Split a file at its semicolons; those in strings and comments end nothing.

    Spark's grammar takes one statement at a time, and its shell splits by a hand-written scan. The
    lexer behind the grammar is the only judge of what a string or a comment is.
    """
    jvm: Any = session._jvm
    parser = jvm.org.apache.spark.sql.catalyst.parser
    characters = jvm.org.antlr.v4.runtime.CharStreams.fromString(text)
    lexer = parser.SqlBaseLexer(parser.UpperCaseCharStream(characters))
    lexer.removeErrorListeners()
    semicolon = parser.SqlBaseLexer.SEMICOLON
    statements: list[Statement] = []
    start: int | None = None
    end = 0
    tokens = lexer.getAllTokens()
    for token in tokens:
        if token.getChannel() != DEFAULT_CHANNEL:
            continue
        if token.getType() != semicolon:
            start = token.getStartIndex() if start is None else start
            end = token.getStopIndex() + 1
        elif start is not None:
            statements.append(cut(text, start, end))
            start = None
    if get_field(lexer, "has_unclosed_bracketed_comment") and start is None:
        start = tokens[-1].getStartIndex()
    if start is not None:
        # What the lexer could not read to its end is for the parser to explain.
        statements.append(cut(text, start, len(text.rstrip())))
    return statements


def cut(text: str, start: int, end: int) -> Statement:
    """Return the statement between two positions."""
    line_start = text.rfind("\n", 0, start) + 1
    return Statement(text[start:end], text.count("\n", 0, start) + 1, start - line_start + 1)


def run_statements(session: SparkSession, name: str, statements: list[Statement]) -> DataFrame:
    """Run every statement in turn and return the last one's rows, which are not computed yet."""
    frame: DataFrame | None = None
    for statement in statements:
        frame = run_statement(session, name, statement)
    if frame is None:
        raise ScriptError(f"{name}, line 1: there is no statement in it")
    return frame


def run_statement(session: SparkSession, name: str, statement: Statement) -> DataFrame:
    """Run one statement at its place in the file, so that Spark names the file's lines."""
    padding = "\n" * (statement.line - 1) + " " * (statement.column - 1)
    try:
        return session.sql(padding + statement.text)
    except (PySparkException, Py4JJavaError) as error:
        raise to_script_error(name, statement, error) from None


def write_rows(frame: DataFrame, name: str, statement: Statement, uri: str) -> int | None:
    """Write the rows of a statement as Parquet; return how many, None for a mere command."""
    if not frame.columns:
        return None
    try:
        frame.write.parquet(uri)
        return frame.sparkSession.read.parquet(uri).count()
    except (PySparkException, Py4JJavaError) as error:
        raise to_script_error(name, statement, error) from None


def to_script_error(
    name: str, statement: Statement, error: PySparkException | Py4JJavaError
) -> ScriptError:
    """Say in Spark's words what is wrong; the last line sums it up."""
    said = str(error.java_exception if isinstance(error, Py4JJavaError) else error)
    words = re.sub(r"\n{3,}", "\n\n", said).strip()
    lines = [int(line) for line in re.findall(r"\bline (\d+)", words.partition("== SQL")[0])]
    line = lines[0] if lines else statement.line
    return ScriptError(f"{words}\n{name}, line {line}: {words.partition(chr(10))[0]}")
