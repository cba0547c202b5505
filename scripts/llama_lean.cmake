# Included by CMake when llama.cpp's own project begins. llama-cpp-python switches llama.cpp's
# "common" library on by force, uses nothing of it, and spends more than half of the build on it.
set(LLAMA_BUILD_COMMON OFF CACHE BOOL "llama.cpp: common library" FORCE)
