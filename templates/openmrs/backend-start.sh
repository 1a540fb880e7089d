#!/bin/bash
# Starts OpenMRS, and does two things that its own start-up script does not.
set -euo pipefail

# OpenMRS up to 2.7.9 prints its settings when it starts, passwords included, and what it prints ends up in the logs of
# the cluster. Bash alone does the filtering: which other tools an image has is not for sure.
without_passwords() {
  local line
  shopt -s nocasematch
  while IFS= read -r line || [[ -n $line ]]; do
    if [[ $line =~ password[[:alnum:]_.]*[[:space:]]*= ]]; then
      line='(a line with a password was left out)'
    fi
    printf '%s\n' "$line"
  done
}
exec 3>&1
exec > >(without_passwords) 2>&1
filter=$!

# That script leaves Tomcat in the background and waits for it, so a signal would reach the script alone. Job control
# gives both a process group of their own, and the group gets the signal.
set -m
/openmrs/startup.sh &
group=$!
trap 'kill -TERM -- "-$group" 2>/dev/null || true' TERM INT
status=0
wait "$group" || status=$?
# A signal ends `wait` early, and the script before Tomcat, which still has sessions and connections to close.
while kill -0 -- "-$group" 2>/dev/null; do
  sleep 1 &
  wait $! || true
done

# The last lines, too, have to get through the filter.
exec >&3 2>&3
wait "$filter" || true
exit "$status"
