import ClusterModel
import Testing

@testable import Manager

@Suite struct NodeRegistrationTests {
  private static func node(_ roles: Set<ClusterNode.Role>) -> ClusterNode {
    ClusterNode(id: "n1", roles: roles, description: NodeDescription(hostname: "n1"))
  }

  /// Who could make itself a manager could have its next certificate say so.
  @Test func aWorkerDoesNotMakeItselfAManager() {
    #expect(NodeRegistration.arrived(Self.node([.manager, .worker]), stored: Self.node([.worker])).roles == [.worker])
  }

  @Test func aManagerStaysOneAndMayBeginToRunContainers() {
    #expect(NodeRegistration.arrived(Self.node([.worker]), stored: Self.node([.manager, .worker])).roles == [.manager, .worker])
    #expect(NodeRegistration.arrived(Self.node([.manager, .worker]), stored: Self.node([.manager])).roles == [.manager, .worker])
  }

  @Test func whatPeopleAndAdmissionDecidedIsKept() {
    var stored = Self.node([.worker])
    (stored.availability, stored.drainDeadline, stored.keys) = (.drain, Timestamp(seconds: 9), ["k"])
    var announced = Self.node([.worker])
    announced.keys = ["another"]
    let node = NodeRegistration.arrived(announced, stored: stored)
    #expect(node.availability == .drain && node.drainDeadline == Timestamp(seconds: 9) && node.keys == ["k"] && node.state == .ready)
  }
}
