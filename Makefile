# Every target goes through bootstrap.py, which installs what is missing and skips what is done.
PYTHON ?= python3
SETUP = @$(PYTHON) bootstrap.py

.PHONY: help run install test lint lock bench bench-desk bench-publishing eval learning-curve ablation intent-f1 adapt doctor clean

help:           ## this list
	@grep -E '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/: *## */\t/' | expand -t 12

run:            ## install what is missing, start everything, print the address when it is ready
	$(SETUP) run

install:        ## only install both environments
	$(SETUP) install

test:           ## install the test tools too, check style, borders and types, run all tests
	$(SETUP) test

lint:           ## check style, borders and types only
	$(SETUP) lint

lock:           ## resolve the dependencies anew (LOCK=--upgrade takes newer versions)
	$(SETUP) lock $(LOCK)

bench:          ## measure speed and memory, print a table, write reports/bench.json
	$(SETUP) python evaluation.bench

bench-desk:     ## 200 visitors and 20 helpers talk for two minutes; writes reports/bench-desk.json (VISITORS, HELPERS, SECONDS, PACE)
	$(SETUP) python evaluation.bench_desk $(if $(VISITORS),--visitors $(VISITORS)) $(if $(HELPERS),--helpers $(HELPERS)) $(if $(SECONDS),--seconds $(SECONDS)) $(if $(PACE),--pace $(PACE))

bench-publishing: ## seconds from publish to live as the base grows (TIMES="1 10 100")
	$(SETUP) python evaluation.bench_publishing $(TIMES)

eval:           ## ask every suite of questions and dialogues; writes reports/eval.json and eval.html
	$(SETUP) bangban eval run

learning-curve: ## what told situations are worth; writes reports/learning-curve.json and charts
	$(SETUP) python evaluation.learning_curve

ablation:       ## what each part of the search is worth; prints a table, writes reports/ablation.json
	$(SETUP) python evaluation.ablation

intent-f1:      ## how well the bot tells intents, by Rasa's own cross-validation; writes reports/intents.json
	$(SETUP) bangban eval intents

adapt:          ## teach the encoder this domain anew (some 40 minutes); writes retrieval/adapter.npz
	$(SETUP) python retrieval.adaptation

doctor:         ## what is installed, reachable and ready, and what to do where it is not
	$(SETUP) bangban doctor

clean:          ## delete environments and prepared files; the database and the logs stay
	$(SETUP) clean
