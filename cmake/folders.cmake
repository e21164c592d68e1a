# What the tests with the label `unit` need, and no more: sanitizers build this alone.
add_custom_target(unit_tests)

# firebreak_unit_test(PROGRAM PREFIX): the tests of a GoogleTest program, with the label `unit`.
function(firebreak_unit_test program prefix)
  gtest_discover_tests(${program} TEST_PREFIX "${prefix}/" DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS unit)
  add_dependencies(unit_tests ${program})
endfunction()

# firebreak_folder(NAME [LIBRARIES…]): one folder of src/ as a static library named as the folder,
# its *_test.cc as the unit test program NAME_test, each *_fuzz.cc as a fuzz target. A folder is
# given the libraries of the folders above it in src/CMakeLists.txt.
set(FIREBREAK_FOLDERS "" CACHE INTERNAL "folders so far, in dependency order")

function(firebreak_folder name)
  file(GLOB sources CONFIGURE_DEPENDS ${name}/*.cc)
  file(GLOB tests CONFIGURE_DEPENDS ${name}/*_test.cc)
  file(GLOB fuzzers CONFIGURE_DEPENDS ${name}/*_fuzz.cc)
  file(GLOB program CONFIGURE_DEPENDS ${name}/main.cc)
  list(REMOVE_ITEM sources ${tests} ${fuzzers} ${program})

  add_library(${name} STATIC ${sources})
  set(above ${FIREBREAK_FOLDERS})
  list(REVERSE above)
  target_link_libraries(${name} PUBLIC flags ${above} ${ARGN})
  set(FIREBREAK_FOLDERS ${FIREBREAK_FOLDERS} ${name} CACHE INTERNAL "")

  if(tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE ${name} GTest::gtest_main GTest::gmock)
    firebreak_unit_test(${name}_test ${name})
  endif()

  foreach(fuzzer ${fuzzers})
    get_filename_component(target ${fuzzer} NAME_WE)
    firebreak_fuzzer(${name}_${target} ${fuzzer} ${name})
  endforeach()
endfunction()

# With FIREBREAK_FUZZ a libFuzzer program; otherwise the same entry point run once over its
# committed corpus (tests/corpus/TARGET, may be absent) and seeded mutations of it.
function(firebreak_fuzzer target source library)
  if(FIREBREAK_FUZZ)
    add_executable(${target} ${source})
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
  else()
    if(NOT TARGET fuzz_replay)
      add_library(fuzz_replay OBJECT ${PROJECT_SOURCE_DIR}/tests/fuzz/replay.cc)
      target_link_libraries(fuzz_replay PRIVATE base)
    endif()
    add_executable(${target} ${source} $<TARGET_OBJECTS:fuzz_replay>)
    add_test(NAME fuzz/${target}
      COMMAND ${target} ${PROJECT_SOURCE_DIR}/tests/corpus/${target})
    set_tests_properties(fuzz/${target} PROPERTIES LABELS unit)
    add_dependencies(unit_tests ${target})
  endif()
  target_link_libraries(${target} PRIVATE ${library})
endfunction()
