#include "standby/firestore_server.h"

#include <grpc/support/time.h>
#include <grpcpp/server_builder.h>

#include "firestore/grpc_status.h"

namespace firebreak {
namespace {

// A request that is over Firestore's own limit is refused in Firestore's words, not in gRPC's.
constexpr int kMessageBytesMax = 64 << 20;
constexpr int kLeaveSeconds = 2;  // for calls to end by themselves

std::string on_loopback(unsigned port) {
  return fmt::format("127.0.0.1:{}", port);
}

}  // namespace

Result<std::unique_ptr<FirestoreServer>> FirestoreServer::start(Store& store, unsigned port) {
  silence_grpc();
  std::unique_ptr<FirestoreServer> started(new FirestoreServer(store));
  grpc::ServerBuilder builder;
  builder.AddListeningPort(on_loopback(port), grpc::InsecureServerCredentials(), &started->port_);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.SetMaxReceiveMessageSize(kMessageBytesMax);
  builder.SetMaxSendMessageSize(kMessageBytesMax);
  builder.RegisterService(&started->service_);
  started->server_ = builder.BuildAndStart();
  if (started->server_ == nullptr || started->port_ == 0) {
    return error(Code::Conflict, "{} cannot be listened on: is the port in use?",
                 on_loopback(port));
  }
  return started;
}

FirestoreServer::~FirestoreServer() {
  if (server_ == nullptr) return;
  const gpr_timespec leave = gpr_time_from_seconds(kLeaveSeconds, GPR_TIMESPAN);
  server_->Shutdown(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), leave));
}

std::string FirestoreServer::address() const {
  return on_loopback(static_cast<unsigned>(port_));
}

}  // namespace firebreak
