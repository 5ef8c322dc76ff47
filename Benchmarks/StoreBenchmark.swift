import ArgumentParser
import ClusterModel
import FoundationEssentials
import Glibc
import Logging
import Manager
import RaftStorage

/// Durable transactions a second, beside bare appends of the same size, each synced.
struct StoreBenchmark: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "store", abstract: "Store transactions a second, by number of writers.")

  @Option(help: "Where to write; the disk to be measured.") var directory = "/var/tmp"
  @Option(help: "How long each measurement takes, in seconds.") var seconds = 3.0
  @Option(help: "Numbers of concurrent writers.") var writers = [1, 16, 64]
  @Option(help: "Services in the store before measuring.") var services = 1000

  func run() async throws {
    let path = "\(directory)/warren-bench-\(getpid())"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let logger = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
    let storage = try LogDatabase.create(dataDirectory: path, identity: LogIdentity(clusterID: .random(), nodeID: .random()), logger: logger)
    let store = ClusterStore { Timestamp(nanosecondsSinceEpoch: Int64(Date().timeIntervalSince1970 * 1e9)) }
    let log = try await RaftMember.start(storage: storage, stateMachine: store, logger: logger)
    store.attach(to: log)
    for number in 0..<services { try await store.update { try $0.put(Self.service("before-\(number)")) } }

    print("writers  transactions/s    p50 µs    p99 µs    cpu µs    synced appends/s  ratio")
    for count in writers {
      let limit = try SyncedAppends.perSecond(in: path, for: .seconds(seconds / 2))
      let before = ProcessorTime.ofThisProcess()
      let (rate, latencies) = try await transactions(store, writers: count)
      let processorTime = (ProcessorTime.ofThisProcess() - before) / Double(latencies.count)
      let columns = [
        "\(count)".leftPadded(7), "\(Int(rate))".leftPadded(16), "\(latencies[latencies.count / 2])".leftPadded(10),
        "\(latencies[latencies.count * 99 / 100])".leftPadded(10), "\(Int(processorTime))".leftPadded(10),
        "\(Int(limit))".leftPadded(20), "\((rate / limit * 100).rounded() / 100)".leftPadded(7),
      ]
      print(columns.joined())
    }
    try await log.close()
  }

  /// Each writer stores one new service after the other, as `service create --replicas 0` does.
  private func transactions(_ store: ClusterStore, writers: Int) async throws -> (rate: Double, latencies: [Int]) {
    let clock = ContinuousClock()
    let start = clock.now
    let end = start + .seconds(seconds)
    let latencies = try await withThrowingTaskGroup(of: [Int].self) { group in
      for writer in 0..<writers {
        group.addTask {
          var latencies: [Int] = []
          while clock.now < end {
            let begin = clock.now
            try await store.update { try $0.put(Self.service("w\(writers)-\(writer)-\(latencies.count)")) }
            latencies.append(Int((clock.now - begin).nanoseconds / 1000))
          }
          return latencies
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    return (Double(latencies.count) / Double((clock.now - start).nanoseconds) * 1e9, latencies.sorted())
  }

  private static func service(_ name: String) -> ClusterService {
    ClusterService(id: .random(), spec: ServiceSpec(name: name, task: TaskSpec(container: ContainerSpec(image: "docker.io/library/nginx:latest"))))
  }
}
