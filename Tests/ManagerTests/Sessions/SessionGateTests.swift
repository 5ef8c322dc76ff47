import ClusterModel
import SwiftProtobuf
import Testing
import WarrenAPI

@testable import Manager

@Suite struct SessionGateTests {
  private static let heartbeat = Warren_V1_WorkerMessage.with { $0.heartbeat = .init() }

  @Test func silenceIsMeasuredInItsOwnHeartbeatsAndEndsTheSession() throws {
    var gate = SessionGate(peer: "n1", timing: SessionTiming())
    _ = try gate.take(openMessage())
    for _ in 0..<11 { try gate.tick() }
    #expect(gate.silence == .seconds(5))
    _ = try gate.take(Self.heartbeat)
    #expect(gate.silence == .zero)
    for _ in 0..<11 { try gate.tick() }
    #expect(throws: WarrenError.self) { try gate.tick() }
    #expect(gate.silence == .milliseconds(5500))
  }

  @Test func aShortGraceMeansOftenerHeartbeats() {
    #expect(SessionTiming(downAfter: .seconds(10)).workerInterval == .seconds(2))
    #expect(SessionTiming(downAfter: .seconds(4)).workerInterval == .seconds(1))
  }

  @Test func onlySoManyRequestsWait() throws {
    var gate = SessionGate(peer: "n1", timing: SessionTiming())
    #expect(throws: WarrenError.self) { _ = try gate.take(.with { $0.report.number = 1 }) }
    _ = try gate.take(openMessage())
    for number in 1...100 {
      _ = try gate.take(.with { $0.report.number = UInt64(number) })
      gate.answered()
    }
    for number in 1...SessionGate.mostRequests { _ = try gate.take(.with { $0.report.number = UInt64(number) }) }
    let error = #expect(throws: WarrenError.self) { _ = try gate.take(.with { $0.report.number = 9 }) }
    #expect(error?.code == .resourceExhausted)
  }

  @Test func onlySoManyHeartbeatsAreTaken() throws {
    var gate = SessionGate(peer: "n1", timing: SessionTiming())
    _ = try gate.take(openMessage())
    for _ in 0..<10 {
      for _ in 0..<SessionGate.mostHeartbeats { _ = try gate.take(Self.heartbeat) }
      try gate.tick()
    }
    for _ in 0..<SessionGate.mostHeartbeats { _ = try gate.take(Self.heartbeat) }
    #expect(throws: WarrenError.self) { _ = try gate.take(Self.heartbeat) }
  }
}
