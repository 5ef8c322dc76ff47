import ClusterModel
import SwiftProtobuf
import Testing
import WarrenAPI

/// What is written and read again is what it was, through the bytes, for random values of every stored object.
struct WireRoundTripTests {
  private func check<Model: Equatable, Wire: SwiftProtobuf.Message>(
    _ make: (inout RandomModel) -> Model, wire: (Model) -> Wire, model: (Wire) throws -> Model
  ) throws {
    for seed: UInt64 in 1...200 {
      var random = RandomModel(seed: seed)
      let value = make(&random)
      let bytes: [UInt8] = try wire(value).serializedBytes()
      #expect(try model(Wire(serializedBytes: bytes)) == value, "seed \(seed)")
    }
  }

  @Test func cluster() throws { try check({ $0.cluster() }, wire: \.wire, model: Cluster.init(wire:)) }
  @Test func node() throws { try check({ $0.node() }, wire: \.wire, model: ClusterNode.init(wire:)) }
  @Test func service() throws { try check({ $0.service() }, wire: \.wire, model: ClusterService.init(wire:)) }
  @Test func task() throws { try check({ $0.task() }, wire: \.wire, model: ClusterTask.init(wire:)) }
  @Test func token() throws { try check({ $0.token() }, wire: \.wire, model: JoinToken.init(wire:)) }
  @Test func secret() throws { try check({ $0.secret() }, wire: \.wire, model: ClusterSecret.init(wire:)) }
  @Test func volume() throws { try check({ $0.volume() }, wire: \.wire, model: ClusterVolume.init(wire:)) }
  @Test func request() throws { try check({ $0.request() }, wire: \.wire, model: RequestRecord.init(wire:)) }
  @Test func statusUpdate() throws {
    try check({ TaskStatusUpdate(taskID: TaskID($0.text()), status: $0.status()) }, wire: \.wire, model: TaskStatusUpdate.init(wire:))
  }

  @Test func managerAddress() throws {
    try check(
      { ManagerAddress(node: NodeID($0.text()), address: $0.text(), weight: $0.count()) }, wire: \.wire, model: ManagerAddress.init(wire:))
  }

  @Test func logQuery() throws {
    try check(
      { LogQuery(follow: $0.bool(), tail: $0.pick([nil, 0, 9]), since: $0.pick([nil, $0.time()])) }, wire: { $0.wire(of: "t") },
      model: LogQuery.init(wire:))
  }

  /// However an assignment is cut into parts.
  @Test func assignments() throws {
    for seed: UInt64 in 1...200 {
      var random = RandomModel(seed: seed)
      let tasks = (0..<random.int(0...20)).map { _ in random.task() }
      let assignment: Assignment = random.bool() ? .complete(tasks) : .change(updated: tasks, removed: random.texts().map { TaskID($0) })
      let limit = random.pick([1, 200, 2000, 1 << 20])
      let parts = try assignment.wire(partBytes: limit)
      #expect(parts.count <= 1 || limit < 1 << 20)
      var assembly = AssignmentAssembly()
      let added = try parts.map { try assembly.add($0) }
      #expect(added.dropLast().allSatisfy { $0 == nil } && added.last == assignment, "seed \(seed)")
    }
  }

  @Test func partsThatDoNotFitTogetherAreRefused() throws {
    var assembly = AssignmentAssembly()
    let first = try assembly.add(
      .with {
        $0.complete = true
        $0.more = true
      })
    #expect(first == nil)
    #expect(throws: WarrenError.self) { _ = try assembly.add(Warren_V1_AssignmentPart()) }
  }

  @Test func sessionErrors() {
    let error = WarrenError(wire: Warren_V1_SessionError(WarrenError(.notFound, "no task t; look elsewhere")))
    #expect(error.code == .notFound && error.message == "no task t; look elsewhere")
    #expect(WarrenError(wire: Warren_V1_SessionError(CancellationError())).code == .internalError)
    #expect(WarrenError(wire: .with { $0.code = "later" }).code == .internalError)
  }

  @Test func execMessages() throws {
    for input: ExecInput in [.stdin([1, 2]), .resize(TerminalSize(columns: 80, rows: 24)), .stdinClosed] {
      #expect(try ExecInput(wire: input.wire) == input)
    }
    for output: ExecOutput in [.stdout([1]), .stderr([]), .exit(137), .exit(-1)] { #expect(ExecOutput(wire: output.wire) == output) }
    #expect(try ExecInput(wire: Warren_V1_ExecRequest()) == nil)
    var start = Warren_V1_ExecRequest()
    start.start = Warren_V1_ExecStart()
    #expect(throws: WarrenError.self) { try ExecInput(wire: start) }
  }

  /// The numbers of the model's enums are those of the protobuf enums; this keeps them so, by their names.
  @Test func enumNumbers() {
    func same<Model, Wire: SwiftProtobuf.Enum>(_ model: [Model], _: Wire.Type)
    where Model: RawRepresentable<UInt8>, Wire: CaseIterable, Wire.RawValue == Int {
      #expect(model.map { "\($0)" } == Wire.allCases.dropFirst().map { "\($0)" })
      #expect(model.map { Int($0.rawValue) } == Wire.allCases.dropFirst().map(\.rawValue))
    }
    same(TaskState.allCases, Warren_V1_TaskState.self)
    same([ClusterTask.DesiredState.running, .shutdown, .remove], Warren_V1_DesiredState.self)
    same(ClusterNode.Role.allCases, Warren_V1_Role.self)
    same([ClusterNode.State.ready, .down], Warren_V1_NodeState.self)
    same([ClusterNode.Availability.active, .drain], Warren_V1_Availability.self)
    same([TaskSpec.NetworkMode.bridge, .host], Warren_V1_NetworkMode.self)
    same([PublishedPort.TransportProtocol.tcp, .udp], Warren_V1_Protocol.self)
    same([Mount.Kind.bind, .tmpfs], Warren_V1_MountKind.self)
    same([RestartPolicy.Condition.any, .onFailure, .none], Warren_V1_RestartCondition.self)
    same([UpdatePolicy.Order.startFirst, .stopFirst], Warren_V1_UpdateOrder.self)
    same([Rollout.Kind.update, .rollback], Warren_V1_RolloutKind.self)
    same([Rollout.State.running, .paused, .completed, .staged, .promoted], Warren_V1_RolloutState.self)
    same([LogLine.Stream.stdout, .stderr], Warren_V1_LogStream.self)
  }
}
