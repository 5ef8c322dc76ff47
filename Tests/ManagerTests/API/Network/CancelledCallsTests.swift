import ClusterTLS
import Testing
import WarrenAPI

@testable import Manager

/// Calls that nobody waits for any more.
@Suite(.timeLimit(.minutes(10))) struct CancelledCallsTests {
  @Test func aCallThatIsCancelledAtAnyMomentOfItsConnectionEnds() async throws {
    try await NetworkFixture.run { fixture in
      let credentials = CurrentCredentials(try await fixture.member(.worker, "w1"))
      let calls = CertificateCalls(credentials, patience: NetworkFixture.patience, now: { fixture.clock.now }) { [fixture.address] }
      try await withThrowingDiscardingTaskGroup { group in
        for caller in 0..<8 {
          group.addTask {
            for step in 0..<20 {
              let call = Task { await calls.authority() }
              // Not a wait for something: the moments differ.
              try await Task.sleep(for: .microseconds((step * 8 + caller) * 200))
              call.cancel()
              _ = await call.value
            }
          }
        }
      }
    }
  }
}
