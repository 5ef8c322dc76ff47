import ClusterModel
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// Why a request to a registry did not work, and whether asking again may help.
struct RegistryFailure: Error {
  var error: WarrenError
  var isTransient: Bool
  var retryAfter: Duration?
  /// Part of the answer has been used: the next attempt goes on behind it, so no other server may be asked for the same part.
  var isPartial = false
  /// The server's certificate was not accepted.
  var isDistrust = false

  /// The server could not be reached or the connection broke.
  static func unreachable(_ endpoint: String, _ cause: any Error) -> RegistryFailure {
    RegistryFailure(
      error: WarrenError(
        .unavailable, "cannot reach the registry \(endpoint): check the name, the network and any proxy or mirror.", cause: cause),
      isTransient: true)
  }

  /// The server answered, but not with what was asked for.
  /// - Parameter subject: what was asked for: `image docker.io/library/nginx:latest`.
  static func answered(_ status: HTTPResponseStatus, headers: HTTPHeaders, body: [UInt8], endpoint: String, subject: String) -> RegistryFailure {
    let words = Self.words(in: body) ?? status.reasonPhrase
    let said = "the registry \(endpoint) answered \(status.code) for \(subject): \(words)"
    let retryAfter = headers.first(name: "Retry-After").flatMap { Int64($0) }.map { Duration.seconds(max(0, min($0, 86400))) }
    let (code, advice): (WarrenError.Code, String) =
      switch status.code {
      case 401: (.unauthenticated, "Log in with docker login \(endpoint), or check that the image is public.")
      case 403: (.permissionDenied, "Check that this account may read the image.")
      case 404: (.notFound, "Check the image's name and tag.")
      case 429: (.resourceExhausted, "The registry limits how often it may be asked: wait, log in, or use a mirror.")
      case 500...: (.unavailable, "Try again later.")
      default: (.internalError, "Check the image's name and the registry.")
      }
    let transient = status.code == 429 || status.code == 408 || (status.code >= 500 && status.code != 501)
    return RegistryFailure(error: WarrenError(code, "\(said). \(advice)"), isTransient: transient, retryAfter: retryAfter)
  }

  /// `errors[].code: message`, as https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes has it; token servers say `details` or `message`.
  private static func words(in body: [UInt8]) -> String? {
    struct Body: Decodable {
      struct Entry: Decodable {
        var code: String?
        var message: String?
      }
      var errors: [Entry]?
      var details: String?
      var message: String?
      var error_description: String?
    }
    guard let answer = try? JSONDecoder().decode(Body.self, from: Data(body)) else { return nil }
    let entries = (answer.errors ?? []).map { entry in [entry.code, entry.message].compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: ": ") }
    let text = entries.isEmpty ? answer.details ?? answer.message ?? answer.error_description : entries.joined(separator: "; ")
    return text.flatMap { $0.isEmpty ? nil : String($0.prefix(500)) }
  }
}
