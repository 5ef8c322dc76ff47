import ArgumentParser

struct OutputOptions: ParsableArguments {
  @Option(name: .shortAndLong, help: "How to print: table, json or yaml.")
  var output = OutputFormat.table

  @Flag(name: .shortAndLong, help: "Print ids only.")
  var quiet = false
}
