#!/bin/sh
# Fails if a test was skipped that must not be:
#
#     scripts/skips.sh LIST FILE…
#
# FILE is the output of go test -json. LIST has a line for each test that may be skipped:
# its package within the module, its name (without that of a subtest), and a part of the
# reason. Lines that begin with # are comments.
set -eu
[ $# -ge 2 ] || {
	echo "usage: scripts/skips.sh LIST FILE..." >&2
	exit 2
}
list=$1
shift
awk -v list="$list" '
	# value returns the string value of a key of the current JSON line.
	function value(key,    at, rest) {
		at = index($0, "\"" key "\":\"")
		if (!at) return ""
		rest = substr($0, at + length(key) + 4)
		match(rest, /^([^"\\]|\\.)*/)
		return substr(rest, 1, RLENGTH)
	}
	BEGIN {
		while ((got = (getline line < list)) > 0) {
			if (line == "" || line ~ /^#/) continue
			split(line, word, " ")
			n++
			may[n] = word[1] " " word[2]
			says[n] = substr(line, length(may[n]) + 2)
		}
		if (got < 0) {
			print "skips: cannot read " list > "/dev/stderr"
			failed = 2
			exit failed
		}
	}
	value("Test") == "" { next }
	{ test = value("Package") " " value("Test") }
	value("Action") == "output" && value("Output") ~ /_test\.go:[0-9]+: / { said[test] = value("Output") }
	value("Action") == "skip" {
		name = test
		sub(/^[^\/ ]*\//, "", name) # the module
		of = name
		if (match(of, / [^\/]*\//)) of = substr(of, 1, RSTART + RLENGTH - 2) # a subtest
		for (i = 1; i <= n; i++)
			if (may[i] == of && index(said[test], says[i])) next
		reason = said[test]
		sub(/^.*_test\.go:[0-9]+: /, "", reason)
		sub(/\\n$/, "", reason)
		print "skips: " name " must not be skipped (" reason "): make it run, or add it to " list " with the reason" > "/dev/stderr"
		failed = 1
	}
	END { exit failed }
' "$@"
