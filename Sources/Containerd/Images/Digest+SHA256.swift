package import OCI

import struct Crypto.SHA256

extension Digest {
  /// The digest of content held in memory.
  package init(of content: [UInt8]) { self.init(bytes: SHA256.hash(data: content)) }

  /// The name of the file system made by applying layers in order: each layer hashed with the name of what lies below it.
  /// https://github.com/opencontainers/image-spec/blob/main/config.md#layer-chainid
  package static func chainIDs(of diffIDs: [Digest]) -> [Digest] {
    var chain: [Digest] = []
    for layer in diffIDs {
      chain.append(chain.last.map { Digest(of: Array("\($0) \(layer)".utf8)) } ?? layer)
    }
    return chain
  }
}
