import ClusterModel
import Logging

extension Agent {
  /// Finds out what of the journal still runs, adopts what runs without being in it, and removes what nobody wants.
  func recover(_ births: AsyncStream<TaskSupervisor>.Continuation) async throws {
    let journaled = try await journal.load()
    let found = try await patiently { try await self.runtime.containers() }
    let records = Self.complete(journaled, by: found)
    for record in records where !journaled.contains(record) {
      logger.notice("task.found", metadata: ["task": "\(record.task.id)", "name": "\(record.task.displayName)", "attempt": "\(record.attempt)"])
      try await journal.save(record)
    }
    let states = Dictionary(found.map { ($0.id, $0.state) }, uniquingKeysWith: { first, _ in first })
    let alive = records.filter { !$0.status.state.isTerminal && states[$0.containerID] != nil }
    let serving = alive.filter { $0.status.health?.isReady != false && !$0.status.isStandby }.map {
      TaskContainer(task: $0.task, attempt: $0.attempt)
    }
    try await patiently { try await self.runtime.restore(serving) }
    let wanted = WantedContainers(containers: Set(alive.map(\.containerID)), tasks: Set(records.map(\.task.id)))
    try await patiently { try await self.runtime.sweep { wanted } }
    for record in records {
      let container = TaskContainer(task: record.task, attempt: record.attempt)
      watch(record, found: states[container.id], births)
    }
    logger.info("worker.recovered", metadata: ["tasks": "\(records.count)", "containers": "\(found.count)"])
  }

  /// The journal's records, brought up to date by containers that are newer: it may have been lost, or be an older copy. A container
  /// carries its task, so neither a manager nor a restart is needed for it.
  static func complete(_ journaled: [TaskRecord], by found: [RuntimeContainer]) -> [TaskRecord] {
    var records = Dictionary(journaled.map { ($0.task.id, $0) }, uniquingKeysWith: { first, _ in first })
    for container in found {
      guard let origin = container.origin else { continue }
      if let known = records[origin.task.id], known.attempt >= origin.attempt || known.status.state.isTerminal { continue }
      var record = TaskRecord(found: container, of: origin)
      if let known = records[origin.task.id] {
        record.restarts = known.restarts
        record.task.desiredState = max(record.task.desiredState, known.task.desiredState)
      }
      records[origin.task.id] = record
    }
    return records.values.sorted { $0.task.id < $1.task.id }
  }

  /// Looks for leftovers whenever the engine is back and every now and then: a removal may have been cut short, and others may have
  /// killed or made things behind our back.
  func keepClean() async {
    let (signals, signal) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    await withDiscardingTaskGroup { group in
      group.addTask { for await _ in self.runtime.reconnections() { signal.yield() } }
      if let interval = configuration.sweepInterval {
        group.addTask { while (try? await self.clock.sleep(for: interval)) != nil { signal.yield() } }
      }
      for await _ in signals { await sweep() }
      group.cancelAll()
    }
  }

  private func sweep() async {
    do { try await runtime.sweep { await self.wanted } } catch {
      if !Task.isCancelled { logger.warning("worker.sweep-failed", metadata: ["error": "\(error)"]) }
    }
  }

  private var wanted: WantedContainers {
    WantedContainers(containers: Set(supervisors.values.compactMap(\.container)), tasks: Set(supervisors.keys))
  }
}
