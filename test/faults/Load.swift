import ArgumentParser
import FoundationEssentials
import RaftSimulator
import SimulationEngine
import WarrenAPI

/// Clients for as long as faults happen; then waits until everything is as it should be, and reads everything from every manager.
struct Load: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Call managers while faults happen, and write down what was asked and answered.")

  @Option(help: "Decides what is asked.") var seed: UInt64
  @Option(help: "A file that appears when the last fault is over.") var until: String
  @Option(help: "The directory with the managers' sockets, NAME.sock.") var sockets: String
  @Option(help: "Names of the managers.") var managers = FaultPlan.Machines().managers
  @Option(help: "How many clients add marks; one more scales services that run containers.") var clients = 6
  @Option(help: "Seconds within which everything is as it should be after the last fault.") var bound = 60
  @Option(help: "File for the history.") var out: String

  func run() async throws {
    let recorder = Recorder(prefix: "f\(seed % 100_000)")
    try await connected(managers[...], []) { await load($0, recorder) }
    let data = try JSONEncoder().encode(recorder.history)
    try data.write(to: URL(filePath: out))
    let history = recorder.history
    let answered = history.calls.count { $0.returned != nil }
    print("\(history.calls.count) calls, \(answered) answered, \(history.settledAfter.map { "settled after \($0) ms" } ?? "not settled")")
  }

  private func connected(_ names: ArraySlice<String>, _ made: [Manager], _ body: ([Manager]) async -> Void) async throws {
    guard let name = names.first else { return await body(made) }
    try await WarrenClient.connected(to: "\(sockets)/\(name).sock") { client in
      try await connected(names.dropFirst(), made + [Manager(name: name, client: client)], body)
    }
  }

  private func load(_ managers: [Manager], _ recorder: Recorder) async {
    var random = SimulationRandom(seed: seed)
    await withTaskGroup(of: Void.self) { group in
      for number in 0...clients {
        let home = number % managers.count
        var client = LoadClient(
          number: number, managers: Array(managers[home...] + managers[..<home]), recorder: recorder, scales: number == clients,
          random: random.fork())
        group.addTask { await client.run(until: until) }
      }
    }
    let settling = Settling(managers: managers)
    let outcome = await settling.wait(for: .seconds(bound))
    recorder.change {
      $0.settledAfter = outcome.milliseconds
      $0.missing = outcome.missing
      $0.placements = outcome.placements
    }
    for manager in managers {
      let names = await LoadClient.list(manager, recorder.all, by: -1, recorder)
      recorder.change { $0.services[manager.name] = names }
    }
  }
}
