import ArgumentParser
import ClusterModel

/// How soon services run and answer, beside `ctr run -d` of the same image, in turns. Runs where the daemon and its containerd are.
struct ServiceBenchmark: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "service", abstract: "From 'service create' until it runs and until the first HTTP answer, beside 'ctr run -d'.")

  @Option(help: "The warren program.") var warren: String
  @Option(help: "containerd's socket.") var containerd: String
  @Option(help: "An image on the node, by its full name, whose server listens on port 80.") var image = "docker.io/library/web:demo"
  @Option(help: "How often each is measured; medians are printed.") var rounds = 10
  @Option(help: "Numbers of replicas.") var replicas = [1, 10]

  private static let published: UInt16 = 8088

  /// In microseconds.
  private struct Times {
    var returned: [Int] = []
    var answered: [Int] = []

    mutating func add(_ time: TimedCommand.Times) {
      returned.append(time.returned)
      if let answer = time.answered { answered.append(answer) }
    }
  }

  func run() async throws {
    var services = [Int: Times]()
    var (peer, serving) = (Times(), Times())
    for round in 0..<rounds {
      for count in replicas { services[count, default: Times()].add(try service(replicas: count)) }
      peer.add(try container("peer\(round)", [], port: nil))
      serving.add(try container("serving\(round)", ["--net-host"], port: 80))
    }
    let unit = Self.median(peer.returned)
    Self.show("ctr run -d", unit, of: unit)
    Self.show("ctr run -d --net-host, first answer", Self.median(serving.answered), of: unit)
    for count in replicas {
      let times = services[count] ?? Times()
      Self.show("service create, \(count) replica(s), all running", Self.median(times.returned), of: unit)
      Self.show("service create, \(count) replica(s), first answer", Self.median(times.answered), of: unit)
    }
  }

  /// The command returns once it has seen the tasks run for a moment.
  private func service(replicas: Int) throws -> TimedCommand.Times {
    let arguments = [
      "service", "create", "bench", "--image", image, "--replicas", "\(replicas)", "--publish", "\(Self.published):80", "--stop-timeout", "0s",
    ]
    let times = try TimedCommand.run(warren, arguments, port: Self.published)
    _ = try TimedCommand.run(warren, ["service", "delete", "bench"], port: nil)
    return times
  }

  private func container(_ name: String, _ options: [String], port: UInt16?) throws -> TimedCommand.Times {
    let times = try ctr(["run", "-d"] + options + [image, name], port: port)
    _ = try ctr(["task", "kill", "-s", "KILL", name], port: nil)
    // The kill is answered before the end is noticed.
    while (try? ctr(["task", "delete", name], port: nil)) == nil {}
    _ = try ctr(["container", "delete", name], port: nil)
    return times
  }

  private func ctr(_ arguments: [String], port: UInt16?) throws -> TimedCommand.Times {
    try TimedCommand.run("ctr", ["--address", containerd, "--namespace", "warren"] + arguments, port: port)
  }

  private static func median(_ times: [Int]) -> Int { times.isEmpty ? 0 : times.sorted()[(times.count - 1) / 2] }

  private static func show(_ what: String, _ micros: Int, of unit: Int) {
    let ratio = "\(Double((micros * 100 + unit / 2) / max(unit, 1)) / 100)"
    let name = what + String(repeating: " ", count: max(1, 46 - what.count))
    print(name + "\(micros / 1000).\(micros / 100 % 10) ms".leftPadded(10) + ratio.leftPadded(8))
  }
}
