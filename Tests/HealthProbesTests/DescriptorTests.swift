import ClusterModel
import Testing

@testable import HealthProbes

@Suite(.timeLimit(.minutes(2))) struct DescriptorTests {
  /// In a namespace, so that only this test's sockets are counted.
  @Test func noneIsLeftWhateverComesOut() async throws {
    try await TestNamespace.with("descriptors") { namespace in
      try await TestServer.with(in: namespace.path, { [RawAnswer(Array("HTTP/1.1 503 x\r\n\r\nno".utf8), then: .close)] }) { unwell in
        try await TestServer.with(in: namespace.path, { [RawAnswer()] }) { silent in
          try await ask(unwell.port, silent.port, namespace.path)
          #expect(namespace.sockets(besides: [unwell.port, silent.port]) == 0)
          #expect(namespace.threads() == 0)
        }
        #expect(namespace.sockets(besides: []) > 0)
      }
    }
  }

  private func ask(_ unwell: UInt16, _ silent: UInt16, _ namespace: String) async throws {
    let probe = NetworkProbe()
    let questions: [NetworkProbe.Question] = [
      .tcp(port: unwell), .http(port: unwell, path: "/"), .grpc(port: unwell, service: ""), .tcp(port: 1), .http(port: silent, path: "/"),
      .grpc(port: silent, service: ""),
    ]
    var outputs: Set<String> = []
    for _ in 0..<20 {
      try await withThrowingTaskGroup(of: ProbeOutcome.self) { group in
        for question in questions {
          group.addTask { try await probe.run(question, in: namespace, at: ["10.1.2.3", "127.0.0.1"], timeout: .milliseconds(200)) }
        }
        for try await outcome in group { outputs.insert(outcome.output) }
      }
      await withTaskGroup { group in
        for question in questions {
          group.addTask { _ = try? await probe.run(question, in: namespace, at: ["127.0.0.1"], timeout: .seconds(60)) }
        }
        group.cancelAll()
      }
    }
    #expect(outputs.isSuperset(of: ["connection to 127.0.0.1:\(unwell) taken", "HTTP 503: no", "no answer within 200ms"]))
  }
}
