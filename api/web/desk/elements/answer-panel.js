// The right column: answers that fit the visitor's last message, each one key away; and a search for any other.

import { make, tell, write } from "../../static/build.js"
import { renderMarkdown } from "../../static/markdown.js"
import { tagOf } from "../../static/texts.js"
import { actButton } from "../acts.js"
import { DeskElement } from "../desk-element.js"
import { confidenceOf } from "./evidence.js"

const MOST = 9 // as many as there are number keys
const START = { zh: 56, en: 130 } // characters of a long answer that are shown: about three lines

/** `update(talk)`. Tells "answer-wanted" {suggestion}. What is inserted is in the visitor's language, and said so. */
export class AnswerPanel extends DeskElement {
  #shown = ""

  connectedCallback() {
    if (!this.childElementCount) this.#build()
    this.addEventListener("click", this)
  }

  disconnectedCallback() {
    this.removeEventListener("click", this)
  }

  handleEvent({ target }) {
    const number = target.closest("button[data-number]")?.dataset.number
    if (number) tell(this, "answer-wanted", { suggestion: this.suggestions[number - 1] })
  }

  update(talk) {
    this.suggestions = (talk?.suggestions ?? []).slice(0, MOST)
    const usable = Boolean(talk?.isMine)
    const told = JSON.stringify([talk?.id, usable, this.suggestions.map(({ entryId, late, text }) => [entryId, late, text])])
    if (told === this.#shown) return
    this.#shown = told
    write(this.about, talk ? this.say("suggestionsAbout", { language: this.say(`visitor_${talk.ticket.language}`) }) : "")
    this.list.replaceChildren(...this.suggestions.map((suggestion, index) => this.#card(suggestion, index + 1, usable, talk.ticket.language)))
    write(this.none, talk ? this.say("suggestionsNone") : "")
    this.none.hidden = this.suggestions.length > 0
    this.search.disabled = !usable
  }

  #card(suggestion, number, usable, visitorLanguage) {
    const { title, shown, text, confidence, late } = suggestion
    const read = this.mine(shown)
    const id = `suggestion-${number}`
    const foreign = visitorLanguage !== this.language
    const head = make("h3", { id, class: "suggestion-title" }, this.mine(title))
    const words = make("div", { class: "suggestion-words" })
    words.append(renderMarkdown(read))
    const insert = make(
      "button", { type: "button", class: "button", "data-number": number, disabled: !usable, "aria-describedby": id, "aria-keyshortcuts": `${number} Alt+${number}` },
      make("span", { class: "label" }, this.say(foreign ? `insert_${visitorLanguage}` : "insert")), make("kbd", { "aria-hidden": "true" }, String(number)),
    )
    const card = make("li", { class: "suggestion" }, head, late ? make("p", { class: "tag warn" }, this.say("lateAnswer")) : "", this.#folded(words, read))
    if (foreign) card.append(make("details", { class: "as-inserted" }, make("summary", {}, this.say(`preview_${visitorLanguage}`)), this.#inLanguage(text, visitorLanguage)))
    card.append(make("p", { class: "suggestion-acts" }, confidence === null ? make("span") : confidenceOf(confidence, this.language), insert))
    return card
  }

  #inLanguage(text, language) {
    const words = make("div", { class: "suggestion-words", lang: tagOf(language) })
    words.append(renderMarkdown(text))
    return words
  }

  /** A long answer shows its start: the list is for choosing. */
  #folded(words, text) {
    const start = START[this.language]
    if (text.length < start * 1.3) return words
    const first = text.slice(0, start).replace(/\*\*|\n+/g, " ").trim()
    return make("details", { class: "long" }, make("summary", {}, make("span", { class: "start" }, first, "…")), words)
  }

  #build() {
    this.about = make("p", { class: "quiet" })
    this.list = make("ol", { class: "suggestions plain" })
    this.list.setAttribute("aria-label", this.say("suggestions"))
    this.none = make("p", { class: "quiet" })
    this.search = actButton(this.language, "findAnswer")
    this.append(make("header", { class: "list-head" }, make("h2", { class: "list-title" }, this.say("suggestions")), this.search), this.about, this.list, this.none)
  }
}
