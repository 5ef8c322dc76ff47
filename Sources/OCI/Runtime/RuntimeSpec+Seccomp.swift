extension RuntimeSpec {
  /// https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md#seccomp
  package struct Seccomp: Codable, Hashable, Sendable {
    package enum Action: String, Codable, Sendable {
      case allow = "SCMP_ACT_ALLOW"
      case errno = "SCMP_ACT_ERRNO"
    }

    package enum Comparison: String, Codable, Sendable {
      case equal = "SCMP_CMP_EQ"
      case notEqual = "SCMP_CMP_NE"
      case maskedEqual = "SCMP_CMP_MASKED_EQ"
      case greater = "SCMP_CMP_GT"
      case less = "SCMP_CMP_LT"
    }

    package struct Argument: Codable, Hashable, Sendable {
      package var index: UInt32
      package var value: UInt64
      package var valueTwo: UInt64?
      package var op: Comparison

      package init(_ index: UInt32, _ op: Comparison, _ value: UInt64, valueTwo: UInt64? = nil) {
        self.index = index
        self.value = value
        self.valueTwo = valueTwo
        self.op = op
      }
    }

    package struct Rule: Codable, Hashable, Sendable {
      package var names: [String]
      package var action: Action
      package var errnoRet: UInt32?
      package var args: [Argument]?

      package init(_ action: Action, _ names: [String], errnoRet: UInt32? = nil, args: [Argument]? = nil) {
        self.names = names
        self.action = action
        self.errnoRet = errnoRet
        self.args = args
      }
    }

    package var defaultAction: Action
    package var defaultErrnoRet: UInt32?
    /// `SCMP_ARCH_X86_64`…
    package var architectures: [String]
    package var syscalls: [Rule]

    package init(defaultAction: Action, architectures: [String], syscalls: [Rule]) {
      self.defaultAction = defaultAction
      self.architectures = architectures
      self.syscalls = syscalls
    }
  }
}
