import Testing
import raft_script

/// The door answers whatever it is given, one line for one line.
@Suite struct DoorTests {
  @Test func aRefusedDirectiveIsAnsweredWithTheReasonAndTheState() {
    var door = JSONDoor()
    _ = door.answer(#"{"cmd":"add-nodes","args":[{"key":"1"},{"key":"voters","vals":["1"]},{"key":"index","vals":["5"]}]}"#)
    let answer = door.answer(#"{"cmd":"propose","args":[{"key":"1"},{"key":"x"}]}"#)
    #expect(answer["error"] == "the proposal was dropped")
    #expect(answer["nodes"]?["1"]?["role"] == "Follower")
    #expect(answer["expect"] == nil)
  }

  @Test func resetBeginsAnew() {
    var door = JSONDoor()
    _ = door.answer(#"{"cmd":"add-nodes","args":[{"key":"2"}]}"#)
    #expect(door.answer(#"{"cmd":"reset"}"#) == ["nodes": [:], "error": .null])
    _ = door.answer(#"{"cmd":"simple","input":"v1"}"#)
    _ = door.answer(#"{"cmd":"reset"}"#)
    #expect(door.answer(#"{"cmd":"leave-joint"}"#)["expect"] == ["error": "can't leave a non-joint config"])
  }

  @Test(arguments: [
    "", "{}", "[]", "{", #"{"cmd":"dance"}"#, #"{"cmd":"add-nodes"}"#, #"{"cmd":"add-nodes","args":[{"key":"-1"}]}"#,
    #"{"cmd":"add-nodes","args":[{"key":"1"},{"key":"voters","vals":["1"]}]}"#,
    #"{"cmd":"add-nodes","args":[{"key":"1"},{"key":"inflight","vals":["0"]}]}"#,
    #"{"cmd":"campaign"}"#, #"{"cmd":"campaign","args":[{"key":"9"}]}"#, #"{"cmd":"campaign","args":[{"key":"0"}]}"#,
    #"{"cmd":"deliver-msgs","args":[{"key":"1"},{"key":"drop","vals":["1"]}]}"#, #"{"cmd":"deliver-msgs","args":[{"key":"type","vals":["MsgX"]}]}"#,
    #"{"cmd":"compact","args":[{"key":"1"},{"key":"9"}]}"#, #"{"cmd":"transfer-leadership","args":[]}"#,
    #"{"cmd":"vote","args":[{"key":"cfg","vals":["1"]}]}"#,
    #"{"cmd":"committed","args":[{"key":"cfg","vals":["1"]},{"key":"idx","vals":["x"]}]}"#, #"{"cmd":"simple","input":"x1"}"#,
    #"{"cmd":"propose-conf-change","args":[{"key":"1"},{"key":"v1","vals":["true"]}],"input":"v1 v2"}"#, #"{"cmd":"status","args":[{"key":"3"}]}"#,
  ])
  func nonsenseIsRefused(_ line: String) {
    var door = JSONDoor()
    #expect(door.answer(line)["error"]?.string != nil, "\(line)")
  }
}
