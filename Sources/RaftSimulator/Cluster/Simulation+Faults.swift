import Raft
import SimulationEngine

/// The faults that come by themselves, each undone some time later.
extension Simulation {
  func injectFault() throws(Violation) {
    guard healing == nil else { return }
    schedule(.injectFault, after: random.int(in: 0...2 * plan.meanFaultPause))
    guard let fault = random.pick(plan.faults) else { return }
    let duration = VirtualTime.milliseconds(random.int(in: 20...2500))
    switch fault {
    case .crash: crashSome(fault, for: duration)
    case .longOutage: crashSome(fault, for: .milliseconds(random.int(in: 2500...7000)))
    case .partition: partition(for: duration)
    case .oneWayCut: cutOneWay(for: duration)
    case .slowLinks: slowDown(for: duration)
    case .connectionClosed: closeConnection()
    case .pause: if let node = someNode(), !node.isPaused { pause(node, for: duration) }
    case .crashWhileWriting: someNode()?.crashesAtNextWrite = true
    case .syncStall: stallDisk(for: duration)
    case .syncFailure: someNode()?.failsNextSync = true
    case .bitFlip: flipBit()
    case .wipe: if let node = random.pick(nodes.filter(mayBeLost)) { wipe(node) }
    case .leaderTransfer: try transferLeadership()
    case .forgetLeader: try forgetSomeLeader()
    default: preconditionFailure("\(fault) does not come by itself")
    }
  }

  /// A running node; the leader, which matters most, more often than others.
  private func someNode() -> SimulatedNode? {
    random.chance(30) ? random.pick(nodes.filter(\.isLeader)) : random.pick(nodes.filter(\.isUp))
  }

  private func stallDisk(for duration: VirtualTime) {
    guard let node = someNode() else { return }
    counts[.syncStall] += 1
    trace.note(now, "the disk of \(node.id) stalls")
    node.stallUntil = now + duration
  }

  /// Mostly the leader or one node; now and then everyone at once.
  private func crashSome(_ fault: Fault, for duration: VirtualTime) {
    let running = nodes.filter(\.isUp)
    var victims = random.chance(40) ? running.filter(\.isLeader) : Array(random.pick(running).map { [$0] } ?? [])
    if random.chance(8) { victims = running }
    for node in victims {
      counts[fault] += 1
      crash(node)
      schedule(.restart(node: node.id), after: duration)
    }
  }

  func failPower(_ node: SimulatedNode) {
    counts[.crashWhileWriting] += 1
    crashForAWhile(node)
  }

  func crashForAWhile(_ node: SimulatedNode) {
    crash(node)
    schedule(.restart(node: node.id), after: .milliseconds(random.int(in: 10...1000)))
  }

  /// The process ends; the disk keeps what was synced and a part of the rest. Peers may notice by their connections.
  func crash(_ node: SimulatedNode) {
    trace.note(now, "\(node.id) crashes")
    node.stop()
    node.disk.crash(random: &random) { counts[$0] += 1 }
    let notices = random.chance(60)
    for peer in nodes where peer.id != node.id {
      network.closeConnection(node.id, peer.id)
      if notices, peer.isUp {
        schedule(.connectionLost(node: peer.id, peer: node.id, epoch: peer.epoch), after: random.int(in: 200...3000))
      }
    }
  }

  func restart(_ id: UInt64) throws(Violation) {
    let node = node(id)
    guard !node.isUp, !node.isLost, !node.isRetired else { return }
    trace.note(now, "\(id) restarts with \(node.disk.synced.lastIndex) entries, term \(node.disk.synced.hardState.term)")
    try start(node)
  }

  /// The disk is gone for good; the machine joins again under a new id when the membership changes next.
  func wipe(_ node: SimulatedNode) {
    if node.isUp { crash(node) }
    counts[.wipe] += 1
    trace.note(now, "\(node.id) is wiped")
    node.isLost = true
  }

  private func flipBit() {
    guard let node = random.pick(nodes.filter(mayBeLost)) else { return }
    if node.isUp { crash(node) }
    node.disk.isDamaged = true
    node.isDoomed = true
    schedule(.restart(node: node.id), after: .milliseconds(random.int(in: 20...1000)))
  }

  private func pause(_ node: SimulatedNode, for duration: VirtualTime) {
    counts[.pause] += 1
    trace.note(now, "\(node.id) is paused")
    node.isPaused = true
    schedule(.resume(node: node.id), after: duration)
  }

  /// A process that was stopped goes on where it was: all that came meanwhile is there at once.
  func resume(_ id: UInt64) throws(Violation) {
    let node = node(id)
    guard node.isPaused else { return }
    trace.note(now, "\(id) goes on")
    node.isPaused = false
    let waiting = node.waitingEvents
    node.waitingEvents = []
    for event in waiting { queue.schedule(event, at: now) }
  }

  private func partition(for duration: VirtualTime) {
    counts[.partition] += 1
    var ids = nodes.filter(\.isMember).map(\.id).shuffled(using: &random)
    var split = random.int(in: 0...ids.count)
    if random.chance(50) {
      // The leader with a few of the others: what they write comes to nothing.
      ids.sort { node($0).isLeader && !node($1).isLeader }
      split = random.int(in: 0...ids.count / 2)
    }
    let (one, other) = (Array(ids[..<split]), Array(ids[split...]))
    trace.note(now, "partition \(one) | \(other)")
    network.setCut(true, between: one, and: other)
    schedule(.restoreLinks(one, other, oneWay: false), after: duration)
  }

  private func cutOneWay(for duration: VirtualTime) {
    guard let from = random.pick(nodes.filter(\.isMember)) else { return }
    counts[.oneWayCut] += 1
    let others = nodes.filter { $0.isMember && $0.id != from.id }.map(\.id)
    let targets = random.chance(50) ? others : Array(others.shuffled(using: &random).prefix(1))
    let incoming = random.chance(50)
    trace.note(now, "cut \(incoming ? "to" : "from") \(from.id): \(targets)")
    for peer in targets {
      if incoming { network[peer, from.id].isCut = true } else { network[from.id, peer].isCut = true }
    }
    schedule(.restoreLinks([from.id], targets, oneWay: true), after: duration)
  }

  func restoreLinks(_ one: [UInt64], _ other: [UInt64], oneWay: Bool) {
    network.setCut(false, between: one, and: other)
  }

  private func slowDown(for duration: VirtualTime) {
    guard let node = random.pick(nodes.filter(\.isMember)) else { return }
    counts[.slowLinks] += 1
    let delay = random.int(in: 5000...(random.pick([20_000, 100_000, 400_000]) ?? 20_000))
    trace.note(now, "links of \(node.id) are slow by \(delay) us")
    for peer in nodes where peer.id != node.id {
      network[node.id, peer.id].delay = delay / 2...delay
      network[peer.id, node.id].delay = delay / 2...delay
    }
    schedule(.restoreSpeed(node: node.id), after: duration)
  }

  func restoreSpeed(_ id: UInt64) {
    for peer in nodes where peer.id != id {
      network[id, peer.id].delay = plan.link.delay
      network[peer.id, id].delay = plan.link.delay
    }
  }

  /// Both ends live, only the connection between them is gone, mostly that of the leader.
  private func closeConnection() {
    guard let one = random.chance(70) ? random.pick(nodes.filter(\.isLeader)) : random.pick(nodes.filter(\.isUp)),
      let other = random.pick(nodes.filter { $0.isUp && $0.id != one.id })
    else { return }
    counts[.connectionClosed] += 1
    network.closeConnection(one.id, other.id)
    schedule(.connectionLost(node: one.id, peer: other.id, epoch: one.epoch), after: 300)
    schedule(.connectionLost(node: other.id, peer: one.id, epoch: other.epoch), after: 300)
  }

  /// A new node's links, as the plan has them.
  func setLinks(of id: UInt64) {
    for peer in nodes where peer.id != id {
      network[id, peer.id] = plan.link
      network[peer.id, id] = plan.link
    }
  }

  /// Every link as the plan has it, without cuts.
  func setLinks() { network.reset(nodes: nodes.map(\.id), to: healing == nil ? plan.link : Link()) }
}
