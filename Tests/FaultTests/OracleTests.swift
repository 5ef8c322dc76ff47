import Testing

@testable import warren_faults

/// Each promise: kept in what is good, broken in what is bad.
@Suite struct OracleTests {
  private struct Script {
    var history = History()
    private var moment = 0

    mutating func call(
      _ action: History.Action, seen: [UInt64]? = nil, answered: Bool = true, _ service: String = "s", _ register: History.Register = .marks
    ) {
      history.calls.append(
        History.Call(
          client: 1, managers: ["h1"], service: service, register: register, action: action, invoked: moment, returned: answered ? moment + 1 : nil,
          seen: seen, began: Int64(moment), ended: Int64(moment + 1), error: answered ? nil : "no manager answers"))
      moment += 2
    }

    /// The last two calls happen at the same time.
    mutating func overlap() {
      let last = history.calls.count - 1
      history.calls[last].invoked = history.calls[last - 1].invoked + 1
      history.calls[last - 1].returned = (history.calls[last].returned ?? 0) + 1
    }
  }

  private func linearizable(_ body: (inout Script) -> Void) -> Bool {
    var script = Script()
    body(&script)
    let violations = Oracle.linearizability(script.history)
    // Whoever looks at it at night wants to see what happened.
    for violation in violations { #expect(violation.evidence.contains("client 1 at h1")) }
    return violations.isEmpty
  }

  @Test func whatWasAcknowledgedIsRead() {
    #expect(
      linearizable {
        $0.call(.add(1)); $0.call(.add(2)); $0.call(.read, seen: [1, 2]); $0.call(.set(0)); $0.call(.read, seen: [])
      })
  }

  @Test func aLostMarkIsFound() {
    #expect(
      !linearizable {
        $0.call(.add(1)); $0.call(.add(2)); $0.call(.read, seen: [1])
      })
  }

  @Test func aLostServiceIsFound() {
    #expect(
      !linearizable {
        $0.call(.add(1)); $0.call(.read, seen: [])
      })
  }

  @Test func aMarkThatWasAddedTwiceIsFound() {
    #expect(
      !linearizable {
        $0.call(.add(1)); $0.call(.add(2)); $0.call(.read, seen: [1, 2, 2])
      })
  }

  @Test func aMarkThatNobodyAddedIsFound() {
    #expect(
      !linearizable {
        $0.call(.add(1)); $0.call(.read, seen: [1, 9])
      })
  }

  @Test func aStaleReadIsFound() {
    #expect(
      !linearizable {
        $0.call(.add(1)); $0.call(.add(2)); $0.call(.read, seen: [1, 2]); $0.call(.read, seen: [1])
      })
  }

  @Test func aServiceThatComesBackIsFound() {
    #expect(
      !linearizable {
        $0.call(.add(1)); $0.call(.set(0)); $0.call(.read, seen: []); $0.call(.read, seen: [1])
      })
  }

  @Test func anUnansweredChangeMayHaveHappenedOrNot() {
    for seen: [UInt64] in [[1], [1, 2]] {
      #expect(
        linearizable {
          $0.call(.add(1)); $0.call(.add(2), answered: false); $0.call(.read, seen: seen)
        })
    }
    #expect(
      !linearizable {
        $0.call(.add(1)); $0.call(.add(2), answered: false); $0.call(.read, seen: [1, 2]); $0.call(.read, seen: [1])
      })
    #expect(
      !linearizable {
        $0.call(.add(1)); $0.call(.add(2), answered: false); $0.call(.read, seen: [1, 2, 2])
      })
  }

  @Test func aReadBesideAChangeSeesEither() {
    for seen: [UInt64] in [[1], [1, 2]] {
      #expect(
        linearizable {
          $0.call(.add(1)); $0.call(.add(2)); $0.call(.read, seen: seen); $0.overlap()
        })
    }
  }

  @Test func numbersOfReplicasAreJudged() {
    #expect(
      linearizable {
        $0.call(.set(3), "r", .replicas); $0.call(.read, seen: [3], "r", .replicas)
      })
    #expect(
      !linearizable {
        $0.call(.set(3), "r", .replicas); $0.call(.set(1), "r", .replicas); $0.call(.read, seen: [3], "r", .replicas)
      })
  }

  @Test func servicesAreJudgedEachByItself() {
    #expect(
      linearizable {
        $0.call(.add(1), "a"); $0.call(.add(2), "b"); $0.call(.read, seen: [1], "a"); $0.call(.read, seen: [2], "b")
      })
    #expect(
      !linearizable {
        $0.call(.add(1), "a"); $0.call(.add(2), "b"); $0.call(.read, seen: [2], "a")
      })
  }

  @Test func answersThatNoFaultExplainsAreTold() {
    var history = History()
    #expect(Oracle.answers(history).isEmpty)
    history.unexpected = ["client 1: an internal error"]
    #expect(Oracle.answers(history).count == 1)
  }

  @Test func whatDoesNotSettleIsTold() {
    var history = History()
    history.missing = "node h5 is down"
    #expect(Oracle.settling(history).map(\.evidence) == ["node h5 is down"])
    history.settledAfter = 10
    #expect(Oracle.settling(history).isEmpty)
  }

  @Test func whatTheCommandLineMadeIsThereOnceOnEachManager() {
    var history = History()
    history.services = ["h1": ["a", "b"], "h2": ["a", "b"]]
    #expect(Oracle.commandLine(history, acknowledged: ["a", "b"]).isEmpty)
    history.services["h2"] = ["b"]
    #expect(Oracle.commandLine(history, acknowledged: ["a"]).map(\.evidence) == ["h2 lists a 0 times"])
    history.services["h2"] = ["a", "a"]
    #expect(Oracle.commandLine(history, acknowledged: ["a"]).map(\.evidence) == ["h2 lists a 2 times"])
  }

  @Test func twoLeadersOfOneTermAreFound() {
    func log(_ terms: Int...) -> String { terms.map { "2026-01-01T00:00:00.000Z notice leadership.begun term=\($0)\n" }.joined() }
    #expect(Oracle.leaders(["h1": log(1, 3), "h2": log(2, 4)]).isEmpty)
    #expect(Oracle.leaders(["h1": log(1, 3), "h2": log(2, 3)]).map(\.evidence) == ["term=3: h1, h2"])
  }

  @Test func aContainerThatWasTouchedIsFound() {
    #expect(Oracle.untouched(before: ["a 10"], after: ["a 10", "b 11"]).isEmpty)
    #expect(Oracle.untouched(before: ["a 10"], after: ["a 12"]).count == 1)
    #expect(Oracle.untouched(before: ["a 10"], after: []).count == 1)
    #expect(Oracle.untouched(before: [], after: []).count == 1)
  }

  @Test func containerdMustHaveExactlyWhatTheStoreSays() {
    var history = History()
    history.placements = [.init(node: "h4", container: "a")]
    func evidence(_ found: String...) -> [String] { Oracle.inventory(history, nodes: ["h4", "h5"], found: found).map(\.evidence) }
    #expect(evidence("h4 task a", "h4 snapshot a") == [])
    #expect(evidence("h4 task a") == ["missing: h4 snapshot a"])
    #expect(evidence("h4 task a", "h4 snapshot a", "h5 task b") == ["unexpected: h5 task b"])
    #expect(Oracle.inventory(history, nodes: ["h5"], found: []).map(\.evidence) == ["on a node that was not looked at: h4 a"])
  }

  @Test func leftoversAreFound() {
    #expect(Oracle.leftovers([]).isEmpty)
    #expect(Oracle.leftovers(["h4 netns x"]).count == 1)
  }

  @Test func growthIsFound() {
    func grown(_ after: String) -> Int { Oracle.processes(before: ["h1-warren 50000 40"], after: [after]).count }
    #expect(grown("h1-warren 60000 48") == 0)
    #expect(grown("h1-warren 40000 30") == 0)
    #expect(grown("h1-warren 60001 40") == 1)
    #expect(grown("h1-warren 50000 49") == 1)
    #expect(grown("h2-warren 50000 40") == 1)
  }
}
