// MD5, which storage services check uploads by. It guards against accidents on the way and against
// nobody's malice.
#pragma once

#include <array>

#include "base/bytes.h"

namespace firebreak {

using Md5 = std::array<std::byte, 16>;

// Thread-safe.
Md5 md5(ByteView bytes);

}  // namespace firebreak
