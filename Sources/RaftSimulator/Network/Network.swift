package import SimulationEngine

/// All links of a simulation: decides when, how often and whether a message arrives.
package struct Network: Sendable {
  /// One arrival of a message: its time, and the connection it came over, to be compared when it arrives.
  package struct Arrival: Sendable {
    package var time: VirtualTime
    package var connection: Int
  }

  private struct Ends: Hashable {
    var from: UInt64
    var to: UInt64
  }

  private var links: [Ends: Link] = [:]
  private var random: SimulationRandom

  package init(random: SimulationRandom) { self.random = random }

  package subscript(from: UInt64, to: UInt64) -> Link {
    get { links[Ends(from: from, to: to), default: Link()] }
    set { links[Ends(from: from, to: to)] = newValue }
  }

  /// The arrivals of a message sent now: none if it is lost, two if it is doubled.
  package mutating func send(from: UInt64, to: UInt64, at now: VirtualTime, count: (Fault) -> Void) -> [Arrival] {
    let ends = Ends(from: from, to: to)
    var link = links[ends, default: Link()]
    defer { links[ends] = link }
    if link.isCut { return [] }
    if random.chance(link.dropPercent) {
      count(.drop)
      return []
    }
    let doubled = random.chance(link.duplicatePercent)
    if doubled { count(.duplicate) }
    return (0..<(doubled ? 2 : 1)).map { _ in
      var time = now + random.int(in: link.delay)
      if random.chance(link.reorderPercent) {
        count(.reorder)
        time += random.int(in: 0...4 * link.delay.upperBound)
      } else {
        time = max(time, link.lastArrival)
        link.lastArrival = time
      }
      return Arrival(time: time, connection: link.connection)
    }
  }

  /// True if what was sent over `connection` still arrives.
  package func isOpen(from: UInt64, to: UInt64, connection: Int) -> Bool { self[from, to].connection == connection }

  /// Loses what is under way between the two, as a closed connection does.
  package mutating func closeConnection(_ one: UInt64, _ other: UInt64) {
    self[one, other].connection += 1
    self[other, one].connection += 1
  }

  /// Cuts or restores every link between the two sides, in both directions.
  package mutating func setCut(_ cut: Bool, between one: [UInt64], and other: [UInt64]) {
    for a in one {
      for b in other where a != b {
        self[a, b].isCut = cut
        self[b, a].isCut = cut
      }
    }
  }

  /// Gives every link the same treatment from now on; cuts end.
  package mutating func reset(nodes: [UInt64], to link: Link = Link()) {
    for from in nodes {
      for to in nodes where from != to {
        var new = link
        new.connection = self[from, to].connection
        new.lastArrival = self[from, to].lastArrival
        self[from, to] = new
      }
    }
  }
}
