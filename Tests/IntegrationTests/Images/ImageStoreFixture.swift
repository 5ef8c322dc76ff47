import Containerd
import Logging
import TestKit
import Testing

/// A containerd of its own with an image store on it. Needs root and the packages containerd, runc and busybox-static.
enum ImageStoreFixture {
  static func with<R: Sendable>(
    _ configuration: RegistryConfiguration = RegistryConfiguration(hostDirectories: []), withoutPlugins: [String] = [],
    _ body: @escaping @Sendable (ImageStore, ContainerdClient) async throws -> R
  ) async throws -> R {
    try await TemporaryContainerd.with(withoutPlugins: withoutPlugins) { client in
      try await body(ImageStore(client: client, registry: configuration, logger: Logger(label: "test")), client)
    }
  }

  static func image(_ name: String = "warren.test/hello:1") throws -> TestImage {
    try .busybox(name: name, command: ["/bin/sleep", "60"], extra: ["etc/hello": "hello \(name)"])
  }
}
