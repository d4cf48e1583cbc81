// swift-tools-version: 6.0
import PackageDescription

// The package as it is built in this repository: `make swift` writes the folder `Generated` first.
// On Linux the native library is linked from where cargo puts it; on Apple systems it comes as an
// xcframework, which `scripts/build-xcframework.sh` builds.
#if os(Linux)
    let ffi = Target.target(
        name: "BlockRunFFI",
        path: "Generated/BlockRunFFI",
        linkerSettings: [.linkedLibrary("blockrun_ffi")]
    )
#else
    let ffi = Target.binaryTarget(name: "BlockRunFFI", path: "BlockRunFFI.xcframework")
#endif

let package = Package(
    name: "BlockRunLLM",
    platforms: [.iOS(.v15), .macOS(.v12)],
    products: [.library(name: "BlockRunLLM", targets: ["BlockRunLLM"])],
    targets: [
        ffi,
        // What the generator writes is not clean under strict concurrency; what stands on it is.
        .target(
            name: "BlockRunNative",
            dependencies: ["BlockRunFFI"],
            path: "Generated/BlockRunNative",
            swiftSettings: [.swiftLanguageMode(.v5)]
        ),
        .target(name: "BlockRunLLM", dependencies: ["BlockRunNative"]),
        .executableTarget(
            name: "hello",
            dependencies: ["BlockRunLLM"],
            path: "Examples/hello"
        ),
        // The agent of the guide.
        .executableTarget(
            name: "agent",
            dependencies: ["BlockRunLLM"],
            path: "Examples/agent"
        ),
        // The rest of what it says in Swift.
        .executableTarget(
            name: "guide",
            dependencies: ["BlockRunLLM"],
            path: "Examples/guide"
        ),
        .testTarget(name: "BlockRunLLMTests", dependencies: ["BlockRunLLM"]),
    ]
)
