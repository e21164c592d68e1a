#include "cli/finding.h"

#include "base/text.h"

namespace firebreak {

void tell(Console& console, const Finding& found) {
  if (!console.is_json()) {
    const bool read = found.kind != FindingKind::Unchecked;
    console.line((read ? "damage: " : "not read: ") + printable(found.message));
    return;
  }
  Json document{{"message_type", "error"}, {"message", found.message}, {"kind", name(found.kind)}};
  if (found.pack) document["pack"] = found.pack->hex();
  if (found.blob) document["blob"] = found.blob->id.hex();
  console.progress_json(document);
}

}  // namespace firebreak
