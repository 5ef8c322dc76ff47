import ClusterModel
import Testing

@testable import WarrenCommands

@Suite struct ReadinessTests {
  @Test(arguments: [WarrenError.Code.deadlineExceeded, .unauthenticated]) func waitsForManagersThatDoNotAnswerOrDoNotKnowIt(
    _ code: WarrenError.Code
  ) async throws {
    var calls = 0
    try await Readiness.untilAnswered {
      calls += 1
      if calls < 3 { throw WarrenError(code, "n3 is no manager any more") }
    }
    #expect(calls == 3)
  }

  @Test func anyOtherErrorIsTheEnd() async {
    let error = await #expect(throws: WarrenError.self) {
      try await Readiness.untilAnswered { throw WarrenError(.dataLoss, "the log is damaged") }
    }
    #expect(error?.code == .dataLoss)
  }
}
