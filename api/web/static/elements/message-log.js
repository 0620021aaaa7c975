// What was said, oldest first: each entry gets its node once and keeps it; only what changed is written.

import { make, tell, write } from "../build.js"
import { icon } from "../icons.js"
import { renderMarkdown } from "../markdown.js"
import { languageAround, languageOf, say, tagOf } from "../texts.js"

const NEAR_PX = 80
const OFFERS = {
  queued: (state) => state === "queued" && "bangban-waiting-choices",
  lost: (state) => state === "queued" && "bangban-waiting-choices",
  unstaffed: (state) => state === "bot" && "bangban-callback-form",
  callback: () => null,
  joined: () => null,
  ended: () => "bangban-rating-form",
} // by the event of a message of the desk
const OFFER_NAMES = "bangban-waiting-choices, bangban-callback-form, bangban-rating-form"

/** `update(entries, feedbackOn, state)` and `typing`. Tells "repeat-wanted" {entry}; passes on what its cards and rows tell. */
export class MessageLog extends HTMLElement {
  #nodes = new Map()
  #typing = ""
  #anchor = null // what is kept at the top while answers to it come in
  #expecting = false

  connectedCallback() {
    if (!this.childElementCount) this.#build()
    this.addEventListener("click", this)
    this.scroller.addEventListener("scroll", this, { passive: true })
    this.relabel()
  }

  disconnectedCallback() {
    this.removeEventListener("click", this)
    this.scroller.removeEventListener("scroll", this)
  }

  handleEvent({ type, target }) {
    if (type === "scroll") return this.#nearEnd() && (this.newer.hidden = true)
    const button = target.closest("button")
    if (button === this.newer) this.scroller.scrollTop = this.scroller.scrollHeight
    if (button?.value === "repeat") tell(this, "repeat-wanted", { key: button.closest("article").dataset.key })
  }

  /** Shows `entries` (see conversation.js); `feedbackOn(id)` is what was already said about a message; `state` who answers now. */
  update(entries, feedbackOn, state) {
    const wasNearEnd = this.#nearEnd()
    const first = this.#nodes.size === 0
    const known = new Set(entries.map((entry) => entry.key))
    for (const [key, node] of this.#nodes) if (!known.has(key)) this.#forget(key, node)
    if (first) this.list.setAttribute("aria-live", "off") // a kept conversation is not read out from its start
    let added = null
    entries.forEach((entry, index) => {
      let node = this.#nodes.get(entry.key)
      if (!node) {
        node = this.#nodeFor(entry)
        this.#nodes.set(entry.key, node)
        added = entry
        if (entry.sender === "visitor") this.#anchor = node
      }
      if (this.list.children[index] !== node) this.list.insertBefore(node, this.list.children[index] ?? null)
      this.#writeDelivery(node, entry)
    })
    this.#markLatest(entries, feedbackOn)
    this.#offer(entries, feedbackOn, state)
    if (first) requestAnimationFrame(() => this.list.setAttribute("aria-live", "polite"))
    if (added) this.#bringIntoView(added, wasNearEnd || first)
  }

  /** What comes next was asked for (by a button, not in words): it is brought into view wherever the visitor reads. */
  expect() {
    this.#expecting = true
  }

  /** "" or the key of the words to show while something is on its way. */
  set typing(key) {
    if (this.#typing === key) return
    this.#typing = key
    const wasNearEnd = this.#nearEnd()
    this.waiting.hidden = !key
    write(this.waitingWords, key ? say(languageAround(this), key) : "")
    if (key && wasNearEnd) this.scroller.scrollTop = this.scroller.scrollHeight
  }

  relabel() {
    const language = languageAround(this)
    this.list.setAttribute("aria-label", say(language, "log"))
    write(this.waitingWords, this.#typing ? say(language, this.#typing) : "")
    write(this.newer.lastElementChild, say(language, "newMessages"))
    for (const node of this.#nodes.values()) if (node.entry.delivery) this.#writeDelivery(node, node.entry, true)
  }

  // ---- one entry

  #forget(key, node) {
    node.remove()
    this.#nodes.delete(key)
    if (this.#anchor === node) this.#anchor = null
  }

  #nodeFor(entry) {
    const language = entry.language ?? guess(entry.text)
    const node = make("article", { class: `entry from-${entry.sender} kind-${entry.kind}`, lang: tagOf(language) })
    node.dataset.key = entry.key
    node.entry = entry
    if (entry.sender === "visitor") {
      node.append(make("span", { class: "off-screen" }, say(language, "you")), make("p", { class: "said" }, entry.text))
    } else if (entry.kind === "answer") {
      const card = document.createElement("bangban-answer-card")
      card.message = entry
      node.append(card)
    } else {
      if (entry.sender === "agent") node.append(make("p", { class: "role" }, say(language, "staff")))
      if (entry.kind === "out_of_scope") node.append(make("p", { class: "role" }, say(language, "outOfScope")))
      node.append(make("div", { class: "words" }, renderMarkdown(entry.text)))
    }
    if (entry.options?.length) {
      const options = document.createElement("bangban-option-list")
      options.options = entry.options
      if (entry.kind === "clarify") options.setAttribute("aria-label", say(language, "clarify"))
      node.append(options)
    }
    return node
  }

  #writeDelivery(node, entry, again = false) {
    if (entry.sender !== "visitor") return
    node.entry = entry
    write(node.querySelector(".said"), entry.text)
    const delivery = entry.delivery ?? "sent"
    if (!again && node.dataset.delivery === delivery) return
    const language = languageAround(this)
    node.dataset.delivery = delivery
    node.querySelector(".delivery")?.remove()
    if (!["queued", "sending", "refused"].includes(entry.delivery)) return
    const line = make("p", { class: "delivery", lang: tagOf(language) }, say(language, entry.delivery))
    if (entry.delivery === "refused") {
      if (entry.detail) line.append(" ", entry.detail)
      line.append(" ", make("button", { type: "button", class: "text-button", value: "repeat" }, say(language, "again")))
    }
    node.append(line)
  }

  /** The newest options carry numbers, the newest answer the question whether it helped. */
  #markLatest(entries, feedbackOn) {
    const withOptions = entries.findLast((entry) => entry.options?.length)
    const last = entries.findLast((entry) => entry.sender !== "system")
    for (const [key, node] of this.#nodes) {
      node.classList.toggle("latest", key === withOptions?.key)
      const row = node.querySelector("bangban-feedback-row")
      const asks = node.entry.kind === "answer" && node.entry.sender === "bot" && key === last?.key
      if (asks && !row) node.append(this.#feedbackRow(node.entry, feedbackOn(node.entry.id)))
      else if (!asks && row?.querySelector("button") && !row.contains(this.getRootNode().activeElement)) row.remove()
    }
  }

  /** Under the desk's newest word: what can be done about it now (wait otherwise, leave a number, rate). */
  #offer(entries, feedbackOn, state) {
    const word = entries.findLast(({ event }) => event in OFFERS)
    const offered = (word && OFFERS[word.event](state)) || null
    for (const [key, node] of this.#nodes) {
      const part = node.querySelector(OFFER_NAMES)
      const wanted = key === word?.key ? offered : null
      if (wanted && !part) node.append(this.#offerFor(wanted, word, feedbackOn))
      else if (part && !wanted && part.querySelector("button")) part.remove() // what was settled stays
    }
  }

  #offerFor(name, word, feedbackOn) {
    const part = document.createElement(name)
    if (name === "bangban-rating-form") part.setAttribute("message-id", word.id)
    if (name === "bangban-rating-form" && feedbackOn(word.id) !== undefined) queueMicrotask(() => part.settle({ takeFocus: false }))
    return part
  }

  #feedbackRow(entry, given) {
    const row = document.createElement("bangban-feedback-row")
    row.setAttribute("message-id", entry.id)
    if (given !== undefined) queueMicrotask(() => row.settle(given, false))
    return row
  }

  // ---- where to look

  #nearEnd() {
    const { scrollTop, clientHeight, scrollHeight } = this.scroller
    return scrollHeight - scrollTop - clientHeight < NEAR_PX
  }

  /** The visitor's own words go to the top of a long answer, so that it is read from its start. */
  #bringIntoView(added, follow) {
    if (this.#expecting) this.#anchor = this.#nodes.get(added.key)
    else if (!follow && added.sender !== "visitor") return (this.newer.hidden = false)
    this.#expecting = false
    const { scrollHeight, clientHeight, offsetTop } = this.scroller
    const top = this.#anchor ? this.#anchor.offsetTop - offsetTop - 8 : this.#nodes.size > 1 ? Infinity : 0
    this.scroller.scrollTop = Math.min(scrollHeight - clientHeight, top)
  }

  #build() {
    this.list = make("div", { class: "entries", role: "log", "aria-live": "polite" })
    this.waitingWords = make("span", {})
    const dots = make("span", { class: "dots", "aria-hidden": "true" }, make("i"), make("i"), make("i"))
    this.waiting = make("p", { class: "waiting", hidden: true }, dots, this.waitingWords)
    this.scroller = make("div", { class: "scroller", tabindex: "0", role: "region" }, this.list, this.waiting)
    this.scroller.setAttribute("aria-labelledby", "log-name")
    this.list.id = "log-name"
    this.newer = make("button", { type: "button", class: "newer", hidden: true }, icon("down"), make("span"))
    this.append(this.scroller, this.newer)
  }
}

function guess(text) {
  return /\p{Script=Han}/u.test(text) ? "zh" : languageOf("en")
}
