# Flags that every target shares. Paths of the machine stay out of the binaries, so that two builds in two places give the same bytes.
add_library(refgate_flags INTERFACE)
target_compile_options(refgate_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-missing-field-initializers
  -ffile-prefix-map=${CMAKE_SOURCE_DIR}=. -ffile-prefix-map=${CMAKE_BINARY_DIR}=build
  -fstack-protector-strong)
# No -fcf-protection and no -mbranch-protection: the linker marks a file as fit for IBT, shadow stacks or BTI only when each object in it is, and the static libraries
# of Debian 12 that make up most of it (libc.a, libgit2.a, libmbed*.a, libz.a) are not. Without the marks a kernel switches none of it on, and the landing pads
# would only be bytes.
target_compile_definitions(refgate_flags INTERFACE REFGATE_VERSION="${PROJECT_VERSION}" _GLIBCXX_ASSERTIONS)

# The checked forms of the C library's functions exist for optimised code only, and hide from the sanitizers what they would find.
if(NOT REFGATE_SANITIZE)
  target_compile_options(refgate_flags INTERFACE
    "$<$<CONFIG:Release,MinSizeRel,RelWithDebInfo>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=3;-fstack-clash-protection>")
endif()

if(REFGATE_SANITIZE)
  target_compile_options(refgate_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(refgate_flags INTERFACE -fsanitize=address,undefined)
endif()

# The layers are instrumented too, else a fuzzer sees nothing of the code under test.
if(REFGATE_FUZZ)
  target_compile_options(refgate_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
