#error "CLI11 belongs to the app layer alone (ARCHITECTURE.md)"
