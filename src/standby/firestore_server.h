// The Firestore API of a Store on a port of this machine alone.
#pragma once

#include <grpcpp/server.h>

#include "standby/firestore_service.h"

namespace firebreak {

class FirestoreServer {
 public:
  // Port 0: any that is free. Conflict where it is in use. Borrows the store.
  static Result<std::unique_ptr<FirestoreServer>> start(Store& store, unsigned port);
  // Ends the calls that go on.
  ~FirestoreServer();

  // "127.0.0.1:8080", what FIRESTORE_EMULATOR_HOST is set to.
  std::string address() const;

 private:
  explicit FirestoreServer(Store& store) : service_(store) {}

  FirestoreService service_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace firebreak
