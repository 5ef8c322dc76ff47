/// Virtual time: microseconds since the simulation began.
package typealias VirtualTime = Int

extension VirtualTime {
  package static func milliseconds(_ value: Int) -> VirtualTime { value * 1000 }
  package static func seconds(_ value: Int) -> VirtualTime { value * 1_000_000 }
}

/// What happens when: a binary heap on (time, order of scheduling), so that ties break the same way in every run.
package struct EventQueue<Event> {
  private struct Key {
    var time: VirtualTime
    var order: Int
    var slot: Int

    static func < (left: Key, right: Key) -> Bool {
      left.time == right.time ? left.order < right.order : left.time < right.time
    }
  }

  private var heap: [Key] = []
  /// Events stay where they are while the heap moves the small keys.
  private var slots: [Event?] = []
  private var free: [Int] = []
  private var scheduled = 0

  package init() {}

  package var isEmpty: Bool { heap.isEmpty }

  package mutating func schedule(_ event: Event, at time: VirtualTime) {
    let slot: Int
    if let reused = free.popLast() {
      slot = reused
      slots[slot] = event
    } else {
      slot = slots.count
      slots.append(event)
    }
    heap.append(Key(time: time, order: scheduled, slot: slot))
    scheduled += 1
    siftUp(heap.count - 1)
  }

  /// The earliest event, or nil when nothing is left to happen.
  package mutating func next() -> (time: VirtualTime, event: Event)? {
    guard let first = heap.first, let last = heap.popLast() else { return nil }
    if !heap.isEmpty {
      heap[0] = last
      siftDown()
    }
    guard let event = slots[first.slot].take() else { preconditionFailure("an event was scheduled once and taken twice") }
    free.append(first.slot)
    return (first.time, event)
  }

  private mutating func siftUp(_ start: Int) {
    var child = start
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child] < heap[parent] else { return }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  private mutating func siftDown() {
    var parent = 0
    while true {
      var smallest = parent
      for child in (2 * parent + 1)...(2 * parent + 2) where child < heap.count && heap[child] < heap[smallest] { smallest = child }
      guard smallest != parent else { return }
      heap.swapAt(parent, smallest)
      parent = smallest
    }
  }
}
