import ArgumentParser
import ClusterModel
import ClusterSecurity
import SwiftProtobuf
import WarrenAPI

struct ContextList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the contexts of this user.", discussion: example("warren context list", "warren context list -o json"),
    aliases: ["ls"])

  @OptionGroup var format: OutputOptions

  func run() async throws {
    let directory = try ContextDirectory()
    var rows: [ContextRow] = []
    for name in directory.names {
      let isCurrent = name == directory.current
      do throws(WarrenError) { rows.append(ContextRow(name, isCurrent: isCurrent, try await directory.context(name))) } catch {
        rows.append(ContextRow(name, isCurrent: isCurrent, problem: error))
      }
    }
    Terminal.write(
      try Output.render(
        rows.map(\.payload), rows: rows, format: format.output, quiet: format.quiet, bold: Terminal.Stream.output.takesStyles))
  }
}

struct ContextRow: ListDisplayable {
  static let header = ["NAME", "IN USE", "CLUSTER", "MANAGERS", "EXPIRES", "CERTIFICATE"]
  static let emptyText = "No contexts found"

  let identifier: String
  let cells: [String]
  let payload: Google_Protobuf_Struct

  init(_ name: String, isCurrent: Bool, _ context: AdminContext) {
    let expiry = TimeText.rfc3339(context.expiresAt.wire)
    identifier = name
    cells = [name, isCurrent ? "yes" : "no", context.cluster.rawValue, context.addresses.joined(separator: ","), expiry, context.serial]
    payload = [
      "name": .init(stringValue: name), "inUse": .init(boolValue: isCurrent), "cluster": .init(stringValue: context.cluster.rawValue),
      "managers": .init(listValue: .with { $0.values = context.addresses.map { .init(stringValue: $0) } }),
      "expiresAt": .init(stringValue: expiry), "certificate": .init(stringValue: context.serial),
    ]
  }

  init(_ name: String, isCurrent: Bool, problem: WarrenError) {
    identifier = name
    cells = [name, isCurrent ? "yes" : "no", "-", "-", problem.message, "-"]
    payload = [
      "name": .init(stringValue: name), "inUse": .init(boolValue: isCurrent), "problem": .init(stringValue: problem.message),
    ]
  }
}
