import Testing

@testable import RaftStorage

/// Vectors of RFC 3720, B.4, and the customary "123456789".
struct CRC32CTests {
  @Test(
    arguments: [
      (Array("123456789".utf8), 0xe306_9283), ([UInt8](repeating: 0, count: 32), 0x8a91_36aa), ([UInt8](repeating: 0xff, count: 32), 0x62a8_ab43),
      (Array(0..<32), 0x46dd_794e),
    ] as [([UInt8], UInt32)])
  func vectors(_ bytes: [UInt8], _ expected: UInt32) {
    var checksum = CRC32C()
    checksum.update(bytes)
    #expect(checksum.value == expected)
  }

  @Test func numbersCountLikeTheirBytes() {
    var number = CRC32C()
    number.update(UInt64(0x0102_0304_0506_0708))
    var bytes = CRC32C()
    bytes.update([8, 7, 6, 5, 4, 3, 2, 1])
    #expect(number.value == bytes.value)
  }
}
