import ClusterModel
import ClusterSecurity
import Testing

@testable import Manager

@Suite struct BackupTests {
  private static let now = Timestamp(seconds: 1_800_000_000)
  private let keys = SealingKeyring()

  private func view(_ keys: SealingKeyring) throws -> StoreView {
    var view = StoreView()
    view.index = 9
    var cluster = Cluster(id: "c1")
    cluster.authority = try CertificateAuthority.create(cluster: "c1", now: Self.now).record(sealedWith: keys)
    view.set(cluster)
    for number in 0..<20 { view.set(ClusterNode(id: NodeID("w\(number)"), roles: [.worker], description: NodeDescription(hostname: "h"))) }
    return view
  }

  private func file(_ backup: Backup, pieces: Int = 100) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    try await backup.write(pieces: pieces) { bytes += $0 }
    return bytes
  }

  private func backup() throws -> Backup {
    try Backup(view(keys), term: 3, madeBy: "m1", version: "1", at: Self.now, keys: keys)
  }

  private func read(_ bytes: [UInt8], pieces: Int = .max) throws -> Backup {
    var reader = BackupReader("FILE", keepsState: true)
    var rest = bytes[...]
    while !rest.isEmpty {
      try reader.add(Array(rest.prefix(pieces)))
      rest = rest.dropFirst(pieces)
    }
    return try reader.finish()
  }

  @Test func comesBackInPiecesOfAnySize() async throws {
    let backup = try backup()
    let bytes = try await file(backup)
    for pieces in [1, 7, 16, 17, 20, 33, bytes.count - 1, bytes.count] {
      let read = try read(bytes, pieces: pieces)
      #expect(read.header == backup.header && read.state == backup.state)
    }
    let read = try read(bytes)
    #expect(read.cluster == "c1" && read.madeAt == Self.now && read.header.term == 3 && read.header.index == 9)
    #expect(try read.sealingKeys() == keys)
    #expect(try read.view() == view(keys).withAuthority(of: read.view()))
  }

  @Test func whatIsOnlyCheckedKeepsNoState() async throws {
    var reader = BackupReader("FILE", keepsState: false)
    for byte in try await file(backup()) { try reader.add([byte]) }
    #expect(try reader.finish().state.isEmpty)
  }

  @Test func everyCutIsNoticed() async throws {
    let bytes = try await file(backup())
    for count in 0..<bytes.count {
      let error = #expect(throws: WarrenError.self) { try read(Array(bytes.prefix(count))) }
      #expect(error?.code == (count == 0 ? .invalidArgument : .dataLoss) && error?.message.hasPrefix("FILE is") == true, "\(count)")
    }
    #expect(#expect(throws: WarrenError.self) { try read(bytes + [0]) }?.code == .dataLoss)
  }

  @Test func everyChangedByteIsNoticed() async throws {
    let bytes = try await file(backup())
    for place in bytes.indices {
      var bytes = bytes
      bytes[place] ^= 0x10
      #expect(throws: WarrenError.self, "byte \(place)") { try read(bytes) }
    }
  }

  @Test func whatIsNoBackupIsToldFromALaterVersions() throws {
    for foreign in ["", "hello, this is a text and no backup", "warren", "warren-backup x and more"].map({ Array($0.utf8) }) + [
      [UInt8](repeating: 0, count: 100_000), [0x1f, 0x8b] + [UInt8](repeating: 7, count: 500),
    ] {
      #expect(throws: WarrenError.self) { try read(foreign) }
    }
    #expect(#expect(throws: WarrenError.self) { try read(Array("hello, this is a text and no backup".utf8)) }?.code == .invalidArgument)
    let later = #expect(throws: WarrenError.self) { try read(Array("warren-backup 2\nwhatever it has in it".utf8)) }
    #expect(later?.code == .failedPrecondition && later?.message.contains("later version") == true)
    // A header of four gigabytes is not waited for.
    #expect(#expect(throws: WarrenError.self) { try read(Backup.magic + [0xff, 0xff, 0xff, 0xff, 1]) }?.code == .dataLoss)
  }

  @Test func keysThatDoNotOpenTheAuthorityAreNoticed() throws {
    let backup = try Backup(view(SealingKeyring()), term: 1, madeBy: "m1", version: "1", at: Self.now, keys: keys)
    #expect(throws: WarrenError.self) { try backup.view() }
  }
}

extension StoreView {
  /// Signatures are random: no two authorities are the same.
  fileprivate func withAuthority(of other: StoreView) -> StoreView {
    var view = self
    if let cluster = other.cluster { view.set(cluster) }
    return view
  }
}
