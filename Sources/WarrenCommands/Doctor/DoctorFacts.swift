import HostNetwork

/// What was found on a machine: all that the checks decide from.
struct DoctorFacts: Sendable, Equatable {
  /// Something that was tried.
  enum Trial: Sendable, Equatable {
    /// With what it said, such as a version.
    case works(String = "")
    case fails(String)
    /// It could not be tried, for this reason.
    case untried(String)
  }

  struct Cgroups: Sendable, Equatable {
    /// 1 or 2; 0 when none are mounted.
    var version: Int
    /// Version 1 with a tree of version 2 beside it.
    var isHybrid = false
    var controllers: Set<String>
  }

  struct Containerd: Sendable, Equatable {
    var binary: String?
    var socket: String
    var answer: Trial
  }

  struct Port: Sendable, Equatable {
    var number: UInt16
    var use: String
    /// The program that listens on it.
    var holder: String?
  }

  struct Disk: Sendable, Equatable {
    /// The data directory, or the nearest folder above it that exists.
    var path: String
    var freeBytes: Int64
    /// Nil: the file system does not count them.
    var freeFiles: Int64?
    var isReadOnly = false
  }

  struct Clock: Sendable, Equatable {
    /// Seconds since 1970.
    var now: Int64
    /// Whether the kernel was told that its time is good; nil when it does not say.
    var isSynchronised: Bool?
  }

  var isRoot: Bool
  var kernel: String
  var overlay: Trial
  var links: Trial
  var packetRules: Trial
  /// Kinds of namespace the kernel has, as in `/proc/self/ns`.
  var namespaces: Set<String>
  var hasSeccomp: Bool
  var cgroups: Cgroups
  var containerd: Containerd
  /// Those of `runc` and `crun` that are installed.
  var runtimes: [String]
  var pluginPaths: [String]
  var plugins: Set<String>
  /// Programs that are installed, of those looked for.
  var tools: Set<String>
  /// Whether the kernel passes packets on; warren turns it on when it starts.
  var forwards: Bool
  /// The bridge of containers is there.
  var hasBridge: Bool
  /// Why the addresses for containers cannot be used here; nil when they can.
  var subnetProblem: String?
  /// Podman is here, whose network has the addresses that are Warren's by default; it takes them when its first container starts.
  var sharesSubnetWithPodman: Bool
  /// Where other programs' rules drop containers' packets; nil when that cannot be found out.
  var forwardFilters: [ForwardFilter]?
  var bridge: String
  /// Containers have somebody to ask for names.
  var hasNameServer: Bool
  var ports: [Port]
  /// Nil: it cannot be found out.
  var disk: Disk?
  var clock: Clock
}
