#!/bin/sh
# The Python of a driver writes to the driver's output itself. Spark copies what it writes in a thread
# that it does not wait for, so that a program that fails at once may lose the end of its traceback.
# Source: https://github.com/apache/spark, PythonRunner.scala, "redirect output"
#
# Its pyspark is the installed package, not the archive of the same files that Spark puts before it:
# Python compiles what it imports from an archive anew each time.
set -f
IFS=:
paths=
for path in $PYTHONPATH; do
  case $path in
    "$SPARK_HOME"/python/lib/*.zip) ;;
    *) paths=${paths:+$paths:}$path ;;
  esac
done
unset IFS
PYTHONPATH=$paths
exec "$JOBGATE_PYTHON" "$@" >>"$JOBGATE_OUTPUT" 2>&1
