/// The text format Prometheus reads, version 0.0.4:
/// https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
enum PrometheusText {
  static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  static func render(_ families: [String: PrometheusRegistry.Family]) -> String {
    var text = ""
    for (name, family) in families.sorted(by: { $0.key < $1.key }) {
      text += "# TYPE \(name) \(family.kind.rawValue)\n"
      for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
        text += family.kind == .histogram ? histogram(name, labels, series) : line(name, labels, series.values.current)
      }
    }
    return text
  }

  /// One metric with one value and no labels.
  static func single(_ name: String, _ kind: MetricSeries.Kind, _ value: Double) -> String {
    "# TYPE \(name) \(kind.rawValue)\n" + line(name, "", value)
  }

  /// What is not allowed in a name becomes `_`.
  static func name(_ text: String) -> String {
    let clean = String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ":") ? $0 : "_" })
    return clean.first.map { $0.isNumber ? "_" + clean : clean } ?? "_"
  }

  /// `a="1",b="2"`, sorted.
  static func labels(_ dimensions: [(String, String)]) -> String {
    dimensions.map { "\(name($0.0).filter { $0 != ":" })=\"\(escaped($0.1))\"" }.sorted().joined(separator: ",")
  }

  private static func histogram(_ name: String, _ labels: String, _ series: MetricSeries) -> String {
    let values = series.values
    let prefix = labels.isEmpty ? "" : labels + ","
    var text = ""
    var cumulated: UInt64 = 0
    for (bound, count) in zip(series.bounds, values.buckets) {
      cumulated += count
      text += line("\(name)_bucket", "\(prefix)le=\"\(number(bound))\"", Double(cumulated))
    }
    text += line("\(name)_bucket", "\(prefix)le=\"+Inf\"", Double(values.count))
    return text + line("\(name)_sum", labels, values.sum) + line("\(name)_count", labels, Double(values.count))
  }

  private static func line(_ name: String, _ labels: String, _ value: Double) -> String {
    "\(name)\(labels.isEmpty ? "" : "{\(labels)}") \(number(value))\n"
  }

  private static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    return Int64(exactly: value).map(String.init) ?? "\(value)"
  }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": result += "\\\\"
      case "\"": result += "\\\""
      case "\n": result += "\\n"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
