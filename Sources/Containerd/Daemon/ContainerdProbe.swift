import Logging

/// Asks whether a containerd answers on a socket.
package enum ContainerdProbe {
  /// - Parameter limit: how long a socket that is there but silent is given.
  package static func answers(_ socketPath: String, within limit: Duration) async -> Bool {
    await version(socketPath, within: limit) != nil
  }

  /// containerd's version; nil when it does not answer.
  package static func version(_ socketPath: String, within limit: Duration) async -> String? {
    guard let client = try? ContainerdClient(socketPath: socketPath, logger: Logger(label: "probe") { _ in SwiftLogNoOpLogHandler() }) else {
      return nil
    }
    return await withTaskGroup(of: String?.self) { group in
      group.addTask {
        await client.run()
        return nil
      }
      let version = try? await client.version(timeout: limit)
      group.cancelAll()
      return version
    }
  }
}
