import ClusterModel
import SimulationEngine

extension RolloutSimulation {
  func addNode(_ number: Int) throws(Violation) {
    var node = ClusterNode(id: NodeID("n\(number)"), roles: [.worker], description: NodeDescription(hostname: "n\(number)"))
    node.labels = ["zone": ["a", "b"][number % 2]]
    if number % 10 == 2 { node.description.architecture = "arm64" }
    node.state = .ready
    workers.append(SimulatedWorker(node.id))
    try update { try $0.put(node) }
  }

  func worker(_ id: NodeID) -> Int? { workers.firstIndex { $0.id == id } }

  func troubleComes() throws(Violation) {
    if isHealed { return }
    schedule(.trouble, after: random.int(in: 0...2 * plan.meanTroublePause))
    guard let trouble = random.pick(plan.troubles), let node = random.pick(store.nodes.map(\.id)), let position = worker(node) else { return }
    switch trouble {
    case .leaderDeath: loseLeader()
    case _ where leader == nil: return
    case .drain: try drain(node)
    case .cutOff: if workers[position].isConnected { goAway(position, dies: false) }
    case .machineDeath: if workers[position].isAlive { goAway(position, dies: true) }
    case .replaceNode: if random.chance(30) { try replace(node) }
    }
  }

  private func drain(_ id: NodeID) throws(Violation) {
    guard var node = store.node(id), node.availability == .active, store.nodes.filter({ $0.availability == .active }).count > 1 else { return }
    counts[.drain] += 1
    node.availability = .drain
    node.drainDeadline = random.chance(75) ? time + .seconds(random.int(in: 1...40)) : nil
    note("\(id) drains\(node.drainDeadline.map { " until \(Double(Self.virtualTime($0)) / 1_000_000) s" } ?? "")")
    try update { try $0.put(node) }
    if let deadline = node.drainDeadline { queue.schedule(.check, at: Self.virtualTime(deadline) + .seconds(1)) }
    schedule(.activate(node: id), after: .seconds(random.int(in: 2...60)))
  }

  func activate(_ id: NodeID) throws(Violation) {
    guard var node = store.node(id), node.availability == .drain else { return }
    guard leader != nil else { return schedule(.activate(node: id), after: .seconds(1)) }
    counts[.activate] += 1
    note("\(id) is active again")
    (node.availability, node.drainDeadline) = (.active, nil)
    try update { try $0.put(node) }
  }

  /// Past its drain's deadline, and the loops had a second for it.
  func checkDrains() throws(Violation) {
    guard leader != nil, rest == nil, !isWorkScheduled else {
      if !isHealed { schedule(.check, after: .milliseconds(700)) }
      return
    }
    for node in store.nodes where node.availability == .drain {
      guard let deadline = node.drainDeadline, deadline + .seconds(1) <= time else { continue }
      counts[.drainDeadline] += 1
      let task = store.tasks(onNode: node.id).first { $0.desiredState == .running && !$0.status.state.isTerminal && $0.status.state != .pending }
      if let task { throw Violation(.drain, "\(task.displayName) (\(task.id)) is still wanted on \(node.id)") }
    }
  }

  private func goAway(_ position: Int, dies: Bool) {
    counts[dies ? .machineDeath : .cutOff] += 1
    let id = workers[position].id
    note(dies ? "\(id) dies" : "\(id) is cut off")
    workers[position].isConnected = false
    workers[position].absence += 1
    if dies {
      workers[position].isAlive = false
      for index in workers[position].containers.indices { workers[position].containers[index].epoch += 1 }
    }
    let absence = workers[position].absence
    schedule(.markDown(node: id, absence: absence), after: .seconds(random.int(in: 3...8)))
    schedule(.comeBack(node: id, absence: absence), after: .seconds(random.int(in: 1...40)))
  }

  func markDown(_ id: NodeID, _ absence: Int) throws(Violation) {
    guard let position = worker(id), workers[position].absence == absence, !workers[position].isConnected, var node = store.node(id) else { return }
    guard leader != nil else { return schedule(.markDown(node: id, absence: absence), after: .seconds(2)) }
    counts[.nodeDown] += 1
    note("\(id) is down")
    node.state = .down
    try update { try $0.put(node) }
  }

  func comeBack(_ id: NodeID, _ absence: Int) throws(Violation) {
    guard let position = worker(id), workers[position].absence == absence, !workers[position].isConnected, var node = store.node(id) else { return }
    guard leader != nil else { return schedule(.comeBack(node: id, absence: absence), after: .seconds(1)) }
    note("\(id) comes back")
    workers[position].isConnected = true
    if !workers[position].isAlive {
      workers[position].isAlive = true
      restartContainers(position)
    }
    for index in workers[position].containers.indices { workers[position].containers[index].isReported = false }
    node.state = .ready
    try update { try $0.put(node) }
    schedule(.obey(node: id), after: random.int(in: plan.link))
    schedule(.report(node: id), after: random.int(in: plan.link))
  }

  /// Gone for good; another machine takes its place.
  private func replace(_ id: NodeID) throws(Violation) {
    guard let node = store.node(id) else { return }
    counts[.nodeReplaced] += 1
    note("\(id) is removed")
    workers.removeAll { $0.id == id }
    try update { try $0.remove(node) }
    // Of the same zone and platform.
    try addNode((Int(id.rawValue.dropFirst()) ?? 0) + 10)
  }
}
