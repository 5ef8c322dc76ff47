/// The Castagnoli CRC (RFC 3720, appendix B.4), eight bytes a step: https://create.stephan-brumme.com/crc32/#slicing-by-8-overview
struct CRC32C {
  private var state: UInt32 = 0xffff_ffff

  var value: UInt32 { ~state }

  mutating func update(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { buffer in
      var position = 0
      Self.tables.withUnsafeBufferPointer { table in
        while position + 8 <= buffer.count {
          let low = UInt32(littleEndian: buffer.loadUnaligned(fromByteOffset: position, as: UInt32.self)) ^ state
          let high = UInt32(littleEndian: buffer.loadUnaligned(fromByteOffset: position + 4, as: UInt32.self))
          let a = table[0x700 + Int(low & 0xff)] ^ table[0x600 + Int((low >> 8) & 0xff)]
          let b = table[0x500 + Int((low >> 16) & 0xff)] ^ table[0x400 + Int(low >> 24)]
          let c = table[0x300 + Int(high & 0xff)] ^ table[0x200 + Int((high >> 8) & 0xff)]
          let d = table[0x100 + Int((high >> 16) & 0xff)] ^ table[Int(high >> 24)]
          state = a ^ b ^ c ^ d
          position += 8
        }
        while position < buffer.count {
          state = (state >> 8) ^ table[Int((state ^ UInt32(buffer[position])) & 0xff)]
          position += 1
        }
      }
    }
  }

  mutating func update(_ number: UInt64) {
    for shift in stride(from: 0, to: 64, by: 8) {
      state = (state >> 8) ^ Self.tables[Int((state ^ UInt32(truncatingIfNeeded: number >> UInt64(shift))) & 0xff)]
    }
  }

  /// Eight tables of 256, one after the other.
  private static let tables: [UInt32] = {
    var tables = [UInt32](repeating: 0, count: 8 * 256)
    for byte in 0..<256 {
      var crc = UInt32(byte)
      for _ in 0..<8 { crc = (crc >> 1) ^ (crc & 1 == 1 ? 0x82f6_3b78 : 0) }
      tables[byte] = crc
    }
    for slice in 1..<8 {
      for byte in 0..<256 {
        let previous = tables[(slice - 1) * 256 + byte]
        tables[slice * 256 + byte] = (previous >> 8) ^ tables[Int(previous & 0xff)]
      }
    }
    return tables
  }()
}
