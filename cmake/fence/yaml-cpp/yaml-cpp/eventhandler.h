#error "yaml-cpp belongs to the lint layer and to the configuration reader alone (ARCHITECTURE.md)"
