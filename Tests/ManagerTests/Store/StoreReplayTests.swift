import ClusterModel
import HashTreeCollections
import Raft
import RaftStorage
import SwiftProtobuf
import TestKit
import Testing
import WarrenAPI

@testable import Manager

struct StoreReplayTests {
  /// Random transactions on a real log, with restarts and snapshots in between. The model is a dictionary; and the state after a restart
  /// is the one before it, whether it came from entries, a snapshot, or both.
  @Test(arguments: 1...10) func behavesLikeADictionaryAcrossRestarts(seed: UInt64) async throws {
    var generator = SeededGenerator(seed: seed)
    let scratch = ScratchStore()
    scratch.limits.entriesPerSnapshot = Int.random(in: 5...60, using: &generator)
    var (store, log) = try await scratch.open()
    var model: [StoreObjectKey: String] = [:]
    for step in 0..<150 {
      try await store.update { transaction in
        for _ in 0..<Int.random(in: 1...4, using: &generator) { try Self.change(&transaction, &model, step, &generator) }
      }
      #expect(Self.content(store.view) == model)
      if Int.random(in: 0..<30, using: &generator) == 0 {
        let before = store.view
        try await log.close()
        (store, log) = try await scratch.open()
        #expect(store.view == before)
      }
    }
    try await log.close()
  }

  private static func change(
    _ transaction: inout StoreTransaction, _ model: inout [StoreObjectKey: String], _ step: Int, _ generator: inout SeededGenerator
  ) throws {
    let id = "\(Int.random(in: 0..<12, using: &generator))"
    let text = "\(step)-\(generator.next() % 1000)"
    let remove = Int.random(in: 0..<3, using: &generator) == 0
    func apply<Object: StoreObject>(_ current: Object?, _ new: (Object?) -> Object) throws {
      let key = StoreObjectKey(kind: Object.kind, id: id)
      if let current, remove {
        try transaction.remove(current)
        model[key] = nil
      } else {
        try transaction.put(new(current))
        model[key] = text
      }
    }
    switch Int.random(in: 0..<4, using: &generator) {
    case 0:
      try apply(transaction.view.service(ServiceID(id))) { old in
        var service = old ?? makeService(id)
        service.spec.labels = ["text": text]
        return service
      }
    case 1:
      try apply(transaction.view.task(TaskID(id))) { old in
        var task = old ?? makeTask(id, service: "s\(step % 3)")
        task.nodeID = NodeID("n\(step % 5)")
        task.status.message = text
        return task
      }
    case 2:
      try apply(transaction.view.node(NodeID(id))) { old in
        var node = old ?? makeNode(id)
        node.message = text
        return node
      }
    default:
      try apply(transaction.view.secret(Identifier(id))) { old in
        var secret = old ?? ClusterSecret(id: Identifier(id), name: "name-\(id)", sealedData: [1])
        secret.labels = ["text": text]
        return secret
      }
    }
  }

  private static func content(_ view: StoreView) -> [StoreObjectKey: String] {
    var content: [StoreObjectKey: String] = [:]
    for service in view.services { content[service.key] = service.spec.labels["text"] }
    for task in view.tasks { content[task.key] = task.status.message }
    for node in view.nodes { content[node.key] = node.message }
    for secret in view.secrets { content[secret.key] = secret.labels["text"] }
    return content
  }

  /// The same commands make the same state: applied live, one by one; in batches; and from a snapshot at any point.
  @Test(arguments: 1...5) func applyIsDeterministic(seed: UInt64) async throws {
    var generator = SeededGenerator(seed: seed)
    let ticks = TestTicks()
    let store = ClusterStore { ticks.next() }
    let log = MemoryLog(store)
    var model: [StoreObjectKey: String] = [:]
    for step in 0..<60 { try await store.update { try Self.change(&$0, &model, step, &generator) } }
    // Commands that lost a race are in the log too and must be rejected everywhere alike.
    var entries = log.commands.enumerated().map { CommittedEntry(index: UInt64($0.offset) + 1, command: $0.element) }
    for command in log.commands.shuffled(using: &generator).prefix(20) {
      let entry = CommittedEntry(index: UInt64(entries.count) + 1, command: command)
      _ = try store.apply([entry])
      entries.append(entry)
    }
    let expected = try store.view.encodeSnapshot()

    let batched = ClusterStore { .epoch }
    _ = try batched.apply(entries)
    #expect(batched.view == store.view)
    #expect(try batched.view.encodeSnapshot() == expected)

    for cut in stride(from: 0, through: entries.count, by: 7) {
      let first = ClusterStore { .epoch }
      _ = try first.apply(Array(entries[..<cut]))
      let second = ClusterStore { .epoch }
      try second.restore(first.snapshot()(), index: UInt64(cut))
      #expect(second.view == first.view)
      _ = try second.apply(Array(entries[cut...]))
      #expect(second.view == store.view)
      #expect(try second.view.encodeSnapshot() == expected)
    }
  }

  /// A newer version wrote a field we do not know: it survives our update of the object, a snapshot and a restart.
  @Test func unknownFieldsSurvive() async throws {
    let scratch = ScratchStore()
    scratch.limits.entriesPerSnapshot = 2
    var (store, log) = try await scratch.open()
    // Field 1000, a varint: as a newer manager would have put it.
    let unknown: [UInt8] = [0xc0, 0x3e, 0x2a]
    var command = Warren_V1_StoreCommand()
    command.format = 1
    var change = Warren_V1_StoreChange()
    change.service = makeService("a").wire
    try change.service.merge(serializedBytes: unknown)
    try change.service.spec.merge(serializedBytes: unknown)
    command.changes = [change]
    _ = try await log.propose(command.serializedBytes())

    var service = try #require(store.view.service("a"))
    #expect(service.unknown.bytes == unknown)
    for revision in UInt64(2)...6 {
      service.revision = revision
      try await store.update { [service] in try $0.put(service) }
      service = try #require(store.view.service("a"))
    }
    try await log.close()
    (store, log) = try await scratch.open()
    #expect(log.storage.snapshot.index > 0)
    let after = try #require(store.view.service("a"))
    #expect(after.revision == 6)
    #expect(after.unknown.bytes == unknown)
    #expect(after.spec.unknown.bytes == unknown)
    try await log.close()
  }

  @Test func unknownFieldsOfASnapshotSurvive() throws {
    let unknown: [UInt8] = [0xc0, 0x3e, 0x2a]
    let view = try StoreView(snapshot: StoreView().encodeSnapshot() + unknown, index: 0)
    #expect(try view.encodeSnapshot() == StoreView().encodeSnapshot() + unknown)
  }

  @Test func commandsOfANewerFormatAreNotMisapplied() throws {
    var newer = Warren_V1_StoreCommand()
    newer.format = 2
    var unknownChange = Warren_V1_StoreCommand()
    unknownChange.format = 1
    unknownChange.changes = [Warren_V1_StoreChange()]
    var unknownKind = unknownChange
    unknownKind.changes[0].remove.kind = .UNRECOGNIZED(99)
    var unknownValue = unknownChange
    unknownValue.changes[0].task = makeTask("t", service: "s").wire
    unknownValue.changes[0].task.desiredState = .UNRECOGNIZED(77)
    for command in [newer, unknownChange, unknownKind, unknownValue] {
      let store = ClusterStore { .epoch }
      let entry = CommittedEntry(index: 1, command: try command.serializedBytes())
      let error = #expect(throws: WarrenError.self) { try store.apply([entry]) }
      #expect(error?.code == .dataLoss)
      #expect(error?.message.contains("newer version") == true)
      #expect(store.view == StoreView())
    }
    var snapshot = Warren_V1_StoreSnapshot()
    snapshot.format = 2
    let bytes: [UInt8] = try snapshot.serializedBytes()
    #expect(throws: WarrenError.self) { try ClusterStore { .epoch }.restore(bytes, index: 0) }
  }
}
