import ClusterModel
import ClusterSecurity
import Foundation
import Testing

@Suite struct AccessTests {
  let fixture: Fixture
  init() throws { fixture = try Fixture() }

  private func caller(_ role: NodeIdentity.Role) async throws -> Caller { .peer(try await fixture.verified(role)) }

  @Test func everyMethodOfTheProtoHasARowAndNoOther() throws {
    let protos = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../api/proto")
    // All that are our own, those that are still to come too.
    let files = try FileManager.default.contentsOfDirectory(atPath: protos.path).filter { $0.hasSuffix(".proto") }
    let text = try files.map { try String(contentsOf: protos.appending(path: $0), encoding: .utf8) }.joined(separator: "\n")
    let methods = text.split(separator: "\n").compactMap { line -> String? in
      let words = line.split(whereSeparator: { " (".contains($0) })
      return words.first == "rpc" && words.count > 1 ? String(words[1]) : nil
    }
    #expect(methods.count > 30)
    #expect(Set(methods) == Set(AccessTable.rows.keys))
  }

  @Test(arguments: AccessTable.rows.keys.sorted()) func tableHoldsForEveryRole(_ method: String) async throws {
    let row = try #require(AccessTable.rows[method])
    for role in NodeIdentity.Role.allCases {
      let direct = try await caller(role)
      let manager = try fixture.identity(.manager, "m1")
      for caller in [direct, .forwarded(try fixture.identity(role), by: manager)] {
        if let scope = row.scope(for: role) {
          #expect(try AccessTable.check(method, by: caller, now: Fixture.now) == scope)
        } else {
          let error = #expect(throws: WarrenError.self) { try AccessTable.check(method, by: caller, now: Fixture.now) }
          #expect(error?.code == .permissionDenied)
          #expect(error?.message.contains("n1") == true && error?.message.contains("has the role \(role.rawValue)") == true)
          for allowed in NodeIdentity.Role.allCases where row.scope(for: allowed) != nil {
            #expect(error?.message.contains(allowed.rawValue) == true)
          }
        }
      }
    }
  }

  @Test func strangersMayOnlyJoin() {
    for method in AccessTable.rows.keys {
      if method == "JoinCluster" {
        #expect(throws: Never.self) { try AccessTable.check(method, by: .stranger, now: Fixture.now) }
      } else {
        let error = #expect(throws: WarrenError.self) { try AccessTable.check(method, by: .stranger, now: Fixture.now) }
        #expect(error?.code == .unauthenticated)
      }
    }
  }

  @Test func rootIsAnAdministrator() {
    for (method, row) in AccessTable.rows {
      #expect((try? AccessTable.check(method, by: .local, now: Fixture.now)) == row.admin)
    }
  }

  @Test func workersChangeNothingButTheirOwn() throws {
    for (method, row) in AccessTable.rows where method != "GetClusterInfo" { #expect(row.worker != .everything, "\(method)") }
    for method in ["CreateService", "DeleteService", "Exec", "GetSecretByName", "GenerateJoinToken", "ChangeNodeRole", "ListNodes", "ServiceLogs"] {
      #expect(AccessTable.rows[method]?.worker == nil)
    }
    for method in ["RemoveNode", "UpdateNode"] { #expect(AccessTable.rows[method]?.worker == .own) }
  }

  @Test func expiredCertificateOnlyRenews() async throws {
    let peer = try await fixture.verified(.worker, issued: Fixture.now + Fixture.day * -100, grace: RenewalSchedule.grace)
    for method in AccessTable.rows.keys where method != "RequestCertificate" {
      #expect(throws: WarrenError.self) { try AccessTable.check(method, by: .peer(peer), now: Fixture.now) }
    }
    #expect(try AccessTable.check("RequestCertificate", by: .peer(peer), now: Fixture.now) == .own)
  }

  @Test func unknownMethodsAreNobodys() async throws {
    for caller in [.local, .stranger, try await caller(.admin)] as [Caller] {
      #expect(throws: WarrenError.self) { try AccessTable.check("NoSuchMethod", by: caller, now: Fixture.now) }
    }
  }

  @Test func onlyManagersCallForOthers() async throws {
    let (manager, worker, admin) = (try await fixture.verified(.manager), try await fixture.verified(.worker), try await fixture.verified(.admin))
    let uri = try fixture.identity(.admin, "ops").uri
    #expect(try Caller(peer: manager, forwarded: [uri]) == .forwarded(fixture.identity(.admin, "ops"), by: manager.identity))
    #expect(try Caller(peer: manager, forwarded: []) == .peer(manager))
    #expect(try Caller(peer: nil, forwarded: []) == .stranger)
    for peer in [worker, admin, nil] as [VerifiedCertificate?] {
      let error = #expect(throws: WarrenError.self) { try Caller(peer: peer, forwarded: [uri]) }
      #expect(error?.code == .permissionDenied)
    }
    for values in [[uri, uri], ["root"], ["spiffe://c2/admin/ops"]] {
      #expect(throws: WarrenError.self) { try Caller(peer: manager, forwarded: values) }
    }
    let expired = try await fixture.verified(.manager, issued: Fixture.now + Fixture.day * -100, grace: RenewalSchedule.grace)
    #expect(throws: WarrenError.self) { try Caller(peer: expired, forwarded: [uri]) }
  }
}
