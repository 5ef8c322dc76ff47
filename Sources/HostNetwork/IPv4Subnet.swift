import ClusterModel

/// An IPv4 subnet such as `10.88.0.0/16`.
package struct IPv4Subnet: Hashable, Sendable, CustomStringConvertible {
  /// The network address, host byte order.
  package let network: UInt32
  package let prefixLength: Int

  /// - Throws: `WarrenError(.invalidArgument)` for anything but `a.b.c.d/n` with n from 0 to 32.
  package init(_ text: String) throws {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let address = Self.address(String(parts[0])), let length = Int(parts[1]), (0...32).contains(length) else {
      throw WarrenError(.invalidArgument, "'\(text)' is not an IPv4 subnet; write it as 10.88.0.0/16")
    }
    self.init(address: address, prefixLength: length)
  }

  package init(address: UInt32, prefixLength: Int) {
    self.prefixLength = prefixLength
    network = address & Self.mask(prefixLength)
  }

  /// The first address of the subnet, which the bridge takes.
  package var gateway: String { Self.text(network + 1) }
  package var description: String { "\(Self.text(network))/\(prefixLength)" }

  /// The next one of the same size, or the one before at the end of the address space.
  var neighbour: Self {
    let size: UInt32 = prefixLength == 0 ? 0 : 1 << UInt32(32 - prefixLength)
    let (next, overflow) = network.addingReportingOverflow(size)
    return Self(address: overflow ? network &- size : next, prefixLength: prefixLength)
  }

  package func contains(_ address: String) -> Bool {
    Self.address(address).map { $0 & Self.mask(prefixLength) == network } ?? false
  }

  package func overlaps(_ other: Self) -> Bool {
    let mask = Self.mask(min(prefixLength, other.prefixLength))
    return network & mask == other.network & mask
  }

  package static func address(_ text: String) -> UInt32? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    let bytes = parts.compactMap { UInt8($0) }
    guard parts.count == 4, bytes.count == 4 else { return nil }
    return bytes.reduce(0) { $0 << 8 | UInt32($1) }
  }

  private static func mask(_ length: Int) -> UInt32 { length == 0 ? 0 : ~0 << UInt32(32 - length) }
  static func text(_ address: UInt32) -> String { [24, 16, 8, 0].map { String(address >> $0 & 0xff) }.joined(separator: ".") }
}
