import ClusterModel

/// Two sets of tasks side by side: the old one serves until the rollout is promoted, the new one from then on.
///
/// Until then each slot has a task of either set, and both are kept as slots are. Afterwards what is left of the old set stays aside for a
/// while, so that going back to it is a matter of ports.
extension ServicePlanner {
  /// The rollout that is under way, if it is of this kind.
  var blueGreen: Rollout? { service.isRolling ? service.rollout.flatMap { $0.isBlueGreen ? $0 : nil } : nil }

  /// Stages it when all new tasks have proved themselves, and ends it when the old ones are gone.
  mutating func advance(_ rollout: Rollout, of slots: [Slot]) {
    switch rollout.state {
    case .running where slots.allSatisfy({ isStaged($0, rollout) }):
      service.rollout?.state = .staged
      service.rollout?.message = "all tasks of revision \(rollout.to) run beside those that serve"
    case .promoted where slots.allSatisfy({ former($0, rollout).allSatisfy(\.status.state.isTerminal) }):
      complete()
    default: break
    }
  }

  mutating func fill(_ slot: Slot, both rollout: Rollout) {
    let former = former(slot, rollout)
    if rollout.state == .promoted {
      fill(Slot(slot.key, of: members(of: slot).filter { $0.revision == rollout.to }), from: newTemplate)
      setAside(former, rollout, hasSuccessor: current(slot).contains { $0.revision == rollout.to && $0.status.isServing })
    } else {
      // What stood by for a rollout that this one took the place of.
      for task in former where task.isStandby { retire(task, as: .shutdown) }
      if let new = current(slot).first(where: { $0.revision == rollout.to && !$0.isStandby }) {
        fill(Slot(slot.key, of: members(of: slot).filter { $0.revision == rollout.to }), from: newTemplate)
        if new.provenAt != nil, isUp(new) { for task in former { retire(task, as: .shutdown) } }
        return
      }
      let serving = Slot(slot.key, of: former.filter { !$0.isStandby })
      fill(serving, from: template(for: serving))
      fill(Slot(slot.key, of: members(of: slot).filter { $0.revision == rollout.to }), from: newTemplate)
    }
  }

  /// Whether a task that is made now for the template starts out of the published ports.
  func standsBy(_ template: Template, in slot: Slot) -> Bool {
    guard let rollout = blueGreen, rollout.state != .promoted, template.number == rollout.to else { return false }
    return !members(of: slot).contains { $0.revision == rollout.to && !$0.isStandby && !$0.status.state.isTerminal }
  }

  /// Leads ports to where the rollout is: to a task that stands by, or away from one.
  mutating func lead(_ slot: Slot) {
    let rollout = blueGreen
    for task in current(slot) {
      if let rollout {
        // One that serves already, because the rollout leads back to it, is never put aside for it.
        if task.revision == rollout.to, rollout.state == .promoted { stand(task, by: false) }
      } else if task.isStandby {
        // Without a rollout that needs it beside the others it serves, or goes.
        if task.revision == service.revision { stand(task, by: false) } else { retire(task, as: .shutdown) }
      }
    }
  }

  private func isStaged(_ slot: Slot, _ rollout: Rollout) -> Bool {
    current(slot).contains { $0.revision == rollout.to && ($0.provenAt != nil || rollout.failedTasks.contains($0.id)) }
  }

  private func former(_ slot: Slot, _ rollout: Rollout) -> [ClusterTask] { members(of: slot).filter { $0.revision != rollout.to } }

  /// The old task of a slot, once promoted: it covers for a new one that does not serve, and is not replaced when it ends.
  private mutating func setAside(_ former: [ClusterTask], _ rollout: Rollout, hasSuccessor: Bool) {
    guard case .blueGreen(let keep) = rollout.strategy, let promotedAt = rollout.promotedAt else { return }
    let due = promotedAt + keep
    for task in former where task.desiredState == .running {
      if !isUp(task) || (hasSuccessor && due <= now) {
        retire(task, as: .shutdown)
      } else {
        stand(task, by: hasSuccessor)
        // Nothing is kept on a node past its drain's deadline.
        let ends = [due, task.nodeID.flatMap { nodes[$0]?.drainDeadline }].compactMap(\.self).filter { $0 > now }
        if let end = ends.min() { wakeAt = min(wakeAt ?? end, end) }
      }
    }
  }

  private mutating func stand(_ task: ClusterTask, by isStandby: Bool) {
    guard task.isStandby != isStandby, var task = tasks[task.id] else { return }
    task.isStandby = isStandby
    // One that is gone back to has to show that it serves.
    if !isStandby, task.revision != blueGreen?.to { task.provenAt = nil }
    tasks[task.id] = task
  }
}
