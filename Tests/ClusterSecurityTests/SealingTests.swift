import ClusterModel
import ClusterSecurity
import Crypto
import Glibc
import Testing

@Suite struct SealingTests {
  @Test func opensWhatItSealed() throws {
    let keys = SealingKeyring()
    let box = try keys.seal([1, 2, 3], for: .nodeKey)
    #expect(try keys.open(box, for: .nodeKey) == [1, 2, 3])
    #expect(try keys.seal([1, 2, 3], for: .nodeKey) != box)
    #expect(try keys.open(keys.seal([], for: .nodeKey), for: .nodeKey) == [])
  }

  @Test func anotherKeyIsNamed() throws {
    let (keys, others) = (SealingKeyring(), SealingKeyring())
    let box = try keys.seal([1], for: .nodeKey)
    let error = #expect(throws: WarrenError.self) { try others.open(box, for: .nodeKey) }
    #expect(error?.code == .failedPrecondition)
    for name in [keys, others].map({ $0.keys[0].description }) { #expect(error?.message.contains(name) == true) }
  }

  @Test func everyChangedByteIsFound() throws {
    let keys = SealingKeyring()
    let box = try keys.seal([1, 2, 3], for: .nodeKey)
    for position in box.indices {
      var damaged = box
      damaged[position] ^= 0x40
      #expect(throws: WarrenError.self) { try keys.open(damaged, for: .nodeKey) }
      let error = #expect(throws: WarrenError.self) { try keys.open(Array(box.prefix(position)), for: .nodeKey) }
      #expect(error?.code == .dataLoss)
    }
  }

  @Test func purposeIsPartOfTheSeal() throws {
    let keys = SealingKeyring()
    let box = try keys.seal([1], for: .authorityKey(of: "c1"))
    for purpose in [SealingPurpose.nodeKey, .authorityKey(of: "c2"), .secret("s1")] {
      let error = #expect(throws: WarrenError.self) { try keys.open(box, for: purpose) }
      #expect(error?.code == .dataLoss)
    }
  }

  @Test func rotation() throws {
    let old = SealingKeyring()
    let box = try old.seal([7], for: .nodeKey)
    let both = old.rotated()
    #expect(both.isOutdated(box) && !old.isOutdated(box))
    #expect(try both.open(box, for: .nodeKey) == [7])
    let again = try both.seal([7], for: .nodeKey)
    #expect(!both.isOutdated(again))
    let new = both.withoutOldKeys()
    #expect(try new.open(again, for: .nodeKey) == [7])
    #expect(throws: WarrenError.self) { try new.open(box, for: .nodeKey) }
    #expect(old.adopting(new).keys == new.keys + old.keys)
    #expect(new.adopting(new) == new)
  }

  @Test func textKeepsTheKeysAndNamesDoNotShowThem() throws {
    let keys = SealingKeyring().rotated()
    #expect(try SealingKeyring(text: keys.text) == keys)
    let shown = "\(keys) \(keys.keys) \(String(reflecting: keys.keys))"
    for line in keys.text.split(separator: "\n").dropFirst() { #expect(!shown.contains(line)) }
    for text in ["", "warren sealing keys 1\n", "warren sealing keys 2\n" + keys.text, "warren sealing keys 1\nabc\n", String(keys.text.dropLast(9))]
    {
      let error = #expect(throws: WarrenError.self) { try SealingKeyring(text: text) }
      #expect(error?.code == .dataLoss)
    }
  }

  @Test func directoryMakesKeysOnceAndKeepsThemPrivate() async throws {
    try await withScratch { path in
      let directory = SecurityDirectory(dataDirectory: path)
      let keys = try directory.sealingKeys()
      #expect(mode(directory.path) == 0o700 && mode(directory.sealingKeysFile) == 0o600)
      #expect(try directory.sealingKeys() == keys)
      #expect(chmod(directory.sealingKeysFile, 0o644) == 0)
      #expect(try directory.sealingKeys() == keys)
      #expect(mode(directory.sealingKeysFile) == 0o600)
      try PrivateFile(directory.sealingKeysFile).write(Array("nonsense".utf8))
      // Never replaced by new ones: what they sealed would be lost.
      let error = #expect(throws: WarrenError.self) { try directory.sealingKeys() }
      #expect(error?.message.contains(directory.sealingKeysFile) == true)
    }
  }

  @Test func directoryKeepsCredentialsSealed() async throws {
    try await withScratch { path in
      let directory = SecurityDirectory(dataDirectory: path)
      let (keys, key, fixture) = (try directory.sealingKeys(), P256.Signing.PrivateKey(), try Fixture())
      #expect(try directory.credentials(sealedWith: keys) == nil)
      let chain = try fixture.authority.issue(fixture.identity(.manager), for: key.publicKey, now: Fixture.now)
      try directory.keep(NodeCredentials(chain: chain, key: key, trust: fixture.authority.trust), sealedWith: keys)
      let read = try #require(try directory.credentials(sealedWith: keys))
      #expect(read.key.rawRepresentation == key.rawRepresentation && read.chain == chain && read.trust == fixture.authority.trust)
      #expect(mode("\(directory.path)/identity") == 0o600)
      let bytes = try #require(try PrivateFile("\(directory.path)/identity").read())
      #expect(!String(decoding: bytes, as: UTF8.self).contains("PRIVATE KEY"))
      #expect(throws: WarrenError.self) { try directory.credentials(sealedWith: SealingKeyring()) }
    }
  }

  @Test func filesAreReplacedWholeOrNotAtAll() async throws {
    try await withScratch { path in
      let file = PrivateFile("\(path)/file")
      #expect(try file.read() == nil)
      try file.write([1, 2, 3])
      // What a crash left behind is no hindrance, nor is it followed to somewhere else.
      #expect(symlink("/tmp/warren-security-not-made", "\(path)/file.new") == 0)
      try file.write([4])
      #expect(try file.read() == [4])
      #expect(mode(file.path) == 0o600)
      #expect(access("/tmp/warren-security-not-made", F_OK) != 0)
      #expect(throws: WarrenError.self) { try PrivateFile("\(path)/no/such/file").write([1]) }
      #expect(throws: WarrenError.self) { try PrivateFile(path).read() }
    }
  }
}
