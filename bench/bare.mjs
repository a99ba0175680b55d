/** Nothing: what a process takes that only starts. */
