#error "libgit2 belongs to the store layer alone (ARCHITECTURE.md)"
