#!/usr/bin/env bash
# Runs Maven on this package: maven.sh TARGET GOALS...
# with TARGET the folder of cargo. Where there is no Maven, CI=true fetches Debian's as root. Ends with
# 77 where there is none and no way to it.
set -euo pipefail
package="$(cd "$(dirname "$0")/.." && pwd)"
target="$1"
shift
if ! command -v mvn > /dev/null && [ "${CI:-}" = true ] && [ "$(id -u)" = 0 ] \
    && grep -qi debian /etc/os-release; then
    echo 'Fetching Maven' >&2
    DEBIAN_FRONTEND=noninteractive
    export DEBIAN_FRONTEND
    apt-get update -qq && apt-get install -y -qq --no-install-recommends maven default-jdk-headless >&2
fi
if ! command -v mvn > /dev/null; then
    printf '\n%s\n' '************************************************************************' >&2
    printf '*** SKIPPED: Kotlin. It needs Maven (mvn) and a JDK, 17 or newer.\n' >&2
    printf '%s\n\n' '************************************************************************' >&2
    exit 77
fi
exec mvn --batch-mode --quiet --file "$package/pom.xml" "-Dblockrun.target=$target" "$@"
