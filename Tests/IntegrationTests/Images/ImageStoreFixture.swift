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
    try await TemporaryContainerd.with(registry: configuration, withoutPlugins: withoutPlugins) { box in try await body(box.images, box.client) }
  }

  static func image(_ name: String = "warren.test/hello:1") throws -> TestImage {
    try .busybox(name: name, command: ["/bin/sleep", "60"], extra: ["etc/hello": "hello \(name)"])
  }
}
