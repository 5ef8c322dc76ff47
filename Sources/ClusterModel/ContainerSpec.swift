/// How a task's container is made. Empty fields mean "as the image says".
package struct ContainerSpec: Hashable, Sendable {
  package var image: String
  /// Replaces the image's entrypoint (and drops its command) when given; an empty list clears it.
  package var entrypoint: [String]?
  /// Replaces the image's command when not empty.
  package var args: [String] = []
  /// `KEY=VALUE`, added to the image's; later ones win.
  package var env: [String] = []
  /// `user[:group]`, each a name or a number.
  package var user = ""
  package var workingDirectory = ""
  /// Default: `<service>-<slot>`.
  package var hostname = ""
  package var labels: [String: String] = [:]
  package var mounts: [Mount] = []
  package var readOnly = false
  /// Capabilities without the `CAP_` prefix, or `ALL`.
  package var capAdd: [String] = []
  package var capDrop: [String] = []
  /// `HOST[:CONTAINER[:rwm]]`.
  package var devices: [String] = []
  /// Runs a small init as process 1 that reaps zombies and forwards signals.
  package var initProcess = false
  package var stopSignal = ""
  /// Between the stop signal and SIGKILL.
  package var stopGrace: Duration = .seconds(10)
  package var ulimits: [Ulimit] = []
  /// Lets set-uid programs gain privileges (`sudo`, `ping`); off by default.
  package var allowNewPrivileges = false
  package var unknown = UnknownFields()

  package init(image: String) { self.image = image }
}

package struct Mount: Hashable, Sendable {
  package enum Kind: UInt8, Sendable { case bind = 1, tmpfs }

  package var kind: Kind
  /// Absolute path on the node; empty for tmpfs.
  package var source: String
  /// Absolute path in the container.
  package var target: String
  package var readOnly: Bool
  /// 0 means the kernel's default, half of memory.
  package var tmpfsSizeBytes: UInt64
  package var unknown = UnknownFields()

  package init(kind: Kind, source: String = "", target: String, readOnly: Bool = false, tmpfsSizeBytes: UInt64 = 0) {
    self.kind = kind
    self.source = source
    self.target = target
    self.readOnly = readOnly
    self.tmpfsSizeBytes = tmpfsSizeBytes
  }
}

package struct Ulimit: Hashable, Sendable {
  /// As in `setrlimit(2)`, lower case and without `RLIMIT_`: `nofile`.
  package var name: String
  package var soft: UInt64
  package var hard: UInt64
  package var unknown = UnknownFields()

  package init(name: String, soft: UInt64, hard: UInt64) {
    self.name = name
    self.soft = soft
    self.hard = hard
  }
}
