import ArgumentParser
import ClusterModel
import ClusterSecurity

struct ContextImport: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Keep an exported context under a name.",
    discussion: example("warren context import prod laptop.json", note: "The file can be removed afterwards: it holds a key."))

  @Argument(help: "The name to keep it under.") var name: String
  @Argument(help: "The file that was exported.", completion: .file()) var file: String

  func run() async throws {
    guard let bytes = try PrivateFile(file).read() else { throw WarrenError(.notFound, "there is no file \(file); name one that was exported") }
    let context = try await AdminContext.imported(bytes, now: .now)
    try ContextDirectory().keep(bytes, as: name)
    Terminal.write(
      """
      ✓ Context imported: \(name)
        Cluster: \(context.cluster)
        Managers: \(context.addresses.joined(separator: ", "))

      To use it: warren context use \(name), or --context \(name) with any command.

      """)
  }
}
