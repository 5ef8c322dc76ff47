import ClusterModel
import ClusterSecurity
import Crypto
import TestKit
import Testing

/// What strangers may send: nothing of it may end the process, and nothing of it may be let in.
@Suite struct GarbageTests {
  @Test(arguments: [1, 2, 3, 4] as [UInt64]) func certificatesWithAnyBitWrongAreRefused(seed: UInt64) async throws {
    let fixture = try Fixture()
    var generator = SeededGenerator(seed: seed)
    let chain = try fixture.issue(.worker)
    let leaf = try #require(chain.first)
    for _ in 0..<400 {
      var damaged = leaf
      switch Int.random(in: 0..<4, using: &generator) {
      case 0: damaged[Int.random(in: 0..<damaged.count, using: &generator)] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      case 1: damaged.removeLast(Int.random(in: 1...damaged.count, using: &generator))
      case 2: damaged = (0..<Int.random(in: 0..<600, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
      default:
        let start = Int.random(in: 0..<damaged.count, using: &generator)
        let length = Int.random(in: 1..<64, using: &generator)
        damaged.replaceSubrange(
          start..<min(start + length, damaged.count), with: (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) })
      }
      if damaged == leaf { continue }
      await #expect(throws: CertificateRefusal.self) {
        try await fixture.verifier.verify([damaged] + chain.dropFirst(), as: .client, now: Fixture.now)
      }
    }
  }

  @Test(arguments: [1, 2] as [UInt64]) func requestsTokensAndFiles(seed: UInt64) async throws {
    let fixture = try Fixture()
    var generator = SeededGenerator(seed: seed)
    let keys = SealingKeyring()
    let key = P256.Signing.PrivateKey()
    let request = try CertificateRequest.make(for: "n1", key: key)
    let box = try keys.seal([1, 2, 3], for: .nodeKey)
    let context = try AdminContext.issue(name: "ops", by: fixture.authority, addresses: ["a:1"], now: Fixture.now).file()
    let file = try NodeCredentials(
      chain: fixture.authority.issue(fixture.identity(.worker), for: key.publicKey, now: Fixture.now), key: key, trust: fixture.authority.trust
    ).file(sealedWith: keys)
    func damage(_ bytes: [UInt8]) -> [UInt8] {
      var damaged = bytes
      for _ in 0...Int.random(in: 0..<3, using: &generator) where !damaged.isEmpty {
        damaged[Int.random(in: 0..<damaged.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      if Bool.random(using: &generator) { damaged.removeLast(Int.random(in: 0...damaged.count, using: &generator)) }
      return damaged
    }
    for _ in 0..<200 {
      let (badRequest, badBox) = (damage(request), damage(box))
      if badRequest != request { #expect(throws: WarrenError.self) { try CertificateRequest(der: badRequest) } }
      if badBox != box { #expect(throws: WarrenError.self) { try keys.open(badBox, for: .nodeKey) } }
      // Blanks and the like may change without harm.
      if let read = try? await AdminContext.imported(damage(context), now: Fixture.now) { #expect(read.name == "ops") }
      // Whom a damaged certificate names does not count before its chain is verified.
      _ = try? NodeCredentials(file: damage(file), sealedWith: keys)
      _ = try? JoinSecret(String(decoding: damage(request), as: UTF8.self))
      _ = try? SealingKeyring(text: String(decoding: damage(Array(keys.text.utf8)), as: UTF8.self))
      _ = NodeIdentity(uri: "spiffe://" + String(decoding: damage(Array("c1/worker/n1".utf8)), as: UTF8.self))
    }
  }
}
