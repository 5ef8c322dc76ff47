import Glibc
import RaftSimulator
import SimulationEngine

@main struct RaftSim {
  static func main() async {
    exit(await SimulationProgram<Simulation>("raft-sim", replay: "make sim").run(CommandLine.arguments.dropFirst()))
  }
}

extension Simulation: SimulatedRun {
  package static var figureName: String { "client operations" }
  package var figure: Int { operations }
  package var isUndecided: Bool { undecided > 0 }
}

extension Violation: SimulatedViolation {}
