import ArgumentParser

struct WaitOptions: ParsableArguments {
  @Flag(name: .shortAndLong, help: "Return at once instead of waiting until it is so.")
  var detach = false
}
