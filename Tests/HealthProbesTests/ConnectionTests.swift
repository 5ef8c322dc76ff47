import ClusterModel
import Foundation
import Glibc
import NIOCore
import Testing

@testable import HealthProbes

@Suite(.timeLimit(.minutes(2))) struct ConnectionTests {
  private let probe = NetworkProbe()

  private func ask(
    _ port: UInt16, at addresses: [String] = ["127.0.0.1"], in namespace: String? = nil, timeout: Duration = .seconds(60)
  ) async throws -> ProbeOutcome {
    try await probe.run(.tcp(port: port), in: namespace, at: addresses, timeout: timeout)
  }

  @Test func commandsAreNoQuestion() {
    #expect(NetworkProbe.Question(.exec(["true"])) == nil)
    #expect(NetworkProbe.Question(.tcp(port: 1)) == .tcp(port: 1))
    #expect(NetworkProbe.Question(.http(port: 1, path: "/")) == .http(port: 1, path: "/"))
    #expect(NetworkProbe.Question(.grpc(port: 1, service: "s")) == .grpc(port: 1, service: "s"))
  }

  @Test func aConnectionThatIsTakenIsASuccess() async throws {
    try await TestServer.with(answer: "") { server in
      let outcome = try await ask(server.port)
      #expect(outcome == ProbeOutcome(isSuccess: true, output: "connection to 127.0.0.1:\(server.port) taken"))
    }
  }

  @Test func aRefusalNamesTheAddress() async throws {
    try await TestServer.withClosedPort { port in
      let outcome = try await ask(port)
      #expect(outcome == ProbeOutcome(isSuccess: false, output: "connection to 127.0.0.1:\(port) refused"))
    }
  }

  @Test func theNextAddressIsTriedWhenOneRefuses() async throws {
    try await TestServer.with(answer: "HTTP/1.1 200 OK\r\n\r\n") { server in
      let outcome = try await ask(server.port, at: ["127.0.0.77", "::1", "127.0.0.1"])
      #expect(outcome.output == "connection to 127.0.0.1:\(server.port) taken")
      let http = try await probe.run(.http(port: server.port, path: "/"), in: nil, at: ["127.0.0.77", "127.0.0.1"], timeout: .seconds(60))
      #expect(http.isSuccess)
    }
  }

  @Test func allRefusalsAreNamed() async throws {
    try await TestServer.withClosedPort { port in
      let outcome = try await ask(port, at: ["127.0.0.1", "127.0.0.77"])
      #expect(outcome.output == "connection to 127.0.0.1:\(port) refused; connection to 127.0.0.77:\(port) refused")
    }
  }

  @Test func theNextAddressIsNotTriedWhenOneAnswersBadly() async throws {
    try await TestServer.with(answer: "nonsense", then: .stay) { server in
      let outcome = try await probe.run(.http(port: server.port, path: "/"), in: nil, at: ["127.0.0.1", "127.0.0.77"], timeout: .seconds(60))
      #expect(outcome.output == "the answer from 127.0.0.1:\(server.port) is not HTTP")
    }
  }

  @Test func addressesAreLiterals() async throws {
    #expect(try await ask(1, at: ["localhost"]) == ProbeOutcome(isSuccess: false, output: "localhost is not an IP address"))
    #expect(try await ask(1, at: []) == ProbeOutcome(isSuccess: false, output: "no address to connect to"))
  }

  @Test func aNamespaceThatIsGoneIsAFailure() async throws {
    let outcome = try await ask(1, in: "/run/netns/no-such")
    #expect(outcome.output == "no way into the network namespace /run/netns/no-such (open): No such file or directory")
    #expect(try await ask(1, in: "/proc/version").output == "no way into the network namespace /proc/version (setns): Invalid argument")
  }

  @Test func aServerInANamespaceIsFoundThereOnly() async throws {
    try await TestNamespace.with("found") { namespace in
      // Nobody else is to listen there outside meanwhile.
      try await TestServer.withClosedPort { port in
        try await TestServer.with(in: namespace.path, port: port, { [RawAnswer(Array("HTTP/1.1 200 OK\r\n\r\n".utf8), then: .close)] }) { server in
          let question = NetworkProbe.Question.http(port: server.port, path: "/")
          let inside = try await probe.run(question, in: namespace.path, at: ["127.0.0.1"], timeout: .seconds(60))
          let outside = try await probe.run(question, in: nil, at: ["127.0.0.1"], timeout: .seconds(60))
          #expect(inside == ProbeOutcome(isSuccess: true, output: "HTTP 200"))
          #expect(outside == ProbeOutcome(isSuccess: false, output: "connection to 127.0.0.1:\(server.port) refused"))
        }
      }
    }
  }

  @Test func theNextAddressIsTriedWhenOneCannotBeReached() async throws {
    try await TestNamespace.with("unreachable") { namespace in
      try await TestServer.with(in: namespace.path, host: "::1", { [RawAnswer()] }) { server in
        let outcome = try await ask(server.port, at: ["10.1.2.3", "fd00::5", "::1"], in: namespace.path)
        #expect(outcome == ProbeOutcome(isSuccess: true, output: "connection to [::1]:\(server.port) taken"))
        let none = try await ask(server.port, at: ["10.1.2.3"], in: namespace.path)
        #expect(none.output == "no connection to 10.1.2.3:\(server.port): Network is unreachable")
      }
    }
  }

  @Test func aConnectionThatIsNeverTakenTakesTheTimeout() async throws {
    try await withFullQueue { port in
      let outcome = try await ask(port, timeout: .milliseconds(300))
      #expect(outcome == ProbeOutcome(isSuccess: false, output: "no connection to 127.0.0.1:\(port) within 300ms"))
    }
  }

  @Test func cancellationEndsConnecting() async throws {
    try await withFullQueue { port in
      let asking = Task { try await ask(port, timeout: .seconds(3600)) }
      while !Self.isConnecting(to: port) { await Task.yield() }
      asking.cancel()
      await #expect(throws: CancellationError.self) { try await asking.value }
      #expect(!Self.isConnecting(to: port))
    }
  }

  @Test func cancellationEndsTheWaitForAnAnswer() async throws {
    let (requests, heard) = AsyncStream.makeStream(of: String.self)
    try await TestServer.with({ [RawAnswer { heard.yield($0) }] }) { server in
      let asking = Task { try await probe.run(.http(port: server.port, path: "/"), in: nil, at: ["127.0.0.1"], timeout: .seconds(3600)) }
      for await _ in requests { break }
      asking.cancel()
      await #expect(throws: CancellationError.self) { try await asking.value }
    }
  }

  @Test func whoIsCancelledAlreadyDoesNotAsk() async throws {
    try await TestServer.with(answer: "", then: .stay) { server in
      let asking = Task {
        withUnsafeCurrentTask { $0?.cancel() }
        return try await ask(server.port, timeout: .seconds(3600))
      }
      await #expect(throws: CancellationError.self) { try await asking.value }
    }
  }

  /// A server that takes no connections and whose queue of them is full: the kernel drops what comes.
  private func withFullQueue(_ body: (UInt16) async throws -> Void) async throws {
    let socket = try TestServer.bind(in: nil, "127.0.0.1")
    defer { close(socket) }
    try #require(listen(socket, 0) == 0)
    let port = TestServer.port(of: socket)
    try #require(try await ask(port).isSuccess)
    try await body(port)
  }

  /// Whether a socket to that port of 127.0.0.1 is in the state SYN_SENT.
  private static func isConnecting(to port: UInt16) -> Bool {
    // String(contentsOfFile:) reads the first page of it only.
    let table = (try? FileHandle(forReadingAtPath: "/proc/self/net/tcp")?.readToEnd()).map { String(decoding: $0, as: UTF8.self) }
    return (table ?? "").contains(String(format: " 0100007F:%04X 02 ", UInt32(port)))
  }
}
