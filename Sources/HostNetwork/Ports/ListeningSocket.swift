import ClusterModel

/// The sockets a kernel says are listening, from `/proc/net/{tcp,tcp6,udp,udp6}` (proc_net_tcp in the kernel's documentation).
struct ListeningSocket: Hashable {
  /// Textual IPv4 address; empty for every address (also of an IPv6 socket, which takes IPv4 connections too unless told otherwise).
  var address: String
  var port: UInt16
  var transport: PublishedPort.TransportProtocol
  var inode: UInt64

  /// - Parameter table: the file's text; lines that are not understood are passed over.
  static func parse(_ table: String, transport: PublishedPort.TransportProtocol) -> [ListeningSocket] {
    table.split(separator: "\n").dropFirst().compactMap { line in
      let fields = line.split(separator: " ", omittingEmptySubsequences: true)
      guard fields.count > 9, let inode = UInt64(fields[9]) else { return nil }
      // 0A is TCP_LISTEN; an unconnected UDP socket is in state 07.
      guard fields[3] == (transport == .tcp ? "0A" : "07") else { return nil }
      let local = fields[1].split(separator: ":")
      guard local.count == 2, let port = UInt16(local[1], radix: 16) else { return nil }
      return ListeningSocket(address: address(local[0]), port: port, transport: transport, inode: inode)
    }
  }

  func blocks(_ wanted: PublishedPort) -> Bool {
    PublishedPort(hostIP: address, hostPort: port, containerPort: 0, transport: transport).conflicts(with: wanted)
  }

  /// IPv4 addresses are printed as one little-endian number.
  private static func address(_ text: Substring) -> String {
    guard text.count == 8, let number = UInt32(text, radix: 16), number != 0 else {
      return text.count == 8 || text.allSatisfy { $0 == "0" } ? "" : "v6:\(text)"
    }
    return (0..<4).map { String(number >> ($0 * 8) & 0xff) }.joined(separator: ".")
  }
}
