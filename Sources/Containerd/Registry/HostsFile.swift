import ClusterModel

/// containerd's `hosts.toml`: which servers to ask, in which order, for the images of one registry.
/// https://github.com/containerd/containerd/blob/main/docs/hosts.md
enum HostsFile {
  /// - Parameters:
  ///   - path: the file; relative certificate paths are relative to its directory.
  ///   - registry: the registry the file is for.
  /// - Returns: the mirrors in the order written, the registry itself (or `server`) last.
  static func endpoints(_ text: String, path: String, registry: String) throws -> [RegistryEndpoint] {
    let root = try TOMLParser.parse(text, path: path)
    let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    func endpoint(_ url: String?, _ table: TOMLTable) throws -> RegistryEndpoint {
      var endpoint = try url.map { url in try located(path) { try RegistryEndpoint(url: url) } } ?? RegistryEndpoint(registry: registry)
      try apply(table, to: &endpoint, url: url, directory: directory, path: path)
      return endpoint
    }

    var endpoints: [RegistryEndpoint] = []
    if let hosts = root["host"]?.table {
      for url in hosts.keys {
        guard let table = hosts[url]?.table else { throw failure(path, "host.\"\(url)\" is not a table") }
        var mirror = try endpoint(url, table)
        mirror.mirrorOf = registry
        endpoints.append(mirror)
      }
    }
    let server = try endpoint(try root["server"].map { try string($0, "server", path) }, root)
    if !endpoints.contains(where: { $0.scheme == server.scheme && $0.authority == server.authority && $0.path == server.path }) {
      endpoints.append(server)
    }
    return endpoints
  }

  private static func apply(_ table: TOMLTable, to endpoint: inout RegistryEndpoint, url: String?, directory: String, path: String) throws {
    if let names = table["capabilities"] {
      guard let names = names.strings else { throw failure(path, "capabilities is not a list of strings") }
      endpoint.capabilities = Set(
        try names.map { name in
          guard let capability = RegistryEndpoint.Capability(rawValue: name) else {
            throw failure(path, "unknown capability \"\(name)\": pull, resolve or push")
          }
          return capability
        })
    }
    if let skip = table["skip_verify"] {
      guard let skip = skip.boolean else { throw failure(path, "skip_verify is neither true nor false") }
      endpoint.tls.skipsVerification = skip
    }
    if table["override_path"]?.boolean == true, let url {
      let rest = url.firstRange(of: "://").map { url[$0.upperBound...] } ?? Substring(url)
      let written = rest.drop { $0 != "/" }
      endpoint.path = written.last == "/" ? String(written.dropLast()) : String(written)
    }
    if let authorities = table["ca"] {
      guard let files = authorities.strings else { throw failure(path, "ca is neither a path nor a list of paths") }
      endpoint.tls.authorities = files.map { absolute($0, in: directory) }
    }
    if let client = table["client"] { endpoint.tls.clients = try clients(client, directory: directory, path: path) }
    if let header = table["header"]?.table {
      endpoint.headers = try header.keys.flatMap { name in
        guard let values = header[name]?.strings else { throw failure(path, "header \"\(name)\" is neither a string nor a list of strings") }
        return values.map { RegistryEndpoint.Header(name: name, value: $0) }
      }
    }
  }

  /// `"both.pem"`, `["both.pem"]`, or `[["certificate", "key"], …]`.
  private static func clients(_ value: TOMLValue, directory: String, path: String) throws -> [RegistryTLS.ClientCertificate] {
    let pairs = value.strings?.map { [$0] } ?? value.array?.compactMap(\.strings) ?? []
    guard !pairs.isEmpty, pairs.allSatisfy({ (1...2).contains($0.count) }) else {
      throw failure(path, "client is neither a path nor a list of [certificate, key] pairs")
    }
    return pairs.map { pair in
      let certificate = absolute(pair[0], in: directory)
      return .init(certificate: certificate, key: pair.count == 2 ? absolute(pair[1], in: directory) : certificate)
    }
  }

  private static func string(_ value: TOMLValue, _ key: String, _ path: String) throws -> String {
    guard let string = value.string else { throw failure(path, "\(key) is not a string") }
    return string
  }

  private static func located<T>(_ path: String, _ body: () throws -> T) throws -> T {
    do { return try body() } catch let error as WarrenError { throw WarrenError(error.code, "\(path): \(error.message)", cause: error.cause) }
  }

  private static func absolute(_ file: String, in directory: String) -> String { file.hasPrefix("/") ? file : "\(directory)/\(file)" }

  private static func failure(_ path: String, _ reason: String) -> WarrenError {
    WarrenError(.invalidArgument, "\(path): \(reason). Correct the file and try again.")
  }
}
