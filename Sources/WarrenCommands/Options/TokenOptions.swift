import ArgumentParser
import ClusterModel
import ClusterSecurity
import FoundationEssentials

/// Where a joining node takes its token from.
struct TokenOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Join token (also WARREN_TOKEN). Others on this machine can see it; a file hides it.", valueName: "token"))
  var token: String?
  @Option(help: ArgumentHelp("File with the join token, or - for standard input.", valueName: "path"), completion: .file()) var tokenFile: String?

  func validate() throws {
    if token != nil, tokenFile != nil { throw ValidationError("--token and --token-file both give a token; leave one of the two out") }
  }

  /// Nil when none was given.
  /// - Throws: `invalidArgument` for what is no token, without showing it.
  func secret(environment: Environment = .process) throws -> JoinSecret? {
    if let token { return try JoinSecret(token) }
    if let tokenFile { return try JoinSecret(try Self.text(of: tokenFile)) }
    return try environment["WARREN_TOKEN"].map { try JoinSecret($0) }
  }

  private static func text(of path: String) throws -> String {
    let text = path == "-" ? readLine() : FileManager.default.contents(atPath: path).map { String(decoding: $0.prefix(4096), as: UTF8.self) }
    guard let text else {
      throw WarrenError(.notFound, "--token-file \(path) cannot be read; name a file with the token in it, or - for standard input")
    }
    return String(text.drop(while: \.isWhitespace).prefix { !$0.isWhitespace })
  }
}
