#!/usr/bin/env bash
# Builds the native library for the ABIs of Android and lays it out as an AAR wants it:
#   build-android.sh OUT
# It needs rustup and cargo-ndk, and the NDK in ANDROID_NDK_HOME. The folder OUT then holds `jni/<abi>`
# and the Kotlin sources for a module that depends on `net.java.dev.jna:jna:5.19.1@aar`.
# UNTESTED: it has not been run with an NDK yet.
set -euo pipefail
package="$(cd "$(dirname "$0")/.." && pwd)"
mkdir -p "$1"
out="$(cd "$1" && pwd)"
cd "$package/.."

abis=(arm64-v8a armeabi-v7a x86_64)
rustup target add aarch64-linux-android armv7-linux-androideabi x86_64-linux-android
# Android 15 loads libraries of 16 KB pages.
export RUSTFLAGS="-C link-arg=-Wl,-z,max-page-size=16384"
arguments=()
for abi in "${abis[@]}"; do arguments+=(--target "$abi"); done
cargo ndk "${arguments[@]}" --platform 26 --output-dir "$out/jni" \
    build --profile release-small -p blockrun-swift
unset RUSTFLAGS

# The generator reads a library of this machine.
cargo build --release -p blockrun-swift --features bindgen
bindings-swift/scripts/generate.sh target release
mkdir -p "$out/kotlin"
cp -r bindings-kotlin/src/main/kotlin/. target/uniffi/kotlin/. "$out/kotlin/"
