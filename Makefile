# The commands of README.md and HACKING.md. Each does its own set-up.
JOBS := $(shell nproc)

# Compilations are shared between checkouts.
export CCACHE_BASEDIR ?= $(CURDIR)
export CCACHE_NOHASHDIR ?= 1
export CTEST_OUTPUT_ON_FAILURE := 1

CTEST := ctest --no-tests=error --timeout 600 -j$(JOBS)

.PHONY: build demo test check bench clean setup setup-check asan tsan format faults interop fuzz \
        mutants headers tidy

build: setup
	cmake --preset release
	cmake --build --preset release -j$(JOBS)

# Back up, damage, detect, repair from a second repository, restore, compare.
demo: setup
	cmake --preset release
	cmake --build --preset release -j$(JOBS) --target firebreak firebreak-generate
	tools/demo.sh

# The unit tests once more under ASan and UBSan. Tests that need a pinned program fail by
# themselves where it could not be built.
test: build
	-tools/programs.sh
	-tools/clients.sh
	$(CTEST) --test-dir build
	$(MAKE) --no-print-directory asan

asan: setup
	cmake --preset asan
	cmake --build --preset asan -j$(JOBS) --target unit_tests
	$(CTEST) --test-dir build-asan -L unit

check: setup-check test tsan format headers tidy faults interop fuzz mutants

# Every cell of what `make test` runs samples of.
faults: build
	FIREBREAK_FAULTS=full build/tests/fault/fault_test
	FIREBREAK_FAULTS=full build/tests/fault/point_fault_test
	FIREBREAK_MODEL=full build/tests/model/model_test
	PATH="$(CURDIR)/build/tools:$$PATH" python3 tests/crash/crash_test.py \
	  build/tests/crash/crash_workload build/tests/crash/libcrash_shim.so --full

# Every kind of repository, the whole tree and every snapshot, of which `make test` takes samples.
interop: build
	-tools/programs.sh
	FIREBREAK_INTEROP=full ctest --no-tests=error --timeout 3600 -j$(JOBS) --test-dir build \
	  -L interop

# Ten minutes a target.
fuzz: setup
	tests/fuzz/run.sh

# Each seeded defect must make a test fail.
mutants: build
	PATH="$(CURDIR)/build/tools:$$PATH" tests/fault/mutate.py

tsan: setup
	cmake --preset tsan
	cmake --build --preset tsan -j$(JOBS) --target unit_tests
	$(CTEST) --test-dir build-tsan -L unit

format: setup-check
	git ls-files '*.cc' '*.h' | xargs clang-format --dry-run --Werror

headers: setup
	cmake --preset release
	python3 tests/house/headers_alone.py build

# Of what ships: the tests' macros hide more than they tell.
tidy: setup-check build
	run-clang-tidy-14 -quiet -j$(JOBS) -p build \
	  '$(CURDIR)/src/(?!.*_(test|fuzz)\.cc)[a-z]+/.*\.cc$$'

# Beside whatever peers there are; see bench/README.md.
bench: build
	-tools/programs.sh restic kopia
	python3 bench/run.py

clean:
	rm -rf build build-asan build-tsan build-fuzz

setup:
	@tools/setup.sh

setup-check:
	@tools/setup.sh check
