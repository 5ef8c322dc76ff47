import ArgumentParser
import ClusterModel
import Testing

@testable import WarrenCommands

struct TemplateChangesTests {
  private func spec() -> ServiceSpec {
    var spec = ServiceSpec(name: "web", mode: .replicated(replicas: 2), task: TaskSpec(container: ContainerSpec(image: "web:1")))
    spec.task.container.env = ["A=1", "B=2"]
    spec.task.container.mounts = [Mount(kind: .bind, source: "/a", target: "/data")]
    spec.task.ports = [PublishedPort(hostPort: 8080, containerPort: 80)]
    spec.task.placement.constraints = ["node.labels.zone==a"]
    spec.labels = ["team": "x"]
    return spec
  }

  private func changed(_ arguments: String...) throws -> ServiceSpec {
    var spec = spec()
    let command = try #require(try WarrenCommand.parseAsRoot(["service", "update", "web"] + arguments) as? ServiceUpdate)
    try command.changes.apply(to: &spec, command: command.command)
    try command.rollouts.apply(to: &spec)
    return spec
  }

  @Test func whatIsNotGivenStays() throws { #expect(try changed() == spec()) }

  @Test func theStrategyStaysUntilAnotherIsGiven() throws {
    #expect(try changed("--strategy", "canary").update.strategy == .canary(weights: [10]))
    #expect(try changed("--strategy", "canary", "--canary-weight", "10,50%").update.strategy == .canary(weights: [10, 50]))
    #expect(try changed("--strategy", "blue-green").update.strategy == .blueGreen(keep: .seconds(300)))
    #expect(try changed("--strategy", "blue-green", "--blue-green-keep", "0s").update.strategy == .blueGreen(keep: .zero))
    #expect(throws: WarrenError.self) { try changed("--canary-weight", "10") }
    #expect(throws: WarrenError.self) { try changed("--strategy", "canary", "--blue-green-keep", "1m") }
    for weights in ["", "0", "100", "x", "10,,20"] {
      #expect(throws: (any Error).self, "\(weights)") { try changed("--strategy", "canary", "--canary-weight", weights) }
    }
    var spec = spec()
    spec.update.strategy = .canary(weights: [20])
    let update = try #require(try WarrenCommand.parseAsRoot(["service", "update", "web", "--strategy", "canary"]) as? ServiceUpdate)
    try update.rollouts.apply(to: &spec)
    #expect(spec.update.strategy == .canary(weights: [20]))
    let next = try #require(try WarrenCommand.parseAsRoot(["service", "update", "web", "--canary-weight", "30"]) as? ServiceUpdate)
    try next.rollouts.apply(to: &spec)
    #expect(spec.update.strategy == .canary(weights: [30]))
  }

  @Test func valuesAreReplacedWhereTheyAre() throws {
    #expect(try changed("--env-add", "A=9", "--env-add", "C=3").task.container.env == ["A=9", "B=2", "C=3"])
    #expect(try changed("--env-rm", "A").task.container.env == ["B=2"])
    #expect(try changed("--image", "web:2").task.container.image == "web:2")
    #expect(try changed("--", "sh", "-c", "x").task.container.args == ["sh", "-c", "x"])
    #expect(try changed("--publish-rm", "8080:80", "--publish-add", "9090:80").task.ports == [PublishedPort(hostPort: 9090, containerPort: 80)])
    #expect(try changed("--mount-add", "/b:/data").task.container.mounts.map(\.source) == ["/b"])
    #expect(try changed("--constraint-rm", "node.labels.zone==a").task.placement.constraints == [])
    #expect(try changed("--label-rm", "team", "--label-add", "a=b").labels == ["a": "b"])
    #expect(try changed("--replicas", "5").mode == .replicated(replicas: 5))
    #expect(try changed("--memory", "64MiB").task.limits.memoryBytes == 64 << 20)
    #expect(try changed("--restart", "none").task.restart.condition == .none)
  }

  @Test func policiesAreChanged() throws {
    let spec = try changed(
      "--update-parallelism", "25%", "--update-delay", "10s", "--update-order", "stop-first", "--update-monitor", "0s",
      "--update-failure-action", "rollback", "--update-max-failure-ratio", "0.5", "--rollback-parallelism", "0", "--rollback-failure-action",
      "continue")
    #expect(spec.update.parallelism == .percent(25) && spec.update.delay == .seconds(10) && spec.update.order == .stopFirst)
    #expect(spec.update.monitor == .zero && spec.update.failureAction == .rollback && spec.update.maxFailureRatio == 0.5)
    #expect(spec.rollback.parallelism == .slots(0) && spec.rollback.failureAction == .proceed)
    #expect(spec.task == self.spec().task)
  }

  @Test(arguments: [
    ["--env-rm", "X"], ["--label-rm", "X"], ["--publish-rm", "1:2"], ["--mount-rm", "/x"], ["--constraint-rm", "node.labels.zone==b"],
  ])
  func whatIsNotThereCannotBeRemoved(_ arguments: [String]) throws {
    var spec = spec()
    let command = try #require(try WarrenCommand.parseAsRoot(["service", "update", "web"] + arguments) as? ServiceUpdate)
    #expect(throws: WarrenError.self) { try command.changes.apply(to: &spec, command: []) }
  }

  @Test(arguments: ["", "-1", "x", "0%", "101%", "%", "10001"]) func nonsenseIsNoParallelism(_ text: String) {
    #expect(throws: (any Error).self) { try ParallelismText.parse(text) }
  }

  @Test(
    arguments: [
      { $0.update.parallelism = .slots(-1) }, { $0.update.monitor = .seconds(-1) }, { $0.update.delay = .seconds(90_000) },
      { $0.update.maxFailureRatio = 1.1 }, { $0.update.maxFailureRatio = .nan }, { $0.rollback.failureAction = .rollback },
    ] as [@Sendable (inout ServiceSpec) -> Void])
  func policiesThatCannotBeAreRefused(_ change: @Sendable (inout ServiceSpec) -> Void) {
    var spec = spec()
    change(&spec)
    #expect(throws: WarrenError.self) { try spec.validate() }
  }

  @Test func aPlanSaysWhatWouldHappen() throws {
    let service = ClusterService(id: "s", spec: spec())
    var task = ClusterTask(id: "t", serviceID: "s", serviceName: "web", slot: 1, revision: 1, spec: service.spec.task)
    task.nodeID = "n1"
    var changed = service.spec
    changed.task.container.image = "web:2"
    changed.mode = .replicated(replicas: 3)
    let text = try RolloutPlan(of: service, to: changed, force: false).text(tasks: [task])
    #expect(
      text == """
        replicated.replicas: 2 → 3
        task.container.image: web:1 → web:2
        1 task would be replaced, 1 at a time, stop-first because two tasks of a slot would write to /data at once:
          web.1  n1  revision 1 → 2
        1 would be added.

        """)
    #expect(
      try RolloutPlan(of: service, to: service.spec, force: false).text(tasks: [task]) == "Nothing of web changes.\nNo task would be replaced.\n")
    #expect(try RolloutPlan(of: service, to: service.spec, force: true).text(tasks: [task]).contains("revision 1 → 2"))
  }
}
