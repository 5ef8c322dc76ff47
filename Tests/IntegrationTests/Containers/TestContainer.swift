import ClusterModel
import Containerd
import Foundation
import TestKit

extension TemporaryContainerd {
  /// A busybox container that runs a shell script, on the host's network.
  func recipe(_ id: String, _ script: String, _ change: (inout ContainerRecipe) -> Void = { _ in }) async throws -> ContainerRecipe {
    var recipe = ContainerRecipe(
      id: id, image: try await busybox(), spec: ContainerSpec(image: "busybox:test"), hostname: "box", network: .host,
      logDirectory: "\(directory)/logs/\(id)")
    recipe.spec.args = ["/bin/sh", "-c", script]
    recipe.labels = ["warren.task": id]
    change(&recipe)
    return recipe
  }

  @discardableResult
  func start(_ id: String, _ script: String, _ change: (inout ContainerRecipe) -> Void = { _ in }) async throws -> Int {
    try await containers.create(try await recipe(id, script, change))
    return try await containers.start(id)
  }

  /// Runs to the end.
  func run(_ id: String, _ script: String, _ change: (inout ContainerRecipe) -> Void = { _ in }) async throws -> (exit: ExitStatus, output: [String])
  {
    try await start(id, script, change)
    let exit = try await containers.wait(id)
    try await containers.delete(id)
    return (exit, try await log(id))
  }

  func log(_ id: String, _ query: LogQuery = LogQuery()) async throws -> [String] {
    var result: [String] = []
    for try await line in LogReader(directory: "\(directory)/logs/\(id)").lines(query) {
      result.append((line.stream == .stderr ? "E:" : "") + String(decoding: line.bytes, as: UTF8.self))
    }
    return result
  }

  /// Waits until the log has the line.
  func logged(_ id: String, _ text: String) async throws {
    for try await line in LogReader(directory: "\(directory)/logs/\(id)").lines(LogQuery(follow: true)) where line.bytes == Array(text.utf8) {
      return
    }
  }

  /// A container's cgroups, in every hierarchy, without the container.
  ///
  /// - Parameters:
  ///   - process: runs in them.
  ///   - frozen: it does not get on there, as one whose runtime was killed while it signalled it.
  func makeCgroups(_ id: String, process: Int32? = nil, frozen: Bool = false) throws {
    let root = "/sys/fs/cgroup"
    let isV2 = FileManager.default.fileExists(atPath: root + "/cgroup.controllers")
    let hierarchies = isV2 ? [root] : try FileManager.default.contentsOfDirectory(atPath: root).map { "\(root)/\($0)" }
    for hierarchy in hierarchies where FileManager.default.fileExists(atPath: hierarchy + "/cgroup.procs") {
      let group = "\(hierarchy)/\(place.namespace)/\(id)"
      try FileManager.default.createDirectory(atPath: group + (isV2 ? "" : "/nested"), withIntermediateDirectories: true)
      // A new cpuset takes no process before it has processors.
      guard let process, !hierarchy.hasSuffix("cpuset") else { continue }
      try Data("\(process)".utf8).write(to: URL(fileURLWithPath: group + "/cgroup.procs"))
      for (file, value) in [("freezer.state", "FROZEN"), ("cgroup.freeze", "1")]
      where frozen && FileManager.default.fileExists(atPath: "\(group)/\(file)") {
        try Data(value.utf8).write(to: URL(fileURLWithPath: "\(group)/\(file)"))
      }
    }
  }

  func state(_ id: String) async throws -> ContainerInfo? { try await containers.list().first { $0.id == id } }
}

/// The end of a command and all it wrote.
func collect(_ stream: AsyncThrowingStream<ExecOutput, any Error>) async throws -> (code: Int32?, stdout: String, stderr: String) {
  var code: Int32?
  var (stdout, stderr): ([UInt8], [UInt8]) = ([], [])
  for try await output in stream {
    switch output {
    case .stdout(let bytes): stdout += bytes
    case .stderr(let bytes): stderr += bytes
    case .exit(let value): code = value
    }
  }
  return (code, String(decoding: stdout, as: UTF8.self), String(decoding: stderr, as: UTF8.self))
}
