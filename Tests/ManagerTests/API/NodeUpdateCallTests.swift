import ClusterModel
import SwiftProtobuf
import Testing
import WarrenAPI

@testable import Manager

/// Draining, activating and labelling.
@Suite(.timeLimit(.minutes(10))) struct NodeUpdateCallTests {
  private static func put(_ fixture: APIFixture) async throws {
    var node = ClusterNode(id: "n1", roles: [.worker], description: NodeDescription(hostname: "n1"))
    (node.state, node.labels) = (.ready, ["zone": "a", "disk": "ssd"])
    let new = node
    try await fixture.store.update { try $0.put(new) }
  }

  private static func update(_ fixture: APIFixture, _ make: (inout Warren_V1_UpdateNodeRequest) -> Void) async throws -> ClusterNode {
    var request = Warren_V1_UpdateNodeRequest()
    request.id = "n1"
    make(&request)
    return try ClusterNode(wire: try await fixture.client.call { [request] in try await $0.updateNode(request) }.node)
  }

  @Test func aDrainHasADeadlineAndActivatingEndsIt() async throws {
    try await APIFixture.run { fixture in
      try await Self.put(fixture)
      let usual = try await Self.update(fixture) { $0.availability = .drain }
      #expect(usual.availability == .drain && usual.drainDeadline == fixture.store.now() + .seconds(300))
      let short = try await Self.update(fixture) {
        $0.availability = .drain
        $0.drainGrace = Duration.seconds(10).wire
      }
      #expect(short.drainDeadline == fixture.store.now() + .seconds(10))
      #expect(fixture.store.view.node("n1") == short)
      let active = try await Self.update(fixture) { $0.availability = .active }
      #expect(active.availability == .active && active.drainDeadline == nil)
      let index = fixture.store.view.index
      _ = try await Self.update(fixture) { $0.availability = .active }
      #expect(fixture.store.view.index == index, "what changes nothing writes nothing")
    }
  }

  @Test func labelsAreSetAndRemoved() async throws {
    try await APIFixture.run { fixture in
      try await Self.put(fixture)
      let node = try await Self.update(fixture) {
        $0.labels = ["zone": "b", "rack": "1"]
        $0.removedLabels = ["disk", "never"]
      }
      #expect(node.labels == ["zone": "b", "rack": "1"] && node.availability == .active)
    }
  }

  @Test func badInputIsRefused() async throws {
    try await APIFixture.run { fixture in
      try await Self.put(fixture)
      func refuses(_ code: WarrenError.Code, _ part: String, _ make: (inout Warren_V1_UpdateNodeRequest) -> Void) async {
        let refusal = await failure { _ = try await Self.update(fixture, make) }
        #expect(refusal?.code == code && refusal?.message.contains(part) == true, "\(refusal?.message ?? "accepted")")
      }
      await refuses(.notFound, "\"nope\"") { $0.id = "nope" }
      await refuses(.invalidArgument, "no node is named") { $0.id = "" }
      await refuses(.invalidArgument, "label") { $0.labels = ["a b": "c"] }
      await refuses(.invalidArgument, "availability 9") { $0.availability = .UNRECOGNIZED(9) }
      await refuses(.invalidArgument, "grace") { $0.drainGrace = Duration.seconds(1).wire }
      await refuses(.invalidArgument, "grace") {
        $0.availability = .drain
        $0.drainGrace = Duration.seconds(-1).wire
      }
    }
  }
}
