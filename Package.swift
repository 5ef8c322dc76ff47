// swift-tools-version: 6.2
import Foundation
import PackageDescription

/// CI sets WARREN_STRICT=1: every warning of our own targets is an error there (see CONTRIBUTING.md).
let strict = ProcessInfo.processInfo.environment["WARREN_STRICT"] == "1"

let settings: [SwiftSetting] =
  [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
  ] + (strict ? [.treatAllWarnings(as: .error)] : [])

// docs/adr/0002-binary-size.md
let small: [SwiftSetting] = [.unsafeFlags(["-Osize"], .when(configuration: .release))]
let linking = [
  "-use-ld=lld", "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs", "-L", "\(Context.packageDirectory)/.build/link",
]

extension Target.Dependency {
  static let argumentParser = product(name: "ArgumentParser", package: "swift-argument-parser")
  static let asn1 = product(name: "SwiftASN1", package: "swift-asn1")
  static let asyncHTTPClient = product(name: "AsyncHTTPClient", package: "async-http-client")
  static let collections = product(name: "HashTreeCollections", package: "swift-collections")
  static let deque = product(name: "DequeModule", package: "swift-collections")
  static let crypto = product(name: "Crypto", package: "swift-crypto")
  static let grpc = product(name: "GRPCCore", package: "grpc-swift-2")
  static let grpcTransport = product(name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport")
  static let grpcProtobuf = product(name: "GRPCProtobuf", package: "grpc-swift-protobuf")
  static let grdb = product(name: "GRDB", package: "GRDB.swift")
  static let lifecycle = product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
  static let logging = product(name: "Logging", package: "swift-log")
  static let metrics = product(name: "Metrics", package: "swift-metrics")
  static let metricsTestKit = product(name: "MetricsTestKit", package: "swift-metrics")
  static let coreMetrics = product(name: "CoreMetrics", package: "swift-metrics")
  static let nioCore = product(name: "NIOCore", package: "swift-nio")
  static let nioEmbedded = product(name: "NIOEmbedded", package: "swift-nio")
  static let nioPosix = product(name: "NIOPosix", package: "swift-nio")
  static let nioConcurrency = product(name: "NIOConcurrencyHelpers", package: "swift-nio")
  static let nioHTTP1 = product(name: "NIOHTTP1", package: "swift-nio")
  static let nioHPACK = product(name: "NIOHPACK", package: "swift-nio-http2")
  static let nioHTTP2 = product(name: "NIOHTTP2", package: "swift-nio-http2")
  static let nioFileSystem = product(name: "_NIOFileSystem", package: "swift-nio")
  static let nioSSL = product(name: "NIOSSL", package: "swift-nio-ssl")
  static let nioTLS = product(name: "NIOTLS", package: "swift-nio")
  static let protobuf = product(name: "SwiftProtobuf", package: "swift-protobuf")
  static let subprocess = product(name: "Subprocess", package: "swift-subprocess")
  static let systemPackage = product(name: "SystemPackage", package: "swift-system")
  static let x509 = product(name: "X509", package: "swift-certificates")
  static let yams = product(name: "Yams", package: "Yams")
}

func library(_ name: String, _ dependencies: [Target.Dependency] = [], _ more: [SwiftSetting] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings + more)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [], resources: [Resource] = []) -> Target {
  .testTarget(name: name, dependencies: dependencies, exclude: exclude, resources: resources, swiftSettings: settings)
}

let package = Package(
  name: "warren",
  platforms: [.macOS(.v15)],
  products: [.executable(name: "warren", targets: ["warren"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-asn1.git", from: "1.7.4"),
    .package(url: "https://github.com/apple/swift-certificates.git", from: "1.21.1"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-http2.git", from: "1.46.0"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/grpc/grpc-swift-2", from: "2.4.3"),
    .package(url: "https://github.com/grpc/grpc-swift-nio-transport", from: "2.9.2"),
    .package(url: "https://github.com/grpc/grpc-swift-protobuf", from: "2.4.1"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
  ],
  targets: [
    // L0: values and algorithms, no package dependencies.
    library("ClusterModel"),
    library("OCI"),
    library("Orchestration", ["ClusterModel"]),
    library("Raft"),
    // Apart from TestKit, whose dependencies take minutes to build: these build alone, optimised, in seconds.
    library("SimulationEngine"),
    library("RaftSimulator", ["Raft", "SimulationEngine"]),
    library("RolloutSimulator", ["ClusterModel", "Orchestration", "SimulationEngine"]),

    // L1: one outside thing each.
    library("ChildInput", [.subprocess, .systemPackage]),
    .target(name: "CLinux"),
    library("GRPCSupport", ["ClusterModel", .grpc, .nioCore]),
    library(
      "WarrenAPI",
      ["ClusterModel", "ClusterTLS", "GRPCSupport", "ClusterSecurity", .crypto, .grpc, .grpcTransport, .grpcProtobuf, .protobuf, .nioCore, .nioPosix]),
    library(
      "RaftTransport",
      [
        "ClusterModel", "Raft", .deque, .lifecycle, .logging, .metrics, .nioConcurrency, .nioCore, .nioPosix, .nioSSL, .nioTLS, .protobuf,
      ]),
    library("ClusterSecurity", ["ClusterModel", .asn1, .crypto, .x509]),
    library(
      "ClusterTLS",
      [
        "ClusterModel", "ClusterSecurity", .crypto, .grpc, .grpcTransport, .lifecycle, .logging, .nioConcurrency, .nioCore, .nioPosix, .nioSSL,
        .nioTLS,
        .x509,
      ]),
    library("RaftStorage", ["CLinux", "ClusterModel", "Raft", .grdb, .logging, .nioConcurrency]),
    library(
      "Containerd",
      [
        "ChildInput", "CLinux", "ClusterModel", "GRPCSupport", "OCI", .asyncHTTPClient, .crypto, .grpc, .grpcTransport, .grpcProtobuf, .protobuf,
        .logging,
        .nioCore, .nioPosix,
        .nioConcurrency, .nioHTTP1, .nioSSL, .nioTLS, .subprocess, .systemPackage,
      ],
      small),
    library("HostNetwork", ["ChildInput", "CLinux", "ClusterModel", .logging, .subprocess, .systemPackage]),
    library(
      "HealthProbes", ["CLinux", "ClusterModel", .nioConcurrency, .nioCore, .nioHPACK, .nioHTTP1, .nioHTTP2, .nioPosix]),

    // L2: the parts of a node.
    library(
      "Manager",
      [
        "ClusterModel", "ClusterTLS", "GRPCSupport", "Orchestration", "Raft", "RaftStorage", "RaftTransport", "ClusterSecurity", "WarrenAPI", "OCI",
        .collections,
        .grpc,
        .grpcTransport, .grpcProtobuf,
        .protobuf,
        .logging,
        .metrics, .lifecycle, .crypto, .nioCore, .nioConcurrency, .nioSSL, .asn1, .x509,
      ]),
    library(
      "Worker",
      [
        "ClusterModel", "Containerd", "GRPCSupport", "HealthProbes", "HostNetwork", "OCI", "WarrenAPI", .grdb, .grpc, .grpcTransport, .lifecycle,
        .logging, .metrics,
        .nioConcurrency,
        .protobuf,
      ]),

    // L3: people.
    library(
      "WarrenCommands",
      [
        "CLinux", "ClusterModel", "ClusterTLS", "Containerd", "HostNetwork", "Manager", "OCI", "Raft", "RaftStorage", "RaftTransport",
        "ClusterSecurity",
        "WarrenAPI", "Worker", .argumentParser,
        .coreMetrics, .crypto,
        .grpc,
        .grpcTransport, .lifecycle, .logging, .nioCore, .nioPosix, .nioHTTP1, .protobuf, .yams,
      ],
      small),
    .executableTarget(
      name: "warren", dependencies: ["Containerd", "WarrenCommands"], swiftSettings: settings,
      linkerSettings: [.unsafeFlags(linking, .when(platforms: [.linux], configuration: .release))]),
    .executableTarget(name: "raft-script", dependencies: ["Raft"], swiftSettings: settings),
    .executableTarget(name: "raft-sim", dependencies: ["RaftSimulator", "SimulationEngine"], swiftSettings: settings),
    .executableTarget(name: "rollout-sim", dependencies: ["RolloutSimulator", "SimulationEngine"], swiftSettings: settings),
    .executableTarget(
      name: "warren-bench",
      dependencies: [
        "ClusterModel", "ClusterTLS", "GRPCSupport", "Manager", "Raft", "RaftStorage", "RaftTransport", "TestKit", "WarrenAPI", "Worker",
        .argumentParser, .grpc, .grpcTransport, .lifecycle, .logging, .nioConcurrency, .nioCore, .nioHPACK, .nioHTTP2, .nioPosix, .protobuf,
      ],
      path: "Benchmarks", exclude: ["catch-up.sh", "cluster.sh", "raft.sh", "service.sh", "steady.sh"],
      swiftSettings: settings),
    .executableTarget(
      name: "warren-faults",
      dependencies: ["ClusterModel", "RaftSimulator", "SimulationEngine", "WarrenAPI", .argumentParser, .grpc, .protobuf],
      path: "test/faults", exclude: ["run.sh"],
      swiftSettings: settings),
    library(
      "TestKit",
      [
        "ClusterModel", "Containerd", "OCI", "Raft", "RaftTransport", "Worker", "Manager", .asn1, .crypto, .logging, .nioConcurrency, .nioSSL,
        .subprocess, .systemPackage, .x509,
      ]),

    tests("ClusterModelTests", ["ClusterModel"]),
    tests("FaultTests", ["warren-faults"]),
    tests("OCITests", ["OCI"]),
    tests("WarrenAPITests", ["WarrenAPI", "ClusterModel", "GRPCSupport", "TestKit", .grpc, .protobuf, .nioCore, .nioEmbedded]),
    tests("RaftTests", ["Raft", "raft-script"], exclude: ["Vectors", "Scripts"]),
    tests("RaftSimulatorTests", ["Raft", "RaftSimulator", "SimulationEngine"], exclude: ["Mutations"]),
    tests("RolloutSimulatorTests", ["ClusterModel", "Orchestration", "RolloutSimulator"], exclude: ["Mutations"]),
    tests(
      "RaftTransportTests",
      ["ClusterModel", "Raft", "RaftTransport", "TestKit", .logging, .nioConcurrency, .nioCore, .nioPosix, .protobuf]),
    tests("ClusterSecurityTests", ["ClusterSecurity", "ClusterModel", "TestKit", .asn1, .crypto, .nioCore, .nioEmbedded, .nioSSL, .nioTLS, .x509]),
    tests("RaftStorageTests", ["RaftStorage", "RaftSimulator", "SimulationEngine", "ClusterModel", "Raft", .grdb, .logging]),
    tests(
      "ContainerdTests", ["Containerd", "ClusterModel", "OCI", "TestKit", .nioConcurrency, .nioCore, .nioPosix, .nioHTTP1, .nioSSL],
      exclude: ["Golden"]),
    tests("HealthProbesTests", ["HealthProbes", "CLinux", "ClusterModel", .nioConcurrency, .nioCore, .nioHPACK, .nioHTTP2, .nioPosix]),
    tests("HostNetworkTests", ["HostNetwork", "ClusterModel", "TestKit"]),
    tests(
      "ManagerTests",
      [
        "Manager", "ClusterModel", "ClusterTLS", "GRPCSupport", "Orchestration", "Raft", "RaftStorage", "RaftTransport", "ClusterSecurity",
        "WarrenAPI", "TestKit", "Worker",
        "warren-bench",
        .collections, .crypto, .grpc, .grpcTransport, .lifecycle,
        .logging, .metricsTestKit, .nioConcurrency, .nioCore, .nioPosix, .nioSSL, .protobuf,
      ]),
    tests("WorkerTests", ["Worker", "ClusterModel", "TestKit", .grdb, .logging, .nioConcurrency]),
    tests(
      "WarrenCommandsTests",
      [
        "WarrenCommands", "ClusterModel", "HostNetwork", "Manager", "RaftStorage", "ClusterSecurity", "TestKit", .coreMetrics, .logging, .nioCore,
        .nioPosix,
        .nioHTTP1,
      ]),
    tests(
      "IntegrationTests",
      ["ClusterModel", "Containerd", "HostNetwork", "Worker", "TestKit", "OCI", .grpc, .logging, .nioConcurrency, .subprocess]),
  ],
  swiftLanguageModes: [.v6]
)
