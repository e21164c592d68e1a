// MD5, which storage services check uploads by. It guards against accidents on the way and against
// nobody's malice.
#pragma once

#include <array>
#include <memory>

#include "base/bytes.h"

struct evp_md_ctx_st;

namespace firebreak {

using Md5 = std::array<std::byte, 16>;

// Thread-safe.
Md5 md5(ByteView bytes);

// For bytes that come in pieces.
class Md5Stream {
 public:
  Md5Stream();
  void update(ByteView bytes);
  Md5 finish();  // once

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

}  // namespace firebreak
