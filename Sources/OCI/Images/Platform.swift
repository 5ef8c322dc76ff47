/// What an image runs on, in Go's words: `linux/amd64`, `linux/arm64/v8`, `linux/arm/v7`.
package struct Platform: Hashable, Sendable, CustomStringConvertible {
  package var os: String
  package var architecture: String
  package var variant: String?
  package var osVersion: String?

  package init(os: String, architecture: String, variant: String? = nil, osVersion: String? = nil) {
    self.os = os
    self.architecture = architecture
    self.variant = variant.flatMap { $0.isEmpty ? nil : $0 }
    self.osVersion = osVersion
  }

  /// The platform this program was built for.
  package static var current: Platform {
    #if arch(x86_64)
      Platform(os: "linux", architecture: "amd64")
    #elseif arch(arm64)
      Platform(os: "linux", architecture: "arm64", variant: "v8")
    #elseif arch(arm)
      Platform(os: "linux", architecture: "arm", variant: "v7")
    #elseif arch(riscv64)
      Platform(os: "linux", architecture: "riscv64")
    #else
      Platform(os: "linux", architecture: "unknown")
    #endif
  }

  package var description: String { [os, architecture, variant].compactMap { $0 }.joined(separator: "/") }

  /// The one spelling of each platform, as containerd normalises them: https://github.com/containerd/platforms/blob/main/database.go
  package var normalized: Platform {
    var result = self
    result.os = os.lowercased()
    switch architecture.lowercased() {
    case "x86_64", "x86-64", "amd64": (result.architecture, result.variant) = ("amd64", variant == "v1" ? nil : variant)
    case "i386", "386": (result.architecture, result.variant) = ("386", nil)
    case "aarch64", "arm64": (result.architecture, result.variant) = ("arm64", variant == "8" || variant == nil ? "v8" : variant)
    case "armhf": (result.architecture, result.variant) = ("arm", "v7")
    case "armel": (result.architecture, result.variant) = ("arm", "v6")
    case "arm":
      result.architecture = "arm"
      result.variant = variant.map { $0.hasPrefix("v") ? $0 : "v" + $0 } ?? "v7"
    case let other: result.architecture = other
    }
    return result
  }

  /// How well an image for `image` runs on this host: 0 best, nil not at all. Later variants of a processor run images of earlier ones.
  package func rank(of image: Platform) -> Int? {
    let wanted = image.normalized
    return runnable.firstIndex { $0.os == wanted.os && $0.architecture == wanted.architecture && $0.variant == wanted.variant }
  }

  /// Everything this host runs, best first.
  private var runnable: [Platform] {
    let host = normalized
    func variants(_ architecture: String, _ numbers: [Int]) -> [Platform] {
      numbers.map { Platform(os: host.os, architecture: architecture, variant: "v\($0)") }
    }
    let level = host.variant.flatMap { Int($0.dropFirst()) }
    switch host.architecture {
    case "arm64": return [host] + variants("arm64", [8]) + variants("arm", [8, 7, 6, 5])
    case "arm": return variants("arm", (5...8).reversed().filter { $0 <= level ?? 7 })
    case "amd64":
      let older = (2...4).reversed().filter { $0 <= level ?? 1 }
      return variants("amd64", older) + [Platform(os: host.os, architecture: "amd64"), Platform(os: host.os, architecture: "386")]
    default: return [host]
    }
  }
}

extension Platform: Codable {
  private enum CodingKeys: String, CodingKey {
    case os, architecture, variant
    case osVersion = "os.version"
  }
}
