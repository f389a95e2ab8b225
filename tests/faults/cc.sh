#!/bin/sh
# Stands for the C compiler, which takes a second for a program and is not under trial: what comes out is not a program.
while [ "$1" != -o ]; do shift; done
echo "no program" >"$2"
