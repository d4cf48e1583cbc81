#!/usr/bin/env bash
# Builds BlockRunFFI.xcframework and its checksum, on a Mac with Xcode and rustup:
#   build-xcframework.sh
# UNTESTED: it was written on Linux and has not been run on a Mac yet.
set -euo pipefail
package="$(cd "$(dirname "$0")/.." && pwd)"
cd "$package/.."
target="$PWD/target"
profile=release-small
out="$package/BlockRunFFI.xcframework"
headers="$target/uniffi/headers/BlockRunFFI"

# device; simulators, joined into one archive; Macs, joined as well
device=(aarch64-apple-ios)
simulator=(aarch64-apple-ios-sim x86_64-apple-ios)
mac=(aarch64-apple-darwin x86_64-apple-darwin)

archive() { echo "$target/$1/$profile/libblockrun_ffi.a"; }
for triple in "${device[@]}" "${simulator[@]}" "${mac[@]}"; do
    rustup target add "$triple"
    cargo rustc --lib --crate-type staticlib --profile "$profile" --target "$triple" -p blockrun-swift
done

join() {
    local out="$target/uniffi/$1/libblockrun_ffi.a"
    shift
    mkdir -p "$(dirname "$out")"
    lipo -create "$@" -output "$out"
    echo "$out"
}

# The generator reads a library of this machine.
cargo build --release -p blockrun-swift --features bindgen
"$package/scripts/generate.sh" "$target" release
mkdir -p "$headers"
cp "$package/Generated/BlockRunFFI/include/"* "$headers/"

rm -rf "$out"
xcodebuild -create-xcframework \
    -library "$(archive aarch64-apple-ios)" -headers "$(dirname "$headers")" \
    -library "$(join simulator "$(archive aarch64-apple-ios-sim)" "$(archive x86_64-apple-ios)")" \
    -headers "$(dirname "$headers")" \
    -library "$(join mac "$(archive aarch64-apple-darwin)" "$(archive x86_64-apple-darwin)")" \
    -headers "$(dirname "$headers")" \
    -output "$out"

(cd "$package" && ditto -c -k --keepParent BlockRunFFI.xcframework "$target/BlockRunFFI.xcframework.zip")
# For Package.release.swift.
swift package compute-checksum "$target/BlockRunFFI.xcframework.zip"
