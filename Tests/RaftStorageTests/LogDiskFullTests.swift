import ClusterModel
import Foundation
import Glibc
import Testing

@testable import RaftStorage

/// Needs root: mounts a small tmpfs.
struct LogDiskFullTests {
  @Test func refusesWhileFullAndRecoversByItself() throws {
    let scratch = ScratchLog()
    try FileManager.default.createDirectory(atPath: scratch.directory, withIntermediateDirectories: true)
    try #require(mount("tmpfs", scratch.directory, "tmpfs", 0, "size=2m") == 0, "run the tests as root")
    defer { umount2(scratch.directory, Int32(MNT_DETACH)) }
    let log = try scratch.create()
    try log.append(entries(1...10, size: 1000))

    let filler = scratch.directory + "/filler"
    let file = open(filler, O_CREAT | O_WRONLY, 0o600)
    let zeros = [UInt8](repeating: 0, count: 4096)
    while write(file, zeros, zeros.count) > 0 {}
    close(file)

    for _ in 0..<3 {
      let error = #expect(throws: WarrenError.self) { try log.append(entries(11...200, size: 4000)) }
      #expect(error?.code == .resourceExhausted)
      #expect(error?.message.contains("full") == true)
    }
    #expect(log.lastIndex == 10)
    #expect(try log.everything() == entries(1...10, size: 1000))

    unlink(filler)
    try log.append(entries(11...20, size: 1000))
    try log.close()
    let again = try scratch.open()
    #expect(try again.everything() == entries(1...20, size: 1000))
    try again.close()
  }
}
