import ClusterModel
import Foundation
import Testing

@testable import Containerd

struct ShimTests {
  @Test func theRequestsFrame() {
    let frame = TTRPCCall(service: "s", method: "Wait", payload: [10, 1, 120]).frame
    let message: [UInt8] = [10, 1, 0x73, 18, 4, 0x57, 0x61, 0x69, 0x74, 26, 3, 10, 1, 120]
    #expect(frame == [0, 0, 0, 14, 0, 0, 0, 1, 1, 0] + message)
  }

  @Test func anAnswerIsTakenWhenAllOfItIsThere() throws {
    let answer: [UInt8] = [0, 0, 0, 4, 0, 0, 0, 1, 2, 0, 18, 2, 8, 7]
    for count in 0..<answer.count { #expect(try TTRPCCall.answer(in: Array(answer.prefix(count))) == nil) }
    #expect(try TTRPCCall.answer(in: answer) == [8, 7])
  }

  @Test func aRefusalIsToldInTheShimsWords() {
    let refusal: [UInt8] = [0, 0, 0, 10, 0, 0, 0, 1, 2, 0, 10, 8, 8, 5, 18, 4, 0x67, 0x6f, 0x6e, 0x65]
    #expect { _ = try TTRPCCall.answer(in: refusal) } throws: { ($0 as? WarrenError)?.message.contains("gone") == true }
  }

  @Test(
    arguments: [
      [255, 255, 255, 255, 0, 0, 0, 1, 2, 0], [0, 0, 0, 2, 0, 0, 0, 1, 2, 0, 18, 9], [0, 0, 0, 1, 0, 0, 0, 1, 2, 0, 21],
      [0, 0, 0, 1, 0, 0, 0, 1, 2, 0, 255],
    ] as [[UInt8]]) func whatIsNoAnswerIsRefused(bytes: [UInt8])
  {
    #expect { _ = try TTRPCCall.answer(in: bytes) } throws: { ($0 as? WarrenError)?.code == .dataLoss }
  }

  @Test func itsAddressIsWhereEachVersionPutsIt() throws {
    let folder = "\(NSTemporaryDirectory())/warren-shim-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    #expect(Shim(directory: folder) == nil)
    try "unix:///run/containerd/s/1".write(toFile: folder + "/address", atomically: true, encoding: .utf8)
    #expect(Shim(directory: folder).map { [$0.socketPath, "\($0.version)"] } == ["/run/containerd/s/1", "2"])
    try #"{"version":3,"address":"unix:///run/containerd/s/2","protocol":"ttrpc"}"#
      .write(toFile: folder + "/bootstrap.json", atomically: true, encoding: .utf8)
    #expect(Shim(directory: folder).map { [$0.socketPath, "\($0.version)"] } == ["/run/containerd/s/2", "3"])
    try #"{"version":3,"address":"unix:///run/containerd/s/2","protocol":"grpc"}"#
      .write(toFile: folder + "/bootstrap.json", atomically: true, encoding: .utf8)
    #expect(Shim(directory: folder) == nil)
  }
}
