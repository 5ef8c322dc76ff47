import ArgumentParser
import Raft

/// Commits a second of the Raft core alone.
struct RaftCoreBenchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "raft-core", abstract: "Commits a second of the Raft core: three members, one thread, logs in memory.")

  @Option(help: "Bytes of a command.") var bytes = 200
  @Option(help: "How many commands each measurement commits.") var commands = 200_000
  @Option(help: "How many commands are proposed before anything else happens.") var batches = [1, 16, 64]

  func run() throws {
    print("batch    commits/s one by one    commits/s together")
    let command = [UInt8](repeating: 7, count: bytes)
    for batch in batches {
      let alone = try rate(batch) { cluster, commands in try cluster.commit(commands) }
      let together = try rate(batch) { cluster, commands in try cluster.commit(together: commands) }
      print("\(batch)".leftPadded(5), "\(Int(alone))".leftPadded(23), "\(Int(together))".leftPadded(21))
    }

    func rate(_ batch: Int, _ commit: (inout RaftCoreCluster, [[UInt8]]) throws -> Void) throws -> Double {
      var cluster = try RaftCoreCluster()
      let entries = Array(repeating: command, count: batch)
      let clock = ContinuousClock()
      let start = clock.now
      while cluster.applied < commands { try commit(&cluster, entries) }
      let elapsed = start.duration(to: clock.now) / .seconds(1)
      return Double(cluster.applied) / elapsed
    }
  }
}
