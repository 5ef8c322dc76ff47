import ClusterModel
import Glibc
import RaftSimulator
import SimulationEngine
import WarrenAPI

/// One caller: creates services, adds marks to them or scales them, reads them and deletes them, one call after the other. Its home manager
/// is asked first; when that gives no answer, often another one is asked the same with the same request id.
struct LoadClient: Sendable {
  let number: Int
  /// Its home first.
  let managers: [Manager]
  let recorder: Recorder
  /// Whether its services run containers.
  let scales: Bool
  var random: SimulationRandom
  private var own: String?

  init(number: Int, managers: [Manager], recorder: Recorder, scales: Bool, random: SimulationRandom) {
    self.number = number
    self.managers = managers
    self.recorder = recorder
    self.scales = scales
    self.random = random
  }

  /// - Parameter file: it goes on until this one appears.
  mutating func run(until file: String) async {
    while access(file, F_OK) != 0 {
      await act()
      // People's pace, not a wait: it decides how many calls overlap.
      try? await Task.sleep(for: .milliseconds(scales ? random.int(in: 300...1500) : random.int(in: 20...150)))
    }
  }

  private mutating func act() async {
    guard let own else { return await create() }
    let dice = random.int(in: 0..<100)
    let register: History.Register = scales ? .replicas : .marks
    let others = recorder.current.filter { $0.register == register }.map(\.name)
    let any = random.chance(50) ? own : random.pick(others) ?? own
    switch dice {
    case ..<8:
      self.own = nil
      await delete(own)
    case ..<45: scales ? await scale(any, to: UInt32(random.int(in: 0...3))) : await addMark(to: any)
    case ..<90: _ = await read(any, register)
    default: await list()
    }
  }

  private mutating func create() async {
    let register: History.Register = scales ? .replicas : .marks
    let name = recorder.newService(register)
    let mark = recorder.newMark()
    let replicas = scales ? UInt32(random.int(in: 0...2)) : 0
    let request = Warren_V1_CreateServiceRequest.with {
      $0.spec.name = name
      $0.spec.labels = scales ? [:] : [Warren_V1_Service.marksLabel: "\(mark)"]
      $0.spec.replicated.replicas = replicas
      $0.spec.task.container.image = "web:demo"
      $0.spec.task.container.stopGrace = .with { $0.seconds = 1 }
      $0.spec.task.restart.delay = .with { $0.nanos = 100_000_000 }
      $0.requestID = newRequestID()
    }
    own = name
    await change(name, register, scales ? .set(UInt64(replicas) + 1) : .add(mark)) { client in
      _ = try await client.call { try await $0.createService(request, options: Manager.options) }
    }
  }

  private mutating func addMark(to service: String) async {
    guard let known = await read(service, .marks) else { return }
    let mark = recorder.newMark()
    var spec = known.spec
    spec.labels[Warren_V1_Service.marksLabel, default: ""] += ".\(mark)"
    // Refused when somebody else changed it since it was read: no mark is ever overwritten.
    let request = Warren_V1_UpdateServiceRequest.with {
      $0.id = service
      $0.version = known.meta.version
      $0.spec = spec
      $0.requestID = newRequestID()
    }
    await change(service, .marks, .add(mark)) { client in
      _ = try await client.call { try await $0.updateService(request, options: Manager.options) }
    }
  }

  private mutating func scale(_ service: String, to replicas: UInt32) async {
    let request = Warren_V1_UpdateServiceRequest.with {
      $0.id = service
      $0.replicas = replicas
      $0.requestID = newRequestID()
    }
    await change(service, .replicas, .set(UInt64(replicas) + 1)) { client in
      _ = try await client.call { try await $0.updateService(request, options: Manager.options) }
    }
  }

  private mutating func delete(_ service: String) async {
    recorder.retire(service)
    let request = Warren_V1_DeleteServiceRequest.with {
      $0.id = service
      $0.requestID = newRequestID()
    }
    await change(service, scales ? .replicas : .marks, .set(0)) { client in
      _ = try await client.call { try await $0.deleteService(request, options: Manager.options) }
    }
  }

  /// - Returns: the service, when it is there.
  private mutating func read(_ service: String, _ register: History.Register) async -> Warren_V1_Service? {
    let manager = random.pick(managers) ?? managers[0]
    let call = recorder.begin(client: number, service, register, .read)
    recorder.asks(call, manager.name)
    do {
      let found = try await manager.client.call { try await $0.getService(.with { $0.id = service }, options: Manager.options) }.service
      recorder.end(call, seen: found.value(register))
      return found.deleting ? nil : found
    } catch let error as WarrenError where error.code == .notFound {
      recorder.end(call, seen: [])
    } catch {
      lose(call, error)
    }
    return nil
  }

  /// One look at everything is a read of each service.
  private mutating func list() async {
    let manager = random.pick(managers) ?? managers[0]
    await Self.list(manager, recorder.current, by: number, recorder)
  }

  /// - Returns: whether there was an answer.
  @discardableResult
  static func list(
    _ manager: Manager, _ asked: [(name: String, register: History.Register)], by client: Int, _ recorder: Recorder
  ) async -> [String]? {
    let calls = asked.map { (recorder.begin(client: client, $0.name, $0.register, .read), $0) }
    for (call, _) in calls { recorder.asks(call, manager.name) }
    do {
      let services = try await manager.services()
      let byName = Dictionary(services.map { ($0.spec.name, $0) }) { one, _ in one }
      for (call, asked) in calls { recorder.end(call, seen: byName[asked.name]?.value(asked.register) ?? []) }
      return services.map(\.spec.name)
    } catch {
      for (call, _) in calls { recorder.lose(call, "\(error)") }
      return nil
    }
  }

  private mutating func change(
    _ service: String, _ register: History.Register, _ action: History.Action, _ body: (WarrenClient) async throws -> Void
  ) async {
    let call = recorder.begin(client: number, service, register, action)
    for (attempt, manager) in managers.enumerated() {
      recorder.asks(call, manager.name)
      do {
        try await body(manager.client)
        return recorder.end(call)
      } catch let error as WarrenError where error.reason == .deletedSince {
        return recorder.end(call)
      } catch let error as WarrenError where attempt > 0 && [.conflict, .notFound, .failedPrecondition].contains(error.code) {
        // The manager before may have made the change; somebody else has made another since, or deleted the service.
        return recorder.lose(call, "\(error)")
      } catch let error as WarrenError where error.code == .conflict {
        // It changed nothing, and says nothing of what is there.
        return recorder.end(call, as: .read)
      } catch let error as WarrenError where error.code == .notFound || error.code == .failedPrecondition {
        return recorder.end(call, as: .read, seen: [])
      } catch {
        if attempt == managers.count - 1 || random.chance(40) { return lose(call, error) }
      }
    }
  }

  private func lose(_ call: Int, _ error: any Error) {
    recorder.lose(call, "\(error)")
    let silence: [WarrenError.Code] = [.unavailable, .deadlineExceeded, .cancelled]
    if let error = error as? WarrenError, silence.contains(error.code) { return }
    recorder.note(unexpected: "client \(number): \(error)")
  }

  private mutating func newRequestID() -> String { Identifier<RequestRecord>.random(using: &random).rawValue }
}
