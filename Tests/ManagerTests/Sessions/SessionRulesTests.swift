import ClusterModel
import GRPCCore
import Glibc
import NIOConcurrencyHelpers
import SwiftProtobuf
import TestKit
import Testing
import WarrenAPI
import Worker

@testable import Manager

/// Workers that break the rules, and what becomes of the others meanwhile.
@Suite struct SessionRulesTests {
  /// Nothing that one connection does may keep another from a session.
  private static func stillServes(_ fixture: SessionFixture) async throws {
    let session = try fixture.session()
    var assignments = try await session.open(SessionFixture.node).makeAsyncIterator()
    #expect(try await assignments.next() != nil)
  }

  @Test func openComesFirstAndOnceAndForTheOwnNode() async throws {
    try await SessionFixture.run { fixture in
      let address = fixture.addresses[0]
      let report = Warren_V1_WorkerMessage.with { $0.report.number = 1 }
      #expect(try await ending(of: address, [report])?.code == .failedPrecondition)
      #expect(try await ending(of: address, [.with { $0.heartbeat = .init() }])?.code == .invalidArgument)
      #expect(try await ending(of: address, [Warren_V1_WorkerMessage()])?.code == .invalidArgument)
      #expect(try await ending(of: address, [openMessage(), openMessage()])?.code == .invalidArgument)
      let theft = try await ending(of: address, [openMessage("n2")])
      #expect(theft?.code == .permissionDenied)
      #expect(theft?.message.contains("n1") == true && theft?.message.contains("n2") == true)
      #expect(fixture.store.view.node("n2") == nil)
      try await Self.stillServes(fixture)
    }
  }

  @Test func floodsEndTheSession() async throws {
    try await SessionFixture.run { fixture in
      let heartbeats = Array(repeating: Warren_V1_WorkerMessage.with { $0.heartbeat = .init() }, count: 1000)
      #expect(try await ending(of: fixture.addresses[0], [openMessage()] + heartbeats)?.code == .resourceExhausted)
      try await fixture.addTask("t1")
      let reports = (1...100).map { number in
        Warren_V1_WorkerMessage.with {
          $0.report.number = UInt64(number)
          $0.report.updates = [TaskStatusUpdate(taskID: "t1", status: TaskStatus(state: .running, attempt: number)).wire]
        }
      }
      // Nothing is stored while they come in, so that they pile up.
      fixture.log.closeGate()
      let manager = fixture.managers[0]
      async let error = ending(of: manager.address, [openMessage()] + reports)
      try await eventually("the first is being stored") { fixture.log.waiting == 1 }
      try await eventually("the session is over") { await manager.dispatcher.sessions.isEmpty }
      fixture.log.openGate()
      let end = try await error
      #expect(end?.code == .resourceExhausted)
      try await Self.stillServes(fixture)
    }
  }

  @Test func whatCannotBeReadIsAnsweredAndTheSessionGoesOn() async throws {
    try await SessionFixture.run { fixture in
      try await fixture.addTask("t1")
      let answers = NIOLockedValueBox<[UInt64: String]>([:])
      try await withStub(fixture.addresses[0]) { stub in
        try await stub.session { writer in
          try await writer.write(openMessage())
          try await writer.write(
            .with {
              $0.report.number = 1
              $0.report.updates = [
                .with {
                  $0.taskID = "t1"
                  $0.status.state = .UNRECOGNIZED(77)
                }
              ]
            })
          try await writer.write(
            .with {
              $0.node.number = 2
              $0.node.node = ClusterNode(id: "n2", roles: [.worker], description: NodeDescription(hostname: "n2")).wire
            })
          try await writer.write(
            .with {
              $0.report.number = 3
              $0.report.updates = [TaskStatusUpdate(taskID: "t1", status: TaskStatus(state: .running)).wire]
            })
          try await eventually("all is answered") { answers.withLockedValue { $0.count } == 3 }
        } onResponse: { response in
          for try await message in response.messages {
            guard case .answer(let answer) = message.message else { continue }
            answers.withLockedValue { $0[answer.number] = answer.hasError ? answer.error.code : "" }
          }
        }
      }
      #expect(answers.withLockedValue { $0 } == [1: "invalidArgument", 2: "permissionDenied", 3: ""])
      #expect(fixture.store.view.task("t1")?.status.state == .running)
    }
  }

  @Test func garbageAndOversizeEndTheirOwnConnectionOnly() async throws {
    try await SessionFixture.run { fixture in
      let session = try fixture.session()
      var assignments = try await session.open(SessionFixture.node).makeAsyncIterator()
      _ = try await assignments.next()
      var generator = SeededGenerator(seed: 4)
      for _ in 0..<50 {
        let bytes = (0..<Int.random(in: 1..<2000, using: &generator)).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        try RawConnection.send(bytes, to: fixture.addresses[0])
        try RawConnection.send(Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + bytes, to: fixture.addresses[0])
      }
      var huge = openMessage()
      huge.open.node.labels = ["x": String(repeating: "x", count: 5 << 20)]
      // The transport closes the stream of such a one without a status.
      #expect(try await ending(of: fixture.addresses[0], [huge]) != nil)
      try await fixture.addTask("t1")
      #expect(try await assignments.nextTasks() == ["t1"], "the session was not touched")
    }
  }

  @Test func aSilentWorkerLosesItsSessionAndIsDownAfterTheGrace() async throws {
    try await SessionFixture.run { fixture in
      let manager = fixture.managers[0]
      let error = try await ending(of: manager.address, [openMessage()]) {
        Task {
          // Six seconds: three of the worker's intervals.
          for _ in 0..<12 {
            try await eventually("heartbeats wait") { manager.clock.sleepers >= 2 }
            manager.clock.advance(by: .milliseconds(500))
          }
        }
      }
      #expect(error?.code == .unavailable)
      #expect(fixture.store.view.node("n1")?.state == .ready)
      try await eventually("its grace has begun") { manager.clock.sleepers == 1 }
      // 5.5 of the 10 s have passed for sure.
      #expect(manager.clock.nextWakeup == .milliseconds(4500))
      manager.clock.advance(by: .milliseconds(4500))
      try await eventually("it is down") { fixture.store.view.node("n1")?.state == .down }
    }
  }

  @Test func aNewerSessionEndsTheOlder() async throws {
    try await SessionFixture.run { fixture in
      let older = try fixture.session()
      var assignments = try await older.open(SessionFixture.node).makeAsyncIterator()
      _ = try await assignments.next()
      try await Self.stillServes(fixture)
      let error = await #expect(throws: WarrenError.self) { while try await assignments.next() != nil {} }
      #expect(error?.code == .cancelled)
    }
  }
}

/// Bytes sent to a port by somebody who does not wait for an answer.
enum RawConnection {
  static func send(_ bytes: [UInt8], to address: String) throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_port = (UInt16(address.split(separator: ":")[1]) ?? 0).bigEndian
    name.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
    let connected = withUnsafePointer(to: &name) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
    guard connected == 0 else { throw WarrenError(.internalError, "cannot connect to \(address)") }
    _ = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
  }
}
