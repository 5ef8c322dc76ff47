package import ClusterModel
import Worker

/// A container engine with a network, in memory. It outlives the worker that uses it, as containerd does, and goes wrong where it is told to.
///
/// A worker reaches it through the `FakeRuntime` of its life; that of an earlier life has no effect any more, like a process that was killed.
package actor FakeEngine {
  /// Where a call can be made to fail or to get stuck: before its first effect, between two, or after the last and before its answer.
  package enum Step: String, CaseIterable, Sendable {
    case version, fetching, connecting, creating, created, starting, started, stopping, stopped, removing, disconnecting, removed, forgetting,
      forgotten, listing, recovering, sweeping, probing, publishing
  }

  package enum Fault: Sendable {
    case error(WarrenError)
    /// Until the caller is cancelled or dead.
    case stuck
  }

  struct Container {
    var network = false
    var origin: TaskContainer?
    var process: RuntimeContainer.State?
  }

  private var life = 0
  /// How often the machine has lost its power.
  package private(set) var boots = 0
  private var lastPid = 100
  private var faults: [Step: (fault: Fault, times: Int)] = [:]
  private var isAway = false
  private var containers: [String: Container] = [:]
  private var logs: Set<TaskID> = []
  private var waiters: [String: [AsyncStream<ExitStatus?>.Continuation]] = [:]

  /// The registry's words for images that it does not have.
  private var missing: [String: String] = [:]
  /// Containers whose process does not heed the stop signal.
  private var stubborn: Set<TaskID> = []
  /// What is wrong with a task, by what a failing probe says.
  private var ills: [TaskID: String] = [:]
  /// What images ask for.
  package private(set) var imageChecks: [String: HealthCheck] = [:]
  /// The end of every task's log.
  package let lastLines = ["this is the end"]
  /// Containers that the published ports lead to.
  package private(set) var published: Set<String> = []
  private let clock: any Clock<Duration>
  private let now: @Sendable () -> Timestamp

  /// Told each time the engine comes back.
  nonisolated let reconnections = Broadcast()

  /// Steps at which a caller got stuck.
  package private(set) var reached: Set<Step> = []
  /// What must never happen, and did.
  package private(set) var violations: [String] = []
  /// How often a process was started, by task.
  package private(set) var starts: [TaskID: Int] = [:]

  /// How often everything was looked through for leftovers.
  package private(set) var sweeps = 0

  package init(clock: any Clock<Duration>, now: @escaping @Sendable () -> Timestamp) {
    self.clock = clock
    self.now = now
  }

  /// The runtime of a worker that starts now. Those of earlier ones are dead.
  package func newLife() -> FakeRuntime {
    kill()
    return FakeRuntime(engine: self, life: life)
  }

  /// Kills the worker: nothing it still does has an effect.
  package func kill() {
    life += 1
    reached = []
  }

  package func fail(_ step: Step, _ fault: Fault, times: Int = 1) { faults[step] = (fault, times) }
  package func heal() { faults = [:] }
  package func setMissing(_ image: String, _ words: String?) { missing[image] = words }
  package func setIll(_ task: TaskID, _ words: String?) { ills[task] = words }
  package func setCheck(_ check: HealthCheck, of image: String) { imageChecks[image] = check }
  package func setStubborn(_ task: TaskID) { stubborn.insert(task) }

  /// containerd is killed: calls fail, containers live on.
  package func goAway() { isAway = true }
  package func comeBack() {
    isAway = false
    reconnections.send()
  }

  /// Ends the container's process.
  package func exit(_ id: String, code: Int32, reason: String = "") {
    guard case .running? = containers[id]?.process else { return }
    end(id, ExitStatus(code: code, reason: reason.isEmpty ? "exited with \(code)" : reason, at: now()))
  }

  /// The machine loses power: processes and networks are gone, what is on disk stays.
  package func losePower() {
    kill()
    boots += 1
    for id in containers.keys {
      containers[id]?.network = false
      if containers[id]?.process != nil { containers[id]?.process = .lost }
    }
  }

  /// Running containers with their pids.
  package var running: [String: Int] {
    containers.compactMapValues { if case .running(let pid, _)? = $0.process { pid } else { nil } }
  }

  /// Everything that exists because of a task: what a clean node has none of.
  package var inventory: Set<String> {
    Set(containers.map { "container \($0.key)" } + containers.filter { $0.value.network }.map { "network \($0.key)" } + logs.map { "logs \($0)" })
  }

  /// Something of an earlier life that the journal does not know.
  package func leaveBehind(_ id: String, running: Bool) {
    containers[id] = Container(network: true, process: running ? .running(pid: nextPid(), address: "10.0.0.9") : .created)
  }

  private func nextPid() -> Int {
    lastPid += 1
    return lastPid
  }

  private func end(_ id: String, _ exit: ExitStatus) {
    containers[id]?.process = .exited(exit)
    for waiter in waiters.removeValue(forKey: id) ?? [] { waiter.yield(exit) }
  }

  private func pass(_ step: Step, _ caller: Int) async throws {
    if caller == life, isAway { throw WarrenError(.unavailable, "the engine is away; start it") }
    if caller == life, let armed = faults[step] {
      faults[step] = armed.times > 1 ? (armed.fault, armed.times - 1) : nil
      switch armed.fault {
      case .error(let error): throw error
      case .stuck: reached.insert(step)
      }
    } else if caller == life {
      return
    }
    // Until it is cancelled.
    try await Task.sleep(for: .seconds(86400))
    throw CancellationError()
  }
}

/// What a `FakeRuntime` asks of it, with the number of its life.
extension FakeEngine {
  func version(_ caller: Int) async throws -> String {
    try await pass(.version, caller)
    return "fake 1.0"
  }

  func fetchImage(_ image: String, _ caller: Int) async throws {
    try await pass(.fetching, caller)
    if let words = missing[image] { throw WarrenError(.notFound, words) }
  }

  func create(_ container: TaskContainer, _ caller: Int) async throws -> String {
    let id = container.id
    try await pass(.connecting, caller)
    if containers[id] != nil { throw WarrenError(.alreadyExists, "there is a container \(id) already") }
    let others = containers.keys.filter { $0.hasPrefix("\(container.task.id)-") }
    if !others.isEmpty { violations.append("\(id) was made beside \(others.sorted())") }
    containers[id] = Container(network: true, origin: container)
    logs.insert(container.task.id)
    try await pass(.creating, caller)
    containers[id]?.process = .created
    try await pass(.created, caller)
    return "10.0.0.\(lastPid % 250 + 2)"
  }

  func start(_ container: TaskContainer, address: String, _ caller: Int) async throws -> Int {
    try await pass(.starting, caller)
    guard case .created? = containers[container.id]?.process else { throw WarrenError(.notFound, "there is no container \(container.id) to start") }
    let pid = nextPid()
    containers[container.id]?.process = .running(pid: pid, address: address)
    starts[container.task.id, default: 0] += 1
    try await pass(.started, caller)
    return pid
  }

  func exit(of id: String, _ caller: Int) async throws -> ExitStatus {
    guard caller == life else { return try await never() }
    switch containers[id]?.process {
    case .exited(let exit)?: return exit
    case .running?, .created?: break
    case .lost?, nil: throw WarrenError(.notFound, "the container \(id) is gone")
    }
    let (stream, waiter) = AsyncStream<ExitStatus?>.makeStream()
    waiters[id, default: []].append(waiter)
    for await exit in stream {
      guard caller == life else { return try await never() }
      guard let exit else { throw WarrenError(.notFound, "the container \(id) is gone") }
      return exit
    }
    throw CancellationError()
  }

  private func never() async throws -> ExitStatus {
    // Until it is cancelled.
    try await Task.sleep(for: .seconds(86400))
    throw CancellationError()
  }

  func stop(_ container: TaskContainer, _ caller: Int) async throws -> ExitStatus? {
    try await pass(.stopping, caller)
    published.remove(container.id)
    if stubborn.contains(container.task.id) {
      try await clock.sleep(for: container.task.spec.container.stopGrace)
      exit(container.id, code: 137, reason: "killed by SIGKILL")
    } else {
      exit(container.id, code: 143, reason: "killed by SIGTERM")
    }
    try await pass(.stopped, caller)
    guard case .exited(let exit)? = containers[container.id]?.process else { return nil }
    return exit
  }

  func remove(_ id: String, _ caller: Int) async throws {
    try await pass(.removing, caller)
    published.remove(id)
    containers[id]?.process = nil
    for waiter in waiters.removeValue(forKey: id) ?? [] { waiter.yield(nil) }
    try await pass(.disconnecting, caller)
    containers[id] = nil
    try await pass(.removed, caller)
  }

  func forget(_ task: TaskID, _ caller: Int) async throws {
    try await pass(.forgetting, caller)
    logs.remove(task)
    try await pass(.forgotten, caller)
  }

  func list(_ caller: Int) async throws -> [RuntimeContainer] {
    try await pass(.listing, caller)
    return containers.compactMap { id, container in container.process.map { RuntimeContainer(id: id, state: $0, origin: container.origin) } }
  }

  func publish(_ id: String, _ isPublished: Bool, _ caller: Int) async throws {
    try await pass(.publishing, caller)
    if isPublished { published.insert(id) } else { published.remove(id) }
  }

  func probe(_ container: TaskContainer, _ check: HealthCheck, _ caller: Int) async throws -> ProbeOutcome {
    try await pass(.probing, caller)
    let words = ills[container.task.id]
    return ProbeOutcome(isSuccess: words == nil, output: words ?? "")
  }

  func restore(_ serving: [TaskContainer], _ caller: Int) async throws {
    try await pass(.recovering, caller)
    published = Set(serving.map(\.id)).intersection(running.keys)
  }

  func sweep(_ wanted: @Sendable () async -> WantedContainers, _ caller: Int) async throws {
    try await pass(.sweeping, caller)
    let (found, logged) = (Set(containers.keys), logs)
    let kept = await wanted()
    for id in found.subtracting(kept.containers) { try await remove(id, caller) }
    logs.subtract(logged.subtracting(kept.tasks))
    sweeps += 1
  }
}
