import RaftSimulator
import SimulationEngine
import Testing

@Suite struct NetworkTests {
  private func arrivals(_ link: Link, count: Int = 500) -> [[VirtualTime]] {
    var network = Network(random: SimulationRandom(seed: 3))
    network[1, 2] = link
    return (0..<count).map { now in network.send(from: 1, to: 2, at: now * 100) { _ in }.map(\.time) }
  }

  @Test func aGoodLinkDeliversOnceAndInOrder() {
    let times = arrivals(Link())
    #expect(times.allSatisfy { $0.count == 1 })
    #expect(times.flatMap { $0 } == times.flatMap { $0 }.sorted())
  }

  @Test func linksDropDoubleAndReorder() {
    var link = Link()
    link.dropPercent = 20
    link.duplicatePercent = 20
    link.reorderPercent = 20
    let times = arrivals(link)
    #expect(times.contains { $0.isEmpty })
    #expect(times.contains { $0.count == 2 })
    #expect(times.flatMap { $0 } != times.flatMap { $0 }.sorted())
  }

  @Test func aCutIsOneWay() {
    var network = Network(random: SimulationRandom(seed: 1))
    network[1, 2].isCut = true
    #expect(network.send(from: 1, to: 2, at: 0) { _ in }.isEmpty)
    #expect(network.send(from: 2, to: 1, at: 0) { _ in }.count == 1)
  }

  @Test func aClosedConnectionLosesWhatWasUnderWay() {
    var network = Network(random: SimulationRandom(seed: 1))
    let before = network.send(from: 1, to: 2, at: 0) { _ in }
    network.closeConnection(1, 2)
    let after = network.send(from: 1, to: 2, at: 0) { _ in }
    #expect(before.allSatisfy { !network.isOpen(from: 1, to: 2, connection: $0.connection) })
    #expect(after.allSatisfy { network.isOpen(from: 1, to: 2, connection: $0.connection) })
  }
}
