#!/usr/bin/env bash
# Writes the generated halves of the Swift, Kotlin and Python sides from the native library:
#   generate.sh TARGET PROFILE
# with TARGET the folder of cargo and PROFILE the folder in it that holds library and generator.
set -euo pipefail
here="$(cd "$(dirname "$0")/.." && pwd)"
target="$(cd "$1" && pwd)"
built="$target/$2"
case "$(uname -s)" in
    Darwin) library=libblockrun_ffi.dylib system=darwin ;;
    *) library=libblockrun_ffi.so system=linux ;;
esac
machine="$(uname -m)"

generate() {
    (cd "$here" && "$built/uniffi-bindgen" generate "$built/$library" \
        --no-format --language "$1" --out-dir "$2")
}

out="$target/uniffi"
# What is unchanged keeps its time, or everything that stands on it is compiled again.
fresh="$(mktemp -d)"
trap 'rm -rf "$fresh"' EXIT
place() {
    mkdir -p "$(dirname "$2")"
    cmp -s "$1" "$2" || cp "$1" "$2"
}

for language in kotlin python swift; do generate "$language" "$fresh/$language" > /dev/null; done
place "$fresh/kotlin/ai/blockrun/llm/blockrun_ffi.kt" "$out/kotlin/ai/blockrun/llm/blockrun_ffi.kt"
place "$fresh/python/blockrun_ffi.py" "$out/python/blockrun_ffi.py"
place "$built/$library" "$out/python/$library"
# The folder in which JNA looks for a library inside a jar.
place "$built/$library" "$out/jar/$system-${machine/x86_64/x86-64}/$library"

swift="$here/Generated"
place "$fresh/swift/BlockRunNative.swift" "$swift/BlockRunNative/BlockRunNative.swift"
place "$fresh/swift/BlockRunFFI.h" "$swift/BlockRunFFI/include/BlockRunFFI.h"
printf 'module BlockRunFFI {\n    header "BlockRunFFI.h"\n    export *\n}\n' \
    > "$fresh/module.modulemap"
place "$fresh/module.modulemap" "$swift/BlockRunFFI/include/module.modulemap"
# A target of C needs a file of C.
: > "$fresh/empty.c"
place "$fresh/empty.c" "$swift/BlockRunFFI/empty.c"
