import Containerd
import Glibc
import WarrenCommands

// Before anything else: one such process runs for each container and must stay small.
if let code = LogDriver.run(CommandLine.arguments) { exit(code) }
await WarrenMain.run(Array(CommandLine.arguments.dropFirst()))
