import ArgumentParser

enum OutputFormat: String, CaseIterable, ExpressibleByArgument, Sendable {
  case table, json, yaml
}
