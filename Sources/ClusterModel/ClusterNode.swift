/// One machine running `warren`.
package struct ClusterNode: Hashable, Sendable, Identifiable {
  package enum Role: UInt8, Sendable, CaseIterable { case manager = 1, worker }
  package enum State: UInt8, Sendable { case ready = 1, down }
  /// Whether the scheduler may place tasks here; draining moves away what runs.
  package enum Availability: UInt8, Sendable { case active = 1, drain }

  package var id: NodeID
  package var meta = Meta()
  package var roles: Set<Role>
  /// Set by people; the worker's own `--label`s are in here too.
  package var labels: [String: String] = [:]
  package var availability = Availability.active
  /// While it drains: until then a task may stay until the one that takes its place runs. Nil: no longer at all.
  package var drainDeadline: Timestamp?
  package var description: NodeDescription
  package var state = State.down
  /// Why the node is in its state.
  package var message = ""
  /// `host:port` of this node's listeners as others dial them; empty when it has none.
  package var apiAddress = ""
  package var raftAddress = ""
  /// Why the worker's container runtime cannot be used now; empty when it can. Nothing is placed here then; what runs goes on.
  package var runtimeProblem = ""
  /// Fingerprints of the public keys whose certificates are this node's: of its newest, and of the one it renewed that with.
  package var keys: [String] = []
  /// A manager's number among the members of Raft, never used again; 0 for others.
  package var memberID: UInt64 = 0
  /// Pin of the authority that signed its newest certificate; empty when that is not known.
  package var authority = ""
  /// To be removed, once it is no member of Raft any more.
  package var leaving = false
  /// It may cease to be a member of Raft though that costs the others their quorum.
  package var forced = false
  package var unknown = UnknownFields()

  package init(id: NodeID, roles: Set<Role>, description: NodeDescription) {
    self.id = id
    self.roles = roles
    self.description = description
  }
}

/// What a worker found out about its machine.
package struct NodeDescription: Hashable, Sendable {
  package var hostname: String
  package var os: String
  /// In the words of OCI platforms: `amd64`, `arm64`.
  package var architecture: String
  package var resources: Resources
  /// `containerd 1.6.20`.
  package var runtimeVersion: String
  package var warrenVersion: String
  package var kernel: String
  package var unknown = UnknownFields()

  package init(
    hostname: String, os: String = "linux", architecture: String = "amd64", resources: Resources = Resources(), runtimeVersion: String = "",
    warrenVersion: String = "", kernel: String = ""
  ) {
    self.hostname = hostname
    self.os = os
    self.architecture = architecture
    self.resources = resources
    self.runtimeVersion = runtimeVersion
    self.warrenVersion = warrenVersion
    self.kernel = kernel
  }
}

/// CPU and memory: a node's total, a task's reservation or limit. Zero means "none given".
package struct Resources: Hashable, Sendable {
  /// Billionths of a core.
  package var nanoCPUs: Int64
  package var memoryBytes: Int64
  package var unknown = UnknownFields()

  package init(nanoCPUs: Int64 = 0, memoryBytes: Int64 = 0) {
    self.nanoCPUs = nanoCPUs
    self.memoryBytes = memoryBytes
  }

  /// Ends at the largest number instead of beyond it: amounts that no machine has must not end the process.
  package static func + (left: Self, right: Self) -> Self {
    let (cpus, tooManyCPUs) = left.nanoCPUs.addingReportingOverflow(right.nanoCPUs)
    let (memory, tooMuchMemory) = left.memoryBytes.addingReportingOverflow(right.memoryBytes)
    return Resources(nanoCPUs: tooManyCPUs ? .max : cpus, memoryBytes: tooMuchMemory ? .max : memory)
  }
}
