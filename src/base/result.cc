#include "base/result.h"

namespace firebreak {

std::string_view name(Code code) {
  switch (code) {
    case Code::NotFound:
      return "not found";
    case Code::Corrupt:
      return "corrupt";
    case Code::Denied:
      return "denied";
    case Code::Unauthenticated:
      return "unauthenticated";
    case Code::Unavailable:
      return "unavailable";
    case Code::Exhausted:
      return "exhausted";
    case Code::Conflict:
      return "conflict";
    case Code::Canceled:
      return "canceled";
    case Code::Invalid:
      return "invalid";
    case Code::Io:
      return "input/output";
    case Code::UnknownOutcome:
      return "unknown outcome";
  }
  return "unknown";
}

}  // namespace firebreak
