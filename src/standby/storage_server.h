// The Cloud Storage JSON API on a port of this machine alone.
#pragma once

#include <memory>

#include "standby/storage_service.h"

namespace firebreak {

class StorageServer {
 public:
  // Port 0: any that is free. Conflict where it is in use. `folder` keeps what is written.
  static Result<std::unique_ptr<StorageServer>> start(const std::string& folder, unsigned port,
                                                      Clock& clock);
  // Cuts what goes on.
  ~StorageServer();

  // "http://127.0.0.1:9199", what STORAGE_EMULATOR_HOST is set to.
  const std::string& address() const;

 private:
  class Listener;
  explicit StorageServer(std::unique_ptr<Listener> listener);
  std::unique_ptr<Listener> listener_;
};

}  // namespace firebreak
