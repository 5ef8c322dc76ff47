import ClusterModel
import HashTreeCollections
import NIOConcurrencyHelpers
import TestKit
import Testing

@testable import Manager

struct StoreWatchTests {
  /// Watches that start at any moment while others write: the view they begin with and the changes they are told add up to the state at each index.
  @Test func nothingIsMissedOrRepeated() async throws {
    let ticks = TestTicks()
    let store = ClusterStore { ticks.next() }
    let log = MemoryLog(store)
    let writers = 8
    let perWriter = 100
    try await withThrowingTaskGroup { group in
      for writer in 0..<writers {
        group.addTask {
          var generator = SeededGenerator(seed: UInt64(writer))
          for number in 0..<perWriter {
            let id = "s\(writer)-\(Int.random(in: 0..<20, using: &generator))"
            try await store.update { transaction in
              if var service = transaction.view.service(ServiceID(id)) {
                if number % 3 == 0 { return try transaction.remove(service) }
                service.revision += 1
                try transaction.put(service)
              } else {
                try transaction.put(makeService(id))
              }
            }
          }
        }
      }
      for _ in 0..<16 {
        group.addTask {
          await Task.yield()
          let (view, changes) = store.watch()
          var state = view
          var last = view.index
          while last < UInt64(writers * perWriter) {
            for event in try await changes.nextBatch() {
              #expect(event.index > last)
              last = event.index
              state.follow(event)
            }
          }
          #expect(state == store.view)
        }
      }
      try await group.waitForAll()
    }
    #expect(log.commands.count >= writers * perWriter)
  }

  /// The same while a log is replayed, which is published in parts.
  @Test func nothingIsMissedOrRepeatedOfALogThatIsReplayed() async throws {
    let ticks = TestTicks()
    let (original, entries) = try await Self.replayed(1000, ticks)
    let store = ClusterStore { ticks.next() }
    try await withThrowingTaskGroup { group in
      for _ in 0..<16 {
        group.addTask {
          let (view, changes) = store.watch()
          var state = view
          while state.index < UInt64(entries.count) {
            for event in try await changes.nextBatch() {
              #expect(event.index == state.index + 1)
              state.follow(event)
            }
          }
          #expect(state == original.view)
        }
      }
      group.addTask { _ = try store.apply(entries) }
      try await group.waitForAll()
    }
    #expect(store.view == original.view)
  }

  /// So that the changes of a long log are not all in memory at once, also those of no interest to anybody.
  @Test func aLogThatIsReplayedIsToldInParts() async throws {
    let ticks = TestTicks()
    let (_, entries) = try await Self.replayed(1000, ticks)
    let store = ClusterStore { ticks.next() }
    let asked = NIOLockedValueBox<[String]>([])
    let watches = ["a", "b"].map { name in
      store.watch { _ in
        asked.withLockedValue { $0.append(name) }
        return false
      }
    }
    _ = try store.apply(entries)
    let names = asked.withLockedValue { $0 }
    #expect(names.count == 2 * entries.count)
    #expect(Set(names.prefix(ClusterStore.eventsAtOnce + 1)) == ["a", "b"], "both are told of the first before one is told of the next")
    withExtendedLifetime(watches) {}
  }

  /// The log of a store to which so many services were added.
  private static func replayed(_ count: Int, _ ticks: TestTicks) async throws -> (store: ClusterStore, entries: [CommittedEntry]) {
    let store = ClusterStore { ticks.next() }
    let log = MemoryLog(store)
    for number in 0..<count { try await store.update { try $0.put(makeService("s\(number)")) } }
    return (store, log.commands.enumerated().map { CommittedEntry(index: UInt64($0.offset) + 1, command: $0.element) })
  }

  @Test func eventsCarryOldAndNew() async throws {
    let store = ClusterStore { .epoch }
    let log = MemoryLog(store)
    let (_, changes) = store.watch()
    try await store.update { try $0.put(makeService("a")) }
    let first = try #require(store.view.service("a"))
    try await store.update { try $0.remove(first) }
    var iterator = changes.makeAsyncIterator()
    #expect(try await iterator.next() == StoreEvent(index: 1, at: .epoch, changes: [.service(old: nil, new: first)]))
    #expect(try await iterator.next() == StoreEvent(index: 2, at: .epoch, changes: [.service(old: first, new: nil)]))
    withExtendedLifetime(log) {}
  }

  @Test func whatIsOfNoInterestWakesNobody() async throws {
    let store = ClusterStore(watchLimit: 10) { .epoch }
    let log = MemoryLog(store)
    let (_, changes) = store.watch { $0.changes.contains { $0.kind == .node } }
    for number in 0..<20 { try await store.update { try $0.put(makeService("a\(number)")) } }
    try await store.update { try $0.put(makeNode("n")) }
    #expect(try await changes.nextBatch().map(\.index) == [21], "nor does it count as unread")
    withExtendedLifetime(log) {}
  }

  @Test func readerThatFallsBehindIsTold() async throws {
    let store = ClusterStore(watchLimit: 10) { .epoch }
    let log = MemoryLog(store)
    let (_, slow) = store.watch()
    let (_, quick) = store.watch()
    for number in 0..<11 {
      try await store.update { try $0.put(makeService("a\(number)")) }
      #expect(try await quick.nextBatch().count == 1)
    }
    #expect(await #expect(throws: WarrenError.self) { try await slow.nextBatch() }?.code == .resourceExhausted)
    // Starting over works.
    let (view, again) = store.watch()
    #expect(view.services.count == 11)
    try await store.update { try $0.put(makeService("b")) }
    #expect(try await again.nextBatch().map(\.index) == [12])
    withExtendedLifetime(log) {}
  }

  @Test func endsWithItsTaskAndWithTheStore() async throws {
    let store = ClusterStore { .epoch }
    let reader = Task {
      let (_, changes) = store.watch()
      for try await _ in changes {}
      return true
    }
    reader.cancel()
    #expect(try await reader.value)

    let (_, changes) = store.watch()
    async let batch = changes.nextBatch()
    store.finishWatches()
    #expect(try await batch.isEmpty)
  }

  @Test func aStateIsWaitedFor() async throws {
    let store = ClusterStore { .epoch }
    let log = MemoryLog(store)
    let looks = NIOLockedValueBox(0)
    async let isThere = store.until({ $0.changes.contains { $0.kind == .service } }) { view in
      looks.withLockedValue { $0 += 1 }
      return view.service("b") != nil
    }
    try await eventually("it waits") { looks.withLockedValue { $0 } == 1 }
    try await store.update { try $0.put(makeService("a")) }
    try await store.update { try $0.put(makeService("b")) }
    #expect(await isThere)
    #expect(await store.until({ _ in false }) { $0.service("b") != nil }, "it is so already")
    let gaveUp = Task { await store.until({ _ in true }) { _ in false } }
    gaveUp.cancel()
    #expect(await !gaveUp.value)
    withExtendedLifetime(log) {}
  }

  @Test func droppedWatchIsForgotten() async throws {
    let store = ClusterStore { .epoch }
    let log = MemoryLog(store)
    for _ in 0..<10 { _ = store.watch() }
    try await store.update { try $0.put(makeService("a")) }
    #expect(store.state.withLockedValue { $0.watches.count } == 0)
    withExtendedLifetime(log) {}
  }

  @Test func restoreEndsWatches() async throws {
    let store = ClusterStore { .epoch }
    let (_, changes) = store.watch()
    try store.restore(StoreView().encodeSnapshot(), index: 0)
    #expect(await #expect(throws: WarrenError.self) { try await changes.nextBatch() }?.code == .unavailable)
  }
}

extension StoreView {
  /// What a reader of a watch does with an event to keep its own copy.
  fileprivate mutating func follow(_ event: StoreEvent) {
    index = event.index
    for change in event.changes {
      guard case .service(let old, let new) = change else { continue }
      #expect(old == old.flatMap { service($0.id) })
      if let new { set(new) } else if let old { remove(old) }
    }
  }
}
