import ArgumentParser
import ClusterModel
import ClusterSecurity
import Crypto
import FoundationEssentials
import SwiftProtobuf
import WarrenAPI

struct ContextExport: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write a file with which somebody administrates this cluster from elsewhere.",
    discussion: example(
      "warren context export laptop.json", "warren context export ci.json --name ci --validity 7d",
      note: "Who has the file is an administrator until it expires or is revoked: its key is in it. It is written with mode 0600."))

  @Argument(help: "The file to write.", completion: .file()) var file: String
  @Option(help: ArgumentHelp("Whose it is; managers' logs say so (default: the file's name).", valueName: "name")) var name: String?
  @Option(
    parsing: .unconditional, help: ArgumentHelp("How long it can be used (default: 90d).", valueName: "duration"), transform: DurationText.parse)
  var validity: Duration?
  @Option(help: ArgumentHelp("Address of a manager to write into it, several times (default: those of all managers).", valueName: "host:port"))
  var address: [String] = []
  @OptionGroup var options: GlobalOptions

  func run() async throws {
    let name = name ?? Self.name(of: file)
    let key = P256.Signing.PrivateKey()
    let signing = try CertificateRequest.make(for: NodeID(name), key: key)
    let request = Warren_V1_IssueAdminCertificateRequest.with {
      $0.certificateRequest = Data(signing)
      if let validity { $0.validity = validity.wire }
    }
    let answer = try await options.withClient { client in
      try await client.call { try await $0.issueAdminCertificate(request, options: options.callOptions) }
    }
    let context = try AdminContext(
      addresses: address.isEmpty ? answer.addresses : address, credentials: try NodeCredentials(answer.issued, key: key))
    try PrivateFile(file).write(try context.file())
    Terminal.write(Self.text(context, file))
  }

  /// `laptop` for `/root/laptop.json`.
  static func name(of file: String) -> String {
    let last = file.split(separator: "/").last.map(String.init) ?? file
    return last.split(separator: ".").first.map(String.init) ?? last
  }

  static func text(_ context: AdminContext, _ file: String) -> String {
    """
    ✓ Context exported: \(file)
      Name: \(context.name)
      Cluster: \(context.cluster)
      Managers: \(context.addresses.joined(separator: ", "))
      Certificate: \(context.serial)
      Expires: \(TimeText.rfc3339(context.expiresAt.wire))

    Who has this file is an administrator of the cluster. On the other machine:
        warren context import NAME \(file)
    To make it invalid before it expires:
        warren context revoke --serial \(context.serial)

    """
  }
}
