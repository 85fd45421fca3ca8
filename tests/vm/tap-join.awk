# SPDX-License-Identifier: Apache-2.0
# Joins the TAP streams of payload-tests into one. A stream that ended early, badly without saying
# which test failed, or without a test (a skipped one: nothing may be skipped here) is a failed test.
/^@begin / { name = $2; planned = seen = failed = 0; next }
/^@end / {
	if (planned == 0 || seen != planned || ($2 != 0 && !failed)) {
		print "not ok " ++count " - " name ": the whole of it"
		print "# it ended with status " $2 " after " seen " of " planned " tests"
	}
	next
}
/^1\.\.[0-9]+/ { planned = substr($1, 4) + 0; if (NF > 1) print "# " $0; next }
/^(not )?ok [0-9]+/ {
	seen++
	failed += /^not /
	sub(/ok [0-9]+( - )?/, "ok " ++count " - " name ": ")
	print
	next
}
{ print ($0 ~ /^#/ ? "" : "# ") $0 }
END { print "1.." count + 0 }
