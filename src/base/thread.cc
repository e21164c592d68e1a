#include "base/thread.h"

#include <system_error>

namespace firebreak {

Result<std::jthread> start_thread(std::function<void(std::stop_token)> body) {
  try {
    return std::jthread(std::move(body));
  } catch (const std::system_error& refusal) {
    return error(Code::Exhausted,
                 "the system refuses another thread: {}; raise the limit of processes (ulimit -u, "
                 "or that of the container or service), or that of memory",
                 refusal.code().message());
  }
}

}  // namespace firebreak
