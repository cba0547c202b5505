# Included by CMake when llama.cpp's own project begins. llama-cpp-python switches llama.cpp's
# "common" library on by force, uses nothing of it, and spends more than half of the build on it.
set(LLAMA_BUILD_COMMON OFF CACHE BOOL "llama.cpp: common library" FORCE)

# No AMX: llama.cpp 0.3.36's tile configuration is optimised away by GCC 12, and the first decode
# faults on Xeons from Sapphire Rapids on (llama.cpp's pull request 26954). A flag that is said
# outright holds against -march=native; compilers that do not know it make no AMX either.
include(CheckCXXCompilerFlag)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  check_cxx_compiler_flag(-mno-amx-tile LAPEL_KNOWS_AMX)
  if(LAPEL_KNOWS_AMX)
    add_compile_options(-mno-amx-tile -mno-amx-int8 -mno-amx-bf16)
  endif()
endif()
