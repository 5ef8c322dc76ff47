import Glibc
import RolloutSimulator
import SimulationEngine

@main struct RolloutSim {
  static func main() async {
    exit(await SimulationProgram<RolloutSimulation>("rollout-sim", replay: "make rollouts").run(CommandLine.arguments.dropFirst()))
  }
}

extension RolloutSimulation: SimulatedRun {
  package static var figureName: String { "steps judged" }
  package var figure: Int { transactions }
  package var isUndecided: Bool { false }
}

extension Violation: SimulatedViolation {}
