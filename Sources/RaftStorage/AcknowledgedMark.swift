import Glibc

/// The index of the last acknowledged entry, kept beside the database: a log that ends before it has lost its tail, which the
/// database alone cannot know when its write-ahead log is damaged or gone.
///
/// It is overwritten in place after each commit and never synced: it can be too old (then it finds less), never too new. It counts
/// only for the very file it was written beside, so that a copy or a restored backup is not refused.
final class AcknowledgedMark: Sendable {
  private let file: Int32
  private let database: FileIdentity

  /// - Parameter database: the file that it is beside.
  init(path: String, of database: FileIdentity) throws {
    file = Glibc.open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw FileSystem.failure("open", path) }
    self.database = database
  }

  deinit { Glibc.close(file) }

  /// Nil when there is none, or it is torn, or it belongs to another file.
  var index: UInt64? {
    var bytes = [UInt8](repeating: 0, count: Self.count * 8)
    guard pread(file, &bytes, bytes.count, 0) >= 0 else { return nil }
    let numbers = bytes.withUnsafeBytes { buffer in
      (0..<Self.count).map { UInt64(littleEndian: buffer.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self)) }
    }
    // Of a version that knew the file's number only.
    if numbers[..<4] == Self.numbers(Self.firstMagic, database.inode, numbers[2])[...] { return numbers[2] }
    return numbers == Self.numbers(Self.magic, database.inode, database.birth, numbers[3]) ? numbers[3] : nil
  }

  /// Failing to write it only makes it older.
  func record(_ index: UInt64) {
    let numbers = Self.numbers(Self.magic, database.inode, database.birth, index).map(\.littleEndian)
    _ = numbers.withUnsafeBytes { pwrite(file, $0.baseAddress, $0.count, 0) }
  }

  /// Once, when the file is new: from then on, a power loss leaves an older mark but always one.
  func establish(_ index: UInt64, in directory: String) throws {
    record(index)
    guard fdatasync(file) == 0 else { throw FileSystem.failure("sync", directory) }
    try FileSystem.sync(directory)
  }

  /// Before entries are replaced by fewer ones: an older, higher mark must not survive a power loss and speak of entries that were given up.
  func lower(to index: UInt64) {
    guard let known = self.index, known > index else { return }
    record(index)
    fdatasync(file)
  }

  private static let count = 5
  /// "warrenm2" and "warrenm1" read as little-endian numbers.
  private static let magic: UInt64 = 0x326d_6e65_7272_6177
  private static let firstMagic: UInt64 = 0x316d_6e65_7272_6177

  /// What is written: these, and a checksum of all but the first.
  private static func numbers(_ magic: UInt64, _ content: UInt64...) -> [UInt64] {
    var checksum = CRC32C()
    for number in content { checksum.update(number) }
    return [magic] + content + [UInt64(checksum.value)]
  }
}
