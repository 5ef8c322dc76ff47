import ClusterModel
import Testing

struct RevisionTests {
  private let now = Timestamp(seconds: 1000)

  private func service() -> ClusterService {
    ClusterService(id: "s", spec: ServiceSpec(name: "web", task: TaskSpec(container: ContainerSpec(image: "web:1"))))
  }

  private func template(_ image: String) -> TaskSpec { TaskSpec(container: ContainerSpec(image: image)) }

  /// What a rollout does at its end.
  private func complete(_ service: inout ClusterService) { service.rollout?.state = .completed }

  @Test func revisionsCountUpAndTenAreKept() {
    var service = service()
    for number in 2...15 {
      service.update(to: template("web:\(number)"), at: now)
      complete(&service)
    }
    #expect(service.revision == 15 && service.revisions.map(\.number) == Array(6...14))
    #expect(service.revisions.map(\.task.container.image) == (6...14).map { "web:\($0)" })
  }

  @Test func aTemplateThatWasThereBeforeGetsItsNumberAgain() {
    var service = service()
    service.update(to: template("web:2"), at: now)
    complete(&service)
    service.update(to: template("web:1"), at: now)
    #expect(service.revision == 1 && service.rollout?.from == 2 && service.revisions.map(\.number) == [2])
    complete(&service)
    service.update(to: template("web:3"), at: now)
    #expect(service.revision == 3)
  }

  @Test func rollingBackTwiceReturns() throws {
    var service = service()
    service.update(to: template("web:2"), at: now)
    complete(&service)
    try service.rollBack(to: nil, at: now)
    #expect(service.revision == 1 && service.spec.task.container.image == "web:1")
    complete(&service)
    try service.rollBack(to: nil, at: now)
    #expect(service.revision == 2 && service.spec.task.container.image == "web:2")
  }

  @Test func rollingBackWhileRollingBackIsTheOriginalUpdate() throws {
    var service = service()
    service.update(to: template("web:2"), at: now)
    try service.rollBack(to: nil, at: now)
    #expect(service.revision == 1 && service.rollout?.from == 2)
  }

  @Test func anUpdateThatReplacesARollbackGoesBackToWhereThatLed() throws {
    var service = service()
    service.update(to: template("web:2"), at: now)
    try service.rollBack(to: nil, because: "web.1 failed", at: now)
    service.update(to: template("web:3"), at: now)
    #expect(service.rollout?.from == 1)
    try service.rollBack(to: nil, at: now)
    #expect(service.revision == 1)
  }

  @Test func thereMustBeSomethingToGoBackTo() throws {
    var service = service()
    #expect(throws: WarrenError.self) { try service.rollBack(to: nil, at: now) }
    service.update(to: template("web:2"), at: now)
    #expect(throws: WarrenError.self) { try service.rollBack(to: 2, at: now) }
    #expect(throws: WarrenError.self) { try service.rollBack(to: 9, at: now) }
    #expect(service.revision == 2)
    try service.rollBack(to: 1, at: now)
    #expect(service.revision == 1)
  }

  @Test func onlyWhatIsUnderWayIsPausedAndOnlyWhatIsPausedResumed() throws {
    var service = service()
    #expect(throws: WarrenError.self) { try service.pauseRollout(because: "") }
    service.update(to: template("web:2"), at: now)
    #expect(throws: WarrenError.self) { try service.resumeRollout() }
    try service.pauseRollout(because: "x")
    #expect(throws: WarrenError.self) { try service.pauseRollout(because: "") }
    try service.resumeRollout()
    complete(&service)
    #expect(throws: WarrenError.self) { try service.pauseRollout(because: "") }
  }

  @Test func largeTemplatesCostOlderOnesButNeverTheOneBefore() {
    var service = service()
    for number in 2...9 {
      var large = template("web:\(number)")
      large.container.env = ["X=" + String(repeating: "x", count: 200_000)]
      service.update(to: large, at: now)
      complete(&service)
    }
    #expect(service.revisions.count < 4 && service.template(of: 8) != nil)
  }
}
