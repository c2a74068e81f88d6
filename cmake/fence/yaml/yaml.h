#error "libyaml belongs to the linter's reader of texts alone (ARCHITECTURE.md)"
