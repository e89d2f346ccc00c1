#!/bin/sh
# daybook-backup DIRECTORY [KEEP]: copies the log in DAYBOOK_DATA to a directory
# named by the time, proves the copy, and then removes the oldest of more than
# KEEP (14) copies. A copy that is not proven has no such name, and older ones
# stay.
set -eu
umask 077
directory=${1:?name the directory of the backups}
keep=${2:-14}
test "$keep" -ge 1

# The copy is proven by itself, and not compared with a read model.
unset DAYBOOK_REDIS DAYBOOK_REDIS_FILE DAYBOOK_EVENTSTORE DAYBOOK_EVENTSTORE_FILE

name=$(date -u +%Y-%m-%dT%H%M%SZ)
rm -rf "$directory"/unproven-*
daybook backup "$directory/unproven-$name"
daybook verify --data "$directory/unproven-$name"
mv "$directory/unproven-$name" "$directory/$name"
sync "$directory" 2>/dev/null || sync

find "$directory" -mindepth 1 -maxdepth 1 -type d -name '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9][0-9][0-9][0-9][0-9]Z' |
	sort -r | tail -n "+$((keep + 1))" | while read -r old; do
	rm -rf "$old"
done
