import Testing
import raft_script

@Suite struct DirectiveTests {
  @Test func readsALine() throws {
    let directive = try Directive(line: "add-nodes 3 voters=(1, 2 3) prevote=true content=x")
    #expect(directive.command == "add-nodes")
    #expect(directive.positional == ["3"])
    #expect(directive.values("voters") == ["1", "2", "3"])
    #expect(directive.values("prevote") == ["true"])
  }

  @Test func changesOfTheMembershipStandAmongTheArguments() throws {
    let directive = try Directive(line: "propose-conf-change 1 v4 r1 transition=explicit")
    #expect(directive.positional == ["1"])
    #expect(directive.input == "v4 r1")
    #expect(directive.values("transition") == ["explicit"])
    #expect(try Directive(line: "simple v1 l2").input == "v1 l2")
  }

  @Test func quotesAreBytesOfTheProposal() throws {
    #expect(try Directive(line: "propose 1 \"two words = one\"").positional == ["1", "\"two words = one\""])
  }

  @Test(arguments: ["", "   ", "propose 1 \"open", "add-nodes 1 voters=(1,2"])
  func refuses(_ line: String) {
    #expect(throws: ScriptError.self) { try Directive(line: line) }
  }

  @Test func readsTheJSONForm() throws {
    let json = try JSONReader.read(#"{"cmd":"deliver-msgs","args":[{"key":"1","vals":[]},{"key":"drop","vals":["2",3]}],"input":"v1"}"#)
    let directive = try Directive(json: json)
    #expect(directive.positional == ["1"])
    #expect(directive.values("drop") == ["2", "3"])
    #expect(directive.input == "v1")
  }

  @Test func aDirectiveWithoutACommandIsRefused() throws {
    let json = try JSONReader.read("[1]")
    #expect(throws: ScriptError.self) { try Directive(json: json) }
  }
}
