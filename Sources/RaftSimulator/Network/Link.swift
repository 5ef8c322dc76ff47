package import SimulationEngine

/// One direction between two nodes: how it treats what is sent over it at the moment.
package struct Link: Sendable {
  /// Nothing passes: a one-way cut, one of the many of a partition, or a dead peer.
  package var isCut = false
  package var dropPercent = 0
  package var duplicatePercent = 0
  /// In so many of a hundred cases a message may overtake those before it.
  package var reorderPercent = 0
  package var delay: ClosedRange<VirtualTime> = 200...800
  /// Rises when the connection closes: what was under way then is lost.
  package var connection = 0
  /// When the last message in order arrives: a stream keeps its order.
  package var lastArrival: VirtualTime = 0

  package init() {}
}
