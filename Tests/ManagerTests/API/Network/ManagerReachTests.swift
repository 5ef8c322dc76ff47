import ClusterModel
import ClusterTLS
import NIOCore
import Testing

struct ManagerReachTests {
  /// A connection that is given up looks its names up once more, and is cancelled meanwhile.
  @Test func aLookUpThatIsCancelledDoesNotReplaceTheReasonOfTheLast() async throws {
    let reach = try ManagerReach(["nowhere.invalid:8080"])
    await #expect(throws: (any Error).self) { try await reach.resolve() }
    let reason = "the host name nowhere.invalid cannot be resolved"
    #expect(reach.report.first?.contains(reason) == true)
    await Task {
      withUnsafeCurrentTask { $0?.cancel() }
      await #expect(throws: (any Error).self) { try await reach.resolve() }
    }.value
    #expect(reach.report.first?.contains(reason) == true, "\(reach.report)")
  }

  @Test(arguments: ["10.0.0.1:8080", "[fd00::1]:8080"]) func anAddressIsLookedUpNowhere(text: String) async throws {
    let found = try await Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await HostPort(manager: text).resolve()
    }.value
    #expect(found.map(\.dialText) == [text])
  }
}
