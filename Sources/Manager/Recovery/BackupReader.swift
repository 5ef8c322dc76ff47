package import ClusterModel
import Crypto
import SwiftProtobuf
import WarrenAPI

/// Takes a backup file in pieces, as they come, and finds whether it is one, whole and as it was written.
package struct BackupReader: Sendable {
  /// Ours have less than 1 KiB.
  private static let largestHeader = 64 << 10
  /// A state is in memory as a whole, on managers that hold it and where it is restored.
  private static let largestState: UInt64 = 4 << 30

  /// For messages.
  private let name: String
  private let keepsState: Bool
  private var head: [UInt8] = []
  private var header: Warren_V1_BackupHeader?
  private var state: [UInt8] = []
  private var stateLeft: UInt64 = 0
  private var given: [UInt8] = []
  private var digest = SHA256()
  private var count = 0

  /// - Parameter keepsState: else the state is only checked, and takes no memory.
  package init(_ name: String, keepsState: Bool) {
    self.name = name
    self.keepsState = keepsState
  }

  /// - Throws: `invalidArgument` for what is no backup, `failedPrecondition` for one of a later version, `dataLoss` for a damaged one.
  package mutating func add(_ piece: [UInt8]) throws(WarrenError) {
    count += piece.count
    var rest = piece[...]
    if header == nil {
      head += rest
      guard let begun = try parseHead() else { return }
      rest = begun
    }
    let part = rest.prefix(Int(clamping: stateLeft))
    if !part.isEmpty {
      digest.update(data: part)
      if keepsState { state += part }
      stateLeft -= UInt64(part.count)
    }
    given += rest.dropFirst(part.count)
    guard given.count <= Backup.digestSize else { throw damaged("there is something behind its end") }
  }

  /// - Throws: `dataLoss` when something is missing or was changed; `invalidArgument` when it is no backup.
  package consuming func finish() throws(WarrenError) -> Backup {
    guard let header else {
      guard Backup.magic.starts(with: head.prefix(Backup.magic.count)), !head.isEmpty else { throw foreign }
      throw short
    }
    guard stateLeft == 0, given.count == Backup.digestSize else { throw short }
    guard Array(digest.finalize()) == given else { throw damaged("its checksum is not that of what is in it") }
    return Backup(header: header, state: state)
  }

  /// Returns what follows the header, once all of that is there.
  private mutating func parseHead() throws(WarrenError) -> ArraySlice<UInt8>? {
    let magic = Backup.magic
    guard head.count >= magic.count else { return nil }
    guard head.starts(with: magic) else {
      // The same words with another number.
      guard head.starts(with: magic.dropLast(2)) else { throw foreign }
      throw WarrenError(.failedPrecondition, "\(name) was made by a later version of warren; restore it with that version or a later one")
    }
    guard head.count >= magic.count + 4 else { return nil }
    let length = head[magic.count..<magic.count + 4].reduce(0) { $0 << 8 | Int($1) }
    guard length <= Self.largestHeader else { throw damaged("its header cannot be so long") }
    let end = magic.count + 4 + length
    guard head.count >= end else { return nil }
    guard let parsed = try? Warren_V1_BackupHeader(serializedBytes: Array(head[magic.count + 4..<end])), parsed.size <= Self.largestState else {
      throw damaged("its header cannot be read")
    }
    digest.update(data: head[..<end])
    header = parsed
    stateLeft = parsed.size
    defer { head = [] }
    return head[end...]
  }

  private var foreign: WarrenError {
    WarrenError(.invalidArgument, "\(name) is no backup of a warren cluster; name a file that 'warren cluster backup' wrote")
  }
  private var short: WarrenError { damaged("it is cut short after \(count) bytes") }
  private func damaged(_ what: String) -> WarrenError { WarrenError(.dataLoss, "\(name) is a damaged backup; \(what); use another one") }
}
