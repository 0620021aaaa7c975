"""`make adapt`: teach the packaged encoder this domain, prove it on texts that it has not seen, write
retrieval/adapter.npz.

Cross-entropy on item and facet over the normalised mean-pooled embedding (two linear heads with scale 16, label
smoothing), LoRA on every attention and feed-forward matrix, the vocabulary's embeddings frozen. The heads are thrown
away: what is kept is an encoder in whose space retrieval.training fits its own. Texts for which forms.held_out is
true are never taught here; joins and thresholds are fitted on them, and the proof is measured on them. Needs the test
tools and some forty minutes on two cores.
"""

from __future__ import annotations

import datetime as dt
import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from knowledge import loader
from knowledge.base import KnowledgeBase
from knowledge.schema import Facet, Language
from retrieval import adapter, packaged_model
from retrieval.adapter import Adapter
from retrieval.encoder import Encoder, open_encoder
from retrieval.forms import OUTSIDE, SILENT, Example, composed, examples, held_out, situations
from retrieval.heads import fit_subject_network

EPOCHS, BATCH, MOST_TOKENS, SEED = 5, 32, 112, 0
RANK, SCALING = 16, 2.0
LORA_RATE, HEAD_RATE, SCALE, SMOOTHING = 4e-4, 3e-3, 16.0, 0.05
PER_ENTRY = 2
"""How many of an entry's questions, and of an item's composed ones, are drawn per language and epoch."""


def adapt(base: KnowledgeBase, encoder: Encoder, say: Callable[[str], None]) -> Adapter:
    """Teach the encoder the base's questions and situations. The encoder itself is changed, too."""
    import torch
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(SEED)
    chance = random.Random(SEED)
    model = encoder.model.float()  # It may compute in half precision, in which small steps of learning get lost.
    config = LoraConfig(
        r=RANK, lora_alpha=int(RANK * SCALING), lora_dropout=0.05, target_modules=["query", "key", "value", "dense"]
    )
    adapted = get_peft_model(model[0].auto_model, config)  # type: ignore[arg-type]
    lessons = Lessons(base)
    item_head, facet_head = (torch.nn.Linear(384, count, bias=False) for count in (len(lessons.items), len(Facet)))
    heads = [*item_head.parameters(), *facet_head.parameters()]
    optimiser = torch.optim.AdamW(
        [{"params": [p for p in adapted.parameters() if p.requires_grad]}, {"params": heads}], weight_decay=0.01
    )
    steps = EPOCHS * len(list(lessons.epoch(random.Random(SEED))))
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, [LORA_RATE, HEAD_RATE], total_steps=steps + EPOCHS * 4, pct_start=0.1
    )
    adapted.train()
    began, done, total = time.monotonic(), 0, 0.0
    for epoch in range(EPOCHS):
        for batch in lessons.epoch(chance):
            # Half precision halves the time and the proof is measured in full: what it costs would show there.
            with torch.autocast("cpu", dtype=torch.bfloat16):
                vectors = _embed(adapted, model.tokenizer, [one.text for one in batch]).float()
            loss = _loss(vectors, item_head, [_places(lessons.items, one.item_id, *one.also) for one in batch])
            loss = loss + _loss(vectors, facet_head, [_places(lessons.facets, one.facet) for one in batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            done, total = done + 1, total + loss.item()
            if done % 100 == 0:
                pace = done / (time.monotonic() - began)
                left = (steps - done) / pace / 60
                say(f"  epoch {epoch + 1}: step {done} of {steps}, loss {total / 100:.3f}, {left:.0f} min left")
                total = 0.0
    changes = {}
    for name, layer in adapted.base_model.model.named_modules():  # type: ignore[union-attr]
        if hasattr(layer, "lora_A") and layer.lora_A:
            down, up = (part["default"].weight.detach().numpy() for part in (layer.lora_A, layer.lora_B))
            changes[f"{name}.weight"] = down, up * SCALING
    adapted.merge_and_unload()
    return Adapter(changes, {}, "")


class Lessons:
    """What is taught: situations whole in every epoch, an entry's questions and composed ones by draw."""

    def __init__(self, base: KnowledgeBase) -> None:
        self.always = [one for one in (*situations(base), *examples(base)) if one.item_id in (SILENT, OUTSIDE)]
        self.always += [one for one in situations(base) if one.item_id != OUTSIDE]
        self.always = [one for one in self.always if not held_out(one.text)]
        self.groups: dict[tuple[object, ...], list[Example]] = defaultdict(list)
        for one in examples(base):
            if one.item_id != SILENT:
                self.groups["asked", one.item_id, one.facet, one.language].append(one)
        for one in composed(base):
            if not held_out(one.text):
                self.groups["composed", one.item_id, one.language].append(one)
        self.items = {name: place for place, name in enumerate(sorted({OUTSIDE, *base.items}))}
        self.facets: dict[Facet | None, int] = {facet: place for place, facet in enumerate(Facet)}

    def epoch(self, chance: random.Random) -> Iterator[list[Example]]:
        """One epoch's batches, texts of like length together, in random order."""
        taught = list(self.always)
        for group in self.groups.values():
            taught += chance.sample(group, min(PER_ENTRY, len(group)))
        chance.shuffle(taught)
        size = BATCH * 24
        chunks = [sorted(taught[i : i + size], key=lambda one: len(one.text)) for i in range(0, len(taught), size)]
        batches = [chunk[i : i + BATCH] for chunk in chunks for i in range(0, len(chunk), BATCH)]
        chance.shuffle(batches)
        yield from batches


def proof(base: KnowledgeBase, encode: Callable[[Sequence[str]], np.ndarray]) -> dict[str, dict[str, float]]:
    """How often a subject network finds item and facet of the held-out situations first, by language."""
    told = [one for one in situations(base) if one.item_id != OUTSIDE and one.facet is not None and not one.also]
    asked = [one for one in told if held_out(one.text)]
    taught = [one for one in (*told, *examples(base)) if not held_out(one.text)]
    vectors, questions = encode([one.text for one in taught]), encode([one.text for one in asked])
    network = fit_subject_network(
        vectors,
        [one.item_id for one in taught],
        [one.facet.value for one in taught],  # type: ignore[union-attr]
    )
    of_item, of_facet = network.log_probabilities(questions)
    found = {}
    for language in Language:
        rows = [row for row, one in enumerate(asked) if one.language == language]
        right = [network.item.classes[int(of_item[row].argmax())] == asked[row].item_id for row in rows]
        in_three = [
            asked[row].item_id in {network.item.classes[i] for i in of_item[row].argsort()[-3:]} for row in rows
        ]
        facet = [network.facet.classes[int(of_facet[row].argmax())] == asked[row].facet for row in rows]
        found[language.value] = {
            "questions": len(rows),
            "item": round(float(np.mean(right)), 4),
            "item_in_3": round(float(np.mean(in_three)), 4),
            "facet": round(float(np.mean(facet)), 4),
            "both": round(float(np.mean(np.logical_and(right, facet))), 4),
        }
    return found


def _embed(adapted: Any, tokenizer: Any, texts: Sequence[str]) -> Any:
    """Unit vectors as the encoder makes them (query prefix, mean of the tokens), with a gradient."""
    import torch

    told = tokenizer(
        [packaged_model.QUERY_PREFIX + text for text in texts],
        padding=True, truncation=True, max_length=MOST_TOKENS, return_tensors="pt",
    )  # fmt: skip
    hidden = adapted(**told).last_hidden_state
    mask = told["attention_mask"][..., None].float()
    return torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=1)


def _places(classes: Mapping[Any, int], *names: Any) -> list[int]:
    return [classes[name] for name in names if name in classes]


def _loss(vectors: Any, head: Any, gold: Sequence[Sequence[int]]) -> Any:
    """Smoothed cross-entropy over the rows that have a class; what may be of several is of each in equal shares."""
    import torch

    rows = [row for row, places in enumerate(gold) if places]
    if not rows:
        return vectors.sum() * 0.0
    logits = SCALE * vectors[rows] @ torch.nn.functional.normalize(head.weight, dim=1).T
    shares = torch.zeros_like(logits)
    for place, row in enumerate(rows):
        shares[place, list(gold[row])] = 1.0 / len(gold[row])
    return torch.nn.functional.cross_entropy(logits, shares, label_smoothing=SMOOTHING)


def main(data_dir: Path, knowledge_dir: Path) -> None:
    """Teach, prove, write, and print the proof beside the plain encoder's."""
    base = loader.load(knowledge_dir)
    encoder = open_encoder(data_dir, adapted=False)
    plain = proof(base, encoder.encode)
    print(f"plain encoder: {plain}", flush=True)
    learnt = adapt(base, encoder, lambda line: print(line, flush=True))
    told = {
        "base_model": encoder.fingerprint,
        "knowledge": base.revision,
        "learnt": dt.datetime.now(dt.UTC).date().isoformat(),
        "recipe": {"epochs": EPOCHS, "rank": RANK, "rate": LORA_RATE, "batch": BATCH, "seed": SEED},
        "proof": {"plain": plain, "adapted": proof(base, encoder.encode)},
    }
    Adapter(learnt.changes, told, "").save(adapter.PATH)
    print(f"adapted encoder: {told['proof']['adapted']}\nWritten to {adapter.PATH}.")  # type: ignore[index]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
