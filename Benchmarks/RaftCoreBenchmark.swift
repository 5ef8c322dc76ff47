import ArgumentParser
import Raft

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Commits of the Raft core alone in a second of processor time, so that a busy machine measures the same.
struct RaftCoreBenchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "raft-core", abstract: "Commits in a second of processor time of the Raft core: three members, one thread, logs in memory.")

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
      let start = clock()
      while cluster.applied < commands { try commit(&cluster, entries) }
      return Double(cluster.applied) * Double(CLOCKS_PER_SEC) / Double(clock() - start)
    }
  }
}
