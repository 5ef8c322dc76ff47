/// What the user asks for: an image, how many, and the policies around it.
///
/// Called `ClusterService` (as `ClusterTask`, `ClusterNode`) because `Service` and `Task` are taken by service-lifecycle and by Swift.
package struct ClusterService: Hashable, Sendable, Identifiable {
  package var id: ServiceID
  package var meta = Meta()
  package var spec: ServiceSpec
  /// Names the task template; another one gets the next number. A task carries the revision it was made from.
  package var revision: UInt64 = 1
  /// Deletion was asked for; the service goes when its last task is gone.
  package var deleting = false
  /// Other templates that it had, the one that was the service's last at the end.
  package var revisions: [ServiceRevision] = []
  /// The last change of its template; nil when there was none.
  package var rollout: Rollout?
  /// It was created with `startsAfter`, and has not started yet: it gets its first tasks when these services are up.
  package var waitsToStart = false
  package var unknown = UnknownFields()

  package init(id: ServiceID, spec: ServiceSpec) {
    self.id = id
    self.spec = spec
    waitsToStart = !spec.startsAfter.isEmpty
  }
}

package struct ServiceSpec: Hashable, Sendable {
  package enum Mode: Hashable, Sendable {
    /// Slots 1…replicas, placed anywhere that fits.
    case replicated(replicas: Int)
    /// One task on every node that fits.
    case global

    /// Nil when the number follows from the nodes.
    package var replicas: Int? {
      if case .replicated(let replicas) = self { replicas } else { nil }
    }
  }

  /// Unique in the cluster without regard to case; a DNS label.
  package var name: String
  package var labels: [String: String] = [:]
  package var mode: Mode
  package var task: TaskSpec
  package var update = UpdatePolicy()
  package var rollback = UpdatePolicy()
  /// Names of services that are up before this one gets its first tasks. One that does not exist does not hold it up.
  package var startsAfter: [String] = []
  package var unknown = UnknownFields()

  package init(name: String, mode: Mode = .replicated(replicas: 1), task: TaskSpec) {
    self.name = name
    self.mode = mode
    self.task = task
  }
}

/// The template every task of a service is made from.
package struct TaskSpec: Hashable, Sendable {
  package enum NetworkMode: UInt8, Sendable { case bridge = 1, host }

  package var container: ContainerSpec
  package var limits = Resources()
  package var reservations = Resources()
  package var restart = RestartPolicy()
  package var placement = Placement()
  package var network = NetworkMode.bridge
  package var ports: [PublishedPort] = []
  /// The most processes a task may have; 0 means the default, 4096.
  package var pidsLimit = 0
  /// Until it succeeds the task is in no published port and does not count as up.
  package var readiness: HealthCheck?
  /// When it fails the container is restarted by the restart policy.
  package var liveness: HealthCheck?
  /// The image's own check, which counts as both when there is neither, does not.
  package var ignoresImageHealth = false
  package var unknown = UnknownFields()

  package init(container: ContainerSpec) { self.container = container }
}

package struct PublishedPort: Hashable, Sendable {
  package enum TransportProtocol: UInt8, Sendable { case tcp = 1, udp }

  /// The node's address to listen on; empty means every address.
  package var hostIP: String
  package var hostPort: UInt16
  package var containerPort: UInt16
  package var transport: TransportProtocol
  package var unknown = UnknownFields()

  package init(hostIP: String = "", hostPort: UInt16, containerPort: UInt16, transport: TransportProtocol = .tcp) {
    self.hostIP = hostIP
    self.hostPort = hostPort
    self.containerPort = containerPort
    self.transport = transport
  }

  /// Whether both cannot be published on one node: same protocol and port, and addresses that overlap.
  package func conflicts(with other: Self) -> Bool {
    transport == other.transport && hostPort == other.hostPort && (hostIP == other.hostIP || hostIP.isWildcard || other.hostIP.isWildcard)
  }
}

extension String {
  fileprivate var isWildcard: Bool { isEmpty || self == "0.0.0.0" || self == "::" }
}

package struct Placement: Hashable, Sendable {
  /// `node.labels.zone==a`, all of which must hold. See `Constraint`.
  package var constraints: [String] = []
  /// The most tasks of the service on one node; 0 means no limit.
  package var maxPerNode = 0
  package var unknown = UnknownFields()

  package init() {}
}

package struct RestartPolicy: Hashable, Sendable {
  package enum Condition: UInt8, Sendable { case any = 1, onFailure, none }

  package var condition = Condition.any
  /// The first delay; it doubles with each attempt up to 60 s and starts over after 60 s of running.
  package var delay: Duration = .seconds(1)
  /// How many restarts are tried before the task is given up; 0 means no limit.
  package var maxAttempts = 0
  /// Restarts older than this no longer count towards `maxAttempts`; zero means they always do.
  package var window: Duration = .zero
  package var unknown = UnknownFields()

  package init() {}
}
