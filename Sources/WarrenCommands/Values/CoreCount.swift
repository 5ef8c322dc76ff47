/// Cores as people write them: `0.5`, `2`, `250m` (thousandths), kept in billionths.
enum CoreCount {
  static func parse(_ text: String) throws -> Int64 {
    let milli = text.hasSuffix("m")
    guard let number = Decimal9(milli ? text.dropLast() : text[...]), number.billionths < .max else {
      throw ValueError("'\(text)' is not a number of cores; use for example 0.5 or 2")
    }
    return milli ? number.billionths / 1000 : number.billionths
  }
}
