import ArgumentParser

/// The parts of the fault suite that `run.sh` puts together: what happens when, what is asked meanwhile, and whether all promises were kept.
@main
struct WarrenFaults: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "warren-faults", abstract: "Plan faults, call managers meanwhile, and judge what was seen.",
    subcommands: [Plan.self, Load.self, Judge.self])
}

/// The first line is the worker that is left alone; the others are steps.
struct Plan: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Print which faults happen when.")

  @Option(help: "Decides everything.") var seed: UInt64
  @Option var seconds: Int

  func run() async throws {
    let plan = FaultPlan(seed: seed, milliseconds: seconds * 1000)
    print(plan.sheltered)
    for step in plan.steps { print(step) }
  }
}
