import OCI

/// What a container's spec depends on that this node decides, gathered before so that building the spec needs no I/O.
struct NodeFacts: Sendable {
  /// As in image platforms: `amd64`, `arm64`….
  var architecture: String
  /// The unified hierarchy (v2) alone is mounted.
  var cgroupV2: Bool
  /// Whether the kernel counts swap per cgroup.
  var swapAccounting: Bool
  /// The highest hard limit containerd's children may set, by rlimit name (`RLIMIT_NOFILE`).
  var hardLimits: [String: UInt64]
  /// The capabilities containerd itself may hand on.
  var capabilities: Set<String>
  /// The lowest `oom_score_adj` containerd's children may set.
  var minimumOOMScoreAdjust: Int
  /// Absolute path of a static init program; nil when none is installed.
  var initProgram: String?
  /// What the paths of `--device` are, by path on the node. A folder's devices are listed one by one.
  var devices: [String: [RuntimeSpec.Device]] = [:]
}
