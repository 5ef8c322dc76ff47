import Manager
import NIOConcurrencyHelpers
import Raft

/// What etcd's `KV.Put` takes (https://etcd.io/docs/v3.4/dev-guide/api_reference_v3/), so that one client loads both: a key and a value.
struct KeyValuePut: Sendable {
  var key: [UInt8]
  var value: [UInt8]

  static let path = "/etcdserverpb.KV/Put"

  /// `etcdserverpb.PutRequest`: fields 1 and 2, both bytes.
  var bytes: [UInt8] { Self.field(1, key) + Self.field(2, value) }

  private static func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] {
    var length = bytes.count
    var prefix = [number << 3 | 2]
    while length >= 0x80 {
      prefix.append(UInt8(length & 0x7f) | 0x80)
      length >>= 7
    }
    return prefix + [UInt8(length)] + bytes
  }

  init(key: [UInt8], value: [UInt8]) {
    self.key = key
    self.value = value
  }

  /// Nil when it is none.
  init?(_ bytes: [UInt8]) {
    var rest = bytes[...]
    var fields: [[UInt8]] = []
    for number in [1, 2] as [UInt8] {
      guard rest.popFirst() == number << 3 | 2 else { return nil }
      var (length, shift) = (0, 0)
      while let byte = rest.popFirst(), shift < 28 {
        length |= Int(byte & 0x7f) << shift
        shift += 7
        if byte < 0x80 { break }
      }
      guard rest.count >= length else { return nil }
      fields.append(Array(rest.prefix(length)))
      rest = rest.dropFirst(length)
    }
    (key, value) = (fields[0], fields[1])
  }
}

/// A map of keys and values: the state machine of the benchmark.
final class KeyValueStore: ReplicatedStateMachine {
  private let values = NIOLockedValueBox<[[UInt8]: [UInt8]]>([:])

  func apply(_ entries: [CommittedEntry]) throws -> [ApplyOutcome] {
    values.withLockedValue { values in
      for entry in entries { if let put = KeyValuePut(entry.command) { values[put.key] = put.value } }
    }
    return entries.map { _ in .accepted(isUrgent: false) }
  }

  func snapshot() -> @Sendable () throws -> [UInt8] {
    let values = values.withLockedValue { $0 }
    return {
      values.reduce(into: []) { bytes, pair in
        let put = KeyValuePut(key: pair.key, value: pair.value).bytes
        bytes += withUnsafeBytes(of: UInt32(put.count).littleEndian, Array.init) + put
      }
    }
  }

  func restore(_ snapshot: [UInt8], index: LogIndex) throws {
    var restored: [[UInt8]: [UInt8]] = [:]
    var rest = snapshot[...]
    while rest.count >= 4 {
      let size = rest.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
      guard let put = KeyValuePut(Array(rest.dropFirst(4).prefix(size))) else { break }
      restored[put.key] = put.value
      rest = rest.dropFirst(4 + size)
    }
    values.withLockedValue { $0 = restored }
  }
}
