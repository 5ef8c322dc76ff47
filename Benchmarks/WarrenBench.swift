import ArgumentParser

/// Measures Warren beside what the machine itself can do, in the same run.
@main
struct WarrenBench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "warren-bench", abstract: "Measure Warren.",
    subcommands: [
      APIBenchmark.self, PlacementBenchmark.self, RaftCoreBenchmark.self, RaftFailover.self, RaftLoad.self, RaftMemberProcess.self,
      RaftTransportBenchmark.self,
      ServiceBenchmark.self, StoreBenchmark.self, StoreWriter.self, WriteGap.self,
    ])
}
