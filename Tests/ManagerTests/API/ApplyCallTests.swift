import ClusterModel
import GRPCCore
import Testing
import WarrenAPI

@testable import Manager

@Suite(.timeLimit(.minutes(10))) struct ApplyCallTests {
  private static func request(_ changes: [(ServiceSpec, UInt64)], id: String = "", dryRun: Bool = false) -> Warren_V1_ApplyServicesRequest {
    .with {
      $0.changes = changes.map { spec, version in
        .with {
          $0.spec = spec.wire
          $0.version = version
        }
      }
      $0.requestID = id
      $0.dryRun = dryRun
    }
  }

  private static func apply(_ client: WarrenClient, _ changes: [(ServiceSpec, UInt64)]) async throws -> [ClusterService] {
    try await client.call { try await $0.applyServices(request(changes)) }.services.map { try ClusterService(wire: $0) }
  }

  @Test func severalAreOneTransaction() async throws {
    try await APIFixture.run { fixture in
      let before = fixture.log.count
      let made = try await Self.apply(fixture.client, [(APIFixture.spec("web", replicas: 2), 0), (APIFixture.spec("db"), 0)])
      #expect(made.map(\.spec.name) == ["web", "db"] && fixture.log.count == before + 1)
      #expect(Set(made.map(\.meta.version)).count == 1)

      var web = made[0].spec
      web.task.container.image = "nginx:2"
      let changed = try await Self.apply(
        fixture.client, [(web, made[0].meta.version), (made[1].spec, made[1].meta.version), (APIFixture.spec("cache"), 0)])
      #expect(changed.map(\.revision) == [2, 1, 1] && changed[0].rollout?.state == .running)
      #expect(changed[1].meta.version == made[1].meta.version, "what is so already is not written")
      #expect(fixture.log.count == before + 2)
      let same = try await Self.apply(fixture.client, changed.map { ($0.spec, $0.meta.version) })
      #expect(same.map(\.meta.version) == changed.map(\.meta.version))
    }
  }

  @Test func allOrNothing() async throws {
    try await APIFixture.run { fixture in
      let client = fixture.client
      let web = try await client.createService(APIFixture.spec("web"))
      var global = APIFixture.spec("agent")
      global.mode = .global
      let agent = try await client.createService(global)
      let before = (fixture.log.count, fixture.store.view)
      func refuses(_ code: WarrenError.Code, _ part: String, _ changes: [(ServiceSpec, UInt64)]) async {
        let refusal = await failure { _ = try await Self.apply(client, changes) }
        #expect(refusal?.code == code && refusal?.message.contains(part) == true, "\(part): \(refusal?.message ?? "accepted")")
      }
      let new = (APIFixture.spec("new"), UInt64(0))
      var bad = APIFixture.spec("bad")
      bad.task.container.image = ""
      var moded = agent.spec
      moded.mode = .replicated(replicas: 1)
      var ring = APIFixture.spec("ring")
      ring.startsAfter = ["ring2"]
      var ring2 = APIFixture.spec("ring2")
      ring2.startsAfter = ["RING"]
      var itself = APIFixture.spec("self")
      itself.startsAfter = ["Self"]
      await refuses(.invalidArgument, "no service is given", [])
      await refuses(.invalidArgument, "service \"bad\": the image is missing", [new, (bad, 0)])
      await refuses(.invalidArgument, "service NEW is given twice", [new, (APIFixture.spec("NEW"), 0)])
      await refuses(.conflict, "service web was created by someone else", [new, (web.spec, 0)])
      await refuses(.conflict, "not \(web.meta.version + 1)", [new, (web.spec, web.meta.version + 1)])
      await refuses(.conflict, "service gone was deleted", [new, (APIFixture.spec("gone"), 7)])
      await refuses(.invalidArgument, "mode of service agent cannot be changed", [new, (moded, agent.meta.version)])
      await refuses(.invalidArgument, "each would wait for the next", [new, (ring, 0), (ring2, 0)])
      await refuses(.invalidArgument, "cannot wait for itself", [new, (itself, 0)])
      await refuses(.invalidArgument, "are too many", (0...ServiceSet.most).map { (APIFixture.spec("s\($0)"), 0) })
      #expect(fixture.log.count == before.0 && fixture.store.view == before.1)

      _ = try await client.deleteService("web")
      await refuses(.alreadyExists, "it is being deleted", [new, (web.spec, 0)])
      await refuses(.failedPrecondition, "is being deleted", [new, (web.spec, fixture.store.view.service(named: "web")?.meta.version ?? 0)])
      #expect(fixture.store.view.service(named: "new") == nil)
    }
  }

  @Test func ringsAreRefusedByAllCalls() async throws {
    try await APIFixture.run { fixture in
      var web = APIFixture.spec("web")
      web.startsAfter = ["db"]
      _ = try await fixture.client.createService(web)
      var db = APIFixture.spec("db")
      let plain = db
      db.startsAfter = ["web"]
      let ring = db
      let created = await failure { _ = try await fixture.client.createService(ring) }
      #expect(created?.message.contains("db after web after db") == true)
      _ = try await fixture.client.createService(plain)
      let updated = await failure { _ = try await fixture.client.updateService("db", to: ring) }
      #expect(updated?.code == .invalidArgument && updated?.message.contains("db after web after db") == true)
    }
  }

  @Test func aRetriedRequestIsAnsweredAndNotDoneAgain() async throws {
    try await APIFixture.run { fixture in
      let request = Self.request([(APIFixture.spec("web"), 0), (APIFixture.spec("db"), 0)], id: "once")
      let stub = fixture.client.stub
      let first = try await stub.applyServices(request).services
      let second = try await stub.applyServices(request).services
      #expect(first == second && fixture.store.view.services.count == 2)
      _ = try await fixture.client.scaleService("web", to: 7)
      #expect(try await stub.applyServices(request).services[0].spec.replicated.replicas == 7, "what came after it stays")
    }
  }

  @Test func aDryRunSaysWhatWouldBe() async throws {
    try await APIFixture.run { fixture in
      let web = try await fixture.client.createService(APIFixture.spec("web"))
      let before = (fixture.log.count, fixture.store.view)
      var changed = web.spec
      changed.task.container.image = "nginx:2"
      let request = Self.request([(changed, web.meta.version), (APIFixture.spec("db"), 0)], id: "dry", dryRun: true)
      let services = try await fixture.client.stub.applyServices(request).services
      #expect(services.map(\.revision) == [2, 1] && services.map(\.spec.name) == ["web", "db"])
      #expect(fixture.log.count == before.0 && fixture.store.view == before.1)
      let stale = Self.request([(changed, web.meta.version + 1)], dryRun: true)
      #expect(await failure { try await fixture.client.call { _ = try await $0.applyServices(stale) } }?.code == .conflict)
    }
  }

  @Test func itIsSaidWhatAServiceWaitsFor() async throws {
    try await APIFixture.run { fixture in
      let db = try await fixture.client.createService(APIFixture.spec("db"))
      var web = APIFixture.spec("web")
      web.startsAfter = ["db"]
      _ = try await fixture.client.createService(web)
      func waits() async throws -> [String] { try await fixture.client.call { try await $0.getService(.with { $0.id = "web" }) }.service.waitingFor }
      #expect(try await waits() == ["db"])
      #expect(fixture.store.view.service(named: "web")?.wire.waitingFor == [], "it is not stored")
      try await fixture.addTask("t1", of: db)
      #expect(try await waits().isEmpty)
    }
  }
}
