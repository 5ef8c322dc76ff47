import Foundation
import Logging

extension NodeNetwork {
  /// What is attached to the bridge at one moment.
  package struct Inventory: Sendable {
    /// Of namespaces and addresses.
    package var ids: Set<String>
    /// Names of the bridge's virtual links.
    var links: Set<String>
  }

  package nonisolated func inventory() -> Inventory {
    // Links first: a namespace is there before its link is, so that links without one are strays and not news.
    let links = (try? FileManager.default.contentsOfDirectory(atPath: "/sys/class/net/\(configuration.bridge)/brif")) ?? []
    return Inventory(ids: list(), links: Set(links.filter { $0.hasPrefix("veth") }))
  }

  /// One line of `ip -json link show`.
  private struct Link: Decodable {
    var ifname: String
    /// This namespace's number for the one at the other end.
    var link_netnsid: Int?
  }

  /// One line of `ip -json netns list`.
  private struct Namespace: Decodable {
    var id: Int?
  }

  /// Takes away links whose other end is in a namespace that lost its name while a process still held it. Links that others put on
  /// the bridge lead into namespaces with names, and stay.
  func removeStrayLinks(of found: Inventory) async throws {
    guard found.links.count > list().count else { return }
    let links: [Link] = try await Self.lines("link", "show", "master", configuration.bridge, "type", "veth")
    let named = Set(try await (Self.lines("netns", "list") as [Namespace]).compactMap(\.id))
    for link in links where found.links.contains(link.ifname) {
      guard let namespace = link.link_netnsid, !named.contains(namespace) else { continue }
      let removed = try await Tool.run("ip", ["link", "delete", link.ifname]).succeeded
      logger.info(removed ? "network.removed-stray-link" : "network.stray-link-stays", metadata: ["link": "\(link.ifname)"])
    }
  }

  private static func lines<Line: Decodable>(_ arguments: String...) async throws -> [Line] {
    let text = try await Tool.check("ip", ["-json"] + arguments)
    return text.isEmpty ? [] : try JSONDecoder().decode([Line].self, from: Data(text.utf8))
  }
}
