import ClusterModel

/// Finds damage in SQLite's write-ahead log that SQLite takes for its end: it reads up to the first frame that fails its checksum and
/// forgets the rest. Each commit is synced before the next begins, so a crash can tear the last transaction only: whole transactions
/// after a bad frame mean that something acknowledged was damaged.
///
/// Format: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
struct WriteAheadLogScan {
  private static let headerSize = 32
  private static let frameHeaderSize = 24

  static func verify(_ location: LogLocation) throws {
    guard FileSystem.exists(location.writeAheadLog) else { return }
    let bytes = try FileSystem.read(location.writeAheadLog)
    if isDamaged(bytes) { throw location.damage("\(location.writeAheadLog) has bad bytes before its end.") }
  }

  static func isDamaged(_ bytes: [UInt8]) -> Bool {
    guard bytes.count > headerSize else { return false }
    return bytes.withUnsafeBytes { buffer in
      func number(_ offset: Int) -> UInt32 { UInt32(bigEndian: buffer.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }
      let pageSize = Int(number(8))
      guard number(0) & 0xffff_fffe == 0x377f_0682, (512...65536).contains(pageSize), pageSize.nonzeroBitCount == 1 else { return true }
      let bigEndian = number(0) & 1 == 1
      var sum = Sum(bigEndian: bigEndian)
      sum.add(buffer, 0..<24)
      guard sum.matches(number(24), number(28)) else { return true }
      let salt = (number(16), number(20))
      var commitsAfterBad = 0
      var bad = false
      var offset = headerSize
      while offset + frameHeaderSize + pageSize <= buffer.count {
        defer { offset += frameHeaderSize + pageSize }
        let isOurs = number(offset + 8) == salt.0 && number(offset + 12) == salt.1
        if !bad {
          sum.add(buffer, offset..<offset + 8)
          sum.add(buffer, offset + frameHeaderSize..<offset + frameHeaderSize + pageSize)
          bad = !isOurs || !sum.matches(number(offset + 16), number(offset + 20))
        }
        // A frame of an earlier use of the file has another salt; a frame that ends a transaction says how big the database is.
        if bad, isOurs, number(offset + 4) != 0 { commitsAfterBad += 1 }
      }
      return commitsAfterBad > 1
    }
  }

  private struct Sum {
    let bigEndian: Bool
    var first: UInt32 = 0
    var second: UInt32 = 0

    init(bigEndian: Bool) { self.bigEndian = bigEndian }

    mutating func add(_ buffer: UnsafeRawBufferPointer, _ range: Range<Int>) {
      for offset in stride(from: range.lowerBound, to: range.upperBound, by: 8) {
        let a = buffer.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
        let b = buffer.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self)
        first = first &+ (bigEndian ? UInt32(bigEndian: a) : UInt32(littleEndian: a)) &+ second
        second = second &+ (bigEndian ? UInt32(bigEndian: b) : UInt32(littleEndian: b)) &+ first
      }
    }

    func matches(_ first: UInt32, _ second: UInt32) -> Bool { self.first == first && self.second == second }
  }
}
