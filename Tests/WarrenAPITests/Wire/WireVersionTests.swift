import ClusterModel
import SwiftProtobuf
import Testing
import WarrenAPI

/// Messages of other versions: what is missing gets its default, what is unknown is kept or refused, never guessed.
struct WireVersionTests {
  @Test func unknownFieldsSurviveInEveryMessage() throws {
    let newer: [UInt8] = [0xC0, 0x3E, 0x07]
    var service = Warren_V1_Service()
    service.spec.replicated = .init()
    service.spec.task.container.mounts = [.with { $0.kind = .bind }]
    service.spec.task.ports = [.init()]
    service.spec.task.container.ulimits = [.init()]
    try service.merge(serializedBytes: newer)
    try service.spec.merge(serializedBytes: newer)
    try service.spec.task.merge(serializedBytes: newer)
    try service.spec.task.container.merge(serializedBytes: newer)
    try service.spec.task.container.mounts[0].merge(serializedBytes: newer)
    try service.spec.task.ports[0].merge(serializedBytes: newer)
    try service.spec.task.restart.merge(serializedBytes: newer)
    try service.spec.task.placement.merge(serializedBytes: newer)
    try service.spec.task.limits.merge(serializedBytes: newer)
    try service.spec.task.reservations.merge(serializedBytes: newer)
    try service.spec.task.container.ulimits[0].merge(serializedBytes: newer)

    let again = try ClusterService(wire: service).wire
    let kept = [
      again.unknownFields, again.spec.unknownFields, again.spec.task.unknownFields, again.spec.task.container.unknownFields,
      again.spec.task.container.mounts[0].unknownFields, again.spec.task.ports[0].unknownFields, again.spec.task.restart.unknownFields,
      again.spec.task.placement.unknownFields, again.spec.task.limits.unknownFields, again.spec.task.reservations.unknownFields,
      again.spec.task.container.ulimits.first?.unknownFields ?? .init(),
    ]
    for (position, fields) in kept.enumerated() { #expect(Array(fields.data) == newer, "message \(position)") }
  }

  @Test func unknownFieldsOfATasksStatusSurvive() throws {
    var wire = Warren_V1_Task()
    try wire.status.merge(serializedBytes: [0xC0, 0x3E, 0x07] as [UInt8])
    try wire.status.lastExit.merge(serializedBytes: [0xC0, 0x3E, 0x08] as [UInt8])
    let again = try ClusterTask(wire: wire).wire
    #expect(Array(again.status.unknownFields.data) == [0xC0, 0x3E, 0x07])
    #expect(Array(again.status.lastExit.unknownFields.data) == [0xC0, 0x3E, 0x08])
  }

  @Test func unknownFieldsOfANodeSurviveAChange() throws {
    var wire = Warren_V1_Node()
    try wire.merge(serializedBytes: [0xC0, 0x3E, 0x07] as [UInt8])
    try wire.description_p.merge(serializedBytes: [0xC0, 0x3E, 0x08] as [UInt8])
    var node = try ClusterNode(wire: wire)
    node.availability = .drain
    #expect(Array(node.wire.unknownFields.data) == [0xC0, 0x3E, 0x07])
    #expect(Array(node.wire.description_p.unknownFields.data) == [0xC0, 0x3E, 0x08])
  }

  @Test func missingFieldsGetTheirDefaults() throws {
    var spec = Warren_V1_ServiceSpec()
    spec.name = "web"
    spec.replicated.replicas = 2
    spec.task.container.image = "nginx"
    #expect(
      try ServiceSpec(wire: spec)
        == ServiceSpec(name: "web", mode: .replicated(replicas: 2), task: TaskSpec(container: ContainerSpec(image: "nginx"))))
    #expect(try ClusterTask(wire: Warren_V1_Task()).status == TaskStatus())
    #expect(try ClusterTask(wire: Warren_V1_Task()).nodeID == nil)
  }

  @Test func unknownValuesAreRefusedByName() {
    func refusal(_ body: () throws -> Void) -> String {
      do { try body() } catch let error as WarrenError { return "\(error.code) \(error.message)" } catch {}
      return "nothing"
    }
    var spec = Warren_V1_TaskSpec()
    spec.network = .UNRECOGNIZED(9)
    #expect(refusal { _ = try TaskSpec(wire: spec) }.hasPrefix("invalidArgument TaskSpec.network has the value 9, which this version"))
    var status = Warren_V1_TaskStatus()
    status.state = .UNRECOGNIZED(300)
    #expect(refusal { _ = try TaskStatus(wire: status) }.contains("TaskStatus.state has the value 300"))
    var node = Warren_V1_Node()
    node.roles = [.unspecified]
    #expect(refusal { _ = try ClusterNode(wire: node) }.contains("Node.roles is not given"))
    var port = Warren_V1_PublishedPort()
    port.hostPort = 65536
    #expect(refusal { _ = try PublishedPort(wire: port) }.contains("published port 65536 is not valid"))
    // A mode this version does not know looks like no mode: it must not become the default.
    #expect(refusal { _ = try ServiceSpec(wire: Warren_V1_ServiceSpec()) }.contains("has no mode"))
  }

  @Test(arguments: [
    (Int64.max, Int32(999_999_999), Int64.max), (Int64.min, 0, .min), (9_223_372_036, 999_999_999, 9_223_372_036_000_000_000), (-1, 999_999_999, -1),
    (0, 0, 0),
  ])
  func timesBeyondTheModelAreCut(seconds: Int64, nanos: Int32, expected: Int64) {
    #expect(Timestamp(wire: .init(seconds: seconds, nanos: nanos)).nanosecondsSinceEpoch == expected)
  }
}
