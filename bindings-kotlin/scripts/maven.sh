#!/usr/bin/env bash
# Runs Maven on this package: maven.sh TARGET GOALS...
# with TARGET the folder of cargo. Ends with 77 where there is no Maven.
set -euo pipefail
package="$(cd "$(dirname "$0")/.." && pwd)"
target="$1"
shift
if ! command -v mvn > /dev/null; then
    printf '\n%s\n' '************************************************************************' >&2
    printf '*** SKIPPED: Kotlin. It needs Maven (mvn) and a JDK, 17 or newer.\n' >&2
    printf '%s\n\n' '************************************************************************' >&2
    exit 77
fi
exec mvn --batch-mode --quiet --file "$package/pom.xml" "-Dblockrun.target=$target" "$@"
