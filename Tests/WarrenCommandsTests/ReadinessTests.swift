import ClusterModel
import Testing

@testable import WarrenCommands

@Suite struct ReadinessTests {
  @Test func waitsForManagersThatDoNotAnswerInTime() async throws {
    var calls = 0
    try await Readiness.untilAnswered {
      calls += 1
      if calls < 3 { throw WarrenError(.deadlineExceeded, "the managers did not answer in time") }
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
