import CLinux
import FoundationEssentials
import Glibc

/// Reads files of an image where its layers lie, without mounting them: the topmost layer that has the path decides.
///
/// https://docs.kernel.org/filesystems/overlayfs.html: a character device 0/0 marks a deleted file, an attribute a folder that hides
/// the layers below.
struct LayeredFiles {
  /// Folders, topmost first.
  private let layers: [String]

  private static let mostLinks = 16
  private static let mostBytes = 4 << 20

  /// - Parameter mounts: as the snapshotter answered: one overlay, or one bind mount of the only layer.
  init(_ mounts: [Containerd_Types_Mount]) {
    guard let mount = mounts.last else {
      layers = []
      return
    }
    let option = { (name: String) in mount.options.first { $0.hasPrefix(name + "=") }.map { $0.dropFirst(name.count + 1) } }
    if mount.type == "overlay" {
      layers = (option("upperdir").map { [String($0)] } ?? []) + (option("lowerdir") ?? "").split(separator: ":").map(String.init)
    } else {
      layers = [mount.source]
    }
  }

  /// The file's text; nil when there is none. Symbolic links are followed inside the image only.
  func text(_ path: String) -> String? {
    var components = path.split(separator: "/").map(String.init)
    for _ in 0..<Self.mostLinks {
      switch find(components) {
      case .missing: return nil
      case .link(let next): components = next
      case .file(let path):
        guard let size = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int, size <= Self.mostBytes,
          let data = FileManager.default.contents(atPath: path)
        else { return nil }
        return String(decoding: data, as: UTF8.self)
      }
    }
    return nil
  }

  private enum Found {
    case missing
    case file(String)
    /// The path to go on with.
    case link([String])
  }

  private func find(_ components: [String]) -> Found {
    layers: for layer in layers {
      var path = layer
      var hidesBelow = false
      for (index, component) in components.enumerated() {
        path += "/" + component
        var file = clinux_file()
        guard clinux_lstat(path, &file) else {
          if hidesBelow { return .missing }
          continue layers
        }
        switch file.mode & S_IFMT {
        case S_IFCHR where file.major == 0 && file.minor == 0: return .missing
        case S_IFLNK: return Self.followed(path, components, at: index)
        case S_IFDIR: hidesBelow = hidesBelow || Self.isOpaque(path)
        default: return index == components.count - 1 ? .file(path) : .missing
        }
      }
      return .missing
    }
    return .missing
  }

  private static func followed(_ link: String, _ components: [String], at index: Int) -> Found {
    guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: link) else { return .missing }
    var result = target.hasPrefix("/") ? [] : Array(components[..<index])
    for part in target.split(separator: "/").map(String.init) + components[(index + 1)...] {
      switch part {
      case ".": continue
      case "..": _ = result.popLast()
      default: result.append(part)
      }
    }
    return .link(result)
  }

  private static func isOpaque(_ path: String) -> Bool {
    let names = ["trusted.overlay.opaque", "user.overlay.opaque"]
    return names.contains { name in
      var value: UInt8 = 0
      return lgetxattr(path, name, &value, 1) == 1 && value == UInt8(ascii: "y")
    }
  }
}
