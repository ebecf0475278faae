# make                       build build/release/shocksim
# make run                   build, simulate ANDROMEDA-SHOCK 10,000 times, print the tables
# make test                  build and pass every test; ends with the totals of prove
# make V=1                   shows the commands
# make AVX2=1                build build/avx2/shocksim, which leaves AVX-512 alone: for measuring
# make MPI=1                 build build/mpi/shocksim, which also runs over MPI ranks; MPI=mpich (a pkg-config
#                            module) builds build/mpich/shocksim with that library
# make SAN=address,undefined test    the same under sanitizers (or SAN=thread, with CC=clang)
# make lint | format         format, layers, fences, static analysis | rewrite the format
# make bench | oracle        measure speed, R beside it where installed | renew the stored outputs of R
# make verify                long statistical checks: sizes and coverage without effects, power against rpact
# make soak                  long reliability tests: kills, full disks, damage, fuzzing, sanitizers, MPI, Slurm, …
# make install PREFIX=DIR    (DESTDIR is honoured)
# make dist                  a tarball that runs on any x86-64 Linux
# On a machine where libraries are missing, scripts/install-deps installs them first (Debian, root).

PREFIX  ?= /usr/local
CC      := $(if $(filter default,$(origin CC)),gcc,$(CC))
CXX     := $(if $(filter default,$(origin CXX)),g++,$(CXX))
SAN     ?=
V       ?=
Q       := $(if $(V),,@)
MPI     ?=
AVX2    ?=
comma   := ,
space   := $() $()
KIND    := $(if $(findstring clang,$(CC)),clang) $(subst $(comma), ,$(SAN)) $(MPI:1=mpi) $(AVX2:1=avx2)
OUT     := build/$(or $(subst $(space),-,$(strip $(KIND))),release)
RESULT  := build/andromeda-shock.h5

DEPS_READY := build/.deps$(if $(MPI),-mpi)
PKGS     = gsl $(HDF5_PC) libfyaml libxxhash sleef zlib $(if $(MPI),$(MPI_PC))
MPI_PC   = $(if $(filter-out 1,$(MPI)),$(MPI),$(firstword $(foreach m,ompi-c mpich mpi-c mpi,$(shell pkg-config --exists $m && echo $m)) ompi-c))
HDF5_PC  = $(shell pkg-config --exists hdf5-serial && echo hdf5-serial || echo hdf5)
PKG_CFLAGS = $(eval PKG_CFLAGS := $$(shell pkg-config --cflags $(PKGS)))$(PKG_CFLAGS)
PKG_LIBS   = $(eval PKG_LIBS := $$(shell pkg-config --libs $(PKGS)))$(PKG_LIBS)
CMOCKA     = $(eval CMOCKA := $$(shell pkg-config --libs cmocka))$(CMOCKA)
REVISION := $(shell scripts/revision)

WARN     := -Wall -Wextra -Wpedantic -Werror -Wconversion -Wshadow -Wpointer-arith -Wcast-qual \
            -Wwrite-strings -Wvla -Wfloat-equal
CWARN    := -Wstrict-prototypes -Wmissing-prototypes
OPT      := -O3 -g -funroll-loops -ffp-contract=off -fno-math-errno -fno-trapping-math -fno-common -fopenmp $(if $(AVX2),-DNO_AVX512) \
            $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all -DNO_TARGET_CLONES)
# clang counts enumerations as a change of sign, and says which loops it left scalar
WARN     += $(if $(findstring clang,$(CC)),-Wno-sign-conversion -Wno-pass-failed)
CFLAGS   ?=
CPPFLAGS ?=
LDFLAGS  ?=
ALL_CPPFLAGS = -Isrc -D_XOPEN_SOURCE=700 -MMD -MP $(CPPFLAGS)
ALL_CFLAGS   = -std=c17 $(OPT) $(WARN) $(CWARN) $(CFLAGS)
ALL_CXXFLAGS = -std=c++17 $(OPT) $(WARN)
LDLIBS   = $(PKG_LIBS) -lm

SRC   := $(wildcard src/*/*.c)
OBJ   := $(SRC:%.c=$(OUT)/%.o) $(patsubst %.cpp,$(OUT)/%.o,$(wildcard src/*/*.cpp))
LIB   := $(OUT)/libshocksim.a
TESTS := $(patsubst tests/%.c,$(OUT)/tests/%,$(wildcard tests/test_*.c))
BENCH := $(patsubst tests/%.c,$(OUT)/tests/%,$(wildcard tests/bench_*.c))
BIN   := $(OUT)/shocksim

all: $(BIN)

$(DEPS_READY): scripts/install-deps
	@scripts/install-deps $(if $(MPI),--mpi)
	@mkdir -p build && touch $@

$(BIN): $(OUT)/src/cli/main.o $(LIB)
	@echo '  LD  $@'
	$(Q)$(CXX) $(OPT) $(LDFLAGS) $^ $(LDLIBS) -o $@

$(LIB): $(filter-out %/cli/main.o,$(OBJ))
	@rm -f $@
	$(Q)ar rcs $@ $^

$(OUT)/tests/%: $(OUT)/tests/%.o $(LIB)
	@echo '  LD  $@'
	$(Q)$(CXX) $(OPT) $(LDFLAGS) $(WRAP) $^ $(LDLIBS) $(CMOCKA) -o $@
# Packing that goes wrong is planted here.
$(OUT)/tests/test_result_check: WRAP := -Wl,--wrap=chunk_pack

$(OUT)/%.o: %.c | $(DEPS_READY)
	@mkdir -p $(@D)
	@echo '  CC  $<'
	$(Q)$(CC) $(ALL_CPPFLAGS) $(PKG_CFLAGS) $(ALL_CFLAGS) $(DEFINES) -c $< -o $@

$(OUT)/%.o: %.cpp | $(DEPS_READY)
	@mkdir -p $(@D)
	@echo '  CXX $<'
	$(Q)$(CXX) $(ALL_CPPFLAGS) $(ALL_CXXFLAGS) -c $< -o $@

# The revision is compiled into one file, which is rebuilt when it changes.
$(OUT)/revision: FORCE
	@mkdir -p $(@D)
	@echo '$(REVISION)' | cmp -s - $@ || echo '$(REVISION)' >$@
$(OUT)/src/engine/ranks.o: DEFINES = $(if $(MPI),-DUSE_MPI)
$(OUT)/src/base/version.o: DEFINES = -DREVISION='"$(REVISION)"'
$(OUT)/src/base/version.o: $(OUT)/revision

run: all
	@$(BIN) run scenarios/andromeda-shock.yaml -o $(RESULT) --overwrite
	@$(BIN) report $(RESULT)

tests: $(TESTS)

test: all tests
	@SHOCKSIM=$(abspath $(BIN)) tests/run $(TESTS)

lint: | $(DEPS_READY)
	@scripts/lint

format:
	clang-format -i $$(git ls-files '*.c' '*.h')

oracle:
	@for f in tests/oracle/*.R; do echo $$f; Rscript --vanilla $$f || exit 1; done

bench: all $(BENCH)
	@$(MAKE) -s AVX2=1 build/avx2/tests/bench_replicate
	@SHOCKSIM=$(abspath $(BIN)) scripts/bench $(OUT)/tests

verify: all
	@SHOCKSIM=$(abspath $(BIN)) scripts/verify

soak: all
	@SHOCKSIM=$(abspath $(BIN)) scripts/soak

install: all
	install -D -m 755 $(BIN) $(DESTDIR)$(PREFIX)/bin/shocksim
	install -d $(DESTDIR)$(PREFIX)/share/shocksim/scenarios
	install -m 644 scenarios/*.yaml $(DESTDIR)$(PREFIX)/share/shocksim/scenarios

dist: all
	@scripts/dist $(BIN)

clean:
	rm -rf build

FORCE:
.PHONY: all run tests test lint format oracle bench verify soak install dist clean FORCE
.SECONDARY:
-include $(OBJ:.o=.d) $(TESTS:=.d) $(BENCH:=.d)
