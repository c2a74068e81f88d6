#pragma once
// Catch2 2.x (Debian 12, Ubuntu 24.04 has 2.13 too) and 3.x differ in the header's name only, for
// what these tests use.
#ifdef REFGATE_CATCH2_V2
#include <catch2/catch.hpp>
#else
#include <catch2/catch_all.hpp>
#endif
