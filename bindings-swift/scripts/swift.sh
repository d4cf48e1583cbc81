#!/usr/bin/env bash
# Runs `swift ARGUMENTS` on this package, linked with the native library in LIBRARIES:
#   swift.sh LIBRARIES SCRATCH ARGUMENTS...
# with the toolchain that is installed, else with Debian's own packages of Swift in a chroot, which is
# made once (a minute, 3 GB) below $BLOCKRUN_TOOLCHAINS (default ~/.cache/blockrun) when it is asked
# for by CI=true, as root, on Debian. Ends with 77 where there is no Swift and no way to it, and with 1
# where it should have been had and was not.
set -euo pipefail
package="$(cd "$(dirname "$0")/.." && pwd)"
libraries="$1" scratch="$2"
shift 2
cache="${BLOCKRUN_TOOLCHAINS:-${XDG_CACHE_HOME:-$HOME/.cache}/blockrun}"
root="$cache/swift/trixie"

skip() {
    printf '\n%s\n' '************************************************************************' >&2
    printf '*** SKIPPED: Swift. %s\n' "$1" >&2
    printf '%s\n\n' '************************************************************************' >&2
    exit 77
}

fail() {
    printf '*** Swift could not be fetched; %s says why.\n' "$cache/swift.log" >&2
    tail -n 20 "$cache/swift.log" >&2
    exit 1
}

arguments=("$1" --package-path "$package" --scratch-path "$scratch" \
    -Xlinker "-L$libraries" "${@:2}")

if command -v swift > /dev/null; then
    LD_LIBRARY_PATH="$libraries" exec swift "${arguments[@]}"
fi

# Debian 13 has Swift. Its system is made beside this one, in a folder.
make_root() {
    local making="$root.making"
    rm -rf "$making" && mkdir -p "$cache/swift" || return
    if ! command -v debootstrap; then
        apt-get update -qq && apt-get install -y -qq --no-install-recommends debootstrap || return
    fi
    debootstrap --variant=minbase --include=ca-certificates trixie "$making" \
        && cp /etc/resolv.conf "$making/etc/resolv.conf" \
        && inside "$making" 'export DEBIAN_FRONTEND=noninteractive
            apt-get install -y -qq --no-install-recommends swiftlang libc6-dev libstdc++-14-dev
            apt-get clean' \
        && mv "$making" "$root"
}

# Runs a shell command in a system, with this checkout at its own place; the mounts end with it.
inside() {
    local system="$1" command="$2"
    shift 2
    # shellcheck disable=SC2016
    unshare --mount --propagation private bash -euc '
        system="$1" command="$2"
        shift 2
        mount -t proc proc "$system/proc"
        mount --rbind /dev "$system/dev"
        for folder in "$CHECKOUT" "$SCRATCH" "$LIBRARIES"; do
            mkdir -p "$system$folder"
            mount --bind "$folder" "$system$folder"
        done
        exec chroot "$system" bash -euc "$command" swift "$@"
    ' inside "$system" "$command" "$@"
}

CHECKOUT="$(cd "$package/.." && pwd)" SCRATCH="$scratch" LIBRARIES="$libraries"
export CHECKOUT SCRATCH LIBRARIES
mkdir -p "$scratch"

if [ ! -d "$root" ]; then
    [ "${CI:-}" = true ] || skip 'Install it (swift.org), or run with CI=true as root on Debian.'
    [ "$(id -u)" = 0 ] || skip 'It is not installed, and only root can make it a place.'
    grep -qi debian /etc/os-release || skip 'It is not installed, and this is not Debian.'
fi
[ "$(id -u)" = 0 ] || skip 'Only root can enter the one that was fetched.'
unshare --mount true 2> /dev/null || skip 'This container may not mount, so the one to be fetched could not run.'
if [ ! -d "$root" ]; then
    echo "Fetching Swift into $root" >&2
    mkdir -p "$cache"
    # Whoever comes second waits for the first.
    exec 9> "$cache/swift.lock"
    flock 9
    # Twice: a mirror may have a bad minute.
    [ -d "$root" ] || make_root > "$cache/swift.log" 2>&1 \
        || make_root >> "$cache/swift.log" 2>&1 || fail
fi

toolchain=/usr/libexec/swift/lib/swift/linux:/usr/libexec/swift/lib/swift/host
# shellcheck disable=SC2016
inside "$root" 'export LD_LIBRARY_PATH="'"$toolchain:$libraries"'" HOME=/root
    # A crash says enough in one line; its registers take minutes.
    export SWIFT_BACKTRACE=enable=no
    exec swift "$@"' \
    "${arguments[@]}"
