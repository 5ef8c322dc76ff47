import ClusterModel
import GRPCCore
import SwiftProtobuf
import Testing
import WarrenAPI

@testable import Manager

@Suite(.timeLimit(.minutes(10))) struct ServiceCallTests {
  @Test func createGetListScaleUpdateDelete() async throws {
    try await APIFixture.run { fixture in
      let client = fixture.client
      let made = try await client.createService(APIFixture.spec("web", replicas: 2))
      #expect(made.spec.name == "web")
      #expect(made.meta.version > 0)
      #expect(made == fixture.store.view.service(named: "web"))

      try await fixture.addTask("t1", of: made)
      try await fixture.addTask("t2", of: made, slot: 2, state: .waiting)
      for name in ["web", "WEB", made.id.rawValue] {
        let answer = try await client.call { try await $0.getService(.with { $0.id = name }) }
        #expect(answer.service.id == made.id.rawValue)
        #expect((answer.tally.running, answer.tally.desired) == (1, 2))
        #expect(answer.service.tally == answer.tally)
      }

      let scaled = try await client.scaleService("web", to: 5)
      #expect((scaled.previousReplicas, scaled.service.spec.mode) == (2, .replicated(replicas: 5)))
      #expect(scaled.service.revision == 1)

      var spec = scaled.service.spec
      spec.task.container.image = "nginx:2"
      let updated = try await client.updateService("web", to: spec, version: scaled.service.meta.version)
      #expect(updated.revision == 2)
      spec.labels["a"] = "b"
      #expect(try await client.updateService(made.id.rawValue, to: spec).revision == 2)

      let list = try await client.call { try await $0.listServices(.init()) }
      #expect(list.services.map(\.spec.name) == ["web"])
      #expect(list.tallies[made.id.rawValue]?.desired == 5)
      #expect(list.services.allSatisfy { $0.hasTally && $0.tally == list.tallies[$0.id] })

      #expect(try await client.deleteService("Web") == made.id)
      #expect(fixture.store.view.service(made.id)?.deleting == true)
      #expect(try await client.deleteService("web") == made.id)
    }
  }

  @Test func aRolloutIsPausedResumedAndRolledBackOnce() async throws {
    try await APIFixture.run { fixture in
      let client = fixture.client
      let made = try await client.createService(APIFixture.spec("web"))
      @Sendable func change(_ action: Warren_V1_ChangeRolloutRequest.OneOf_Action?, _ id: String = RequestRecord.ID.random().rawValue) async throws
        -> Warren_V1_Service
      {
        try await client.call {
          try await $0.changeRollout(
            .with {
              $0.id = "web"
              $0.action = action
              $0.requestID = id
            })
        }.service
      }
      #expect(await failure { _ = try await change(nil) }?.code == .invalidArgument)
      #expect(await failure { _ = try await change(.rollBackTo(0)) }?.code == .failedPrecondition)
      #expect(await failure { _ = try await change(.pause(true)) }?.code == .failedPrecondition)

      var spec = made.spec
      spec.task.container.image = "nginx:2"
      _ = try await client.updateService("web", to: spec)
      let paused = try await change(.pause(true))
      #expect(paused.rollout.state == .paused && paused.rollout.message == "paused by hand")
      #expect(try await change(.resume(true)).rollout.state == .running)
      let back = try await change(.rollBackTo(0), "once")
      #expect(back.revision == 1 && back.rollout.kind == .rollback && back.spec.task.container.image == made.spec.task.container.image)
      // Its answer was lost, and it is asked again: it is not rolled back twice.
      #expect(try await change(.rollBackTo(0), "once").revision == 1)
      #expect(await failure { _ = try await change(.rollBackTo(9)) }?.code == .notFound)

      let list = try await client.call { try await $0.listServices(.init()) }
      #expect(list.services.allSatisfy { $0.revisions.isEmpty } && back.revisions.map(\.number) == [2])
      // The template alone does not do it.
      let forced = try await client.call { stub in
        try await stub.updateService(
          .with {
            $0.id = "web"
            $0.spec = back.spec
            $0.force = true
          })
      }
      #expect(forced.service.revision == 3)
    }
  }

  @Test func badInputIsRefusedPreciselyAndChangesNothing() async throws {
    try await APIFixture.run { fixture in
      let client = fixture.client
      let web = try await client.createService(APIFixture.spec("web"))
      var global = APIFixture.spec("everywhere")
      global.mode = .global
      _ = try await client.createService(global)
      let before = fixture.log.count

      func refuses(_ code: WarrenError.Code, _ part: String, _ call: @Sendable (WarrenClient.Stub) async throws -> Void) async {
        let refusal = await failure { try await client.call(call) }
        #expect(refusal?.code == code, "\(part): \(refusal?.message ?? "accepted")")
        #expect(refusal?.message.contains(part) == true, "\(refusal?.message ?? "accepted")")
      }
      func refusesSpec(_ part: String, _ change: @Sendable (inout Warren_V1_ServiceSpec) -> Void) async {
        var spec = APIFixture.spec("new").wire
        change(&spec)
        await refuses(.invalidArgument, part) { [spec] in _ = try await $0.createService(.with { $0.spec = spec }) }
      }
      await refusesSpec("service name \"a_b\"") { $0.name = "a_b" }
      await refusesSpec("no mode") { $0.mode = nil }
      await refusesSpec("is too many") { $0.replicated.replicas = 1_000_000 }
      await refusesSpec("NGINX") { $0.task.container.image = "NGINX:x" }
      await refusesSpec("image is missing") { $0.task.container.image = "" }
      await refusesSpec("4MiB") { $0.task.limits.memoryBytes = 1 << 20 }
      await refusesSpec("published port 70000") { $0.task.ports = [.with { $0.hostPort = 70000 }] }
      await refusesSpec("NOEQUALS") { $0.task.container.env = ["NOEQUALS"] }
      await refusesSpec("TaskSpec.network has the value 9") { $0.task.network = .UNRECOGNIZED(9) }
      await refuses(.alreadyExists, "service web exists already") {
        _ = try await $0.createService(.with { $0.spec = APIFixture.spec("WEB").wire })
      }
      await refuses(.invalidArgument, "request id has 200") {
        _ = try await $0.createService(
          .with {
            $0.spec = APIFixture.spec("new").wire
            $0.requestID = String(repeating: "x", count: 200)
          })
      }
      await refuses(.notFound, "service \"nope\" does not exist") { _ = try await $0.getService(.with { $0.id = "nope" }) }
      await refuses(.invalidArgument, "no service is named") { _ = try await $0.deleteService(.init()) }
      await refuses(.invalidArgument, "nothing to change") { _ = try await $0.updateService(.with { $0.id = "web" }) }
      await refuses(.invalidArgument, "both replicas and a spec") {
        _ = try await $0.updateService(
          .with {
            $0.id = "web"
            $0.replicas = 1
            $0.spec = web.spec.wire
          })
      }
      await refuses(.failedPrecondition, "it is global") {
        _ = try await $0.updateService(
          .with {
            $0.id = "everywhere"
            $0.replicas = 1
          })
      }
      await refuses(.invalidArgument, "mode of service web cannot be changed") {
        _ = try await $0.updateService(
          .with {
            $0.id = "web"
            $0.spec = web.spec.wire
            $0.spec.global = .init()
          })
      }
      await refuses(.invalidArgument, "cannot be renamed to other") {
        _ = try await $0.updateService(
          .with {
            $0.id = "web"
            $0.spec = web.spec.wire
            $0.spec.name = "other"
          })
      }
      await refuses(.conflict, "not \(web.meta.version + 100)") {
        _ = try await $0.updateService(
          .with {
            $0.id = "web"
            $0.version = web.meta.version + 100
            $0.replicas = 3
          })
      }
      await refuses(.invalidArgument, "page token") { _ = try await $0.listServices(.with { $0.page.token = "?" }) }
      #expect(fixture.log.count == before)

      _ = try await client.deleteService("web")
      await refuses(.failedPrecondition, "is being deleted") {
        _ = try await $0.updateService(
          .with {
            $0.id = "web"
            $0.replicas = 3
          })
      }
      await refuses(.alreadyExists, "is being deleted") { _ = try await $0.createService(.with { $0.spec = APIFixture.spec("web").wire }) }
    }
  }

  @Test func aRetriedRequestIsAnsweredAndNotDoneAgain() async throws {
    try await APIFixture.run { fixture in
      let stub = fixture.client.stub
      let create = Warren_V1_CreateServiceRequest.with {
        $0.spec = APIFixture.spec("web").wire
        $0.requestID = "once"
      }
      let first = try await stub.createService(create).service
      let second = try await stub.createService(create).service
      #expect(first == second)
      #expect(fixture.store.view.services.count == 1)

      let scale = Warren_V1_UpdateServiceRequest.with {
        $0.id = "web"
        $0.replicas = 3
        $0.requestID = "scale"
      }
      _ = try await stub.updateService(scale)
      _ = try await fixture.client.scaleService("web", to: 7)
      // The late retry must not undo what came after it.
      let late = try await stub.updateService(scale)
      #expect(late.service.spec.replicated.replicas == 7)
      #expect(late.previousReplicas == 1, "as the first answer said")

      let delete = Warren_V1_DeleteServiceRequest.with {
        $0.id = "web"
        $0.requestID = "gone"
      }
      let id = try await stub.deleteService(delete).id
      try await fixture.store.update { transaction in
        if let service = transaction.view.service(ServiceID(id)) { try transaction.remove(service) }
      }
      #expect(try await stub.deleteService(delete).id == id)
      // Both were executed: that there is no such service would say that they were not.
      for late in [
        await #expect(throws: WarrenError.self) { try await fixture.client.call { _ = try await $0.createService(create) } },
        await #expect(throws: WarrenError.self) { try await fixture.client.call { _ = try await $0.updateService(scale) } },
      ] {
        #expect(late?.code == .notFound && late?.reason == .deletedSince && late?.message.contains("was executed before that") == true)
      }
      let clash = await failure {
        try await fixture.client.call {
          _ = try await $0.deleteService(
            .with {
              $0.id = "x"; $0.requestID = "once"
            })
        }
      }
      #expect(clash?.message.contains("CreateService call used it") == true)
    }
  }

  @Test func manyCallersOfOneRequestMakeOneService() async throws {
    try await APIFixture.run { fixture in
      let create = Warren_V1_CreateServiceRequest.with {
        $0.spec = APIFixture.spec("web").wire
        $0.requestID = "once"
      }
      let ids = try await withThrowingTaskGroup(of: String.self) { group in
        for _ in 0..<20 { group.addTask { try await fixture.client.stub.createService(create).service.id } }
        return try await group.reduce(into: Set<String>()) { $0.insert($1) }
      }
      #expect(ids.count == 1)
    }
  }

  @Test func ofManyCallersWithOneNameOneMakesTheService() async throws {
    try await APIFixture.run { fixture in
      let refusals = await withTaskGroup(of: WarrenError.Code?.self) { group in
        for name in (0..<10).flatMap({ _ in ["web", "WEB"] }) {
          group.addTask { await failure { _ = try await fixture.client.createService(APIFixture.spec(name)) }?.code }
        }
        return await group.reduce(into: []) { $0.append($1) }
      }
      #expect(refusals.count { $0 == nil } == 1)
      #expect(refusals.count { $0 == .alreadyExists } == 19)
      #expect(fixture.store.view.services.count == 1)
    }
  }

  @Test func aRetryIsKnownAfterARestart() async throws {
    let scratch = ScratchStore()
    var ids: Set<String> = []
    for _ in 1...2 {
      let (store, log) = try await scratch.open()
      let response = try await APIFixture.withServer(store, log) { client in
        try await client.stub.createService(
          .with {
            $0.spec = APIFixture.spec("web").wire
            $0.requestID = "once"
          })
      }
      ids.insert(response.service.id)
      try await log.close()
    }
    #expect(ids.count == 1)
  }

  @Test func pagesHoldEachServiceOnceWhileOthersComeAndGo() async throws {
    try await APIFixture.run { fixture in
      let client = fixture.client
      var kept: Set<String> = []
      for number in 0..<25 { kept.insert(try await client.createService(APIFixture.spec("s\(number)")).id.rawValue) }
      var request = Warren_V1_ListServicesRequest.with { $0.page.size = 10 }
      var seen: [String] = []
      var pages = 0
      repeat {
        let page = try await client.call { [request] in try await $0.listServices(request) }
        seen += page.services.map(\.id)
        pages += 1
        #expect(page.services.count <= 10)
        request.page.token = page.nextPageToken
        _ = try await client.createService(APIFixture.spec("new\(pages)"))
      } while !request.page.token.isEmpty
      #expect(Set(seen).count == seen.count)
      #expect(kept.isSubset(of: seen))
      #expect(seen == seen.sorted())
    }
  }
}
