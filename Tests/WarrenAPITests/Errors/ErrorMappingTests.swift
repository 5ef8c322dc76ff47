import ClusterModel
import GRPCCore
import Testing
import WarrenAPI

struct ErrorMappingTests {
  @Test(arguments: WarrenError.Code.allCases)
  func everyCodeSurvivesTheWire(_ code: WarrenError.Code) {
    let error = WarrenError(code, "what; why; do this")
    let sent = RPCError(error)
    let received = WarrenError(RPCError(code: sent.code, message: sent.message, metadata: sent.metadata))
    #expect(received.code == code)
    #expect(received.message == "what; why; do this")
    #expect(sent.detail?.hint == "do this")
    #expect(sent.detail?.code == code.rawValue)
  }

  @Test func aServerWithoutDetailsIsUnderstoodByItsStatus() {
    #expect(WarrenError(RPCError(code: .aborted, message: "m")).code == .conflict)
    #expect(WarrenError(RPCError(code: .unknown, message: "m")).code == .internalError)
    #expect(RPCError(code: .aborted, message: "m").detail == nil)
  }

  @Test func longMessagesAreCut() {
    let sent = RPCError(WarrenError(.notFound, String(repeating: "é", count: 10_000)))
    #expect(sent.message.utf8.count <= 4096)
    #expect(sent.message.hasSuffix("…"))
  }

  @Test func theCauseIsTold() {
    struct Cause: Error, CustomStringConvertible { var description: String { "connection refused" } }
    #expect(RPCError(WarrenError(.unavailable, "no answer", cause: Cause())).message == "no answer (connection refused)")
  }
}
