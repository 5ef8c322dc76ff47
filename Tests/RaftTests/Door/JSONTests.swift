import Testing
import raft_script

@Suite struct JSONTests {
  @Test func readsWhatItWrites() throws {
    let value: JSONValue = [
      "text": "quote \" backslash \\ newline \n tab \t bell \u{07} ü 🚢", "nothing": .null, "yes": true, "list": [.number(1), .number(UInt64.max)],
      "empty": [:],
    ]
    #expect(try JSONReader.read(value.description) == value)
  }

  @Test func keepsLargeNumbersExactly() throws {
    #expect(try JSONReader.read("18446744073709551615") == .number(UInt64.max))
  }

  @Test func readsEscapes() throws {
    #expect(try JSONReader.read(#""\u00fc\ud83d\udea2\/\b\f""#) == "ü🚢/\u{08}\u{0C}")
  }

  @Test func sortsNodesByNumber() {
    #expect(JSONValue.object(["10": .null, "9": .null, "a": .null]).description == #"{"9":null,"10":null,"a":null}"#)
  }

  @Test(arguments: ["", "{", "[1,", "\"", "tru", "nul", "{\"a\" 1}", "[1] 2", "\"\\x\"", "\"\\ud83d\"", "+", "\u{01}", "[1 2]", "{1:2}"])
  func refuses(_ text: String) {
    #expect(throws: JSONReader.SyntaxError.self) { try JSONReader.read(text) }
  }

  @Test func refusesToNestWithoutEnd() {
    #expect(throws: JSONReader.SyntaxError.self) { try JSONReader.read(String(repeating: "[", count: 100_000)) }
  }
}
