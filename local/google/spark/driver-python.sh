#!/bin/sh
# The Python of a driver writes to the driver's output itself. Spark copies what it writes in a thread
# that it does not wait for, so that a program that fails at once may lose the end of its traceback.
# Source: https://github.com/apache/spark, PythonRunner.scala, "redirect output"
exec "$JOBGATE_PYTHON" "$@" >>"$JOBGATE_OUTPUT" 2>&1
