import ArgumentParser
import ClusterModel
import Glibc
import Logging
import Manager
import RaftStorage

/// For crash tests: writes without end and prints the name of each service once it is acknowledged. Opens the log that is there, or makes one.
struct StoreWriter: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "store-writer", abstract: "Write services and print each acknowledged one.", shouldDisplay: false)

  @Option var dataDir: String
  @Option(help: "Starts the names.") var prefix: String
  @Option var writers = 4
  @Option(help: "Take a snapshot after this many entries.") var snapshotEvery = 200

  func run() async throws {
    let logger = Logger(label: "store-writer") { _ in SwiftLogNoOpLogHandler() }
    let storage =
      LogDatabase.exists(dataDirectory: dataDir)
      ? try LogDatabase.open(dataDirectory: dataDir, logger: logger)
      : try LogDatabase.create(dataDirectory: dataDir, identity: LogIdentity(clusterID: "c", nodeID: "n"), logger: logger)
    let store = ClusterStore { .epoch }
    var limits = RaftMember.Limits()
    limits.entriesPerSnapshot = snapshotEvery
    let log = try await RaftMember.start(storage: storage, stateMachine: store, limits: limits, logger: logger)
    store.attach(to: log)
    try await withThrowingTaskGroup { group in
      for writer in 0..<writers {
        group.addTask {
          for number in 0... {
            let name = "\(prefix)-\(writer)-\(number)"
            try await store.update {
              try $0.put(ClusterService(id: .random(), spec: ServiceSpec(name: name, task: TaskSpec(container: ContainerSpec(image: "i")))))
            }
            // Every byte is out before the next write begins.
            let line = Array("\(name)\n".utf8)
            guard Glibc.write(1, line, line.count) == line.count else { return }
          }
        }
      }
      try await group.waitForAll()
    }
  }
}
