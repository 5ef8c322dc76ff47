import ClusterModel
import FoundationEssentials
import SwiftProtobuf
import WarrenAPI

/// Cuts a list into pages.
///
/// Objects are ordered by a key that never changes for one object, and a token names the last key that was given out: what is there during
/// the whole listing is in it exactly once, whatever comes and goes meanwhile.
struct Pager {
  static let mostItems = 1000
  /// Keeps an answer below the 4 MiB that gRPC clients take by default.
  static let mostBytes = 2 << 20

  private let size: Int
  private let after: String?

  init(_ page: Warren_V1_Page) throws(WarrenError) {
    size = page.size == 0 ? Self.mostItems : min(Int(page.size), Self.mostItems)
    if page.token.isEmpty {
      after = nil
    } else if let bytes = Data(base64Encoded: page.token), let key = String(validating: bytes, as: UTF8.self) {
      after = key
    } else {
      throw WarrenError(.invalidArgument, "page token \(page.token.quoted) is not valid; no list gave it out; list again without a token")
    }
  }

  func page<Item, Wire: SwiftProtobuf.Message>(
    _ items: some Sequence<Item>, by key: (Item) -> String, wire: (Item) -> Wire
  ) throws -> (page: [Wire], nextToken: String) {
    let rest = items.map { (key: key($0), item: $0) }.filter { entry in after.map { entry.key > $0 } ?? true }.sorted { $0.key < $1.key }
    var page: [Wire] = []
    var bytes = 0
    for (position, entry) in rest.enumerated() {
      let message = wire(entry.item)
      bytes += try message.serializedData().count
      if position > 0, position >= size || bytes > Self.mostBytes {
        return (page, Data(rest[position - 1].key.utf8).base64EncodedString())
      }
      page.append(message)
    }
    return (page, "")
  }
}
