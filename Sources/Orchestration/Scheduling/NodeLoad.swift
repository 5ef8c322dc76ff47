import ClusterModel

/// What a node carries, kept current while a batch is placed.
struct NodeLoad {
  struct HeldPort {
    var port: PublishedPort
    /// The task that holds it, as people call it.
    var holder: String
    /// The service whose further tasks may share the port: the node leads connections to each of them in turn. With the host's network
    /// the container itself holds the port, and nobody can share it.
    var sharedBy: ServiceID?
  }

  let node: ClusterNode
  private(set) var reserved = Resources()
  private(set) var ports: [HeldPort] = []
  /// Tasks that are meant to run, by service.
  private(set) var tasksByService: [ServiceID: Int] = [:]
  private(set) var taskCount = 0
  private var failures = 0

  /// So many tasks failed here lately, of whatever service, that it may be the node: it is everybody's last choice.
  var isFailing: Bool { failures >= Self.mostFailures }
  private static let mostFailures = 5

  init(node: ClusterNode) { self.node = node }

  /// What is left of the node's resources; nil where the node did not say how much it has.
  var freeMemory: Int64? {
    let total = node.description.resources.memoryBytes
    return total > 0 ? max(0, total - reserved.memoryBytes) : nil
  }
  var freeNanoCPUs: Int64? {
    let total = node.description.resources.nanoCPUs
    return total > 0 ? max(0, total - reserved.nanoCPUs) : nil
  }

  mutating func add(_ task: ClusterTask) {
    reserved = reserved + task.spec.reservations
    let sharedBy = task.spec.network == .bridge ? task.serviceID : nil
    ports += task.spec.ports.map { HeldPort(port: $0, holder: task.displayName, sharedBy: sharedBy) }
    taskCount += 1
    if task.desiredState == .running { tasksByService[task.serviceID, default: 0] += 1 }
  }

  mutating func addFailure() { failures += 1 }
}

/// The load of every node.
struct ClusterLoad {
  /// What happened longer ago counts no more: a node on which many tasks failed is the last choice of all; one whose platform an image has no
  /// variant for is not tried, until somebody may have built one.
  static let failureMemory: Duration = .seconds(300)

  /// What one image is asked for: that of a service's revision.
  private struct Image: Hashable {
    let service: ServiceID
    let revision: UInt64

    init(_ task: ClusterTask) { (service, revision) = (task.serviceID, task.revision) }
  }

  private(set) var nodes: [NodeLoad]
  private var positions: [NodeID: Int] = [:]
  /// When a node of the platform last said that it cannot run the image.
  private var mismatches: [Image: [NodePlatform: Timestamp]] = [:]

  init(nodes: some Sequence<ClusterNode>) {
    self.nodes = nodes.sorted { $0.id < $1.id }.map(NodeLoad.init)
    for (position, load) in self.nodes.enumerated() { positions[load.node.id] = position }
  }

  /// Takes in a task that is somewhere already.
  mutating func add(_ task: ClusterTask, now: Timestamp) {
    guard let id = task.nodeID, let position = positions[id] else { return }
    if task.isOccupying(id) { nodes[position].add(task) }
    guard now - task.status.since < Self.failureMemory else { return }
    switch task.status.state {
    case .rejected: mismatches[Image(task), default: [:]].merge([NodePlatform(nodes[position].node): task.status.since], uniquingKeysWith: max)
    case .failed: nodes[position].addFailure()
    default: break
    }
  }

  /// Platforms that this task's image cannot run on, and when that was found out.
  func mismatches(of task: ClusterTask) -> [NodePlatform: Timestamp] { mismatches[Image(task)] ?? [:] }

  mutating func place(_ task: ClusterTask, at position: Int) { nodes[position].add(task) }
  func position(of node: NodeID) -> Int? { positions[node] }
}
