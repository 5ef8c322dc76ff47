import Testing

@testable import HealthProbes

@Suite struct HealthMessageTests {
  @Test func theServiceIsFieldOne() {
    #expect(HealthMessage.request(service: "") == [0, 0, 0, 0, 0])
    #expect(HealthMessage.request(service: "é") == [0, 0, 0, 0, 4, 0x0a, 2, 0xc3, 0xa9])
    let long = String(repeating: "x", count: 300)
    #expect(HealthMessage.request(service: long) == [0, 0, 0, 1, 47, 0x0a, 0xac, 2] + Array(long.utf8))
  }

  private func status(_ message: [UInt8]) -> UInt64? { HealthMessage.status(in: [0, 0, 0, 0, UInt8(message.count)] + message)?.number }

  @Test func theStatusIsFieldOne() {
    #expect(status([8, 1]) == 1)
    #expect(status([]) == 0)
    #expect(status([8, 2, 8, 1]) == 1)
    #expect(status([8, 0x81, 0]) == 1)
    #expect(status([8] + [UInt8](repeating: 0xff, count: 9) + [1]) == .max)
  }

  @Test func otherFieldsAreSkipped() {
    #expect(status([0x10, 5, 8, 1]) == 1)
    #expect(status([0x12, 2, 8, 2, 8, 1]) == 1)
    #expect(status([0x19, 1, 2, 3, 4, 5, 6, 7, 8, 8, 1]) == 1)
    #expect(status([8, 1, 0x1d, 1, 2, 3, 4]) == 1)
    #expect(status([0x0a, 1, 8]) == 0)
  }

  @Test(
    arguments: [
      [8], [8, 0x80], [0x12, 9, 1], [0x19, 1], [0x1d, 1, 2, 3], [0x0b], [0x0f], [0x12] + [UInt8](repeating: 0xff, count: 9) + [1],
      [8] + [UInt8](repeating: 0xff, count: 11),
    ] as [[UInt8]])
  func malformedOnesHaveNone(_ message: [UInt8]) { #expect(status(message) == nil) }

  @Test(
    arguments: [[], [0, 0, 0, 0], [0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 8, 1], [1, 0, 0, 0, 2, 8, 1], [0, 0xff, 0xff, 0xff, 0xff, 8, 1]] as [[UInt8]])
  func malformedFramesHaveNone(_ bytes: [UInt8]) { #expect(HealthMessage.status(in: bytes) == nil) }
}
