#include "cli/main.h"

int main(int argc, char** argv) { return refgate::run_main(argc, argv); }
