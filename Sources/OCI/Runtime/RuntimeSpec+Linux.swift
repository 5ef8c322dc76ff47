extension RuntimeSpec {
  /// https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md
  package struct Linux: Codable, Hashable, Sendable {
    package var namespaces: [Namespace] = []
    package var devices: [Device]?
    package var cgroupsPath: String?
    package var resources = Resources()
    package var rootfsPropagation: String?
    package var seccomp: Seccomp?
    package var maskedPaths: [String] = []
    package var readonlyPaths: [String] = []
    /// Kernel settings by name, of the container's own namespaces.
    package var sysctl: [String: String]?

    package init() {}
  }

  package struct Namespace: Codable, Hashable, Sendable {
    package enum Kind: String, Codable, Sendable { case pid, network, ipc, uts, mount, cgroup }

    package var type: Kind
    /// An existing namespace to join; nil makes a new one.
    package var path: String?

    package init(_ type: Kind, path: String? = nil) {
      self.type = type
      self.path = path
    }
  }

  package struct Device: Codable, Hashable, Sendable {
    package var path: String
    /// `c` or `b`.
    package var type: String
    package var major: Int64
    package var minor: Int64
    package var fileMode: UInt32?
    package var uid: UInt32?
    package var gid: UInt32?

    package init(path: String, type: String, major: Int64, minor: Int64, fileMode: UInt32? = nil, uid: UInt32? = nil, gid: UInt32? = nil) {
      self.path = path
      self.type = type
      self.major = major
      self.minor = minor
      self.fileMode = fileMode
      self.uid = uid
      self.gid = gid
    }
  }

  package struct Resources: Codable, Hashable, Sendable {
    package var devices: [DeviceRule]?
    package var memory: Memory?
    package var cpu: CPU?
    package var pids: Pids?

    package init() {}
  }

  package struct DeviceRule: Codable, Hashable, Sendable {
    package var allow: Bool
    /// `a`, `c` or `b`; nil means all.
    package var type: String?
    package var major: Int64?
    package var minor: Int64?
    /// Of `r`, `w` and `m`.
    package var access: String

    package init(allow: Bool, type: String? = nil, major: Int64? = nil, minor: Int64? = nil, access: String = "rwm") {
      self.allow = allow
      self.type = type
      self.major = major
      self.minor = minor
      self.access = access
    }
  }

  package struct Memory: Codable, Hashable, Sendable {
    /// Bytes.
    package var limit: Int64?
    package var reservation: Int64?
    /// Memory and swap together; equal to `limit` means no swap.
    package var swap: Int64?

    package init(limit: Int64? = nil, reservation: Int64? = nil, swap: Int64? = nil) {
      self.limit = limit
      self.reservation = reservation
      self.swap = swap
    }
  }

  package struct CPU: Codable, Hashable, Sendable {
    /// Weight against other containers; 1024 is one core's worth.
    package var shares: UInt64?
    /// Microseconds of CPU time in each `period`.
    package var quota: Int64?
    package var period: UInt64?

    package init(shares: UInt64? = nil, quota: Int64? = nil, period: UInt64? = nil) {
      self.shares = shares
      self.quota = quota
      self.period = period
    }
  }

  package struct Pids: Codable, Hashable, Sendable {
    package var limit: Int64

    package init(limit: Int64) { self.limit = limit }
  }
}
