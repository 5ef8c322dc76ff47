import Glibc

/// The index of the last acknowledged entry, kept beside the database: a log that ends before it has lost its tail, which the
/// database alone cannot know when its write-ahead log is damaged or gone.
///
/// It is overwritten in place after each commit and never synced: it can be too old (then it finds less), never too new. It counts
/// only for the very file it was written beside (by inode), so that a copy or a restored backup is not refused.
final class AcknowledgedMark: Sendable {
  private let file: Int32
  private let inode: UInt64

  init(path: String, inode: UInt64) throws {
    file = Glibc.open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw FileSystem.failure("open", path) }
    self.inode = inode
  }

  deinit { Glibc.close(file) }

  /// Nil when there is none, or it is torn, or it belongs to another file.
  var index: UInt64? {
    var bytes = [UInt8](repeating: 0, count: Self.size)
    guard pread(file, &bytes, Self.size, 0) == Self.size else { return nil }
    let numbers = bytes.withUnsafeBytes { buffer in
      (0..<4).map { UInt64(littleEndian: buffer.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self)) }
    }
    guard numbers[0] == Self.magic, numbers[1] == inode, numbers[3] == Self.checksum(inode, numbers[2]) else { return nil }
    return numbers[2]
  }

  /// Failing to write it only makes it older.
  func record(_ index: UInt64) {
    let numbers = [Self.magic, inode, index, Self.checksum(inode, index)].map(\.littleEndian)
    _ = numbers.withUnsafeBytes { pwrite(file, $0.baseAddress, Self.size, 0) }
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

  private static let size = 32
  /// "warrenm1" read as a little-endian number.
  private static let magic: UInt64 = 0x316d_6e65_7272_6177

  private static func checksum(_ inode: UInt64, _ index: UInt64) -> UInt64 {
    var checksum = CRC32C()
    checksum.update(inode)
    checksum.update(index)
    return UInt64(checksum.value)
  }
}
