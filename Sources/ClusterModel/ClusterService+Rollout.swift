extension ClusterService {
  /// How many revisions there are at most, the service's own included.
  package static let mostRevisions = 10
  /// All texts of the other revisions together; one is kept however large it is.
  private static let mostRevisionBytes = 512 * 1024

  /// Whether a rollout is under way, or paused.
  package var isRolling: Bool { rollout.map { !$0.isOver } ?? false }

  /// The policy of the rollout that is under way or would be next.
  package var rolloutPolicy: UpdatePolicy { rollout?.kind == .rollback ? spec.rollback : spec.update }

  /// The template of a revision, if it is still known.
  package func template(of number: UInt64) -> TaskSpec? {
    number == revision ? spec.task : revisions.first { $0.number == number }?.task
  }

  /// Takes on another template: its tasks are replaced one after the other. What is under way to yet another one ends.
  ///
  /// A template that it had before gets its number again, so that tasks of that revision stay.
  /// - Parameter force: replaces the tasks though it be the same.
  package mutating func update(to template: TaskSpec, force: Bool = false, at time: Timestamp) {
    // What has never run is not rolled out.
    if waitsToStart {
      spec.task = template
    } else if force || template != spec.task {
      let known = force ? nil : revisions.first { $0.task == template }?.number
      change(to: known ?? nextRevision, template, .update, at: time)
    }
  }

  /// - Parameter number: nil for the revision before this one.
  /// - Throws: `failedPrecondition` when there is none, `notFound` when it is not known any more.
  package mutating func rollBack(to number: UInt64?, because reason: String = "", at time: Timestamp) throws(WarrenError) {
    let name = spec.name
    guard let target = number ?? rollout?.from else {
      throw WarrenError(
        .failedPrecondition, "service \(name) cannot be rolled back; it never had another revision; change it with 'warren service update'")
    }
    if target == revision {
      throw WarrenError(.failedPrecondition, "service \(name) is at revision \(target) already; see 'warren service history \(name)'")
    }
    guard let template = template(of: target) else {
      throw WarrenError(
        .notFound, "service \(name) has no revision \(target); the last \(Self.mostRevisions) are kept; see 'warren service history \(name)'")
    }
    change(to: target, template, .rollback, at: time)
    rollout?.message = reason
  }

  /// - Throws: `failedPrecondition` when there is nothing to pause.
  package mutating func pauseRollout(because reason: String) throws(WarrenError) {
    guard rollout?.state == .running else {
      throw WarrenError(.failedPrecondition, "no rollout of service \(spec.name) is under way; there is nothing to pause")
    }
    rollout?.state = .paused
    rollout?.message = reason
  }

  /// Goes on. What has failed so far no longer counts.
  /// - Throws: `failedPrecondition` when it is not paused.
  package mutating func resumeRollout() throws(WarrenError) {
    guard rollout?.state == .paused else {
      throw WarrenError(.failedPrecondition, "the rollout of service \(spec.name) is not paused; there is nothing to resume")
    }
    rollout?.state = .running
    rollout?.message = ""
    rollout?.failures = 0
  }

  /// Goes on with a rollout that is staged: to the next share of a canary, or, blue-green, from the old tasks to the new ones.
  /// - Throws: `failedPrecondition` when it is not staged.
  package mutating func promoteRollout(at time: Timestamp) throws(WarrenError) {
    guard let rollout, rollout.state == .staged else {
      throw WarrenError(
        .failedPrecondition, "no rollout of service \(spec.name) waits to be promoted; see 'warren service history \(spec.name)' for how far it is")
    }
    self.rollout?.message = ""
    if rollout.isBlueGreen {
      self.rollout?.state = .promoted
      self.rollout?.promotedAt = time
    } else {
      self.rollout?.state = .running
      self.rollout?.promotions += 1
    }
  }

  private var nextRevision: UInt64 { (revisions.map(\.number) + [revision]).max().map { $0 + 1 } ?? 1 }

  private mutating func change(to number: UInt64, _ template: TaskSpec, _ kind: Rollout.Kind, at time: Timestamp) {
    // One that is not at its end was never all of the service: there is no use in going back to it. Where a rollback leads to was.
    let from =
      rollout.map { $0.isOver || $0.state == .promoted || $0.kind == .rollback || $0.from == number ? revision : $0.from } ?? revision
    revisions.removeAll { $0.number == number || $0.number == revision }
    revisions.append(ServiceRevision(number: revision, task: spec.task, madeAt: rollout?.startedAt ?? meta.createdAt))
    (revision, spec.task) = (number, template)
    rollout = Rollout(kind, from: from, to: number, at: time)
    if kind == .update { rollout?.strategy = spec.update.strategy }
    forgetRevisions(but: from)
  }

  private mutating func forgetRevisions(but kept: UInt64) {
    var bytes = revisions.reduce(0) { $0 + $1.task.approximateBytes }
    while revisions.count > 1, revisions.count >= Self.mostRevisions || bytes > Self.mostRevisionBytes,
      let oldest = revisions.firstIndex(where: { $0.number != kept })
    {
      bytes -= revisions.remove(at: oldest).task.approximateBytes
    }
  }
}
