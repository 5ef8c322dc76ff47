/// The one source of chance in a simulation: SplitMix64, https://prng.di.unimi.it/splitmix64.c
///
/// Everything that happens is drawn from here in one order, so that a seed repeats a run exactly.
package struct SimulationRandom: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    return mix64(state)
  }

  /// True in `percent` of a hundred cases, on average.
  package mutating func chance(_ percent: Int) -> Bool { int(in: 0..<100) < percent }

  /// A number of the range. The bias of a remainder is far below what a simulation can notice.
  package mutating func int(in range: Range<Int>) -> Int {
    range.lowerBound + Int(next() % UInt64(range.count))
  }

  /// A number of the closed range.
  package mutating func int(in range: ClosedRange<Int>) -> Int { int(in: range.lowerBound..<range.upperBound + 1) }

  /// One of `values`, or nil if there is none.
  package mutating func pick<Value>(_ values: [Value]) -> Value? {
    values.isEmpty ? nil : values[int(in: 0..<values.count)]
  }

  /// A generator of its own for a part of the simulation.
  package mutating func fork() -> SimulationRandom { SimulationRandom(seed: next()) }
}

/// SplitMix64's finaliser: a cheap, good mixing of 64 bits, also used for digests and checksums.
package func mix64(_ value: UInt64) -> UInt64 {
  var z = value
  z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
  z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
  return z ^ (z >> 31)
}

/// The digest of a sequence, one value after the other.
package func mix64(_ digest: UInt64, _ value: UInt64) -> UInt64 {
  mix64((digest ^ value) &+ 0x9e37_79b9_7f4a_7c15 &+ (digest << 6))
}
