import ArgumentParser
import ClusterModel
import ClusterSecurity
import SwiftProtobuf
import WarrenAPI

struct ContextRevoke: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke", abstract: "Make a context's certificate invalid, wherever its file is.",
    discussion: example(
      "warren context revoke laptop", "warren context revoke --serial 949e3d64e868b4c7",
      note: "Connections that were made with it are cut. The serial number was printed by export; 'warren context list' shows it too."))

  @Argument(help: "A context of this user.") var name: String?
  @Option(help: ArgumentHelp("Serial number of the certificate, for a context that is not here.", valueName: "hex")) var serial: String?
  @OptionGroup var options: GlobalOptions

  func validate() throws {
    guard (name == nil) != (serial == nil) else { throw ValidationError("name either a context or, with --serial, a certificate") }
  }

  func run() async throws {
    var request = Warren_V1_RevokeCertificateRequest()
    if let name {
      let context = try await ContextDirectory().context(name)
      request.serial = context.serial
      request.subject = context.revocation.subject
      request.expiresAt = context.expiresAt.wire
    } else {
      request.serial = serial?.lowercased() ?? ""
    }
    let sent = request
    do {
      _ = try await options.withClient { client in try await client.call { try await $0.revokeCertificate(sent, options: options.callOptions) } }
    } catch let error as WarrenError where error.code == .unauthenticated && error.message.hasPrefix("certificate \(sent.serial) ") {
      // Its own: the connection was cut before the answer, and the next attempt was refused for it.
    }
    Terminal.line("✓ Certificate revoked: \(sent.serial)")
  }
}
