extension RuntimeSpec {
  /// https://github.com/opencontainers/runtime-spec/blob/main/config.md#process
  package struct Process: Codable, Hashable, Sendable {
    package var terminal: Bool?
    package var consoleSize: ConsoleSize?
    package var user: User
    package var args: [String]
    package var env: [String]
    package var cwd: String
    package var capabilities: Capabilities?
    package var rlimits: [ResourceLimit]?
    package var noNewPrivileges: Bool
    package var oomScoreAdj: Int?

    package init(user: User, args: [String], env: [String], cwd: String, noNewPrivileges: Bool) {
      self.user = user
      self.args = args
      self.env = env
      self.cwd = cwd
      self.noNewPrivileges = noNewPrivileges
    }
  }

  package struct ConsoleSize: Codable, Hashable, Sendable {
    package var height: UInt32
    package var width: UInt32

    package init(height: UInt32, width: UInt32) {
      self.height = height
      self.width = width
    }
  }

  package struct User: Codable, Hashable, Sendable {
    package var uid: UInt32
    package var gid: UInt32
    package var additionalGids: [UInt32]?

    package init(uid: UInt32 = 0, gid: UInt32 = 0, additionalGids: [UInt32]? = nil) {
      self.uid = uid
      self.gid = gid
      self.additionalGids = additionalGids
    }
  }

  /// Names with the `CAP_` prefix.
  package struct Capabilities: Codable, Hashable, Sendable {
    package var bounding: [String]
    package var effective: [String]
    package var permitted: [String]

    package init(_ names: [String]) {
      bounding = names
      effective = names
      permitted = names
    }
  }

  package struct ResourceLimit: Codable, Hashable, Sendable {
    /// `RLIMIT_NOFILE`.
    package var type: String
    package var hard: UInt64
    package var soft: UInt64

    package init(type: String, hard: UInt64, soft: UInt64) {
      self.type = type
      self.hard = hard
      self.soft = soft
    }
  }
}
