/// A non-negative decimal number with up to nine digits after the point, held exactly.
struct Decimal9 {
  let billionths: Int64
  private let whole: Int64
  private let fraction: Int64

  init?(_ text: some StringProtocol) {
    let text = String(text)
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    let digits = parts.count > 1 ? parts[1] : ""
    guard let first = parts.first, !(first.isEmpty && digits.isEmpty), digits.count <= 9, !text.hasSuffix("."),
      (first + digits).allSatisfy({ $0.isASCII && $0.isNumber }),
      let whole = first.isEmpty ? 0 : Int64(first),
      let fraction = Int64(digits + String(repeating: "0", count: 9 - digits.count))
    else { return nil }
    let (product, overflow) = whole.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, carry) = product.addingReportingOverflow(fraction)
    guard !carry || overflow else { return nil }
    self.whole = whole
    self.fraction = fraction
    billionths = overflow ? .max : sum
  }

  /// The number times `scale`, rounded down; nil when it does not fit.
  func scaled(by scale: Int64) -> Int64? {
    let (product, overflow) = whole.multipliedReportingOverflow(by: scale)
    guard !overflow else { return nil }
    let part = fraction.multipliedFullWidth(by: scale)
    let (sum, carry) = product.addingReportingOverflow(Int64(1_000_000_000).dividingFullWidth(part).quotient)
    return carry ? nil : sum
  }
}
