// What was said in a ticket's conversation, as the helper reads it: visitor, assistant with its evidence, helpers, notes.

import { make, tell, write } from "../../static/build.js"
import { renderMarkdown } from "../../static/markdown.js"
import { tagOf } from "../../static/texts.js"
import { DeskElement } from "../desk-element.js"
import { evidenceOf } from "./evidence.js"

const NEAR_PX = 80

/** `update(talk)`; see talk.js. Each entry gets its node once and keeps it. Tells "repeat-wanted" {key}. */
export class DeskTranscript extends DeskElement {
  #nodes = new Map()
  #shown = null

  connectedCallback() {
    if (!this.childElementCount) this.#build()
    this.addEventListener("click", this)
  }

  disconnectedCallback() {
    this.removeEventListener("click", this)
  }

  handleEvent({ target }) {
    if (target.closest("button")?.value === "repeat") tell(this, "repeat-wanted", { key: target.closest("article").dataset.key })
  }

  update(talk) {
    const fresh = this.#shown !== talk.id
    if (fresh) this.#clear(talk.id)
    const { scrollHeight, scrollTop, clientHeight } = this.scroller
    const follow = fresh || scrollHeight - scrollTop - clientHeight < NEAR_PX
    const entries = talk.entries
    const known = new Set(entries.map(({ key }) => key))
    for (const [key, node] of this.#nodes) if (!known.has(key)) node.remove(), this.#nodes.delete(key)
    let added = null
    entries.forEach((entry, index) => {
      let node = this.#nodes.get(entry.key)
      if (!node) {
        node = this.#nodeFor(entry)
        this.#nodes.set(entry.key, node)
        added = entry
      }
      if (this.list.children[index] !== node) this.list.insertBefore(node, this.list.children[index] ?? null)
      this.#writeDelivery(node, entry)
    })
    this.typing.hidden = !talk.visitorTyping
    if (fresh) requestAnimationFrame(() => this.list.setAttribute("aria-live", "polite"))
    if (follow || added?.delivery) this.scroller.scrollTop = this.scroller.scrollHeight
  }

  #clear(id) {
    this.#shown = id
    this.#nodes.clear()
    this.list.replaceChildren()
    this.list.setAttribute("aria-live", "off") // a conversation that is opened is not read out from its start
  }

  #nodeFor(entry) {
    const node = make("article", { class: `said from-${entry.sender}`, "data-key": entry.key })
    const who = make("span", { class: "who" }, this.say(`from_${entry.sender}`), entry.by ? `（${entry.by}）` : "")
    const head = make("p", { class: "said-head" }, who, make("time", { datetime: entry.at, class: "number" }, timeOf(entry.at)))
    const words = make("div", { class: "words", lang: tagOf(entry.language ?? "zh") })
    words.append(entry.sender === "visitor" || entry.sender === "note" ? make("p", { class: "as-written" }, entry.text) : renderMarkdown(entry.text))
    node.append(head, words)
    if (entry.options?.length) {
      words.append(make("ol", { class: "offered-options" }, ...entry.options.map(({ title }) => make("li", {}, title))))
    }
    if (entry.answer) node.append(evidenceOf(entry.answer, this.language))
    return node
  }

  #writeDelivery(node, entry) {
    const delivery = entry.delivery ?? "sent"
    if (node.dataset.delivery === delivery) return
    node.dataset.delivery = delivery
    node.querySelector(".delivery")?.remove()
    if (delivery === "sent") return write(node.querySelector("time"), timeOf(entry.at))
    const line = make("p", { class: "delivery" }, this.say(`delivery_${delivery}`))
    if (delivery === "refused") line.append(" ", entry.detail ?? "", " ", make("button", { type: "button", class: "button", value: "repeat" }, this.say("again")))
    node.append(line)
  }

  #build() {
    this.list = make("div", { class: "transcript", role: "log", "aria-live": "polite", "aria-label": this.say("transcript") })
    this.typing = make("p", { class: "typing quiet", hidden: true }, this.say("visitorTyping"))
    this.scroller = make("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": this.say("transcript") }, this.list, this.typing)
    this.append(this.scroller)
  }
}

/** 14:05 in Shanghai's time, as the desk works by it. */
export function timeOf(at) {
  const moment = new Date(at)
  if (Number.isNaN(moment.getTime())) return ""
  return moment.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Shanghai" })
}
