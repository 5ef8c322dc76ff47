import ClusterModel
import NIOConcurrencyHelpers
import Synchronization
import TestKit
import Testing

@testable import Manager

/// A part of a stored service, as long as anybody keeps it.
private final class Trace: Sendable {
  private struct Reference {
    weak var object: AnyObject?
  }

  private let storage: Mutex<Reference>

  init(_ id: ServiceID, in store: ClusterStore) throws {
    let service = try #require(store.view.service(id))
    storage = Mutex(Reference(object: unsafeBitCast(service.spec.task.container.args, to: AnyObject.self)))
  }

  var isKept: Bool { storage.withLock { $0.object != nil } }
}

/// Who waits for changes keeps nothing of how things were when it began.
struct RetainedViewsTests {
  private static func store(_ id: ServiceID, in store: ClusterStore) async throws -> Trace {
    var container = ContainerSpec(image: "nginx")
    container.args = ["one", "two"]
    let spec = ServiceSpec(name: id.rawValue, mode: .replicated(replicas: 0), task: TaskSpec(container: container))
    try await store.update { try $0.put(ClusterService(id: id, spec: spec)) }
    return try Trace(id, in: store)
  }

  private static func remove(_ id: ServiceID, from store: ClusterStore) async throws {
    try await store.update { try $0.remove(try #require($0.view.service(id))) }
  }

  @Test func theLoopsKeepNoServiceThatIsGone() async throws {
    let trace = NIOLockedValueBox<Trace?>(nil)
    try await LoopsFixture.run(prepare: { fixture in
      let made = try await Self.store("a", in: fixture.store)
      trace.withLockedValue { $0 = made }
    }) { fixture in
      #expect(trace.withLockedValue { $0?.isKept } == true)
      try await Self.remove("a", from: fixture.store)
      try await eventually("nobody keeps it", within: .seconds(60)) { trace.withLockedValue { $0?.isKept } == false }
    }
  }

  @Test func whoIsNotWokenKeepsNoServiceThatIsGone() async throws {
    let store = ClusterStore { .epoch }
    let log = MemoryLog(store)
    let trace = try await Self.store("a", in: store)
    let follower = Task { await store.follow({ _ in false }) { _ in } }
    try await eventually("it follows") { store.state.withLockedValue { !$0.watches.isEmpty } }
    try await Self.remove("a", from: store)
    try await eventually("nobody keeps it", within: .seconds(60)) { !trace.isKept }
    follower.cancel()
    await follower.value
    #expect(log.commands.count == 2)
  }

  @Test func aBatchThatIsReadKeepsNoServiceThatIsGone() async throws {
    let store = ClusterStore { .epoch }
    let log = MemoryLog(store)
    let trace = try await Self.store("a", in: store)
    var changes = store.watch().changes.makeAsyncIterator()
    try await Self.remove("a", from: store)
    #expect(trace.isKept)
    _ = try await changes.next()
    #expect(!trace.isKept)
    #expect(log.commands.count == 2)
  }
}
