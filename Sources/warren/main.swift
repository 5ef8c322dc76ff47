import WarrenCommands

await WarrenMain.run(Array(CommandLine.arguments.dropFirst()))
