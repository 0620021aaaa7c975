// An answer of the assistant that waits for a helper's yes: what was asked, what would be said, on what it rests.

import { make } from "../../static/build.js"
import { renderMarkdown } from "../../static/markdown.js"
import { tagOf } from "../../static/texts.js"
import { actButton } from "../acts.js"
import { DeskElement } from "../desk-element.js"
import { evidenceOf } from "./evidence.js"

/** `update(held)`; null hides it. */
export class HeldAnswer extends DeskElement {
  #shown = null

  update(held) {
    this.hidden = !held
    if (!held || this.#shown === held.id) return
    this.#shown = held.id
    const clock = document.createElement("waiting-clock")
    clock.since = held.waitingSince
    const answer = make("div", { class: "words held-words", lang: tagOf(held.language) })
    answer.append(renderMarkdown(held.text))
    const title = make("h2", { class: "talk-title", tabindex: "-1" }, this.say("heldTitle"))
    const spoken = make("span", { class: "tag" }, this.say(`visitor_${held.language}`))
    const about = make("div", { class: "talk-about" }, make("div", { class: "talk-row" }, title, spoken), make("p", { class: "talk-line" }, this.mine(held.title)))
    const head = make("header", { class: "talk-head" }, clock, about)
    const acts = make("div", { class: "held-acts" }, this.#act("approve", "main"), this.#act("editAnswer"), this.#act("rejectAnswer", "grave"))
    const body = make(
      "div", { class: "held-body" },
      make("h3", {}, this.say("heldQuestion")), make("p", { class: "as-written", lang: tagOf(held.language) }, held.question),
      make("h3", {}, this.say("heldAnswer")), answer, held.answer ? evidenceOf(held.answer, this.language) : "",
    )
    this.replaceChildren(head, body, acts)
  }

  #act(name, look) {
    return actButton(this.language, name, { look })
  }
}
