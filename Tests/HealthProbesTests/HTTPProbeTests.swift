import ClusterModel
import NIOConcurrencyHelpers
import Testing

@testable import HealthProbes

@Suite(.timeLimit(.minutes(2))) struct HTTPProbeTests {
  private func ask(_ server: TestServer, path: String = "/", timeout: Duration = .seconds(60)) async throws -> ProbeOutcome {
    try await NetworkProbe().run(.http(port: server.port, path: path), in: nil, at: ["127.0.0.1"], timeout: timeout)
  }

  private func outcome(of answer: String, then end: RawAnswer.End = .close, timeout: Duration = .seconds(60)) async throws -> ProbeOutcome {
    try await TestServer.with(answer: answer, then: end) { try await ask($0, timeout: timeout) }
  }

  @Test(arguments: [200, 204, 301, 399]) func theseAreSuccesses(_ status: Int) async throws {
    let outcome = try await outcome(of: "HTTP/1.1 \(status) x\r\nLocation: /other\r\n\r\n")
    #expect(outcome == ProbeOutcome(isSuccess: true, output: "HTTP \(status)"))
  }

  @Test(arguments: [400, 404, 500, 503]) func theseAreFailures(_ status: Int) async throws {
    let outcome = try await outcome(of: "HTTP/1.1 \(status) x\r\nContent-Length: 0\r\n\r\n")
    #expect(outcome == ProbeOutcome(isSuccess: false, output: "HTTP \(status)"))
  }

  @Test func theRequestIsAPlainGet() async throws {
    let request = NIOLockedValueBox("")
    try await TestServer.with({
      [RawAnswer(Array("HTTP/1.1 200 OK\r\n\r\n".utf8), then: .close) { text in request.withLockedValue { $0 = text } }]
    }) { server in
      let outcome = try await ask(server, path: "/healthz?full=1")
      #expect(outcome.isSuccess)
      let text = request.withLockedValue { $0 }
      #expect(text.hasPrefix("GET /healthz?full=1 HTTP/1.1\r\n"))
      for line in ["Host: 127.0.0.1:\(server.port)", "User-Agent: warren-health", "Connection: close"] { #expect(text.contains("\r\n\(line)\r\n")) }
    }
  }

  @Test func aFailuresBodyIsShownOnOneLine() async throws {
    let outcome = try await outcome(of: "HTTP/1.1 503 x\r\n\r\n{\n\t\"db\": \"down\u{1b}[31m\"\r\n}\n")
    #expect(outcome == ProbeOutcome(isSuccess: false, output: "HTTP 503: { \"db\": \"down [31m\" }"))
  }

  @Test func invalidTextIsRepaired() async throws {
    let answer = Array("HTTP/1.1 500 x\r\n\r\nno".utf8) + [0xff, 0xfe]
    let outcome = try await TestServer.with({ [RawAnswer(answer, then: .close)] }) { try await ask($0) }
    #expect(outcome.output == "HTTP 500: no\u{fffd}\u{fffd}")
  }

  @Test func successNeedsNoBody() async throws {
    #expect(try await outcome(of: "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", then: .stay).isSuccess)
  }

  @Test func ofAnEndlessBodyTheBeginningIsRead() async throws {
    let body = String(repeating: "é", count: 4096)
    let outcome = try await outcome(of: "HTTP/1.1 500 x\r\n\r\n", then: .repeating(body))
    #expect(!outcome.isSuccess)
    #expect(outcome.output.hasPrefix("HTTP 500: ééé"))
    #expect(outcome.output.utf8.count <= ProbeOutcome.longestOutput)
    #expect(!outcome.output.contains("\u{fffd}"))
  }

  @Test(arguments: ["X: y\r\n", "x", String(repeating: "x", count: 5000)]) func endlessHeadersEnd(_ text: String) async throws {
    let outcome = try await outcome(of: "HTTP/1.1 200 OK\r\nA: ", then: .repeating(text))
    #expect(!outcome.isSuccess)
    #expect(outcome.output.contains("longer than 32 KiB") || outcome.output.contains("is not HTTP"), "\(outcome.output)")
  }

  @Test func endlessInterimAnswersEnd() async throws {
    let outcome = try await outcome(of: "", then: .repeating("HTTP/1.1 100 Continue\r\n\r\n"))
    #expect(outcome == ProbeOutcome(isSuccess: false, output: "the answer is longer than 32 KiB"))
  }

  @Test(arguments: [
    "SSH-2.0-OpenSSH_9.9\r\n", "\0\0\0\u{12}", "HTTP/x.y 200\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nbad header\r\n\r\n",
  ])
  func garbageIsNotHTTP(_ text: String) async throws {
    try await TestServer.with(answer: text, then: .stay) { server in
      let outcome = try await ask(server)
      #expect(outcome == ProbeOutcome(isSuccess: false, output: "the answer from 127.0.0.1:\(server.port) is not HTTP"))
    }
  }

  @Test func aServerThatClosesIsUnwell() async throws {
    try await TestServer.with(answer: "") { server in
      let outcome = try await ask(server)
      #expect(outcome == ProbeOutcome(isSuccess: false, output: "127.0.0.1:\(server.port) closed the connection without an answer"))
    }
  }

  @Test func aServerThatResetsIsUnwell() async throws {
    try await TestServer.with(answer: "", then: .reset) { server in
      let outcome = try await ask(server)
      #expect(outcome.output == "127.0.0.1:\(server.port) broke the connection off: Connection reset by peer")
    }
  }

  @Test func aBodyThatIsCutOffIsShown() async throws {
    #expect(try await outcome(of: "HTTP/1.1 500 x\r\nContent-Length: 100\r\n\r\nhalf").output == "HTTP 500: half")
  }

  @Test func silenceTakesTheTimeout() async throws {
    #expect(try await outcome(of: "", then: .stay, timeout: .seconds(2)) == ProbeOutcome(isSuccess: false, output: "no answer within 2s"))
  }

  @Test func aSlowHeadTakesTheTimeout() async throws {
    let outcome = try await outcome(of: "HTTP/1.1 200 OK\r\nX: ", then: .stay, timeout: .milliseconds(2500))
    #expect(outcome == ProbeOutcome(isSuccess: false, output: "no answer within 2500ms"))
  }

  @Test func aSlowBodyTakesTheTimeoutAndTheStatusIsShown() async throws {
    // Long enough for the head to come on a busy machine.
    let outcome = try await outcome(of: "HTTP/1.1 503 x\r\nContent-Length: 100\r\n\r\n", then: .stay, timeout: .seconds(10))
    #expect(outcome == ProbeOutcome(isSuccess: false, output: "HTTP 503, but not all of it within 10s"))
  }
}
