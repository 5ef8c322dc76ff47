import ClusterModel

@testable import Manager
@testable import Orchestration

/// A small cluster to plan and place in: nodes `n1`…, one service `web` of image `nginx`.
struct PlanFixture {
  var nodes: [ClusterNode]
  var service: ClusterService
  var tasks: [ClusterTask] = []
  var now = Timestamp(seconds: 1000)
  private var serial = 0

  init(nodes count: Int = 1, mode: ServiceSpec.Mode = .replicated(replicas: 1)) {
    nodes = (1...count).map { Self.node(NodeID("n\($0)")) }
    service = ClusterService(id: "s1", spec: ServiceSpec(name: "web", mode: mode, task: TaskSpec(container: ContainerSpec(image: "nginx"))))
  }

  static func node(_ id: NodeID, memory: Int64 = 1 << 30, nanoCPUs: Int64 = 2_000_000_000) -> ClusterNode {
    var node = ClusterNode(
      id: id, roles: [.worker],
      description: NodeDescription(hostname: id.rawValue, resources: Resources(nanoCPUs: nanoCPUs, memoryBytes: memory)))
    node.state = .ready
    return node
  }

  /// Adds a task of the service; later ones are newer.
  @discardableResult
  mutating func add(
    slot: Int, _ state: TaskState, on node: NodeID? = "n1", desired: ClusterTask.DesiredState = .running, revision: UInt64 = 1,
    createdAt: Int64? = nil
  ) -> TaskID {
    serial += 1
    var task = ClusterTask(
      id: TaskID("t\(serial)"), serviceID: service.id, serviceName: service.spec.name, slot: slot, revision: revision, spec: service.spec.task)
    task.nodeID = state == .pending && slot > 0 ? nil : node
    task.desiredState = desired
    task.status = TaskStatus(state: state, since: now)
    task.meta = Meta(version: UInt64(serial), createdAt: Timestamp(seconds: createdAt ?? Int64(serial)))
    tasks.append(task)
    return task.id
  }

  /// One plan, with what it leaves in place of `tasks`.
  mutating func plan() -> ServicePlan {
    var fresh = 0
    let plan = ServicePlanner.plan(service: service, tasks: tasks, nodes: NodeDirectory(nodes), now: now) {
      fresh += 1
      return TaskID("new\(fresh)")
    }
    let gone = Set((plan.puts + plan.removals).map(\.id))
    tasks = tasks.filter { !gone.contains($0.id) } + plan.puts
    return plan
  }

  func task(_ id: TaskID) -> ClusterTask? { tasks.first { $0.id == id } }

  /// `slot:desired:state` of each task, in order of slot.
  var summary: [String] {
    tasks.sorted { ($0.slot, $0.id) < ($1.slot, $1.id) }.map { "\($0.slot):\($0.desiredState):\($0.status.state)" }
  }
}
