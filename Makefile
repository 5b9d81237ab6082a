# Recount: two commands to begin with, `make demo` and `make test`. Each installs what it needs.

.DEFAULT_GOAL := help
.PHONY: help demo test score deny picture bench bench-scale bench-page clean

help: ## What can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*##/ { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

demo: ## Set up, build, reconstruct the sample case; ends with a picture of it and the page
	@scripts/demo

test: ## Set up and run every check and test
	@scripts/test

score: ## Only the scene scores, by the release build
	@scripts/score

deny: ## Licences, sources and known flaws of the dependencies, by cargo-deny (installs it)
	@scripts/deny

picture: ## The README's picture of the page, taken anew in a browser
	@scripts/picture

bench: ## Accuracy, peers and speed, measured and written into bench/README.md
	@scripts/bench accuracy peers speed

bench-scale: ## 1, 10 and 100 hours of footage (over an hour, and 10 GB of disk)
	@scripts/bench scale

bench-page: ## The page in a browser: lockstep, seeking, opening, zooming, memory (ten minutes)
	@scripts/bench-page

clean: ## Remove what was built and made
	rm -rf target demo-out bench/work
