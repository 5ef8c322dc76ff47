import AsyncHTTPClient
import ClusterModel
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// Answers registries' challenges and remembers the answers for the duration of one pull.
/// https://distribution.github.io/distribution/spec/auth/token/
actor RegistryAuthorizer {
  private struct Key: Hashable {
    var origin: String
    var repository: String
  }

  private struct TokenAnswer: Decodable {
    var token: String?
    var access_token: String?
  }

  private let transport: RegistryTransport
  private let credentials: DockerCredentials
  private var answers: [Key: String] = [:]

  init(transport: RegistryTransport, credentials: DockerCredentials) {
    self.transport = transport
    self.credentials = credentials
  }

  /// The Authorization header that worked last time.
  func authorization(for endpoint: RegistryEndpoint, repository: String) -> String? {
    answers[Key(origin: "\(endpoint.scheme)://\(endpoint.authority)", repository: repository)]
  }

  /// - Parameters:
  ///   - registry: whose credentials to use; those of a mirror are looked up under the mirror's name.
  ///   - rejected: the Authorization header the server has just refused, nil if none was sent.
  /// - Returns: a header worth trying, or nil if there is none.
  func answer(
    _ challenges: [AuthChallenge], from endpoint: RegistryEndpoint, registry: String, repository: String, rejected: String?
  ) async throws -> String? {
    let key = Key(origin: "\(endpoint.scheme)://\(endpoint.authority)", repository: repository)
    if let known = answers[key], known != rejected { return known }
    let credential = try await credentials.credential(for: endpoint.mirrorOf == nil ? registry : endpoint.authority)
    var answer: String?
    if let bearer = challenges.first(where: { $0.scheme == "bearer" }) {
      answer = "Bearer " + (try await token(for: bearer, credential: credential, endpoint: endpoint, repository: repository))
    } else if challenges.contains(where: { $0.scheme == "basic" }), case .basic(let user, let password)? = credential {
      answer = Self.basic(user, password)
    }
    guard let answer, answer != rejected else { return nil }
    answers[key] = answer
    return answer
  }

  private func token(
    for challenge: AuthChallenge, credential: RegistryCredential?, endpoint: RegistryEndpoint, repository: String
  ) async throws -> String {
    guard let realm = challenge.parameters["realm"], realm.hasPrefix("https://") || realm.hasPrefix("http://") else {
      throw refusal("the registry \(endpoint.authority) asks for a token but names no place to get it: report it to whoever runs it.")
    }
    guard credential == nil || realm.hasPrefix("https://") || endpoint.scheme == .http else {
      throw refusal("the registry \(endpoint.authority) wants credentials sent to \(realm) without TLS, which is refused: correct the registry.")
    }
    let fields = [
      ("service", challenge.parameters["service"]), ("scope", challenge.parameters["scope"] ?? "repository:\(repository):pull"),
      ("client_id", "warren"),
    ].compactMap { name, value in value.map { (name, $0) } }
    var request = HTTPClientRequest(url: realm)
    if case .identityToken(let token)? = credential {
      request.method = .POST
      request.headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
      request.body = .bytes(ByteBuffer(string: Self.form(fields + [("grant_type", "refresh_token"), ("refresh_token", token)])))
    } else {
      request.url += (realm.contains("?") ? "&" : "?") + Self.form(fields)
      if case .basic(let user, let password)? = credential { request.headers.add(name: "Authorization", value: Self.basic(user, password)) }
    }
    request.tlsConfiguration = try transport.tls(of: realm, for: endpoint).configuration()
    let host = RegistryTransport.authority(of: realm)
    let response = try await transport.execute(request, name: host)
    let body: ByteBuffer
    do { body = try await response.body.collect(upTo: 1 << 20) } catch { throw RegistryTransport.failure(error, name: host) }
    guard response.status == .ok else {
      throw RegistryFailure.answered(
        response.status, headers: response.headers, body: Array(body.readableBytesView), endpoint: endpoint.authority,
        subject: "a token for \(repository)")
    }
    let parsed = try? JSONDecoder().decode(TokenAnswer.self, from: Data(body.readableBytesView))
    guard let token = parsed?.token ?? parsed?.access_token, !token.isEmpty else {
      throw refusal("the token server \(host) of the registry \(endpoint.authority) gave an answer without a token: report it to whoever runs it.")
    }
    return token
  }

  private func refusal(_ message: String) -> RegistryFailure {
    RegistryFailure(error: WarrenError(.unauthenticated, message), isTransient: false)
  }

  private static func basic(_ user: String, _ password: String) -> String {
    "Basic " + Data("\(user):\(password)".utf8).base64EncodedString()
  }

  /// `application/x-www-form-urlencoded`
  private static func form(_ fields: [(String, String)]) -> String {
    let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)
    func encode(_ text: String) -> String {
      text.utf8.map { byte in
        if plain.contains(byte) { return String(Unicode.Scalar(byte)) }
        let hex = String(byte, radix: 16, uppercase: true)
        return "%" + (hex.count == 1 ? "0" : "") + hex
      }.joined()
    }
    return fields.map { "\(encode($0.0))=\(encode($0.1))" }.joined(separator: "&")
  }
}
