import ClusterModel
import SimulationEngine

/// What workers do: each has its own idea of its tasks, and tells it when it is heard.
extension RolloutSimulation {
  func obey(_ id: NodeID) {
    guard let position = worker(id), workers[position].isConnected, leader != nil else { return }
    let assigned = store.tasks(onNode: id).filter { $0.status.state != .pending }
    workers[position].containers.removeAll { container in
      guard let task = assigned.first(where: { $0.id == container.task.id }) else { return true }
      return task.desiredState != .running && task.status.state.isTerminal
    }
    for task in assigned where !task.status.state.isTerminal {
      if let index = workers[position].position(of: task.id) {
        workers[position].containers[index].task.desiredState = task.desiredState
        workers[position].containers[index].task.isStandby = task.isStandby
        if task.desiredState != .running {
          stop(position, index)
        } else if workers[position].containers[index].status.state == .running {
          lead(position, index)
        }
      } else {
        workers[position].containers.append(SimulatedContainer(task))
        let index = workers[position].containers.count - 1
        if task.desiredState == .running { next(.begin, position, index, after: 0...1000) } else { stop(position, index) }
      }
    }
  }

  private func stop(_ position: Int, _ index: Int) {
    let container = workers[position].containers[index]
    if container.status.state == .stopping || container.status.state.isTerminal { return }
    workers[position].containers[index].epoch += 1
    if container.isProcess {
      change(position, index) { $0.state = .stopping }
      next(.stopped, position, index, after: .milliseconds(10)...(.milliseconds(random.pick([300, 4000]) ?? 300)))
    } else {
      next(.stopped, position, index, after: 0...(.milliseconds(50)))
    }
  }

  /// Takes it into its published ports, or out of them.
  private func lead(_ position: Int, _ index: Int) {
    let isStandby = workers[position].containers[index].task.isStandby
    if workers[position].containers[index].status.isStandby != isStandby { change(position, index) { $0.isStandby = isStandby } }
  }

  private func next(_ step: SimulatedContainer.Step, _ position: Int, _ index: Int, after delay: ClosedRange<VirtualTime>) {
    let worker = workers[position]
    let container = worker.containers[index]
    schedule(.step(step, task: container.task.id, node: worker.id, epoch: container.epoch), after: random.int(in: delay))
  }

  private func change(_ position: Int, _ index: Int, _ body: (inout TaskStatus) -> Void) {
    body(&workers[position].containers[index].status)
    workers[position].containers[index].status.since = time
    workers[position].containers[index].isReported = false
    if workers[position].isConnected { schedule(.report(node: workers[position].id), after: random.int(in: plan.link)) }
  }

  func step(_ step: SimulatedContainer.Step, _ task: TaskID, _ node: NodeID, _ epoch: Int) {
    guard let position = worker(node), let index = workers[position].position(of: task), workers[position].containers[index].epoch == epoch else {
      return
    }
    let container = workers[position].containers[index]
    let behaviour = plan.behaviour(of: container.task)
    let fault = isHealed ? nil : behaviour.fault
    switch step {
    case .begin:
      change(position, index) { $0.state = .preparing }
      next(.prepared, position, index, after: behaviour.prepare)
    case .prepared where fault == .noVariant && store.node(node)?.description.architecture == "arm64":
      counts[.rejected] += 1
      change(position, index) { ($0.state, $0.message) = (.rejected, "no variant") }
    case .prepared where fault == .cannotStart:
      counts[.couldNotStart] += 1
      ended(.couldNotStart, position, index)
    case .prepared:
      change(position, index) { $0.state = .starting }
      next(.started, position, index, after: .milliseconds(5)...(.milliseconds(200)))
    case .started: started(position, index, behaviour, fault)
    case .ready:
      change(position, index) { $0.health = TaskHealth(state: .healthy, isReady: true) }
      if fault == .losesReadiness { next(.unready, position, index, after: .milliseconds(100)...(.seconds(10))) }
    case .unready where isHealed: break
    case .unready:
      counts[.notReady] += 1
      change(position, index) { $0.health = TaskHealth(state: .unhealthy, isReady: false, output: "HTTP 503") }
      next(.ready, position, index, after: .milliseconds(100)...(.seconds(6)))
    case .ended where isHealed: break
    case .ended(let outcome):
      counts[.crash] += 1
      ended(outcome, position, index)
    case .stopped: change(position, index) { ($0.state, $0.health) = (.shutdown, nil) }
    }
  }

  private func started(_ position: Int, _ index: Int, _ behaviour: Plan.Behaviour, _ fault: Plan.Behaviour.Fault?) {
    let isChecked = workers[position].containers[index].task.spec.readiness != nil
    workers[position].containers[index].ranFrom = now
    let isStandby = workers[position].containers[index].task.isStandby
    change(position, index) { status in
      (status.state, status.isStandby) = (.running, isStandby)
      status.health = isChecked ? TaskHealth(state: .starting, isReady: false, output: "HTTP 503") : nil
    }
    if isChecked, fault != .neverReady { next(.ready, position, index, after: behaviour.readyAfter) }
    let code: Int32 = random.chance(10) ? 0 : 3
    switch fault {
    case .crashesSoon: next(.ended(.exited(code: code)), position, index, after: .milliseconds(1)...(.seconds(3)))
    case .crashesLater: next(.ended(.exited(code: code)), position, index, after: .seconds(2)...(.seconds(30)))
    case .sometimesCrashes where random.chance(40): next(.ended(.exited(code: code)), position, index, after: .milliseconds(1)...(.seconds(8)))
    default: break
    }
  }

  private func ended(_ outcome: RestartDecider.Outcome, _ position: Int, _ index: Int) {
    let container = workers[position].containers[index]
    workers[position].containers[index].epoch += 1
    let ranFor = container.status.state == .running ? Duration.microseconds(now - container.ranFrom) : .zero
    let decision = workers[position].containers[index].restarts.attemptEnded(outcome, ranFor: ranFor, policy: container.task.spec.restart, now: time)
    let exit =
      switch outcome {
      case .exited(let code): ExitStatus(code: code, reason: "exited with \(code)", at: time)
      case .couldNotStart: ExitStatus(code: -1, reason: "could not start", at: time)
      case .lostWithItsMachine: ExitStatus(code: -1, reason: ExitStatus.lostWithItsMachine, at: time)
      }
    switch decision {
    case .restart(let delay):
      change(position, index) { status in
        (status.state, status.attempt, status.health) = (.waiting, status.attempt + 1, nil)
        (status.lastExit, status.message) = (exit, exit.reason)
      }
      let wait = VirtualTime(delay.nanoseconds / 1000)
      next(.begin, position, index, after: wait...wait)
    case .giveUp(let state, let reason):
      counts[.givenUp] += 1
      change(position, index) { ($0.state, $0.lastExit, $0.message, $0.health) = (state, exit, reason, nil) }
    }
  }

  /// The machine is on again: what ran on it ended with it.
  func restartContainers(_ position: Int) {
    for index in workers[position].containers.indices {
      workers[position].containers[index].epoch += 1
      switch workers[position].containers[index].status.state {
      case .stopping: next(.stopped, position, index, after: 0...1000)
      case .waiting, .assigned, .pending, .preparing: next(.begin, position, index, after: 0...1000)
      case .starting, .running: ended(.lostWithItsMachine, position, index)
      case .complete, .failed, .rejected, .shutdown, .orphaned: break
      }
    }
  }

  func report(_ id: NodeID) throws(Violation) {
    guard let position = worker(id), workers[position].isConnected, leader != nil else { return }
    var next: [ClusterTask] = []
    var gone: [ClusterTask] = []
    for index in workers[position].containers.indices where !workers[position].containers[index].isReported {
      workers[position].containers[index].isReported = true
      let container = workers[position].containers[index]
      guard let task = store.task(container.task.id) else { continue }
      switch task.after(report: container.status, at: time) {
      case .same: break
      case .changed(let changed): next.append(changed)
      case .removed: gone.append(task)
      }
    }
    try update { transaction in
      for task in next { try transaction.put(task) }
      for task in gone { try transaction.remove(task) }
    }
  }
}
