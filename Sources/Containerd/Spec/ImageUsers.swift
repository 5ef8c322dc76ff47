import ClusterModel
import OCI

/// Finds users in an image's own `/etc/passwd` and `/etc/group`.
struct ImageUsers {
  /// passwd(5); nil when the image has none.
  var passwd: String?
  /// group(5); nil when the image has none.
  var group: String?

  struct Resolved: Hashable {
    var user: RuntimeSpec.User
    /// Nil when the image does not know the user.
    var home: String?
  }

  private struct Entry {
    var name: String
    var id: UInt32
    /// A user's own group.
    var gid: UInt32
    /// A group's members.
    var members: [Substring]
    var home: String
  }

  /// - Parameter name: `user[:group]`, each a name or a number; empty means root.
  /// - Throws: `WarrenError(.failedPrecondition)` when the image has no such user or group.
  func resolve(_ name: String) throws(WarrenError) -> Resolved {
    let parts = name.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let userName = parts.first.flatMap { $0.isEmpty ? nil : $0 } ?? "0"
    let users = Self.entries(passwd, isGroup: false)
    let groups = Self.entries(group, isGroup: true)

    let known = users.first { $0.name == userName } ?? UInt32(userName).flatMap { id in users.first { $0.id == id } }
    guard let uid = known?.id ?? UInt32(userName), uid <= Int32.max else {
      throw Self.missing("user", userName, in: "/etc/passwd")
    }
    var user = RuntimeSpec.User(uid: uid, gid: known?.gid ?? 0)
    var additional: [UInt32] = []
    if parts.count == 2, !parts[1].isEmpty {
      // A group given by hand replaces the user's groups, as with Docker.
      guard let gid = groups.first(where: { $0.name == parts[1] })?.id ?? UInt32(parts[1]), gid <= Int32.max else {
        throw Self.missing("group", parts[1], in: "/etc/group")
      }
      user.gid = gid
    } else if let known {
      additional = groups.filter { $0.members.contains(Substring(known.name)) && $0.id != user.gid }.map(\.id)
    }
    // With its own group among them, a process cannot shed a file's group restrictions by changing its group (CVE-2022-2990).
    user.additionalGids = [user.gid] + additional
    return Resolved(user: user, home: known.flatMap { $0.home.isEmpty ? nil : $0.home })
  }

  private static func missing(_ kind: String, _ name: String, in file: String) -> WarrenError {
    WarrenError(.failedPrecondition, "the image has no \(kind) \(name) in \(file); give a number or a \(kind) that is in the image")
  }

  private static func entries(_ text: String?, isGroup: Bool) -> [Entry] {
    (text ?? "").split(whereSeparator: \.isNewline).compactMap { line in
      let fields = line.split(separator: ":", omittingEmptySubsequences: false)
      guard !line.hasPrefix("#"), fields.count >= 3, let id = UInt32(fields[2]) else { return nil }
      return Entry(
        name: String(fields[0]), id: id, gid: isGroup || fields.count < 4 ? 0 : UInt32(fields[3]) ?? 0,
        members: isGroup && fields.count > 3 ? fields[3].split(separator: ",") : [],
        home: !isGroup && fields.count > 5 ? String(fields[5]) : "")
    }
  }
}
