// swift-tools-version: 6.0
import PackageDescription

// The package as it is released, from a repository of its own with `Sources` and the generated
// `BlockRunNative` beside this file; `URL` and `CHECKSUM` are those of the release's xcframework, as
// `scripts/build-xcframework.sh` prints them.
// UNTESTED: nothing has been released yet.
let package = Package(
    name: "BlockRunLLM",
    platforms: [.iOS(.v15), .macOS(.v12)],
    products: [.library(name: "BlockRunLLM", targets: ["BlockRunLLM"])],
    targets: [
        .binaryTarget(name: "BlockRunFFI", url: "URL", checksum: "CHECKSUM"),
        .target(
            name: "BlockRunNative",
            dependencies: ["BlockRunFFI"],
            swiftSettings: [.swiftLanguageMode(.v5)]
        ),
        .target(name: "BlockRunLLM", dependencies: ["BlockRunNative"]),
    ]
)
