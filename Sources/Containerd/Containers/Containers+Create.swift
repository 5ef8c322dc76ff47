import ClusterModel
import FoundationEssentials
import Glibc
import OCI
import SwiftProtobuf

extension Containers {
  /// A container that is recorded, with its files prepared, but without a process.
  package struct Prepared: Sendable {
    package let id: String
    let rootfs: [Containerd_Types_Mount]
    let output: String
  }

  /// `prepare` and `createTask` in one.
  package func create(_ recipe: ContainerRecipe) async throws {
    try await createTask(try await prepare(recipe))
  }

  /// Prepares the container's files and records it. Needs neither the network namespace nor the mounted files to exist yet, so they
  /// can be made at the same time.
  ///
  /// - Throws: `WarrenError(.alreadyExists)` when there is a container or a leftover of that name: delete it first.
  package func prepare(_ recipe: ContainerRecipe) async throws -> Prepared {
    let stopSignal = try stopSignal(recipe)
    for mount in recipe.spec.mounts where mount.kind == .bind && access(mount.source, F_OK) != 0 {
      throw WarrenError(.failedPrecondition, "there is no \(mount.source) on this node to mount at \(mount.target); create it first")
    }
    let mounts = try await prepareSnapshot(recipe)
    do {
      return try await record(recipe, on: mounts, stopSignal: stopSignal)
    } catch {
      try? await deleteSnapshot(recipe.id)
      throw error
    }
  }

  private func record(_ recipe: ContainerRecipe, on mounts: [Containerd_Types_Mount], stopSignal: Signal) async throws -> Prepared {
    let files = LayeredFiles(mounts)
    var facts = NodeFacts.probe(socketPath: client.socketPath)
    for device in recipe.spec.devices {
      let host = try DeviceMapping(device).host
      facts.devices[host] = NodeFacts.devices(at: host)
    }
    let users = ImageUsers(passwd: files.text("/etc/passwd"), group: files.text("/etc/group"))
    let spec = try SpecBuilder(recipe: recipe, facts: facts, users: users, cgroupRoot: client.namespace).build()
    try await record(recipe, spec: spec, stopSignal: stopSignal)
    let output = LogDriver.uri(program: configuration.logDriver, directory: recipe.logDirectory, limits: configuration.logLimits)
    return Prepared(id: recipe.id, rootfs: mounts, output: output)
  }

  /// Makes the container's first process, which then waits for `start`.
  ///
  /// - Returns: its pid on the node.
  @discardableResult
  package func createTask(_ container: Prepared) async throws -> Int {
    let response = try await client.making("create the container \(container.id)", timeout: .seconds(120)) { metadata, options in
      let request = Containerd_Services_Tasks_V1_CreateTaskRequest.with {
        $0.containerID = container.id
        $0.rootfs = container.rootfs
        $0.stdout = container.output
        $0.stderr = container.output
      }
      return try await client.tasks.create(request, metadata: metadata, options: options)
    }
    return Int(response.pid)
  }

  private func stopSignal(_ recipe: ContainerRecipe) throws(WarrenError) -> Signal {
    if !recipe.spec.stopSignal.isEmpty { return try Signal(recipe.spec.stopSignal) }
    return try recipe.image.config.stopSignal.map { text throws(WarrenError) in try Signal(text) } ?? .terminate
  }

  private func prepareSnapshot(_ recipe: ContainerRecipe) async throws -> [Containerd_Types_Mount] {
    try await client.making("prepare the files of the container \(recipe.id)") { metadata, options in
      let request = Containerd_Services_Snapshots_V1_PrepareSnapshotRequest.with {
        $0.snapshotter = recipe.image.snapshotter
        $0.key = recipe.id
        $0.parent = recipe.image.chainID
        $0.labels = recipe.labels
        $0.labels[Self.containerLabel] = recipe.id
        $0.labels[Self.rootLabel] = "true"
      }
      return try await client.snapshots.prepare(request, metadata: metadata, options: options).mounts
    }
  }

  private func record(_ recipe: ContainerRecipe, spec: RuntimeSpec, stopSignal: Signal) async throws {
    let encoded = try JSONEncoder().encode(spec)
    var runcOptions = Containerd_Runc_V1_Options()
    runcOptions.binaryName = configuration.runtimeBinary ?? ""
    let container = try Containerd_Services_Containers_V1_Container.with {
      $0.id = recipe.id
      $0.image = recipe.image.reference
      $0.labels = recipe.labels
      $0.labels[Self.containerLabel] = recipe.id
      $0.labels[Self.stopSignalLabel] = stopSignal.description
      $0.snapshotter = recipe.image.snapshotter
      $0.snapshotKey = recipe.id
      $0.runtime.name = configuration.runtime
      $0.runtime.options = .with {
        $0.typeURL = Containerd_Runc_V1_Options.protoMessageName
      }
      $0.runtime.options.value = try runcOptions.serializedData()
      if !recipe.memo.isEmpty {
        $0.extensions[Self.memoKey] = .with {
          $0.typeURL = Self.memoKey
          $0.value = Data(recipe.memo)
        }
      }
      $0.spec = .with {
        $0.typeURL = SpecType.container
        $0.value = encoded
      }
    }
    try await client.making("record the container \(recipe.id)") { metadata, options in
      _ = try await client.containers.create(.with { $0.container = container }, metadata: metadata, options: options)
    }
  }
}

/// containerd's names for JSON documents inside `Any`.
enum SpecType {
  static let container = "types.containerd.io/opencontainers/runtime-spec/1/Spec"
  static let process = "types.containerd.io/opencontainers/runtime-spec/1/Process"
}
