# Cross build for arm64 Linux: Debian's cross compiler, and a folder with the unpacked :arm64 development packages (`./dev dist` fills it).
# A folder, because two of them (http-parser, yaml-cpp) cannot be installed for two architectures at once.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)

set(REFGATE_SYSROOT ${CMAKE_CURRENT_LIST_DIR}/../build/sysroot-arm64 CACHE PATH "Unpacked :arm64 development packages")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES REFGATE_SYSROOT)
cmake_path(ABSOLUTE_PATH REFGATE_SYSROOT NORMALIZE OUTPUT_VARIABLE sysroot)

set(CMAKE_CXX_FLAGS_INIT "-isystem ${sysroot}/usr/include -isystem ${sysroot}/usr/include/aarch64-linux-gnu -ffile-prefix-map=${sysroot}=sysroot")
set(CMAKE_FIND_ROOT_PATH ${sysroot})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
# The header-only libraries are the machine's own.
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE BOTH)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE BOTH)
