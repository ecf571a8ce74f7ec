# SPDX-License-Identifier: MIT
# Documents made from the code.
.PHONY: docs-hypercalls lint-docs
docs-hypercalls: ## make docs/hypercalls.md from the tables in the code
	$(Q)scripts/mkhypercalls.sh >docs/hypercalls.md

lint-docs:
	$(call step,LINT,docs/hypercalls.md)scripts/mkhypercalls.sh | \
	    diff -u docs/hypercalls.md - || \
	    { echo "docs/hypercalls.md is old: make docs-hypercalls" >&2; exit 1; }

lint: lint-docs
