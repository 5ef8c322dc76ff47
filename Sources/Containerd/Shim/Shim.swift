import ClusterModel
import FoundationEssentials
import NIOCore
import NIOPosix
import SwiftProtobuf

/// The process that holds one container, asked directly.
///
/// It lives on when containerd dies. From 1.7 on, a containerd that starts ends the shims whose containers have exited meanwhile, without
/// telling how: so whoever needs to know asks the shim as long as containerd is away.
struct Shim: Sendable, Equatable {
  let socketPath: String
  /// Of the shim's API: 2 up to containerd 1.7, 3 from 2.0 on.
  let version: Int

  /// Written by the shim into its working directory from containerd 2.0 on.
  private struct Bootstrap: Decodable {
    var version: Int
    var address: String
    var `protocol`: String
  }

  /// - Returns: nil when there is none, or none to talk to.
  init?(of id: String, namespace: String) {
    for pid in Self.processes(of: id, namespace: namespace) {
      if let shim = Shim(directory: "/proc/\(pid)/cwd") {
        self = shim
        return
      }
    }
    return nil
  }

  /// Those of the node that are the container's shim, or are just starting it: containerd starts one as
  /// `containerd-shim-runc-v2 -namespace N -id ID …`, in the container's bundle.
  static func processes(of id: String, namespace: String) -> [Int32] {
    let wanted = [["-namespace", namespace], ["-id", id]]
    return ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int32($0) }.filter { pid in
      guard let command = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") else { return false }
      let words = command.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
      return words.first?.contains("containerd-shim") == true && wanted.allSatisfy { words.contains($0) }
    }
  }

  /// - Parameter directory: of the container's bundle.
  init?(directory: String) {
    let address: String
    if let data = FileManager.default.contents(atPath: directory + "/bootstrap.json") {
      guard let bootstrap = try? JSONDecoder().decode(Bootstrap.self, from: data), bootstrap.protocol == "ttrpc" else { return nil }
      (version, address) = (bootstrap.version, bootstrap.address)
    } else if let data = FileManager.default.contents(atPath: directory + "/address") {
      (version, address) = (2, String(decoding: data, as: UTF8.self))
    } else {
      return nil
    }
    guard address.hasPrefix("unix://") else { return nil }
    socketPath = String(address.dropFirst("unix://".count))
  }

  /// Waits until the container's first process has ended.
  func wait(_ id: String) async throws -> (code: Int32, at: Timestamp) {
    // The shim's own messages have the same fields with the same numbers.
    let request = try Containerd_Services_Tasks_V1_WaitRequest.with { $0.containerID = id }.serializedBytes() as [UInt8]
    let call = TTRPCCall(service: "containerd.task.v\(version).Task", method: "Wait", payload: request)
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(unixDomainSocketPath: socketPath) { channel in
      channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel) }
    }
    let payload = try await channel.executeThenClose { inbound, outbound in
      try await outbound.write(ByteBuffer(bytes: call.frame))
      var received: [UInt8] = []
      for try await part in inbound {
        received += part.readableBytesView
        if let answer = try TTRPCCall.answer(in: received) { return answer }
      }
      throw WarrenError(.unavailable, "the shim of the container \(id) ended without an answer")
    }
    let response = try Containerd_Services_Tasks_V1_WaitResponse(serializedBytes: payload)
    return (Int32(truncatingIfNeeded: response.exitStatus), Timestamp(response.exitedAt))
  }
}
