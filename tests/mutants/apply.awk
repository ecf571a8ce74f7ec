# SPDX-License-Identifier: MIT
# Replace the one line of a file that, trimmed, equals OLD; inside the
# function FUNC when that is not empty. NEW may be empty: the line goes.
# Exit status 3 when there is not exactly one such line.
# usage: OLD=... NEW=... FUNC=... awk -f apply.awk file
function trim(text)
{
    gsub(/^[ \t]+|[ \t]+$/, "", text)
    return text
}

BEGIN {
    old = trim(ENVIRON["OLD"])
    new = ENVIRON["NEW"]
    func_name = ENVIRON["FUNC"]
    inside = (func_name == "")
    hits = 0
}

func_name != "" && /^[A-Za-z]/ && index($0, func_name "(") && !/;$/ {
    before = substr($0, 1, index($0, func_name "(") - 1)
    if (before == "" || before ~ /[ *]$/)
        inside = 1
}

{
    if (inside && trim($0) == old) {
        hits++
        if (new != "")
            print new
    } else {
        print
    }
}

func_name != "" && /^}/ { inside = 0 }

END { exit hits == 1 ? 0 : 3 }
