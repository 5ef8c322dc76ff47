import ClusterModel
import NIOConcurrencyHelpers
package import Raft

extension ClusterStore: ReplicatedStateMachine {
  package func apply(_ entries: [CommittedEntry]) throws -> [ApplyOutcome] {
    var view = self.view
    var events: [StoreEvent] = []
    var outcomes: [ApplyOutcome] = []
    outcomes.reserveCapacity(entries.count)
    // What was understood is published even if a later entry cannot be.
    defer { publish(view, events) }
    for entry in entries {
      let command = try StoreCommand(serialized: entry.command, index: entry.index)
      do {
        let changes = try view.apply(command, index: entry.index)
        events.append(StoreEvent(index: entry.index, at: command.proposedAt, changes: changes))
        // Workers may have their session with another manager.
        outcomes.append(.accepted(isUrgent: changes.contains { $0.kind == .task }))
      } catch {
        outcomes.append(.rejected(error))
      }
      if events.count >= Self.eventsAtOnce {
        publish(view, events)
        events = []
      }
    }
    return outcomes
  }

  /// Watches are told of so many at a time, and keep those that are of interest: a log that is replayed at a start has thousands.
  static let eventsAtOnce = 64

  /// View and events change hands under one lock, so that a watch starting meanwhile has an event either in its view or in its stream.
  private func publish(_ view: StoreView, _ events: [StoreEvent]) {
    state.withLockedValue { state in
      state.view = view
      if events.isEmpty { return }
      if var census = state.census {
        for event in events {
          for change in event.changes {
            census.note(change)
            metrics.count(change)
          }
        }
        if census != state.census { metrics.show(census) }
        state.census = census
      }
      state.watches.removeAll { !($0.watch?.deliver(events) ?? false) }
    }
  }

  package func snapshot() -> @Sendable () throws -> [UInt8] {
    let view = self.view
    return { try view.encodeSnapshot() }
  }

  package func restore(_ snapshot: [UInt8], index: LogIndex) throws {
    let view = try StoreView(snapshot: snapshot, index: index)
    let watches = state.withLockedValue { state in
      state.view = view
      if state.census != nil {
        let census = StoreCensus(view)
        state.census = census
        metrics.show(census)
      }
      defer { state.watches = [] }
      return state.watches
    }
    // The way from the old state to this one is not known.
    let error = WarrenError(.unavailable, "The state was replaced by a snapshot. List again and watch from there.")
    for watch in watches { watch.watch?.finish(throwing: error) }
  }
}
