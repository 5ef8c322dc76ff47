import ClusterModel
import WarrenAPI

struct ImageRow: ListDisplayable {
  static let header = ["IMAGE", "DIGEST", "SIZE", "NODE", "USED", "AGE"]
  static let emptyText = "No images found"

  let image: Warren_V1_Image

  var identifier: String { image.reference }
  var cells: [String] {
    [
      image.reference, image.digest, ByteCount.text(image.sizeBytes), image.nodeID.isEmpty ? "-" : image.nodeID, image.inUse ? "yes" : "no",
      TimeText.age(of: image.createdAt),
    ]
  }
}
