import Testing

@testable import Worker

struct BootIDTests {
  private let kernel = "0b1f8d2e-77aa-4a1c-9c8e-3f6f6a1f0a55\n"
  private func stat(_ start: Int) -> String { "1 (in) it (d) S 0 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 \(start) 169000 3000" }

  @Test func anotherKernelOrAnotherFirstProcessIsAnotherBoot() throws {
    let boot = try #require(BootID(kernel: kernel, firstProcess: stat(42)))
    #expect(boot.rawValue == "0b1f8d2e-77aa-4a1c-9c8e-3f6f6a1f0a55/42")
    #expect(BootID(kernel: kernel, firstProcess: stat(42)) == boot)
    #expect(BootID(kernel: kernel, firstProcess: stat(43)) != boot)
    #expect(BootID(kernel: "another\n", firstProcess: stat(42)) != boot)
  }

  @Test(arguments: ["", "1 (init", "1 (init) S 0 1"]) func nonsenseIsNoBoot(_ stat: String) {
    #expect(BootID(kernel: kernel, firstProcess: stat) == nil)
  }

  @Test func withoutAKernelsNameThereIsNoBoot() { #expect(BootID(kernel: "\n", firstProcess: stat(1)) == nil) }

  @Test func thisBootHasOneName() {
    #expect(BootID.current() == BootID.current())
    #expect(BootID.current() != .unknown)
  }
}
