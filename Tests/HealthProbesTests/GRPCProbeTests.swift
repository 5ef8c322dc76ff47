import ClusterModel
import NIOConcurrencyHelpers
import NIOHPACK
import Testing

@testable import HealthProbes

@Suite(.timeLimit(.minutes(2))) struct GRPCProbeTests {
  private func ask(_ server: TestServer, service: String = "", timeout: Duration = .seconds(60)) async throws -> ProbeOutcome {
    try await NetworkProbe().run(.grpc(port: server.port, service: service), in: nil, at: ["127.0.0.1"], timeout: timeout)
  }

  private func outcome(of script: HealthAnswer.Script) async throws -> ProbeOutcome {
    try await TestServer.with(health: script) { try await ask($0) }
  }

  @Test func servingIsWell() async throws {
    #expect(try await outcome(of: .status(1)) == ProbeOutcome(isSuccess: true, output: "gRPC: SERVING"))
  }

  @Test(arguments: [(0, "UNKNOWN"), (2, "NOT_SERVING"), (3, "SERVICE_UNKNOWN"), (9, "unknown health status 9")] as [(UInt8, String)])
  func allElseIsNot(_ status: UInt8, _ name: String) async throws {
    #expect(try await outcome(of: .status(status)) == ProbeOutcome(isSuccess: false, output: "gRPC: \(name)"))
  }

  @Test func theRequestIsACallOfTheHealthService() async throws {
    let request = NIOLockedValueBox<(HPACKHeaders, [UInt8])>(([:], []))
    var script = HealthAnswer.Script.status(1)
    script.heard = { headers, message in request.withLockedValue { $0 = (headers, message) } }
    try await TestServer.with(health: script) { server in
      let outcome = try await ask(server, service: "a.B")
      #expect(outcome.isSuccess)
      let (headers, message) = request.withLockedValue { $0 }
      let expected: HPACKHeaders = [
        ":method": "POST", ":scheme": "http", ":path": "/grpc.health.v1.Health/Check", ":authority": "127.0.0.1:\(server.port)",
        "content-type": "application/grpc", "te": "trailers", "user-agent": "warren-health",
      ]
      #expect(headers == expected)
      #expect(message == [0, 0, 0, 0, 5, 0x0a, 3] + Array("a.B".utf8))
    }
  }

  @Test(arguments: [
    (HealthAnswer.Script.failure("12", "unknown service"), "status 12 (UNIMPLEMENTED): unknown service"),
    (.failure("5"), "status 5 (NOT_FOUND)"),
    (.failure("2", "a%0Ab%20%C3%A9"), "status 2 (UNKNOWN): a b é"),
    (.failure("2", "100%"), "status 2 (UNKNOWN): 100%"),
    (.failure("77"), "status 77"),
    (.failure("-1"), "status -1"),
    (.failure("x"), "status x"),
    (.init(message: [0, 0, 0, 0, 0], trailers: ["grpc-status": "14", "grpc-message": "away"]), "status 14 (UNAVAILABLE): away"),
    (.init(headers: [":status": "404"], trailers: nil), "HTTP 404"),
    (.init(headers: [":status": "502"], message: [1], trailers: [:]), "HTTP 502"),
    (.init(trailers: nil), "the answer has no status"),
    (.init(message: [0, 0, 0, 0, 0], trailers: nil), "the answer has no status"),
    (.init(trailers: ["x": "y"]), "the answer has no status"),
    (.init(), "the answer is malformed"),
    (.init(message: [0, 0, 0]), "the answer is malformed"),
    (.init(message: [1, 0, 0, 0, 2, 8, 1]), "the answer is malformed"),
    (.init(message: [UInt8](repeating: 0, count: 5000)), "the answer is too long"),
  ])
  func failuresAreExplained(_ script: HealthAnswer.Script, _ output: String) async throws {
    #expect(try await outcome(of: script) == ProbeOutcome(isSuccess: false, output: "gRPC: \(output)"))
  }

  @Test(arguments: ["HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", "SSH-2.0-OpenSSH_9.9\r\n", String(repeating: "\0", count: 90)])
  func garbageIsNotHTTP2(_ text: String) async throws {
    try await TestServer.with(answer: text, then: .stay) { server in
      let outcome = try await ask(server)
      #expect(outcome == ProbeOutcome(isSuccess: false, output: "the answer from 127.0.0.1:\(server.port) is not HTTP/2"))
    }
  }

  /// A SETTINGS frame, and then PINGs, or frames of a type that nobody knows.
  @Test(arguments: ["\0\0\u{8}\u{6}\0\0\0\0\0warrens!", "\0\u{4}\0\u{60}\0\0\0\0\0" + String(repeating: "x", count: 1024)])
  func endlessFramesEnd(_ frame: String) async throws {
    let outcome = try await TestServer.with(answer: "\0\0\0\u{4}\0\0\0\0\0", then: .repeating(frame)) { try await ask($0) }
    #expect(!outcome.isSuccess)
    #expect(outcome.output.contains("longer than 32 KiB") || outcome.output.contains("is not HTTP/2"), "\(outcome.output)")
  }

  @Test(arguments: [
    ("\0\0\u{4}\u{3}\0\0\0\0\u{1}\0\0\0\u{7}", "the server broke the call off"),
    ("\0\0\u{8}\u{7}\0\0\0\0\0\0\0\0\0\0\0\0\u{1}", "the server takes no call"),
  ])
  func aServerThatRefusesIsUnwell(_ frame: String, _ output: String) async throws {
    let outcome = try await TestServer.with(answer: "\0\0\0\u{4}\0\0\0\0\0" + frame, then: .stay) { try await ask($0) }
    #expect(!outcome.isSuccess)
    #expect(outcome.output.hasPrefix("gRPC: \(output) ("), "\(outcome.output)")
  }

  @Test func aServerThatClosesIsUnwell() async throws {
    try await TestServer.with(answer: "") { server in
      let outcome = try await ask(server)
      #expect(outcome.output == "127.0.0.1:\(server.port) closed the connection without an answer")
    }
  }

  @Test func silenceTakesTheTimeout() async throws {
    try await TestServer.with(answer: "", then: .stay) { server in
      let outcome = try await ask(server, timeout: .seconds(2))
      #expect(outcome == ProbeOutcome(isSuccess: false, output: "no answer within 2s"))
    }
  }
}
