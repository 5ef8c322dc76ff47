import ClusterModel
import SimulationEngine

/// The end of all trouble: nodes are back, images are good, nobody changes anything but, in some runs, what is paused.
extension RolloutSimulation {
  /// Ten minutes, of which a platform that had no variant of an image is not tried for five, and what each slot may take.
  private static let bound: VirtualTime = .seconds(1200)

  func heal() throws(Violation) {
    note("all trouble ends")
    isHealed = true
    for position in workers.indices {
      let id = workers[position].id
      if !workers[position].isConnected { try comeBack(id, workers[position].absence) }
      try activate(id)
      for container in workers[position].containers where container.status.state == .running && !container.status.isUp {
        schedule(.step(.ready, task: container.task.id, node: id, epoch: container.epoch), after: .milliseconds(100))
      }
    }
    try runEvents(until: now + Self.bound)
    if plan.resumesInTheEnd {
      // With a monitor time of zero each task that has to become ready is late: one more slot with each resumption.
      for _ in 0..<20 where store.services.contains(where: { $0.rollout?.waitsForPeople == true }) {
        for var service in store.services where service.rollout?.waitsForPeople == true {
          let before = service
          if service.rollout?.state == .staged { try? service.promoteRollout(at: time) } else { try? service.resumeRollout() }
          note("a user: resume or promote of \(service.id)")
          try judge.userChanged(before, to: service)
          try update { try $0.put(service) }
        }
        try runEvents(until: now + Self.bound)
      }
    }
    if !queue.isEmpty, lastChange + .seconds(300) > now { throw Violation(.convergence, "it still goes on, long after all trouble has ended") }
  }

  func judgeConvergence() throws(Violation) {
    for service in store.services {
      try judge.judgeEnd(of: service, tasks: store.tasks(ofService: service.id), nodes: store.nodes, resumed: plan.resumesInTheEnd)
    }
    for worker in workers {
      let wanted = store.tasks(onNode: worker.id).filter { $0.desiredState == .running && $0.status.state != .pending && !$0.status.state.isTerminal }
      let there = worker.containers.filter { !$0.status.state.isTerminal }
      if Set(wanted.map(\.id)) != Set(there.map(\.task.id)) {
        throw Violation(.convergence, "\(worker.id) has \(there.map(\.task.id)), and should have \(wanted.map(\.id))")
      }
    }
  }

  /// Looking at everything again, also an hour later, changes nothing.
  func judgeRest() throws(Violation) {
    for pause in [VirtualTime.zero, .seconds(3600)] {
      now += pause
      let index = store.index
      agenda.addEverything()
      try work()
      try runEvents(until: now + .seconds(600))
      if store.index != index { throw Violation(.rest, "what is at rest changes when it is looked at again") }
      if let wake = agenda.nextWake { throw Violation(.rest, "the loops will wake at \(wake) though nothing is left to do") }
    }
  }
}

extension Rollout {
  /// Nothing happens before somebody resumes or promotes it.
  var waitsForPeople: Bool { state == .paused || state == .staged }
}
