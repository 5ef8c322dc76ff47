import ClusterModel
import GRPCCore
import NIOConcurrencyHelpers
import SwiftProtobuf
import TestKit
import Testing
import WarrenAPI
import Worker

@testable import Manager

/// What a manager asks of a worker on another machine, over its session.
@Suite struct OperationTests {
  private static let task: TaskID = "t1"

  /// A session of a worker that has `node`'s things, and the manager's way to it.
  private static func run(
    on node: any NodeOperations, _ body: @Sendable (SessionFixture, any NodeOperations) async throws -> Void
  ) async throws {
    try await SessionFixture.run { fixture in
      let session = try fixture.session()
      await session.serve(node)
      let assignments = try await session.open(SessionFixture.node)
      let workers = fixture.managers[0].workers
      try await eventually("it can be asked") { workers.operations(on: "n1") != nil }
      try await body(fixture, try #require(workers.operations(on: "n1")))
      withExtendedLifetime(assignments) {}
    }
  }

  private static func line(_ second: Int64, _ text: String) -> LogLine {
    LogLine(at: Timestamp(seconds: second), stream: .stderr, bytes: Array(text.utf8))
  }

  @Test func logs() async throws {
    let node = FakeNode()
    node.setLog(of: Self.task, (0..<1000).map { Self.line($0, "line \($0)") })
    try await Self.run(on: node) { _, remote in
      var lines: [LogLine] = []
      for try await line in try await remote.logs(of: Self.task, LogQuery(tail: 900, since: Timestamp(seconds: 5))) { lines.append(line) }
      #expect(lines == (100..<1000).map { Self.line($0, "line \($0)") })

      let error = await failure { _ = try await remote.logs(of: "none", LogQuery()) }
      #expect(error?.code == .notFound)

      var followed = try await remote.logs(of: Self.task, LogQuery(follow: true, tail: 0)).makeAsyncIterator()
      node.append(to: Self.task, Self.line(2000, "more"))
      #expect(try await followed.next() == Self.line(2000, "more"))
      node.breakLog(of: Self.task, WarrenError(.dataLoss, "the log is damaged"))
      #expect(await failure { _ = try await followed.next() }?.code == .dataLoss)
    }
  }

  @Test func exec() async throws {
    let node = FakeNode()
    try await Self.run(on: node) { _, remote in
      var command = ExecCommand(arguments: ["cat"])
      (command.env, command.workingDirectory, command.user, command.tty) = (["A=b"], "/tmp", "me", true)
      command.size = TerminalSize(columns: 80, rows: 24)
      let (input, keyboard) = AsyncStream<ExecInput>.makeStream()
      keyboard.yield(.stdin(Array("hello".utf8)))
      keyboard.yield(.resize(TerminalSize(columns: 100, rows: 50)))
      keyboard.yield(.stdinClosed)
      var outputs: [ExecOutput] = []
      for try await output in try await remote.exec(in: Self.task, command, input: input) { outputs.append(output) }
      #expect(outputs == [.stdout(Array("hello".utf8)), .stderr(Array("100x50".utf8)), .exit(5)])
      #expect(node.state.withLockedValue { $0.commands.first?.command } == command)

      let missing = ExecCommand(arguments: ["missing"])
      #expect(await failure { _ = try await remote.exec(in: Self.task, missing, input: input) }?.code == .notFound)
    }
  }

  @Test func images() async throws {
    let node = FakeNode()
    let image = NodeImage(reference: "web", digest: "sha256:1", sizeBytes: 7, createdAt: Timestamp(seconds: 9), inUse: true)
    node.state.withLockedValue { $0.images = [image] }
    try await Self.run(on: node) { _, remote in
      #expect(try await remote.listImages() == [image])
      let pieces = AsyncThrowingStream<[UInt8], any Error> { sink in
        for _ in 0..<5 { sink.yield([UInt8](repeating: 1, count: 3 << 20)) }
        sink.finish()
      }
      #expect(try await remote.loadImages(pieces).map(\.digest) == ["sha256:1"])
      #expect(node.state.withLockedValue { $0.loadedBytes } == 15 << 20)
      #expect(node.state.withLockedValue { $0.largestChunk } <= 1 << 20)
      let broken = AsyncThrowingStream<[UInt8], any Error> { $0.finish(throwing: WarrenError(.invalidArgument, "the chunk is too large")) }
      #expect(await failure { _ = try await remote.loadImages(broken) }?.code == .invalidArgument)

      var progress: [PullProgress] = []
      for try await step in try await remote.pullImage("redis") { progress.append(step) }
      #expect(progress.map(\.message) == ["pulling", "done"])
      #expect(progress.last?.image?.reference == "redis")
      let pruned = try await remote.pruneImages()
      #expect(pruned.references == ["b:1", "a:1"] && pruned.freedBytes == 42)
    }
  }

  @Test func endsOnTheNodeWhenNobodyReadsAnyMore() async throws {
    let node = EndlessNode()
    try await Self.run(on: node) { _, remote in
      let reader = Task {
        for try await _ in try await remote.logs(of: Self.task, LogQuery(follow: true)) {}
      }
      try await eventually("it is read") { node.readers == 1 }
      reader.cancel()
      try await eventually("the node knows") { node.readers == 0 }

      // Its input is stuck, and nothing comes out of it that could not be delivered.
      let stuck = Task {
        let flood = AsyncStream<ExecInput> { .stdin([UInt8](repeating: 0, count: 1 << 20)) }
        for try await _ in try await remote.exec(in: Self.task, ExecCommand(arguments: ["sleep"]), input: flood) {}
      }
      try await eventually("it runs") { node.readers == 1 }
      stuck.cancel()
      try await eventually("the node has ended it") { node.readers == 0 }
    }
  }

  @Test func whoAsksHearsThatTheNodeIsLost() async throws {
    let node = EndlessNode()
    try await SessionFixture.run { fixture in
      let session = try fixture.session()
      await session.serve(node)
      let worker = Task {
        for try await _ in try await session.open(SessionFixture.node) {}
      }
      let workers = fixture.managers[0].workers
      try await eventually("it can be asked") { workers.operations(on: "n1") != nil }
      let remote = try #require(workers.operations(on: "n1"))
      let reader = Task {
        await failure { for try await _ in try await remote.logs(of: Self.task, LogQuery(follow: true)) {} }
      }
      try await eventually("it is read") { node.readers == 1 }
      worker.cancel()
      #expect(await reader.value?.code == .unavailable)
      try await eventually("the node has ended it") { node.readers == 0 }
      try await eventually("it cannot be asked") { workers.operations(on: "n1") == nil }
      #expect(await failure { _ = try await remote.listImages() }?.code == .unavailable)
    }
  }

  @Test func anOperationIsItsOwnNodesAlone() async throws {
    let table = ConnectedWorkers()
    let messages = table.connect("n1", session: table.newSession())
    let asking = Task { try await table.begin(.listImages(.init()), on: "n1") }
    var iterator = messages.makeAsyncIterator()
    let number = try #require(await iterator.next()).operation.number
    #expect(throws: WarrenError.self) { _ = try table.claim(number, by: "n2") }
    #expect(throws: WarrenError.self) { _ = try table.claim(number + 1, by: "n1") }
    asking.cancel()
    #expect(await iterator.next()?.over.number == number)
    await #expect(throws: CancellationError.self) { _ = try await asking.value }
  }

  @Test func aNodeIsNotAskedForEndlesslyManyThings() async throws {
    let table = ConnectedWorkers()
    let messages = table.connect("n1", session: table.newSession())
    let asking = Task {
      await withDiscardingTaskGroup { group in
        for _ in 0..<ConnectedWorkers.mostOperations { group.addTask { _ = try? await table.begin(.listImages(.init()), on: "n1") } }
      }
    }
    var iterator = messages.makeAsyncIterator()
    for _ in 0..<ConnectedWorkers.mostOperations { _ = await iterator.next() }
    #expect(await failure { _ = try await table.begin(.listImages(.init()), on: "n1") }?.code == .resourceExhausted)
    asking.cancel()
    await asking.value
  }

  /// The whole way: a person asks a manager, the task is on another node.
  @Test func apiCallsReachTasksOnOtherNodes() async throws {
    let node = FakeNode()
    node.setLog(of: Self.task, [Self.line(1, "from afar")])
    try await Self.run(on: node) { fixture, _ in
      let service = ClusterService(id: "s", spec: APIFixture.spec("web"))
      try await fixture.store.update { try $0.put(service) }
      try await fixture.addTask(Self.task) {
        $0.serviceID = service.id
        $0.status.state = .running
      }
      try await APIFixture.withServer(fixture.store, fixture.log, workers: fixture.managers[0].workers) { client in
        let lines = try await client.stream { stub in
          try await stub.serviceLogs(.with { $0.service = "web" }) { response in
            var lines: [String] = []
            for try await entry in response.messages { lines.append(String(decoding: entry.line, as: UTF8.self)) }
            return lines
          }
        }
        #expect(lines == ["from afar"])
      }
    }
  }
}

/// Logs that never end, and commands that never read nor write.
private final class EndlessNode: NodeOperations {
  private let count = NIOLockedValueBox(0)
  var readers: Int { count.withLockedValue { $0 } }

  private func endless<Element: Sendable>() -> AsyncThrowingStream<Element, any Error> {
    let (stream, continuation) = AsyncThrowingStream<Element, any Error>.makeStream()
    count.withLockedValue { $0 += 1 }
    continuation.onTermination = { [count] _ in count.withLockedValue { $0 -= 1 } }
    return stream
  }

  func logs(of task: TaskID, _ query: LogQuery) async throws -> AsyncThrowingStream<LogLine, any Error> { endless() }
  func exec(in task: TaskID, _ command: ExecCommand, input: AsyncStream<ExecInput>) async throws -> AsyncThrowingStream<ExecOutput, any Error> {
    endless()
  }
  func listImages() async throws -> [NodeImage] { [] }
  func loadImages(_ archive: AsyncThrowingStream<[UInt8], any Error>) async throws -> [NodeImage] { [] }
  func pullImage(_ reference: String) async throws -> AsyncThrowingStream<PullProgress, any Error> { endless() }
  func pruneImages() async throws -> (references: [String], freedBytes: Int64) { ([], 0) }
}
