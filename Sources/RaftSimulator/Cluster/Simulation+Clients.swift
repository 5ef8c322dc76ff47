import SimulationEngine

/// Clients: one call after the other, each value unique, retries under the same (session, sequence).
extension Simulation {
  func startCall(_ number: Int) {
    guard !clients[number].isStopped, clients[number].operation == nil else { return }
    let key = random.int(in: 0..<plan.keys)
    let kind = random.int(in: 0..<100)
    lastValue += 1
    begin(number, key: key, action: kind < 40 ? .get : kind < 75 ? .put(lastValue) : .add(lastValue))
  }

  func begin(_ number: Int, key: Int, action: Operation.Action, attempts: Int = 4) {
    let session = UInt64(number)
    if action != .get { clients[number].sequence += 1 }
    moment += 1
    clients[number].operation = history.count
    clients[number].command = Command(session: session, sequence: clients[number].sequence, key: key, action: action)
    clients[number].attemptsLeft = attempts
    clients[number].firstAttempt = clients[number].attempt + 1
    history.append(Operation(client: number, key: key, action: action, invoked: moment))
    attempt(number)
  }

  private func attempt(_ number: Int) {
    clients[number].attempt += 1
    clients[number].attemptsLeft -= 1
    let attempt = clients[number].attempt
    let target = clientTarget()
    schedule(.request(client: number, attempt: attempt, node: target), after: random.int(in: 100...2000))
    schedule(.clientTimeout(client: number, attempt: attempt), after: .milliseconds(random.int(in: 150...1200)))
  }

  /// Clients that wait may hear of a new leader and ask it at once, when it knows least.
  func tellClients(of leader: SimulatedNode) {
    for client in clients where client.operation != nil && random.chance(50) {
      schedule(.request(client: client.number, attempt: client.attempt, node: leader.id), after: random.int(in: 0...10_000))
    }
  }

  /// Mostly the leader, sometimes anyone, so that forwarding and stale leaders are tried.
  private func clientTarget() -> UInt64 {
    if random.chance(healing == nil ? 60 : 100), let leader = random.pick(nodes.filter { $0.isUp && $0.isLeader }) { return leader.id }
    return random.pick(nodes.filter(\.isMember))?.id ?? 1
  }

  func callTimedOut(_ number: Int, _ attempt: Int) {
    guard clients[number].attempt == attempt, clients[number].operation != nil else { return }
    counts[.clientTimeout] += 1
    if clients[number].attemptsLeft > 0 {
      self.attempt(number)
    } else {
      trace.note(now, "client \(number) gives up")
      endCall(number)
    }
  }

  func answered(_ number: Int, _ attempt: Int, _ value: UInt64?) {
    // An answer to an earlier attempt of the same call is an answer, too. A refusal is none: the next attempt comes at the timeout.
    guard let operation = clients[number].operation, attempt >= clients[number].firstAttempt, let value else { return }
    moment += 1
    history[operation].returned = moment
    history[operation].result = value
    trace.note(now, "client \(number) learns \(history[operation])")
    endCall(number)
  }

  private func endCall(_ number: Int) {
    clients[number].operation = nil
    clients[number].attempt += 1
    guard number < plan.clients else { return }
    schedule(.clientStart(client: number), after: random.int(in: 0...60_000))
  }

  func request(_ number: Int, _ attempt: Int, at id: UInt64) throws(Violation) {
    let node = node(id)
    guard node.isUp, clients[number].operation != nil, attempt >= clients[number].firstAttempt, let command = clients[number].command else { return }
    if command.action == .get {
      node.readContext += 1
      let context = mix64(id) &+ UInt64(node.epoch) << 32 &+ UInt64(node.readContext)
      node.reads[context] = SimulatedNode.Read(client: number, attempt: attempt, key: command.key)
      try read(node, context: context)
    } else {
      node.writes[command.session] = SimulatedNode.Write(sequence: command.sequence, attempt: attempt)
      try propose(node, command)
    }
  }
}
