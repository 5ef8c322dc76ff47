/// How an image wants to be run, and what its layers unpack to. https://github.com/opencontainers/image-spec/blob/main/config.md
///
/// The document's `config` object is flattened into this type; absent and `null` lists read as empty.
package struct ImageConfig: Hashable, Sendable {
  package var platform: Platform
  /// RFC 3339, as written.
  package var created: String?

  /// `NAME=value`, in order.
  package var env: [String] = []
  package var entrypoint: [String] = []
  package var command: [String] = []
  /// `user`, `uid`, `user:group`, `uid:gid`…; empty means root.
  package var user = ""
  package var workingDirectory = ""
  /// A name or number such as `SIGQUIT`; nil means SIGTERM.
  package var stopSignal: String?
  /// `80/tcp`, sorted.
  package var exposedPorts: [String] = []
  /// Paths, sorted.
  package var volumes: [String] = []
  package var labels: [String: String] = [:]
  package var healthcheck: ImageHealthcheck?

  /// The digest of each layer's uncompressed tar, lowest layer first.
  package var diffIDs: [Digest] = []

  package init(platform: Platform) { self.platform = platform }
}

extension ImageConfig: Codable {
  /// A JSON object whose values carry nothing: `{"80/tcp": {}}`.
  private struct Empty: Codable {}

  private struct RootFS: Codable {
    var type = "layers"
    var diff_ids: [Digest]?
  }

  private struct Execution: Codable {
    var User: String?
    var ExposedPorts: [String: Empty]?
    var Env: [String]?
    var Entrypoint: [String]?
    var Cmd: [String]?
    var Volumes: [String: Empty]?
    var WorkingDir: String?
    var Labels: [String: String]?
    var StopSignal: String?
    var Healthcheck: ImageHealthcheck?
  }

  private enum CodingKeys: String, CodingKey { case created, config, rootfs }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(platform: try Platform(from: decoder))
    created = try container.decodeIfPresent(String.self, forKey: .created)
    diffIDs = try container.decodeIfPresent(RootFS.self, forKey: .rootfs)?.diff_ids ?? []
    guard let execution = try container.decodeIfPresent(Execution.self, forKey: .config) else { return }
    env = execution.Env ?? []
    entrypoint = execution.Entrypoint ?? []
    command = execution.Cmd ?? []
    user = execution.User ?? ""
    workingDirectory = execution.WorkingDir ?? ""
    stopSignal = execution.StopSignal.flatMap { $0.isEmpty ? nil : $0 }
    exposedPorts = (execution.ExposedPorts ?? [:]).keys.sorted()
    volumes = (execution.Volumes ?? [:]).keys.sorted()
    labels = execution.Labels ?? [:]
    healthcheck = execution.Healthcheck
  }

  package func encode(to encoder: any Encoder) throws {
    func absent<C: Collection>(_ value: C) -> C? { value.isEmpty ? nil : value }
    func keys(_ names: [String]) -> [String: Empty]? { absent(Dictionary(names.map { ($0, Empty()) }) { first, _ in first }) }
    try platform.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encodeIfPresent(created, forKey: .created)
    try container.encode(RootFS(diff_ids: diffIDs), forKey: .rootfs)
    let execution = Execution(
      User: absent(user), ExposedPorts: keys(exposedPorts), Env: absent(env), Entrypoint: absent(entrypoint), Cmd: absent(command),
      Volumes: keys(volumes), WorkingDir: absent(workingDirectory), Labels: absent(labels), StopSignal: stopSignal, Healthcheck: healthcheck)
    try container.encode(execution, forKey: .config)
  }
}
