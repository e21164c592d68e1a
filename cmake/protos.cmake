# The messages and services of Google's APIs as the library `google_protos`, generated when built.
# It has its own flags: nobody here answers for its warnings, and under the sanitizers it would take
# longer to compile than the program.
find_package(Protobuf REQUIRED)
pkg_check_modules(GRPC REQUIRED IMPORTED_TARGET grpc++)
find_program(GRPC_CPP_PLUGIN grpc_cpp_plugin REQUIRED)

execute_process(COMMAND ${PROJECT_SOURCE_DIR}/tools/protos.sh OUTPUT_VARIABLE protos
  OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
set(messages
  google/api/annotations google/api/client google/api/field_behavior google/api/http
  google/api/launch_stage google/api/routing google/rpc/status google/type/latlng
  google/firestore/v1/aggregation_result google/firestore/v1/bloom_filter
  google/firestore/v1/common google/firestore/v1/document google/firestore/v1/explain_stats
  google/firestore/v1/firestore google/firestore/v1/pipeline google/firestore/v1/query
  google/firestore/v1/query_profile google/firestore/v1/write)
set(services google/firestore/v1/firestore)

set(generated_folder ${CMAKE_CURRENT_BINARY_DIR}/protos)
file(MAKE_DIRECTORY ${generated_folder})
list(TRANSFORM messages APPEND .proto OUTPUT_VARIABLE message_files)
list(TRANSFORM services APPEND .proto OUTPUT_VARIABLE service_files)
foreach(message ${messages})
  list(APPEND generated ${generated_folder}/${message}.pb.cc)
endforeach()
foreach(service ${services})
  list(APPEND generated ${generated_folder}/${service}.grpc.pb.cc)
endforeach()
add_custom_command(OUTPUT ${generated}
  COMMAND protobuf::protoc -I ${protos} --cpp_out=${generated_folder} ${message_files}
  COMMAND protobuf::protoc -I ${protos} --grpc_out=${generated_folder}
    --plugin=protoc-gen-grpc=${GRPC_CPP_PLUGIN} ${service_files}
  VERBATIM)

add_library(google_protos STATIC ${generated})
target_include_directories(google_protos SYSTEM PUBLIC ${generated_folder})
target_compile_options(google_protos PRIVATE -O1)
target_link_libraries(google_protos PUBLIC protobuf::libprotobuf PkgConfig::GRPC)
# Debian's libprotobuf was built without; its maps have a member more where the compiler says that
# it looks for races, and what was built so could not use them.
target_compile_options(google_protos INTERFACE -U__SANITIZE_THREAD__)
