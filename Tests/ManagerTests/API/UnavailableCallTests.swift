import ClusterModel
import GRPCCore
import SwiftProtobuf
import Testing
import WarrenAPI

@testable import Manager

@Suite(.timeLimit(.minutes(10))) struct UnavailableCallTests {
  typealias Call = @Sendable (WarrenClient.Stub) async throws -> Void

  static let calls: [(String, Call)] = [
    ("CreateSecret", { _ = try await $0.createSecret(.init()) }),
    ("GetSecretByName", { _ = try await $0.getSecretByName(.init()) }),
    ("DeleteSecret", { _ = try await $0.deleteSecret(.init()) }),
    ("ListSecrets", { _ = try await $0.listSecrets(.init()) }),
    ("CreateVolume", { _ = try await $0.createVolume(.init()) }),
    ("GetVolumeByName", { _ = try await $0.getVolumeByName(.init()) }),
    ("DeleteVolume", { _ = try await $0.deleteVolume(.init()) }),
    ("ListVolumes", { _ = try await $0.listVolumes(.init()) }),
  ]

  @Test func callsOfLaterVersionsNameThemselves() async throws {
    try await APIFixture.run { fixture in
      for (name, call) in Self.calls {
        let refusal = await failure { try await fixture.client.call(call) }
        #expect(refusal?.code == .unimplemented)
        #expect(refusal?.message == "\(name) is not available in this version")
      }
    }
  }
}
