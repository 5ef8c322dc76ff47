import Testing

@testable import WarrenCommands

@Suite struct ComposeVariablesTests {
  private static func expand(_ text: String) throws -> (String, missing: [String]) {
    var missing: [String] = []
    let values = ["A": "a", "EMPTY": "", "N1_x": "n", "B": "${A}"]
    let result = try ComposeVariables { values[$0] }.expand(text) { missing.append($0) }
    return (result, missing)
  }

  @Test(arguments: [
    ("", ""), ("plain", "plain"), ("$A", "a"), ("${A}b$A", "aba"), ("$N1_x-", "n-"), ("$$A", "$A"), ("$$$A", "$a"), ("$${A}", "${A}"),
    ("${EMPTY}", ""),
    ("${A:-d}", "a"), ("${EMPTY:-d}", "d"), ("${EMPTY-d}", ""), ("${X:-d}", "d"), ("${X-d}", "d"), ("${X-}", ""), ("${X:-${Y:-${A}}}", "a"),
    ("${X:-a}b}", "ab}"),
    ("${X:-{b}}", "{b}"), ("${A:+yes}", "yes"), ("${EMPTY:+yes}", ""), ("${EMPTY+yes}", "yes"), ("${X+yes}", ""), ("${A?m}", "a"), ("${A:?m}", "a"),
    ("${EMPTY?m}", ""), ("${X:-a:b?c}", "a:b?c"), ("${X:-$$x}", "$x"), ("$B", "${A}"), ("ü${A}日", "üa日"),
  ]) func isExpanded(_ text: String, _ result: String) throws {
    #expect(try Self.expand(text).0 == result)
    #expect(try Self.expand(text).missing.isEmpty)
  }

  @Test func whatIsNotSetIsEmptyAndTold() throws {
    let (result, missing) = try Self.expand("[$X${Y}${X:-$Z}]")
    #expect(result == "[]" && missing == ["X", "Y", "Z"])
  }

  @Test(arguments: [
    "$", "a$", "$ x", "$5", "${", "${}", "${A", "${A!}", "${A:}", "${A:x}", "${5}", "${X:?}", "${X?no}", "${EMPTY:?no}", "${X:-${", "${A b}",
    "${A:-${}",
  ])
  func isRefused(_ text: String) { #expect(throws: ValueError.self) { try Self.expand(text) } }

  @Test func whatIsNestedTooDeeplyIsRefused() {
    let text = String(repeating: "${X:-", count: 5000) + String(repeating: "}", count: 5000)
    #expect(throws: ValueError.self) { try Self.expand(text) }
  }
}

@Suite struct ShellWordsTests {
  @Test(arguments: [
    ("", []), ("a b", ["a", "b"]), ("  a\t b\n", ["a", "b"]), ("'a b' \"c d\"", ["a b", "c d"]), ("a\\ b", ["a b"]), ("'' \"\"", ["", ""]),
    ("a'b'\"c\"", ["abc"]),
    ("\"a\\\"b\\x\"", ["a\"b\\x"]), ("'a\\'", ["a\\"]), ("sh -c 'echo \"$HOME\"'", ["sh", "-c", "echo \"$HOME\""]),
  ]) func areSplit(_ line: String, _ words: [String]) throws { #expect(try ShellWords.split(line) == words) }

  @Test(arguments: ["'a", "\"a", "a\\"]) func areRefused(_ line: String) { #expect(throws: ValueError.self) { try ShellWords.split(line) } }
}

@Suite struct EnvironmentFileTests {
  private func parse(_ text: String) throws -> [String] {
    try EnvironmentFile.parse(text, file: "e") { value, _, _ in "<\(value)>" }.map { "\($0.key)\($0.value.map { "=\($0)" } ?? "")" }
  }

  @Test func linesAreRead() throws {
    let text = "# comment\n\nA=1\r\n  export B = two words # not this\nC='lit $x\n second' # c\nD=\"q\\\"\\t\\$x\"\nE\nF=\nG=a#b\nH=x=y"
    #expect(try parse(text) == ["A=<1>", "B=<two words>", "C=lit $x\n second", "D=<q\"\t$$x>", "E", "F=<>", "G=<a#b>", "H=<x=y>"])
  }

  @Test(arguments: [
    ("A=1\nB C=2", "e:2:1"), ("=x", "e:1:1"), ("A='x\ny\n", "e:1:1: the value's quote has no end"), ("\nA='x' y", "e:2:1: there is something"),
  ])
  func whatIsWrongIsNamedWithItsLine(_ text: String, _ words: String) throws {
    let error = #expect(throws: DocumentError.self) { try parse(text) }
    #expect(error?.description.hasPrefix(words) == true)
  }
}
