import ClusterModel
import Testing

@testable import Manager
@testable import Orchestration

/// A cluster with one service `web`, whose tasks do what a test says; time is the test's.
struct RolloutFixture {
  var cluster = SimulatedCluster(seed: 1)
  private let id: ServiceID = "web"

  /// With so many replicas that run.
  init(replicas: Int = 4, nodes: Int = 3, _ change: (inout ServiceSpec) -> Void = { _ in }) throws {
    for number in 1...nodes { try cluster.addNode(NodeID("m\(number)")) }
    var spec = ServiceSpec(name: "web", mode: .replicated(replicas: replicas), task: TaskSpec(container: ContainerSpec(image: "web:1")))
    change(&spec)
    try cluster.update { try $0.put(ClusterService(id: id, spec: spec)) }
    try settle()
  }

  var service: ClusterService {
    cluster.view.service(id) ?? ClusterService(id: id, spec: ServiceSpec(name: "", task: TaskSpec(container: ContainerSpec(image: ""))))
  }
  var rollout: Rollout? { service.rollout }
  var tasks: [ClusterTask] { cluster.view.tasks(ofService: id).sorted { ($0.slot, $0.revision, $0.id) < ($1.slot, $1.revision, $1.id) } }
  var wanted: [ClusterTask] { tasks.filter { $0.desiredState == .running } }
  /// `slot@revision` of each that is wanted and in its ports.
  var serving: [String] { wanted.filter(\.status.isServing).map { "\($0.slot)@\($0.revision)" } }
  /// Of each that runs beside those.
  var standby: [String] { wanted.filter { $0.status.isUp && $0.status.isStandby }.map { "\($0.slot)@\($0.revision)" } }

  mutating func change(_ body: (inout ClusterService, Timestamp) throws -> Void) throws {
    var service = service
    try body(&service, cluster.now)
    try cluster.update { try $0.put(service) }
    try cluster.work()
  }

  mutating func update(image: String = "web:2", force: Bool = false) throws {
    try change { service, now in
      var template = service.spec.task
      template.container.image = image
      service.update(to: template, force: force, at: now)
    }
  }

  mutating func advance(_ duration: Duration) throws {
    try cluster.advance(duration)
    try cluster.work()
  }

  /// Every worker does what it is told, except that tasks of images in `bad` end as they start, and those of images in `unready` never are.
  /// Tasks with a readiness check become ready the time after they began to run; `slow` takes its time.
  mutating func obey(bad: Set<String> = [], unready: Set<String> = [], except slow: TaskID? = nil) throws {
    for task in tasks where !task.status.state.isTerminal && task.id != slow {
      guard let node = task.nodeID, task.isPlaced, cluster.alive.contains(node) else { continue }
      var status = task.status
      status.since = cluster.now
      if task.desiredState != .running {
        status.state = .shutdown
      } else if bad.contains(task.spec.container.image) {
        (status.attempt, status.state) = (status.attempt + 1, .waiting)
        status.message = "exited with 3"
        status.lastExit = ExitStatus(code: 3, reason: "exited with 3", at: cluster.now)
        status.lastExit?.lastLines = ["no such file"]
      } else if status.state != .running {
        status.state = .running
        status.isStandby = task.isStandby
        status.health = task.readinessCheck.map { _ in TaskHealth(state: .starting, isReady: false, output: "HTTP 503") }
      } else if status.health?.isReady == false, !unready.contains(task.spec.container.image) {
        status.health = TaskHealth(state: .healthy, isReady: true)
      } else if status.isStandby != task.isStandby {
        status.isStandby = task.isStandby
      } else {
        continue
      }
      try cluster.report(task, status, from: node)
    }
    try cluster.work()
  }

  /// Until nothing is left to do but to wait.
  mutating func settle(bad: Set<String> = [], unready: Set<String> = []) throws {
    for _ in 0..<20 {
      let before = cluster.view.index
      try cluster.work()
      try obey(bad: bad, unready: unready)
      if cluster.view.index == before { return }
      if !bad.isEmpty, rollout?.state == .paused { return }
    }
  }

  /// To the end of the rollout, or until it is paused; `each` is called after every change.
  mutating func finish(bad: Set<String> = [], unready: Set<String> = [], _ each: (Self) -> Void = { _ in }) throws {
    for _ in 0..<200 {
      try cluster.work()
      each(self)
      try obey(bad: bad, unready: unready)
      each(self)
      if rollout?.state != .running { return }
      try advance(.seconds(1))
    }
    Issue.record("the rollout does not come to an end: \(String(describing: rollout)), \(serving)")
  }
}
