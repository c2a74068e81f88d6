#error "yaml-cpp belongs to the configuration reader alone (ARCHITECTURE.md)"
